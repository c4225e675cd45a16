"""Tickets that lie about, and of which it was told already.

Owns: the table `forgotten`, a row for each ticket and condition that somebody was told of. All is looked up by index:
a queue's tickets by how long their customers have waited, an agent's by status.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, and_, delete, exists, func, literal_column, or_, select

from mailtickets.desk.clock.forgotten import LISTED, Lying, Neglect
from mailtickets.store import tickets
from mailtickets.store.database import Stale
from mailtickets.store.schema import forgotten, ticket, told_mark
from mailtickets.store.statements import insert_of, replacing

_LOOKED = "forgotten:"
"""The key of the day on which somebody was last told begins with this."""

_WAITS = ticket.c.status.in_([literal_column("'new'"), literal_column("'open'")])
_PENDING = ticket.c.status == literal_column("'pending'")


def nobodys(connection: Connection, queue: str, before: datetime, now: datetime) -> Lying:
    """Tickets of a queue that nobody has, whose customers have waited since `before` or longer."""
    where = ticket.c.queue == queue, _WAITS, ticket.c.assignee.is_(None), ticket.c.waiting_since <= before
    return _lying(connection, "nobody", ticket.c.waiting_since, (*where, _in_sight(now)))


def unanswered(connection: Connection, agent: str, before: datetime, now: datetime) -> Lying:
    """Tickets of an agent whose customers have waited since `before` or longer."""
    where = ticket.c.assignee == agent, _WAITS, ticket.c.waiting_since <= before
    return _lying(connection, "unanswered", ticket.c.waiting_since, (*where, _in_sight(now)))


def of_the_absent(connection: Connection, queue: str, absent: Sequence[str], now: datetime) -> Lying:
    """Tickets of a queue whose agents are away while their customers wait, for however long."""
    where = ticket.c.queue == queue, _WAITS, ticket.c.assignee.in_(absent), ticket.c.waiting_since.is_not(None)
    return _lying(connection, "agent-away", ticket.c.waiting_since, (*where, _in_sight(now)))


def silent(
    connection: Connection, queue: str, agents: Sequence[str | None], before: datetime, *, timed: Sequence[str] = ()
) -> Lying:
    """Tickets of a queue, of one of these agents or of nobody (None), that have waited for their customer since
    `before` or longer, and on which nothing has happened since. Those in a stage of `timed` are left out: the stage
    itself says how long it lasts."""
    known = [agent for agent in agents if agent is not None]
    holder = or_(ticket.c.assignee.in_(known), *([ticket.c.assignee.is_(None)] if None in agents else []))
    where = ticket.c.queue == queue, _PENDING, ticket.c.updated_at <= before, holder, ticket.c.stage.not_in(timed)
    return _lying(connection, "customer-silent", ticket.c.updated_at, where)


def _in_sight(now: datetime) -> ColumnElement[bool]:
    return or_(ticket.c.snoozed_until.is_(None), ticket.c.snoozed_until <= now)


def _lying(
    connection: Connection, condition: Neglect, since: Column[Any], where: Sequence[ColumnElement[bool]]
) -> Lying:
    """The untold ones, the longest first, and how many more there are."""
    told = exists().where(
        forgotten.c.ticket == ticket.c.number, forgotten.c.condition == condition, forgotten.c.since == since
    )
    wanted = select(ticket.c.number, since.label("since")).where(*where, ~told)
    rows = connection.execute(wanted.order_by(since, ticket.c.number).limit(LISTED + 1)).all()
    more = 0
    if len(rows) > LISTED:
        more = connection.execute(select(func.count()).select_from(wanted.subquery())).scalar_one() - LISTED
    shown = {row.number: row.since for row in rows[:LISTED]}
    found = tickets.load_many(connection, shown) if shown else {}
    return Lying(condition, tuple(found[number] for number in shown), shown, more)


# --- what was told --------------------------------------------------------------------------------------


def told(connection: Connection, lying: Iterable[Lying], now: datetime) -> None:
    """Remembers that these tickets were told."""
    rows = {
        (ticket.number, one.condition): {
            "ticket": ticket.number,
            "condition": one.condition,
            "since": one.since[ticket.number],
            "told_at": now,
        }
        for one in lying
        for ticket in one.tickets
    }
    if rows:
        keys, changed = ("ticket", "condition"), ("since", "told_at")
        connection.execute(replacing(connection.dialect.name, forgotten, keys, changed), list(rows.values()))


def forget_ended(connection: Connection, absent: Sequence[str]) -> int:
    """Forgets what was told of conditions that have ended. Returns how many. `absent` are the agents who are away."""
    waits = and_(_WAITS, ticket.c.waiting_since == forgotten.c.since)
    lasts = or_(
        and_(forgotten.c.condition == "nobody", waits, ticket.c.assignee.is_(None)),
        and_(forgotten.c.condition == "unanswered", waits, ticket.c.assignee.is_not(None)),
        and_(forgotten.c.condition == "agent-away", waits, ticket.c.assignee.in_(absent)),
        and_(forgotten.c.condition == "customer-silent", _PENDING, ticket.c.updated_at == forgotten.c.since),
    )
    still = exists().where(ticket.c.number == forgotten.c.ticket, lasts)
    return connection.execute(delete(forgotten).where(~still)).rowcount


def looked_on(connection: Connection, people: Iterable[str]) -> dict[str, str]:
    """The local day on which each of these people (by key) was last told, or had nothing to be told."""
    keys = [f"{_LOOKED}{key}" for key in people]
    wanted = select(told_mark.c.key, told_mark.c.value).where(told_mark.c.key.in_(keys))
    return {row.key.removeprefix(_LOOKED): row.value for row in connection.execute(wanted)}


def set_looked(connection: Connection, people: Iterable[str], day: str, now: datetime) -> None:
    """Remembers that these people were told on this day. Raises Stale if another gateway has told one of them."""
    for key in sorted(people):
        row = insert_of(connection.dialect.name)(told_mark).values(key=f"{_LOOKED}{key}", at=now, value=day)
        set_ = {"at": now, "value": day}
        first = row.on_conflict_do_update(index_elements=["key"], set_=set_, where=told_mark.c.value != day)
        if connection.execute(first.returning(told_mark.c.key)).first() is None:
            raise Stale(f"{key} was told today")
