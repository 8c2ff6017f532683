"""Route: messages through pairs of clients, 64 bytes and 4 KiB, one and sixteen under way, among 100 and 10,000 connections."""

from .load import Figures, rounds, run
from .tables import number, ratio, table

CASES = {"64 B, window 1": (64, 1), "64 B, window 16": (64, 16), "4 KiB, window 1": (4096, 1), "4 KiB, window 16": (4096, 16)}
OPEN = "64 B, open loop"


def measuring(options, connections, cases, seconds, warmup):
    def measure(server):
        saturated = None
        for case in cases:
            text, window = CASES[case]
            answer = run(
                server, "route", connections=connections, rest_query="presence=none", text=text, window=window, seconds=seconds, warmup=warmup
            )
            saturated = saturated or answer["per_s"]
            yield case, answer
        yield OPEN, run(
            server, "route", connections=connections, rest_query="presence=none", rate=saturated / 2, seconds=2 * seconds, warmup=warmup
        )

    return measure


def closed_rows(figures, names, peers, case):
    floor = figures.median("floor", case, "cpu_us")
    for name in names:
        cpu = figures.median(name, case, "cpu_us")
        if cpu is not None:
            share = figures.median(name, case, "cpu_share")
            yield peers[name].name, number(figures.median(name, case, "per_s")), number(cpu), ratio(cpu, floor), number(100 * share, 0)


def tables(figures, names, peers, cases, title):
    text = ""
    for case in cases:
        head = [f"{title}, {case}", "messages/s", "server CPU µs/message", "of floor", "core used %"]
        text += table(head, closed_rows(figures, names, peers, case)) + "\n"
    head = [f"{title}, {OPEN} at half of window 1", "messages/s", "p50 µs", "p99 µs", "p99.9 µs", "CPU µs/message"]
    rows = []
    for name in names:
        fields = ("per_s", "p50_us", "p99_us", "p999_us", "cpu_us")
        values = [figures.median(name, OPEN, field) for field in fields]
        if values[0] is not None:
            rows.append([peers[name].name, *map(number, values)])
    return text + table(head, rows)


def part(options, peers):
    quick = options.quick
    names = options.chosen(["floor", "scad", "v2", "websockets", "fastapi", "nats", "mqtt0", "mqtt1"])
    few = Figures()
    seconds, warmup = (0.4, 0.1) if quick else (0.7, 0.2)
    rounds(few, options.rounds, names, peers, measuring(options, 100, list(CASES), seconds, warmup), "route, 100 connections")
    text = tables(few, names, peers, CASES, "100 connections")
    if not options.small:
        cases = list(CASES)[:2]
        names = [name for name in names if peers[name].most >= 10_000]
        many = Figures()
        rounds(many, options.long_rounds, names, peers, measuring(options, 10_000, cases, seconds, warmup), "route, 10,000 connections")
        text += "\n" + tables(many, names, peers, cases, "10,000 connections")
    return text
