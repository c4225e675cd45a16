"""What one ticket means to reports: when it was opened and resolved, who answered, how long everything took.

In: the history of a ticket (and of those that were merged into it), the ticket as it is, its ratings, what was recorded
of its clocks, the policy. Out: a `TicketAccount`. It is made anew whenever the ticket changes, so that it says of the
past what is known now: a ticket that is merged today was excluded yesterday as well.
Owns: which tickets are not counted, and why; what is a resolution, what is a reopening.
Fails with: nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal

from mailtickets.desk.clock.calendar import OpenHours, due, worked
from mailtickets.desk.clock.course import Course, Happening, Wait, course, is_answer, standing
from mailtickets.desk.clock.levels import Measured, allowed, hours_of, level_for
from mailtickets.desk.model.ticket import Ticket, status_named

if TYPE_CHECKING:
    from mailtickets.config.levels import ServiceLevel
    from mailtickets.desk.clock.clocks import Clock
    from mailtickets.desk.figures.report import Exclusion
    from mailtickets.desk.model.policy import Policy

TimeName = Literal["first_answer", "next_answer", "resolution", "full_resolution"]
TIMES: Final[tuple[TimeName, ...]] = ("first_answer", "next_answer", "resolution", "full_resolution")

ONE_TOUCH = timedelta(days=7)
"""A ticket with one answer that is not opened again for so long after its resolution was settled at one touch."""
GOOD_SCORE, LOW_SCORE = 4, 2
"""From the one on (of 5), a rating is good; up to the other, it is low, and the queue is told of it."""

_FINISHED = frozenset({"resolved", "closed"})
_OPENED_BY_AGENT = "opened-by-agent"
_NOTHING = timedelta()


@dataclass(frozen=True, slots=True)
class Taken:
    """A time that has ended: an answer, a resolution."""

    name: TimeName
    length: timedelta
    business: timedelta | None
    """In the working time of the service level; None: the ticket has none with a calendar."""
    within: bool | None
    """Whether it was soon enough for the service level; None: no level says how soon."""
    agent: str
    """Who answered or resolved: an address; empty if it was nobody in particular."""


@dataclass(frozen=True, slots=True)
class RunningTime:
    """A time that has not ended."""

    name: TimeName
    length: timedelta
    """What had passed until `since`."""
    business: timedelta | None
    since: datetime | None
    """Time passes since then; None: it stands still, because the customer is waited for."""
    calendar: str = ""
    due_at: datetime | None = None
    """When it is late by the service level."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """A ticket came to an end."""

    at: datetime
    agent: str
    by: Literal["", "merged", "spam"] = ""
    """Why it ended, if nobody resolved it."""


@dataclass(frozen=True, slots=True)
class Reopened:
    at: datetime
    agent: str
    """Who had resolved it."""


@dataclass(frozen=True, slots=True)
class Rated:
    """Somebody was asked how it was, and maybe answered."""

    resolved_at: datetime
    score: int | None = None
    """From 1 to 5; None: no answer."""
    agent: str = ""
    """Whose work it was: who resolved the ticket, or else who wrote the last answer before."""


@dataclass(frozen=True, slots=True)
class TicketAccount:
    """One ticket."""

    opened_at: datetime
    excluded: Exclusion | None
    resolved: tuple[Resolved, ...] = ()
    reopened: tuple[Reopened, ...] = ()
    answers: tuple[tuple[datetime, str], ...] = ()
    """The public answers of people: when, and by whom."""
    taken: tuple[Taken, ...] = ()
    """Only of tickets that are counted; so are `running`, `one_touch` and `came_back`."""
    running: tuple[RunningTime, ...] = ()
    one_touch: bool = False
    came_back: bool = False
    """It was opened again after its first resolution."""
    rated: tuple[Rated, ...] = ()
    """Not of spam: what spammers think says nothing of the desk."""


def account(
    history: Sequence[Happening],
    ticket: Ticket,
    merged: bool,
    rated: Sequence[Rated],
    recorded: Sequence[Clock],
    policy: Policy,
) -> TicketAccount:
    """The account of a ticket. `merged`: it was merged into another. `recorded` are its clocks as they are stored."""
    happened = tuple(standing(history))
    answers = tuple((one.at, _author(one, policy)) for one in happened if is_answer(one, policy))
    resolved, reopened = _ends(happened, ticket.number, answers, policy)
    excluded = _exclusion(happened, ticket, merged=merged)
    credited = tuple(_credited(one, resolved, answers) for one in rated if excluded != "spam")
    if excluded is not None:
        return TicketAccount(ticket.created_at, excluded, resolved, reopened, answers, rated=credited)
    measuring = _Measuring(ticket, answers, resolved, course(history, ticket.number, policy), recorded, policy)
    taken, running = measuring.everything()
    first = next((one.at for one in resolved if not one.by), None)
    return TicketAccount(
        ticket.created_at,
        None,
        resolved,
        reopened,
        answers,
        taken,
        running,
        one_touch=first is not None and _is_one_touch(first, answers, reopened),
        came_back=first is not None and any(one.at > first for one in reopened),
        rated=credited,
    )


def _exclusion(history: Iterable[Happening], ticket: Ticket, *, merged: bool) -> Exclusion | None:
    if merged:
        return "merged"
    if ticket.status == "closed" and "spam" in ticket.tags:
        return "spam"
    opened = next((one for one in history if one.kind == "opened" and one.ticket == ticket.number), None)
    if opened is None:
        return None
    if opened.imported:
        return "imported"
    return "opened-by-agent" if opened.reason == _OPENED_BY_AGENT else None


def _is_one_touch(first: datetime, answers: Sequence[tuple[datetime, str]], reopened: Sequence[Reopened]) -> bool:
    until = first + ONE_TOUCH
    return sum(at <= until for at, _ in answers) == 1 and not any(one.at <= until for one in reopened)


# --- resolutions --------------------------------------------------------------------------------------


def _ends(
    history: Iterable[Happening], number: int, answers: Sequence[tuple[datetime, str]], policy: Policy
) -> tuple[tuple[Resolved, ...], tuple[Reopened, ...]]:
    """When the ticket came to an end, and when it was opened again. What was undone did not happen."""
    resolved: list[Resolved] = []
    reopened: list[Reopened] = []
    writers = {agent for _, agent in answers}
    for one in history:
        status = status_named(one.new or "") if one.kind == "status" and one.ticket == number else None
        is_over = len(resolved) > len(reopened)
        if status is None or (status in _FINISHED) == is_over:
            continue
        if one.reason == "undone" and (reopened or resolved):
            (resolved if is_over else reopened).pop()
        elif is_over:
            reopened.append(Reopened(one.at, resolved[-1].agent))
        else:
            resolved.append(Resolved(one.at, _actor(one, writers, policy), _BY.get(one.reason, "")))
    return tuple(resolved), tuple(reopened)


_BY: Mapping[str, Literal["merged", "spam"]] = {"merged": "merged", "spam": "spam"}


def _author(said: Happening, policy: Policy) -> str:
    """The agent who wrote a message; empty for an answer in the queue's name."""
    agent = policy.agent(said.author)
    if agent is not None:
        return agent.address
    return "" if policy.queue_at(said.author) is not None else said.author.casefold()


