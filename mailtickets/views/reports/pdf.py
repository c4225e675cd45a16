"""A report as PDF, for paper and for archives. Needs the extra `pdf` (fpdf2), and the font that comes with the program.

In: a report, a locale, PNG pictures with what they say in words. Out: octets of a PDF in A4.
Fails with: ImportError without the extra. Limits: signs that DejaVu Sans does not have (Chinese, emoji) become boxes.
"""

from collections.abc import Sequence
from datetime import datetime
from io import BytesIO
from pathlib import Path

from fpdf import FPDF
from fpdf.enums import TableBordersLayout, XPos, YPos
from fpdf.fonts import FontFace

from mailtickets.desk.figures import wording
from mailtickets.desk.figures.report import DeskReport
from mailtickets.desk.figures.shown import ShownReport, ShownTable, show
from mailtickets.views.reports.lines import bar

_FONT = "DejaVu"
_INK, _SOFT, _LINE, _BLUE, _RED = (22, 25, 31), (91, 100, 114), (176, 182, 190), (58, 105, 190), (194, 65, 12)
_MARGIN = 18
_ROW = 6
"""Millimetres between lines of a table."""

Picture = tuple[bytes, str]
"""A PNG, and what it says."""


def document(
    report: DeskReport, locale: str, pictures: Sequence[Picture], *, font: Path, desk: str, made: datetime, made_by: str
) -> bytes:
    """The whole file. `desk`: the name of the desk; `made_by`: the line at the foot of each page."""
    shown = show(report, locale)
    pdf = _Paper(font, made_by)
    pdf.set_title(f"{shown.title}, {shown.period}")
    pdf.set_lang(shown.lang)
    pdf.set_creator("mailtickets")
    pdf.set_creation_date(made)
    pdf.add_page()
    _opening(pdf, shown, desk)
    for table in shown.tables:
        _table(pdf, table)
    for picture, said in pictures:
        pdf.ln(4)
        pdf.image(BytesIO(picture), w=min(pdf.epw, 140), alt_text=said)
    _comments(pdf, shown)
    pdf.ln(3)
    for note in shown.notes:
        pdf.say(note, 8, _SOFT)
    return bytes(pdf.output())


class _Paper(FPDF):
    """Pages with a number and a line at their foot."""

    def __init__(self, font: Path, made_by: str) -> None:
        super().__init__(format="A4")
        self.made_by = made_by
        self.set_margin(_MARGIN)
        self.set_auto_page_break(True, margin=_MARGIN)
        self.add_font(_FONT, fname=font)
        self.set_draw_color(*_LINE)
        self.set_line_width(0.15)

    def footer(self) -> None:
        self.set_y(-_MARGIN + 4)
        self.set_font(_FONT, size=7)
        self.set_text_color(*_SOFT)
        self.cell(self.epw / 2, 4, self.made_by)
        self.cell(self.epw / 2, 4, str(self.page_no()), align="R")

    def say(self, text: str, size: float, colour: tuple[int, int, int] = _INK) -> None:
        """A paragraph."""
        self.set_font(_FONT, size=size)
        self.set_text_color(*colour)
        self.multi_cell(0, size * 0.52, wording.unbroken(text), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(1.5)


def _opening(pdf: _Paper, shown: ShownReport, desk: str) -> None:
    pdf.say(" · ".join(filter(None, (shown.title, desk))), 18)
    pdf.say(f"{shown.period} · {shown.queues}", 9, _SOFT)
    pdf.say(shown.sentence, 12)
    for line in shown.sums:
        pdf.say(line, 9)


def _table(pdf: _Paper, table: ShownTable) -> None:
    """A caption and its table. Heads are said again on a new page."""
    if pdf.will_page_break(5 * _ROW):
        pdf.add_page()
    pdf.ln(4)
    pdf.say(table.caption, 11)
    pdf.set_font(_FONT, size=8.5)
    bars = any(row.bar is not None for row in table.rows)
    with pdf.table(
        borders_layout=TableBordersLayout.HORIZONTAL_LINES,
        headings_style=FontFace(color=_SOFT, size_pt=7.5, emphasis=""),
        col_widths=_widths(table, bars),
        text_align=_sides(table, bars),
        line_height=_ROW * 0.72,
        padding=(0.8, 1),
    ) as drawn:
        first, *others = table.heads
        drawn.row([first, *([""] if bars else []), *others])
        for row in table.rows:
            line = drawn.row()
            line.cell(row.head, style=FontFace(color=_INK))
            if bars:
                line.cell(bar(row.bar or 0), style=FontFace(color=_BLUE))
            for cell in row.cells:
                line.cell(wording.unbroken(cell), style=FontFace(color=_INK))
    if table.more:
        pdf.ln(1)
        pdf.say(table.more, 8, _SOFT)


def _widths(table: ShownTable, bars: bool) -> tuple[int, ...]:
    """The first column is the widest; its shares are those of the whole width."""
    others = [2] * (len(table.heads) - 1)
    return (5 if table.key == "oldest" else 3, *([3] if bars else []), *others)


def _sides(table: ShownTable, bars: bool) -> tuple[str, ...]:
    side = "RIGHT" if table.numeric else "LEFT"
    return ("LEFT", *(["LEFT"] if bars else []), *([side] * (len(table.heads) - 1)))


def _comments(pdf: _Paper, shown: ShownReport) -> None:
    if not shown.comments:
        return
    pdf.ln(4)
    pdf.say(shown.comments_caption, 11)
    for comment in shown.comments:
        pdf.say(comment.text, 9.5, _RED if comment.low else _INK)
        pdf.say(f"{comment.said_by} · {comment.became}", 8, _SOFT)
        pdf.ln(1)
