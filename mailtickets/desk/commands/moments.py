"""Reads a moment as people write it: `3d`, `sexta às 14h`, `25/12`, `next week`.

In: the words behind a command. Out: a `When`. The function `when` turns it into a moment, counted from a given day.
Dates are day first (`25/12`) or ISO (`2026-12-25`).
Fails with: `Rejected`, a value; `when` raises ValueError for a moment in the past. Limit: `MAX_DAYS` ahead.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from mailtickets.desk.commands.values import Rejected, Value, When
from mailtickets.words.dates import MONTH, MONTHS, valid
from mailtickets.words.fold import folded

MAX_DAYS = 3_660

_COUNTS: Mapping[str, int] = {
    "um": 1, "uma": 1, "one": 1, "a": 1, "an": 1, "un": 1, "una": 1, "dois": 2, "duas": 2, "two": 2, "dos": 2,
    "tres": 3, "three": 3, "quatro": 4, "four": 4, "cuatro": 4, "cinco": 5, "five": 5,
}  # fmt: skip
_MONTH_MINUTES = 30 * 1440
SpanUnit = Literal["minutes", "hours", "days", "weeks", "months"]
_UNITS: tuple[tuple[str, SpanUnit, int], ...] = (
    (r"m|min|mins|minutos?|minutes?", "minutes", 1),
    (r"h|hs|hrs?|horas?|hours?", "hours", 60),
    (r"d|dias?|days?", "days", 1440),
    (r"w|sem|semanas?|weeks?", "weeks", 7 * 1440),
    (r"mes|meses|months?", "months", _MONTH_MINUTES),
)
"""How each unit is written, and its length in minutes."""
_NAMED_DAYS: Mapping[str, When] = {
    "hoje": When(days=0), "today": When(days=0), "hoy": When(days=0),
    "amanha": When(days=1), "tomorrow": When(days=1), "manana": When(days=1),
    "depois de amanha": When(days=2), "day after tomorrow": When(days=2), "the day after tomorrow": When(days=2),
    "pasado manana": When(days=2), "semana que vem": When(weekday=0), "proxima semana": When(weekday=0),
    "next week": When(weekday=0), "semana proxima": When(weekday=0), "la semana que viene": When(weekday=0),
    "mes que vem": When(months=1), "proximo mes": When(months=1), "next month": When(months=1),
}  # fmt: skip
_WEEKDAYS = (
    r"seg(?:unda)?(?:[ -]?feira)?|mon(?:day)?|lunes",
    r"ter(?:ca)?(?:[ -]?feira)?|tue(?:s|sday)?|martes",
    r"qua(?:rta)?(?:[ -]?feira)?|wed(?:nesday)?|miercoles",
    r"qui(?:nta)?(?:[ -]?feira)?|thu(?:rs|rsday)?|jueves",
    r"sex(?:ta)?(?:[ -]?feira)?|fri(?:day)?|viernes",
    r"sab(?:ado)?|sat(?:urday)?",
    r"dom(?:ingo)?|sun(?:day)?",
)
_LEAD = re.compile(
    r"(?:(?:daqui a|dentro de|depois de(?= \d)|em|in|en|para|until|by|ate|hasta|on|na|no|el|este|esta|this"
    r"|proxim[ao]|next)\s+)+"
)
_TIME = re.compile(
    r"(?P<day>.*?)(?<![\s,])[\s,]++(?:(?P<at>as|a las|a la|at|a)\s++)?"
    r"(?P<hour>\d{1,2})(?:(?P<sep>[:h.])(?P<minute>\d{2}))?\s?(?P<half>am|pm|hs?|hrs?|horas)?"
)
_ISO = re.compile(r"(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})")
_FIGURES = re.compile(r"(?P<d>\d{1,2})(?P<sep>[/.-])(?P<m>\d{1,2})(?:(?P=sep)(?P<y>\d{4}|\d{2}))?")
_DAY_MONTH = re.compile(
    rf"(?:dia )?(?P<d>\d{{1,2}})(?:o|st|nd|rd|th)? (?:de )?(?P<m>{MONTH})\.?(?:,? (?:de )?(?P<y>\d{{4}}))?"
)
_MONTH_DAY = re.compile(rf"(?P<m>{MONTH})\.? (?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?:,? (?P<y>\d{{4}}))?")


def read_moment(text: str) -> Value | Rejected:
    plain = folded(text)
    return day_named(plain) or _span(plain) or day_with_time(plain) or Rejected()


def day_with_time(plain: str) -> When | None:
    """A day with a time: `sexta às 14h`, `amanhã 9:00`, `3d às 16h`; None for anything else."""
    match = _TIME.fullmatch(plain)
    at = _time(match) if match else None
    day = day_named(match["day"]) or (_span(match["day"]) if match["at"] else None) if match else None
    if at is None or day is None or day.minutes is not None:
        return None
    return When(None, day.days, day.months, day.weekday, day.day, at)


def _time(match: re.Match[str]) -> time | None:
    """The time that a match stands for: `14:00`, `14h`, `2pm`. A bare figure is a time only after `às`."""
    if not (match["sep"] or match["half"] or match["at"]):
        return None
    hour, minute = int(match["hour"]), int(match["minute"] or 0)
    if match["half"] in ("am", "pm"):
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if match["half"] == "pm" else 0)
    return time(hour, minute) if hour < 24 and minute < 60 else None


def day_named(plain: str) -> When | None:
    """A day without a time: `amanhã`, `sexta-feira`, `25/12`; None for anything else."""
    if plain in _NAMED_DAYS:
        return _NAMED_DAYS[plain]
    bare = _LEAD.sub("", plain, count=1) if _LEAD.match(plain) else plain
    weekday = next((n for n, words in enumerate(_WEEKDAYS) if re.fullmatch(words, bare)), None)
    if weekday is not None:
        return When(weekday=weekday)
    return _NAMED_DAYS.get(bare) or _date(bare)


def _date(plain: str) -> When | None:
    match = next((m for m in (p.fullmatch(plain) for p in (_ISO, _FIGURES, _DAY_MONTH, _MONTH_DAY)) if m), None)
    if match is None:
        return None
    figure = match["m"]
    month = int(figure) if figure.isdigit() else MONTHS[figure]
    year = int(match["y"]) if match["y"] else None
    year = year + 2000 if year is not None and year < 100 else year
    day = int(match["d"])
    return When(day=(year, month, day)) if valid(2000 if year is None else year, month, day) else None


def span_named(plain: str) -> tuple[int, SpanUnit] | None:
    """How many of which unit a text names: `3d`, `2 semanas`, `1h30`, `em duas horas`; None if it names no span."""
    bare = _LEAD.sub("", plain, count=1) if _LEAD.match(plain) else plain
    mixed = re.fullmatch(r"(\d{1,3})\s?h\s?(\d{1,2})\s?(?:m|min)?", bare)
    if mixed:
        return (int(mixed[1]) * 60 + int(mixed[2]), "minutes") if int(mixed[2]) < 60 else None
    match = re.fullmatch(r"(\d{1,5}|[a-z]{1,20})\s?([a-z]+)", bare)
    count = _COUNTS.get(match[1], int(match[1]) if match[1].isdigit() else 0) if match else 0
    unit = next((unit for unit in _UNITS if match and re.fullmatch(unit[0], match[2])), None)
    if unit is None or not 0 < count * unit[2] <= MAX_DAYS * 1440:
        return None
    return count, unit[1]


def _span(plain: str) -> When | None:
    found = span_named(plain)
    return _spans(*found) if found else None


def _spans(count: int, unit: SpanUnit) -> When:
    match unit:
        case "months":
            return When(months=count)
        case "weeks":
            return When(days=7 * count)
        case "days":
            return When(days=count)
    return When(minutes=60 * count if unit == "hours" else count)


def when(value: When, now: datetime, zone: ZoneInfo) -> datetime:
    """The moment, in UTC. Days begin at `MORNING`, local time. Raises ValueError if it is not in the future."""
    if value.minutes is not None:
        return (now + timedelta(minutes=value.minutes)).astimezone(UTC)
    moments = (datetime.combine(day, value.at, zone) for day in days_meant(value, now.astimezone(zone).date()))
    found = next((moment.astimezone(UTC) for moment in moments if moment > now), None)
    if found is None:
        raise ValueError("in the past")
    return found


def days_meant(value: When, today: date) -> list[date]:
    """The days that the words may mean, soonest first."""
    if value.weekday is not None:
        return [today + timedelta(days=(value.weekday - today.weekday() - 1) % 7 + 1)]
    if value.months is not None:
        return [_months_on(today, value.months)]
    if value.day is not None:
        year, month, day = value.day
        years = range(today.year, today.year + 9) if year is None else (year,)
        return [found for found in (valid(year, month, day) for year in years) if found]
    return [today + timedelta(days=value.days or 0)]


def _months_on(today: date, months: int) -> date:
    """The same day of a later month, or the last day of that month if it is shorter."""
    years, month = divmod(today.month - 1 + months, 12)
    days = (valid(today.year + years, month + 1, today.day - back) for back in range(4))
    return next(day for day in days if day)
