"""A machine of its own, started in a second: systemd as process 1, in namespaces, over a root file system that is only read.

It is the real service manager, so units, maintainer scripts and sandboxes are tried and not imitated. When the machine ends,
its processes, mounts and files are gone; `boot` has how it is made. It wants root, and a kernel with overlayfs and cgroup2.
"""

import os
import pathlib
import subprocess

from trouble import PATIENCE, Trouble, eventually

BOOT = pathlib.Path(__file__).with_name("boot")
PATH = "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Group:
    """A control group below our own, in which all of the machine is; so it can see no other."""

    def __init__(self):
        mounts = [line.split() for line in pathlib.Path("/proc/mounts").read_text().splitlines()]
        tops = [pathlib.Path(fields[1]) for fields in mounts if fields[2] == "cgroup2"]
        if not tops:
            raise Trouble("no cgroup2 is mounted here")
        lines = pathlib.Path("/proc/self/cgroup").read_text().splitlines()
        own = next(line[3:] for line in lines if line.startswith("0::"))
        self.path = tops[0] / own.lstrip("/") / f"sca-{os.getpid()}"
        self.path.mkdir()

    def enter(self):
        (self.path / "cgroup.procs").write_text("0")

    def remove(self):
        def empty():
            for folder, _, _ in os.walk(self.path, topdown=False):
                try:
                    os.rmdir(folder)
                except OSError:
                    return False
            return True

        eventually("the end of the machine's processes", empty)


class Machine:
    """`with Machine(root, shared) as machine:` runs one; `root` and `shared` are folders, `/` for the root of this machine."""

    def __init__(self, root, shared):
        self.words = [str(BOOT), str(root), str(shared)]

    def __enter__(self):
        self.group = Group()
        unshare = ["setpriv", "--pdeathsig=KILL", "unshare", "--mount", "--pid", "--net", "--uts", "--ipc", "--cgroup", "--fork", "--kill-child=KILL"]
        self.process = subprocess.Popen(
            unshare + self.words, preexec_fn=self.group.enter, stdin=subprocess.DEVNULL
        )
        try:
            self.first = eventually("the machine's first process", self._first)
            eventually("systemd", lambda: self._lives() and self._comm() == "systemd")
            eventually("the end of the start", lambda: self.says("systemctl is-system-running") in ("running", "degraded"))
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.group.remove()

    def _lives(self):
        if self.process.poll() is not None:
            raise Trouble(f"the machine ended with {self.process.returncode}")
        return True

    def _first(self):
        self._lives()
        children = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        return pathlib.Path(children).read_text().split()[:1]

    def _comm(self):
        return pathlib.Path(f"/proc/{self.first[0]}/comm").read_text().strip()

    def words_for(self, line, user=None, environment=()):
        """The words that run a line of the shell in the machine, as somebody."""
        home = f"/home/{user}" if user else "/root"
        enter = ["nsenter", f"--target={self.first[0]}", "--mount", "--pid", "--net", "--uts", "--ipc", "--cgroup"]
        enter += ["--root", "--wd", "env", "-i", f"PATH={PATH}", f"HOME={home}", "LC_ALL=C.UTF-8", *environment]
        become = ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups"] if user else []
        return enter + become + ["sh", "-c", f"cd {home} && {line}"]

    def start(self, line, user=None, environment=(), **more):
        """Starts a line of the shell, and returns its `Popen`."""
        words = self.words_for(line, user, environment)
        return subprocess.Popen(words, stdin=more.pop("stdin", subprocess.DEVNULL), **more)

    def ends(self, line, user=None, **more):
        """Runs a line of the shell to its end; returns its status and what it wrote."""
        process = self.start(line, user, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more)
        try:
            output, _ = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            raise Trouble(f"{line}: no end") from None
        return process.returncode, output.strip()

    def says(self, line, user=None):
        """What a line of the shell prints, whatever its status."""
        return self.ends(line, user)[1]

    def run(self, line, user=None):
        """The same, if it ends with 0."""
        status, output = self.ends(line, user)
        if status != 0:
            raise Trouble(f"{line}: ended with {status}: {output}")
        return output
