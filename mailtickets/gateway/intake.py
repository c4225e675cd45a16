"""Transaction 1: a message is committed before its door answers 250.

Owns: the group commit. All messages that wait when a transaction begins are in it; messages that come meanwhile are in
the next one. A transaction begins as soon as there is a message. Knows when mail is streaming in, so that other work
can give way.
*Fails with*: `NoSpace` and `Transient`, for the door to answer 4xx.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import Connection

from mailtickets.desk.model.delivery import NoSpace, Transient
from mailtickets.failpoint import failpoint
from mailtickets.gateway.backlog import Backlog
from mailtickets.gateway.clerk import Clerk
from mailtickets.gateway.measures import Measures
from mailtickets.mail.model import Envelope
from mailtickets.store import inbound
from mailtickets.store.keeper import Keeper
from mailtickets.store.lane import Lane

log = logging.getLogger("mailtickets.gateway")

STREAM = 3
SOON_SECONDS = 0.02
"""Mail streams in when `STREAM` messages in a row each came within `SOON_SECONDS` of the answer to another: a sender
has more messages, and waits only for our answers. How fast we answer shows nothing: other work makes that slow."""
GIVE_WAY_SECONDS = 10.0
"""The longest that other work waits for the stream to end."""
PERIOD_SECONDS = 20.0
"""Other work waits once in so many seconds: a flood of mail gets half of the time for itself."""
AT_ONCE_SECONDS = 0.01
"""Commits that take less are made in the event loop: to hand them to a thread and back takes longer."""
AT_ONCE_BYTES = 1_048_576
SPACE_SECONDS = 0.1
"""How long the result of a look at the free disk space is used."""
_MEMORY_OF_COMMITS = 0.1
"""The weight of the last commit in the mean of commit times."""


Keeping = tuple[int, bool, bool]
"""The id, whether it is new, and whether this gateway is to work on it."""

Mails = list[tuple[bytes, Envelope]]
Stored = list[tuple[int, bool]]
Keep = Callable[[str | None, datetime, Callable[[], None]], Stored]
"""(claimant, now, function that is called just before the commit) -> (id, whether it is new) of each mail."""


@dataclass(slots=True)
class _Waiting:
    raw: bytes
    envelope: Envelope
    committed: asyncio.Future[int]


class Intake:
    """The intake of one gateway. All its coroutines belong to one event loop."""

    def __init__(
        self, clerk: Clerk, lane: Lane, backlog: Backlog, measures: Measures, *, max_message_bytes: int
    ) -> None:
        """New messages are claimed for the backlog, as long as it has room."""
        self.committing: asyncio.Task[None] | None = None
        """The task that commits, if one has begun."""
        self._clerk, self._measures, self._lane, self._backlog = clerk, measures, lane, backlog
        self._max_message_bytes = max_message_bytes
        self._waiting: list[_Waiting] = []
        self._keeper = Keeper(clerk.database.url) if clerk.database.is_sqlite else None
        self._commit_seconds = self._space_until = 0.0
        self._under_way = self._in_a_row = 0
        self._answered_at = 0.0
        self._gives_way_until = self._period_ends = 0.0

    async def accept(self, raw: bytes, envelope: Envelope) -> int:
        """Commits a message, and returns its inbound id; a retransmission gets the id it had."""
        failpoint("message-received")
        loop = asyncio.get_running_loop()
        begun = loop.time()
        self._in_a_row = self._in_a_row + 1 if self._stirs(begun) else 0
        mail = _Waiting(raw, envelope, loop.create_future())
        self._waiting.append(mail)
        self._under_way += 1
        if self.committing is None or self.committing.done():
            self.committing = asyncio.create_task(self._commit_waiting())
        try:
            number = await mail.committed
        finally:
            self._under_way, self._answered_at = self._under_way - 1, loop.time()
        self._measures.time("accept", self._answered_at - begun, envelope.door.kind)
        failpoint("before-answer")
        return number

    def close(self) -> None:
        if self._keeper is not None:
            self._keeper.close()

    async def _commit_waiting(self) -> None:
        while self._waiting:
            await asyncio.sleep(0)  # messages whose last bytes have arrived already are in this group, too
            group, self._waiting = self._waiting, []
            await self._commit_group(group)

    async def _commit_group(self, group: list[_Waiting]) -> None:
        try:
            kept = await self._keep([(mail.raw, mail.envelope) for mail in group])
        except Exception as error:
            if len(group) > 1 and not isinstance(
                error, Transient
            ):  # one of them is at fault: each in a transaction of its own
                for mail in group:
                    await self._commit_group([mail])
                return
            for mail in group:
                self._measures.count("not-received", mail.envelope.door.name, "deferred")
                if not mail.committed.done():
                    mail.committed.set_exception(_transient(error))
                    mail.committed.exception()  # the door may have gone; nothing is lost with it
            return
        for mail, (number, new, claimed) in zip(group, kept, strict=True):
            if not mail.committed.done():
                mail.committed.set_result(number)
            if new and claimed:
                self._backlog.take(number)
            self._note(mail, number, new)

    def _note(self, mail: _Waiting, number: int, new: bool) -> None:
        door = mail.envelope.door.name
        self._measures.count("received" if new else "received-again", door)
        if new:
            self._measures.count("received-bytes", door, by=len(mail.raw))
        else:
            log.info("message was accepted before", extra={"inbound": number, "source": door})

    async def _keep(self, mails: Mails) -> list[Keeping]:
        if self._keeper is not None:
            with suppress(Transient):  # another process writes, or there is trouble: `_insert` waits, and tells which
                if self._takes_moments(mails):
                    return self._commit(partial(self._keeper.keep, mails))
                return await self._lane.do_first(self._commit, partial(self._keeper.keep, mails))
        return await self._lane.do_first(self._commit, partial(self._insert, mails))

    def _takes_moments(self, mails: Mails) -> bool:
        """Whether the commit takes less time here than in a thread: no other work writes, and the disk is fast."""
        small = sum(len(raw) for raw, _ in mails) <= AT_ONCE_BYTES
        return small and self._lane.is_idle and self._commit_seconds < AT_ONCE_SECONDS

    def _insert(self, mails: Mails, claimant: str | None, now: datetime, before_commit: Callable[[], None]) -> Stored:
        return self._clerk.database.transact(_insert_in, mails, claimant, now, before_commit)

    def _commit(self, keep: Keep) -> list[Keeping]:
        self._mind_space()
        claimant, begun = self._backlog.claimant(), time.monotonic()
        kept = keep(claimant, self._clerk.clock(), _before_commit)
        failpoint("after-accept-commit")
        self._commit_seconds += (time.monotonic() - begun - self._commit_seconds) * _MEMORY_OF_COMMITS
        return [(number, new, claimant is not None) for number, new in kept]

    def _mind_space(self) -> None:
        now = time.monotonic()
        if now < self._space_until:
            return
        if self._clerk.database.space_is_short(self._max_message_bytes):
            raise NoSpace("the disk is nearly full")
        self._space_until = now + SPACE_SECONDS

    # --- other work gives way -----------------------------------------------------------------------------

    async def give_way(self) -> None:
        """Returns when no mail is streaming in, or after `GIVE_WAY_SECONDS`."""
        loop = asyncio.get_running_loop()
        if self._streams(now := loop.time()) and now >= self._period_ends:
            self._gives_way_until, self._period_ends = now + GIVE_WAY_SECONDS, now + PERIOD_SECONDS
        while self._streams(now := loop.time()) and now < self._gives_way_until:  # noqa: ASYNC110 - it goes on with each
            await asyncio.sleep(SOON_SECONDS)

    def _streams(self, now: float) -> bool:
        return self._in_a_row >= STREAM and self._stirs(now)

    def _stirs(self, now: float) -> bool:
        """Whether a message is being committed, or was committed just now."""
        return self._under_way > 0 or now - self._answered_at <= SOON_SECONDS


def _insert_in(
    connection: Connection, mails: Mails, claimant: str | None, now: datetime, before_commit: Callable[[], None]
) -> Stored:
    kept = inbound.insert_all(connection, mails, claimant, now)
    before_commit()
    return kept


def _before_commit() -> None:
    failpoint("before-accept-commit")


def _transient(error: Exception) -> Transient:
    """Unknown errors count as trouble that passes, so that the door answers 4xx."""
    return error if isinstance(error, Transient) else Transient(f"{type(error).__name__}: {error}")
