"""Whether a queue has more to do than it ever had at this hour: pure.

In: what the queue has to do now (`Load`), and what it had to do at the same weekday and hour of earlier weeks. Out: the
measures that lie above the 95th percentile of those weeks, with the figures. Nothing is said where fewer than
`LEAST_WEEKS` weeks are known, or where the number itself is small: five mails instead of two are no overload.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil
from statistics import median
from typing import Literal
from zoneinfo import ZoneInfo

WEEKS = 8
LEAST_WEEKS = 4
"""So many of the weeks must be known."""
HOUR = timedelta(hours=1)
_HIGH = 0.95

MeasureName = Literal["inflow", "backlog", "oldest"]

LEAST: dict[MeasureName, int] = {"inflow": 5, "backlog": 10, "oldest": 3600}
"""Below this a measure is never too much: tickets in an hour, tickets, seconds."""


@dataclass(frozen=True, slots=True)
class Load:
    """What a queue has to do at one moment. None: not known of that moment."""

    inflow: int | None = None
    """Tickets that were opened in the hour before."""
    backlog: int | None = None
    """Tickets whose customer waits for an answer."""
    oldest: int | None = None
    """For how many seconds the one who has waited the longest has waited; 0 when nobody waits."""


@dataclass(frozen=True, slots=True)
class Excess:
    """A measure that is beyond what is usual."""

    measure: MeasureName
    value: int
    usual: int
    """The median of the weeks that are known."""
    high: int
    """Their 95th percentile, as one of them had it (nearest rank)."""
    weeks: int


def excesses(now: Load, before: Sequence[Load]) -> tuple[Excess, ...]:
    """The measures of `now` that are beyond the weeks `before`; none: the queue has no more to do than usual."""
    return tuple(_excesses(now, before))


def _excesses(now: Load, before: Sequence[Load]) -> Iterator[Excess]:
    for measure, least in LEAST.items():
        value = getattr(now, measure)
        known = [was for load in before if (was := getattr(load, measure)) is not None]
        if value is None or value < least or len(known) < LEAST_WEEKS:
            continue
        high = percentile(known, _HIGH)
        if value > high:
            yield Excess(measure, value, ceil(median(known)), high, len(known))


def percentile(values: Sequence[int], part: float) -> int:
    """The smallest of the values that so great a part of them does not exceed (nearest rank). `values` has some."""
    return sorted(values)[max(0, ceil(part * len(values)) - 1)]


def same_moments(now: datetime, zone: ZoneInfo, weeks: int = WEEKS) -> tuple[datetime, ...]:
    """The moments with the same weekday and time on the wall in earlier weeks, the latest first, in UTC.

    A time on the wall that a day of daylight saving has not is an hour later on that day; one that it has twice is the
    first.
    """
    here = now.astimezone(zone)
    return tuple((here - timedelta(weeks=back)).replace(fold=0).astimezone(UTC) for back in range(1, weeks + 1))


def full_hour(at: datetime, zone: ZoneInfo) -> datetime:
    """The beginning of the hour of the clock on the wall that `at` is in, in UTC."""
    return at.astimezone(zone).replace(minute=0, second=0, microsecond=0).astimezone(UTC)
