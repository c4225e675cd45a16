"""Whether the customer whose ticket a decision resolves is asked how it was: now, later, or not at all."""

from datetime import datetime

from sqlalchemy import Connection

from mailtickets.desk.customers.asking import asked_later, calls_for_opinion, is_recent
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.model.ticket import Ticket
from mailtickets.desk.notices.notice import Notice
from mailtickets.gateway.drafting.basis import Basis
from mailtickets.store import ratings
from mailtickets.store.ratings import RatingRequest


def may_ask(connection: Connection, basis: Basis, after: Ticket | None, policy: Policy, now: datetime) -> bool:
    """Whether a mail that says that the ticket is resolved asks too. Only a resolution costs a look into the
    database."""
    if after is None or not calls_for_opinion(basis.decision, after, policy):
        return False
    queue = policy.queue(after.queue)
    if queue is None or asked_later(queue) is not None or ratings.is_imported(connection, after.number):
        return False
    return not is_recent(ratings.asked_at(connection, after.requester.key), now)


def request_of(
    connection: Connection,
    basis: Basis,
    after: Ticket | None,
    notices: tuple[Notice, ...],
    policy: Policy,
    now: datetime,
) -> RatingRequest | None:
    """Who was asked by these notices, or is to be asked later."""
    if after is None or after.resolved_at is None or not calls_for_opinion(basis.decision, after, policy):
        return None
    person, queue = after.requester.key, policy.queue(after.queue)
    later = asked_later(queue) if queue is not None else None
    if later is not None:
        imported = ratings.is_imported(connection, after.number)
        return None if imported else RatingRequest(after.resolved_at, person, now + later)
    asks = any(
        notice.context.get("ask_rating") is True and any(who.key == person for who in notice.recipients)
        for notice in notices
    )
    return RatingRequest(after.resolved_at, person, now, now) if asks else None
