"""Validates bills of materials, and holds notices and docs/dependencies.md to them; scripts/sbom-check calls it with their folder.

Versions of Debian's packages are not compared: they are those of the machine that builds. Those of Swift packages may be later than
the page's, of the same major version: nothing pins them but the tarball. Each check is then tried on a page or a file of notices
with one thing less or another, and has to notice.
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

# What stands in the text of each licence, and hardly elsewhere; white space is all one.
PHRASES = {
    "Apache-2.0": "TERMS AND CONDITIONS FOR USE, REPRODUCTION, AND DISTRIBUTION 1. Definitions.",
    "Swift-exception": "## Runtime Library Exception to the Apache 2.0 License: ##",
    "MIT": "The above copyright notice and this permission notice shall be included in all copies",
    "CC0-1.0": "has waived all copyright and related or neighboring rights",
    "LGPL-2.1-or-later": "GNU LESSER GENERAL PUBLIC LICENSE Version 2.1, February 1999",
    "GPL-3.0-or-later": "GNU GENERAL PUBLIC LICENSE Version 3, 29 June 2007",
    "GCC-exception-3.1": "GCC RUNTIME LIBRARY EXCEPTION Version 3.1",
    "Zlib": "This notice may not be removed or altered from any source distribution",
    "X11-distribute-modifications-variant": "including without limitation the rights to use, copy, modify, merge, publish, distribute,"
    " distribute with modifications, sublicense",
}


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


def without_text(bill, notices):
    """Sentences on the parts whose licences are not in the notices of a program."""
    head, *others = re.split(r"^={78}\n(\d+): .*\n={78}\n", notices, flags=re.MULTILINE)
    texts = {number: " ".join(text.split()) for number, text in zip(others[::2], others[1::2])}
    program = bill["metadata"]["component"]
    parts = [(program, "")] + [(part, "") for part in bill["components"]]
    parts += [(inner, f" in {part['name']}") for part in bill["components"] for inner in part.get("components", [])]
    for part, where in parts:
        line = re.search(rf"^{re.escape(part['name'])} \S+{where}, {re.escape(licence(part))}: ([\d, ]+)$", head, re.MULTILINE)
        if not line:
            yield f"the notices of {program['name']} say nothing of {part['name']}{where} under {licence(part)}"
            continue
        told = [texts.get(number, "") for number in line[1].split(", ")]
        for word in re.split(" AND | WITH ", licence(part)):
            if not any(PHRASES[word] in text for text in told):
                yield f"the notices of {program['name']} have no text of {word} for {part['name']}{where}"


def follows(version, tested):
    """Whether a version is the one that was tested, or a later one that promises the same."""
    new, old = ([int(number) for number in text.split(".")] for text in (version, tested))
    return new[0] == old[0] and new >= old


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
        elif not follows(version, said[name]["version"]):
            yield f"{name} is {version}, and what was tested last is {said[name]['version']}, says the page"
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
        notices = (folder / f"{program}.notices").read_text()
        lacking = list(without_text(bills[program], notices))
        expect(not lacking, "; ".join(lacking))
        for phrase in ("\nzlib ", "This notice may not be removed", "\nboringssl ", "Runtime Library Exception to"):
            noticed = list(without_text(bills[program], notices.replace(phrase, "")))
            expect(noticed, f"notices without {phrase!r} went unnoticed")
    packages = resolved(json.loads((folder / "packages.json").read_text()))
    setup = (ROOT / "scripts/setup").read_text()
    requirements = (ROOT / "Tests/Interop/requirements.txt").read_text()
    page = PAGE.read_text()
    found = list(faults(page, bills, packages, setup, requirements))
    expect(not found, "docs/dependencies.md: " + "; ".join(found))
    # Breaks that must be noticed, or this check sees nothing.
    breaks = [re.sub(rf"^\| {name} .*\n", "", page, flags=re.MULTILINE) for name in ("swift-nio", "zlib", "websockets")]
    breaks += [page.replace("`strace`", ""), page.replace("| MIT | tokens", "| ISC | tokens")]
    row = re.search(r"^\| swift-log \| (\d+)\.(\d+)", page, re.MULTILINE)
    major, minor = int(row[1]), int(row[2])
    breaks += [page.replace(row[0], f"| swift-log | {number}") for number in (f"{major - 1}.{minor}", f"{major + 1}.0", f"{major}.{minor + 90}")]
    later = list(faults(page.replace(row[0], f"| swift-log | {major}.0"), bills, packages, setup, requirements))
    expect(not later, f"a later version of the same major one is a fault: {later}")
    for number, broken in enumerate(breaks):
        expect(list(faults(broken, bills, packages, setup, requirements)), f"break {number} of the page went unnoticed")
    parts = sum(len(bills[program]["components"]) for program in PROGRAMS)
    print(f"sbom-check: two valid bills of {parts} parts, a text for each, and a page that says the same")


if __name__ == "__main__":
    told("sbom-check", lambda: main(pathlib.Path(sys.argv[1])))
