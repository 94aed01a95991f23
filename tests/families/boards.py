"""Starts the program of doubles and gives it commands."""

import asyncio
import contextlib
import json

PATIENCE = 15


class Boards:
    """The running program. Its boards are numbered from 1."""

    def __init__(self, process, listening):
        self.process = process
        self.listening = listening

    def address(self, number=1):
        host, port = self.listening[number - 1]["address"].rsplit(":", 1)
        return host, int(port)

    def id(self, number=1):
        return self.listening[number - 1]["id"]

    async def tell(self, command):
        """Gives a command; what it prints, if it prints something."""
        self.process.stdin.write(f"{command}\n".encode())
        await self.process.stdin.drain()
        answer = await line_of(self.process)
        assert answer.get("done") == command.split()[0], answer
        return answer.get(answer["done"])


async def line_of(process):
    async with asyncio.timeout(PATIENCE):
        line = await process.stdout.readline()
    assert line, "the program of doubles has ended"
    return json.loads(line)


@contextlib.asynccontextmanager
async def started(program, *arguments, boards=1):
    """Doubles that run until the block ends."""
    process = await asyncio.create_subprocess_exec(
        program,
        *arguments,
        "--boards",
        str(boards),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=1 << 20,
    )
    try:
        listening = [await line_of(process) for _ in range(boards)]
        yield Boards(process, listening)
    finally:
        process.stdin.write(b"quit\n")
        process.stdin.close()
        try:
            async with asyncio.timeout(PATIENCE):
                await process.wait()
        except TimeoutError:
            process.kill()


class Updates:
    """What a client's listener is told, waited for with a deadline."""

    def __init__(self):
        self.queue = asyncio.Queue()

    def __call__(self, *update):
        self.queue.put_nowait(update)

    async def until(self, fits):
        """The first update that fits."""
        async with asyncio.timeout(PATIENCE):
            while True:
                update = await self.queue.get()
                if fits(*update):
                    return update


async def eventually(attempt, *expected):
    """Repeats what may fail in an expected way, until the deadline."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                return await attempt()
            except expected:
                await asyncio.sleep(0.2)
