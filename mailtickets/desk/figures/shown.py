"""A report in words: the tables, sums and notes that its text, its page, its PDF and its mail show, each in its way.

In: a report and a locale. Out: `ShownReport`, made of text and numbers only; `shown` gives the same as plain values for
a template. No other words are shown beside pictures. What strangers wrote (subjects, comments, names) is one line
without signs that control a terminal; whoever writes HTML escapes it.
Limits: `MOST_ROWS` for a table, unless the caller wants all.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import dropwhile
from typing import Any

from mailtickets.desk.figures import sentence, wording
from mailtickets.desk.figures.report import (
    EXCLUSIONS,
    MIN_AGENT_RATINGS,
    Counts,
    CustomerComment,
    DeskReport,
    Dimension,
    OldestTicket,
    ReportFigures,
    ReportRow,
    Satisfaction,
    Times,
)
from mailtickets.desk.figures.wording import word
from mailtickets.words import locales

MOST_ROWS = 40
"""So many parts fit a page that people read; CSV and JSON have all."""
MOST_DAYS_BESIDE = 14
"""So many days are shown beside another division."""
MOST_COMMENT = 600
"""Characters of a comment that are shown."""


@dataclass(frozen=True, slots=True)
class ShownRow:
    head: str
    cells: tuple[str, ...]
    bar: int | None = None
    """How long the row's bar is, in percent of the longest; None for no bar."""


@dataclass(frozen=True, slots=True)
class ShownTable:
    key: str
    """`figures`, `times`, `volume`, `speed` or `oldest`."""
    caption: str
    heads: tuple[str, ...]
    """The first one is above the heads of the rows."""
    rows: tuple[ShownRow, ...]
    more: str = ""
    """Says how many rows are left out; empty for none."""
    numeric: bool = True
    """The cells are numbers, which stand to the right."""


@dataclass(frozen=True, slots=True)
class ShownComment:
    text: str
    said_by: str
    """`um cliente, chamado #12, nota 2 de 5`."""
    became: str
    """What became of the ticket: `resolvido, respondido depois da nota`."""
    low: bool


@dataclass(frozen=True, slots=True)
class ShownReport:
    lang: str
    title: str
    period: str
    queues: str
    sentence: str
    sums: tuple[str, ...]
    """`132 opened = 120 counted + 7 merged + 4 spam + 1 opened by an agent`, and where the received mail went."""
    tables: tuple[ShownTable, ...]
    comments_caption: str
    comments: tuple[ShownComment, ...]
    notes: tuple[str, ...]
    """How to read what is shown: "at least", hidden satisfaction, events that are not counted yet."""


def shown(report: DeskReport, locale: str) -> dict[str, Any]:
    """The report as plain values, for a template."""
    return asdict(show(report, locale))


def show(report: DeskReport, locale: str, *, most_rows: int | None = MOST_ROWS) -> ShownReport:
    tables = tuple(_tables(report, locale, most_rows))
    return ShownReport(
        lang=word(locale, "lang"),
        title=" ".join(filter(None, (word(locale, "report"), _line(report.name)))),
        period=wording.period(report.period, locale),
        queues=wording.queues(report, locale),
        sentence=sentence.changed(report, locale),
        sums=tuple(_sums(report.total.counts, locale)),
        tables=tables,
        comments_caption=word(locale, "tables", "comments"),
        comments=tuple(_comment(one, locale) for one in report.comments),
        notes=tuple(_notes(report, tables, locale)),
    )


def _line(text: str) -> str:
    """A stranger's text as one line of signs that can be seen: none that moves a terminal or turns its direction."""
    return "".join(sign for sign in " ".join(text.split()) if sign.isprintable())


# --- sums -----------------------------------------------------------------------------------------------------


