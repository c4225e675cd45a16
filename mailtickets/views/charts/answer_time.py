"""How long the first answer took: the median as a line with dots, the p90 as a dashed line with squares.

A hollow mark means "at least": so many tickets of that day still wait that the true figure may be higher. Days without
tickets leave a gap.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from mailtickets.desk.figures.report import DeskReport, Times
from mailtickets.views.charts.colours import Paint
from mailtickets.views.charts.days import ChartDay, chart_days
from mailtickets.views.charts.scales import short_time, times
from mailtickets.views.charts.scales import width as text_width
from mailtickets.views.charts.sentences import TimePart, figure, nothing, time_of, when
from mailtickets.views.charts.sheet import Plot, Sheet, bar, day_labels, dot, grid, line, text, told, widest
from mailtickets.views.charts.sheet import nothing as says_nothing
from mailtickets.views.charts.words import WORDS

_TALL = 140
_MARKS_UNTIL = 46
"""With more days than that, marks would touch: only those are drawn that the line does not show."""


def drawn(report: DeskReport, sheet: Sheet, top: float) -> tuple[list[str], float]:
    """The elements below `top`, and where they end."""
    days = chart_days(report.days)
    known = [value for day in days for value in (_times(day).median, _times(day).p90) if value is not None]
    ticks = times(max(known, default=timedelta()))
    labels = [short_time(tick, sheet.locale) for tick in ticks]
    legend, begin = _legend(sheet, top, hollow=any(_times(day).p90_at_least for day in days))
    left = sheet.margin + widest(sheet, labels) + 6
    plot = Plot(left, sheet.width - sheet.margin, begin, begin + _TALL, len(days))
    parts = [
        *legend,
        *grid(sheet, plot, [(tick / ticks[-1], label) for tick, label in zip(ticks, labels, strict=True)]),
    ]
    if known:
        parts += _series(days, plot, ticks[-1], "p90")
        parts += _series(days, plot, ticks[-1], "median")
        parts += _hints(sheet, plot, days)
    else:
        parts.append(says_nothing(sheet, plot, nothing("answer-time", sheet.locale)))
    bottom = plot.bottom + sheet.line
    parts += day_labels(sheet, plot, [day.first for day in days], bottom)
    return parts, bottom + 4


def _times(day: ChartDay) -> Times:
    return day.figures.first_answer


def _value(day: ChartDay, part: TimePart) -> tuple[timedelta | None, bool]:
    return figure(_times(day), part)


def _series(days: Sequence[ChartDay], plot: Plot, top: timedelta, part: TimePart) -> Iterator[str]:
    """The line, broken where a day has no figure, and its marks."""
    run: list[tuple[float, float]] = []
    marks: list[str] = []
    for place, day in enumerate([*days, None]):
        value, at_least = _value(day, part) if day else (None, False)
        if value is None:
            yield from _run(run, part)
            run = []
            continue
        run.append((plot.x(place), plot.y(value / top)))
        alone = len(run) == 1 and (place + 1 == len(days) or _value(days[place + 1], part)[0] is None)
        if len(days) <= _MARKS_UNTIL or at_least or alone:
            marks.append(_mark(run[-1], part, hollow=at_least))
    yield from marks


def _run(points: Sequence[tuple[float, float]], part: TimePart) -> Iterator[str]:
    if len(points) > 1:
        name: Paint = "in-line" if part == "median" else "out-line"
        yield line(name, points, thick=2.2 if part == "median" else 1.8, dashed=part == "p90")


def _mark(at: tuple[float, float], part: TimePart, *, hollow: bool) -> str:
    x, y = at
    if part == "median":
        return dot("in", at, 3.4) + (dot("hollow", at, 1.9) if hollow else "")
    outer = bar("out", (x - 3.2, y - 3.2), (6.4, 6.4))
    return outer + (bar("hollow", (x - 1.7, y - 1.7), (3.4, 3.4)) if hollow else "")


def _legend(sheet: Sheet, top: float, *, hollow: bool) -> tuple[list[str], float]:
    """What the two lines are, and hollow marks; as many lines of text as it takes."""
    parts: list[str] = []
    x, y = sheet.margin, top + sheet.text
    entries: tuple[TimePart, ...] = ("median", "p90")
    for part in entries:
        words = WORDS[sheet.locale][part]
        needed = 30 + text_width(words, sheet.text)
        if x > sheet.margin and x + needed > sheet.width - sheet.margin:
            x, y = sheet.margin, y + sheet.line
        middle = y - sheet.text * 0.36
        parts += [*_run([(x, middle), (x + 24, middle)], part), _mark((x + 12, middle), part, hollow=False)]
        parts.append(text(sheet, (x + 30, y), words, name="ink"))
        x += needed + 14
    if hollow:
        y += sheet.line
        parts += [_mark((sheet.margin + 12, y - sheet.text * 0.36), "p90", hollow=True)]
        parts.append(text(sheet, (sheet.margin + 30, y), WORDS[sheet.locale]["at_least"]))
    return parts, y + sheet.line * 0.8


def _hints(sheet: Sheet, plot: Plot, days: Sequence[ChartDay]) -> Iterator[str]:
    """Both figures of each day, for those who point at it."""
    if sheet.alone:
        return
    wide, tall, words = plot.slot, plot.bottom - plot.top, WORDS[sheet.locale]
    for place, day in enumerate(days):
        if _times(day).median is not None:
            median, p90 = time_of(_times(day), "median", sheet.locale), time_of(_times(day), "p90", sheet.locale)
            said = f"{when(day, sheet.locale)}: {words['median']}: {median}; {words['p90']}: {p90}"
            yield told(said, bar("hit", (plot.x(place) - wide / 2, plot.top), (wide, tall)))
