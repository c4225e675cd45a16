"""A road to PostgreSQL that breaks when it hurts most: after COMMIT has gone there, before its answer comes back.

async with Proxy(postgres.port, chance) as proxy:
    proxy.share = 0.1       # of all commits
"""

import asyncio
import random
from contextlib import suppress

COMMIT = b"Q\x00\x00\x00\x0bCOMMIT\x00"
"""A simple query, as PostgreSQL's protocol writes it (version 3, "Message Formats")."""
COMMITTED = b"C\x00\x00\x00\x0bCOMMIT\x00"
CHUNK_BYTES = 65_536


class Proxy:
    """Listens on a free port of loopback while the `async with` block runs."""

    def __init__(self, port: int, chance: random.Random) -> None:
        self.share, self.cuts, self.port = 0.0, 0, 0
        self._upstream, self._chance = port, chance
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "Proxy":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        there, back = await asyncio.open_connection("127.0.0.1", self._upstream)
        doomed = asyncio.Event()
        ways = [
            asyncio.create_task(self._carry(reader, back, doomed)),
            asyncio.create_task(self._carry_back(there, writer, doomed)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            for end in (writer, back):
                end.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, doomed: asyncio.Event) -> None:
        with suppress(OSError):
            while data := await reader.read(CHUNK_BYTES):
                if COMMIT in data and self._chance.random() < self.share:
                    doomed.set()
                writer.write(data)
                await writer.drain()

    async def _carry_back(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, doomed: asyncio.Event
    ) -> None:
        with suppress(OSError):
            while data := await reader.read(CHUNK_BYTES):
                if doomed.is_set() and COMMITTED in data:
                    self.cuts += 1
                    return
                writer.write(data)
                await writer.drain()
