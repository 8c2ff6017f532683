"""Plays a short conversation with the real programs in two terminals, and draws it as an animated SVG for the README.

    scripts/record                             plays it, and writes the file
    record.py --programs FOLDER --check FILE   plays it, and looks whether the file still shows that; scripts/docs-check calls it so

Two shells under pseudo-terminals are typed into; after each thing that is typed both screens are kept, with how long they are to be
looked at. That is not how long it took, so the same conversation gives the same picture, but for times and milliseconds.
"""

import argparse
import dataclasses
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import sandbox
import svg
from compare import Comparison
from programs import Server
from terminal import Terminal, Unmet

CHECKOUT = Path(__file__).resolve().parents[2]
COLUMNS, LINES = 56, 17
ALT = "Two terminals. Ravi listens; Asha sends him a line from a pipe, which is stored on his disk, and they chat."


@dataclasses.dataclass
class Frame:
    """What both people see, and for how many milliseconds."""

    screens: list[list[list[svg.Run]]]
    duration: int


class Recording:
    def __init__(self, programs):
        self.frames = []
        environment = {
            "PATH": f"{programs}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8", "TZ": "UTC", "TERM": "xterm-256color",
            "HISTFILE": "", "INPUTRC": "/dev/null", "PS1": "$ ",
        }  # fmt: skip
        self.server = Server("scad", env=environment)
        self.people = {}
        for name, mobile in ("Asha", "9876543210"), ("Ravi", "9123456780"):
            home = f"/home/{name.lower()}"
            os.mkdir(home)
            here = environment | {"HOME": home}
            subprocess.run(["scactl", "login", mobile], env=here, check=True, capture_output=True)
            shell = Terminal(["bash", "--norc", "--noprofile", "-i"], here, home, COLUMNS, LINES)
            shell.wait_for("a prompt", lambda shell=shell: shell.lines()[-1:] == ["$"])
            self.people[name] = shell

    def see(self, duration):
        """Keeps what is seen now; what did not change is looked at longer."""
        screens = [svg.runs(person.screen) for person in self.people.values()]
        if self.frames and self.frames[-1].screens == screens:
            self.frames[-1].duration += duration
        else:
            self.frames.append(Frame(screens, duration))

    def type(self, name, text, expected, duration=1500, other=None, keys="enter"):
        """Somebody types a text and presses Enter; then both wait for what is expected on the screens."""
        shell = self.people[name]
        for start in range(0, len(text), 3):
            piece = text[start : start + 3]
            shell.type(piece)
            shell.wait_for("an echo", lambda piece=piece: before_cursor(shell.screen).endswith(piece))
            self.see(90 if start + 3 < len(text) else 500)
        shell.key(keys)
        self.expect(name, expected)
        if other:
            self.expect(*other)
        self.see(duration)

    def expect(self, name, pattern):
        """Waits until the last lines of a screen are these, as a regular expression."""
        shell = self.people[name]
        shell.wait_for(pattern, lambda: re.search(pattern + r"\Z", "\n".join(line.rstrip() for line in shell.lines())))

    def play(self):
        self.see(800)
        self.type("Ravi", "scactl listen", r"listening as 9123456780.*")
        self.type("Asha", "scactl who", r"9123456780 online\n\$")
        said = r"deploy is done"
        self.type("Asha", "echo 'deploy is done' | scactl send --to 9123456780", r"stored \d+ ms\n\$", 2200, ("Ravi", said))
        self.type("Ravi", "", r"\^C\n\$", 300, keys="ctrl-c")
        self.type("Ravi", "scactl chat 9876543210", r"is not online\n9876543210>")
        came = ("Ravi", r"came online\n9876543210>")
        self.type("Asha", "scactl chat 9123456780", r"\n9123456780>", other=came)
        self.type("Asha", "lunch at one?", r"stored\n9123456780>", 1200, ("Ravi", r"lunch at one\?\n9876543210>"))
        self.type("Ravi", "one it is 👍", r"stored\n9876543210>", 2200, ("Asha", r"it is 👍\n9123456780>"))
        went = ("Ravi", r"went offline\n9876543210>")
        self.type("Asha", "", r"\n\$", 800, went, keys="ctrl-d")
        self.type("Asha", "scactl history -o json | jq -r .text", r"it is 👍\n\$", 5000)
        return self.frames

    def close(self):
        for shell in self.people.values():
            shell.close()
        self.server.kill()


def before_cursor(screen):
    """What stands in the cursor's line before it."""
    return "".join(screen.buffer[screen.cursor.y][x].data for x in range(screen.cursor.x))


def texts(drawing):
    """The lines of an SVG in the order drawn, for a comparison."""
    lines = re.findall(r"<text.*?</text>", drawing)
    return [re.sub(r"<[^>]*>", "", line.replace("</tspan><tspan", "</tspan> <tspan")) for line in lines]


def record(programs, file, is_checked):
    sandbox.enter(str(CHECKOUT), [programs, sys.prefix])
    os.environ["PATH"] = f"{programs}:{os.environ['PATH']}"
    recording = Recording(programs)
    try:
        frames = recording.play()
    except Unmet as problem:
        dumps = "\n".join(person.dump() for person in recording.people.values())
        return f"{problem}\n{dumps}", None
    finally:
        recording.close()
    drawing = svg.animated([(frame.screens, frame.duration) for frame in frames], list(recording.people), COLUMNS, LINES, ALT)
    if not is_checked:
        return None, drawing
    comparison = Comparison(texts(file.read_text(encoding="utf-8")), {})
    if comparison.holds(texts(drawing)):
        return None, None
    changes = [line for line in comparison.difference(texts(drawing)) if line[0] != " "]
    return "shows something else (- it, + what was printed); scripts/record makes it anew\n" + "\n".join(changes), None


def main():
    # Who was started in the background may ignore Ctrl-C, and would have the shells that it starts ignore it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--programs", required=True, help="the folder of scactl and scad")
    parser.add_argument("--check", action="store_true", help="write nothing, compare")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("file", type=Path)
    options = parser.parse_args()
    programs = os.path.abspath(options.programs)
    if not options.here:
        command = [*sandbox.command(), sys.executable, __file__, "--programs", programs, "--here", str(options.file)]
        command += ["--check"] if options.check else []
        finished = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=False)
        if finished.returncode == 0 and finished.stdout:
            options.file.write_text(finished.stdout, encoding="utf-8")
        return finished.returncode
    problem, drawing = record(programs, CHECKOUT / options.file, options.check)
    if problem:
        print(f"{options.file}: {problem}", file=sys.stderr)
        return 1
    print(drawing or "", end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
