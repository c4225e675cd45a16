"""Counters of automatic mail, by key and window of time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

from sqlalchemy import Connection, Insert, bindparam, delete, select, tuple_

from mailtickets.desk.notices.budget import HOUR, UNTOLD, BudgetLine
from mailtickets.store.database import Stale
from mailtickets.store.schema import budget
from mailtickets.store.statements import insert_of

_USED = select(budget.c.key, budget.c.used).where(
    tuple_(budget.c.key, budget.c.window).in_(bindparam("windows", expanding=True))
)


def used(connection: Connection, lines: Iterable[BudgetLine], now: datetime) -> dict[str, int]:
    """How many mails each line has counted in its present window, by key. Keys without a count are left out."""
    wanted = {(line.key, line.window(now)) for line in lines}
    if not wanted:
        return {}
    return {row.key: row.used for row in connection.execute(_USED, {"windows": sorted(wanted)})}


def spend(connection: Connection, lines: Sequence[BudgetLine], now: datetime) -> None:
    """Counts one more for each line. Raises Stale if a line has reached its limit since it was looked at."""
    counts = used(connection, lines, now)
    full = next((line.key for line in lines if counts.get(line.key, 0) >= line.limit), None)
    if full is not None:
        raise Stale(f"{full} is used up")
    add(connection, lines, now)


def add(connection: Connection, lines: Iterable[BudgetLine], now: datetime) -> None:
    """Counts one more for each line."""
    rows = [
        {"key": line.key, "window": (window := line.window(now)), "used": 1, "expires_at": _end(window, line)}
        for line in sorted(lines, key=lambda line: line.key)  # the same order in every transaction: no deadlock
    ]
    if rows:
        connection.execute(_raising(connection.dialect.name), rows)


@cache
def _raising(dialect: str) -> Insert:
    first: Insert = insert_of(dialect)(budget).on_conflict_do_update(
        index_elements=["key", "window"], set_={"used": budget.c.used + 1}
    )
    return first


def _end(window: int, line: BudgetLine) -> datetime:
    return datetime.fromtimestamp((window + 1) * line.seconds, UTC)


def forget_expired(connection: Connection, now: datetime) -> None:
    """Deletes expired counters. Those of held mail stay until its agent is told."""
    connection.execute(delete(budget).where(budget.c.expires_at < now, ~budget.c.key.startswith(UNTOLD)))


@dataclass(frozen=True, slots=True)
class Untold:
    """Held mail of one hour of which its agent has not been told."""

    agent: str
    """The key of the agent's address."""
    window: int
    count: int

    @property
    def hour(self) -> tuple[datetime, datetime]:
        return datetime.fromtimestamp(self.window * HOUR, UTC), datetime.fromtimestamp((self.window + 1) * HOUR, UTC)


def untold(connection: Connection, now: datetime) -> list[Untold]:
    """The counts of held mail for hours that are over."""
    due = select(budget).where(budget.c.key.startswith(UNTOLD), budget.c.expires_at <= now)
    return [Untold(row.key.removeprefix(UNTOLD), row.window, row.used) for row in connection.execute(due)]


def now_told(connection: Connection, one: Untold) -> None:
    """Deletes a count once its agent is told. Raises Stale if another process has done it."""
    key = f"{UNTOLD}{one.agent}"
    deleted = connection.execute(delete(budget).where(budget.c.key == key, budget.c.window == one.window)).rowcount
    if deleted != 1:
        raise Stale(f"{key} has been told")
