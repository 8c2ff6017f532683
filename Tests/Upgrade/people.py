"""A server and people with folders of their own, for the upgrade check: real programs, real files."""

import os
import pathlib
import signal

import programs
from trouble import eventually


def stop(process):
    """Stops a process, and waits until each of its threads stands still."""
    os.kill(process.pid, signal.SIGSTOP)
    tasks = pathlib.Path(f"/proc/{process.pid}/task")
    state = lambda task: (task / "stat").read_text().rpartition(")")[2].split()[0]
    eventually("a standstill", lambda: all(state(task) == "T" for task in tasks.iterdir()))


class Server(programs.Server):
    """A scad that admits who has a token of `key`, by TLS: with a certificate of its own, `authority`, which is made in `folder`."""

    def __init__(self, built, folder, key, *options):
        self.authority, private = folder / "cert.pem", folder / "key.pem"
        if not self.authority.exists():
            words = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=scad"
            programs.run(*words.split(), "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", private, "-out", self.authority)
        words = [f"{built}/scad", "--port", "0", "--auth", "token", "--token-key", key, *options]
        super().__init__(*words, "--tls-cert", self.authority, "--tls-key", private, env={"PATH": "/usr/bin:/bin"})


class Person(programs.Person):
    """Somebody of whom the files are known: `settings`, `token` and `history`."""

    def __init__(self, built, home, mobile):
        super().__init__(f"{built}/scactl", home)
        self.built, self.mobile = built, mobile
        self.settings = home / ".config/sca/config.json"
        self.token = home / f".local/state/sca/tokens/{mobile}.json"
        self.history = home / f".local/share/sca/{mobile}/history.jsonl"
        self.running = []

    def start(self, *words, **more):
        self.running.append(super().start(*words, **more))
        return self.running[-1]

    def prefer_text(self):
        """By hand: no command writes this setting, and a login keeps it."""
        self.settings.parent.mkdir(parents=True)
        self.settings.write_text('{"output": "text"}')

    def login(self, server, key):
        """Logs in with a token for ten years; what the tool printed."""
        token = programs.run(f"{self.built}/scad", "token", "issue", "--key", key, "--mobile", self.mobile, "--ttl", "3650d")
        there = ["--server", server.url, "--ca-file", server.authority]
        return programs.rows(self.run("login", self.mobile, *there, "--token-file", "-", "-o", "json", text=token))

    def listen(self, by):
        """A `listen` that is online, as somebody else sees it."""
        process = self.start("listen", "-q")
        eventually(f"{self.mobile} online", lambda: by.status("who", self.mobile) == 0)
        return process

    def rows(self):
        return programs.rows(self.history.read_text())

    def end(self):
        for process in self.running:
            process.kill()
            process.wait()
