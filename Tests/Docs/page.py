"""Runs the blocks of one page in its sandbox, and says of each what became of it."""

import json
import os
import time
from pathlib import Path

import blocks
import steps
from blocks import COMMANDS, ROWS, STAGE
from stage import Difference, Failure, Stage

# It sees that what its pages show is compiled.
SWIFT = "examples/swift/echo-bot-tests/SwiftBotsPageTests.swift"
# Checks that run blocks elsewhere, each with the file that names their pages; each fails if it has not run one of theirs.
RUNNERS = {"package-check": "Tests/Packaging/pages.py"}


class Page:
    def __init__(self, path, checkout, programs, is_written=False):
        """`is_written`: where the page shows something else than what is printed, `edits` has what it should show."""
        self.path, self.checkout, self.is_written = path, checkout, is_written
        self.stage = Stage(checkout, programs, is_hasty=is_written)
        self.slow = []  # sentences about what took long
        self.edits = []  # (the line before, how many lines are shown, the lines that should be)

    def run(self):
        """A result for each block: (place, "run", "not run", "run by" or "failed", why)."""
        text = Path(self.checkout, self.path).read_text(encoding="utf-8")
        read = blocks.of_markdown if self.path.endswith(".md") else blocks.of_manual
        results = []
        for block in read(self.path, text):
            why = block.directives.get("not run")
            runner = block.directives.get("run by")
            try:
                if why is not None or runner is not None:
                    self._look(block, runner)
                elif not self._perform(block):
                    continue
            except (Failure, EOFError) as problem:
                # What comes after it would fail as well, or not mean what it says.
                return [*results, (block.place, "failed", str(problem))]
            if runner is not None:
                results.append((block.place, "run by", runner))
            elif block.kind != STAGE:
                results.append((block.place, "run" if why is None else "not run", why))
        return results

    def _perform(self, block):
        """Whether there was something to do."""
        if "file" in block.directives:
            path = Path("/home/asha", block.directives["file"].replace("~", "/home/asha", 1))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("\n".join(block.lines) + "\n", encoding="utf-8")
            return True
        if block.kind in (COMMANDS, STAGE) or (block.kind == ROWS and "run as" in block.directives):
            for step in steps.of_block(block):
                self._step(block, step)
            return True
        if block.kind == ROWS:
            self._parse(block)
        elif block.language in ("python", "bash"):
            raise Failure("a program that nobody runs: put <!-- file: NAME --> before it, or fence it as text")
        elif block.language == "swift" and f'"{self.path}"' not in Path(self.checkout, SWIFT).read_text(encoding="utf-8"):
            raise Failure(f"Swift that nobody compiles: name the page in {SWIFT}, or fence it as text")
        return False

    def _step(self, block, step):
        start = time.monotonic()
        try:
            self.stage.perform(step, block.directives)
        except Failure as problem:
            if not self.is_written or not isinstance(problem, Difference):
                raise Failure(f"{block.page}:{step.number}: $ {step.command}\n{problem}") from None
            self.edits.append((step.place_of_output, len(step.shown), problem.mended))
        seconds = time.monotonic() - start
        if seconds > 5:
            self.slow.append(f"{block.page}:{step.number}: {seconds:.0f} s: {step.command}")

    def _look(self, block, runner):
        """Of a block that is not run, or not here: that its scripts are there, and that who is to run it knows the page."""
        if runner is not None:
            file = RUNNERS.get(runner.partition(" ")[0])
            if file is None or f'"{self.path}"' not in Path(self.checkout, file).read_text(encoding="utf-8"):
                raise Failure(f"nobody runs it: there is no check {runner!r}, or {file} does not name this page")
        if block.kind != COMMANDS:
            return
        for step in steps.of_block(block):
            word = step.command.split()[0]
            if word.startswith("scripts/") and not os.access(f"{self.checkout}/{word}", os.X_OK):
                raise Failure(f"there is no {word}")

    def _parse(self, block):
        for line in block.lines:
            if not line.startswith("{") or "…" in line:
                continue
            try:
                # What stands behind the object is a remark.
                json.JSONDecoder().raw_decode(line)
            except ValueError as problem:
                raise Failure(f"is no JSON ({problem}): {line}") from None
