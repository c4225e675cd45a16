"""One IMAP connection that never hangs: the few commands that the poller needs. Each returns or raises in time.

Owns the socket and everything about aioimaplib. The reader of that library fails when one packet holds many lines, so
it is replaced. A lost connection ends the command that waits for an answer. The size of bodies is bounded.

*Fails with* `CommandRefused` (the server refused this one command), `LoginRefused` and `TokenRefused` (the server
refuses the login), `NotConnected` (it accepts the login and opens nothing), `ConnectionLost` (no answer in time, a
broken line, an answer that makes no sense). After `ConnectionLost` the state of the connection is unknown: close it.
*Limits*: one command at a time. The ways to log in are in `login`.
"""

import asyncio
import base64
import logging
import re
import ssl
from collections.abc import Awaitable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Any

from aioimaplib import aioimaplib

from mailtickets.config.credentials import Method
from mailtickets.config.models import ImapIn
from mailtickets.edges.imap.answers import (
    AnswerLine,
    CommandRefused,
    ConnectionLost,
    ListedMessage,
    LoginRefused,
    NotConnected,
    NotWelcome,
    Selected,
    body_content,
    fetch_records,
    item_number,
    listed_message,
    network_reason,
    server_words,
)
from mailtickets.edges.imap.folders import Folder, listed_folders
from mailtickets.edges.imap.login import log_in
from mailtickets.edges.imap.wire import LOST, ImapWire

# Below WARNING aioimaplib logs what it sends and receives: messages, and passwords that contain a quote.
logging.getLogger("aioimaplib").setLevel(logging.WARNING)

