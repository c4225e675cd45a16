"""How a due time came about: a clock's way in stretches of time, which of them counted, and why the others did not.

In: a clock with its spans, the hours by which it is measured, the time. Out: `Stretch`es in their order, from the start
of the clock to the moment when it is due or has ended; of a paused clock, until now.
Fails with: nothing. Limits: at most `MAX_STRETCHES`, the first ones.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Literal

from mailtickets.desk.clock.calendar import OpenHours, intervals

if TYPE_CHECKING:
    from mailtickets.desk.clock.clocks import Clock, Span

MAX_STRETCHES = 1_000

StretchKind = Literal["counts", "holiday", "own-day", "paused", "finished"]
"""`own-day`: a day of the calendar's own (`days`) on which nobody works, though its day of the week has hours.

Time outside the hours of the day is not a stretch: it lies between those that count."""


@dataclass(frozen=True, slots=True)
class Stretch:
    since: datetime
    until: datetime
    kind: StretchKind
    counted: timedelta = timedelta()


def stretches(clock: "Clock", hours: OpenHours, now: datetime) -> tuple[Stretch, ...]:
    """The stretches of a clock. Their moments are in UTC."""
    last = clock.ended_at or clock.due_at or now
    return tuple(islice(_stretches(clock.spans, hours, last), MAX_STRETCHES))


def _stretches(spans: "Sequence[Span]", hours: OpenHours, last: datetime) -> Iterator[Stretch]:
    for span in spans:
        since, until = span.since.astimezone(UTC), min(span.until or last, last).astimezone(UTC)
        if since >= until:
            continue
        if span.counted:
            yield from _counted(since, until, hours)
        else:
            yield Stretch(since, until, "finished" if span.why == "finished" else "paused")


def _counted(since: datetime, until: datetime, hours: OpenHours) -> Iterator[Stretch]:
    if hours.always:
        yield Stretch(since, until, "counts", until - since)
        return
    day = since.astimezone(hours.zone).date()
    while (begin := _midnight(day, hours)) < until:
        end = _midnight(day + timedelta(days=1), hours)
        here = intervals(hours, max(since, begin), min(until, end))
        yield from (Stretch(start, stop, "counts", stop - start) for start, stop in here)
        closed = None if here else _why_closed(day, hours)
        if closed is not None:
            yield Stretch(max(since, begin), min(until, end), closed)
        day += timedelta(days=1)


def _midnight(day: date, hours: OpenHours) -> datetime:
    return datetime.combine(day, time(), hours.zone).astimezone(UTC)


def _why_closed(day: date, hours: OpenHours) -> StretchKind | None:
    """Why nobody works on a date; None: work was over on that day, or its day of the week has no hours."""
    if hours.shifts(day) or not hours.week[day.weekday()]:
        return None
    return "holiday" if day in hours.holidays else "own-day"
