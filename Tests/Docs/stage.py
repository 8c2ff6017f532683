"""Who takes part in a page: people with a shell each, and servers, which get a terminal of their own. What a page types, they do."""

import os
import re
import subprocess
from pathlib import Path

from compare import Comparison
from shell import PATIENCE, Shell

# A server stays until the page starts another one at the same port.
SERVER = re.compile(r"((?:\w+=\S* )*scad(?! +(?:token|--version|--help))(?: .*?)??)(?: &)?(?: +#.*)?", re.DOTALL)
HOST = re.compile(r"--host[ =](\S+)")
PORT = re.compile(r"(?:--port[ =]|\bPORT=|SCAD_PORT=)(\d+)")
SCRIPT = re.compile(r"(\w+=\S* )*scripts/")


class Failure(Exception):
    """What a command did that its page does not say."""


class Difference(Failure):
    """It printed something else; `mended` has the lines that the page should show."""

    def __init__(self, comparison, printed):
        super().__init__("\n".join(comparison.difference(printed)))
        self.mended = comparison.mended(printed)


class Stage:
    def __init__(self, checkout, programs, is_hasty):
        """`is_hasty`: it does not wait long for what a page shows, since the page is to be mended."""
        tools = [f"{checkout}/Tests/Docs/bin", programs, os.environ["PATH"], "/usr/sbin", "/sbin"]
        self.environment = {
            "PATH": ":".join(tools), "CHECKOUT": checkout, "PROGRAMS": programs, "LC_ALL": "C.UTF-8", "TZ": "UTC",
            "TERM": "xterm", "NO_COLOR": "1", "SHELL": "/bin/bash",
        }  # fmt: skip
        self.patience = 5 if is_hasty else PATIENCE
        self.people = {}  # shells by name
        self.servers = {}  # by host and port

    def perform(self, step, directives):
        """Types a command, and waits for what the page shows.

        Throws `Failure` if something else happens.
        """
        server = SERVER.fullmatch(step.command)
        if server:
            self._serve(step, server[1], directives)
            return
        shell = self._shell(step.person)
        command = f'(cd "$CHECKOUT" && {step.command}\n)' if SCRIPT.match(step.command) else step.command
        if step.shown is None:
            self._do(shell, command)
        elif step.shown and "typed after" in directives:
            self._talk(shell, command, Comparison(step.shown, directives), directives["typed after"])
        elif step.shown and step.shown[-1] == "^C":
            self._watch(shell, command, Comparison(step.shown[:-1], directives))
        else:
            # What it says in the background is looked at only as far as the page shows it.
            more = ["…"] if command.endswith("&") else []
            self._compare(shell, command, Comparison(step.shown + more, directives))

    def _do(self, shell, command):
        """A command of which only the end counts."""
        status, printed = shell.run(command)
        if status != 0:
            raise Failure(f"ended with {status}{listed(printed)}" if status else never_ends(printed))

    def _compare(self, shell, command, comparison):
        """A command that ends."""
        status, printed = shell.run(command)
        if status is None:
            raise Failure(never_ends(printed))
        said = [f"(exit {status})"] if status else []
        # What runs in the background may say something a little later.
        patience = self.patience if shell.is_at_work() else 0
        shell.wait_for(lambda: comparison.holds(shell.lines() + said) or None, patience)
        if not comparison.holds(shell.lines() + said):
            raise Difference(comparison, shell.lines() + said)

    def _watch(self, shell, command, comparison):
        """A command that goes on until Control-C: first it must say all that the page shows."""
        if not comparison.shown:
            raise Failure("shows nothing before its ^C, so there is nothing to wait for")
        shell.type(command)
        shell.wait_for(lambda: shell.status is not None or comparison.holds(shell.lines()) or None, self.patience)
        printed = shell.lines()
        if shell.status is not None or not shell.has_program():
            raise Failure("ended by itself, though the page shows a ^C" + listed(printed))
        shell.interrupt()
        if shell.wait_for_prompt() is None:
            raise Failure("does not end by ^C")
        if not comparison.holds(printed):
            raise Difference(comparison, [*printed, "^C"])

    def _talk(self, shell, command, comparison, prompt):
        """A command that asks: what stands behind its prompt in the page is typed, or what a command behind `|` prints."""
        prompt, _, source = (part.strip() for part in prompt.partition("|"))
        shell.type(command, is_echoed=True)
        for line in [line for line in comparison.shown if line.startswith(prompt)]:
            shell.wait_for(lambda: shell.status is not None or shell.screen()[1].strip() == prompt or None)
            if shell.status is not None:
                break
            text = line.removeprefix(prompt).strip()
            if source:
                text = subprocess.run(source, shell=True, check=True, capture_output=True, text=True).stdout.strip()
            # The last line of the page is one that is still being typed.
            shell.key(text + ("" if line is comparison.shown[-1] else "\r"))
        shell.wait_for(lambda: comparison.holds(shell.screen()[0]) or None, self.patience)
        rows, _ = shell.screen()
        if shell.status is None:
            shell.key("\x03\x04")
            shell.wait_for_prompt()
        if not comparison.holds(rows):
            raise Difference(comparison, rows)

    def _serve(self, step, command, directives):
        """A server, where its owner is and with their variables."""
        port = (PORT.search(command) or ["", "8080"])[1]
        host = (HOST.search(command) or ["", "127.0.0.1"])[1]
        for place in [place for place in self.servers if place[1] == port and overlap(place[0], host)]:
            self._stop(self.servers.pop(place))
        owner = self._shell(step.person)
        owner.run(f"{{ export -p; printf 'cd %q\\n' \"$PWD\"; }} > {owner.home}/.here")
        server = self.servers[host, port] = Shell(f"{host}:{port}", f"/tmp/{host}:{port}", self.environment)
        server.run(f". {owner.home}/.here")
        server.type(command)

        def is_ready():
            # Where its log goes elsewhere, its port tells.
            listens = is_listening(port) if ">" in command else any("listening on" in line for line in server.lines())
            return listens or server.status is not None or None

        server.wait_for(is_ready)
        comparison = Comparison(step.shown or ["…"], directives)
        server.wait_for(lambda: server.status is not None or comparison.holds(server.lines()) or None, self.patience)
        printed = server.lines()
        if server.status is not None:
            raise Failure(f"ended with {server.status}{listed(printed)}")
        if not comparison.holds(printed):
            raise Difference(comparison, printed)

    def _stop(self, server):
        # Once is gently, and takes the drain's time.
        server.key("\x03\x03")
        if server.wait_for_prompt() is None:
            raise Failure(f"the server at {server.name} does not end")
        server.close()

    def _shell(self, person):
        if person not in self.people:
            name = person.lower()
            self.people[person] = Shell(person, f"/home/{name}", self.environment | {"USER": name})
        return self.people[person]


def never_ends(printed):
    return f"is still at work after {PATIENCE} s; is a ^C missing, as its last line?{listed(printed)}"


def listed(printed):
    return "".join("\n+ " + line for line in printed)


def is_listening(port):
    """Whether somebody listens at the port; of port 0, anybody does."""
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            local, _, state = line.split()[1:4]
            if state == "0A" and (port == "0" or int(local.rpartition(":")[2], 16) == int(port)):
                return True
    return False


def overlap(one, other):
    """Whether servers at the two addresses cannot have the same port."""
    return one == other or "0.0.0.0" in (one, other)
