"""Scale: 100,000 idle connections, held by six servers and six generators, since a process may have 20,000 files; and what a second
event loop adds. Neither server nor generator is bound to a core here. Not a part of a run that does not name it.
"""

import contextlib

from .load import Figures, finish, rounds, run, start
from .servers import Scad
from .tables import number, table

PROCESSES, EACH = 6, 16_700


def crowd(options, program):
    each = 1_000 if options.small else EACH
    with contextlib.ExitStack() as stack:
        servers = [Scad(program, f"scad {index}", "v2", bound=False) for index in range(PROCESSES)]
        for server in servers:
            stack.enter_context(server)
        words = {"connections": each, "query": "presence=none", "seconds": 5, "polls": 0, "patience": 150}
        runs = [(start(server, "idle", bound=False, **words), server) for server in servers]
        answers = [finish(process, server, "idle")[0] for process, server in runs]
    total = each * PROCESSES
    per_connection = sum(answer["full_rss"] - answer["empty_rss"] for answer in answers) / total
    beats = sum(answer["beats"] for answer in answers)
    per_beat = sum(answer["beats"] * answer["beat_cpu_us"] for answer in answers) / beats
    resident = sum(answer["full_rss"] for answer in answers)
    row = [f"{PROCESSES} × scad, `sca.v2`", number(total, 0), number(per_connection), number(resident / 1e6), number(per_beat)]
    return table(["at once", "connections", "bytes each", "MB in all", "CPU µs, a heartbeat"], [row])


def loops(options, program):
    both = {f"{count}": Scad(program, f"scad --threads {count}", options=["--threads", count], bound=False) for count in (1, 2)}
    figures = Figures()
    words = {"connections": 100, "cases": "64x16,4096x16", "polls": 0, "bound": False, "seconds": 1}
    rounds(figures, options.rounds, list(both), both, lambda server: run(server, "route", **words), "event loops")
    rows = []
    for name, server in both.items():
        cells = [number(figures.median(name, case, field)) for case in ("64x16", "4096x16") for field in ("per_s", "cpu_us")]
        rows.append([f"`{server.name}`", *cells])
    return table(["event loops", "64 B, messages/s", "CPU µs each", "4 KiB, messages/s", "CPU µs each"], rows)


def changes(options, peers):
    """What it costs to tell 10,000 of those who come and go; a few messages are there only because the mode wants some."""
    figures = Figures()
    words = {"connections": 1_000 if options.small else 10_000, "pairs": 1, "rate": 10, "joins": 50, "heartbeat": 1e6, "seconds": 12}
    rounds(figures, 1, ["scad", "v2"], peers, lambda server: run(server, "mixed", **words), "presence")
    rows = []
    for name in ("scad", "v2"):
        told, megabytes, share = (figures.median(name, "all read", field) for field in ("told_s", "mb_s", "cpu_share"))
        label = "lists, base" if name == "scad" else "deltas, `sca.v2`"
        each = number(share * 1e6 / told) if told else ""
        rows.append([label, number(told / words["connections"]), number(megabytes), number(100 * share, 0), each])
    head = [f"{words['connections']:,} are told of 50 who come and 50 who go a second", "frames a second to each", "MB/s", "core used %", "CPU µs a frame"]
    return table(head, rows)


def part(options, peers):
    program = peers["scad"].program
    return "\n".join([loops(options, program), crowd(options, program), changes(options, peers)])
