"""Dates as people and their programs write them in Portuguese, English and Spanish.

Owns: the reading of one stated moment, such as a forwarded mail's `segunda-feira, 3 de março de 2025 10:12`.
Fails with: nothing; None means that the text names no day. Limits: `MAX_CHARACTERS`.
"""

import re
from collections.abc import Iterator
from datetime import MAXYEAR, date, datetime, timedelta, timezone, tzinfo

from mailtickets.words import calendar_names
from mailtickets.words.fold import letters_in_place, plain_line

MAX_CHARACTERS = 200

MONTHS = calendar_names.numbers("months", 1)
"""January is 1; names without accents, in lower case."""
WEEKDAYS = calendar_names.numbers("weekdays", 0)
"""As `date.weekday` counts them: Monday is 0; names without accents, in lower case."""

MONTH = "(?:" + "|".join(sorted(MONTHS, key=lambda name: (-len(name), name))) + ")"
_ZONES = {"z": 0, "gmt": 0, "utc": 0, "wet": 0, "west": 1, "cet": 1, "cest": 2, "bst": 1, "brt": -3, "brst": -2}
_ZONES |= {"art": -3, "clt": -4, "clst": -3, "pet": -5, "cot": -5}
_ZONES |= {"est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7}

_DAY_FIRST = re.compile(
    rf"(?<!\d)(?P<day>\d{{1,2}})(?:º|o|st|nd|rd|th|\.)?[\s-](?:de |of |del )?(?P<month>{MONTH})\b\.?,?"
    r"[\s-](?:de |del |of )?(?P<year>\d{4})(?!\d)"
)
_MONTH_FIRST = re.compile(rf"\b(?P<month>{MONTH})\.? (?P<day>\d{{1,2}})(?:st|nd|rd|th)?,? (?P<year>\d{{4}})(?!\d)")
_ISO = re.compile(r"(?<!\d)(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})(?!\d)")
_NUMBERS = re.compile(r"(?<!\d)(?P<one>\d{1,2})(?P<mark>[-/.])(?P<two>\d{1,2})(?P=mark)(?P<year>\d{4}|\d\d)(?!\d)")
_FORMS = (_DAY_FIRST, _MONTH_FIRST, _ISO, _NUMBERS)
_TIME = re.compile(
    r"(?<![\d+-])(?P<hour>\d{1,2})[:h](?P<minute>\d\d)(?::(?P<second>\d\d))?(?:\s?(?P<half>[ap])\.?\s?m\b\.?)?"
    r"[\s,(]{0,3}(?:(?P<zone>[a-z]{1,4})\b)?\s?(?:(?P<sign>[+-])(?P<hours>\d{1,2}):?(?P<minutes>\d\d)?(?!\d))?"
)


def moment(value: str, zone: tzinfo, *, month_first: bool = False) -> datetime | None:
    """The moment that a line states; None if it names no day. Midnight if it states no time.

    `zone` is used if the line names none. `month_first`: True if an American program wrote the line, for `3/4/2025`.
    """
    text = plain_line(value[:MAX_CHARACTERS])
    found = next(filter(None, (form.search(text) for form in _FORMS)), None)
    day = _day(found, month_first=month_first) if found else None
    if found is None or day is None:
        return None
    time = _TIME.search(text, found.end()) or _TIME.search(text[: found.start()])
    if time is None:
        return datetime(day.year, day.month, day.day, tzinfo=zone)
    return _at(day, time, zone)


def days_in(text: str) -> Iterator[tuple[int, date]]:
    """Every day that a text states with its year, in its order, and where it stands. `3/4/2025` is in April."""
    lines, at = text.split("\n"), 0
    for line in lines:
        searched = letters_in_place(line)
        found = {match.start(): match for form in _FORMS for match in form.finditer(searched)}
        for place in sorted(found):
            day = _day(found[place], month_first=False)
            if day is not None:
                yield at + place, day
        at += len(line) + 1


def _day(found: re.Match[str], *, month_first: bool) -> date | None:
    parts = found.groupdict()
    if "one" in parts:
        first, second = int(parts["one"]), int(parts["two"])
        swapped = (month_first and parts["mark"] == "/" and first <= 12) or second > 12
        day, month = (second, first) if swapped else (first, second)
        year = int(parts["year"]) + (2000 if len(parts["year"]) == 2 else 0)
        return valid(year, month, day)
    month = MONTHS.get(parts["month"]) or int(parts["month"])
    return valid(int(parts["year"]), month, int(parts["day"]))


def valid(year: int, month: int, day: int) -> date | None:
    """The date; None if the calendar has no such day.

    A day of the year 9999 is None too: one day later, or in another time zone, it would be no date.
    """
    try:
        return date(year, month, day) if year < MAXYEAR else None
    except ValueError:
        return None


def _at(day: date, time: re.Match[str], zone: tzinfo) -> datetime | None:
    hour = int(time["hour"])
    if time["half"]:
        hour = hour % 12 + (12 if time["half"] == "p" else 0)
    try:
        return datetime(
            day.year, day.month, day.day, hour, int(time["minute"]), int(time["second"] or 0), tzinfo=_zone(time, zone)
        )
    except ValueError:
        return None


def _zone(time: re.Match[str], otherwise: tzinfo) -> tzinfo:
    if time["sign"]:
        minutes = int(time["hours"]) * 60 + int(time["minutes"] or 0)
        return (
            timezone(timedelta(minutes=-minutes if time["sign"] == "-" else minutes)) if minutes < 1440 else otherwise
        )
    hours = _ZONES.get(time["zone"] or "")
    return otherwise if hours is None else timezone(timedelta(hours=hours))
