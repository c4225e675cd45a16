"""Mail of the past, decided on again by two configurations with the facts as they were then.

Mail is read by workers, under their limits, a few at a time. Decisions are made in transactions that only read.
What cannot be replayed is counted by its reason.
Fails with: `Transient` for trouble of the database.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any, Literal

from sqlalchemy import Connection

from mailtickets.desk.fields.find import MailParts
from mailtickets.desk.fields.gathered import reads_values, with_values
from mailtickets.desk.model.decision import Decision
from mailtickets.desk.model.effects import Assign, Effect, MoveTo, SetField, SetPriority, SetStage, SetStatus, SetType
from mailtickets.desk.model.facts import Desk
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.model.reason import OtherReason
from mailtickets.desk.model.ticket import Ticket, priority_named, status_named
from mailtickets.desk.rules.case import Case
from mailtickets.desk.rules.configured.compare import RULE, Difference, RuledEnding, differences, ending, finished
from mailtickets.desk.rules.configured.look import asks_history
from mailtickets.desk.rules.configured.matter import Matter
from mailtickets.desk.rules.configured.step import applied, looked, of_mail, of_order, on_time
from mailtickets.desk.rules.configured.timed import times
from mailtickets.desk.rules.decide import decide
from mailtickets.desk.rules.opening import as_opening
from mailtickets.desk.rules.questions import questions
from mailtickets.gateway.workers import Unreadable, Workers
from mailtickets.mail.door import Door
from mailtickets.mail.kind.junk import spam_flags
from mailtickets.mail.model import InboundMail
from mailtickets.store import inbound
from mailtickets.store.database import Database
from mailtickets.store.inbound import Received
from mailtickets.store.read import replay as rows
from mailtickets.store.read.reader import Reader, within
from mailtickets.store.read.then import LookBack, Then

MAILS_AT_ONCE = 8
MOST_EVENTS = 1_000
"""A ticket with more events is not looked at for what time would have done to it."""
BYTES_AT_ONCE = 32_000_000
"""Raw mail that is in memory at a time, besides what the workers hold."""

Skipped = Literal[
    "imported", "of agents", "without their raw mail", "not readable", "held, ignored or copies, then as now",
    "held or ignored then for what is not kept",
]  # fmt: skip
"""Why a mail was not replayed, as it is said after `N mails ...:`."""

_NOTHING_FOLLOWED = frozenset({"held", "ignored", "bounced", "duplicate"})


@dataclass(frozen=True, slots=True)
class Replayed:
    """A mail or a change of status that the two configurations see otherwise."""

    on: Literal["mail", "status", "due"]
    ticket: int | None
    """The number that it has; None for mail that opened none."""
    subject: str
    at: datetime
    inbound: int | None
    differences: tuple[Difference, ...]


@dataclass(slots=True)
class Tally:
    """What was replayed, and what was not."""

    mails: int = 0
    statuses: int = 0
    timers: int = 0
    decided_otherwise: int = 0
    """Mails that the present configuration itself decides on otherwise than was decided then: it has changed since."""
    skipped: Counter[Skipped] = field(default_factory=Counter)
    matched_old: Counter[str] = field(default_factory=Counter)
    matched_new: Counter[str] = field(default_factory=Counter)


class Replay:
    """One comparison of two configurations."""

    def __init__(self, database: Database, workers: Workers, old: Policy, new: Policy) -> None:
        self._database, self._workers, self._old, self._new = database, workers, old, new
        self._past = LookBack()
        self.tally = Tally()

    def count(self, since: datetime) -> int:
        """How many mails there are to replay."""
        with self._database.looking() as connection:
            return rows.count(within(connection), since)

    async def mails(self, since: datetime) -> AsyncIterator[Replayed | None]:
        """For each mail since then, oldest first: what would differ, or None."""
        after = 0
        while page := await asyncio.to_thread(self._page, since, after):
            after = page[-1].id
            for batch in _batches(page):
                for found in await self._batch(batch):
                    yield found

    def _page(self, since: datetime, after: int) -> Sequence[Any]:
        with self._database.looking() as connection:
            reader = within(connection)
            start = after or (rows.first_mail(reader, since) or 1) - 1
            return rows.mails(reader, since, start)

    async def _batch(self, batch: Sequence[Any]) -> list[Replayed | None]:
        received = await asyncio.to_thread(self._received, [row.id for row in batch if self._is_wanted(row)])
        read = await asyncio.gather(*(self._read(one) for one in received.values()))
        mails = dict(zip(received, read, strict=True))
        return await asyncio.to_thread(self._compared, batch, received, mails)

    def _is_wanted(self, row: Any) -> bool:
        """Whether a mail is read at all; else the reason is counted."""
        author = row.from_address or ""
        if Door.named(row.source).is_history:
            self.tally.skipped["imported"] += 1
        elif self._old.agent(author) or self._new.agent(author):
            self.tally.skipped["of agents"] += 1
        elif row.outcome == "unparsed":
            self.tally.skipped["not readable"] += 1
        else:
            return True
        return False

    def _received(self, numbers: Sequence[int]) -> dict[int, Received]:
        found: dict[int, Received] = {}
        with self._database.looking() as connection:
            for number in numbers:
                received = inbound.load(connection, number)
                if received is not None and received.raw:
                    found[number] = received
                else:
                    self.tally.skipped["without their raw mail"] += 1
        return found

    async def _read(self, received: Received) -> InboundMail | None:
        try:
            mail = await self._workers.read(received.raw, self._old.instance.name)
        except Unreadable:
            mail = None
        if mail is None or "unparsed" in mail.defects:
            self.tally.skipped["not readable"] += 1
            return None
        return mail

    # --- mail, in a thread --------------------------------------------------------------------------------

    def _compared(
        self, batch: Sequence[Any], received: dict[int, Received], mails: dict[int, InboundMail | None]
    ) -> list[Replayed | None]:
        with self._database.looking() as connection:
            return [self._compare(connection, row, received.get(row.id), mails.get(row.id)) for row in batch]

    def _compare(
        self, connection: Connection, row: Any, received: Received | None, mail: InboundMail | None
    ) -> Replayed | None:
        if received is None or mail is None:
            return None
        received, then = self._first_decision(connection, row, received)
        old = self._ended(connection, received, mail, self._old, then)
        new = self._ended(connection, received, mail, self._new, then)
        if old is None or new is None:
            self.tally.skipped["of agents"] += 1
            return None
        if not self._is_comparable(row, old, new):
            return None
        self._count(old, new)
        self.tally.mails += 1
        return _replayed("mail", row.ticket, row.subject or "", row.received_at, row.id, differences(old, new))

    def _first_decision(self, connection: Connection, row: Any, received: Received) -> tuple[Received, Then]:
        """The moment at which the rules were asked. A mail that a rule held was released later, and not held again."""
        held_at = rows.held_by_rule(within(connection), row.id)
        if held_at is None:
            return received, self._past.moment(connection, row.id, row.decided_at)
        return replace(received, released=False, confirmed=()), self._past.moment(connection, row.id, held_at)

    def _is_comparable(self, row: Any, old: RuledEnding, new: RuledEnding) -> bool:
        """Whether the present configuration, replayed, comes to what was decided then, as far as it matters."""
        then, now = row.outcome, old.says.get("outcome")
        if {now, new.says.get("outcome")} <= _NOTHING_FOLLOWED and not (old.matched or new.matched):
            self.tally.skipped["held, ignored or copies, then as now"] += 1
            return False
        if then in _NOTHING_FOLLOWED and now not in _NOTHING_FOLLOWED:
            self.tally.skipped["held or ignored then for what is not kept"] += 1
            return False
        if then != now and now != "held":
            self.tally.decided_otherwise += 1
        return True

    def _ended(
        self, connection: Connection, received: Received, mail: InboundMail, policy: Policy, then: Then
    ) -> RuledEnding | None:
        """What a configuration makes of a mail; None for an agent's mail, which the rules are not asked about."""
        asked = questions(mail, policy, received.correction)
        facts, asked = self._past.facts(connection, received, asked, policy, then)
        heeded = received.envelope.trusted and policy.junk.spam_headers
        facts = replace(facts, junk=spam_flags(mail.headers, trusted=heeded), desk=Desk())
        case = Case.of(asked, facts, policy, then.at)
        if case.agent is not None:
            return None
        decision = decide(mail, facts, policy, then.at, asked)
        before = facts.tickets.get(decision.ticket or 0)
        if reads_values(decision, policy):
            decision = self._with_values(connection, decision, as_opening(mail, facts), before, policy, then)
        return self._ruled(within(connection), decision, before, of_mail(decision, case), policy, then, case)

    def _with_values(
        self,
        connection: Connection,
        decision: Decision,
        mail: InboundMail,
        before: Ticket | None,
        policy: Policy,
        then: Then,
    ) -> Decision:
        """The decision with the values of fields that the mail says."""
        if before is None:
            return with_values(decision, MailParts.of_new(mail), None, policy)
        asked = self._past.asked(within(connection), before.number, then)
        return with_values(decision, MailParts.of_reply(mail), before, policy, asked)

    def _ruled(
        self,
        reader: Reader,
        decision: Decision,
        before: Ticket | None,
        matters: Sequence[Matter],
        policy: Policy,
        then: Then,
        case: Case | None = None,
    ) -> RuledEnding:
        if matters:
            matter = matters[0]
            asked = asks_history(matters, policy)
            history = self._past.customer(reader, matter.customer, matter.ticket.number, then) if asked else None
            seen = looked(matters, policy, history)
            decision = applied(decision, matter.ticket, seen, policy, then.at, desk=Desk(), case=case)
        words = f"{case.mail.subject if decision.opens else ''}\n{case.mail.reply}" if case is not None else ""
        return ending(finished(decision, before, policy, then.at, words), before, then.at)

    def _count(self, old: RuledEnding, new: RuledEnding) -> None:
        self.tally.matched_old.update(old.matched)
        self.tally.matched_new.update(new.matched)

    # --- statuses -----------------------------------------------------------------------------------------

    async def statuses(self, since: datetime) -> AsyncIterator[Replayed | None]:
        """For each status that an agent, the shell or the clock has changed since then: what would differ, or None."""
        if not any("status" in rule.on for policy in (self._old, self._new) for rule in policy.configured):
            return
        after = await asyncio.to_thread(self._events_begin, since)
        while page := await asyncio.to_thread(self._statuses, since, after):
            after = page[-1].id
            for found in await asyncio.to_thread(self._compared_statuses, page):
                yield found

    def _events_begin(self, since: datetime) -> int:
        with self._database.looking() as connection:
            return rows.events_begin(within(connection), since)

    def _statuses(self, since: datetime, after: int) -> Sequence[Any]:
        with self._database.looking() as connection:
            return rows.statuses(within(connection), since, after)

    def _compared_statuses(self, page: Sequence[Any]) -> list[Replayed | None]:
        with self._database.looking() as connection:
            return [self._compare_status(within(connection), event) for event in page if self._is_order(event)]

    def _is_order(self, event: Any) -> bool:
        """Whether the status was changed by no customer's mail: those are replayed as mail."""
        return event.inbound is None or self._old.agent(event.actor) is not None

    def _compare_status(self, reader: Reader, event: Any) -> Replayed | None:
        beside = list(rows.beside(reader, event))
        then = Then(event.at, beside[0].id)
        before = self._past.ticket(reader, event.ticket, then)
        if before is None or before.number != event.ticket:
            return None
        effects = tuple(effect for other in beside if (effect := _effect(other)) is not None)
        decision = Decision(OtherReason(event.reason), effects, event.ticket, actor=event.actor)
        old, new = (
            self._ruled(reader, decision, before, of_order(decision, before, policy, event.at), policy, then)
            for policy in (self._old, self._new)
        )
        self._count(old, new)
        self.tally.statuses += 1
        return _replayed("status", event.ticket, before.subject, event.at, event.inbound, differences(old, new))

    # --- time ---------------------------------------------------------------------------------------------

    async def times(self, since: datetime, until: datetime) -> AsyncIterator[Replayed | None]:
        """For each rule whose time has come on a ticket since then: what would differ, or None."""
        if not any("due" in rule.on for policy in (self._old, self._new) for rule in policy.configured):
            return
        after = 0
        while numbers := await asyncio.to_thread(self._tickets, since, after):
            after = numbers[-1]
            for found in await asyncio.to_thread(self._compared_times, numbers, since, until):
                yield found

    def _tickets(self, since: datetime, after: int) -> Sequence[int]:
        with self._database.looking() as connection:
            return rows.tickets(within(connection), since, after)

    def _compared_times(self, numbers: Sequence[int], since: datetime, until: datetime) -> list[Replayed | None]:
        with self._database.looking() as connection:
            reader = within(connection)
            return [found for number in numbers for found in self._compare_times(reader, number, since, until)]

    def _compare_times(
        self, reader: Reader, number: int, since: datetime, until: datetime
    ) -> Iterator[Replayed | None]:
        history = self._past.history(reader, number)
        if history is None or len(history.events) > MOST_EVENTS:
            return
        spans = list(history.spans(since, until))
        old, new = (dict(self._fired(reader, spans, policy)) for policy in (self._old, self._new))
        for key in dict.fromkeys((*new, *old)):
            one, other = old.get(key), new.get(key)
            fired = other or one
            if fired is None:
                continue
            nothing = ending(_nothing_done(key[0], number), fired.ticket, fired.at)
            first, second = one.ending if one else nothing, other.ending if other else nothing
            found = differences(first, second)
            if one and other and one.at != other.at:
                found = (Difference("when", f"{one.at:%Y-%m-%d %H:%M}", f"{other.at:%Y-%m-%d %H:%M}", key[0]), *found)
            self._count(first, second)
            self.tally.timers += 1
            yield _replayed("due", number, fired.ticket.subject, fired.at, None, found)

    def _fired(
        self, reader: Reader, spans: Sequence[tuple[datetime, datetime, Ticket]], policy: Policy
    ) -> Iterator[tuple[tuple[str, int], "_FiredThen"]]:
        """The rules whose time came in one of the spans, once for each epoch of the ticket. What was overdue when the
        first span began had come before."""
        done: set[tuple[str, int]] = set()
        for begin, end, ticket in spans:
            for name, at in times(ticket, policy, begin):
                key = (name, ticket.epoch)
                if key in done or not begin <= at < end:
                    continue
                done.add(key)
                if at > begin or begin == ticket.created_at or begin != spans[0][0]:
                    yield key, self._in_time(reader, name, ticket, policy, at)

    def _in_time(self, reader: Reader, name: str, ticket: Ticket, policy: Policy, at: datetime) -> "_FiredThen":
        history = self._past.customer(reader, ticket.requester, ticket.number, Then(at))
        seen = on_time(name, ticket, policy, at, history)
        decision = applied(_nothing_done(name, ticket.number), ticket, seen, policy, at, desk=Desk())
        return _FiredThen(at, ticket, ending(finished(decision, ticket, policy, at), ticket, at))


