"""Installs the Debian packages on a machine of its own, uses them, upgrades them under people who talk, removes and purges them.

scripts/package-check calls it, with a root file system and a folder of packages, of revisions 1 and 2.
"""

import argparse
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from deployment import Deployment
from exposure import SHOWN
from lint import Lint
from machine import Machine
from pages import Pages
from programs import rows
from service import Service
from trouble import Trouble, eventually, expect, told

ASHA, RAVI = "9876543210", "9123456780"
LINES = 600
# Purged packages leave this: their own traces in the package manager's books, and what people wrote.
KEPT = re.compile(
    r"^(home/|var/lib/(apt|dpkg)/|var/log/(dpkg\.log|alternatives\.log|apt/)|var/cache/(apt|debconf|ldconfig|man)/"
    r"|var/lib/systemd/(random-seed|catalog/|linger/)|etc/ld\.so\.cache|srv/|tmp/|var/tmp/)"
)
# Of a bot without a server; more than the limits that units have unless told.
TRIES = 25
HEALTH = "scactl health --server ws://127.0.0.1:443"
BOT = '#!/bin/sh\necho "you said: $SCACTL_TEXT"\n'


class Check:
    """One run. Each method is a chapter, and they build on each other."""

    def __init__(self, machine, shared, root, pages):
        self.machine, self.shared, self.root, self.pages = machine, shared, root, pages

    def say(self, sentence):
        print(f"package-check: {sentence}", flush=True)

    def written(self):
        """What differs from the machine as it was started: files, and folders that were not there."""
        found = self.machine.run("cd /srv/written && find . -mindepth 1 -type d -printf '%P/\\n' -o -printf '%P\\n'").split("\n")
        return {name for name in found if not name.endswith("/") or not (self.root / name).is_dir()}

    def state(self, unit="scad"):
        shown = self.machine.run(f"systemctl show -p ActiveState,SubState,MainPID,NRestarts,Result {unit}")
        return dict(line.split("=", 1) for line in shown.splitlines())

    def active(self):
        return eventually("scad to run", lambda: (s := self.state())["ActiveState"] == "active" and s)

    def history(self, user):
        return self.machine.run("scactl history -o json || [ $? = 1 ]", user)

    def install(self, revision):
        """By apt, which looks at dependencies: it would ask if they wanted more than is there, and nobody answers."""
        if revision == 1:
            self.pages.run(self.machine, "install", folder="/srv/shared/checkout", environment=["DEBIAN_FRONTEND=noninteractive"])
            return
        names = " ".join(f"/srv/shared/{p.name}" for p in sorted(self.shared.glob(f"*-{revision}_*.deb")))
        self.machine.run(f"DEBIAN_FRONTEND=noninteractive apt-get install {names}")

    def first(self):
        self.before = self.written()
        self.install(1)
        state = self.active()
        expect(self.machine.says("systemctl is-enabled scad") == "enabled", "scad is not enabled")
        expect(self.machine.says("systemctl is-active scad.socket") == "inactive", "scad.socket listens, though nobody asked")
        for page in ("man1/scactl.1.gz", "man5/sca-rows.5.gz", "man8/scad.8.gz"):
            self.machine.run(f"gzip -t /usr/share/man/{page}")
        for program in ("scad", "scactl"):
            bill = json.loads(self.machine.run(f"cat /usr/share/doc/{program}/{program}.cdx.json"))
            expect(bill["metadata"]["component"]["name"] == program, f"the bill of {program} is another's")
        self.say(f"installed {self.version()}; systemd runs scad")
        return state

    def version(self):
        return self.machine.run("dpkg-query -W -f '${Version}' scad")

    def sandbox(self, state):
        """What the kernel says of the process, whatever the unit says."""
        told = self.machine.run(f"cat /proc/{state['MainPID']}/status")
        fields = dict(line.split(":\t", 1) for line in told.splitlines() if ":\t" in line)
        expect(int(fields["Uid"].split()[0]) >= 61184, f"scad runs as user {fields['Uid']}")
        expect(fields["NoNewPrivs"] == "1", "scad could get privileges")
        expect(fields["Seccomp"] == "2", "no system call is forbidden to scad")
        expect(int(fields["CapBnd"], 16) == 0, f"scad could have capabilities: {fields['CapBnd']}")
        limits = self.machine.run(f"cat /proc/{state['MainPID']}/limits")
        expect(re.search(r"Max core file size\s+0\s+0", limits), "scad may leave a core")
        shown = self.machine.run(f"systemctl show -p {','.join(SHOWN)} scad")
        shown = dict(line.split("=", 1) for line in shown.splitlines())
        expect(shown == SHOWN, f"the unit says otherwise: {shown}")
        enter = f"nsenter --target {state['MainPID']} --mount"
        for folder in ("/", "/etc", "/usr", "/var", "/var/lib", "/opt", "/srv", "/dev", "/home", "/root"):
            ended, said = self.machine.ends(f"{enter} touch {folder}/sca-test")
            expect(ended and "Read-only" in said, f"where scad is, root may write to {folder}: {said}")
        expect(self.machine.run(f"{enter} find /home /root -mindepth 1") == "", "scad sees homes")
        self.machine.run(f"{enter} touch /tmp/sca-test && test ! -e /tmp/sca-test")
        self.say("its sandbox holds: a user of its own, no capability, a system call filter, no core, nothing to write to")

    def people(self):
        for user, mobile in (("asha", ASHA), ("ravi", RAVI)):
            self.machine.run(f"useradd --create-home --user-group {user}")
            self.machine.run(f"scactl login {mobile}", user)
        self.inbox = self.shared / "inbox.jsonl"
        self.listener = self.machine.start(
            "exec scactl listen --events message,status -o json", "ravi", stdout=self.inbox.open("w"), stderr=subprocess.DEVNULL
        )
        eventually("ravi", lambda: self.machine.ends(f"scactl who {RAVI}", "asha")[0] == 0)
        sent = rows(self.machine.run(f"scactl send -o json --to {RAVI} before", "asha"))
        expect([row["status"] for row in sent] == ["stored"], f"sent, and got {sent}")
        expect([row["text"] for row in rows(self.history("ravi"))] == ["before"], "ravi's history lacks the message")
        self.say("two people have logged in, sent, listened, read their history")

    def reload(self, state):
        self.machine.run("systemctl reload scad")
        now = self.active()
        expect(now["MainPID"] == state["MainPID"], "a reload started another scad")
        self.say("reloaded; the same process goes on")

    def upgrade(self):
        """Under a listener and a sender with half of its lines to send, and with a setting that somebody has changed."""
        self.machine.run("echo SCAD_LOG_LEVEL=notice >> /etc/default/scad")
        state, kept = self.active(), self.history("ravi")
        sender = self.machine.start(
            f"exec scactl send -l -o json --retry-for 10m --to {RAVI}", "asha",
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        lines = [f"line {number}" for number in range(LINES)]
        sender.stdin.write("\n".join(lines[: LINES // 2]) + "\n")
        sender.stdin.flush()
        answers = [json.loads(sender.stdout.readline()) for _ in range(20)]
        self.install(2)
        sender.stdin.write("\n".join(lines[LINES // 2 :]) + "\n")
        sender.stdin.close()
        answers += rows(sender.stdout.read())
        expect(sender.wait() == 0, f"the sender ended with {sender.returncode}")

        now = self.active()
        expect(now["MainPID"] != state["MainPID"], "the old scad still runs")
        expect([row["status"] for row in answers] == ["stored"] * LINES, "not every line was stored")
        history = self.history("ravi")
        expect(history.startswith(kept), "the history before the upgrade has changed")
        texts = [row["text"] for row in rows(history)]
        expect(sorted(texts) == sorted(["before", *lines]), f"of {LINES + 1} messages {len(texts)} are in the history")
        eventually("all of them at the listener", lambda: len(self.heard()) >= LINES + 1)
        expect(sorted(self.heard()) == sorted(texts), "the listener has not heard each once")
        expect(self.listener.poll() is None, "the listener has ended")
        states = [row["state"] for row in rows(self.inbox.read_text()) if row["type"] == "status"]
        expect("reconnected" in states, f"the listener did not come back: {states}")
        expect("SCAD_LOG_LEVEL=notice" in self.machine.run("cat /etc/default/scad"), "the changed setting is gone")
        self.say(f"upgraded to {self.version()} under {LINES} messages: each stored once, the listener came back")

    def heard(self):
        """What the listener has printed, line by whole line."""
        whole = self.inbox.read_text().rpartition("\n")[0]
        return [row["text"] for row in rows(whole) if row["type"] == "message"]

    def crash(self):
        state = self.active()
        self.machine.run(f"kill -KILL {state['MainPID']}")
        eventually("another scad", lambda: self.state()["MainPID"] not in ("0", state["MainPID"]))
        self.active()
        # One that hangs gives no sign of life; here it is missed after ten seconds.
        self.drop_in("WatchdogSec=10s")
        state = self.active()
        self.machine.run(f"kill -STOP {state['MainPID']}")
        eventually("the watchdog", lambda: self.state()["MainPID"] not in ("0", state["MainPID"]))
        self.active()
        self.machine.run("rm -r /run/systemd/system/scad.service.d && systemctl daemon-reload")
        self.say("killed, and stopped: systemd started it again each time")

    def drop_in(self, line):
        folder = "/run/systemd/system/scad.service.d"
        self.machine.run(f"mkdir -p {folder} && printf '[Service]\\n{line}\\n' > {folder}/test.conf")
        self.machine.run("systemctl daemon-reload && systemctl restart scad")

    def socket(self):
        """systemd listens, on a port that scad's user may not have, and starts scad for the first who comes."""
        self.sockets = self.pages.edit(self.machine, "port")
        self.pages.run(self.machine, "socket")
        expect(self.active() and self.machine.says("systemctl is-enabled scad.socket") == "enabled", "scad.socket is not enabled")
        self.machine.run(HEALTH)
        self.machine.run("systemctl stop scad")
        expect(self.state()["ActiveState"] == "inactive", "scad runs before anybody has come")
        self.machine.run(HEALTH)
        self.active()
        self.say("socket activation, as the page has it: on port 443, by a user without privileges")
        self.mended()
        self.install_again()
        self.say("the packages were put in once more: scad is where it was, on port 443")

    def install_again(self):
        """Not by apt, whose hooks would wake services of this machine's own."""
        names = " ".join(f"/srv/shared/{p.name}" for p in sorted(self.shared.glob("*-2_*.deb")))
        self.machine.run(f"DEBIAN_FRONTEND=noninteractive dpkg --install {names}")
        self.active()
        self.machine.run(HEALTH)

    def mended(self):
        """A wrong setting has both fail; once it is gone, a restart brings scad up where it was."""
        self.machine.run("cp /etc/default/scad before && echo SCAD_PING_TIMEOUT=soon >> /etc/default/scad")
        self.machine.ends("systemctl restart scad")
        knock = lambda: self.machine.ends(HEALTH) and self.machine.says("systemctl is-active scad.socket") == "failed"
        eventually("the socket to give up", knock)
        self.machine.run("mv before /etc/default/scad && systemctl reset-failed scad && systemctl restart scad && " + HEALTH)
        self.say("a wrong setting had scad and the socket fail; once it was gone, a restart brought both back")

    def bot(self):
        """asha's bot answers, run by her own service manager; it was there before the server."""
        # Of a machine with users: who is logged in, and who lingers.
        self.machine.run("systemctl start dbus.socket systemd-logind")
        self.pages.run(self.machine, "linger")
        number = self.machine.run("id -u asha")
        runtime = f"XDG_RUNTIME_DIR=/run/user/{number}"

        def systemctl(words):
            return self.machine.says(f"{runtime} systemctl --user {words}", "asha")

        eventually("asha's service manager", lambda: systemctl("is-system-running") in ("running", "degraded"))
        folder = "mkdir -p .config/sca/bots .config/systemd/user/sca-bot@echo.service.d && cd .config/sca/bots"
        self.machine.run(f"{folder} && cat > echo <<'END' && chmod +x echo\n{BOT}END", "asha")
        self.machine.run(f"{folder} && cat > echo.env <<'END'\n{self.pages.take('bot-settings')}\nEND", "asha")
        # In a hundredth of the time.
        often = "../../systemd/user/sca-bot@echo.service.d/often.conf"
        self.machine.run(f"{folder} && printf '[Service]\\nRestartSec=100ms\\n' > {often}", "asha")

        self.machine.run("systemctl stop scad")
        self.pages.run(self.machine, "bot", "asha", environment=[runtime])

        def tries():
            shown = systemctl("show -p ActiveState,NRestarts sca-bot@echo").splitlines()
            expect("ActiveState=failed" not in shown, f"without a server the bot has given up: {shown}")
            return int(next(line for line in shown if line.startswith("NRestarts=")).partition("=")[2])

        eventually(f"{TRIES} tries of the bot", lambda: tries() > TRIES)
        self.machine.run("systemctl start scad")
        # Her answer goes to ravi's listener, which comes back as well.
        for mobile in (ASHA, RAVI):
            eventually(mobile, lambda: self.machine.ends(f"scactl who {mobile}", "ravi")[0] == 0)
        self.machine.run(f"scactl send --retry-for 1m --to {ASHA} hello", "ravi")
        eventually("the bot's answer", lambda: "you said: hello" in self.heard())
        log = self.machine.run("journalctl --no-pager")
        expect("you said" not in log and "hello" not in log, "the journal has a text")
        log = self.machine.run("journalctl --no-pager _SYSTEMD_USER_UNIT=sca-bot@echo.service")
        expect("no server answers" in log, f"the bot's journal does not say what went wrong: {log}")
        expect("thread priority" not in log, f"the bot's journal has what Swift's runtime is refused: {log}")
        systemctl("disable --now sca-bot@echo")
        self.machine.run("loginctl disable-linger asha")
        self.say(f"a bot answered, run by its user's systemd, after {TRIES} tries without a server")

    def life(self):
        state = self.first()
        self.sandbox(state)
        self.people()
        self.reload(state)
        for chapter in (self.upgrade, self.crash, self.bot, self.socket, self.gone):
            # What is started for one chapter does not count, for the next one's, as a try of one that cannot start.
            self.machine.ends("systemctl reset-failed scad")
            chapter()

    def gone(self):
        """With the socket on. Who installs again after a removal has scad where it was."""
        self.machine.run("DEBIAN_FRONTEND=noninteractive dpkg --remove scad scactl")
        self.stopped()
        expect(self.machine.ends("command -v scad || command -v scactl")[0] != 0, "a program is still there")
        expect(self.machine.ends("test -f /etc/default/scad")[0] == 0, "settings went before a purge")
        self.listener.terminate()
        self.listener.wait()
        self.install_again()
        self.machine.run(f"DEBIAN_FRONTEND=noninteractive dpkg --purge scad scactl && rm -r {self.sockets}")
        self.stopped()
        left = sorted(f for f in self.written() - self.before if not KEPT.match(f))
        left = [f for f in left if not f.startswith("etc/") or f.removeprefix("etc/").rstrip("-") not in BOOKS]
        # A break that must be noticed.
        self.machine.run("mkdir /var/lib/scad-left")
        expect("var/lib/scad-left/" in self.written(), "an empty folder that is left goes unnoticed")
        expect(not left, f"purged, and still there: {' '.join(left)}")
        history = self.machine.run("cat .local/share/sca/*/history.jsonl | wc -l", "ravi")
        expect(int(history) >= LINES + 1, f"of ravi's history {history} lines are left")
        self.say("removed, and purged: nothing is left but histories and settings of people")


    def stopped(self):
        for unit in ("scad", "scad.socket"):
            state = self.state(unit)["ActiveState"]
            expect(state in ("inactive", "failed"), f"{unit} is {state}, though its package is removed")


# What useradd writes.
BOOKS = {".pwd.lock", "passwd", "group", "shadow", "gshadow", "subuid", "subgid"}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--root", required=True, type=pathlib.Path)
    parser.add_argument("--packages", required=True, type=pathlib.Path)
    words = parser.parse_args()
    pages = Pages()
    with tempfile.TemporaryDirectory() as folder, Lint(words.packages) as lint:
        shared = pathlib.Path(folder)
        shared.chmod(0o755)
        for package in words.packages.glob("*.deb"):
            shutil.copy(package, shared)
        pages.fetch(shared)
        with Machine(words.root, shared) as machine:
            check = Check(machine, shared, words.root, pages)
            perform(machine, check.life)
        # As fresh as that of somebody who begins.
        with Machine(words.root, shared) as machine:
            perform(machine, Deployment(machine, pages, check.say).all)
            perform(machine, Service(machine, pages, check.say).all)
        pages.end()
        check.say(lint.end())


def perform(machine, chapters):
    """Runs chapters; if one fails, the machine's journal is on stderr."""
    try:
        chapters()
    except Trouble:
        print(machine.says("journalctl --no-pager -n 60; systemctl status scad --no-pager"), file=sys.stderr)
        raise


if __name__ == "__main__":
    told("package-check", main)
