"""What one command costs: scactl beside mosquitto_pub, each with its own server on loopback.

Every round starts one process of each kind in turn and waits for its end, so that a noisy minute hits all of
them alike; the first rounds are not counted. Medians, and the ratio of the medians, are what to quote. The
figures of one pair are comparable, those of two runs of this program are not.

`send --wait stored` ends when the message is on the recipient's disk, `mosquitto_pub -q 1` when the broker
has it in memory: the first promises more.
"""

import argparse
import json
import os
import platform
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ALICE, BOB = "9000000001", "9000000002"
PATIENCE = 10  # seconds


class Failed(Exception):
    """Something did not do what is measured."""


def eventually(what, ready):
    """Asks again and again until it is so."""
    end = time.monotonic() + PATIENCE
    while not ready():
        if time.monotonic() > end:
            raise Failed(f"within {PATIENCE} s {what}")
        time.sleep(0.02)


def timed(command, environment):
    """Milliseconds from the start of a process to its end, and how it ended."""
    silent = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in (0, 1, 2)]
    start = time.perf_counter_ns()
    process = os.posix_spawn(command[0], command, environment, file_actions=silent)
    _, status = os.waitpid(process, 0)
    return (time.perf_counter_ns() - start) / 1e6, os.waitstatus_to_exitcode(status)


class Case:
    """A command, the exit codes that are right, and its times."""

    def __init__(self, label, command, codes=(0,), **environment):
        self.label, self.command, self.codes = label, command, codes
        self.environment = os.environ | environment
        self.times = []

    def run(self, counts):
        milliseconds, code = timed(self.command, self.environment)
        if code not in self.codes:
            raise Failed(f"{' '.join(self.command)} ended with {code}")
        if counts:
            self.times.append(milliseconds)

    @property
    def median(self):
        return statistics.median(self.times)


def measure(title, cases, options):
    """Runs the cases in turn; the last one is what the others are compared with."""
    for turn in range(options.warmup + options.runs):
        for case in cases:
            case.run(turn >= options.warmup)
    print(f"\n{title:<36}{'median ms':>10}{'p10':>9}{'p90':>9}{'ratio':>9}")
    for case in cases:
        tenths = statistics.quantiles(case.times, n=10, method="inclusive")
        ratio = case.median / cases[-1].median
        print(f"{case.label:<36}{case.median:>10.2f}{tenths[0]:>9.2f}{tenths[-1]:>9.2f}{ratio:>8.2f}×", flush=True)


def sizes(binaries, folder):
    """Bytes of each binary as it was linked and stripped."""
    print(f"\n{'size':<36}{'bytes':>14}{'stripped':>14}")
    for binary in binaries:
        stripped = folder / binary.name
        subprocess.run(["strip", "-o", stripped, binary], check=True)
        print(f"{binary.name:<36}{binary.stat().st_size:>14,}{stripped.stat().st_size:>14,}", flush=True)


class Servers:
    """scad and mosquitto, each with one listener; whatever was started is ended."""

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
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=os.environ | environment
            )
        self.started.append(process)

    def text(self, name):
        return (self.folder / name).read_text(errors="replace")

    def scad(self):
        self.start([self.options.scad, "--port", "0"], "scad")
        eventually("scad did not listen", lambda: "listening on ws://" in self.text("scad.err"))
        self.url = "ws://" + self.text("scad.err").split("listening on ws://", 1)[1].split()[0]
        self.start([self.options.scactl, "listen"], "listen", **self.person(BOB))
        asking = [self.options.scactl, "who", BOB]
        eventually("the listener was not online", lambda: timed(asking, os.environ | self.person(ALICE))[1] == 0)

    def person(self, mobile):
        home = str(self.folder / mobile)
        return {"XDG_CONFIG_HOME": home, "XDG_DATA_HOME": home, "SCACTL_MOBILE": mobile, "SCACTL_SERVER": self.url}

    def stored(self):
        """The ids of what the listener has on disk."""
        history = self.folder / BOB / "sca" / BOB / "history.jsonl"
        return [json.loads(line)["id"] for line in history.read_text().splitlines()] if history.exists() else []

    def mosquitto(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = str(probe.getsockname()[1])
        configuration = self.folder / "mosquitto.conf"
        configuration.write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence false\nlog_type error\n")
        self.start(["mosquitto", "-c", str(configuration)], "mosquitto")
        hello = self.publish("hello")
        eventually("mosquitto did not listen", lambda: timed(hello, os.environ)[1] == 0)
        self.start(["mosquitto_sub", "-p", self.port, "-q", "1", "-t", "bench"], "sub")

        def subscribed():
            timed(hello, os.environ)
            return "hello" in self.text("sub.out")

        eventually("mosquitto_sub did not listen", subscribed)

    def publish(self, text):
        return [find("mosquitto_pub"), "-p", self.port, "-q", "1", "-t", "bench", "-m", text]


def find(name):
    for folder in os.environ["PATH"].split(":"):
        if os.access(f"{folder}/{name}", os.X_OK):
            return f"{folder}/{name}"
    raise Failed(f"there is no {name} in PATH")


def bench(options, folder):
    print(f"{processor()}, {os.cpu_count()} cores, {platform.platform()}")
    print(f"{options.runs} runs of each in turn, after {options.warmup} that are not counted")
    scactl = str(options.scactl)
    measure(
        "start-up",
        [
            Case("true (what a process costs)", [find("true")]),
            Case("scactl --version", [scactl, "--version"]),
            Case("mosquitto_pub --help", [find("mosquitto_pub"), "--help"], codes=(0, 1)),
        ],
        options,
    )
    with Servers(options, folder) as servers:
        servers.scad()
        servers.mosquitto()
        measure(
            "one message",
            [
                Case("scactl send --wait routed", [scactl, "send", "--to", BOB, "--wait", "routed", "hi"],
                     **servers.person(ALICE)),
                Case("scactl send --wait stored", [scactl, "send", "--to", BOB, "--wait", "stored", "hi"],
                     **servers.person(ALICE)),
                Case("mosquitto_pub -q 1", servers.publish("hi")),
            ],
            options,
        )  # fmt: skip
        count = options.warmup + options.runs
        eventually(f"not all {2 * count} messages were stored", lambda: len(servers.stored()) >= 2 * count)
        if len(set(servers.stored())) != 2 * count:
            raise Failed(f"{len(servers.stored())} rows are stored; {2 * count} messages were sent")
        eventually(f"not all {count} publications came", lambda: servers.text("sub.out").count("hi\n") == count)
    sizes([options.scactl, options.scad], folder)


def processor():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scactl", type=Path, required=True, help="a release build")
    parser.add_argument("--scad", type=Path, required=True, help="a release build")
    parser.add_argument("--folder", type=Path, default=Path("."), help="on the disk that the history is to be on")
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--warmup", type=int, default=10)
    options = parser.parse_args()
    os.environ["PATH"] += ":/usr/sbin"
    try:
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            bench(options, Path(folder).resolve())
    except (Failed, OSError, subprocess.CalledProcessError) as problem:
        print(f"startup.py: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
