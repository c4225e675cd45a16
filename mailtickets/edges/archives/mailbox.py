"""Old mail in a folder of an IMAP account. Nothing there is moved, flagged or marked as read.

What the daemon has still to take as new mail is left to the daemon: in a folder that it reads, only mail up to its
cursor is old. Where it has not read the folder yet and is to take new mail only, what is there now is old, and the
cursor is set behind it.
Fails with: what the IMAP client raises, and `NotYet` where the daemon has to read the folder first.
"""

from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from mailtickets.desk.model.delivery import ImapCursor
from mailtickets.edges.archives.moment import moment
from mailtickets.edges.archives.stored import StoredMail
from mailtickets.edges.imap.answers import Selected
from mailtickets.edges.imap.client import ImapClient, message_id

_LISTED_AT_ONCE = 500
_MOMENT_SECONDS = 0.01


class NotYet(Exception):
    """The folder cannot be imported now; the message says why."""


ImportedBefore = Callable[[Iterable[str]], set[tuple[str, int]]]
"""Message-IDs -> (Message-ID, octets) of those that were imported before."""


@dataclass(slots=True)
class Mailbox:
    """One folder of an account, over a connection of its own, on which the folder is open."""

    client: ImapClient
    account: str
    folder: str
    since: date
    last_uid: int
    """The last UID that is old mail."""
    now: datetime
    known: ImportedBefore
    imported_before: int = 0
    """Mails that were not fetched again."""
    notes: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"{self.account}/{self.folder}"

    async def pieces(self) -> AsyncIterator[StoredMail]:
        uids = await self.client.search_old(self.since)
        old = [uid for uid in uids if uid <= self.last_uid]
        if len(old) < len(uids):
            self.notes.append(f"{len(uids) - len(old)} newer mails were left: the daemon takes them as new mail")
        for at in range(0, len(old), _LISTED_AT_ONCE):
            window = old[at : at + _LISTED_AT_ONCE]
            heads = await self.client.heads(window, "MESSAGE-ID", "DATE", "RECEIVED")
            ids = {uid: found for uid, head in heads.items() if (found := message_id(head)) is not None}
            known = self.known(ids.values())
            for listed in await self.client.look_at(window):
                if (ids.get(listed.uid), listed.size) in known:
                    self.imported_before += 1
                else:
                    received_at = moment(heads.get(listed.uid, b""), listed.received_at, self.now)
                    yield StoredMail(str(listed.uid), received_at, listed.size)

    async def keep_alive(self) -> None:
        """Sends a NOOP, so that the server does not end the connection while mail of another folder is imported."""
        await self.client.wait_for_news(_MOMENT_SECONDS, idle=False)

    async def read(self, piece: StoredMail, limit: int) -> bytes | None:
        if piece.size > limit:
            return b" " * (limit + 1)  # too large to be fetched
        return await self.client.body(int(piece.key), piece.size)

    def where(self, piece: StoredMail) -> str:
        return f"{self.name}, UID {piece.key}"


def last_old_uid(cursor: ImapCursor | None, selected: Selected, *, is_read: bool, start: str) -> int:
    """The last UID of a folder that is old mail. `is_read`: the daemon reads the folder. Raises NotYet."""
    if not is_read:
        return selected.uidnext - 1
    if cursor is None:
        return selected.uidnext - 1 if start == "new" else 0
    if cursor.uidvalidity != selected.uidvalidity:
        raise NotYet("the server has given all mails new UIDs: let the daemon read the folder first")
    return cursor.last_uid


def first_cursor(account: str, folder: str, selected: Selected) -> ImapCursor:
    """The cursor of a folder that the daemon has not read yet: what is there now is old."""
    return ImapCursor(account, folder, selected.uidvalidity, selected.uidnext - 1, datetime.now(UTC))
