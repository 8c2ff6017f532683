"""A server of the base dialect with Python's `websockets`, as a peer of the benchmarks: it hands messages on and answers pings.

It tells nobody who is online, which would be all that it does with a crowd.

    python websockets_server.py --port 0        prints the port it got as its first line
"""

import argparse
import asyncio
import contextlib
import json

from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

online = {}


async def handle(websocket):
    mobile = websocket.request.path.split("?", 1)[0].removeprefix("/ws/")
    online[mobile] = websocket
    try:
        async for text in websocket:
            data = json.loads(text)
            if data["type"] == "ping":
                await websocket.send('{"type":"pong"}')
            elif data["type"] == "message" and (recipient := online.get(data["to"])):
                frame = {"type": "message", "from": mobile, "text": data["text"]}
                with contextlib.suppress(ConnectionClosed):
                    await recipient.send(json.dumps(frame, separators=(",", ":"), ensure_ascii=False))
    except ConnectionClosed:
        pass
    finally:
        if online.get(mobile) is websocket:
            del online[mobile]


async def main(port):
    async with serve(handle, "127.0.0.1", port, compression=None, backlog=4096) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.get_running_loop().create_future()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=8080, help="0: any that is free")
    asyncio.run(main(parser.parse_args().port))
