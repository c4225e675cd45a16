"""What time brings to tickets: warnings, breaches, escalations, and other timers that are due.

A timer fires in the transaction that stores it: the update that marks it fails if somebody was faster, so that each
fires once, however many gateways there are and whenever they are killed.
After a new configuration, the clocks of unfinished tickets are made again in the background, a few in each transaction.
"""

import logging
import time

from sqlalchemy import Connection

from mailtickets.desk.clock.levels import fingerprint
from mailtickets.desk.clock.timers import is_timed
from mailtickets.failpoint import failpoint
from mailtickets.gateway.drafting.firing import TimerOrder
from mailtickets.gateway.gateway import Gateway
from mailtickets.jobs.housekeeping import AT_ONCE, may_keep_house
from mailtickets.store import deadlines
from mailtickets.store.deadlines import DueTimer

log = logging.getLogger("mailtickets.jobs")

TIMERS_SECONDS = 5
_MOST_AT_ONCE = 10 * AT_ONCE
"""Timers of one run: after a standstill, other jobs have their turn between two runs."""
_TICKETS_AT_ONCE = 20
"""Tickets whose clocks are made again in one transaction: mail waits for it."""
_MAKING_SECONDS = 2
"""How long one run makes clocks again."""


async def fire_due(gateway: Gateway) -> None:
    """Fires all timers that are due, if this gateway does the housekeeping."""
    if not await gateway.off_loop(may_keep_house, gateway):
        return
    fired = 0
    while fired < _MOST_AT_ONCE:
        due = await gateway.off_loop(_due, gateway)
        for one in due:
            await gateway.off_loop(fire, gateway, one)
        fired += len(due)
        if len(due) < AT_ONCE:
            break
    if fired:
        await gateway.look_for_work()


def _due(gateway: Gateway) -> list[DueTimer]:
    clerk = gateway.clerk
    return clerk.database.transact(deadlines.due, clerk.clock(), AT_ONCE)


def fire(gateway: Gateway, one: DueTimer) -> None:
    """Does what a timer asks for. One that is void, or due later than its row says, gets a true row, or none."""
    clerk = gateway.clerk
    policy, now = clerk.rules.policy, clerk.clock()
    clerk.order(TimerOrder(one, policy, now), _before_commit)
    failpoint("after-timer-commit")
    if clerk.database.transact(deadlines.is_pending, one):
        clerk.database.transact(deadlines.refresh_by_new, one.ticket, policy, now)
        if clerk.database.transact(deadlines.is_pending, one):
            facts = {"ticket": one.ticket, "timer": f"{one.timer.kind} {one.timer.name}"}
            log.warning("timer that nobody knows: dropped", extra=facts)
            clerk.database.transact(deadlines.drop, one)


def _before_commit(_: Connection) -> None:
    failpoint("before-timer-commit")


# --- after a new configuration ------------------------------------------------------------------------


async def make_again(gateway: Gateway) -> None:
    """Makes the clocks of unfinished tickets again, if what they depend on has changed; goes on where it was."""
    if not await gateway.off_loop(may_keep_house, gateway):
        return
    begun = time.monotonic()
    while await gateway.off_loop(make_some_again, gateway):
        if time.monotonic() - begun > _MAKING_SECONDS:
            return


def make_some_again(gateway: Gateway) -> bool:
    """Makes the clocks of a few tickets again. Returns False if there is nothing left to do."""
    clerk = gateway.clerk
    policy = clerk.rules.policy
    if not is_timed(policy) and not clerk.database.transact(deadlines.was_timed):
        return False
    made = clerk.database.transact(deadlines.go_on, fingerprint(policy), policy, clerk.clock(), _TICKETS_AT_ONCE)
    if made.passed:
        facts = {"tickets": len(made.passed), "ticket": made.passed[0]}
        log.warning("time of steps was over: recorded, not taken", extra=facts)
    return not made.all_made
