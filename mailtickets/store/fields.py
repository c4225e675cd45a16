"""What a ticket has about its fields: what was asked for, who set the priority last, what its customer has said."""

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, func, literal_column, or_, select

from mailtickets.desk.fields.find import MailParts
from mailtickets.desk.model.ticket import Ticket
from mailtickets.store.schema import attachment, event, inbound, message

_ASKED = (
    select(event.c.new)
    .where(event.c.ticket == bindparam("ticket"), event.c.kind == literal_column("'asked'"))
    .order_by(event.c.id.desc())
    .limit(1)
)
_PRIORITY = (
    select(event.c.actor, event.c.reason)
    .where(event.c.ticket == bindparam("ticket"), event.c.kind == literal_column("'priority'"))
    .order_by(event.c.id.desc())
    .limit(1)
)
_NOT_BY_HAND = ("impact-and-urgency", "rule:", "level:", "stage:")


def asked(connection: Connection, ticket: int) -> tuple[str, ...]:
    """The names of the fields that the ticket's acknowledgement has asked for, in the order of the questions."""
    names = connection.execute(_ASKED, {"ticket": ticket}).scalar()
    return tuple((names or "").split())


MAX_READ_AGAIN = 50
"""Later messages of a customer are not looked at again."""


def said(connection: Connection, ticket: Ticket) -> list[MailParts]:
    """What the customer has written on a ticket before: its first message, and those that are proven to be theirs."""
    first = select(func.min(message.c.id)).where(message.c.ticket == ticket.number).scalar_subquery()
    rows = connection.execute(
        select(message.c.id, message.c.reply, message.c.subject, message.c.text, (message.c.id == first).label("opens"))
        .where(
            message.c.ticket == ticket.number,
            message.c.direction == "in",
            message.c.visibility == "public",
            func.lower(message.c.author_address) == ticket.requester.key,
            or_(message.c.verified, message.c.id == first),
        )
        .order_by(message.c.id)
        .limit(MAX_READ_AGAIN)
    ).all()
    files = _files(connection, [row.id for row in rows])
    return [
        MailParts((row.reply, row.subject, row.text) if row.opens else (row.reply,), files.get(row.id, ()))
        for row in rows
    ]


def _files(connection: Connection, messages: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """The names of the files of messages; not that of a mail which could not be read and was attached whole."""
    rows = connection.execute(
        select(attachment.c.message, attachment.c.filename)
        .join(message, message.c.id == attachment.c.message)
        .outerjoin(inbound, inbound.c.id == message.c.inbound)
        .where(attachment.c.message.in_(messages), ~attachment.c.inline)
        .where(or_(inbound.c.outcome.is_(None), inbound.c.outcome != "unparsed"))
        .order_by(attachment.c.id)
    )
    found: dict[int, tuple[str, ...]] = {}
    for number, name in rows:
        found[number] = (*found.get(number, ()), name or "-")
    return found


def priority_by_hand(connection: Connection, ticket: int) -> bool:
    """Whether a person set the ticket's priority, and nothing has changed it since."""
    row = connection.execute(_PRIORITY, {"ticket": ticket}).first()
    return row is not None and row.actor != "system" and not row.reason.startswith(_NOT_BY_HAND)
