"""The clocks of a ticket: how soon somebody must do something about it, derived from its history alone.

In: the history, the ticket as it is, the policy, the time, and what was recorded of its clocks before. Out: `Clock`s.
A level's clocks are `first_answer`, `next_answer` and `resolution`; `legal` is the term of its profile, in calendar
days; `promised` is a date that an agent has promised, with any level or none.
Everything is read again at each change: a priority that is raised, another queue or another calendar count from the
beginning, with all pauses. Two things stay as they were recorded: a breach, and a clock that has ended.
Fails with: nothing. A calendar that never opens gives a clock without a due time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

from mailtickets.desk.clock.calendar import EVERY_HOUR, OpenHours, due, worked
from mailtickets.desk.clock.course import Course, Happening, Turn, Wait, course
from mailtickets.desk.clock.levels import LEGAL_DAYS, allowed, hours_of, legal_end, level_for, named
from mailtickets.desk.model.ticket import Ticket

if TYPE_CHECKING:
    from mailtickets.config.levels import ServiceLevel
    from mailtickets.desk.model.policy import Policy

ClockName = Literal["first_answer", "next_answer", "resolution", "legal", "promised"]
CLOCKS: tuple[ClockName, ...] = ("first_answer", "next_answer", "resolution", "legal", "promised")

ClockState = Literal["running", "paused", "met", "missed", "warned"]
"""`warned`: it runs, and so much of its time has passed that it is told. `missed` counts while it still runs too."""

Why = Literal["customer-waits", "desk-acts", "waits-for-customer", "finished", "by-law", "promised"]
"""Why a span counts, or does not."""

WARN_PROMISE_AT = 0.75
"""A promised date has no level that says when to warn."""


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a clock's way, for people who ask how its due time came about."""

    since: datetime
    until: datetime | None
    """None: it goes on."""
    counted: bool
    why: Why


@dataclass(frozen=True, slots=True)
class Clock:
    """One clock of a ticket."""

    name: ClockName
    level: str
    """The name of the level that it belongs to; empty for a promise."""
    started_at: datetime
    due_at: datetime | None
    """None: it is paused, or its calendar never opens."""
    state: ClockState
    ended_at: datetime | None = None
    """When somebody did what it waits for; None: nobody has."""
    spans: tuple[Span, ...] = ()
    allowed: timedelta | None = None
    """How much of its calendar's time it may take; None where it is the recorded one that counts."""
    warn_at: datetime | None = None
    """When it is nearly due; None: never, or it was recorded."""

    @property
    def runs(self) -> bool:
        """Whether time passes on it now."""
        return self.ended_at is None and (not self.spans or self.spans[-1].counted)

    @property
    def row(self) -> tuple[str, str, datetime, datetime | None, str, datetime | None]:
        """What is stored of it."""
        return self.name, self.level, self.started_at, self.due_at, self.state, self.ended_at


def clocks(
    history: Sequence[Happening], ticket: Ticket, policy: Policy, now: datetime, recorded: Sequence[Clock] = ()
) -> tuple[Clock, ...]:
    """All clocks of a ticket that run, are paused, or have ended; of the answers after the first, the last one.

    `recorded` are the clocks as they were stored before (without spans). A ticket that was merged into another has no
    clocks: the other one has them. Spam has none either.
    """
    told = course(history, ticket.number, policy)
    if told.gone or told.begun_at is None or (ticket.status == "closed" and "spam" in ticket.tags):
        return ()
    level, known = level_for(ticket, policy), {(clock.name, clock.started_at): clock for clock in recorded}
    found: list[Clock] = []
    for run in _runs(told, level):
        before = known.get((run.name, run.since))
        clock = _as_recorded(run, before, policy) if before is not None else None
        clock = clock or _measured(run, level, ticket, policy, now)
        found += [clock] if clock is not None else []
    return tuple(found)


# --- what is measured ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Run:
    """A clock before anybody says how long it may take."""

    name: ClockName
    since: datetime
    until: datetime | None
    spans: tuple[Span, ...]
    promised_until: datetime | None = None


def _runs(told: Course, level: ServiceLevel | None) -> Iterator[_Run]:
    first, later = told.waits[:1], told.waits[1:]
    if told.answered_before:
        first, later = (), told.waits
    for wait in first:
        yield _waiting("first_answer", wait)
    for wait in later[-1:]:
        yield _waiting("next_answer", wait)
    spans = _spans(told.turns)
    ended = told.turns[-1] if told.turns and told.turns[-1][1] == "nobody" else None
    yield _Run("resolution", spans[0].since, ended[0] if ended else None, spans)
    if told.waits:
        since, end = told.waits[0].since, _answered_by_law(told, level)
        yield _Run("legal", since, end, (Span(since, end, counted=True, why="by-law"),))
    if told.promise is not None:
        made, kept = told.promise.made_at, told.promise.kept_at
        yield _Run("promised", made, kept, (Span(made, kept, counted=True, why="promised"),), told.promise.due_at)


def _answered_by_law(told: Course, level: ServiceLevel | None) -> datetime | None:
    """When the law is satisfied: by any answer of a shop, and else by an answer that settles the matter (Decreto
    11.034/2022, art. 13 §2; LGPD, art. 19). The desk knows that it is settled when the ticket is resolved."""
    return told.waits[0].until if level is not None and level.profile == "ecommerce" else told.finished_first_at


def _waiting(name: ClockName, wait: Wait) -> _Run:
    return _Run(name, wait.since, wait.until, (Span(wait.since, wait.until, counted=True, why="customer-waits"),))


