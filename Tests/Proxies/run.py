"""Plays every scene behind every proxy, and prints a line for each.

    scripts/proxy-check [--build-path .build/debug] [--proxy nginx] [--scene reload]
"""

import argparse
import asyncio
import itertools
import pathlib
import subprocess
import sys
import tempfile
import time

import proxies
import scenes
from house import Pair
from programs import run

# Behind one proxy so many scenes are played at once: `idle` mostly waits, and the others have it to themselves.
AT_ONCE = 2


class Stage:
    """What all scenes share: programs, a certificate, and a folder that goes with it."""

    def __init__(self, folder, programs):
        self.folder, self.programs, self.python = pathlib.Path(folder), programs, sys.executable
        (self.folder / "certificate").mkdir()
        self.pair = Pair.make(self.folder / "certificate")
        self.numbers = itertools.count(1)

    def new_folder(self, name):
        folder = self.folder / f"{name}-{next(self.numbers)}"
        folder.mkdir()
        return folder

    async def call(self, program, *words):
        """Runs one of our programs to its end; what it printed."""
        return await asyncio.to_thread(run, self.programs / program, *words)


async def play(stage, kind, name):
    start = time.monotonic()
    try:
        note = await scenes.SCENES[name](stage, kind)
    except Exception as problem:
        print(f"✘ {kind.name:8} {name:10} {type(problem).__name__}: {problem}", flush=True)
        return False
    print(f"✓ {kind.name:8} {name:10} {time.monotonic() - start:5.1f} s  {note or ''}".rstrip(), flush=True)
    return True


async def play_all(stage, kinds, names):
    """The longest first, so that the others are played while it waits."""
    results = []

    async def behind(kind):
        waiting = sorted(names, key=lambda name: name != "idle")

        async def take():
            while waiting:
                results.append(await play(stage, kind, waiting.pop(0)))

        await asyncio.gather(*(take() for _ in range(AT_ONCE)))

    await asyncio.gather(*(behind(kind) for kind in kinds))
    return results


def versions(kinds):
    for kind in kinds:
        option = {"nginx": "-v", "haproxy": "-v", "caddy": "version"}[kind.name]
        said = subprocess.run([kind.name, option], capture_output=True, text=True)
        print(f"# {kind.name}: {(said.stdout + said.stderr).splitlines()[0]}")


def main():
    parser = argparse.ArgumentParser(prog="scripts/proxy-check", description=scenes.__doc__.splitlines()[0])
    parser.add_argument("--build-path", required=True, type=pathlib.Path)
    parser.add_argument("--proxy", action="append", choices=list(proxies.KINDS))
    parser.add_argument("--scene", action="append", choices=list(scenes.SCENES))
    options = parser.parse_args()
    kinds = [proxies.KINDS[name] for name in options.proxy or proxies.KINDS]
    start = time.monotonic()
    versions(kinds)
    with tempfile.TemporaryDirectory() as folder:
        stage = Stage(folder, options.build_path.resolve())
        results = asyncio.run(play_all(stage, kinds, options.scene or list(scenes.SCENES)))
    print(f"proxies: {sum(results)} passed, {results.count(False)} failed, {time.monotonic() - start:.0f} s")
    sys.exit(0 if all(results) and results else 1)


if __name__ == "__main__":
    main()
