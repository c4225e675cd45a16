"""Housekeeping: closes tickets (`closing`), asks for ratings (`ratings`), tells of tickets that lie about
(`forgotten`), takes tickets away from agents and stages that have left, and deletes what has expired.

Several gateways may work on one database: the one that holds the lease does the housekeeping, and sends the reminders.
"""

from datetime import timedelta

from mailtickets.desk.commands import orders
from mailtickets.gateway.drafting.order import Order
from mailtickets.gateway.gateway import Gateway
from mailtickets.jobs.closing import close_resolved, close_silent
from mailtickets.jobs.forgotten import look_for_forgotten
from mailtickets.jobs.old_resolutions import derive_old_resolutions
from mailtickets.jobs.ratings import ask_for_ratings
from mailtickets.jobs.stages import leave_removed_stages
from mailtickets.store import budgets, cursors, enclosures, report_orders, tickets

HOUSEKEEPING_SECONDS = 60
_LEASE = timedelta(seconds=3 * HOUSEKEEPING_SECONDS)
AT_ONCE = 100
"""The most tickets that one job changes in one run."""


async def housekeeping(gateway: Gateway) -> None:
    """Does the housekeeping once, if this gateway holds the lease."""
    if await gateway.off_loop(may_keep_house, gateway):
        await gateway.off_loop(close_resolved, gateway)
        await gateway.off_loop(close_silent, gateway)
        await gateway.off_loop(ask_for_ratings, gateway)
        await gateway.off_loop(look_for_forgotten, gateway)
        await gateway.off_loop(unassign_lost, gateway)
        await gateway.off_loop(leave_removed_stages, gateway)
        await gateway.off_loop(derive_old_resolutions, gateway)
        await gateway.off_loop(_forget, gateway)
        await gateway.look_for_work()


def may_keep_house(gateway: Gateway) -> bool:
    """Takes or prolongs the lease. Returns False if another gateway holds it."""
    clerk, now = gateway.clerk, gateway.clerk.clock()
    return clerk.database.transact(cursors.take_lease, "housekeeping", gateway.name, now + _LEASE, now)


def unassign_lost(gateway: Gateway) -> None:
    """Gives the tickets of agents who are no longer in the configuration back to their queues."""
    clerk = gateway.clerk
    known = [agent.address for agent in clerk.rules.policy.agents]
    for number in clerk.database.transact(tickets.assigned_to_others, known, AT_ONCE):
        clerk.order(Order(number, orders.unassign_lost))


def _forget(gateway: Gateway) -> None:
    clerk = gateway.clerk
    clerk.database.transact(budgets.forget_expired, clerk.clock())
    clerk.database.transact(enclosures.forget_sent, clerk.clock())
    clerk.database.transact(report_orders.forget_old, clerk.clock())
    clerk.database.transact(tickets.fold_counts)
