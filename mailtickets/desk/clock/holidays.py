"""The calendars of the configuration, with the holidays that are known, as open hours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

from mailtickets.desk.clock.calendar import OpenHours, open_hours

if TYPE_CHECKING:
    from mailtickets.config.calendars import Calendar
    from mailtickets.config.models import Config

HolidayKind = Literal["public", "optional"]
"""`optional`: carnival in Brazil, say: most are closed, and nobody has to be."""


@dataclass(frozen=True, slots=True)
class Holiday:
    region: str
    """A country or a part of one: `BR`, `BR-SP`."""
    day: date
    name: str
    kind: HolidayKind


def closes(calendar: Calendar, holiday: Holiday) -> bool:
    """Whether a calendar is closed on a holiday, unless its own days say otherwise."""
    observed = holiday.kind == "public" or calendar.optional_holidays == "closed"
    return observed and holiday.region in calendar.holidays


def hours_of(calendar: Calendar, holidays: Iterable[Holiday], timezone: str) -> OpenHours:
    """The open hours of a calendar; `timezone` is that of the instance."""
    closed = [holiday.day for holiday in holidays if closes(calendar, holiday)]
    zone = ZoneInfo(calendar.timezone or timezone)
    return open_hours(calendar.name, zone, calendar.hours, calendar.days, closed)


def calendars(config: Config, holidays: Iterable[Holiday]) -> Mapping[str, OpenHours]:
    """The open hours of every calendar of a configuration, by name."""
    known = tuple(holidays)
    return {one.name: hours_of(one, known, config.instance.timezone) for one in config.calendar}
