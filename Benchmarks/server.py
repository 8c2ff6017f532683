"""The server beside its peers: route, idle, storm, upgrades and mixed, each a table with the figures of all, and their ratio to
the floor. `scripts/bench server` builds what is needed and calls it. A full run of every part writes its table to docs/benchmarks.md.

Server and load generator have a core each, if there are two. Figures of one run may be compared, those of two runs may not.
"""

import argparse
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from suite import idle, load, mixed, route, scale, servers, storm, tables, upgrades

PARTS = {"route": route, "idle": idle, "storm": storm, "upgrades": upgrades, "mixed": mixed}
ALL = {**PARTS, "scale": scale}


class Options(argparse.Namespace):
    def chosen(self, names):
        """Those of the peers that were asked for."""
        return [name for name in names if not self.peers or name in self.peers]

    @property
    def rounds(self):
        return self.runs or (1 if self.quick else 5)

    @property
    def long_rounds(self):
        """Of what takes long and varies little."""
        return self.runs or (1 if self.quick else 3)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scad", type=Path, required=True, help="a release build")
    parser.add_argument("--parts", default=",".join(PARTS), help=f"of {', '.join(ALL)} (all but scale)")
    parser.add_argument("--peers", default="", help="floor, scad, v2, … (all)")
    parser.add_argument("--runs", type=int, default=0, help="rounds of each (5, or 3 of what takes long)")
    parser.add_argument("--quick", action="store_true", help="one short round with small crowds, and nothing is written")
    parser.add_argument("--small", action="store_true", help="small crowds")
    parser.add_argument("--no-write", action="store_true", help="leave docs/benchmarks.md alone")
    options = parser.parse_args(namespace=Options())
    options.small = options.small or options.quick
    options.peers = [name for name in options.peers.split(",") if name]
    parts = options.parts.split(",")
    unknown = set(parts) - set(ALL)
    if unknown:
        parser.error(f"no such part: {', '.join(sorted(unknown))}")

    os.environ["PATH"] += ":/usr/sbin"
    # So that whoever was started is ended.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    writes = not (options.small or options.peers or options.no_write)
    try:
        load.build()
        everyone = servers.peers(options.scad)
        unknown = set(options.peers) - set(everyone)
        if unknown:
            parser.error(f"no such peer: {', '.join(sorted(unknown))}")
        for name in parts:
            start = time.monotonic()
            text = ALL[name].part(options, everyone)
            print(f"\n{text}", flush=True)
            print(f"{name}: {time.monotonic() - start:.0f} s", file=sys.stderr)
            if writes:
                rounds = options.long_rounds if name in ("idle", "storm", "mixed") else options.rounds
                tables.write(name, "\n" + tables.origin(f"scripts/bench server --parts {name}", rounds) + "\n" + text + "\n")
    except (servers.Failed, OSError, subprocess.SubprocessError) as problem:
        print(f"server.py: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
