"""How often each rule of the configuration has matched, by day in UTC. Written with what the rule did, in one
transaction."""

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache

from sqlalchemy import Connection, Insert

from mailtickets.store.schema import rule_firing
from mailtickets.store.statements import insert_of


def count(connection: Connection, rules: Iterable[str], now: datetime) -> None:
    """Counts that these rules have matched."""
    day = now.astimezone(UTC).date().isoformat()
    rows = [
        {"rule": rule, "day": day, "count": 1, "last_at": now}
        for rule in sorted(set(rules))  # the same order in every transaction: no deadlock
    ]
    if rows:
        connection.execute(_counting(connection.dialect.name), rows)


@cache
def _counting(dialect: str) -> Insert:
    first = insert_of(dialect)(rule_firing)
    again = {"count": rule_firing.c.count + 1, "last_at": first.excluded.last_at}
    counting: Insert = first.on_conflict_do_update(index_elements=["rule", "day"], set_=again)
    return counting
