"""nginx, HAProxy and Caddy as processes of a test, each with its file of deploy/ and nothing of the system's.

What is changed in those files is said in each class: ports, paths, timeouts, the user. What is to be changed must be there, so a
file that is edited without a look at this one fails the test.
"""

import asyncio
import os
import pathlib
import signal
import socket
import subprocess

from trouble import Trouble

DEPLOY = pathlib.Path(__file__).resolve().parents[2] / "deploy"
PATIENCE = 60


async def eventually(what, condition):
    """Waits until a condition holds; what it gave."""
    for _ in range(PATIENCE * 50):
        if found := condition():
            return found
        await asyncio.sleep(0.02)
    raise Trouble(f"waited {PATIENCE} s in vain for {what}")


def free_port():
    with socket.socket() as plug:
        plug.bind(("127.0.0.1", 0))
        return plug.getsockname()[1]


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as plug:
            plug.bind(("::1", 0))
            return True
    except OSError:
        return False


def changed(name, changes):
    """A file of deploy/ with each of these texts replaced, wherever it stands."""
    text = (DEPLOY / name).read_text()
    for old, new in changes.items():
        if old not in text:
            raise Trouble(f"deploy/{name} no longer has {old!r}: Tests/Proxies/proxies.py wants a look")
        text = text.replace(old, new)
    return text


class Proxy:
    """One proxy, from `start` to `stop`.

    - idle: after so many seconds of silence it ends a connection, in place of what its file says.
    - linger: so many seconds after a reload its old worker ends.
    - connections: so many a worker has room for; of nginx only.
    """

    def __init__(self, folder, pair, backend, idle=90, linger=600, connections=1000):
        self.folder, self.pair, self.backend, self.idle, self.linger = pathlib.Path(folder), pair, backend, idle, linger
        self.connections = connections
        self.folder.mkdir()
        self.log = self.folder / "log"

    async def start(self):
        # Somebody else may have taken the port since it was seen free.
        for attempt in range(3):
            self.port = free_port()
            self.configure()
            with open(self.log, "a") as log:
                self.process = subprocess.Popen(
                    self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder, env=self.environment()
                )
            try:
                return await eventually(f"{self.name} to listen", self.is_up)
            except Trouble:
                if attempt == 2:
                    raise
        return None

    def environment(self):
        # Caddy keeps files at home.
        return os.environ | {"HOME": str(self.folder), "XDG_DATA_HOME": str(self.folder), "XDG_CONFIG_HOME": str(self.folder)}

    def is_up(self):
        if self.process.poll() is not None:
            raise Trouble(f"{self.name} ended with {self.process.returncode}: {self.log.read_text()}")
        with socket.socket() as plug:
            return plug.connect_ex(("127.0.0.1", self.port)) == 0

    def workers(self):
        """The processes that the master has now."""
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return set(children.read_text().split())

    async def reload(self):
        """Reads its files again; returns when the new worker is there, with those that were there before."""
        old = self.workers()
        await self.ask_to_reload()
        await eventually(f"a new worker of {self.name}", lambda: self.workers() - old)
        return old

    async def call(self, *command):
        process = await asyncio.create_subprocess_exec(
            *command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=self.environment()
        )
        said, _ = await asyncio.wait_for(process.communicate(), PATIENCE)
        if process.returncode != 0:
            raise Trouble(f"{' '.join(command)} ended with {process.returncode}: {said.decode()}")

    async def stop(self):
        self.process.terminate()
        try:
            await eventually(f"{self.name} to end", lambda: self.process.poll() is not None)
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()


