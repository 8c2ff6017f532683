"""Builds the Dockerfile's stages and runs what comes of them: as it is, and as render.yaml has it run.

    scripts/container-check [--build-path FOLDER | --programs FOLDER] [--exact]     as root, in a mount namespace of its own
"""

import argparse
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import threading
import time

import blueprint
import container
import dockerfile
import image
from container import INSIDE, OUTSIDE, Container
from programs import Person, rows
from trouble import Trouble, eventually, told
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

SOURCES = pathlib.Path(__file__).resolve().parents[2]
# `docker stop` waits so long before it kills, and render.com three times that, unless told otherwise.
GRACE = {"docker": 10, "render": 30}
HERE, THERE = "9876543210", "9876543211"


def check(found, expected, what):
    if found != expected:
        raise Trouble(f"{what}: expected {expected!r}, found {found!r}")
    print(f"  ✓ {what}", flush=True)


def close_code(session):
    """What the server closes a session with."""
    try:
        while True:
            session.recv(timeout=60)
    except ConnectionClosed as closed:
        return closed.rcvd and closed.rcvd.code


def ask(port, chain, mobile):
    """What the platform's proxy hears when it asks for a session: the status, and the open connection."""
    plug = socket.create_connection((INSIDE, port), 20, (OUTSIDE, 0))
    head = (
        f"GET /ws/{mobile} HTTP/1.1\r\nHost: sca.example.org\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nX-Forwarded-For: {chain}\r\n\r\n"
    )
    plug.sendall(head.encode())
    heard = b""
    while b"\r\n\r\n" not in heard and (piece := plug.recv(4096)):
        heard += piece
    return int(heard.split()[1]), plug


def look(root, stage, expected):
    """What is in the image, and that it is nothing else."""
    seen = container.snapshot(root)
    files = sorted(path for path, state in seen.items() if state[0].startswith("0o100"))
    check(files, sorted(expected), "only what was copied is in the image")
    check(stage.user is not None and stage.entry is not None, True, f"a user that is not root, {stage.user}, and an entry")
    for program in [stage.entry[0], stage.health[0]]:
        heads = subprocess.run(["readelf", "--program-headers", root / program.strip("/")], capture_output=True, text=True).stdout
        check("INTERP" in heads or "Program Headers" not in heads, False, f"{program} is static")
    size = sum((root / path).stat().st_size for path in files)
    print(f"  the image holds {size:,} bytes in {len(files)} files", flush=True)


def converse(inside, port, folder, grace, what):
    """Everything that people and the engine do, from the start of a container to its end."""
    scactl = inside.root / inside.stage.health[0].strip("/")
    server = f"ws://{INSIDE}:{port}"
    asha, ravi = (Person(scactl, folder / mobile, SCACTL_MOBILE=mobile, SCACTL_SERVER=server) for mobile in (HERE, THERE))
    check(rows(asha.run("health", "--wait", "30s"))[0]["status"], "ok", f"{what}: it answers outside at port {port}")
    check(inside.execute(inside.stage.health), 0, f"{what}: the health check finds it well")
    check(inside.execute(inside.stage.health, {"PORT": "9"}) != 0, True, f"{what}: the health check would find it missing")
    identity = pathlib.Path(f"/proc/{inside.pid}/status").read_text()
    numbers = {line.split(":")[0]: line.split()[1:] for line in identity.splitlines()}
    user, group = inside.stage.user.split(":")
    check((set(numbers["Uid"]), set(numbers["Gid"])), ({user}, {group}), f"{what}: all its ids are {user}:{group}")
    check((numbers.get("Groups"), int(numbers["CapEff"][0], 16)), ([], 0), f"{what}: it has no groups and no capabilities")
    check(numbers["NSpid"][-1], "1", f"{what}: it is the first process in there")
    os.kill(inside.pid, signal.SIGHUP)
    inside.wait_for("nothing to reload")
    print(f"  ✓ {what}: HUP reaches it", flush=True)

    listening = ravi.start("listen", "--events", "message,status", "--verbose")
    eventually("the other to listen", lambda: asha.status("who", THERE) == 0)
    sent = rows(asha.run("send", "--to", THERE, "see you at noon"))
    check(sent[0]["status"], "stored", f"{what}: a message from outside is stored outside")
    with connect(f"{server}/ws/{THERE}", ping_interval=None, proxy=None) as standing:
        hearing = threading.Thread(target=lambda: setattr(listening, "said", listening.communicate(timeout=120)))
        hearing.start()
        status, seconds = inside.stop(grace)
        check(status, 0, f"{what}: TERM drains it, and it ends with 0")
        print(f"    after {seconds:.1f} s of {grace}; its log:", flush=True)
        print("".join(f"    {line}\n" for line in inside.text().splitlines()), end="", flush=True)
        check(close_code(standing), 1001, f"{what}: all were told to come back")
    listening.terminate()
    hearing.join()
    heard = rows(listening.said[0])
    check([row["text"] for row in heard if row["type"] == "message"], ["see you at noon"], f"{what}: the message was read there")
    states = [row["state"] for row in heard if row["type"] == "status"]
    check(states[:2], ["connected", "reconnecting"], f"{what}: and its reader means to come back")
    check(container.snapshot(inside.root), inside.before, f"{what}: nothing was written in its root")


