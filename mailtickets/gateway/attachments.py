"""The attachments of copies on their way: read again from the mail that brought them, or made by the desk itself.

Owns: the attachments of the last notice: copies of one notice follow one another, and they are read once for them.
Fails with: `Transient` and `Unreadable` from the database and the workers.
"""

import asyncio

from mailtickets.gateway.shared import Shared
from mailtickets.mail.model import Attachment
from mailtickets.store import enclosures, inbound
from mailtickets.store.outbox import Due


class Attachments:
    """Reads attachments, one mail at a time."""

    def __init__(self, shared: Shared) -> None:
        self._clerk, self._workers, self._transactions = shared.clerk, shared.workers, shared.transactions
        self._last: tuple[tuple[int, tuple[str, ...]], tuple[Attachment, ...]] | None = None
        """Inbound id and digests of the last notice, and its attachments."""
        self._enclosed: tuple[int, tuple[Attachment, ...]] | None = None
        """Number of the last notice with files of our own, and these files."""
        self._reading = asyncio.Lock()

    async def of(self, copy: Due) -> tuple[Attachment, ...]:
        """The attachments of a copy, with their content."""
        return (*await self._own(copy), *await self._brought(copy))

    async def _own(self, copy: Due) -> tuple[Attachment, ...]:
        if not copy.mail.attachments:
            return ()
        async with self._reading:
            if self._enclosed is None or self._enclosed[0] != copy.notice:
                found = await self._transactions.alone(enclosures.load, copy.notice, copy.mail.attachments)
                self._enclosed = (copy.notice, found)
            return self._enclosed[1]

    async def _brought(self, copy: Due) -> tuple[Attachment, ...]:
        if not copy.attachments or copy.inbound is None:
            return ()
        wanted = (copy.inbound, copy.attachments)
        async with self._reading:
            if self._last is None or self._last[0] != wanted:
                self._last = (wanted, await self._read(copy.inbound, copy.attachments))
            return self._last[1]

    async def _read(self, number: int, digests: tuple[str, ...]) -> tuple[Attachment, ...]:
        received = await self._transactions.alone(inbound.load, number)
        if received is None:
            return ()
        return await self._workers.attachments(received.raw, self._clerk.rules.policy.instance.name, digests)

    def forget(self) -> None:
        """Frees the memory."""
        self._last = self._enclosed = None
