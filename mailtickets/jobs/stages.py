"""Stages that have left the configuration: their tickets keep the status alone, and the queue is told once.

A stage that stands for another status than before counts as gone for the tickets that came to it before.
Limits: `AT_ONCE` tickets in one run; the next run takes the others.
"""

import logging
from collections.abc import Sequence
from functools import partial
from itertools import groupby

from sqlalchemy import Connection

from mailtickets.desk.clock.stages import stage_of
from mailtickets.desk.commands import orders
from mailtickets.desk.model.policy import Policy
from mailtickets.gateway.drafting.order import Order
from mailtickets.gateway.gateway import Gateway
from mailtickets.store import stages
from mailtickets.store.stages import Place, told_key

log = logging.getLogger("mailtickets.jobs")

AT_ONCE = 100
"""The most tickets that leave their stage in one run."""


class ToldAlready(Exception):
    """Another gateway has told the queue meanwhile."""


def leave_removed_stages(gateway: Gateway) -> None:
    """Takes tickets out of stages that the configuration does not have."""
    clerk, left = gateway.clerk, AT_ONCE
    gone = clerk.database.transact(stages.unknown, partial(_is_known, policy=clerk.rules.policy))
    clerk.database.transact(stages.forget_told, [told_key(place.queue, place.stage) for place in gone])
    for (queue, stage), places in groupby(gone, key=lambda place: (place.queue, place.stage)):
        here = list(places)
        _tell(gateway, queue, stage, here)
        for place in here:
            left -= _leave(gateway, place, left)


def _is_known(place: Place, policy: Policy) -> bool:
    stage = stage_of(policy.queue(place.queue), place.stage)
    return stage is not None and stage.base == place.status


def _leave(gateway: Gateway, place: Place, limit: int) -> int:
    """Takes tickets out of a removed stage; returns how many."""
    clerk = gateway.clerk
    numbers = clerk.database.transact(stages.standing_there, place, limit)
    for number in numbers:
        clerk.order(Order(number, partial(orders.leave_stage, stage=place.stage)))
    return len(numbers)


def _tell(gateway: Gateway, queue: str, stage: str, places: Sequence[Place]) -> None:
    """Tells the agents of a queue how many tickets had the stage, unless they were told. A queue that has left the
    configuration too has nobody to tell."""
    clerk, key = gateway.clerk, told_key(queue, stage)
    if clerk.rules.policy.queue(queue) is None or clerk.database.transact(stages.is_told, key):
        return
    count = sum(clerk.database.transact(stages.how_many, place) for place in places)
    log.warning("stage removed", extra={"queue": queue, "stage": stage, "tickets": count})
    try:
        noted = partial(_note_told, key=key, count=count, gateway=gateway)
        clerk.tell(orders.stage_removed(queue, stage, count), f"stage {stage} of {queue}", noted)
    except ToldAlready:
        log.info("stage removed: told by another gateway", extra={"queue": queue, "stage": stage})


def _note_told(connection: Connection, key: str, count: int, gateway: Gateway) -> None:
    """Raises ToldAlready, so that the notice is not written twice."""
    if not stages.note_told(connection, key, count, gateway.clerk.clock()):
        raise ToldAlready
