"""docs/deploy.md on a fresh machine: its commands as they stand there, with the proxies as Debian's own services.

Nobody on the internet answers: Caddy's certificate is from an authority of its own, certbot's from a stand-in.
"""

import pathlib
import re
import shlex

from trouble import eventually, expect

DEPLOY = pathlib.Path(__file__).resolve().parents[2] / "deploy"
NAME = "chat.example.org"
AUTHORITY = "/var/lib/caddy/.local/share/caddy/pki/authorities/local/root.crt"
QUIETLY = ["DEBIAN_FRONTEND=noninteractive"]
CERTBOT = """#!/bin/sh
[ "$1 $2 $3 $4 $5" = "certonly --standalone -d chat.example.org --deploy-hook" ] && RENEWED_LINEAGE=/root/lineage exec sh -c "$6"
"""


class Deployment:
    """Each method is a part of the page, and they build on each other; scad has tokens from the second on."""

    def __init__(self, machine, pages, say):
        self.machine, self.pages, self.say = machine, pages, say

    def all(self):
        self.machine.run(f"echo 127.0.0.1 localhost {NAME} >> /etc/hosts")
        self.caddy()
        self.haproxy()
        self.nginx()

    def caddy(self):
        self.pages.run(self.machine, "caddy", folder="/srv/shared/server", environment=QUIETLY, answer="y")
        self.machine.run("sed -i '0,/^{$/s//{\\n\tlocal_certs/' /etc/caddy/Caddyfile && grep -q local_certs /etc/caddy/Caddyfile")
        # A package that starts a service has done so by now, and it has read the file as it was.
        self.machine.run("systemctl start caddy")
        eventually("Caddy's authority", lambda: self.machine.ends(f"test -s {AUTHORITY}")[0] == 0)
        self.pages.run(self.machine, "tokens")
        self.pages.run(self.machine, "deployed", environment=[f"SCACTL_CA_FILE={AUTHORITY}"])

        login = f"scactl login 9876543210 --server wss://{NAME} --ca-file {AUTHORITY}"
        ended, said = self.machine.ends(login)
        expect(ended == 77, f"logged in without a token: {ended} {said}")
        self.machine.run(f"scad token issue --mobile 9876543210 | {login} --token-file -")
        self.machine.run("systemctl stop caddy")
        self.say("deployed as the page has it, with Caddy and tokens: who has none stays out")

    def pair(self):
        """A new certificate, where certbot has it."""
        self.machine.run(
            "mkdir -p lineage && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 9 "
            f"-subj /CN=scad -addext subjectAltName=DNS:{NAME} -keyout lineage/privkey.pem -out lineage/fullchain.pem"
        )

    def health(self):
        line = f"scactl health --server wss://{NAME} --ca-file lineage/fullchain.pem"
        eventually(f"{line}: {self.machine.says(line)}", lambda: self.machine.ends(line)[0] == 0)

    def haproxy(self):
        """The hook is run for the first certificate, while HAProxy still has Debian's file, and for the next one."""
        self.machine.run(f"printf %s {shlex.quote(CERTBOT)} > /usr/local/bin/certbot && chmod +x /usr/local/bin/certbot")
        self.machine.run("systemd-tmpfiles --create haproxy.conf && systemctl start haproxy")
        self.pair()
        self.pages.run(self.machine, "haproxy")
        expect(self.machine.run("stat -c %a /etc/haproxy/chat.example.org.pem") == "600", "others can read HAProxy's key")
        # A machine of tests may not open as many files.
        text = (DEPLOY / "haproxy/haproxy.cfg").read_text().replace("maxconn 20000", "maxconn 200")
        self.machine.run(f"cat > /etc/haproxy/haproxy.cfg <<'END'\n{text}\nEND")
        self.machine.run("systemctl reload haproxy")
        self.health()
        self.pair()
        self.pages.run(self.machine, "haproxy")
        self.health()
        self.machine.run("systemctl stop haproxy")
        self.say("certbot's hook gives HAProxy its certificate, and the next one")

    def nginx(self):
        """Debian's main file, with what the page puts at its top and in its events."""
        main, _, events = self.pages.take("nginx").partition("events {\n")
        text = self.machine.run("cat /etc/nginx/nginx.conf")
        text, count = re.subn(r"worker_connections \d+;", events.partition("}")[0].strip(), text)
        expect(count == 1, "Debian's nginx.conf is another than the page says")
        self.machine.run(f"cat > /etc/nginx/nginx.conf <<'END'\n{main}{text}\nEND")
        self.machine.run(f"cat > /etc/nginx/conf.d/sca.conf <<'END'\n{(DEPLOY / 'nginx/sca.conf').read_text()}\nEND")
        self.machine.run(f"mkdir -p /etc/letsencrypt/live && cp -r lineage /etc/letsencrypt/live/{NAME}")
        said = self.machine.run("nginx -t")
        expect("[warn]" not in said, said)
        self.machine.run("systemctl start nginx")
        self.health()
        self.machine.run("systemctl stop nginx")
        self.say("nginx takes what the page says of its main file, and deploy/nginx")
