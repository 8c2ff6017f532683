"""Storm: everybody comes, is to know everybody, and leaves at once."""

from .load import Figures, rounds, run
from .tables import number, table


def part(options, peers):
    crowds = [300] if options.small else [1_000, 10_000]
    text = ""
    for count in crowds:
        figures = Figures()
        names = options.chosen(["scad", "v2"])

        def measure(server):
            return run(server, "storm", connections=count, patience=60)

        rounds(figures, options.long_rounds, names, peers, measure, f"storm of {count:,}")
        heads = [f"{count:,} come and go", "join, s", "exact list after the last, s", "MB sent", "server CPU s", "longest stall meanwhile, ms"]
        heads += ["all gone: known after, s", "longest stall, ms", "server CPU s"]
        rows = []
        for name in names:
            value = lambda field: figures.median(name, "", field)
            rows.append([
                peers[name].name if name != "scad" else "scad, base", number(value("join_s")), number(value("exact_s")),
                number(value("bytes") / 1e6), number(value("cpu_s")), number(value("join_stall_ms")),
                number(value("known_s")), number(value("stall_ms")), number(value("leave_cpu_s")),
            ])  # fmt: skip
        text += table(heads, rows) + "\n"
    return text
