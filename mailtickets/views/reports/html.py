"""A report as HTML: `fragment` for the body of a mail, `page` for a file that a browser opens.

In: a report, a locale, and for a mail pictures that are HTML already. Out: HTML without a script and without anything
from elsewhere. Bars are cells of tables, so they are there where pictures are blocked. The styles of a fragment are in
its elements, as mail programs want them, and name no colour of text or ground: it is dark where its surroundings are.
"""

import re
from collections.abc import Iterator, Sequence
from html import escape

from mailtickets.desk.figures import wording
from mailtickets.desk.figures.report import DeskReport
from mailtickets.desk.figures.shown import ShownComment, ShownReport, ShownRow, ShownTable, show
from mailtickets.views import charts
from mailtickets.views.charts import ChartName

_BAR = "#4a7fd6"
"""Blue, in the middle between light and dark: 4 to 1 on white, 5 to 1 on black."""
_LONGEST = 110
"""Pixels of the longest bar: beside it, three numbers fit a phone."""
_LINE = "1px solid #9ca3af"
_WHOLE_WORDS = "overflow-wrap: normal; word-break: normal"
"""Of a cell: otherwise a narrow column would have one letter on a line."""
_LONG_WORD = re.compile(r"\S{17}")
"""A word that a phone has no room for: it may be broken anywhere."""

_STYLE = """
:root { color-scheme: light dark; --ground: #fff; --ink: #16191f; }
@media screen and (prefers-color-scheme: dark) { :root { --ground: #0f1216; --ink: #e8ebf0; } }
body {
  margin: 0 auto; padding: 20px 16px; max-width: 760px; background: var(--ground); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Liberation Sans", sans-serif;
  overflow-wrap: anywhere; font-variant-numeric: tabular-nums; -webkit-text-size-adjust: 100%;
}
h1 { font-size: 26px; line-height: 1.25; margin: 0 0 4px; }
h2 { font-size: 16px; font-weight: 600; margin: 0 0 6px; }
.pictures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 320px), 1fr)); gap: 0 24px; }
svg { width: 100%; max-width: 520px; height: auto; }
@media print {
  :root { color-scheme: light; }
  * { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
  tr, .picture, blockquote { break-inside: avoid; }
  caption { break-after: avoid; }
}
"""


def page(report: DeskReport, locale: str, *, desk: str = "", made: str = "") -> str:
    """The whole document, with its charts. `desk`: the name of the desk; `made`: a line that says when it was made."""
    shown, pictures = show(report, locale), [_chart(report, which, locale) for which in worth_showing(report)]
    title = escape(" · ".join(filter(None, (shown.title, desk))))
    body = f"<h1>{title}</h1>{_body(shown, pictures)}{_note(made) if made else ''}"
    return (
        f'<!doctype html>\n<html lang="{shown.lang}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><meta name="robots" content="noindex">'
        f"<title>{title}, {escape(shown.period)}</title><style>{charts.STYLE}{_STYLE}</style></head>"
        f"<body>{body}</body></html>\n"
    )


def fragment(report: DeskReport, locale: str, pictures: Sequence[str] = ()) -> str:
    """What a mail and a page have in common."""
    return _body(show(report, locale), pictures)


def worth_showing(report: DeskReport) -> list[ChartName]:
    """The charts that show more than a number or two: not those by day of a single day, nor those without figures."""
    total, many = report.total, len(report.days) > 1
    worth: dict[ChartName, bool] = {
        "volume": many and total.counts.opened + total.counts.resolved > 0,
        "backlog": many and total.counts.backlog + total.counts.resolved > 0,
        "answer-time": many and total.first_answer.n > 0,
        "satisfaction": many and total.satisfaction.answered > 0,
        "hours": bool(report.hours),
    }
    return [which for which in charts.CHARTS if worth[which]]


def _chart(report: DeskReport, which: ChartName, locale: str) -> str:
    return f"<h2>{escape(charts.title(report, which, locale))}</h2>{charts.inline(report, which, locale)}"


def image(source: str, alternative: str) -> str:
    """A picture for `pictures`: `cid:...` or a `data:` address, and what it says in words."""
    style = "display: block; width: 100%; max-width: 480px; height: auto; border: 0"
    return f'<img src="{escape(source)}" alt="{escape(alternative)}" width="480" style="{style}">'


