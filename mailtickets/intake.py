"""Transaction 1: what a door hands over is durable before the door answers.

Owns: the group commit. All who wait when a transaction begins are in it, who comes meanwhile is in the next one, and
nobody waits for company. Knows when mail is streaming in, so that other work can give way.
*Fails with*: `NoSpace` and `Transient`, for the door to answer 4xx.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import Connection

from mailtickets.clerk import Clerk
from mailtickets.desk.model import NoSpace, Transient
from mailtickets.failpoint import failpoint
from mailtickets.mail.model import Envelope
from mailtickets.store import inbound
from mailtickets.store.database import Database
from mailtickets.store.lane import Lane

log = logging.getLogger("mailtickets.gateway")

QUIET_SECONDS = 0.25
"""Mail streams in until there was none for this long."""
GIVE_WAY_SECONDS = 1.0
"""The longest that other work waits for the stream to end: under a flood it goes on at a walk."""
AT_ONCE_SECONDS = 0.01
"""Commits that take less are made in the event loop: to hand them to a thread and back takes longer."""
AT_ONCE_BYTES = 1_048_576
_MEMORY_OF_COMMITS = 0.1
"""How much the last commit counts in the mean."""


Keeping = tuple[int, bool, bool]
"""The id, whether it is new, and whether this gateway is to work on it."""

Run = Callable[[Callable[[Connection], list[tuple[int, bool]]]], list[tuple[int, bool]]]
"""Does its argument in a transaction."""


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
        # It does not wait for a lock: while another process writes, the lane's thread does.
        self._at_once = Database(clerk.database.url, busy_seconds=0) if clerk.database.is_sqlite else None
        self._commit_seconds = 0.0
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

    def close(self) -> None:
        if self._at_once is not None:
            self._at_once.close()

    async def _commit_waiting(self) -> None:
        while self._waiting:
            await asyncio.sleep(0)  # whose last bytes are here already comes along
            group, self._waiting = self._waiting, []
            await self._commit_group(group)
            self._stir()

    async def _commit_group(self, group: list[_Waiting]) -> None:
        try:
            kept = await self._keep([(mail.raw, mail.envelope) for mail in group])
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

    async def _keep(self, mails: list[tuple[bytes, Envelope]]) -> list[Keeping]:
        kept = self._keep_at_once(mails)
        if kept is not None:
            return kept
        return await self._lane.run(self._commit, self._clerk.database.run, mails, first=True)

    def _keep_at_once(self, mails: list[tuple[bytes, Envelope]]) -> list[Keeping] | None:
        """Here and now, where that is a matter of moments: on SQLite, while nobody else writes and the disk is fast."""
        small = sum(len(raw) for raw, _ in mails) <= AT_ONCE_BYTES
        if self._at_once is None or not (small and self._lane.is_idle and self._commit_seconds < AT_ONCE_SECONDS):
            return None
        try:
            return self._commit(self._at_once.run_once, mails)
        except Transient:
            return None

    def _commit(self, run: Run, mails: list[tuple[bytes, Envelope]]) -> list[Keeping]:
        claimant, begun = self._claimant(), time.monotonic()
        if self._clerk.database.space_is_short(self._max_message_bytes):
            raise NoSpace("the disk is nearly full")

        def work(connection: Connection) -> list[tuple[int, bool]]:
            kept = inbound.insert_all(connection, mails, claimant, self._clerk.clock())
            failpoint("before-accept-commit")
            return kept

        kept = run(work)
        failpoint("after-accept-commit")
        self._commit_seconds += (time.monotonic() - begun - self._commit_seconds) * _MEMORY_OF_COMMITS
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
