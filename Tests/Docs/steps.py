"""The commands of a block: what is typed, by whom, and what the page shows beneath."""

import dataclasses
import re
import subprocess

from blocks import ROWS, STAGE, PageError

PROMPT = re.compile(r"(?:(\w+)'s )?\$ (.*)")


@dataclasses.dataclass
class Step:
    """A command as somebody types it."""

    person: str
    command: str
    shown: list[str] | None  # None: the page shows nothing of it, as in a list of commands
    number: int  # of its line in the page, from 1

    @property
    def place_of_output(self):
        """The line of the page before what it shows, from 1."""
        return self.number + self.command.count("\n")


def of_block(block):
    """The steps of a block. In what readers do not see each line is a command, with a prompt or without."""
    if block.kind == ROWS:
        return [Step("Asha", block.directives["run as"], block.lines, block.number - 1)]
    found = []
    is_hidden = block.kind == STAGE or "run as" in block.directives
    lines = block.directives["run as"].splitlines() if "run as" in block.directives else block.lines
    is_session = not is_hidden and any(PROMPT.fullmatch(line) for line in lines)
    at = 0
    while at < len(lines):
        prompt = PROMPT.fullmatch(lines[at])
        if is_session and not prompt:
            if not found:
                raise PageError(f"{block.place}: output before the first prompt")
            found[-1].shown.append(lines[at].rstrip())
            at += 1
            continue
        number = block.number + at
        person, command = (prompt[1] or "Asha", prompt[2]) if prompt else ("Asha", lines[at])
        at += 1
        while at < len(lines) and not is_whole(command):
            command += "\n" + lines[at]
            at += 1
        if command.strip() and not command.startswith("#"):
            found.append(Step(person, command, [] if is_session else None, number))
    for step in found:
        while step.shown and not step.shown[-1]:
            step.shown.pop()
    return found


def is_whole(command):
    """Whether bash waits for nothing more: no open quote, no trailing backslash, no here-document without its end."""
    if command.endswith("\\"):
        return False
    said = subprocess.run(["bash", "-n"], input=command, capture_output=True, text=True, check=False).stderr
    return not re.search(r"unexpected (EOF|end of file)|delimited by end-of-file", said)
