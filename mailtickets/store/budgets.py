"""Counters of automatic mail, by key and window of time."""

from collections.abc import Iterable
from datetime import UTC, datetime

from sqlalchemy import Connection, delete, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite

from mailtickets.desk.budget import BudgetLine
from mailtickets.store.schema import budget


def used(connection: Connection, lines: Iterable[BudgetLine], now: datetime) -> dict[str, int]:
    """How much of each line's window is used up; keys without a count are left out."""
    wanted = {(line.key, _window(line, now)) for line in lines}
    if not wanted:
        return {}
    found = select(budget.c.key, budget.c.used).where(tuple_(budget.c.key, budget.c.window).in_(wanted))
    return {row.key: row.used for row in connection.execute(found)}


def add(connection: Connection, lines: Iterable[BudgetLine], now: datetime) -> None:
    """Counts one more for each line."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    for line in sorted(lines, key=lambda line: line.key):  # in one order everywhere, so that nobody waits crosswise
        window = _window(line, now)
        ends = datetime.fromtimestamp((window + 1) * line.seconds, UTC)
        row = dialect.insert(budget).values(key=line.key, window=window, used=1, expires_at=ends)
        raised = row.on_conflict_do_update(index_elements=["key", "window"], set_={"used": budget.c.used + 1})
        connection.execute(raised)


def forget_expired(connection: Connection, now: datetime) -> None:
    connection.execute(delete(budget).where(budget.c.expires_at < now))


def _window(line: BudgetLine, now: datetime) -> int:
    return int(now.timestamp()) // line.seconds
