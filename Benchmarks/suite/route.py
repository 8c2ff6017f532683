"""Route: messages through pairs of clients, 64 bytes and 4 KiB, one and sixteen under way, among 100 and 10,000 connections."""

from .load import Figures, rounds, run
from .tables import number, ratio, table

# As the load generator names them (load/route.c), and as the tables do.
FEW = {"64x1": "64 B, window 1", "64x16": "64 B, window 16", "4096x1": "4 KiB, window 1", "4096x16": "4 KiB, window 16"}
MANY = {"64x1": "64 B, window 1", "64x16": "64 B, window 16"}
OPEN = "64@0.5"


def closed_table(figures, names, peers, case, title):
    floor = figures.median("floor", case, "cpu_us")
    rows = []
    for name in names:
        cpu = figures.median(name, case, "cpu_us")
        if cpu is not None:
            share = figures.median(name, case, "cpu_share")
            rate = figures.median(name, case, "per_s")
            rows.append([peers[name].name, number(cpu), ratio(cpu, floor), number(rate), number(100 * share, 0)])
    return table([title, "server CPU µs/message", "of floor", "messages/s", "core used %"], rows)


def open_table(figures, names, peers, title):
    rows = []
    for name in names:
        values = [figures.median(name, OPEN, field) for field in ("per_s", "p50_us", "p99_us", "p999_us", "cpu_us")]
        if values[0] is not None:
            rows.append([peers[name].name, *map(number, values)])
    return table([title, "messages/s", "p50 µs", "p99 µs", "p99.9 µs", "CPU µs/message"], rows)


def among(options, peers, names, connections, cases, repeats):
    figures = Figures()
    words = ",".join([*cases, OPEN])
    seconds, warmup = (0.3, 0.1) if options.quick else (0.4, 0.15)

    def measure(server):
        crowd = {"connections": connections, "rest_query": "presence=none"}
        return run(server, "route", cases=words, seconds=seconds, warmup=warmup, **crowd)

    title = f"{connections:,} connections"
    rounds(figures, repeats, names, peers, measure, f"route, {title}")
    text = [closed_table(figures, names, peers, case, f"{title}, {label}") for case, label in cases.items()]
    text.append(open_table(figures, names, peers, f"{title}, 64 B, open loop"))
    return text


def part(options, peers):
    names = options.chosen(["floor", "scad", "v2", "acked", "websockets", "fastapi", "nats", "mqtt0", "mqtt1"])
    text = among(options, peers, names, 100, FEW, options.rounds)
    if not options.small:
        names = [name for name in names if peers[name].most >= 10_000 and name not in ("acked", "mqtt1")]
        text += among(options, peers, names, 10_000, MANY, options.long_rounds)
    return "\n".join(text)
