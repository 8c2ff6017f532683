"""Our programs as the checks run them: a scad that listens, people with scactl and a home of their own, and what ends by itself."""

import contextlib
import json
import os
import pathlib
import re
import signal
import subprocess
import threading
import urllib.parse

from trouble import PATIENCE, Trouble, eventually, expect


def run(*words, statuses=(0,), **more):
    """Runs a program to its end, which must be one of `statuses`; returns what it printed. `more` is for `subprocess.run`."""
    words = [str(word) for word in words]
    done = subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE, check=False, **more)
    if done.returncode not in statuses:
        raise Trouble(f"{' '.join(words)[:200]} ended with {done.returncode}: {done.stdout}{done.stderr}".strip())
    return done.stdout


def rows(text):
    """What our programs print: a JSON object a line."""
    return [json.loads(line) for line in text.splitlines()]


class Server:
    """A scad that listens at `url`; whatever is left of it ends with the block of `with`.

    What it says is read all the time, so that it never waits for anybody to, and through a pipe, as a service manager has it: a
    file of ours would be one that it writes to. It is in `text`.
    """

    def __init__(self, *words, strace=(), **more):
        """Starts it, and waits until it listens; trouble if it ends.

        - words: the program and its options.
        - strace: options of strace, if it is to be traced.
        - more: for `Popen`, such as `env` and `cwd`.
        """
        self.is_traced = bool(strace)
        words = [str(word) for word in (["strace", *strace, "--", *words] if strace else words)]
        pipe = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "errors": "replace"}
        self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, **pipe, **more)
        self._lines = []
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()
        try:
            self.url = self.says(r'listening on (wss?://[^\s"]+)')
        except BaseException:
            self.kill()
            raise

    def _read(self):
        for line in self.process.stdout:
            self._lines.append(line)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    @property
    def pid(self):
        """scad's own, also where strace has started it."""
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        found = children.read_text().split() if self.is_traced else []
        return int(found[0]) if found else self.process.pid

    @property
    def port(self):
        return urllib.parse.urlsplit(self.url).port

    @property
    def text(self):
        """What it has said, in whole lines."""
        return "".join(self._lines)

    def says(self, pattern):
        """Waits until it has said this; the first group, or all of what matches."""

        def found():
            ended = self.process.poll() is not None
            if ended:
                self._reading.join(PATIENCE)
            match = re.search(pattern, self.text)
            expect(match or not ended, f"scad ended with {self.process.returncode}: {self.text.strip()}")
            return match

        match = eventually(f"scad to say {pattern}", found)
        return match[match.lastindex or 0]

    def end(self):
        """TERM, and its end, which must be with 0."""
        os.kill(self.pid, signal.SIGTERM)
        eventually("scad to end", lambda: self.process.poll() is not None)
        self._reading.join(PATIENCE)
        expect(self.process.returncode == 0, f"scad ended with {self.process.returncode}: {self.text.strip()}")

    def kill(self):
        """Ends it without a word, if it still runs. strace, if it were ended, would let it go on."""
        if self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            self.process.kill()
            self.process.wait()
        self._reading.join(PATIENCE)


class Person:
    """Somebody with scactl, a home, and these variables."""

    def __init__(self, scactl, home, **environment):
        self.scactl, self.home = scactl, pathlib.Path(home)
        self.environment = {"HOME": str(home), "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"} | environment
        self.home.mkdir(parents=True, exist_ok=True)

    def start(self, *words, **more):
        """Starts scactl; its `Popen`."""
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | more
        return subprocess.Popen([self.scactl, *words], env=self.environment, text=True, **pipes)

    def status(self, *words):
        """Runs scactl to its end; its exit status."""
        words = [self.scactl, *words]
        return subprocess.run(words, env=self.environment, input=b"", capture_output=True, timeout=PATIENCE, check=False).returncode

    def run(self, *words, text="", statuses=(0,)):
        """Runs scactl to its end; what it printed."""
        return run(self.scactl, *words, statuses=statuses, env=self.environment, input=text)
