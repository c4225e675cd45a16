"""Reads mailboxes over IMAP: one `ImapPoller` for each account, each in a task of its own.

The cursor keeps progress as (UIDVALIDITY, UID) and never uses \\Seen: messages that people have read are taken too. A
message is moved or flagged only after `Inbox.accept` has returned, and only then does the cursor go past it. After a
crash in between, the next round fetches the message again, `accept` recognises it, and then it is moved.
A round looks at every folder. IDLE in the first folder starts the next round early; `poll_seconds` is the longest
time until the next round.

Owns the connections, the pauses between attempts, and the alarms for ops, under these keys: `imap-ACCOUNT` when
nothing has gone well for `Limits.stalled_seconds`, `imap-ACCOUNT-FOLDER` when a folder cannot be opened,
`imap-ACCOUNT-move` when accepted messages cannot be moved, `imap-ACCOUNT-FOLDER-UIDVALIDITY-UID` for a message that
could not be taken.
*Fails with* nothing: `run` goes on until it is cancelled.
*Limits*: messages are fetched one after the other, while up to `IN_FLIGHT` earlier ones are being made durable.
"""

import asyncio
import logging
import random
import ssl
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

from mailtickets.config.credentials import Credential
from mailtickets.config.models import ImapIn
from mailtickets.desk.model.delivery import ImapCursor, Permanent, Transient
from mailtickets.edges.imap.answers import CommandRefused, ConnectionLost, ListedMessage, LoginRefused, Selected
from mailtickets.edges.imap.client import ImapClient, Limits
from mailtickets.edges.imap.connect import connected, tls_context
from mailtickets.edges.imap.inbox import AccountAlarms, Inbox, InboxInTime
from mailtickets.edges.imap.probe import NO_MOVE
from mailtickets.mail.door import Door
from mailtickets.mail.model import Envelope

log = logging.getLogger(__name__)

SEARCH_SPAN_UIDS = 20_000
"""UIDs in one search. The answer is one line of at most some 200 KB."""
WINDOW_UIDS = 50
"""Messages that are listed, and moved, together. Dovecot needs 20 ms for one MOVE from a large Maildir, for any number
of messages. After a crash, at most this many are fetched again.
"""
IN_FLIGHT = 8
IN_FLIGHT_BYTES = 4_194_304
"""Messages that are fetched and not durable yet. They share one wait for the disk while the next one is fetched."""
MAX_ATTEMPTS = 3
"""A message that broke this many rounds is not fetched again. After twice as many it is not touched again."""

State = Literal["starting", "up", "refused", "down"]
_Key = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class Health:
    """The state of an account. `refused`: the server refuses the login. `down`: there is any other trouble."""

    account: str
    state: State = "starting"
    last_success_at: datetime | None = None
    """When all folders were last read."""
    last_error: str = ""
    """Empty when the last round went well."""


@dataclass(frozen=True, slots=True)
class _Fetched:
    """A message on its way from the mailbox into our own store."""

    key: _Key
    size: int
    accepting: "asyncio.Future[object]"


NoteState = Callable[[str], Awaitable[None]]


async def _note_nothing(error: str) -> None:
    """For pollers whose state nobody asks for."""


