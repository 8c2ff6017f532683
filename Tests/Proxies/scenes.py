"""What is played behind each proxy. A scene has the stage, starts the sites that it wants, and raises Trouble."""

import asyncio
import collections
import json
import pathlib
import time

from house import ASHA, MINA, ONE, RAVI, THREE, TWO, Person, Site
from proxies import PATIENCE, Caddy, Nginx, eventually
from trouble import Trouble
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

BASE_CLIENT = pathlib.Path(__file__).resolve().parents[1] / "Interop/base_client.py"


def check(found, expected, what):
    if found != expected:
        raise Trouble(f"{what}: expected {expected!r}, found {found!r}")


def same(found, expected, what):
    """Each text once, in whatever order: one that was tried again may come after those behind it."""
    lost = sorted(set(expected) - set(found))
    more = sorted(text for text, count in collections.Counter(found).items() if count > 1 or text not in expected)
    if lost or more:
        raise Trouble(f"{what}: of {len(expected)}, lost are {lost[:5]}, too many are {more[:5]}")


async def talk(stage, kind):
    """TLS, /health, the upgrade; scactl in both directions; the base dialect's client, all of its scenes."""
    async with Site(stage, kind) as site:
        health = await site.get("/health")
        check((health.status, health.body), (200, '{"status":"ok","connections":0}'), "/health")
        check((await site.get("/nothing-here")).status, 404, "a path that is not there")
        asha, ravi = Person(site, ASHA), Person(site, RAVI)
        status, rows = await asha.run("health")
        check((status, rows[0]["server"]), (0, site.url), "scactl health")
        for sender, receiver in [(asha, ravi), (ravi, asha)]:
            listener = await receiver.start("listen", "-n", "1", "--timeout", str(PATIENCE))
            await sender.online(receiver.mobile)
            status, rows = await sender.run("send", "--to", receiver.mobile, "see you at noon")
            check((status, rows[0]["status"]), (0, "stored"), "a message")
            output, _ = await listener.communicate()
            check(json.loads(output)["text"], "see you at noon", "what arrives")
        await eventually_gone(site)
        await base_client(stage, site)


async def eventually_gone(site):
    for _ in range(PATIENCE * 10):
        if json.loads((await site.get("/health")).body)["connections"] == 0:
            return
        await asyncio.sleep(0.1)
    raise Trouble("sessions that were closed are still counted")


