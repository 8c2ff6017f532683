"""Those who talk while others attack, a process of its own: pairs of sessions, what one says is timed until the other has it, and
newcomers, one after the other, who are timed from connecting to being let in.

Each line on stdin ends a phase and is answered by a line of JSON: what was measured since the line before, in milliseconds.
"""

import asyncio
import contextlib
import json
import random
import ssl
import sys
import time

from wire import PING, message, upgrade

#: For whoever's certificate it is.
TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
TLS.check_hostname, TLS.verify_mode = False, ssl.CERT_NONE


async def connect(port, tls, mobile, query="?presence=none"):
    """Opens a session; its streams and the status code of the answer."""
    context = TLS if tls else None
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, limit=1 << 20)
    writer.write(upgrade(mobile, query))
    head = await reader.readuntil(b"\r\n\r\n")
    return reader, writer, head[9:12].decode()


async def read_payload(reader):
    head = await reader.readexactly(2)
    size = head[1] & 127
    if size == 126:
        size = int.from_bytes(await reader.readexactly(2), "big")
    elif size == 127:
        size = int.from_bytes(await reader.readexactly(8), "big")
    return await reader.readexactly(size)


class Phase:
    def __init__(self):
        self.latencies, self.arrivals = [], []
        self.refused = self.failed = 0


class Talkers:
    def __init__(self, port, tls, period):
        self.port, self.tls, self.period = port, tls, period
        self.phase = Phase()
        self.sent = self.received = 0

    async def talk(self, number):
        alice, bob = 9_100_000_000 + 2 * number, 9_100_000_001 + 2 * number
        incoming, other, status = await connect(self.port, self.tls, bob)
        assert status == "101", status
        answers, outgoing, status = await connect(self.port, self.tls, alice)
        assert status == "101", status

        async def listen():
            while True:
                payload = await read_payload(incoming)
                if b'"type":"message"' in payload:
                    self.received += 1
                    self.phase.latencies.append(time.monotonic() - float(json.loads(payload)["text"]))

        async def swallow():
            while True:
                await read_payload(answers)

        async def speak():
            await asyncio.sleep(random.random() * self.period)
            count = 0
            while True:
                count += 1
                self.sent += 1
                outgoing.write(message(bob, repr(time.monotonic()), f"t{count}"))
                await asyncio.sleep(self.period)

        async def live():
            while True:
                await asyncio.sleep(15)
                other.write(PING)

        await asyncio.gather(listen(), swallow(), speak(), live())

    async def come(self):
        """Invisible, so that their coming and going is no news."""
        while True:
            await asyncio.sleep(0.05)
            start, phase, writer = time.monotonic(), self.phase, None
            with contextlib.suppress(ConnectionError):
                try:
                    coming = connect(self.port, self.tls, 9_190_000_000, "?presence=none&visible=0")
                    _, writer, status = await asyncio.wait_for(coming, 10)
                    phase.refused += status != "101"
                    if status == "101":
                        phase.arrivals.append(time.monotonic() - start)
                except (OSError, EOFError, TimeoutError):
                    phase.failed += 1
                if writer:
                    writer.transport.abort()

    async def run(self, pairs):
        tasks = [asyncio.create_task(self.talk(number)) for number in range(pairs)]
        newcomers = asyncio.create_task(self.come())
        lines = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
        while await lines.readline():
            phase, self.phase = self.phase, Phase()
            answer = {
                "latencies": [round(1e3 * one, 3) for one in phase.latencies],
                "arrivals": [round(1e3 * one, 3) for one in phase.arrivals],
                "refused": phase.refused,
                "failed": phase.failed,
                "under_way": self.sent - self.received,
                "lost": sum(task.done() for task in tasks) + newcomers.done(),
            }
            print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    port, tls, pairs, period = sys.argv[1:]
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(Talkers(int(port), tls == "tls", float(period)).run(int(pairs)))
