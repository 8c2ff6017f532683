"""Attacks a scad of its own, one attack after the other, while others talk through it, and prints what those notice: the time
from sending a message to its arrival and the time a newcomer takes to get in, without the attack and during it.

How it is measured. Each attack has a server of its own. Rounds without and with the attack take turns, so that whatever else the
machine does falls on both; the figure is the median of the rounds' percentiles. The server has one event loop, which everybody shares, and a
processor of its own where there are two; attackers (some processes) and talkers (one) share the others, the attackers at a lower
priority, as if they were elsewhere; all of them before whatever else runs here, as far as the system allows. All come from loopback, which has no limits by address: as if each attacker had an address of
its own, the worst case. A handshake may take 3 s and not 10, so that its end is seen within the attack.

It fails if a talker lost a session or a message, or if an attacker did not achieve what the attack is about. Everything is bounded in
count and time, and ends by itself: a quarter of an hour with the defaults. `scripts/attack` builds and calls it.
"""

import argparse
import contextlib
import json
import os
import pathlib
import platform
import re
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter

from wire import Connection, frame

FOLDER = pathlib.Path(__file__).parent
PROCESSES = 3


class Attack:
    """Its name, how many connections it has, options of the server, and what must have been achieved: a word of the tally and how
    much of it, at least."""

    def __init__(self, title, name, size, proof, options=(), tls=False):
        self.title, self.name, self.size, self.proof = title, name, size, proof
        self.options, self.tls = list(options), tls


def attacks(options):
    slow, half, clients = options.slow, options.half_open, options.clients
    compression = ["--compression"]
    return [
        Attack("slowloris: connects, sends nothing", "slowloris-connect", slow, {"at once": 0.9 * slow}),
        Attack("slowloris: in the request line", "slowloris-request", slow, {"at once": 0.9 * slow}),
        Attack("slowloris: in the headers", "slowloris-headers", slow, {"at once": 0.9 * slow}),
        Attack("slowloris: in the TLS handshake", "slowloris-tls", slow, {"at once": 0.9 * slow}, tls=True),
        Attack("slowloris: in a frame's header", "slowloris-frame-header", slow, {"101": slow}),
        Attack("slowloris: in a frame's payload", "slowloris-payload", slow, {"101": slow}),
        Attack("half-open handshakes, HTTP", "half-open-http", half, {"at once": 0.9 * half}),
        Attack("half-open handshakes, TLS", "half-open-tls", half, {"bytes answered": 0.5 * half}, tls=True),
        Attack("100 write to one who never reads", "never-reads", 100, {"ack": 10, "recipient_busy": 1_000}),
        Attack("frames of one byte a second", "byte-a-second", slow, {"101": slow}),
        Attack("header bomb", "header-bomb", 0, {"431": 100}),
        Attack("fragment bomb", "fragment-bomb", 0, {"close 1009": 20}),
        Attack("fragments without end, 20 sessions", "fragments-without-end", 20, {"frames": 100_000}),
        Attack("compression bomb", "compression-bomb", 0, {"close 1009": 100}, compression),
        Attack("1,000 : 1 compressed messages, 20 sessions", "compression-flood", 20, {"frames": 1_000}, compression),
        Attack("1,000 sessions of one mobile", "one-mobile", 1_000, {"101": 64, "429": 900, "taken": 100}),
        Attack("sessions that come and break the protocol", "session-churn", 0, {"close 1002": 100}),
        Attack("flood: 1 session, messages to itself", "flood-one", 1, {"frames": 10_000}),
        Attack("flood: 20 sessions, pings", "flood-many", 20, {"frames": 100_000}),
        Attack("reconnect stampede after a restart", "stampede", clients, {"back": clients}),
    ]


def placed(cpus, nice):
    """What a new process does first: goes to its processors and takes its priority, as far as it may."""

    def place():
        with contextlib.suppress(OSError):
            os.sched_setaffinity(0, cpus)
        # Linux weighs sessions first and the processes of a session then, if it groups them (sched(7), autogroup).
        os.setsid()
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, 0, nice)
            pathlib.Path("/proc/self/autogroup").write_text(str(nice))

    return place


CPUS = sorted(os.sched_getaffinity(0))
SERVERS = {CPUS[0]}
OTHERS = set(CPUS[1:]) or SERVERS


