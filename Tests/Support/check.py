"""Shows that what the checks share fails when it should: broken, it would let all of them pass. `scripts/support-check` calls it."""

import subprocess
import sys
import tempfile
from unittest import mock

from programs import Person, Server, run
from trouble import Trouble, eventually, expect

# What listens, and TERM ends it with 3.
LISTENS = ["bash", "-c", "trap 'exit 3' TERM; echo listening on ws://127.0.0.1:1; while :; do sleep 0.05; done"]


def listen(act):
    with Server(*LISTENS) as server:
        act(server)
    if server.process.poll() is None:
        sys.exit("support-check: a server outlives its block")


def in_vain(act):
    with mock.patch("trouble.PATIENCE", 0):
        act()


# What must be trouble, and the words that must be in its sentence.
CASES = [
    (lambda: expect([], "a sentence"), "a sentence"),
    (lambda: in_vain(lambda: eventually("Godot", lambda: None)), "in vain for Godot"),
    (lambda: run("sh", "-c", "echo why >&2; exit 3"), "ended with 3: why"),
    (lambda: run("true", statuses=[3]), "ended with 0"),
    (lambda: Person("false", tempfile.gettempdir()).run("send"), "false send ended with 1"),
    (lambda: Server("sh", "-c", "echo why; exit 3"), "scad ended with 3: why"),
    (lambda: in_vain(lambda: Server("sleep", "60")), "in vain for scad to say"),
    (lambda: listen(lambda server: in_vain(lambda: server.says("Godot"))), "in vain for scad to say Godot"),
    (lambda: listen(lambda server: server.end()), "scad ended with 3"),
]


def main():
    for number, (act, words) in enumerate(CASES, 1):
        try:
            act()
        except Trouble as trouble:
            if words in str(trouble):
                continue
            sys.exit(f"support-check: case {number} should have said {words!r}, and said: {trouble}")
        sys.exit(f"support-check: case {number}, {words!r}, is no trouble")
    line = "from trouble import *; told('name', lambda: expect(False, 'a sentence'))"
    done = subprocess.run([sys.executable, "-c", line], stderr=subprocess.PIPE, text=True)
    if (done.returncode, done.stderr) != (1, "name: a sentence\n"):
        sys.exit(f"support-check: a check that fails ends with {done.returncode}, and says: {done.stderr}")
    print(f"support-check: {len(CASES) + 1} failures were failures")


if __name__ == "__main__":
    main()
