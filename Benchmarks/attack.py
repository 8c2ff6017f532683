"""Attacks a scad of its own, one attack after the other, while others talk through it, and prints what those notice: the time
from sending a message to its arrival, p50 and p99, during each attack and without any.

The talkers are a process of their own, so that only the server is shared with the attacker, and the machine. All come from
loopback, which has no limits by address: as if each attacker had an address of its own, the worst case. A handshake may take 5 s
and not 10, so that its end is seen within the attack. Everything is bounded in count and time, and ends by itself: 2 to 4 minutes
with the defaults. `scripts/attack` builds and calls it.
"""

import argparse
import asyncio
import contextlib
import json
import os
import pathlib
import random
import resource
import signal
import subprocess
import sys
import time
import zlib

KEY = "dGhlIHNhbXBsZSBub25jZQ=="


def upgrade(mobile, query="?presence=none", extra=""):
    return (
        f"GET /ws/{mobile}{query} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Protocol: sca.v2\r\n{extra}\r\n"
    ).encode()


def frame(payload, opcode=1, fin=True, rsv1=False):
    """A client's frame, masked with zeros (RFC 6455, section 5.2)."""
    head = bytes([(0x80 if fin else 0) | (0x40 if rsv1 else 0) | opcode])
    size = len(payload)
    if size < 126:
        head += bytes([0x80 | size])
    elif size < 1 << 16:
        head += bytes([0x80 | 126]) + size.to_bytes(2, "big")
    else:
        head += bytes([0x80 | 127]) + size.to_bytes(8, "big")
    return head + bytes(4) + payload


def message(to, text, identity):
    return frame(json.dumps({"type": "message", "to": str(to), "text": text, "id": identity}).encode())


async def connect(port, limit=1 << 16):
    return await asyncio.open_connection("127.0.0.1", port, limit=limit)


async def session(port, mobile, query="?presence=none", extra=""):
    """Opens a session; returns its streams, and the status line and fields of the answer."""
    reader, writer = await connect(port)
    writer.write(upgrade(mobile, query, extra))
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    return reader, writer, head


async def read_frame(reader):
    head = await reader.readexactly(2)
    size = head[1] & 127
    if size == 126:
        size = int.from_bytes(await reader.readexactly(2), "big")
    elif size == 127:
        size = int.from_bytes(await reader.readexactly(8), "big")
    return head[0] & 15, await reader.readexactly(size)


# Those who talk, a process of its own.


async def talk(port, number, period, latencies):
    """Two sessions: what one says every period is timed until the other has it."""
    alice, bob = 9_100_000_000 + 2 * number, 9_100_000_001 + 2 * number
    reader, other, head = await session(port, bob)
    assert " 101 " in head, head
    incoming, outgoing, head = await session(port, alice)
    assert " 101 " in head, head

    async def listen():
        while True:
            _, payload = await read_frame(reader)
            if b'"type":"message"' in payload:
                latencies.append(time.monotonic() - float(json.loads(payload)["text"]))

    async def swallow():
        while True:
            await read_frame(incoming)

    async def speak():
        await asyncio.sleep(random.random() * period)
        count = 0
        while True:
            count += 1
            outgoing.write(message(bob, repr(time.monotonic()), f"t{count}"))
            await asyncio.sleep(period)

    async def live():
        while True:
            await asyncio.sleep(15)
            other.write(frame(b'{"type":"ping"}'))

    await asyncio.gather(listen(), swallow(), speak(), live())


async def talkers(port, pairs, period):
    """Answers each line on stdin, which ends a phase, with what was measured since the line before."""
    latencies = []
    tasks = [asyncio.create_task(talk(port, number, period, latencies)) for number in range(pairs)]
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while await lines.readline():
        measured = sorted(latencies)
        latencies.clear()
        lost = sum(task.done() for task in tasks)
        print(json.dumps({"latencies": [round(1e3 * one, 3) for one in measured], "lost": lost}), flush=True)


