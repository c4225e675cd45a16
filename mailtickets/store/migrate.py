"""Brings a database to the schema of this version (Alembic), and tells whether it has it.

The only importer of Alembic, which costs half a second to import: commands that only look call `behind`.
"""

from sqlalchemy import Connection, text

from mailtickets.store import version
from mailtickets.store.database import Database
from mailtickets.store.read.reader import within

_ONE_AT_A_TIME = 4_117_202_601  # a key for PostgreSQL's advisory lock, held to the end of the transaction


def behind(database: Database) -> str | None:
    """What keeps this version of the program from using the database, in words; None when nothing does."""
    return version.behind(database.transact(found_in))


def found_in(connection: Connection) -> str | None:
    """The schema's version; None where there is none yet."""
    return version.version(within(connection))


def upgrade(database: Database, to: str = "head") -> None:
    """Runs the steps that are missing, all in one transaction; several gateways take turns."""
    if database.is_sqlite:
        database.make_private()

    def work(connection: Connection) -> None:
        if not database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ONE_AT_A_TIME})
        if found_in(connection) != version.NEWEST:
            _take_steps(connection, to)

    database.transact(work)


def _take_steps(connection: Connection, to: str) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(version.SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, to)
