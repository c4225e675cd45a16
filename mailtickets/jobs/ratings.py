"""Asks customers how it was, some time after their ticket was resolved (`ask_rating_after`).

Everything is looked at once more when the time has come: a ticket that was opened again, merged, marked as spam or
rated meanwhile is not asked about, nor is a person who was asked in the last 30 days. A question that cannot be sent
now (a budget is used up) is tried again later, but not for ever.
"""

from datetime import timedelta
from functools import partial

from mailtickets.desk.commands import orders
from mailtickets.desk.customers.asking import GIVEN_UP_AFTER, asked_later
from mailtickets.desk.model.ticket import Ticket
from mailtickets.gateway.again import drafts
from mailtickets.gateway.drafting.order import Order
from mailtickets.gateway.gateway import Gateway
from mailtickets.store import ratings
from mailtickets.store.ratings import DueRequest

AT_ONCE = 100
"""The most questions of one run. The next run takes the others."""
_AGAIN = timedelta(hours=1)


def ask_for_ratings(gateway: Gateway) -> int:
    """Asks those whose time has come; returns how many were asked."""
    clerk = gateway.clerk
    due = clerk.database.transact(ratings.due, clerk.clock(), AT_ONCE)
    return sum(_ask(gateway, one) for one in due)


def _ask(gateway: Gateway, one: DueRequest) -> bool:
    clerk = gateway.clerk
    order = Order(
        one.ticket,
        lambda ticket: orders.ask_rating(ticket, one.resolved_at, one.person, clerk.rules.policy),
    )
    for attempt in drafts(f"ticket {one.ticket}", ticket=one.ticket):
        with attempt:
            draft = clerk.draft_order(order)
            void = clerk.database.transact(ratings.is_void, one, clerk.clock())
            if void or draft.before is None or not draft.decision.notices:
                clerk.database.transact(ratings.forget, one)
                return False
            if not draft.notices:
                _put_off(gateway, one, draft.before)
                return False
            clerk.settle(draft, clerk.words(draft), partial(ratings.asked, one=one, now=clerk.clock()))
            return True
    raise AssertionError("unreachable")


def _put_off(gateway: Gateway, one: DueRequest, ticket: Ticket) -> None:
    transact, again_at = gateway.clerk.database.transact, gateway.clerk.clock() + _AGAIN
    queue = gateway.clerk.rules.policy.queue(ticket.queue)
    wanted = one.resolved_at + ((asked_later(queue) if queue else None) or timedelta())
    if again_at > wanted + GIVEN_UP_AFTER:
        transact(ratings.forget, one)
    else:
        transact(ratings.put_off, one, again_at)
