"""A client of the base dialect on Python's `websockets`: plays fixed scenes against a server, and compares.

Every frame received is printed, and compared byte for byte wherever the base dialect of docs/protocol.md
fixes the bytes. A scene never waits by the clock: the next frame must be the expected one, and where nothing
may come, the answer to a ping must be the next thing that does.

    python base_client.py ws://127.0.0.1:8080                  against a server that nobody else uses
    python base_client.py ws://… --only heartbeat --heartbeat 1   its --ping-timeout is 1 s
    python base_client.py ws://… --reference                   leaves out what only scad promises
    python base_client.py wss://…                              by the authorities in the file that SSL_CERT_FILE names

Exit status: 0 if everything was as fixed, 1 at the first difference, which is shown.
"""

import argparse
import asyncio
import http.client
import json
import sys
from urllib.parse import urlsplit

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

ALICE, BOB, CAROL, DAVE = "1000000001", "2000000002", "3000000003", "4000000004"
NOBODY = "9999999999"
PATIENCE = 60  # seconds until a frame that must come is missed
SHOWN = 400  # bytes of a frame that the transcript shows, unless --full


class Mismatch(Exception):
    """The server did not say what the base dialect fixes."""


def compact(frame):
    return json.dumps(frame, ensure_ascii=False, separators=(",", ":"))


def online(*mobiles):
    return compact({"type": "online_users", "users": sorted(mobiles)})


def relayed(sender, text):
    return compact({"type": "message", "from": sender, "text": text})


def message(to, text, **more):
    return compact({"type": "message", "to": to, "text": text, **more})


def is_error(frame, code, message_id=None):
    """Whether a frame is an error of this code, in its one spelling; only its sentence is free."""
    try:
        error = json.loads(frame)
        expected = {"type": "error"} | ({"id": message_id} if message_id else {})
        expected |= {"code": code, "message": error["message"]}
    except (ValueError, KeyError, TypeError):
        return False
    return isinstance(error["message"], str) and error["message"] != "" and frame == compact(expected)


class Person:
    """One connection, and what is said over it."""

    def __init__(self, stage, name, mobile):
        self.stage, self.name, self.mobile = stage, name, mobile

    async def join(self, query="", **options):
        url = f"{self.stage.url}/ws/{self.mobile}{query}"
        self.stage.note(f"{self.name} joins as {self.mobile}{query}")
        self.socket = await connect(url, max_size=None, ping_interval=None, open_timeout=PATIENCE, **options)
        return self

    async def say(self, frame, **options):
        self.stage.show(self.name, ">", frame)
        await self.socket.send(frame, **options)

    async def hear(self):
        """The next frame, as text; a binary one is never right."""
        try:
            frame = await asyncio.wait_for(self.socket.recv(), PATIENCE)
        except asyncio.TimeoutError:
            raise Mismatch(f"{self.name} heard nothing within {PATIENCE} s") from None
        except ConnectionClosed as closed:
            raise Mismatch(f"{self.name}'s connection was closed: {closed}") from None
        self.stage.show(self.name, "<", frame)
        if not isinstance(frame, str):
            raise Mismatch(f"{self.name} received a binary frame")
        return frame

    async def expect(self, *frames):
        for expected in frames:
            try:
                heard = await self.hear()
            except Mismatch as problem:
                raise Mismatch(f"{problem}\n  expected: {self.stage.cut(expected)}") from None
            if self.stage.settled(heard) != expected:
                raise Mismatch(
                    f"{self.name} received another frame\n  expected: {self.stage.cut(expected)}"
                    f"\n  received: {self.stage.cut(heard)}"
                )

    async def expect_error(self, code, message_id=None):
        expected = f"an error {code}" + (f" with the id {message_id}" if message_id else "")
        try:
            heard = await self.hear()
        except Mismatch as problem:
            raise Mismatch(f"{problem}\n  expected: {expected}") from None
        if not is_error(heard, code, message_id):
            raise Mismatch(f"{self.name} received another frame\n  expected: {expected}\n  received: {self.stage.cut(heard)}")

    async def expect_nothing(self):
        await self.say('{"type":"ping"}')
        await self.expect('{"type":"pong"}')

    async def leave(self, code=1000):
        self.stage.note(f"{self.name} leaves")
        await self.socket.close(code)
        check(self.socket.close_code, code, f"the close code that {self.name} gets back")

    async def expect_close(self, code):
        try:
            while True:
                self.stage.show(self.name, "<", await asyncio.wait_for(self.socket.recv(), PATIENCE))
        except ConnectionClosed:
            self.stage.note(f"{self.name} is closed with {self.socket.close_code} {self.socket.close_reason!r}")
            check(self.socket.close_code, code, f"the code that {self.name} is closed with")


