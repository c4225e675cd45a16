"""A migrated database of each kind, made once and copied for every test; and a clerk at work on it."""

import shutil
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from mailtickets.store import migrate
from mailtickets.store.database import Database
from tests.servers.postgres import Postgres
from tests.store.office import Office

_COPIES = count(1)


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("template") / "mailtickets.db"
    database = Database(f"sqlite:///{file}")
    migrate.upgrade(database)
    database.close()  # the last connection takes the write-ahead log into the file
    return file


@pytest.fixture(scope="session")
def migrated_postgres(postgres: Postgres) -> Postgres:
    postgres.execute("CREATE DATABASE template")
    database = Database(sqlalchemy_url(postgres.url("template")))
    migrate.upgrade(database)
    database.close()
    return postgres


def sqlalchemy_url(url: str) -> str:
    return url.replace("postgresql://", "postgresql+psycopg://")


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database with the schema of this version and nothing in it."""
    made = _copy(request, tmp_path)
    yield made
    made.close()


def _copy(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    if request.param == "sqlite":
        file = tmp_path / "mailtickets.db"
        shutil.copy(request.getfixturevalue("migrated_file"), file)
        return Database(f"sqlite:///{file}")
    server: Postgres = request.getfixturevalue("migrated_postgres")
    name = f"copy_{next(_COPIES)}"
    server.execute(f"CREATE DATABASE {name} TEMPLATE template")
    return Database(sqlalchemy_url(server.url(name)))


@pytest.fixture
def office(database: Database) -> Office:
    return Office(database)
