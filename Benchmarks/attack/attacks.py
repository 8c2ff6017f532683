"""The attacks. Each is a function of a `Share`, its part of an attack that several processes make together, and counts in the
share's tally what it achieved; it ends by itself. `python3 attacks.py NAME JSON` runs one share and prints its tally.
"""

import asyncio
import contextlib
import json
import random
import socket
import struct
import sys
import threading
import time
import zlib
from collections import Counter

from wire import PING, Connection, client_hello, frame, message, upgrade


class Share:
    def __init__(self, port, index, of, seconds, size):
        self.port, self.index, self.of, self.seconds = port, index, of, seconds
        #: How many connections or sessions the whole attack has; this share has `mine` of them.
        self.size = size
        self.mine = size // of + (index < size % of)
        self.first = sum(size // of + (before < size % of) for before in range(index))
        self.end = time.monotonic() + seconds
        self.counts, self.answers, self.errors = Counter(), Counter(), Counter()

    @property
    def is_over(self):
        return time.monotonic() >= self.end

    def tally(self):
        return {"counts": self.counts, "answers": self.answers, "errors": self.errors}

    def crowd(self, count, body):
        """Runs the body in so many threads, with a number each; what stops one of them is counted and stops no other."""

        def guarded(number):
            try:
                body(number)
            except Exception as error:
                self.errors[type(error).__name__] += 1

        threads = [threading.Thread(target=guarded, args=(number,)) for number in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def again_and_again(self, attack, threads=6, most=8_000):
        """So many threads, each as often as it can within the time, so many times at the most. The attack returns its answer."""

        def body(_):
            while not self.is_over and self.counts["times"] < most:
                self.counts["times"] += 1
                try:
                    self.answers[attack()] += 1
                except ConnectionError:
                    self.answers["reset"] += 1
                except (EOFError, TimeoutError) as error:
                    self.answers["end" if isinstance(error, EOFError) else "nothing"] += 1

        self.crowd(threads, body)


# Many connections that do little.


class Held(asyncio.Protocol):
    """A connection that is held open, and opened again when the server has closed it."""

    def __init__(self, share, first):
        self.share, self.first, self.is_open, self.has_answer = share, first, False, False

    def connection_made(self, transport):
        self.transport, self.is_open = transport, True
        linger = struct.pack("ii", 1, 0)
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.share.counts["connections"] += 1
        self.write(self.first)

    def write(self, data):
        self.share.counts["bytes"] += len(data)
        self.transport.write(data)

    def data_received(self, data):
        if not self.has_answer:
            self.has_answer = True
            self.share.answers[data[9:12].decode() if data.startswith(b"HTTP/1.1 ") else "bytes"] += 1

    def connection_lost(self, error):
        if self.is_open and not self.share.is_over:
            self.share.counts["closed by the server"] += 1
        self.is_open = False


async def hold(share, first, drip=b""):
    """Connections that send what `first` gives for their number, and then a byte of `drip` a second."""
    loop = asyncio.get_running_loop()
    held = [None] * share.mine

    async def open_one(index):
        try:
            _, held[index] = await loop.create_connection(
                lambda: Held(share, first(share.first + index)), "127.0.0.1", share.port
            )
        except OSError as error:
            share.errors[type(error).__name__] += 1

    position = 0
    while not share.is_over:
        next_second = time.monotonic() + 1
        missing = [index for index, one in enumerate(held) if one is None or not one.is_open]
        for start in range(0, len(missing), 100):
            await asyncio.gather(*(open_one(index) for index in missing[start : start + 100]))
        open_now = sum(one is not None and one.is_open for one in held)
        share.counts["at once"] = max(share.counts["at once"], open_now)
        for one in held if drip and position else []:
            if one and one.is_open:
                one.write(drip[(position - 1) % len(drip)].to_bytes(1, "big"))
        position += 1
        await asyncio.sleep(max(0, min(next_second, share.end) - time.monotonic()))
    for one in held:
        if one and one.is_open:
            one.transport.abort()


def slowly(first, drip=b""):
    return lambda share: asyncio.run(hold(share, lambda _: first, drip))


def slowly_in_session(first, drip=b""):
    return lambda share: asyncio.run(hold(share, lambda number: upgrade(9_200_000_000 + number) + first, drip))


def half_client_hello(share):
    hello = client_hello()
    middle = len(hello) // 2
    asyncio.run(hold(share, lambda _: hello[:middle], hello[middle:]))


def half_open_tls(share):
    """All of a ClientHello, so that the server has done its part of the handshake, and nothing more."""
    hello = client_hello()
    asyncio.run(hold(share, lambda _: hello))


# Sessions that do much.


def never_reads(share):
    """A session that reads nothing, and many that write to it, each as fast as it is answered."""
    victim = 9_300_000_000
    text = "x" * 30_000
    silent = Connection(share.port, receive_buffer=4_096) if share.index == 0 else None
    if silent:
        share.answers[silent.open(victim)] += 1

    def write(number):
        with Connection(share.port) as writer:
            assert writer.open(victim + 1 + share.first + number) == "101"
            share.counts["connections"] += 1
            while not share.is_over:
                share.counts["messages"] += 1
                data = message(victim, text, f"n{share.counts['messages']}")
                share.counts["bytes"] += len(data)
                writer.send(data)
                payload = b""
                while b'"ack"' not in payload and b'"error"' not in payload:
                    payload = writer.read_frame()[1]
                share.answers["ack" if b'"ack"' in payload else json.loads(payload)["code"]] += 1

    share.crowd(share.mine, write)
    if silent:
        # The other processes may end a little later.
        time.sleep(1)
        silent.socket.close()


def pour(share, connection, block, unit):
    """Sends a block over and over, as fast as it is taken, and counts the units that went."""
    view, position, sent = memoryview(block), 0, 0
    connection.socket.settimeout(0.2)
    while not share.is_over:
        with contextlib.suppress(TimeoutError):
            count = connection.socket.send(view[position:])
            position, sent = (position + count) % len(block), sent + count
    share.counts["bytes"] += sent
    share.counts["frames"] += sent // unit


def flood(unit, extra="", start=b""):
    """Sessions that send the same frame as fast as it is taken, and read all answers."""

    def attack(share):
        def body(number):
            mobile = 9_400_000_000 + share.first + number
            one = unit(mobile)
            with Connection(share.port) as connection:
                assert connection.open(mobile, extra=extra) == "101"
                if extra:
                    assert "permessage-deflate" in connection.head.lower(), connection.head
                share.counts["connections"] += 1
                connection.send(start)

                def drain():
                    with contextlib.suppress(OSError):
                        while not share.is_over:
                            with contextlib.suppress(TimeoutError):
                                share.counts["bytes of answers"] += len(connection.socket.recv(1 << 18))

                reader = threading.Thread(target=drain)
                reader.start()
                pour(share, connection, one * max(1, (1 << 16) // len(one)), len(one))
                reader.join()

        share.crowd(share.mine, body)

    return attack


def bomb(data, extra=""):
    """A session, a message that is too much, and the close code that answers it; again and again."""

    def attack(share):
        payload = data()

        def once():
            with Connection(share.port) as connection:
                assert connection.open(random.randrange(9_500_000_000, 9_599_999_999), extra=extra) == "101"
                if extra:
                    assert "permessage-deflate" in connection.head.lower(), connection.head
                connection.send(payload)
                share.counts["bytes"] += len(payload)
                while True:
                    opcode, body = connection.read_frame()
                    if opcode == 8:
                        return f"close {int.from_bytes(body[:2], 'big')}"

        share.again_and_again(once)

    return attack


def fragments():
    """A message of 200,000 bytes in as many fragments; the limit is 129 KiB."""
    return frame(b"x", fin=False) + frame(b"x", opcode=0, fin=False) * 199_999


def deflated(size):
    """So many zeros as a compressed text frame (RFC 7692, section 7.2.1), with a window that the server allows."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -12)
    piece = min(1 << 20, size)
    # A full flush forgets what was before, so one piece can stand any number of times.
    packed = packer.compress(bytes(piece)) + packer.flush(zlib.Z_FULL_FLUSH)
    return frame((packed * (size // piece))[:-4], rsv1=True)


OFFER = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"


def header_bomb(share):
    head = b"GET /ws/9200000000 HTTP/1.1\r\n" + b"X: y\r\n" * 20_000

    def once():
        with Connection(share.port) as connection:
            connection.send(head)
            share.counts["bytes"] += len(head)
            return connection.read_head()[9:12]

    share.again_and_again(once)


def one_mobile(share):
    """Sessions of one mobile that knock again when they are refused, and one that writes to it as fast as it is answered."""
    mobile = 9_600_000_000

    def write():
        with Connection(share.port) as writer:
            assert writer.open(mobile + 1) == "101"
            while not share.is_over:
                share.counts["messages"] += 1
                writer.send(message(mobile, "hello", f"s{share.counts['messages']}"))
                payload = b""
                while b'"ack"' not in payload and b'"error"' not in payload:
                    payload = writer.read_frame()[1]
                share.counts["taken"] += b'"ack"' in payload

    async def run():
        await hold(share, lambda _: upgrade(mobile))

    def guarded():
        try:
            write()
        except Exception as error:
            share.errors[type(error).__name__] += 1

    thread = threading.Thread(target=guarded if share.index == 0 else lambda: None)
    thread.start()
    asyncio.run(run())
    thread.join()


# The stampede: clients with scactl's policy of reconnecting.


async def come_back(share, number, tally):
    attempt, least, lost_at = 0, 0, time.monotonic()
    while not share.is_over:
        attempt += 1
        span = max(min(15, 0.25 * 2 ** min(attempt - 1, 10)), least)
        await asyncio.sleep(least + span * random.random())
        least = 0
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", share.port)
            writer.write(upgrade(9_700_000_000 + number))
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
        except (OSError, EOFError):
            share.counts["failed attempts"] += 1
            continue
        share.answers[head[9:12]] += 1
        if head[9:12] == "101":
            tally["slowest"] = max(tally["slowest"], time.monotonic() - lost_at)
            return reader, writer
        least = next((int(line[12:]) for line in head.split("\r\n") if line.lower().startswith("retry-after:")), 0)
        writer.transport.abort()


async def stampede_share(share):
    """Opens its sessions and says so; when the server is gone all come back; says so, and leaves when stdin ends."""
    loop = asyncio.get_running_loop()
    opened = []
    for start in range(0, share.mine, 100):
        numbers = range(share.first + start, share.first + min(start + 100, share.mine))
        opened += await asyncio.gather(
            *(loop.create_connection(lambda n=n: Held(share, upgrade(9_700_000_000 + n)), "127.0.0.1", share.port)
              for n in numbers)
        )
    while share.answers["101"] < share.mine:
        await asyncio.sleep(0.05)
    print("ready", flush=True)
    while any(one.is_open for _, one in opened):
        await asyncio.sleep(0.02)
    share.answers.clear()
    tally = {"slowest": 0.0}
    share.end = time.monotonic() + 60
    back = await asyncio.gather(*(come_back(share, share.first + one, tally) for one in range(share.mine)))
    share.counts["back"] = sum(one is not None for one in back)
    share.counts["slowest, ms"] = int(1e3 * tally["slowest"])
    share.counts["closed by the server"] = 0
    print(json.dumps(share.tally()), flush=True)
    await asyncio.to_thread(sys.stdin.readline)


def stampede(share):
    asyncio.run(stampede_share(share))


ATTACKS = {
    "slowloris-connect": slowly(b""),
    "slowloris-request": slowly(b"GET /ws/92", b"0"),
    "slowloris-headers": slowly(b"GET /ws/9200000000 HTTP/1.1\r\nHost: x\r\nX: ", b"x"),
    "slowloris-tls": half_client_hello,
    "slowloris-frame-header": slowly_in_session(b"\x81"),
    "slowloris-payload": slowly_in_session(b"\x81\xfe\xff\xff\0\0\0\0", b"x"),
    "half-open-http": slowly(b"GET /ws/9200000000 HTTP/1.1\r\nHost: x\r\n"),
    "half-open-tls": half_open_tls,
    "never-reads": never_reads,
    "byte-a-second": slowly_in_session(b"", PING),
    "header-bomb": header_bomb,
    "fragment-bomb": bomb(fragments),
    "session-churn": bomb(lambda: b"\x81\0"),
    "fragments-without-end": flood(lambda _: frame(b"", opcode=0, fin=False), start=frame(b"", fin=False)),
    "compression-bomb": bomb(lambda: deflated(100 << 20), OFFER),
    "compression-flood": flood(lambda _: deflated(128 << 10), OFFER),
    "one-mobile": one_mobile,
    "flood-one": flood(lambda mobile: message(mobile, "hello", "f1")),
    "flood-many": flood(lambda _: PING),
    "stampede": stampede,
}


if __name__ == "__main__":
    share = Share(**json.loads(sys.argv[2]))
    ATTACKS[sys.argv[1]](share)
    if sys.argv[1] != "stampede":
        print(json.dumps(share.tally()), flush=True)
