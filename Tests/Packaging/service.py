"""What docs/packaging.md says of the service: a certificate of a group, a key as a credential, programs for codes inside the
sandbox, and how often a scad that cannot start is tried. It changes only what it takes back.
"""

import json
import re
import shlex
import subprocess

from trouble import eventually, expect

# Where a program for codes may write, of what it finds.
WRITABLE = ["/tmp", "/var/tmp"]
SEND_CODE = """#!/bin/sh
find / /dev /run /srv /usr /var /etc -maxdepth 2 -path /proc -prune -o -type d -writable -print 2> /tmp/unseen | sort -u > /tmp/writable
cat > /tmp/code.new && mv /tmp/code.new /tmp/code
"""
DEFAULTS = "/etc/default/scad"


class Service:
    def __init__(self, machine, pages, say):
        self.machine, self.pages, self.say = machine, pages, say

    def all(self):
        self.machine.run(f"cp {DEFAULTS} defaults")
        for chapter in (self.day, self.certificate, self.codes, self.tries):
            # What was started for other chapters does not count as tries.
            self.machine.ends("systemctl reset-failed scad")
            chapter()
            self.machine.run(f"cp defaults {DEFAULTS} && rm -rf /etc/systemd/system/scad.service.d && systemctl daemon-reload")

    def show(self, name):
        return self.machine.run(f"systemctl show -P {name} scad")

    def day(self):
        before = self.show("MainPID")
        log = self.pages.run(self.machine, "day")
        expect(self.show("MainPID") != before and "listening on" in log, f"after a reload and a restart: {log}")
        expect("thread priority" not in log, f"the journal has what the runtime is refused: {log}")
        self.say("reloaded and restarted as the page has it; the journal has scad's own lines")

    def certificate(self):
        """Its key is the group's, which scad has by a drop-in and not without."""
        self.machine.run(
            "getent group ssl-cert || groupadd --system ssl-cert; openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 "
            "-nodes -days 9 -subj /CN=scad -addext subjectAltName=IP:127.0.0.1 -keyout /etc/scad/key.pem -out /etc/scad/cert.pem "
            "&& chgrp ssl-cert /etc/scad/key.pem && chmod 640 /etc/scad/key.pem"
        )
        self.machine.run(f"printf 'SCAD_TLS_CERT=/etc/scad/cert.pem\\nSCAD_TLS_KEY=/etc/scad/key.pem\\n' >> {DEFAULTS}")
        expect(self.machine.ends("systemctl restart scad")[0] and self.show("ExecMainStatus") == "78", "scad reads anybody's keys")
        expect(self.show("NRestarts") == "0", "settings without sense are tried twice")
        self.pages.edit(self.machine, "certificate")
        self.machine.run("systemctl restart scad && scactl health --server wss://127.0.0.1:8080 --ca-file /etc/scad/cert.pem")
        self.say("a certificate's key that only its group may read is read with the group, and not without")

    def codes(self):
        """A private key that is root's, and a program for codes that looks where it may write."""
        self.machine.run(f"printf %s {shlex.quote(SEND_CODE)} > /usr/local/bin/send-code && chmod +x /usr/local/bin/send-code")
        self.machine.run("rm -f /etc/scad/sca-token.jwk*")
        self.pages.edit(self.machine, "credential")
        self.pages.run(self.machine, "key")
        expect(self.machine.run("stat -c %U:%a /etc/scad/sca-token.jwk") == "root:600", "the private key is not root's alone")
        enter = f"nsenter --target {self.show('MainPID')} --mount"
        login = self.machine.start(
            "exec scactl login 9876543210 --server ws://127.0.0.1:8080 --code-file -", stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        sent = eventually("a code", lambda: re.search(r"{.*}", self.machine.says(f"{enter} cat /tmp/code")) or login.poll() is not None)
        _, said = login.communicate(None if sent is True else json.loads(sent[0])["code"] + "\n")
        expect(login.returncode == 0, f"login by a code ended with {login.returncode}: {said}")
        found = self.machine.run(f"{enter} cat /tmp/writable").splitlines()
        expect(found == WRITABLE, f"where the program for codes can write: {found}")
        expect(self.machine.ends("ls /tmp/code /tmp/writable")[0] == 2, "what it writes to /tmp others see")
        self.say("logged in by a code, with a key that root alone may read; its program wrote nowhere but to what is its own")

    def tries(self):
        """Of one that cannot listen, which others may mend."""
        self.machine.run(f"echo SCAD_HOST=192.0.2.1 >> {DEFAULTS}")
        self.machine.run("mkdir -p /etc/systemd/system/scad.service.d")
        self.machine.run("printf '[Service]\\nRestartSec=10ms\\n' > /etc/systemd/system/scad.service.d/soon.conf && systemctl daemon-reload")
        self.machine.ends("systemctl restart scad")
        eventually("the last try", lambda: self.show("ActiveState") == "failed")
        count = self.machine.run("journalctl --unit scad --since -10min --grep 'status=69' | wc -l")
        expect(self.show("ExecMainStatus") == "69" and count == "5", f"one that cannot listen was tried {count} times")
        self.machine.run(f"cp defaults {DEFAULTS} && systemctl reset-failed scad && systemctl start scad")
        self.say("one that cannot listen was tried five times")
