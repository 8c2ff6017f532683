"""What a build is sent: the files under a folder that its .dockerignore leaves.

The rules are Docker's: patterns from the root of the context, `**` for any number of folders, `!` for an exception, the last
that matches counts, and what matches a folder matches all in it.
"""

import os
import pathlib
import re
import shutil


def expression(pattern):
    """A pattern as a regular expression."""
    parts = []
    for part in pattern.strip("/").split("/"):
        if part == "**":
            parts.append("(?:[^/]+/)*")
        else:
            escaped = re.escape(part).replace(r"\*", "[^/]*").replace(r"\?", "[^/]")
            parts.append(escaped + "/")
    text = "".join(parts)
    return re.compile(text[:-1] if text.endswith("/") else text + ".*")


class Ignored:
    def __init__(self, text):
        self.rules = []
        for line in text.splitlines():
            line = line.strip()
            if line and not line.startswith("#"):
                keeps = line.startswith("!")
                self.rules.append((expression(line.lstrip("!")), keeps))

    def __call__(self, path):
        """Whether a path, such as `Sources/scad/Scad.swift`, is left out."""
        folders = path.split("/")
        prefixes = ["/".join(folders[: count + 1]) for count in range(len(folders))]
        verdict = False
        for rule, keeps in self.rules:
            if any(rule.fullmatch(prefix) for prefix in prefixes):
                verdict = not keeps
        return verdict


def send(folder, target):
    """Copies the context to `target`, with modes and times.

    Returns how many files and how many bytes.
    """
    folder, target = pathlib.Path(folder), pathlib.Path(target)
    ignored = Ignored((folder / ".dockerignore").read_text())
    count = size = 0
    # An exception can be in a folder that is left out, but only below a name that an exception begins with.
    kept = {line.lstrip("!").split("/")[0] for line in (folder / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    for root, folders, files in os.walk(folder):
        here = pathlib.Path(root).relative_to(folder)
        if here == pathlib.Path("."):
            folders[:] = [name for name in folders if name in kept or not ignored(name)]
        for name in files:
            path = here / name
            if ignored(path.as_posix()):
                continue
            (target / here).mkdir(parents=True, exist_ok=True)
            shutil.copy2(folder / path, target / path, follow_symlinks=False)
            count, size = count + 1, size + (folder / path).lstat().st_size
    return count, size
