"""accept() -> process() -> deliver(): the one place where the rooms meet.

Owns: when something is durable (transaction 1 before any 250), who works on what (leases), and that every
message ends with one outcome and every copy of a letter with one state. Decides nothing itself.
Fails with: `Transient` and `NoSpace` from `accept`, for the door to answer 4xx. What fails inside is tried
again; a mail that fails for its own sake becomes a ticket marked unparsed.
"""

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from heapq import heapify, heappop, heappush
from math import inf
from time import monotonic
from typing import Any, ParamSpec, TypeVar, assert_never

from sqlalchemy import Connection

from mailtickets.desk.letters.render import Rendered
from mailtickets.desk.letters.retry import THROTTLE_PAUSE, WARN_AFTER, next_attempt, throttle_pause
from mailtickets.desk.model.decision import Decision
from mailtickets.desk.model.delivery import Deferred, Delivery, ImapCursor, Refused, Sent, Throttled, Transient, Unknown
from mailtickets.desk.model.facts import Authentication, OutboxFact
from mailtickets.desk.model.policy import MAX_ATTACHMENT_BYTES
from mailtickets.desk.model.states import OutboxState
from mailtickets.desk.model.ticket import Ticket
from mailtickets.desk.rules.bounces import refused
from mailtickets.failpoint import failpoint
from mailtickets.gateway.clerk import Clerk, Draft
from mailtickets.gateway.intake import Intake
from mailtickets.gateway.workers import Unreadable, Workers
from mailtickets.mail.kind.junk import NO_MARK, JunkVerdict
from mailtickets.mail.model import Attachment, Copy, Envelope, InboundMail
from mailtickets.mail.read.outline import outline
from mailtickets.store import cursors, inbound, outbox
from mailtickets.store.database import Stale
from mailtickets.store.domains import Shares
from mailtickets.store.lane import Lane
from mailtickets.store.outbox import Due
from mailtickets.store.together import Together

log = logging.getLogger("mailtickets.gateway")

Send = Callable[[bytes, str, str], Awaitable[Delivery]]
"""(RFC 5322 bytes, reverse-path, recipient) -> how it went."""

Authenticate = Callable[[bytes, InboundMail, Envelope], Awaitable[Authentication]]
"""What is known of where a mail comes from. Fails with nothing."""

Scan = Callable[[bytes, InboundMail, Envelope], Awaitable[JunkVerdict]]
"""What filters and scanners hold against a mail. Fails with nothing."""

P = ParamSpec("P")
T = TypeVar("T")

_AT_ONCE = 16
"""Messages in process at the same time: enough to keep two workers busy, and to share the waits for the disk."""
_BACKLOG = 200
"""Accepted messages kept in memory; more wait in the database, for whichever gateway has time."""
_ATTEMPTS = 5
_RETRY_PROCESS = timedelta(seconds=15)
_RETRY_RECORD_SECONDS = 5
_AHEAD_SECONDS = 0.25
_MOST_AHEAD = 32
"""What is claimed ahead for a connection: as much as it sends in so long, and no more copies than this."""
_PATIENCE = timedelta(seconds=5)
"""What has been claimed ahead and is not begun by then is given back."""
_BREAKERS = {
    "everybody": ("automatic-mail-stopped", ""),
    "known-everybody": ("unproven-mail-not-answered", " by mail of known people that nothing vouches for"),
    "unproven-everybody": ("first-contacts-not-answered", " by strangers' mail that nothing vouches for"),
}
"""Counter -> the alarm that it is used up, and by whom."""
_LARGE = 100_000
"""Characters of a notice that is not put together on the event loop."""


async def nobody_vouches(raw: bytes, mail: InboundMail, envelope: Envelope) -> Authentication:
    """For gateways that are told nothing of senders."""
    return Authentication()


async def nothing_found(raw: bytes, mail: InboundMail, envelope: Envelope) -> JunkVerdict:
    """For gateways without a scanner."""
    return NO_MARK


@dataclass(slots=True)
class Pace:
    """How fast the delivery account may be used just now."""

    max_connections: int = 2
    max_per_minute: int = 0
    max_per_day: int = 0
    max_per_domain_per_minute: int = 0
    throttled: int = 0
    """How often in a row it has been told to slow down."""
    rest_until: datetime | None = None


