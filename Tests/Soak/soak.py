"""Runs a real `scad` for minutes under churn and talk, and tells whether it grows.

Meanwhile, all on loopback: some mobiles come and go all the time; some pairs talk, each message with an id and so an ack; some
open a session, are written to, and never read. A sample is taken every few seconds, of the server's process from outside:
its resident memory, open files, threads, and its loop delay. That is how long `GET /health` takes to be answered, asked 20 times
in a row: the answer comes from the event loop that serves everyone, so it waits for whatever holds the loop up; p50 and the worst
are shown. Beside it the machine's own share: the same of a process that does nothing else than answer. Judged is the difference.

At the end a straight line is laid through each figure over time, after a warm-up: its slope an hour, and the noise of that slope
(its standard error by ordinary least squares, made wider by how much each sample is like the one before). A slope is not flat if it
is over three times its noise and also over the bound that is named for it; then the exit status is 1. Why both: a slope of nothing
worth is noise in a short run, and a big one that is only noise is no growth.
"""

import argparse
import asyncio
import base64
import ctypes
import json
import os
import random
import re
import signal
import socket
import statistics
import struct
import sys
import time

from programs import Server
from trouble import Trouble, expect, told

PAIRS, CHURNERS, SLOW = 20, 40, 10
TEXT = "a few words, as people say them"
# What counts as growth, an hour: more than noise, and more than this.
BOUNDS = {"rss_kib": 4096, "files": 20, "threads": 1, "delay_ms": 20}


class Session:
    """A session of the v2 dialect."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer

    @classmethod
    async def open(cls, port, mobile, query="?presence=all", limit=2**16, room=None):
        """`room`: what the system keeps for us unread, in bytes."""
        plug = socket.socket()
        plug.setblocking(False)
        if room:
            plug.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
        await asyncio.get_running_loop().sock_connect(plug, ("127.0.0.1", port))
        reader, writer = await asyncio.open_connection(sock=plug, limit=limit)
        key = base64.b64encode(os.urandom(16)).decode()
        writer.write(
            f"GET /ws/{mobile}{query} HTTP/1.1\r\nHost: soak\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Protocol: sca.v2\r\n\r\n".encode()
        )
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 20)
        if not head.startswith(b"HTTP/1.1 101"):
            writer.close()
            raise ConnectionError(head.split(b"\r\n")[0].decode())
        return cls(reader, writer)

    def say(self, **frame):
        payload = json.dumps(frame, separators=(",", ":")).encode()
        size = len(payload)
        head = bytes([0x81, 0x80 | size]) if size < 126 else struct.pack("!BBH", 0x81, 0x80 | 126, size)
        # Masked with zeros: RFC 6455 asks for a mask, and these are no secrets.
        self.writer.write(head + bytes(4) + payload)

    async def hear(self):
        first, size = await self.reader.readexactly(2)
        if size >= 126:
            size = int.from_bytes(await self.reader.readexactly(2 if size == 126 else 8))
        payload = await self.reader.readexactly(size)
        if first & 0xF == 0x8:
            raise ConnectionError(f"closed with {int.from_bytes(payload[:2])}")
        return json.loads(payload) if first & 0xF == 0x1 else {}

    def drop(self):
        self.writer.transport.abort()


class Tally:
    def __init__(self):
        self.joins = self.messages = self.refused = self.slow = self.late = 0


async def come_and_go(port, number, rng, tally):
    """Joins, hears what there is, leaves: politely, or by just going."""
    while True:
        session = await Session.open(port, f"91000{number:05}")
        tally.joins += 1
        end = time.monotonic() + rng.expovariate(1 / 3)
        try:
            while time.monotonic() < end:
                await asyncio.wait_for(session.hear(), max(0.01, end - time.monotonic()))
        except (asyncio.TimeoutError, TimeoutError):
            pass
        if rng.random() < 0.5:
            session.writer.write(bytes([0x88, 0x82, 0, 0, 0, 0]) + struct.pack("!H", 1000))
        session.drop()
        await asyncio.sleep(rng.expovariate(1 / 1))


async def talk(port, number, rng, tally, rate):
    """Two who write to each other and wait for each ack; the sender also writes to somebody who never reads."""
    one, two = f"92000{number:05}", f"93000{number:05}"
    sender, receiver = await Session.open(port, one, "?presence=none"), await Session.open(port, two, "?presence=none")

    async def receive():
        while True:
            frame = await receiver.hear()
            if frame.get("type") == "message":
                receiver.say(type="receipt", to=one, id=frame["id"], state="stored")

    receiving = asyncio.ensure_future(receive())
    count = 0
    try:
        while True:
            await asyncio.sleep(rng.expovariate(rate))
            count += 1
            to = two if count % 4 else f"94000{number % SLOW:05}"
            text = TEXT if count % 4 else TEXT * 60
            sender.say(type="message", to=to, text=text, id=f"{number}-{count}")
            answered = False
            while not answered:
                frame = await asyncio.wait_for(sender.hear(), 20)
                if frame.get("id") == f"{number}-{count}" and frame["type"] in ("ack", "error"):
                    answered = True
                    tally.messages += frame["type"] == "ack"
                    tally.refused += frame["type"] == "error"
    finally:
        receiving.cancel()
        sender.drop()
        receiver.drop()


async def never_read(port, number, tally):
    """Is online, pings, and never reads: the server closes it for that, and it comes back."""
    while True:
        session = await Session.open(port, f"94000{number:05}", limit=1024, room=4096)
        session.writer.transport.pause_reading()
        tally.slow += 1
        try:
            while not session.writer.transport.is_closing():
                session.say(type="ping")
                await asyncio.wait_for(session.writer.drain(), 5)
                await asyncio.sleep(5)
        except (OSError, asyncio.TimeoutError, TimeoutError):
            pass
        session.drop()
        await asyncio.sleep(1)


async def delays(port, path="/health"):
    """How long each of 20 requests takes, in milliseconds."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    taken = []
    for _ in range(20):
        start = time.perf_counter()
        writer.write(f"GET {path} HTTP/1.1\r\nHost: soak\r\n\r\n".encode())
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 20)
        size = int(re.search(rb"(?i)content-length: *(\d+)", head)[1])
        await reader.readexactly(size)
        taken.append((time.perf_counter() - start) * 1000)
        if re.search(rb"(?i)connection: *close", head):
            writer.close()
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.close()
    return taken


