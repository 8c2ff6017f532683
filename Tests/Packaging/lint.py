"""What lintian says of the packages, which docs/packaging.md tells. It reads them beside the other checks, as it takes its time."""

import os
import re
import subprocess

from trouble import Trouble, expect

# The page's one thing; what is said besides of programs that are not static, which only tests package.
KNOWN = re.compile(r"W: (scad|scactl): initial-upload-closes-no-bugs ")
DYNAMIC = re.compile(r"[EW]: (scad|scactl): (custom-library-search-path|undeclared-elf-prerequisites) ")


class Lint:
    """`with Lint(folder) as lint:` begins, `lint.end()` looks at the result."""

    def __init__(self, folder):
        self.packages = sorted(map(str, folder.glob("*-1_*.deb")))

    def __enter__(self):
        as_root = ["--allow-root"] if os.geteuid() == 0 else []
        words = ["nice", "lintian", *as_root, "--fail-on", "none", "--tag-display-limit", "0", *self.packages]
        self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def end(self):
        """A sentence; throws `Trouble` if lintian says anything else than the page."""
        output, _ = self.process.communicate()
        expect(self.process.returncode == 0, f"lintian ended with {self.process.returncode}: {output}")
        lines = output.splitlines()
        known = sorted(match[1] for line in lines if (match := KNOWN.match(line)))
        others = [line for line in lines if not KNOWN.match(line) and not DYNAMIC.match(line)]
        if known != ["scactl", "scad"] or others:
            raise Trouble(f"lintian says otherwise than docs/packaging.md: {output}")
        return "lintian says one thing of each package, as the page says"
