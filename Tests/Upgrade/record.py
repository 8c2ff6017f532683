"""Makes the folder of a release: settings, token, history and rows as its programs write them, each kind of row once at least."""

import json
import shutil
import subprocess

from people import Person, Server, stop
from programs import run
from samples import Samples
from trouble import eventually, expect

ASHA, RAVI, MINA, NOBODY = "9876543210", "9123456780", "9000000003", "9999999999"
TEXTS = ["lunch at one?", 'quotes " and \\ and\ttabs\nand lines', "ünïcödé 👍🏽 ‮ \u0001\u007f", " "]
WANTED = {"stored", "routed", "offline", "busy", "timeout", None}


def sends(sender, to, *texts):
    for text in texts:
        sender.run("send", "--to", to, text=text, statuses=(0, 1, 124))


def record(built, folder, target):
    """Writes the folder `target`; nothing is made up, each line is what a program wrote."""
    key = folder / "sca-token.jwk"
    run(f"{built}/scad", "token", "keygen", "--key", key)
    public = folder / "sca-token.jwk.pub"
    people = [Person(built, folder / name, mobile) for name, mobile in
              (("asha", ASHA), ("tablet", ASHA), ("ravi", RAVI), ("bulk", MINA))]
    asha, tablet, ravi, bulk = people
    try:
        asha.prefer_text()
        with Server(built, folder, public, "--max-outbox", "132K", "--stall-timeout", "10m", "--ping-timeout", "10m") as server:
            for person in people:
                person.login(server, key)
            listener = ravi.listen(by=asha)
            sends(asha, RAVI, *TEXTS)
            sends(asha, NOBODY, "are you there?")
            asha.run("send", "--wait", "routed", "--to", RAVI, "no hurry")
            # A listener of one's own: what comes in, and what another device of one's own has sent.
            asha.listen(by=ravi)
            sends(ravi, ASHA, *TEXTS)
            sends(tablet, RAVI, "from the tablet")
            eventually("the copy", lambda: any(row["text"] == "from the tablet" for row in asha.rows()))
            # One that has stopped reading, until there is no room, not even for a little more.
            stop(listener)
            fill = ["send", "-l", "-o", "json", "--timeout", "1", "--to", RAVI]
            for size in (60_000, 500):
                lines = ("x" * size + "\n") * 200
                eventually("a full queue", lambda: '"busy"' in bulk.run(*fill, text=lines, statuses=(0, 1, 124)))
            sends(asha, RAVI, "no room" + "." * 600)
            # A server that has stopped answers nobody.
            sender = asha.start("send", "-l", "-o", "json", "--timeout", "3", "--to", NOBODY, stdin=subprocess.PIPE)
            sender.stdin.write("the first\n")
            sender.stdin.flush()
            sender.stdout.readline()
            stop(server.process)
            sender.stdin.write("no answer\n")
            sender.stdin.close()
            sender.wait()
        missing = WANTED - {row.get("status") for row in asha.rows()}
        expect(not missing, f"no row has the status {missing}: {[(row['text'], row.get('status')) for row in asha.rows()]}")
        target.mkdir(parents=True)
        for source in (asha.settings, asha.token, asha.history):
            shutil.copy(source, target / ("token.json" if source == asha.token else source.name))
        shutil.copy(public, target / "server-key.jwk.pub")
        lines = [json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in Samples(built, folder, key).rows]
        (target / "rows.jsonl").write_text("".join(lines))
    finally:
        for person in people:
            person.end()
