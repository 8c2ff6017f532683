"""The prompt: what the terminal adds: the time from a message's arrival to its text, in `scactl chat` and in `scactl listen`.

A stand-in for the server, in this process, writes one message at a time to each in turn and waits until the text has
come out: of the terminal in which `chat` runs, of the pipe to which `listen` writes. The clock starts right before the
frame is written, and both are at rest by then. Both have the message on disk before they show it; so `listen` is the
floor, and the ratio of the medians is what the terminal costs. The second time half a line stands at the prompt, which
is taken off the screen and put back at each message.
"""

import contextlib
import json
import os
import pty
import select
import statistics
import subprocess
import sys
import threading
import time
from urllib.parse import urlsplit

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import serve

from .servers import Failed
from .tables import number, ratio, table

ASHA, MINA, RAVI = "9876543210", "9000000003", "9123456780"
PATIENCE = 10  # seconds


class StandIn:
    """A server of the base dialect that says what it is told to say."""

    def __init__(self):
        self._sockets, self._changed = {}, threading.Condition()
        self._server = serve(self._talk, "127.0.0.1", 0, compression=None)
        self.url = f"ws://127.0.0.1:{self._server.socket.getsockname()[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def socket(self, mobile):
        """The connection of somebody, once it is there."""
        with self._changed:
            if not self._changed.wait_for(lambda: mobile in self._sockets, PATIENCE):
                raise Failed(f"{mobile} did not connect")
            return self._sockets[mobile]

    def close(self):
        self._server.shutdown()

    def _talk(self, socket):
        users = json.dumps({"type": "online_users", "users": [ASHA, MINA, RAVI]})
        socket.send(users)
        with self._changed:
            self._sockets[urlsplit(socket.request.path).path.rpartition("/")[2]] = socket
            self._changed.notify_all()
        with contextlib.suppress(ConnectionClosed):
            for said in socket:
                kind = json.loads(said).get("type")
                if kind == "ping":
                    socket.send('{"type":"pong"}')
                elif kind == "get_online_users":
                    socket.send(users)


class Reader:
    """A program, and where its text comes out."""

    def __init__(self, label, mobile, command, stand_in, folder, in_terminal):
        self.label, self.times = label, []
        home = str(folder / mobile)
        environment = {
            "PATH": os.environ["PATH"], "HOME": home, "TERM": "xterm-256color", "LANG": "C.UTF-8",
            "XDG_CONFIG_HOME": home, "XDG_DATA_HOME": home, "XDG_STATE_HOME": home,
            "SCACTL_MOBILE": mobile, "SCACTL_SERVER": stand_in.url,
        }  # fmt: skip
        if in_terminal:
            self.output, end = pty.openpty()
            self._process = subprocess.Popen(
                command, stdin=end, stdout=end, stderr=end, env=environment, start_new_session=True
            )
        else:
            self.output, end = os.pipe()
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=end, env=environment)
        os.close(end)
        self.socket = stand_in.socket(mobile)

    def milliseconds(self, number):
        """From the moment a message is written until its text is here."""
        token = f"token-{number:06}-of-the-benchmark"
        frame = json.dumps({"type": "message", "from": RAVI, "text": token})
        seen = b""
        start = time.perf_counter_ns()
        self.socket.send(frame)
        while token.encode() not in seen:
            seen += self.read()
        elapsed = (time.perf_counter_ns() - start) / 1e6
        self.settle()
        return elapsed

    def type(self, text):
        """Types, and waits for the echo."""
        os.write(self.output, text.encode())
        seen = b""
        while text.encode() not in seen:
            seen += self.read()
        self.settle()

    def read(self):
        if not select.select([self.output], [], [], PATIENCE)[0]:
            raise Failed(f"{self.label} said nothing for {PATIENCE} s")
        return os.read(self.output, 65_536)

    def settle(self):
        """Reads until nothing comes any more, so that the next measurement starts from rest."""
        while select.select([self.output], [], [], 0.03)[0]:
            os.read(self.output, 65_536)

    def end(self):
        self._process.kill()
        self._process.wait()


WARMUP = 10


def rounds(options):
    return 20 if options.quick else 100


def part(options, folder):
    stand_in = StandIn()
    readers = []
    try:
        scactl = str(options.scactl.resolve())
        for label, mobile, words, in_terminal in (
            ("`chat` in a terminal", ASHA, ["chat", RAVI], True),
            ("`listen` on a pipe", MINA, ["listen"], False),
        ):
            (folder / mobile).mkdir()
            readers.append(Reader(label, mobile, [scactl, *words], stand_in, folder, in_terminal))
        rows = measured(readers, rounds(options))
        readers[0].type("half a line that is being typed")
        readers[0].label, readers[1].label = "`chat`, half a line typed", "`listen`, in that round"
        rows += measured(readers, rounds(options))
    finally:
        for reader in readers:
            reader.end()
        stand_in.close()
    return table(["an arriving message", "median ms", "p90", "p99", "ratio"], rows)


def measured(readers, count):
    """The rows of both; the last is what the other is compared with."""
    for reader in readers:
        reader.times = []
    for turn in range(WARMUP + count):
        print(f"\r\033[Kprompt: {turn} of {WARMUP + count}", end="", file=sys.stderr, flush=True)
        for reader in readers:
            elapsed = reader.milliseconds(turn)
            if turn >= WARMUP:
                reader.times.append(elapsed)
    print("\r\033[K", end="", file=sys.stderr, flush=True)
    floor = statistics.median(readers[-1].times)
    rows = []
    for reader in readers:
        hundredths = statistics.quantiles(reader.times, n=100, method="inclusive")
        median = statistics.median(reader.times)
        rows.append([reader.label, number(median), number(hundredths[89]), number(hundredths[98]), ratio(median, floor)])
    return rows
