"""The blocks of a page, as CONTRIBUTING.md tells writers ("Pages that are run").

A block is an indented or a fenced one. It has commands if it is indented, or fenced as nothing, `sh` or `console`; it has
rows if it begins with `{`; anything else is text. Comments before a block say how it is run, or why not.
"""

import dataclasses
import re

COMMANDS, ROWS, TEXT, STAGE = "commands", "rows", "text", "stage"
DIRECTIVES = ("not run", "run by", "run as", "file", "numbers vary", "any order", "typed after", "stage")
ROFF = {"-": "-", "e": "\\", "&": "", "(dq": '"', "(aq": "'"}


class PageError(Exception):
    """What a writer has to mend before anything can be run."""


@dataclasses.dataclass
class Block:
    page: str
    number: int  # of its first line, from 1
    kind: str
    lines: list[str]
    language: str = ""
    directives: dict[str, str] = dataclasses.field(default_factory=dict)

    @property
    def place(self):
        return f"{self.page}:{self.number}"


def directive(text):
    """A comment as (name, what it says), or None if it is a remark."""
    for name in DIRECTIVES:
        if text == name or text.startswith(name + ":"):
            return name, text[len(name) + 1 :].strip("\n ")
    return None


def kind(language, lines):
    if language not in ("", "sh", "console"):
        return TEXT
    return ROWS if not language and lines[0].startswith("{") else COMMANDS


class Reader:
    """Takes the lines of a page of Markdown, one after the other, and collects its blocks."""

    def __init__(self, page, text):
        self.page, self.blocks, self.directives = page, [], {}
        self.lines = text.splitlines()
        self.at = 0
        self.is_in_list = False

    def read(self):
        while self.at < len(self.lines):
            line = self.lines[self.at]
            fence = re.match(r"( *)(```+|~~~+) *(\S*)", line)
            if line.lstrip().startswith("<!--"):
                self._comment()
            elif fence:
                self._fenced(*fence.groups())
            elif line.startswith("    ") and line.strip() and not self.is_in_list:
                self._indented()
            else:
                self._plain(line)
                self.at += 1
        self._plain("the end")
        return self.blocks

    def _plain(self, line):
        if not line.strip():
            return
        if self.directives:
            raise PageError(f"{self.page}:{self.at + 1}: no block follows <!-- {next(iter(self.directives))} -->")
        if re.match(r" {0,3}([-*+]|\d+[.)]) ", line):
            self.is_in_list = True
        elif not line.startswith("  "):
            self.is_in_list = False

    def _comment(self):
        start = self.at
        while "-->" not in self.lines[self.at]:
            self.at += 1
            if self.at == len(self.lines):
                raise PageError(f"{self.page}:{start + 1}: a comment without an end")
        self.at += 1
        text = "\n".join(self.lines[start : self.at]).strip().removeprefix("<!--").removesuffix("-->").strip()
        self._say(start, directive(text))

    def _say(self, start, said):
        if said and said[0] == "stage":
            self.blocks.append(Block(self.page, start + 1, STAGE, said[1].splitlines()))
        elif said:
            self.directives[said[0]] = said[1]

    def _fenced(self, indent, fence, language):
        start = self.at
        lines = []
        self.at += 1
        while self.at < len(self.lines) and self.lines[self.at].strip() != fence:
            lines.append(self.lines[self.at].removeprefix(indent))
            self.at += 1
        if self.at == len(self.lines):
            raise PageError(f"{self.page}:{start + 1}: a block without an end")
        self.at += 1
        self._add(start + 2, language, lines)

    def _indented(self):
        start = self.at
        while self.at < len(self.lines) and (self.lines[self.at].startswith("    ") or not self.lines[self.at].strip()):
            self.at += 1
        lines = [line[4:] for line in self.lines[start : self.at]]
        while not lines[-1].strip():
            lines.pop()
        self._add(start + 1, "", lines)

    def _add(self, number, language, lines):
        if lines:
            self.blocks.append(Block(self.page, number, kind(language, lines), lines, language, self.directives))
        self.directives = {}


def of_markdown(page, text):
    return Reader(page, text).read()


def of_manual(page, text):
    """The blocks of a manual page's EXAMPLES; `.\\" not run: …` and the like are its comments."""
    reader = Reader(page, "")
    literal = False
    said, lines, start = [], [], 0
    is_example = False
    for at, line in enumerate([*text.splitlines(), ".Sh END"]):
        if line.startswith(".Sh "):
            is_example = line == ".Sh EXAMPLES"
        is_line = literal or line.startswith(".Dl ")
        if not is_line or line == ".Ed":
            if lines:
                reader._add(start, "", lines)
                lines = []
            literal = False
        if not is_example:
            continue
        is_comment = line.startswith('.\\" ')
        if said and (not is_comment or directive(line[4:])):
            reader._say(at, directive("\n".join(said)))
            said = []
        if is_comment:
            said.append(line[4:])
        if line.startswith(".Bd -literal"):
            literal = True
        elif is_line and line != ".Ed":
            start = start if lines else at + 1
            lines.append(re.sub(r"\\(\(..|.)", lambda escape: ROFF[escape[1]], line.removeprefix(".Dl ")))
    return reader.blocks
