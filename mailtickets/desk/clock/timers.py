"""What is to happen to a ticket when time has passed, and when: warnings, breaches, steps of escalation.

In: the ticket, its clocks, the policy, the time, and which timers have fired. Out: the timers that are still to fire.
Of each clock only the next one is kept: when it has fired, the following one takes its place. A timer whose clock has
ended, or is paused, is not among them any more, and so is void.
Owns: the names of the timers of service levels. Other rooms of the clock add theirs in `timers`.
"""

from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Literal

from mailtickets.config.levels import Escalation, ServiceLevel
from mailtickets.config.models import Agent
from mailtickets.desk.clock import stages
from mailtickets.desk.clock.clocks import WARN_PROMISE_AT, Clock, ClockName, moment, promise_moment
from mailtickets.desk.clock.duty import on_duty_from
from mailtickets.desk.clock.levels import hours_of, level_for, named
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.model.ticket import Ticket
from mailtickets.desk.rules.configured.timed import timed as timed_rules
from mailtickets.desk.rules.configured.timed import times as rule_times

TimerKind = Literal["warn", "due", "escalate", "tell", "stage", "rule", "close-warning"]
"""`due`: a clock's time is over, which is recorded; `tell`: somebody is told of a step of escalation who was off duty
when it was taken."""

DERIVED: frozenset[TimerKind] = frozenset({"warn", "due", "escalate", "tell", "stage", "rule"})
"""The kinds that `timers` derives: one of them that it does not give any more is void."""


@dataclass(frozen=True, slots=True)
class Timer:
    """What is to happen to a ticket at a time, once in each epoch of the ticket."""

    kind: TimerKind
    name: str
    epoch: int
    at: datetime

    @property
    def key(self) -> tuple[str, str, int]:
        return self.kind, self.name, self.epoch


@dataclass(frozen=True, slots=True)
class Fired:
    """A timer that has fired."""

    kind: str
    name: str
    epoch: int
    at: datetime
    """When it fired."""


def is_timed(policy: Policy) -> bool:
    """Whether the configuration has anything that time does to a ticket. If not, nothing is read or stored."""
    return bool(policy.levels or timed_rules(policy)) or stages.is_timed(policy)


def timers(
    ticket: Ticket, clocks: Sequence[Clock], policy: Policy, now: datetime, fired: Sequence[Fired] = ()
) -> tuple[Timer, ...]:
    """All timers of a ticket that are still to fire."""
    found: list[Timer] = []
    for clock in clocks:
        if clock.runs:
            found += _of_clock(ticket, clock, policy, now, fired)
    found += _of_stage(ticket, policy, fired)
    found += _of_rules(ticket, policy, now, fired)
    return tuple(found)


def _of_rules(ticket: Ticket, policy: Policy, now: datetime, fired: Sequence[Fired]) -> Iterator[Timer]:
    """When rules of the configuration are asked because time has passed: once each in an epoch."""
    done = {one.name for one in fired if one.kind == "rule" and one.epoch == ticket.epoch}
    for name, at in rule_times(ticket, policy, now):
        if name not in done:
            yield Timer("rule", name, ticket.epoch, at)


def _of_stage(ticket: Ticket, policy: Policy, fired: Sequence[Fired]) -> Iterator[Timer]:
    """The timed move of the ticket's stage. Its epoch is the stay in that stage, and not the ticket's."""
    move, epoch = stages.next_move(ticket, policy), stages.epoch_of(ticket)
    done = any((one.kind, one.name, one.epoch) == ("stage", ticket.stage, epoch) for one in fired)
    if move is not None and not done:
        yield Timer("stage", ticket.stage, epoch, move[0])


# --- service levels -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Point:
    """A part of a clock's time, and what happens then."""

    part: float
    kind: TimerKind
    name: str
    step: Escalation | None = None


def step_name(clock: ClockName, step: Escalation) -> str:
    """`resolution:1.5`: steps keep their names when others are added or taken away."""
    return f"{clock}:{step.at:g}"