class Nginx(Proxy):
    """deploy/nginx/sca.conf with other ports, certificate and timeouts, in a main file such as Debian's."""

    name = "nginx"

    def configure(self):
        host = "/etc/letsencrypt/live/chat.example.org"
        ipv6 = f"listen [::1]:{self.port} ssl;" if has_ipv6() else ""
        text = changed(
            "nginx/sca.conf",
            {
                "listen 443 ssl;": f"listen 127.0.0.1:{self.port} ssl;",
                "listen [::]:443 ssl;": ipv6,
                f"{host}/fullchain.pem": str(self.pair.certificate),
                f"{host}/privkey.pem": str(self.pair.key),
                "http://127.0.0.1:8080": f"http://127.0.0.1:{self.backend}",
                "timeout 90s": f"timeout {self.idle}s",
                "/var/log/nginx/error.log": str(self.log),
            },
        )
        (self.folder / "sca.conf").write_text(text)
        kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        places = "".join(f"    {kind}_temp_path {self.folder}/{kind};\n" for kind in kinds)
        user = "user root;\n" if os.geteuid() == 0 else ""
        (self.folder / "nginx.conf").write_text(
            f"{user}daemon off;\nworker_processes 1;\nworker_rlimit_nofile 1024;\nworker_shutdown_timeout {self.linger}s;\n"
            f"pid {self.folder}/pid;\nerror_log {self.folder}/log;\nevents {{ worker_connections {self.connections}; }}\n"
            f"http {{\n    access_log {self.folder}/access.log;\n{places}    include {self.folder}/sca.conf;\n}}\n"
        )

    def command(self):
        return ["nginx", "-e", str(self.log), "-p", str(self.folder), "-c", "nginx.conf"]

    async def ask_to_reload(self):
        await self.call(*self.command(), "-s", "reload")


class HAProxy(Proxy):
    """deploy/haproxy/haproxy.cfg with other ports, certificate and timeouts, logging to stdout, and as who runs the test."""

    name = "haproxy"

    def join(self):
        """What certbot's deploy hook does in docs/deploy.md."""
        whole = self.folder / "pair.pem"
        whole.write_bytes(self.pair.certificate.read_bytes() + self.pair.key.read_bytes())
        return whole

    def configure(self):
        whole = self.join()
        changes = {
            "bind :::443 v4v6": f"bind 127.0.0.1:{self.port}",
            "/etc/haproxy/chat.example.org.pem": str(whole),
            "127.0.0.1:8080": f"127.0.0.1:{self.backend}",
            "timeout client 90s": f"timeout client {self.idle}s",
            "timeout server 90s": f"timeout server {self.idle}s",
            "timeout tunnel 90s": f"timeout tunnel {self.idle}s",
            "hard-stop-after 10m": f"hard-stop-after {self.linger}s",
            "log /dev/log local0": "log stdout format raw local0",
            "    user haproxy\n    group haproxy\n": "",
            "maxconn 20000": "maxconn 200",
        }
        (self.folder / "haproxy.cfg").write_text(changed("haproxy/haproxy.cfg", changes))

    def command(self):
        return ["haproxy", "-W", "-f", str(self.folder / "haproxy.cfg"), "-p", str(self.folder / "pid")]

    async def ask_to_reload(self):
        self.join()
        os.kill(self.process.pid, signal.SIGUSR2)


class Caddy(Proxy):
    """deploy/caddy/Caddyfile with other ports and a certificate that is there, and with its administration on another port."""

    name = "caddy"

    def configure(self):
        self.administration = free_port()
        text = changed(
            "caddy/Caddyfile",
            {
                "chat.example.org {": f"https://127.0.0.1:{self.port}, https://localhost:{self.port} {{\n\tbind 127.0.0.1\n"
                f"\ttls {self.pair.certificate} {self.pair.key}",
                "127.0.0.1:8080": f"127.0.0.1:{self.backend}",
                "{\n\t# Nothing": f"{{\n\tadmin 127.0.0.1:{self.administration}\n\tauto_https disable_redirects\n\tskip_install_trust\n"
                "\t# Nothing",
            },
        )
        (self.folder / "Caddyfile").write_text(text)

    def command(self):
        return ["caddy", "run", "--config", str(self.folder / "Caddyfile"), "--adapter", "caddyfile"]

    async def reload(self):
        # It has no workers: one process goes from one configuration to the next.
        place = ["--config", str(self.folder / "Caddyfile"), "--adapter", "caddyfile"]
        await self.call("caddy", "reload", *place, "--address", f"127.0.0.1:{self.administration}", "--force")
        return set()


KINDS = {kind.name: kind for kind in (Nginx, HAProxy, Caddy)}
