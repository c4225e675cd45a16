"""Reports that are to be written and sent by mail: by the clock, or because somebody asked.

Owns: the table `report_order`. A scheduled report has one order for each day on which it is due, whatever
gateway saw the day first, and however often the clock is set back: its key says so. An order is claimed before the
report is written, and done in the transaction that queues the mail.
Fails with: `Stale`, if another gateway has done the order meanwhile.
Limits: `PER_HOUR` reports for one person who asks, who is told so once in an hour; `TRIES` in `GIVEN_UP_AFTER`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, bindparam, delete, func, or_, select, update

from mailtickets.desk.figures.order import ReportOrder
from mailtickets.desk.figures.report import Dimension, Period
from mailtickets.mail.model import Address
from mailtickets.store.database import Stale
from mailtickets.store.schema import report_order
from mailtickets.store.statements import insert_of

PER_HOUR = 30
"""More reports nobody reads; a mail in an agent's name costs no more than this."""
LEASE = timedelta(minutes=10)
"""How long a gateway has for one report. One that was killed leaves it to the next for so long."""
TRIES = 12
GIVEN_UP_AFTER = timedelta(days=1)
KEPT = timedelta(days=60)
"""How long an order is remembered. Schedules look back for less than two days."""
_ASKED, _REFUSED = "asked", "refused"


@dataclass(frozen=True, slots=True)
class ClaimedOrder:
    """An order that this gateway carries out now."""

    id: int
    order: ReportOrder
    refused: bool = False
    """It was one too many: its mail says so, and no report is written."""


def ask(connection: Connection, orders: Iterable[ReportOrder], inbound: int | None, now: datetime) -> None:
    """Keeps what a mail asks for. The first that is more than `PER_HOUR` for one person is kept as refused; those
    behind it are dropped, until an hour has passed."""
    for place, order in enumerate(orders):
        person, which = f"{order.recipients[0].key} ", f"{inbound or now.isoformat()} {place}"
        if _lately(connection, f"{_ASKED} {person}", now) < PER_HOUR:
            _insert(connection, f"{_ASKED} {person}{which}", order, now)
        elif not _lately(connection, f"{_REFUSED} {person}", now):
            _insert(connection, f"{_REFUSED} {person}{which}", order, now)


def _lately(connection: Connection, begins: str, now: datetime) -> int:
    """How many orders of the last hour have a key that begins so."""
    lately = (
        report_order.c.created_at > now - timedelta(hours=1),
        report_order.c.key.startswith(begins, autoescape=True),
    )
    return connection.execute(select(func.count()).where(*lately)).scalar_one()


def schedule(connection: Connection, day: date, order: ReportOrder, now: datetime) -> bool:
    """Keeps the order of a scheduled report for a day. Returns False if there is one already."""
    return _insert(connection, f"scheduled {order.name} {day}", order, now)


def _insert(connection: Connection, key: str, order: ReportOrder, now: datetime) -> bool:
    row = insert_of(connection.dialect.name)(report_order).values(
        key=key,
        name=order.name,
        since_day=order.period.since.isoformat(),
        until_day=order.period.until.isoformat(),
        queues=list(order.queues),
        part=order.by or "",
        recipients=[[person.name, person.address] for person in order.recipients],
        locale=order.locale,
        created_at=now,
        attempts=0,
    )
    return connection.execute(row.on_conflict_do_nothing().returning(report_order.c.id)).first() is not None


def _due(now: datetime, ordered_until: datetime) -> ColumnElement[bool]:
    free = or_(report_order.c.claimed_until.is_(None), report_order.c.claimed_until <= now)
    return and_(
        report_order.c.sent_at.is_(None),
        free,
        report_order.c.attempts < TRIES,
        report_order.c.created_at > now - GIVEN_UP_AFTER,
        report_order.c.created_at <= ordered_until,
    )


def is_due(connection: Connection, now: datetime, ordered_until: datetime) -> bool:
    """Whether a report is to be written, of those that were ordered until then."""
    return connection.execute(select(report_order.c.id).where(_due(now, ordered_until)).limit(1)).first() is not None


def claim(connection: Connection, now: datetime, ordered_until: datetime) -> ClaimedOrder | None:
    """Claims the next report that is to be written, of those that were ordered until then; None: there is none."""
    due = _due(now, ordered_until)
    row = connection.execute(select(report_order).where(due).order_by(report_order.c.id).limit(1)).one_or_none()
    if row is None:
        return None
    mine = update(report_order).where(report_order.c.id == row.id, due)
    taken = mine.values(claimed_until=now + LEASE, attempts=report_order.c.attempts + 1)
    if connection.execute(taken).rowcount != 1:
        raise Stale(f"report order {row.id} is taken")
    by: Dimension | None = row.part or None
    people = tuple(Address(name, address) for name, address in row.recipients)
    period = Period(date.fromisoformat(row.since_day), date.fromisoformat(row.until_day))
    order = ReportOrder(period, tuple(row.queues), people, row.locale, by, row.name)
    return ClaimedOrder(row.id, order, row.key.startswith(f"{_REFUSED} "))


_DONE = update(report_order).where(report_order.c.id == bindparam("number"), report_order.c.sent_at.is_(None))


def done(connection: Connection, number: int, now: datetime) -> None:
    """Notes that the mail of an order is queued. Raises Stale if it was before."""
    if connection.execute(_DONE, {"number": number, "sent_at": now, "claimed_until": None}).rowcount != 1:
        raise Stale(f"report order {number} is done")


def forget_old(connection: Connection, now: datetime) -> None:
    connection.execute(delete(report_order).where(report_order.c.created_at < now - KEPT))
