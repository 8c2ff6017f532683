"""Whole processes: what one command costs from its start to its end, each kind in turn, and the servers that commands speak to."""

import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path

from .servers import Failed
from .tables import number, ratio, table

ALICE, BOB = "9000000001", "9000000002"
PATIENCE = 30  # seconds


def eventually(what, ready, pause=0.02):
    """Asks again and again until it is so."""
    end = time.monotonic() + PATIENCE
    while not ready():
        if time.monotonic() > end:
            raise Failed(f"within {PATIENCE} s {what}")
        time.sleep(pause)


def find(name):
    """Where a program is, those beside this interpreter first."""
    found = shutil.which(name, path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    if not found:
        raise Failed(f"there is no {name} in PATH")
    return found


class Ended:
    """How a process ended: wall and CPU milliseconds."""

    def __init__(self, milliseconds, cpu, code):
        self.milliseconds, self.cpu, self.code = milliseconds, cpu, code


def timed(command, environment=None, stdin=os.devnull):
    """Starts a process whose output nobody reads, and waits for its end."""
    actions = [(os.POSIX_SPAWN_OPEN, 0, str(stdin), os.O_RDONLY, 0)]
    actions += [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_WRONLY, 0) for number in (1, 2)]
    start = time.perf_counter_ns()
    process = os.posix_spawn(command[0], [str(word) for word in command], environment or os.environ, file_actions=actions)
    _, status, usage = os.wait4(process, 0)
    end = time.perf_counter_ns()
    return Ended((end - start) / 1e6, (usage.ru_utime + usage.ru_stime) * 1e3, os.waitstatus_to_exitcode(status))


class Case:
    """A command, the exit codes that are right, and what its runs took.

    Before each run `prepared` is called, and after it `settled`, which waits for what the command set off elsewhere; neither is timed.
    `runs` is in how many rounds it takes part, if not in all, and `count` how many lines it has, if not as many as the others.
    """

    def __init__(self, label, command, codes=(0,), stdin=os.devnull, prepared=None, settled=None, runs=None, count=None, **environment):
        self.label, self.command, self.codes, self.stdin = label, command, codes, stdin
        self.prepared, self.settled, self.runs, self.count = prepared, settled, runs, count
        self.environment = os.environ | environment
        self.ended = []

    def run(self, counts):
        if self.prepared:
            self.prepared()
        ended = timed(self.command, self.environment, self.stdin)
        if ended.code not in self.codes:
            raise Failed(f"{' '.join(map(str, self.command))} ended with {ended.code}")
        if self.settled:
            self.settled()
        if counts:
            self.ended.append(ended)

    @property
    def times(self):
        return [ended.milliseconds for ended in self.ended]

    @property
    def median(self):
        return statistics.median(self.times)

    @property
    def cpu(self):
        return statistics.median(ended.cpu for ended in self.ended)


def take_turns(cases, runs, warmup, what):
    """Every round runs each case once; those with `runs` of their own only in so many rounds."""
    for turn in range(warmup + runs):
        for case in cases:
            if case.runs is not None and not warmup <= turn < warmup + case.runs:
                continue
            print(f"\r\033[K{what}: round {turn + 1} of {warmup + runs}, {case.label}", end="", file=sys.stderr, flush=True)
            case.run(turn >= warmup)
    print("\r\033[K", end="", file=sys.stderr, flush=True)


def spread(values):
    """The 10th and the 90th percentile."""
    if len(values) < 2:
        return values[0], values[0]
    tenths = statistics.quantiles(values, n=10, method="inclusive")
    return tenths[0], tenths[-1]


def times_table(title, cases, base):
    """What each took, and how that compares with the case `base`."""
    rows = []
    for case in cases:
        cells = [case.median, *spread(case.times), case.cpu]
        rows.append([f"`{case.label}`", *map(number, cells), ratio(case.median, base.median)])
    return table([title, "median ms", "p10", "p90", "its CPU ms", "ratio"], rows)


