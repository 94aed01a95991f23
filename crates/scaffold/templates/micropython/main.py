"""Runs at the start of the chip; on a computer: micropython main.py [PORT [--no-mdns]]."""

import sys

from board import board

if sys.platform == "linux":
    import asyncio

    # Only for programs on this computer. "0.0.0.0" is for the network.
    board.bind = "127.0.0.1"
    board.port = int(sys.argv[1]) if len(sys.argv) > 1 else 8080
    if "--no-mdns" in sys.argv:
        board.service = None
    # Printed when it listens.
    asyncio.run(board.serve(lambda: print("%s is at %s:%d" % (board.name, board.bind, board.port))))
else:
    import wifi

    wifi.connect()
    board.run()
