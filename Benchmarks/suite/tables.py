"""Markdown tables, on stdout and between the markers of docs/benchmarks.md:

    <!-- bench:route -->
    …
    <!-- bench:end -->
"""

import platform
import re
import subprocess
import time
from pathlib import Path

from .servers import REPOSITORY

PAGE = REPOSITORY / "docs/benchmarks.md"


def number(value, digits=None):
    """Three figures, or so many digits behind the point."""
    if value is None:
        return ""
    if digits is None:
        digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f}"


def ratio(value, floor):
    return f"{value / floor:.2f}×" if value is not None and floor else ""


def table(head, rows):
    """The first column is words, the others are figures."""
    lines = ["| " + " | ".join(head) + " |", "|---" + "|---:" * (len(head) - 1) + "|"]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def machine():
    model = next(
        (line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")),
        platform.machine(),
    )
    count = len([line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("processor")])
    return f"{model}, {count} cores, Linux {platform.release().split('-')[0]}"


def commit():
    """The last commit that changed what is measured, so that writing the figures down does not make it another."""
    measured = ["--", "Sources", "Package.swift"]

    def ask(*words):
        words = ["git", "-c", "safe.directory=*", *words, *measured]
        return subprocess.run(words, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True).stdout.strip()

    return (ask("log", "-1", "--format=%h") or "unknown") + (", changed since" if ask("status", "--porcelain") else "")


def origin(command, rounds):
    """Where a table comes from, which stands above it."""
    return f"`{command}`, {time.strftime('%Y-%m-%d')}, commit {commit()}, {machine()}; medians of {rounds} rounds.\n"


def write(part, text):
    """Puts it between the markers of that part; the page has to have them."""
    page = PAGE.read_text()
    pattern = re.compile(rf"(<!-- bench:{part} -->\n).*?(<!-- bench:end -->)", re.DOTALL)
    if not pattern.search(page):
        raise SystemExit(f"{PAGE} has no place for {part}")
    PAGE.write_text(pattern.sub(lambda found: found[1] + text + found[2], page))
