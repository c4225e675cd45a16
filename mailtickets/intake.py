"""Transaction 1: what a door hands over is durable before the door answers.

Owns: the group commit. All who wait when a transaction begins are in it, who comes meanwhile is in the next one, and
nobody waits for company. Knows when mail is streaming in, so that other work can give way.
*Fails with*: `NoSpace` and `Transient`, for the door to answer 4xx.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import Connection

from mailtickets.clerk import Clerk
from mailtickets.desk.model import NoSpace, Transient
from mailtickets.failpoint import failpoint
from mailtickets.mail.model import Envelope
from mailtickets.store import inbound
from mailtickets.store.lane import Lane

log = logging.getLogger("mailtickets.gateway")

QUIET_SECONDS = 0.05
"""Mail streams in until there was none for this long."""
GIVE_WAY_SECONDS = 1.0
"""The longest that other work waits for the stream to end: under a flood it goes on at a walk."""


@dataclass(slots=True)
class _Waiting:
    raw: bytes
    envelope: Envelope
    committed: asyncio.Future[int]


class Intake:
    """What one gateway accepts. All its coroutines belong to one event loop."""

    def __init__(
        self,
        clerk: Clerk,
        lane: Lane,
        *,
        max_message_bytes: int,
        claimant: Callable[[], str | None],
        claimed: Callable[[int], None],
    ) -> None:
        self.committing: asyncio.Task[None] | None = None
        """The commits under way."""
        self._clerk, self._lane = clerk, lane
        self._max_message_bytes = max_message_bytes
        self._claimant, self._claimed = claimant, claimed
        self._waiting: list[_Waiting] = []
        self._last = 0.0
        self._quiet = asyncio.Event()
        self._quiet.set()

    async def accept(self, raw: bytes, envelope: Envelope) -> int:
        """Keeps a message for good, and gives its inbound id; a retransmission gets the id it had."""
        failpoint("message-received")
        mail = _Waiting(raw, envelope, asyncio.get_running_loop().create_future())
        self._waiting.append(mail)
        if self.committing is None or self.committing.done():
            self.committing = asyncio.create_task(self._commit_waiting())
        number = await mail.committed
        failpoint("before-answer")
        return number

    async def _commit_waiting(self) -> None:
        while self._waiting:
            await asyncio.sleep(0)  # whose last bytes are here already comes along
            group, self._waiting = self._waiting, []
            await self._commit_group(group)
            self._stir()

    async def _commit_group(self, group: list[_Waiting]) -> None:
        try:
            kept = await self._lane.run(self._commit, [(mail.raw, mail.envelope) for mail in group], first=True)
        except Exception as error:
            if len(group) > 1 and not isinstance(error, Transient):  # the fault of one of them: each for itself
                for mail in group:
                    await self._commit_group([mail])
                return
            for mail in group:
                if not mail.committed.done():
                    mail.committed.set_exception(_transient(error))
                    mail.committed.exception()  # the door may have gone; nothing is lost with it
            return
        for mail, (number, new, claimed) in zip(group, kept, strict=True):
            if not mail.committed.done():
                mail.committed.set_result(number)
            if new and claimed:
                self._claimed(number)
            if not new:
                log.info("accepted before", extra={"inbound": number, "source": mail.envelope.source})

    def _commit(self, mails: list[tuple[bytes, Envelope]]) -> list[tuple[int, bool, bool]]:
        """For each its id, whether it is new, and whether this gateway is to work on it."""
        database, claimant = self._clerk.database, self._claimant()
        if database.space_is_short(self._max_message_bytes):
            raise NoSpace("the disk is nearly full")

        def work(connection: Connection) -> list[tuple[int, bool]]:
            kept = inbound.insert_all(connection, mails, claimant, self._clerk.clock())
            failpoint("before-accept-commit")
            return kept

        kept = database.run(work)
        failpoint("after-accept-commit")
        return [(number, new, claimant is not None) for number, new in kept]

    # --- other work gives way -----------------------------------------------------------------------------

    async def give_way(self) -> None:
        """Returns when no mail is streaming in, or when that has been waited for long enough."""
        with suppress(TimeoutError):
            async with asyncio.timeout(GIVE_WAY_SECONDS):
                await self._quiet.wait()

    def _stir(self) -> None:
        loop = asyncio.get_running_loop()
        self._last = loop.time()
        if self._quiet.is_set():
            self._quiet.clear()
            loop.call_at(self._last + QUIET_SECONDS, self._calm)

    def _calm(self) -> None:
        loop = asyncio.get_running_loop()
        if loop.time() >= self._last + QUIET_SECONDS:
            self._quiet.set()
        else:
            loop.call_at(self._last + QUIET_SECONDS, self._calm)


def _transient(error: Exception) -> Transient:
    """Trouble whose kind we do not know may pass."""
    return error if isinstance(error, Transient) else Transient(f"{type(error).__name__}: {error}")
