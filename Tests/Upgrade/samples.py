"""A sample of each kind of row on stdout and stderr, and the files of a login anew: what later versions may add keys to, and take none from."""

import contextlib
import json
import subprocess

from people import Person, Server, stop
from programs import rows
from trouble import PATIENCE, Trouble, eventually, expect

ASHA, RAVI, MINA, NOBODY = "9876543210", "9123456780", "9000000003", "9999999999"
# A server whose sessions are soon full.
NARROW = ["--max-outbox", "132K", "--stall-timeout", "10m"]
# Which key tells rows of a type apart.
APART = {"message": "dir", "sent": "status", "status": "state", "check": "grade"}
# One of each of these must be among them. What else there is depends on the machine.
WANTED = """message:in sent:stored sent:routed sent:offline sent:busy sent:rejected sent:timeout user who presence status:connected status:reconnecting status:reconnected
    health login check:ok check:failed error""".split()


def kind(row):
    return ":".join([row["type"], *([row[APART[row["type"]]]] if row["type"] in APART else [])])


def said(person, *words, text="", statuses=(0, 1, 65, 69, 124)):
    """What a command prints, stderr last."""
    process = person.start(*words, "-o", "json", stdin=subprocess.PIPE)
    out, err = process.communicate(text, timeout=PATIENCE)
    expect(process.returncode in statuses, f"{' '.join(words)} ended with {process.returncode}: {err}")
    return rows(out) + rows("".join(line + "\n" for line in err.splitlines() if line.startswith("{")))


def sample(built, folder, key):
    """A row of each kind and each set of keys, as today's programs print them, and the files of who has logged in anew, by name."""
    asha, ravi, mina = (Person(built, folder / f"sampled-{name}", mobile) for name, mobile in (("asha", ASHA), ("ravi", RAVI), ("mina", MINA)))
    found = []
    try:
        with Server(built, folder, f"{key}.pub", *NARROW) as server:
            ravi.login(server, key)
            asha.prefer_text()
            asha.login(server, key)
            asha.run("logout")
            found += asha.login(server, key)
            port = server.port
            log = folder / "listened"
            with log.open("w") as out:
                ravi.start("listen", "--events", "message,presence,status", "-o", "json", stdout=out)
            heard = lambda *kinds: eventually(" ".join(kinds), lambda: set(kinds) <= {kind(row) for row in rows(log.read_text())})
            heard("status:connected")
            found += said(asha, "send", "--to", RAVI, "a text")
            heard("message:in")
            asha.listen(by=ravi).terminate()
            heard("presence")
            found += said(asha, "send", "--wait", "routed", "--to", RAVI, "another")
            found += said(asha, "send", "--to", NOBODY, "a third")
            found += said(asha, "send", "--to", RAVI, text="too long" * 9_000)
            mina.login(server, key)
            stop(mina.listen(by=ravi))
            lines = ("x" * 60_000 + "\n") * 200
            sent = lambda: said(asha, "send", "-l", "--timeout", "1", "--to", MINA, text=lines)
            found += eventually("a full queue", lambda: [row for row in sent() if row.get("status") == "busy"])
            found += said(asha, "who") + said(asha, "health") + said(asha, "doctor")
            records = [{"to": RAVI, "text": "one", "ref": "r1"}, {"op": "who", "ref": "r2"}, {"text": "no recipient", "ref": "r3"}]
            found += said(asha, "pipe", text="".join(json.dumps(record) + "\n" for record in records) + "no record\n")
        heard("status:reconnecting")
        found += said(asha, "doctor") + said(asha, "who")
        with Server(built, folder, f"{key}.pub", "--port", str(port)) as server:
            heard("status:reconnected")
            sender = asha.start("send", "-l", "-o", "json", "--timeout", "3", "--to", NOBODY, stdin=subprocess.PIPE)
            sender.stdin.write("the first\n")
            sender.stdin.flush()
            found += rows(sender.stdout.readline())
            stop(server.process)
            out, _ = sender.communicate("no answer\n", timeout=PATIENCE)
            found += rows(out)
        found += rows(log.read_text())
    finally:
        for person in (asha, ravi, mina):
            person.end()
    distinct = {(kind(row), *row): row for row in found}
    lacking = set(WANTED) - {kind(row) for row in found}
    expect(not lacking, f"there was no row of {sorted(lacking)}")
    files = {"config.json": json.loads(asha.settings.read_text()), "token.json": json.loads(asha.token.read_text())}
    return [row for row in distinct.values() if kind(row) in WANTED], files


def gains(old, new, what):
    """Trouble, unless every key of then is there, with the same type."""
    for name, value in old.items():
        expect(name in new, f"{what} had \"{name}\", and has it no more")
        expect(type(new[name]) is type(value), f"{what}: \"{name}\" was {value!r}, is {new[name]!r}")


class Samples:
    """What today's programs print and keep."""

    def __init__(self, built, folder, key):
        """`key` signs tokens; its public part is beside it."""
        self.rows, self.files = sample(built, folder, key)

    def _hold(self, old_rows, old_files):
        for row in old_rows:
            same = [other for other in self.rows if kind(other) == kind(row)]
            expect(same, f"no row is {kind(row)} any more")
            # Nearest is the one with most of its keys.
            gains(row, max(same, key=lambda other: len(set(other) & set(row))), f"a row {kind(row)}")
        for name, old in old_files.items():
            gains(old, self.files[name], name)

    def hold(self, release):
        """Trouble, unless today's rows and files have all that those of a release had."""
        lacking = set(WANTED) - {kind(row) for row in self._rows(release)}
        expect(not lacking, f"{release.name} has no row {sorted(lacking)}")
        self._hold(self._rows(release), self._files(release))

    def notice(self, release):
        """How often a key of then that is not there today was noticed; it must be each time."""
        gaps = [([row | {"forgotten": 1}], {}) for row in self._rows(release)]
        gaps += [([], {name: old | {"forgotten": 1}}) for name, old in self._files(release).items()]
        for gap in gaps:
            with contextlib.suppress(Trouble):
                self._hold(*gap)
                raise SystemExit(f"upgrade-check: a key less went unnoticed: {gap}")
        return len(gaps)

    def _rows(self, release):
        return rows((release / "rows.jsonl").read_text())

    def _files(self, release):
        return {name: json.loads((release / name).read_text()) for name in self.files}
