"""One scad behind one proxy, and those who come to it."""

import asyncio
import dataclasses
import http.client
import json
import os
import pathlib
import shutil
import socket
import ssl
import subprocess

from programs import Server, run
from proxies import PATIENCE
from trouble import Trouble
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

ASHA, RAVI, MINA = "9876543210", "9876543211", "9876543212"
# From where clients come, if not from 127.0.0.1.
ONE, TWO, THREE = "127.0.0.11", "127.0.0.12", "127.0.0.13"


@dataclasses.dataclass
class Pair:
    """A certificate for this machine, its key, and the authority that it is from."""

    authority: pathlib.Path
    certificate: pathlib.Path
    key: pathlib.Path

    @classmethod
    def make(cls, folder):
        """Such as docs/tls.md makes."""
        folder = pathlib.Path(folder)
        (folder / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
        curve = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
        for line in [
            f"req -x509 {curve} -days 2 -subj /CN=authority -keyout ca.key -out ca.pem",
            f"req {curve} -subj /CN=scad -keyout key.pem -out request.pem",
        ]:
            run("openssl", *line.split(), cwd=folder)
        pair = cls(folder / "ca.pem", folder / "cert.pem", folder / "key.pem")
        pair.renew()
        return pair

    def renew(self):
        """Puts a new certificate in the old one's place, for the same key."""
        line = "x509 -req -in request.pem -CA ca.pem -CAkey ca.key -CAcreateserial -days 1 -extfile names -out renewed.pem"
        folder = self.certificate.parent
        run("openssl", *line.split(), cwd=folder)
        (folder / "renewed.pem").rename(self.certificate)

    def copy(self, folder):
        """The same in a folder of its own, to be renewed there."""
        shutil.copytree(self.certificate.parent, folder)
        return Pair(*(folder / path.name for path in (self.authority, self.certificate, self.key)))


@dataclasses.dataclass
class Answer:
    """An HTTP answer."""

    status: int
    headers: dict
    body: str

    @property
    def error(self):
        """What scad says in the body of a refusal."""
        return json.loads(self.body)["error"]


class Person:
    """Somebody with scactl, and a home folder."""

    def __init__(self, site, mobile):
        self.site, self.mobile = site, mobile
        self.home = site.folder / mobile
        self.home.mkdir(exist_ok=True)
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "SCACTL_MOBILE": mobile,
            "SCACTL_SERVER": f"wss://127.0.0.1:{site.proxy.port}",
            "SCACTL_CA_FILE": str(site.pair.authority),
            "NO_COLOR": "1",
        }

    async def start(self, *words):
        """Starts scactl; its stderr goes to a file, of which `said` tells."""
        self.errors = self.home / f"stderr-{words[0]}"
        with open(self.errors, "w") as errors:
            return await asyncio.create_subprocess_exec(
                self.site.programs / "scactl",
                *words,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=self.environment,
                limit=1 << 20,
            )

    def said(self):
        return self.errors.read_text()

    def error(self):
        """The last row of its stderr."""
        return json.loads(self.said().splitlines()[-1])

    async def run(self, *words):
        """Its exit status and its rows."""
        process = await self.start(*words)
        try:
            output, _ = await asyncio.wait_for(process.communicate(), PATIENCE)
        except TimeoutError:
            process.kill()
            raise Trouble(f"scactl {' '.join(words)} did not end: {self.said()}") from None
        return process.returncode, [json.loads(line) for line in output.decode().splitlines()]

    async def online(self, mobile):
        """Until somebody is there."""
        for _ in range(PATIENCE * 5):
            status, _ = await self.run("who", mobile)
            if status == 0:
                return
            await asyncio.sleep(0.2)
        raise Trouble(f"{mobile} did not come")


class Site:
    """A scad with these options, and a proxy of this kind before it; both end with it."""

    def __init__(self, stage, kind, *options, **settings):
        self.programs, self.folder = stage.programs, stage.new_folder(kind.name)
        self.pair = stage.pair.copy(self.folder / "certificate")
        self.kind, self.options, self.settings = kind, options, settings
        self.backend = 0
        self.scad = self.proxy = None

    async def __aenter__(self):
        try:
            await self.start_scad()
            self.proxy = self.kind(self.folder / "proxy", self.pair, self.backend, **self.settings)
            await self.proxy.start()
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *error):
        try:
            if self.proxy and getattr(self.proxy, "process", None):
                await self.proxy.stop()
                if not any(error):
                    self.check_logs()
        finally:
            if self.scad:
                self.scad.kill()

    def check_logs(self):
        """What the proxy has written down names nobody."""
        for path in self.proxy.folder.glob("*log"):
            for line in path.read_text().splitlines():
                if any(name in line for name in (ASHA, RAVI, MINA, ONE, TWO, THREE)):
                    raise Trouble(f"{self.kind.name} keeps who talks, in {path.name}: {line}")

    async def start_scad(self):
        """Starts it: at the port that it had, if it ran before."""
        words = ["--port", str(self.backend), "--behind-proxy", "127.0.0.1", "--drain-window", "200ms", *self.options]
        self.scad = await asyncio.to_thread(Server, self.programs / "scad", *words)
        self.backend = self.scad.port

    async def stop_scad(self):
        await asyncio.to_thread(self.scad.end)

    @property
    def url(self):
        return f"wss://127.0.0.1:{self.proxy.port}"

    def shown_certificate(self):
        """The certificate that the proxy shows to who comes now."""
        with socket.create_connection(("127.0.0.1", self.proxy.port), PATIENCE) as plug:
            with self.trust.wrap_socket(plug, server_hostname="127.0.0.1") as secure:
                return ssl.DER_cert_to_PEM_cert(secure.getpeercert(binary_form=True))

    @property
    def trust(self):
        return ssl.create_default_context(cafile=self.pair.authority)

    async def get(self, path):
        """A plain request through the proxy."""

        def ask():
            connection = http.client.HTTPSConnection("127.0.0.1", self.proxy.port, timeout=PATIENCE, context=self.trust)
            connection.request("GET", path)
            answer = connection.getresponse()
            found = Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read().decode())
            connection.close()
            return found

        return await asyncio.to_thread(ask)

    async def session(self, mobile, address="127.0.0.1", direct=False, **options):
        """A session of the base dialect, from this address: through the proxy, or past it."""
        url = f"ws://127.0.0.1:{self.backend}" if direct else self.url
        secure = {} if direct else {"ssl": self.trust}
        return await connect(
            f"{url}/ws/{mobile}",
            local_addr=(address, 0),
            ping_interval=None,
            proxy=None,
            open_timeout=PATIENCE,
            close_timeout=5,
            **secure,
            **options,
        )

    async def refusal(self, mobile, address="127.0.0.1", direct=False, **options):
        """The answer to somebody who is not let in."""
        try:
            session = await self.session(mobile, address, direct, **options)
        except InvalidStatus as refused:
            response = refused.response
            headers = {name.lower(): value for name, value in response.headers.raw_items()}
            return Answer(response.status_code, headers, response.body.decode())
        await session.close()
        raise Trouble(f"{mobile} was let in from {address}")
