"""What package-check runs of the pages: the blocks under `<!-- run by: package-check NAME -->`, as they stand there."""

import os
import pathlib
import re
import shlex
import subprocess
import sys

# How a page is read is known there.
sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "Docs"))

import blocks
from trouble import Trouble, expect

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGES = ("docs/packaging.md", "docs/deploy.md")


class Pages:
    """The blocks by their names. Each must be taken, or the pages say too much."""

    def __init__(self):
        self.blocks, self.taken = {}, set()
        for page in PAGES:
            for block in blocks.of_markdown(page, (ROOT / page).read_text(encoding="utf-8")):
                runner, _, name = block.directives.get("run by", "").partition(" ")
                if runner != "package-check":
                    continue
                if not name or name in self.blocks:
                    raise Trouble(f"{block.place}: {name or 'no name'} is not a name that only this block has")
                self.blocks[name] = block

    def take(self, name):
        """The text of a block."""
        if name not in self.blocks:
            raise Trouble(f"no page has a block <!-- run by: package-check {name} -->")
        self.taken.add(name)
        return "\n".join(self.blocks[name].lines)

    def fetch(self, shared):
        """Where the checkout is: makes packages, and copies them to the server, whose folder is `server`.

        `scripts/package` was run before, with less compression, and `scp` finds no server here: stand-ins have their places.
        """
        checkout, tools, server = shared / "checkout", shared / "tools", shared / "server"
        for folder in (checkout / "scripts", tools, server):
            folder.mkdir(parents=True)
        (checkout / "deploy").symlink_to(ROOT / "deploy")
        stand_ins = {
            checkout / "scripts/package": f"mkdir -p .build/package && cp {shared}/*-1_*.deb .build/package && ls .build/package/*.deb",
            tools / "scp": f'for to; do :; done; [ "$to" = chat.example.org: ] && cp "${{@:1:$#-1}}" {server}',
        }
        for path, line in stand_ins.items():
            path.write_text(f"#!/bin/bash\n{line}\n")
            path.chmod(0o755)
        for name in ("make", "copy"):
            words = ["bash", "-ec", self.take(name)]
            environment = os.environ | {"PATH": f"{tools}:{os.environ['PATH']}"}
            done = subprocess.run(words, cwd=checkout, env=environment, capture_output=True, text=True, check=False)
            expect(done.returncode == 0, f"{self.blocks[name].place}: ended with {done.returncode}: {done.stderr}")

    def run(self, machine, name, user=None, folder="~", environment=(), answer=""):
        """Types a block of commands, each of which must end with 0, and an answer, if one asks; what they print."""
        line = f"cd {folder} && echo {answer} | bash -ec {shlex.quote(self.take(name))}"
        status, output = machine.ends(line, user, environment=environment)
        expect(status == 0, f"{self.blocks[name].place}: ended with {status}: {output}")
        return output

    def edit(self, machine, name):
        """Does what `systemctl edit` does with a block that begins so; the folder that is then there."""
        text = self.take(name)
        unit = re.match(r"# systemctl edit (\S+)\n", text)
        expect(unit, f"{self.blocks[name].place}: does not begin with # systemctl edit UNIT")
        unit = unit[1] if "." in unit[1] else f"{unit[1]}.service"
        folder = f"/etc/systemd/system/{unit}.d"
        machine.run(f"mkdir -p {folder} && printf %s {shlex.quote(text)} > {folder}/override.conf && systemctl daemon-reload")
        return folder

    def end(self):
        left = [self.blocks[name].place for name in sorted(self.blocks.keys() - self.taken)]
        if left:
            raise Trouble(f"not run, though the page says so: {', '.join(left)}")
