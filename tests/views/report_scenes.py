"""Reports as charts must show them: an ordinary month, one day, a year by week, nothing at all, much too much."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from math import sin

from mailtickets.desk.figures.interval import wilson
from mailtickets.desk.figures.report import (
    Counts,
    DeskReport,
    Period,
    ReportFigures,
    ReportRow,
    Satisfaction,
    Times,
)

FIRST = date(2026, 11, 1)


def _wave(place: int, seed: float) -> float:
    """From 0 to 1, irregular and always the same."""
    return abs(sin(place * 12.9898 + seed * 78.233) * 43758.5453) % 1


def times(median: timedelta | None, p90: timedelta | None, n: int, waiting: int = 0) -> Times:
    return Times(n, waiting, median, p90, median_at_least=waiting * 2 > n, p90_at_least=waiting * 10 > n)


def ratings(answered: int, good: int, asked: int = 0) -> Satisfaction:
    low, high = wilson(good, answered) if answered else (None, None)
    return Satisfaction(asked or answered * 4, answered, good, low, high)


def figures(day: date, scale: float, backlog: int) -> ReportFigures:
    place, free = day.toordinal(), day.weekday() > 4
    opened = round((2 if free else 18 + 9 * _wave(place, 1)) * scale)
    resolved = round((0 if free else 18.3 + 10 * _wave(place, 2)) * scale)
    minutes = 35 + 150 * _wave(place, 3)
    waiting = 3 if day.day > 28 else 0
    answered = round((0 if free else 3 * _wave(place, 4)) * max(scale, 0.4))
    return ReportFigures(
        Counts(received=opened * 3, opened=opened, counted=opened, resolved=resolved, backlog=backlog),
        first_answer=times(timedelta(minutes=minutes), timedelta(minutes=minutes * 3.4), opened, waiting)
        if not free
        else Times(),
        satisfaction=ratings(answered, min(answered, round(answered * (0.7 + 0.4 * _wave(place, 5))))),
    )


def rows(days: int, scale: float = 1.0, first: date = FIRST) -> tuple[ReportRow, ...]:
    made, backlog = [], 41
    for place in range(days):
        day = first + timedelta(days=place)
        of_day = figures(day, scale, 0)
        backlog = max(3, backlog + of_day.counts.opened - of_day.counts.resolved)
        made.append(ReportRow(day.isoformat(), figures(day, scale, backlog)))
    return tuple(made)


def report(days: tuple[ReportRow, ...], period: Period, hours: Mapping[tuple[int, int], int]) -> DeskReport:
    """The totals are the sums of the days; its times are those of the middle day."""
    opened = sum(row.figures.counts.opened for row in days)
    resolved = sum(row.figures.counts.resolved for row in days)
    good = sum(row.figures.satisfaction.good for row in days)
    answered = sum(row.figures.satisfaction.answered for row in days)
    timed = sorted(row.figures.first_answer.median for row in days if row.figures.first_answer.median is not None)
    middle = timed[len(timed) // 2] if timed else None
    waiting = sum(row.figures.first_answer.waiting for row in days)
    total = ReportFigures(
        Counts(
            opened=opened,
            counted=opened - opened // 25 - opened // 40,
            excluded={"merged": opened // 25, "spam": opened // 40},
            resolved=resolved,
            backlog=days[-1].figures.counts.backlog if days else 0,
        ),
        first_answer=times(middle, middle * 3 if middle is not None else None, opened, waiting) if timed else Times(),
        satisfaction=ratings(answered, good),
    )
    earlier = round(opened * 0.82)
    before = replace(total, counts=replace(total.counts, opened=earlier, counted=earlier))
    return DeskReport("", period, ("suporte",), True, total, before, days=days, hours=hours)


def office_hours(scale: float) -> dict[tuple[int, int], int]:
    shape = (0, 0, 0, 0, 0, 1, 1, 2, 6, 12, 14, 11, 5, 8, 12, 11, 9, 6, 3, 2, 1, 1, 0, 0)
    return {
        (weekday, hour): count
        for weekday in range(7)
        for hour in range(24)
        if (count := round(shape[hour] * scale * (0.15 if weekday > 4 else 0.8 + 0.4 * _wave(weekday * 24 + hour, 6))))
    }


def month() -> DeskReport:
    return report(rows(30), Period(FIRST, FIRST + timedelta(days=29)), office_hours(1))


def week() -> DeskReport:
    return report(rows(7, first=date(2026, 11, 16)), Period(date(2026, 11, 16), date(2026, 11, 22)), office_hours(0.3))


def one_day() -> DeskReport:
    return report(
        rows(1, first=date(2026, 11, 3)), Period(date(2026, 11, 3), date(2026, 11, 3)), {(1, 9): 4, (1, 15): 1}
    )


def quarter() -> DeskReport:
    first = date(2026, 7, 1)
    return report(rows(92, first=first), Period(first, date(2026, 9, 30)), office_hours(3))


def year() -> DeskReport:
    """366 days: rows by week."""
    weeks, first = [], date(2024, 1, 1)
    for number in range(53):
        monday = first + timedelta(days=7 * number)
        year_, week_, _ = monday.isocalendar()
        of_week = figures(monday + timedelta(days=2), 5 + sin(number / 8), 60 + round(40 * sin(number / 6)))
        weeks.append(ReportRow(f"{year_}-W{week_:02}", of_week))
    return report(tuple(weeks), Period(first, date(2024, 12, 31)), office_hours(12))


def year_by_day() -> DeskReport:
    """366 rows: more than a report makes."""
    return report(rows(366, first=date(2024, 1, 1)), Period(date(2024, 1, 1), date(2024, 12, 31)), office_hours(12))


def empty() -> DeskReport:
    days = tuple(ReportRow((FIRST + timedelta(days=place)).isoformat(), ReportFigures()) for place in range(30))
    return report(days, Period(FIRST, FIRST + timedelta(days=29)), {})


def without_rows() -> DeskReport:
    return report((), Period(FIRST, FIRST), {})


def huge() -> DeskReport:
    made = report(rows(30, 123_456.0), Period(FIRST, FIRST + timedelta(days=29)), office_hours(98_765))
    slow = [
        replace(row, figures=replace(row.figures, first_answer=times(timedelta(days=200), timedelta(days=4000), 9)))
        for row in made.days
    ]
    return replace(made, days=tuple(slow))


def tiny() -> DeskReport:
    """One ticket, answered in a second, and one rating."""
    of_day = ReportFigures(
        Counts(opened=1, counted=1, resolved=1, backlog=1),
        first_answer=times(timedelta(seconds=1), timedelta(seconds=1), 1),
        satisfaction=ratings(1, 1),
    )
    days = [ReportRow((FIRST + timedelta(days=place)).isoformat(), ReportFigures()) for place in range(30)]
    days[11] = replace(days[11], figures=of_day)
    return report(tuple(days), Period(FIRST, FIRST + timedelta(days=29)), {(3, 23): 1})


REPORTS: Mapping[str, Callable[[], DeskReport]] = {
    "month": month, "week": week, "one_day": one_day, "quarter": quarter, "year": year, "year_by_day": year_by_day,
    "empty": empty, "without_rows": without_rows, "huge": huge, "tiny": tiny,
}  # fmt: skip
