"""Holds today's programs to what released versions have left on disks; scripts/upgrade-check calls it.

Each release is tried as it lies there, and then once more for each way of breaking it: a key that today's programs do not know
stands for one that they have forgotten. A break that goes unnoticed fails the check, too. samples.py holds the rows that they print.
"""

import argparse
import json
import pathlib
import shutil
import tempfile

from people import Person, Server
from programs import rows, run
from record import record
from samples import Samples
from trouble import Trouble, eventually, expect, told

RELEASES = pathlib.Path(__file__).resolve().parent.parent / "Fixtures/releases"
RAVI = "9123456780"


def keeps(old, new, what):
    """Today's rows are those of then: the same values under all keys, in the same order; there may be more keys."""
    expect(len(old) == len(new), f"{what}: {len(old)} rows were written, {len(new)} are read")
    for before, after in zip(old, new):
        for name, value in before.items():
            expect(after.get(name) == value, f"{what}: \"{name}\" was {value!r}, is {after.get(name)!r}")


def at_home(built, folder, release, server=None):
    """Somebody whose home has the files of a release, moved to today's server."""
    settings = json.loads((release / "config.json").read_text())
    person = Person(built, folder / "home", settings.get("mobile", "9876543210"))
    for file, place in (("config.json", person.settings), ("token.json", person.token), ("history.jsonl", person.history)):
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        text = (release / file).read_text()
        if server and file != "history.jsonl":
            for name, today in (("server", server.url), ("ca_file", str(server.authority))):
                text = text.replace(settings.get(name, today), today)
        place.write_text(text)
        place.chmod(0o600)
    return person


def check(built, folder, release):
    """One release, by today's programs."""
    with Server(built, folder, release / "server-key.jwk.pub") as server:
        person = at_home(built, folder, release, server)
        try:
            kept = person.history.read_text()
            old = rows(kept)
            # Who it is and where comes from the settings, the right to be it from the token.
            keeps(old, rows(person.run("history", "-o", "json")), "the history")
            person.run("who", "-o", "json")
            expect(not person.run("history").startswith("{"), "rows are no text, as the settings want them")
            person.run("send", "--to", RAVI, "--wait", "routed", "are you there?", statuses=(1,))
            listener = person.listen(by=person)
            person.run("send", "--to", person.mobile, "a note")
            eventually("a row that came in", lambda: any(r["dir"] == "in" for r in person.rows()[len(old) :]))
            listener.terminate()
            now = person.history.read_text()
            expect(now.startswith(kept), "the lines that were there are not as they were")
            new = person.rows()[len(old) :]
            for direction in ("in", "out"):
                was = set.intersection(*(set(row) for row in old if row["dir"] == direction))
                for row in new:
                    expect(row["dir"] != direction or was <= set(row), f"a new row lacks {was - set(row)}")
            keeps(old + new, rows(person.run("history", "-o", "json")), "both")
            person.run("logout")
            expect(person.history.read_text() == now, "a logout changed the history")
        finally:
            person.end()


def rename(file, old, new):
    return lambda release: (release / file).write_text((release / file).read_text().replace(f'"{old}"', f'"{new}"'))


BREAKS = {
    "a setting that is called otherwise": rename("config.json", "mobile", "phone"),
    "a server that is called otherwise": rename("config.json", "server", "url"),
    "authorities that are called otherwise": rename("config.json", "ca_file", "ca"),
    "an output that is called otherwise": rename("config.json", "output", "format"),
    "a token that is called otherwise": rename("token.json", "token", "bearer"),
    "a text that is called otherwise": rename("history.jsonl", "text", "body"),
    "a status that nobody knows": rename("history.jsonl", "stored", "kept"),
    "a key of the server that is called otherwise": rename("server-key.jwk.pub", "kty", "kind"),
}


def broken(built, folder, release):
    """The release with each break; every one must be noticed."""
    for number, (name, damage) in enumerate(BREAKS.items()):
        copy = folder / f"broken-{number}"
        shutil.copytree(release, copy)
        damage(copy)
        work = folder / f"work-{number}"
        work.mkdir()
        try:
            check(built, work, copy)
        except Trouble:
            continue
        raise Trouble(f"{name} went unnoticed")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build-path", required=True, type=pathlib.Path)
    parser.add_argument("--record")
    words = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        if words.record:
            target = RELEASES / words.record
            expect(not target.exists(), f"{target} is there; what a release has written does not change")
            return record(words.build_path, folder, target)
        releases = sorted(path for path in RELEASES.iterdir() if path.is_dir())
        expect(releases, f"no release is in {RELEASES}")
        key = folder / "sca-token.jwk"
        run(f"{words.build_path}/scad", "token", "keygen", "--key", key)
        today = Samples(words.build_path, folder, key)
        gaps = 0
        for release in releases:
            work = folder / release.name
            work.mkdir()
            today.hold(release)
            gaps += today.notice(release)
            check(words.build_path, work, release)
            broken(words.build_path, work, release)
        print(f"upgrade-check: files of {', '.join(r.name for r in releases)} are read and written on; {len(BREAKS)} breaks and {gaps} keys less were noticed")


if __name__ == "__main__":
    told("upgrade-check", main)
