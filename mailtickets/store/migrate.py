"""Brings a database to the schema of this version (Alembic), and tells whether it has it.

The only importer of Alembic, which costs half a second to import: commands that only look call `behind`.
"""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from mailtickets.store.database import Database

SCRIPTS = Path(__file__).parent / "migrations"
NEWEST = "0006"
_ONE_AT_A_TIME = 4_117_202_601  # a key for PostgreSQL's advisory lock, held to the end of the transaction


def version(connection: Connection) -> str | None:
    """The schema's version; None where there is none yet."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return str(found) if found is not None else None


def behind(database: Database) -> str | None:
    """What keeps this version of the program from using the database, in words; None when nothing does."""
    found = database.run(version)
    if found == NEWEST:
        return None
    if found is None:
        return "the database is empty: `mailtickets run` or `mailtickets db upgrade` makes the tables"
    if found > NEWEST:
        return f"the database has schema {found}, made by a newer version of mailtickets (this one knows {NEWEST})"
    return f"the database has schema {found}, this version needs {NEWEST}: `mailtickets db upgrade` brings it there"


def upgrade(database: Database, to: str = "head") -> None:
    """Runs the steps that are missing, all in one transaction; several gateways take turns."""
    if database.is_sqlite:
        database.make_private()

    def work(connection: Connection) -> None:
        if not database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ONE_AT_A_TIME})
        if version(connection) != NEWEST:
            _take_steps(connection, to)

    database.run(work)


def _take_steps(connection: Connection, to: str) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, to)
