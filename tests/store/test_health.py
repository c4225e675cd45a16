"""What is known of the accounts, on both databases."""

from datetime import timedelta

from mailtickets.store import health
from mailtickets.store.database import Database
from mailtickets.store.read import health as read
from mailtickets.store.read.reader import opened
from tests.desk.builders import NOW

MINUTE = timedelta(minutes=1)


def the_account(database: Database) -> health.Account:
    (found,) = database.transact(health.accounts)
    with opened(database.url) as reader:
        assert read.accounts(reader) == [found]
    return found


def test_an_account_that_was_read_is_well(database: Database) -> None:
    database.transact(health.succeeded, "imap", "suporte", "a", NOW)
    assert the_account(database) == health.Account("imap", "suporte", "a", NOW, None, None, "", None)


def test_it_fails_since_the_first_of_its_failures(database: Database) -> None:
    database.transact(health.succeeded, "imap", "suporte", "a", NOW)
    database.transact(health.failed, "imap", "suporte", "a", "no route", NOW + MINUTE)
    database.transact(health.failed, "imap", "suporte", "a", "login refused", NOW + 2 * MINUTE)
    found = the_account(database)
    assert (found.last_success_at, found.last_failure_at) == (NOW, NOW + 2 * MINUTE)
    assert (found.failing_since, found.error) == (NOW + MINUTE, "login refused")


def test_a_success_ends_the_trouble_and_the_next_failure_begins_another(database: Database) -> None:
    database.transact(health.failed, "smtp", "delivery", "a", "no route", NOW)
    database.transact(health.succeeded, "smtp", "delivery", "a", NOW + MINUTE)
    found = the_account(database)
    assert (found.failing_since, found.error, found.last_failure_at) == (None, "", NOW)
    database.transact(health.failed, "smtp", "delivery", "a", "no route", NOW + 2 * MINUTE)
    assert the_account(database).failing_since == NOW + 2 * MINUTE


def test_an_account_has_the_end_of_its_token(database: Database) -> None:
    database.transact(health.succeeded, "oauth", "microsoft", "a", NOW, NOW + 60 * MINUTE)
    assert the_account(database).expires_at == NOW + 60 * MINUTE
    database.transact(health.failed, "oauth", "microsoft", "a", "503", NOW + MINUTE, NOW + 60 * MINUTE)
    assert the_account(database).expires_at == NOW + 60 * MINUTE


def test_each_gateway_has_its_own_view(database: Database) -> None:
    database.transact(health.succeeded, "imap", "suporte", "a", NOW)
    database.transact(health.failed, "imap", "suporte", "b", "no route", NOW)
    found = database.transact(health.accounts)
    assert [(row.gateway, row.error) for row in found] == [("a", ""), ("b", "no route")]


def test_accounts_that_left_the_configuration_are_forgotten_by_their_gateway(database: Database) -> None:
    for gateway in ("a", "b"):
        for name in ("suporte", "vendas"):
            database.transact(health.succeeded, "imap", name, gateway, NOW)
    database.transact(health.forget_others, "a", [("imap", "suporte")])
    found = database.transact(health.accounts)
    assert [(row.name, row.gateway) for row in found] == [("suporte", "a"), ("suporte", "b"), ("vendas", "b")]


def test_a_long_error_is_cut(database: Database) -> None:
    database.transact(health.failed, "imap", "suporte", "a", "x" * 10_000, NOW)
    assert len(the_account(database).error) == 500
