"""Runs an example on this computer, with stand-ins for the modules of a chip:

    micropython tests/example.py examples/lamp/main.py

It listens on a free port of 127.0.0.1 and prints a line as bench.py does. It
ends at `quit`, or at the end of standard input."""

import asyncio
import json
import sys

HERE = __file__.rpartition("/")[0] or "."
sys.path[:0] = [HERE + "/stubs", HERE, HERE + "/.."]

import switchboard
from harness import served


def run(board):
    async def main():
        board.bind = "127.0.0.1"
        port = await served(board)
        print(json.dumps({"id": board.id, "name": board.name, "address": "127.0.0.1:%d" % port}))
        typed = asyncio.StreamReader(sys.stdin.buffer)
        while (await typed.readline()).strip() not in (b"quit", b""):
            pass
        board.goodbye()

    asyncio.run(main())


switchboard.Board.run = run
with open(sys.argv[1]) as file:
    program = file.read()
exec(program, {"__name__": "__main__"})
