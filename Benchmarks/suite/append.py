"""Appending to the history: one message a second, and a thousand, each until it is known to be on the disk.

Ours go from `scactl pipe` by a server to `scactl listen`, whose history has 1,000,000 rows, and back comes the sender's row that says
`stored`. Beside it what the disk alone takes: a row committed to SQLite (WAL, synchronous = full), and a line appended to a file and
`fdatasync`. Latency counts from when each was due.
"""

import json
import os
import sqlite3
import statistics
import sys
import threading
import time
from pathlib import Path

from .bots import Pipe
from .commands import ALICE, BOB, eventually
from .tables import number, table


class Ours:
    name = "`pipe` to `listen`, stored"

    def __init__(self, scactl, servers, listener):
        self._pipe = Pipe(str(scactl), servers.person(ALICE))
        self._processes = [servers.server.pid, listener.pid, self._pipe.process.pid]
        self._sent = 0
        self.came = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for row in self._pipe.process.stdout:
            if json.loads(row).get("status") == "stored":
                self.came.append(time.perf_counter())

    def put(self):
        self._sent += 1
        self._pipe.write([{"to": BOB, "text": f"row {self._sent}".ljust(64, "x")}])

    def settle(self):
        eventually("not all were stored", lambda: len(self.came) >= self._sent, 0.0005)

    def cpu(self):
        """Seconds of server, recipient and sender together."""
        return sum(
            int((task / "schedstat").read_text().split()[0]) for pid in self._processes for task in Path(f"/proc/{pid}/task").iterdir()
        ) / 1e9

    def close(self):
        self._pipe.close()


class Here:
    """Written by this thread."""

    def __init__(self):
        self.came = []

    def put(self):
        self.write(f"row {len(self.came)}".ljust(200, "x"))
        self.came.append(time.perf_counter())

    def settle(self):
        pass

    def cpu(self):
        return time.thread_time()


class Database(Here):
    name = "SQLite, with an index"

    def __init__(self, path):
        super().__init__()
        self._base = sqlite3.connect(path, isolation_level=None)
        self._base.execute("pragma synchronous = full")

    def write(self, text):
        self._base.execute("insert into rows (peer, line) values (?, ?)", (ALICE, text))

    def close(self):
        self._base.close()


class File(Here):
    name = "a file and `fdatasync`"

    def __init__(self, path):
        super().__init__()
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND)

    def write(self, text):
        os.write(self._file, text.encode() + b"\n")
        os.fdatasync(self._file)

    def close(self):
        os.close(self._file)


class Figures:
    def __init__(self):
        self.milliseconds, self.cpu = [], 0.0

    def take(self, system, due, before):
        """What came of those that were due at these times."""
        system.settle()
        self.milliseconds += [(came - then) * 1e3 for came, then in zip(system.came[-len(due) :], due)]
        self.cpu += system.cpu() - before

    def row(self, label):
        hundredths = statistics.quantiles(self.milliseconds, n=100, method="inclusive")
        cells = [hundredths[49], hundredths[89], hundredths[98], self.cpu / len(self.milliseconds) * 1e6]
        return [label, *map(number, cells)]


def one_by_one(systems, seconds, figures):
    """Each in its own part of every second."""
    start = time.perf_counter()
    for turn in range(seconds * len(systems)):
        system = systems[turn % len(systems)]
        before, due = system.cpu(), start + turn / len(systems)
        time.sleep(max(0, due - time.perf_counter()))
        due = time.perf_counter()
        system.put()
        figures[system.name].take(system, [due], before)


def burst(system, rate, seconds, figures):
    start, dues, before = time.perf_counter() + 0.01, [], system.cpu()
    for turn in range(int(rate * seconds)):
        dues.append(start + turn / rate)
        time.sleep(max(0, dues[-1] - time.perf_counter()))
        system.put()
    figures[system.name].take(system, dues, before)


def measured(systems, options):
    seconds, rounds = (2, 1) if options.quick else (15, 5)
    slow, fast = ({system.name: Figures() for system in systems} for _ in range(2))
    first = time.perf_counter()
    systems[0].put()
    systems[0].settle()
    first = (time.perf_counter() - first) * 1e3
    print("\r\033[Kappend: one a second", end="", file=sys.stderr, flush=True)
    one_by_one(systems, seconds, slow)
    for turn in range(rounds):
        print(f"\r\033[Kappend: a thousand a second, round {turn + 1} of {rounds}", end="", file=sys.stderr, flush=True)
        for system in systems:
            burst(system, 1_000, 0.5, fast)
    print("\r\033[K", end="", file=sys.stderr, flush=True)
    rows = []
    for words, figures in (("1 a second", slow), ("1,000 a second", fast)):
        rows += [figures[system.name].row(f"{words}: {system.name}") for system in systems]
    rows.append(["the first after `listen` has started, which learns 1,000,000 ids", number(first), "", "", ""])
    return table(["append, until it is on the disk", "p50 ms", "p90", "p99", "CPU µs each"], rows)
