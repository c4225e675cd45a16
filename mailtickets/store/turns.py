"""Tickets that wait for an agent who can take them.

Owns: the table `turn_wait`, a row for each ticket that was to be given out and could be given to nobody. A row goes
when the ticket is given to somebody in turn; one whose ticket somebody has taken otherwise goes at the next look.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, delete, func, or_, select

from mailtickets.desk.model.effects import AwaitTurn
from mailtickets.store.schema import deadline, ticket, turn_wait
from mailtickets.store.statements import replacing


class Awaited(NamedTuple):
    """A ticket that waits for its turn."""

    ticket: int
    queue: str
    skill: str
    only: bool


def wait(connection: Connection, number: int, awaited: AwaitTurn, now: datetime) -> None:
    """Puts a ticket among those that wait. One that waits already keeps its place."""
    row = {"ticket": number, "skill": awaited.skill, "strict": awaited.only, "since": now}
    connection.execute(replacing(connection.dialect.name, turn_wait, ("ticket",), ("skill", "strict")), row)


def end_wait(connection: Connection, numbers: Iterable[int]) -> None:
    connection.execute(delete(turn_wait).where(turn_wait.c.ticket.in_(list(numbers))))


def forget_taken(connection: Connection) -> None:
    """Drops the rows of tickets that somebody has, or that need nobody any more."""
    needless = select(ticket.c.number).where(
        ticket.c.number == turn_wait.c.ticket,
        or_(ticket.c.assignee.is_not(None), ticket.c.status.in_(["resolved", "closed"])),
    )
    connection.execute(delete(turn_wait).where(needless.exists()))


def waiting(connection: Connection, limit: int) -> list[Awaited]:
    """The tickets that wait, those that are due first before the others, and of these the oldest first."""
    due = (
        select(func.min(deadline.c.due_at))
        .where(deadline.c.ticket == turn_wait.c.ticket, deadline.c.ended_at.is_(None))
        .scalar_subquery()
    )
    wanted = (
        select(turn_wait.c.ticket, ticket.c.queue, turn_wait.c.skill, turn_wait.c.strict)
        .join(ticket, ticket.c.number == turn_wait.c.ticket)
        .order_by(due.is_(None), due, turn_wait.c.since, turn_wait.c.ticket)
        .limit(limit)
    )
    return [Awaited(*row) for row in connection.execute(wanted)]


def any_waits(connection: Connection) -> bool:
    return connection.execute(select(turn_wait.c.ticket).limit(1)).first() is not None