def _sums(counts: Counts, locale: str) -> Iterator[str]:
    """The line that says who was counted, and the line that says what became of the mail; none for nothing."""
    excluded = [(reason, counts.excluded.get(reason, 0)) for reason in EXCLUSIONS]
    parts = [("counted", counts.counted), *((reason, number) for reason, number in excluded if number)]
    if counts.opened:
        yield _sum("sums", ("opened", counts.opened), parts, locale)
    if counts.received:
        outcomes = sorted(counts.outcomes.items(), key=lambda item: -item[1])
        yield _sum("outcomes", ("received", counts.received), [one for one in outcomes if one[1]], locale)


def _sum(section: str, whole: tuple[str, int], parts: Sequence[tuple[str, int]], locale: str) -> str:
    said = " + ".join(wording.counted(locale, section, *part) for part in parts)
    return f"{wording.counted(locale, section, *whole)} = {said}"


# --- tables ---------------------------------------------------------------------------------------------------


def _tables(report: DeskReport, locale: str, most: int | None) -> Iterator[ShownTable]:
    yield _figures(report, locale)
    if any(times.n for times in _clocks(report.total)):
        yield _times(report, locale)
    if report.by and report.rows:
        yield from _parts(report.by, report.rows, locale, most)
    days = tuple(dropwhile(_is_empty, report.days))
    if report.by != "day" and 1 < len(days) <= (MOST_ROWS if report.by is None else MOST_DAYS_BESIDE):
        yield next(_parts("day", days, locale, most))
    if report.oldest:
        yield _oldest(report.oldest, locale)


def _is_empty(day: ReportRow) -> bool:
    """Whether a day had no ticket at all: the days before the desk began are not shown."""
    counts = day.figures.counts
    return not (counts.opened or counts.resolved or counts.reopened or counts.backlog)


def _figures(report: DeskReport, locale: str) -> ShownTable:
    now, was = (dict(_all_figures(one, locale)) for one in (report.total, report.before))
    heads = tuple(word(locale, key) for key in ("figure", "period", "before"))
    unknown = word(locale, "unknown")
    rows = [
        ShownRow(word(locale, "figures", key), (value, was[key]))
        for key, value in now.items()
        if (value, was[key]) != (unknown, unknown)
    ]
    return ShownTable("figures", word(locale, "tables", "figures"), heads, tuple(rows))


def _all_figures(figures: ReportFigures, locale: str) -> Iterator[tuple[str, str]]:
    counts, rated = figures.counts, figures.satisfaction
    for key in ("received", "opened", "resolved", "reopened", "backlog"):
        yield key, wording.count(getattr(counts, key), locale)
    yield "answers", wording.count(figures.answers, locale)
    yield "one_touch", wording.part_of(counts.one_touch, counts.one_touch_of, locale)
    yield "came_back", wording.part_of(counts.came_back, counts.came_back_of, locale)
    yield "answered", wording.part_of(rated.answered, rated.asked, locale)
    yield "satisfaction", satisfaction(rated, locale)


def satisfaction(rated: Satisfaction, locale: str) -> str:
    """`86 % (72–94 %)`; a dash where there is none, or where it is hidden."""
    if rated.score is None:
        return word(locale, "unknown")
    score = wording.percent(rated.score, locale)
    if rated.low is None or rated.high is None:
        return score
    low, high = (wording.percent(end, locale) for end in (rated.low, rated.high))
    return word(locale, "interval").format(score=score, low=low.rstrip(" %"), high=high)


_CLOCKS = ("first_answer", "next_answer", "resolution", "full_resolution")


def _clocks(figures: ReportFigures) -> Iterator[Times]:
    for clock in _CLOCKS:
        yield getattr(figures, clock)


def _times(report: DeskReport, locale: str) -> ShownTable:
    """How long things took. Columns that no row has anything for are left out."""
    rows = [(clock, now, was) for clock, now, was in zip(
        _CLOCKS, _clocks(report.total), _clocks(report.before), strict=True
    ) if now.n]  # fmt: skip
    columns = {
        "n_waiting": [_number_of(now, locale) for _, now, _ in rows],
        "median": [median(now, locale) for _, now, _ in rows],
        "p90": [p90(now, locale) for _, now, _ in rows],
        "business_median": [_business(now, locale) for _, now, _ in rows],
        "within": [on_time(now, locale) for _, now, _ in rows],
        "before": [median(was, locale) if was.n else "" for _, _, was in rows],
    }
    kept = {key: cells for key, cells in columns.items() if any(cells)}
    heads = (word(locale, "tables", "times"), *(word(locale, "times", key) for key in kept))
    shown_rows = (
        ShownRow(word(locale, "figures", clock), tuple(cells[place] or _dash(locale) for cells in kept.values()))
        for place, (clock, _, _) in enumerate(rows)
    )
    return ShownTable("times", word(locale, "tables", "times"), heads, tuple(shown_rows))


