"""A stand-in for scad and for mosquitto that says so many messages to whoever comes, as fast as they are taken, and reads what it is
answered without a look, but for a farewell. So what is measured is the one that listens, and nobody else.

What it says is made before the first comes: `sca.v2` for those who offer it, the base dialect for other WebSockets, with a close
frame behind the last, and MQTT 3.1.1 with QoS 0 or 1, as subscribed, for the rest.
"""

import base64
import contextlib
import hashlib
import json
import socket
import struct
import threading

FROM, TEXT = "9123456780", "x" * 64
GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Flood:
    def __init__(self, to, count):
        numbers = range(1, count + 1)
        self._v2 = b"".join(frame(message(number, to)) for number in numbers)
        self._base = frame(message()) * count + b"\x88\x02\x03\xe8"
        self._mqtt = {quality: b"".join(publication(number, quality) for number in numbers) for quality in (0, 1)}
        self._hello = frame({"type": "hello", "server": "flood", "mobile": to, "limits": {"text_bytes": 65536, "frame_bytes": 132096}, "heartbeat_s": 60})
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port = self._door.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self._door.close()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client = self._door.accept()[0]
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        with client, contextlib.suppress(OSError):
            head = client.recv(4096)
            is_web = head.startswith(b"GET ")
            said = self._upgraded(client, head) if is_web else self._subscribed(client)
            reading = threading.Thread(target=read_frames if is_web else read, args=(client,), daemon=True)
            reading.start()
            client.sendall(said)
            # It leaves when it has had enough.
            reading.join()

    def _upgraded(self, client, head):
        while b"\r\n\r\n" not in head:
            head += client.recv(4096)
        fields = (line.partition(":") for line in head.decode().split("\r\n"))
        fields = {name.lower(): value.strip() for name, _, value in fields}
        accept = base64.b64encode(hashlib.sha1((fields["sec-websocket-key"] + GUID).encode()).digest()).decode()
        answer = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Accept: {accept}"]
        is_v2 = "sca.v2" in fields.get("sec-websocket-protocol", "")
        if is_v2:
            answer.append("Sec-WebSocket-Protocol: sca.v2")
        client.sendall("\r\n".join([*answer, "", ""]).encode() + (self._hello if is_v2 else b""))
        return self._v2 if is_v2 else self._base

    def _subscribed(self, client):
        """Behind CONNECT comes SUBSCRIBE, whose last byte is the quality that is asked for."""
        client.sendall(b"\x20\x02\x00\x00")
        asked = client.recv(4096)
        client.sendall(b"\x90\x03" + asked[2:4] + asked[-1:])
        return self._mqtt[asked[-1]]


def message(number=None, to=None):
    if number is None:
        return {"type": "message", "from": FROM, "text": TEXT}
    # An id as long as those of our clients.
    return {"type": "message", "from": FROM, "to": to, "text": TEXT, "id": f"0199f5ce-5a5e-7c3b-8d2a-{number:012x}", "ts": 1795363670974}


def frame(record):
    payload = json.dumps(record, separators=(",", ":")).encode()
    length = bytes([len(payload)]) if len(payload) < 126 else b"\x7e" + struct.pack("!H", len(payload))
    return b"\x81" + length + payload


def publication(number, quality):
    name = struct.pack("!H", number % 65_535 + 1) if quality else b""
    body = b"\x00\x05bench" + name + TEXT.encode()
    return bytes([0x30 | quality << 1, len(body)]) + body


def read(client):
    with contextlib.suppress(OSError):
        while client.recv(1 << 20):
            pass


def read_frames(client):
    """Until the client says goodbye. It sends short frames, each with a mask."""
    held, start = b"", 0
    with contextlib.suppress(OSError):
        while more := client.recv(1 << 20):
            held, start = held[start:] + more, 0
            while len(held) - start >= 8:
                length, header = held[start + 1] & 0x7F, 6
                if length == 126:
                    length, header = held[start + 2] << 8 | held[start + 3], 8
                if held[start] == 0x88:
                    return client.shutdown(socket.SHUT_RDWR)
                start += header + length
