"""Runs every block of commands of the pages, and looks whether what they link to is there.

    scripts/docs-check [--build-path .build/debug] [PAGE…]       README.md, docs, examples, manual pages unless told

Ends with 0 only if each block was run and printed what its page shows, or says why it is not run, or which check runs it.
"""

import argparse
import concurrent.futures
import json
import os
import re
import subprocess
import sys
import time
import xml.etree.ElementTree
from pathlib import Path

import blocks
import links
import sandbox
from page import Page

CHECKOUT = Path(__file__).resolve().parents[2]
JOBS = 3  # pages at a time; most of their time is waiting


def pages():
    found = [CHECKOUT / "README.md", CHECKOUT / "CONTRIBUTING.md", CHECKOUT / "SECURITY.md"]
    for pattern in ("docs/*.md", "examples/**/*.md", "docs/man/*.[1-8]"):
        found += sorted(CHECKOUT.glob(pattern))
    return [str(path.relative_to(CHECKOUT)) for path in found]


def run_here(page, programs, is_written):
    """In the sandbox: the page's results, as JSON on stdout."""
    sandbox.enter(str(CHECKOUT), [programs, sys.prefix])
    page_run = Page(page, str(CHECKOUT), programs, is_written)
    try:
        results = page_run.run()
    except blocks.PageError as problem:
        results = [(page, "failed", str(problem))]
    print(json.dumps([results, page_run.edits, page_run.slow]))


def run(page, programs, is_written):
    """A page's results, and sentences about the time that they took."""
    start = time.monotonic()
    command = [*sandbox.command(), sys.executable, __file__, "--programs", programs, "--here", page]
    command += ["--write"] if is_written else []
    finished = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=False)
    if finished.returncode:
        return [(page, "failed", f"the check itself ended with {finished.returncode}")], []
    results, edits, slow = json.loads(finished.stdout)
    if edits:
        write(CHECKOUT / page, edits)
    return results, [f"{page}: {time.monotonic() - start:.0f} s", *slow]


def missed(pool, programs):
    """The check itself: a failure for each page of Tests/Docs/wrong with which nothing is found wrong."""
    names = [str(path.relative_to(CHECKOUT)) for path in sorted(CHECKOUT.glob("Tests/Docs/wrong/*.md"))]
    found = pool.map(lambda name: run(name, programs, False)[0], names)
    for name, results in zip(names, found, strict=True):
        if not links.check(CHECKOUT, name) and not any(outcome == "failed" for _, outcome, _ in results):
            yield name, "failed", "is wrong, and the check has not seen it"


def recording(programs):
    """Whether the README's picture is XML, and still what the programs show."""
    picture = "docs/images/conversation.svg"
    try:
        xml.etree.ElementTree.parse(CHECKOUT / picture)
    except (OSError, xml.etree.ElementTree.ParseError) as problem:
        return [(picture, "failed", str(problem))]
    command = [sys.executable, str(CHECKOUT / "Tests/Docs/record.py"), "--programs", programs, "--check", picture]
    finished = subprocess.run(command, cwd=CHECKOUT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    return [(picture, "failed", finished.stdout + finished.stderr)] if finished.returncode else []


def write(path, edits):
    """Puts what was printed into a page."""
    lines = path.read_text(encoding="utf-8").split("\n")
    for first, count, printed in reversed(edits):
        indent = re.match(" *", lines[first - 1])[0]
        lines[first : first + count] = [indent + line for line in printed]
    path.write_text("\n".join(lines), encoding="utf-8")


def report(results, problems):
    """Prints what happened; returns the exit status."""
    missed = [(place, why) for place, outcome, why in results if outcome == "not run"]
    failed = [(place, why) for place, outcome, why in results if outcome == "failed"]
    for place, why in missed:
        print(f"{place}: not run: {why}")
    for sentence in problems:
        print(sentence)
    for place, why in failed:
        print(f"\n{place}: not as the page says (- the page, + what was printed)\n{why}")
    count, elsewhere = (sum(outcome == wanted for _, outcome, _ in results) for wanted in ("run", "run by"))
    last = f"docs-check: {count} blocks run, {elsewhere} by other checks, {len(missed)} not run, {len(failed)} failed, {len(problems)} dead references"
    print(("\n" if failed else "") + last)
    return 1 if failed or problems else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--programs", required=True, help="the folder of scactl and scad")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--times", action="store_true", help="say how long each page took")
    parser.add_argument("--write", action="store_true", help="put what is printed into the pages where they show something else")
    parser.add_argument("pages", nargs="*", metavar="PAGE")
    options = parser.parse_args()
    programs = os.path.abspath(options.programs)
    if options.here:
        run_here(options.pages[0], programs, options.write)
        return 0
    names = [os.path.relpath(os.path.abspath(name), CHECKOUT) for name in options.pages] or pages()
    problems = [sentence for name in names if name.endswith(".md") for sentence in links.check(CHECKOUT, name)]
    if not sandbox.is_possible():
        sentence = "docs-check: no blocks run: they want namespaces of their own, and these want root"
        print(sentence, file=sys.stderr)
        with open(os.environ.get("SCA_NOT_TRIED", os.devnull), "a") as file:
            print(sentence, file=file)
        return report([], problems)
    results = []
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        picture = None if options.pages else pool.submit(recording, programs)
        for found, times in pool.map(lambda name: run(name, programs, options.write), names):
            results += found
            if options.times:
                print("\n".join(times))
        if not options.pages:
            results += [*missed(pool, programs), *picture.result()]
    return report(results, problems)


if __name__ == "__main__":
    sys.exit(main())
