"""A migrated database of each kind, made once and given to every test empty."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from mailtickets.store import migrate
from mailtickets.store.database import Database
from mailtickets.store.schema import metadata
from tests.servers.postgres import Postgres


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("template") / "mailtickets.db"
    database = Database(f"sqlite:///{file}")
    migrate.upgrade(database)
    database.close()  # the last connection takes the write-ahead log into the file
    return file


@pytest.fixture(scope="session")
def migrated_postgres(postgres: Postgres) -> Iterator[Database]:
    database = Database(postgres.database().replace("postgresql://", "postgresql+psycopg://"))
    migrate.upgrade(database)
    yield database
    database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database with the schema of this version and nothing in it."""
    if request.param == "sqlite":
        yield from _copied(request.getfixturevalue("migrated_file"), tmp_path / "mailtickets.db")
    else:
        yield from _emptied(request.getfixturevalue("migrated_postgres"))


def _copied(template: Path, file: Path) -> Iterator[Database]:
    shutil.copy(template, file)
    database = Database(f"sqlite:///{file}")
    yield database
    database.close()


def _emptied(shared: Database) -> Iterator[Database]:
    shared.transact(_empty)
    database = Database(shared.url)
    yield database
    database.close()


def _empty(connection: Connection) -> None:
    """By deleting: to truncate is slower, since every file is made anew."""
    for name in (*(table.name for table in reversed(metadata.sorted_tables)), "search"):
        connection.execute(text(f"DELETE FROM {name}"))
    sequences = connection.execute(text("SELECT sequencename FROM pg_sequences WHERE last_value IS NOT NULL"))
    for name in sequences.scalars().all():
        connection.execute(text(f"ALTER SEQUENCE {name} RESTART"))