class Server:
    def __init__(self, attack, options, certificate):
        self.command = [options.scad, "--handshake-timeout", "3s", *attack.options, *options.with_option]
        if attack.tls:
            self.command += ["--tls-cert", certificate[0], "--tls-key", certificate[1]]
        self.log = options.log
        self.start(0)

    def start(self, port):
        with open(self.log, "a") as log:
            before = log.tell()
            self.process = subprocess.Popen(
                [*self.command, "--port", str(port)], stderr=log, preexec_fn=placed(SERVERS, -15)
            )
        deadline = time.monotonic() + 30
        while not (found := re.search(r"listening on wss?://[^ ]*:(\d+)", self.text(before))):
            assert self.process.poll() is None and time.monotonic() < deadline, self.text(before)
            time.sleep(0.01)
        self.port = int(found[1])

    def text(self, start):
        with open(self.log) as log:
            log.seek(start)
            return log.read()

    def peak(self):
        """The most memory that it held, in MiB."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1_024

    def end(self):
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(10)
        self.process.kill()
        self.process.wait()


class Talkers:
    def __init__(self, port, attack, options):
        words = [str(port), "tls" if attack.tls else "clear", str(options.pairs), str(options.period)]
        self.process = subprocess.Popen(
            [sys.executable, str(FOLDER / "talkers.py"), *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=placed(OTHERS, -15),
        )

    def take(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def end(self):
        self.process.kill()
        self.process.wait()


class Attackers:
    def __init__(self, attack, port, options):
        self.processes = []
        for index in range(PROCESSES):
            share = {"port": port, "index": index, "of": PROCESSES, "seconds": options.seconds, "size": attack.size}
            process = subprocess.Popen(
                [sys.executable, str(FOLDER / "attacks.py"), attack.name, json.dumps(share)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                preexec_fn=placed(OTHERS, -5),
            )
            self.processes.append(process)

    def lines(self):
        """One line of each."""
        return [process.stdout.readline() for process in self.processes]

    def tally(self):
        """What they achieved together."""
        total = Counter()
        for line in self.lines():
            share = json.loads(line)
            slowest = max(total["slowest, ms"], share["counts"].pop("slowest, ms", 0))
            total.update(share["counts"])
            total.update({"bytes answered" if key == "bytes" else key: n for key, n in share["answers"].items()})
            total.update(share["errors"])
            if slowest:
                total["slowest, ms"] = slowest
        return +total

    def end(self):
        for process in self.processes:
            process.stdin.close()
        for process in self.processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(30)
            process.kill()
            process.wait()


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(share * len(values)))] if values else float("nan")


class Sample:
    """What the talkers noticed, of one kind of round."""

    def __init__(self):
        self.rounds = []
        self.refused = self.failed = self.lost = 0

    def add(self, taken):
        self.rounds.append(taken)
        self.refused += taken["refused"]
        self.failed += taken["failed"]
        self.lost = max(self.lost, taken["lost"])

    def median(self, kind, share):
        """The median of the rounds' percentiles, so that one hiccup of the machine is not the figure."""
        return statistics.median(percentile(one[kind], share) for one in self.rounds)

    @property
    def is_silent(self):
        return any(not one["latencies"] for one in self.rounds)


def under_attack(attack, options, certificate):
    """Rounds without and with it: both samples, the attackers' tally, the server's peak of memory, messages that never came."""
    server = Server(attack, options, certificate)
    talkers = Talkers(server.port, attack, options)
    without, during, total = Sample(), Sample(), Counter()
    try:
        time.sleep(1.5)
        talkers.take()
        for _ in range(options.rounds):
            time.sleep(options.seconds)
            without.add(talkers.take())
            attackers = Attackers(attack, server.port, options)
            try:
                tally = attackers.tally()
            finally:
                attackers.end()
            during.add(talkers.take())
            highest = {key: max(total[key], tally[key]) for key in ["at once"] if key in tally}
            total.update(tally)
            total.update({key: value - total[key] for key, value in highest.items()})
            # Whatever is left of it goes before the next one.
            time.sleep(1.5)
            talkers.take()
        last = settled(talkers)
        during.lost = max(during.lost, last["lost"])
        return without, during, total, server.peak(), last["under_way"]
    finally:
        talkers.end()
        server.end()


def settled(talkers):
    """What the talkers say once all their messages have come, or some time later."""
    deadline = time.monotonic() + 20
    while (last := talkers.take())["under_way"] > 0 and time.monotonic() < deadline:
        time.sleep(0.2)
    return last


def stampede(attack, options, certificate):
    """All are in; then the server is killed and starts again, and all come back, the talkers among them."""
    server = Server(attack, options, certificate)
    without, during = Sample(), Sample()
    attackers = Attackers(attack, server.port, options)
    talkers = None
    try:
        assert attackers.lines() == ["ready\n"] * PROCESSES
        talkers = Talkers(server.port, attack, options)
        time.sleep(1.5)
        talkers.take()
        time.sleep(options.rounds * options.seconds)
        without.add(talkers.take())
        talkers.end()
        server.process.kill()
        server.process.wait()
        server.start(server.port)
        talkers = Talkers(server.port, attack, options)
        tally = attackers.tally()
        during.add(talkers.take())
        tally["presence right"] = int(is_presence_right(server.port, options))
        return without, during, tally, server.peak(), 0
    finally:
        attackers.end()
        if talkers:
            talkers.end()
        server.end()


