"""Service levels: what each of them promises, what nobody can keep, and what never applies."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from mailtickets.cli.check.inquiry import Inquiry
from mailtickets.config.levels import CLOCKS_OF_LEVELS, LEVEL_PRIORITIES, ServiceLevel
from mailtickets.config.models import Config
from mailtickets.desk.clock.calendar import OpenHours, due, length
from mailtickets.desk.clock.levels import LEGAL_DAYS
from mailtickets.desk.model.policy import Policy
from mailtickets.views.check import CheckLine, ok, warning

_LOOKED_AT = datetime(2026, 1, 5, tzinfo=UTC)
"""Some Monday: whether a calendar opens at all does not depend on the day."""


def lines(inquiry: Inquiry) -> Iterator[CheckLine]:
    config = inquiry.config
    policy = Policy.of(config)
    for number, level in enumerate(config.service_level):
        key = f"service_level.{number}"
        yield ok(key, f"{level.name}: {_in_words(level)}")
        yield from _unkeepable(key, level, policy)
        yield from _unused(key, number, level, config)


def _in_words(level: ServiceLevel) -> str:
    whom = ", ".join([*level.queues, *level.customers, *level.types]) or "every ticket"
    times = [f"{clock} {_times(level, clock)}" for clock in CLOCKS_OF_LEVELS if getattr(level, clock)]
    law = [f"{level.profile} {LEGAL_DAYS[level.profile]} calendar days"] if level.profile else []
    return f"{whom}: {'; '.join([*times, *law]) or 'nothing'} ({level.calendar or 'every hour counts'})"


def _times(level: ServiceLevel, clock: str) -> str:
    times: dict[str, str] = getattr(level, clock)
    same = len(times) == len(LEVEL_PRIORITIES) and len(set(times.values())) == 1
    return next(iter(times.values())) if same else " ".join(f"{name}={text}" for name, text in times.items())


def _unkeepable(key: str, level: ServiceLevel, policy: Policy) -> Iterator[CheckLine]:
    """What nobody can keep: times of a calendar that never opens, a first answer that is due after the solution."""
    hours = policy.hours(level.calendar)
    if level.calendar and due(hours, _LOOKED_AT, timedelta(minutes=1)) is None:
        yield warning(
            f"{key}.calendar",
            f"{level.name}: {level.calendar} is never open, so its clocks never come to an end",
            "give the calendar hours, or the level another calendar",
        )
        return
    for priority in LEVEL_PRIORITIES:
        first, last = (_time(level, clock, priority, hours) for clock in ("first_answer", "resolution"))
        if first is not None and last is not None and first > last:
            yield warning(
                f"{key}.first_answer",
                f"{level.name}: at priority {priority} the first answer may come after the resolution is due",
                "make first_answer shorter than resolution",
            )
    yield from _too_far(key, level, hours)


def _too_far(key: str, level: ServiceLevel, hours: OpenHours) -> Iterator[CheckLine]:
    for clock in CLOCKS_OF_LEVELS:
        times = [time for priority in LEVEL_PRIORITIES if (time := _time(level, clock, priority, hours))]
        if times and due(hours, _LOOKED_AT, max(times)) is None:
            yield warning(
                f"{key}.{clock}",
                f"{level.name}: so much working time does not come together in two years of {level.calendar}",
                f"make {clock} shorter, or give the calendar more hours",
            )


def _time(level: ServiceLevel, clock: str, priority: str, hours: OpenHours) -> timedelta | None:
    times: dict[str, str] = getattr(level, clock)
    return length(hours, times.get(priority, ""))


def _unused(key: str, number: int, level: ServiceLevel, config: Config) -> Iterator[CheckLine]:
    """Levels that say nothing, and those that an earlier one takes every ticket from."""
    if not level.profile and not any(getattr(level, clock) for clock in CLOCKS_OF_LEVELS):
        yield warning(key, f"{level.name}: has no clock", "set first_answer, next_answer, resolution or profile")
    earlier = next((other for other in config.service_level[:number] if _takes_all(other, level)), None)
    if earlier is not None:
        yield warning(
            key,
            f"{level.name}: never applies, because {earlier.name} comes before it and fits all its tickets",
            f"move {level.name} above {earlier.name}, or take it away",
        )


def _takes_all(earlier: ServiceLevel, later: ServiceLevel) -> bool:
    return (
        _covers(earlier.queues, later.queues)
        and _covers(earlier.types, later.types)
        and _covers(earlier.customers, later.customers)
    )


def _covers(these: tuple[str, ...], those: tuple[str, ...]) -> bool:
    """Whether every one of `those` is among `these`. An empty list stands for all; `@domain` for its addresses."""
    domains = {one for one in these if one.startswith("@")}
    listed = (one in these or f"@{one.rpartition('@')[2]}" in domains for one in those)
    return not these or (bool(those) and all(listed))
