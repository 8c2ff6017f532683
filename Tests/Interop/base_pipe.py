"""A client of the base dialect as a pipe: each line of stdin is sent as a frame, each frame that comes is a line.

    python base_pipe.py ws://127.0.0.1:8080/ws/9876543210

It says only what it is told to, so it sends no heartbeats. The end of stdin closes the connection. The last line
is the code that the connection was closed with: `# 1000`.
"""

import asyncio
import sys

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed


async def speak(socket):
    lines = asyncio.StreamReader(limit=1 << 20)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := await lines.readline():
        await socket.send(line.decode().removesuffix("\n"))
    await socket.close()


async def main(url):
    async with connect(url, max_size=None, ping_interval=None, open_timeout=60) as socket:
        speaking = asyncio.create_task(speak(socket))
        try:
            while True:
                print(await socket.recv(), flush=True)
        except ConnectionClosed:
            print(f"# {socket.close_code}", flush=True)
        finally:
            speaking.cancel()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
