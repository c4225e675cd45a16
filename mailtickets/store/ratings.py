"""What customers think: their ratings, and whose opinion of which resolution is asked for.

Owns: the tables `rating` and `rating_request`. A resolution has one rating, the latest; that of the ticket's customer
is not replaced by somebody in copy. Every row of `rating_request` is about one resolution; `asked_at` is empty as long
as the question waits for its time.
Fails with: `Stale` if somebody was asked meanwhile, or if the ticket has been opened again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, bindparam, delete, func, literal_column, or_, select, update

from mailtickets.desk.customers.asking import ASKED_ONCE_IN
from mailtickets.desk.model.facts import RatingFact
from mailtickets.store import contacts, figures
from mailtickets.store.database import Stale
from mailtickets.store.schema import event, rating, rating_request, ticket
from mailtickets.store.statements import insert_of, replacing

_KEYS: Final = ("ticket", "resolved_at")


@dataclass(frozen=True, slots=True)
class RatingRequest:
    """Somebody is to be asked about a resolution, or was asked just now."""

    resolved_at: datetime
    person: str
    due_at: datetime
    asked_at: datetime | None = None


class DueRequest(NamedTuple):
    """A question whose time has come."""

    ticket: int
    resolved_at: datetime
    person: str
    due_at: datetime


# --- ratings ------------------------------------------------------------------------------------------


def rate(
    connection: Connection, number: int, resolved_at: datetime, requester: str, values: Mapping[str, object]
) -> None:
    """Stores a rating. It replaces an earlier one for the same resolution, unless that is the customer's own and this
    one is not."""
    row = insert_of(connection.dialect.name)(rating).values(ticket=number, resolved_at=resolved_at, **values)
    theirs = func.lower(rating.c.person) != requester.casefold()
    own = func.lower(row.excluded.person) == requester.casefold()
    connection.execute(row.on_conflict_do_update(index_elements=list(_KEYS), set_=dict(values), where=or_(theirs, own)))


def of(connection: Connection, number: int, resolved_at: datetime | None) -> RatingFact | None:
    """The rating of a resolution."""
    if resolved_at is None:
        return None
    found = connection.execute(_RATING, {"ticket": number, "resolved_at": resolved_at}).first()
    return RatingFact(found.score, found.comment, found.person, quotable=found.quotable) if found else None


def last_of(connection: Connection, number: int) -> RatingFact | None:
    """The newest rating of a ticket, of whichever resolution."""
    found = connection.execute(_LAST, {"ticket": number}).first()
    return RatingFact(found.score, found.comment, found.person, quotable=found.quotable) if found else None


def make_quotable(connection: Connection, number: int, *, on: bool) -> None:
    """Whether the customer may be named beside their newest rating of a ticket."""
    newest = select(func.max(rating.c.at)).where(rating.c.ticket == number).scalar_subquery()
    connection.execute(update(rating).where(rating.c.ticket == number, rating.c.at == newest).values(quotable=on))


_RATING = select(rating).where(rating.c.ticket == bindparam("ticket"), rating.c.resolved_at == bindparam("resolved_at"))
_LAST = select(rating).where(rating.c.ticket == bindparam("ticket")).order_by(rating.c.at.desc()).limit(1)


# --- asking -------------------------------------------------------------------------------------------

_ASKED = select(func.max(rating_request.c.asked_at)).where(rating_request.c.person == bindparam("person"))
_IMPORTED = (
    select(event.c.id)
    .where(
        event.c.ticket == bindparam("ticket"),
        event.c.kind == literal_column("'opened'"),
        event.c.reason.like(literal_column("'imported%'")),
    )
    .limit(1)
)


def asked_at(connection: Connection, person: str) -> datetime | None:
    """When somebody was asked last, on any ticket."""
    last: datetime | None = connection.execute(_ASKED, {"person": person}).scalar()
    return last


def is_imported(connection: Connection, number: int) -> bool:
    """Whether imported mail has opened the ticket."""
    return connection.execute(_IMPORTED, {"ticket": number}).first() is not None


def request(connection: Connection, number: int, wanted: RatingRequest) -> None:
    """Notes whom to ask when, or who was asked just now. Raises Stale if that person was asked meanwhile."""
    if wanted.asked_at is not None:
        last = asked_at(connection, wanted.person)
        if last is not None and wanted.asked_at - last < ASKED_ONCE_IN:
            raise Stale(f"the customer of ticket {number} was asked just now")
    row = {
        "ticket": number,
        "resolved_at": wanted.resolved_at,
        "person": wanted.person,
        "due_at": wanted.due_at,
        "asked_at": wanted.asked_at,
    }
    statement = replacing(connection.dialect.name, rating_request, _KEYS, ("person", "due_at", "asked_at"))
    connection.execute(statement, row)


_DUE = (
    select(rating_request.c.ticket, rating_request.c.resolved_at, rating_request.c.person, rating_request.c.due_at)
    .where(rating_request.c.asked_at.is_(None), rating_request.c.due_at <= bindparam("now"))
    .order_by(rating_request.c.due_at, rating_request.c.ticket)
    .limit(bindparam("limit"))
)


def due(connection: Connection, now: datetime, limit: int) -> list[DueRequest]:
    """The questions whose time has come, the oldest first."""
    return [DueRequest(*row) for row in connection.execute(_DUE, {"now": now, "limit": limit})]


def is_void(connection: Connection, one: DueRequest, now: datetime) -> bool:
    """Whether a question is not to be asked: it was meanwhile, the customer has rated the resolution or was asked about
    another, or the ticket was opened again or merged."""
    own = rating_request.c.ticket == one.ticket, rating_request.c.resolved_at == one.resolved_at
    waits = select(rating_request.c.ticket).where(*own, rating_request.c.asked_at.is_(None))
    if connection.execute(waits).first() is None or of(connection, one.ticket, one.resolved_at) is not None:
        return True
    last = asked_at(connection, one.person)
    return (last is not None and now - last < ASKED_ONCE_IN) or not _stands(connection, one)


def _stands(connection: Connection, one: DueRequest) -> bool:
    """Whether the resolution is still that of the ticket, and its customer somebody whom the clock may write to: they
    were answered, or have once proven who they are."""
    same = ticket.c.number == one.ticket, ticket.c.resolved_at == one.resolved_at, ticket.c.merged_into.is_(None)
    found = connection.execute(select(ticket.c.answered).where(*same)).first()
    return found is not None and (found.answered or contacts.is_known(connection, one.person))


def asked(connection: Connection, one: DueRequest, now: datetime) -> None:
    """Notes that the question was sent, in the transaction that sends it."""
    if is_void(connection, one, now):
        raise Stale(f"the question about ticket {one.ticket} is void")
    _change(connection, one, {"asked_at": now})
    figures.mark_number(connection, one.ticket)


def put_off(connection: Connection, one: DueRequest, again_at: datetime) -> None:
    """The question could not be sent: it is tried again then."""
    _change(connection, one, {"due_at": again_at})


def forget(connection: Connection, one: DueRequest) -> None:
    """The question is not asked."""
    connection.execute(delete(rating_request).where(*_this(one)))


def _change(connection: Connection, one: DueRequest, values: Mapping[str, object]) -> None:
    connection.execute(update(rating_request).where(*_this(one)).values(**values))


def _this(one: DueRequest) -> tuple[ColumnElement[bool], ...]:
    return (
        rating_request.c.ticket == one.ticket,
        rating_request.c.resolved_at == one.resolved_at,
        rating_request.c.asked_at.is_(None),
    )
