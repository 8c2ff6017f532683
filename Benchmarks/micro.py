"""What the pure parts cost in a plain loop (`Benchmarks/micro`): a table of nanoseconds and allocations for each operation.

`scripts/bench micro` builds what is needed and calls it. A full run writes its table to docs/benchmarks.md.
"""

import argparse
import json
import subprocess
from pathlib import Path

from suite import tables

ROUNDS = 9  # as Micro.swift has it


def rows(answers):
    """One for each operation, its sizes side by side."""
    names = list(dict.fromkeys(answer["name"] for answer in answers))
    by_size = {(answer["name"], answer["size"]): answer for answer in answers}
    for name in names:
        cells = []
        for size in (64, 4_096, 65_536) if (name, 0) not in by_size else (0,):
            answer = by_size.get((name, size))
            cells += [tables.number(answer["ns"]), tables.number(answer["allocations"])] if answer else ["", ""]
        yield [name, *cells]


def text(answers):
    heads = ["ns, allocations"] + [cell for size in ("64 B", "4 KiB", "64 KiB") for cell in (f"{size}: ns", "alloc.")]
    found = list(rows(answers))
    sized = tables.table(heads, [row for row in found if len(row) == len(heads)])
    return sized + "\n" + tables.table(["rows of about 200 bytes", "ns", "alloc."], [row for row in found if len(row) == 3])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=Path, required=True, help="Benchmarks/micro, built")
    parser.add_argument("--quick", action="store_true", help="one round, and nothing is written")
    parser.add_argument("--no-write", action="store_true", help="leave docs/benchmarks.md alone")
    options = parser.parse_args()
    words = [options.program.resolve(), *(["--quick"] if options.quick else [])]
    answers = [json.loads(line) for line in subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()]
    print(f"\n{text(answers)}", flush=True)
    if not (options.quick or options.no_write):
        tables.write("micro", "\n" + tables.origin("scripts/bench micro", ROUNDS) + "\n" + text(answers) + "\n")


if __name__ == "__main__":
    main()
