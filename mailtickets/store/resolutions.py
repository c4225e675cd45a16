"""What solved a ticket, as it is stored.

Owns: the table `ticket_resolution`. The newest row of a ticket counts. Only agents and those who run the desk see it.
Fails with: nothing of its own.
"""

from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Connection, bindparam, delete, exists, literal_column, or_, select, update

from mailtickets.desk.resolution import MAX_CHARACTERS
from mailtickets.store.inbound import clean
from mailtickets.store.schema import message, ticket_resolution
from mailtickets.store.statements import replacing

_KEYS: Final = ("ticket", "at")
_VALUES: Final = ("text", "source", "author", "message", "inbound")
_ANSWER = (
    select(message.c.id, message.c.reply, message.c.author_address)
    .where(
        message.c.ticket == bindparam("ticket"),
        message.c.direction == literal_column("'out'"),
        message.c.visibility == literal_column("'public'"),
        message.c.kind == literal_column("'human'"),
        message.c.received_at <= bindparam("until"),
    )
    .order_by(message.c.id.desc())
    .limit(1)
)
_NEWEST = (
    select(ticket_resolution.c.text)
    .where(ticket_resolution.c.ticket == bindparam("ticket"))
    .order_by(ticket_resolution.c.at.desc())
    .limit(1)
)


def keep_words(
    connection: Connection, number: int, words: str, author: str, inbound: int | None, now: datetime
) -> None:
    """Keeps what an agent says that solved a ticket."""
    _keep(connection, number, now, text=words, source="command", author=author, message=None, inbound=inbound)


def keep_answer(connection: Connection, number: int, inbound: int | None, until: datetime, now: datetime) -> bool:
    """Keeps the newest public answer of before `until` as what solved a ticket. False: there is none with words."""
    found = connection.execute(_ANSWER, {"ticket": number, "until": until}).first()
    if found is None or not found.reply.strip():
        return False
    values = {"author": found.author_address, "message": found.id, "inbound": inbound}
    _keep(connection, number, now, text=found.reply.strip(), source="answer", **values)
    return True


def _keep(connection: Connection, number: int, now: datetime, *, text: str, **values: object) -> None:
    row = {"ticket": number, "at": now, "text": clean(text)[:MAX_CHARACTERS], **values}
    connection.execute(replacing(connection.dialect.name, ticket_resolution, _KEYS, _VALUES), row)


def withdraw(connection: Connection, number: int, inbound: int) -> None:
    """What a mail said to be the solution of a ticket is none any more, nor is the answer that it brought."""
    answers = select(message.c.id).where(message.c.inbound == inbound)
    said = or_(ticket_resolution.c.inbound == inbound, ticket_resolution.c.message.in_(answers))
    connection.execute(delete(ticket_resolution).where(ticket_resolution.c.ticket == number, said))


def hand_on(connection: Connection, merged: int, into: int) -> None:
    """A merged ticket's solution goes over to the ticket that takes its place, where that one has none."""
    here = ticket_resolution.alias()
    none: ColumnElement[bool] = ~exists().where(here.c.ticket == into)
    connection.execute(update(ticket_resolution).where(ticket_resolution.c.ticket == merged, none).values(ticket=into))


def words_of(connection: Connection, number: int) -> str:
    """What solved a ticket; empty: nothing is known."""
    return connection.execute(_NEWEST, {"ticket": number}).scalar() or ""
