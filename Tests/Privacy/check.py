"""Shows what scad does with what people write: nothing but hand it on.

It is traced by strace while people talk through it, in the clear and under TLS, with codes, tokens, compression and every limit hit, at
the most verbose log level. Then: it opened no file for writing; no text was in any call but those on its clients' sockets, and under TLS
in none; neither texts nor mobiles nor secrets are in its log, its metrics, or what /health says; and when it crashes, no core is left.
`scripts/privacy-check` calls it.
"""

import argparse
import asyncio
import glob
import json
import os
import pathlib
import random
import re
import resource
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import urllib.request

import calls
import websockets

PATIENCE = 120
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


class Failed(Exception):
    pass


def expect(truth, sentence):
    if not truth:
        raise Failed(sentence)


class Secrets:
    """Random words that nothing else would write, and mobiles."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.texts, self.tokens, self.mobiles = [], [], []

    def text(self, size=40):
        self.texts.append("".join(self.random.choices(LETTERS, k=40)))
        return (self.texts[-1] * (size // 40 + 1))[:size]

    def mobile(self):
        self.mobiles.append("9" + "".join(self.random.choices("0123456789", k=15)))
        return self.mobiles[-1]

    def check(self, text, where):
        for secret in [*self.texts, *self.tokens, *self.mobiles]:
            expect(secret not in text, f"{where} has {secret}")


class Server:
    """A scad, traced or not, whose words are kept."""

    started = []

    def __init__(self, program, folder, *options, traced=True, environment=None):
        self.trace = folder / "trace"
        words = [program, "--port", "0", "--metrics", "0", "--log-level", "trace", "--drain-window", "100ms", *options]
        if traced:
            words = ["strace", "-f", "-yy", "-s", "200000", "-o", self.trace, "--", *words]
        self.log = folder / "log"
        # A pipe, as a service manager has it: a file of ours would be one that it writes to.
        self.process = subprocess.Popen(
            words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=folder, text=True, env={**os.environ, **(environment or {})}
        )
        self.started.append(self.process)
        said = []
        while not said or said[-1] and "listening on ws" not in said[-1]:
            said.append(self.process.stdout.readline())
        found = [re.search(pattern, "".join(said)) for pattern in (r"(http://\S+)/metrics", r"(wss?://\S+)")]
        expect(all(found), f"scad does not say where it listens: {said}")
        self.metrics, self.chat = (match[1] for match in found)
        self.said = said
        self.pid = int(subprocess.run(["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True).stdout) if traced else self.process.pid

    @classmethod
    def end_all(cls):
        """Ends what a failure has left; strace, when it is ended, lets what it traces go on."""
        for process in cls.started:
            if process.poll() is None:
                subprocess.run(["pkill", "-KILL", "-P", str(process.pid)])
                process.kill()
                process.wait()

    async def collect(self):
        """Reads its log, so that it never waits for anybody to."""
        while line := await asyncio.to_thread(self.process.stdout.readline):
            self.said.append(line)


def get(url, context=None):
    with urllib.request.urlopen(url, timeout=PATIENCE, context=context) as answer:
        return answer.read().decode()


async def frame(socket, *types):
    """The next frame of one of these types."""
    while True:
        message = json.loads(await asyncio.wait_for(socket.recv(), PATIENCE))
        if message["type"] in types:
            return message


class Talk:
    """People who talk, and others who do what is refused."""

    def __init__(self, server, secrets, token=None, context=None):
        self.server, self.secrets, self.token, self.context = server, secrets, token, context

    def connect(self, mobile, **more):
        headers = {"Authorization": f"Bearer {self.token(mobile)}"} if self.token else {}
        sub = more.pop("sub", ["sca.v2"])
        url = f"{self.server.chat}/ws/{mobile}"
        return websockets.connect(url, subprotocols=sub, additional_headers=headers, ssl=self.context, open_timeout=PATIENCE, **more)

    async def run(self):
        asha, ravi = self.secrets.mobile(), self.secrets.mobile()
        async with self.connect(asha) as one, self.connect(ravi) as two, self.connect(ravi, sub=None, compression=None) as base:
            for number, size in enumerate([40] * 30 + [1_000] * 5 + [30_000] * 2):
                text = self.secrets.text(size)
                await one.send(json.dumps({"type": "message", "to": ravi, "text": text, "id": f"m{number}"}))
                received = await frame(two, "message")
                expect(received["text"] == text and (await frame(base, "message"))["text"] == text, "another text arrived")
                await two.send(json.dumps({"type": "receipt", "to": asha, "id": f"m{number}", "state": "stored"}))
                await frame(one, "ack")
            await self.misbehave(one, ravi)
            self.health = get(self.server.chat.replace("ws", "http", 1) + "/health", self.context)
            self.metrics = get(self.server.metrics + "/metrics")
        await self.knock()

    async def misbehave(self, socket, to):
        """What is answered with an error, with a text wherever one can be."""
        text = self.secrets.text
        wrong = [
            {"type": "message", "to": self.secrets.mobile(), "text": text(), "id": "offline"},
            {"type": "message", "to": to, "text": text(70_000), "id": "large"},
            {"type": "message", "to": text(), "text": text(), "id": "x"},
            {"type": text(), "to": to},
            {"type": "message", text(): to},
        ]
        for message in [*map(json.dumps, wrong), text(), '{"' + text(), text().encode()]:
            await socket.send(message)
            await frame(socket, "error")

    async def knock(self):
        """Those who are not let in, or break the protocol."""
        host, port = re.match(r"wss?://(.*):(\d+)", self.server.chat).groups()
        text, mobile = self.secrets.text, self.secrets.mobile()
        heads = [
            f"GET /ws/{text()} HTTP/1.1\r\nHost: x\r\n\r\n",
            f"GET /{text()} HTTP/1.1\r\nHost: x\r\nX-A: {text()}\r\n\r\n",
            f"{text()}\r\n\r\n",
            f"GET /ws/{mobile} HTTP/1.1\r\nHost: x\r\nOrigin: http://{text()}.example\r\nAuthorization: Bearer {text()}\r\nConnection: Upgrade\r\n"
            "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
            f"GET /ws/{mobile} HTTP/1.1\r\nHost: x\r\nX: {text(9_000)}\r\n\r\n",
        ]
        for step in ("code", "token"):
            body = json.dumps({"mobile": mobile, "code": text()})
            heads.append(f"POST /login/{step} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n{body}")
        for head in heads:
            reader, writer = await asyncio.open_connection(host, int(port), ssl=self.context)
            writer.write(head.encode())
            answer = await asyncio.wait_for(reader.read(), PATIENCE)
            expect(re.match(rb"HTTP/1.1 [24]", answer), f"not refused: {answer[:200]}")
            writer.close()
        async with self.connect(self.secrets.mobile()) as socket:
            # A text message that is not UTF-8.
            socket.transport.write(b"\x81\x80\0\0\0\0" if self.context else b"\x81\x84\0\0\0\0\xff" + text(3).encode())
            await asyncio.wait_for(socket.wait_closed(), PATIENCE) if not self.context else None


async def trace_one(program, folder, secrets, what, options=(), token=None, context=None):
    server = Server(program, folder, *options)
    collecting = asyncio.create_task(server.collect())
    talk = Talk(server, secrets, token, context)
    try:
        await talk.run()
        os.kill(server.pid, signal.SIGHUP)
        while not any("reload" in line or "read the keys" in line for line in server.said):
            expect(server.process.poll() is None, "scad ended")
            await asyncio.sleep(0.02)
        os.kill(server.pid, signal.SIGTERM)
        await asyncio.wait_for(collecting, PATIENCE)
        expect(await asyncio.to_thread(server.process.wait, PATIENCE) == 0, f"scad ended with {server.process.returncode}")
    finally:
        if server.process.poll() is None:
            os.kill(server.pid, signal.SIGKILL)
    said = "".join(server.said)
    # That the log is the verbose one, and knows the mobiles that it hides.
    expect("session opened" in said and "******" in said, "the log is not what it should be")
    secrets.check(said, f"{what}: the log")
    secrets.check(talk.metrics, f"{what}: /metrics")
    secrets.check(talk.health, f"{what}: /health")
    expect(re.search(r"scad_messages_routed_total 37\n", talk.metrics), "the messages were not counted")
    lines = server.trace.read_text(errors="replace").splitlines()
    found = calls.findings(lines, secrets.texts)
    expect(not found, f"{what}:\n  " + "\n  ".join(found[:20]))
    seen = sum(text in line for text in secrets.texts for line in lines)
    # In the clear the trace must see the texts pass, or it sees nothing at all.
    expect(seen == 0 if context else seen > 37, f"{what}: texts were seen {seen} times")
    return len(lines)


def check_tracer(folder, secrets):
    """A program that does write is found, with the strace that is here: as this one writes its lines, so they are read."""
    text = secrets.text()
    line = 'echo "$0"; echo "$0" >file; mkdir made; rmdir made'
    words = ["strace", "-f", "-yy", "-s", "200000", "-o", folder / "trace", "--", "sh", "-c", line, text]
    subprocess.run(words, cwd=folder, check=True, stdout=subprocess.PIPE)
    found = calls.findings((folder / "trace").read_text().splitlines(), [text])
    kinds = {line.split(":")[0] for line in found}
    expected = {"opens for writing", "changes something", "writes to a file", "has a text elsewhere than on a client's socket"}
    expect(kinds == expected, f"of a program that writes, only this was found: {found}")


def core_files(pid, folder):
    """Where the kernel would leave a core of this process; none if it hands it to a program."""
    pattern = pathlib.Path("/proc/sys/kernel/core_pattern").read_text().strip()
    if not pattern or pattern.startswith("|"):
        return []
    uses = pathlib.Path("/proc/sys/kernel/core_uses_pid").read_text().strip() == "1" and "%p" not in pattern
    name = re.sub(r"%.", "*", pattern.replace("%p", str(pid))) + (f".{pid}" if uses else "")
    # A path that is none from the root on is one from the process's own folder.
    return glob.glob(name if name.startswith("/") else f"{folder}/{name}") if str(pid) in name else []


def killed(process, number):
    """Ends a process by a signal; whether the kernel dumped its core."""
    os.kill(process.pid, number)
    _, status = os.waitpid(process.pid, 0)
    process.returncode = -number
    expect(os.WIFSIGNALED(status) and os.WTERMSIG(status) == number, f"signal {number} ended it with {status:#x}")
    return os.WCOREDUMP(status)


async def check_cores(program, folder, secrets):
    """A scad that crashes amid texts leaves no core and no report, where another program leaves a core.

    Returns whether the other one did: some machines take none of anybody.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
    other = subprocess.Popen(["sleep", "600"], cwd=folder)
    dumps = killed(other, signal.SIGSEGV)
    for path in core_files(other.pid, folder):
        os.remove(path)
    for number in (signal.SIGSEGV, signal.SIGABRT, signal.SIGILL):
        server = Server(program, folder, traced=False)
        limits = pathlib.Path(f"/proc/{server.pid}/limits").read_text()
        expect(re.search(r"Max core file size +0 +0 ", limits), "the core limit is not 0")
        # Texts in its memory: a session that does not read.
        mobile = secrets.mobile()
        lazy, eager = Talk(server, secrets).connect(mobile), Talk(server, secrets).connect(secrets.mobile())
        async with lazy as one, eager as two:
            one.transport.pause_reading()
            for number_sent in range(100):
                await two.send(json.dumps({"type": "message", "to": mobile, "text": secrets.text(30_000), "id": f"m{number_sent}"}))
                await frame(two, "ack", "error")
            dumped = killed(server.process, number)
            one.transport.abort()
        said = "".join(server.said) + server.process.stdout.read()
        expect(not dumped, f"signal {number} dumped a core")
        expect(not core_files(server.pid, folder), f"signal {number} left {core_files(server.pid, folder)}")
        secrets.check(said, f"after signal {number}: the log")
        expect("registers" not in said.lower() and "crash" not in said.lower(), f"signal {number}: a report: {said[-500:]}")
    resource.setrlimit(resource.RLIMIT_CORE, (soft, hard))
    return dumps


