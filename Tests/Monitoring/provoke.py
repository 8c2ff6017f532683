"""Makes each number of scad's metrics move: what is counted happens here, as often as is told, in servers that are made for it."""

import asyncio
import contextlib
import json
import pathlib
import urllib.error
import urllib.request

import websockets
from forger import Forger
from programs import Server, run
from prometheus_client.parser import text_string_to_metric_families
from trouble import PATIENCE, Trouble, eventually, expect

MOBILES = ["9876543210", "9876543211", "9876543212"]
TEXT = "hjkqzx-nobody-should-count-this"

# What holds how many may come, by the reason that the metrics have for it.
LIMITS = {
    "address_connections": "--max-connections-per-address 2",
    "address_rate": "--connect-rate-per-address 1",
    "connect_rate": "--connect-rate 1",
    "connections": "--max-connections 2",
    "sessions": "--max-sessions 2",
}


def scrape(server):
    with urllib.request.urlopen(server.says(r"http://\S+"), timeout=PATIENCE) as answer:
        expect(answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8", "another content type")
        return answer.read().decode()


def numbers(text):
    """Each number, by its name and the values of its labels."""
    families = text_string_to_metric_families(text)
    return {(s.name, *s.labels.values()): s.value for family in families for s in family.samples}


async def reaches(server, *series):
    """Waits until a number is 1 at least; it."""
    there = lambda: numbers(scrape(server)).get(series, 0)
    return await asyncio.to_thread(eventually, " ".join(series), there)


def connect(server, mobile, token=None, via=None, **more):
    """A session; `via`: where a proxy says that it comes from."""
    headers = ({"Authorization": f"Bearer {token}"} if token else {}) | ({"X-Forwarded-For": via} if via else {})
    more |= {"subprotocols": ["sca.v2"], "open_timeout": PATIENCE, "additional_headers": headers}
    return websockets.connect(f"{server.url}/ws/{mobile}", **more)


async def refused(status, server, mobile, token=None, **more):
    try:
        await connect(server, mobile, token, **more)
    except websockets.InvalidStatus as refusal:
        return expect(refusal.response.status_code == status, f"refused with {refusal.response.status_code}, not {status}")
    raise Trouble(f"{mobile} was let in, and should have had {status}")


async def answer(socket):
    while (frame := json.loads(await asyncio.wait_for(socket.recv(), PATIENCE)))["type"] not in ("ack", "error"):
        pass
    return frame.get("code", "ack")


async def say(socket, to, text, **more):
    await socket.send(json.dumps({"type": "message", "to": to, "text": text, "id": "m"} | more))
    return await answer(socket)


async def talk(server):
    """Two who talk, three messages that arrive and one that does not, bad frames, one who is refused, and one who breaks the protocol."""
    asha, ravi, nobody = MOBILES
    async with connect(server, asha) as one, connect(server, ravi):
        answers = [await say(one, to, TEXT) for to in (ravi, ravi, ravi, nobody, "98")]
        answers += [await say(one, ravi, TEXT * 3_000), await say(one, ravi, TEXT, type="shout"), await say(one, ravi, 1)]
        expected = [*["ack"] * 3, "recipient_offline", "invalid_mobile", "too_large", "unknown_type", "invalid_frame"]
        expect(answers == expected, f"other answers: {answers}")
        await refused(429, server, asha)
        await refused(403, server, nobody, origin="http://evil.example")
        async with connect(server, nobody) as third:
            third.transport.write(b"\xff\xff")
            await asyncio.wait_for(third.wait_closed(), PATIENCE)
        await reaches(server, "scad_sessions_closed_total", "left")
        return await asyncio.to_thread(scrape, server), {
            ("scad_sessions",): 2,
            ("scad_mobiles",): 2,
            ("scad_sessions_opened_total",): 3,
            ("scad_sessions_closed_total", "left"): 1,
            ("scad_protocol_errors_total",): 1,
            ("scad_messages_routed_total",): 3,
            ("scad_messages_refused_total", "recipient_offline"): 1,
            ("scad_messages_refused_total", "recipient_busy"): 0,
            **{("scad_frames_refused_total", code): 1 for code in expected[-4:]},
            ("scad_refusals_total", "mobile_sessions"): 1,
            ("scad_auth_failures_total", "foreign_origin"): 1,
            ("scad_connections_accepted_total",): 5,
        }


async def neglect(server):
    """One who does not read until their outbox is full, and so many who come and go that they are told together."""
    asha, ravi, mina = MOBILES
    async with connect(server, asha) as one, connect(server, ravi) as lazy:
        lazy.transport.pause_reading()
        routed = 0
        while (got := await say(one, ravi, "x" * 30_000)) == "ack":
            routed += 1
        expect(got == "recipient_busy", f"another answer: {got}")
        await reaches(server, "scad_sessions_closed_total", "too_slow")
        lazy.transport.abort()
        # The other one is told who comes and goes, and that takes so long that some are told in one.
        for _ in range(1_000):
            async with connect(server, mina):
                pass
            text = await asyncio.to_thread(scrape, server)
            if folded := numbers(text)["scad_presence_folded_total",]:
                break
    found = {name: numbers(text)[f"scad_presence_{name}_total",] for name in ("changes", "updates")}
    expect(0 < folded <= found["changes"] - found["updates"], f"{folded} notices were folded, of these: {found}")
    return text, {
        ("scad_sessions_closed_total", "too_slow"): 1,
        ("scad_messages_routed_total",): routed,
        ("scad_messages_refused_total", "recipient_busy"): 1,
    }


async def keep_silent(server):
    """One who says nothing for too long."""
    async with connect(server, MOBILES[0], ping_interval=None):
        await reaches(server, "scad_sessions_closed_total", "heartbeat_timeout")
    return await asyncio.to_thread(scrape, server), {("scad_sessions_closed_total", "heartbeat_timeout"): 1, ("scad_sessions",): 0}


def post(server, step, **body):
    url = f"{server.url.replace('ws', 'http', 1)}/login/{step}"
    try:
        with urllib.request.urlopen(url, json.dumps(body).encode(), timeout=PATIENCE) as done:
            return done.status
    except urllib.error.HTTPError as refusal:
        return refusal.code


async def knock(server, forger):
    """Tokens that are refused, each for its own reason, one that ends amid a session, and logins by code that go well or not."""
    asha, ravi, _ = MOBILES
    tokens = {
        "missing": None,
        "oversized": "x" * 5_000,
        "malformed": "x.y",
        "unknown_key": forger.token(asha, kid="another"),
        "wrong_algorithm": forger.token(asha, alg="ES256"),
        "bad_signature": forger.token(asha, spoil=b"x"),
        "other_mobile": forger.token(ravi),
        "other_audience": forger.token(asha, aud="another"),
        "expired": forger.token(asha, ends=-1),
        "not_yet_valid": forger.token(asha, begins=3_000),
    }
    for token in tokens.values():
        await refused(401, server, asha, token)
    expired, seconds = 1, 1
    while True:
        with contextlib.suppress(websockets.InvalidStatus):
            async with connect(server, asha, forger.token(asha, ends=seconds)):
                await reaches(server, "scad_sessions_closed_total", "token_expired")
                break
        expired, seconds = expired + 1, seconds * 2
    codes = [("code", asha, 202), ("code", asha, 429), ("code", ravi, 202), ("token", ravi, 401)]
    for step, mobile, status in codes:
        got = await asyncio.to_thread(post, server, step, mobile=mobile, code="000000")
        expect(got == status, f"/login/{step} was answered with {got}, not {status}")
        if status == 202:
            await reaches(server, "scad_code_deliveries_total", "sent" if mobile == asha else "failed")
    return await asyncio.to_thread(scrape, server), {
        **{("scad_auth_failures_total", reason): 1 for reason in tokens},
        ("scad_auth_failures_total", "expired"): expired,
        ("scad_auth_failures_total", "too_many_logins"): 1,
        ("scad_auth_failures_total", "wrong_code"): 1,
        ("scad_code_deliveries_total", "sent"): 1,
        ("scad_code_deliveries_total", "failed"): 1,
        ("scad_sessions_closed_total", "token_expired"): 1,
        ("scad_messages_routed_total",): 0,
    }


async def crowd(server, reason):
    """More and more come, by way of a proxy, until one is refused."""
    async with contextlib.AsyncExitStack() as stack:
        try:
            for number in range(100):
                await stack.enter_async_context(connect(server, f"{MOBILES[0]}{number}", via="203.0.113.77"))
        except websockets.InvalidStatus as refusal:
            expect(refusal.response.status_code in (429, 503), f"refused with {refusal.response.status_code}")
        return await asyncio.to_thread(scrape, server), {("scad_refusals_total", reason): 1, ("scad_sessions",): number}


def everything(program, folder):
    """What servers say of all this, each with the numbers that must be in it."""
    folder = pathlib.Path(folder)
    run(program, "token", "keygen", "--key", folder / "key.jwk")
    command = folder / "deliver"
    # To one mobile it goes well.
    command.write_text(f"#!/bin/sh\nexec grep -q {MOBILES[0]}\n")
    command.chmod(0o700)
    forger = Forger(folder, folder / "key.jwk")
    options = [
        (talk, "--max-sessions-per-mobile 1"),
        (neglect, "--max-outbox 132K --stall-timeout 100ms --presence-rate 50"),
        (keep_silent, "--ping-timeout 1s --cleanup-interval 100ms"),
        (lambda server: knock(server, forger),
         f"--auth code --token-signing-key {folder}/key.jwk --code-command {command} --codes-per-mobile 1 --cleanup-interval 100ms"),
    ]
    options += [
        (lambda server, reason=reason: crowd(server, reason), f"--behind-proxy 127.0.0.1 {limit}")
        for reason, limit in LIMITS.items()
    ]
    for act, words in options:
        with Server(program, "--port", "0", "--metrics", "0", "--drain-window", "100ms", *words.split()) as server:
            yield asyncio.run(act(server))
            server.end()