def check(found, expected, what):
    if found != expected:
        raise Mismatch(f"{what}\n  expected: {expected!r}\n  received: {found!r}")


class Stage:
    """The server under test, and the transcript."""

    def __init__(self, options):
        self.url = options.url.rstrip("/")
        self.reference, self.full, self.heartbeat = options.reference, options.full, options.heartbeat
        parts = urlsplit(self.url)
        self.host, self.port, self.is_secure = parts.hostname, parts.port, parts.scheme == "wss"

    def person(self, name, mobile):
        return Person(self, name, mobile)

    def note(self, line):
        print(f"# {line}", flush=True)

    def show(self, name, direction, frame):
        print(f"{name} {direction} {self.cut(frame)}", flush=True)

    def cut(self, frame):
        if not isinstance(frame, str):
            frame = repr(frame)
        size = len(frame.encode(errors="surrogatepass"))
        return frame if self.full or size <= SHOWN else f"{frame[: SHOWN // 4]}… ({size} bytes)"

    def settled(self, frame):
        """A base server may list users in any order; scad sorts them."""
        if self.reference and frame.startswith('{"type":"online_users"'):
            return online(*json.loads(frame)["users"])
        return frame

    def get(self, path, headers=None):
        """A plain HTTP request: status, content type, body."""
        kind = http.client.HTTPSConnection if self.is_secure else http.client.HTTPConnection
        connection = kind(self.host, self.port, timeout=PATIENCE)
        try:
            connection.request("GET", path, headers=headers or {})
            answer = connection.getresponse()
            body = answer.read().decode()
            print(f"GET {path}\n< {answer.status} {body}", flush=True)
            return answer.status, answer.getheader("content-type", ""), body
        finally:
            connection.close()

    async def health(self, connections):
        """Asks until the count is right: the end of a connection is no frame that one could wait for."""
        expected = compact({"status": "ok", "connections": connections})
        for _ in range(PATIENCE * 20):
            status, kind, body = await asyncio.to_thread(self.get, "/health")
            check((status, kind.split(";")[0]), (200, "application/json"), "the status and type of /health")
            if body == expected:
                return
            check(sorted(json.loads(body)), ["connections", "status"], "the keys of /health")
            await asyncio.sleep(0.05)
        raise Mismatch(f"/health\n  expected: {expected}\n  received: {body}")


# Scenes. Each starts and ends with nobody connected.


async def presence(stage):
    """Joins and leaves are told to everyone, the newcomer included; asking gives the same list."""
    await stage.health(0)
    alice = await stage.person("alice", ALICE).join()
    await alice.expect(online(ALICE))
    check(alice.socket.subprotocol, None, "the subprotocol, which nobody offered")
    await stage.health(1)
    bob = await stage.person("bob", BOB).join()
    await alice.expect(online(ALICE, BOB))
    await bob.expect(online(ALICE, BOB))
    await stage.health(2)
    await bob.say('{"type":"get_online_users"}')
    await bob.expect(online(ALICE, BOB))
    await alice.expect_nothing()
    carol = await stage.person("carol", CAROL).join()
    for person in (alice, bob, carol):
        await person.expect(online(ALICE, BOB, CAROL))
    await bob.leave()
    await alice.expect(online(ALICE, CAROL))
    await carol.expect(online(ALICE, CAROL))
    stage.note("carol's connection breaks without a word")
    carol.socket.transport.abort()
    await alice.expect(online(ALICE))
    bob = await stage.person("bob", BOB).join()
    await alice.expect(online(ALICE, BOB))
    await bob.expect(online(ALICE, BOB))
    await alice.leave()
    await bob.expect(online(BOB))
    await bob.leave()
    await stage.health(0)


