"""Hours, days of the week and days of the year as the configuration file writes them.

In: `08:00-12:00 13:00-18:00`, `mon-fri`, `12-24`, `easter+60`. Out: minutes of the day, numbers, a `DayRule`.
Fails with: ValueError, in words for the person who wrote the file. Pure.
"""

import re
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from mailtickets.config.nearest import nearest
from mailtickets.words.calendar_names import numbers
from mailtickets.words.fold import plain_line

Shifts = tuple[tuple[int, int], ...]
"""First and last minute of each shift, counted from midnight, in order. Above 1440: on the next day."""

OPEN = "open"
"""The value of an own day on which the usual hours of its day of the week are worked, although it is a holiday."""

MINUTES_OF_A_DAY = 1440

_WEEKDAYS = numbers("weekdays", 0)
_SHIFT = re.compile(r"(\d\d):(\d\d)-(\d\d):(\d\d)")
_DATED = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
_EACH_YEAR = re.compile(r"(\d\d)-(\d\d)")
_EASTER = re.compile(r"easter(?:([+-])(\d{1,3}))?")
_A_LEAP_YEAR = 2000


@dataclass(frozen=True, slots=True)
class DayRule:
    """One date, or the same day of each year, or a day counted from Easter Sunday. One of the three is set."""

    on: date | None = None
    each_year: tuple[int, int] | None = None
    after_easter: int | None = None


def read_shifts(text: str) -> Shifts:
    """The shifts of a day in order. `closed` has none. A shift that ends before it begins ends on the next day."""
    if text.strip() == "closed":
        return ()
    shifts = tuple(sorted(_shift(part) for part in text.split()))
    if not shifts:
        raise ValueError('hours like "08:00-12:00 13:00-18:00", or "closed", were expected')
    for earlier, later in pairwise(shifts):
        if later[0] < earlier[1]:
            raise ValueError(f"{written(earlier)} and {written(later)} overlap")
    return shifts


def _shift(text: str) -> tuple[int, int]:
    found = _SHIFT.fullmatch(text)
    if not found:
        raise ValueError(f'hours like "08:00-12:00 13:00-18:00", or "closed", were expected, not {text!r}')
    first, last = _minute(text, found[1], found[2]), _minute(text, found[3], found[4])
    if first in (MINUTES_OF_A_DAY, last):
        raise ValueError(f"{text} holds no time: a whole day is 00:00-24:00")
    return first, last if first < last else last + MINUTES_OF_A_DAY


def _minute(shift: str, hour: str, minute: str) -> int:
    value = int(hour) * 60 + int(minute)
    if int(minute) > 59 or value > MINUTES_OF_A_DAY:
        raise ValueError(f"{hour}:{minute} in {shift!r} is no time of the day")
    return value


def written(shift: tuple[int, int]) -> str:
    """`08:00-12:00`; `22:00-06:00` for a shift that ends on the next day."""
    first, last = shift
    last = last if last <= MINUTES_OF_A_DAY else last - MINUTES_OF_A_DAY
    return f"{first // 60:02}:{first % 60:02}-{last // 60:02}:{last % 60:02}"


def read_weekdays(text: str) -> tuple[int, ...]:
    """The days of the week that a key names: `mon`, `mon-fri`, `fri-mon`, `sat,sun`. Monday is 0."""
    return tuple(day for part in text.split(",") for day in _weekdays(part))


def _weekdays(part: str) -> tuple[int, ...]:
    plain = plain_line(part).strip()
    if plain in _WEEKDAYS:
        return (_WEEKDAYS[plain],)
    first, dash, last = (word.strip() for word in plain.partition("-"))
    for word in (first, last):
        if not dash or word not in _WEEKDAYS:
            near = nearest(word, _WEEKDAYS) if word else ""
            raise ValueError(
                f'a day of the week like "sat", or several like "mon-fri", was expected, not {part!r}{near}'
            )
    begin, days = _WEEKDAYS[first], (_WEEKDAYS[last] - _WEEKDAYS[first]) % 7 + 1
    return tuple((begin + after) % 7 for after in range(days))


def read_day(text: str) -> DayRule:
    """The day that a key names: `2026-12-24`, `12-24` of each year, `easter`, `easter+60`, `easter-47`."""
    if found := _EASTER.fullmatch(text):
        days = int(found[2] or 0)
        return DayRule(after_easter=-days if found[1] == "-" else days)
    try:
        if found := _DATED.fullmatch(text):
            return DayRule(on=date(int(found[1]), int(found[2]), int(found[3])))
        if found := _EACH_YEAR.fullmatch(text):
            on = date(_A_LEAP_YEAR, int(found[1]), int(found[2]))
            return DayRule(each_year=(on.month, on.day))
    except ValueError:
        raise ValueError(f"there is no day {text!r}: month-day, or year-month-day, was expected") from None
    raise ValueError(f'"12-24", "2026-12-24" or "easter+60" was expected, not {text!r}')
