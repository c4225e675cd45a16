"""Counts for reports: tickets that have changed are counted again, a few in each transaction; sums are folded at night.

What is counted is read first, without keeping anybody from writing; only storing it needs the one writer of SQLite. A
report counts itself what this job has not counted yet, so that nothing needs to be hurried here.
Several gateways may work on one database: the one that holds the lease counts. If two do, each ticket still counts once
(`store/figures`).
"""

import asyncio
import logging
import time
from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

from mailtickets.desk.clock.levels import measure_fingerprint
from mailtickets.failpoint import failpoint
from mailtickets.gateway.gateway import Gateway
from mailtickets.jobs.reconcile import NIGHT_HOUR
from mailtickets.store import cursors, figures
from mailtickets.store.database import Stale

log = logging.getLogger("mailtickets.jobs")

COUNTING_SECONDS = 30
_LEASE = timedelta(seconds=6 * COUNTING_SECONDS)
AT_ONCE = 500
"""Tickets that are counted together: mail waits while they are stored."""
_MARKED_AT_ONCE = 5_000
_CELLS_AT_ONCE = 50
_LONGEST_SECONDS = 5
"""How long one run counts, before other jobs have their turn."""
FOLD_AT = 100_000
"""So many new rows are folded at once, not only at night: after an upgrade, everything is counted."""
RECOUNTED_DAYS = 60
"""The mail of so many days is counted again each night: mail that was held is decided on later."""


class Counting:
    """The job of one gateway."""

    def __init__(self) -> None:
        self._unfolded = FOLD_AT
        """Rows that were added since the last folding. Those of before the start are not known: they may be many."""

    async def count(self, gateway: Gateway) -> None:
        """Counts for some seconds, if this gateway holds the lease."""
        await asyncio.to_thread(self.count_some, gateway)

    def count_some(self, gateway: Gateway) -> bool:
        """Counts for some seconds. Returns whether everything is counted."""
        if not _holds_lease(gateway):
            return False
        until = time.monotonic() + _LONGEST_SECONDS
        is_night = _is_night(gateway)
        all_marked = _mark_again(gateway)
        all_counted = self._count(gateway, until)
        all_mail = count_mail(gateway, until, again=is_night)
        if self._unfolded >= FOLD_AT or (is_night and all_counted):
            fold(gateway)
            self._unfolded = 0
        return all_marked and all_counted and all_mail

    def _count(self, gateway: Gateway, until: float) -> bool:
        database, policy = gateway.clerk.database, gateway.clerk.rules.policy
        while True:
            with database.looking() as connection:
                found = figures.recount(connection, policy, AT_ONCE)
            if found.marks:
                failpoint("before-counting")
                self._unfolded += database.transact(figures.keep, found)
            if len(found.marks) < AT_ONCE:
                return True
            if time.monotonic() > until:
                return False


def _holds_lease(gateway: Gateway) -> bool:
    clerk, now = gateway.clerk, gateway.clerk.clock()
    return clerk.database.transact(cursors.take_lease, "counting", gateway.name, now + _LEASE, now)


def _is_night(gateway: Gateway) -> bool:
    """Whether tonight's folding is due."""
    clerk, now = gateway.clerk, gateway.clerk.clock()
    here = now.astimezone(ZoneInfo(clerk.rules.policy.instance.timezone))
    tonight = here.replace(hour=NIGHT_HOUR, minute=0, second=0, microsecond=0)
    again_at = (tonight if tonight > here else tonight + timedelta(days=1)).astimezone(UTC)
    return clerk.database.transact(cursors.is_time, "folding", gateway.name, now, again_at)


def _mark_again(gateway: Gateway) -> bool:
    """Marks all tickets, if a local day or working time is something else than when they were counted."""
    clerk = gateway.clerk
    fingerprint = measure_fingerprint(clerk.rules.policy)
    while clerk.database.transact(figures.mark_by, fingerprint, clerk.clock(), _MARKED_AT_ONCE):
        pass
    return True


def count_mail(gateway: Gateway, until: float, *, again: bool) -> bool:
    """Counts the mail of days that are over and were not counted; `again`: those of the last weeks, too."""
    clerk = gateway.clerk
    policy = clerk.rules.policy
    today = clerk.clock().astimezone(ZoneInfo(policy.instance.timezone)).date()
    day = clerk.database.transact(figures.first_uncounted_day, policy, today)
    if again:
        day = min(day, today - timedelta(days=RECOUNTED_DAYS))
    while day < today:
        clerk.database.transact(figures.count_mail, day, policy, clerk.clock())
        day += timedelta(days=1)
        if time.monotonic() > until and not again:
            return day >= today
    return True


def fold(gateway: Gateway) -> None:
    """Makes one row of the rows of each cell."""
    database = gateway.clerk.database
    with database.looking() as connection:
        cells = figures.in_pieces(connection)
    for first in range(0, len(cells), _CELLS_AT_ONCE):
        with database.looking() as connection:
            found = figures.folded(connection, cells[first : first + _CELLS_AT_ONCE])
        try:
            database.transact(figures.replace_by, found)
        except Stale:
            return  # another gateway folds
    if cells:
        log.info("days folded", extra={"cells": len(cells)})
