"""The gateway as an IMAP account sees it: where messages go, where progress is kept, and how ops hear of trouble.

Owns: a time limit for each call of the gateway, and the alarms of one account.
*Fails with*: Transient when the gateway does not answer in time, and what the gateway raises.
"""

import asyncio
import logging
from collections.abc import Awaitable
from typing import Protocol, TypeVar

from mailtickets.config.models import ImapIn
from mailtickets.desk.model.delivery import ImapCursor, Transient
from mailtickets.mail.model import Envelope

log = logging.getLogger("mailtickets.edges.doors.imap")

_T = TypeVar("_T")


class Inbox(Protocol):
    """Where messages go and where progress is kept: the gateway."""

    async def accept(self, raw: bytes, envelope: Envelope) -> object:
        """Makes a message durable before it returns. The same message again changes nothing. Raises Transient."""

    async def imap_cursor(self, account: str, folder: str) -> ImapCursor | None: ...

    async def save_imap_cursor(self, cursor: ImapCursor) -> None: ...

    async def alarm(self, key: str, text: str) -> None:
        """Tells ops by another way than this mailbox, once for each key until `all_clear`."""

    async def all_clear(self, key: str) -> None: ...


class InboxInTime:
    """An inbox with a time limit: each call raises Transient when it takes longer than `seconds`."""

    def __init__(self, inbox: Inbox, seconds: float) -> None:
        self._inbox, self._seconds = inbox, seconds

    async def accept(self, raw: bytes, envelope: Envelope) -> object:
        return await self._in_time(self._inbox.accept(raw, envelope))

    async def imap_cursor(self, account: str, folder: str) -> ImapCursor | None:
        return await self._in_time(self._inbox.imap_cursor(account, folder))

    async def save_imap_cursor(self, cursor: ImapCursor) -> None:
        await self._in_time(self._inbox.save_imap_cursor(cursor))

    async def alarm(self, key: str, text: str) -> None:
        await self._in_time(self._inbox.alarm(key, text))

    async def all_clear(self, key: str) -> None:
        await self._in_time(self._inbox.all_clear(key))

    async def _in_time(self, work: Awaitable[_T]) -> _T:
        try:
            async with asyncio.timeout(self._seconds):
                return await work
        except TimeoutError as error:
            raise Transient(f"our own store has not answered for {self._seconds:.0f} seconds") from error


class AccountAlarms:
    """The alarms of one account. Ops hear of each alarm once, until the account clears it."""

    def __init__(self, account: ImapIn, inbox: Inbox) -> None:
        self._account, self._inbox = account, inbox
        self._raised: dict[str, bool] = {}
        """By the key of the alarm: True when this process has raised it, False when this process has cleared it."""

    async def sound(self, key: str, text: str) -> None:
        """Tells ops, once for each key. Raises what the inbox raises."""
        if self._raised.get(key):
            return
        log.error("imap-alarm account=%s key=%s: %s", self._account.name, key, text)
        where = f"IMAP account {self._account.name} ({self._account.username} on {self._account.host})"
        await self._inbox.alarm(key, f"{where}: {text}")
        self._raised[key] = True

    async def try_to_sound(self, key: str, text: str) -> None:
        """Like `sound`, but a failure only goes to the log. The next occasion tries again."""
        try:
            await self.sound(key, text)
        except Exception as error:
            log.warning("imap-alarm-failed account=%s key=%s: %s", self._account.name, key, type(error).__name__)

    async def clear(self, key: str) -> None:
        """Clears an alarm: one of this process, or one that an earlier process may have left."""
        if self._raised.get(key, True):
            await self._inbox.all_clear(key)
            self._raised[key] = False
