"""The days of a chart: what each row of `DeskReport.days` covers, and which of them have a label."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Literal

from mailtickets.desk.figures.report import ReportFigures, ReportRow
from mailtickets.words import calendar_names, locales
from mailtickets.words.language import Language

Grouping = Literal["days", "weeks", "months"]

_LANGUAGES: Mapping[str, Language] = {"pt_BR": "pt", "en": "en", "es": "es"}
_FEW = 8
"""So few rows all have a label, where there is room."""
_MONTHS_FROM = 60
"""From so many days on, months are named and not days."""


@dataclass(frozen=True, slots=True)
class ChartDay:
    """A day or a week, and what a report says of it."""

    first: date
    is_week: bool
    figures: ReportFigures


def chart_days(rows: Sequence[ReportRow]) -> list[ChartDay]:
    """The rows of a report by day or by week."""
    return [_chart_day(row) for row in rows]


def _chart_day(row: ReportRow) -> ChartDay:
    """`value` is `2026-11-03` or `2026-W45`."""
    year, week, number = row.value.partition("-W")
    first = date.fromisocalendar(int(year), int(number), 1) if week else date.fromisoformat(row.value)
    return ChartDay(first, bool(week), row.figures)


def labels(days: Sequence[date], locale: str) -> list[tuple[int, str]]:
    """Places and texts: each day of a few; Mondays of some weeks; else the months where they begin."""
    if len(days) <= _FEW:
        return [(place, short_day(day, locale)) for place, day in enumerate(days)]
    if (days[-1] - days[0]).days < _MONTHS_FROM:
        return [(place, short_day(day, locale)) for place, day in enumerate(days) if day.weekday() == 0]
    return [(place, month(day, locale)) for place, day in enumerate(days) if place == 0 or _begins(days, place)]


def _begins(days: Sequence[date], place: int) -> bool:
    return days[place].month != days[place - 1].month


def short_day(day: date, locale: str) -> str:
    """`3/11`, in English `Nov 3`."""
    return f"{month(day, locale)} {day.day}" if locale == "en" else f"{day.day}/{day.month}"


def month(day: date, locale: str) -> str:
    """`nov`."""
    return calendar_names.written("months", _LANGUAGES[locale])[day.month - 1][:3]


def weekday(number: int, locale: str) -> str:
    """`quarta-feira`; Monday is 0."""
    return calendar_names.written("weekdays", _LANGUAGES[locale])[number]


def week_of(first: date, locale: str) -> str:
    """`semana de 9 de novembro de 2026`."""
    return f"{_WEEK_OF[locale]} {locales.day(first, locale)}"


_WEEK_OF = {"pt_BR": "semana de", "en": "week of", "es": "semana del"}


def grouped(days: Sequence[ChartDay]) -> tuple[Grouping, list[list[ChartDay]]]:
    """Few days each for itself, more in groups of 7 that end with the last day, and weeks by their month."""
    if days and days[0].is_week:
        return "months", [list(group) for _, group in groupby(days, lambda day: (day.first.year, day.first.month))]
    if len(days) <= _FEW:
        return "days", [[day] for day in days]
    first = len(days) % 7 or 7
    return "weeks", [list(days[:first]), *(list(days[at : at + 7]) for at in range(first, len(days), 7))]


def last_of(day: ChartDay) -> date:
    return day.first + timedelta(days=6 if day.is_week else 0)
