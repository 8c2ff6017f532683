"""Idle: what a connection costs that only lives, and what is left of 17,000 when they left at once."""

from .load import Figures, rounds, run
from .tables import number, ratio, table

# Measured once, to save time: what they take hardly varies.
ONCE = ("floor", "websockets", "fastapi", "nats", "mqtt0")


def part(options, peers):
    count = 2_000 if options.small else 17_000
    names = options.chosen([ONCE[0], "v2", "tls", *ONCE[1:]])
    figures = Figures()

    def measure(server):
        query = "presence=none" if server.dialect == "v2" else None
        return run(server, "idle", connections=min(count, server.most), query=query, seconds=1 if options.quick else 3)

    rounds(figures, options.long_rounds, [name for name in names if name not in ONCE], peers, measure, "idle")
    rounds(figures, 1, [name for name in names if name in ONCE], peers, measure, "idle")
    floor = figures.median("floor", "", "bytes_per")
    costs, crowds = [], []
    for name in names:
        value = lambda field: figures.median(name, "", field)
        if value("bytes_per") is None:
            continue
        label = [peers[name].name, number(min(count, peers[name].most), 0)]
        each = number(value("bytes_per")), ratio(value("bytes_per"), floor)
        costs.append([*label, *each, number(value("beat_cpu_us")), number(value("open_cpu_us"))])
        memory = [number(value(field) / 1e6, 1) for field in ("empty_rss", "full_rss", "left_rss")]
        kept = f"{100 * (value('left_rss') / value('empty_rss') - 1):+.0f}%"
        stall = number(value("stall_ms")) if peers[name].dialect in ("base", "v2") else ""
        crowds.append([*label, *memory, kept, stall])
    text = table(["idle", "connections", "bytes each", "of floor", "CPU µs, a heartbeat", "CPU µs, opening"], costs)
    heads = ["all leave at once", "connections", "MB before", "MB with all", "MB 5 s after", "kept", "longest stall, ms"]
    return text + "\n" + table(heads, crowds)
