"""Whether what was printed is what the page shows. What is different each time is the same in both: a pattern's name."""

import difflib
import re

TIME = r"\d\d:\d\d(:\d\d(\.\d+)?)?"
VOLATILE = [
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "‹id›"),
    (r'"(ts|ms|gap_ms)":\d+', r'"\1":‹n›'),
    (r"\beyJ[\w-]+\.[\w-]+\.[\w-]+", "‹token›"),
    (r"\d{4}-\d\d-\d\d[T ]" + TIME + "Z?", "‹time›"),
    (rf"^(\d\d-\d\d )?{TIME}\b", "‹time›"),
    (r"\b\d\d:\d\d:\d\d\b", "‹time›"),
    (r"\b\d+(\.\d+)? (ms|s)\b", "‹duration›"),
    (r"\b\d+ [MG]iB\b", "‹size›"),
    (r"(?<![\d.])\d+\.\d+\.\d+(-[\w.]+)?(?![\d.])", "‹version›"),
    (r"\bpid[= ]\d+", "‹pid›"),
    (r"\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b", "‹day›"),
    # The name of a key.
    (r"(?<![\w-])[\w-]{43}(?![\w-])", "‹key›"),
    # A port that the system chose.
    (r"127\.0\.0\.1:[3-6]\d{4}", "127.0.0.1:‹port›"),
]
VOLATILE = [(re.compile(pattern), name) for pattern, name in VOLATILE]
NUMBER = re.compile(r"\d+(\.\d+)*")


class Comparison:
    """What a page shows of one command, ready to be held against what it prints."""

    def __init__(self, shown, directives):
        self.shown = shown
        self.numbers_vary = "numbers vary" in directives
        self.any_order = "any order" in directives
        self.expected = [self._plain(line) for line in shown]

    def holds(self, printed):
        """Whether the lines are those of the page."""
        found = [self._plain(line) for line in printed]
        if self.any_order:
            return sorted(found) == sorted(self.expected)
        return self._matches(self.expected, found)

    def difference(self, printed):
        """For a writer: the page's lines with `-`, those printed with `+`, both with a blank where they agree."""
        found = [self._plain(line) for line in printed]
        result = []
        for tag, a, b, c, d in difflib.SequenceMatcher(None, self.expected, found, autojunk=False).get_opcodes():
            if tag == "equal":
                result += ["  " + line for line in self.shown[a:b]]
            else:
                result += ["- " + line for line in self.shown[a:b]] + ["+ " + line for line in printed[c:d]]
        return result

    def mended(self, printed):
        """What the page should show: its own lines where they agree."""
        return [line[2:] for line in self.difference(printed) if not line.startswith("- ")]

    def _plain(self, line):
        for pattern, name in VOLATILE:
            line = pattern.sub(name, line)
        return NUMBER.sub("‹n›", line) if self.numbers_vary else line

    def _matches(self, expected, found):
        """Line by line; `…` stands for anything within a line, and alone on one for any lines."""
        if not expected:
            return not found
        if expected[0] == "…":
            return any(self._matches(expected[1:], found[n:]) for n in range(len(found) + 1))
        if not found:
            return False
        pattern = ".*".join(re.escape(part) for part in expected[0].split("…"))
        return re.fullmatch(pattern, found[0]) is not None and self._matches(expected[1:], found[1:])