def step_named(name: str, clocks: Iterable[Clock], policy: Policy) -> tuple[Clock, ServiceLevel, Escalation] | None:
    """The step of a timer's name, with its clock and its level; None: the level has no such step any more."""
    for clock in clocks:
        level = named(clock.level, policy)
        for step in steps_of(clock.name, level):
            called = step_name(clock.name, step)
            if level is not None and (name == called or name.startswith(f"{called}:")):
                return clock, level, step
    return None


def steps_of(clock: ClockName, level: ServiceLevel | None) -> tuple[Escalation, ...]:
    """The steps of escalation of a clock, in their order of time."""
    if level is None:
        return ()
    return tuple(sorted((s for s in level.escalate if s.clock in {"", clock}), key=lambda step: step.at))


@lru_cache(maxsize=64)
def _points(clock: ClockName, level_name: str, policy: Policy) -> tuple[_Point, ...]:
    """What happens on a clock, in the order of time. `level_name` is empty for a promise."""
    level = named(level_name, policy)
    if level_name and level is None:
        return ()  # the level is gone: what was recorded of it stays, and nothing more follows
    warn_at = level.warn_at if level is not None else WARN_PROMISE_AT
    warning = [_Point(warn_at, "warn", clock)] if 0 < warn_at < 1 else []
    steps = (_Point(step.at, "escalate", step_name(clock, step), step) for step in steps_of(clock, level))
    return tuple(sorted([*warning, _Point(1.0, "due", clock), *steps], key=lambda point: point.part))


def _of_clock(ticket: Ticket, clock: Clock, policy: Policy, now: datetime, fired: Sequence[Fired]) -> Iterator[Timer]:
    """The next timer of a clock, and whom an earlier step has still to be told to."""
    done = _done(ticket, clock, fired)
    following: list[Timer] = []
    for point in _points(clock.name, clock.level, policy):
        before = done.get((point.kind, point.name))
        if before is not None:
            yield from _still_to_be_told(ticket, point, before, policy, done)
            continue
        at = _moment_of(ticket, clock, point, policy)
        if at is None:
            break
        waits_until = _in_time_for_people(ticket, point, at, policy, now)
        following.append(Timer(point.kind, point.name, ticket.epoch, waits_until))
        if waits_until <= at:
            break  # what comes later on the clock comes after it; one that waits for people may come after others
    yield from sorted(following, key=lambda timer: timer.at)[:1]


JUST_NOW = timedelta(minutes=1)


def passed(
    ticket: Ticket,
    clocks: Sequence[Clock],
    policy: Policy,
    now: datetime,
    known: Sequence[Timer],
    fired: Sequence[Fired],
) -> tuple[Timer, ...]:
    """What a new configuration asks for at a time that is over: it is not done, because nobody had planned it.

    The last `JUST_NOW` is not over: clocks are made again some seconds after a configuration comes into force.

    `known` are the timers that are stored and have not fired. One that is due by its row fires as it would have done,
    and what follows it on its clock comes after it.
    """
    planned = {one.key for one in known if one.at <= now}
    found: list[Timer] = []
    for clock in clocks:
        if clock.ended_at is None:
            found += _passed_of_clock(ticket, clock, policy, now - JUST_NOW, planned, fired)
    return tuple(found)


def _passed_of_clock(
    ticket: Ticket,
    clock: Clock,
    policy: Policy,
    over: datetime,
    planned: Set[tuple[str, str, int]],
    fired: Sequence[Fired],
) -> Iterator[Timer]:
    """What was to happen on one clock until the moment `over`."""
    done = _done(ticket, clock, fired)
    for point in _points(clock.name, clock.level, policy):
        before = done.get((point.kind, point.name))
        if before is not None:
            told = _still_to_be_told(ticket, point, before, policy, done)
            yield from (timer for timer in told if timer.at <= over and timer.key not in planned)
            continue
        at = _moment_of(ticket, clock, point, policy)
        if at is None or at > over or (point.kind, point.name, ticket.epoch) in planned:
            return
        then = _told_at(ticket, point, at, policy)
        if then <= over:
            yield Timer(point.kind, point.name, ticket.epoch, then)
            here = Fired(point.kind, point.name, ticket.epoch, over)
            yield from _still_to_be_told(ticket, point, here, policy, done)


