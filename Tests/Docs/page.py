"""Runs the commands of one page in its sandbox, and says of each block what became of it."""

import os
import re
import subprocess
import time
from pathlib import Path

import blocks
from blocks import COMMANDS, ROWS, STAGE
from compare import Comparison
from shell import PATIENCE, Shell

# A server stays, so it gets a terminal of its own; it is there until the page starts another one at the same port.
SERVER = re.compile(r"((?:\w+=\S* )*scad(?! +(?:token|--version|--help))(?: .*?)??)(?: &)?(?: +#.*)?", re.DOTALL)
HOST = re.compile(r"--host[ =](\S+)")
PORT = re.compile(r"(?:--port[ =]|\bPORT=|SCAD_PORT=)(\d+)")


class Failure(Exception):
    """What a block did that its page does not say."""


class Difference(Failure):
    """It printed something else."""

    def __init__(self, comparison, printed):
        super().__init__("\n".join(comparison.difference(printed)))
        self.mended = comparison.mended(printed)


class Page:
    def __init__(self, path, checkout, programs, is_written=False):
        """`is_written`: where the page shows something else than what is printed, `edits` has what it should show."""
        self.path, self.checkout, self.is_written = path, checkout, is_written
        self.slow = []  # steps that took long
        self.edits = []  # (line, how many lines it shows, the lines that it should show)
        tools = [f"{checkout}/Tests/Docs/bin", programs, os.environ["PATH"], "/usr/sbin", "/sbin"]
        self.environment = {
            "PATH": ":".join(tools), "CHECKOUT": checkout, "PROGRAMS": programs, "LC_ALL": "C.UTF-8", "TZ": "UTC", "TERM": "xterm", "NO_COLOR": "1",
            "SHELL": "/bin/bash", "USER": "asha",
        }  # fmt: skip
        self.shells = {}  # by person
        self.servers = {}  # by host and port

    def read(self):
        text = Path(self.checkout, self.path).read_text(encoding="utf-8")
        return (blocks.of_markdown if self.path.endswith(".md") else blocks.of_manual)(self.path, text)

    def run(self):
        """A result for each block: (place, "run", "not run" or "failed", why)."""
        results = []
        for block in self.read():
            why = block.directives.get("not run")
            try:
                if why is not None:
                    self._look(block)
                elif not self._perform(block):
                    continue
            except (Failure, EOFError) as problem:
                # What comes after it would fail as well, or not mean what it says.
                return [*results, (block.place, "failed", str(problem))]
            if block.kind != STAGE:
                results.append((block.place, "run" if why is None else "not run", why))
        return results

    def _perform(self, block):
        """Whether there was something to do."""
        if "file" in block.directives:
            path = Path(os.path.expanduser(block.directives["file"].replace("~", "/home/asha", 1)))
            path = Path("/home/asha", path)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("\n".join(block.lines) + "\n", encoding="utf-8")
            return True
        if block.kind in (COMMANDS, STAGE):
            for step in blocks.steps(block, is_whole):
                self._step(block, step)
            return True
        if block.kind == ROWS:
            self._parse(block)
        elif block.language in ("python", "bash"):
            raise Failure("a program that nobody runs: put <!-- file: NAME --> before it, or fence it as text")
        return False

    def _step(self, block, step):
        server = SERVER.fullmatch(step.command)
        start = time.monotonic()
        try:
            if server:
                self._serve(block, step, server[1])
            else:
                self._type(block, step)
        except Difference as difference:
            if not self.is_written:
                raise self._placed(block, step, difference) from None
            self.edits.append((step.number + step.command.count("\n"), len(step.shown), difference.mended))
        except Failure as problem:
            raise self._placed(block, step, problem) from None
        if time.monotonic() - start > 5:
            self.slow.append(f"{block.page}:{step.number}: {time.monotonic() - start:.0f} s: {step.command}")

    def _placed(self, block, step, problem):
        return Failure(f"{block.page}:{step.number}: $ {step.command}\n{problem}")

    def _type(self, block, step):
        shell = self._shell(step.person)
        comparison = Comparison(step.shown, block.directives) if step.shown is not None else None
        command = step.command
        if re.match(r"(\w+=\S* )*scripts/", command):
            command = f'(cd "$CHECKOUT" && {command}\n)'
        if step.shown and "typed after" in block.directives:
            self._talk(shell, command, comparison, block.directives["typed after"])
            return
        shell.type(command)
        if step.shown and step.shown[-1] == "^C":
            self._interrupted(shell, Comparison(step.shown[:-1], block.directives))
            return
        status = shell.wait_for_prompt()
        if status is None:
            raise Failure(f"is still at work after {PATIENCE} s; is a ^C missing, as its last line?" + shown(shell.lines()))
        said = ["(exit %d)" % status] if status else []
        if comparison is None:
            if status:
                raise Failure(f"ended with {status}" + shown(shell.lines()))
            return
        # What runs in the background may say something a little later.
        patience = 0 if not shell.is_at_work() else 2 if self.is_written else PATIENCE
        if command.endswith("&"):
            # What it says later is looked at only as far as the page shows it.
            comparison = Comparison([*step.shown, "…"], block.directives)
        shell.wait_for(lambda: comparison.holds(shell.lines() + said) or None, patience)
        if not comparison.holds(shell.lines() + said):
            raise Difference(comparison, shell.lines() + said)

    def _interrupted(self, shell, comparison):
        """A command that goes on until Control-C: first it must say all that the page shows."""
        if not comparison.shown:
            raise Failure("shows nothing before its ^C, so there is nothing to wait for")
        is_over = lambda: True if comparison.holds(shell.lines()) or shell.status is not None else None
        shell.wait_for(is_over, 5 if self.is_written else PATIENCE)
        printed = shell.lines()
        if shell.status is not None:
            raise Failure("ended by itself, though the page shows a ^C" + shown(printed))
        shell.interrupt()
        if not comparison.holds(printed):
            shell.wait_for_prompt()
            raise Difference(comparison, [*printed, "^C"])
        if shell.wait_for_prompt() is None:
            raise Failure("does not end by ^C")

    def _talk(self, shell, command, comparison, prompt):
        """A program that asks: what stands behind its prompt in the page is typed, or what a command behind `|` prints."""
        prompt, _, source = (part.strip() for part in prompt.partition("|"))
        shell.type(command, is_echoed=True)
        is_asked = lambda: (shell.status is not None or shell.screen()[1].strip() == prompt) or None
        typed = [line for line in comparison.shown if line.startswith(prompt)]
        for line in typed:
            shell.wait_for(is_asked)
            if shell.status is not None:
                break
            text = line.removeprefix(prompt).strip()
            if source:
                text = subprocess.run(source, shell=True, check=True, capture_output=True, text=True).stdout.strip()
            # The last line stands there as it is typed.
            shell.key(text + ("" if line is comparison.shown[-1] else "\r"))
        shell.wait_for(lambda: comparison.holds(shell.screen()[0]) or None, 5 if self.is_written else PATIENCE)
        rows, _ = shell.screen()
        if shell.status is None:
            shell.key("\x03\x04")
            shell.wait_for_prompt()
        if not comparison.holds(rows):
            raise Difference(comparison, rows)

    def _serve(self, block, step, command):
        port = (PORT.search(command) or ["", "8080"])[1]
        host = (HOST.search(command) or ["", "127.0.0.1"])[1]
        for place in [place for place in self.servers if place[1] == port and ("0.0.0.0" in (host, place[0]) or host == place[0])]:
            self._stop(self.servers.pop(place))
        owner = self._shell(step.person)
        owner.run(f"{{ export -p; printf 'cd %q\\n' \"$PWD\"; }} > {owner.home}/.here")
        server = self.servers[host, port] = Shell(f"the server at {host}:{port}", f"/tmp/{host}:{port}", self.environment)
        server.run(f". {owner.home}/.here")
        server.type(command)
        comparison = Comparison(step.shown or ["…"], block.directives)

        def readiness():
            if server.status is not None:
                return server.status
            # Where its log goes elsewhere, its port tells.
            is_ready = is_listening(port) if ">" in command else any("listening on" in line for line in server.lines())
            return "listening" if is_ready else None

        ready = server.wait_for(readiness)
        if ready == "listening":
            server.wait_for(lambda: comparison.holds(server.lines()) or None, 1 if self.is_written else PATIENCE)
        printed = server.lines()
        if ready != "listening":
            raise Failure(f"does not serve (status {ready})" + shown(printed))
        if step.shown and not comparison.holds(printed):
            raise Difference(comparison, printed)

    def _stop(self, server):
        server.interrupt()
        server.interrupt()
        if server.wait_for_prompt() is None:
            raise Failure(f"{server.name} does not end")
        server.close()

    def _look(self, block):
        """Of a block that is not run: that its programs are there."""
        for step in blocks.steps(block, is_whole):
            word = step.command.split()[0]
            if word.startswith("scripts/") and not os.access(f"{self.checkout}/{word}", os.X_OK):
                raise Failure(f"there is no {word}")

    def _parse(self, block):
        import json

        for line in block.lines:
            if line.startswith("{") and "…" not in line:
                try:
                    json.JSONDecoder().raw_decode(line)
                except ValueError as problem:
                    raise Failure(f"is no JSON ({problem}): {line}") from None

    def _shell(self, person):
        if person not in self.shells:
            name = person.lower()
            self.shells[person] = Shell(person, f"/home/{name}", self.environment | {"USER": name})
        return self.shells[person]


def shown(lines):
    return "".join("\n+ " + line for line in lines)


def is_listening(port):
    """Whether somebody listens at the port; of port 0, anybody does."""
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            local, _, state = line.split()[1:4]
            if state == "0A" and (port == "0" or int(local.rpartition(":")[2], 16) == int(port)):
                return True
    return False


def is_whole(command):
    """Whether bash waits for nothing more: no open quote, no trailing backslash, no here-document without its end."""
    if command.endswith("\\"):
        return False
    said = subprocess.run(["bash", "-n"], input=command, capture_output=True, text=True, check=False).stderr
    return not re.search(r"unexpected (EOF|end of file)|delimited by end-of-file", said)
