"""The days that somebody asks a report about: dates, and words such as `30d`, `today`, `mês`. Pure.

In: what people type, and today's date where the desk is. Out: a `Period` of whole local days, both ends included.
Fails with: ValueError, in words that say what was expected. Limits: years from `FIRST_YEAR` on; at most `MOST_DAYS`.
"""

import re
from datetime import date, timedelta

from mailtickets.desk.figures.report import Period
from mailtickets.words.fold import plain_line

DEFAULT_DAYS = 30
FIRST_YEAR = 1980
"""No mail of a desk is older; the period before must be a period too."""
MOST_DAYS = 20 * 366

_LENGTH = re.compile(r"([0-9]{1,4})([dw])")
_DAYS = {"d": 1, "w": 7}
_TODAY = frozenset({"today", "hoje", "hoy"})
_YESTERDAY = frozenset({"yesterday", "ontem", "ayer"})
_WEEK = frozenset({"week", "semana"})
_MONTH = frozenset({"month", "mes"})
_YEAR = frozenset({"year", "ano"})


def period_of(since: str | None, until: str | None, today: date) -> Period:
    """The period between two words, each as `first_day` and `last_day` read it; without them, the last 30 days.

    Days that have not begun are left out, so that what is compared is as long as what it is compared with.
    """
    last = today if until is None else last_day(until, today)
    first = last - timedelta(days=DEFAULT_DAYS - 1) if since is None else first_day(since, today)
    if last < first:
        raise ValueError(f"the period ends ({last}) before it begins ({first})")
    if first > today:
        raise ValueError(f"the period begins on {first}, and today is {today}")
    last = min(last, today)
    if (last - first).days >= MOST_DAYS:
        raise ValueError(f"the period is longer than {MOST_DAYS // 366} years")
    return Period(first, last)


def first_day(word: str, today: date) -> date:
    """The day that a period begins with. `30d`: of the last 30 days, today included; `week`: Monday of this week."""
    name = plain_line(word)
    length = _length(name)
    if length is not None:
        return today - timedelta(days=length - 1)
    if name in _WEEK:
        return today - timedelta(days=today.weekday())
    if name in _MONTH:
        return today.replace(day=1)
    if name in _YEAR:
        return today.replace(month=1, day=1)
    return _day(word, name, today, ", week, month, year")


def last_day(word: str, today: date) -> date:
    """The day that a period ends with. `30d`: the day before the last 30 days, so that `60d` to `30d` are 30 days."""
    name = plain_line(word)
    length = _length(name)
    return today - timedelta(days=length) if length is not None else _day(word, name, today)


def _length(name: str) -> int | None:
    """`30d`, `4w`, in days; None for what is no length."""
    found = _LENGTH.fullmatch(name)
    return int(found[1]) * _DAYS[found[2]] if found and int(found[1]) else None


def _day(word: str, name: str, today: date, more: str = "") -> date:
    """The day that a word names. `more`: the other words that may stand in its place, for the error."""
    if name in _TODAY:
        return today
    if name in _YESTERDAY:
        return today - timedelta(days=1)
    try:
        day = date.fromisoformat(name)
    except ValueError:
        raise ValueError(f"{word!r} is no date: write it as {today}, or as 30d, 4w, today, yesterday{more}") from None
    if day.year < FIRST_YEAR:
        raise ValueError(f"{word!r} is before {FIRST_YEAR}")
    return day
