"""A chat server of the base dialect: FastAPI and uvicorn, a dict in memory, nothing else.

Written from the base dialect of docs/protocol.md alone, the way a backend of this kind usually is, so that
scactl meets a server that has never heard of sca.v2, message ids, acks or receipts. It ignores what it does
not understand, and it lists users in the order they came.

    python base_server.py --port 0        prints the port it got as its first line

Settings by environment: HOST, PORT, PING_TIMEOUT and CLEANUP_INTERVAL in seconds.
"""

import argparse
import asyncio
import json
import os
import socket
import time
from contextlib import asynccontextmanager, suppress

import uvicorn
from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from fastapi.responses import JSONResponse

PING_TIMEOUT = float(os.environ.get("PING_TIMEOUT", "60"))
CLEANUP_INTERVAL = float(os.environ.get("CLEANUP_INTERVAL", "30"))


class ConnectionManager:
    """Who is connected: mobile → WebSocket, and when each was last heard of."""

    def __init__(self):
        self.active_connections: dict[str, WebSocket] = {}
        self.last_ping: dict[str, float] = {}

    async def connect(self, mobile: str, websocket: WebSocket):
        await websocket.accept()
        self.active_connections[mobile] = websocket
        self.touch(mobile)
        await self.broadcast_online_users()

    async def disconnect(self, mobile: str, websocket: WebSocket):
        # A newer connection of the same mobile has taken the place: leave it alone.
        if self.active_connections.get(mobile) is not websocket:
            return
        del self.active_connections[mobile]
        self.last_ping.pop(mobile, None)
        await self.broadcast_online_users()

    def touch(self, mobile: str):
        self.last_ping[mobile] = time.monotonic()

    def online_users(self) -> dict:
        return {"type": "online_users", "users": list(self.active_connections)}

    async def send(self, mobile: str, frame: dict):
        websocket = self.active_connections.get(mobile)
        if websocket is not None:
            with suppress(RuntimeError, WebSocketDisconnect):
                await websocket.send_json(frame)

    async def broadcast_online_users(self):
        frame = self.online_users()
        for mobile in list(self.active_connections):
            await self.send(mobile, frame)

    async def cleanup(self):
        """Every CLEANUP_INTERVAL seconds, drops who has been silent for PING_TIMEOUT seconds."""
        while True:
            await asyncio.sleep(CLEANUP_INTERVAL)
            now = time.monotonic()
            for mobile, seen in list(self.last_ping.items()):
                websocket = self.active_connections.get(mobile)
                if now - seen > PING_TIMEOUT and websocket is not None:
                    with suppress(RuntimeError, WebSocketDisconnect):
                        await websocket.close()
                    await self.disconnect(mobile, websocket)


manager = ConnectionManager()


@asynccontextmanager
async def lifespan(_: FastAPI):
    task = asyncio.create_task(manager.cleanup())
    yield
    task.cancel()


app = FastAPI(lifespan=lifespan)


@app.get("/health")
async def health():
    return {"status": "ok", "connections": len(manager.active_connections)}


@app.websocket("/ws/{mobile}")
async def websocket_endpoint(websocket: WebSocket, mobile: str):
    if not (mobile.isascii() and mobile.isdigit() and len(mobile) >= 10):
        error = {"code": "invalid_mobile", "message": "a mobile is at least 10 digits"}
        await websocket.send_denial_response(JSONResponse({"error": error}, status_code=400))
        return
    await manager.connect(mobile, websocket)
    try:
        while True:
            text = await websocket.receive_text()
            manager.touch(mobile)
            try:
                data = json.loads(text)
            except json.JSONDecodeError:
                continue
            if isinstance(data, dict):
                await handle(mobile, data)
    except WebSocketDisconnect:
        pass
    finally:
        await manager.disconnect(mobile, websocket)


async def handle(mobile: str, data: dict):
    kind = data.get("type")
    if kind == "ping":
        await manager.send(mobile, {"type": "pong"})
    elif kind == "get_online_users":
        await manager.send(mobile, manager.online_users())
    elif kind == "message":
        to, text = data.get("to"), data.get("text")
        if isinstance(to, str) and isinstance(text, str):
            await manager.send(to, {"type": "message", "from": mobile, "text": text})


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--host", default=os.environ.get("HOST", "127.0.0.1"))
    parser.add_argument("--port", type=int, default=int(os.environ.get("PORT", "8080")), help="0: any that is free")
    options = parser.parse_args()

    # The protocol is named because asyncio turns Nagle's algorithm off only where it is.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((options.host, options.port))
    # Listening before the port is told: who reads it may connect at once.
    listener.listen(128)
    print(listener.getsockname()[1], flush=True)
    config = uvicorn.Config(app, log_level="warning", access_log=False, timeout_graceful_shutdown=2)
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