class ImapPoller:
    """Reads one account until it is cancelled.

    The daemon sets account, credential and inbox. Tests also set `limits`, `tls` (their own certificate), `random` and
    `now`.
    """

    def __init__(
        self,
        account: ImapIn,
        credential: Credential,
        inbox: Inbox,
        *,
        limits: Limits | None = None,
        tls: ssl.SSLContext | None = None,
        random: Callable[[], float] = random.random,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        note: NoteState = _note_nothing,
    ) -> None:
        """`note` records how a round has gone: it gets what went wrong, empty when nothing did."""
        self.health = Health(account.name)
        self.account = account
        self._credential = credential
        self._limits = limits or Limits()
        self._inbox = InboxInTime(inbox, self._limits.handover_seconds)
        self._alarms = AccountAlarms(account, self._inbox)
        self._tls = tls_context(account, tls)
        self._random = random
        self._now = now
        self._note = note
        self._key = f"imap-{account.name}"
        self._well_at = 0.0
        self._attempts: Counter[_Key] = Counter()
        """How many rounds each message has broken."""
        self._accepted: set[_Key] = set()
        """Messages that are durable in our store but not moved or flagged yet."""
        self._in_flight: deque[_Fetched] = deque()
        self._again: dict[str, ImapCursor] = {}
        """Folders that are read again after a change of UIDVALIDITY, and how far the reading is."""
        self._seen_is_logged = False
        self._woken = asyncio.Event()

    # --- running --------------------------------------------------------------------------------------

    async def run(self) -> None:
        self._progress()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch())
            await self._poll()

    async def _poll(self) -> None:
        failures = 0
        while True:
            before = self.health.last_success_at
            trouble = await self._session()
            failures = failures + 1 if self.health.last_success_at == before else 1
            pause = self.pause(failures, trouble)
            self._report(trouble, pause)
            self._woken.clear()
            await self._record()
            await self._pause(pause)

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._woken.wait()

    def wake(self) -> None:
        """Ends a pause: what has kept the account from being read has passed."""
        self._woken.set()

    async def _session(self) -> Exception:
        """Logs in and reads until there is trouble. Returns that trouble."""
        try:
            async with connected(self.account, self._credential, self._tls, self._limits) as client:
                while True:
                    self._went_well(await self._round(client))
                    await self._record()
                    await self._alarms.clear(self._key)
                    await self._wait(client)
        except Exception as trouble:
            return trouble

    async def _wait(self, client: ImapClient) -> None:
        """Waits until the server reports new messages or `poll_seconds` are over."""
        loop = asyncio.get_running_loop()
        due = loop.time() + self.account.poll_seconds
        while (left := due - loop.time()) > 0:
            news = await client.wait_for_news(min(left, self._limits.quiet_seconds), idle=self.account.idle)
            self._progress()
            if news:
                return

    def pause(self, failures: int, trouble: Exception) -> float:
        """Seconds to wait. Doubles with each failure, less a random part of up to a half: a server that comes back is
        not flooded.
        """
        limits = self._limits
        first = limits.refused_pause_seconds if isinstance(trouble, LoginRefused) else limits.first_pause_seconds
        theirs = isinstance(trouble, (ConnectionLost, CommandRefused, LoginRefused))
        longest = limits.longest_pause_seconds if theirs else limits.local_pause_seconds
        return min(longest, first * 2.0 ** min(failures - 1, 30)) * (1 - self._random() / 2)

    # --- the state of the account ---------------------------------------------------------------------

    def _progress(self) -> None:
        self._well_at = asyncio.get_running_loop().time()

    def _went_well(self, problems: list[str]) -> None:
        self._progress()
        self.health = Health(self.account.name, "up", self._now(), "; ".join(problems))

    async def _record(self) -> None:
        """Leaves word of the state of the account. A failure only goes to the log."""
        try:
            async with asyncio.timeout(self._limits.handover_seconds):
                await self._note(self.health.last_error)
        except Exception as error:
            log.warning("imap-state-not-recorded account=%s: %s", self.account.name, type(error).__name__)

    def _report(self, trouble: Exception, pause: float) -> None:
        expected = isinstance(trouble, (ConnectionLost, CommandRefused, LoginRefused, Transient))
        state: State = "refused" if isinstance(trouble, LoginRefused) else "down"
        words = str(trouble) if expected else f"{type(trouble).__name__}: {str(trouble).partition(chr(10))[0]}"
        self.health = replace(self.health, state=state, last_error=words)
        log.warning(
            "imap-%s account=%s retry_seconds=%.0f: %s",
            state, self.account.name, pause, words,
            exc_info=None if expected else trouble,
        )  # fmt: skip

    async def _watch(self) -> None:
        """Tells ops when nothing has gone well for too long, whatever the poller is waiting for."""
        limit, loop = self._limits.stalled_seconds, asyncio.get_running_loop()
        while True:
            left = self._well_at + limit - loop.time()
            if left <= 0:
                reason = self.health.last_error or "no answer"
                await self._alarms.try_to_sound(
                    self._key, f"nothing could be read for {limit / 60:.0f} minutes: {reason}"
                )
            await asyncio.sleep(max(left, limit / 10))

    # --- reading --------------------------------------------------------------------------------------

    async def _round(self, client: ImapClient) -> list[str]:
        """Reads every folder, the first one last: it stays open for IDLE. Returns why some could not be opened."""
        problems = []
        for folder in reversed(self.account.folders):
            try:
                selected = await client.select(folder)
            except CommandRefused as no:
                problems.append(f"{folder}: {no}")
                await self._alarms.try_to_sound(f"{self._key}-{folder}", f"the folder {folder} cannot be opened: {no}")
                continue
            while await self._read_folder(client, folder, selected):
                selected = await client.select(folder)
            await self._alarms.clear(f"{self._key}-{folder}")
        if len(problems) == len(self.account.folders):
            raise CommandRefused("; ".join(problems))
        return problems

    async def _read_folder(self, client: ImapClient, folder: str, selected: Selected) -> bool:
        """Takes the messages beyond the cursor. Returns whether there were any."""
        start = cursor = await self._cursor(folder, selected)
        for first in range(start.last_uid + 1, selected.uidnext, SEARCH_SPAN_UIDS):
            uids = await client.search(first, min(first + SEARCH_SPAN_UIDS, selected.uidnext) - 1)
            for window in _windows(uids):
                cursor = await self._read_window(client, cursor, window)
        if folder in self._again:
            await self._inbox.save_imap_cursor(cursor)
            del self._again[folder]
        return cursor != start

    async def _cursor(self, folder: str, selected: Selected) -> ImapCursor:
        name = self.account.name
        cursor = self._again.get(folder) or await self._inbox.imap_cursor(name, folder)
        if cursor is None:
            last = selected.uidnext - 1 if self.account.start == "new" else 0
            cursor = ImapCursor(name, folder, selected.uidvalidity, last, self._now())
            await self._inbox.save_imap_cursor(cursor)
        elif cursor.uidvalidity != selected.uidvalidity:
            log.warning("imap-uidvalidity-changed account=%s folder=%s: all messages are looked at again", name, folder)
            cursor = replace(cursor, uidvalidity=selected.uidvalidity, last_uid=0)
            self._again[folder] = cursor
        return cursor

    async def _save(self, cursor: ImapCursor) -> None:
        """Saves progress. While a folder is read again, progress is kept in memory only.

        A process that starts after a crash sees from the old UIDVALIDITY that the reading is not finished, and tells
        old mail from new mail as this process does.
        """
        if cursor.folder in self._again:
            self._again[cursor.folder] = cursor
        else:
            await self._inbox.save_imap_cursor(cursor)

    async def _read_window(self, client: ImapClient, cursor: ImapCursor, uids: list[int]) -> ImapCursor:
        """Takes these messages, moves or flags them together, and only then advances the cursor past them."""
        listed = {message.uid: message for message in await client.look_at(uids)}
        try:
            for uid in uids:
                message = listed.get(uid, ListedMessage(uid, 0, None))
                if not self._too_old(message, cursor):
                    await self._take(client, cursor, message)
                self._progress()
            await self._land(client)
        except Exception:
            await self._remember()
            raise
        finally:
            for fetched in self._in_flight:
                fetched.accepting.cancel()
            self._in_flight.clear()
        await self._put_away(client, cursor, uids)
        cursor = replace(cursor, last_uid=uids[-1])
        await self._save(cursor)
        return cursor

    def _too_old(self, message: ListedMessage, cursor: ImapCursor) -> bool:
        """Whether a message was here before the first connect, and is seen only because the folder is read again.

        At other times the UID alone tells what is new: people may put old mail into the folder, and clocks differ.
        """
        if cursor.folder not in self._again or self.account.start == "all" or message.received_at is None:
            return False
        return message.received_at < cursor.first_connected_at.replace(microsecond=0)

    # --- one message ----------------------------------------------------------------------------------

    async def _take(self, client: ImapClient, cursor: ImapCursor, message: ListedMessage) -> None:
        """Takes one message into our store, or sets it aside for good."""
        key = _key(cursor, message.uid)
        if key in self._accepted:
            return
        with self._counted(key):
            if message.size > self._limits.max_message_bytes:
                why = f"it has {message.size} octets, the limit is {self._limits.max_message_bytes}"
                await self._set_aside(client, key, why)
            elif self._attempts[key] >= MAX_ATTEMPTS:
                await self._set_aside(client, key, f"it cannot be fetched: {self.health.last_error}")
            else:
                await self._fetch(client, key, message)
        self._attempts.pop(key, None)
        await self._land(client, IN_FLIGHT, IN_FLIGHT_BYTES)

    @contextmanager
    def _counted(self, key: _Key) -> Iterator[None]:
        """Counts the rounds in which work on this message failed."""
        try:
            yield
        except (ConnectionLost, CommandRefused) as trouble:
            if not (isinstance(trouble, CommandRefused) and trouble.temporary):
                self._attempts[key] += 1
            raise

    async def _fetch(self, client: ImapClient, key: _Key, message: ListedMessage) -> None:
        raw = await client.body(message.uid, message.size)
        if raw is None:
            log.info("imap-gone account=%s folder=%s uid=%d", self.account.name, key[0], message.uid)
            return
        accepting = asyncio.ensure_future(self._inbox.accept(raw, self._envelope(message)))
        self._in_flight.append(_Fetched(key, len(raw), accepting))

    async def _land(self, client: ImapClient, messages: int = 0, octets: int = 0) -> None:
        """Waits, the oldest first, until no more than this many messages are in flight."""
        while len(self._in_flight) > messages or sum(fetched.size for fetched in self._in_flight) > octets:
            fetched = self._in_flight[0]
            try:
                await fetched.accepting
            except Permanent as error:
                with self._counted(fetched.key):
                    await self._set_aside(client, fetched.key, str(error))
            else:
                self._accepted.add(fetched.key)
            self._in_flight.popleft()

    async def _remember(self) -> None:
        """Records that a message in flight needs the mailbox no more, whatever its result was."""
        results = await asyncio.gather(*(fetched.accepting for fetched in self._in_flight), return_exceptions=True)
        for fetched, result in zip(self._in_flight, results, strict=True):
            if not isinstance(result, BaseException):
                self._accepted.add(fetched.key)
        self._in_flight.clear()

    def _envelope(self, message: ListedMessage) -> Envelope:
        return Envelope(
            door=Door.imap(self.account.name),
            sender=None,
            recipients=(),
            received_at=message.received_at or self._now(),
            trusted=True,
            queue=self.account.queue or None,
        )

    async def _set_aside(self, client: ImapClient, key: _Key, why: str) -> None:
        """Moves a message that we cannot take to the failed folder, or leaves it. Ops are told first: nothing gets
        lost.
        """
        folder, uidvalidity, uid = key
        failed = self.account.failed_folder
        movable = self.account.after != "keep" and client.can_move and self._attempts[key] < 2 * MAX_ATTEMPTS
        place = f"look for it in {failed} or else in {folder}" if movable else f"it stays in {folder}"
        text = f"message UID {uid} in {folder} became no ticket: {why}; {place}"
        await self._alarms.sound(f"{self._key}-{folder}-{uidvalidity}-{uid}", text)
        if movable:
            try:
                await client.move([uid], failed)
            except CommandRefused as no:
                log.error("imap-stays account=%s folder=%s uid=%d: %s", self.account.name, folder, uid, no)

    # --- messages that are durable --------------------------------------------------------------------

    async def _put_away(self, client: ImapClient, cursor: ImapCursor, uids: list[int]) -> None:
        """Moves or flags what was accepted. What cannot be moved stays in the folder and is not taken twice."""
        ours = [uid for uid in uids if _key(cursor, uid) in self._accepted]
        if ours:
            key = _key(cursor, ours[0])
            with self._counted(key):
                await self._try_to_put_away(client, ours, self._attempts[key])
            self._attempts.pop(key, None)
            self._accepted.difference_update(_key(cursor, uid) for uid in ours)

    async def _try_to_put_away(self, client: ImapClient, uids: list[int], attempts: int) -> None:
        key = f"{self._key}-move"
        text = "messages that have become tickets cannot be moved or flagged and stay where they are"
        if attempts >= MAX_ATTEMPTS:
            await self._alarms.try_to_sound(key, f"{text}: {self.health.last_error}")
            return
        try:
            await self._move_or_flag(client, uids)
        except CommandRefused as no:
            if no.temporary:
                raise
            await self._alarms.try_to_sound(key, f"{text}: {no}")
        else:
            await self._alarms.clear(key)

    async def _move_or_flag(self, client: ImapClient, uids: list[int]) -> None:
        match self.account.after:
            case "move" if client.can_move:
                await client.move(uids, self.account.processed_folder)
            case "move":
                self._log_seen_once()
                await client.mark_seen(uids)
            case "seen":
                await client.mark_seen(uids)
            case "keep":
                pass

    def _log_seen_once(self) -> None:
        if not self._seen_is_logged:
            log.warning("imap-no-move account=%s: %s", self.account.name, NO_MOVE)
        self._seen_is_logged = True


def _key(cursor: ImapCursor, uid: int) -> _Key:
    return cursor.folder, cursor.uidvalidity, uid


def _windows(uids: list[int]) -> Iterator[list[int]]:
    return (uids[at : at + WINDOW_UIDS] for at in range(0, len(uids), WINDOW_UIDS))
