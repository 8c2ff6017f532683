"""Bots: what a program costs that takes part: messages per second through `scactl pipe`, and through `scactl bot --each`.

Through `pipe`: lines written to one `pipe`, to one `listen`, until the last `sent` row has come back; each message is
stored at both ends by then. Through `bot --each -j 4 -- true`: one message a process, from several senders, until
the last of these processes has ended. Beside it what it costs to start `true` as often and do nothing else, four at a
time: the ratio is what the bot adds. Every round does all of these in turn.
"""

import json
import os
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

from .commands import BOB, PATIENCE, Servers, eventually, find, spread, timed
from .servers import Failed
from .tables import number, ratio, table

BOT = "9000000003"
SENDERS = [f"90000001{number:02}" for number in range(8)]
JOBS = 4


class Pipe:
    """A `scactl pipe` that stays."""

    def __init__(self, scactl, environment):
        self.process = subprocess.Popen(
            [scactl, "pipe"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ | environment
        )
        self.ask({"op": "who"}, "who")

    def ask(self, record, answer):
        self.write([record])
        for line in self.process.stdout:
            if json.loads(line)["type"] == answer:
                return
        raise Failed("a pipe ended early")

    def write(self, records):
        self.process.stdin.write(b"".join(json.dumps(record).encode() + b"\n" for record in records))
        self.process.stdin.flush()

    def exchange(self, records):
        """Writes them, and returns when there is a `stored` for each."""
        writing = threading.Thread(target=self.write, args=(records,))
        writing.start()
        for _ in records:
            row = json.loads(self.process.stdout.readline())
            if row.get("status") != "stored":
                raise Failed(f"not stored: {row}")
        writing.join()

    def close(self):
        self.process.stdin.close()
        self.process.wait(PATIENCE)


def through_pipe(pipe, count):
    records = [{"to": BOB, "text": "hi", "ref": str(number)} for number in range(count)]
    start = time.perf_counter()
    pipe.exchange(records)
    return count / (time.perf_counter() - start)


def through_bot(pipes, bot, count):
    """The messages are written at once; it is over when the bot has printed them all and has no child any more."""
    before = bot.rows
    share = [{"to": BOT, "text": "hi"} for _ in range(count // len(pipes))]
    start = time.perf_counter()
    sending = [threading.Thread(target=pipe.exchange, args=(share,)) for pipe in pipes]
    for thread in sending:
        thread.start()
    for thread in sending:
        thread.join()
    wanted = before + len(share) * len(pipes)
    eventually("the bot did not print them all", lambda: bot.rows >= wanted)
    end, idle = time.perf_counter(), 0
    # A moment without a child may be one between two; so several are waited for, and not counted.
    while idle < 20:
        if bot.has_children():
            end, idle = time.perf_counter(), 0
        else:
            idle += 1
            time.sleep(0.001)
    return (wanted - before) / (end - start)


def alone(count):
    """As often, by as many processes as the bot has handlers, each of which starts one after the other."""
    true = find("true")
    silent = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in (0, 1, 2)]
    hold, release = os.pipe()
    workers = []
    for _ in range(JOBS):
        worker = os.fork()
        if worker == 0:
            os.close(release)
            os.read(hold, 1)
            for _ in range(count // JOBS):
                os.waitpid(os.posix_spawn(true, [true], os.environ, file_actions=silent), 0)
            os._exit(0)
        workers.append(worker)
    os.close(hold)
    start = time.perf_counter()
    os.close(release)
    for worker in workers:
        os.waitpid(worker, 0)
    return count // JOBS * JOBS / (time.perf_counter() - start)


class Bot:
    def __init__(self, scactl, environment):
        command = [scactl, "bot", "--each", "-j", str(JOBS), "--", find("true")]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, env=os.environ | environment)
        self.rows = 0
        threading.Thread(target=self._count, daemon=True).start()

    def _count(self):
        for _ in self.process.stdout:
            self.rows += 1

    def has_children(self):
        folder = Path(f"/proc/{self.process.pid}/task")
        return any((task / "children").read_text() for task in folder.iterdir())

    def close(self):
        self.process.terminate()
        self.process.wait(PATIENCE)


def rounds(options):
    return options.long_runs


def part(options, folder):
    messages, handlers = (1_000, 100) if options.quick else (10_000, 1_000)
    scactl = str(options.scactl)
    with Servers(options, folder) as servers:
        servers.scad()
        servers.listener()
        bot = Bot(scactl, servers.person(BOT))
        asking = [scactl, "who", BOT]
        eventually("the bot was not online", lambda: timed(asking, os.environ | servers.person(SENDERS[0])).code == 0)
        pipes = [Pipe(scactl, servers.person(mobile)) for mobile in SENDERS]
        rates = {"pipe": [], "bot": [], "alone": []}
        try:
            for turn in range(rounds(options) + 1):
                print(f"\r\033[Kbots: round {turn} of {rounds(options)}", end="", file=sys.stderr, flush=True)
                found = {
                    "pipe": through_pipe(pipes[0], messages),
                    "bot": through_bot(pipes, bot, handlers),
                    "alone": alone(handlers),
                }
                for name, rate in found.items() if turn else ():
                    rates[name].append(rate)
        finally:
            for program in [*pipes, bot]:
                program.close()
    print("\r\033[K", end="", file=sys.stderr, flush=True)
    rows = [
        row("messages through `pipe`, stored at both ends", rates["pipe"]),
        row(f"messages through `bot --each -j {JOBS} -- true`", rates["bot"], rates["alone"]),
        row(f"`true` alone, {JOBS} at once", rates["alone"], rates["alone"]),
    ]
    return table(["bots", "a second", "p10", "p90", "ratio of the time"], rows)


def row(label, rates, baseline=None):
    median = statistics.median(rates)
    cells = [number(rate, 0) for rate in (median, *spread(rates))]
    return [label, *cells, ratio(statistics.median(baseline), median) if baseline else ""]
