"""One attempt to send one copy: its attachments are read, it is composed, and handed to the way out.

Fails with: nothing. An error of our own is a result, too: `Deferred`.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from mailtickets.desk.model.delivery import Deferred, Delivery
from mailtickets.desk.model.policy import MAX_ATTACHMENT_BYTES
from mailtickets.failpoint import failpoint
from mailtickets.gateway.attachments import Attachments
from mailtickets.gateway.clerk import Clerk
from mailtickets.gateway.delivery.pace import Pace
from mailtickets.mail.model import Attachment, Copy
from mailtickets.store.outbox import Due

log = logging.getLogger("mailtickets.gateway")

Send = Callable[[bytes, str, str], Awaitable[Delivery]]
"""(RFC 5322 bytes, reverse-path, recipient) -> the result of the attempt."""

_LARGE = 100_000
"""Characters of a notice that is not composed on the event loop."""


def no_limit() -> int | None:
    """For ways out that take mail of any size."""
    return None


@dataclass(frozen=True, slots=True)
class WayOut:
    """The delivery account of a gateway."""

    send: Send
    pace: Pace
    largest: Callable[[], int | None] = no_limit
    """Returns how many octets the smarthost takes; None if it has not said so."""


class Sender:
    """Sends copies."""

    def __init__(self, clerk: Clerk, way_out: WayOut, attachments: Attachments) -> None:
        self.send, self._largest = way_out.send, way_out.largest
        self._clerk, self._attachments = clerk, attachments

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
        """The mail as it is sent. A notice of ours that is too large for the smarthost goes without attachments; first
        without those that its text does not show."""
        files, limit = await self._attachments.of(copy), self._largest()
        raw, sent = await self._composed(copy, files)
        if copy.author is None and limit and len(raw) > limit and copy.mail.attachments:
            raw, sent = await self._composed(copy, tuple(file for file in files if file.inline))
        if copy.author is None and limit and len(raw) > limit:
            raw, sent = await self._composed(copy, ())
        return raw, sent

    async def _composed(self, copy: Due, attachments: tuple[Attachment, ...]) -> tuple[bytes, Copy]:
        if attachments or len(copy.mail.text) + len(copy.mail.html or "") > _LARGE:
            return await asyncio.to_thread(self._clerk.written, copy, attachments)
        return self._clerk.written(copy, attachments)

    def limit_attachments(self) -> None:
        """Lets notices carry no more than the smarthost takes: base64 makes four octets of three, and lines."""
        limit = self._largest()
        if limit:
            room = max(0, min(MAX_ATTACHMENT_BYTES, (limit - 200_000) * 7 // 10))
            rules = self._clerk.rules
            if rules.policy.max_attachment_bytes != room:
                self._clerk.rules = replace(rules, policy=replace(rules.policy, max_attachment_bytes=room))