def rates_table(title, cases, count, base):
    """How many lines or rows a second each took, from start to end."""
    rows = []

    def rate(case, milliseconds):
        return (case.count or count) / milliseconds * 1e3

    for case in cases:
        cells = [number(rate(case, time), 0) for time in (case.median, *reversed(spread(case.times)))]
        each = number(case.cpu * 1e3 / (case.count or count))
        rows.append([f"`{case.label}`", *cells, each, ratio(rate(case, case.median), rate(base, base.median))])
    return table([title, "a second", "p10", "p90", "its CPU µs each", "ratio"], rows)


class Lines:
    """How many lines a file has, counted on from where it was last looked at."""

    def __init__(self, path):
        self.path, self.offset, self.count = path, 0, 0

    def look(self):
        if self.path.exists():
            with open(self.path, "rb") as file:
                file.seek(self.offset)
                while block := file.read(1 << 20):
                    self.offset += len(block)
                    self.count += block.count(b"\n")
        return self.count


class Servers:
    """scad and mosquitto, each with one recipient; whatever was started is ended."""

    def __init__(self, options, folder):
        self.options, self.folder, self.started = options, folder, []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in reversed(self.started):
            process.terminate()
        for process in reversed(self.started):
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()

    def start(self, command, name, **environment):
        with open(self.folder / f"{name}.out", "wb") as out, open(self.folder / f"{name}.err", "wb") as err:
            process = subprocess.Popen(
                [str(word) for word in command], stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=os.environ | environment
            )
        self.started.append(process)
        return process

    def text(self, name):
        return (self.folder / name).read_text(errors="replace")

    def scad(self):
        """The server alone."""
        self.server = self.start([self.options.scad, "--port", "0"], "scad")
        eventually("scad did not listen", lambda: re.search(r"listening on ws://\S+\s", self.text("scad.err")))
        self.url = re.search(r"listening on (ws://\S+)\s", self.text("scad.err"))[1]

    def listener(self):
        """A `listen` that stores what it gets."""
        process = self.start([self.options.scactl, "listen"], "listen", **self.person(BOB))
        asking = [self.options.scactl, "who", BOB]
        eventually("the listener was not online", lambda: timed(asking, os.environ | self.person(ALICE)).code == 0)
        self.stored = Lines(self.history(BOB))
        return process

    def person(self, mobile):
        home = str(self.folder / mobile)
        return {"XDG_CONFIG_HOME": home, "XDG_DATA_HOME": home, "SCACTL_MOBILE": mobile, "SCACTL_SERVER": self.url}

    def history(self, mobile):
        return self.folder / mobile / "sca" / mobile / "history.jsonl"

    def mosquitto(self):
        """The broker, without a limit on what waits, and a `mosquitto_sub` that writes what it gets to a file."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = str(probe.getsockname()[1])
        configuration = self.folder / "mosquitto.conf"
        configuration.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence false\nlog_type error\n"
            "set_tcp_nodelay true\nmax_inflight_messages 1000\nmax_queued_messages 0\n"
        )
        self.start([find("mosquitto"), "-c", configuration], "mosquitto")
        hello = self.publish(1, "-m", "hello")
        eventually("mosquitto did not listen", lambda: timed(hello).code == 0)
        self.start([find("mosquitto_sub"), "-p", self.port, "-q", "1", "-t", "bench"], "sub")
        self.published = Lines(self.folder / "sub.out")
        eventually("mosquitto_sub did not listen", lambda: timed(hello).code == 0 and self.published.look() > 0)
        # What was said so far has come when one more has.
        last = self.publish(1, "-m", "last")
        timed(last)
        eventually("mosquitto_sub did not get the last", lambda: self.text("sub.out").endswith("last\n"))
        self.published.look()

    def publish(self, quality, *words):
        return [find("mosquitto_pub"), "-p", self.port, "-q", str(quality), "-t", "bench", *words]


class Expected:
    """Waits until a recipient has what it was sent, so that it does not work on while the next case runs."""

    def __init__(self, lines):
        self.lines, self.wanted = lines, lines.look()

    def after(self, count):
        def wait():
            self.wanted += count
            eventually(f"not all came to {self.lines.path}", lambda: self.lines.look() >= self.wanted, 0.005)
            if self.lines.count != self.wanted:
                raise Failed(f"{self.lines.path} has {self.lines.count} lines; {self.wanted} were expected")

        return wait
