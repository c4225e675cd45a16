"""From the figures of days to what a report says: counts, percentiles with those that still wait.

In: cells, times that still run, mail by outcome. Out: `ReportFigures`. Pure.
Owns: the nearest-rank percentile over ended and running times.
Fails with: nothing. Limits: memory depends on how many different lengths there are, not on how many tickets.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

from mailtickets.desk.clock.calendar import worked
from mailtickets.desk.figures.account import ONE_TOUCH, TIMES, RunningTime, TimeName
from mailtickets.desk.figures.cells import CellFigures, add, ended_as, excluded_as, rounded
from mailtickets.desk.figures.interval import wilson
from mailtickets.desk.figures.report import EXCLUSIONS, Counts, ReportFigures, Satisfaction, Times
from mailtickets.desk.model.policy import Policy

MEDIAN, P90 = 50, 90
"""In percent: whole numbers, so that a rank is exact."""
_BY: Final = ("merged", "spam")


class Sum:
    """CellFigures of several days, or of several queues, together."""

    def __init__(self) -> None:
        self.figures: CellFigures = {}
        self.running: dict[str, Counter[int]] = {}
        """Times that have not ended, by their name and seconds so far."""
        self.late: Counter[str] = Counter()
        """Of these: how many are late by their service level, by name."""
        self.outcomes: Counter[str] = Counter()
        self.settled: Counter[str] = Counter()
        """`one_touch` and `first_resolved` of days whose tickets have had their seven days."""

    def __bool__(self) -> bool:
        """Whether there is anything in it."""
        return bool(self.figures or self.running or self.outcomes)

    def add(self, day: date, figures: Mapping[str, Any], today: date) -> None:
        """Adds a cell of a day."""
        add(self.figures, figures)
        if day <= today - ONE_TOUCH:
            for name in ("one_touch", "first_resolved"):
                self.settled[name] += figures.get(name, 0)

    def add_running(self, one: "RunningNow") -> None:
        self.running.setdefault(one.name, Counter())[rounded(one.length)] += 1
        if one.business is not None:
            self.running.setdefault(f"{one.name}_business", Counter())[rounded(one.business)] += 1
        if one.is_late:
            self.late[one.name] += 1

    def total(self, backlog: int = 0, min_ratings: int = 0) -> ReportFigures:
        """Everything together. Satisfaction is hidden below `min_ratings` answers."""
        first, following, resolution, full = (self._times(name) for name in TIMES)
        return ReportFigures(
            self._counts(backlog), first, following, resolution, full, self._satisfaction(min_ratings),
            self.figures.get("answers", 0),
        )  # fmt: skip

    def _counts(self, backlog: int) -> Counts:
        count = self.figures.get
        return Counts(
            received=self.outcomes.total(),
            outcomes=dict(sorted(self.outcomes.items())),
            opened=count("opened", 0),
            counted=count("counted", 0),
            excluded={name: n for name in EXCLUSIONS if (n := count(excluded_as(name), 0))},
            resolved=count("resolved", 0),
            ended={name: n for name in _BY if (n := count(ended_as(name), 0))},
            reopened=count("reopened", 0),
            backlog=backlog,
            one_touch=self.settled["one_touch"],
            one_touch_of=self.settled["first_resolved"],
            came_back=count("came_back", 0),
            came_back_of=count("first_resolved", 0),
        )

    def _times(self, name: TimeName) -> Times:
        all_, business = self._spread(name), self._spread(f"{name}_business")
        median, median_at_least = all_.percentile(MEDIAN)
        p90, p90_at_least = all_.percentile(P90)
        within = self.figures.get(f"{name}_within", 0)
        late = self.figures.get(f"{name}_late", 0) + self.late[name]
        return Times(
            n=all_.n,
            waiting=all_.running.total(),
            median=median,
            p90=p90,
            business_median=business.percentile(MEDIAN)[0],
            business_p90=business.percentile(P90)[0],
            median_at_least=median_at_least,
            p90_at_least=p90_at_least,
            within=within,
            within_of=within + late,
        )

    def _spread(self, name: str) -> "_Spread":
        ended = {int(bucket): count for bucket, count in self.figures.get(name, {}).items()}
        return _Spread(ended, self.running.get(name, Counter()))

    def _satisfaction(self, min_ratings: int) -> Satisfaction:
        asked, answered, good = (self.figures.get(name, 0) for name in ("asked", "answered", "good"))
        if 0 < answered < min_ratings:
            return Satisfaction(asked, answered, 0, hidden=True)
        low, high = wilson(good, answered) if answered else (None, None)
        return Satisfaction(asked, answered, good, low, high)


class RunningNow:
    """A time that has not ended, as it is at a moment."""

    def __init__(self, one: RunningTime, policy: Policy, now: datetime) -> None:
        self.name, self.length, self.business = one.name, one.length, one.business
        if one.since is not None:
            self.length += max(now - one.since, timedelta())
            if self.business is not None:
                self.business += worked(policy.hours(one.calendar), one.since, now)
        self.is_late = one.due_at is not None and one.due_at <= now


class _Spread:
    """How long it took, with those that still wait."""

    def __init__(self, ended: Mapping[int, int], running: Counter[int]) -> None:
        self.ended, self.running = ended, running
        self.n = sum(ended.values()) + running.total()

    def percentile(self, percent: int) -> tuple[timedelta | None, bool]:
        """The length within which so many of all are (nearest rank), and whether the true one may be longer.

        Who still waits counts with the time so far: the true length is at least that.
        """
        if not self.n:
            return None, False
        rank = -(-percent * self.n // 100)
        so_far = _at_rank(Counter(self.ended) + self.running, rank)
        return timedelta(seconds=so_far or 0), _at_rank(self.ended, rank) != so_far


def _at_rank(lengths: Mapping[int, int], rank: int) -> int | None:
    """The length of number `rank`, from the shortest on; None: there are not so many."""
    passed = 0
    for length in sorted(lengths):
        passed += lengths[length]
        if passed >= rank:
            return length
    return None
