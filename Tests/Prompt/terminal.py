"""A terminal as a person sees it: a program under a pseudo-terminal, and the screen that its output makes.

`pexpect` starts the program and carries the bytes, `pyte` is the screen. Nothing here sleeps: whoever waits, waits for
something to be so, and the screen is brought up to date as bytes come. Every byte is kept as well (`raw`), since some
promises are about what is written and not about what is seen.

pyte differs from the terminals that people use in three things, which `Screen` mends: it stops drawing at a joiner, it
splits a wide character at the right edge, and its cursor may stay outside after a resize.
"""

import fcntl
import os
import select
import termios
import time
import unicodedata

import pexpect
import pyte
from wcwidth import wcwidth

PATIENCE = 120  # seconds; generous, since machines are slow and busy, and waiting costs nothing where all goes well
KEYS = {
    "enter": "\r", "tab": "\t", "escape": "\x1b", "backspace": "\x7f", "delete": "\x1b[3~",
    "up": "\x1b[A", "down": "\x1b[B", "right": "\x1b[C", "left": "\x1b[D", "home": "\x1b[H", "end": "\x1b[F",
}  # fmt: skip


class Unmet(Exception):
    """Something that was waited for did not come, or something is not as it must be."""


def is_stopped(number):
    """Whether a process is stopped: SIGSTOP needs a moment on a busy machine."""
    with open(f"/proc/{number}/stat") as file:
        return file.read().rpartition(") ")[2][0] == "T"


class Screen(pyte.HistoryScreen):
    """A screen with all that scrolled off it, which answers what a program asks the terminal."""

    def __init__(self, columns, lines, answer):
        super().__init__(columns, lines, history=100_000)
        self.write_process_input = answer

    def draw(self, data):
        for character in data:
            width = wcwidth(character)
            if width == 0 and not unicodedata.combining(character):
                continue
            if width == 2 and self.cursor.x == self.columns - 1:
                self.cursor.x = self.columns
            super().draw(character)

    def resize(self, lines=None, columns=None):
        super().resize(lines, columns)
        self.cursor.x = min(self.cursor.x, self.columns - 1)

    def rows(self):
        """All lines from the first one on, without the blanks at their ends."""
        scrolled = ["".join(line[x].data for x in range(self.columns)).rstrip() for line in self.history.top]
        return scrolled + self.display_rows()

    def display_rows(self):
        return ["".join(self.buffer[y][x].data for x in range(self.columns)).rstrip() for y in range(self.lines)]


class Terminal:
    """A program at work in a terminal of so many columns and lines."""

    def __init__(self, command, environment, folder, columns=80, lines=24):
        self.raw = bytearray()
        self.is_over = False
        self.screen = Screen(columns, lines, lambda answer: self._write(answer.encode()))
        self._stream = pyte.ByteStream(self.screen)
        self._child = pexpect.spawn(
            command[0], command[1:], env=environment, cwd=folder, dimensions=(lines, columns), timeout=None
        )
        self._child.delaybeforesend = None

    @property
    def pid(self):
        return self._child.pid

    # What is seen.

    def lines(self):
        """What was and is on the screen, from the first line to the last that is not blank."""
        self._read(0)
        rows = self.screen.rows()
        while rows and not rows[-1]:
            rows.pop()
        return rows

    def cursor(self):
        """The cursor's column and line on the screen, from 0."""
        return min(self.screen.cursor.x, self.screen.columns - 1), self.screen.cursor.y

    def title(self):
        return self.screen.title

    def dump(self):
        """The screen with its cursor, and the last of what was written, for a failure."""
        self._read(0)
        edge = "+" + "-" * self.screen.columns + "+"
        screen = "\n".join("|" + row for row in self.screen.display_rows())
        raw = bytes(self.raw[-3000:])
        return f"{edge}\n{screen}\n{edge} cursor {self.cursor()}, over: {self.is_over}\nraw: {raw!r}"

    def wait_for(self, what, condition, timeout=PATIENCE):
        """Reads until the condition holds, and returns what it gives.

        The program may also do what cannot be seen: the condition is looked at twenty times a second in any case.
        """
        end = time.monotonic() + timeout
        while True:
            is_last = time.monotonic() >= end
            found = condition()
            if found:
                return found
            if is_last:
                raise Unmet(f"waited in vain for {what}")
            self._read(0.05)

    # What is done.

    def type(self, text):
        """Types; a lone surrogate stands for a byte that is no UTF-8."""
        self._write(text.encode(errors="surrogateescape"))

    def key(self, name):
        """Presses a key: of `KEYS`, a `ctrl-` letter, or `alt-` and a letter."""
        if name.startswith("ctrl-"):
            self._write(bytes([ord(name[5:].upper()) ^ 0x40]))
        elif name.startswith("alt-"):
            self._write(b"\x1b" + name[4:].encode())
        else:
            self._write(KEYS[name].encode())

    def paste(self, text):
        """Pastes as a terminal does: in brackets if the program asked for them, each line's end as the Enter key."""
        body = text.replace("\n", "\r").encode()
        self._write(b"\x1b[200~" + body + b"\x1b[201~" if self.brackets_pastes() else body)

    def brackets_pastes(self):
        """Whether the program asked for bracketed paste and has not taken it back."""
        return self.raw.rfind(b"\x1b[?2004h") > self.raw.rfind(b"\x1b[?2004l")

    def has_read_all(self):
        """Whether the program has taken every key: what shows nothing can be waited for by this alone."""
        descriptor = os.open(f"/proc/{self.pid}/fd/0", os.O_RDONLY | os.O_NOCTTY)
        try:
            return fcntl.ioctl(descriptor, termios.FIONREAD, bytes(4)) == bytes(4)
        finally:
            os.close(descriptor)

    def resize(self, columns, lines):
        """Gives the terminal another size; the system sends SIGWINCH."""
        self._read(0)
        self.screen.resize(lines, columns)
        self._child.setwinsize(lines, columns)

    def close(self):
        """Closes the terminal, as somebody closes a window, and ends the program."""
        try:
            self._child.close(force=True)
        except pexpect.ExceptionPexpect:
            # Killed, but not gone within the tenth of a second that pexpect waits.
            self._child.wait()

    def _write(self, data):
        """Writes little at a time, and reads meanwhile: neither side may wait for the other."""
        while data:
            readable, writable, _ = select.select([self._child.child_fd], [self._child.child_fd], [], PATIENCE)
            if readable:
                self._read(0)
            if writable:
                data = data[os.write(self._child.child_fd, data[:256]) :]
            if self.is_over:
                raise Unmet("the program has ended")

    def _read(self, timeout):
        """Brings the screen up to date; waits so long for the first byte.

        Not by pexpect's own reading: it takes a program that has ended for the end of what it wrote.
        """
        if self.is_over or not select.select([self._child.child_fd], [], [], timeout)[0]:
            return
        try:
            data = os.read(self._child.child_fd, 65_536)
        except OSError:  # EIO: nobody has the terminal open any more, and all is read
            data = b""
        self.is_over = not data
        self.raw += data
        self._stream.feed(data)
