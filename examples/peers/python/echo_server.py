"""The smallest server: an echo.

    python echo_server.py [PORT]
"""

import asyncio
import sys

from websockets.asyncio.server import serve


async def echo(connection):
    # The server may speak first. With HTTP it could not.
    await connection.send("hello")
    async for message in connection:
        await connection.send(message)


async def main():
    async with serve(echo, "127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 0) as server:
        print(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        pass
