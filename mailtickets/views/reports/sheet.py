"""A report as CSV (RFC 4180), for programs and for spreadsheets: one line for each part, one column for each figure.

In: a report and a locale. Out: text with CRLF line ends, or octets for Excel.
Excel takes a file for UTF-8 if it begins with a byte order mark, and where it speaks Portuguese or Spanish it wants
semicolons and decimal commas: `for_excel` writes that. Everybody else gets commas, decimal points and no mark.
No cell can be a formula: a text that begins like one gets an apostrophe before it (`harmless`).
Limits: none.
"""

import csv
import io
from collections.abc import Iterator
from datetime import timedelta

from mailtickets.desk.figures import wording
from mailtickets.desk.figures.report import (
    EXCLUSIONS,
    DeskReport,
    Dimension,
    Period,
    ReportFigures,
    ReportRow,
    Satisfaction,
    Times,
)
from mailtickets.desk.figures.shown import hidden, in_order
from mailtickets.desk.figures.wording import word

SheetCell = str | int | float | None

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""How a formula begins in Excel, LibreOffice and Google Sheets; the wide signs are taken for the narrow ones."""
_MARK = "\ufeff"


def text(report: DeskReport, locale: str) -> str:
    """CSV with commas, decimal points, and no byte order mark."""
    return _written(report, locale, ",", ".")


def for_excel(report: DeskReport, locale: str) -> bytes:
    """CSV as Excel of the locale opens it with a double click."""
    delimiter, point = (",", ".") if locale == "en" else (";", ",")
    return (_MARK + _written(report, locale, delimiter, point)).encode()


def harmless(cell: str) -> str:
    """A text that no spreadsheet takes for a formula. Blanks and signs that cannot be seen, which programs may leave
    out, do not help before it."""
    begins = next((place for place, sign in enumerate(cell) if sign.isprintable() and not sign.isspace()), 0)
    return f"'{cell}" if cell.startswith(_FORMULA) or cell.startswith(_FORMULA, begins) else cell


def _written(report: DeskReport, locale: str, delimiter: str, point: str) -> str:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\r\n")
    rows = list(_rows(report, locale))
    writer.writerow([harmless(head) for head in rows[0]])
    for row in rows:
        writer.writerow([_cell(value, point) for value in row.values()])
    return out.getvalue()


def _cell(value: SheetCell, point: str) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.1f}".replace(".", point)
    return harmless(value) if isinstance(value, str) else str(value)


# --- rows -----------------------------------------------------------------------------------------------------


def _rows(report: DeskReport, locale: str) -> Iterator[dict[str, SheetCell]]:
    """The whole period, the period before, the parts, and the days. Each row has the same columns."""
    total = word(locale, "total")
    yield _row(report.period, total, "", "", report.total, None, locale)
    yield _row(report.period.before, word(locale, "before"), "", "", report.before, None, locale)
    if report.by:
        yield from _parts(report, report.by, report.rows, locale)
    if report.by != "day":
        yield from _parts(report, "day", report.days, locale)


def _parts(
    report: DeskReport, by: Dimension, rows: tuple[ReportRow, ...], locale: str
) -> Iterator[dict[str, SheetCell]]:
    name = wording.dimension(by, rows, "dimensions", locale)
    for row in in_order(by, rows, locale):
        yield _row(report.period, name, row.value, wording.part(row, by, locale), row.figures, by, locale)


def _row(
    period: Period, name: str, value: str, label: str, figures: ReportFigures, by: Dimension | None, locale: str
) -> dict[str, SheetCell]:
    return {
        word(locale, "since"): period.since.isoformat(),
        word(locale, "until"): period.until.isoformat(),
        word(locale, "dimension"): name,
        word(locale, "value"): value,
        word(locale, "sheet", "label"): label,
        **dict(_counts(figures, locale)),
        **dict(_all_times(figures, locale)),
        **dict(_satisfaction(figures.satisfaction, by, locale)),
    }


def _counts(figures: ReportFigures, locale: str) -> Iterator[tuple[str, SheetCell]]:
    counts = figures.counts
    for key in ("received", "opened", "counted"):
        yield word(locale, "figures", key), getattr(counts, key)
    for reason in EXCLUSIONS:
        name = word(locale, "sheet", "of").format(word(locale, "figures", "excluded"), word(locale, "excluded", reason))
        yield name, counts.excluded.get(reason, 0)
    for key in ("resolved", "reopened", "backlog"):
        yield word(locale, "figures", key), getattr(counts, key)
    yield word(locale, "figures", "answers"), figures.answers
    for key in ("one_touch", "one_touch_of", "came_back", "came_back_of"):
        yield word(locale, "figures", key), getattr(counts, key)


def _all_times(figures: ReportFigures, locale: str) -> Iterator[tuple[str, SheetCell]]:
    for clock in ("first_answer", "next_answer", "resolution", "full_resolution"):
        for name, value in _times(getattr(figures, clock), locale):
            yield word(locale, "sheet", "of").format(word(locale, "figures", clock), name), value


def _times(times: Times, locale: str) -> Iterator[tuple[str, SheetCell]]:
    yield word(locale, "times", "n"), times.n
    yield word(locale, "times", "waiting"), times.waiting
    for key in ("median", "p90", "business_median", "business_p90"):
        yield word(locale, "seconds").format(word(locale, "times", key)), _seconds(getattr(times, key))
    for key in ("median_at_least", "p90_at_least"):
        yield word(locale, "times", key), int(getattr(times, key))
    for key in ("within", "within_of"):
        yield word(locale, "times", key), getattr(times, key)


def _seconds(length: timedelta | None) -> int | None:
    return None if length is None else round(length.total_seconds())


def _satisfaction(rated: Satisfaction, by: Dimension | None, locale: str) -> Iterator[tuple[str, SheetCell]]:
    shown = not hidden(by, rated)
    yield word(locale, "figures", "asked"), rated.asked
    yield word(locale, "figures", "rated"), rated.answered
    yield word(locale, "figures", "good"), rated.good if shown else None
    for key, share in (("satisfaction", rated.score), ("low", rated.low), ("high", rated.high)):
        name = word(locale, "percent").format(word(locale, "figures", key))
        yield name, 100 * share if shown and share is not None else None