async def heartbeats(stage):
    """`ping` is answered by `pong`, a WebSocket ping by a WebSocket pong."""
    alice = await stage.person("alice", ALICE).join()
    await alice.expect(online(ALICE))
    for _ in range(3):
        await alice.say('{"type":"ping"}')
        await alice.expect('{"type":"pong"}')
    stage.note("alice sends WebSocket pings: empty, of 125 bytes, and one that nobody asked to be answered")
    for payload in (b"", b"x" * 125):
        await asyncio.wait_for(await alice.socket.ping(payload), PATIENCE)
    await alice.socket.pong(b"unasked")
    await alice.expect_nothing()
    await alice.leave()


TEXTS = [
    "Hello!", "", " ", "😀 👨‍👩‍👧 नमस्ते سلام 你好", 'a "quoted" word', "back\\slash and \\n, \\u0041 as they are",
    "two\nlines\r\n\tand a tab", "\b\f\u007f\u0080", "</script>/", "{}[]:,", "a\u0301\u0323 e\u0301 \u2028\u2029\ufeff",
    "\ud7ff\ue000\uffff\U00010000\U0010ffff", "x" * 65536, "😀" * 16384,
]  # fmt: skip


async def messages(stage):
    """A message is relayed to who is online, with exactly these keys, and to nobody else."""
    alice = await stage.person("alice", ALICE).join()
    await alice.expect(online(ALICE))
    bob = await stage.person("bob", BOB).join()
    for person in (alice, bob):
        await person.expect(online(ALICE, BOB))
    for text in TEXTS:
        await alice.say(message(BOB, text))
        await bob.expect(relayed(ALICE, text))
    await bob.say(message(ALICE, "and back"))
    await alice.expect(relayed(BOB, "and back"))
    stage.note("a message to somebody who is not there: nothing comes of it")
    await alice.say(message(NOBODY, "hello?"))
    await alice.expect_nothing()
    await bob.expect_nothing()
    stage.note("a message to oneself")
    await alice.say(message(ALICE, "note to self"))
    await alice.expect(relayed(ALICE, "note to self"))
    stage.note("blanks, another order of keys, keys that nobody knows")
    await alice.say(' { "text" : "x" ,\n"to":"%s","x":[{"y":1e999}] , "type":"message"}\r\n' % BOB)
    await bob.expect(relayed(ALICE, "x"))
    stage.note("a message in fragments, cut inside a character's bytes too")
    whole = message(BOB, "frag😀ment").encode()
    await alice.socket.send([whole[:7], whole[7:-12], whole[-12:]], text=True)
    await bob.expect(relayed(ALICE, "frag😀ment"))
    stage.note("five hundred messages in a row keep their order")
    for number in range(500):
        await alice.socket.send(message(BOB, f"line {number}"))
    for number in range(500):
        await bob.expect(relayed(ALICE, f"line {number}"))
    await alice.expect_nothing()
    await alice.leave()
    await bob.expect(online(BOB))
    await bob.leave()


REFUSED = [
    ("not json", "invalid_frame"), ("", "invalid_frame"), ("null", "invalid_frame"), ('["ping"]', "invalid_frame"),
    ('{"type":"ping"', "invalid_frame"), ('{"type":"ping"}x', "invalid_frame"), ('{"type":"\\ud83d"}', "invalid_frame"),
    ("{}", "invalid_frame"), ('{"type":7}', "invalid_frame"), ('{"type":"dance"}', "unknown_type"),
    ('{"type":"pong"}', "unknown_type"), (message(BOB, 7), "invalid_frame"), (message(7, "x"), "invalid_frame"),
    ('{"type":"message","to":"%s"}' % BOB, "invalid_frame"), ('{"type":"message","text":"x"}', "invalid_frame"),
    (message("", "x"), "invalid_mobile"), (message("123", "x"), "invalid_mobile"), (message("+" + BOB, "x"), "invalid_mobile"),
    (message("1" * 33, "x"), "invalid_mobile"), (message(BOB, "x" * 65537), "too_large"),
    (message(BOB, "😀" * 16384 + "x"), "too_large"), ("[" * 100_000, "invalid_frame"),
]  # fmt: skip


