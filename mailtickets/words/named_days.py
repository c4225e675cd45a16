"""Periods as people ask for them: `hoje`, `semana passada`, `30d`, `março`, `2026-03`, `01/03 a 15/03`.

In Portuguese, English and Spanish. `semana`, `mês` and `ano` mean so many whole days that are over (7, 30, 365): they
end yesterday, so that nothing half over is compared with something whole. `esta semana` is the one of the calendar
until today. `30d` ends today, as on the command line (`desk/figures/periods.py`).
Fails with: nothing; None means that the words name no period, or one that has not begun.
Limits: `MAX_CHARACTERS`, and `MAX_DAYS` of a period.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta

from mailtickets.words.calendar_names import numbers
from mailtickets.words.fold import folded

MAX_CHARACTERS = 100
MAX_DAYS = 3_700

Days = tuple[date, date]
"""The first day and the last."""

_MONTHS = numbers("months", 1)
_DAY = timedelta(days=1)
_SPANS = {"dia": 1, "dias": 1, "day": 1, "days": 1, "d": 1, "semana": 7, "semanas": 7, "week": 7, "weeks": 7, "w": 7,
          "s": 7, "mes": 30, "meses": 30, "month": 30, "months": 30, "ano": 365, "anos": 365, "year": 365,
          "years": 365}  # fmt: skip
"""How many days a word stands for where a number stands before it, or nothing does."""
_WEEK, _MONTH, _YEAR = {"semana", "week"}, {"mes", "month"}, {"ano", "year"}
_THIS = {"este", "esta", "this", "atual", "actual", "current"}
_LAST = {"passado", "passada", "last", "pasado", "pasada", "anterior", "previous", "ultimo", "ultima"}
_LATEST = {"ultimos", "ultimas", "last", "past"}
"""Before a number: `últimos 30 dias`."""
_SMALL = {"de", "da", "do", "the", "la", "el", "of", "del", "a", "o", "from", "desde", "em", "in", "en", "no", "na",
          "ate", "hasta"}  # fmt: skip
_COUNTED = re.compile(r"(\d{1,4}) ?([a-z]{1,8})")
_ISO_MONTH = re.compile(r"(\d{4})[-/.](\d{1,2})")
_MONTH_YEAR = re.compile(r"(\d{1,2})[-/.](\d{4})")
_ISO_DAY = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})")
_PLAIN_DAY = re.compile(r"(\d{1,2})[-/.](\d{1,2})(?:[-/.](\d{4}))?")
_BETWEEN = re.compile(r" (?:a|ate|to|until|till|al|hasta) |\.\.+| - | – ")


def named_days(text: str, today: date) -> Days | None:
    """The period that the words name, seen from `today`. A last day in the future becomes today."""
    words = folded(text[: MAX_CHARACTERS + 1]).replace("º", "").replace("ª", "").strip(" .,;:")
    if not words or len(words) > MAX_CHARACTERS:
        return None
    found = next(filter(None, (read(words, today) for read in _READERS)), None)
    if found is None or found[0] > today or found[1] < found[0] or (found[1] - found[0]).days >= MAX_DAYS:
        return None
    return found[0], min(found[1], today)


def _in_a_word(words: str, today: date) -> Days | None:
    day = _DAYS_IN_A_WORD.get(words)
    return (today - day * _DAY, today - day * _DAY) if day is not None else None


_DAYS_IN_A_WORD: Mapping[str, int] = {
    "hoje": 0, "today": 0, "hoy": 0, "ontem": 1, "yesterday": 1, "ayer": 1, "anteontem": 2, "anteayer": 2,
}  # fmt: skip


def _unit(words: str, today: date) -> Days | None:
    """`semana`, `esta semana`, `semana passada`, `last month`, `30d`, `últimos 30 dias`."""
    parts = _without_small(words)
    counted = _COUNTED.fullmatch(" ".join(parts[1:] if parts[:1] and parts[0] in _LATEST else parts))
    if counted and counted[2] in _SPANS:
        return _over(int(counted[1]) * _SPANS[counted[2]], today + _DAY)
    if len(parts) == 1 and parts[0] in _WEEK | _MONTH | _YEAR:
        return _over(_SPANS[parts[0]], today)
    if len(parts) != 2:
        return None
    which = next((part for part in parts if part in _THIS | _LAST), "")
    unit = next((part for part in parts if part in _WEEK | _MONTH | _YEAR), "")
    if not which or not unit:
        return None
    begins = _begin(unit, today)
    return (begins, today) if which in _THIS else (_begin(unit, begins - _DAY), begins - _DAY)


def _over(days: int, before: date) -> Days | None:
    """So many days, up to the day before that one."""
    return (before - days * _DAY, before - _DAY) if 0 < days < MAX_DAYS else None


def _begin(unit: str, day: date) -> date:
    if unit in _WEEK:
        return day - day.weekday() * _DAY
    return day.replace(day=1) if unit in _MONTH else day.replace(month=1, day=1)


def _month(words: str, today: date) -> Days | None:
    """`2026-03`, `03/2026`, `março`, `março de 2026`. A month without a year is the latest one that has begun."""
    parts = _without_small(words)
    if len(parts) == 1 and (found := _ISO_MONTH.fullmatch(parts[0])):
        return _whole_month(int(found[1]), int(found[2]))
    if len(parts) == 1 and (found := _MONTH_YEAR.fullmatch(parts[0])):
        return _whole_month(int(found[2]), int(found[1]))
    if not 0 < len(parts) <= 2 or parts[0] not in _MONTHS:
        return None
    month = _MONTHS[parts[0]]
    if len(parts) == 2:
        return _whole_month(int(parts[1]), month) if re.fullmatch(r"[12]\d{3}", parts[1]) else None
    return _whole_month(today.year if month <= today.month else today.year - 1, month)


def _whole_month(year: int, month: int) -> Days | None:
    if not (1 <= month <= 12 and 1970 <= year < 9999):
        return None
    begins = date(year, month, 1)
    return begins, (begins + 31 * _DAY).replace(day=1) - _DAY


def _year(words: str, today: date) -> Days | None:
    if not re.fullmatch(r"(?:19[7-9]|2\d\d)\d", words):
        return None
    return date(int(words), 1, 1), date(int(words), 12, 31)


def _between(words: str, today: date) -> Days | None:
    """`01/03 a 15/03`, `2026-03-01..2026-03-15`, or one day."""
    ends = _BETWEEN.split(" ".join(_without_first_small(words)))
    days = [_day(end.strip(), today) for end in ends]
    if len(days) > 2 or None in days:
        return None
    first, last = days[0], days[-1]
    return (first, last) if first is not None and last is not None else None


def _day(text: str, today: date) -> date | None:
    if text in _DAYS_IN_A_WORD:
        return today - _DAYS_IN_A_WORD[text] * _DAY
    iso, plain = _ISO_DAY.fullmatch(text), _PLAIN_DAY.fullmatch(text)
    try:
        if iso:
            return date(int(iso[1]), int(iso[2]), int(iso[3]))
        if plain and plain[3]:
            return date(int(plain[3]), int(plain[2]), int(plain[1]))
        if plain:
            this_year = date(today.year, int(plain[2]), int(plain[1]))
            return this_year if this_year <= today else this_year.replace(year=today.year - 1)
    except ValueError:
        return None
    return None


def _without_small(words: str) -> list[str]:
    return [word for word in words.split() if word not in _SMALL]


def _without_first_small(words: str) -> list[str]:
    parts = words.split()
    while parts and parts[0] in _SMALL:
        parts = parts[1:]
    return parts


_READERS: tuple[Callable[[str, date], Days | None], ...] = (_in_a_word, _unit, _month, _year, _between)
