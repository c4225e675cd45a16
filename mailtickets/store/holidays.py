"""Holidays as plain dates, by region.

Owns: the tables `holiday` and `holiday_year`. They are the same for all gateways and commands of a database: the first
one that needs a year keeps it. What another version of the library has computed is not believed.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from sqlalchemy import Connection, delete, select

from mailtickets.desk.clock.holidays import Holiday
from mailtickets.store.schema import holiday, holiday_year, told_mark
from mailtickets.store.statements import insert_of, replacing

_MARK = "holidays-computed-by"
"""The key of the row that says which version of the library the dates are from."""


def unknown(
    connection: Connection, regions: Iterable[str], years: Iterable[int], version: str
) -> list[tuple[str, int]]:
    """Which of these years of these regions have yet to be computed."""
    wanted = [(region, year) for region in regions for year in years]
    if _version(connection) != version:
        return wanted
    rows = connection.execute(select(holiday_year.c.region, holiday_year.c.year))
    known = {(row.region, row.year) for row in rows}
    return [one for one in wanted if one not in known]


def _version(connection: Connection) -> str | None:
    return connection.execute(select(told_mark.c.value).where(told_mark.c.key == _MARK)).scalar()


def keep(
    connection: Connection,
    years: Sequence[tuple[str, int]],
    found: Iterable[Holiday],
    version: str,
    now: datetime,
) -> None:
    """Keeps the holidays of these years. Another gateway may have kept the same ones meanwhile."""
    if _version(connection) != version:
        connection.execute(delete(holiday))
        connection.execute(delete(holiday_year))
    insert = insert_of(connection.dialect.name)
    days = [{"region": h.region, "day": h.day.isoformat(), "name": h.name, "kind": h.kind} for h in found]
    if days:
        connection.execute(insert(holiday).on_conflict_do_nothing(), days)
    if years:
        rows = [{"region": region, "year": year} for region, year in years]
        connection.execute(insert(holiday_year).on_conflict_do_nothing(), rows)
    mark = replacing(connection.dialect.name, told_mark, ("key",), ("at", "value"))
    connection.execute(mark, {"key": _MARK, "at": now, "value": version})


def load(connection: Connection, regions: Sequence[str]) -> list[Holiday]:
    """All holidays of these regions that are known, in the order of their days."""
    wanted = select(holiday).where(holiday.c.region.in_(regions)).order_by(holiday.c.day, holiday.c.region)
    rows = connection.execute(wanted)
    return [Holiday(row.region, date.fromisoformat(row.day), row.name, row.kind) for row in rows]
