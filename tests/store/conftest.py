"""A clerk at work on a database of each kind."""

import pytest

from mailtickets.store.database import Database
from tests.store.databases import database, migrated_file, migrated_postgres
from tests.store.office import Office

__all__ = ["database", "migrated_file", "migrated_postgres"]


@pytest.fixture
def office(database: Database) -> Office:
    return Office(database)
