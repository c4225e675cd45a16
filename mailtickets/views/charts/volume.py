"""How many tickets were opened and resolved: bars upwards and downwards on the same scale, a pair for each day."""

from collections.abc import Iterator, Sequence

from mailtickets.desk.figures.report import DeskReport
from mailtickets.views.charts.colours import Paint
from mailtickets.views.charts.days import ChartDay, chart_days
from mailtickets.views.charts.scales import counts, short_count
from mailtickets.views.charts.sentences import counted, nothing, when
from mailtickets.views.charts.sheet import Plot, Sheet, bar, day_labels, line, text, told, widest
from mailtickets.views.charts.sheet import nothing as says_nothing
from mailtickets.words import locales

_TALL = 84
"""The height of each half."""
_SHORTEST = 1.5


def drawn(report: DeskReport, sheet: Sheet, top: float) -> tuple[list[str], float]:
    """The elements below `top`, and where they end."""
    days = chart_days(report.days)
    ticks = counts(max((max(_in(day), _out(day)) for day in days), default=0), 3)
    left = sheet.margin + widest(sheet, (short_count(tick, sheet.locale) for tick in ticks)) + 6
    right, begin = sheet.width - sheet.margin, top + sheet.line + sheet.text * 0.4
    above = Plot(left, right, begin, begin + _TALL, len(days))
    gap = sheet.line + 2
    below = Plot(left, right, above.bottom + gap + _TALL, above.bottom + gap, len(days))
    parts = [
        *_half(sheet, above, ticks),
        *_half(sheet, below, ticks),
        *_name(sheet, "in", "opened", report.total.counts.opened, top + sheet.text),
        *_name(sheet, "out", "resolved", report.total.counts.resolved, below.top + sheet.line + sheet.text * 0.4),
        *day_labels(sheet, above, [day.first for day in days], above.bottom + gap / 2 + sheet.text * 0.36),
    ]
    if not any(_in(day) or _out(day) for day in days):
        parts.append(says_nothing(sheet, above, nothing("volume", sheet.locale)))
    for place, day in enumerate(days):
        up = _bar(above, place, _in(day) / ticks[-1], "in")
        down = _bar(below, place, _out(day) / ticks[-1], "out")
        if up or down:
            words = [counted(_in(day), "opened", sheet.locale), counted(_out(day), "resolved", sheet.locale)]
            parts.append(told(f"{when(day, sheet.locale)}: {locales.series(words, sheet.locale)}", up, down))
    return parts, below.top + sheet.line + sheet.text * 0.4 + 4


def _in(day: ChartDay) -> int:
    return day.figures.counts.opened


def _out(day: ChartDay) -> int:
    return day.figures.counts.resolved


def _half(sheet: Sheet, plot: Plot, ticks: Sequence[int]) -> Iterator[str]:
    for tick in ticks:
        y = plot.y(tick / ticks[-1])
        yield line("grid" if tick else "axis", [(plot.left, y), (plot.right, y)])
        label = short_count(tick, sheet.locale)
        yield text(sheet, (plot.left - 5, y + sheet.text * 0.36), label, anchor="end")


def _name(sheet: Sheet, name: Paint, key: str, total: int, y: float) -> Iterator[str]:
    """What the bars of a half are, and their sum."""
    size = sheet.text * 0.8
    yield bar(name, (sheet.margin, y - size), (size, size), round_=2)
    yield text(sheet, (sheet.margin + size + 5, y), counted(total, key, sheet.locale), name="ink")


def _bar(plot: Plot, place: int, share: float, name: Paint) -> str:
    """A bar from the axis to a share of the scale; something is seen of the smallest number."""
    if not share:
        return ""
    tall = max(_SHORTEST, abs(plot.y(share) - plot.bottom))
    wide = min(plot.slot * 0.76, 28)
    y = plot.bottom if plot.top > plot.bottom else plot.bottom - tall
    return bar(name, (plot.x(place) - wide / 2, y), (wide, tall), round_=min(2, wide / 4))
