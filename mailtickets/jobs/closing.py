"""Closes tickets whose customers are silent, and warns the customers first.

A warning that cannot be sent now (a budget is used up) is tried again later; without a warning nothing is closed.
"""

from datetime import timedelta
from functools import partial

from mailtickets.config.models import Queue
from mailtickets.desk.commands import orders
from mailtickets.gateway.again import drafts
from mailtickets.gateway.drafting.order import Order
from mailtickets.gateway.gateway import Gateway
from mailtickets.store import closing, tickets
from mailtickets.store.closing import SilentTicket

AT_ONCE = 100
"""The most tickets of one queue that one run warns of, and closes."""
_AGAIN = timedelta(hours=1)
"""How long after a warning that could not be sent the next attempt is made."""


def close_silent(gateway: Gateway) -> int:
    """Warns customers who are silent, and resolves the tickets of those who were warned. Returns how many changed."""
    queues = [queue for queue in gateway.clerk.rules.policy.queues if queue.close_pending_after_days]
    if not queues:
        return 0
    gateway.clerk.database.transact(closing.forget_ended)
    return sum(_resolve_silent(gateway, queue) + _warn_silent(gateway, queue) for queue in queues)


def _warn_silent(gateway: Gateway, queue: Queue) -> int:
    clerk, now = gateway.clerk, gateway.clerk.clock()
    before = now - timedelta(days=queue.close_pending_after_days)
    timed = [stage.name for stage in queue.stages if stage.after]
    due = clerk.database.transact(closing.to_warn, queue.name, before, now, AT_ONCE, timed=timed)
    return sum(_warn(gateway, one) for one in due)


def _resolve_silent(gateway: Gateway, queue: Queue) -> int:
    clerk = gateway.clerk
    before = clerk.clock() - timedelta(days=queue.close_warning_days)
    due = clerk.database.transact(closing.over, queue.name, before, AT_ONCE)
    for one in due:
        clerk.order(Order(one.number, partial(orders.resolve_silent, revision=one.revision)))
    return len(due)


def close_resolved(gateway: Gateway) -> None:
    """Closes resolved tickets after `close_after_days`; 0 leaves them resolved."""
    clerk, now = gateway.clerk, gateway.clerk.clock()
    for queue in clerk.rules.policy.queues:
        if not queue.close_after_days:
            continue
        moment = now - timedelta(days=queue.close_after_days)
        if queue.warn_before_closing:
            warned = now - timedelta(days=queue.close_warning_days)
            early = moment + timedelta(days=queue.close_warning_days)
            for one in clerk.database.transact(closing.resolved_to_warn, queue.name, early, now, AT_ONCE):
                _warn(gateway, one)
            due = clerk.database.transact(closing.resolved_over, queue.name, moment, warned, AT_ONCE)
        else:
            due = clerk.database.transact(tickets.resolved_before, queue.name, moment, AT_ONCE)
        for number in due:
            clerk.order(Order(number, orders.close_resolved))


def _warn(gateway: Gateway, one: SilentTicket) -> bool:
    """Warns the customer of a ticket, unless budgets or the customer's address keep the warning back."""
    clerk, number = gateway.clerk, one.number
    for attempt in drafts(f"ticket {number}", ticket=number):
        with attempt:
            draft = clerk.draft_order(Order(number, partial(orders.warn_of_closing, revision=one.revision)))
            if draft.after is None:
                return False
            if not any(notice.name == "close_warning" for notice in draft.notices):
                clerk.database.transact(closing.put_off, number, clerk.clock() + _AGAIN)
                return False
            clerk.settle(draft, clerk.words(draft), partial(closing.warned, after=draft.after))
            return True
    raise AssertionError("unreachable")