class _Recorded(Exception):
    """A result stands in the database already: only the answer to its commit was lost, or somebody else was told."""


class Gateway:
    """One running gateway. All its coroutines belong to one event loop."""

    def __init__(
        self,
        clerk: Clerk,
        workers: Workers,
        send: Send,
        *,
        name: str,
        pace: Pace,
        max_message_bytes: int,
        largest: Callable[[], int | None] = lambda: None,
        authenticate: Authenticate = nobody_vouches,
        scan: Scan = nothing_found,
    ) -> None:
        self.clerk, self.workers, self.send, self.name, self.pace = clerk, workers, send, name, pace
        self._largest, self._authenticate, self._scan = largest, authenticate, scan
        self._lane = Lane(1 if clerk.database.is_sqlite else 4)
        self._together = Together(clerk.database, self._lane)
        self._accepted: asyncio.Queue[int] = asyncio.Queue()
        self._taken: dict[int, datetime] = {}
        """The messages in this queue or in process, and until when they are ours."""
        self._doubt = asyncio.Event()
        """Set when there may be a message that an attempt was made at before."""
        self._caring = asyncio.Lock()
        """Held while such a message is in process."""
        self.intake = Intake(
            clerk,
            self._lane,
            max_message_bytes=max_message_bytes,
            claimant=self._claimant,
            claimed=self._take,
        )
        self._mail_is_due = asyncio.Event()
        self._claiming = asyncio.Lock()
        self._sending: set[asyncio.Task[None]] = set()
        """What is on its way, and what writes down how it went."""
        self._in_hand: dict[int, datetime] = {}
        """The copies that have been claimed, and until when they are ours."""
        self._ahead: list[tuple[int, int, Due]] = []
        """Claimed, but not begun: a heap by priority."""
        self._busy: Counter[str] = Counter()
        """Connections with a copy, by the domain that it is for."""
        self._shares = Shares()
        self._quick = inf
        """Seconds that a copy takes just now."""
        self._ends: list[dict[str, Any]] = []
        self._returns: list[Due] = []
        """What has yet to be written down: how copies fared, and those that were not begun after all."""
        self._unrecorded: dict[int, asyncio.Future[None]] = {}
        """Done when it stands in the database how a copy fared, by its number."""
        self._recording = False
        self._files: tuple[tuple[int, tuple[str, ...]], tuple[Attachment, ...]] | None = None
        self._reading_files = asyncio.Lock()
        self._unsure_until = datetime.min.replace(tzinfo=UTC)
        self._processors: list[asyncio.Task[None]] = []
        self._draining = False
        self._alarms: set[str] = set()

    async def off_loop(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Calls a function that uses the database in one of the database's threads."""
        return await self._lane.do(function, *args, **kwargs)

    # --- accept: transaction 1 ----------------------------------------------------------------------------

    async def accept(self, raw: bytes, envelope: Envelope) -> int:
        """Keeps a message for good, and gives its inbound id; a retransmission gets the id it had."""
        return await self.intake.accept(raw, envelope)

    def _claimant(self) -> str | None:
        """Who works on what comes in now: this gateway, until it has enough in memory."""
        return self.name if self._accepted.qsize() < _BACKLOG else None

    def _take(self, number: int) -> None:
        self._taken[number] = self.clerk.clock() + inbound.LEASE
        self._accepted.put_nowait(number)

    # --- process: transaction 2 ---------------------------------------------------------------------------

    async def process(self, number: int, *, with_care: bool = False) -> None:
        """Decides on an accepted message and carries it out. Trouble leaves it accepted, to be tried again.

        A message that is not read in the time that most mail takes is left for `process_doubtful`, which has time.
        """
        received: inbound.Received | None = await self._together.share(
            lambda connection: inbound.load(connection, number)
        )
        if received is None or received.state != "accepted":
            return
        try:
            if received.attempts >= _ATTEMPTS:
                await self._settle_mail(received, outline(received.raw), "processing-failed")
                return
            failpoint("before-reading")
            read = await self._read(received, with_care)
            if read is None:
                log.info("left to be read slowly", extra={"inbound": number, "size": len(received.raw)})
                await self._try_later(number, inbound.count_attempt, timedelta())
                self._doubt.set()
                return
            mail, unparsed = read
            failpoint("after-reading")
            if received.authentication is None and unparsed is None:
                found = await self._authenticate(received.raw, mail, received.envelope)
                received = replace(received, authentication=found)
            junk = await self._scan(received.raw, mail, received.envelope) if unparsed is None else NO_MARK
            if junk.action == "unavailable" and self.clerk.rules.policy.junk.when_unavailable == "defer":
                await self._wait_for_scanner(number, junk)
                return
            await self.all_clear("scanner-unavailable")
            await self._settle_mail(received, mail, unparsed, junk)
        except Transient as error:
            log.warning("processing deferred", extra={"inbound": number, "error": str(error)})
            await self._try_later(number, inbound.postpone)
        except Exception:
            log.exception("processing failed", extra={"inbound": number})
            await self._try_later(number, inbound.count_attempt)

    def _load(self, number: int) -> inbound.Received | None:
        return self.clerk.database.transact(lambda connection: inbound.load(connection, number))

    async def process_doubtful(self) -> bool:
        """Processes the oldest message that an attempt was made at before: it took too long, it failed, or a gateway
        died while it was in hand. One at a time, beside all others. False when there is none."""
        async with self._caring:
            number = await self.off_loop(self._claim_doubtful)
            if number is None:
                return False
            self._taken[number] = self.clerk.clock() + inbound.LEASE
            try:
                await self.process(number, with_care=True)
            finally:
                self._taken.pop(number, None)
        return True

    async def _read(self, received: inbound.Received, with_care: bool) -> tuple[InboundMail, str | None] | None:
        """The mail, and why it could not be read if so; None when that takes longer than there is time for now."""
        read = self.workers.read_slowly if with_care else self.workers.read_quickly
        try:
            mail = await read(received.raw, self.clerk.rules.policy.instance.name)
            if mail is None:
                return None
            return mail, "reading-failed" if "unparsed" in mail.defects else None
        except Unreadable as error:
            log.error("unreadable", extra={"inbound": received.id, "reason": error.reason})
            return outline(received.raw), error.reason

    async def _wait_for_scanner(self, number: int, junk: JunkVerdict) -> None:
        """Nothing is decided unseen where the configuration says so."""
        log.warning("scanner unavailable", extra={"inbound": number, "source": junk.source, "why": junk.why})
        await self._try_later(number, inbound.postpone)
        await self.alarm("scanner-unavailable", f"{junk.source}: {junk.why} {junk.detail}")

    async def _settle_mail(
        self, received: inbound.Received, mail: InboundMail, unparsed: str | None, junk: JunkVerdict = NO_MARK
    ) -> None:
        while True:
            draft: Draft = await self._together.share(self.clerk.drafting(received, mail, unparsed, junk))
            failpoint("after-draft")
            try:
                await self._carry_out(draft, lambda _: failpoint("before-apply-commit"))
            except Stale:
                if not await self._still_accepted(received.id):
                    return
                continue
            failpoint("after-apply-commit")
            log.info("decided", extra=_decided_facts(received.id, draft))
            return

    async def _still_accepted(self, number: int) -> bool:
        received = await self.off_loop(self._load, number)
        return received is not None and received.state == "accepted"

    async def _carry_out(self, draft: Draft, also: Callable[[Connection], None] | None = None) -> None:
        words = await self._words(draft)
        failpoint("after-words")
        await self._together.share(self.clerk.settling(draft, words, also))
        self._mail_is_due.set()
        await self._mind_breaker(draft)

    async def _mind_breaker(self, draft: Draft) -> None:
        """Tells ops when the hour's automatic mail is used up: people's answers still go out, the rest is withheld."""
        limit = self.clerk.rules.policy.budget.automatic_per_hour
        for counter, (key, whose) in _BREAKERS.items():
            if any(reason == f"budget-{counter}" for _, reason in draft.withheld):
                await self.alarm(key, f"budget.automatic_per_hour = {limit} is used up{whose}")
            elif any(line.key == counter for line in draft.budget):
                await self.all_clear(key)

    async def _words(self, draft: Draft) -> list[Rendered]:
        jobs = [notice.job for one in draft.all() for notice in one.notices]
        words = await self.workers.words(self.clerk.rules.templates, jobs)
        for rendered in words:
            for problem in rendered.problems:
                log.error(
                    "template failed, the built-in one was used",
                    extra={"file": problem.file, "line": problem.line, "error": problem.message},
                )
        return words

    async def _try_later(
        self, number: int, note: Callable[[Connection, int, datetime], object], pause: timedelta = _RETRY_PROCESS
    ) -> None:
        """Comes back to a message soon; only what is the message's own fault counts as an attempt."""
        retry_at = self.clerk.clock() + pause
        try:
            await self.off_loop(self.clerk.database.transact, lambda connection: note(connection, number, retry_at))
        except Transient:
            log.warning("database unavailable", extra={"inbound": number})  # its lease ends by itself

    # --- deliver: transaction 3 ---------------------------------------------------------------------------

    async def deliver(self) -> int:
        """Claims what is due, as far as connections and the account's pace allow, and keeps each connection busy with
        it; gives how many were claimed."""
        async with self._claiming:
            room = min(self._room(), await self._allowance())
            if room <= 0 or self._draining:
                return 0
            due = await self._claim(room, tuple(self._in_hand))
            for row in due:
                self._in_hand[row.id] = self.clerk.clock() + outbox.LEASE
                heappush(self._ahead, (row.priority, row.id, row))
            self._begin()
            if self._shares.more:
                self._mail_is_due.set()
        return len(due)

    def _room(self) -> int:
        """How many more copies may be claimed: one for each connection, and a fraction of a second's worth ahead, so
        that none waits for the database. What a slow smarthost would not take soon stays in the database, where it can
        still be cancelled."""
        return self._share() * self.pace.max_connections - self._busy.total() - len(self._ahead)

    def _share(self) -> int:
        return 1 + min(_MOST_AHEAD, int(_AHEAD_SECONDS / self._quick))

    def _begin(self) -> None:
        """Gives every free connection a copy, the most urgent first."""
        while self._busy.total() < self.pace.max_connections and (row := self._next()):
            self._busy[row.domain] += 1
            self._start(self._send_on(row))

    def _next(self) -> Due | None:
        if self._draining or self._rests(self.clerk.clock()):
            self._put_back()
        if not self._ahead:
            return None
        if self._has_enough(self._ahead[0][2].domain):
            return self._out_of_turn()
        return heappop(self._ahead)[2]

    def _has_enough(self, domain: str) -> bool:
        """Whether a domain has all connections but one, which is for the others as long as any wait."""
        return 0 < self.pace.max_connections - 1 <= self._busy[domain]

    def _out_of_turn(self) -> Due:
        """The most urgent one for another domain; where there is none, the most urgent one."""
        enough = {domain for domain in self._busy if self._has_enough(domain)}
        others = (entry for entry in self._ahead if entry[2].domain not in enough)
        entry = min(others, default=self._ahead[0])
        self._ahead.remove(entry)
        heapify(self._ahead)
        return entry[2]

    def _put_back(self) -> None:
        """Leaves to the database again what has not begun."""
        if self._ahead:
            self._returns += [row for _, _, row in self._ahead]
            self._ahead.clear()
            self._write_down()

    async def _send_on(self, row: Due | None) -> None:
        """One connection's work: copy after copy, as long as there are any. It is counted as busy already."""
        while row is not None:
            try:
                await self._deliver(row)
                await self.intake.give_way()
            finally:
                self._busy -= Counter((row.domain,))  # and forgets domains that have none
            row = self._next()
            if row is not None:
                self._busy[row.domain] += 1
            self._claim_soon()

    def _claim_soon(self) -> None:
        """More is claimed when half of what was claimed ahead is gone: one by one, each would cost a transaction."""
        if len(self._ahead) <= (self._share() - 1) * self.pace.max_connections // 2:
            self._mail_is_due.set()

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def all_recorded(self) -> None:
        """Waits until nothing is on its way, and how it went stands in the database."""
        while self._sending:
            await asyncio.wait(set(self._sending))

    async def _claim(self, room: int, in_hand: Sequence[int]) -> list[Due]:
        now = self.clerk.clock()
        abandoned = now >= self._unsure_until
        self._shares.per_minute = self.pace.max_per_domain_per_minute
        self._shares.in_hand = self._busy + Counter(row.domain for _, _, row in self._ahead)
        self._shares.at_once = (self.pace.max_connections - 1) * self._share() or None

        def work(connection: Connection) -> list[Due]:
            due = outbox.claim_due(
                connection, self.name, now, room, in_hand=in_hand, abandoned=abandoned, shares=self._shares
            )
            failpoint("before-claim-commit")
            return due

        try:
            due: list[Due] = await self._together.share(work)
        except Transient:
            self._unsure_until = now + outbox.LEASE  # nobody could prolong a lease meanwhile: let them do it first
            raise
        failpoint("after-claim-commit")
        return due

    async def _hold_leases(self) -> None:
        """What is long on its way stays ours; what a gateway that died had claimed is another one's in a minute."""
        now = self.clerk.clock()
        if any(self._in_hand[row.id] < now + outbox.LEASE - _PATIENCE for _, _, row in self._ahead):
            self._quick = inf  # the smarthost has become slow
            self._put_back()
        fresh = (now + outbox.LEASE / 2, now + outbox.LEASE)
        stale = [number for number, until in self._in_hand.items() if not fresh[0] <= until <= fresh[1]]
        if stale:
            until = now + outbox.LEASE
            await self.off_loop(self.clerk.database.transact, lambda c: outbox.prolong(c, self.name, stale, until))
            self._in_hand |= {number: until for number in stale if number in self._in_hand}

    async def _allowance(self) -> int:
        """How many copies the account may still send now."""
        now, pace = self.clerk.clock(), self.pace
        if self._rests(now):
            return 0
        allowed, in_hand = self._room(), len(self._in_hand)  # what ends while we count is counted twice, not never
        for limit, span in ((pace.max_per_minute, timedelta(minutes=1)), (pace.max_per_day, timedelta(days=1))):
            if limit:
                since = now - span
                count = partial(outbox.sent_since, moment=since, now=now, limit=limit)
                gone = await self.off_loop(self.clerk.database.transact, count)
                allowed = min(allowed, limit - gone - in_hand)
        return allowed

    async def _deliver(self, row: Due) -> None:
        begun = monotonic()
        try:
            raw, copy = await self._written(row)
            failpoint("before-sending")
            result = await self.send(raw, copy.envelope_sender, copy.recipient.address)
            failpoint("after-sending")
        except Exception as error:  # whatever it is, it did not go out for certain, and it must not get stuck
            log.exception("sending failed", extra={"outbox": row.id})
            result = Deferred(f"internal error: {type(error).__name__}")
        self._mind_pace(result, self.clerk.clock())
        self._mind_quickness(result, monotonic() - begun)
        await self._ended(row, result)
        await self._mind_delay(row, result)

    def _mind_quickness(self, result: Delivery, seconds: float) -> None:
        """As long as all goes well, more is claimed ahead."""
        if not isinstance(result, Sent | Refused):
            self._quick = inf
        else:
            self._quick = seconds if self._quick == inf else (3 * self._quick + seconds) / 4

    async def _written(self, row: Due) -> tuple[bytes, Copy]:
        """The mail as it is sent. A notice of ours that is too large for the smarthost goes without attachments."""
        raw, copy = await self._composed(row, await self._attachments(row))
        limit = self._largest()
        if limit and len(raw) > limit and row.author is None:
            return await self._composed(row, ())
        return raw, copy

    async def _composed(self, row: Due, attachments: tuple[Attachment, ...]) -> tuple[bytes, Copy]:
        if attachments or len(row.mail.text) + len(row.mail.html or "") > _LARGE:
            return await asyncio.to_thread(self.clerk.written, row, attachments)
        return self.clerk.written(row, attachments)

    async def _attachments(self, row: Due) -> tuple[Attachment, ...]:
        """What goes along, read again from the mail that brought it: once for copies that follow one another."""
        if not row.attachments or row.inbound is None:
            return ()
        wanted = (row.inbound, row.attachments)
        async with self._reading_files:
            if self._files is None or self._files[0] != wanted:
                received = await self.off_loop(self._load, row.inbound)
                name = self.clerk.rules.policy.instance.name
                found = await self.workers.attachments(received.raw, name, row.attachments) if received else ()
                self._files = (wanted, found)
            return self._files[1]

    async def _ended(self, row: Due, result: Delivery) -> None:
        """What becomes of a copy after an attempt. A connection goes on when it is written down, together with what
        the others have come to meanwhile: so a gateway that dies leaves one copy a connection in doubt, and no more.
        """
        now = self.clerk.clock()
        attempted = not isinstance(result, Throttled)
        attempts = row.attempts + (1 if attempted else 0)
        again = next_attempt(attempts, row.first_attempt_at, result, now, random.uniform(-1, 1))  # noqa: S311
        state = _state(result, again)
        log.log(
            logging.INFO if state == "sent" else logging.WARNING,
            "delivery",
            extra={"outbox": row.id, "notice": row.name, "state": state, "attempts": attempts, "reply": result.reply},
        )
        end = outbox.ended(
            row.id,
            state,
            reply=result.reply,
            now=now,
            next_attempt_at=again,
            attempted=attempted,
            remote_message_id=result.message_id if isinstance(result, Sent) else None,
        )
        if state == "failed":
            await self._fail(row, result, end)
            return
        self._unrecorded[row.id] = asyncio.get_running_loop().create_future()
        self._ends.append(end)
        self._write_down()
        await self._unrecorded[row.id]

    def _write_down(self) -> None:
        if not self._recording:
            self._recording = True
            self._start(self._record())

    async def _record(self) -> None:
        """Transaction 3, for all that has come in since the last one; nobody waits for company."""
        try:
            while self._ends or self._returns:
                ends, returns = self._ends[:], self._returns[:]
                await self._record_each(ends, returns)
                _after_results()
                del self._ends[: len(ends)], self._returns[: len(returns)]
                self._let_go([end["number"] for end in ends] + [row.id for row in returns])
        finally:
            self._recording = False

    async def _record_each(self, ends: Sequence[dict[str, Any]], returns: Sequence[Due]) -> None:
        """Together; but one that the database will not take at all holds up no other."""
        try:
            await self._insist(partial(self._together.share, partial(self._record_in, ends, returns)))
        except Exception:
            if len(ends) + len(returns) == 1:
                log.exception("result not recorded")  # its lease ends by itself
                return
            for end in ends:
                await self._record_each([end], [])
            for row in returns:
                await self._record_each([], [row])

    def _record_in(self, ends: Sequence[dict[str, Any]], returns: Sequence[Due], connection: Connection) -> None:
        outbox.record_all(connection, ends)
        outbox.give_back(connection, self.name, returns)
        _before_results()

    async def _insist(self, write: Callable[[], Awaitable[object]]) -> None:
        """Results are kept in memory while the database is away: what has been sent is not to be sent again."""
        while True:
            try:
                await write()
            except Transient as error:
                log.warning("results not recorded yet", extra={"error": str(error)})
                await asyncio.sleep(_RETRY_RECORD_SECONDS)
            else:
                return

    def _let_go(self, numbers: Sequence[int]) -> None:
        for number in numbers:
            self._in_hand.pop(number, None)
            recorded = self._unrecorded.pop(number, None)
            if recorded is not None and not recorded.done():
                recorded.set_result(None)
        if not self._in_hand:
            self._files = None
        self._claim_soon()

    async def _fail(self, row: Due, result: Delivery, end: dict[str, Any]) -> None:
        """A failure, and what follows from it, on its own."""

        def record(connection: Connection) -> None:
            if not outbox.record_all(connection, [end]):
                raise _Recorded
            _before_results()

        try:
            await self._insist(partial(self._give_up, row, result, record))
        except _Recorded:
            log.info("recorded already", extra={"outbox": row.id})
        finally:
            self._let_go([row.id])
        _after_results()

    def _mind_pace(self, result: Delivery, now: datetime) -> None:
        if isinstance(result, Throttled):
            self.pace.throttled += 1
            self.pace.rest_until = now + throttle_pause(self.pace.throttled)
        elif isinstance(result, Sent) and not self._rests(now):  # not for what was on its way before the rest began
            self.pace.throttled, self.pace.rest_until = 0, None

    def _rests(self, now: datetime) -> bool:
        left = self.pace.rest_until - now if self.pace.rest_until else timedelta()
        return timedelta() < left <= THROTTLE_PAUSE[-1]  # more than that: the clock has been set back meanwhile

    async def _mind_delay(self, row: Due, result: Delivery) -> None:
        """Mail that has not gone out for hours is told of, as long as nothing else goes out either."""
        if isinstance(result, Sent):
            await self.all_clear("delivery-late")
        elif self.clerk.clock() - row.first_attempt_at > WARN_AFTER:
            try:
                told = f"outbox {row.id} to {row.addressed.recipient.address}: {result.reply}"
                await self.alarm("delivery-late", told)
            except Transient as error:
                log.warning("alarm not told yet", extra={"error": str(error)})

    async def _give_up(self, row: Due, result: Delivery, record: Callable[[Connection], None]) -> None:
        """Records a failure together with what it means for the ticket and its people."""
        status = result.status if isinstance(result, Refused) else None
        ours = OutboxFact(row.id, row.ticket, row.name, row.addressed.recipient.address, row.author, row.state)

        def decide_on(ticket: Ticket | None) -> Decision:
            return refused(ours, result.reply, status, ticket)

        while True:
            draft = await self.off_loop(self.clerk.draft_order, row.ticket, decide_on)
            try:
                await self._carry_out(draft, record)
            except Stale:
                continue
            return

    # --- ops ----------------------------------------------------------------------------------------------

    async def alarm(self, key: str, text: str) -> None:
        """Tells `ops_address` that something is wrong: once, until it is well again."""
        if key in self._alarms:
            return
        log.error("alarm", extra={"alarm": key, "text": text})
        self._alarms.add(key)  # before it is written: the next mail may find the same trouble meanwhile
        try:
            await self.off_loop(self.clerk.alarm, key, text)
        except BaseException:
            self._alarms.discard(key)
            raise
        self._mail_is_due.set()

    async def all_clear(self, key: str) -> None:
        if key in self._alarms:
            self._alarms.discard(key)
            log.info("all clear", extra={"alarm": key})

    # --- the daemon's life --------------------------------------------------------------------------------

    async def start(self) -> None:
        """Takes up what an earlier run of this gateway left, and begins to work."""
        await self.off_loop(self.clerk.database.transact, self._take_up)
        self._processors = [asyncio.create_task(self._process_accepted()) for _ in range(_AT_ONCE)]
        self._processors.append(asyncio.create_task(self._process_doubtful_always()))
        self._processors.append(asyncio.create_task(self._deliver_always()))

    @property
    def is_alive(self) -> bool:
        """Whether everything that `start` has begun still goes on."""
        return bool(self._processors) and not any(task.done() for task in self._processors)

    def _take_up(self, connection: Connection) -> None:
        interrupted = inbound.unclaim(connection, self.name)
        if interrupted:
            log.warning("interrupted while processing: one at a time now", extra={"messages": interrupted})
        lost = outbox.unclaim(connection, self.name, self.clerk.clock())
        if lost:
            log.warning("interrupted while sending: they may arrive twice", extra={"copies": lost})

    async def look_for_work(self) -> None:
        """The bell: picks up accepted mail that nobody works on, and lets due letters go."""
        self._mail_is_due.set()
        self._doubt.set()
        await self._hold_leases()
        await self._hold_taken()
        self._mind_size()
        if self._draining or self._accepted.qsize() >= _BACKLOG:
            return
        for number in await self.off_loop(self._claim_inbound):
            self._take(number)

    async def _hold_taken(self) -> None:
        """What waits in memory for longer than a lease stays ours; what a gateway that died had taken does not."""
        until = self.clerk.clock() + inbound.LEASE
        stale = [number for number, end in self._taken.items() if not until - inbound.LEASE / 2 <= end <= until]
        if stale:
            await self.off_loop(self.clerk.database.transact, lambda c: inbound.prolong(c, self.name, stale, until))
            self._taken |= {number: until for number in stale if number in self._taken}

    def _mind_size(self) -> None:
        """Lets notices carry no more than the smarthost takes; base64 makes four octets of three, and lines of them."""
        limit = self._largest()
        if limit:
            room = max(0, min(MAX_ATTACHMENT_BYTES, (limit - 200_000) * 7 // 10))
            rules = self.clerk.rules
            if rules.policy.max_attachment_bytes != room:
                self.clerk.rules = replace(rules, policy=replace(rules.policy, max_attachment_bytes=room))

    def _claim_inbound(self) -> Sequence[int]:
        now = self.clerk.clock()

        def claim(connection: Connection) -> list[int]:
            inbound.unclaim_abandoned(connection, self.name, now)
            return inbound.claim_due(connection, self.name, now, _BACKLOG)

        return self.clerk.database.transact(claim)

    def _claim_doubtful(self) -> int | None:
        now = self.clerk.clock()
        return self.clerk.database.transact(lambda connection: inbound.claim_doubtful(connection, self.name, now))

    async def _process_accepted(self) -> None:
        while True:
            number = await self._accepted.get()
            await self.intake.give_way()
            try:
                await self.process(number)
            except Transient as error:
                log.warning("processing deferred", extra={"inbound": number, "error": str(error)})
            except Exception:
                log.exception("processing failed", extra={"inbound": number})
            finally:
                self._taken.pop(number, None)
                self._accepted.task_done()

    async def _process_doubtful_always(self) -> None:
        while True:
            await self._doubt.wait()
            self._doubt.clear()
            await self.intake.give_way()
            try:
                while not self._draining and await self.process_doubtful():
                    pass
            except Transient as error:
                log.warning("processing deferred", extra={"error": str(error)})
            except Exception:
                log.exception("processing failed")

    async def _deliver_always(self) -> None:
        while True:
            await self._mail_is_due.wait()
            self._mail_is_due.clear()
            await self.intake.give_way()
            try:
                if not self._draining:
                    await self.deliver()
            except Transient as error:
                log.warning("delivery deferred", extra={"error": str(error)})
            except Exception:
                log.exception("delivery failed")

    async def drain(self, seconds: float) -> None:
        """Ends the work in hand, and begins no more; what is not done by then is done after the next start."""
        drained, self._draining = self._draining, True
        working: list[Awaitable[None]] = [self._accepted.join(), self._doubtful_is_done(), self._send_no_more()]
        if self.intake.committing is not None:
            working.append(self.intake.committing)
        _, unfinished = await asyncio.wait([asyncio.ensure_future(work) for work in working], timeout=seconds)
        given_up = (*unfinished, *self._processors, *self._sending)
        for task in given_up:
            task.cancel()
        await asyncio.gather(*given_up, return_exceptions=True)
        if not drained:
            await self._give_back()
        self._lane.close()
        self.intake.close()

    async def _give_back(self) -> None:
        with suppress(Transient):  # then it counts as interrupted
            await self.off_loop(
                self.clerk.database.transact, lambda connection: inbound.give_back(connection, self.name)
            )

    async def _doubtful_is_done(self) -> None:
        async with self._caring:
            pass

    async def _send_no_more(self) -> None:
        async with self._claiming:
            self._put_back()
        await self.all_recorded()

    # --- the IMAP door's memory ---------------------------------------------------------------------------

    async def imap_cursor(self, account: str, folder: str) -> ImapCursor | None:
        return await self.off_loop(self.clerk.database.transact, lambda c: cursors.load(c, account, folder))

    async def save_imap_cursor(self, cursor: ImapCursor) -> None:
        def save(connection: Connection) -> None:
            cursors.save(connection, cursor)
            failpoint("before-cursor-commit")

        await self.off_loop(self.clerk.database.transact, save)
        failpoint("after-cursor-commit")


def _before_results() -> None:
    failpoint("before-result-commit")


def _after_results() -> None:
    failpoint("after-result-commit")


def _state(result: Delivery, again: datetime | None) -> OutboxState:
    match result:
        case Sent():
            return "sent"
        case Refused():
            return "failed"
        case Unknown():
            return "unknown" if again else "failed"
        case Deferred() | Throttled():
            return "deferred" if again else "failed"
        case _:
            assert_never(result)


def _decided_facts(number: int, draft: Draft) -> dict[str, object]:
    ticket = draft.after.number if draft.after else draft.decision.ticket
    return {"inbound": number, "outcome": draft.decision.outcome, "reason": draft.decision.reason, "ticket": ticket}
