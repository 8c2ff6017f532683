"""Runs the load generator against a server, in rounds: every round measures each peer once, so that a noisy minute hits all alike."""

import json
import os
import statistics
import subprocess
import sys

from .servers import REPOSITORY, Failed, cores

LIMIT = 180  # seconds for one run, which is far more than any takes


def build():
    """The floor and the load generator, beside the other products."""
    folder = REPOSITORY / ".build/bench"
    folder.mkdir(parents=True, exist_ok=True)
    here = REPOSITORY / "Benchmarks"
    flags = ["cc", "-std=gnu17", "-O2", "-Wall", "-Wextra", "-Werror"]
    programs = {"floor": [here / "floor.c"], "load": [*sorted(here.glob("load/*.c")), "-lm", "-lssl", "-lcrypto"]}
    for name, words in programs.items():
        # In one step, so that another run that is using it is not disturbed.
        made = folder / f"{name}.{os.getpid()}"
        subprocess.run([*flags, "-o", made, *words], check=True)
        made.replace(folder / name)


def start(server, mode, bound=True, **options):
    """Starts a run, on the first core if it is bound."""
    words = [REPOSITORY / ".build/bench/load", mode]
    options = {"port": server.port, "pid": server.pid, "dialect": server.dialect, "tls": int(server.uses_tls), "ids": int(server.uses_ids)} | options
    for key, value in options.items():
        if value is not None:
            words += ["--" + key.replace("_", "-"), str(value)]
    core = {cores()[0]}

    def bind():
        if bound:
            os.sched_setaffinity(0, core)

    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=bind)


def finish(process, server, mode):
    """Waits for it; what it printed, a line for each case."""
    try:
        out, problem = process.communicate(timeout=LIMIT)
    except BaseException:
        process.kill()
        process.wait()
        raise
    if process.returncode != 0:
        raise Failed(f"{server.name}, {mode}: {problem.strip()}")
    return [json.loads(line) for line in out.splitlines()]


def run(server, mode, **options):
    return finish(start(server, mode, **options), server, mode)


class Figures:
    """What came of all rounds: by peer, case and field, a list with a value for each round."""

    def __init__(self):
        self.values = {}

    def add(self, peer, answer):
        case = answer.pop("case", "")
        for field, value in answer.items():
            self.values.setdefault((peer, case, field), []).append(value)

    def median(self, peer, case, field):
        """None of a case that was not measured."""
        values = self.values.get((peer, case, field))
        return statistics.median(values) if values else None


def rounds(figures, count, names, peers, measure, what):
    """So many times, each peer in turn: started, measured by `measure(server)`, which returns what `run` did, and ended.

    A peer that fails is left out from there on, with a sentence; scad and the floor may not fail.
    """
    failed = set()
    for turn in range(count):
        for name in names:
            if name in failed:
                continue
            print(f"\r\033[K{what}: round {turn + 1} of {count}, {name}", end="", file=sys.stderr, flush=True)
            try:
                with peers[name] as server:
                    for answer in measure(server):
                        figures.add(name, answer)
            except (Failed, subprocess.TimeoutExpired) as problem:
                if name in ("floor", "scad", "v2"):
                    raise
                failed.add(name)
                print(f"\r\033[K{what}: {name} is left out: {problem}", file=sys.stderr)
    print("\r\033[K", end="", file=sys.stderr, flush=True)
