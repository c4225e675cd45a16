"""Charts in sentences: for people who do not see the picture, and for mail that shows none."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Literal

from mailtickets.desk.figures import wording
from mailtickets.desk.figures.report import DeskReport, Times
from mailtickets.views.charts import days as day_words
from mailtickets.views.charts.days import ChartDay, Grouping, chart_days, grouped
from mailtickets.views.charts.words import COUNTED, SENTENCES, WORDS, ChartName
from mailtickets.words import locales

TimePart = Literal["median", "p90"]


def sentence(report: DeskReport, which: ChartName, locale: str) -> str:
    """What the chart shows: its title, the period, the totals, and where they were highest."""
    said = SENTENCES[locale]
    when = wording.period(report.period, locale)
    head = said["head"].format(title=title(report, which, locale), period=when)
    more = " ".join(_MORE[which](report, locale)) or said[_nothing(which)]
    return f"{head} {more}"


def title(report: DeskReport, which: ChartName, locale: str) -> str:
    """`Chamados abertos e resolvidos, por dia`; by week or month where the chart is."""
    days = chart_days(report.days)
    by: Grouping = "weeks" if any(day.is_week for day in days) else "days"
    if which == "satisfaction":
        by, _ = grouped(days)
    return WORDS[locale][which if which == "hours" or by == "days" else f"{which} {by}"]


def nothing(which: ChartName, locale: str) -> str:
    """What stands in a chart that has nothing to show."""
    return WORDS[locale][_nothing(which)]


def _nothing(which: ChartName) -> str:
    return f"nothing {which}" if which in ("backlog", "answer-time", "satisfaction") else "nothing"


def counted(number: int, noun: str, locale: str) -> str:
    """`1 chamado`, `1.204 chamados`."""
    one, several = COUNTED[locale][noun]
    return one if number == 1 else several.format(locales.count(number, locale))


def when(day: ChartDay, locale: str) -> str:
    """`10 de março de 2025`, `semana de 9 de março de 2025`."""
    return day_words.week_of(day.first, locale) if day.is_week else locales.day(day.first, locale)


def at_hour(weekday: int, hour: int, locale: str) -> str:
    """`quarta-feira entre 10h e 11h`."""
    return SENTENCES[locale]["at_hour"].format(
        day=day_words.weekday(weekday, locale),
        hour=wording.hour_of_day(hour, locale),
        next=wording.hour_of_day((hour + 1) % 24, locale),
    )


def time_of(times: Times, part: TimePart, locale: str) -> str:
    """The median or the p90 in words, with `pelo menos` where it may be higher."""
    length, at_least = figure(times, part)
    words = wording.length(length, locale=locale)
    return wording.word(locale, "at_least").format(words) if at_least else words


def figure(times: Times, part: TimePart) -> tuple[timedelta | None, bool]:
    """The median or the p90, and whether it is "at least"."""
    return (times.median, times.median_at_least) if part == "median" else (times.p90, times.p90_at_least)


def _answered(times: Times, part: TimePart, locale: str) -> str:
    """`metade teve resposta em até 3 h`, `metade esperou 3 h ou mais`."""
    length, at_least = figure(times, part)
    words = wording.length(length, locale=locale)
    return SENTENCES[locale][f"{part} at least" if at_least else part].format(words)


def _by(day: ChartDay, key: str) -> str:
    return f"{key} weeks" if day.is_week else key


def _volume(report: DeskReport, locale: str) -> Iterator[str]:
    said, total, days = SENTENCES[locale], report.total.counts, chart_days(report.days)
    if not total.opened and not total.resolved:
        return
    yield said["volume"].format(
        opened=counted(total.opened, "opened", locale), resolved=counted(total.resolved, "resolved", locale)
    )
    busiest = max(days, key=lambda day: day.figures.counts.opened, default=None)
    if busiest and len(days) > 1 and busiest.figures.counts.opened:
        count = locales.count(busiest.figures.counts.opened, locale)
        yield said[_by(busiest, "busiest")].format(count=count, when=when(busiest, locale))


def _backlog(report: DeskReport, locale: str) -> Iterator[str]:
    said, days = SENTENCES[locale], chart_days(report.days)
    if not any(day.figures.counts.backlog for day in days):
        return
    first, last = (counted(day.figures.counts.backlog, "ticket", locale) for day in (days[0], days[-1]))
    key = "backlog one" if len(days) == 1 else _by(days[0], "backlog")
    yield said[key].format(first=first, last=last)
    most = max(days, key=lambda day: day.figures.counts.backlog)
    if len(days) > 1:
        count = locales.count(most.figures.counts.backlog, locale)
        yield said[_by(most, "most")].format(count=count, when=when(most, locale))


def _answer_time(report: DeskReport, locale: str) -> Iterator[str]:
    said, times, days = SENTENCES[locale], report.total.first_answer, chart_days(report.days)
    if times.median is None:
        return
    yield said["answer-time waiting" if times.waiting else "answer-time"].format(
        tickets=counted(times.n, "ticket", locale),
        median=_answered(times, "median", locale),
        p90=_answered(times, "p90", locale),
        waiting=counted(times.waiting, "waiting", locale),
    )
    timed = [day for day in days if day.figures.first_answer.median is not None]
    if len(timed) > 1:
        slowest = max(timed, key=lambda day: day.figures.first_answer.median or timedelta())
        time = time_of(slowest.figures.first_answer, "median", locale)
        yield said[_by(slowest, "slowest")].format(time=time, when=when(slowest, locale))


def _satisfaction(report: DeskReport, locale: str) -> Iterator[str]:
    said, found = SENTENCES[locale], report.total.satisfaction
    if found.score is None:
        return
    yield said["satisfaction"].format(
        ratings=counted(found.answered, "rating", locale),
        share=wording.percent(found.score, locale),
        low=wording.percent(found.low or 0, locale),
        high=wording.percent(1 if found.high is None else found.high, locale),
    )
    if found.asked:
        yield said["answered"].format(
            rate=wording.percent(found.answered / found.asked, locale),
            asked=locales.count(found.asked, locale),
            answered=locales.count(found.answered, locale),
        )


def _hours(report: DeskReport, locale: str) -> Iterator[str]:
    said = SENTENCES[locale]
    if not any(report.hours.values()):
        return
    weekday, hour = max(sorted(report.hours), key=lambda place: report.hours[place])
    key = "hours masculine" if weekday > 4 else "hours"
    count = counted(report.hours[weekday, hour], "ticket", locale)
    yield said[key].format(when=at_hour(weekday, hour, locale), count=count)
    of_weekdays = Counter[int]()
    for (day, _), opened in report.hours.items():
        of_weekdays[day] += opened
    [(busiest, opened)] = of_weekdays.most_common(1)
    name = day_words.weekday(busiest, locale)
    yield said["weekday"].format(day=name, count=locales.count(opened, locale))


_MORE: Mapping[ChartName, Callable[[DeskReport, str], Iterator[str]]] = {
    "volume": _volume,
    "backlog": _backlog,
    "answer-time": _answer_time,
    "satisfaction": _satisfaction,
    "hours": _hours,
}
