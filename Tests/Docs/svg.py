"""Draws screens of terminals as an animated SVG: no script, no font, nothing from elsewhere.

Each line of text that stands somewhere for a while is one element, shown by a keyframe animation for just that while; so a picture of half a
minute is some tens of kilobytes. Who has asked their system for less motion sees the last frame, and nothing moves.
"""

import dataclasses
import itertools
from xml.sax.saxutils import escape, quoteattr

from wcwidth import wcswidth

CELL, LINE, SIZE, MARGIN, BAR = 7.8, 18, 13, 12, 26
COLOURS = {"default": "#d7dae0", "green": "#7ec699", "cyan": "#6cc7dd", "red": "#e88388", "brown": "#dbab79", "dim": "#8b919d"}
FONT = "ui-monospace,SFMono-Regular,Menlo,Consolas,DejaVu Sans Mono,monospace"


@dataclasses.dataclass(frozen=True)
class Run:
    """Characters of one look that stand side by side."""

    column: int
    text: str
    colour: str
    bold: bool


def runs(screen):
    """The lines of a pyte screen, each a list of runs; the cursor is a run as well."""
    lines = []
    for y in range(screen.lines):
        cells = [screen.buffer[y][x] for x in range(screen.columns)]
        if y == screen.cursor.y and not screen.cursor.hidden and screen.cursor.x < screen.columns:
            cells[screen.cursor.x] = cells[screen.cursor.x]._replace(data="▏", fg="dim")
        found = []
        for (colour, bold), group in itertools.groupby(enumerate(cells), lambda cell: (cell[1].fg, cell[1].bold)):
            group = list(group)
            text = "".join(cell.data for _, cell in group)
            if text.strip():
                start = len(text) - len(text.lstrip())
                found.append(Run(group[0][0] + start, text.strip(), colour if colour in COLOURS else "default", bold))
        lines.append(found)
    return lines


def spans(frames):
    """Every (pane, line, runs) with the spans of time, in milliseconds, in which it is seen; in the order of its first appearance."""
    seen = {}
    time = 0
    for screens, duration in frames:
        for pane, lines in enumerate(screens):
            for number, line in enumerate(lines):
                if not line:
                    continue
                times = seen.setdefault((pane, number, tuple(line)), [])
                if times and times[-1][1] == time:
                    times[-1][1] = time + duration
                else:
                    times.append([time, time + duration])
        time += duration
    return seen, time


def line(runs, x, y, name):
    """One line of text."""
    parts = []
    for run in runs:
        weight = ' font-weight="bold"' if run.bold else ""
        colour = "" if run.colour == "default" else f' fill="{COLOURS[run.colour]}"'
        width = wcswidth(run.text) * CELL
        # The length is given, so that columns stand beneath each other in any font.
        parts.append(f'<tspan x="{x + run.column * CELL:.1f}" textLength="{width:.1f}"{colour}{weight}>{escape(run.text)}</tspan>')
    return f'<text y="{y}" class="{name}">{"".join(parts)}</text>'


def animated(frames, titles, columns, lines, alt):
    """The whole picture: a window for each title, side by side."""
    seen, total = spans(frames)
    pane_width = columns * CELL + 2 * MARGIN
    width, height = len(titles) * pane_width + (len(titles) - 1) * MARGIN, BAR + lines * LINE + 2 * MARGIN
    rules, names, drawn = [], {}, []
    for (pane, number, content), times in seen.items():
        key = tuple(map(tuple, times))
        if key not in names:
            names[key] = f"k{len(names)}"
            steps = [] if times[0][0] == 0 else ["0%{opacity:0}"]
            for start, end in times:
                steps.append(f"{100 * start / total:.2f}%{{opacity:1}}")
                steps += [] if end == total else [f"{100 * end / total:.2f}%{{opacity:0}}"]
            rules.append(f"@keyframes {names[key]}{{{''.join(steps)}}}.{names[key]}{{animation-name:{names[key]}}}")
        is_last = " z" if times[-1][1] == total else ""
        x = pane * (pane_width + MARGIN) + MARGIN
        y = BAR + MARGIN + number * LINE + SIZE
        drawn.append(line(content, x, y, names[key] + is_last))
    windows = []
    for pane, title in enumerate(titles):
        x = pane * (pane_width + MARGIN)
        windows.append(f'<rect x="{x:.1f}" width="{pane_width:.1f}" height="{height}" rx="8" fill="#22252b"/>')
        windows.append(f'<text x="{x + pane_width / 2:.1f}" y="18" text-anchor="middle" fill="{COLOURS["dim"]}">{escape(title)}</text>')
    style = (
        f"text{{font:{SIZE}px {FONT};white-space:pre}}"
        f"g text{{fill:{COLOURS['default']};opacity:0;animation:{total / 1000:.1f}s step-end infinite}}g .z{{opacity:1}}"
        f"{''.join(rules)}"
        "@media (prefers-reduced-motion:reduce){g text{animation:none!important}}"
    )
    newline = "\n"
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" role="img" aria-label={quoteattr(alt)}>
<title>{escape(alt)}</title>
<style>{style}</style>
{newline.join(windows)}
<g>
{newline.join(drawn)}
</g>
</svg>
"""