@dataclass(frozen=True, slots=True)
class _FiredThen:
    """A rule whose time had come."""

    at: datetime
    ticket: Ticket
    ending: RuledEnding


def _nothing_done(rule: str, ticket: int) -> Decision:
    return Decision(OtherReason(f"{RULE}{rule}"), (), ticket)


def _replayed(
    on: Literal["mail", "status", "due"],
    ticket: int | None,
    subject: str,
    at: datetime,
    inbound: int | None,
    found: tuple[Difference, ...],
) -> Replayed | None:
    return Replayed(on, ticket, subject, at, inbound, found) if found else None


def _batches(page: Sequence[Any]) -> list[list[Any]]:
    """The mails of a page, a few at a time: by their number, and by their octets."""
    batches: list[list[Any]] = [[]]
    octets = 0
    for row in page:
        if batches[-1] and (len(batches[-1]) >= MAILS_AT_ONCE or octets + row.size > BYTES_AT_ONCE):
            batches.append([])
            octets = 0
        batches[-1].append(row)
        octets += row.size
    return batches


def _effect(event: Any) -> Effect | None:
    """The effect that an event records, as far as rules look at what else was ordered; None for what a rule did."""
    reason, new = OtherReason(event.reason), event.new or ""
    if event.reason.startswith(RULE):
        return None
    status, priority = status_named(new), priority_named(new)
    name, _, value = new.partition("=")
    made: dict[str, Any] = {
        "status": partial(SetStatus, status, reason) if status else None,
        "priority": partial(SetPriority, priority, reason) if priority else None,
        "queue": partial(MoveTo, new, reason) if new else None,
        "type": partial(SetType, new or None, reason),
        "stage": partial(SetStage, new, reason),
        "assignee": partial(Assign, new or None, reason),
        "field": partial(SetField, name, value, reason) if name else None,
    }
    make = made.get(event.kind)
    effect: Effect | None = make() if make is not None else None
    return effect
