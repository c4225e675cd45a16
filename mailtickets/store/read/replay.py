"""What is replayed: mail that came in since a moment, and statuses that people or the clock have changed since.

Rows come in pages, so that memory does not grow with their number.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from mailtickets.store.read.reader import Reader

MAILS_AT_ONCE = 100
EVENTS_AT_ONCE = 500
_MAILS_BEFORE = 50
"""So many mails before the moment are looked at, for the first event since: events lie in no strict order."""

_FIRST = "SELECT min(id) AS first FROM inbound WHERE received_at >= :since"
_COUNT = "SELECT count(*) AS mails FROM inbound WHERE id >= :first AND received_at >= :since AND state <> 'accepted'"
_MAILS = (
    "SELECT id, source, outcome, reason, ticket, from_address, subject, received_at, decided_at, size FROM inbound"
    " WHERE id > :after AND received_at >= :since AND state <> 'accepted' ORDER BY id LIMIT :limit"
)
_EARLIER = (
    "SELECT min(event.id) AS first FROM event WHERE event.inbound IN"
    " (SELECT id FROM inbound WHERE id < :first AND source <> 'import' ORDER BY id DESC LIMIT :mails)"
)
_STATUSES = (
    "SELECT id, ticket, inbound, at, actor, kind, old, new, reason FROM event"
    " WHERE id > :after AND kind = 'status' AND at >= :since AND ticket IS NOT NULL ORDER BY id LIMIT :limit"
)
_BESIDE = (
    "SELECT id, inbound, at, actor, kind, old, new, reason FROM event WHERE ticket = :ticket AND at = :at ORDER BY id"
)
_HELD = "SELECT at FROM event WHERE inbound = :inbound AND kind = 'held' AND reason LIKE :rule ORDER BY id LIMIT 1"

TICKETS_AT_ONCE = 100
_TICKETS = (
    "SELECT number FROM ticket WHERE number > :after AND (updated_at >= :since OR status IN ('new', 'open', 'pending',"
    " 'resolved')) ORDER BY number LIMIT :limit"
)


def first_mail(reader: Reader, since: datetime) -> int | None:
    """The id of the first mail that came in since then; None if none did."""
    row = reader.one(_FIRST, since=since)
    return row.first if row is not None else None


def count(reader: Reader, since: datetime) -> int:
    """How many mails are to be replayed."""
    first = first_mail(reader, since)
    if first is None:
        return 0
    row = reader.one(_COUNT, first=first, since=since)
    return int(row.mails) if row is not None else 0


def mails(reader: Reader, since: datetime, after: int) -> Sequence[Any]:
    """A page of mails, oldest first. `after` is the last id of the page before."""
    return reader.all(_MAILS, since=since, after=after, limit=MAILS_AT_ONCE)


def held_by_rule(reader: Reader, inbound: int) -> datetime | None:
    """When a rule held a mail that was released later; None if no rule did."""
    row = reader.one(_HELD, inbound=inbound, rule="rule:%")
    return row.at if row is not None else None


def events_begin(reader: Reader, since: datetime) -> int:
    """An event id that is not after the first event since then."""
    first = first_mail(reader, since)
    row = reader.one(_EARLIER, first=first if first is not None else 2**62, mails=_MAILS_BEFORE)
    return int(row.first) - 1 if row is not None and row.first is not None else 0


def statuses(reader: Reader, since: datetime, after: int) -> Sequence[Any]:
    """A page of changes of status, oldest first."""
    return reader.all(_STATUSES, since=since, after=after, limit=EVENTS_AT_ONCE)


def beside(reader: Reader, event: Any) -> Iterator[Any]:
    """All events of the decision that a change of status belongs to, oldest first."""
    rows = reader.each(_BESIDE, ticket=event.ticket, at=event.at)
    return (row for row in rows if (row.inbound, row.actor) == (event.inbound, event.actor))


def tickets(reader: Reader, since: datetime, after: int) -> Sequence[int]:
    """A page of the tickets on which time can have brought something about since then."""
    return [row.number for row in reader.each(_TICKETS, since=since, after=after, limit=TICKETS_AT_ONCE)]
