"""What reports count, as it is stored.

Owns: the tables `uncounted`, `counted`, `day_sum` and `mail_day`. All of it is derived from tickets, events and mail:
counting makes it again, so that it follows whatever changes later. Each ticket is counted exactly once, however many
gateways count: what it adds is stored with the ticket, and taken out before it is added anew, in one transaction.
Fails with: `Stale`, if another gateway has folded the same days.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, select

from mailtickets.desk.figures.cells import Cell, CellFigures, Entries, add, balance, differences, stored_running
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.model.ticket import Ticket
from mailtickets.store.database import Stale
from mailtickets.store.read.accounts import AccountOf, accounts
from mailtickets.store.read.mail_days import MAIL_MARK, mail_of, uncounted_since
from mailtickets.store.read.reader import Reader, among, within
from mailtickets.store.schema import counted, day_sum, mail_day, ticket, told_mark, uncounted
from mailtickets.store.statements import inserting, replacing

# --- what has changed ---------------------------------------------------------------------------------


def mark(connection: Connection, changed: Ticket) -> None:
    """Notes that a ticket has changed, in the transaction that changes it: it is counted again soon."""
    mark_number(connection, changed.number)


def mark_number(connection: Connection, number: int) -> None:
    _mark(connection, {"ticket": number})


def _mark(connection: Connection, tickets: dict[str, int] | list[dict[str, int]]) -> None:
    """Every mail is here: the driver takes the statement as it is, at a third of the price."""
    connection.exec_driver_sql(_MARKING.format(_TICKET[connection.dialect.name]), tickets)


_MARKING = """
INSERT INTO uncounted (ticket, changes) VALUES ({}, 1)
ON CONFLICT (ticket) DO UPDATE SET changes = uncounted.changes + 1"""
_TICKET = {"sqlite": ":ticket", "postgresql": "%(ticket)s"}


def mark_more(connection: Connection, after: int, most: int) -> int | None:
    """Marks so many tickets with numbers above `after`. Returns the last number; None if these were all."""
    above = select(ticket.c.number).where(ticket.c.number > after).order_by(ticket.c.number).limit(most)
    numbers = list(connection.execute(above).scalars())
    if numbers:
        _mark(connection, [{"ticket": one} for one in numbers])
    return numbers[-1] if len(numbers) == most else None


# --- counting -----------------------------------------------------------------------------------------

_DONE = delete(uncounted).where(uncounted.c.ticket == bindparam("number"))


@dataclass(frozen=True, slots=True)
class Recount:
    """Some changed tickets, counted anew, and how things were then."""

    marks: Mapping[int, int]
    """How often each ticket had changed, by number."""
    before: Mapping[int, Any]
    """What was stored as counted."""
    found: tuple[AccountOf, ...]


def recount(connection: Connection, policy: Policy, most: int) -> Recount:
    """Counts some of the tickets that have changed, those with the lowest numbers. It only reads."""
    reader = within(connection)
    rows = reader.all("SELECT ticket, changes FROM uncounted ORDER BY ticket LIMIT :most", most=most)
    marks = {row.ticket: row.changes for row in rows}
    before = {row.ticket: row for row in _among(reader, "SELECT * FROM counted", marks)}
    return Recount(marks, before, tuple(accounts(reader, list(marks), policy)))


def keep(connection: Connection, new: Recount) -> int:
    """Stores what was counted. Returns how many rows it has added to the sums.

    What has changed or was counted meanwhile is left out: it is still marked, or its next counter has it.
    """
    is_sqlite = connection.dialect.name == "sqlite"
    if not is_sqlite:  # SQLite has one writer; on PostgreSQL, one transaction keeps at a time
        connection.exec_driver_sql("LOCK TABLE counted IN SHARE ROW EXCLUSIVE MODE")
    reader, lock = within(connection), "" if is_sqlite else " ORDER BY ticket FOR UPDATE"
    marks = {row.ticket: row.changes for row in _among(reader, "SELECT * FROM uncounted", new.marks, lock)}
    times = {row.ticket: row.times for row in _among(reader, "SELECT ticket, times FROM counted", new.marks)}
    known = {number: row.times for number, row in new.before.items()}
    as_seen = [n for n in new.marks if marks.get(n) == new.marks[n] and times.get(n) == known.get(n)]
    found = {one.number: one for one in new.found}
    changed = [found[n] for n in as_seen if n in found and not _is_stored(found[n], new.before.get(n))]
    _keep(connection, changed, known)
    was = {one.number: Entries.read(new.before[one.number].entries) for one in changed if one.number in new.before}
    added = _add_up(connection, differences({one.number: one.entries for one in changed}, was))
    if as_seen:
        connection.execute(_DONE, [{"number": number} for number in as_seen])
    return added


def _among(reader: Reader, select: str, numbers: Iterable[int], then: str = "") -> Iterator[Any]:
    these, values = among("number", list(numbers))
    return reader.each(f"{select} WHERE ticket IN ({these}){then}", **values)


def _is_stored(one: AccountOf, before: Any) -> bool:
    stored = (one.entries.stored, stored_running(one.account.running))
    return before is not None and stored == (before.entries, before.running)


def _keep(connection: Connection, found: Sequence[AccountOf], times: Mapping[int, int]) -> None:
    rows = [
        {
            "ticket": one.number,
            "entries": one.entries.stored,
            "running": stored_running(one.account.running),
            "times": times.get(one.number, 0) + 1,
        }
        for one in found
    ]
    if rows:
        changed = ("entries", "running", "times")
        connection.execute(replacing(connection.dialect.name, counted, ("ticket",), changed), rows)


def _add_up(connection: Connection, changes: Mapping[Cell, CellFigures]) -> int:
    rows = [{**cell._asdict(), "balance": balance(figures), "figures": figures} for cell, figures in changes.items()]
    if rows:
        connection.execute(inserting(day_sum), rows)
    return len(rows)


# --- folding ------------------------------------------------------------------------------------------

_CELL = (day_sum.c.part, day_sum.c.day, day_sum.c.queue, day_sum.c.value)
_IN_PIECES = select(*_CELL).group_by(*_CELL).having(func.count() > 1).order_by(*_CELL)
_PIECES = """
SELECT id, figures FROM day_sum WHERE part = :part AND day = :day AND queue = :queue AND value = :value"""
_GONE = delete(day_sum).where(day_sum.c.id.in_(bindparam("ids", expanding=True)))


def in_pieces(connection: Connection) -> list[Cell]:
    """The cells that have more than one row."""
    return [Cell(row.day, row.queue, row.part, row.value) for row in connection.execute(_IN_PIECES)]


@dataclass(frozen=True, slots=True)
class Folded:
    """Cells, each as the sum of its rows, and the ids of these rows."""

    cells: Mapping[Cell, CellFigures]
    ids: tuple[int, ...]


def folded(connection: Connection, cells: Iterable[Cell]) -> Folded:
    """Adds up the rows of cells. It only reads: rows never change."""
    sums: dict[Cell, CellFigures] = {}
    ids: list[int] = []
    reader = within(connection)
    for cell in cells:
        total = sums[cell] = {}
        for piece in reader.each(_PIECES, **cell._asdict()):
            ids.append(piece.id)
            add(total, piece.figures)
    return Folded({cell: figures for cell, figures in sums.items() if figures}, tuple(ids))


def replace_by(connection: Connection, new: Folded) -> None:
    """Puts sums in the place of rows. Raises Stale if one of the rows is gone."""
    if connection.execute(_GONE, {"ids": new.ids}).rowcount != len(new.ids):
        raise Stale("these days were folded meanwhile")
    _add_up(connection, new.cells)


# --- mail ---------------------------------------------------------------------------------------------


def first_uncounted_day(connection: Connection, policy: Policy, today: date) -> date:
    """The first local day whose mail was not counted since it was over."""
    return uncounted_since(within(connection), policy, today)


_MAIL_OF_DAY = "SELECT queue, outcome, count FROM mail_day WHERE day = :day"


def mail_changed(connection: Connection, since: date, until: date, policy: Policy) -> list[date]:
    """The days from `since` to before `until` whose mail is not what was counted."""
    reader = within(connection)
    days = (since + timedelta(days=after) for after in range((until - since).days))
    return [
        day
        for day in days
        if {(row.queue, row.outcome): row.count for row in reader.each(_MAIL_OF_DAY, day=day.isoformat())}
        != mail_of(reader, day, policy)
    ]


def count_mail(connection: Connection, day: date, policy: Policy, now: datetime) -> None:
    """Counts the mail of a local day that is over, maybe again."""
    connection.execute(delete(mail_day).where(mail_day.c.day == day.isoformat()))
    rows = [
        {"day": day.isoformat(), "queue": queue, "outcome": outcome, "count": many}
        for (queue, outcome), many in mail_of(within(connection), day, policy).items()
    ]
    if rows:
        connection.execute(inserting(mail_day), rows)
    last = _note(connection, MAIL_MARK)
    if last is None or last < day.isoformat():
        _set_note(connection, MAIL_MARK, day.isoformat(), now)


# --- notes of the job ---------------------------------------------------------------------------------

_MEASURES = "figures"


def mark_by(connection: Connection, fingerprint: str, now: datetime, most: int) -> bool:
    """Marks some tickets, if what they were counted by is not `fingerprint`. Returns whether there are more.

    With another time zone, the mail of all days is counted again, too.
    """
    note = _note(connection, _MEASURES)
    counted_by, _, after = (note or f"{fingerprint} all").partition(" ")
    if counted_by != fingerprint:
        connection.execute(delete(mail_day))
        connection.execute(delete(told_mark).where(told_mark.c.key == MAIL_MARK))
        after = "0"
    if after != "all":
        last = mark_more(connection, int(after), most)
        after = "all" if last is None else str(last)
    changed = f"{fingerprint} {after}"
    if changed != note:
        _set_note(connection, _MEASURES, changed, now)
    return after != "all"


def _note(connection: Connection, key: str) -> str | None:
    return connection.execute(select(told_mark.c.value).where(told_mark.c.key == key)).scalar()


def _set_note(connection: Connection, key: str, value: str, now: datetime) -> None:
    row = {"key": key, "at": now, "value": value}
    connection.execute(replacing(connection.dialect.name, told_mark, ("key",), ("at", "value")), row)
