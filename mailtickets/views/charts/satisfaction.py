"""How satisfied customers were: the share of ratings of 4 and 5 with its 95 % interval, and how many ratings.

Few ratings say little, and the interval shows it: so days are drawn by week where there are many.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from mailtickets.desk.figures import wording
from mailtickets.desk.figures.interval import wilson
from mailtickets.desk.figures.report import DeskReport, Period
from mailtickets.views.charts import days as day_words
from mailtickets.views.charts.days import ChartDay, chart_days, grouped
from mailtickets.views.charts.scales import short_count
from mailtickets.views.charts.scales import width as text_width
from mailtickets.views.charts.sentences import counted, nothing
from mailtickets.views.charts.sheet import Plot, Sheet, area, bar, day_labels, dot, grid, line, text, told, widest
from mailtickets.views.charts.sheet import nothing as says_nothing
from mailtickets.views.charts.words import WORDS

_TALL = 130
_TICKS = (0.0, 0.5, 1.0)


@dataclass(frozen=True, slots=True)
class _Ratings:
    """Ratings of some days."""

    first: date
    last: date
    good: int
    count: int


def drawn(report: DeskReport, sheet: Sheet, top: float) -> tuple[list[str], float]:
    """The elements below `top`, and where they end."""
    groups = [_together(group) for group in grouped(chart_days(report.days))[1]]
    labels = [wording.percent(tick, sheet.locale) for tick in _TICKS]
    legend, begin = _legend(sheet, top)
    left = sheet.margin + widest(sheet, [*labels, WORDS[sheet.locale]["ratings"]]) + 6
    plot = Plot(left, sheet.width - sheet.margin, begin, begin + _TALL, len(groups))
    parts = [*legend, *grid(sheet, plot, list(zip(_TICKS, labels, strict=True)))]
    days_at = plot.bottom + sheet.line
    if any(group.count for group in groups):
        parts[len(legend) : len(legend)] = _whole(report, plot)
        parts += [part for place, group in enumerate(groups) for part in _point(sheet, plot, place, group)]
        parts += _numbers(sheet, plot, groups, days_at + sheet.line)
    else:
        parts.append(says_nothing(sheet, plot, nothing("satisfaction", sheet.locale)))
    parts += day_labels(sheet, plot, [group.first for group in groups], days_at)
    return parts, days_at + sheet.line + 4


def _together(group: Sequence[ChartDay]) -> _Ratings:
    found = [day.figures.satisfaction for day in group]
    good, count = sum(one.good for one in found), sum(one.answered for one in found)
    return _Ratings(group[0].first, day_words.last_of(group[-1]), good, count)


def _whole(report: DeskReport, plot: Plot) -> list[str]:
    """The interval of the whole period, as a band."""
    found = report.total.satisfaction
    if found.score is None:
        return []
    low, high = (plot.y(share) for share in wilson(found.good, found.answered))
    return [area("in-area", [(plot.left, low), (plot.right, low), (plot.right, high), (plot.left, high)])]


def _point(sheet: Sheet, plot: Plot, place: int, group: _Ratings) -> Iterator[str]:
    """A dot, and its interval as a line with ends."""
    if not group.count:
        return
    x, share = plot.x(place), group.good / group.count
    low, high = wilson(group.good, group.count)
    end = min(5.0, plot.slot * 0.3)
    parts = [line("out-line", [(x, plot.y(low)), (x, plot.y(high))], thick=2)]
    parts += [line("out-line", [(x - end, plot.y(at)), (x + end, plot.y(at))], thick=2) for at in (low, high)]
    said = f"{counted(group.count, 'rating', sheet.locale)}: {wording.percent(share, sheet.locale)}"
    when = wording.period(Period(group.first, group.last), sheet.locale)
    interval = f"{wording.percent(low, sheet.locale)}–{wording.percent(high, sheet.locale)}"
    yield told(f"{when}: {said} ({interval})", *parts, dot("in", (x, plot.y(share)), min(4.5, plot.slot * 0.45)))


def _numbers(sheet: Sheet, plot: Plot, groups: Sequence[_Ratings], y: float) -> Iterator[str]:
    """How many ratings each dot stands on, below it."""
    yield text(sheet, (plot.left - 5, y), WORDS[sheet.locale]["ratings"], anchor="end")
    free_from = plot.left
    for place, group in enumerate(groups):
        words = short_count(group.count, sheet.locale)
        half = text_width(words, sheet.text) / 2
        if plot.x(place) - half >= free_from:
            yield text(sheet, (plot.x(place), y), words, anchor="middle")
            free_from = plot.x(place) + half + 3


def _legend(sheet: Sheet, top: float) -> tuple[list[str], float]:
    x, y, words = sheet.margin, top + sheet.text, WORDS[sheet.locale]
    parts: list[str] = []
    middle, tall = y - sheet.text * 0.36, sheet.text * 0.55
    for key in ("good", "interval", "whole"):
        needed = 18 + text_width(words[key], sheet.text)
        if x > sheet.margin and x + needed > sheet.width - sheet.margin:
            x, y, middle = sheet.margin, y + sheet.line, middle + sheet.line
        if key == "good":
            parts.append(dot("in", (x + 6, middle), 4.5))
        elif key == "interval":
            parts.append(line("out-line", [(x + 6, middle - tall), (x + 6, middle + tall)], thick=2))
        else:
            parts.append(bar("in-area", (x, middle - tall), (12, tall * 2)))
        parts.append(text(sheet, (x + 18, y), words[key], name="ink"))
        x += needed + 14
    return parts, y + sheet.line * 0.8
