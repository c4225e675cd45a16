"""What has changed since the period before, in one sentence: the first words of a report.

In: a report and a locale. Out: `132 chamados, 18 % mais que na semana anterior; a fila financeiro respondeu 3 h mais
tarde.`
Limits: nothing is claimed from under `FEW` tickets, nor while events are still to be counted. While a short period
lasts, its tickets are not compared with those of the period before: a part of the day is missing. What can be chance,
or is hardly noticed, is left out.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from math import sqrt

from mailtickets.desk.figures import wording
from mailtickets.desk.figures.report import DeskReport, Period, ReportFigures, Satisfaction, Times
from mailtickets.words import locales, spans

FEW = 10
"""Of fewer tickets nothing is claimed: one more or one less would be 10 %."""
_NOTICED = 0.05
"""A smaller change of the number of tickets is none."""
_TOO_MUCH = 3
"""From so many times as many on, both numbers say more than a share."""
_LATER = 1.25
"""A time has changed if it is so many times as long, or the other way round,"""
_CHANCE = 2.5
"""or more times, if tickets are few: 1 and this through the root of how many there are. Chance moves a median of 30
tickets by as much."""
_AT_LEAST = timedelta(minutes=10)
"""and if the difference is at least this."""


def changed(report: DeskReport, locale: str) -> str:
    """The sentence. Says the number of tickets, unless some are still to be counted: it would be a wrong one."""
    clauses = "; ".join(_clauses(report, locale))
    return f"{clauses[:1].upper()}{clauses[1:]}."


def _clauses(report: DeskReport, locale: str) -> Iterator[str]:
    if report.complete_until:
        until = locales.short(datetime.fromisoformat(report.complete_until), locale)
        yield wording.word(locale, "sentence", "incomplete").format(until)
        return
    yield _volume(report, locale)
    yield from _answers(report, locale)
    yield from _backlog(report.total, locale)
    yield from _satisfaction(report.total.satisfaction, report.before.satisfaction, locale)


def _say(locale: str, key: str, **values: str) -> str:
    return wording.word(locale, "sentence", key).format(**values)


def _volume(report: DeskReport, locale: str) -> str:
    now, was = report.total.counts.counted, report.before.counts.counted
    said = {
        "tickets": wording.counted(locale, "sentence", "tickets", now) if now else _say(locale, "no_tickets"),
        "before": _before(report.period, locale),
        "was": wording.count(was, locale) if was else _say(locale, "none_before"),
    }
    if not report.is_over and report.period.days <= 1 / _NOTICED:
        return _say(locale, "so_far", **said)
    if min(now, was) < FEW or not 1 / _TOO_MUCH < now / was < _TOO_MUCH:
        return _say(locale, "counts", **said)
    share = now / was - 1
    kind = "same" if abs(share) < _NOTICED else "more" if share > 0 else "less"
    return _say(locale, kind, share=wording.percent(abs(share), locale), **said)


def _before(period: Period, locale: str) -> str:
    if period.days == 1:
        return _say(locale, "day")
    if period.days == 7:
        return _say(locale, "week")
    return wording.word(locale, "sentence", "days").format(period.days)


# --- times ------------------------------------------------------------------------------------------------


def _answers(report: DeskReport, locale: str) -> Iterator[str]:
    """The queue whose first answers have changed most; where there is one queue, the first answers themselves."""
    if len(report.by_queue) < 2:
        difference = _difference(report.total.first_answer, report.before.first_answer)
        if difference:
            yield _say(locale, _direction(difference), length=_length(report.total, report.before, difference, locale))
        return
    found = [
        (abs(difference), difference, row, row.before)
        for row in report.by_queue
        if row.before and (difference := _difference(row.figures.first_answer, row.before.first_answer))
    ]
    if found:
        _, difference, row, before = max(found, key=lambda one: one[0])
        length = _length(row.figures, before, difference, locale)
        yield _say(locale, f"queue_{_direction(difference)}", queue=wording.part(row, "queue", locale), length=length)


def _direction(difference: timedelta) -> str:
    return "later" if difference > timedelta() else "sooner"


def _difference(now: Times, was: Times) -> timedelta | None:
    """How much later half of the tickets are answered; None if that has not changed, or cannot be known.

    The end from which we count must be known: a median that is "at least" something can only be later than it looks.
    """
    if min(now.n, was.n) < FEW or now.median is None or was.median is None:
        return None
    difference = now.median - was.median
    unknown = was.median_at_least if difference > timedelta() else now.median_at_least
    shorter, longer = sorted((now.median, was.median))
    needed = max(_LATER, 1 + _CHANCE / sqrt(min(now.n, was.n)))
    if unknown or abs(difference) < _AT_LEAST or longer < shorter * needed:
        return None
    return difference


def _length(now: ReportFigures, was: ReportFigures, difference: timedelta, locale: str) -> str:
    """`3 h`; `pelo menos 3 h` if the other end is only "at least" known."""
    open_end = now if difference > timedelta() else was
    said = spans.span(_rounded(abs(difference)), locale)
    return wording.word(locale, "at_least").format(said) if open_end.first_answer.median_at_least else said


def _rounded(length: timedelta) -> timedelta:
    """To the unit in which `spans.span` says it: to hours from one hour on, to days from two days on."""
    unit = timedelta(minutes=1)
    for larger, begins in ((timedelta(hours=1), timedelta(hours=1)), (timedelta(days=1), timedelta(hours=48))):
        if length >= begins:
            unit = larger
    return round(length / unit) * unit


# --- what is open, and how content people are -----------------------------------------------------------------


def _backlog(total: ReportFigures, locale: str) -> Iterator[str]:
    counts = total.counts
    grown = counts.opened + counts.reopened - counts.resolved
    begun = counts.backlog - grown
    if abs(grown) < FEW or min(begun, counts.backlog) < FEW or abs(grown) < begun * 2 * _NOTICED:
        return
    said = {"backlog": wording.count(counts.backlog, locale), "more": wording.count(abs(grown), locale)}
    yield _say(locale, "backlog_grew" if grown > 0 else "backlog_fell", **said)


def _satisfaction(now: Satisfaction, was: Satisfaction, locale: str) -> Iterator[str]:
    """Only where the two intervals do not touch: otherwise it may be chance."""
    if min(now.answered, was.answered) < FEW or now.score is None or was.score is None:
        return
    if None in (now.low, now.high, was.low, was.high):
        return
    rose = (now.low or 0) > (was.high or 0)
    if rose or (now.high or 0) < (was.low or 0):
        said = {"score": wording.percent(now.score, locale), "was": wording.percent(was.score, locale)}
        yield _say(locale, "satisfaction_rose" if rose else "satisfaction_fell", **said)
