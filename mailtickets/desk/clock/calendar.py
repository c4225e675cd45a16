"""Working time: how much of it lies between two moments, and when so much of it will have passed.

In: `OpenHours`, moments with whatever time zone, lengths. Out: moments in UTC, lengths. Nothing is rounded.
A shift belongs to the date on which it begins: a shift of Friday 22:00 to 06:00 ends on Saturday, also when Saturday
is a holiday. Wall times become moments by the rules of the time zone (PEP 495): of a time that comes twice in the
night in which clocks are put back, the first counts; a time that clocks jump over is the moment of the jump. What
follows is arithmetic in UTC. So a shift that holds 23 hours of real time counts as 23 hours.
Limits: nothing is sought further than `MAX_WALK` ahead: `due` and `next_open` are None if there is nothing by then.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from operator import itemgetter
from zoneinfo import ZoneInfo

from mailtickets.config.durations import span
from mailtickets.config.hours import OPEN, Shifts, read_day, read_shifts, read_weekdays
from mailtickets.desk.clock.easter import easter

MAX_WALK = timedelta(days=731)
"""Two years. A calendar without open hours would be walked for ever."""

Interval = tuple[datetime, datetime]
"""From a moment, to a moment that is no longer in it. Both in UTC."""

_NOTHING = timedelta()
_WHOLE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Month:
    """The open intervals of one month of the calendar's time zone: in order, apart from each other, within it."""

    begins: datetime
    ends: datetime
    intervals: tuple[Interval, ...]
    total: timedelta


@dataclass(frozen=True, slots=True, eq=False)
class OpenHours:
    """When work is done. What a more exact entry says counts: a date, a day of each year, a day after Easter,
    a holiday, the day of the week. Compared by identity."""

    name: str
    zone: ZoneInfo
    week: tuple[Shifts, ...] = ()
    """Seven entries, Monday first; empty: every hour counts."""
    dates: Mapping[date, Shifts | None] = field(default_factory=dict)
    """None, here and below: the hours of that day of the week, also on a holiday."""
    each_year: Mapping[tuple[int, int], Shifts | None] = field(default_factory=dict)
    """By month and day."""
    after_easter: Mapping[int, Shifts | None] = field(default_factory=dict)
    """By days after Easter Sunday; before it: below zero."""
    holidays: frozenset[date] = frozenset()
    known: dict[tuple[int, int], Month] = field(default_factory=dict, init=False, repr=False)
    """The months that have been worked out, by year and month."""

    @property
    def always(self) -> bool:
        """Whether every hour counts."""
        return not self.week

    @property
    def content(self) -> tuple[object, ...]:
        """All that it says, as a value that is the same for the same hours."""
        own = sorted(self.dates.items()), sorted(self.each_year.items()), sorted(self.after_easter.items())
        return self.name, str(self.zone), self.week, *own, sorted(self.holidays)

    def shifts(self, day: date) -> Shifts:
        """The shifts that begin on this date."""
        if self.always:
            return ((0, 1440),)
        usual = self.week[day.weekday()]
        own: Shifts | None = () if day in self.holidays else usual
        if day in self.dates:
            own = self.dates[day]
        elif (day.month, day.day) in self.each_year:
            own = self.each_year[day.month, day.day]
        elif self.after_easter:
            own = self.after_easter.get((day - easter(day.year)).days, own)
        return usual if own is None else own


EVERY_HOUR = OpenHours("", ZoneInfo("UTC"))
"""The calendar without a name: every hour counts."""


def open_hours(
    name: str, zone: ZoneInfo, hours: Mapping[str, str], days: Mapping[str, str], holidays: Iterable[date]
) -> OpenHours:
    """The hours of a `[[calendar]]`, from the texts of its keys `hours` and `days`.

    Raises ValueError for texts that `config.hours` cannot read; the configuration was checked for them.
    """
    week: list[Shifts] = [()] * 7
    for key, text in hours.items():
        for weekday in read_weekdays(key):
            week[weekday] = read_shifts(text)
    own = [(read_day(key), None if text == OPEN else read_shifts(text)) for key, text in days.items()]
    return OpenHours(
        name,
        zone,
        tuple(week),
        {rule.on: shifts for rule, shifts in own if rule.on},
        {rule.each_year: shifts for rule, shifts in own if rule.each_year},
        {rule.after_easter: shifts for rule, shifts in own if rule.after_easter is not None},
        frozenset(holidays),
    )


def worked(hours: OpenHours, since: datetime, until: datetime) -> timedelta:
    """The open time between two moments; nothing if the second is not after the first."""
    since, until = since.astimezone(UTC), until.astimezone(UTC)
    if until <= since:
        return _NOTHING
    if hours.always:
        return until - since
    total = _NOTHING
    for month in _months(hours, since, until):
        if since <= month.begins and month.ends <= until:
            total += month.total
        else:
            total += sum((end - start for start, end in _within(month, since, until)), _NOTHING)
    return total


def due(hours: OpenHours, start: datetime, amount: timedelta) -> datetime | None:
    """The first moment at which so much open time has passed since the start; the start itself if it is nothing.

    None if so much does not come together within `MAX_WALK`.
    """
    start = start.astimezone(UTC)
    if amount <= _NOTHING or hours.always:
        return start + max(amount, _NOTHING)
    left, last = amount, start + MAX_WALK
    for month in _months(hours, start, last):
        if start <= month.begins and month.total < left:
            left -= month.total
            continue
        for begin, end in _within(month, start, last):
            if end - begin >= left:
                return begin + left
            left -= end - begin
    return None


