"""Validates bills of materials, and holds docs/dependencies.md to them; scripts/sbom-check calls it with their folder.

Debian's versions are not compared: they are those of the machine that builds. Each check is then tried on a page with one row
less, or one version changed, and has to notice.
"""

import json
import pathlib
import re
import sys

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from trouble import expect, told

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PAGE = ROOT / "docs/dependencies.md"
PROGRAMS = ("scad", "scactl")


def tables(page):
    """Rows of tables by the first word of their head: `{"package": [{"package": "swift-nio", "version": …}, …]}`."""
    found, head = {}, None
    for line in page.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")] if line.startswith("|") else []
        if not cells:
            head = None
        elif head is None:
            head = cells
        elif set("".join(cells)) != {"-"}:
            found.setdefault(head[0], []).append(dict(zip(head, cells)))
    return found


def licence(component):
    choice = component["licenses"][0]
    return choice.get("expression") or choice["license"]["id"]


def expected(bills):
    """What the bills say: by name, version (of Swift packages), programs, licence."""
    found = {}
    for program in PROGRAMS:
        for component in bills[program]["components"]:
            isPackage = component["purl"].startswith("pkg:swift/")
            version = component["version"] if isPackage else None
            row = found.setdefault(component["name"], {"version": version, "in": [], "licence": licence(component)})
            row["in"].append(program)
    return found


def resolved(tree):
    """Every package, by name, with its version."""
    found = {}
    for package in tree["dependencies"]:
        found |= {package["identity"]: package["version"]} | resolved(package)
    return found


def faults(page, bills, packages, setup, requirements):
    """Sentences on what the page says wrongly."""
    rows = tables(page)
    said = {row["package"]: row for row in rows.get("package", [])} | {row["library"]: row for row in rows.get("library", [])}
    parts = expected(bills)
    for name, part in parts.items():
        row = said.get(name)
        if row is None:
            yield f"{name} is linked, and not on the page"
            continue
        if row["licence"] != part["licence"]:
            yield f"{name} is under {part['licence']}, the page says {row['licence']}"
        if row["in"] != ", ".join(part["in"]):
            yield f"{name} is in {', '.join(part['in'])}, the page says {row['in']}"
    for name, version in packages.items():
        if name not in said:
            yield f"{name} is resolved, and not on the page"
        elif said[name]["version"] != version:
            yield f"{name} is {version}, the page says {said[name]['version']}"
    for name, row in said.items():
        if name not in packages and name not in parts:
            yield f"{name} is on the page, and nobody depends on it"
        if name not in parts and row["in"] != "–":
            yield f"{name} is in no program, the page says {row['in']}"
    for name in re.findall(r"^\s*need (\S+)", setup, re.MULTILINE):
        if f"`{name}`" not in page:
            yield f"scripts/setup installs {name}, which is not on the page"
    tested = {row["Python package"]: row["version"] for row in rows.get("Python package", [])}
    wanted = dict(re.findall(r"^([^#=\s]+)==(\S+)", requirements, re.MULTILINE))
    if tested != wanted:
        yield f"Tests/Interop/requirements.txt and the page differ: {sorted(set(tested.items()) ^ set(wanted.items()))}"


def main(folder):
    bills = {program: json.loads((folder / f"{program}.cdx.json").read_text()) for program in PROGRAMS}
    for program in PROGRAMS:
        problem = JsonStrictValidator(SchemaVersion.V1_6).validate_str((folder / f"{program}.cdx.json").read_text())
        expect(not problem, f"the bill of {program} is not CycloneDX 1.6: {problem}")
        names = [component["name"] for component in bills[program]["components"]]
        alone = ("readline" in names) == (program == "scactl")
        expect(alone, f"of scad and scactl, scactl alone is to have readline; {program} has {names}")
    packages = resolved(json.loads((folder / "packages.json").read_text()))
    setup = (ROOT / "scripts/setup").read_text()
    requirements = (ROOT / "Tests/Interop/requirements.txt").read_text()
    page = PAGE.read_text()
    found = list(faults(page, bills, packages, setup, requirements))
    expect(not found, "docs/dependencies.md: " + "; ".join(found))
    # Breaks that must be noticed, or this check sees nothing.
    breaks = [re.sub(rf"^\| {name} .*\n", "", page, flags=re.MULTILINE) for name in ("swift-nio", "zlib", "websockets")]
    breaks += [page.replace("`strace`", ""), page.replace("| MIT | tokens", "| ISC | tokens"), page.replace(packages["swift-log"], "0")]
    for number, broken in enumerate(breaks):
        expect(list(faults(broken, bills, packages, setup, requirements)), f"break {number} of the page went unnoticed")
    parts = sum(len(bills[program]["components"]) for program in PROGRAMS)
    print(f"sbom-check: two valid bills of {parts} parts, and a page that says the same")


if __name__ == "__main__":
    told("sbom-check", lambda: main(pathlib.Path(sys.argv[1])))
