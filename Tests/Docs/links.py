"""Whether what pages point at is there: relative links with their anchors, and files of the checkout that are named."""

import functools
import re
from pathlib import Path

LINK = re.compile(r"(?<!!)\[(?:[^\]\[]|\[[^\]]*\])*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)|(?:src|srcset)=\"([^\"]+)\"")
NAMED = re.compile(r"`((?:Sources|Tests|docs|scripts|examples|deploy|Benchmarks)/[\w./+-]*\w)`")


@functools.cache
def anchors(path):
    """The names of a page's headings, as they are made on the web."""
    found = set()
    for line in prose(path.read_text(encoding="utf-8")):
        heading = re.match(r"#{1,6} +(.*?) *#*$", line)
        if heading:
            text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading[1]).lower()
            name = re.sub(r"[^\w\- ]", "", text).replace(" ", "-")
            count = 0
            while name + (f"-{count}" if count else "") in found:
                count += 1
            found.add(name + (f"-{count}" if count else ""))
    return found


def prose(text):
    """The lines outside blocks; those of blocks are empty."""
    is_fenced = False
    for line in text.splitlines():
        if line.lstrip().startswith(("```", "~~~")):
            is_fenced = not is_fenced
            yield ""
        else:
            yield "" if is_fenced or line.startswith("    ") else line


def check(checkout, page):
    """A sentence for each thing that is not there."""
    folder = Path(checkout, page).parent
    problems = []
    for number, line in enumerate(prose(Path(checkout, page).read_text(encoding="utf-8")), 1):
        code_free = re.sub(r"`[^`]*`", "``", line)
        for target in (next(filter(None, match)) for match in LINK.findall(code_free)):
            if re.match(r"\w+:", target):
                continue
            file, _, anchor = target.partition("#")
            path = (folder / file).resolve() if file else Path(checkout, page)
            if not path.exists():
                problems.append(f"{page}:{number}: a link to {target}, which is not there")
            elif anchor and path.suffix == ".md" and anchor not in anchors(path):
                problems.append(f"{page}:{number}: a link to {target}; the page has no such heading")
        for name in NAMED.findall(line):
            if not Path(checkout, name).exists() and not Path(checkout, name + ".swift").exists():
                problems.append(f"{page}:{number}: names {name}, which is not there")
    return problems