def _actor(one: Happening, writers: Iterable[str], policy: Policy) -> str:
    """The agent who changed a status; empty for a customer, the clock, and the shell. Somebody who is no agent (any
    more) was one if they have answered."""
    agent = policy.agent(one.actor)
    if agent is not None:
        return agent.address
    return one.actor.casefold() if one.actor.casefold() in writers else ""


def _credited(one: Rated, resolved: Sequence[Resolved], answers: Sequence[tuple[datetime, str]]) -> Rated:
    by = next((end.agent for end in reversed(resolved) if end.at <= one.resolved_at), "")
    wrote = next((agent for at, agent in reversed(answers) if at <= one.resolved_at and agent), "")
    return Rated(one.resolved_at, one.score, by or wrote)


# --- times --------------------------------------------------------------------------------------------


class _Measuring:
    """The times of one ticket that is counted."""

    def __init__(
        self,
        ticket: Ticket,
        answers: Sequence[tuple[datetime, str]],
        resolved: Sequence[Resolved],
        told: Course,
        recorded: Sequence[Clock],
        policy: Policy,
    ) -> None:
        self.ticket, self.told = ticket, told
        self.resolved = tuple(one for one in resolved if not one.by)
        self.level: ServiceLevel | None = level_for(ticket, policy)
        self.hours: OpenHours = hours_of(self.level, policy)
        self.calendar = self.level.calendar if self.level is not None and not self.hours.always else ""
        self.wrote = dict(reversed(answers))
        self.recorded = {(clock.name, clock.started_at): clock for clock in recorded}
        self.is_over = ticket.status in _FINISHED

    def everything(self) -> tuple[tuple[Taken, ...], tuple[RunningTime, ...]]:
        found = [*self._answers(), *self._resolutions()]
        return (
            tuple(one for one in found if isinstance(one, Taken)),
            tuple(one for one in found if isinstance(one, RunningTime)),
        )

    def _answers(self) -> Iterator[Taken | RunningTime]:
        """A wait that ended with the ticket, and without an answer, is no answer time."""
        is_first = not self.told.answered_before
        for wait in self.told.waits:
            name: Measured = "first_answer" if is_first else "next_answer"
            is_first = False
            if wait.until is None:
                yield self._running_wait(name, wait)
            elif wait.until in self.wrote:
                length = wait.until - wait.since
                agent = self.wrote[wait.until]
                yield self._taken(name, wait.since, wait.until, length, self._worked(wait.since, wait.until), agent)

    def _running_wait(self, name: Measured, wait: Wait) -> RunningTime:
        business = _NOTHING if self.calendar else None
        due_at = self._due(name, wait.since, wait.since, _NOTHING)
        return RunningTime(name, _NOTHING, business, wait.since, self.calendar, due_at)

    def _resolutions(self) -> Iterator[Taken | RunningTime]:
        begun = self.told.begun_at
        if begun is None:
            return
        ends = [one for one in self.resolved if one.at >= begun]
        yield self._resolution(begun, ends[0] if ends else None)
        if ends and self.is_over:
            last = ends[-1]
            business = self._worked(begun, last.at)
            yield Taken("full_resolution", last.at - begun, business, None, last.agent)
        else:
            yield RunningTime("full_resolution", _NOTHING, _NOTHING if self.calendar else None, begun, self.calendar)

    def _resolution(self, begun: datetime, end: Resolved | None) -> Taken | RunningTime:
        """The time in which the desk had to act, until the first resolution."""
        spans = list(self._turns(end.at if end is not None else None))
        ended = [(since, until) for since, until in spans if until is not None]
        length = sum((until - since for since, until in ended), _NOTHING)
        business = sum((worked(self.hours, *span) for span in ended), _NOTHING) if self.calendar else None
        if end is not None:
            return self._taken("resolution", begun, end.at, length, business, end.agent)
        runs_since = next((since for since, until in spans if until is None), None)
        due_at = self._due("resolution", begun, runs_since, business if business is not None else length)
        return RunningTime("resolution", length, business, runs_since, self.calendar, due_at)

    def _turns(self, end: datetime | None) -> Iterator[tuple[datetime, datetime | None]]:
        """When the desk had to act: from, until (None: still)."""
        turns = self.told.turns
        for place, (since, turn) in enumerate(turns):
            until = turns[place + 1][0] if place + 1 < len(turns) else None
            if end is not None:
                until = min(until or end, end)
            if turn == "desk" and (until is None or until > since):
                yield since, until

    def _worked(self, since: datetime, until: datetime) -> timedelta | None:
        return worked(self.hours, since, until) if self.calendar else None

    def _taken(
        self,
        name: Measured,
        since: datetime,
        until: datetime,
        length: timedelta,
        business: timedelta | None,
        agent: str,
    ) -> Taken:
        return Taken(name, length, business, self._within(name, since, until, length, business), agent)

    def _within(
        self, name: Measured, since: datetime, until: datetime, length: timedelta, business: timedelta | None
    ) -> bool | None:
        """As it was recorded then. Where nothing was: by the level that fits now."""
        clock = self.recorded.get((name, since))
        if clock is not None and clock.ended_at == until and clock.state in {"met", "missed"}:
            return clock.state == "met"
        time = self._allowed(name)
        return None if time is None else (business if business is not None else length) <= time

    def _due(self, name: Measured, since: datetime, runs_since: datetime | None, passed: timedelta) -> datetime | None:
        """When it is late, as it was recorded; where nothing was, by the level that fits now. None: never, as it is."""
        clock = self.recorded.get((name, since))
        if clock is not None:
            return clock.due_at
        time = self._allowed(name)
        if time is None or (runs_since is None and passed <= time):
            return None
        return due(self.hours, runs_since or since, time - passed)

    def _allowed(self, name: Measured) -> timedelta | None:
        return allowed(self.level, name, self.ticket.priority, self.hours) if self.level is not None else None
