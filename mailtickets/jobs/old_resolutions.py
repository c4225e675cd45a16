"""After an upgrade: says of the tickets of before what solved them, some thousand in each run."""

import time

from mailtickets.gateway.gateway import Gateway
from mailtickets.store import old_resolutions

AT_ONCE = 200
"""Tickets of one transaction: mail waits while they are stored."""
_LONGEST_SECONDS = 5


def derive_old_resolutions(gateway: Gateway) -> bool:
    """Looks at tickets for some seconds. Returns whether there are more."""
    clerk, until = gateway.clerk, time.monotonic() + _LONGEST_SECONDS
    more = True
    while more and time.monotonic() < until:
        more = clerk.database.transact(old_resolutions.derive, clerk.rules.policy, clerk.clock(), AT_ONCE)
    return more
