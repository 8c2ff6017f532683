"""`scactl chat` in a terminal: its prompt, the line being typed, the rows above it, and its end.

The words that `chat` prints are looked for in one place, here or in the scenario about them, and no more of them than
a person needs in order to understand.
"""

import contextlib
import os
import re
import signal
import unicodedata

from wcwidth import wcwidth

from terminal import Unmet, is_stopped

# What a shell does around a command: it looks how the terminal is before, and how it is after. Not a shell with line
# editing or job control: such a one mends the terminal itself. INT is for the program in the foreground alone.
SESSION = 'stty -a >"$0/before"; trap : INT; "$@" REDIRECTION; code=$?; stty -a >"$0/after"; echo "[ended $code]"'
ENDED = re.compile(r"\[ended (\d+)\]$")


def drawn(text):
    """What a screen shows of a text: composed, and without what takes no place."""
    seen = (c for c in unicodedata.normalize("NFC", text) if wcwidth(c) or unicodedata.combining(c))
    return "".join(seen)


def layout(text, columns, following=""):
    """How a terminal lays a text out: its rows, and the column and row where what follows goes on."""
    rows, x = [""], 0
    for character in drawn(text):
        width = wcwidth(character)
        if x + width > columns:
            rows.append("")
            x = 0
        rows[-1] += character
        x += width
    if x + (wcwidth(following[0]) if following else 1) > columns:
        rows.append("")
        x = 0
    return rows, x, len(rows) - 1


class Chat:
    """A `chat` that runs, as Asha sees it."""

    def __init__(self, terminal, marks, peer):
        self.terminal, self._marks, self.peer = terminal, marks, peer

    @staticmethod
    def session(command, folder, redirection):
        """The shell that runs the command once, and where it leaves how the terminal was."""
        marks = f"{folder}/session-{len(os.listdir(folder))}"
        os.mkdir(marks)
        return ["/bin/sh", "-c", SESSION.replace("REDIRECTION", redirection), marks, *command], marks

    @property
    def prompt(self):
        return f"{self.peer}> "

    # What is seen.

    def rows(self):
        return self.terminal.lines()

    def wait(self, what, condition):
        return self.terminal.wait_for(what, condition)

    def is_ready(self):
        """Waits until it is connected and has a prompt."""
        self.shows(r"^connected ")
        self.holds("")

    def shows(self, pattern, times=1):
        """Waits until so many rows match, and returns the last of them; more are a fault."""
        found = self.wait(f"{times} × {pattern}", lambda: self._matching(pattern, times))
        if len(found) > times:
            raise Unmet(f"{len(found)} rows, not {times}, match {pattern}")
        return found[-1]

    def count(self, pattern):
        """How many rows match now."""
        return len(self._matching(pattern, 0))

    def hears(self, text, sender="9123456780"):
        """Waits until a message that arrived stands there, with the time it was sent."""
        return self.shows(rf"^\d\d:\d\d {sender}: {re.escape(text)}$")

    def holds(self, text, cursor=None):
        """Waits until the line being typed is this one, the last on the screen, with the cursor behind so many characters.

        - Parameter cursor: the end of the line if None.
        """
        place = len(text) if cursor is None else cursor
        self.wait(f"the line {text!r} with the cursor at {place}", lambda: self.is_holding(text, place))

    def is_holding(self, text, cursor):
        columns = self.terminal.screen.columns
        expected = [row.rstrip() for row in layout(self.prompt + text, columns)[0]]
        while len(expected) > 1 and not expected[-1]:
            expected.pop()
        rows = self.rows()
        if rows[-len(expected) :] != expected:
            return False
        _, x, y = layout(self.prompt + text[:cursor], columns, text[cursor:])
        first = len(rows) - len(expected) - len(self.terminal.screen.history.top)
        return self.terminal.cursor() == (x, first + y)

    def _matching(self, pattern, least):
        found = [row for row in self.rows() if re.search(pattern, row)]
        return found if len(found) >= least else None

    # What is done.

    def type(self, text):
        """Types, and waits for the echo: the line must be empty before."""
        self.terminal.type(text)
        self.holds(text)

    def say(self, text):
        """Types a line and presses Enter, which may take effect any time later; see `said`."""
        self.type(text)
        self.key("enter")

    def said(self, text):
        """Types a line, presses Enter, and waits until it was taken: until there is a prompt again."""
        self.say(text)
        self.holds("")

    def key(self, name, times=1):
        for _ in range(times):
            self.terminal.key(name)

    def names_online(self, mobile):
        """Asks until `/who` names somebody, who may be on the way."""

        def is_named():
            self.said("/who")
            return self.count(rf"online.*{mobile}")

        self.wait(f"{mobile} in /who", is_named)

    def pid(self):
        """The number of the process that is `scactl`, a child of the shell, once it is there."""
        return self.wait("scactl in the terminal", self._child)

    def _child(self):
        shell = self.terminal.pid
        with open(f"/proc/{shell}/task/{shell}/children") as file:
            children = file.read().split()
        for child in children:
            # One that ends meanwhile is not the one.
            with contextlib.suppress(FileNotFoundError, ProcessLookupError), open(f"/proc/{child}/comm") as name:
                if name.read().strip() == "scactl":
                    return int(child)
        return None

    def signal(self, number):
        os.kill(self.pid(), number)

    def stop(self):
        """Stops it where it is, until `CONTINUE`."""
        number = self.pid()
        os.kill(number, signal.SIGSTOP)
        self.wait("the stop", lambda: is_stopped(number))

    # How it ends.

    def ends(self, status):
        """Waits for its end with this exit status, and looks that the shell has its terminal back, on a fresh line."""
        row = self.wait("the end", lambda: next((row for row in self.rows() if ENDED.search(row)), None))
        if row != f"[ended {status}]":
            raise Unmet(f"the last row is {row!r}, not '[ended {status}]'")
        self.has_restored_the_terminal()

    def has_restored_the_terminal(self):
        before, after = (self._settings(name) for name in ("before", "after"))
        if before != after:
            raise Unmet(f"stty before:\n{before}\nand after:\n{after}")
        if self.terminal.brackets_pastes():
            raise Unmet("bracketed paste is still on")
        if self.terminal.screen.cursor.attrs != self.terminal.screen.default_char:
            raise Unmet("the terminal still writes in a colour")
        if self.terminal.raw.rfind(b"\x1b[?1h") > self.terminal.raw.rfind(b"\x1b[?1l"):
            raise Unmet("the keypad is still in its other mode")

    def _settings(self, name):
        """What `stty -a` said, without its first line: the size may have changed."""
        with open(f"{self._marks}/{name}") as file:
            return file.read().partition("\n")[2]


HANGUP, TERMINATE, INTERRUPT, CONTINUE = signal.SIGHUP, signal.SIGTERM, signal.SIGINT, signal.SIGCONT
