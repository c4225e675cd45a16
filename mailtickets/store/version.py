"""Which schema this version of the program needs, and the error for a database with another schema."""

from pathlib import Path

from mailtickets.store.read.reader import Reader

SCRIPTS = Path(__file__).parent / "migrations"

NEWEST = max(step.name.partition("_")[0] for step in (SCRIPTS / "versions").glob("[0-9]*.py"))
"""The number of the last step in `migrations/versions`."""


def version(reader: Reader) -> str | None:
    """The schema's version; None where there is none yet."""
    tables = "sqlite_master WHERE name" if reader.is_sqlite else "information_schema.tables WHERE table_name"
    if reader.one(f"SELECT 1 AS one FROM {tables} = 'alembic_version'") is None:  # noqa: S608
        return None
    row = reader.one("SELECT version_num FROM alembic_version")
    return str(row.version_num) if row is not None else None


def behind(found: str | None) -> str | None:
    """The reason why this version of the program cannot use a database with that schema, in words; None if it can."""
    if found == NEWEST:
        return None
    if found is None:
        return "the database is empty: `mailtickets run` or `mailtickets db upgrade` makes the tables"
    if found > NEWEST:
        return f"the database has schema {found}, made by a newer version of mailtickets (this one knows {NEWEST})"
    return f"the database has schema {found}, this version needs {NEWEST}: `mailtickets db upgrade` brings it there"