async def bad_input(stage):
    """scad: bad input is answered by an error and nothing else; the connection lives on."""
    alice = await stage.person("alice", ALICE).join()
    await alice.expect(online(ALICE))
    bob = await stage.person("bob", BOB).join()
    for person in (alice, bob):
        await person.expect(online(ALICE, BOB))
    for frame, code in REFUSED:
        await alice.say(frame)
        await alice.expect_error(code)
    stage.note("a binary frame is bad input, whatever is in it")
    await alice.say(b'{"type":"ping"}')
    await alice.expect_error("invalid_frame")
    await alice.say(b"\xff\x00")
    await alice.expect_error("invalid_frame")
    await alice.expect_nothing()
    await bob.expect_nothing()
    await alice.say(message(BOB, "still here"))
    await bob.expect(relayed(ALICE, "still here"))
    stage.note("escapes are relayed as they were sent")
    await alice.say('{"type":"message","to":"%s","text":"\\u0041\\/\\ud83d\\ude00\\u0000"}' % BOB)
    await bob.expect('{"type":"message","from":"%s","text":"\\u0041\\/\\ud83d\\ude00\\u0000"}' % ALICE)
    await alice.leave()
    await bob.expect(online(BOB))
    await bob.leave()


async def violations(stage):
    """scad: what breaks WebSocket, or is over the hard limit, closes that connection and no other."""
    alice = await stage.person("alice", ALICE).join()
    await alice.expect(online(ALICE))

    async def guest():
        dave = await stage.person("dave", DAVE).join()
        for person in (alice, dave):
            await person.expect(online(ALICE, DAVE))
        return dave

    dave = await guest()
    await dave.say("x" * (2 * 65536 + 1024 + 1))
    await dave.expect_close(1009)
    await alice.expect(online(ALICE))
    dave = await guest()
    stage.note("the same in fragments, none of them too big")
    await dave.socket.send(["x" * 60_000] * 3)
    await dave.expect_close(1009)
    await alice.expect(online(ALICE))
    dave = await guest()
    await dave.say(b'{"type":"\xff"}', text=True)
    await dave.expect_close(1007)
    await alice.expect(online(ALICE))
    await alice.expect_nothing()
    await alice.leave()


async def sessions(stage):
    """scad: a mobile may be there twice, and is listed once; it goes with its last session."""
    alice = await stage.person("alice", ALICE).join()
    await alice.expect(online(ALICE))
    phone = await stage.person("bob's phone", BOB).join()
    for person in (alice, phone):
        await person.expect(online(ALICE, BOB))
    laptop = await stage.person("bob's laptop", BOB).join()
    await laptop.expect(online(ALICE, BOB))
    await stage.health(3)
    await alice.say(message(BOB, "to both"))
    for person in (phone, laptop):
        await person.expect(relayed(ALICE, "to both"))
    await phone.leave()
    await stage.health(2)
    await alice.expect_nothing()
    await alice.say(message(BOB, "to the one that is left"))
    await laptop.expect(relayed(ALICE, "to the one that is left"))
    await laptop.leave()
    await alice.expect(online(ALICE))
    await alice.leave()


async def ids(stage):
    """scad: an `id` asks for exactly one answer, in the base dialect too; the recipient sees no `id`."""
    alice = await stage.person("alice", ALICE).join()
    await alice.expect(online(ALICE))
    bob = await stage.person("bob", BOB).join()
    for person in (alice, bob):
        await person.expect(online(ALICE, BOB))
    await alice.say(message(BOB, "with an id", id="a-1"))
    await alice.expect('{"type":"ack","id":"a-1","to":"%s","sessions":1,"receipts":0}' % BOB)
    await bob.expect(relayed(ALICE, "with an id"))
    await alice.say(message(NOBODY, "hello?", id="a-2"))
    await alice.expect_error("recipient_offline", "a-2")
    await alice.say(message("123", "hello?", id="a-3"))
    await alice.expect_error("invalid_mobile", "a-3")
    await alice.say(message(BOB, "x" * 65537, id="a-4"))
    await alice.expect_error("too_large", "a-4")
    await alice.expect_nothing()
    await bob.expect_nothing()
    await alice.leave()
    await bob.expect(online(BOB))
    await bob.leave()


