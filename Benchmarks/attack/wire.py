"""Just enough of a WebSocket client to misbehave with: requests, frames, blocking connections. Nothing here checks what it sends."""

import json
import socket
import ssl
import struct

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
QUIET = "?presence=none"


def upgrade(mobile, query=QUIET, extra=""):
    return (
        f"GET /ws/{mobile}{query} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Protocol: sca.v2\r\n{extra}\r\n"
    ).encode()


def frame(payload, opcode=1, fin=True, rsv1=False):
    """A client's frame, masked with zeros (RFC 6455, section 5.2)."""
    head = bytes([(0x80 if fin else 0) | (0x40 if rsv1 else 0) | opcode])
    size = len(payload)
    if size < 126:
        head += bytes([0x80 | size])
    elif size < 1 << 16:
        head += bytes([0x80 | 126]) + size.to_bytes(2, "big")
    else:
        head += bytes([0x80 | 127]) + size.to_bytes(8, "big")
    return head + bytes(4) + payload


def message(to, text, identity):
    return frame(json.dumps({"type": "message", "to": str(to), "text": text, "id": identity}).encode())


PING = frame(b'{"type":"ping"}')


def client_hello():
    """The first bytes of a TLS handshake; they may be sent any number of times."""
    outgoing = ssl.MemoryBIO()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client = context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="localhost")
    try:
        client.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


class Connection:
    """A blocking connection; closing it resets it, so that it leaves no port in use."""

    def __init__(self, port, timeout=10, receive_buffer=None):
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.settimeout(timeout)
        self.socket.connect(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.unread = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def _fill(self):
        data = self.socket.recv(1 << 16)
        if not data:
            raise EOFError
        self.unread += data

    def read_head(self):
        """Up to and with the blank line behind the head of an answer."""
        while b"\r\n\r\n" not in self.unread:
            self._fill()
        head, _, self.unread = self.unread.partition(b"\r\n\r\n")
        return head.decode()

    def open(self, mobile, query=QUIET, extra=""):
        """Opens a session; the status code of the answer."""
        self.send(upgrade(mobile, query, extra))
        self.head = self.read_head()
        return self.head[9:12]

    def read_frame(self):
        """The opcode and the payload of the next frame."""
        while True:
            data = self.unread
            if len(data) >= 2:
                size, start = data[1] & 127, 2
                if size == 126:
                    size, start = int.from_bytes(data[2:4], "big"), 4
                elif size == 127:
                    size, start = int.from_bytes(data[2:10], "big"), 10
                if len(data) >= start + size:
                    self.unread = data[start + size :]
                    return data[0] & 15, data[start : start + size]
            self._fill()
