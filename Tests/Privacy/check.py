"""Shows what scad does with what people write: nothing but hand it on.

It is traced by strace while people talk through it, in the clear and under TLS, with codes, tokens, compression and every limit hit, at
the most verbose log level. Then: it opened no file for writing; it spoke with nobody but its clients and who asked for its metrics; no
text was in any call but those on its clients' sockets, and under TLS neither text nor mobile in any; neither texts nor mobiles nor secrets
nor addresses are in its log, its metrics, or what /health says; and when it crashes, no core is left.
`scripts/privacy-check` calls it.
"""

import argparse
import asyncio
import os
import pathlib
import random
import re
import signal
import socket
import ssl
import tempfile
import urllib.parse

import calls
import cores
import doctored
from programs import Server, run
from talk import FORWARDED, HOME, METRICS, Secrets, Talk
from trouble import expect, told

# It says all that it ever does, and has metrics.
OPTIONS = ["--port", "0", "--metrics", "0", "--log-level", "trace", "--drain-window", "100ms"]
# As calls.py reads it; behind this comes the file.
STRACE = ["-f", "-yy", "-s", "200000", "-o"]
# What is found of a program that writes, how often at least.
KINDS = {
    "opens for writing": 1,
    "changes something": 2,
    "writes to a file": 1,
    "has a text elsewhere than on a client's socket": 1,
    "connects to somebody": 2,
    "speaks with somebody who is no client": 2,
}


async def trace_one(program, folder, secrets, what, options=(), token=None, context=None):
    trace = folder / "trace"
    with Server(program, *OPTIONS, *options, strace=[*STRACE, trace], cwd=folder) as server:
        talk = Talk(server, secrets, token, context)
        await talk.run()
        os.kill(server.pid, signal.SIGHUP)
        await asyncio.to_thread(server.says, "reload|read the keys")
        await asyncio.to_thread(server.end)
    said = server.text
    # That the log is the verbose one, and knows the mobiles that it hides.
    expect("session opened" in said and "******" in said, "the log is not what it should be")
    secrets.check(said, f"{what}: the log")
    secrets.check(talk.metrics, f"{what}: /metrics")
    secrets.check(talk.health, f"{what}: /health")
    expect(re.search(r"scad_messages_routed_total 37\n", talk.metrics), "the messages were not counted")
    lines = trace.read_text(errors="replace").splitlines()
    metrics = urllib.parse.urlsplit(server.says(METRICS)).port
    found = calls.findings(lines, secrets.texts, server.port, [metrics])
    expect(not found, f"{what}:\n  " + "\n  ".join(found[:20]))
    # In the clear the trace must see them pass, or it sees nothing at all; and whoever has come came from the address that is in no log.
    for name, words in (("texts", secrets.texts), ("mobiles", secrets.mobiles), ("addresses behind a proxy", secrets.forwarded)):
        seen = sum(word in line for word in words for line in lines)
        expect(seen == 0 if context else seen > 37 or not words, f"{what}: {name} were seen {seen} times")
    expect(any(f"->{HOME}:" in line for line in lines), f"{what}: nobody came from {HOME}")
    return len(lines)


def check_tracer(folder, secrets):
    """A program that does write is found, with the strace that is here: as this one writes its lines, so they are read."""
    text = secrets.text()
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket(type=socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        places = [f"/dev/tcp/127.0.0.1/{listener.getsockname()[1]}", f"/dev/udp/127.0.0.1/{other.getsockname()[1]}"]
        line = f'echo "$0"; echo "$0" >file; mkdir made; rmdir made; echo hidden >{places[0]}; echo hidden >{places[1]}'
        run("strace", *STRACE, folder / "trace", "--", "bash", "-c", line, text, cwd=folder)
    found = calls.findings((folder / "trace").read_text().splitlines(), [text], 0)
    for kind, count in KINDS.items():
        expect(sum(line.startswith(kind) for line in found) >= count, f"of a program that writes, only this was found: {found}")


def certificate(folder):
    words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=127.0.0.1 -keyout key.pem -out cert.pem"
    run("openssl", *words.split(), cwd=folder)
    os.chmod(folder / "key.pem", 0o600)


async def check(program, seed):
    faults = doctored.check_itself()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        certificate(folder)
        run(program, "token", "keygen", "--key", "key.jwk", cwd=folder)
        secrets = Secrets(seed)
        check_tracer(folder, secrets)

        def token(mobile):
            secrets.tokens.append(run(program, "token", "issue", "--mobile", mobile, "--key", "key.jwk", cwd=folder).strip())
            return secrets.tokens[-1]

        plain = ["--auth", "code", "--token-signing-key", "key.jwk", "--code-command", "/bin/true", "--compression", "--threads", "2"]
        lines = await trace_one(program, folder, secrets, "in the clear", plain, token)
        context = ssl.create_default_context(cafile=folder / "cert.pem")
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        # Its people come through a proxy, which says where each is; there is room for so many at one address.
        behind = ["--tls-cert", "cert.pem", "--tls-key", "key.pem", "--behind-proxy", HOME, "--max-connections-per-address", "8"]
        lines += await trace_one(program, folder, Secrets(seed + 1, [FORWARDED]), "under TLS", behind, context=context)
        dumps = await cores.check_cores([program, *OPTIONS], folder, Secrets(seed + 2))
        cores.check_undumpable(program)
    left = "no core where another program leaves one" if dumps else "no core (but this machine takes none of anybody)"
    print(f"privacy-check: {lines} calls traced, no file written, nobody called, no text astray, {left}; {faults} doctored calls were found")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build-path", default=".build/debug", help="where scad was built")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32), help="makes the same texts again")
    words = parser.parse_args()
    print(f"privacy-check: seed {words.seed}", flush=True)
    asyncio.run(check(str(pathlib.Path(words.build_path).resolve() / "scad"), words.seed))


if __name__ == "__main__":
    told("privacy-check", main)
