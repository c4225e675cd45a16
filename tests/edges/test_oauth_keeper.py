"""The token of an account while the daemon runs: cached, renewed in the background, once for all; and the alarms."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from mailtickets.config.credentials import CredentialDead, CredentialLate
from mailtickets.edges.oauth2.keeper import TokenKeeper
from mailtickets.edges.oauth2.kept import Kept, Trouble
from mailtickets.edges.oauth2.outcome import Dead, Retry
from mailtickets.edges.oauth2.renewal import Renewal
from tests.edges.oauth_desk import BUSY, START, WRONG, Clock, Provider, account, gateway, logged_in


@dataclass
class Told:
    """What ops are told, and what is noted of the account."""

    alarms: dict[str, str] = field(default_factory=dict)
    sounded: list[str] = field(default_factory=list)
    notes: list[tuple[bool, str]] = field(default_factory=list)
    revived: list[str] = field(default_factory=list)

    async def sound(self, key: str, text: str) -> None:
        if key not in self.alarms:
            self.sounded.append(key)
        self.alarms[key] = text

    async def clear(self, key: str) -> None:
        self.alarms.pop(key, None)

    async def note(self, name: str, kept: Kept | None, error: str) -> None:
        self.notes.append((kept is not None, error))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def provider() -> Provider:
    return Provider()


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def renewal(tmp_path: Path, provider: Provider, clock: Clock) -> Renewal:
    return gateway(tmp_path / "one", provider, clock, of=account(uses=('imap_in "suporte"', "delivery")))


@pytest.fixture
async def keeper(renewal: Renewal, told: Told) -> AsyncIterator[TokenKeeper]:
    keeper = TokenKeeper(renewal, told, told.note, told.revived.append)
    yield keeper
    await keeper.close(60)


async def test_a_hundred_logins_are_one_question(keeper: TokenKeeper, renewal: Renewal, provider: Provider) -> None:
    logged_in(renewal)
    renewal.clock.turn(hours=2)  # type: ignore[attr-defined]
    found = await asyncio.gather(*(keeper.token() for _ in range(100)))
    assert (set(found), provider.asked) == ({"access-1"}, ["refresh-0"])
    assert {await keeper.token() for _ in range(100)} == {"access-1"}
    assert len(provider.asked) == 1


async def test_it_is_renewed_in_the_background_for_a_hundred_days(
    keeper: TokenKeeper, renewal: Renewal, provider: Provider, clock: Clock, told: Told
) -> None:
    provider.life_seconds = 12 * 3600
    logged_in(renewal)
    while clock.now < START + timedelta(days=100):
        await keeper.tick()
        asked = len(provider.asked)
        await keeper.token()
        assert len(provider.asked) == asked, "nobody who logs in has to wait for a token"
        clock.turn(hours=2)
    assert len(provider.asked) == 400
    assert told.alarms == {}


async def test_a_token_server_that_is_down_is_noticed_by_nobody_while_the_old_token_lives(
    keeper: TokenKeeper, renewal: Renewal, provider: Provider, clock: Clock, told: Told
) -> None:
    logged_in(renewal)
    await keeper.tick()
    provider.answers = [BUSY] * 100
    while clock.now < START + timedelta(minutes=59):
        clock.turn(seconds=2)
        await keeper.tick()
        assert await keeper.token() == "access-0"
    assert 6 < len(provider.asked) < 15, "it is asked again and again, with growing pauses"
    provider.answers.clear()
    clock.turn(minutes=5)
    await keeper.tick()
    assert (await keeper.token()).startswith("access-")
    assert told.sounded == []


async def test_without_any_token_for_ten_minutes_ops_are_told_and_told_again_when_it_is_well(
    keeper: TokenKeeper, renewal: Renewal, provider: Provider, clock: Clock, told: Told
) -> None:
    logged_in(renewal)
    await keeper.tick()
    provider.answers = [BUSY] * 1000
    while clock.now < START + timedelta(minutes=75):
        clock.turn(seconds=30)
        await keeper.tick()
    with pytest.raises(CredentialLate, match="503"):
        await keeper.token()
    assert told.sounded == ["oauth-microsoft"]
    assert "503" in told.alarms["oauth-microsoft"]
    provider.answers.clear()
    clock.turn(minutes=5)
    await keeper.tick()
    assert told.alarms == {}


async def test_the_server_says_how_long_to_wait(
    keeper: TokenKeeper, renewal: Renewal, provider: Provider, clock: Clock
) -> None:
    logged_in(renewal)
    clock.turn(minutes=30)
    provider.answers = [Retry("busy", 600)]
    await keeper.tick()
    clock.turn(minutes=9)
    await keeper.tick()
    assert len(provider.asked) == 1
    clock.turn(minutes=2)
    await keeper.tick()
    assert len(provider.asked) == 2


async def test_a_dead_account_is_an_incident_at_once_with_what_to_do(
    keeper: TokenKeeper, renewal: Renewal, provider: Provider, clock: Clock, told: Told
) -> None:
    logged_in(renewal)
    await keeper.tick()
    clock.turn(minutes=31)
    provider.answers = [WRONG]
    await keeper.tick()
    text = told.alarms["oauth-microsoft"]
    for part in ("AADSTS7000222", "Make a new secret.", "serves until", 'imap_in "suporte"', "delivery", "waits"):
        assert part in text
    assert told.notes[-1] == (True, WRONG.reason)
    assert renewal.shelf.trouble() == Trouble(WRONG.reason, clock.now, needs_person=True)
    assert await keeper.token() == "access-0", "the old token serves until its end"
    clock.turn(minutes=31)
    await keeper.tick()
    assert told.alarms == {}, "it is tried again, for what a person does at the provider"
    assert renewal.shelf.trouble() is None


async def test_a_dead_account_asks_the_token_server_no_more_often_than_others_log_in(
    keeper: TokenKeeper, provider: Provider, told: Told, clock: Clock, renewal: Renewal
) -> None:
    renewal.account = keeper.account = account("client_credentials", client_secret_file="s")
    provider.answers = [WRONG] * 100
    for _ in range(30):
        with pytest.raises(CredentialDead, match="Make a new secret"):
            await keeper.token()
        with pytest.raises(CredentialDead, match="Make a new secret"):
            await keeper.another("access-0")
        clock.turn(seconds=20)
        await keeper.tick()
    assert len(provider.asked) == 1
    assert told.sounded == ["oauth-microsoft"]


async def test_a_login_at_the_command_line_is_noticed_at_the_next_tick(
    keeper: TokenKeeper, renewal: Renewal, provider: Provider, clock: Clock, told: Told, tmp_path: Path
) -> None:
    await keeper.tick()
    assert "oauth login microsoft" in told.alarms["oauth-microsoft"]
    clock.turn(seconds=2)
    logged_in(gateway(tmp_path / "one", provider, clock, of=renewal.account))
    assert told.revived == []
    await keeper.tick()
    assert told.alarms == {}
    assert await keeper.token() == "access-0"
    assert told.revived == ["microsoft"], "who waits to log in does it now"


async def test_a_token_that_a_server_refuses_is_replaced_once_and_then_told(
    keeper: TokenKeeper, renewal: Renewal, provider: Provider, clock: Clock, told: Told
) -> None:
    logged_in(renewal)
    first = await keeper.token()
    second = await keeper.another(first)
    assert await keeper.another(first) == second, "another connection was given the first token too"
    assert told.alarms == {}
    with pytest.raises(CredentialDead, match="refuses a fresh token"):
        await keeper.another(second)
    assert told.sounded == ["oauth-microsoft-refused"]
    assert len(provider.asked) == 1


async def test_refusals_that_last_are_told_once_and_cleared_when_a_login_goes_well(
    keeper: TokenKeeper, renewal: Renewal, provider: Provider, clock: Clock, told: Told
) -> None:
    logged_in(renewal)
    for _ in range(12 * 4):  # four hours: every five minutes a mailbox is tried
        await keeper.tick()
        with pytest.raises(CredentialDead):
            await keeper.another(await keeper.another(await keeper.token()))
        clock.turn(minutes=5)
    assert told.sounded == ["oauth-microsoft-refused"]
    noted = renewal.shelf.trouble()
    assert noted is not None
    assert noted.needs_person
    assert told.notes[-1] == (True, noted.error)
    await keeper.token()
    clock.turn(minutes=7)
    await keeper.tick()
    assert told.alarms == {}
    assert (renewal.shelf.trouble(), told.notes[-1]) == (None, (True, ""))


async def test_whether_a_person_is_needed_is_noted(
    keeper: TokenKeeper, renewal: Renewal, provider: Provider, clock: Clock
) -> None:
    logged_in(renewal)
    for answer, needed in ((BUSY, False), (WRONG, True)):
        clock.turn(minutes=31)
        provider.answers = [answer]
        await keeper.tick()
        noted = renewal.shelf.trouble()
        assert noted is not None
        assert noted.needs_person == needed


async def test_logins_that_go_well_often_clear_it_too(
    keeper: TokenKeeper, renewal: Renewal, clock: Clock, told: Told
) -> None:
    """Mail that goes out all the time fetches the token all the time."""
    logged_in(renewal)
    with pytest.raises(CredentialDead):
        await keeper.another(await keeper.another(await keeper.token()))
    assert told.sounded == ["oauth-microsoft-refused"]
    for _ in range(8):
        await keeper.token()
        await keeper.tick()
        clock.turn(minutes=1)
    assert told.alarms == {}


async def test_what_an_earlier_process_has_told_is_cleared_too(
    keeper: TokenKeeper, renewal: Renewal, clock: Clock, told: Told
) -> None:
    told.alarms["oauth-microsoft-refused"] = "told before the restart"
    logged_in(renewal)
    await keeper.tick()
    await keeper.token()
    clock.turn(minutes=5)
    await keeper.tick()
    assert told.alarms, "the login may still be refused"
    clock.turn(minutes=2)
    await keeper.tick()
    assert told.alarms == {}


async def test_a_caller_that_gives_up_loses_no_token(
    keeper: TokenKeeper, renewal: Renewal, provider: Provider, clock: Clock
) -> None:
    logged_in(renewal)
    clock.turn(hours=2)
    provider.may_answer.clear()
    waiting = asyncio.create_task(keeper.token())
    await asyncio.to_thread(provider.entered.wait, 60)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    provider.may_answer.set()
    assert await keeper.token() == "access-1"
    assert provider.asked == ["refresh-0"]


async def test_after_a_reload_what_was_dead_is_tried_at_once(
    keeper: TokenKeeper, renewal: Renewal, provider: Provider, told: Told
) -> None:
    logged_in(renewal)
    renewal.clock.turn(hours=2)  # type: ignore[attr-defined]
    provider.answers = [WRONG]
    await keeper.tick()
    keeper.hurry()
    await keeper.tick()
    assert (await keeper.token(), told.alarms) == ("access-2", {})


async def test_no_token_is_in_an_alarm_or_a_note(
    keeper: TokenKeeper, renewal: Renewal, provider: Provider, told: Told, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    logged_in(renewal)
    await keeper.tick()
    with pytest.raises(CredentialDead) as raised:
        await keeper.another(await keeper.another(await keeper.token()))
    everything = f"{told} {caplog.text} {[vars(record) for record in caplog.records]} {raised.value}"
    assert "access-" not in everything
    assert "refresh-" not in everything


async def test_dead_is_dead_whatever_the_clock_does(
    keeper: TokenKeeper, renewal: Renewal, provider: Provider, clock: Clock, told: Told
) -> None:
    clock.turn(days=-300)
    await keeper.tick()
    clock.turn(days=600)
    provider.answers = [Dead("invalid_grant", "gone", "log in")]
    await keeper.tick()
    assert list(told.alarms) == ["oauth-microsoft"]
