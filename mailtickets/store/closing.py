"""Tickets that are closed because their customer is silent: whom to warn, and whose warning is over.

Owns: the table `closing`, a row for each ticket whose customer was warned, or could not be. A warning holds as long as
nothing has happened on the ticket since: a reply above all makes it void, and the wait begins anew. What a machine of
the customer answers is no reply, and what the clock does is nothing either: with them, warnings would never end.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, func, literal_column, or_, select, update

from mailtickets.desk.model.ticket import Ticket
from mailtickets.store.disowned import DISOWNED
from mailtickets.store.schema import closing, contact, participant, ticket
from mailtickets.store.statements import replacing

_KEY: Final = func.lower(ticket.c.requester_address)
_UNREACHABLE = exists().where(contact.c.address_key == _KEY, contact.c.undeliverable_since.is_not(None))
_MUTED = exists().where(participant.c.ticket == ticket.c.number, participant.c.address_key == _KEY, participant.c.muted)
_HOLDS = closing.c.revision == ticket.c.revision
"""The warning was the last thing that happened on the ticket."""


class SilentTicket(NamedTuple):
    """A ticket whose customer is silent, as it was found."""

    number: int
    revision: int


def to_warn(
    connection: Connection, queue: str, before: datetime, now: datetime, limit: int, *, timed: Collection[str] = ()
) -> list[SilentTicket]:
    """A queue's pending tickets on which nothing has happened since `before`, the oldest first.

    Those in a stage of `timed` are left out: the stage itself says how long it lasts.

    Left out: those that were never answered, whose customers mail does not reach, who want no automatic notices, whose
    mail their domain disowns, who were warned, or who could not be warned a while ago.
    """
    where = _status("pending"), ticket.c.updated_at <= before, ticket.c.stage.not_in(timed)
    return _numbers(connection, queue, where, ticket.c.updated_at, now, limit)


def resolved_to_warn(
    connection: Connection, queue: str, before: datetime, now: datetime, limit: int
) -> list[SilentTicket]:
    """Like `to_warn`, for tickets that were resolved before this moment."""
    where = _status("resolved"), ticket.c.resolved_at <= before
    return _numbers(connection, queue, where, ticket.c.resolved_at, now, limit)


def _numbers(
    connection: Connection,
    queue: str,
    where: tuple[ColumnElement[bool], ...],
    oldest: ColumnElement[datetime],
    now: datetime,
    limit: int,
) -> list[SilentTicket]:
    known = exists().where(closing.c.ticket == ticket.c.number, or_(_same_wait(), closing.c.again_at > now))
    wanted = select(ticket.c.number, ticket.c.revision).where(
        ticket.c.queue == queue, *where, ticket.c.answered, ~_UNREACHABLE, ~_MUTED, ~known, ~DISOWNED
    )
    return [SilentTicket(*row) for row in connection.execute(wanted.order_by(oldest).limit(limit))]


def _same_wait() -> ColumnElement[bool]:
    """The customer was warned of this very wait: of a pending ticket nothing came after, of a resolved one it is the
    same resolution."""
    return or_(
        and_(_status("pending"), _HOLDS),
        and_(_status("resolved"), closing.c.since >= ticket.c.resolved_at),
    )


def over(connection: Connection, queue: str, before: datetime, limit: int) -> list[SilentTicket]:
    """The pending tickets of a queue whose customers were warned before this moment, and on which nothing has happened
    since."""
    wanted = (
        select(ticket.c.number, ticket.c.revision)
        .join(ticket, ticket.c.number == closing.c.ticket)
        .where(closing.c.since <= before, ticket.c.queue == queue, _status("pending"), _HOLDS)
    )
    rows = connection.execute(wanted.order_by(closing.c.since).limit(limit))
    return [SilentTicket(*row) for row in rows]


def resolved_over(connection: Connection, queue: str, resolved: datetime, warned: datetime, limit: int) -> list[int]:
    """Numbers of a queue's tickets that were resolved before `resolved`, and whose customers were warned before
    `warned` or cannot be warned at all."""
    was_warned = exists().where(
        closing.c.ticket == ticket.c.number, closing.c.since >= ticket.c.resolved_at, closing.c.since <= warned
    )
    wanted = select(ticket.c.number).where(
        ticket.c.queue == queue,
        _status("resolved"),
        ticket.c.resolved_at <= resolved,
        or_(was_warned, ~ticket.c.answered, _UNREACHABLE, _MUTED, DISOWNED),
    )
    return list(connection.execute(wanted.order_by(ticket.c.resolved_at).limit(limit)).scalars())


def _status(name: str) -> ColumnElement[bool]:
    return ticket.c.status == literal_column(f"'{name}'")


def warned(connection: Connection, after: Ticket) -> None:
    """Remembers that a ticket's customer was warned by the change that made the ticket as it is now."""
    _put(connection, after.number, since=after.updated_at, revision=after.revision)


def hold_on(connection: Connection, number: int, before: int, after: int) -> None:
    """A warning goes on to hold although the ticket has another revision: no person has done anything."""
    connection.execute(
        update(closing).where(closing.c.ticket == number, closing.c.revision == before).values(revision=after)
    )


def put_off(connection: Connection, number: int, again_at: datetime) -> None:
    """Remembers that a customer could not be warned now, and when to try again."""
    _put(connection, number, again_at=again_at)


def _put(connection: Connection, number: int, **values: object) -> None:
    row = {"ticket": number, "since": None, "revision": None, "again_at": None, **values}
    changed = ("since", "revision", "again_at")
    connection.execute(replacing(connection.dialect.name, closing, ("ticket",), changed), row)


def forget_ended(connection: Connection) -> None:
    """Forgets warnings that hold no more."""
    lasts = exists().where(
        ticket.c.number == closing.c.ticket,
        or_(_same_wait(), and_(closing.c.since.is_(None), ticket.c.status.in_(["pending", "resolved"]))),
    )
    connection.execute(delete(closing).where(~lasts))
