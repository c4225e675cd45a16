"""What is due, and when: the rows of `deadline`, for lists, for one ticket, and for commands about promised dates.

In: numbers of tickets. Out: rows as they were stored last. Imports nothing heavy: commands that only read use it.
Fails with: as `reader`.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from mailtickets.store.read.reader import Reader, among, narrowed

if TYPE_CHECKING:
    from mailtickets.desk.clock.holidays import Holiday

PROMISED: Final = "promised"
"""The clock of a date that an agent has promised."""


def promised(reader: Reader, numbers: Sequence[int]) -> dict[int, datetime]:
    """By ticket: the date that its customer was promised, where that promise is neither kept nor taken back."""
    found = of_tickets(reader, numbers)
    rows = [row for each in found.values() for row in each if row.clock == PROMISED and row.ended_at is None]
    return {row.ticket: row.due_at for row in rows if row.due_at is not None}


def of_tickets(reader: Reader, numbers: Sequence[int]) -> dict[int, list[Any]]:
    """The clocks of each of these tickets, in the order in which they are due; also those that have ended."""
    these, values = among("ticket", numbers)
    found: dict[int, list[Any]] = defaultdict(list)
    rows = reader.each(f"SELECT * FROM deadline WHERE ticket IN ({these})", **values)  # noqa: S608
    for row in sorted(rows, key=_due_first):
        found[row.ticket].append(row)
    return found


_FIRST = """
SELECT due.* FROM deadline AS due CROSS JOIN ticket
{where}
ORDER BY due.due_at, due.ticket LIMIT :limit
"""
"""`CROSS JOIN` makes SQLite walk what is due, in its order, and not all tickets of a queue."""
_RUNS = "ticket.number = due.ticket", "due.ended_at IS NULL", "due.due_at IS NOT NULL"
_EARLIEST = (
    "NOT EXISTS (SELECT 1 FROM deadline AS earlier WHERE earlier.ticket = due.ticket AND earlier.ended_at IS NULL"
    " AND (earlier.due_at, earlier.clock, earlier.level) < (due.due_at, due.clock, due.level))"
)


def listed(
    reader: Reader,
    *,
    queue: str | None = None,
    status: str | None = None,
    stages: Sequence[str] | None = None,
    assignee: str | None = None,
    after: int | None = None,
    limit: int = 100,
) -> list[Any] | None:
    """The clock of each ticket that is due first, in the order in which they are due: late ones come first.

    Snoozed tickets are there too. `after` is the last ticket of the page before; None if it never had a due time.
    `assignee` "" means nobody.
    """
    tests: dict[str, object] = {"ticket.queue = :queue": queue, "ticket.status = :status": status}
    more = [*_RUNS, _EARLIEST, *(["ticket.assignee IS NULL"] if assignee == "" else [])]
    in_stage, called = among("stage", stages or ())
    more += [f"ticket.stage IN ({in_stage})"] if stages is not None else []
    before: dict[str, object] = {}
    if after is not None:
        last = reader.one(_LAST, after=after)
        if last is None:
            return None
        more.append("(due.due_at, due.ticket) > (:last, :after)")
        before = {"last": last.due_at, "after": after}
    where, values = narrowed({**tests, "ticket.assignee = :assignee": assignee or None}, *more)
    return reader.all(_FIRST.format(where=where), limit=limit, **values, **before, **called)


_LAST = (
    "SELECT due_at FROM deadline WHERE ticket = :after AND due_at IS NOT NULL ORDER BY ended_at IS NOT NULL, due_at"
    " LIMIT 1"
)
"""Where a ticket stood in the list; if it has been answered since, where it would have stood."""


def holidays(reader: Reader, regions: Sequence[str]) -> "list[Holiday]":
    """The holidays of these regions, as far as they are known."""
    from mailtickets.desk.clock.holidays import Holiday  # commands that list tickets do without the calendars

    these, values = among("region", regions)
    rows = reader.each(f"SELECT region, day, name, kind FROM holiday WHERE region IN ({these})", **values)  # noqa: S608
    return [Holiday(row.region, date.fromisoformat(str(row.day)), row.name, row.kind) for row in rows]


def _due_first(row: Any) -> tuple[bool, datetime, str]:
    return row.due_at is None, row.due_at or row.started_at, row.clock
