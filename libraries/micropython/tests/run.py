"""Runs the tests of these files: micropython tests/run.py [NAME…]"""

import asyncio
import sys

HERE = __file__.rpartition("/")[0] or "."
sys.path[:0] = [HERE, HERE + "/.."]

from harness import run

NAMES = ("test_text", "test_board", "test_server", "test_mdns")


async def main():
    failed = 0
    for name in sys.argv[1:] or NAMES:
        failed += await run(__import__(name))
    return failed


sys.exit(1 if asyncio.run(main()) else 0)