def look(pid):
    status = open(f"/proc/{pid}/status").read()
    return {
        "rss_kib": int(re.search(r"VmRSS:\s+(\d+)", status)[1]),
        "threads": int(re.search(r"Threads:\s+(\d+)", status)[1]),
        "files": len(os.listdir(f"/proc/{pid}/fd")),
    }


def slope(times, values):
    """The slope by least squares an hour, and its standard error."""
    hours = [moment / 3600 for moment in times]
    mean, middle = statistics.fmean(hours), statistics.fmean(values)
    spread = sum((hour - mean) ** 2 for hour in hours)
    rise = sum((hour - mean) * (value - middle) for hour, value in zip(hours, values)) / spread
    rest = sum((value - middle - rise * (hour - mean)) ** 2 for hour, value in zip(hours, values))
    error = (rest / max(1, len(values) - 2) / spread) ** 0.5
    # Samples that resemble their neighbours tell less than so many of their own would: lag-1 autocorrelation.
    left = [value - middle - rise * (hour - mean) for hour, value in zip(hours, values)]
    likeness = sum(a * b for a, b in zip(left, left[1:])) / rest if rest else 0
    likeness = min(0.9, max(0, likeness))
    return rise, error * ((1 + likeness) / (1 - likeness)) ** 0.5


async def answer_plainly(ready):
    """What the machine itself takes: a server that does nothing else, in a process of its own. Writes its port to `ready`."""

    async def answer(reader, writer):
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    os.write(ready, f"{server.sockets[0].getsockname()[1]}\n".encode())
    await server.serve_forever()