def _number_of(times: Times, locale: str) -> str:
    """`120 (3)`: how many tickets, and how many of them still wait."""
    waiting = f" ({wording.count(times.waiting, locale)})" if times.waiting else ""
    return f"{wording.count(times.n, locale)}{waiting}"


def _business(times: Times, locale: str) -> str:
    span = times.business_median
    return "" if span is None else wording.length(span, at_least=times.median_at_least, locale=locale)


def median(times: Times, locale: str) -> str:
    return wording.length(times.median, at_least=times.median_at_least, locale=locale)


def p90(times: Times, locale: str) -> str:
    return wording.length(times.p90, at_least=times.p90_at_least, locale=locale)


def on_time(times: Times, locale: str) -> str:
    """`87 %`: how many kept the time of their service level; empty where none has one."""
    return wording.percent(times.within / times.within_of, locale) if times.within_of else ""


# --- parts ----------------------------------------------------------------------------------------------------


def _parts(by: Dimension, rows: tuple[ReportRow, ...], locale: str, most: int | None) -> Iterator[ShownTable]:
    """Two tables that fit a phone: how many tickets each part has, with bars; how long they took and who is content."""
    ordered = in_order(by, rows, locale)
    kept = ordered[:most]
    more = word(locale, "more_rows").format(len(ordered) - len(kept)) if len(kept) < len(ordered) else ""
    by_head, names = wording.dimension(by, rows, "by", locale), _names(by, kept, locale)
    for key, cells_of in (("volume", _volume_cells), ("speed", _speed_cells)):
        cells = [dict(cells_of(by, row.figures, locale)) for row in kept]
        columns = [name for name in cells[0] if any(one[name] for one in cells)]
        if columns:
            bars = _bars(by, kept) if key == "volume" else [None] * len(kept)
            shown_rows = (
                ShownRow(names[row.value], tuple(one[name] or _dash(locale) for name in columns), bar)
                for row, one, bar in zip(kept, cells, bars, strict=True)
            )
            heads = (wording.dimension(by, rows, "dimensions", locale), *columns)
            caption = word(locale, "parts", key).format(by_head)
            yield ShownTable(key, caption, heads, tuple(shown_rows), more)


def _names(by: Dimension, rows: Sequence[ReportRow], locale: str) -> dict[str, str]:
    """What the parts are called. Two agents of one name are told apart by their addresses."""
    names = {row.value: _line(wording.part(row, by, locale)) for row in rows}
    times = Counter(names.values())
    return {value: f"{name} ({_line(value)})" if times[name] > 1 and value else name for value, name in names.items()}


def _bars(by: Dimension, rows: Sequence[ReportRow]) -> list[int | None]:
    """The first number of each row, in percent of the largest one."""
    sizes = [_size(by, row.figures) for row in rows]
    return [round(100 * size / max(*sizes, 1)) for size in sizes]


def _dash(locale: str) -> str:
    return word(locale, "unknown")


_PRIORITIES = ("critical", "high", "normal", "low")


def in_order(by: Dimension, rows: Sequence[ReportRow], locale: str) -> list[ReportRow]:
    """The parts as people look for them."""
    if by == "day":
        return sorted(rows, key=lambda row: row.value)
    if by == "hour":
        return sorted(rows, key=lambda row: tuple(int(part) for part in row.value.split()))
    if by == "priority":
        known = {name: place for place, name in enumerate(_PRIORITIES)}
        return sorted(rows, key=lambda row: known.get(row.value, len(known)))
    if by == "agent":
        return sorted(rows, key=lambda row: (not row.value, wording.part(row, by, locale).casefold()))
    return sorted(rows, key=lambda row: (not row.value, -row.figures.counts.counted, row.value))


