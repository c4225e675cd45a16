"""The clocks of a ticket, and how their due times came about: as JSON, and as lines for people.

In: rows of `deadline`, clocks with their spans, the hours by which they are measured. Moments of a calendar are shown
in its own time zone, so that they can be compared with its hours.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from mailtickets.desk.clock.clocks import Clock, clocks, hours_for
from mailtickets.desk.clock.course import Happening
from mailtickets.desk.clock.levels import named
from mailtickets.desk.clock.outline import clock_policy, regions
from mailtickets.desk.clock.stretches import Stretch, stretches
from mailtickets.desk.model.ticket import Ticket
from mailtickets.store.read import deadlines, happenings
from mailtickets.store.read.reader import Reader
from mailtickets.store.read.tickets import Shown
from mailtickets.views.tickets import due_state, is_late
from mailtickets.words.due import exactly
from mailtickets.words.spans import span

if TYPE_CHECKING:
    from mailtickets.desk.model.policy import Policy

MAX_DAYS = 40
"""How many days of one clock are printed for people; those in the middle are summed up."""

_WHY = {
    "paused": "paused: the customer is waited for",
    "finished": "stopped: the ticket was resolved or closed",
    "holiday": "closed: holiday",
    "own-day": "closed: a day of the calendar's own",
}


def retraced(
    rows: Sequence[Any], history: Sequence[Happening], ticket: Ticket, policy: "Policy", now: datetime
) -> list[Clock]:
    """The stored clocks of a ticket with their spans, in the order of the rows. Clocks that the configuration of today
    does not have come without. What is stored counts, also where a new configuration would say something else."""
    stored = [Clock(r.clock, r.level, r.started_at, r.due_at, r.state, r.ended_at) for r in rows]
    found = {(clock.name, clock.level): clock for clock in clocks(history, ticket, policy, now, stored)}
    return [
        replace(found.get((one.name, one.level), one), due_at=one.due_at, state=one.state, ended_at=one.ended_at)
        for one in stored
    ]


# --- for programs -------------------------------------------------------------------------------------


def as_json(clock: Clock, policy: "Policy", now: datetime) -> dict[str, Any]:
    """A clock as `ticket show --json` prints it."""
    hours = hours_for(clock.name, named(clock.level, policy), policy)
    return {
        "clock": clock.name,
        "level": clock.level,
        "at": clock.due_at,
        "state": due_state(clock, now),
        "started_at": clock.started_at,
        "ended_at": clock.ended_at,
        "calendar": hours.name,
        "allowed_seconds": int(clock.allowed.total_seconds()) if clock.allowed is not None else None,
        "spans": [
            {"from": s.since, "to": s.until, "counted_seconds": int(s.counted.total_seconds()), "why": s.kind}
            for s in stretches(clock, hours, now)
        ],
    }


# --- for people ---------------------------------------------------------------------------------------


def lines(clocks: Sequence[Clock], policy: "Policy", now: datetime) -> Iterator[str]:
    """The clocks of a ticket, each with its way day by day. What knows no hours is told in the zone of the instance."""
    for clock in clocks:
        hours = hours_for(clock.name, named(clock.level, policy), policy)
        zone = ZoneInfo(policy.instance.timezone) if hours.always else hours.zone
        yield _title(clock, now, zone)
        by = "every hour counts" if hours.always else f"{hours.name}, {zone}"
        allowed = f"{exactly(clock.allowed)} " if clock.allowed is not None and clock.ended_at is None else ""
        yield f"  {allowed}from {_moment(clock.started_at, zone)} ({by})"
        yield from (f"  {line}" for line in _days(stretches(clock, hours, now), zone))


def _title(clock: Clock, now: datetime, zone: ZoneInfo) -> str:
    level = f" ({clock.level})" if clock.level else ""
    due = f"due {_moment(clock.due_at, zone)}, " if clock.due_at is not None else ""
    late = f", late by {span(now - clock.due_at, 'en')}" if clock.due_at and is_late(clock, now) else ""
    ended = f" at {_moment(clock.ended_at, zone)}" if clock.ended_at is not None else ""
    return f"{clock.name}{level}: {due}{due_state(clock, now)}{ended}{late}"


def _moment(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).strftime("%a %Y-%m-%d %H:%M")


def _days(found: Sequence[Stretch], zone: ZoneInfo) -> Iterator[str]:
    """A line for each day on which time counted, and one for each stretch that did not count."""
    groups = [list(each) for _, each in groupby(found, key=lambda one: (one.kind, one.since.astimezone(zone).date()))]
    half = MAX_DAYS // 2
    if len(groups) <= MAX_DAYS:
        yield from (_day(group, zone) for group in groups)
        return
    between = groups[half:-half]
    yield from (_day(group, zone) for group in groups[:half])
    yield f"... {len(between)} lines, {exactly(sum((_counted(group) for group in between), timedelta()))}"
    yield from (_day(group, zone) for group in groups[-half:])


def _counted(group: Sequence[Stretch]) -> timedelta:
    return sum((one.counted for one in group), timedelta())


def _day(group: Sequence[Stretch], zone: ZoneInfo) -> str:
    first = group[0].since.astimezone(zone)
    if group[0].kind in {"holiday", "own-day"}:
        return f"{first:%a %Y-%m-%d}  {_WHY[group[0].kind]}"
    if group[0].kind != "counts":
        return f"{_moment(first, zone)} to {_moment(group[-1].until, zone)}  {_WHY[group[0].kind]}"
    times = ", ".join(f"{_time(one.since, zone)}-{_until(one, zone)}" for one in group)
    return f"{first:%a %Y-%m-%d} {times}  {exactly(_counted(group))}"


def _time(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%H:%M}"


def _until(one: Stretch, zone: ZoneInfo) -> str:
    """The time at which a stretch ends; with the day, if that is another one."""
    since, until = one.since.astimezone(zone), one.until.astimezone(zone)
    same = since.date() == (until - timedelta(minutes=1)).date()
    return ("24:00" if f"{until:%H:%M}" == "00:00" else f"{until:%H:%M}") if same else f"{until:%a %Y-%m-%d %H:%M}"


# --- of one ticket ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ShownClocks:
    """The clocks of one ticket, ready to be shown."""

    as_json: Sequence[Mapping[str, Any]] = ()
    lines: Sequence[str] = ()


def shown_clocks(reader: Reader, shown: Shown, tables: Mapping[str, Any], now: datetime) -> ShownClocks:
    """The clocks of a ticket by the configuration in `tables`, with the holidays that are known."""
    policy = clock_policy(tables, deadlines.holidays(reader, regions(tables)))
    history = happenings.history(reader, shown.ticket.number)
    clocks = retraced(shown.due, history, shown.ticket, policy, now)
    return ShownClocks([as_json(clock, policy, now) for clock in clocks], list(lines(clocks, policy, now)))
