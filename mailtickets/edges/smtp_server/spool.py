"""Where messages lie while they are received: small ones in memory, large ones in files that have no name.

Owns: a private directory, and the sum of what all doors hold there and in memory; `limit_bytes` bounds it, whatever
clients do together. What is held is nobody's mail yet: no 250 has been said, and it is gone with the process.
Fails with: NoSpace when the sum would exceed its bound, OSError when the disk cannot take more.
"""

import asyncio
import io
import shutil
import tempfile
from pathlib import Path
from typing import IO

from mailtickets.desk.model.delivery import NoSpace

IN_MEMORY_BYTES = 262_144
"""A larger message goes on in a file."""
MEMORY_BYTES = 67_108_864
"""All messages in memory together; over it small ones go into files too."""
LARGE_AT_ONCE = 2
"""Messages of files that are read back into memory to be committed, at the same time."""


class Spool:
    def __init__(self, directory: Path | None = None, limit_bytes: int = 1_073_741_824) -> None:
        """Without a directory, files lie where the system keeps temporary ones."""
        self.limit_bytes = limit_bytes
        """May be changed while messages are held."""
        self.held_bytes = self.memory_bytes = 0
        self.large = asyncio.Semaphore(LARGE_AT_ONCE)
        self.directory = directory
        if directory is not None:
            # Left by a file system without nameless files, in the moment between a file's making and its unlinking.
            shutil.rmtree(directory, ignore_errors=True)
            directory.mkdir(mode=0o700, exist_ok=True)

    def has_room(self, size_bytes: int) -> bool:
        return self.held_bytes + size_bytes < self.limit_bytes

    def hold(self) -> "Held":
        return Held(self)


class Held:
    """The bytes of one message; whoever has it closes it."""

    def __init__(self, spool: Spool) -> None:
        self.size_bytes = 0
        self.in_memory = True
        self._spool = spool
        self._bytes: IO[bytes] = io.BytesIO()

    def write(self, piece: bytes) -> None:
        size = len(piece)
        if not self._spool.has_room(size):
            raise NoSpace("too many bytes are being received")
        if self.in_memory and self._is_large_with(size):
            self._move_to_file()
        self._bytes.write(piece)
        self.size_bytes += size
        self._count(size)

    def read(self) -> bytes:
        if isinstance(self._bytes, io.BytesIO):
            return self._bytes.getvalue()
        self._bytes.seek(0)
        return self._bytes.read()

    def close(self) -> None:
        """Gives the room back; may be called again."""
        self._bytes.close()
        self._count(-self.size_bytes)
        self.size_bytes = 0

    def _is_large_with(self, more: int) -> bool:
        return self.size_bytes + more > IN_MEMORY_BYTES or self._spool.memory_bytes + more > MEMORY_BYTES

    def _move_to_file(self) -> None:
        file = tempfile.TemporaryFile(dir=self._spool.directory)  # noqa: SIM115 - closed with the message
        file.write(self.read())
        self._bytes.close()
        self._bytes, self.in_memory = file, False
        self._spool.memory_bytes -= self.size_bytes

    def _count(self, size: int) -> None:
        self._spool.held_bytes += size
        if self.in_memory:
            self._spool.memory_bytes += size
