"""When a scheduled report is due, and the period that it is about. Pure.

A schedule is `08:00`, `mon 08:00` or `1 08:00` (a day of the month; in a shorter month, its last day). Everything is
local time of the desk, as the clock on the wall shows it: a time that daylight saving leaves out comes when the clock
has passed it, and one that comes twice is due once, because a slot is known by its day.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from mailtickets.config.values import WEEKDAYS
from mailtickets.desk.figures.report import Period

LATE = timedelta(hours=6)
"""Beyond midnight, a slot is caught up with for so long. On its own day it always is."""

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Slot:
    """One time at which a report is due, and the period before that day."""

    day: date
    period: Period


def slot_due(schedule: str, here: datetime) -> Slot | None:
    """The slot that has come and is not too long ago. `here` is the desk's local time."""
    now = here.replace(tzinfo=None)
    day_words, _, hour = schedule.rpartition(" ")
    at = time.fromisoformat(hour)
    for day in (now.date(), now.date() - _DAY):
        moment = datetime.combine(day, at)
        if moment <= now and (day == now.date() or now - moment < LATE) and _is_its_day(day_words, day):
            return Slot(day, Period(_previous(day_words, day), day - _DAY))
    return None


def _is_its_day(words: str, day: date) -> bool:
    if not words:
        return True
    return day.day == _in_month(int(words), day) if words.isdecimal() else day.weekday() == WEEKDAYS.index(words)


def _in_month(wanted: int, month: date) -> int:
    """The day of a month; its last day, if the month is shorter."""
    return min(wanted, monthrange(month.year, month.month)[1])


def _previous(words: str, day: date) -> date:
    """The day of the slot before the one on `day`: where the period begins."""
    if not words:
        return day - _DAY
    if not words.isdecimal():
        return day - 7 * _DAY
    last_month = day.replace(day=1) - _DAY
    return last_month.replace(day=_in_month(int(words), last_month))
