"""The tool beside its peers: whole processes, each part a table. `scripts/bench tool` builds what is needed and calls it. A full run of
a part writes its table to docs/benchmarks.md.

Every round runs each case in turn, so that a noisy minute hits all alike. Figures of one run may be compared, those of two runs may not.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from suite import bots, history, lines, listen, messages, prompt, servers, start, tables

PARTS = {"start": start, "messages": messages, "lines": lines, "listen": listen, "history": history, "bots": bots, "prompt": prompt}


class Options(argparse.Namespace):
    @property
    def warmup(self):
        """Rounds that are not counted."""
        return 1 if self.quick else 3

    @property
    def runs(self):
        return self.rounds or (5 if self.quick else 60)

    @property
    def medium_runs(self):
        """Of what takes a tenth of a second."""
        return min(self.runs, 2 if self.quick else 11)

    @property
    def long_runs(self):
        """Of what takes a good part of a second."""
        return min(self.runs, 2 if self.quick else 5)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scactl", type=Path, required=True, help="a release build")
    parser.add_argument("--scad", type=Path, required=True, help="a release build")
    parser.add_argument("--folder", type=Path, default=servers.REPOSITORY / ".build", help="on the disk that the history is to be on")
    parser.add_argument("--parts", default=",".join(PARTS), help=f"of {', '.join(PARTS)} (all)")
    parser.add_argument("--runs", dest="rounds", type=int, default=0, help="rounds (60; 5 of what takes long)")
    parser.add_argument("--quick", action="store_true", help="a few rounds, and nothing is written")
    parser.add_argument("--no-write", action="store_true", help="leave docs/benchmarks.md alone")
    options = parser.parse_args(namespace=Options())
    parts = options.parts.split(",")
    unknown = set(parts) - set(PARTS)
    if unknown:
        parser.error(f"no such part: {', '.join(sorted(unknown))}")

    os.environ["PATH"] += ":/usr/sbin"
    # So that whoever was started is ended.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        for name in parts:
            begin = time.monotonic()
            with tempfile.TemporaryDirectory(dir=options.folder) as folder:
                text = PARTS[name].part(options, Path(folder).resolve())
            print(f"\n{text}", flush=True)
            print(f"{name}: {time.monotonic() - begin:.0f} s", file=sys.stderr)
            if not (options.quick or options.no_write):
                origin = tables.origin(f"scripts/bench tool --parts {name}", PARTS[name].rounds(options))
                tables.write(name, "\n" + origin + "\n" + text + "\n")
    except (servers.Failed, OSError, subprocess.SubprocessError) as problem:
        print(f"tool.py: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