def _size(by: Dimension, figures: ReportFigures) -> int:
    """What the bar of a part shows: the first number of its row."""
    return figures.answers if by == "agent" else figures.counts.counted


def _volume_cells(by: Dimension, figures: ReportFigures, locale: str) -> Iterator[tuple[str, str]]:
    """The columns of a part by their heads. Empty cells hold nothing."""
    size = "answers" if by == "agent" else "counted"
    yield word(locale, "figures", size), wording.count(_size(by, figures), locale)
    if by != "hour":
        yield word(locale, "figures", "resolved"), wording.count(figures.counts.resolved, locale)
    if by in ("queue", "day"):
        yield word(locale, "figures", "backlog"), wording.count(figures.counts.backlog, locale)


def _speed_cells(by: Dimension, figures: ReportFigures, locale: str) -> Iterator[tuple[str, str]]:
    first = figures.first_answer
    yield word(locale, "parts", "median"), median(first, locale) if first.n else ""
    yield word(locale, "parts", "p90"), p90(first, locale) if first.n else ""
    yield word(locale, "parts", "within"), on_time(first, locale)
    yield word(locale, "figures", "satisfaction"), _rated(by, figures.satisfaction, locale)


def hidden(by: Dimension | None, rated: Satisfaction) -> bool:
    """Too few have rated one person."""
    return rated.hidden or (by == "agent" and rated.answered < MIN_AGENT_RATINGS)


def _rated(by: Dimension, rated: Satisfaction, locale: str) -> str:
    return "" if hidden(by, rated) or rated.score is None else satisfaction(rated, locale)


# --- tickets and comments -------------------------------------------------------------------------------------


def _oldest(tickets: Sequence[OldestTicket], locale: str) -> ShownTable:
    keys = ("ticket", "queue", "assignee", "age")
    rows = (
        ShownRow(
            f"#{one.number} {_line(one.subject) or locales.NO_SUBJECT[locale]}",
            (
                _line(one.queue),
                _line(one.assignee_name or one.assignee or word(locale, "nobody")),
                wording.length(one.age, locale=locale),
            ),
        )
        for one in tickets
    )
    heads = tuple(word(locale, "oldest", key) for key in keys)
    return ShownTable("oldest", word(locale, "tables", "oldest"), heads, tuple(rows), numeric=False)


def _comment(one: CustomerComment, locale: str) -> ShownComment:
    text = _line(one.comment)
    again = word(locale, "answered_again" if one.answered_again else "not_answered_again")
    return ShownComment(
        text=text if len(text) <= MOST_COMMENT else f"{text[: MOST_COMMENT - 1].rstrip()}…",
        said_by=word(locale, "comment_line").format(
            name=_line(one.name) or word(locale, "a_customer"), ticket=one.ticket, score=one.score
        ),
        became=", ".join((locales.label(locales.STATUS_LABELS, one.status, locale), again)),
        low=one.score <= 2,
    )


# --- notes ----------------------------------------------------------------------------------------------------


def _notes(report: DeskReport, tables: Sequence[ShownTable], locale: str) -> Iterator[str]:
    if report.complete_until:
        until = locales.short(datetime.fromisoformat(report.complete_until), locale)
        yield word(locale, "note_incomplete").format(until)
    sign = word(locale, "at_least_sign").format("")
    if any(sign in cell for table in tables for row in table.rows for cell in row.cells):
        yield word(locale, "note_at_least")
    if report.total.satisfaction.score is not None:
        yield word(locale, "note_interval")
    if report.by == "agent" and any(_is_hidden(row) for row in report.rows):
        yield word(locale, "note_hidden").format(MIN_AGENT_RATINGS)


def _is_hidden(agent: ReportRow) -> bool:
    rated = agent.figures.satisfaction
    return rated.answered > 0 and hidden("agent", rated)
