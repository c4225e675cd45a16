"""When tickets come: a cell for each hour of each weekday, the darker (in dark mode the lighter) the more."""

from collections.abc import Iterator
from math import ceil

from mailtickets.desk.figures import wording
from mailtickets.desk.figures.report import DeskReport
from mailtickets.views.charts.colours import STEPS, Paint
from mailtickets.views.charts.scales import short_count
from mailtickets.views.charts.scales import width as text_width
from mailtickets.views.charts.sentences import at_hour, counted, nothing
from mailtickets.views.charts.sheet import Sheet, bar, text, told, widest
from mailtickets.views.charts.words import WORDS

_TALL = 23
_GAP = 1.5


def drawn(report: DeskReport, sheet: Sheet, top: float) -> tuple[list[str], float]:
    """The elements below `top`, and where they end."""
    names = [wording.weekday(number, sheet.locale) for number in range(7)]
    left = sheet.margin + widest(sheet, names) + 4
    wide = (sheet.width - sheet.margin - left) / 24
    most = max(report.hours.values(), default=0)
    parts: list[str] = []
    for weekday, name in enumerate(names):
        y = top + 2 + weekday * _TALL
        parts.append(text(sheet, (sheet.margin, y + _TALL / 2 + sheet.text * 0.36), name))
        for hour in range(24):
            count = report.hours.get((weekday, hour), 0)
            cell = bar(step(count, most), (left + hour * wide, y), (wide - _GAP, _TALL - _GAP), round_=2)
            told_of = f"{at_hour(weekday, hour, sheet.locale)}: {counted(count, 'ticket', sheet.locale)}"
            parts.append(told(told_of, cell) if count and not sheet.alone else cell)
    y = top + 7 * _TALL + sheet.text + 2
    parts += _hours(sheet, left, wide, y)
    y += sheet.line
    parts += _legend(sheet, report, most, y)
    return parts, y + 4


def step(count: int, most: int) -> Paint:
    """The paint of a cell: in proportion to the largest number; 0 is a step of its own."""
    return STEPS[ceil(count * (len(STEPS) - 1) / most)] if count else STEPS[0]


def _hours(sheet: Sheet, left: float, wide: float, y: float) -> Iterator[str]:
    """Labels of hours, where they begin: as many as have room."""
    most = max(text_width(wording.hour_of_day(hour, sheet.locale), sheet.text) for hour in range(24)) + sheet.text * 0.4
    every = next(every for every in (2, 3, 4, 6, 12) if every * wide >= most or every == 12)
    for hour in range(0, 24, every):
        yield text(sheet, (left + hour * wide, y), wording.hour_of_day(hour, sheet.locale))


def _legend(sheet: Sheet, report: DeskReport, most: int, y: float) -> Iterator[str]:
    """The steps from 0 to the largest number, and when that was."""
    if not most:
        yield text(sheet, (sheet.margin, y), nothing("hours", sheet.locale))
        return
    size, x = sheet.text * 0.9, sheet.margin
    yield text(sheet, (x, y), "0")
    x += text_width("0", sheet.text) + 5
    for paint in STEPS:
        yield bar(paint, (x, y - size + 1), (size, size), round_=2)
        x += size + 1.5
    words = short_count(most, sheet.locale)
    yield text(sheet, (x + 4, y), words)
    weekday, hour = max(sorted(report.hours), key=lambda place: report.hours[place])
    when = f"{wording.weekday(weekday, sheet.locale)} {wording.hour_of_day(hour, sheet.locale)}"
    said = WORDS[sheet.locale]["most"].format(when=when, count=words)
    yield text(sheet, (sheet.width - sheet.margin, y), said, anchor="end")
