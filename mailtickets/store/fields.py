"""What the history of a ticket says of its fields: what was asked for, and who set the priority last."""

from sqlalchemy import Connection, bindparam, literal_column, select

from mailtickets.store.schema import event

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


def priority_by_hand(connection: Connection, ticket: int) -> bool:
    """Whether a person set the ticket's priority, and nothing has changed it since."""
    row = connection.execute(_PRIORITY, {"ticket": ticket}).first()
    return row is not None and row.actor != "system" and not row.reason.startswith(_NOT_BY_HAND)
