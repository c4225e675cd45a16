"""The SQLAlchemy engine, and how a transaction works on each of the two databases.

SQLite: one writer at a time (`BEGIN IMMEDIATE`), WAL, and `synchronous=FULL`, because the answer 250 promises that
the message is on the disk. PostgreSQL: psycopg with a pool, read committed, row locks where a query asks for them.
Fails with: `NoSpace` if the disk is full, `Transient` for trouble that may pass. Callers raise `Stale`.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError

from mailtickets.desk.model.delivery import NoSpace, Transient
from mailtickets.store import disk

_BUSY_SECONDS = 30
_ATTEMPTS = 5
_ONLY_READS = "mailtickets_only_reads"
"""The execution option of a connection that writes nothing."""
_SERIALIZATION_FAILURES = {"40001", "40P01"}

P = ParamSpec("P")
T = TypeVar("T")


class Stale(Exception):
    """The facts of a decision have changed since they were read. The caller reads them and decides again."""


class Database:
    """One database: SQLite in this process, or a PostgreSQL server. Safe to use from several threads."""

    def __init__(self, url: str, *, connections: int = 4, busy_seconds: int = _BUSY_SECONDS) -> None:
        """`busy_seconds` is how long SQLite waits while another process writes."""
        self.url = url
        self.is_sqlite = url.startswith("sqlite")
        self.engine = _sqlite(url, busy_seconds) if self.is_sqlite else _postgresql(url, connections)

    def leave_checkpoints(self) -> None:
        """From now on commits of this process move nothing from SQLite's WAL into the database file: another process
        does. Two that do so at once may corrupt the file (SQLite before 3.51.3)."""
        if self.is_sqlite:
            event.listen(
                self.engine, "connect", lambda connection, _: connection.execute("PRAGMA wal_autocheckpoint=0")
            )
            self.engine.dispose()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Yields a connection in a transaction, and commits at the end of the block.

        Trouble with the database is raised as `Transient`.
        """
        try:
            with self.engine.begin() as connection:
                yield connection
        except (IntegrityError, DataError):
            raise  # the values to be written are wrong: trying again does not help
        except DBAPIError as error:
            raise _trouble(error) from error

    @contextmanager
    def looking(self) -> Iterator[Connection]:
        """Yields a connection that can only read. It sees the database as it is now until the end of the block, and
        keeps nobody from writing."""
        try:
            with self.engine.connect() as plain:
                connection = plain.execution_options(**{_ONLY_READS: True})
                with connection.begin() as nothing:
                    _forbid_writing(connection)
                    try:
                        yield connection
                    finally:
                        nothing.rollback()
                        _allow_writing(plain)
        except DBAPIError as error:
            raise _trouble(error) from error

    def transact(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Calls `work(connection, *args, **kwargs)` in a transaction, and returns what it returns.

        The call is repeated after a conflict of two transactions (SQLite locked, serialization failure).
        """
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                with self.transaction() as connection:
                    return work(connection, *args, **kwargs)
            except Transient as error:
                if attempt == _ATTEMPTS or not _worth_repeating(error.__cause__):
                    raise
                time.sleep(0.05 * attempt)
        raise AssertionError("unreachable")

    def ping(self) -> None:
        """Raises Transient when the database does not answer, or takes no transaction."""
        self.transact(_answer_in)

    def close(self) -> None:
        self.engine.dispose()

    def make_private(self) -> None:
        """Creates SQLite's file if there is none yet. Only the owner can read and write the file. SQLite gives the
        same mode to the log and index files beside it."""
        file = self.url.removeprefix("sqlite:///")
        with suppress(FileExistsError):
            os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))

    def space_is_short(self, message_limit: int) -> bool:
        """Whether the disk has too little room to accept another message of `message_limit` bytes."""
        return disk.space_is_short(self.url, message_limit)


def _answer_in(connection: Connection) -> None:
    connection.exec_driver_sql("SELECT 1")


def _forbid_writing(connection: Connection) -> None:
    """The first statement of a transaction that only reads."""
    is_sqlite = connection.dialect.name == "sqlite"
    read_only = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"
    connection.exec_driver_sql("PRAGMA query_only=1" if is_sqlite else read_only)


def _allow_writing(connection: Connection) -> None:
    """SQLite's connection goes back to the pool, where the next one may want to write."""
    if connection.dialect.name == "sqlite":
        driver: Any = connection.connection.driver_connection
        driver.execute("PRAGMA query_only=0")


def _sqlite(url: str, busy_seconds: int) -> Engine:
    engine = create_engine(url, connect_args={"check_same_thread": False}, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _: object) -> None:
        connection.isolation_level = None  # otherwise the driver begins its own transactions and loses updates
        for pragma in (
            f"busy_timeout={busy_seconds * 1000}",
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        only_reads = connection.get_execution_options().get(_ONLY_READS)
        connection.exec_driver_sql("BEGIN" if only_reads else "BEGIN IMMEDIATE")

    return engine


def _postgresql(url: str, connections: int) -> Engine:
    return create_engine(
        url,
        pool_size=connections,
        pool_pre_ping=True,
        hide_parameters=True,  # otherwise error texts would carry message bodies into the log
        connect_args={"connect_timeout": 10, "options": "-c statement_timeout=60000 -c synchronous_commit=on"},
    )


def _worth_repeating(error: BaseException | None) -> bool:
    if not isinstance(error, OperationalError):
        return False
    locked = "locked" in str(error.orig)
    return locked or getattr(error.orig, "sqlstate", None) in _SERIALIZATION_FAILURES


def _trouble(error: DBAPIError) -> Transient:
    words = str(error.orig).strip().splitlines()[0] if error.orig else type(error).__name__
    full = "disk is full" in words or "No space left" in words or getattr(error.orig, "sqlstate", None) == "53100"
    return NoSpace(words) if full else Transient(words)
