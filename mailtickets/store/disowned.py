"""Tickets that were opened by mail which its own domain disowns (DMARC fail), as was found when it came.

Whoever forged that mail chose its author. So the clock writes nothing to that customer, as no acknowledgement went to
them, until they have proven on that ticket who they are.
"""

from sqlalchemy import ColumnElement, Connection, FromClause, and_, bindparam, exists, func, select

from mailtickets.store.schema import inbound, message, ticket

_FIRST, _LATER, _PROVEN = message.alias(), message.alias(), message.alias()


def _theirs(words: FromClause) -> ColumnElement[bool]:
    """Words of the ticket's customer that came by mail."""
    return and_(
        words.c.ticket == ticket.c.number,
        words.c.direction == "in",
        func.lower(words.c.author_address) == func.lower(ticket.c.requester_address),
    )


_OLDEST = select(func.min(_LATER.c.id)).where(_theirs(_LATER)).correlate(ticket).scalar_subquery()
DISOWNED: ColumnElement[bool] = and_(
    exists().where(
        _FIRST.c.id == _OLDEST,
        inbound.c.id == _FIRST.c.inbound,
        inbound.c.authentication["verdict"].as_string() == "fail",
    ),
    ~exists().where(_theirs(_PROVEN), _PROVEN.c.verified),
)
"""Of a row of `ticket`: it is such a ticket."""
_IS_DISOWNED = select(ticket.c.number).where(ticket.c.number == bindparam("number"), DISOWNED)


def is_disowned(connection: Connection, number: int) -> bool:
    """Whether mail that its author's domain disowns has opened the ticket, and nothing proven has come since."""
    return connection.execute(_IS_DISOWNED, {"number": number}).first() is not None