def _done(ticket: Ticket, clock: Clock, fired: Sequence[Fired]) -> dict[tuple[str, str], Fired]:
    """What has fired of a clock."""
    return {(one.kind, one.name): one for one in fired if one.epoch == ticket.epoch and one.at >= clock.started_at}


def _moment_of(ticket: Ticket, clock: Clock, point: _Point, policy: Policy) -> datetime | None:
    known = clock.warn_at if point.kind == "warn" else None
    return known or _moment(ticket, clock, point.part, policy)


def _moment(ticket: Ticket, clock: Clock, part: float, policy: Policy) -> datetime | None:
    if clock.name == "promised" and clock.due_at is not None and part < 1:
        hours = hours_of(level_for(ticket, policy), policy)
        return promise_moment(clock.started_at, clock.due_at, part, hours)
    return moment(clock, part, policy)


def _in_time_for_people(ticket: Ticket, point: _Point, at: datetime, policy: Policy, now: datetime) -> datetime:
    """The moment itself, if something is done then or somebody outside is told; else when somebody is on duty."""
    then = _told_at(ticket, point, at, policy)
    if then >= now or not _waits_for_people(point, policy):
        return then
    return _told_at(ticket, point, max(at, now), policy)


def _told_at(ticket: Ticket, point: _Point, at: datetime, policy: Policy) -> datetime:
    """As `_in_time_for_people`, wherever it lies: the time may be over."""
    if not _waits_for_people(point, policy):
        return at
    people = told_of_step(ticket, point.step, policy) if point.step is not None else told_of_ticket(ticket, policy)
    return on_duty_from(people, _calendar(ticket, policy), at, policy)


def _waits_for_people(point: _Point, policy: Policy) -> bool:
    return point.kind != "due" and (point.step is None or not _acts(point.step, policy))


def acts_on_ticket(step: Escalation) -> bool:
    """Whether a step gives the ticket to others, who are told of that anyway."""
    return bool(step.queue or step.assign)


def _acts(step: Escalation, policy: Policy) -> bool:
    """Whether a step does more than tell agents."""
    outsiders = any(policy.agent(address) is None for address in step.notify)
    return bool(step.priority or acts_on_ticket(step) or outsiders)


def told_of_step(ticket: Ticket, step: Escalation, policy: Policy) -> tuple[Agent, ...]:
    """The agents whom a step tells: those that it names. A step that names nobody tells those who have the ticket."""
    named_ = tuple(agent for address in step.notify if (agent := policy.agent(address)) is not None)
    return named_ or (() if step.notify else told_of_ticket(ticket, policy))


def told_of_ticket(ticket: Ticket, policy: Policy) -> tuple[Agent, ...]:
    """The agents who may have to act on a ticket: its assignee first, then those of its queue."""
    assignee = policy.agent(ticket.assignee) if ticket.assignee else None
    of_queue = policy.agents_of(ticket.queue)
    return tuple(dict.fromkeys([*((assignee,) if assignee else ()), *of_queue]))


def _calendar(ticket: Ticket, policy: Policy) -> str:
    level = level_for(ticket, policy)
    return level.calendar if level is not None else ""


def _still_to_be_told(
    ticket: Ticket, point: _Point, fired: Fired, policy: Policy, done: dict[tuple[str, str], Fired]
) -> Iterator[Timer]:
    """Agents whom a step names and who were off duty when it was taken: each is told when their time begins."""
    if point.step is None:
        return
    calendar = _calendar(ticket, policy)
    for agent in (policy.agent(address) for address in point.step.notify):
        if agent is None:
            continue
        name, at = f"{point.name}:{agent.address}", on_duty_from([agent], calendar, fired.at, policy)
        if at > fired.at and ("tell", name) not in done:
            yield Timer("tell", name, ticket.epoch, at)
