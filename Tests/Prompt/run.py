"""Plays one scenario of `scactl chat` in a real terminal. Says nothing if it goes well; else what was wrong, and the screen.

    python Tests/Prompt/run.py --programs .build/debug NAME…      starts scad by itself
    python Tests/Prompt/run.py --list                              their names

A scenario is a function of a module in `scenarios` that takes a scene; its name is the sentence that it proves.
"""

import argparse
import importlib
import inspect
import os
import sys
import tempfile
import traceback
from pathlib import Path

from scene import Scene


def scenarios():
    """Name → function."""
    found = {}
    for file in sorted((Path(__file__).parent / "scenarios").glob("*.py")):
        module = importlib.import_module(f"scenarios.{file.stem}")
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if function.__module__ == module.__name__ and list(inspect.signature(function).parameters) == ["scene"]:
                found[name] = function
    return found


def play(name, options, folder):
    """Whether it went well."""
    scene = Scene(folder, os.path.abspath(options.programs), options.server, options.server_pid)
    try:
        scenarios()[name](scene)
        return True
    except Exception as problem:
        where = "".join(traceback.format_tb(problem.__traceback__)[-3:])
        print(f"{name}: {problem}\n{type(problem).__name__} at\n{where}", file=sys.stderr)
        for chat in scene.chats:
            print(chat.terminal.dump(), file=sys.stderr)
        return False
    finally:
        scene.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--programs", help="the folder of scactl and scad")
    parser.add_argument("--folder", help="what people write goes here; else into a temporary folder")
    parser.add_argument("--server", help="the URL of a scad that runs")
    parser.add_argument("--server-pid", type=int, help="its process")
    options = parser.parse_args()
    if options.list:
        print("\n".join(scenarios()))
        return 0
    status = 0
    for name in options.names:
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            status = status if play(name, options, folder) else 1
    return status


if __name__ == "__main__":
    sys.exit(main())
