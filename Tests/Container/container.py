"""Runs the root of an image as an engine would: its own processes, network and /proc, its user, its environment, its entry.

Outside is a network of ours with one cable into the container's, so nothing leaves this machine, and what listens on
loopback only is not reached.
"""

import ctypes
import hashlib
import os
import pathlib
import signal
import stat
import subprocess
import time

import bases
from trouble import PATIENCE, Trouble, eventually, expect

OUTSIDE, INSIDE = "10.77.0.1", "10.77.0.2"
# What an engine makes in a root before it starts something there.
MADE_BY_ENGINE = ["proc", "dev"]
CLONE_NEWNET = 0x4000_0000


def leave_network():
    """From here on this process and those it starts have a network of their own, with nobody in it yet."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET) != 0:
        raise Trouble(f"cannot have a network of our own: {os.strerror(ctypes.get_errno())}")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


def snapshot(root):
    """Each file and folder with all that a write would change."""
    seen = {}
    for folder, folders, files in os.walk(root):
        if folder == str(root):
            folders[:] = [name for name in folders if name not in MADE_BY_ENGINE]
        for name in folders + files:
            path = pathlib.Path(folder, name)
            state = path.lstat()
            content = hashlib.sha256(path.read_bytes()).hexdigest() if stat.S_ISREG(state.st_mode) else ""
            key = path.relative_to(root).as_posix()
            seen[key] = (oct(state.st_mode), state.st_uid, state.st_gid, state.st_mtime_ns, content)
    return seen


class Container:
    """One container of an image, from its start to its end."""

    def __init__(self, root, stage, environment, log):
        self.root, self.stage, self.log = root, stage, log
        usual = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/", "HOSTNAME": "sca"}
        self.environment = usual | stage.environment | environment

    def __enter__(self):
        bases.with_system(self.root)
        self.before = snapshot(self.root)
        self.holder = subprocess.Popen(["setpriv", "--pdeathsig=KILL", "unshare", "--net", "sh", "-c", "ip link set lo up; echo; exec sleep 3600"], stdout=subprocess.PIPE)
        self.holder.stdout.readline()
        self.cable()
        user = f"--userspec={self.stage.user}"
        script = 'mount -t proc proc "$0/proc" && exec chroot "$1" --groups= "$0" "${@:2}"'
        command = ["nsenter", f"--net=/proc/{self.holder.pid}/ns/net"]
        command += ["unshare", "--mount", "--ipc", "--uts", "--pid", "--fork", "--kill-child", "bash", "-c", script]
        command += [str(self.root), user, *self.stage.entry]
        self.said = open(self.log, "w")
        self.process = subprocess.Popen(command, env=self.environment, stdin=subprocess.DEVNULL, stdout=self.said, stderr=self.said)
        return self

    def __exit__(self, *error):
        for process in [self.process, self.holder]:
            if process.poll() is None:
                process.kill()
            process.wait()
        self.said.close()
        for name in reversed(MADE_BY_ENGINE):
            subprocess.run(["umount", "-R", self.root / name], check=True)

    def cable(self):
        add = f"link add outside type veth peer name eth0 netns {self.holder.pid}"
        for line in [add, f"addr add {OUTSIDE}/24 dev outside", "link set outside up"]:
            subprocess.run(["ip", *line.split()], check=True)
        for line in [f"addr add {INSIDE}/24 dev eth0", "link set eth0 up"]:
            subprocess.run(["nsenter", f"--net=/proc/{self.holder.pid}/ns/net", "ip", *line.split()], check=True)

    @property
    def pid(self):
        """The first process in there, as it is known out here."""
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        if len(children) != 1:
            raise Trouble(f"the container does not run: {self.text()}")
        return int(children[0])

    def text(self):
        return pathlib.Path(self.log).read_text()

    def wait_for(self, words):
        """Until its log has these words."""

        def said():
            expect(self.process.poll() is None, f"the container did not say {words!r}: {self.text()}")
            return words in self.text()

        eventually(f"the container to say {words!r}", said)

    def execute(self, words, environment=()):
        """Runs something in there, beside the first process and as it runs; its exit status."""
        user, group = self.stage.user.split(":")
        command = ["nsenter", f"--target={self.pid}", "--mount", "--ipc", "--uts", "--net", "--pid", "--root", "--wd=/"]
        command += [f"--setuid={user}", f"--setgid={group}", *words]
        return subprocess.run(command, env=self.environment | dict(environment), capture_output=True, timeout=PATIENCE).returncode

    def stop(self, grace):
        """TERM, as an engine sends it; its exit status and how long that took. KILL would follow after `grace` seconds."""
        start = time.monotonic()
        os.kill(self.pid, signal.SIGTERM)
        try:
            status = self.process.wait(grace)
        except subprocess.TimeoutExpired:
            raise Trouble(f"it did not end within {grace} s of TERM: {self.text()}") from None
        return status, time.monotonic() - start
