"""Mixed: a day's worth in a few seconds, and the same while one client in a hundred never reads."""

from .load import Figures, rounds, run
from .tables import number, ratio, table

READING, DEAF = "all read", "1% never read"


def part(options, peers):
    names = options.chosen(["floor", "scad", "v2"])
    crowd = {"connections": 1_100, "pairs": 50, "rate": 500, "joins": 5, "heavy": 11, "heavy_rate": 1_000, "seconds": 1, "warmup": 1}
    if not options.small:
        crowd = {"connections": 11_000, "pairs": 500, "rate": 5_000, "joins": 50, "heavy": 110, "heavy_rate": 10_000, "seconds": 4}
        crowd["warmup"] = 3
    figures = Figures()

    def measure(server):
        # So many clients are told of each other every six seconds: that has to be seen, and seen on both sides.
        seconds = 7 if server.name != "floor" and not options.small else crowd["seconds"]
        return run(server, "mixed", **crowd | {"seconds": seconds})

    rounds(figures, options.long_rounds, names, peers, measure, "mixed")
    head = [f"{crowd['connections']:,} connections", "p50 µs", "p99 µs", "p99.9 µs", "p99, to when all read", "core used %", "RSS, MB"]
    rows = []
    for name in names:
        before = figures.median(name, READING, "p99_us")
        for case in (READING, DEAF) if before is not None else ():
            value = lambda field: figures.median(name, case, field)
            label = f"{peers[name].name if name != 'scad' else 'scad, base'}, {case}"
            figures_of = [number(value(field)) for field in ("p50_us", "p99_us", "p999_us")]
            rest = [number(100 * value("cpu_share"), 0), number(value("rss") / 1e6, 0)]
            rows.append([label, *figures_of, ratio(value("p99_us"), before), *rest])
    return table(head, rows)
