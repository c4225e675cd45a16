"""Holds messages while they are received: small ones in memory, large ones in files without a name.

Owns: a private directory, and the sum of what all doors hold there and in memory. `limit_bytes` bounds this sum,
whatever clients do together. We are not responsible for these messages yet: no 250 has been sent, and they are gone
when the process ends.
Fails with: NoSpace when the sum would exceed the bound, OSError when the disk cannot take more.
"""

import asyncio
import io
import shutil
import tempfile
from pathlib import Path
from typing import IO

from mailtickets.desk.model.delivery import NoSpace

IN_MEMORY_BYTES = 262_144
"""Octets of one message in memory. A larger message is moved to a file."""
MEMORY_BYTES = 67_108_864
"""Octets of all messages in memory together. Above it, small messages go into files too."""
LARGE_AT_ONCE = 2
"""How many messages that lie in files may be in memory at the same time, for their commit."""


class Spool:
    def __init__(self, directory: Path | None = None, limit_bytes: int = 1_073_741_824) -> None:
        """Without a directory, the files lie in the system's folder for temporary files."""
        self.limit_bytes = limit_bytes
        """May be changed while messages are held."""
        self.held_bytes = self.memory_bytes = 0
        self.large = asyncio.Semaphore(LARGE_AT_ONCE)
        self.directory = directory
        if directory is not None:
            # Leftovers of a file system without nameless files: the process ended between creating and unlinking them.
            shutil.rmtree(directory, ignore_errors=True)
            directory.mkdir(mode=0o700, exist_ok=True)

    def has_room(self, size_bytes: int) -> bool:
        return self.held_bytes + size_bytes < self.limit_bytes

    def hold(self) -> "Held":
        return Held(self)


class Held:
    """The bytes of one message. The owner of this object must close it."""

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
        """Gives the space back. May be called again."""
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
