"""One attempt to send one copy: its attachments are read, it is composed, and handed to the way out.

Fails with: nothing. An error of our own is a result, too: `Deferred`.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from mailtickets.desk.model.delivery import Deferred, Delivery
from mailtickets.failpoint import failpoint
from mailtickets.gateway.attachments import Attachments
from mailtickets.gateway.clerk import Clerk
from mailtickets.mail.model import Attachment, Copy
from mailtickets.store.outbox import Due

log = logging.getLogger("mailtickets.gateway")

Send = Callable[[bytes, str, str], Awaitable[Delivery]]
"""(RFC 5322 bytes, reverse-path, recipient) -> the result of the attempt."""

_LARGE = 100_000
"""Characters of a notice that is not composed on the event loop."""


class Sender:
    """Sends copies. `largest` is how many octets the smarthost takes, if it has said so."""

    def __init__(self, clerk: Clerk, send: Send, largest: Callable[[], int | None], attachments: Attachments) -> None:
        self.send = send
        self._clerk, self._largest, self._attachments = clerk, largest, attachments

    async def attempt(self, copy: Due) -> Delivery:
        """Sends the copy once."""
        try:
            raw, sent = await self._written(copy)
            failpoint("before-sending")
            result = await self.send(raw, sent.envelope_sender, sent.recipient.address)
            failpoint("after-sending")
        except Exception as error:  # whatever it is, the copy did not go out for certain, and it must not get stuck
            log.exception("sending a copy failed", extra={"outbox": copy.id})
            return Deferred(f"internal error: {type(error).__name__}")
        return result

    async def _written(self, copy: Due) -> tuple[bytes, Copy]:
        """The mail as it is sent. A notice of ours that is too large for the smarthost goes without attachments."""
        raw, sent = await self._composed(copy, await self._attachments.of(copy))
        limit = self._largest()
        if limit and len(raw) > limit and copy.author is None:
            return await self._composed(copy, ())
        return raw, sent

    async def _composed(self, copy: Due, attachments: tuple[Attachment, ...]) -> tuple[bytes, Copy]:
        if attachments or len(copy.mail.text) + len(copy.mail.html or "") > _LARGE:
            return await asyncio.to_thread(self._clerk.written, copy, attachments)
        return self._clerk.written(copy, attachments)
