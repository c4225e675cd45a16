"""The clocks of a ticket as templates see them (`shapes.CLOCK`). For agents alone: customers see none of them.

In: clocks with or without spans, the policy, the time. Out: plain values, late ones first, then by due time, then those
that are paused. A late clock says for how much of its calendar's time.
Fails with: nothing.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from mailtickets.desk.clock.calendar import day_length, worked
from mailtickets.desk.clock.clocks import Clock, hours_for
from mailtickets.desk.clock.levels import named
from mailtickets.desk.model.policy import Policy

MINUTE = timedelta(minutes=1)
_NEVER = datetime.max.replace(tzinfo=UTC)


def clocks_context(clocks: Iterable[Clock], policy: Policy, now: datetime) -> list[dict[str, object]]:
    """The clocks that run or are paused."""
    return [_clock_context(clock, policy, now) for clock in sorted(unended(clocks), key=_first_due)]


def next_clock_context(clocks: Iterable[Clock], policy: Policy, now: datetime) -> dict[str, object] | None:
    """The clock that is due first, for a line of a list; None if none runs."""
    running = [clock for clock in unended(clocks) if clock.due_at is not None]
    return _clock_context(min(running, key=_first_due), policy, now) if running else None


def unended(clocks: Iterable[Clock]) -> list[Clock]:
    return [clock for clock in clocks if clock.ended_at is None]


def _first_due(clock: Clock) -> tuple[datetime, str]:
    """Late clocks come first, because they were due before now."""
    return clock.due_at or _NEVER, clock.name


def _clock_context(clock: Clock, policy: Policy, now: datetime) -> dict[str, object]:
    zone, hours = ZoneInfo(policy.instance.timezone), hours_for(clock.name, named(clock.level, policy), policy)
    late = clock.due_at is not None and clock.due_at <= now
    return {
        "clock": clock.name,
        "level": clock.level,
        "state": clock.state,
        "at": clock.due_at.astimezone(zone) if clock.due_at else None,
        "now": now.astimezone(zone),
        "late": late,
        "late_minutes": worked(hours, clock.due_at, now) // MINUTE if clock.due_at and late else 0,
        "working": not hours.always,
        "day_minutes": day_length(hours) // MINUTE,
    }
