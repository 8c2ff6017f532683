"""Storm: everybody comes, is to know everybody, and leaves at once."""

from .load import Figures, rounds, run
from .tables import number, table


def one(options, peers, count, names):
    figures = Figures()
    measure = lambda server: run(server, "storm", connections=count)
    rounds(figures, options.long_rounds, [name for name in names if name != "fastapi"], peers, measure, f"storm of {count:,}")
    rounds(figures, 1, [name for name in names if name == "fastapi"], peers, measure, f"storm of {count:,}")
    come, go = [], []
    for name in names:
        value = lambda field: figures.median(name, "", field)
        if value("join_s") is None:
            continue
        label = "scad, base" if name == "scad" else peers[name].name
        bytes_sent = number(value("bytes") / 1e6)
        clocks = number(value("join_s")), number(value("exact_s"))
        come.append([label, *clocks, bytes_sent, number(value("cpu_s")), number(value("join_stall_ms"))])
        go.append([label, number(value("known_s")), number(value("leave_cpu_s")), number(value("stall_ms"))])
    heads = [f"{count:,} come", "joining, s", "exact after the last, s", "MB sent", "server CPU s", "longest stall, ms"]
    text = table(heads, come)
    return text + "\n" + table([f"{count:,} go at once", "known after, s", "server CPU s", "longest stall, ms"], go)


def part(options, peers):
    # The base server has to tell everybody of each: more than these it cannot take in the time there is.
    text = [one(options, peers, 300, options.chosen(["scad", "v2", "fastapi"]))]
    for count in () if options.small else (1_000, 10_000):
        text.append(one(options, peers, count, options.chosen(["scad", "v2"])))
    return "\n".join(text)
