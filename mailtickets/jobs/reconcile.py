"""The nightly comparison of the ledger with itself and with the mailboxes."""

import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

from mailtickets.gateway.gateway import Gateway
from mailtickets.store import cursors, ledger

log = logging.getLogger("mailtickets.jobs")

NIGHT_HOUR = 3
"""The hour of the comparison, in the instance's time zone."""

Compare = Callable[[], Awaitable[list[str]]]
"""Compares the mailboxes with the ledger. Returns each contradiction as a sentence."""


async def reconcile_nightly(gateway: Gateway, compare: Compare) -> None:
    """Compares once a night, in one of the gateways, and writes to ops if the ledger is wrong."""
    if await gateway.off_loop(_is_night, gateway):
        sums = await gateway.off_loop(gateway.clerk.database.transact, ledger.sums)
        problems = [*sums["problems"], *await compare()]
        log.log(logging.ERROR if problems else logging.INFO, "reconciled", extra={"problems": len(problems)})
        if problems:
            text = "\n".join(["What came in does not add up (`mailtickets inbound reconcile --mailboxes`):", *problems])
            await gateway.alarms.sound("reconcile", text)
        else:
            await gateway.alarms.clear("reconcile")


def _is_night(gateway: Gateway) -> bool:
    """Whether it is time, and no other gateway has compared tonight."""
    clerk, now = gateway.clerk, gateway.clerk.clock()
    here = now.astimezone(ZoneInfo(clerk.rules.policy.instance.timezone))
    tonight = here.replace(hour=NIGHT_HOUR, minute=0, second=0, microsecond=0)
    again_at = (tonight if tonight > here else tonight + timedelta(days=1)).astimezone(UTC)
    return clerk.database.transact(cursors.is_time, "reconcile", gateway.name, now, again_at)
