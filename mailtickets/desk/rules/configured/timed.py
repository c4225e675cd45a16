"""When the conditions of a rule will hold, as things are now: rules that are asked because time has passed.

The time is asked anew after every change of the ticket. Conditions that time does not bring about are as they are now.
Fails with: nothing.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache, partial

from mailtickets.config.rules import TIMED, Condition, Rule, conditions
from mailtickets.desk.clock import calendar as clock
from mailtickets.desk.clock.calendar import OpenHours
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.model.ticket import Ticket
from mailtickets.desk.rules.configured.conditions import reached_at, test_of
from mailtickets.desk.rules.configured.matter import Matter

_ROUNDS = 8
"""How often conditions that wait for each other are asked: a time that comes while a calendar is closed."""
_LONGEST_SHIFT = timedelta(days=31)
_READ_LATER = frozenset({"tickets", "last_score"})
"""Conditions on what is read only when the time has come; until then they are taken to hold."""

_From = Callable[[datetime], datetime | None]
"""Of a time: the earliest one from there on at which something holds; None: never, as things are."""


def times(ticket: Ticket, policy: Policy, now: datetime) -> Iterator[tuple[str, datetime]]:
    """(name of a rule, when it is asked) for each rule that time brings about on this ticket.

    A closed ticket is left alone by rules that say nothing of the status.
    """
    for rule in timed(policy):
        if ticket.status == "closed" and not any(one.status for _, one in conditions(rule)):
            continue
        at = _time_of(rule, of_time(ticket, policy, now))
        if at is not None:
            yield rule.name, at


@lru_cache(maxsize=16)
def timed(policy: Policy) -> tuple[Rule, ...]:
    """The rules that are asked because time has passed."""
    return tuple(rule for rule in policy.configured if "due" in rule.on)


def of_time(ticket: Ticket, policy: Policy, now: datetime) -> Matter:
    """What a rule is asked about because time has passed."""
    return Matter("due", ticket, ticket.requester, ticket.status, None, policy, now)


def _time_of(rule: Rule, matter: Matter) -> datetime | None:
    groups = [_from(condition, rule, matter) for condition in rule.all]
    groups += [partial(_first, [_from(condition, rule, matter) for condition in rule.any])] if rule.any else []
    return _together(groups, matter.now)


def _together(each: Iterable[_From], at: datetime) -> datetime | None:
    """The earliest time at which all hold."""
    each = tuple(each)
    for _ in range(_ROUNDS):
        before = at
        for of in each:
            found = of(at)
            if found is None:
                return None
            at = found
        if at == before:
            return at
    return at


def _first(each: Iterable[_From], at: datetime) -> datetime | None:
    """The earliest time at which one holds."""
    return min((found for of in each if (found := of(at)) is not None), default=None)


def _from(condition: Condition, rule: Rule, matter: Matter) -> _From:
    def each(inner: Iterable[Condition]) -> list[_From]:
        return [_from(one, rule, matter) for one in inner]

    keys: list[_From] = []
    for key, value in condition.said():
        if key == "all":
            keys.append(partial(_together, each(value)))
        elif key == "any":
            keys.append(partial(_first, each(value)))
        elif key in TIMED and value.is_reached:
            keys.append(partial(_reached, reached_at(key, value, rule, matter)))
        elif key == "business_hours":
            hours = matter.policy.calendars[rule.calendar if isinstance(value, bool) else value]
            keys.append(partial(_next_closed if value is False else clock.next_open, hours))
        elif key not in _READ_LATER:
            keys.append(partial(_while, test_of(key, value, rule), matter))
    return partial(_together, keys)


def _reached(reached: datetime | None, at: datetime) -> datetime | None:
    return max(reached, at) if reached is not None else None


def _next_closed(hours: OpenHours, at: datetime) -> datetime | None:
    """This moment if no work is done then, else the next closing; None if there is none soon."""
    within = clock.intervals(hours, at, at + _LONGEST_SHIFT)
    if not within or within[0][0] > at:
        return at
    return within[0][1] if within[0][1] < at + _LONGEST_SHIFT else None


def _while(test: Callable[[Matter], bool], matter: Matter, at: datetime) -> datetime | None:
    """At once, if it holds then; time does not bring it about."""
    return at if test(replace(matter, now=at)) else None
