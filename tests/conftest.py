"""Fixtures of every room: the database servers that the same tests run against."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.servers.postgres import Postgres

settings.register_profile("whatever it takes", deadline=None)  # a busy machine is nobody's fault
settings.load_profile("whatever it takes")

DATABASES = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One private PostgreSQL for the whole run, started when first asked for."""
    with Postgres() as server:
        yield server


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest) -> str:
    """A new, empty database as the configuration names it, once of each kind: `sqlite:///...`, `postgresql://...`."""
    if request.param == "sqlite":
        return "sqlite:///mailtickets.db"
    postgres: Postgres = request.getfixturevalue("postgres")
    return postgres.database()
