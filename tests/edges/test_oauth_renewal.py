"""Tokens are renewed once, on whatever machine, and what a provider gives is never lost."""

import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text, update

from mailtickets.desk.model.delivery import Transient
from mailtickets.edges.oauth2.kept import Kept, decode, encode
from mailtickets.edges.oauth2.outcome import Dead, Retry, Token
from mailtickets.edges.oauth2.renewal import Renewal
from mailtickets.edges.oauth2.shared import SharedTokens
from mailtickets.store.database import Database
from mailtickets.store.schema import lease
from tests.edges.oauth_desk import BUSY, SECRET, START, WRONG, Clock, Provider, account, gateway, got, logged_in
from tests.store.databases import database, migrated_file, migrated_postgres

__all__ = ["database", "migrated_file", "migrated_postgres"]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def provider() -> Provider:
    return Provider()


@pytest.fixture
def one(tmp_path: Path, provider: Provider, clock: Clock) -> Renewal:
    return gateway(tmp_path / "one", provider, clock)


@pytest.fixture
def two(tmp_path: Path, provider: Provider, clock: Clock, database: Database) -> Iterator[tuple[Renewal, Renewal]]:
    """Two gateways on one database, each with a state directory of its own."""
    other = Database(database.url)
    yield (
        gateway(tmp_path / "one", provider, clock, database),
        gateway(tmp_path / "two", provider, clock, other),
    )
    other.close()


# --- one gateway --------------------------------------------------------------------------------------


def test_a_token_is_renewed_at_half_of_its_life_and_not_before(one: Renewal, provider: Provider, clock: Clock) -> None:
    kept = logged_in(one)
    clock.turn(minutes=29)
    assert (got(one.renew()).access, provider.asked) == (kept.access, [])
    clock.turn(minutes=1)
    assert (got(one.renew()).access, provider.asked) == ("access-1", ["refresh-0"])


def test_a_rotating_refresh_token_lasts_for_a_hundred_days(one: Renewal, provider: Provider, clock: Clock) -> None:
    provider.life_seconds = 12 * 3600
    logged_in(one)
    while clock.now < START + timedelta(days=100):
        clock.turn(hours=6)
        assert got(one.renew()).lives(clock.now)
    assert len(provider.asked) == len(set(provider.asked)) == 400
    assert got(one.shelf.load()).refresh == provider.good


def test_an_answer_without_a_refresh_token_leaves_the_old_one_good(
    one: Renewal, provider: Provider, clock: Clock
) -> None:
    logged_in(one)
    provider.rotates = False
    clock.turn(minutes=45)
    assert got(one.renew()).refresh == "refresh-0"


