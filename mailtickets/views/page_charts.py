"""The charts of the status page: the figures of the last days as cards. In: a `DeskReport`. Out: a part of the page.

As on the rest of the page: no script, no attribute of style, and no word of a customer.
Making it takes some milliseconds, and reading the report more. So whoever serves the page keeps it for some minutes.
"""

from html import escape

from mailtickets.desk.figures import wording
from mailtickets.desk.figures.report import DeskReport
from mailtickets.desk.figures.shown import show
from mailtickets.views.charts import CHARTS, ChartName, inline, title
from mailtickets.views.page_words import WORDS
from mailtickets.words import locales

DAYS = 30


def cards(report: DeskReport, locale: str) -> str:
    """What has changed, in words, and every chart; empty for a desk in which nothing has happened."""
    counts = report.total.counts
    if not (counts.received or counts.opened or counts.resolved or counts.backlog):
        return ""
    heading = WORDS[locale]["last_days"].format(locales.count(report.period.days, locale))
    charts = "".join(_chart(report, which, locale) for which in CHARTS)
    return f'<h2 class="part">{escape(heading)}</h2><div class="grid charts">{_summary(report, locale)}{charts}</div>'


def _summary(report: DeskReport, locale: str) -> str:
    """The sentence of the report, how its numbers add up, and up to when they are complete."""
    shown = show(report, locale)
    missing = [wording.word(locale, "note_incomplete").format(report.complete_until)] if report.complete_until else []
    lines = "".join(f'<p class="soft">{escape(line)}</p>' for line in (*shown.sums, *missing))
    return (
        f'<section class="card third"><h2>{escape(shown.period)}</h2><p class="said">{escape(shown.sentence)}</p>'
        f"{lines}</section>"
    )


def _chart(report: DeskReport, which: ChartName, locale: str) -> str:
    heading = escape(title(report, which, locale))
    return f'<section class="card third"><h2>{heading}</h2>{inline(report, which, locale)}</section>'
