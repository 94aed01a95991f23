"""Lines of standard input, which may be a terminal, a pipe, a file or closed."""

import asyncio
import os
import stat
import sys


async def lines():
    """Returns a reader of the lines, which ends with them."""
    reader = asyncio.StreamReader()
    if sys.stdin is None:  # it is closed
        reader.feed_eof()
        return reader
    mode = os.fstat(sys.stdin.fileno()).st_mode
    if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or sys.stdin.isatty():
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    else:
        # A file, or /dev/null: Linux cannot wait for those (epoll_ctl(2),
        # EPERM), and they are always ready.
        reader.feed_data(sys.stdin.buffer.read())
        reader.feed_eof()
    return reader
