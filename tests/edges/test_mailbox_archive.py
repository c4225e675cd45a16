"""Old mail is fetched from a mailbox whose server misbehaves: what was not there is not invented, and nothing hangs."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime

import pytest

from mailtickets.config.credentials import password
from mailtickets.config.models import ImapIn
from mailtickets.edges.archives.mailbox import Mailbox
from mailtickets.edges.archives.stored import StoredMail
from mailtickets.edges.imap.answers import ConnectionLost
from mailtickets.edges.imap.client import Limits
from mailtickets.edges.imap.connect import connected, tls_context
from tests.servers.fake_imap import FakeImap, Session, fetched

LIMIT = 1_000_000
NOW = datetime(2026, 11, 29, tzinfo=UTC)
HEAD = b"Message-ID: <v@c.test>\r\nDate: Wed, 1 Jan 2025 12:00:00 +0000\r\n\r\n"

Odd = Callable[[Session, str], Awaitable[None]]


@asynccontextmanager
async def inbox(fake: FakeImap, odd: Odd) -> AsyncIterator[tuple[Mailbox, StoredMail]]:
    """The INBOX of an account with one old mail, of which the server answers oddly when its content is asked for."""
    fake.add(HEAD + b"Oi\r\n")

    async def fetch(session: Session, tag: str, arguments: str) -> None:
        if "HEADER.FIELDS" in arguments:
            name = "BODY[HEADER.FIELDS (MESSAGE-ID DATE RECEIVED)]"
            session.send(f"* 1 FETCH (UID 1 {name} {{{len(HEAD)}}}\r\n".encode() + HEAD + b")", f"{tag} OK done")
        elif "BODY" in arguments:
            await odd(session, tag)
        else:
            session.send(*fetched(session, arguments), f"{tag} OK done")

    fake.on["UID FETCH"] = fetch
    account = ImapIn(name="caixa", host="127.0.0.1", port=fake.port, tls="none", username="u")
    limits = Limits(reply_seconds=0.5, pulse_seconds=0.5)
    async with connected(account, password(lambda: "x"), tls_context(account), limits) as client:
        selected = await client.select("INBOX")
        last = selected.uidnext - 1
        found = Mailbox(client, "caixa", "INBOX", date(2024, 1, 1), last, NOW, lambda ids: set())
        [piece] = [piece async for piece in found.pieces()]
        yield found, piece


async def gone(session: Session, tag: str) -> None:
    session.folder.clear()
    session.send("* 1 EXPUNGE", f"{tag} OK done")


async def silent(session: Session, tag: str) -> None:
    """Nothing is said any more."""


async def hung_up(session: Session, tag: str) -> None:
    session.send_raw(b"* 1 FETCH (UID 1 BODY[] {5000}\r\nFrom: a@b.test\r\n")
    session.hang_up()


async def endless(session: Session, tag: str) -> None:
    session.send_raw(b"* 1 FETCH (UID 1 BODY[] {120000000}\r\n" + b"x" * 100_000)


async def test_a_mail_that_has_vanished_meanwhile_is_none() -> None:
    async with FakeImap() as fake, inbox(fake, gone) as (found, piece):
        assert await found.read(piece, LIMIT) is None


@pytest.mark.parametrize("odd", [silent, hung_up, endless])
async def test_a_server_that_hangs_breaks_off_or_has_no_end_loses_the_connection_and_gives_no_mail(odd: Odd) -> None:
    async with FakeImap() as fake, inbox(fake, odd) as (found, piece):
        with pytest.raises(ConnectionLost):
            await found.read(piece, LIMIT)


async def test_a_mail_that_is_said_to_be_too_large_is_not_fetched() -> None:
    async with FakeImap() as fake, inbox(fake, silent) as (found, piece):
        large = StoredMail(piece.key, piece.at, LIMIT + 1)
        assert len(await found.read(large, LIMIT) or b"") > LIMIT


async def test_nothing_in_the_mailbox_is_changed() -> None:
    async def ordinary(session: Session, tag: str) -> None:
        session.send(*fetched(session, "1 (UID BODY.PEEK[])"), f"{tag} OK done")

    async with FakeImap() as fake, inbox(fake, ordinary) as (found, piece):
        assert await found.read(piece, LIMIT) == HEAD + b"Oi\r\n"
        assert not {"UID STORE", "UID MOVE", "UID COPY", "EXPUNGE", "APPEND"} & {
            verb for verb, _ in fake.heard_commands
        }
