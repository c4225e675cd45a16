"""Charts of reports as SVG, and in sentences.

In: a `DeskReport`, the name of a chart, a locale. Out: text; the same report gives the same text.
Two forms: `svg` is a picture of its own, with heading and ground, for mail (`gateway.charts` makes a PNG of it);
`inline` is for a page that has `STYLE` in its <style>, follows its colours and has no heading.
Fails with: nothing that a report may hold. Without figures a chart says so.
"""

from collections.abc import Callable, Mapping
from html import escape

from mailtickets.desk.figures import wording
from mailtickets.desk.figures.report import DeskReport
from mailtickets.views.charts import answer_time, backlog, hours, satisfaction, sentences, volume
from mailtickets.views.charts.colours import STYLE
from mailtickets.views.charts.sheet import Sheet, bar, number, text
from mailtickets.views.charts.words import CHARTS, ChartName

__all__ = ["CHARTS", "STYLE", "ChartName", "alt", "inline", "svg", "title"]

PICTURE_WIDTH, PAGE_WIDTH = 440, 340
"""In pixels: about as wide as a phone shows them, so that text keeps its size there."""
_PICTURE_TEXT, _PAGE_TEXT, _HEADING = 13.0, 12.0, 15.0

_DRAWN: Mapping[ChartName, Callable[[DeskReport, Sheet, float], tuple[list[str], float]]] = {
    "volume": volume.drawn,
    "backlog": backlog.drawn,
    "answer-time": answer_time.drawn,
    "satisfaction": satisfaction.drawn,
    "hours": hours.drawn,
}


def svg(report: DeskReport, which: ChartName, locale: str) -> str:
    """A chart as a file of its own: a light card that can be read on light and on dark."""
    sheet = Sheet(PICTURE_WIDTH, _PICTURE_TEXT, alone=True, locale=locale)
    head = sheet.margin + _HEADING
    when = wording.period(report.period, locale)
    heading = text(sheet, (sheet.margin, head), title(report, which, locale), name="ink")
    parts, bottom = _DRAWN[which](report, sheet, head + sheet.line + 12)
    high = bottom + sheet.margin - 4
    ground = bar("ground", (0, 0), (sheet.width, high))
    edge = bar("edge", (0.5, 0.5), (sheet.width - 1, high - 1))
    return _document(
        sheet,
        high,
        f'xmlns="http://www.w3.org/2000/svg" width="{sheet.width}" height="{number(high)}"',
        [
            ground,
            edge,
            heading.replace("<text ", f'<text font-size="{number(_HEADING)}" ', 1),
            text(sheet, (sheet.margin, head + sheet.line), when),
            *parts,
        ],
    )


def inline(report: DeskReport, which: ChartName, locale: str) -> str:
    """A chart for a page with `STYLE`, as wide as its place. At most one of each name in a page: it has ids."""
    sheet = Sheet(PAGE_WIDTH, _PAGE_TEXT, alone=False, locale=locale)
    parts, bottom = _DRAWN[which](report, sheet, 0)
    said = (
        f'<title id="chart-{which}">{escape(title(report, which, locale), quote=False)}</title>'
        f'<desc id="chart-{which}-desc">{escape(alt(report, which, locale), quote=False)}</desc>'
    )
    named = f'role="img" aria-labelledby="chart-{which} chart-{which}-desc"'
    return _document(sheet, bottom, f'class="chart-of-report" {named}', [said, *parts])


def alt(report: DeskReport, which: ChartName, locale: str) -> str:
    """What the chart shows, in sentences."""
    return sentences.sentence(report, which, locale)


def title(report: DeskReport, which: ChartName, locale: str) -> str:
    """The heading of a chart: what it shows, by day or by week."""
    return sentences.title(report, which, locale)


def _document(sheet: Sheet, high: float, attributes: str, parts: list[str]) -> str:
    font = f'font-family="DejaVu Sans, sans-serif" font-size="{number(sheet.text)}"'
    return f'<svg {attributes} viewBox="0 0 {sheet.width} {number(high)}" {font}>{"".join(parts)}</svg>'
