"""Gives out tickets that nobody could take when they came: as soon as somebody is on duty, back, or has room.

Those that are due first come first, then the oldest. Each is given out in an order of its own, which reads again whose
turn it is: of two gateways, and after a kill, one gives it out.
"""

from functools import partial

from sqlalchemy import Connection

from mailtickets.desk.commands import orders
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.rules.assignment import TurnWanted, turn
from mailtickets.failpoint import failpoint
from mailtickets.gateway.drafting.order import Order
from mailtickets.gateway.gateway import Gateway
from mailtickets.store import turns
from mailtickets.store.read.agent_facts import everybodys_turns
from mailtickets.store.turns import Awaited

_LOOKED_AT = 1000
"""The most waiting tickets that one look considers; it gives out no more than there are turns."""


def give_out(gateway: Gateway) -> int:
    """Gives waiting tickets to those who can take them now. Returns how many."""
    clerk, given = gateway.clerk, 0
    waiting = clerk.database.transact(_waiting)
    if not waiting:
        return 0
    policy, desk = clerk.rules.policy, clerk.database.transact(everybodys_turns, clerk.rules.policy)
    for one in waiting:
        queue, wanted = policy.queue(one.queue), wish_of(one, policy)
        if queue is None or turn(queue, desk, policy, clerk.clock(), wanted) is None:
            continue
        by_desk = partial(orders.give_out, policy=policy, now=clerk.clock(), wanted=wanted)
        order = Order(one.ticket, by_desk=by_desk, desk=partial(everybodys_turns, policy=policy))
        clerk.order(order, _before_commit)
        failpoint("after-giving-commit")
        desk = clerk.database.transact(everybodys_turns, policy)
        given += 1
    return given


def _before_commit(_: Connection) -> None:
    failpoint("before-giving-commit")


def _waiting(connection: Connection) -> list[Awaited]:
    if not turns.any_waits(connection):
        return []
    turns.forget_taken(connection)
    return turns.waiting(connection, _LOOKED_AT)


def wish_of(one: Awaited, policy: Policy) -> TurnWanted:
    """What a waiting ticket was to be given out by. It waits because it was to be: that counts as an order."""
    return TurnWanted(one.skill, only=one.only, ordered=True)
