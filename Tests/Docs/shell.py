"""A person's shell in a terminal of its own: bash as people have it, with job control, typed into and read.

The prompt is a mark that no program writes, with the exit status of the last command, so it says when a command is over.
What is typed is read from a file, since a terminal takes no line of more than 4,096 bytes. Nothing here sleeps for a while and
hopes: whoever waits, waits for the mark, or for what the page shows.
"""

import fcntl
import os
import pty
import re
import select
import signal
import subprocess
import termios
import time

import pyte

from terminal import Screen

PATIENCE = 90  # seconds; machines are slow and busy, and waiting costs nothing where all goes well
ROWS, COLUMNS = 50, 200  # wide, so that nothing wraps
MARK = "\x1e"
# What bash says of jobs, for people who watch them.
REMARK = re.compile(r"\[\d+\]([+-]? .*| \d+)|\S+: line \d+: +\d+ (Terminated|Killed|Hangup) .*")


class Shell:
    """One bash. `name` is for messages; `home` is its folder and the place of its files."""

    def __init__(self, name, home, environment):
        self.name, self.home = name, home
        os.makedirs(home, exist_ok=True)
        self._said = ""
        self._typed = f"{home}/.typed"
        self._master, slave = pty.openpty()
        mode = termios.tcgetattr(slave)
        mode[1] |= termios.ONLCR
        termios.tcsetattr(slave, termios.TCSANOW, mode)
        termios.tcsetwinsize(slave, (ROWS, COLUMNS))
        self.echo(False)
        self._bash = subprocess.Popen(
            ["bash", "--norc", "--noprofile", "--noediting", "-i"],
            stdin=slave, stdout=slave, stderr=slave, cwd=home, start_new_session=True,
            preexec_fn=self._take_terminal,
            env=environment | {"HOME": home, "PS1": f"{MARK}$?{MARK}", "PS2": "", "HISTFILE": ""},
        )  # fmt: skip
        os.close(slave)
        self.wait_for_prompt()
        self.run("set +H")

    @staticmethod
    def _take_terminal():
        """In the child. Who was started in the background may ignore Ctrl-C, and would have all that it starts ignore it."""
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.signal(signal.SIGQUIT, signal.SIG_DFL)
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    def type(self, command, is_echoed=False):
        """Has a command begun; what was printed until now is forgotten."""
        # Each time: bash puts the terminal back as it was when a program has died in it.
        self.echo(is_echoed)
        self._read(0)
        self._said = ""
        with open(self._typed, "w") as file:
            file.write(command + "\n")
        self.key(f". {self._typed}\n")

    def run(self, command):
        """Types a command and waits for its end. Returns (exit status or None, what it printed)."""
        self.type(command)
        return self.wait_for_prompt(), self.lines()

    def key(self, keys):
        os.write(self._master, keys.encode())

    def interrupt(self):
        """Control-C."""
        self.key("\x03")

    def echo(self, is_on):
        """Whether the terminal shows what is typed, and moves like one: for programs that talk with people."""
        mode = termios.tcgetattr(self._master)
        mode[1] = mode[1] | termios.OPOST if is_on else mode[1] & ~termios.OPOST
        mode[3] = mode[3] | termios.ECHO if is_on else mode[3] & ~termios.ECHO
        termios.tcsetattr(self._master, termios.TCSANOW, mode)

    def screen(self):
        """(rows from what was typed on, the row of the cursor) as somebody sees them now."""
        self._read(0)
        screen = Screen(COLUMNS, ROWS, lambda answer: None)
        pyte.Stream(screen).feed(re.sub(f"{MARK}\\d+{MARK}", "", self._said))
        rows = screen.rows()
        cursor = rows[len(rows) - ROWS + screen.cursor.y]
        while rows and not rows[-1]:
            rows.pop()
        # The first is the echo of what was typed.
        return rows[1:], cursor

    def wait_for_prompt(self, patience=PATIENCE):
        """The exit status of what was typed, or None if it is not over by then."""
        return self.wait_for(lambda: self.status, patience)

    def wait_for(self, condition, patience=PATIENCE):
        """Reads until the condition gives something other than None, and returns it; None when patience is over."""
        end = time.monotonic() + patience
        while (found := condition()) is None and time.monotonic() < end:
            self._read(0.05)
        return found

    @property
    def status(self):
        found = re.search(f"{MARK}(\\d+){MARK}", self._said)
        return int(found[1]) if found else None

    def lines(self):
        """What was printed since the command was typed, as lines, bash's remarks about jobs left out."""
        text = re.sub(f"{MARK}\\d+{MARK}", "", self._said).replace("\r\n", "\n")
        # Colours are for eyes; not every program leaves them out when it is told to.
        lines = [line.rstrip() for line in re.sub(r"\x1b\[[\d;]*m", "", text).split("\n")]
        lines = [line for line in lines if not REMARK.fullmatch(line)]
        while lines and not lines[-1]:
            lines.pop()
        return lines

    def has_program(self):
        """Whether a program has the terminal, which is the shell's when none has."""
        return os.tcgetpgrp(self._master) != self._bash.pid

    def is_at_work(self):
        """Whether a program of it runs in the background."""
        with open(f"/proc/{self._bash.pid}/task/{self._bash.pid}/children") as file:
            return bool(file.read().strip())

    def close(self):
        self._bash.send_signal(signal.SIGKILL)
        self._bash.wait()
        os.close(self._master)

    def _read(self, timeout):
        if not select.select([self._master], [], [], timeout)[0]:
            return
        try:
            self._said += os.read(self._master, 65_536).decode(errors="replace")
        except OSError:  # EIO: the shell has ended
            raise EOFError(f"{self.name}'s shell has ended") from None
