"""Shows that a scad that crashes leaves nothing of what people write: no core, no report, and nobody may look into its memory."""

import glob
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import tempfile

from programs import Server
from talk import Talk, frame
from trouble import expect


def core_files(pid, folder):
    """Where the kernel would leave a core of this process; none if it hands it to a program."""
    pattern = pathlib.Path("/proc/sys/kernel/core_pattern").read_text().strip()
    if not pattern or pattern.startswith("|"):
        return []
    uses = pathlib.Path("/proc/sys/kernel/core_uses_pid").read_text().strip() == "1" and "%p" not in pattern
    name = re.sub(r"%.", "*", pattern.replace("%p", str(pid))) + (f".{pid}" if uses else "")
    # A path that is none from the root on is one from the process's own folder.
    return glob.glob(name if name.startswith("/") else f"{folder}/{name}") if str(pid) in name else []


def killed(process, number):
    """Ends a process by a signal; whether the kernel dumped its core."""
    os.kill(process.pid, number)
    _, status = os.waitpid(process.pid, 0)
    process.returncode = -number
    expect(os.WIFSIGNALED(status) and os.WTERMSIG(status) == number, f"signal {number} ended it with {status:#x}")
    return os.WCOREDUMP(status)


async def check_cores(words, folder, secrets):
    """A scad that crashes amid texts leaves no core and no report, where another program leaves a core.

    Returns whether the other one did: some machines take none of anybody.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
    other = subprocess.Popen(["sleep", "600"], cwd=folder)
    dumps = killed(other, signal.SIGSEGV)
    for path in core_files(other.pid, folder):
        os.remove(path)
    for number in (signal.SIGSEGV, signal.SIGABRT, signal.SIGILL):
        with Server(*words, cwd=folder) as server:
            limits = pathlib.Path(f"/proc/{server.pid}/limits").read_text()
            expect(re.search(r"Max core file size +0 +0 ", limits), "the core limit is not 0")
            # Texts in its memory: a session that does not read.
            mobile = secrets.mobile()
            lazy, eager = Talk(server, secrets).connect(mobile), Talk(server, secrets).connect(secrets.mobile())
            async with lazy as one, eager as two:
                one.transport.pause_reading()
                for number_sent in range(100):
                    await two.send(json.dumps({"type": "message", "to": mobile, "text": secrets.text(30_000), "id": f"m{number_sent}"}))
                    await frame(two, "ack", "error")
                dumped = killed(server.process, number)
                one.transport.abort()
        said = server.text
        expect(not dumped, f"signal {number} dumped a core")
        expect(not core_files(server.pid, folder), f"signal {number} left {core_files(server.pid, folder)}")
        secrets.check(said, f"after signal {number}: the log")
        expect("registers" not in said.lower() and "crash" not in said.lower(), f"signal {number}: a report: {said[-500:]}")
    resource.setrlimit(resource.RLIMIT_CORE, (soft, hard))
    return dumps


def owner(process):
    """Whose its files in /proc are."""
    return os.stat(f"/proc/{process.pid}/environ").st_uid


def check_undumpable(program):
    """The files of a process in /proc are its user's, unless it is not dumpable: then they are root's (proc(5)).

    This is what keeps a core from a collector behind a pipe, for which there is no limit, and other processes of its user out.
    """
    # Root's are root's anyway, so root looks at somebody else's.
    user = 65534 if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        with subprocess.Popen(["sleep", "600"], user=user, cwd="/") as other:
            owners = [owner(other)]
            other.kill()
        with Server(shutil.copy(program, folder), "--port", "0", user=user, cwd="/") as server:
            owners.append(owner(server))
    expect(owners == [user or os.geteuid(), 0], f"it is dumpable: the owners are {owners}")
