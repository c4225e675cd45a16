"""The facts as they were at an earlier time, to decide again on mail that was decided on long ago.

In: a transaction that only reads, the received message with its `Questions`, and the moment. Out: `Facts` in which
nothing of what happened since can be seen: later tickets, answers, contacts and copies are not there, and tickets are
taken back to what they were (`desk/rewind.py`).
Fails with: what the database raises.
Limits: who had which number of tickets, and whose turn it was, is as it is now; people whom a later merge has brought
onto a ticket stay on it.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import Connection

from mailtickets.desk.claims.authors import author_of
from mailtickets.desk.model.facts import CustomerHistory, DuplicateFact, Facts, IdFact
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.model.ticket import Ticket
from mailtickets.desk.rewind import Written, rewound
from mailtickets.desk.rules.questions import Questions
from mailtickets.mail.model import Address, InboundMail
from mailtickets.store.inbound import Received
from mailtickets.store.read import tickets
from mailtickets.store.read.facts import gather
from mailtickets.store.read.reader import Reader, among, within

_AT_ONCE = 500
_AFTER = timedelta(microseconds=1)
_REMEMBERED = 64
"""So many histories of tickets are kept between the mails of one replay."""

_EVENTS = "SELECT id, inbound, at, kind, old, new, reason FROM event WHERE ticket = :ticket ORDER BY id"
_FIRST_OWN = "SELECT min(id) AS first FROM event WHERE inbound = :inbound AND at >= :at"
_KNOWN = "SELECT known_since FROM contact WHERE address_key = :key AND known_since < :at"
_THEIRS = (
    "FROM ticket WHERE requester_address IN ({}) AND number <> :this AND created_at < :at AND (merged_into IS NULL OR"
    " EXISTS (SELECT 1 FROM event WHERE event.ticket = ticket.number AND event.kind = 'merged' AND event.at >= :at))"
)
_TICKETS_OF = f"SELECT count(*) AS tickets {_THEIRS}"
_SCORE_OF = f"SELECT score FROM rating WHERE at < :at AND ticket IN (SELECT number {_THEIRS}) ORDER BY at DESC LIMIT 1"  # noqa: S608


@dataclass(frozen=True, slots=True)
class Then:
    """A moment of the past: just before something was decided."""

    at: datetime
    event: int | None = None
    """The first event of that decision, where it has one: what happened in the same microsecond is told apart by it."""

    def is_before(self, event: Any) -> bool:
        """Whether an event had happened then."""
        if event.at == self.at and self.event is not None:
            return bool(event.id < self.event)
        return bool(event.at < self.at)


@dataclass(frozen=True, slots=True)
class TicketHistory:
    """A ticket as it is now, and all that has happened to it, oldest first."""

    ticket: Ticket
    merged_into: int | None
    events: Sequence[tuple[Any, Written | None]]

    def as_of(self, then: Then) -> Ticket | None:
        """The ticket as it was then; None if it was not there yet."""
        earlier = [pair for pair in self.events if then.is_before(pair[0])]
        later = (event for event, _ in reversed(self.events) if not then.is_before(event))
        if not earlier:
            return None
        return rewound(self.ticket, later, earlier)

    def spans(self, since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime, Ticket]]:
        """(begin, end, the ticket between) for each span in which nothing happened to the ticket."""
        moments = sorted({event.at for event, _ in self.events if since < event.at < until})
        begins = [max(since, self.ticket.created_at), *(at for at in moments if at > self.ticket.created_at)]
        for begin, end in pairwise([*begins, until]):
            ticket = self.as_of(Then(begin + _AFTER))
            if ticket is not None and begin < end:
                yield begin, end, ticket

    def was_merged(self, then: Then) -> bool:
        merged = (event for event, _ in self.events if event.kind == "merged" and event.new != str(self.ticket.number))
        return self.merged_into is not None and any(then.is_before(event) for event in merged)


class LookBack:
    """Looks back from one connection. Histories of tickets are kept while mail of the same tickets is looked at."""

    def __init__(self) -> None:
        self._histories: OrderedDict[int, TicketHistory | None] = OrderedDict()

    def moment(self, connection: Connection, inbound: int, decided_at: datetime) -> Then:
        """The moment before a mail was decided on."""
        own = within(connection).one(_FIRST_OWN, inbound=inbound, at=decided_at)
        return Then(decided_at, own.first if own is not None else None)

    def facts(
        self,
        connection: Connection,
        received: Received,
        asked: Questions,
        policy: Policy,
        then: Then,
        unparsed: str | None = None,
    ) -> tuple[Facts, Questions]:
        """What `gather` would have found then."""
        facts, asked = gather(connection, received, asked, policy, then.at, unparsed)
        reader, mail = within(connection), asked.mail
        return (
            replace(
                facts,
                tokens=tuple(t for t in facts.tokens if t.created_at is None or t.created_at < then.at),
                ids=_ids_of_then(reader, facts.ids, received, then),
                tickets=self._tickets(reader, facts.tickets, then),
                duplicate=_duplicate_of_then(facts.duplicate, received),
                known_author=_was_known(reader, author_of(mail, facts.queue, policy).key, then),
                known_files=_known_files(reader, mail, facts.tickets, received),
                new_subject="",
                recalled=None,
            ),
            asked,
        )

    def ticket(self, reader: Reader, number: int, then: Then) -> Ticket | None:
        """The ticket that a number led to then; None if it led to none."""
        seen: set[int] = set()
        while number not in seen:
            seen.add(number)
            history = self.history(reader, number)
            if history is None:
                return None
            if not history.was_merged(then) or history.merged_into is None:
                return history.as_of(then)
            number = history.merged_into
        return None

    def customer(self, reader: Reader, customer: Address, this: int, then: Then) -> CustomerHistory:
        """What a customer had had before ticket number `this`."""
        spellings, values = among("spelling", sorted({customer.address, customer.key}))
        had = reader.all(_TICKETS_OF.format(spellings), this=this, at=then.at, **values)
        scored = reader.one(_SCORE_OF.format(spellings), this=this, at=then.at, **values)
        return CustomerHistory(int(had[0].tickets), scored.score if scored is not None else None)

    def asked(self, reader: Reader, number: int, then: Then) -> tuple[str, ...]:
        """The names of the fields that the ticket's acknowledgement had asked for."""
        history = self.history(reader, number)
        events = history.events if history is not None else ()
        asked = [event.new for event, _ in events if event.kind == "asked" and then.is_before(event)]
        return tuple((asked[-1] or "").split()) if asked else ()

    def _tickets(self, reader: Reader, found: Iterable[int], then: Then) -> dict[int, Ticket]:
        as_of = {number: self.ticket(reader, number, then) for number in found}
        there = {number: ticket for number, ticket in as_of.items() if ticket is not None}
        return there | {ticket.number: ticket for ticket in there.values()}

    def history(self, reader: Reader, number: int) -> TicketHistory | None:
        """A ticket and its events; None if there is no such ticket."""
        if number in self._histories:
            self._histories.move_to_end(number)
            return self._histories[number]
        history = self._histories[number] = history_of(reader, number)
        if len(self._histories) > _REMEMBERED:
            self._histories.popitem(last=False)
        return history


