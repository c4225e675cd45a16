"""Reads the date that an agent promises a customer: `2d`, `4h`, `sexta 16:00`, `amanhã`, `5 dias corridos`, `-`.

In: the words behind `#prazo`. Out: a `Term`; `promised_for` makes a moment of it. Hours and days are working time of a
calendar. Weeks, months, days of the week and dates are of the civil calendar; a day without a time ends when work ends.
Fails with: `Rejected`, a value; `promised_for` raises ValueError for a moment that is past or that never comes.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from mailtickets.desk.clock import calendar
from mailtickets.desk.clock.calendar import OpenHours
from mailtickets.desk.commands import moments
from mailtickets.desk.commands.values import Rejected, Term, Value, When
from mailtickets.words.fold import folded

END_OF_DAY = time(18)
"""When a promised day ends on which nobody works, or of a desk that has no hours; local time."""

_NONE = frozenset(
    {"-", "–", "—", "−", "sem", "sem prazo", "nenhum", "none", "no", "nao", "sin", "sin plazo", "ninguno"}
)
_WORKING = re.compile(r" (?:uteis|util|habiles|habil)$|(?<=\d )(?:working|business) |^um dia util$")
_RUNNING = re.compile(r" (?:corridos?|seguidos?|naturales|natural)$|(?<=\d )calendar ")
_TODAY = re.compile(r"(?:(?:ate|until|by|hasta) )?(?:(?:as|a las|a la|at) \d|\d{1,2}:\d\d$)")
"""A time alone: `às 16h`, `16:00`. It is a time of today. `16h` alone is a span of sixteen hours."""


def read_term(text: str) -> Value | Rejected:
    plain = " ".join(folded(text).split())
    if plain in _NONE:
        return Term()
    bare, running = _WORKING.sub("", plain), _RUNNING.search(plain) is not None
    span = moments.span_named(_RUNNING.sub("", bare)) if running else moments.span_named(bare)
    if span is not None:
        return _spanned(*span, running=running)
    day = moments.day_named(plain)
    if day is not None:
        return Term(day=day)
    timed = moments.day_with_time(f"hoje {_without_until(plain)}" if _TODAY.match(plain) else plain)
    return Term(day=timed, timed=True) if timed is not None else Rejected()


def _without_until(plain: str) -> str:
    return re.sub(r"^(?:ate|until|by|hasta) ", "", plain)


def _spanned(count: int, unit: moments.SpanUnit, *, running: bool) -> Term:
    match unit:
        case "minutes":
            return Term(minutes=count)
        case "hours":
            return Term(minutes=60 * count)
        case "days":
            return Term(day=When(days=count)) if running else Term(days=count)
        case "weeks":
            return Term(day=When(days=7 * count))
    return Term(day=When(months=count))


def promised_for(term: Term, now: datetime, hours: OpenHours, zone: ZoneInfo) -> datetime:
    """The moment of a term, in UTC, in the working time of a calendar. Days are those of `zone`.

    Raises ValueError if the moment is not in the future, or if the calendar never has so much time.
    """
    if term.day is None:
        amount = timedelta(minutes=term.minutes or 0) + (term.days or 0) * calendar.day_length(hours)
        found = calendar.due(hours, now, amount)
    else:
        days = moments.days_meant(term.day, now.astimezone(zone).date())
        ends = (_moment_of(day, term.day.at if term.timed else None, hours, zone) for day in days)
        found = next((end for end in ends if end > now), None)
    if found is None or found <= now:
        raise ValueError("not in the future")
    return found


def _moment_of(day: date, at: time | None, hours: OpenHours, zone: ZoneInfo) -> datetime:
    """The time of a day; without a time, the moment when work ends on that day."""
    begin = datetime.combine(day, time(), zone)
    if at is None and not hours.always:
        worked = calendar.intervals(hours, begin, datetime.combine(day + timedelta(days=1), time(), zone))
        if worked:
            return worked[-1][1]
    return datetime.combine(day, at or END_OF_DAY, zone).astimezone(UTC)
