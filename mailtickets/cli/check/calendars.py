"""Calendars: the days of the year that are not as other days of their week, and what may be meant otherwise.

The holidays are computed for this, and not read from the database, which may not be there yet.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

from mailtickets.cli.check.inquiry import Inquiry
from mailtickets.config.calendars import Calendar
from mailtickets.config.hours import Shifts, read_day, written
from mailtickets.config.models import Config
from mailtickets.config.rules import conditions
from mailtickets.desk.clock.calendar import OpenHours
from mailtickets.desk.clock.easter import easter
from mailtickets.desk.clock.holidays import Holiday, closes, hours_of
from mailtickets.desk.clock.promise import calendar_of
from mailtickets.desk.model.policy import Policy
from mailtickets.gateway.clerk import utc_now
from mailtickets.gateway.holidays import HolidaysUnknown, computed, regions_of
from mailtickets.views.check import CheckLine, ok, warning, wrong

_FROM_OCTOBER = 10
"""From this month on, the coming year is shown too."""
_WEEK = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def lines(inquiry: Inquiry) -> Iterator[CheckLine]:
    config, today = inquiry.config, utc_now()
    years = years_shown(today)
    try:
        asked = [(region, year) for region in regions_of(config) for year in years]
        holidays = computed(asked) if asked else []
    except HolidaysUnknown as error:
        yield wrong("calendar", str(error), "install mailtickets with its dependencies again: the library `holidays`")
        return
    for number, calendar in enumerate(config.calendar):
        yield from of_calendar(f"calendar.{number}", calendar, holidays, config.instance.timezone, years)
    yield from unused(config)
    yield from of_promises(config)


def unused(config: Config) -> Iterator[CheckLine]:
    """A warning of calendars in which nothing is counted."""
    policy = Policy.of(config)
    named: set[object] = {one.calendar for table in (config.agent, config.service_level, config.rule) for one in table}
    named |= {condition.business_hours for rule in config.rule for _, condition in conditions(rule)}
    named |= {calendar_of(queue.name, policy).name for queue in config.queue if queue.promise}
    for number, calendar in enumerate(config.calendar):
        if calendar.name not in named:
            yield warning(
                f"calendar.{number}.name",
                f"{calendar.name}: no agent, service level, rule or promise counts in it",
                f'name it where it is meant: calendar = "{calendar.name}"',
            )


def of_promises(config: Config) -> Iterator[CheckLine]:
    """In which calendar the waits of a queue are measured that says what to expect."""
    policy = Policy.of(config)
    for number, queue in enumerate(config.queue):
        hours = calendar_of(queue.name, policy)
        if queue.promise and hours.always and config.calendar:
            yield warning(
                f"queue.{number}.promise",
                f"{queue.name}: no service level says in which calendar its answers are measured: every hour counts",
                f'give a [[service_level]] for "{queue.name}" the calendar of its agents',
            )
        elif queue.promise:
            yield ok(f"queue.{number}.promise", f"{queue.name}: waits are measured in {hours.name or 'every hour'}")


def years_shown(today: datetime) -> tuple[int, ...]:
    return (today.year, today.year + 1) if today.month >= _FROM_OCTOBER else (today.year,)


def of_calendar(
    key: str, calendar: Calendar, holidays: Sequence[Holiday], timezone: str, years: Sequence[int]
) -> Iterator[CheckLine]:
    """The lines about one calendar."""
    hours = hours_of(calendar, holidays, timezone)
    yield ok(key, f"{calendar.name}: {_week(hours)} ({hours.zone.key})")
    if not any(hours.week) and not any(calendar.days.values()):
        yield warning(
            f"{key}.hours",
            f"{calendar.name}: no day has hours, so nothing that counts them ever comes to an end",
            'write hours such as { "mon-fri" = "08:00-18:00" }',
        )
    mine = [holiday for holiday in holidays if closes(calendar, holiday)]
    for year in years:
        days = ", ".join(_days(calendar, hours, mine, year))
        yield ok(key, f"{calendar.name}: in {year} " + (f"other than usual: {days}" if days else "as every week"))
    yield from _of_optional(key, calendar, hours, mine, years[-1])


def _week(hours: OpenHours) -> str:
    """`Mon-Fri 08:00-12:00 13:00-18:00, Sat 08:00-12:00`: equal days that follow each other are one entry."""
    found: list[tuple[int, int, Shifts]] = []
    for day, shifts in enumerate(hours.week):
        if found and found[-1][2] == shifts:
            found[-1] = found[-1][0], day, shifts
        else:
            found.append((day, day, shifts))
    named = [(_WEEK[a] if a == b else f"{_WEEK[a]}-{_WEEK[b]}", shifts) for a, b, shifts in found if shifts]
    return ", ".join(f"{days} {_hours(shifts)}" for days, shifts in named) or "no hours"


def _hours(shifts: Shifts) -> str:
    return " ".join(written(shift) for shift in shifts) or "closed"


def _days(calendar: Calendar, hours: OpenHours, holidays: Sequence[Holiday], year: int) -> Iterator[str]:
    """The days of a year that differ from their day of the week."""
    own = {on: key for key in calendar.days if (on := _date(key, year))}
    for after in range((date(year + 1, 1, 1) - date(year, 1, 1)).days):
        day = date(year, 1, 1) + timedelta(days=after)
        if hours.shifts(day) != hours.week[day.weekday()]:
            names = [_named(holiday) for holiday in holidays if holiday.day == day]
            yield f"{_said(day)} {_hours(hours.shifts(day))} ({own.get(day) or '; '.join(dict.fromkeys(names))})"


def _date(key: str, year: int) -> date | None:
    """The date that a key of `days` names in a year."""
    rule = read_day(key)
    if rule.after_easter is not None:
        return easter(year) + timedelta(days=rule.after_easter)
    if rule.each_year is not None:
        try:
            return date(year, *rule.each_year)
        except ValueError:  # 29 February
            return None
    return rule.on


def _named(holiday: Holiday) -> str:
    return f"{holiday.name}, optional" if holiday.kind == "optional" else holiday.name


def _said(day: date) -> str:
    return f"{_WEEK[day.weekday()]} {day.day} {_MONTHS[day.month - 1]}"


def _of_optional(
    key: str, calendar: Calendar, hours: OpenHours, holidays: Sequence[Holiday], year: int
) -> Iterator[CheckLine]:
    """A warning of days that are free in some companies only, where nobody has said whether they are here."""
    if "optional_holidays" in calendar.model_fields_set:
        return
    own = {_date(one, year) for one in calendar.days}
    optional = [
        holiday
        for holiday in holidays
        if holiday.kind == "optional" and holiday.day.year == year and holiday.day not in own
    ]
    days = dict.fromkeys(f"{_said(one.day)} {one.name}" for one in optional if hours.week[one.day.weekday()])
    if days:
        yield warning(
            f"{key}.optional_holidays",
            f"is not set: {calendar.name} is closed on days that are free in some companies only; in {year} on "
            f"{', '.join(days)}",
            'set it to "closed" if that is meant, or to "open"; single days go into days: "10-28" = "open"',
        )
