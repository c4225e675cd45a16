"""Inserts new messages on SQLite without SQLAlchemy: docs/decisions/0024.

For one message, SQLAlchemy takes as long as SQLite itself does, fsync included. The statement and its values are those
of `inbound`; SQLAlchemy compiles them once.
*Fails with*: `Transient` for every error of SQLite, and when the database is locked. Then nothing was written.
The caller tries again with `inbound.insert_all`, which tells the kinds of trouble apart.
"""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from functools import cache
from typing import Any, cast

from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.compiler import SQLCompiler

from mailtickets.desk.model.delivery import Transient
from mailtickets.mail.model import Envelope
from mailtickets.store.database import Database
from mailtickets.store.inbound import KEEP, arriving
from mailtickets.store.schema import inbound

_DIALECT = sqlite.dialect(paramstyle="qmark")
_KNOWN = "SELECT id FROM inbound WHERE transmission = ?"

Encode = Callable[[Any], Any]


class Keeper:
    """One connection, for one caller at a time."""

    def __init__(self, url: str) -> None:
        self._database = Database(url, busy_seconds=0)
        self._pooled = self._database.engine.raw_connection()
        self._connection = cast("sqlite3.Connection", self._pooled.driver_connection)

    def keep(
        self,
        mails: Sequence[tuple[bytes, Envelope]],
        claimant: str | None,
        now: datetime,
        before_commit: Callable[[], None],
    ) -> list[tuple[int, bool]]:
        """Commits all messages or none. Returns for each its id, and whether it is new (False: a retransmission)."""
        rows = [arriving(raw, envelope, claimant, now) for raw, envelope in mails]
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                kept = [self._keep(row) for row in rows]
                before_commit()
                self._connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            raise Transient(str(error)) from error
        return kept

    def _keep(self, row: dict[str, Any]) -> tuple[int, bool]:
        statement, encoders = _statement(tuple(row))
        values = [encode(row[name]) if encode else row[name] for name, encode in encoders]
        new = self._connection.execute(statement, values).fetchone()
        if new is not None:
            return new[1], True
        return self._connection.execute(_KNOWN, [row["transmission"]]).fetchone()[0], False

    def close(self) -> None:
        self._pooled.close()
        self._database.close()


@cache
def _statement(columns: tuple[str, ...]) -> tuple[str, list[tuple[str, Encode | None]]]:
    """The SQL statement; and the column of each of its values, with the function that encodes it."""
    compiled = cast("SQLCompiler", KEEP["sqlite"].compile(dialect=_DIALECT, column_keys=columns))
    types = {name: inbound.c[name].type.dialect_impl(_DIALECT) for name in compiled.positiontup or ()}
    return str(compiled), [(name, type_.bind_processor(_DIALECT)) for name, type_ in types.items()]