def test_the_new_token_is_on_the_disk_before_anybody_has_it(
    one: Renewal, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Draft, fsync, rename, fsync of the folder: after a power cut there are the old tokens or the new ones."""
    logged_in(one)
    clock.turn(minutes=45)
    seen: list[tuple[str, str, str]] = []
    fsync = os.fsync

    def watched(descriptor: int) -> None:
        fsync(descriptor)
        file = Path(f"/proc/self/fd/{descriptor}").readlink()
        held = decode(file.read_bytes()) if file.is_file() else None
        seen.append((file.name, held.refresh if held else "", got(one.shelf.load()).refresh))

    monkeypatch.setattr(os, "fsync", watched)
    one.renew()
    assert seen == [
        ("microsoft.new", "", "refresh-0"),
        ("microsoft.new", "refresh-1", "refresh-0"),
        ("oauth", "", "refresh-1"),
    ]


def test_files_are_for_the_owner_alone(one: Renewal, provider: Provider, clock: Clock) -> None:
    previous = os.umask(0)
    try:
        logged_in(one)
        clock.turn(minutes=45)
        one.renew()
    finally:
        os.umask(previous)
    folder = one.shelf.file.parent
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o600}
    assert sorted(file.name for file in folder.iterdir()) == ["microsoft.json", "microsoft.lock"]


def test_no_refresh_token_is_spent_when_the_disk_takes_nothing(one: Renewal, provider: Provider, clock: Clock) -> None:
    logged_in(one)
    clock.turn(minutes=45)
    one.shelf.file.with_suffix(".new").mkdir()  # nobody can make a file of that name
    found = one.renew()
    assert isinstance(found, Retry)
    assert (provider.asked, provider.good) == ([], "refresh-0")
    one.shelf.file.with_suffix(".new").rmdir()
    assert got(one.renew()).refresh == "refresh-1"


def test_a_token_that_the_disk_did_not_take_is_written_later(one: Renewal, provider: Provider, clock: Clock) -> None:
    logged_in(one)
    clock.turn(minutes=45)
    file, aside = one.shelf.file, one.shelf.file.with_suffix(".aside")
    provider.may_answer.clear()
    with ThreadPoolExecutor(1) as threads:
        renewed = threads.submit(one.renew)
        assert provider.entered.wait(60)
        file.rename(aside)
        file.mkdir()  # a file cannot take the place of a folder
        provider.may_answer.set()
        assert got(renewed.result(60)).refresh == "refresh-1"
    assert one.unsaved is not None
    file.rmdir()
    aside.rename(file)
    one.settle()
    assert (got(one.shelf.load()).refresh, one.unsaved) == ("refresh-1", None)


def test_a_crash_in_the_middle_of_writing_leaves_the_old_token(one: Renewal, provider: Provider, clock: Clock) -> None:
    logged_in(one)
    one.shelf.file.with_suffix(".new").write_bytes(encode(got(one.shelf.load()))[:40])
    assert got(one.shelf.load()).refresh == "refresh-0"
    clock.turn(minutes=45)
    assert got(one.renew()).refresh == "refresh-1"


@pytest.mark.parametrize("found", [b"", b"{}", b"[]", b"\0" * 40, b'{"generation": 1}', b"\xff"])
def test_a_file_that_is_none_of_ours_is_no_token(one: Renewal, found: bytes) -> None:
    logged_in(one)
    one.shelf.file.write_bytes(found)
    assert (decode(found), one.shelf.load()) == (None, None)


def test_no_token_is_in_a_text_about_it(one: Renewal) -> None:
    kept = logged_in(one)
    assert "access" not in f"{kept!r}{kept}{Token('access-7', 60, 'refresh-7')!r}"
    assert "refresh" not in f"{kept!r}{kept}{Token('access-7', 60, 'refresh-7')!r}"


def test_trouble_of_the_token_server_leaves_the_old_token(one: Renewal, provider: Provider, clock: Clock) -> None:
    logged_in(one)
    clock.turn(minutes=45)
    provider.answers = [BUSY, BUSY]
    assert one.renew() == BUSY
    assert got(one.present()).access == "access-0"
    clock.turn(minutes=20)
    assert one.present() == BUSY
    assert got(one.renew()).access == "access-3"


def test_tokens_of_another_client_are_not_used(one: Renewal, provider: Provider, clock: Clock) -> None:
    logged_in(one)
    one.account = account(client_id="another")
    found = one.renew()
    assert isinstance(found, Dead)
    assert (found.error, provider.asked) == ("no_login", [])
    assert "other settings" in found.reason
    one.account = account("client_credentials", client_id="another")
    assert got(one.renew()).generation == 2


def test_without_a_login_nobody_is_asked(one: Renewal, provider: Provider) -> None:
    found = one.renew()
    assert isinstance(found, Dead)
    assert "mailtickets oauth login microsoft" in found.advice
    assert provider.asked == []


def test_a_clock_that_was_wrong_leaves_no_token_that_lives_for_years(
    one: Renewal, provider: Provider, clock: Clock
) -> None:
    clock.turn(days=3650)
    logged_in(one)
    clock.now = START
    assert got(one.renew()).access == "access-1"


# --- a refused token ----------------------------------------------------------------------------------


def test_a_refused_token_is_renewed_once_and_then_dead(one: Renewal, provider: Provider) -> None:
    kept = logged_in(one)
    another = got(one.renew(refused=kept.access))
    assert another.access == "access-1"
    found = one.renew(refused=another.access)
    assert isinstance(found, Dead)
    assert (found.error, len(provider.asked)) == ("refused", 1)
    assert "username" in found.advice


def test_two_connections_with_the_same_refused_token_cause_one_renewal(one: Renewal, provider: Provider) -> None:
    kept = logged_in(one)
    assert got(one.renew(refused=kept.access)).access == got(one.renew(refused=kept.access)).access == "access-1"
    assert len(provider.asked) == 1


def test_a_token_that_was_accepted_for_long_is_renewed_when_it_is_refused(
    one: Renewal, provider: Provider, clock: Clock
) -> None:
    forced = got(one.renew(refused=logged_in(one).access))
    clock.turn(minutes=20)
    assert got(one.renew(refused=forced.access)).access == "access-2"


# --- several processes and gateways -------------------------------------------------------------------


def test_two_processes_on_one_state_directory_ask_once(tmp_path: Path, provider: Provider, clock: Clock) -> None:
    """The daemon, and a command that needs a token at the same moment."""
    daemon, command = (gateway(tmp_path / "one", provider, clock) for _ in range(2))
    logged_in(daemon)
    clock.turn(minutes=45)
    provider.may_answer.clear()
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(daemon.renew)
        assert provider.entered.wait(60)
        second = threads.submit(command.renew)
        time.sleep(0.3)  # for the second to come to the lock; it may come later as well
        provider.may_answer.set()
        assert got(first.result(60)) == got(second.result(60))
    assert provider.asked == ["refresh-0"]


def test_two_gateways_on_one_account_for_a_hundred_days(
    two: tuple[Renewal, Renewal], provider: Provider, clock: Clock
) -> None:
    provider.life_seconds = 48 * 3600
    logged_in(two[0])
    for turn in range(100):
        clock.turn(hours=24)
        first, second = two if turn % 3 else two[::-1]
        assert got(first.renew()) == got(second.renew())
    assert len(provider.asked) == len(set(provider.asked)) == 100
    assert got(two[0].shelf.load()).refresh == got(two[1].shelf.load()).refresh == provider.good


def test_two_gateways_at_the_same_moment_ask_once(
    two: tuple[Renewal, Renewal], provider: Provider, clock: Clock
) -> None:
    logged_in(two[0])
    clock.turn(minutes=45)
    for renewal in two:
        renewal.sleep = lambda seconds: time.sleep(0.01)
    provider.may_answer.clear()
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(two[0].renew)
        assert provider.entered.wait(60)
        second = threads.submit(two[1].renew)
        threading.Timer(0.2, provider.may_answer.set).start()
        assert got(first.result(60)) == got(second.result(60))
    assert provider.asked == ["refresh-0"]


def test_a_gateway_that_died_while_it_asked_is_not_waited_for_in_vain(
    two: tuple[Renewal, Renewal], provider: Provider, clock: Clock, database: Database
) -> None:
    one, other = two
    logged_in(one)
    clock.turn(minutes=45)
    assert one._claimed()
    assert isinstance(other.renew(), Retry)
    database.transact(lambda connection: connection.execute(update(lease).values(until=START - timedelta(days=1))))
    assert got(other.renew()).access == "access-1"


def test_a_login_at_one_gateway_is_there_for_the_other(two: tuple[Renewal, Renewal], provider: Provider) -> None:
    assert isinstance(two[1].renew(), Dead)
    logged_in(two[0])
    assert got(two[1].renew()).access == "access-0"
    assert provider.asked == []


def test_a_login_before_the_first_run_comes_into_the_database(
    tmp_path: Path, two: tuple[Renewal, Renewal], provider: Provider, clock: Clock
) -> None:
    logged_in(gateway(tmp_path / "one", provider, clock))
    assert got(two[0].renew()).access == "access-0"
    assert got(two[1].renew()).access == "access-0"


def test_what_a_crash_kept_out_of_the_database_is_brought_there(
    two: tuple[Renewal, Renewal], provider: Provider, clock: Clock
) -> None:
    """The gateway has written its file, and died before it wrote the database."""
    one, other = two
    logged_in(one)
    clock.turn(minutes=45)
    shared, one.shared = one.shared, None
    assert got(one.renew()).refresh == "refresh-1"
    one.shared = shared
    one.newest()
    clock.turn(minutes=45)
    assert got(other.renew()).refresh == "refresh-2"
    assert provider.asked == ["refresh-0", "refresh-1"]


class Away(SharedTokens):
    """A database that takes nothing while `away`."""

    away = False

    def save(self, name: str, kept: Kept) -> None:
        if self.away:
            raise Transient("the server is away")
        super().save(name, kept)


def test_a_database_that_goes_away_after_the_answer_gets_the_token_later(
    two: tuple[Renewal, Renewal], provider: Provider, clock: Clock, database: Database
) -> None:
    one, other = two
    one.shared = shared = Away(database, [SECRET], "one")
    logged_in(one)
    clock.turn(minutes=45)
    shared.away = True
    assert got(one.renew()).refresh == "refresh-1"
    assert isinstance(other.renew(), Retry)  # the claim is still held: nobody spends the old token
    shared.away = False
    one.settle()
    assert one.unpublished is None
    assert got(one.renew()) == got(one.shared.load("microsoft"))


def test_an_old_token_that_another_gateway_has_spent_is_no_death_when_its_news_come_late(
    two: tuple[Renewal, Renewal], provider: Provider, clock: Clock
) -> None:
    one, other = two
    logged_in(one)
    clock.turn(minutes=45)
    shared, one.shared = one.shared, None
    new = got(one.renew())
    assert shared is not None
    other.sleep = lambda seconds: shared.save("microsoft", new)
    assert got(other.renew()).refresh == "refresh-1"


def test_without_the_database_no_rotating_token_is_spent(
    two: tuple[Renewal, Renewal], provider: Provider, clock: Clock, database: Database
) -> None:
    logged_in(two[0])
    clock.turn(minutes=45)
    database.transact(lambda connection: connection.execute(text("ALTER TABLE oauth_token RENAME TO elsewhere")))
    try:
        assert isinstance(two[0].renew(), Retry)
        assert provider.asked == []
    finally:
        database.transact(lambda connection: connection.execute(text("ALTER TABLE elsewhere RENAME TO oauth_token")))


def test_the_database_holds_no_token_that_can_be_read(two: tuple[Renewal, Renewal], database: Database) -> None:
    logged_in(two[0])
    with database.transaction() as connection:
        (sealed,) = connection.execute(text("SELECT sealed FROM oauth_token")).scalars()
    assert b"refresh" not in bytes(sealed)
    assert b"access" not in bytes(sealed)
    assert SharedTokens(database, [b"another secret"], "x").load("microsoft") is None
    assert SharedTokens(database, [b"a new secret", SECRET], "x").load("microsoft") is not None


def test_a_login_waits_for_a_renewal_of_another_gateway_and_comes_after_it(
    two: tuple[Renewal, Renewal], provider: Provider, clock: Clock
) -> None:
    one, other = two
    logged_in(one)
    clock.turn(minutes=45)
    for renewal in two:
        renewal.sleep = lambda seconds: time.sleep(0.01)
    provider.may_answer.clear()
    with ThreadPoolExecutor(2) as threads:
        renewed = threads.submit(one.renew)
        assert provider.entered.wait(60)
        login = threads.submit(logged_in, other, "refresh-of-the-login")
        threading.Timer(0.2, provider.may_answer.set).start()
        assert (got(renewed.result(60)).generation, got(login.result(60)).generation) == (2, 3)
    assert got(one.newest()).refresh == got(other.newest()).refresh == "refresh-of-the-login"


def test_a_login_counts_also_where_the_database_is_sealed_with_another_secret(
    two: tuple[Renewal, Renewal], provider: Provider, database: Database
) -> None:
    one, other = two
    for _ in range(3):
        logged_in(one)
    other.shared = SharedTokens(database, [b"a new secret, long enough"], "two")
    assert logged_in(other, "new").generation == 4
    assert got(other.newest()).refresh == "new"


def test_an_older_generation_replaces_nothing(two: tuple[Renewal, Renewal]) -> None:
    kept = logged_in(two[0])
    shared = two[0].shared
    assert shared is not None
    shared.save("microsoft", replace(kept, generation=7, refresh="newer"))
    shared.save("microsoft", replace(kept, generation=6, refresh="older"))
    found = shared.load("microsoft")
    assert found is not None
    assert found.refresh == "newer"


def test_a_dead_client_is_said_with_what_to_do(one: Renewal, provider: Provider, clock: Clock) -> None:
    logged_in(one)
    clock.turn(minutes=45)
    provider.answers = [WRONG]
    assert one.renew() == WRONG
