"""Working hours, holidays and days of their own: `[[calendar]]`.

What the texts of its keys say is read in `hours`. The regions whose holidays can be known are in
`holiday_regions.toml`: the daemon does not import the library that computes them.
"""

import difflib
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Field

from mailtickets.config.hours import (
    MINUTES_OF_A_DAY,
    OPEN,
    DayRule,
    Shifts,
    read_day,
    read_shifts,
    read_weekdays,
    written,
)
from mailtickets.config.section import Section
from mailtickets.config.values import Word, as_timezone

if TYPE_CHECKING:
    from mailtickets.config.models import Config

_WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _optional_timezone(value: str) -> str:
    return as_timezone(value) if value else ""


class Calendar(Section):
    name: Word
    timezone: Annotated[str, AfterValidator(_optional_timezone)] = ""
    """Empty: `instance.timezone`."""
    hours: dict[str, str] = Field(default_factory=dict)
    holidays: tuple[str, ...] = ()
    optional_holidays: Literal["closed", "open"] = "closed"
    days: dict[str, str] = Field(default_factory=dict)


def problems(config: "Config") -> Iterator[tuple[str, str]]:
    """(key path, what was expected), for each fault in the calendars and in the names that refer to them."""
    for number, calendar in enumerate(config.calendar):
        key = f"calendar.{number}"
        yield from _hours_problems(f"{key}.hours", calendar.hours)
        yield from _holiday_problems(f"{key}.holidays", calendar.holidays)
        yield from _days_problems(f"{key}.days", calendar.days)
    names = Counter(calendar.name for calendar in config.calendar)
    for number, calendar in enumerate(config.calendar):
        if names[calendar.name] > 1:
            yield f"calendar.{number}.name", f"there is another calendar {calendar.name!r}"
    for number, agent in enumerate(config.agent):
        if agent.calendar and agent.calendar not in names:
            yield f"agent.{number}.calendar", _there_is_no("calendar", agent.calendar, list(names))
    for number, level in enumerate(config.service_level):
        if level.calendar and level.calendar not in names:
            yield f"service_level.{number}.calendar", _there_is_no("calendar", level.calendar, list(names))


# --- hours --------------------------------------------------------------------------------------------


def _hours_problems(path: str, hours: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    week: dict[int, tuple[str, Shifts]] = {}
    """The key that names each day of the week, and its shifts."""
    for key, text in hours.items():
        try:
            weekdays, shifts = read_weekdays(key), read_shifts(text)
        except ValueError as error:
            yield f"{path}.{key}", str(error)
            continue
        for weekday in weekdays:
            if weekday in week:
                yield f"{path}.{key}", f"{_WEEK[weekday]} has hours already, from {week[weekday][0]!r}"
            week.setdefault(weekday, (key, shifts))
    yield from _overlaps(path, week)


def _overlaps(path: str, week: Mapping[int, tuple[str, Shifts]]) -> Iterator[tuple[str, str]]:
    """Shifts over midnight that reach into those of the next day. Within a day, `read_shifts` has looked."""
    for weekday, (key, shifts) in sorted(week.items()):
        next_key, following = week.get((weekday + 1) % 7, ("", ()))
        late = [(shift, last - MINUTES_OF_A_DAY) for shift in shifts if (last := shift[1]) > MINUTES_OF_A_DAY]
        for shift, until in late:
            for other in following:
                if other[0] < until:
                    days = f"{_WEEK[weekday]} {written(shift)}", f"{_WEEK[(weekday + 1) % 7]} {written(other)}"
                    yield f"{path}.{next_key or key}", f"{days[0]} and {days[1]} overlap"


# --- holidays -----------------------------------------------------------------------------------------


def _holiday_problems(path: str, regions: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for number, region in enumerate(regions):
        if region not in holiday_regions():
            yield f"{path}.{number}", _there_is_no("region", region, holiday_regions())


@cache
def holiday_regions() -> tuple[str, ...]:
    """Every region whose holidays can be known: `BR`, `BR-SP`."""
    table = tomllib.loads((Path(__file__).parent / "holiday_regions.toml").read_text(encoding="utf-8"))
    return tuple(name for country, parts in table.items() for name in (country, *(f"{country}-{p}" for p in parts)))


def _there_is_no(what: str, name: str, names: "tuple[str, ...] | list[str]") -> str:
    near = difflib.get_close_matches(name, names, n=1) or difflib.get_close_matches(name.upper(), names, n=1)
    return f"there is no {what} {name!r}" + (f"; the nearest is {near[0]!r}" if near else "")


# --- own days -----------------------------------------------------------------------------------------


def _days_problems(path: str, days: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    seen: dict[DayRule, str] = {}
    for key, text in days.items():
        try:
            rule = read_day(key)
            if text != OPEN:
                read_shifts(text)
        except ValueError as error:
            yield f"{path}.{key}", str(error)
            continue
        if rule in seen:
            yield f"{path}.{key}", f"the day is named already, as {seen[rule]!r}"
        seen.setdefault(rule, key)
