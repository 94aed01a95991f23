"""The opposite direction: the board connects to this program, which controls it. For boards that nothing can connect to.

    python inbound.py [PORT]

For each board that connects: prints what it is, switches its first light on and off, and prints what it pushes.
"""

import asyncio
import sys

from websockets.asyncio.server import serve

from talk import Talk, words


async def connected(connection):
    # Who opened the connection does not matter for what is said on it: the
    # requests come from here all the same.
    board = Talk(connection, lambda method, params: print(words(method, params), flush=True))
    listening = asyncio.create_task(board.listen())
    try:
        info = await board.call("Device.GetInfo")
        print(f"{info['name']} ({info['id']}) is connected", flush=True)
        await board.call("Device.Subscribe")
        light = next((one for one in await board.components() if one["kind"] == "light"), None)
        for on in (True, False) if light else ():
            result = await board.call("Light.Set", id=int(light["key"].split(":")[1]), on=on)
            print(f"{light['key']} is {'on' if on else 'off'}, was {'on' if result['was_on'] else 'off'}", flush=True)
        await listening
    finally:
        listening.cancel()
        print(f"the board has closed the connection ({connection.close_code})", flush=True)


async def main():
    def select(connection, offered):
        return "switchboard.v1" if "switchboard.v1" in offered else None

    port = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    async with serve(connected, "127.0.0.1", port, select_subprotocol=select, compression=None, max_size=65_536) as server:
        print(f"boards may connect to ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        pass
