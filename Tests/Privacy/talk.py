"""People who talk through a scad, and others who do what is refused, all with words that nothing else would write."""

import asyncio
import contextlib
import json
import random
import re
import urllib.request

import websockets
from trouble import PATIENCE, Trouble, expect

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
# Where it says that its metrics are.
METRICS = r"http://\S+"
# Where everybody comes from: an address of this machine that nobody else has; and where a proxy says that they are.
HOME, FORWARDED = "127.0.0.77", "203.0.113.77"


class Secrets:
    """Random words that nothing else would write, mobiles, and the addresses that a proxy tells."""

    def __init__(self, seed, forwarded=()):
        self.random = random.Random(seed)
        self.texts, self.tokens, self.mobiles, self.forwarded = [], [], [], forwarded

    def text(self, size=40):
        self.texts.append("".join(self.random.choices(LETTERS, k=40)))
        return (self.texts[-1] * (size // 40 + 1))[:size]

    def mobile(self):
        self.mobiles.append("9" + "".join(self.random.choices("0123456789", k=15)))
        return self.mobiles[-1]

    def check(self, text, where):
        for secret in [*self.texts, *self.tokens, *self.mobiles, *self.forwarded, HOME]:
            expect(secret not in text, f"{where} has {secret}")


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
        headers = [("X-Forwarded-For", address) for address in self.secrets.forwarded]
        if self.token:
            headers.append(("Authorization", f"Bearer {self.token(mobile)}"))
        sub = more.pop("sub", ["sca.v2"])
        url = f"{self.server.url}/ws/{mobile}"
        more |= {"ssl": self.context, "open_timeout": PATIENCE, "local_addr": (HOME, 0)}
        return websockets.connect(url, subprotocols=sub, additional_headers=headers, **more)

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
            if self.secrets.forwarded:
                await self.crowd()
            self.health = get(self.server.url.replace("ws", "http", 1) + "/health", self.context)
            self.metrics = get(self.server.says(METRICS))
        await self.knock()

    async def crowd(self):
        """More and more from one address, until it has too many."""
        async with contextlib.AsyncExitStack() as stack:
            with contextlib.suppress(websockets.InvalidStatus):
                for _ in range(8):
                    await stack.enter_async_context(self.connect(self.secrets.mobile()))
                raise Trouble("nobody was refused")
        await asyncio.to_thread(self.server.says, "reason=address_connections")

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
        host, port = re.match(r"wss?://(.*):(\d+)", self.server.url).groups()
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
        # A proxy that says what is no address, and then where they are.
        forwarded = "".join(f"X-Forwarded-For: {text()}, {address}\r\n" for address in self.secrets.forwarded)
        for head in heads:
            reader, writer = await asyncio.open_connection(host, int(port), ssl=self.context, local_addr=(HOME, 0))
            writer.write(head.replace("Host: x\r\n", "Host: x\r\n" + forwarded).encode())
            answer = await asyncio.wait_for(reader.read(), PATIENCE)
            expect(re.match(rb"HTTP/1.1 [24]", answer), f"not refused: {answer[:200]}")
            writer.close()
        async with self.connect(self.secrets.mobile()) as socket:
            # A text message that is not UTF-8.
            socket.transport.write(b"\x81\x80\0\0\0\0" if self.context else b"\x81\x84\0\0\0\0\xff" + text(3).encode())
            await asyncio.wait_for(socket.wait_closed(), PATIENCE) if not self.context else None
