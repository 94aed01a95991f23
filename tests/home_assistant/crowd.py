"""A thousand boards of one bridge in Home Assistant, which is then restarted.

usage: crowd.py SWITCHBOARD VIRTUAL_BOARD
"""

import asyncio
import os
import signal
import sys
import tempfile
import time
from pathlib import Path

from end_to_end import Boards, Bridge
from home import Broker, Failed, Home, until

BOARDS = 1000
# By default Mosquitto drops what a client has not taken beyond 1,000 messages:
# states that Home Assistant would never get while it sets up so many entities.
SETTINGS = "max_queued_messages 0"
# Home Assistant sets up some thousand entities in one thread.
SET_UP = 300


async def appear(home, boards, began):
    """Waits until the light of every board is available; how long that took, and how many entities there are."""
    unique = {f"switchboard_{board}_light_0" for board in boards.ids}
    try:
        await until("a light of every board", lambda: len(home.available() & unique) == BOARDS, SET_UP, 0.5)
    except Failed as failed:
        raise Failed(f"{failed}: {len(home.available() & unique)} are available") from None
    return time.monotonic() - began, len(home.available())


async def works(home, boards):
    """A change at a board arrives, and a command reaches it."""
    for board in (boards.ids[0], boards.ids[-1]):
        boards.obey(f"set {board} light:0 on=true brightness=40")
        began = time.monotonic()
        await home.has(board, "light_0", "on", brightness=102)
        arrived = time.monotonic() - began
        await home.call("light.turn_off", board, "light_0")
        await home.has(board, "light_0", "off")
    return arrived


async def main(switchboard, virtual_board):
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"XDG_CONFIG_HOME": folder, "HOME": folder}
        broker = Broker(Path(folder), SETTINGS)
        broker.start()
        boards = Boards(virtual_board, BOARDS, "lamp")
        home, bridge = Home(Path(folder), broker), Bridge(switchboard, broker, boards)
        try:
            await home.start()
            began = time.monotonic()
            bridge.start()
            took, entities = await appear(home, boards, began)
            arrived = await works(home, boards)
            print(f"{BOARDS} boards at once: {entities} entities within {took:.1f} s; then a change arrives within {arrived * 1000:.0f} ms.")
            await home.stop()
            began = time.monotonic()
            await home.start()
            took, again = await appear(home, boards, began)
            arrived = await works(home, boards)
            print(f"Home Assistant restarted: {again} entities within {took:.1f} s; then a change arrives within {arrived * 1000:.0f} ms.")
            if again != entities:
                raise Failed(f"{entities} entities became {again}")
            complaints = [text for text in home.complaints.texts if "mqtt.client" not in text]
            if complaints:
                raise Failed("Home Assistant complains:\n" + "\n".join(complaints[:20]))
        finally:
            await home.stop()
            bridge.stop(signal.SIGTERM)
            boards.end()
            broker.stop()


if __name__ == "__main__":
    try:
        asyncio.run(main(sys.argv[1], sys.argv[2]))
    except Failed as failed:
        sys.exit(f"FAILED: {failed}")
