"""What a program costs that takes part: messages per second through `scactl pipe`, and through `scactl bot --each`.

Through `pipe`: lines written to one `pipe`, to one `listen`, until the last `sent` row has come back; each message is
stored at both ends by then. Through `bot --each -j 4 -- true`: one message a process, from several senders, until
the last of these processes has ended. Beside it what it costs to start `true` as often and do nothing else, four at a
time: the ratio is what the bot adds. Every round does all of these in turn.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from startup import BOB, PATIENCE, Failed, Servers, eventually, find, processor, timed

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


def show(label, rates, baseline):
    tenths = statistics.quantiles(rates, n=10, method="inclusive")
    ratio = f"{statistics.median(baseline) / statistics.median(rates):>8.2f}×" if baseline else ""
    print(f"{label:<44}{statistics.median(rates):>10,.0f}{tenths[0]:>10,.0f}{tenths[-1]:>10,.0f}{ratio}", flush=True)


def bench(options, folder):
    print(f"{processor()}, {os.cpu_count()} cores, {platform.platform()}")
    print(f"{options.rounds} rounds: {options.messages:,} messages through pipe, {options.handlers:,} through the bot")
    scactl = str(options.scactl)
    with Servers(options, folder) as servers:
        servers.scad()
        bot = Bot(scactl, servers.person(BOT))
        asking = [scactl, "who", BOT]
        eventually("the bot was not online", lambda: timed(asking, os.environ | servers.person(SENDERS[0]))[1] == 0)
        pipes = [Pipe(scactl, servers.person(mobile)) for mobile in SENDERS]
        rates = {"pipe": [], "bot": [], "alone": []}
        try:
            for turn in range(options.rounds + 1):
                found = {
                    "pipe": through_pipe(pipes[0], options.messages),
                    "bot": through_bot(pipes, bot, options.handlers),
                    "alone": alone(options.handlers),
                }
                if turn:
                    for name, rate in found.items():
                        rates[name].append(rate)
        finally:
            for program in [*pipes, bot]:
                program.close()
    print(f"\n{'per second':<44}{'median':>10}{'p10':>10}{'p90':>10}{'ratio':>9}")
    show("messages through pipe, stored at both ends", rates["pipe"], None)
    show(f"messages through bot --each -j {JOBS} -- true", rates["bot"], rates["alone"])
    show(f"true alone, {JOBS} at once", rates["alone"], rates["alone"])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scactl", type=Path, required=True, help="a release build")
    parser.add_argument("--scad", type=Path, required=True, help="a release build")
    parser.add_argument("--folder", type=Path, default=Path("."), help="on the disk that the history is to be on")
    parser.add_argument("--rounds", type=int, default=9, help="after one that is not counted")
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--handlers", type=int, default=1_000, help="no more than a bot lets wait: 1,024")
    options, _ = parser.parse_known_args()
    try:
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            bench(options, Path(folder).resolve())
    except (Failed, OSError) as problem:
        print(f"bots.py: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