_TURN_SAYS: dict[Turn, Why] = {"desk": "desk-acts", "customer": "waits-for-customer", "nobody": "finished"}


def _spans(turns: Sequence[tuple[datetime, Turn]]) -> tuple[Span, ...]:
    """The spans of the resolution; the last one ends with the ticket, or goes on."""
    ends = [*(at for at, _ in turns[1:]), None]
    spans = [
        Span(since, until, counted=turn == "desk", why=_TURN_SAYS[turn])
        for (since, turn), until in zip(turns, ends, strict=True)
    ]
    return tuple(spans[:-1] if len(spans) > 1 and spans[-1].why == "finished" else spans)


def _as_recorded(run: _Run, before: Clock, policy: Policy) -> Clock | None:
    """The clock as it was recorded, if it has ended then or was too late then; None: it is to be measured."""
    if before.state == "missed" or (before.ended_at is not None and before.ended_at == run.until):
        if run.promised_until is not None and run.promised_until != before.due_at:
            return None
        level = named(before.level, policy)
        time = _time_allowed(run, level, before.due_at, policy)
        return Clock(run.name, before.level, run.since, before.due_at, before.state, run.until, run.spans, time)
    return None


def _time_allowed(run: _Run, level: ServiceLevel | None, due_at: datetime | None, policy: Policy) -> timedelta | None:
    """The calendar's time that a recorded clock had, for the steps of escalation that come after its due time."""
    if due_at is None:
        return None
    hours = hours_for(run.name, level, policy)
    return sum((worked(hours, span.since, min(span.until or due_at, due_at)) for span in _counted(run)), timedelta())


def _counted(run: _Run) -> Iterator[Span]:
    return (span for span in run.spans if span.counted)


def _measured(run: _Run, level: ServiceLevel | None, ticket: Ticket, policy: Policy, now: datetime) -> Clock | None:
    """The clock by the level that fits now; None: the level has no such clock."""
    if run.promised_until is not None:
        until = run.promised_until
        warn = promise_moment(run.since, until, WARN_PROMISE_AT, hours_of(level, policy))
        return _clock(run, "", until, until - run.since, warn, now)
    if level is None:
        return None
    if run.name == "legal":
        if level.profile == "" or level.profile not in LEGAL_DAYS:
            return None
        until = legal_end(level.profile, run.since, policy)
        return _clock(run, level.name, until, until - run.since, run.since + level.warn_at * (until - run.since), now)
    hours = hours_of(level, policy)
    if run.name == "promised":
        return None
    time = allowed(level, run.name, ticket.priority, hours)
    if time is None:
        return None
    spans = _as_if_it_went_on(run)
    warn_at = reached(hours, spans, level.warn_at * time) if run.until is None and level.warn_at else None
    return _clock(run, level.name, reached(hours, spans, time), time, warn_at, now)


def _as_if_it_went_on(run: _Run) -> tuple[Span, ...]:
    """The spans of a clock that has ended, for the time at which it would have been due."""
    if run.until is None or not run.spans[-1].counted:
        return run.spans
    return (*run.spans[:-1], replace(run.spans[-1], until=None))


def _clock(
    run: _Run, level: str, due_at: datetime | None, time: timedelta, warn_at: datetime | None, now: datetime
) -> Clock:
    state = _state(run, due_at, warn_at, now)
    shown = due_at if state != "paused" else None
    return Clock(run.name, level, run.since, shown, state, run.until, run.spans, time, warn_at)


def _state(run: _Run, due_at: datetime | None, warn_at: datetime | None, now: datetime) -> ClockState:
    if run.until is not None:
        return "missed" if due_at is not None and run.until > due_at else "met"
    if due_at is not None and now >= due_at:
        return "missed"
    if not run.spans[-1].counted:
        return "paused"
    return "warned" if warn_at is not None and now >= warn_at else "running"


# --- moments on a clock -------------------------------------------------------------------------------


def reached(hours: OpenHours, spans: Sequence[Span], amount: timedelta) -> datetime | None:
    """The moment when so much of the calendar's time had passed in the spans that count.

    None: the clock was stopped before, or the calendar does not open often enough.
    """
    left = amount
    for span in spans:
        if not span.counted:
            continue
        here = worked(hours, span.since, span.until) if span.until is not None else None
        if here is None or here >= left:
            return due(hours, span.since, left)
        left -= here
    return None


def hours_for(name: ClockName, level: ServiceLevel | None, policy: Policy) -> OpenHours:
    """The calendar by which a clock is measured. The law and a promised date know no working hours."""
    return EVERY_HOUR if name in {"legal", "promised"} else hours_of(level, policy)


def promise_moment(made_at: datetime, due_at: datetime, part: float, hours: OpenHours) -> datetime:
    """When a part of the working time before a promised date has passed: agents are warned while they can still act.

    If nobody works before that date, all time counts.
    """
    found = due(hours, made_at, part * worked(hours, made_at, due_at))
    return found if found is not None and made_at < found < due_at else made_at + part * (due_at - made_at)


def moment(clock: Clock, part: float, policy: Policy) -> datetime | None:
    """When a part of the clock's time has passed: 0.75, 1.0 (when it is due), 1.5. None: never, as things are."""
    if part == 1.0:
        return clock.due_at
    if clock.allowed is None:
        return None
    return reached(hours_for(clock.name, named(clock.level, policy), policy), clock.spans, part * clock.allowed)
