"""Runs the Autobahn cases against sca-echo, our WebSocket without the chat, and counts what passed.

kosoku drives the case files of the Autobahn test suite: as a client against our server, as a server against our client. A case
passes if both its verdicts, on the messages and on the close, are OK or INFORMATIONAL; the latter is what Autobahn says where the
RFC leaves the matter open, so there is nothing to fail. NON-STRICT and UNIMPLEMENTED, which kosoku lets pass or not, fail here.
"""

import argparse
import asyncio
import collections
import pathlib
import shutil
import subprocess
import sys
import time

import kosoku
from kosoku._report import write_reports
from trouble import Trouble, expect, told

PASSED = {"OK", "INFORMATIONAL"}
SLOW = ["9.*", "12.*", "13.*"]
DEADLINE = {"quick": 300, "all": 3600}
SECTIONS = {
    "1": "framing",
    "2": "pings and pongs",
    "3": "reserved bits",
    "4": "opcodes",
    "5": "fragmentation",
    "6": "UTF-8",
    "7": "closing",
    "9": "limits",
    "10": "auto-fragmentation",
    "12": "compression",
    "13": "compression parameters",
}


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/conformance", description="Runs the Autobahn cases.")
    parser.add_argument("end", nargs="?", choices=["server", "client", "all"], default="all")
    parser.add_argument("--cases", help="globs with commas between, such as '1.*,6.4.*'")
    parser.add_argument("--quick", action="store_true", help="all but 9, 12 and 13")
    parser.add_argument("--echo", required=True, help=argparse.SUPPRESS)
    return parser.parse_args()


async def results_of(run):
    """All results of a run; kosoku throws them if one is bad."""
    try:
        return await run
    except kosoku.FailureError as failure:
        return failure.results


async def drive_server(echo, include, exclude):
    server = await asyncio.create_subprocess_exec(
        echo, "server", stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        port = int(await server.stdout.readline())
        return await results_of(
            kosoku.run_fuzzingclient(f"ws://127.0.0.1:{port}", include, exclude, 2)
        )
    finally:
        server.stdin.close()
        await server.wait()


async def drive_client(echo, include, exclude):
    async with kosoku.run_fuzzingserver(include, exclude, host="127.0.0.1", port=0) as server:
        client = await asyncio.create_subprocess_exec(echo, "client", f"ws://127.0.0.1:{server.port}")
        try:
            status = await client.wait()
            expect(status == 0, f"sca-echo client ended with {status}")
            return await results_of(server.get_result())
        finally:
            if client.returncode is None:
                client.kill()


def has_passed(result):
    return result.behavior.value in PASSED and result.behavior_close.value in PASSED


def show(end, results, seconds):
    """Prints a line a section and the cases that failed; returns how many did."""
    sections = collections.defaultdict(list)
    for result in results:
        sections[result.case_id.split(".")[0]].append(result)
    print(f"{end}: {sum(map(has_passed, results))} of {len(results)} cases passed, {seconds:.0f} s")
    for name in sorted(sections, key=int):
        cases = sections[name]
        informational = sum(case.behavior.value == "INFORMATIONAL" for case in cases)
        note = f", {informational} informational" if informational else ""
        print(f"  {name:>2} {SECTIONS.get(name, ''):<24}{sum(map(has_passed, cases)):>4} of {len(cases):>3}{note}")
    failed = [result for result in results if not has_passed(result)]
    for result in failed:
        print(f"  failed {result.case_id}: {result.behavior.value}, close {result.behavior_close.value}")
        print(f"    {result.result} {result.result_close}")
    return len(failed)


def main():
    options = arguments()
    include = options.cases.split(",") if options.cases else None
    exclude = SLOW if options.quick else None
    failed = 0
    for end, drive in [("server", drive_server), ("client", drive_client)]:
        if options.end not in (end, "all"):
            continue
        start = time.monotonic()
        limit = DEADLINE["quick" if options.quick else "all"]
        try:
            results = asyncio.run(asyncio.wait_for(drive(options.echo, include, exclude), limit))
        except asyncio.TimeoutError:
            raise Trouble(f"the cases of the {end} did not end within {limit} s") from None
        expect(results, "no such case")
        folder = pathlib.Path(".build/conformance") / end
        shutil.rmtree(folder, ignore_errors=True)
        write_reports(results, str(folder))
        failed += show(end, results, time.monotonic() - start)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    told("conformance", main)
