"""The words of reports: names of figures, and counts, shares, lengths and days as people of a locale write them.

In: figures and a locale. Out: text for a cell or a sentence. The words are in `words/lists/reports.toml`.
Limits: three locales. A length is shown with its two largest units, down to seconds.
"""

import re
from collections.abc import Mapping
from datetime import date, timedelta

from mailtickets.desk.figures.report import DeskReport, Dimension, Period, ReportRow
from mailtickets.words import calendar_names, locales, shipped
from mailtickets.words.language import Language

_LANGUAGES: Mapping[str, Language] = {"pt_BR": "pt", "en": "en", "es": "es"}
_UNIT = re.compile(r"(?<=\d) (?=(?:s|min|h|d)\b|%)|(?<=≥) ")
"""The blank between a number and its unit."""
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def word(locale: str, *keys: str) -> str:
    """One entry of the list: `word("en", "figures", "opened")`."""
    entry = shipped.read("reports")[locale]
    for key in keys:
        entry = entry[key]
    return str(entry)


def counted(locale: str, section: str, key: str, number: int) -> str:
    """An entry for one and for several, with its number: `7 merged`."""
    one, several = shipped.read("reports")[locale][section][key]
    return str(one if number == 1 else several).format(count(number, locale))


def count(number: int, locale: str) -> str:
    return locales.count(number, locale)


def percent(share: float, locale: str) -> str:
    """`18 %`, in English `18%`: a share from 0 to 1. What is not quite all or nothing is never shown as that."""
    rounded = round(share * 100)
    if 0 < share < 1:
        rounded = min(max(rounded, 1), 99)
    return f"{rounded}{'' if locale == 'en' else ' '}%"


def part_of(part: int, whole: int, locale: str) -> str:
    """`40 de 90 (44 %)`; a dash where there is no whole."""
    if not whole:
        return word(locale, "unknown")
    return word(locale, "share").format(count(part, locale), count(whole, locale), percent(part / whole, locale))


def length(span: timedelta | None, *, at_least: bool = False, locale: str = "en") -> str:
    """`45 s`, `4 min 10 s`, `3 h 12 min`, `2 d 4 h`; `≥ 3 h` where it is at least that; a dash for None."""
    if span is None:
        return word(locale, "unknown")
    seconds = round(span.total_seconds())
    said = _two(seconds, (_DAY, "d"), (_HOUR, "h")) if seconds >= _DAY else _of_a_day(seconds)
    return word(locale, "at_least_sign").format(said) if at_least else said


def _of_a_day(seconds: int) -> str:
    if seconds >= _HOUR:
        return _two(seconds, (_HOUR, "h"), (_MINUTE, "min"))
    return _two(seconds, (_MINUTE, "min"), (1, "s")) if seconds >= _MINUTE else f"{seconds} s"


def _two(seconds: int, large: tuple[int, str], small: tuple[int, str]) -> str:
    first, rest = divmod(seconds, large[0])
    second = rest // small[0]
    return f"{first} {large[1]} {second} {small[1]}" if second else f"{first} {large[1]}"


def unbroken(text: str) -> str:
    """The same text, so that no line ends between a number and its unit, or within a range."""
    return _UNIT.sub("\u00a0", text).replace("–", "\u2060–\u2060")


# --- days -------------------------------------------------------------------------------------------------


def period(of: Period, locale: str) -> str:
    """`23 a 29 de novembro de 2026`, `November 23 to 29, 2026`; a single day as itself."""
    since, until = of.since, of.until
    if since == until:
        return locales.day(since, locale)
    joint = "to" if locale == "en" else "a"
    first, last = locales.day(since, locale), locales.day(until, locale)
    if (since.year, since.month) == (until.year, until.month):
        if locale == "en":
            return f"{first.partition(',')[0]} {joint} {until.day}, {until.year}"
        return f"{first.partition(' ')[0]} {joint} {last}"
    if since.year == until.year:
        first = first.removesuffix(f", {since.year}").removesuffix(f" de {since.year}")
    return f"{first} {joint} {last}"


def queues(report: DeskReport, locale: str) -> str:
    return word(locale, "all_queues") if report.everything else locales.series(report.queues, locale)


def short_day(on: date, locale: str) -> str:
    """`seg 23/11`, `Mon Nov 23`, `lun 23/11`: for a table of days."""
    name = weekday(on.weekday(), locale)
    if locale == "en":
        return f"{name} {calendar_names.written('months', 'en')[on.month - 1][:3]} {on.day}"
    return f"{name} {on.day}/{on.month:02}"


def weekday(number: int, locale: str) -> str:
    """`seg`, `Mon`, `lun`: Monday is 0."""
    return calendar_names.written("weekdays", _LANGUAGES[locale])[number][:3]


# --- parts ------------------------------------------------------------------------------------------------


def dimension(by: Dimension, rows: tuple[ReportRow, ...], section: str, locale: str) -> str:
    """What a table by `by` is called; a table of weeks says so."""
    weeks = by == "day" and any("W" in row.value for row in rows)
    return word(locale, section, "week" if weeks else by)


def part(row: ReportRow, by: Dimension, locale: str) -> str:
    """What people call a part: `alta`, `seg 23/11`, `seg 13h`, `Ana Lima`, `sem tipo`."""
    match by:
        case "day":
            return _day_or_week(row.value, locale)
        case "hour":
            day, hour = row.value.split()
            return f"{weekday(int(day), locale)} {hour_of_day(int(hour), locale)}"
    if not row.value:
        return word(locale, "without", by)
    known = {"priority": locales.PRIORITY_LABELS, "type": locales.TYPE_LABELS}.get(by)
    label = known[locale].get(row.value, row.value) if known else row.value
    return row.labels.get(locale) or label


def _day_or_week(value: str, locale: str) -> str:
    if "W" in value:
        year, week = value.split("-W")
        return word(locale, "week").format(week=int(week), year=year)
    return short_day(date.fromisoformat(value), locale)


def hour_of_day(hour: int, locale: str) -> str:
    """`14h`, `2 PM`, `14:00`."""
    if locale == "en":
        return f"{hour % 12 or 12} {'AM' if hour < 12 else 'PM'}"
    return f"{hour}h" if locale == "pt_BR" else f"{hour}:00"
