"""Follows a board: prints what is pushed, and switches its first light or switch when Enter is pressed.

    python client.py ws://127.0.0.1:8080/rpc           until Ctrl+C
    python client.py ws://127.0.0.1:8080/rpc toggle    once
"""

import asyncio
import contextlib
import random
import sys
import time

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from talk import Talk, words
from typed import lines


class Client:
    def __init__(self, talk):
        self.talk = talk
        talk.pushed = self.pushed
        self.epoch = self.seq = None
        self.state = {}
        self.stale = asyncio.Event()  # something was missed

    def take(self, snapshot):
        """Stores a snapshot: everything at one moment."""
        self.epoch, self.seq = snapshot["epoch"], snapshot["seq"]
        self.state = {key: fields for key, fields in snapshot.items() if isinstance(fields, dict)}

    def pushed(self, method, params):
        print(words(method, params), flush=True)
        if method != "NotifyStatus" or self.epoch is None:
            return
        # Another epoch: the board has restarted. A prev beyond our seq:
        # something was missed (docs/protocol.md, "Order and gaps").
        if params["epoch"] != self.epoch or params["prev"] > self.seq:
            self.stale.set()
        elif params["seq"] > self.seq:
            self.seq = params["seq"]
            for key, fields in params.items():
                if isinstance(fields, dict):
                    self.state.setdefault(key, {}).update(fields)

    async def begin(self):
        info = await self.talk.call("Device.GetInfo")
        components = await self.talk.components()
        self.take(await self.talk.call("Device.Subscribe"))
        print(f"{info['name']} ({info['id']}): {', '.join(one['key'] for one in components)}", flush=True)
        self.target = next((one for one in components if one["kind"] in ("light", "switch")), None)

    async def toggle(self):
        if self.target is None:
            print("it has neither light nor switch", flush=True)
            return
        key = self.target["key"]
        id = int(key.split(":")[1])
        if self.target["kind"] == "switch":
            result = await self.talk.call("Switch.Toggle", id=id)
        else:
            result = await self.talk.call("Light.Set", id=id, on=not self.state[key]["on"])
        print(f"{key} was {'on' if result['was_on'] else 'off'}", flush=True)

    async def keep_in_step(self):
        while True:
            await self.stale.wait()
            self.stale.clear()
            self.take(await self.talk.call("Device.GetStatus"))

    async def obey(self, typed):
        while await typed.readline():
            await self.toggle()
        await asyncio.Event().wait()  # no more input; pushes are still printed


async def once(url):
    async with connect(url, subprotocols=["switchboard.v1"], compression=None) as connection:
        client = Client(Talk(connection))
        listening = asyncio.create_task(client.talk.listen())
        await client.begin()
        await client.toggle()
    await listening


async def follow(url):
    typed = await lines()
    failures = 0
    while True:
        began = time.monotonic()
        try:
            # The library pings after 10 s, and gives the connection up without
            # a pong.
            settings = {"subprotocols": ["switchboard.v1"], "compression": None, "ping_interval": 10, "ping_timeout": 35}
            async with connect(url, **settings) as connection:
                client = Client(Talk(connection))
                listening = asyncio.create_task(client.talk.listen())
                await client.begin()
                tasks = [listening, asyncio.create_task(client.keep_in_step()), asyncio.create_task(client.obey(typed))]
                _, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in pending:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
            print(f"the connection ended ({connection.close_code})", flush=True)
        except (OSError, WebSocketException, RuntimeError) as error:
            print(error, flush=True)
        # Retried after a random time that grows: many clients must not return
        # at the same moment.
        failures = 0 if time.monotonic() - began > 30 else failures + 1
        wait = random.random() * min(1.8**failures, 60)
        print(f"again in {wait:.1f} s", flush=True)
        await asyncio.sleep(wait)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: python client.py ws://HOST:PORT/rpc [toggle]")
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(once(sys.argv[1]) if sys.argv[2:] == ["toggle"] else follow(sys.argv[1]))
