"""Who is measured: each is started on a free port of loopback, on one core if there are two, and ended, by its process.

The name of a peer is what the tables show. `dialect` is what the load generator speaks to it.
"""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
PATIENCE = 10  # seconds
# Nothing that a crowd of 17,000 on loopback runs into; all else as it comes.
WITHOUT_LIMITS = ["--connect-rate", "0", "--max-connections-per-address", "0"]


class Failed(Exception):
    """Something did not do what is measured."""


def cores():
    """The core of the load generator and the one of the server: the same only where there is just one."""
    usable = sorted(os.sched_getaffinity(0))
    return usable[0], usable[-1]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A process that serves; `with` starts and ends it."""

    # A cap on connections: beyond it, this peer would only show that it cannot.
    most = 20_000

    def __init__(self, name, dialect="base", bound=True):
        self.name, self.dialect, self.bound = name, dialect, bound
        self.uses_tls = self.uses_ids = False

    def command(self):
        raise NotImplementedError

    def find_port(self):
        """From what it printed; None while it has not."""
        first = self.output().split("\n", 1)
        return int(first[0]) if len(first) > 1 else None

    def output(self):
        return self.log.read_text(errors="replace")

    def __enter__(self):
        folder = REPOSITORY / ".build/bench"
        self.log = folder / (re.sub(r"\W+", "-", self.name) + ".log")
        core = {cores()[1]}

        def bind():
            if self.bound:
                os.sched_setaffinity(0, core)

        self.port = None
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [str(word) for word in self.command()], stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=bind
            )
        self.pid = self.process.pid
        end = time.monotonic() + PATIENCE
        while not self.port or not self.accepts():
            if self.process.poll() is not None or time.monotonic() > end:
                self.__exit__()
                raise Failed(f"{self.name} did not listen: {self.output()[-500:]}")
            self.port = self.port or self.find_port()
            time.sleep(0.02)
        return self

    def accepts(self):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


class Floor(Server):
    def command(self):
        return [REPOSITORY / ".build/bench/floor", "0"]


class Scad(Server):
    def __init__(self, program, name="scad", dialect="base", options=(), **rest):
        super().__init__(name, dialect, **rest)
        self.program, self.options = program, list(options)
        self.uses_tls = "--tls-cert" in self.options

    def command(self):
        return [self.program, "--port", "0", *WITHOUT_LIMITS, *self.options]

    def find_port(self):
        found = re.search(r"listening on wss?://127\.0\.0\.1:(\d+)", self.output())
        return int(found[1]) if found else None


def certificate():
    """A key and a certificate for this run, by openssl."""
    folder = REPOSITORY / ".build/bench"
    key, chain = folder / "key.pem", folder / "chain.pem"
    making = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    making += ["-subj", "/CN=localhost", "-keyout", key, "-out", chain]
    subprocess.run([str(word) for word in making], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    key.chmod(0o600)
    return ["--tls-cert", chain, "--tls-key", key]


class Python(Server):
    """A server in Python, by the interpreter that runs this, which has the packages."""

    def __init__(self, name, script, most):
        super().__init__(name)
        self.script, self.most = script, most

    def command(self):
        return [sys.executable, "-B", REPOSITORY / self.script, "--port", "0"]


class Nats(Server):
    def command(self):
        self.chosen = free_port()
        return ["nats-server", "-a", "127.0.0.1", "-p", self.chosen]

    def find_port(self):
        return self.chosen


class Mosquitto(Server):
    def command(self):
        self.chosen = free_port()
        configuration = REPOSITORY / f".build/bench/{self.dialect}.conf"
        configuration.write_text(
            f"listener {self.chosen} 127.0.0.1\nallow_anonymous true\npersistence false\nlog_type error\n"
            "set_tcp_nodelay true\nmax_inflight_messages 0\nmax_queued_messages 0\n"
        )
        return ["mosquitto", "-c", configuration]

    def find_port(self):
        return self.chosen


def peers(scad):
    """All of them, by a short name; the floor is what the others are compared with."""
    acked = Scad(scad, "scad, `sca.v2`, acknowledged", "v2")
    acked.uses_ids = True
    return {
        "floor": Floor("floor"),
        "scad": Scad(scad),
        "v2": Scad(scad, "scad, `sca.v2`", "v2"),
        "acked": acked,
        "tls": Scad(scad, "scad, `sca.v2`, TLS", "v2", certificate()),
        "fastapi": Python("FastAPI, uvicorn", "Tests/Interop/base_server.py", 300),
        "websockets": Python("Python `websockets`", "Benchmarks/websockets_server.py", 10_000),
        "nats": Nats("nats-server", "nats"),
        "mqtt0": Mosquitto("mosquitto, QoS 0", "mqtt0"),
        "mqtt1": Mosquitto("mosquitto, QoS 1", "mqtt1"),
    }
