"""Tickets by stage, and the stages of which a queue was told that they have left the configuration.

Owns: which (queue, stage, status) there are. They are found one after the other by the index `ix_ticket_stage`, so that
a look costs as much as there are stages, and not as much as there are tickets.
Fails with: what the database raises.
"""

from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, delete, func, literal_column, select, tuple_

from mailtickets.store.schema import ticket, told_mark
from mailtickets.store.statements import insert_of


class Place(NamedTuple):
    """A stage in which tickets of a queue stand, with the status that they have."""

    queue: str
    stage: str
    status: str


_PLACE = (ticket.c.queue, ticket.c.stage, ticket.c.status)
_IN_A_STAGE = ticket.c.stage != literal_column("''")
_NEXT = (
    select(*_PLACE)
    .where(
        _IN_A_STAGE,
        tuple_(*_PLACE) > tuple_(bindparam("queue"), bindparam("stage"), bindparam("status")),
    )
    .order_by(*_PLACE)
    .limit(1)
)
_HERE = (
    _IN_A_STAGE,
    ticket.c.queue == bindparam("queue"),
    ticket.c.stage == bindparam("stage"),
    ticket.c.status == bindparam("status"),
)
_THERE = select(ticket.c.number).where(*_HERE).limit(bindparam("limit"))
_HOW_MANY = select(func.count()).select_from(ticket).where(*_HERE)


def standings(connection: Connection) -> Iterator[Place]:
    """Every stage with a status that a ticket has, in order."""
    last = Place("", "", "")
    while True:
        row = connection.execute(_NEXT, last._asdict()).first()
        if row is None:
            return
        last = Place(*row)
        yield last


def unknown(connection: Connection, is_known: Callable[[Place], bool]) -> list[Place]:
    """Those of them that the configuration does not know."""
    return [one for one in standings(connection) if not is_known(one)]


def standing_there(connection: Connection, place: Place, limit: int) -> list[int]:
    """Numbers of tickets that stand there."""
    return list(connection.execute(_THERE, {**place._asdict(), "limit": limit}).scalars())


def how_many(connection: Connection, place: Place) -> int:
    return int(connection.execute(_HOW_MANY, place._asdict()).scalar_one())


# --- what was told ------------------------------------------------------------------------------------

_TOLD = "stage-removed:"


def told_key(queue: str, stage: str) -> str:
    """The key under which it is noted that the queue was told."""
    return f"{_TOLD}{queue}:{stage}"


def note_told(connection: Connection, key: str, count: int, now: datetime) -> bool:
    """Notes that a queue is told, and how many tickets had the stage. Returns False if it was told before."""
    row = insert_of(connection.dialect.name)(told_mark).values(key=key, at=now, value=str(count))
    return connection.execute(row.on_conflict_do_nothing().returning(told_mark.c.key)).first() is not None


def is_told(connection: Connection, key: str) -> bool:
    return connection.execute(select(told_mark.c.key).where(told_mark.c.key == key)).first() is not None


def forget_told(connection: Connection, keys: Collection[str]) -> None:
    """Forgets all of it but these: a stage that comes back and is removed again is told again."""
    others = told_mark.c.key.startswith(_TOLD, autoescape=True), told_mark.c.key.not_in(keys)
    connection.execute(delete(told_mark).where(*others))
