"""How long customers have waited for their first answer, and what a new one may expect: `queue.promise`.

In: the first answers of a queue over eight weeks, each as the open time it took. Out: for each kind of day and hour of
arrival, after how much open time half of them, and 8 in 10, were answered; for one mail, these as moments.
Of a kind of day and hour with fewer than `ENOUGH` answers, more hours are taken together, then all hours of that kind
of day, then all. If that is too few as well, nothing is said. Nothing is promised that is less than what 8 in 10 of the
last three days have waited, those who still wait included: what was quick last month may not be so today.
Moments are rounded up, to what people say. Percentiles are those of real answers (nearest rank), not between two.
Limits: a moment further away than `FURTHEST` is not said.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from itertools import chain
from typing import Literal

from mailtickets.desk.clock.calendar import EVERY_HOUR, OpenHours, due
from mailtickets.desk.model.policy import Policy

HISTORY = timedelta(weeks=8)
RECENT = timedelta(days=3)
ENOUGH = 30
ENOUGH_RECENT = 5
"""One forgotten ticket is no change of weather."""
FURTHEST = timedelta(days=30)
WITHIN_HOURS = 2
"""Of too few answers to mail of one hour, those of so many hours before and after are taken too."""

KEPT_AT_LEAST = 0.75
KEPT_AGAIN_FROM = 0.80
"""What was switched off comes back from here on: otherwise it would come and go around one figure."""
ENOUGH_PROMISES = 20
BACKTESTED = timedelta(days=14)

DayKind = Literal["weekday", "weekend", "closed"]
DAY_KINDS: tuple[DayKind, ...] = ("weekday", "weekend", "closed")
"""Monday to Friday; Saturday and Sunday; a day on which the calendar has no hours."""


@dataclass(frozen=True, slots=True)
class AnswerTime:
    """One ticket: when it came, and how much open time passed until its first answer, or until now."""

    arrived_at: datetime
    length: timedelta
    answered: bool = True


@dataclass(frozen=True, slots=True)
class UsualWait:
    """Open time after which half, and 8 in 10, were answered."""

    half: timedelta
    most: timedelta


UsualWaits = Mapping[tuple[DayKind, int], UsualWait]
"""By the kind of day and the hour of arrival, in the time zone of the calendar."""


@dataclass(frozen=True, slots=True)
class ExpectedAnswer:
    """When 8 in 10 such requests are answered, and when half of them, if that is sooner. Rounded up."""

    most_at: datetime
    half_at: datetime | None = None


def calendar_of(queue: str, policy: Policy) -> OpenHours:
    """The calendar in which a queue's answers are measured: that of the first service level for it that has one, or
    else the only calendar there is. Otherwise every hour counts."""
    levels = (level for level in policy.levels if level.calendar and (not level.queues or queue in level.queues))
    name = next((level.calendar for level in levels), "")
    if not name and len(policy.calendars) == 1:
        (name,) = policy.calendars
    return policy.calendars.get(name, EVERY_HOUR)


# --- figures ------------------------------------------------------------------------------------------


def figures(waits: Sequence[AnswerTime], hours: OpenHours, zone: tzinfo, now: datetime) -> UsualWaits:
    """The usual wait for each kind of day and hour, from the tickets of the last eight weeks."""
    answered = [one for one in waits if one.answered and now - HISTORY <= one.arrived_at]
    cells: dict[tuple[DayKind, int], list[timedelta]] = {(kind, hour): [] for kind in DAY_KINDS for hour in range(24)}
    for one in answered:
        cells[arrival(one.arrived_at, hours, zone)].append(one.length)
    wide: dict[DayKind | None, list[timedelta]] = {None: sorted(one.length for one in answered)}
    for kind in DAY_KINDS:
        wide[kind] = sorted(chain.from_iterable(cells[kind, hour] for hour in range(24)))
    floor = _recently(waits, now)
    found = {cell: _usual(cell, cells, wide, floor) for cell in cells}
    return {cell: usual for cell, usual in found.items() if usual}


def arrival(at: datetime, hours: OpenHours, zone: tzinfo) -> tuple[DayKind, int]:
    """The kind of day and the hour at which a mail came. `zone`: the instance's, where the calendar has none."""
    here = at.astimezone(zone if hours.always else hours.zone)
    if not hours.shifts(here.date()):
        return "closed", here.hour
    return "weekend" if here.weekday() >= 5 else "weekday", here.hour