def history_of(reader: Reader, number: int) -> TicketHistory | None:
    """A ticket and its events; None if there is no such ticket."""
    ticket = tickets.exact(reader, number)
    row = reader.one("SELECT merged_into FROM ticket WHERE number = :number", number=number)
    if ticket is None or row is None:
        return None
    events = reader.all(_EVENTS, ticket=number)
    written = _written(reader, [int(event.new) for event in events if event.kind == "message" and event.new])
    return TicketHistory(
        ticket,
        row.merged_into,
        [(event, written.get(int(event.new)) if event.kind == "message" and event.new else None) for event in events],
    )


def _written(reader: Reader, numbers: Sequence[int]) -> dict[int, Written]:
    """What messages are, by their ids."""
    found: dict[int, Written] = {}
    for at in range(0, len(numbers), _AT_ONCE):
        these, values = among("message", numbers[at : at + _AT_ONCE])
        sql = f"SELECT id, direction, visibility, kind FROM message WHERE id IN ({these})"  # noqa: S608
        for row in reader.each(sql, **values):
            found[row.id] = Written(row.direction == "in", row.visibility == "public", row.kind == "human")
    return found


def _ids_of_then(reader: Reader, ids: Sequence[IdFact], received: Received, then: Then) -> tuple[IdFact, ...]:
    """Those of the Message-IDs that the desk had sent or received then."""
    if not ids:
        return ()
    these, values = among("id", list(dict.fromkeys(fact.message_id for fact in ids)))
    sent = reader.all(
        f"SELECT message_id FROM notice WHERE message_id IN ({these}) AND created_at < :at"  # noqa: S608
        f" UNION SELECT remote_message_id FROM outbox WHERE remote_message_id IN ({these}) AND created_at < :at",
        at=then.at,
        **values,
    )
    came = reader.all(
        f"SELECT message_id FROM inbound WHERE message_id IN ({these}) AND id < :this",  # noqa: S608
        this=received.id,
        **values,
    )
    ours, theirs = {row.message_id for row in sent}, {row.message_id for row in came}
    return tuple(fact for fact in ids if fact.message_id in (ours if fact.issued else theirs))


def _duplicate_of_then(found: DuplicateFact | None, received: Received) -> DuplicateFact | None:
    return found if found is not None and found.inbound < received.id else None


def _was_known(reader: Reader, key: str, then: Then) -> bool:
    return reader.one(_KNOWN, key=key, at=then.at) is not None


def _known_files(reader: Reader, mail: InboundMail, numbers: Iterable[int], received: Received) -> frozenset[str]:
    """The digests of those attachments of the mail that earlier mail had brought onto its tickets."""
    digests = sorted({file.sha256 for file in mail.attachments})
    if not digests:
        return frozenset()
    these, values = among("digest", digests)
    those, tickets_named = among("ticket", list(numbers))
    wanted = f"message.ticket IN ({those}) AND attachment.sha256 IN ({these}) AND message.inbound < :this"
    sql = f"SELECT sha256 FROM attachment JOIN message ON message.id = attachment.message WHERE {wanted}"  # noqa: S608
    rows = reader.all(sql, this=received.id, **values, **tickets_named)
    return frozenset(row.sha256 for row in rows)
