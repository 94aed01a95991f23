"""A board on this computer that any Switchboard finds and controls: HTTP and WebSocket around a lamp.

    python board.py [--name NAME] [--port PORT] [--listen ADDRESS] [--no-mdns]

It obeys lines on standard input as if a hand were at it: `press`, `measure 23.5`, `quit`.
"""

import argparse
import asyncio
import contextlib
import hashlib
import ipaddress
import signal
import socket
from urllib.parse import urlsplit

from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed
from zeroconf import IPVersion, ServiceInfo
from zeroconf.asyncio import AsyncZeroconf

from lamp import Lamp
from typed import lines
from wire import Refused, answer, read, refusal

CONTROLLERS = 4
ECHOES = 2
SUBPROTOCOL = "switchboard.v1"
TYPE = "_switchboard._tcp.local."


class Board:
    def __init__(self, lamp):
        self.lamp = lamp
        self.controllers = self.echoes = 0

    def check_origin(self, connection, request):
        """Returns a refusal before the WebSocket is accepted; None admits. The library does the rest of the handshake. It reads no request
        with a body, and closes the connection on a POST; so this board lacks the feature http_rpc."""
        headers, target = request.headers, urlsplit(request.path)
        # RFC 9112, section 3.2.2: a target may be a whole URL, whose host then
        # takes precedence.
        path, host = target.path or "/", target.netloc or headers.get("Host", "")

        def refuse(status, body, kind="text/plain; charset=utf-8"):
            response = connection.respond(status, body)
            response.headers.pop("Content-Type", None)
            response.headers["Content-Type"] = kind
            return response

        def error(status, code, reason, message):
            return refuse(status, refusal(None, Refused(code, reason, message)), "application/json")

        # Pages of strangers: a Host that could lead here by DNS rebinding, or
        # an Origin other than the board's own address (docs/protocol.md, "Web
        # pages").
        if not self.is_me(host):
            return refuse(421, "Host names another\n")
        if "Origin" in headers and not self.is_own(headers["Origin"], host) and ("Upgrade" in headers or request.method == "POST"):
            return error(403, -32006, "origin_not_allowed", "web pages may not drive this board")
        if path not in ("/", "/rpc", "/ws"):
            return refuse(404, "nothing is here\n")
        if request.method != "GET":
            response = refuse(405, "GET is expected\n")
            response.headers["Allow"] = "GET"
            return response
        if path == "/":
            return refuse(200, f"{self.lamp.about['name']}: a board. Its control channel is ws://{headers['Host']}/rpc\n")
        if headers.get("Upgrade", "").lower() != "websocket" or headers.get("Sec-WebSocket-Version") != "13":
            response = refuse(426, "a WebSocket of version 13 is expected\n")
            response.headers["Upgrade"], response.headers["Sec-WebSocket-Version"] = "websocket", "13"
            return response
        if path == "/ws":
            return refuse(503, "both places are taken\n") if self.echoes >= ECHOES else None
        offered = [one.strip() for value in headers.get_all("Sec-WebSocket-Protocol") for one in value.split(",")]
        if offered and SUBPROTOCOL not in offered:
            return error(400, -32008, "unsupported_version", f"{SUBPROTOCOL} is spoken here")
        if self.controllers >= CONTROLLERS:
            message = f"the board is full: {CONTROLLERS} of {CONTROLLERS} clients; one must disconnect first"
            return error(503, -32005, "all_places_taken", message)
        return None

    def is_me(self, host):
        name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
        name = name.strip("[]").lower()
        with contextlib.suppress(ValueError):
            return bool(ipaddress.ip_address(name))
        return name in ("localhost", self.lamp.about["id"]) or name.endswith(".local")

    def is_own(self, origin, host):
        """Some programs send their target address as their Origin."""
        with contextlib.suppress(ValueError):
            theirs, own = urlsplit(origin), urlsplit(f"http://{host}")
            plain = theirs.scheme == "http" and not (theirs.username or theirs.path or theirs.query or theirs.fragment)
            return plain and (theirs.hostname, theirs.port or 80) == (own.hostname, own.port or 80)
        return False

    async def connected(self, connection):
        with contextlib.suppress(ConnectionClosed):
            if urlsplit(connection.request.path).path == "/ws":
                await self.echo(connection)
            else:
                await self.control(connection)

    async def echo(self, connection):
        self.echoes += 1
        try:
            async for message in connection:
                await connection.send(message)
        finally:
            self.echoes -= 1

    async def control(self, connection):
        waiting = asyncio.Queue(8)  # messages for this controller; one that is too slow to read them is let go

        def send(text):
            try:
                waiting.put_nowait(text)
            except asyncio.QueueFull:
                slow.set()

        async def write():
            while True:
                await connection.send(await waiting.get())

        async def let_go():
            await slow.wait()
            writer.cancel()
            await connection.close(1013, "it reads too slowly")

        slow = asyncio.Event()
        number = self.lamp.connect(send)
        self.controllers += 1
        writer, warden = asyncio.create_task(write()), asyncio.create_task(let_go())
        try:
            async for message in connection:
                if isinstance(message, bytes):
                    await connection.close(1003, "JSON as text is expected")
                    return
                text = self.answered(number, message)
                if text is not None:
                    await waiting.put(text)
        finally:
            writer.cancel()
            warden.cancel()
            self.lamp.disconnect(number)
            self.controllers -= 1

    def answered(self, number, text):
        id = None
        try:
            id, method, params = read(text)
            result = self.lamp.call(number, method, params)
            return None if id is None else answer(id, result)
        except Refused as error:
            # A request without an id is not answered. Input that is not a
            # request at all is, with id null.
            id = error.id if id is None else id
            is_request = error.code not in (-32700, -32600)
            return None if is_request and id is None else refusal(id, error)


