"""Holidays in the database: known once, for everybody, until the library changes."""

from datetime import date

from mailtickets.desk.clock.holidays import Holiday
from mailtickets.store import holidays
from mailtickets.store.database import Database
from tests.desk.builders import NOW
from tests.store.databases import database, migrated_file, migrated_postgres

__all__ = ["database", "migrated_file", "migrated_postgres"]

NATAL = Holiday("BR", date(2026, 12, 25), "Natal", "public")
CARNAVAL = Holiday("BR", date(2026, 2, 16), "Carnaval", "optional")
REIS = Holiday("ES", date(2026, 1, 6), "Epifanía del Señor", "public")


def test_what_is_kept_is_known_and_nothing_else(database: Database) -> None:
    database.transact(holidays.keep, [("BR", 2026)], [NATAL, CARNAVAL], "0.109", NOW)
    wanted = (["BR", "ES"], [2026, 2027], "0.109")
    assert database.transact(holidays.unknown, *wanted) == [("BR", 2027), ("ES", 2026), ("ES", 2027)]
    assert database.transact(holidays.load, ["BR", "ES"]) == [CARNAVAL, NATAL]


def test_a_year_without_holidays_is_known_too(database: Database) -> None:
    database.transact(holidays.keep, [("BR", 2026)], [], "0.109", NOW)
    assert database.transact(holidays.unknown, ["BR"], [2026], "0.109") == []


def test_two_gateways_that_compute_the_same_year_keep_it_once(database: Database) -> None:
    for _ in range(2):
        database.transact(holidays.keep, [("BR", 2026)], [NATAL, CARNAVAL], "0.109", NOW)
    assert database.transact(holidays.load, ["BR"]) == [CARNAVAL, NATAL]


def test_only_the_regions_that_are_asked_for_come_back(database: Database) -> None:
    database.transact(holidays.keep, [("BR", 2026), ("ES", 2026)], [NATAL, REIS], "0.109", NOW)
    assert database.transact(holidays.load, ["ES"]) == [REIS]


def test_what_another_version_of_the_library_has_computed_is_forgotten(database: Database) -> None:
    database.transact(holidays.keep, [("BR", 2026)], [CARNAVAL], "0.108", NOW)
    assert database.transact(holidays.unknown, ["BR"], [2026], "0.109") == [("BR", 2026)]
    database.transact(holidays.keep, [("BR", 2026)], [NATAL], "0.109", NOW)
    assert database.transact(holidays.load, ["BR"]) == [NATAL]
