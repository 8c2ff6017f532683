"""How the checks fail: with a sentence. The scripts that run them have Tests/Support in PYTHONPATH."""

import sys
import time

# Seconds; machines are slow and busy, and what waits here ends sooner where all is well.
PATIENCE = 180


class Trouble(Exception):
    """What went otherwise than it should, or why something could not be tried, as a sentence."""


def expect(truth, sentence):
    """Trouble, unless it is so."""
    if not truth:
        raise Trouble(sentence)


def eventually(what, check):
    """Asks `check` until it gives something true, and returns that; trouble after PATIENCE."""
    deadline = time.monotonic() + PATIENCE
    while not (found := check()):
        expect(time.monotonic() < deadline, f"waited in vain for {what}")
        time.sleep(0.05)
    return found


def told(name, main, *others):
    """Runs a whole check. Trouble, a file that is not there, and `others` are told behind its name, and it ends with 1."""
    try:
        main()
    except (Trouble, FileNotFoundError, *others) as trouble:
        sys.exit(f"{name}: {trouble}")