async def upgrades(stage):
    """What is no mobile is refused before the upgrade: 400 and JSON. An unknown path is 404."""
    refused = ["1", "987654321", "98765432a0", "+9876543210", "%20987654321", "9876543210%0A", "-9876543210",
               "9876543210.", "%E0%A5%AF" * 10, "%D9%A3" * 10]  # fmt: skip
    if not stage.reference:
        refused += ["1" * 33, "1" * 1000]
    for mobile in refused:
        try:
            await connect(f"{stage.url}/ws/{mobile}")
        except InvalidStatus as refusal:
            answer = refusal.response
        else:
            raise Mismatch(f"/ws/{mobile} was let in")
        body = answer.body.decode()
        print(f"UPGRADE /ws/{stage.cut(mobile)}\n< {answer.status_code} {body}", flush=True)
        check(answer.status_code, 400, f"the status for /ws/{mobile}")
        check(answer.headers["content-type"].split(";")[0], "application/json", "the type of its body")
        sentence = json.loads(body).get("error", {}).get("message")
        check(isinstance(sentence, str) and sentence != "", True, "a sentence in its body")
        check(body, compact({"error": {"code": "invalid_mobile", "message": sentence}}), "its body")
    status, _, _ = await asyncio.to_thread(stage.get, "/nothing-here")
    check(status, 404, "the status of a path that is not there")
    for mobile in ("0000000000", "1" * 32):
        person = await stage.person("somebody", mobile).join()
        await person.expect(online(mobile))
        await person.leave()
        await stage.health(0)
    stage.note("a client that offers another subprotocol gets none, and the base dialect")
    alice = await stage.person("alice", ALICE).join(subprotocols=["chat", "mqtt"])
    check(alice.socket.subprotocol, None, "the subprotocol")
    await alice.expect(online(ALICE))
    await alice.leave()


async def heartbeat(stage):
    """With a short ping timeout: who pings stays, who is silent is closed, and the others are told."""
    alice = await stage.person("alice", ALICE).join()
    await alice.expect(online(ALICE))
    bob = await stage.person("bob", BOB).join()
    for person in (alice, bob):
        await person.expect(online(ALICE, BOB))

    async def keep_alive():
        while True:
            await asyncio.sleep(stage.heartbeat / 4)
            await alice.socket.send('{"type":"ping"}')

    beating = asyncio.create_task(keep_alive())
    try:
        await bob.expect_close(1000 if stage.reference else 4000)
        heard = await alice.hear()
        while heard == '{"type":"pong"}':
            heard = await alice.hear()
        check(heard, online(ALICE), "what alice is told when bob is gone")
    finally:
        beating.cancel()
    await alice.leave()
    await stage.health(0)


SCENES = {scene.__name__: scene for scene in (presence, heartbeats, messages, upgrades, bad_input, violations, sessions, ids)}
ONLY_SCAD = {"bad_input", "violations", "sessions", "ids"}


async def play(stage, names):
    for name in names:
        scene = heartbeat if name == "heartbeat" else SCENES[name]
        print(f"\n## {name}: {scene.__doc__.splitlines()[0]}", flush=True)
        await stage.health(0)
        await scene(stage)
    await stage.health(0)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url", help="ws://host:port, without a path")
    parser.add_argument("--reference", action="store_true", help="leave out what only scad promises")
    parser.add_argument("--only", action="append", choices=[*SCENES, "heartbeat"], help="a scene to play; may be repeated")
    parser.add_argument("--heartbeat", type=float, default=1, help="the server's ping timeout in seconds, for that scene")
    parser.add_argument("--full", action="store_true", help="print long frames whole")
    options = parser.parse_args()
    names = options.only or [name for name in SCENES if not (options.reference and name in ONLY_SCAD)]
    try:
        asyncio.run(play(Stage(options), names))
    except (Mismatch, ConnectionClosed, OSError, InvalidStatus) as problem:
        print(f"\nMISMATCH: {problem}", flush=True)
        return 1
    print(f"\nOK: {', '.join(names)}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
