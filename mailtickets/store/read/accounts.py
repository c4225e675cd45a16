"""What tickets mean to reports, made anew from their history: their accounts, without SQLAlchemy.

In: numbers of tickets. Out: for each an `AccountOf`. Fails with: as `reader`.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from mailtickets.desk.clock.clocks import Clock
from mailtickets.desk.figures.account import Rated, TicketAccount, account
from mailtickets.desk.figures.cells import Entries, entries
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.model.ticket import Ticket
from mailtickets.mail.model import Address
from mailtickets.store.read.happenings import histories
from mailtickets.store.read.reader import Reader, among
from mailtickets.store.read.tickets import UNFINISHED

_TICKETS = """
SELECT number, queue, status, priority, type, requester_address, assignee, created_at, merged_into, tags, stage
FROM ticket"""


@dataclass(frozen=True, slots=True)
class AccountOf:
    """The account of one ticket, and what it adds to the sums."""

    number: int
    account: TicketAccount
    entries: Entries
    is_unfinished: bool
    assignee: str


def have_changed(reader: Reader, many: int) -> bool:
    """Whether so many tickets, or more, have changed since they were counted."""
    return reader.one("SELECT ticket FROM uncounted ORDER BY ticket LIMIT 1 OFFSET :n", n=many - 1) is not None


def accounts(reader: Reader, numbers: Sequence[int], policy: Policy) -> list[AccountOf]:
    """The accounts of tickets as they are now. A number without a ticket has none."""
    if not numbers:
        return []
    zone = ZoneInfo(policy.instance.timezone)
    these, values = among("number", numbers)
    rows = reader.all(f"{_TICKETS} WHERE number IN ({these}) ORDER BY number", **values)
    happened, rated = histories(reader, numbers), _rated(reader, numbers)
    clocks = _clocks(reader, numbers) if policy.levels else {}
    found = []
    for row in rows:
        ticket, number = _ticket(row), row.number
        merged = row.merged_into is not None
        told = account(happened.get(number, ()), ticket, merged, rated.get(number, ()), clocks.get(number, ()), policy)
        is_unfinished = ticket.status in UNFINISHED
        found.append(AccountOf(number, told, entries(told, ticket, zone), is_unfinished, ticket.assignee or ""))
    return found


def _ticket(row: Any) -> Ticket:
    """The ticket, as far as it is counted by it: a report reads many."""
    return Ticket(
        number=row.number,
        queue=row.queue,
        subject="",
        status=row.status,
        priority=row.priority,
        type=row.type,
        requester=Address("", row.requester_address),
        assignee=row.assignee,
        revision=0,
        locale="",
        created_at=row.created_at,
        updated_at=row.created_at,
        tags=tuple(row.tags),
        stage=row.stage,
    )


def _rated(reader: Reader, numbers: Sequence[int]) -> Mapping[int, Sequence[Rated]]:
    """Who was asked how it was, with the answers. An answer without a question (from before questions were noted) was
    asked for all the same."""
    these, values = among("number", numbers)
    asked: dict[int, dict[datetime, int | None]] = defaultdict(dict)
    requests = f"SELECT ticket, resolved_at FROM rating_request WHERE ticket IN ({these}) AND asked_at IS NOT NULL"  # noqa: S608
    for row in reader.each(requests, **values):
        asked[row.ticket][row.resolved_at] = None
    for row in reader.each(f"SELECT ticket, resolved_at, score FROM rating WHERE ticket IN ({these})", **values):  # noqa: S608
        asked[row.ticket][row.resolved_at] = row.score
    return {number: tuple(Rated(at, score) for at, score in sorted(found.items())) for number, found in asked.items()}


def _clocks(reader: Reader, numbers: Sequence[int]) -> Mapping[int, Sequence[Clock]]:
    these, values = among("number", numbers)
    found: dict[int, list[Clock]] = defaultdict(list)
    for row in reader.each(f"SELECT * FROM deadline WHERE ticket IN ({these})", **values):  # noqa: S608
        found[row.ticket].append(Clock(row.clock, row.level, row.started_at, row.due_at, row.state, row.ended_at))
    return found
