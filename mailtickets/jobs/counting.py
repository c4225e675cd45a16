"""Counts for reports: tickets that have changed are counted again, many in each transaction; sums are folded at night.

What is counted is read first, without keeping anybody from writing; only storing it needs the one writer of SQLite. A
report counts itself what this job has not counted yet. So tickets wait here until there are enough of them, or until
night: one that changes several times meanwhile is counted once.
Several gateways may work on one database: the one that holds the lease counts. If two do, each ticket still counts once
(`store/figures`).
"""

import asyncio
import logging
import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from mailtickets.desk.clock.levels import measure_fingerprint
from mailtickets.failpoint import failpoint
from mailtickets.gateway.gateway import Gateway
from mailtickets.jobs.reconcile import NIGHT_HOUR
from mailtickets.store import cursors, figures
from mailtickets.store.database import Stale
from mailtickets.store.read.accounts import have_changed
from mailtickets.store.read.reader import within

log = logging.getLogger("mailtickets.jobs")

COUNTING_SECONDS = 600
_LEASE = timedelta(seconds=COUNTING_SECONDS)
ENOUGH = 250
"""So many changed tickets are counted before night. A report counts four times as many itself (`COUNTED_HERE`)."""
AT_ONCE = 500
"""Tickets that are counted together: mail waits while they are stored."""
_MARKED_AT_ONCE = 5_000
_CELLS_AT_ONCE = 50
_LONGEST_SECONDS, _PAUSE_SECONDS = 5, 10
"""How long it counts without a pause: after an upgrade there are many tickets, and the machine has other work."""
FOLD_AT = 100_000
"""So many new rows are folded at once, not only at night: after an upgrade, everything is counted."""
RECOUNTED_DAYS = 60
"""The mail of so many days is counted again on Mondays: mail that was held is decided on later, tickets are moved."""
_RECENT_DAYS = 3
"""The mail of so many days is counted again each night. Each time costs 5 microseconds for each mail."""


class Counting:
    """The job of one gateway."""

    def __init__(self) -> None:
        self._unfolded = FOLD_AT
        """Rows that were added since the last folding. Those of before the start are not known: they may be many."""
        self._counted_by = ""
        """By which zone and working time everything was counted; empty: this gateway has not counted yet."""
        self._again_at: datetime | None = None
        """The night until which nothing more is to be counted than what changes."""
        self._more = False
        """There was more to count than time."""

    async def count(self, gateway: Gateway) -> None:
        """Counts, with pauses, if there is enough to count and this gateway holds the lease."""
        await asyncio.to_thread(self.count_some, gateway)
        while self._more:
            await asyncio.sleep(_PAUSE_SECONDS)
            await asyncio.to_thread(self.count_some, gateway)

    def count_some(self, gateway: Gateway) -> bool:
        """Counts for some seconds. Returns whether everything is counted that shall be counted now."""
        fingerprint = measure_fingerprint(gateway.clerk.rules.policy)
        self._more = False
        if not self._is_due(gateway, fingerprint):
            return True
        if not _holds_lease(gateway):
            return False
        until = time.monotonic() + _LONGEST_SECONDS
        night = _next_night(gateway)
        is_night = _is_night(gateway, night)
        _mark_again(gateway, fingerprint)
        all_counted = self._count(gateway, until)
        all_mail = count_mail(gateway, until, again=is_night)
        if self._unfolded >= FOLD_AT or (is_night and all_counted):
            fold(gateway)
            self._unfolded = 0
        self._more = not (all_counted and all_mail)
        if not self._more:
            self._counted_by, self._again_at = fingerprint, night
        return not self._more

    def _is_due(self, gateway: Gateway, fingerprint: str) -> bool:
        """Whether enough tickets have changed, or all are to be counted: at night, after a start, by another zone."""
        clerk = gateway.clerk
        if self._counted_by != fingerprint or self._again_at is None or clerk.clock() >= self._again_at:
            return True
        with clerk.database.looking() as connection:
            return have_changed(within(connection), ENOUGH)

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


def _next_night(gateway: Gateway) -> datetime:
    """When everything is counted and folded next."""
    here = gateway.clerk.clock().astimezone(ZoneInfo(gateway.clerk.rules.policy.instance.timezone))
    tonight = here.replace(hour=NIGHT_HOUR, minute=0, second=0, microsecond=0)
    return (tonight if tonight > here else tonight + timedelta(days=1)).astimezone(UTC)


def _is_night(gateway: Gateway, next_night: datetime) -> bool:
    """Whether tonight's folding is due, for one gateway."""
    clerk = gateway.clerk
    return clerk.database.transact(cursors.is_time, "folding", gateway.name, clerk.clock(), next_night)


def _mark_again(gateway: Gateway, fingerprint: str) -> None:
    """Marks all tickets, if a local day or working time is something else than when they were counted."""
    clerk = gateway.clerk
    while clerk.database.transact(figures.mark_by, fingerprint, clerk.clock(), _MARKED_AT_ONCE):
        pass


def count_mail(gateway: Gateway, until: float, *, again: bool) -> bool:
    """Counts the mail of days that are over and were not counted; `again`: that of the last days, too."""
    clerk = gateway.clerk
    policy = clerk.rules.policy
    today = clerk.clock().astimezone(ZoneInfo(policy.instance.timezone)).date()
    day = clerk.database.transact(figures.first_uncounted_day, policy, today)
    if again:
        since = today - timedelta(days=_RECENT_DAYS if today.weekday() else RECOUNTED_DAYS)
        with clerk.database.looking() as connection:
            others = figures.mail_changed(connection, since, day, policy)
        for other in others:
            clerk.database.transact(figures.count_mail, other, policy, clerk.clock())
    while day < today:
        clerk.database.transact(figures.count_mail, day, policy, clerk.clock())
        day += timedelta(days=1)
        if time.monotonic() > until:
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