FIRST = asyncio.FIRST_COMPLETED
SILENT = "the server has stopped answering"
_MESSAGE_ID = re.compile(rb"^message-id:\s*<([^<>]+)>", re.IGNORECASE | re.MULTILINE)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")  # RFC 3501, date-month


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of time and size. A server that has gone silent is found within `quiet_seconds + pulse_seconds` or
    `reply_seconds`, whichever applies: both are below a minute.
    """

    connect_seconds: float = 30
    """Seconds for TCP, TLS and the greeting."""
    reply_seconds: float = 55
    """Seconds for a command, or for a pause within a body."""
    token_login_seconds: float = 30
    """Seconds for a login with a token. Some servers say nothing at all to a token that is too long for them."""
    quiet_seconds: float = 30
    """A connection in IDLE is asked for a sign of life this often. RFC 2177 allows 29 minutes."""
    pulse_seconds: float = 25
    """Seconds to wait for that sign of life."""
    slowest_bytes_per_second: float = 20_000
    """A body that comes more slowly than this has stalled."""
    max_message_bytes: int = 50_000_000
    handover_seconds: float = 120
    """Seconds for the inbox to store a message or a cursor."""
    stalled_seconds: float = 300
    """When nothing has gone well for this long, ops are told."""
    first_pause_seconds: float = 1
    longest_pause_seconds: float = 300
    refused_pause_seconds: float = 30
    """The first pause after a refused login. Servers lock accounts that try to log in too often."""
    local_pause_seconds: float = 30
    """The longest pause when the trouble is on our side."""


class ImapClient:
    """An open connection. `open` makes one; `close` ends it in any state."""

    def __init__(self, wire: ImapWire, limits: Limits) -> None:
        self._wire = wire
        self._limits = limits
        self._idle_refused = False
        self.selected = False
        """Whether a folder is open, which IDLE needs."""

    @classmethod
    async def open(cls, account: ImapIn, tls: ssl.SSLContext | None, limits: Limits) -> "ImapClient":
        """Connects and reads the greeting. Raises ConnectionLost, or NotWelcome when the greeting is BYE."""
        loop = asyncio.get_running_loop()
        wire = ImapWire(loop, limits.max_message_bytes)
        client = cls(wire, limits)
        try:
            async with asyncio.timeout(limits.connect_seconds):
                # Without happy_eyeballs_delay: Python 3.11 leaves the socket open when that is cancelled.
                await loop.create_connection(lambda: wire, account.host, account.port, ssl=tls)
                greeting = await wire.greeting
            if wire.state == aioimaplib.LOGOUT:
                raise NotWelcome(server_words(greeting) or "the server closed the connection without a greeting")
        except BaseException as error:
            await client.close()
            if isinstance(error, TimeoutError):
                raise ConnectionLost(f"no answer from {account.host}:{account.port}") from error
            if isinstance(error, OSError):
                raise ConnectionLost(network_reason(error)) from error
            raise
        return client

    async def close(self) -> None:
        if self._wire.transport is None:
            return
        self._wire.transport.abort()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._limits.pulse_seconds):
                await self._wire.closed.wait()

    async def login(self, account: ImapIn, method: Method, secret: str) -> None:
        """Logs in and asks what the server can do. Raises LoginRefused and TokenRefused with the server's words,
        without the secret.
        """
        if self._wire.state == aioimaplib.NONAUTH:  # a server that greets with PREAUTH asks for no login
            response = await self._logged_in(account, method, secret)
            if response.result == LOST:
                raise ConnectionLost(self._wire.reason)
        await self._in_time(self._wire.capability())

    async def _logged_in(self, account: ImapIn, method: Method, secret: str) -> Any:
        reply = log_in(self._wire, account, method, secret)
        try:
            if method == "password":
                return await self._in_time(reply)
            seconds = self._limits.token_login_seconds
            silent = f"no answer within {seconds:.0f} s to a login with a token of {len(secret)} characters"
            return await self._in_time(reply, seconds, silent)
        except ValueError as error:
            raise LoginRefused(str(error)) from error

    @property
    def capabilities(self) -> frozenset[str]:
        return frozenset(str(word).upper() for word in self._wire.capabilities)

    @property
    def can_idle(self) -> bool:
        return "IDLE" in self.capabilities and not self._idle_refused

    @property
    def can_move(self) -> bool:
        """Whether one message can leave a folder alone. A plain EXPUNGE would also remove other messages."""
        return bool(self.capabilities & {"MOVE", "UIDPLUS"})

    async def select(self, folder: str) -> Selected:
        self.selected = False
        text = b"\n".join(await self._answer(self._wire.select(mailbox(folder))))
        self.selected = True
        uidvalidity = re.search(rb"\[UIDVALIDITY (\d+)\]", text, re.IGNORECASE)
        if uidvalidity is None:
            raise ConnectionLost(f"the server gives no UIDVALIDITY for {folder}")
        uidnext = re.search(rb"\[UIDNEXT (\d+)\]", text, re.IGNORECASE)
        after_the_last = int(uidnext[1]) if uidnext else await self._highest_uid() + 1
        return Selected(int(uidvalidity[1]), after_the_last, read_only=b"[READ-ONLY]" in text.upper())

    async def _highest_uid(self) -> int:
        """The highest UID, for servers that leave UIDNEXT out of SELECT, as RFC 2060 allowed."""
        return max(await self._search("UID *"), default=0)

    async def search(self, first: int, last: int) -> list[int]:
        """The UIDs of messages from first to last, ascending."""
        return sorted(uid for uid in await self._search(f"UID {first}:{last}") if first <= uid <= last)

    async def search_since(self, day: date) -> list[int]:
        """The UIDs of messages whose INTERNALDATE is on that day or later, ascending."""
        return sorted(await self._search(_since(day)))

    async def search_old(self, day: date) -> list[int]:
        """Like `search_since`, without drafts and what is marked as deleted."""
        return sorted(await self._search(f"{_since(day)} UNDELETED UNDRAFT"))

    async def message_ids(self, uids: Iterable[int]) -> dict[int, str]:
        """The Message-IDs of messages, without brackets. Messages that have none are left out. Nothing is marked as
        read.
        """
        heads = await self.heads(uids, "MESSAGE-ID")
        return {uid: found for uid, head in heads.items() if (found := message_id(head)) is not None}

    async def heads(self, uids: Iterable[int], *names: str) -> dict[int, bytes]:
        """The header fields with these names. Nothing is marked as read."""
        lines = await self._fetch(set(uids), f"(UID BODY.PEEK[HEADER.FIELDS ({' '.join(names)})])")
        records = ((item_number(text, b"UID"), literal or b"") for text, literal in fetch_records(lines))
        return {uid: head for uid, head in records if uid is not None}

    async def _search(self, criteria: str) -> set[int]:
        lines = await self._ask(self._wire.search(criteria, charset=None, by_uid=True))
        return {int(word) for line in lines for word in line.split() if word.isdigit()}

    async def look_at(self, uids: Iterable[int]) -> list[ListedMessage]:
        """Size and date of messages. Messages that are gone are left out."""
        wanted = set(uids)
        lines = await self._fetch(wanted, "(UID RFC822.SIZE INTERNALDATE)")
        found = (listed_message(text) for text, _ in fetch_records(lines))
        return [listed for listed in found if listed is not None and listed.uid in wanted]

    async def body(self, uid: int, size: int) -> bytes | None:
        """The octets of the message, without marking it as read; None when it is gone."""
        lines = await self._fetch({uid}, "(UID BODY.PEEK[])", size)
        for text, literal in fetch_records(lines):
            if item_number(text, b"UID") == uid and b"BODY[]" in text.upper():
                return body_content(text, literal)
        if await self.search(uid, uid):
            raise CommandRefused("the server gave no body")
        return None

    async def move(self, uids: Iterable[int], folder: str) -> None:
        """Moves messages, and creates the folder if it is missing. Call it only if `can_move`."""
        numbers = _set(uids)
        try:
            await self._move(numbers, folder)
        except CommandRefused:  # a missing folder should give [TRYCREATE], but not all servers say so
            with suppress(CommandRefused):
                await self.create(folder)
            await self._move(numbers, folder)

    async def _move(self, numbers: str, folder: str) -> None:
        target = mailbox(folder)
        if "MOVE" in self.capabilities:
            await self._ask(self._wire.move(numbers, target, by_uid=True))
            return
        await self._ask(self._wire.copy(numbers, target, by_uid=True))
        await self._ask(self._wire.store(numbers, "+FLAGS.SILENT", r"(\Deleted)", by_uid=True))
        await self._ask(self._wire.expunge(numbers, by_uid=True))

    async def mark_seen(self, uids: Iterable[int]) -> None:
        await self._ask(self._wire.store(_set(uids), "+FLAGS.SILENT", r"(\Seen)", by_uid=True))

    async def create(self, folder: str) -> None:
        """Creates a folder and subscribes to it, so that people's mail clients show it."""
        await self._ask(self._wire.simple_command("CREATE", mailbox(folder)))
        with suppress(CommandRefused):
            await self._ask(self._wire.simple_command("SUBSCRIBE", mailbox(folder)))

    async def count(self, folder: str) -> int:
        """How many messages a folder holds, without opening it. Raises CommandRefused if there is no such folder."""
        lines = await self._ask(self._wire.simple_command("STATUS", mailbox(folder), "(MESSAGES)"))
        found = re.search(rb"MESSAGES (\d+)", b" ".join(lines), re.IGNORECASE)
        return int(found[1]) if found else 0

    async def folders(self) -> list[Folder]:
        """All folders. What the server uses them for is among their attributes if it says so (RFC 6154)."""
        wanted = ("RETURN (SPECIAL-USE)",) if {"SPECIAL-USE", "LIST-EXTENDED"} <= self.capabilities else ()
        return list(listed_folders(await self._ask(self._wire.simple_command("LIST", '""', '"*"', *wanted))))

    async def wait_for_news(self, seconds: float, *, idle: bool = True) -> bool:
        """Waits until the server reports new messages or the seconds are over; then it asks for a sign of life."""
        if idle and self.selected and self.can_idle:
            return await self._idle(seconds)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wire.closed.wait()
        await self._ask(self._wire.simple_command("NOOP"), self._limits.pulse_seconds)
        return False

    async def _idle(self, seconds: float) -> bool:
        """Waits in IDLE (RFC 2177) until there is news. A server that refuses IDLE is polled from then on."""
        idling = asyncio.ensure_future(self._wire.idle())
        news = asyncio.ensure_future(self._wire.news())
        ready = asyncio.ensure_future(self._wire.wait_for_idle_response())
        try:
            done, _ = await asyncio.wait({idling, ready}, timeout=self._limits.pulse_seconds, return_when=FIRST)
            if not done:
                raise ConnectionLost(SILENT)
            if not idling.done():
                await asyncio.wait({idling, news}, timeout=seconds, return_when=FIRST)
                if not idling.done():
                    self._wire.idle_done()
            await self._end_of_idle(idling)
            return news.done()
        finally:
            for task in (idling, news, ready):
                task.cancel()
            await asyncio.gather(idling, news, ready, return_exceptions=True)

    async def _end_of_idle(self, idling: Awaitable[Any]) -> None:
        response = await self._in_time(idling, self._limits.pulse_seconds)
        if response.result == LOST:
            raise ConnectionLost(self._wire.reason)
        self._idle_refused = response.result != "OK"

    async def _fetch(self, uids: set[int], items: str, size: int = 0) -> list[AnswerLine]:
        """Sends one FETCH of at most `size` octets of body. Returns the lines of the answer."""
        limits = self._limits
        seconds = limits.reply_seconds + size / limits.slowest_bytes_per_second
        return await self._ask(self._wire.fetch_by_uid(_set(uids), items, limits.reply_seconds), seconds)

    async def _ask(self, reply: Awaitable[Any], seconds: float | None = None) -> list[AnswerLine]:
        """Sends a command. Returns the lines of its OK answer, without the tagged one."""
        return (await self._answer(reply, seconds))[:-1]

    async def _answer(self, reply: Awaitable[Any], seconds: float | None = None) -> list[AnswerLine]:
        """Sends a command. Returns the lines of its OK answer."""
        response = await self._in_time(reply, seconds)
        words = server_words(response.lines[-1]) if response.lines else ""
        if "authenticated but not connected" in words:  # Microsoft 365, after the login went well
            raise NotConnected(words)
        if response.result == "NO":
            raise CommandRefused(words)
        if response.result != "OK":
            raise ConnectionLost(words or response.result)
        return response.lines  # type: ignore[no-any-return]

    async def _in_time(self, reply: Awaitable[Any], seconds: float | None = None, silent: str = SILENT) -> Any:
        try:
            async with asyncio.timeout(seconds or self._limits.reply_seconds):
                return await reply
        except (TimeoutError, aioimaplib.CommandTimeout) as error:
            raise ConnectionLost(silent) from error
        except aioimaplib.AioImapException as error:
            raise ConnectionLost(self._wire.reason or str(error)) from error


def mailbox(name: str) -> str:
    """The name of a folder as commands carry it: in modified UTF-7 (RFC 3501, 5.1.3), quoted."""
    return str(aioimaplib.quoted(re.sub(r"&|[^\x20-\x7e]+", _shifted, name)))


def _shifted(run: re.Match[str]) -> str:
    if run[0] == "&":
        return "&-"
    coded = base64.b64encode(run[0].encode("utf-16-be"), altchars=b"+,")
    return f"&{coded.decode().rstrip('=')}-"


def message_id(head: bytes) -> str | None:
    """The Message-ID in a header section, without brackets."""
    found = _MESSAGE_ID.search(head)
    return found[1].decode("utf-8", "replace") if found else None


def _since(day: date) -> str:
    return f"SINCE {day.day}-{_MONTHS[day.month - 1]}-{day.year}"


def _set(uids: Iterable[int]) -> str:
    return ",".join(map(str, sorted(uids)))
