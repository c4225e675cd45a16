"""A report as text, for a terminal and for whoever reads mail as text: lines, tables, and bars made of blocks."""

from collections.abc import Iterator, Sequence
from textwrap import wrap

from mailtickets.desk.figures.report import DeskReport
from mailtickets.desk.figures.shown import ShownComment, ShownTable, show

_WIDTH = 100
_HEAD = 12
"""A head of a column wraps from so many characters on, unless its cells are longer."""
_BAR = 10
_EIGHTHS = " ▏▎▍▌▋▊▉"


def lines(report: DeskReport, locale: str) -> Iterator[str]:
    """The whole report. Every part is in its tables."""
    shown = show(report, locale, most_rows=None)
    yield f"{shown.title}: {shown.period} ({shown.queues})"
    yield ""
    yield from wrap(shown.sentence, _WIDTH)
    yield ""
    for line in shown.sums:
        yield from wrap(line, _WIDTH, subsequent_indent="  ")
    for table in shown.tables:
        yield ""
        yield table.caption
        yield from _table(table)
    if shown.comments:
        yield ""
        yield shown.comments_caption
    for comment in shown.comments:
        yield from _comment(comment)
    if shown.notes:
        yield ""
    for note in shown.notes:
        yield from wrap(note, _WIDTH, subsequent_indent="  ")


def _table(table: ShownTable) -> Iterator[str]:
    """Columns as wide as their longest cell; a bar behind the head of a row that has one."""
    rows = [[row.head, *row.cells] for row in table.rows]
    widest = [max(map(len, column)) for column in zip(*rows, strict=True)]
    heads = [wrap(head, max(_HEAD, width)) for head, width in zip(table.heads, widest, strict=True)]
    widths = [max(width, *map(len, head)) for head, width in zip(heads, widest, strict=True)]
    tall = max(map(len, heads))
    bars = any(row.bar is not None for row in table.rows)
    for place in range(tall):
        above = [head[place - tall + len(head)] if place >= tall - len(head) else "" for head in heads]
        yield _line(above, "" if bars else None, widths, table)
    for row, cells in zip(table.rows, rows, strict=True):
        yield _line(cells, bar(row.bar or 0) if bars else None, widths, table)


def _line(cells: Sequence[str], bar: str | None, widths: Sequence[int], table: ShownTable) -> str:
    """The head of the row, its bar if rows have one, and the cells."""
    first, *others = (
        cell.rjust(width) if place and table.numeric else cell.ljust(width)
        for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    drawn = () if bar is None else (bar.ljust(_BAR),)
    return f"  {'  '.join((first, *drawn, *others))}".rstrip()


def bar(percent: int) -> str:
    """A bar of blocks, to an eighth of a character: 100 percent are `_BAR` characters."""
    eighths = round(percent * _BAR * 8 / 100)
    full, rest = divmod(max(eighths, 1) if percent else 0, 8)
    return "█" * full + _EIGHTHS[rest].strip()


def _comment(comment: ShownComment) -> Iterator[str]:
    yield from wrap(f'"{comment.text}"', _WIDTH, initial_indent="  ", subsequent_indent="   ")
    yield f"    {comment.said_by} · {comment.became}"