def is_presence_right(port, options):
    """Whether everyone is soon seen to be online, and nobody else."""
    expected = {str(9_700_000_000 + number) for number in range(options.clients)}
    expected |= {str(9_100_000_000 + number) for number in range(2 * options.pairs)}
    deadline = time.monotonic() + 20
    with Connection(port, timeout=20) as witness:
        assert witness.open(9_180_000_000, "?presence=none&visible=0") == "101"
        while time.monotonic() < deadline:
            witness.send(frame(b'{"type":"get_online_users"}'))
            payload = b""
            while b'"online_users"' not in payload:
                payload = witness.read_frame()[1]
            if set(json.loads(payload)["users"]) == expected:
                return True
            time.sleep(0.2)
    return False


def row(attack, without, during, tally, peak):
    def pair(kind, share):
        return f"{without.median(kind, share):.1f} | {during.median(kind, share):.1f}"

    achieved = ", ".join(f"{key} {round(value):,}" for key, value in sorted(tally.items()))
    turned_away = during.refused + during.failed
    return (
        f"| {attack.title} | {pair('latencies', 0.5)} | {pair('latencies', 0.99)} | {pair('arrivals', 0.99)} "
        f"| {turned_away} | {peak:.0f} | {achieved} |"
    )


def problems(attack, during, tally, under_way):
    found = [f"{word}: {tally[word]}, not {round(least)}" for word, least in attack.proof.items() if tally[word] < least]
    found = [f"the attack was too weak, {one}" for one in found]
    if during.is_silent:
        found.append("the talkers heard nothing for a whole round")
    if during.lost:
        found.append(f"{during.lost} of the talkers lost their session")
    if under_way > 0:
        found.append(f"{under_way} of their messages never came")
    if attack.name == "stampede" and not tally["presence right"]:
        found.append("presence is wrong")
    return found


def run(options, certificate):
    model = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    print(f"{time.strftime('%Y-%m-%d %H:%M', time.gmtime())} UTC, commit {options.commit}, {len(CPUS)} processors")
    print(f"{model[1] if model else platform.machine()}, {options.rounds} rounds of {options.seconds:g} s without and with")
    print(f"{options.pairs} pairs talk, a message each {1e3 * options.period:g} ms; times in ms, without | with the attack\n")
    print("| attack | p50 | | p99 | | newcomer p99 | | turned away | MiB | what the attackers did |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|--:|---|", flush=True)
    is_right = True
    for attack in attacks(options):
        if options.only and not any(word in attack.name for word in options.only):
            continue
        go = stampede if attack.name == "stampede" else under_attack
        without, during, tally, peak, under_way = go(attack, options, certificate)
        print(row(attack, without, during, tally, peak), flush=True)
        for problem in problems(attack, during, tally, under_way):
            is_right = False
            print(f"attack: {attack.title}: {problem}", file=sys.stderr, flush=True)
    return is_right


def make_certificate(folder):
    """The files of a certificate and of its key: elliptic curves, as most have."""
    files = [str(pathlib.Path(folder) / name) for name in ("cert.pem", "key.pem")]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-out", files[0], "-keyout", files[1]],
        check=True,
        stderr=subprocess.DEVNULL,
    )
    return files


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scad", default="scad", help="the server to attack")
    parser.add_argument("--commit", default="unknown", help="what it was built from, for the heading")
    parser.add_argument("--log", default=os.devnull, help="where its log goes")
    parser.add_argument("--with-option", action="append", default=[], help="an option for it: --with-option=--threads=2")
    parser.add_argument("--rounds", type=int, default=4, help="without and with each attack (4)")
    parser.add_argument("--seconds", type=float, default=3.5, help="of each round (3.5)")
    parser.add_argument("--pairs", type=int, default=10, help="of talkers (10)")
    parser.add_argument("--period", type=float, default=0.03, help="seconds between a pair's messages (0.03)")
    parser.add_argument("--slow", type=int, default=1_000, help="connections of a slow attack (1000)")
    parser.add_argument("--half-open", type=int, default=10_000, help="half-open handshakes (10000)")
    parser.add_argument("--clients", type=int, default=5_000, help="of the stampede (5000)")
    parser.add_argument("--only", action="append", help="attacks with this in their name; may be given again")
    options = parser.parse_args()
    files = max(options.half_open, options.clients, options.slow) + 500
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < files:
        parser.error(f"this takes {files} open files, and {hard} are allowed; raise the limit or ask for fewer")
    if soft != resource.RLIM_INFINITY:
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, files), hard))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with tempfile.TemporaryDirectory() as folder:
        if options.log == os.devnull:
            options.log = str(pathlib.Path(folder) / "log")
        return 0 if run(options, make_certificate(folder)) else 1


if __name__ == "__main__":
    sys.exit(main())
