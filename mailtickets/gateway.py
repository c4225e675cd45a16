"""accept() -> process() -> deliver(): the one place where the rooms meet.

Owns: when something is durable (transaction 1 before any 250), who works on what (leases), and that every
message ends with one outcome and every copy of a letter with one state. Decides nothing itself.
Fails with: `Transient` and `NoSpace` from `accept`, for the door to answer 4xx. What fails inside is tried
again; a mail that fails for its own sake becomes a ticket marked unparsed.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TypeVar, assert_never

from sqlalchemy import Connection

from mailtickets.clerk import Clerk, Draft
from mailtickets.desk.decide import refused
from mailtickets.desk.model import (
    MAX_ATTACHMENT_BYTES,
    Authentication,
    Decision,
    Deferred,
    Delivery,
    ImapCursor,
    OutboxFact,
    Refused,
    Sent,
    Throttled,
    Ticket,
    Transient,
    Unknown,
)
from mailtickets.desk.render import Rendered
from mailtickets.desk.retry import THROTTLE_PAUSE, WARN_AFTER, next_attempt, throttle_pause
from mailtickets.failpoint import failpoint
from mailtickets.intake import Intake
from mailtickets.mail.junk import NO_MARK, JunkVerdict
from mailtickets.mail.model import Attachment, Copy, Envelope, InboundMail
from mailtickets.mail.outline import outline
from mailtickets.store import cursors, inbound, outbox
from mailtickets.store.database import Stale
from mailtickets.store.lane import Lane
from mailtickets.store.outbox import Due
from mailtickets.store.together import Together
from mailtickets.workers import Unreadable, Workers

log = logging.getLogger("mailtickets.gateway")

Send = Callable[[bytes, str, str], Awaitable[Delivery]]
"""(RFC 5322 bytes, reverse-path, recipient) -> how it went."""

Authenticate = Callable[[bytes, InboundMail, Envelope], Awaitable[Authentication]]
"""What is known of where a mail comes from. Fails with nothing."""

Scan = Callable[[bytes, InboundMail, Envelope], Awaitable[JunkVerdict]]
"""What filters and scanners hold against a mail. Fails with nothing."""

T = TypeVar("T")

_AT_ONCE = 8
"""Messages in process at the same time: enough to keep two workers busy, and to share the waits for the disk."""
_BACKLOG = 200
"""Accepted messages kept in memory; more wait in the database, for whichever gateway has time."""
_KEEPING_UP = 8
"""While no more than this wait, processing keeps up with intake, and need not give way to it."""
_ATTEMPTS = 5
_RETRY_PROCESS = timedelta(seconds=15)
_RETRY_RECORD_SECONDS = 5


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
        self.intake = Intake(
            clerk,
            self._lane,
            max_message_bytes=max_message_bytes,
            claimant=self._claimant,
            claimed=self._accepted.put_nowait,
        )
        self._mail_is_due = asyncio.Event()
        self._sending: set[asyncio.Task[None]] = set()
        self._in_hand: dict[int, datetime] = {}
        """The copies that are being sent, and until when they are ours."""
        self._unsure_until = datetime.min.replace(tzinfo=UTC)
        self._processors: list[asyncio.Task[None]] = []
        self._draining = False
        self._alarms: set[str] = set()

    async def database(self, work: Callable[..., T], *args: object) -> T:
        """Runs database work in the store's own lane, off the event loop."""
        return await self._lane.run(work, *args)

    # --- accept: transaction 1 ----------------------------------------------------------------------------

    async def accept(self, raw: bytes, envelope: Envelope) -> int:
        """Keeps a message for good, and gives its inbound id; a retransmission gets the id it had."""
        return await self.intake.accept(raw, envelope)

    def _claimant(self) -> str | None:
        """Who works on what comes in now: this gateway, until it has enough in memory."""
        return self.name if self._accepted.qsize() < _BACKLOG else None

    # --- process: transaction 2 ---------------------------------------------------------------------------

    async def process(self, number: int) -> None:
        """Decides on an accepted message and carries it out. Trouble leaves it accepted, to be tried again."""
        received: inbound.Received | None = await self._together.run(
            lambda connection: inbound.load(connection, number)
        )
        if received is None or received.state != "accepted":
            return
        failpoint("before-reading")
        try:
            if received.attempts >= _ATTEMPTS:
                await self._settle_mail(received, outline(received.raw), "processing-failed")
                return
            mail, unparsed = await self._read(received)
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
        return self.clerk.database.run(lambda connection: inbound.load(connection, number))

    async def _read(self, received: inbound.Received) -> tuple[InboundMail, str | None]:
        try:
            mail = await self.workers.read(received.raw, self.clerk.rules.policy.instance.name)
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
            draft: Draft = await self._together.run(self.clerk.drafting(received, mail, unparsed, junk))
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
        received = await self.database(self._load, number)
        return received is not None and received.state == "accepted"

    async def _carry_out(self, draft: Draft, also: Callable[[Connection], None] | None = None) -> None:
        words = await self._words(draft)
        failpoint("after-words")
        await self._together.run(self.clerk.settling(draft, words, also))
        self._mail_is_due.set()
        await self._mind_breaker(draft)

    async def _mind_breaker(self, draft: Draft) -> None:
        """Tells ops when the hour's automatic mail is used up: people's answers still go out, the rest is withheld."""
        if any(reason == "budget-everybody" for _, reason in draft.withheld):
            limit = self.clerk.rules.policy.budget.automatic_per_hour
            await self.alarm("automatic-mail-stopped", f"budget.automatic_per_hour = {limit} is used up")
        elif any(line.key == "everybody" for line in draft.budget):
            await self.all_clear("automatic-mail-stopped")

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

    async def _try_later(self, number: int, note: Callable[[Connection, int, datetime], object]) -> None:
        """Comes back to a message soon; only what is the message's own fault counts as an attempt."""
        retry_at = self.clerk.clock() + _RETRY_PROCESS
        try:
            await self.database(self.clerk.database.run, lambda connection: note(connection, number, retry_at))
        except Transient:
            log.warning("database unavailable", extra={"inbound": number})  # its lease ends by itself

    # --- deliver: transaction 3 ---------------------------------------------------------------------------

    async def deliver(self) -> int:
        """Sends what is due, as far as connections and the account's pace allow; gives how many were begun."""
        room = min(self.pace.max_connections - len(self._sending), await self._allowance())
        if room <= 0:
            return 0
        due = await self._claim(room, tuple(self._in_hand))
        for row in due:
            self._in_hand[row.id] = self.clerk.clock() + outbox.LEASE
            task = asyncio.create_task(self._deliver(row))
            self._sending.add(task)
            task.add_done_callback(partial(self._sent, row.id))
        return len(due)

    def _sent(self, number: int, task: asyncio.Task[None]) -> None:
        self._sending.discard(task)
        self._in_hand.pop(number, None)
        self._mail_is_due.set()

    async def _claim(self, room: int, in_hand: Sequence[int]) -> list[Due]:
        now = self.clerk.clock()
        abandoned = now >= self._unsure_until

        def work(connection: Connection) -> list[Due]:
            due = outbox.claim_due(connection, self.name, now, room, in_hand=in_hand, abandoned=abandoned)
            failpoint("before-claim-commit")
            return due

        try:
            due: list[Due] = await self._together.run(work)
        except Transient:
            self._unsure_until = now + outbox.LEASE  # nobody could prolong a lease meanwhile: let them do it first
            raise
        failpoint("after-claim-commit")
        return due

    async def _hold_leases(self) -> None:
        """What is long on its way stays ours; what a gateway that died was sending is another one's in a minute."""
        now = self.clerk.clock()
        fresh = (now + outbox.LEASE / 2, now + outbox.LEASE)
        stale = [number for number, until in self._in_hand.items() if not fresh[0] <= until <= fresh[1]]
        if stale:
            until = now + outbox.LEASE
            await self.database(self.clerk.database.run, lambda c: outbox.prolong(c, self.name, stale, until))
            self._in_hand |= {number: until for number in stale if number in self._in_hand}

    async def _allowance(self) -> int:
        """How many copies the account may still send now."""
        now, pace = self.clerk.clock(), self.pace
        if self._rests(now):
            return 0
        allowed = pace.max_connections
        for limit, span in ((pace.max_per_minute, timedelta(minutes=1)), (pace.max_per_day, timedelta(days=1))):
            if limit:
                since = now - span
                count = partial(outbox.sent_since, moment=since, now=now, limit=limit)
                gone = await self.database(self.clerk.database.run, count)
                allowed = min(allowed, limit - gone - len(self._sending))
        return allowed

    async def _deliver(self, row: Due) -> None:
        try:
            raw, copy = await self._written(row)
            failpoint("before-sending")
            result = await self.send(raw, copy.envelope_sender, copy.recipient.address)
            failpoint("after-sending")
        except Exception as error:  # whatever it is, it did not go out for certain, and it must not get stuck
            log.exception("sending failed", extra={"outbox": row.id})
            result = Deferred(f"internal error: {type(error).__name__}")
        self._mind_pace(result, self.clerk.clock())
        while True:
            try:
                await self._record(row, result)
            except Transient as error:  # kept in memory meanwhile: what has been sent is not to be sent again
                log.warning("result not recorded yet", extra={"outbox": row.id, "error": str(error)})
                await asyncio.sleep(_RETRY_RECORD_SECONDS)
            else:
                return

    async def _written(self, row: Due) -> tuple[bytes, Copy]:
        """The mail as it is sent. A notice of ours that is too large for the smarthost goes without attachments."""
        raw, copy = await asyncio.to_thread(self.clerk.written, row, await self._attachments(row))
        limit = self._largest()
        if limit and len(raw) > limit and row.author is None:
            return await asyncio.to_thread(self.clerk.written, row, ())
        return raw, copy

    async def _attachments(self, row: Due) -> tuple[Attachment, ...]:
        """What goes along, read again from the mail that brought it."""
        if not row.attachments or row.inbound is None:
            return ()
        received = await self.database(self._load, row.inbound)
        name = self.clerk.rules.policy.instance.name
        return await self.workers.attachments(received.raw, name, row.attachments) if received else ()

    async def _record(self, row: Due, result: Delivery) -> None:
        """Transaction 3: the result, and what follows from giving up."""
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

        def record(connection: Connection) -> None:
            recorded = outbox.record(
                connection,
                row.id,
                state,
                reply=result.reply,
                now=now,
                next_attempt_at=again,
                attempted=attempted,
                remote_message_id=result.message_id if isinstance(result, Sent) else None,
            )
            if not recorded:
                raise _Recorded
            failpoint("before-result-commit")

        try:
            if state == "failed":
                await self._give_up(row, result, record)
            else:
                await self._together.run(record)
        except _Recorded:
            log.info("recorded already", extra={"outbox": row.id})
        await self._mind_delay(row, result, now)
        failpoint("after-result-commit")

    def _mind_pace(self, result: Delivery, now: datetime) -> None:
        if isinstance(result, Throttled):
            self.pace.throttled += 1
            self.pace.rest_until = now + throttle_pause(self.pace.throttled)
        elif isinstance(result, Sent) and not self._rests(now):  # not for what was on its way before the rest began
            self.pace.throttled, self.pace.rest_until = 0, None

    def _rests(self, now: datetime) -> bool:
        left = self.pace.rest_until - now if self.pace.rest_until else timedelta()
        return timedelta() < left <= THROTTLE_PAUSE[-1]  # more than that: the clock has been set back meanwhile

    async def _mind_delay(self, row: Due, result: Delivery, now: datetime) -> None:
        """Mail that has not gone out for hours is told of, as long as nothing else goes out either."""
        if isinstance(result, Sent):
            await self.all_clear("delivery-late")
        elif now - row.first_attempt_at > WARN_AFTER:
            await self.alarm("delivery-late", f"outbox {row.id} to {row.addressed.recipient.address}: {result.reply}")

    async def _give_up(self, row: Due, result: Delivery, record: Callable[[Connection], None]) -> None:
        """Records a failure together with what it means for the ticket and its people."""
        status = result.status if isinstance(result, Refused) else None
        ours = OutboxFact(row.id, row.ticket, row.name, row.addressed.recipient.address, row.author, row.state)

        def decide_on(ticket: Ticket | None) -> Decision:
            return refused(ours, result.reply, status, ticket)

        while True:
            draft = await self.database(self.clerk.draft_order, row.ticket, decide_on)
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
            await self.database(self.clerk.alarm, key, text)
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
        await self.database(self.clerk.database.run, self._take_up)
        self._processors = [asyncio.create_task(self._process_accepted()) for _ in range(_AT_ONCE)]
        self._processors.append(asyncio.create_task(self._deliver_always()))

    @property
    def is_alive(self) -> bool:
        """Whether everything that `start` has begun still goes on."""
        return bool(self._processors) and not any(task.done() for task in self._processors)

    def _take_up(self, connection: Connection) -> None:
        inbound.unclaim(connection, self.name)
        lost = outbox.unclaim(connection, self.name, self.clerk.clock())
        if lost:
            log.warning("interrupted while sending: they may arrive twice", extra={"copies": lost})

    async def look_for_work(self) -> None:
        """The bell: picks up accepted mail that nobody works on, and lets due letters go."""
        self._mail_is_due.set()
        await self._hold_leases()
        self._mind_size()
        if self._draining or self._accepted.qsize() >= _BACKLOG:
            return
        for number in await self.database(self._claim_inbound):
            self._accepted.put_nowait(number)

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
        return self.clerk.database.run(lambda connection: inbound.claim_due(connection, self.name, now, _BACKLOG))

    async def _process_accepted(self) -> None:
        while True:
            number = await self._accepted.get()
            if self._accepted.qsize() > _KEEPING_UP:
                await self.intake.give_way()
            try:
                await self.process(number)
            except Transient as error:
                log.warning("processing deferred", extra={"inbound": number, "error": str(error)})
            except Exception:
                log.exception("processing failed", extra={"inbound": number})
            finally:
                self._accepted.task_done()

    async def _deliver_always(self) -> None:
        while True:
            await self._mail_is_due.wait()
            self._mail_is_due.clear()
            try:
                while not self._draining and await self.deliver():
                    pass
            except Transient as error:
                log.warning("delivery deferred", extra={"error": str(error)})
            except Exception:
                log.exception("delivery failed")

    async def drain(self, seconds: float) -> None:
        """Ends the work in hand, and begins no more; what is not done by then is done after the next start."""
        self._draining = True
        working = [self._accepted.join(), *self._sending]
        if self.intake.committing is not None:
            working.append(self.intake.committing)
        _, unfinished = await asyncio.wait([asyncio.ensure_future(work) for work in working], timeout=seconds)
        for task in (*unfinished, *self._processors, *self._sending):
            task.cancel()
        await asyncio.gather(*unfinished, *self._processors, *self._sending, return_exceptions=True)
        self._lane.close()
        self.intake.close()

    # --- the IMAP door's memory ---------------------------------------------------------------------------

    async def imap_cursor(self, account: str, folder: str) -> ImapCursor | None:
        return await self.database(self.clerk.database.run, lambda c: cursors.load(c, account, folder))

    async def save_imap_cursor(self, cursor: ImapCursor) -> None:
        def save(connection: Connection) -> None:
            cursors.save(connection, cursor)
            failpoint("before-cursor-commit")

        await self.database(self.clerk.database.run, save)
        failpoint("after-cursor-commit")


def _state(result: Delivery, again: datetime | None) -> str:
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