def is_open(hours: OpenHours, at: datetime) -> bool:
    """Whether work is done at this moment. At the moment of closing it is not."""
    at = at.astimezone(UTC)
    if hours.always:
        return True
    return any(start <= at < end for month in _months(hours, at, at) for start, end in month.intervals)


def next_open(hours: OpenHours, at: datetime) -> datetime | None:
    """This moment if work is done then, else the next opening; None if there is none within `MAX_WALK`."""
    at = at.astimezone(UTC)
    if hours.always:
        return at
    last = at + MAX_WALK
    return next((start for month in _months(hours, at, last) for start, _ in _within(month, at, last)), None)


def intervals(hours: OpenHours, since: datetime, until: datetime) -> tuple[Interval, ...]:
    """The open intervals between two moments, in order; what touches is one interval."""
    since, until = since.astimezone(UTC), until.astimezone(UTC)
    if hours.always:
        return ((since, until),) if since < until else ()
    return _merged(part for month in _months(hours, since, until) for part in _within(month, since, until))


def day_length(hours: OpenHours) -> timedelta:
    """What "a day" means for this calendar: the open time of its usual day of the week.

    Usual is the length that most open days of the week have, the longer one of two that are equally frequent:
    9 hours for Monday to Friday 08:00-12:00 13:00-18:00 and Saturday 08:00-12:00. 24 hours if every hour counts, or
    if no day of the week has hours.
    """
    lengths = Counter(minutes for shifts in hours.week if (minutes := sum(last - first for first, last in shifts)))
    if not lengths:
        return _WHOLE_DAY
    return timedelta(minutes=max(lengths, key=lambda minutes: (lengths[minutes], minutes)))


@lru_cache(maxsize=256)
def length(hours: OpenHours, duration: str) -> timedelta | None:
    """A duration of the configuration as open time: `2d` are two days of this calendar, `4h` are four hours.

    None for text that is not a duration.
    """
    found = span(duration)
    return found // _WHOLE_DAY * day_length(hours) if found and duration.endswith("d") else found


# --- from wall times to intervals ---------------------------------------------------------------------


def _months(hours: OpenHours, since: datetime, until: datetime) -> Iterator[Month]:
    """The months, in the calendar's time zone, that hold the two moments and what lies between."""
    first = since.astimezone(hours.zone)
    year, month = first.year, first.month
    while True:
        found = _month(hours, year, month)
        yield found
        if found.ends >= until:
            return
        year, month = _following(year, month)


def _following(year: int, month: int) -> tuple[int, int]:
    return (year + 1, 1) if month == 12 else (year, month + 1)


def _month(hours: OpenHours, year: int, month: int) -> Month:
    found = hours.known.get((year, month))
    if found is None:
        found = hours.known[year, month] = _worked_out(hours, year, month)
    return found


def _worked_out(hours: OpenHours, year: int, month: int) -> Month:
    first, beyond = date(year, month, 1), date(*_following(year, month), 1)
    begins, ends = _moment(first, 0, hours.zone), _moment(beyond, 0, hours.zone)
    days = (first + timedelta(days=after) for after in range(-1, (beyond - first).days))  # -1: a shift over midnight
    open_all = sorted(interval for day in days for interval in _intervals_of(hours, day))
    clipped = ((max(start, begins), min(end, ends)) for start, end in open_all)
    within = _merged((start, end) for start, end in clipped if start < end)
    return Month(begins, ends, within, sum((end - start for start, end in within), _NOTHING))


def _intervals_of(hours: OpenHours, day: date) -> Iterator[Interval]:
    for first, last in hours.shifts(day):
        yield _moment(day, first, hours.zone), _moment(day, last, hours.zone)


def _moment(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """The moment, in UTC, at which clocks of a time zone show this minute of a date, counted from midnight."""
    wall = datetime(day.year, day.month, day.day) + timedelta(minutes=minute)  # noqa: DTZ001 - zone follows
    before, after = (zone.utcoffset(wall.replace(fold=fold)) or _NOTHING for fold in (0, 1))
    if before >= after:
        return (wall - before).replace(tzinfo=UTC)
    return _jump((wall - after).replace(tzinfo=UTC), after - before, zone)


def _jump(earliest: datetime, width: timedelta, zone: ZoneInfo) -> datetime:
    """The moment, in UTC, at which clocks jump: the first one with another offset than `earliest` has."""
    before = earliest.astimezone(zone).utcoffset()
    seconds = range(int(width.total_seconds()))
    after = bisect_left(
        seconds, True, key=lambda second: (earliest + timedelta(seconds=second)).astimezone(zone).utcoffset() != before
    )
    return earliest + timedelta(seconds=after)


def _within(month: Month, since: datetime, until: datetime) -> Iterator[Interval]:
    """The intervals of a month, cut to what lies between two moments."""
    intervals = month.intervals
    for at in range(bisect_right(intervals, since, key=_end), len(intervals)):
        start, end = intervals[at]
        if start >= until:
            return
        yield max(start, since), min(end, until)


_end = itemgetter(1)


def _merged(found: Iterable[Interval]) -> tuple[Interval, ...]:
    """Intervals that are ordered by their start, with those that overlap or touch made one."""
    merged: list[Interval] = []
    for start, end in found:
        if merged and start <= merged[-1][1]:
            start, end = merged[-1][0], max(merged.pop()[1], end)
        merged.append((start, end))
    return tuple(merged)
