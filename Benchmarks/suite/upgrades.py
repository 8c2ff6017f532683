"""Upgrades: connect, upgrade, leave, 64 at a time, none of them on the list of who is online where the server can do that."""

from .load import Figures, rounds, run
from .tables import number, ratio, table


def part(options, peers):
    names = options.chosen(["floor", "scad", "v2", "websockets", "fastapi"])
    figures = Figures()

    def measure(server):
        query = "presence=none" if server.dialect == "v2" else None
        return run(server, "upgrades", query=query, seconds=0.7, warmup=0.3)

    rounds(figures, options.rounds, names, peers, measure, "upgrades")
    floor = figures.median("floor", "", "per_cpu_s")
    rows = []
    for name in names:
        each, cpu, clock = (figures.median(name, "", field) for field in ("per_cpu_s", "cpu_us", "per_s"))
        if each is not None:
            label = peers[name].name + (", `presence=none`" if name == "v2" else "")
            rows.append([label, number(each), number(cpu), ratio(each, floor), number(clock)])
    return table(["upgrades", "per server CPU second", "CPU µs each", "of floor", "a second"], rows)
