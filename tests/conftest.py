"""Fixtures of every room: the database servers that the same tests run against."""

import gc
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.servers import shared_python
from tests.servers.postgres import Postgres

settings.register_profile("whatever it takes", deadline=None)  # a busy machine is nobody's fault
settings.load_profile("whatever it takes")

DATABASES = ("sqlite", "postgresql")


@pytest.fixture(autouse=True)
def left_open() -> Iterator[None]:
    """In `python -X dev -m pytest`, what a test left open is found at that test's end, and is that test's error.

    A ResourceWarning comes when the garbage is collected: without this, in whatever test runs by then.
    """
    yield
    if sys.flags.dev_mode:
        gc.collect()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One private PostgreSQL for the whole run, started when first asked for."""
    with Postgres() as server:
        yield server


@pytest.fixture(scope="session")
def python_of_everybody() -> Iterator[Path]:
    """An interpreter with the program, for commands that a test runs as another user (`python -m mailtickets`)."""
    directory = Path(tempfile.mkdtemp(prefix="python-", dir="/tmp"))
    yield shared_python.shared_python(directory)
    shutil.rmtree(directory)


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest) -> str:
    """A new, empty database as the configuration names it, once of each kind: `sqlite:///...`, `postgresql://...`."""
    if request.param == "sqlite":
        return "sqlite:///mailtickets.db"
    postgres: Postgres = request.getfixturevalue("postgres")
    return postgres.database()
