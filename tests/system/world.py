"""Everybody else: a smarthost that takes all the desk's mail, and a DNS, both in a thread of this process.

    with World() as world:
        desk = make_desk(config(world.delivery(), smtp_port=0))

Mail goes nowhere from here: a test reads it, and lets people and machines answer at the desk's own listener.
Owns the thread and its event loop. *Fails with* AssertionError when mail that is waited for does not come.
"""

import asyncio
import smtplib
import sqlite3
import threading
from collections.abc import Sequence
from contextlib import AsyncExitStack, closing
from email.message import EmailMessage

from tests.servers.fake_dns import FakeDns
from tests.servers.fake_smtp import FakeSmtp, Received
from tests.system.desk import Desk
from tests.system.town import parsed, text_of

DELIVERY = """\
[delivery]
method = "smtp"
host = "127.0.0.1"
port = {port}
tls = "none"
"""
START_SECONDS = 30

OUR_RELAY = "mx.desk.test"
"""The id that the desk believes (`smtp_in.authserv_id` of every desk here)."""


class World:
    def __init__(self) -> None:
        self.smarthost, self.dns = FakeSmtp(extensions=("SIZE 30000000", "8BITMIME", "ENHANCEDSTATUSCODES")), FakeDns()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="world")
        self._ready, self._end = threading.Event(), asyncio.Event()

    def __enter__(self) -> "World":
        self._thread.start()
        assert self._ready.wait(START_SECONDS), "the world did not begin"
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._live())
        self._loop.close()

    async def _live(self) -> None:
        async with AsyncExitStack() as servers:
            await servers.enter_async_context(self.smarthost)
            await servers.enter_async_context(self.dns)
            self._ready.set()
            await self._end.wait()

    def delivery(self) -> str:
        """The table that sends a desk's mail here."""
        return DELIVERY.format(port=self.smarthost.port)

    # --- what the desk has sent ------------------------------------------------------------------------

    def sent(self) -> list[Received]:
        return list(self.smarthost.received)

    def recipients(self) -> set[str]:
        """Everybody to whom the desk has sent anything."""
        return {mail.recipient for mail in self.sent()}

    def letters(self, address: str) -> list[EmailMessage]:
        """What somebody has got, oldest first."""
        return [parsed(mail.content) for mail in self.sent() if mail.recipient == address]

    def wait_for_letters(self, desk: Desk, address: str, count: int = 1) -> list[EmailMessage]:
        """The same, when there are so many."""

        def come() -> list[EmailMessage]:
            letters = self.letters(address)
            return letters if len(letters) >= count else []

        return desk.wait_for(come, f"mail {count} for {address}")


def hand_in(desk: Desk, mail: EmailMessage | bytes, sender: str, *recipients: str) -> None:
    """A mail at the desk's own listener."""
    with smtplib.SMTP("127.0.0.1", desk.smtp_port, local_hostname="mx.cliente.test", timeout=60) as client:
        client.sendmail(sender, recipients, mail if isinstance(mail, bytes) else mail.as_bytes())


def rows(desk: Desk, query: str) -> list[tuple[object, ...]]:
    """What a desk's database says: for waiting, where a command each time would keep both processors busy."""
    with closing(
        sqlite3.connect(f"file:{desk.state_dir / 'mailtickets.db'}?mode=ro", uri=True, timeout=30)
    ) as database:
        return database.execute(query).fetchall()


def is_quiet(desk: Desk) -> bool:
    """Whether every mail has its outcome and every copy has gone: then nothing more comes of itself."""
    undecided = "SELECT id FROM inbound WHERE state = 'accepted'"
    unsent = "SELECT id FROM outbox WHERE state NOT IN ('sent', 'failed', 'cancelled')"
    return not rows(desk, f"{undecided} UNION ALL {unsent} LIMIT 1")


def wait_until_quiet(desk: Desk, mails: int = 0) -> None:
    """Until `mails` have come in, and all is quiet."""
    desk.wait_for(lambda: rows(desk, "SELECT count(*) FROM inbound")[0] >= (mails,) and is_quiet(desk), "silence")


def with_results(mail: EmailMessage, *results: str) -> bytes:
    """The mail with these Authentication-Results above all else, the first one topmost."""
    fields = "".join(f"Authentication-Results: {result}\r\n" for result in results)
    return fields.encode() + mail.as_bytes()


def said_by_machines(letters: Sequence[EmailMessage]) -> list[EmailMessage]:
    return [letter for letter in letters if "Auto-Submitted" in letter]


def words_of(letters: Sequence[EmailMessage]) -> str:
    """All that they say, subjects included."""
    return "\n".join(f"{letter['Subject']}\n{text_of(letter)}" for letter in letters)