def _body(shown: ShownReport, pictures: Sequence[str]) -> str:
    """The sentence, the tables, the pictures, and what customers wrote; how to read it at the end."""
    return "".join((
        _paragraph(f"{shown.period} · {shown.queues}", "margin: 0 0 12px; font-size: 14px; opacity: 0.75"),
        _paragraph(shown.sentence, "margin: 0 0 16px; font-size: 19px; line-height: 1.35; font-weight: 600"),
        *(_paragraph(line, "margin: 0 0 8px; font-size: 14px") for line in shown.sums),
        *(_table(table) for table in shown.tables if table.key != "oldest"),
        _pictures(pictures),
        *(_table(table) for table in shown.tables if table.key == "oldest"),
        _comments(shown),
        *(_note(note) for note in shown.notes),
    ))  # fmt: skip


def _pictures(pictures: Sequence[str]) -> str:
    """Below each other in a mail; side by side on a page that is wide enough."""
    inner = "".join(f'<div class="picture" style="margin: 24px 0 0">{picture}</div>' for picture in pictures)
    return f'<div class="pictures">{inner}</div>' if inner else ""


def _paragraph(text: str, style: str) -> str:
    return f'<p style="{style}">{_escaped(text)}</p>'


def _escaped(text: str) -> str:
    return escape(wording.unbroken(text))


def _note(text: str) -> str:
    return _paragraph(text, "margin: 12px 0 0; font-size: 13px; opacity: 0.75")


# --- tables ---------------------------------------------------------------------------------------------------


def _table(table: ShownTable) -> str:
    caption = "text-align: left; font-size: 16px; font-weight: 600; padding: 0 0 6px"
    return (
        '<table style="width: 100%; margin: 24px 0 0; border-collapse: collapse; font-size: 14px; line-height: 1.35">'
        f'<caption style="{caption}">{escape(table.caption)}</caption>'
        f"<thead><tr>{''.join(_heads(table))}</tr></thead>"
        f"<tbody>{''.join(_row(row, table) for row in table.rows)}</tbody></table>"
        + (_note(table.more) if table.more else "")
    )


def _heads(table: ShownTable) -> Iterator[str]:
    """The heads of the columns. The head of the first is not said again where it is the caption."""
    first, *others = table.heads
    style = f"font-size: 12px; font-weight: 400; line-height: 1.25; vertical-align: bottom; {_WHOLE_WORDS}"
    yield f'<th scope="col" style="padding: 4px 0; text-align: left; {style}">{escape(first)}</th>'
    for head in others:
        yield f'<th scope="col" style="padding: 4px 0 4px 8px; text-align: {_side(table)}; {style}">{escape(head)}</th>'


def _side(table: ShownTable) -> str:
    return "right" if table.numeric else "left"


def _row(row: ShownRow, table: ShownTable) -> str:
    breaks = "overflow-wrap: anywhere" if _LONG_WORD.search(row.head) else _WHOLE_WORDS
    head = f"padding: 6px 0; border-top: {_LINE}; text-align: left; font-weight: 400; vertical-align: top; {breaks}"
    cell = (
        f"padding: 6px 0 6px 8px; border-top: {_LINE}; text-align: {_side(table)}; vertical-align: top; {_WHOLE_WORDS}"
    )
    cells = "".join(f'<td style="{cell}">{_escaped(text)}</td>' for text in row.cells)
    bar = "" if row.bar is None else _bar(row.bar)
    return f'<tr><th scope="row" style="{head}">{escape(row.head)}{bar}</th>{cells}</tr>'


def _bar(percent: int) -> str:
    """A bar of this length. It says what the first number of its row says: it is nothing to be read out."""
    if not percent:
        return ""
    flat = "height: 6px; font-size: 1px; line-height: 6px; padding: 0"
    pixels = max(round(percent * _LONGEST / 100), 1)
    return (
        '<table role="presentation" aria-hidden="true" cellpadding="0" cellspacing="0" style="margin: 3px 0 0">'
        f'<tr><td width="{pixels}" bgcolor="{_BAR}" style="{flat}; width: {pixels}px; background: {_BAR}">&nbsp;</td>'
        "</tr></table>"
    )


# --- comments -------------------------------------------------------------------------------------------------


def _comments(shown: ShownReport) -> str:
    if not shown.comments:
        return ""
    title = f'<p style="margin: 24px 0 6px; font-weight: 600">{escape(shown.comments_caption)}</p>'
    return title + "".join(map(_comment, shown.comments))


def _comment(comment: ShownComment) -> str:
    edge = "#c2410c" if comment.low else "#9ca3af"
    return (
        f'<blockquote style="margin: 0 0 12px; padding: 0 0 0 12px; border-left: 3px solid {edge}; font-size: 15px">'
        f"{escape(comment.text)}"
        f'<br><span style="font-size: 13px; opacity: 0.75">{escape(comment.said_by)} · {escape(comment.became)}</span>'
        "</blockquote>"
    )
