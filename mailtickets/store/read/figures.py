"""The desk in figures, for whoever watches it: what waits and since when, budgets, leases, the size of the database.

In: a reader. Out: numbers and moments; no address, no subject, no ticket. All of it is one quick look: what waits is
counted in indexes, and tickets by their tally.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from mailtickets.store.read import health
from mailtickets.store.read.reader import Reader, among

if TYPE_CHECKING:
    from mailtickets.desk.notices.budget import BudgetLine

WAITING_IN = ("accepted", "held")
"""The states of a mail that somebody still has to do something about: the desk, or a person."""
WAITING_OUT = ("queued", "sending", "deferred", "unknown")
"""The states of a copy that is still to be sent."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many wait, and since when the first of them does."""

    count: int
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Figures:
    """What one look has found."""

    inbound: Mapping[str, Waiting]
    """Mail by state: each of `WAITING_IN`."""
    outbox: Mapping[str, Waiting]
    """Copies by state: each of `WAITING_OUT`."""
    unanswered: Mapping[str, Waiting]
    """Tickets whose customer waits for an answer, by queue: each queue that was asked for."""
    tickets: Mapping[tuple[str, str], int]
    """All tickets, by queue and status."""
    budgets: Mapping[str, int]
    """How much of each budget is used up in its present window, by the budget's key."""
    sent_in_a_day: int
    leases: Mapping[str, datetime]
    """When each lease ends."""
    database_bytes: int
    accounts: Sequence[health.Account] = ()
    """How each account fares at each gateway."""
    alarms: int = 0
    """How many troubles have been told to ops and last."""


def look(reader: Reader, queues: Iterable[str], budgets: "Sequence[BudgetLine]", now: datetime) -> Figures:
    """The desk as it is now: these queues, and these budgets."""
    return Figures(
        inbound=waiting(reader, "inbound", "received_at", WAITING_IN),
        outbox=waiting(reader, "outbox", "created_at", WAITING_OUT),
        unanswered={queue: unanswered(reader, queue) for queue in queues},
        tickets=_tickets(reader),
        accounts=health.accounts(reader),
        alarms=len(health.alarms_open(reader)),
        budgets=_budgets(reader, {line.key: line.window(now) for line in budgets}),
        sent_in_a_day=only(reader, _SENT, since=now - timedelta(days=1), now=now).many,
        leases={row.name: row.until for row in reader.each("SELECT name, until FROM lease")},
        database_bytes=size(reader),
    )


_SENT = "SELECT count(*) AS many FROM outbox WHERE sent_at > :since AND sent_at <= :now"


def waiting(reader: Reader, table: str, since: str, states: Iterable[str]) -> dict[str, Waiting]:
    """Counts the rows of a table in each state; the one with the lowest id is the oldest, and `since` its moment."""
    counted = f"SELECT count(*) AS many, min(id) AS first FROM {table} WHERE state = :state"  # noqa: S608 - ours
    begun = f"SELECT {since} FROM {table} WHERE id = :first"  # noqa: S608
    found = {}
    for state in states:
        row = only(reader, counted, state=state)
        first = reader.one(begun, first=row.first) if row.many else None
        found[state] = Waiting(row.many, first[0] if first else None)
    return found


def unanswered(reader: Reader, queue: str) -> Waiting:
    """The tickets of a queue whose customers wait for an answer."""
    row = only(
        reader,
        "SELECT count(*) AS many, min(waiting_since) AS waiting_since FROM ticket"
        " WHERE queue = :queue AND waiting_since IS NOT NULL",
        queue=queue,
    )
    return Waiting(row.many, row.waiting_since)


def _tickets(reader: Reader) -> dict[tuple[str, str], int]:
    tally = reader.each("SELECT queue, status, sum(change) AS many FROM tally GROUP BY queue, status")
    return {(row.queue, row.status): int(row.many) for row in tally}


def _budgets(reader: Reader, windows: Mapping[str, int]) -> dict[str, int]:
    keys, given = among("key", list(windows))
    rows = reader.each(f'SELECT key, "window", used FROM budget WHERE key IN ({keys})', **given)  # noqa: S608
    return dict.fromkeys(windows, 0) | {row.key: row.used for row in rows if row.window == windows[row.key]}


def size(reader: Reader) -> int:
    """The octets of the database on its disk."""
    if reader.is_sqlite:
        asked = "SELECT page_count * page_size AS size FROM pragma_page_count(), pragma_page_size()"
    else:
        asked = "SELECT pg_database_size(current_database()) AS size"
    return int(only(reader, asked).size)


def only(reader: Reader, statement: str, **given: object) -> Any:
    """The one row of an aggregate."""
    row = reader.one(statement, **given)
    if row is None:
        raise AssertionError("an aggregate has one row")
    return row