def addresses(inside, port):
    """Behind the platform's proxies, limits count by the client's address."""
    one, two = "198.51.100.7", "198.51.100.8"
    behind = "172.70.1.1, 10.9.9.9"
    kept = [ask(port, f"{one}, {behind}", HERE)]
    check(kept[0][0], 101, "render: a client of the platform is let in")
    check(ask(port, f"{one}, {behind}", HERE)[0], 429, "render: its address is at its limit then")
    check(ask(port, f"{two}, {one}, {behind}", HERE)[0], 429, "render: and what it invents does not help")
    kept.append(ask(port, f"{two}, {behind}", THERE))
    check(kept[1][0], 101, "render: another address is let in")
    for _, plug in kept:
        plug.close()


def main():
    parser = argparse.ArgumentParser(prog="scripts/container-check", description="Tries the Dockerfile and render.yaml.")
    parser.add_argument("--build-path", help="is kept: dependencies that another run has built there are not built again")
    parser.add_argument("--programs", help="a folder with what scripts/release built, instead of running the builder's steps")
    parser.add_argument("--exact", action="store_true", help="fail if this machine's Swift is not the Dockerfile's")
    options = parser.parse_args()
    start = time.monotonic()
    cache = SOURCES / ".build/container"
    cache.mkdir(parents=True, exist_ok=True)
    log = cache / ("log-final" if options.programs else "log")
    log.write_text("")
    stages = dockerfile.parse((SOURCES / "Dockerfile").read_text())
    build_path = options.build_path and str(pathlib.Path(options.build_path).resolve())
    builder = image.Builder(stages, SOURCES, cache, log, build_path, options.programs, options.exact)
    root, stage = builder.build(), stages[-1]
    print(f"built in {time.monotonic() - start:.0f} s{', with what was built before' if build_path else ''}", flush=True)
    programs = ["usr/local/bin/scad", "usr/local/bin/scactl"]
    notices = [f"usr/local/share/doc/{name}/THIRD-PARTY-NOTICES" for name in ("scad", "scactl")]
    look(root, stage, [*programs, *notices, "usr/share/doc/sca/LICENSE", "usr/share/doc/sca/NOTICE"])
    check("GNU GENERAL PUBLIC LICENSE" in (root / notices[1]).read_text(), True, "scactl's licence is there whole")
    container.leave_network()
    with tempfile.TemporaryDirectory() as folder:
        with Container(root, stage, {}, cache / "docker.log") as inside:
            inside.wait_for("listening on")
            converse(inside, stage.ports[0], pathlib.Path(folder, "docker").absolute(), GRACE["docker"], "as it is")
        service = blueprint.read(SOURCES / "render.yaml")
        port = int(service.environment["PORT"])
        few = {"SCAD_MAX_CONNECTIONS_PER_ADDRESS": "1"}
        with Container(root, stage, service.environment | few, cache / "render.log") as inside:
            inside.wait_for("listening on")
            addresses(inside, port)
            inside.stop(GRACE["render"])
        with Container(root, stage, service.environment, cache / "render.log") as inside:
            inside.wait_for("listening on")
            converse(inside, port, pathlib.Path(folder, "render").absolute(), GRACE["render"], "render")
    print(f"container-check: all is well, in {time.monotonic() - start:.0f} s; {log} has the build's output")


if __name__ == "__main__":
    told("container-check", main, OSError, subprocess.SubprocessError)
