"""Statements that are built once and used again with other parameters.

SQLAlchemy takes longer to build a statement than SQLite takes to execute it. One mail needs about forty statements.
"""

from functools import cache
from typing import Any

from sqlalchemy import Column, Insert, Table, insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import ReturningInsert


@cache
def inserting(table: Table) -> Insert:
    return insert(table)


@cache
def inserting_for_id(table: Table) -> ReturningInsert[int]:
    """INSERT ... RETURNING the id."""
    identity: Column[int] = table.c.id
    return insert(table).returning(identity)


@cache
def replacing(dialect: str, table: Table, keys: tuple[str, ...], changed: tuple[str, ...]) -> Insert:
    """INSERT. If there is a row with the same keys, UPDATE of the columns `changed`."""
    row = insert_of(dialect)(table)
    set_ = {name: row.excluded[name] for name in changed}
    either: Insert = row.on_conflict_do_update(index_elements=list(keys), set_=set_)
    return either


def insert_of(dialect: str) -> Any:
    """The INSERT of the database's own dialect, which has ON CONFLICT."""
    return sqlite.insert if dialect == "sqlite" else postgresql.insert
