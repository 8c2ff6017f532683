"""Holds the sandbox of scad.service to what it was when docs/packaging.md told of it: scripts/units-check calls this.

What `systemd-analyze security` finds open is compared by name: a sum lets through what weighs little. It neither counts all that
the unit says, nor sees what another line implies; that is SHOWN, and package-check asks the service that runs for it. A unit
without any one line of its sandbox must fail one of the two.
"""

import argparse
import json
import pathlib
import tempfile

from programs import run
from trouble import expect, told

# scad talks to a network, to the service manager and the log by AF_UNIX, and reads /proc/meminfo; ProtectClock= lets a clock be read.
OPEN = {
    "RootDirectory=/RootImage=",
    "RestrictAddressFamilies=~AF_UNIX",
    "RestrictAddressFamilies=~AF_(INET|INET6)",
    "ProcSubset=",
    "PrivateNetwork=",
    "DeviceAllow=",
    "IPAddressDeny=",
}
# As `systemctl show` has it.
SHOWN = {
    "AmbientCapabilities": "",
    "NoNewPrivileges": "yes",
    "LimitNOFILE": "1048576",
    "LimitCORE": "0",
    "MemorySwapMax": "0",
    "ProtectSystem": "strict",
    "ReadOnlyPaths": "/run -/dev/shm -/dev/mqueue",
    "PrivateTmp": "yes",
    "DevicePolicy": "closed",
    "KeyringMode": "private",
    "PrivateIPC": "yes",
    "RemoveIPC": "yes",
    "RestrictSUIDSGID": "yes",
    "SystemCallErrorNumber": "1",
}
# Not a part of the sandbox, but a hole in it: package-check looks whether the journal has what it is for.
HOLE = "SystemCallFilter=~setpriority:0"


def is_open(units):
    """For each file of a unit, what is open."""
    lines = run("systemd-analyze", "security", "--no-pager", "--offline=true", "--json=short", *units).splitlines()
    return [{row["name"] for row in json.loads(line) if row["set"] is False} for line in lines]


def sandbox(text):
    """The lines of the unit that make it."""
    part = text.partition("\n# Who it is")[2].partition("\n[Install]")[0]
    return [line for line in part.splitlines() if "=" in line and not line.startswith("#") and line != HOLE]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--unit", required=True, type=pathlib.Path)
    text = parser.parse_args().unit.read_text()
    lines = sandbox(text)
    expect(len(lines) > 30, f"of the sandbox only these lines were found: {lines}")
    with tempfile.TemporaryDirectory() as folder:
        units = [pathlib.Path(folder) / f"scad-{number}.service" for number in range(len(lines) + 1)]
        units[0].write_text(text)
        for unit, line in zip(units[1:], lines):
            unit.write_text(text.replace(f"\n{line}\n", "\n"))
        whole, *less = is_open(units)
    expect(whole == OPEN, f"of scad.service is open what was not: {sorted(whole - OPEN)}; and no longer: {sorted(OPEN - whole)}")
    for line, found in zip(lines, less, strict=True):
        expect(found != OPEN or line.partition("=")[0] in SHOWN, f"nobody would notice a unit without {line}: put it into SHOWN")


if __name__ == "__main__":
    told("units-check", main)
