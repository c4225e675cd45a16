"""What a customer has had before: their tickets and their last rating. Read only where a rule asks for it."""

from sqlalchemy import BindParameter, Connection, bindparam, func, select

from mailtickets.desk.model.facts import CustomerHistory
from mailtickets.mail.model import Address
from mailtickets.store.schema import rating, ticket

MAX_COUNTED = 10_000
"""More tickets of one customer are not counted."""
MAX_RATED = 200
"""The last rating is looked for in so many of the customer's newest tickets."""

_SPELLINGS: BindParameter[str] = bindparam("spellings", expanding=True)
_THEIRS = select(ticket.c.number).where(
    ticket.c.requester_address.in_(_SPELLINGS),
    ticket.c.number != bindparam("this"),
    ticket.c.merged_into.is_(None),
)
COUNT = select(func.count()).select_from(_THEIRS.limit(MAX_COUNTED).subquery())
SCORE = (
    select(rating.c.score)
    .where(rating.c.ticket.in_(_THEIRS.order_by(ticket.c.number.desc()).limit(MAX_RATED)))
    .order_by(rating.c.at.desc())
    .limit(1)
)


def history_of(connection: Connection, customer: Address, this: int) -> CustomerHistory:
    """The history of a customer before ticket number `this`; 0 stands for a ticket that is about to be opened."""
    theirs = {"spellings": sorted({customer.address, customer.key}), "this": this}
    tickets = connection.execute(COUNT, theirs).scalar_one()
    return CustomerHistory(int(tickets), connection.execute(SCORE, theirs).scalar() if tickets or this else None)
