"""A client for tests, and a runner: each function whose name begins with
`test_` is a test. They run in MicroPython, next to the board."""

import asyncio
import json
import os
import sys

import switchboard as sb

HANDSHAKE = (
    "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%s\r\n"
)


class Closed(Exception):
    """The board closed the WebSocket; the argument is the code."""


async def read_head(stream):
    """The status and the fields of a response."""
    status, fields = 0, {}
    while True:
        line = (await stream.readline()).strip()
        if not line:
            return status, fields
        if not status:
            status = int(line.split()[1])
        else:
            name, _, value = str(line, "utf-8").partition(":")
            fields[name.lower()] = value.strip()


async def request(port, text):
    """Sends bytes, and returns the status, the fields and the body."""
    stream, _ = await asyncio.open_connection("127.0.0.1", port)
    try:
        stream.write(text if type(text) is bytes else text.encode())
        await stream.drain()
        status, fields = await read_head(stream)
        size = int(fields.get("content-length", "0"))
        body = await stream.readexactly(size) if size else b""
        return status, fields, str(body, "utf-8")
    finally:
        stream.s.close()


class Client:
    """A WebSocket client."""

    @classmethod
    async def open(cls, port, path="/rpc", fields=""):
        client = cls()
        client.stream, _ = await asyncio.open_connection("127.0.0.1", port)
        client.stream.write((HANDSHAKE % (path, fields)).encode())
        await client.stream.drain()
        client.status, client.fields = await read_head(client.stream)
        client.ids = 0
        return client

    async def send_frame(self, opcode, payload, last=True):
        mask = os.urandom(4)
        size = len(payload)
        head = bytes(((0x80 if last else 0) | opcode,))
        head += bytes((0x80 | size,)) if size < 126 else b"\xfe" + size.to_bytes(2, "big")
        masked = bytes([byte ^ mask[at & 3] for at, byte in enumerate(payload)])
        self.stream.write(head + mask + masked)
        await self.stream.drain()

    async def send(self, text):
        await self.send_frame(1, text.encode())

    async def frame(self):
        first, size = await self.stream.readexactly(2)
        if size > 125:
            size = int.from_bytes(await self.stream.readexactly(2 if size == 126 else 8), "big")
        payload = await self.stream.readexactly(size) if size else b""
        if first & 15 == 8:
            raise Closed(int.from_bytes(payload[:2], "big") if payload else None)
        return first & 15, payload

    async def message(self):
        opcode, payload = await asyncio.wait_for(self.frame(), 3)
        assert opcode == 1, opcode
        return json.loads(payload)

    async def quiet(self, ms=150):
        """Whether nothing arrives for so long."""
        try:
            await asyncio.wait_for_ms(self.frame(), ms)
            return False
        except asyncio.TimeoutError:
            return True

    async def closed(self):
        """The code with which the board closes, whatever it sends before."""
        try:
            while True:
                await asyncio.wait_for(self.frame(), 3)
        except Closed as closed:
            return closed.args[0]

    async def start(self, method, **params):
        self.ids += 1
        message = {"jsonrpc": "2.0", "id": self.ids, "method": method, "params": params}
        await self.send(json.dumps(message))

    async def call(self, method, **params):
        """The result, or (code, reason) of the error; keeps pushes that come
        before it in `pushes`."""
        await self.start(method, **params)
        self.pushes = []
        while True:
            message = await self.message()
            if message.get("id") == self.ids:
                if "error" in message:
                    return message["error"]["code"], message["error"]["data"]["reason"]
                return message["result"]
            self.pushes.append(message)

    def end(self):
        self.stream.s.close()


def refusal(action, *arguments):
    """The reason with which an action is refused; None if it is not."""
    try:
        action(*arguments)
    except sb.Refused as refused:
        return refused.reason
    return None


async def served(board):
    """Serves a board on a free port, which is returned."""
    while True:
        board.port = 20000 + int.from_bytes(os.urandom(2), "big") % 12000
        ready = asyncio.Event()
        task = asyncio.create_task(board.serve(ready.set))
        try:
            await asyncio.wait_for(asyncio.gather(ready.wait()), 2)
            return board.port
        except asyncio.TimeoutError:
            task.cancel()


async def run(module):
    failed = passed = 0
    for name in sorted(dir(module)):
        if not name.startswith("test_"):
            continue
        try:
            result = getattr(module, name)()
            if result is not None:
                await result
            passed += 1
        except Exception as error:
            failed += 1
            print("FAILED", name)
            sys.print_exception(error)
    print("%s: %d passed, %d failed" % (module.__name__, passed, failed))
    return failed
