"""A server and people with folders of their own, for the upgrade check: real programs, real files."""

import json
import os
import pathlib
import re
import signal
import subprocess
import time

# Seconds; machines are slow and busy.
PATIENCE = 120


class Trouble(Exception):
    """What went otherwise than it should, as a sentence."""


def eventually(what, check):
    deadline = time.monotonic() + PATIENCE
    while not (found := check()):
        if time.monotonic() > deadline:
            raise Trouble(f"waited in vain for {what}")
        time.sleep(0.05)
    return found


def stop(process):
    """Stops a process, and waits until each of its threads stands still."""
    os.kill(process.pid, signal.SIGSTOP)
    tasks = pathlib.Path(f"/proc/{process.pid}/task")
    state = lambda task: (task / "stat").read_text().rpartition(")")[2].split()[0]
    eventually("a standstill", lambda: all(state(task) == "T" for task in tasks.iterdir()))


class Server:
    """A scad that admits who has a token of `key`."""

    def __init__(self, built, folder, key, *options):
        self.log = folder / "scad.log"
        words = [f"{built}/scad", "--port", "0", "--auth", "token", "--token-key", str(key), *options]
        with self.log.open("w") as errors:
            self.process = subprocess.Popen(words, stderr=errors, env={"PATH": "/usr/bin:/bin"})
        self.url = eventually("the server", self._url)

    def _url(self):
        if self.process.poll() is not None:
            raise Trouble(f"scad ended with {self.process.returncode}: {self.log.read_text().strip()}")
        found = re.search(r"listening on (ws://\S+)", self.log.read_text())
        return found and found.group(1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


class Person:
    """Somebody with a home: `settings`, `token` and `history` are their files."""

    def __init__(self, built, home, mobile):
        self.built, self.home, self.mobile = built, home, mobile
        self.settings = home / ".config/sca/config.json"
        self.token = home / f".local/state/sca/tokens/{mobile}.json"
        self.history = home / f".local/share/sca/{mobile}/history.jsonl"
        self.running = []
        home.mkdir(parents=True, exist_ok=True)

    def start(self, *words, **more):
        environment = {"HOME": str(self.home), "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
        process = subprocess.Popen(
            [f"{self.built}/scactl", *words], env=environment, stdin=more.pop("stdin", subprocess.DEVNULL),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more,
        )
        self.running.append(process)
        return process

    def ends(self, *words, text=None):
        """Runs the tool; returns its status, what it printed, what it complained of."""
        process = self.start(*words, stdin=subprocess.PIPE)
        output, errors = process.communicate(text or "", timeout=PATIENCE)
        return process.returncode, output, errors.strip()

    def run(self, *words, text=None, statuses=(0,)):
        status, output, errors = self.ends(*words, text=text)
        if status not in statuses:
            raise Trouble(f"scactl {' '.join(words)[:80]} ended with {status}: {errors}")
        return output

    def login(self, server, key):
        words = [f"{self.built}/scad", "token", "issue", "--key", str(key), "--mobile", self.mobile, "--ttl", "3650d"]
        token = subprocess.run(words, check=True, capture_output=True, text=True).stdout
        self.run("login", self.mobile, "--server", server.url, "--token-file", "-", text=token)

    def listen(self, by):
        """A `listen` that is online, as somebody else sees it."""
        process = self.start("listen", "-q")
        eventually(f"{self.mobile} online", lambda: by.ends("who", self.mobile)[0] == 0)
        return process

    def rows(self):
        return [json.loads(line) for line in self.history.read_text().splitlines()]

    def end(self):
        for process in self.running:
            if process.poll() is None:
                os.kill(process.pid, signal.SIGKILL)
            process.wait()