class Plain:
    """That process, for as long as it is needed."""

    def __enter__(self):
        reading, writing = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            # It must not outlive us, whatever becomes of us.
            ctypes.CDLL(None).prctl(1, signal.SIGKILL)
            asyncio.run(answer_plainly(writing))
        os.close(writing)
        with os.fdopen(reading) as ready:
            self.port = int(ready.readline())
        return self

    def __exit__(self, *error):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


async def forever(work, tally, failures):
    """Somebody who is thrown out comes back, as people do; that it happened is counted."""
    while True:
        try:
            await work()
        except (OSError, EOFError, asyncio.TimeoutError, TimeoutError) as error:
            tally.late += 1
            failures[f"{type(error).__name__}: {error}"] = failures.get(f"{type(error).__name__}: {error}", 0) + 1
            await asyncio.sleep(1)


async def soak(server, port, plain_port, options):
    rng, tally, failures, samples = random.Random(options.seed), Tally(), {}, []
    seeds = iter(lambda: random.Random(rng.random()), None)
    rate = options.rate / PAIRS
    works = [lambda n=n, r=next(seeds): come_and_go(port, n, r, tally) for n in range(CHURNERS)]
    works += [lambda n=n, r=next(seeds): talk(port, n, r, tally, rate) for n in range(PAIRS)]
    works += [lambda n=n: never_read(port, n, tally) for n in range(SLOW)]
    tasks = [asyncio.ensure_future(forever(work, tally, failures)) for work in works]
    start = time.monotonic()
    print("   s   rss_kib files threads  health_ms: p50   worst  (machine's own p50)   joins messages refused slow", flush=True)
    while time.monotonic() - start < options.minutes * 60:
        await asyncio.sleep(options.every)
        expect(server.process.poll() is None, f"scad ended with {server.process.returncode}: {server.text[-2_000:]}")
        taken, own = await delays(port), await delays(plain_port)
        late = statistics.median(taken) - statistics.median(own)
        sample = look(server.pid) | {"s": time.monotonic() - start, "delay_ms": late}
        samples.append(sample)
        print(
            f"{sample['s']:5.0f} {sample['rss_kib']:8} {sample['files']:5} {sample['threads']:7} "
            f"{statistics.median(taken):15.2f} {max(taken):7.2f} {statistics.median(own):13.2f} "
            f"{tally.joins:15} {tally.messages:8} {tally.refused:7} {tally.slow:4}",
            flush=True,
        )
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for failure, count in sorted(failures.items(), key=lambda item: -item[1])[:5]:
        print(f"  {count} times {failure}")
    return samples


def judge(samples, minutes):
    """Prints the slopes; true if all are flat."""
    warm = min(120, minutes * 60 / 3)
    kept = [sample for sample in samples if sample["s"] >= warm]
    if len(kept) < 8:
        raise Trouble(f"{len(kept)} samples after a warm-up of {warm:.0f} s are too few to judge; a longer --minutes")
    flat = True
    print(f"\nslopes an hour, after a warm-up of {warm:.0f} s ({len(kept)} samples):")
    for name, bound in BOUNDS.items():
        rise, noise = slope([sample["s"] for sample in kept], [sample[name] for sample in kept])
        grows = rise > 3 * noise and rise > bound
        flat = flat and not grows
        print(f"  {name:9} {rise:+10.2f} ± {noise:.2f}   {'GROWS' if grows else 'flat'} (bound {bound})")
    return flat


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--scad", required=True)
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--every", type=float, default=5, help="seconds between samples")
    parser.add_argument("--rate", type=float, default=200, help="messages a second in all")
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    options = parser.parse_args()
    print(f"soak: {options.minutes:g} minutes, --seed {options.seed}")
    # Slow clients are closed within the minute, and so come back many times.
    command = [options.scad, "--port", "0", "--drain-window", "100ms", "--max-outbox", "256K", "--stall-timeout", "5s"]
    with Plain() as plain, Server(*command) as server:
        samples = asyncio.run(soak(server, server.port, plain.port, options))
        server.end()
    sys.exit(0 if judge(samples, options.minutes) else 1)


if __name__ == "__main__":
    told("soak", main)
