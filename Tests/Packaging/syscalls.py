"""Holds what a busy scad asks of the kernel to what its unit allows, by tracing it: scripts/units-check calls this.

Looked at are system calls (SystemCallFilter=), families of sockets (RestrictAddressFamilies=), and memory that is to be both
written and executed (MemoryDenyWriteExecute=). Busy means: people log in by code and by token, send, listen, ask, all by TLS; programs
for codes run; metrics are read; certificate and keys are read again; a service manager is told all that, and that it lives; it drains. A unit that allows less must fail the same trace, or this check sees nothing.
"""

import argparse
import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import threading
import urllib.request

from programs import Server, run
from trouble import PATIENCE, Trouble, eventually, expect, told

# Refused on purpose. Swift's runtime goes on without priorities of threads; the C library, which would look which kinds of
# addresses the machine has before it reads one, takes it to have all.
REFUSED = {"setpriority", "AF_NETLINK"}


def setting(unit, name):
    """The values of a setting that may be given several times."""
    return re.findall(rf"^{name}=(.*)$", unit, re.MULTILINE)


def members(group):
    """The calls of a group such as @system-service, those of the groups within it included."""
    shown = run("systemd-analyze", "syscall-filter", group)
    names = {line.strip() for line in shown.splitlines()[1:] if line.strip() and not line.strip().startswith("#")}
    within = {name for name in names if name.startswith("@")}
    return (names - within).union(*(members(name) for name in within))


def allowed(unit):
    """What SystemCallFilter= leaves: the first line is a list of what is allowed, the others add and, with ~, take away."""
    calls = members("@default")
    for line in setting(unit, "SystemCallFilter"):
        names = set().union(*(members(w) if w.startswith("@") else {w.partition(":")[0]} for w in line.lstrip("~").split()))
        calls = calls - names if line.startswith("~") else calls | names
    return calls


def trace(built, folder):
    """The lines of strace for a scad that is used."""
    log = folder / "trace"
    (folder / "code").write_text(f"#!/bin/sh\ncat > {folder}/code.json\n")
    (folder / "code").chmod(0o755)
    environment = {
        "PATH": f"{built}:/usr/bin:/bin",
        "HOME": str(folder),
        "SCAD_AUTH": "code",
        "SCAD_TOKEN_SIGNING_KEY": f"{folder}/sca-token.jwk",
        "SCAD_CODE_COMMAND": f"{folder}/code",
        "SCAD_COMPRESSION": "1",
        "SCAD_THREADS": "2",
        "SCAD_PORT": "0",
        "SCAD_DRAIN_WINDOW": "100ms",
        "SCAD_TLS_CERT": f"{folder}/cert.pem",
        "SCAD_TLS_KEY": f"{folder}/key.pem",
        "SCACTL_CA_FILE": f"{folder}/cert.pem",
        "SCAD_BEHIND_PROXY": "127.0.0.1",
        "SCAD_METRICS": "127.0.0.1:0",
        "NOTIFY_SOCKET": f"{folder}/notify",
        "WATCHDOG_USEC": "1000000",
    }

    there = {"env": environment, "cwd": folder}
    run("scad", "token", "keygen", **there)
    run(
        *"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 9 -subj /CN=scad".split(),
        *"-addext subjectAltName=IP:127.0.0.1 -keyout key.pem -out cert.pem".split(), **there,
    )
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.bind(environment["NOTIFY_SOCKET"])
    told_manager = set()
    threading.Thread(target=hear, args=(manager, told_manager), daemon=True).start()
    # Children too: whatever a login by code runs is in the same sandbox.
    with Server("scad", strace=["-f", "-qq", "-s", "0", "-o", log], **there) as server:
        environment["SCACTL_SERVER"] = server.url
        token = run("scad", "token", "issue", "--mobile", "9876543211", **there)
        run("scactl", "health", **there)
        run("scactl", "login", "9876543211", "--token-file", "-", input=token, **there)
        listener = subprocess.Popen(
            ["scactl", "listen", "--mobile", "9876543211", "-n", "3"], stdout=subprocess.DEVNULL, **there
        )
        by_code(folder, there)
        run("scactl", "send", "--retry-for", "1m", "-l", "--to", "9876543211", input="one\ntwo\nthree\n", **there)
        listener.wait(PATIENCE)
        with urllib.request.urlopen(server.says(r"metrics at (\S+)"), timeout=PATIENCE) as answer:
            expect(b"scad_" in answer.read(), "the metrics are empty")
        os.kill(server.pid, signal.SIGHUP)
        server.says("certificate reloaded")
        run("scactl", "who", **there)
        for word in ("READY=1", "RELOADING=1", "WATCHDOG=1"):
            eventually(f"{word} to the service manager", lambda: word in told_manager)
        server.end()
    return log.read_text().splitlines()


def hear(manager, words):
    """Adds what the service manager is told to `words`, all the time: a few signs of life fill its socket, and more are dropped."""
    while True:
        words.update(manager.recv(4096).decode().splitlines())


def by_code(folder, there):
    """Logs in by a code, which the program of the test leaves in a file."""
    login = subprocess.Popen(
        ["scactl", "login", "9876543210", "--code-file", "-"], text=True,
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **there,
    )
    code = eventually("a code", lambda: login.poll() is not None or re.search(r'"code":"(\d+)"', read(folder / "code.json")))
    if code is True:
        raise Trouble(f"login by code ended: {login.stderr.read()}")
    login.communicate(code.group(1) + "\n", timeout=PATIENCE)
    expect(login.returncode == 0, f"login by code ended with {login.returncode}")


def read(path):
    return path.read_text() if path.exists() else ""


def faults(lines, unit):
    """What the unit forbids and scad did."""
    calls = {m.group(1) for line in lines if (m := re.match(r"\d+ +(\w+)\(", line))}
    expect(len(calls) >= 30, f"the trace has only {len(calls)} different calls; it is not that of a busy server")
    found = [f"system call {name}" for name in sorted(calls - allowed(unit) - REFUSED)]
    families = set(" ".join(setting(unit, "RestrictAddressFamilies")).split())
    used = {m.group(1) for line in lines if (m := re.match(r"\d+ +socket(?:pair)?\((AF_\w+)", line))}
    found += [f"socket {name}" for name in sorted(used - families - REFUSED)]
    both = [line for line in lines if re.search(r"\b(mmap|mprotect|pkey_mprotect)\(.*PROT_EXEC", line)]
    found += [f"memory to write and execute: {line}" for line in both if "PROT_WRITE" in line or "mprotect(" in line]
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build-path", required=True, type=pathlib.Path)
    parser.add_argument("--unit", required=True, type=pathlib.Path)
    words = parser.parse_args()
    unit = words.unit.read_text()
    with tempfile.TemporaryDirectory() as folder:
        lines = trace(words.build_path.resolve(), pathlib.Path(folder))
    found = faults(lines, unit)
    expect(not found, "scad.service forbids what scad does: " + "; ".join(found))
    tighter = unit.replace("AF_INET ", "").replace("=~@privileged", "=~@privileged accept4 epoll_wait epoll_pwait")
    seen = len(faults(lines, tighter))
    expect(seen > 1, "a unit that forbids sockets and waiting for them passes as well: this check sees nothing")


if __name__ == "__main__":
    told("units-check", main)
