"""Start-up: what a command costs that does nothing; and the size of the programs."""

import subprocess

from .commands import Case, find, take_turns, times_table
from .tables import table


def rounds(options):
    return options.runs


def part(options, folder):
    mosquitto = Case("mosquitto_pub --help", [find("mosquitto_pub"), "--help"], codes=(0, 1))
    cases = [
        Case("true", [find("true")]),
        Case("scactl --version", [options.scactl, "--version"]),
        mosquitto,
        Case("websocat --version", [find("websocat"), "--version"]),
    ]
    take_turns(cases, options.runs, options.warmup, "start")
    return times_table("start-up", cases, mosquitto) + "\n" + sizes([options.scactl, options.scad], folder)


def sizes(binaries, folder):
    """Bytes of each program as it was linked, and stripped."""
    rows = []
    for binary in binaries:
        stripped = folder / binary.name
        subprocess.run(["strip", "-o", stripped, binary], check=True)
        rows.append([f"`{binary.name}`", f"{binary.stat().st_size:,}", f"{stripped.stat().st_size:,}"])
    return table(["size", "bytes", "stripped"], rows)
