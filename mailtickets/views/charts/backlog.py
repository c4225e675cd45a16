"""How many tickets were unfinished at the end of each day: a line over an area, from 0 on."""

from mailtickets.desk.figures.report import DeskReport
from mailtickets.views.charts.days import ChartDay, chart_days
from mailtickets.views.charts.scales import counts, short_count
from mailtickets.views.charts.scales import width as text_width
from mailtickets.views.charts.sentences import counted, nothing, when
from mailtickets.views.charts.sheet import Plot, Sheet, area, bar, day_labels, dot, grid, line, text, told, widest
from mailtickets.views.charts.sheet import nothing as says_nothing

_TALL = 176


def drawn(report: DeskReport, sheet: Sheet, top: float) -> tuple[list[str], float]:
    """The elements below `top`, and where they end."""
    days = chart_days(report.days)
    ticks = counts(max((_open(day) for day in days), default=0), 4)
    labels = [short_count(tick, sheet.locale) for tick in ticks]
    left = sheet.margin + widest(sheet, labels) + 6
    plot = Plot(left, sheet.width - sheet.margin, top + sheet.text * 0.8, top + sheet.text * 0.8 + _TALL, len(days))
    parts = list(grid(sheet, plot, [(tick / ticks[-1], label) for tick, label in zip(ticks, labels, strict=True)]))
    if any(_open(day) for day in days):
        points = [(plot.x(place), plot.y(_open(day) / ticks[-1])) for place, day in enumerate(days)]
        parts[:0] = [area("in-area", [(points[0][0], plot.bottom), *points, (points[-1][0], plot.bottom)])]
        parts += [line("in-line", points, thick=2), *_last(sheet, plot, days, points[-1])]
        parts += _hints(sheet, plot, days)
    else:
        parts.append(says_nothing(sheet, plot, nothing("backlog", sheet.locale)))
    bottom = plot.bottom + sheet.line
    parts += day_labels(sheet, plot, [day.first for day in days], bottom)
    return parts, bottom + 4


def _open(day: ChartDay) -> int:
    return day.figures.counts.backlog


def _last(sheet: Sheet, plot: Plot, days: list[ChartDay], at: tuple[float, float]) -> list[str]:
    """The last number, beside its dot: above it, or below it where there is no room."""
    words = short_count(_open(days[-1]), sheet.locale)
    half = text_width(words, sheet.text) / 2
    x = min(at[0], plot.right - half)
    y = at[1] - 8 if at[1] - plot.top > sheet.text else at[1] + sheet.text + 6
    return [dot("in", at, 3.5), text(sheet, (x, y), words, anchor="middle", name="label")]


def _hints(sheet: Sheet, plot: Plot, days: list[ChartDay]) -> list[str]:
    """The number of each day, for those who point at it."""
    if sheet.alone:
        return []
    wide, tall = plot.slot, plot.bottom - plot.top
    return [
        told(
            f"{when(day, sheet.locale)}: {counted(_open(day), 'ticket', sheet.locale)}",
            bar("hit", (plot.x(place) - wide / 2, plot.top), (wide, tall)),
        )
        for place, day in enumerate(days)
    ]
