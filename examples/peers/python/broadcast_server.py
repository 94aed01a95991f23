"""Many clients: each message reaches all other clients. Open two terminals and compare with the echo.

    python broadcast_server.py [PORT]
"""

import asyncio
import sys

from websockets.asyncio.server import broadcast, serve

CLIENTS = set()


async def client(connection):
    CLIENTS.add(connection)
    try:
        async for message in connection:
            broadcast(CLIENTS - {connection}, message)
    finally:
        CLIENTS.discard(connection)


async def main():
    async with serve(client, "127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 0) as server:
        print(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        pass