def _usual(
    cell: tuple[DayKind, int],
    cells: Mapping[tuple[DayKind, int], list[timedelta]],
    wide: Mapping[DayKind | None, list[timedelta]],
    floor: timedelta,
) -> UsualWait | None:
    kind, hour = cell
    near = (cells.get((kind, other), []) for other in range(hour - WITHIN_HOURS, hour + WITHIN_HOURS + 1))
    for lengths in (sorted(cells[cell]), sorted(chain.from_iterable(near)), wide[kind], wide[None]):
        if len(lengths) >= ENOUGH:
            most = max(_percentile(lengths, 80), floor)
            return UsualWait(min(_percentile(lengths, 50), most), most)
    return None


def _recently(waits: Iterable[AnswerTime], now: datetime) -> timedelta:
    """What 8 in 10 of those who wrote lately have waited, so far."""
    lengths = sorted(one.length for one in waits if now - RECENT <= one.arrived_at)
    return _percentile(lengths, 80) if len(lengths) >= ENOUGH_RECENT else timedelta()


def _percentile(ordered: Sequence[timedelta], percent: int) -> timedelta:
    """The smallest of the values that at least so many percent do not exceed."""
    return ordered[-(-len(ordered) * percent // 100) - 1]


# --- one mail -----------------------------------------------------------------------------------------


def expected(
    found: UsualWaits, hours: OpenHours, zone: tzinfo, arrived_at: datetime, now: datetime
) -> ExpectedAnswer | None:
    """What the author of a mail may expect; None: there is nothing to say."""
    usual = found.get(arrival(arrived_at, hours, zone))
    most_at = due(hours, arrived_at, usual.most) if usual else None
    half_at = due(hours, arrived_at, usual.half) if usual else None
    if most_at is None or half_at is None or not now < most_at <= now + FURTHEST:
        return None
    most_at, half_at = _rounded_up(most_at, now, zone), _rounded_up(half_at, now, zone)
    return ExpectedAnswer(most_at, half_at if now < half_at < most_at else None)


def _rounded_up(at: datetime, now: datetime, zone: tzinfo) -> datetime:
    """A quarter of an hour within the next hour, half an hour within four, whole hours beyond."""
    ahead = at - now
    minutes = 15 if ahead <= timedelta(hours=1) else 30 if ahead <= timedelta(hours=4) else 60
    here = at.astimezone(zone)
    past = timedelta(minutes=here.minute % minutes, seconds=here.second, microseconds=here.microsecond)
    return at + (timedelta(minutes=minutes) - past if past else past)


# --- whether it was true ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class KeptShare:
    """How many of the expectations of the last weeks came true."""

    kept: int
    of: int

    @property
    def percent(self) -> int:
        return self.kept * 100 // self.of if self.of else 0


NOTHING_SETTLED = KeptShare(0, 0)


@dataclass(frozen=True, slots=True)
class ExpectedOutcome:
    """What was expected of one ticket, and when it was answered; None: its customer still waits."""

    expected_at: datetime
    answered_at: datetime | None


def backtest(outcomes: Iterable[ExpectedOutcome], now: datetime) -> KeptShare:
    """The share of answers that came in time, among those that were expected by now: of the others, only the quick
    ones would count."""
    due_by_now = [one for one in outcomes if one.expected_at < now]
    kept = [one for one in due_by_now if one.answered_at is not None and one.answered_at <= one.expected_at]
    return KeptShare(len(kept), len(due_by_now))


def may_be_said(share: KeptShare, *, was_said: bool) -> bool:
    """Whether customers are told what to expect. Too few outcomes change nothing."""
    if share.of < ENOUGH_PROMISES:
        return was_said
    return share.kept >= share.of * (KEPT_AT_LEAST if was_said else KEPT_AGAIN_FROM)