def announcement(about, address, port):
    """Returns the mDNS announcement (docs/protocol.md, "Finding a board")."""
    txt = {
        "txtvers": "1", "id": about["id"], "mac": about["mac"], "friendly_name": about["name"], "version": about["version"],
        "platform": about["platform"], "board": about["board"], "proto": "1", "path": "/rpc",
    }
    host = f"{about['id']}.local."
    return ServiceInfo(TYPE, f"{about['id']}.{TYPE}", addresses=[socket.inet_aton(address)], port=port, properties=txt, server=host)


def own_address():
    """Returns this computer's address in the local network. Nothing is sent: connecting UDP only selects an interface."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("224.0.0.251", 5353))
        return probe.getsockname()[0]


async def read_commands(lamp):
    """Reads commands from standard input; returns at `quit`, but not at their end: there may be no terminal."""
    typed = await lines()
    while line := await typed.readline():
        match line.decode().split():
            case ["press"]:
                lamp.press()
            case ["measure", value] if value.replace(".", "", 1).replace("-", "", 1).isdigit():
                lamp.measure(float(value))
            case ["quit"]:
                return
            case _:
                print("press, measure NUMBER or quit is expected", flush=True)
    await asyncio.Event().wait()


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--name", default="Python lamp")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--listen", default="127.0.0.1", metavar="ADDRESS")
    parser.add_argument("--no-mdns", action="store_true")
    options = parser.parse_args()
    # The id names a board forever. A chip derives it from its hardware address;
    # this one from its name.
    digest = hashlib.sha256(options.name.encode()).hexdigest()
    mac = ":".join(["02", *(digest[at : at + 2] for at in range(0, 10, 2))])
    lamp = Lamp(f"python-{digest[:6]}", options.name, mac)
    board = Board(lamp)
    # The library follows the rules of frames: masks, fragments, UTF-8, pings,
    # close codes, and the size limit.
    limits = {"max_size": 2048, "ping_interval": 20, "ping_timeout": 40, "compression": None}

    def select(connection, offered):
        return SUBPROTOCOL if SUBPROTOCOL in offered else None

    admission = {"process_request": board.check_origin, "select_subprotocol": select}
    async with serve(board.connected, options.listen, options.port, **admission, **limits) as server:
        port = server.sockets[0].getsockname()[1]
        async with contextlib.AsyncExitStack() as stack:
            if not options.no_mdns:
                address = own_address() if options.listen == "0.0.0.0" else options.listen
                mdns = await stack.enter_async_context(AsyncZeroconf(interfaces=[address], ip_version=IPVersion.V4Only))
                info = announcement(lamp.about, address, port)
                await (await mdns.async_register_service(info))
                stack.push_async_callback(mdns.async_unregister_all_services)  # says goodbye
            print(f"{options.name} ({lamp.about['id']}) is at ws://{options.listen}:{port}/rpc", flush=True)
            task = asyncio.current_task()
            for ended in (signal.SIGINT, signal.SIGTERM):
                asyncio.get_running_loop().add_signal_handler(ended, task.cancel)
            with contextlib.suppress(asyncio.CancelledError):
                await read_commands(lamp)


if __name__ == "__main__":
    asyncio.run(main())