def check_undumpable(program):
    """The files of a process in /proc are its user's, unless it is not dumpable: then they are root's (proc(5)).

    This is what keeps a core from a collector behind a pipe, for which there is no limit, and other processes of its user out.
    """
    # Root's are root's anyway, so root looks at somebody else's.
    user = 65534 if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        owners = []
        for words in (["sleep", "600"], [shutil.copy(program, folder), "--port", "0"]):
            process = subprocess.Popen(words, user=user, stderr=subprocess.PIPE, text=True, cwd="/")
            Server.started.append(process)
            if words[0] != "sleep":
                expect("listening on ws" in (line := process.stderr.readline()), f"another line: {line}")
            owners.append(os.stat(f"/proc/{process.pid}/environ").st_uid)
            process.kill()
            process.communicate()
    expect(owners == [user or os.geteuid(), 0], f"it is dumpable: the owners are {owners}")


def certificate(folder):
    words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=127.0.0.1 -keyout key.pem -out cert.pem"
    subprocess.run(["openssl", *words.split()], cwd=folder, check=True, capture_output=True)
    os.chmod(folder / "key.pem", 0o600)


async def check(program, seed):
    doctored = calls.check_itself()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        certificate(folder)
        subprocess.run([program, "token", "keygen", "--key", "key.jwk"], cwd=folder, check=True, capture_output=True)
        secrets = Secrets(seed)
        check_tracer(folder, secrets)

        def token(mobile):
            made = subprocess.run([program, "token", "issue", "--mobile", mobile, "--key", "key.jwk"], cwd=folder, check=True, capture_output=True)
            secrets.tokens.append(made.stdout.decode().strip())
            return secrets.tokens[-1]

        plain = ["--auth", "code", "--token-signing-key", "key.jwk", "--code-command", "/bin/true", "--compression", "--threads", "2"]
        lines = await trace_one(program, folder, secrets, "in the clear", plain, token)
        context = ssl.create_default_context(cafile=folder / "cert.pem")
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        lines += await trace_one(program, folder, Secrets(seed + 1), "under TLS", ["--tls-cert", "cert.pem", "--tls-key", "key.pem"], context=context)
        dumps = await check_cores(program, folder, Secrets(seed + 2))
        check_undumpable(program)
    cores = "no core where another program leaves one" if dumps else "no core (but this machine takes none of anybody)"
    print(f"privacy-check: {lines} calls traced, no file written, no text astray, {cores}; {doctored} doctored calls were found")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build-path", default=".build/debug", help="where scad was built")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32), help="makes the same texts again")
    words = parser.parse_args()
    print(f"privacy-check: seed {words.seed}", flush=True)
    try:
        asyncio.run(check(str(pathlib.Path(words.build_path).resolve() / "scad"), words.seed))
    finally:
        Server.end_all()


if __name__ == "__main__":
    try:
        main()
    except Failed as failure:
        sys.exit(f"privacy-check: {failure}")
