"""Who takes part in a scenario: a server, Asha at the prompt, Ravi on the other side, each a real program.

Asha's `chat` runs in a terminal (`chat.py`); Ravi uses `scactl send` and `listen`, or a WebSocket by hand where the
tool would not say what he wants to say. Everything that a scene started ends with it.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import threading
import time
import urllib.parse
from pathlib import Path

from websockets.sync.client import connect
from websockets.sync.server import serve

from chat import Chat
from terminal import PATIENCE, Terminal, Unmet, is_stopped

ASHA, RAVI, MINA = "9876543210", "9123456780", "9000000003"


def eventually(what, condition, timeout=PATIENCE):
    """Looks again and again until there is an answer; for what shows on no terminal."""
    end = time.monotonic() + timeout
    while True:
        is_last = time.monotonic() >= end
        found = condition()
        if found:
            return found
        if is_last:
            raise Unmet(f"waited in vain for {what}")
        time.sleep(0.02)


class Scene:
    """One scenario's folder, server and people."""

    def __init__(self, folder, programs, server_url=None, server_pid=None):
        self.folder, self.programs = folder, programs
        self.closing = contextlib.ExitStack()
        self.chats = []
        self.server = Server(self, server_url, server_pid)
        if not server_url:
            self.server.start()
        self.asha, self.ravi, self.mina = (Person(self, mobile) for mobile in (ASHA, RAVI, MINA))

    def chat(self, *arguments, columns=80, lines=24, person=None, **environment):
        """Starts `chat` for Asha in a terminal and waits until it is connected."""
        chat = self.start_chat(*arguments, columns=columns, lines=lines, person=person, **environment)
        chat.is_ready()
        return chat

    def start_chat(self, *arguments, columns=80, lines=24, person=None, redirection="", **environment):
        """Starts `chat` without waiting for anything. A variable that is None is not set."""
        person = person or self.asha
        command = [f"{self.programs}/scactl", "chat", *arguments]
        words, marks = Chat.session(command, person.folder, redirection)
        peer = next((word for word in arguments if word.isdigit()), "")
        return self.terminal(words, person, columns, lines, marks=marks, peer=peer, **environment)

    def shell(self, peer, columns=80, lines=24):
        """Asha's shell with job control, in which `chat` can be started, stopped and brought back."""
        words = ["/bin/bash", "--norc", "--noprofile", "--noediting", "-i"]
        return self.terminal(words, self.asha, columns, lines, marks=None, peer=peer, PS1="shell$ ")

    def terminal(self, words, person, columns, lines, marks, peer, **environment):
        merged = {name: value for name, value in (person.environment | environment).items() if value is not None}
        terminal = Terminal(words, merged, person.folder, columns, lines)
        self.closing.callback(terminal.close)
        chat = Chat(terminal, marks, peer)
        self.chats.append(chat)
        return chat

    def start(self, command, environment, name):
        """Starts a program whose output is in files of the scene's folder."""
        with open(f"{self.folder}/{name}.out", "wb") as out, open(f"{self.folder}/{name}.err", "wb") as errors:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=errors, env=environment
            )
        self.closing.callback(process.wait)
        self.closing.callback(process.kill)
        return process

    def stand_in(self, talk, **options):
        """A server of ours that talks to each connection as it is told; gives its URL."""
        server = serve(talk, "127.0.0.1", 0, **options)
        self.closing.callback(server.shutdown)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"ws://127.0.0.1:{server.socket.getsockname()[1]}"

    def guarded_server(self):
        """A server that wants a code; gives it, and the folder to which its codes come."""
        key, codes = f"{self.folder}/key", f"{self.folder}/codes"
        os.makedirs(codes)
        subprocess.run([f"{self.programs}/scad", "token", "keygen", "--key", key], check=True, capture_output=True)
        script = Path(__file__).resolve().parents[2] / "examples/scripts/code-to-file"
        server = Server(self, None, None, name="guarded")
        server.start("--auth", "code", "--token-signing-key", key, "--code-command", f"{script} {codes}")
        return server, codes

    def read(self, name):
        with open(f"{self.folder}/{name}", encoding="utf-8", errors="replace") as file:
            return file.read()

    def close(self):
        self.closing.close()


