"""Accounts that cannot be read, or soon cannot be: what ops receive of them, and how the accounts are recorded."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import pytest

from mailtickets.config.models import Config
from mailtickets.edges.oauth2.expiry import ending
from mailtickets.gateway.gateway import Gateway
from mailtickets.gateway.workers import Workers
from mailtickets.jobs.ending_secrets import tell_of_ending_secrets
from mailtickets.store import health
from mailtickets.store.database import Database
from mailtickets.store.health import Account
from tests.edges.test_imap_in import QUICK, SECRET, _unused, account, dovecot, mail, poller, running
from tests.edges.test_oauth_expiry import config
from tests.gateway.alarmed import Station
from tests.servers.dovecot import Dovecot
from tests.store.databases import database, migrated_file, migrated_postgres
from tests.test_config_oauth import MAILBOX, MICROSOFT

__all__ = ["database", "dovecot", "migrated_file", "migrated_postgres"]

END = date(2027, 3, 31)


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    made = Workers(1)
    yield made
    made.close()


@pytest.fixture
async def station(database: Database, workers: Workers) -> AsyncIterator[Station]:
    made = Station(database, workers)
    yield made
    await made.close()


def recorded(station: Station) -> dict[str, Account]:
    return {one.name: one for one in station.office.run(health.accounts)}


async def until(what: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not what():  # noqa: ASYNC110 - the database has no event for us
            await asyncio.sleep(0.05)


async def test_a_mailbox_that_cannot_be_read_is_told_recorded_and_well_again_and_the_other_goes_on(
    station: Station, dovecot: Dovecot
) -> None:
    one = await station.begin()
    locked_out, vendas = account(dovecot, next(_unused), start="all"), account(dovecot, next(_unused), start="all")
    secret = "wrong-1234"
    note = {box.name: partial(one.accounts.note, "imap", box.name) for box in (locked_out, vendas)}
    first = poller(
        dovecot, locked_out, one.mailboxes, replace(QUICK, stalled_seconds=1),
        secret=lambda: secret, note=note[locked_out.name],
    )  # fmt: skip
    second = poller(dovecot, vendas, one.mailboxes, note=note[vendas.name])
    async with running(first, second):
        await until(lambda: station.open() == [f"imap-{locked_out.name}"])
        (alarm,) = await station.mails()
        dovecot.deliver(vendas.username, mail("venda"))
        await until(lambda: one.backlog.accepted.qsize() == 1)
        await until(lambda: locked_out.name in recorded(station))
        failing = recorded(station)[locked_out.name]
        secret = SECRET
        await until(lambda: station.open() == [])
    assert alarm.subject == f"[exemplo] Alert: a mailbox cannot be read (imap-{locked_out.name})"
    assert "AUTHENTICATIONFAILED" in alarm.text
    assert locked_out.username in alarm.text
    assert "`mailtickets check`" in alarm.text
    assert secret not in alarm.text
    assert "AUTHENTICATIONFAILED" in failing.error
    assert failing.failing_since == station.office.now
    await one.accounts.look()
    await station.pass_minutes(5)
    assert await station.subjects() == [f"[exemplo] Well again: a mailbox cannot be read (imap-{locked_out.name})"]
    assert {row.kind: row.error for row in recorded(station).values()} == {"imap": "", "smtp": ""}


async def test_two_gateways_that_cannot_reach_the_server_tell_once(station: Station, dovecot: Dovecot) -> None:
    gateways = [await station.begin("one"), await station.begin("two")]
    nowhere = account(dovecot, next(_unused), port=9, host="127.0.0.1")
    async with AsyncExitStack() as stack:
        for gateway in gateways:
            made = poller(dovecot, nowhere, gateway.mailboxes, replace(QUICK, stalled_seconds=0.5))
            await stack.enter_async_context(running(made))
        await until(lambda: all(gateway.alarms.raised(f"imap-{nowhere.name}") for gateway in gateways))
        await until(lambda: station.open() == [f"imap-{nowhere.name}"])
    await station.pass_minutes(2)
    assert len(await station.mails()) == 1


# --- secrets that end -----------------------------------------------------------------------------------


async def test_a_secret_that_ends_is_told_a_month_and_a_week_before_also_over_restarts(
    station: Station, tmp_path: Path
) -> None:
    """The job looks each hour; the daemon is started anew each week."""
    mine = config(tmp_path, f'{MICROSOFT}expires = "{END}"{MAILBOX}')
    subjects = []
    for week in range(6):
        one = await station.begin()
        for day in range(7):
            await look(one, mine, END - timedelta(days=38 - 7 * week - day))
            await station.pass_minutes(24 * 60, step=12 * 60)
            subjects += await station.subjects()
        await station.end(one)
    assert subjects == [
        "[exemplo] Alert: a secret or certificate ends soon (oauth-microsoft-expires)",
        "[exemplo] Alert: a secret or certificate ends soon (oauth-microsoft-ends)",
    ]
    one = await station.begin()
    await look(one, config(tmp_path, f'{MICROSOFT}expires = "2028-03-31"{MAILBOX}'), END)
    await station.pass_minutes(5)
    assert len([subject for subject in await station.subjects() if "Well again" in subject]) == 2


async def test_what_ops_read_of_a_secret_that_ends(station: Station, tmp_path: Path) -> None:
    one = await station.begin()
    mine = config(tmp_path, f'{MICROSOFT}expires = "{END}"{MAILBOX}')
    await look(one, mine, END - timedelta(days=20))
    (found,) = await station.mails()
    for words in ("ends on 2027-03-31, in 20 days", "What to do:", 'imap_in "suporte"', "reload"):
        assert words in found.text


async def look(gateway: Gateway, mine: Config, today: date) -> None:
    async def found() -> list[tuple[str, str | None]]:
        return list(ending(mine, today))

    await tell_of_ending_secrets(gateway, found)
