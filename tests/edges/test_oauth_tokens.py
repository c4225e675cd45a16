"""The tokens of whole gateways, from a token server over TLS: two on one account, reloads, commands beside a daemon."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mailtickets.config.credentials import CredentialDead, CredentialLate
from mailtickets.config.load import load
from mailtickets.config.models import Config
from mailtickets.config.state import load_secrets, prepare
from mailtickets.edges.oauth2 import tokens
from mailtickets.edges.oauth2.account import accounts
from mailtickets.edges.oauth2.kept import Shelf
from mailtickets.edges.oauth2.login import Person, log_in
from mailtickets.edges.oauth2.outcome import Token
from mailtickets.edges.oauth2.tokens import Tokens, for_command, for_daemon, renewing
from mailtickets.store.database import Database
from tests.edges.oauth_desk import SECRET
from tests.edges.test_oauth_keeper import Told
from tests.servers.token_server import CLIENT, CLIENT_SECRET, USER, TokenServer
from tests.store.databases import database, migrated_file, migrated_postgres
from tests.test_config import LEAST

__all__ = ["database", "migrated_file", "migrated_postgres"]


@pytest.fixture(autouse=True)
def no_state_of_a_service(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("STATE_DIRECTORY", "CREDENTIALS_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[TokenServer]:
    (tmp_path / "client-secret").write_text(CLIENT_SECRET)
    with TokenServer(tmp_path) as server:
        yield server


class Time:
    """The time of gateways and of the token server, as far ahead as the test wants."""

    def __init__(self, server: TokenServer) -> None:
        self._server = server

    def __call__(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self._server.ahead_seconds)

    def turn(self, **span: float) -> None:
        self._server.ahead_seconds += timedelta(**span).total_seconds()


@pytest.fixture
def clock(server: TokenServer) -> Time:
    return Time(server)


def config(server: TokenServer, gateway: str, *accounts: str, flow: str = "device_code", more: str = "") -> Config:
    """The configuration of a gateway with a state directory of its own. All have the same secret."""
    folder = server.folder / gateway
    folder.mkdir(exist_ok=True)
    tables = [LEAST]
    for name in accounts or ("conta",):
        tables += [
            "[[oauth]]",
            f'name = "{name}"',
            'provider = "microsoft"',
            f'flow = "{flow}"',
            f'client_id = "{CLIENT}"',
        ]
        tables += [f'token_url = "{server.token_url}"', f'ca_file = "{server.ca_file}"']
        tables += ['client_secret_file = "../client-secret"'] if flow == "client_credentials" else []
        tables += [more, "[[imap_in]]", f'name = "{name}"', 'host = "imap.desk.test"', f'username = "{USER}"']
        tables += [f'oauth = "{name}"']
    file = folder / "config.toml"
    file.write_text("\n".join(tables))
    found = load(file, secrets=True)
    if not found.secret_file.exists():
        prepare(found)
        found.secret_file.write_bytes(SECRET)
    return found


@asynccontextmanager
async def running(mine: Config, database: Database, told: Told, clock: Time) -> AsyncIterator[Tokens]:
    """A gateway whose keepers run."""
    daemon = for_daemon(database, mine, told, clock, told.note)
    await daemon.take_over(mine.with_tokens(daemon.credential))
    try:
        yield daemon
    finally:
        await daemon.close()


async def fetched(mine: Config, place: int = 0) -> str:
    return await mine.credential(mine.imap_in[place]).fetch()


def log_in_at(mine: Config, server: TokenServer) -> None:
    """What `oauth login` does."""
    account = accounts(mine)["conta"]
    found = log_in(account, Person(lambda text: None, input, lambda seconds: server.approve()))
    assert isinstance(found, Token)
    with renewing(mine, account) as renewal:
        renewal.adopt(found)


async def until(found: object, what: object) -> None:
    """Waits until `found()` is `what`."""
    async with asyncio.timeout(60):
        while found() != what:  # type: ignore[operator] # noqa: ASYNC110 - files and the server have no events
            await asyncio.sleep(0.02)


@pytest.fixture(autouse=True)
def quick_ticks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailtickets.edges.oauth2.keeper.TICK_SECONDS", 0.05)


async def test_two_gateways_on_one_account_for_a_hundred_days(
    server: TokenServer, database: Database, clock: Time
) -> None:
    """They renew in the background at the same moments, and each refresh token of the server is used once."""
    server.life_seconds = 200 * 3600
    one, two, told = config(server, "one"), config(server, "two"), Told()
    log_in_at(one, server)
    async with running(one, database, told, clock):
        assert await fetched(one)  # brings the login into the database
    with closing(Database(database.url)) as other:
        async with running(one, database, told, clock), running(two, other, told, clock):
            for _ in range(24):
                await until(lambda: fresh(one, clock) and fresh(two, clock), True)
                assert Shelf(one.state_dir, "conta").load() == Shelf(two.state_dir, "conta").load()
                assert {await fetched(one), await fetched(two)} <= server.tokens.keys()
                clock.turn(hours=100)
    refreshed = [asked["refresh_token"] for asked in server.asked if asked["grant_type"] == "refresh_token"]
    assert len(refreshed) == len(set(refreshed)) in {23, 24}  # another one may begin at the end
    assert told.sounded == []


def fresh(mine: Config, clock: Time) -> bool:
    kept = Shelf(mine.state_dir, "conta").load()
    return kept is not None and kept.is_fresh(clock())


async def test_the_token_server_goes_down_and_comes_back(server: TokenServer, database: Database, clock: Time) -> None:
    mine, told = config(server, "one", flow="client_credentials"), Told()
    async with running(mine, database, told, clock):
        first = await fetched(mine)
        server.down()
        clock.turn(minutes=40)
        await until(lambda: bool(told.notes) and "cannot be reached" in told.notes[-1][1], True)
        assert await fetched(mine) == first
        clock.turn(minutes=25)
        with pytest.raises(CredentialLate, match="cannot be reached"):
            await fetched(mine)
        server.up()
        clock.turn(minutes=6)
        await until(lambda: told.notes[-1], (True, ""))
        assert await fetched(mine) in server.tokens


async def test_a_login_that_was_revoked_is_told_and_the_other_account_goes_on(
    server: TokenServer, database: Database, clock: Time
) -> None:
    mine, told = config(server, "one"), Told()
    log_in_at(mine, server)
    async with running(mine, database, told, clock):
        assert await fetched(mine) in server.tokens
        server.revoke()
        await until(lambda: list(told.alarms), [])
        with pytest.raises(CredentialDead, match="invalid_grant"):
            await mine.credential(mine.imap_in[0]).renew(await fetched(mine))
        assert "oauth login conta" in told.alarms["oauth-conta"]
        log_in_at(mine, server)
        await until(lambda: told.alarms, {})
        assert await fetched(mine) in server.tokens


async def test_a_reload_takes_over_what_has_changed(server: TokenServer, database: Database, clock: Time) -> None:
    before, told = config(server, "one", "a", "b", flow="client_credentials"), Told()
    async with running(before, database, told, clock) as daemon:
        kept = await fetched(before, 0)
        gone = before.credential(before.imap_in[1])
        after = config(server, "one", "a", "c", flow="client_credentials").with_tokens(daemon.credential)
        await daemon.take_over(after)
        assert await fetched(after, 0) == await fetched(before, 0) == kept, "what has not changed keeps its token"
        assert await fetched(after, 1) in server.tokens
        with pytest.raises(CredentialDead, match="no \\[\\[oauth\\]\\] 'b'"):
            await gone.fetch()
        (server.folder / "client-secret").write_text("wrong")
        changed = config(server, "one", "a", "c", flow="client_credentials", more='scopes = ["other/.default"]')
        await daemon.take_over(changed.with_tokens(daemon.credential))
        with pytest.raises(CredentialDead, match="AADSTS7000215"):
            await fetched(changed, 0)
        assert "oauth-a" in told.alarms
        (server.folder / "client-secret").write_text(CLIENT_SECRET)
        await daemon.take_over(changed)  # the same configuration, and another secret in the file
        await until(lambda: told.alarms, {})
        assert server.tokens[await fetched(changed, 0)].scope == "other/.default"


async def test_alarms_of_an_account_that_is_taken_out_are_taken_back(
    server: TokenServer, database: Database, clock: Time
) -> None:
    (server.folder / "client-secret").write_text("wrong")
    mine, told = config(server, "one", flow="client_credentials"), Told()
    async with running(mine, database, told, clock) as daemon:
        await until(lambda: list(told.alarms), ["oauth-conta"])
        await daemon.take_over(load(mine.file).model_copy(update={"oauth": (), "imap_in": ()}).placed(mine.file))
        assert told.alarms == {}


async def test_a_command_takes_the_token_that_is_there_and_gets_one_where_there_is_none(server: TokenServer) -> None:
    mine = config(server, "one", flow="client_credentials")
    mine.with_tokens(for_command(mine))
    first = await fetched(mine)
    assert await fetched(mine) == first
    assert len(server.asked) == 1
    credential = mine.credential(mine.imap_in[0])
    second = await credential.renew(first)
    assert second != first
    with pytest.raises(CredentialDead, match="refuses a fresh token"):
        await credential.renew(second)
    assert len(server.asked) == 2


async def test_a_command_says_what_is_wrong(server: TokenServer) -> None:
    mine = config(server, "one")
    mine.with_tokens(for_command(mine))
    with pytest.raises(CredentialDead, match="oauth login conta"):
        await fetched(mine)
    mine = config(server, "two", flow="client_credentials")
    mine.with_tokens(for_command(mine))
    server.down()
    with pytest.raises(CredentialLate, match="cannot be reached"):
        await fetched(mine)


def test_the_state_directory_is_made_for_a_login_before_the_first_run(server: TokenServer) -> None:
    mine = load(config(server, "one").file)
    for file in mine.state_dir.iterdir():
        file.unlink()
    mine.state_dir.rmdir()
    log_in_at(mine, server)
    assert mine.state_dir.stat().st_mode & 0o777 == 0o710
    assert not load_secrets(mine), "nothing else is made"
    assert tokens.holder() != tokens.holder()
