"""A mailbox and a way out that open to tokens alone, over a hundred days: a real token server, a real Dovecot, and a
clock that is ours.
"""

import asyncio
import ssl
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mailtickets.config.load import load
from mailtickets.config.models import Config
from mailtickets.desk.model.delivery import Sent
from mailtickets.edges.doors.imap import ImapPoller
from mailtickets.edges.oauth2.account import accounts
from mailtickets.edges.oauth2.kept import Kept
from mailtickets.edges.oauth2.outcome import Token
from mailtickets.edges.oauth2.tokens import for_daemon, renewing
from mailtickets.edges.out.settings import SmtpOutSettings
from mailtickets.edges.out.smtp import SmtpOut
from mailtickets.store import migrate
from mailtickets.store.database import Database
from tests.edges.test_imap_in import QUICK, Recorder, mail, running
from tests.edges.test_smtp_out import RAW, RECIPIENT
from tests.servers.dovecot import Dovecot, Tokens
from tests.servers.fake_smtp import FakeSmtp
from tests.servers.token_server import CLIENT, MICROSOFT_SCOPE, USER, TokenServer
from tests.system.desk import config as desk_config

DAYS = 100
HALF_A_DAY = 12 * 3600
WAIT_SECONDS = 120


@pytest.fixture
def server(tmp_path: Path) -> Iterator[TokenServer]:
    """Gives tokens of a day, and refresh tokens that are good for once."""
    with TokenServer(tmp_path, life_seconds=2 * HALF_A_DAY) as server:
        yield server


def configured(folder: Path, server: TokenServer, dovecot: Dovecot) -> Config:
    (folder / "config.toml").write_text(
        desk_config(
            '[[oauth]]\nname = "nuvem"\nprovider = "microsoft"\nflow = "refresh_token"\ntenant = "desk.test"\n'
            f'client_id = "{CLIENT}"\ntoken_url = "{server.token_url}"\nca_file = "{server.ca_file}"\n',
            f'[[imap_in]]\nname = "suporte"\nhost = "localhost"\nport = {dovecot.imaps_port}\nusername = "{USER}"\n'
            'oauth = "nuvem"\nstart = "all"\n',
            f'[delivery]\nhost = "localhost"\nport = {dovecot.submission_port}\nusername = "{USER}"\noauth = "nuvem"\n',
            smtp_port=0,
        )
    )
    (folder / "var").mkdir(mode=0o710)
    (folder / "var/secret").write_bytes(b"the secret of this instance, long enough")
    (folder / "var/secret").chmod(0o600)
    return load(folder / "config.toml")


class Silent:
    """Ops: whatever they are told is a failure of the test."""

    async def sound(self, key: str, text: str) -> None:
        raise AssertionError(text)

    async def clear(self, key: str) -> None:
        pass


async def until(what: Callable[[], object]) -> None:
    async with asyncio.timeout(WAIT_SECONDS):
        while not what():  # noqa: ASYNC110 - nobody tells of a file that is gone
            await asyncio.sleep(0.005)


async def test_a_login_that_rotates_lasts_a_hundred_days_and_no_mail_is_lost_or_doubled(
    server: TokenServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mailtickets.edges.oauth2.keeper.TICK_SECONDS", 0.01)
    inbox = Recorder()
    async with FakeSmtp() as smarthost:
        asked = Tokens(server.introspection_url, server.ca_file, smarthost.port)
        with Dovecot({USER: "nobody knows this"}, asked) as dovecot:
            config = configured(tmp_path, server, dovecot)
            database = Database(config.database_url)
            migrate.upgrade(database)
            with renewing(config, accounts(config)["nuvem"]) as renewal:
                renewal.adopt(Token(server.issue(), 1, server.log_in(USER, MICROSOFT_SCOPE)))
            clock = lambda: datetime.now(UTC) + timedelta(seconds=server.ahead_seconds)  # noqa: E731
            renewed: list[str] = []

            async def note(name: str, kept: Kept | None, error: str) -> None:
                renewed.append(error)

            tokens = for_daemon(database, config, Silent(), clock, note)
            await tokens.take_over(config.with_tokens(tokens.credential))
            tls = ssl.create_default_context(cafile=dovecot.certificate)
            for day in range(1, DAYS + 1):
                for _ in range(2):
                    before = len(renewed)
                    server.ahead_seconds += HALF_A_DAY + 60
                    await until(lambda before=before: len(renewed) > before)
                dovecot.deliver(USER, mail(f"day {day}"))
                (account,) = config.imap_in
                async with running(ImapPoller(account, config.credential(account), inbox, limits=QUICK, tls=tls)):
                    await inbox.until(lambda day=day: inbox.accepted >= day)
                    await until(lambda: not dovecot.files(USER))
                out = SmtpOut(replace(SmtpOutSettings.of(config), ca_file=dovecot.certificate))
                assert isinstance(await out.send(RAW, USER, RECIPIENT), Sent)
                await out.close()
            await tokens.close()
            database.close()
    assert set(renewed) == {""}
    assert inbox.subjects() == [f"day {day}" for day in range(1, DAYS + 1)]
    assert inbox.accepted == len(smarthost.received) == DAYS
    used = [given["refresh_token"] for given in server.asked]
    assert len(used) == len(set(used)) >= 2 * DAYS
    assert len(server.logins) == 1
