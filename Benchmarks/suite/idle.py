"""Idle: what a connection costs that only lives, and what is left of 17,000 when they left at once."""

from .load import Figures, rounds, run
from .tables import number, ratio, table

# Measured once, to save time: what they take hardly varies.
ONCE = ("nats", "mqtt0")


def part(options, peers):
    count = 2_000 if options.small else 17_000
    names = options.chosen(["floor", "v2", "tls", "nats", "mqtt0"])
    figures = Figures()

    def measure(server):
        query = "presence=none" if server.dialect == "v2" else None
        return run(server, "idle", connections=count, query=query, seconds=2 if options.quick else 4)

    ours = [name for name in names if name not in ONCE]
    rounds(figures, options.long_rounds, ours, peers, measure, "idle")
    rounds(figures, 1, [name for name in names if name in ONCE], peers, measure, "idle")
    heads = [f"{count:,} idle connections", "bytes each", "of floor", "heartbeat, CPU µs", "opening, CPU µs each", "idle RSS before, MB"]
    heads += ["with all", "after all left", "longest stall as they left, ms"]
    rows = []
    floor = figures.median("floor", "", "bytes_per")
    for name in names:
        value = lambda field: figures.median(name, "", field)
        if value("bytes_per") is None:
            continue
        memory = [number(value(field) / 1e6, 1) for field in ("empty_rss", "full_rss", "left_rss")]
        stall = number(value("stall_ms")) if peers[name].dialect in ("base", "v2") else ""
        row = [peers[name].name, number(value("bytes_per")), ratio(value("bytes_per"), floor), number(value("beat_cpu_us"))]
        rows.append([*row, number(value("open_cpu_us")), *memory, stall])
    return table(heads, rows)