class Person:
    """Somebody with folders of their own, and `scactl`."""

    def __init__(self, scene, mobile):
        self.scene, self.mobile = scene, mobile
        self.folder = f"{scene.folder}/{mobile}"
        os.makedirs(self.folder, exist_ok=True)
        self.environment = {
            "PATH": f"{scene.programs}:/usr/local/bin:/usr/bin:/bin", "HOME": self.folder, "TZ": "UTC",
            "LANG": "C.UTF-8", "TERM": "xterm-256color", "SWIFT_BACKTRACE": "enable=no",
            "XDG_CONFIG_HOME": f"{self.folder}/config", "XDG_DATA_HOME": f"{self.folder}/data",
            "XDG_STATE_HOME": f"{self.folder}/state",
            "SCACTL_MOBILE": mobile, "SCACTL_SERVER": scene.server.url,
        }  # fmt: skip
        # What a sanitizer is to do with what it finds (scripts/test --sanitize).
        for name in ("ASAN_OPTIONS", "TSAN_OPTIONS"):
            if name in os.environ:
                self.environment[name] = os.environ[name]

    @property
    def history_file(self):
        return f"{self.folder}/data/sca/{self.mobile}/history.jsonl"

    def remember(self, mobiles):
        """Writes a history in which each of these said something."""
        os.makedirs(os.path.dirname(self.history_file), mode=0o700)
        with open(self.history_file, "w", encoding="utf-8") as file:
            for number, mobile in enumerate(mobiles):
                row = {"type": "message", "id": f"m{number}", "ts": 1795363670974 + number, "dir": "in",
                       "from": mobile, "to": self.mobile, "text": "hi"}  # fmt: skip
                file.write(json.dumps(row, separators=(",", ":")) + "\n")
        os.chmod(self.history_file, 0o600)

    def history(self):
        """What is stored, as it is on disk."""
        with open(self.history_file, encoding="utf-8") as file:
            return file.read()

    def run(self, *arguments):
        """Runs `scactl` to its end."""
        return subprocess.run(
            [f"{self.scene.programs}/scactl", *arguments],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, env=self.environment, timeout=PATIENCE,
        )  # fmt: skip

    def send(self, text, to=ASHA):
        """Sends by `scactl send`, and waits until it is on the other device's disk."""
        ended = self.run("send", "--to", to, "--", text)
        if ended.returncode != 0:
            raise Unmet(f"send ended with {ended.returncode}: {ended.stdout}{ended.stderr}")

    def listen(self):
        """Starts `listen` and waits until the person is online."""
        return Listener(self)

    def is_online(self, mobile):
        return self.run("who", mobile).returncode == 0

    def by_hand(self):
        """A WebSocket of the base dialect, which says what the tool would not say; ends with the scene."""
        return self.scene.closing.enter_context(ByHand(self))


class Listener:
    """A `listen` that runs."""

    count = 0

    def __init__(self, person):
        Listener.count += 1
        self.scene, self._name = person.scene, f"listen-{person.mobile}-{Listener.count}"
        command = [f"{person.scene.programs}/scactl", "listen", "-v"]
        self.process = self.scene.start(command, person.environment, self._name)
        eventually(f"{person.mobile} to listen", lambda: "connected:" in self.scene.read(f"{self._name}.err"))

    def texts(self):
        """The texts that have come, whole rows only."""
        whole = self.scene.read(f"{self._name}.out").rpartition("\n")[0]
        return [json.loads(line)["text"] for line in whole.splitlines()]

    def hears(self, *texts):
        """Waits until these texts have come, and looks that no other has."""
        eventually(
            f"{list(texts)} to be heard; heard: {self.texts()}", lambda: len(self.texts()) >= len(texts)
        )
        if self.texts() != list(texts):
            raise Unmet(f"heard {self.texts()}, not {list(texts)}")

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)
        eventually("the listener to stop", lambda: is_stopped(self.process.pid))

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def end(self):
        self.process.kill()
        self.process.wait()


class ByHand:
    """A connection of somebody who writes frames by hand."""

    def __init__(self, person):
        url = f"{person.scene.server.url}/ws/{person.mobile}"
        self._socket = connect(url, max_queue=None, open_timeout=PATIENCE, ping_interval=None)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.close()

    def send(self, text, to=ASHA):
        self._socket.send(json.dumps({"type": "message", "to": to, "text": text}))


class Server:
    """`scad`, which the tests' harness or this scene has started."""

    def __init__(self, scene, url, pid, name="scad"):
        self._scene, self.url, self._pid, self._name = scene, url, pid, name
        self._starts = 0

    def start(self, *options):
        """Starts it, on the port that it had if it ever had one, and waits until it listens."""
        self._starts += 1
        name = f"{self._name}-{self._starts}"
        port = urllib.parse.urlsplit(self.url).port if self.url else 0
        command = [f"{self._scene.programs}/scad", "--port", str(port), "--drain-window", "100ms", *options]
        self._pid = self._scene.start(command, {"PATH": "/usr/bin:/bin"}, name).pid
        line = eventually("scad to listen", lambda: self._listening(name))
        self.url = "ws://" + line.split("listening on ws://", 1)[1].split()[0]

    def kill(self):
        """Ends it without a word, and waits until nobody listens on its port."""
        os.kill(self._pid, signal.SIGKILL)
        eventually("the server's end", lambda: not self._answers())

    def _listening(self, name):
        lines = self._scene.read(f"{name}.err").splitlines(keepends=True)
        return next((line for line in lines if "listening on ws://" in line and line.endswith("\n")), None)

    def _answers(self):
        address = urllib.parse.urlsplit(self.url)
        try:
            socket.create_connection((address.hostname, address.port), timeout=PATIENCE).close()
        except ConnectionRefusedError:
            return False
        except ConnectionResetError:
            pass  # its end came in between
        return True
