"""Timers that are due fire at once, in the calling thread."""

from mailtickets.gateway.gateway import Gateway
from mailtickets.jobs.housekeeping import AT_ONCE
from mailtickets.jobs.timers import fire
from mailtickets.store import deadlines


def fire_all(gateway: Gateway) -> int:
    """Fires what is due; returns how many timers were due."""
    clerk = gateway.clerk
    due = clerk.database.transact(deadlines.due, clerk.clock(), AT_ONCE)
    for one in due:
        fire(gateway, one)
    return len(due)
