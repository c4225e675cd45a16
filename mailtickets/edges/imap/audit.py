"""Compares a mailbox with the ledger: every message that was put away or passed over must be in the ledger.

A message is recognised by its size and its INTERNALDATE, which a move keeps, or else by its Message-ID (some servers
estimate sizes). Folders are opened and headers are fetched in a way that marks nothing as read.
Owns one connection for each comparison.
*Fails with* `ConnectionLost`, `LoginRefused` and `CommandRefused` of the IMAP client: then nothing is known.
*Limits*: messages of the last days that arrived after the first connect. Messages that people put into these folders
by hand look like messages that we put there.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from mailtickets.config.credentials import Credential
from mailtickets.config.models import ImapIn
from mailtickets.desk.model.delivery import ImapCursor
from mailtickets.edges.imap.answers import CommandRefused, ListedMessage
from mailtickets.edges.imap.client import ImapClient, Limits
from mailtickets.edges.imap.connect import connected, tls_context
from mailtickets.mail.door import Door
from mailtickets.store import cursors
from mailtickets.store.ledger import Known, known_of

DAYS = 3
"""How far the nightly comparison looks back."""
_LISTED_AT_ONCE = 500
_NAMED = 20


def facts(connection: Connection, account: ImapIn, since: datetime) -> tuple[list[ImapCursor], list[Known]]:
    """How far an account was read, and what the ledger holds of that account from that time on."""
    door = Door.imap(account.name)
    known = known_of(connection, door.name, since - timedelta(days=1))
    return cursors.load_all(connection, account.name), known


@dataclass(frozen=True, slots=True)
class Audit:
    """What a comparison of one account found."""

    account: str
    held: dict[str, int]
    """Folder -> how many messages of that folder were looked at."""
    problems: tuple[str, ...]


async def audit(
    account: ImapIn,
    credential: Credential,
    read: Sequence[ImapCursor],
    known: Sequence[Known],
    since: datetime,
    *,
    limits: Limits | None = None,
) -> Audit:
    """Compares the folders of an account with the ledger. `read` and `known` are what `facts` returned for this
    account.

    Raises ConnectionLost or LoginRefused.
    """
    limits = limits or Limits()
    ledger = _Ledger(known)
    held: dict[str, int] = {}
    problems: list[str] = []
    async with connected(account, credential, tls_context(account), limits) as client:
        for folder in dict.fromkeys((*account.folders, account.processed_folder, account.failed_folder)):
            cursor = next((cursor for cursor in read if cursor.folder == folder), None)
            begun = cursor.first_connected_at if cursor else min((c.first_connected_at for c in read), default=None)
            if begun is None:
                continue  # no folder has ever been read
            try:
                listed, passed = await _listed(client, folder, max(since, begun), cursor)
            except CommandRefused:
                continue  # the folder does not exist
            held[folder] = len(listed)
            unknown = await ledger.unknown(client, passed)
            if folder == account.failed_folder:
                ours = [message for message in passed if message not in unknown]
                problems += _problems(account, folder, ours, "has become something, and yet lies here as a failed one")
            else:
                problems += _problems(account, folder, unknown, "is not in the ledger")
    return Audit(account.name, held, tuple(problems))


async def _listed(
    client: ImapClient, folder: str, since: datetime, cursor: ImapCursor | None
) -> tuple[list[ListedMessage], list[ListedMessage]]:
    """The messages since then, and those among them that the ledger must hold. In a folder that only we put messages
    into, that is all of them.
    """
    selected = await client.select(folder)
    uids = await client.search_since((since - timedelta(days=1)).date())  # servers count days in their own time zone
    listed: list[ListedMessage] = []
    for at in range(0, len(uids), _LISTED_AT_ONCE):
        listed += await client.look_at(uids[at : at + _LISTED_AT_ONCE])
    fresh = [m for m in listed if m.received_at is not None and m.received_at >= since.replace(microsecond=0)]
    if cursor is None:
        return fresh, fresh
    same = cursor.uidvalidity == selected.uidvalidity
    return fresh, [message for message in fresh if same and message.uid <= cursor.last_uid]


class _Ledger:
    """What the ledger holds of one account."""

    def __init__(self, known: Iterable[Known]) -> None:
        self._kept = {(one.size, one.received_at.astimezone(UTC).replace(microsecond=0)) for one in known}
        self._ids = {one.message_id for one in known if one.message_id}

    async def unknown(self, client: ImapClient, messages: Sequence[ListedMessage]) -> list[ListedMessage]:
        odd = [m for m in messages if m.received_at and (m.size, m.received_at.astimezone(UTC)) not in self._kept]
        ids = await client.message_ids([message.uid for message in odd]) if odd else {}
        return [message for message in odd if ids.get(message.uid, "") not in self._ids]


def _problems(account: ImapIn, folder: str, messages: Sequence[ListedMessage], what: str) -> Iterator[str]:
    for message in messages[:_NAMED]:
        when = message.received_at.isoformat() if message.received_at else "an unknown time"
        yield f"{account.name}: message UID {message.uid} in {folder}, of {when}, {what}"
    if len(messages) > _NAMED:
        yield f"{account.name}: {len(messages) - _NAMED} more messages in {folder} like these"