async def base_client(stage, site):
    process = await asyncio.create_subprocess_exec(
        stage.python,
        BASE_CLIENT,
        site.url,
        env={"SSL_CERT_FILE": str(site.pair.authority), "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await asyncio.wait_for(process.communicate(), 2 * PATIENCE)
    if process.returncode != 0:
        raise Trouble("the base dialect's client: " + "\n".join(said.decode().splitlines()[-12:]))


async def addresses(stage, kind):
    """Limits count by the client's address, and no header that a client writes changes that."""
    options = ["--limit-loopback", "--max-connections-per-address", "2", "--connect-rate-per-address", "0"]
    async with Site(stage, kind, *options) as site:
        forged = [{name: value} for name in ("X-Forwarded-For", "X-Real-IP", "Forwarded") for value in (TWO, f"for={TWO}")]
        sessions = [await site.session(ASHA, ONE), await site.session(RAVI, ONE)]
        for headers in [{}, *forged, {"X-Forwarded-For": f"{TWO}, {THREE}, 127.0.0.1"}]:
            answer = await site.refusal(ASHA, ONE, additional_headers=headers)
            check((answer.status, answer.error["code"]), (429, "rate_limited"), f"a third session of one address, with {headers}")
            check(int(answer.headers["retry-after"]) > 0, True, "when to come back")
        # Nobody is counted for whom somebody else has named, and who is not at a limit is let in.
        sessions.append(await site.session(ASHA, TWO, additional_headers={"X-Forwarded-For": ONE}))
        sessions.append(await site.session(ASHA, TWO))
        check((await site.refusal(ASHA, TWO)).status, 429, "a third session of the other")
        # Past the proxy, from an address that is not trusted: the header is nobody's word.
        for _ in range(2):
            sessions.append(await site.session(ASHA, THREE, direct=True, additional_headers={"X-Forwarded-For": "127.0.0.99"}))
        answer = await site.refusal(ASHA, THREE, direct=True, additional_headers={"X-Forwarded-For": "127.0.0.98"})
        check(answer.status, 429, "a third session past the proxy")
        for session in sessions:
            await session.close()
        for _ in range(PATIENCE * 10):
            try:
                await (await site.session(ASHA, ONE)).close()
                return
            except Exception as refused:
                if getattr(getattr(refused, "response", None), "status_code", 0) != 429:
                    raise
            await asyncio.sleep(0.1)
        raise Trouble("an address whose sessions are closed is still at its limit")


async def refusals(stage, kind):
    """401, 403, 503 and 400 come through with their bodies; a server that is away is said in words."""
    async with Site(stage, kind, "--max-sessions", "1") as site:
        asha = Person(site, ASHA)
        answer = await site.refusal(ASHA, origin="https://elsewhere.example")
        check((answer.status, answer.error["code"]), (403, "unauthorized"), "a page from elsewhere")
        session = await site.session(ASHA, origin=f"https://127.0.0.1:{site.proxy.port}")
        answer = await site.refusal(RAVI)
        check((answer.status, answer.error["code"], "retry-after" in answer.headers), (503, "rate_limited", True), "one too many")
        check((await site.refusal("123")).error["code"], "invalid_mobile", "what is no mobile")
        await session.close()
        await eventually_gone(site)
        await site.stop_scad()
        check((await site.refusal(ASHA)).status in (502, 503), True, "a session with nobody behind the proxy")
        status, rows = await asha.run("health")
        check((status, asha.error()["code"]), (69, "unreachable"), f"nobody behind the proxy: {rows} {asha.said()}")
    key = stage.new_folder(kind.name) / "sca-token.jwk"
    await stage.call("scad", "token", "keygen", "--key", key)
    async with Site(stage, kind, "--auth", "token", "--token-key", f"{key}.pub") as site:
        answer = await site.refusal(ASHA)
        check((answer.status, answer.error["code"]), (401, "unauthorized"), "nobody's token")
        check(answer.headers["www-authenticate"], "Bearer", "what is wanted")
        asha = Person(site, ASHA)
        status, _ = await asha.run("send", "--to", RAVI, "x")
        check((status, asha.error()["code"]), (77, "unauthorized"), "scactl without a token")
        token = (await stage.call("scad", "token", "issue", "--key", key, "--mobile", ASHA)).strip()
        await (await site.session(ASHA, additional_headers={"Authorization": f"Bearer {token}"})).close()


# Seconds: the proxies' timeout, in place of 90; the server's, in place of 60, so that scactl pings each 2 s.
IDLE, PING = 6, 6


async def idle(stage, kind):
    """Who is silent is cut off by the proxy; a heartbeat keeps a session that says nothing, three times as long and for ever."""
    # The server looks for silent sessions so seldom (at multiples of it since boot) that whatever is cut off here, the proxy has.
    options = ["--ping-timeout", f"{PING}s", "--cleanup-interval", "1000d"]
    async with Site(stage, kind, *options, idle=IDLE) as site:
        asha, ravi = Person(site, ASHA), Person(site, RAVI)
        listener = await ravi.start("listen", "-n", "1", "--verbose", "--timeout", str(4 * PATIENCE))
        await asha.online(RAVI)
        start = time.monotonic()
        silent = await site.session(MINA, address=ONE)
        try:
            async with asyncio.timeout(PATIENCE if kind is not Caddy else 3 * IDLE):
                while True:
                    await silent.recv()
        except TimeoutError:
            # It has no such timeout, unless told otherwise.
            check(kind is Caddy, True, f"the silent session was to be cut off after {IDLE} s")
            await silent.close()
        except ConnectionClosed as closed:
            check((closed.rcvd, kind is Caddy), (None, False), "the silent session ended without a word of the server")
        while time.monotonic() - start < 3.2 * IDLE:
            await asyncio.sleep(0.1)
        status, rows = await asha.run("send", "--to", RAVI, "still there?")
        check((status, rows[0]["status"]), (0, "stored"), f"a message after {3.2 * IDLE:.0f} s of nothing but heartbeats")
        output, _ = await listener.communicate()
        check(json.loads(output)["text"], "still there?", "what arrives")
        check("again" in ravi.said(), False, f"whether the idle session was ever lost: {ravi.said()}")


class Conversation:
    """Two who write to each other all the time, until told to stop; each message numbered, and answered by a row."""

    def __init__(self, site):
        self.people = [Person(site, ASHA), Person(site, RAVI)]

    async def __aenter__(self):
        self.stopping = asyncio.Event()
        self.rows = [[], []]
        self.heard = [[], []]
        self.written = [0, 0]
        # One home is one person: who listens and who sends share a history, and each has a stderr of its own.
        self.listeners = [await person.start("listen", "--verbose") for person in self.people]
        self.listened = [person.errors for person in self.people]
        for person, other in zip(self.people, reversed(self.people)):
            await person.online(other.mobile)
        words = ["send", "-l", "--retry-for", "120s", "--to"]
        self.senders = [await one.start(*words, two.mobile) for one, two in zip(self.people, reversed(self.people))]
        self.tasks = [asyncio.create_task(work(index)) for index in (0, 1) for work in (self.write, self.read, self.listen)]
        return self

    async def __aexit__(self, *error):
        for process in self.senders + self.listeners:
            if process.returncode is None:
                process.terminate()
        for process in self.senders + self.listeners:
            await process.wait()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def write(self, index):
        pipe = self.senders[index].stdin
        while not self.stopping.is_set():
            pipe.write(f"{self.people[index].mobile} says {self.written[index]}\n".encode())
            await pipe.drain()
            self.written[index] += 1
            await asyncio.sleep(0.02)
        pipe.close()

    async def read(self, index):
        while line := await self.senders[index].stdout.readline():
            self.rows[index].append(json.loads(line))

    async def listen(self, index):
        while line := await self.listeners[index].stdout.readline():
            self.heard[index].append(json.loads(line)["text"])

    async def go_on(self, count=25):
        """Until each has been answered so many times more."""
        targets = [len(rows) + count for rows in self.rows]
        enough = lambda: all(len(rows) >= target for rows, target in zip(self.rows, targets))
        await eventually(f"{count} more answers to each; {[len(rows) for rows in self.rows]}", enough)

    def reconnects(self):
        return sum(path.read_text().count("connected again") for path in self.listened)

    async def finish(self):
        """Ends it, and compares what was said with what was heard and what is in the histories; how many messages it was."""
        self.stopping.set()
        for index, sender in enumerate(self.senders):
            try:
                status = await asyncio.wait_for(sender.wait(), 3 * PATIENCE)
            except TimeoutError:
                raise Trouble(f"a sender does not end: {self.people[index].said()}") from None
            await self.tasks[3 * index + 1]
            statuses = {row.get("status") for row in self.rows[index]}
            check((status, statuses), (0, {"stored"}), f"what became of the messages: {self.people[index].said()}")
        for index in (0, 1):
            said = [f"{self.people[index].mobile} says {number}" for number in range(self.written[index])]
            check(len(self.rows[index]), len(said), "an answer to each")
            heard = self.heard[1 - index]
            await eventually("all to be heard", lambda: len(heard) >= len(said))
            same(heard, said, f"what {self.people[1 - index].mobile} heard")
            for person, direction in zip([self.people[index], self.people[1 - index]], ["out", "in"]):
                _, rows = await person.run("history", "-n", "100000", "-o", "json")
                kept = [row["text"] for row in rows if row["type"] == "message" and row["dir"] == direction]
                same(kept, said, f"the history of {person.mobile}, {direction}")
        return sum(self.written)


async def reload(stage, kind):
    """The proxy reads its files again, with a certificate that was renewed, while people talk; nothing is lost or said twice."""
    async with Site(stage, kind, linger=2) as site, Conversation(site) as conversation:
        await conversation.go_on()
        site.pair.renew()
        old = await site.proxy.reload()
        await conversation.go_on()
        check(await asyncio.to_thread(site.shown_certificate), site.pair.certificate.read_text(), "the certificate")
        await eventually("the old worker to end", lambda: not old & site.proxy.workers())
        await conversation.go_on()
        if old:
            await eventually("those whom it held to be back", lambda: conversation.reconnects() >= 2)
        count = await conversation.finish()
        return f"{count} messages, {conversation.reconnects()} listeners came back"


async def restart(stage, kind):
    """The server behind the proxy is drained and another starts in its place while people talk: an upgrade. Nothing is lost."""
    async with Site(stage, kind) as site, Conversation(site) as conversation:
        await conversation.go_on()
        await site.stop_scad()
        await site.start_scad()
        await conversation.go_on()
        count = await conversation.finish()
        return f"{count} messages, {conversation.reconnects()} listeners came back"


def broken_hello():
    """The first bytes of TLS 1.3, with a share of a key that is no point of its curve."""

    def sized(size, data):
        return len(data).to_bytes(size, "big") + data

    share = b"\x00\x17" + sized(2, b"\x04" + bytes(64))
    offered = {43: sized(1, b"\x03\x04"), 10: sized(2, b"\x00\x17"), 13: sized(2, b"\x04\x03"), 51: sized(2, share)}
    extensions = b"".join(kind.to_bytes(2, "big") + sized(2, data) for kind, data in offered.items())
    hello = b"\x03\x03" + bytes(32) + sized(1, b"") + sized(2, b"\x13\x01") + sized(1, b"\x00") + sized(2, extensions)
    return b"\x16\x03\x01" + sized(2, b"\x01" + sized(3, hello))


async def logs(stage, kind):
    """What a proxy would tell as its own trouble names nobody either: TLS that makes no sense, and no room to ask scad."""
    async with Site(stage, kind, connections=12) as site:
        reader, writer = await asyncio.open_connection("127.0.0.1", site.proxy.port, local_addr=(TWO, 0))
        writer.write(broken_hello())
        check((await asyncio.wait_for(reader.read(), PATIENCE))[:1], b"\x15", "an alert of TLS")
        writer.close()
        if kind is not Nginx:
            return
        # A session takes two connections. Once there is room for one only, it is a request that fails, and not a knock.
        answers = set()
        for spare in (0, 1):
            plugs = [await asyncio.open_connection("127.0.0.1", site.proxy.port, local_addr=(THREE, 0)) for _ in range(spare)]
            sessions = []
            try:
                while len(sessions) < 12:
                    sessions.append(await site.session(MINA, ONE))
            except InvalidStatus as refused:
                answers.add(refused.response.status_code)
            except (InvalidHandshake, OSError):
                pass
            for session in sessions:
                await session.close()
            for _, writer in plugs:
                writer.close()
            await eventually_gone(site)
        check(answers, {500}, "what nginx answers without room")


SCENES = {scene.__name__: scene for scene in (talk, addresses, refusals, idle, logs, reload, restart)}