class Talkers:
    def __init__(self, port, options):
        words = ["--talkers", str(port), "--pairs", str(options.pairs), "--period", str(options.period)]
        self.process = subprocess.Popen(
            [sys.executable, __file__, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    async def take(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return json.loads(await asyncio.to_thread(self.process.stdout.readline))

    def end(self):
        self.process.terminate()
        self.process.wait()


# The attacks: each runs for so many seconds and returns a remark.


async def hold(port, count, seconds, first, drip=b""):
    """So many connections that send what `first` gives for their number, then a byte of `drip` a second, and read nothing."""
    writers, refused, closed = [], 0, 0
    end = time.monotonic() + seconds
    for start in range(0, count, 500):
        results = await asyncio.gather(*(connect(port) for _ in range(min(500, count - start))), return_exceptions=True)
        writers += [result for result in results if not isinstance(result, BaseException)]
        refused += sum(isinstance(result, BaseException) for result in results)
        for number, (_, writer) in enumerate(writers[start:], start):
            writer.write(first(number))
    position = 0
    while time.monotonic() < end:
        for _, writer in writers:
            if drip and not writer.is_closing():
                writer.write(drip[position % len(drip)].to_bytes(1, "big"))
        position += 1
        await asyncio.sleep(min(1, max(0, end - time.monotonic())))
    for reader, writer in writers:
        closed += reader.at_eof() or reader.exception() is not None
        writer.transport.abort()
    return f"{len(writers)} connections, {closed} closed by the server by then"


def slowloris(first, drip=b""):
    async def attack(server, options):
        return await hold(server.port, options.slow, options.seconds, lambda _: first, drip)

    return attack


def in_slow_session(first, drip=b""):
    """The same behind an upgrade, each with a mobile of its own."""

    async def attack(server, options):
        return await hold(
            server.port, options.slow, options.seconds, lambda number: upgrade(9_200_000_000 + number) + first, drip
        )

    return attack


async def half_open(server, options):
    request = b"GET /ws/9200000000 HTTP/1.1\r\nHost: x\r\n"
    return await hold(server.port, options.half_open, options.seconds + 5, lambda _: request)


async def never_reads(server, options):
    """A session that reads nothing, and 100 that write to it as fast as they are read."""
    victim = 9_300_000_000
    end = time.monotonic() + options.seconds
    silent = await session(server.port, victim)
    text = "x" * 30_000
    busy = offline = acked = 0

    async def write(number):
        nonlocal busy, offline, acked
        reader, writer, _ = await session(server.port, victim + 1 + number)
        count = 0
        while time.monotonic() < end:
            count += 1
            writer.write(message(victim, text, f"n{count}"))
            while True:
                _, payload = await read_frame(reader)
                if b'"ack"' in payload or b'"error"' in payload:
                    break
            busy += b"recipient_busy" in payload
            offline += b"recipient_offline" in payload
            acked += b'"ack"' in payload
            await asyncio.sleep(0.05)
        writer.transport.abort()

    silent[1].transport.pause_reading()
    await asyncio.gather(*(write(number) for number in range(100)))
    silent[1].transport.abort()
    return f"{acked} taken, {busy} busy, {offline} offline"


async def again_and_again(server, options, attack):
    """Twenty at once, each as often as it can within the time, 20,000 in all at most."""
    end = time.monotonic() + options.seconds
    count = 0
    answers = {}

    async def one():
        nonlocal count
        while time.monotonic() < end and count < 20_000:
            count += 1
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.TimeoutError):
                answer = await asyncio.wait_for(attack(), 5)
                answers[answer] = answers.get(answer, 0) + 1

    await asyncio.gather(*(one() for _ in range(20)))
    return f"{count} times, answered: " + (", ".join(f"{key} {value}" for key, value in answers.items()) or "by a reset")


async def header_bomb(server, options):
    async def attack():
        reader, writer = await connect(server.port)
        writer.write(b"GET /ws/9200000000 HTTP/1.1\r\n" + b"X: y\r\n" * 20_000)
        try:
            return (await reader.readline())[9:12].decode() or "end"
        finally:
            writer.transport.abort()

    return await again_and_again(server, options, attack)


def in_session(bytes_of, extra=""):
    async def attack(server, options):
        async def once():
            reader, writer, _ = await session(server.port, random.randrange(9_400_000_000, 9_499_999_999), extra=extra)
            try:
                writer.write(bytes_of())
                while True:
                    opcode, payload = await read_frame(reader)
                    if opcode == 8:
                        return "close " + str(int.from_bytes(payload[:2], "big"))
            finally:
                writer.transport.abort()

        return await again_and_again(server, options, once)

    return attack


def fragments():
    """A message of 200,000 bytes in as many fragments."""
    return frame(b"x", fin=False) + frame(b"x", opcode=0, fin=False) * 200_000


async def endless_fragments(server, options):
    """Twenty sessions that send empty fragments without end."""
    end = time.monotonic() + options.seconds
    sent = 0

    async def one(number):
        nonlocal sent
        _, writer, _ = await session(server.port, 9_500_000_000 + number)
        writer.write(frame(b"", fin=False))
        block = frame(b"", opcode=0, fin=False) * 1_000
        while time.monotonic() < end:
            writer.write(block)
            sent += 1_000
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(writer.drain(), max(0.01, end - time.monotonic()))
        writer.transport.abort()

    await asyncio.gather(*(one(number) for number in range(20)), return_exceptions=True)
    return f"{sent} fragments sent"


async def compression_bomb(server, options):
    """A gigabyte of zeros in one message, if the server offers to unpack it (RFC 7692)."""
    extra = "Sec-WebSocket-Extensions: permessage-deflate\r\n"
    _, writer, head = await session(server.port, 9_200_000_000, extra=extra)
    writer.transport.abort()
    if "permessage-deflate" not in head.lower():
        return None
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = b"".join(packer.compress(bytes(1 << 20)) for _ in range(1 << 10)) + packer.flush(zlib.Z_SYNC_FLUSH)
    return await in_session(lambda: frame(packed[:-4], rsv1=True), extra)(server, options)


async def one_mobile(server, options):
    """1,000 sessions of one mobile, which get each a message that is sent to it."""
    end = time.monotonic() + options.seconds
    mobile = 9_600_000_000
    results = await asyncio.gather(*(session(server.port, mobile) for _ in range(1_000)), return_exceptions=True)
    opened = [result for result in results if not isinstance(result, BaseException)]
    admitted = sum(" 101 " in head for _, _, head in opened)
    _, sender, _ = await session(server.port, mobile + 1)
    count = 0
    while time.monotonic() < end:
        count += 1
        sender.write(message(mobile, "hello", f"s{count}"))
        await asyncio.sleep(0.02)
    for _, writer, _ in opened:
        writer.transport.abort()
    return f"{admitted} admitted, {1_000 - admitted} refused, {count} messages to them"


ATTACKS = {
    "slowloris: only connects": slowloris(b""),
    "slowloris: half a request line": slowloris(b"GET /ws/92", b"0"),
    "slowloris: half its headers": slowloris(b"GET /ws/9200000000 HTTP/1.1\r\nHost: x\r\nX: ", b"x"),
    "slowloris: half a frame header": in_slow_session(b"\x81"),
    "slowloris: half a payload": in_slow_session(b"\x81\xfe\xff\xff\0\0\0\0", b"x"),
    "half-open handshakes": half_open,
    "never reads, 100 write to it": never_reads,
    "frames of one byte a second": in_slow_session(b"", frame(b'{"type":"ping"}')),
    "header bomb": header_bomb,
    "fragment bomb": in_session(fragments),
    "fragments without end": endless_fragments,
    "compression bomb": compression_bomb,
    "1,000 sessions of one mobile": one_mobile,
}


# The stampede: clients with scactl's policy of reconnecting.


async def come_back(port, number, lost_at, tally):
    attempt, least = 0, 0
    while True:
        attempt += 1
        span = max(min(15, 0.25 * 2 ** min(attempt - 1, 10)), least)
        await asyncio.sleep(least + span * random.random())
        least = 0
        try:
            reader, writer, head = await session(port, 9_700_000_000 + number)
        except (OSError, asyncio.IncompleteReadError):
            tally["failed"] += 1
            continue
        if " 101 " in head:
            tally["slowest"] = max(tally["slowest"], time.monotonic() - lost_at)
            return reader, writer
        tally["refused"] += 1
        least = next((int(line[12:]) for line in head.split("\r\n") if line.lower().startswith("retry-after:")), 0)
        writer.transport.abort()


async def stampede(server, options):
    """Everyone is in, the server is killed and starts again, everyone comes back; then presence is looked at."""
    results = []
    for start in range(0, options.clients, 500):
        numbers = range(start, min(start + 500, options.clients))
        results += await asyncio.gather(*(session(server.port, 9_700_000_000 + number) for number in numbers))
    assert all(" 101 " in head for _, _, head in results)
    server.process.kill()
    server.process.wait()
    for _, writer, _ in results:
        writer.transport.abort()
    tally = {"failed": 0, "refused": 0, "slowest": 0.0}
    lost_at = time.monotonic()
    server.start(server.port)
    witnesses = Talkers(server.port, options)
    back = await asyncio.gather(*(come_back(server.port, number, lost_at, tally) for number in range(options.clients)))
    measured = await witnesses.take()
    while not measured["latencies"] and not measured["lost"]:
        await asyncio.sleep(1)
        measured = await witnesses.take()
    reader, writer = back[0]
    expected = {str(9_700_000_000 + number) for number in range(options.clients)}
    expected |= {str(9_100_000_000 + number) for number in range(2 * options.pairs)}
    deadline = time.monotonic() + 20
    online = set()
    while online != expected and time.monotonic() < deadline:
        await asyncio.sleep(0.2)
        writer.write(frame(b'{"type":"get_online_users"}'))
        payload = b""
        while b'"online_users"' not in payload:
            _, payload = await asyncio.wait_for(read_frame(reader), 10)
        online = set(json.loads(payload)["users"])
    witnesses.end()
    for _, one in back:
        one.transport.abort()
    presence = "presence right" if online == expected else f"PRESENCE WRONG: {len(online)} of {len(expected)}"
    remark = (
        f"{options.clients} back after {tally['slowest']:.1f} s, {tally['refused']} refusals, "
        f"{tally['failed']} failed attempts, {presence}"
    )
    return measured, remark, online == expected


# The run.


class Server:
    def __init__(self, options):
        self.options = options
        self.log = open(options.log, "w+")
        self.start(0)

    def start(self, port):
        self.process = subprocess.Popen(
            [self.options.scad, "--port", str(port), "--handshake-timeout", "5s", *self.options.with_option], stderr=subprocess.PIPE, text=True
        )
        line = self.process.stderr.readline()
        assert "listening on" in line, line
        self.port = int(line.split("listening on ws://127.0.0.1:")[1].split()[0])
        # To a file from here on, so that nobody waits for a reader.
        self.copier = subprocess.Popen(["cat"], stdin=self.process.stderr, stdout=self.log)

    def memory(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/statm").read_text().split()
        return int(fields[1]) * os.sysconf("SC_PAGESIZE") / (1 << 20)

    def end(self):
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(10)
        self.process.kill()


def percentile(values, share):
    return values[min(len(values) - 1, int(share * len(values)))] if values else float("nan")


def row(name, measured, remark, memory=None):
    values = measured["latencies"]
    figures = f"{percentile(values, 0.5):8.1f} {percentile(values, 0.99):9.1f} {len(values):7d}"
    resident = f"{memory:6.0f}" if memory is not None else "      "
    print(f"{name:32s} {figures} {measured['lost']:5d} {resident}  {remark}", flush=True)


async def run(options):
    server = Server(options)
    crowd = Talkers(server.port, options)
    is_right = True
    try:
        print(f"{'attack':32s} {'p50 ms':>8s} {'p99 ms':>9s} {'count':>7s} {'lost':>5s} {'MiB':>6s}  what became of it")
        await asyncio.sleep(2)
        await crowd.take()
        for name, attack in {"none": None, **ATTACKS, "none, again": None}.items():
            if options.only and attack and options.only not in name:
                continue
            if attack is None:
                await asyncio.sleep(options.seconds)
                remark = ""
            else:
                remark = await attack(server, options)
                if remark is None:
                    print(f"{name:32s} not offered by this server", flush=True)
                    continue
            measured = await crowd.take()
            is_right = is_right and measured["lost"] == 0 and len(measured["latencies"]) > 0
            row(name, measured, remark, server.memory())
            # Whatever is left of it goes before the next one starts.
            await asyncio.sleep(1)
            await crowd.take()
        crowd.end()
        if not options.only or options.only in "reconnect stampede":
            measured, remark, is_exact = await stampede(server, options)
            is_right = is_right and is_exact
            row("reconnect stampede", measured, remark, server.memory())
    finally:
        crowd.end()
        server.end()
    return is_right


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scad", default="scad", help="the server to attack")
    parser.add_argument("--log", default=os.devnull, help="where its log goes")
    parser.add_argument("--with-option", action="append", default=[], help="an option for it: --with-option=--threads=2")
    parser.add_argument("--seconds", type=float, default=8, help="of each attack (8)")
    parser.add_argument("--pairs", type=int, default=10, help="of talkers (10)")
    parser.add_argument("--period", type=float, default=0.05, help="seconds between a pair's messages (0.05)")
    parser.add_argument("--slow", type=int, default=1_000, help="connections of a slow attack (1000)")
    parser.add_argument("--half-open", type=int, default=10_000, help="half-open handshakes (10000)")
    parser.add_argument("--clients", type=int, default=5_000, help="of the stampede (5000)")
    parser.add_argument("--only", help="attacks whose name has this")
    parser.add_argument("--talkers", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.talkers:
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(talkers(options.talkers, options.pairs, options.period))
        return 0
    files = max(options.half_open, options.clients) + 500
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < files:
        parser.error(f"this takes {files} open files, and {hard} are allowed; raise the limit or ask for fewer")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, files) if soft != resource.RLIM_INFINITY else soft, hard))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    return 0 if asyncio.run(run(options)) else 1


if __name__ == "__main__":
    sys.exit(main())
