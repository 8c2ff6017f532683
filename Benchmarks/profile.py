"""Instructions of scad, by function, for one message or one upgrade, counted by valgrind's callgrind. `scripts/profile` calls it."""

import argparse
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from suite import load, servers

# What the load generator is asked for: first it warms up, uncounted, then it is counted.
MODES = {
    "route": {"connections": 20, "seconds": 8, "warmup": 8},
    "upgrades": {"query": "presence=none", "seconds": 12},
}
# How often this is called is how often it was done.
COUNTED = {"route": "SCAServerd.Hub.handle", "upgrades": "SCAServerd.Hub.connect"}
# What stands before a function's name and says nothing.
NOISE = re.compile(r"function signature specialization <[^>]*> of |merged |generic specialization <[^>]*> of ")


class Valgrind:
    """A scad under callgrind, as `servers.Server` is one without."""

    name, dialect, uses_tls, uses_ids = "scad", "v2", False, False

    def __init__(self, program, folder):
        self.output = folder / "callgrind"
        # Debugging information that this valgrind cannot read goes, symbols stay.
        stripped = folder / "scad"
        subprocess.run(["strip", "--strip-debug", "-o", stripped, program], check=True)
        words = ["valgrind", "--quiet", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={self.output}"]
        words += [stripped, "--port", "0", "--connect-rate", "0", "--ping-timeout", "10m", "--handshake-timeout", "1m"]
        self.log = folder / "log"
        self.process = subprocess.Popen(words, stderr=self.log.open("w"))
        self.pid = self.process.pid
        self.port = self.wait_for_port()

    def wait_for_port(self):
        end = time.monotonic() + 60
        while time.monotonic() < end and self.process.poll() is None:
            found = re.search(r"listening on ws://127\.0\.0\.1:(\d+)", self.log.read_text())
            if found:
                return int(found[1])
            time.sleep(0.2)
        raise servers.Failed(f"scad does not start under valgrind: {self.log.read_text()[-300:]}")

    def count(self, isOn):
        subprocess.run(["callgrind_control", "-i", "on" if isOn else "off", str(self.pid)], check=True, capture_output=True)

    def end(self):
        self.process.terminate()
        self.process.wait(60)


def annotated(output, *options):
    """What callgrind_annotate says: (instructions, name) of each function, the largest first; or the tree as text."""
    text = subprocess.run(["callgrind_annotate", "--auto=no", *options, output], capture_output=True, text=True, check=True).stdout
    return NOISE.sub("", subprocess.run(["swift", "demangle", "--compact"], input=text, capture_output=True, text=True, check=True).stdout)


def functions(text):
    for line in text.splitlines():
        found = re.match(r"\s*([\d,]+) \(\s*[\d.]+%\)\s+\?\?\?:(.*?)( \[/.*)?$", line)
        if found:
            yield int(found[1].replace(",", "")), found[2]


def calls(tree, name):
    """How often a function was called, by all of its callers."""
    found = re.search(r"((?:.*< .*\n)+).*\*  \?\?\?:" + re.escape(name), tree)
    return sum(int(count.replace(",", "")) for count in re.findall(r"\(([\d,]+)x\)", found[1])) if found else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mode", choices=MODES)
    parser.add_argument("--scad", type=Path, required=True, help="a static release build")
    parser.add_argument("--case", default="64x1", help="bytes of text, x, window (64x1)")
    parser.add_argument("--lines", type=int, default=40, help="functions to show (40)")
    options = parser.parse_args()
    words = dict(MODES[options.mode], **({"cases": options.case, "polls": 0} if options.mode == "route" else {}))
    try:
        load.build()
        with tempfile.TemporaryDirectory() as folder:
            server = Valgrind(options.scad, Path(folder))
            try:
                running = load.start(server, options.mode, bound=False, **words)
                time.sleep(5 if options.mode == "route" else 1)
                server.count(True)
                load.finish(running, server, options.mode)
                server.count(False)
            finally:
                server.end()
            inclusive = annotated(server.output, "--inclusive=yes")
            own = annotated(server.output)
            number = calls(annotated(server.output, "--tree=caller", "--inclusive=yes"), COUNTED[options.mode])
    except (servers.Failed, OSError, subprocess.SubprocessError) as problem:
        print(f"profile.py: {problem}", file=sys.stderr)
        return 1
    if number == 0:
        print("profile.py: nothing was counted; the machine may be too busy, try again", file=sys.stderr)
        return 1
    total = int(re.search(r"([\d,]+) \(100\.0%\)\s+PROGRAM TOTALS", own)[1].replace(",", ""))
    print(f"{total // number:,} instructions each, {number:,} counted ({options.mode}{', ' + options.case if options.mode == 'route' else ''})")
    for title, text in (("with all that they call", inclusive), ("themselves", own)):
        print(f"\n{title}:")
        # What is called from within itself is listed once more, with sums that mean nothing.
        shown = [(count, name) for count, name in functions(text) if count <= total and not name.endswith("'2")]
        for count, name in shown[: options.lines]:
            print(f"{count // number:8,}  {name[:140]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
