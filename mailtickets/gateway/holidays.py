"""The holidays that the calendars of a configuration need: from the database, where they are, or computed and kept.

They are computed by a process of its own (`gateway.public_holidays`), for the years around now: the coming years are
known long before they begin.
Fails with: `HolidaysUnknown` when that process fails; `Transient` for database trouble.
"""

import json
from collections.abc import Sequence
from datetime import date, datetime
from functools import cache
from importlib import metadata

from mailtickets.config.models import Config
from mailtickets.desk.clock.holidays import Holiday
from mailtickets.gateway import programs
from mailtickets.gateway.programs import ProgramFailed
from mailtickets.store import holidays as store
from mailtickets.store.database import Database

YEARS_BEFORE, YEARS_AFTER = 3, 2
"""Old tickets have a history, and clocks are due at most two years ahead."""
COMPUTE_SECONDS = 60


class HolidaysUnknown(Exception):
    """Holidays could not be computed; the text says why, for the person who runs the desk."""


def ready(database: Database, config: Config, now: datetime) -> list[Holiday]:
    """The holidays of all regions that the calendars name. What is not known yet is computed and kept.

    Raises HolidaysUnknown.
    """
    regions = regions_of(config)
    if not regions:
        return []
    years = range(now.year - YEARS_BEFORE, now.year + YEARS_AFTER + 1)
    unknown = database.transact(store.unknown, regions, years, version())
    if unknown:
        database.transact(store.keep, unknown, computed(unknown), version(), now)
    return known(database, config)


def known(database: Database, config: Config) -> list[Holiday]:
    """The holidays of all regions that the calendars name, as far as they are kept already."""
    regions = regions_of(config)
    return database.transact(store.load, regions) if regions else []


def regions_of(config: Config) -> list[str]:
    """The regions that the calendars of a configuration name."""
    return sorted({region for calendar in config.calendar for region in calendar.holidays})


@cache
def version() -> str:
    """Which version of the library is installed."""
    try:
        return metadata.version("holidays")
    except metadata.PackageNotFoundError:
        return "none"


def computed(years: Sequence[tuple[str, int]]) -> list[Holiday]:
    """The holidays of these years of these regions. Raises HolidaysUnknown."""
    words = [word for region, year in years for word in (region, str(year))]
    try:
        written = programs.run("mailtickets.gateway.public_holidays", *words, seconds=COMPUTE_SECONDS)
        rows = json.loads(written)
    except (ProgramFailed, ValueError) as error:
        raise HolidaysUnknown(f"the holidays of {_named(years)} could not be computed: {error}") from error
    return [Holiday(region, date.fromisoformat(day), name, kind) for region, day, name, kind in rows]


def _named(years: Sequence[tuple[str, int]]) -> str:
    return ", ".join(dict.fromkeys(region for region, _ in years))
