"""Which copies are due, and which of them a gateway claims first: the most urgent, in shares for each domain.

*Limits*: behind a domain that has reached its share, one claim looks at `LOOKED_AT` other domains. The next claim goes
on from there.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Integer,
    Row,
    Select,
    and_,
    bindparam,
    case,
    literal_column,
    or_,
    select,
)

from mailtickets.store.domains import LOOKED_AT, Picking, Shares, waiting
from mailtickets.store.schema import Instant, outbox

_FURTHEST = timedelta(hours=6)
_SKEW = timedelta(minutes=5)
"""With `_FURTHEST`, the limits for moments in the database. No letter waits longer than `_FURTHEST` for its next
attempt, and no other gateway's clock is ahead by more than `_SKEW`. A later moment means that our clock was set
back."""

SENDING: ColumnElement[str] = literal_column("'sending'")


def most_urgent(
    connection: Connection,
    now: datetime,
    limit: int,
    *,
    in_hand: Sequence[int] = (),
    abandoned: bool = True,
    shares: Shares | None = None,
) -> Sequence[Row[Any]]:
    """The rows of copies that are due, people's answers first, read with a lock. See `outbox.claim_due`."""
    asked: dict[str, Any] = dict(now=now, furthest=now + _FURTHEST, skew=now + _SKEW, most=limit)
    if abandoned:
        asked["in_hand"] = in_hand
    copies = connection.execute(_wanted(abandoned), asked).all()
    return copies if shares is None else _shared_out(connection, copies, shares, asked, abandoned)


def _shared_out(
    connection: Connection, copies: Sequence[Row[Any]], shares: Shares, asked: dict[str, Any], abandoned: bool
) -> Sequence[Row[Any]]:
    """The most urgent copies, without those for domains that have reached their share. Copies for other domains take
    their place."""
    picking = Picking(shares, asked["most"])
    picking.count(connection, copies, asked["now"])
    picking.take(copies)
    shares.more = False
    if not picking.enough:
        return copies
    others = _others(connection, picking.enough, shares, asked, abandoned)
    picking.count(connection, others, asked["now"])
    shares.more = picking.take(others) > 0 or bool(shares.begin)
    if not shares.more:
        picking.take_passed()
    return sorted(picking.taken, key=lambda copy: (copy.priority, copy.id))


def _others(
    connection: Connection, enough: Collection[str], shares: Shares, asked: dict[str, Any], abandoned: bool
) -> Sequence[Row[Any]]:
    """The most urgent copy for each of the next domains, at any place in the queue."""
    found = connection.execute(_firsts(abandoned), {**asked, "begin": shares.begin}).all()
    shares.begin = found[-1].domain if len(found) == LOOKED_AT else ""
    ids = [copy.id for copy in found if copy.id is not None and copy.domain not in enough]
    return connection.execute(_these(abandoned), {**asked, "ids": ids}).all() if ids else []


@cache
def _wanted(abandoned: bool) -> Select[Any]:
    return (
        select(outbox)
        .where(*_is_due(outbox, abandoned))
        .order_by(outbox.c.priority, outbox.c.id)
        .limit(bindparam("most", type_=Integer))
        .with_for_update(skip_locked=True)
    )


@cache
def _firsts(abandoned: bool) -> Select[Any]:
    """A query: the domains for which copies wait, and for each domain the most urgent copy that is due."""
    domains, copy = waiting(), outbox.alias("copy")
    first = (
        select(copy.c.id)
        .where(copy.c.domain == domains.c.domain, *_is_due(copy, abandoned))
        .order_by(copy.c.domain, copy.c.priority, copy.c.id)  # exactly the order of the index
        .limit(literal_column("1"))
        .scalar_subquery()
    )
    return select(domains.c.domain, first.label("id")).where(domains.c.domain.is_not(None))


@cache
def _these(abandoned: bool) -> Select[Any]:
    """A query: the copies with these ids that are still due, read with a lock. Another gateway may have been faster."""
    these = outbox.c.id.in_(bindparam("ids", expanding=True))
    return (
        select(outbox)
        .where(these, *_is_due(outbox, abandoned))
        .order_by(outbox.c.priority, outbox.c.id)
        .with_for_update(skip_locked=True)
    )


def _is_due(copy: FromClause, abandoned: bool) -> list[ColumnElement[bool]]:
    sending, now = copy.c.state == SENDING, bindparam("now", type_=Instant)
    due_at = case((sending, copy.c.claimed_until), else_=copy.c.next_attempt_at)  # an OR would sort the backlog
    return [
        copy.c.next_attempt_at.is_not(None),
        or_(due_at <= now, _left_in_the_future(copy, due_at)),
        copy.c.id.not_in(bindparam("in_hand", expanding=True)) if abandoned else ~sending,
    ]


def _left_in_the_future(copy: FromClause, due_at: ColumnElement[datetime]) -> ColumnElement[bool]:
    """A condition: the copy would wait too long, because the clock was set back.

    A queued copy is judged by its time of creation, because its undo window may be long.
    """
    queued = copy.c.state == "queued"
    skew, furthest = bindparam("skew", type_=Instant), bindparam("furthest", type_=Instant)
    return or_(and_(queued, copy.c.created_at > skew), and_(~queued, due_at > furthest))
