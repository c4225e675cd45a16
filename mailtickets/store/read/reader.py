"""Rows for people to read, without SQLAlchemy: importing it takes longer than a listing.

In: an SQL statement that SQLite and PostgreSQL both know, with parameters written `:name`. Out: rows with named
columns, in which times are aware (UTC), flags are bool and lists are lists.
Owns: one connection that changes nothing. With `within`, the connection is that of the caller's transaction.
*Fails with*: `Transient` for every error of the driver.
"""

import json
import re
import sqlite3
from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from mailtickets.desk.model.delivery import Transient

if TYPE_CHECKING:
    from sqlalchemy import Connection

BUSY_SECONDS = 30
CONNECT_SECONDS = 10

_PARAMETER = re.compile(r"(?<!:):(\w+)")

INSTANTS = frozenset({
    "absent_until", "again_at", "answered_at", "arrived_at", "asked_at", "assigned_at", "at", "claimed_until",
    "cleared_at", "closed_at", "created_at", "decided_at", "due_at", "ended_at", "expires_at", "failing_since",
    "fired_at", "first_attempt_at", "first_connected_at", "hour", "known_since", "last_at", "last_failure_at",
    "last_success_at", "next_attempt_at", "promised_at", "received_at", "reminded_at", "resolved_at", "seen_at",
    "sent_at", "since", "snoozed_until", "stage_since", "started_at", "told_at", "undeliverable_since", "until",
    "updated_at", "waiting_since",
})  # fmt: skip
"""Columns with a moment. SQLite stores text: UTC, without a zone."""
LISTS = frozenset({
    "attachments", "authentication", "confirmed", "defects", "entries", "fields", "figures", "headers", "lines",
    "queues", "recipients", "running", "tags", "trace",
})  # fmt: skip
"""Columns with JSON. SQLite stores text."""
FLAGS = frozenset(
    {
        "answered",
        "inline",
        "left_out",
        "muted",
        "notified",
        "quotable",
        "released",
        "said",
        "snooze",
        "strict",
        "told",
        "trusted",
        "verified",
    }
)
"""Columns with yes or no. SQLite stores 1 or 0."""


class Reader:
    """Runs statements and returns their rows, for one caller at a time."""

    def __init__(self, execute: Callable[[str, Mapping[str, object]], Any], *, is_sqlite: bool) -> None:
        """`execute` takes a statement and its parameters by name, and returns a cursor of the database's driver."""
        self._execute, self.is_sqlite = execute, is_sqlite

    def each(self, statement: str, **parameters: object) -> Iterator[Any]:
        """Rows one by one, as the database finds them."""
        if self.is_sqlite:
            cursor = self._execute(statement, {name: _kept(value) for name, value in parameters.items()})
        else:
            cursor = self._execute(_PARAMETER.sub(r"%(\1)s", statement), parameters)
        columns = tuple(column[0] for column in cursor.description)
        make, convert = _row(columns), _conversions(columns) if self.is_sqlite else ()
        for values in cursor:
            found = list(values)
            for place, plain in convert:
                if found[place] is not None:
                    found[place] = plain(found[place])
            yield make._make(found)

    def all(self, statement: str, **parameters: object) -> list[Any]:
        return list(self.each(statement, **parameters))

    def one(self, statement: str, **parameters: object) -> Any | None:
        """The first row; None if there is none."""
        return next(self.each(statement, **parameters), None)


def among(name: str, values: Sequence[object]) -> tuple[str, dict[str, object]]:
    """For `column IN (...)`: the parameters as SQL, and their values by name. Without values, no row matches."""
    named = {f"{name}{place}": value for place, value in enumerate(values)}
    return ", ".join(f":{key}" for key in named) or "NULL", named


def narrowed(tests: Mapping[str, object], *more: str) -> tuple[str, dict[str, object]]:
    """A WHERE clause and its parameters, from `{"state = :state": state}`. Tests whose value is None are left out."""
    values = {_PARAMETER.findall(test)[0]: value for test, value in tests.items() if value is not None}
    stated = [*(test for test, value in tests.items() if value is not None), *more]
    return (f"WHERE {' AND '.join(stated)}" if stated else ""), values


@contextmanager
def opened(url: str, busy_seconds: int = BUSY_SECONDS) -> Iterator[Reader]:
    """A reader of the database at a SQLAlchemy URL, until the block ends. It reads the state of one moment."""
    driver: Any = sqlite3
    is_sqlite = url.startswith("sqlite")
    if not is_sqlite:
        import psycopg as driver  # takes 0.1 s, which a desk on SQLite does not have to pay
    connection = None
    try:
        connection = _sqlite(url, busy_seconds) if is_sqlite else _postgresql(driver, url)
        yield Reader(connection.execute, is_sqlite=is_sqlite)
    except driver.Error as error:
        raise Transient((str(error).strip().splitlines() or [type(error).__name__])[0]) from error
    finally:
        if connection is not None:
            connection.close()


def within(connection: "Connection") -> Reader:
    """A reader in the caller's transaction."""
    is_sqlite = connection.dialect.name == "sqlite"
    return Reader(lambda sql, parameters: connection.exec_driver_sql(sql, dict(parameters)).cursor, is_sqlite=is_sqlite)


def _sqlite(url: str, busy_seconds: int) -> sqlite3.Connection:
    connection = sqlite3.connect(url.removeprefix("sqlite:///"), timeout=busy_seconds, isolation_level=None)
    connection.execute("BEGIN")
    return connection


def _postgresql(driver: Any, url: str) -> Any:
    connection = driver.connect(url.replace("postgresql+psycopg", "postgresql", 1), connect_timeout=CONNECT_SECONDS)
    connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
    return connection


@lru_cache(maxsize=64)
def _row(columns: tuple[str, ...]) -> Any:
    return namedtuple("Row", columns)


@lru_cache(maxsize=64)
def _conversions(columns: tuple[str, ...]) -> tuple[tuple[int, Callable[[Any], object]], ...]:
    kinds: tuple[tuple[frozenset[str], Callable[[Any], object]], ...] = (
        (INSTANTS, _instant),
        (LISTS, json.loads),
        (FLAGS, bool),
    )
    return tuple((place, read) for place, name in enumerate(columns) for names, read in kinds if name in names)


def _kept(value: object) -> object:
    """A parameter as SQLite has such values: a moment is text, so that it can be compared with a column."""
    return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f") if isinstance(value, datetime) else value


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
