"""Tests an IMAP account for `mailtickets check`: login, capabilities, folders. Creates folders that are missing."""

import ssl

from mailtickets.config.credentials import Credential
from mailtickets.config.models import ImapIn
from mailtickets.edges.imap.advice import refusal_hint
from mailtickets.edges.imap.answers import CommandRefused, ConnectionLost, LoginRefused, NotConnected
from mailtickets.edges.imap.client import ImapClient, Limits
from mailtickets.edges.imap.connect import connected, tls_context

NO_MOVE = 'the server has neither MOVE nor UIDPLUS, so after = "move" becomes "seen"'


async def probe(
    account: ImapIn,
    credential: Credential,
    *,
    limits: Limits | None = None,
    tls: ssl.SSLContext | None = None,
) -> list[tuple[bool, str]]:
    """Tests an account for `check`. Returns for each thing whether it is right, and a sentence. Creates missing
    folders.
    """
    try:
        async with connected(account, credential, tls_context(account, tls), limits or Limits()) as client:
            lines = [(True, f"{account.username} logs in at {account.host}:{account.port}")]
            lines += _capabilities(account, client)
            for folder in account.folders:
                lines.append(await _readable(account, client, folder))
            for folder in _targets(account, client):
                lines.append(await _writable(client, folder))
            return lines
    except NotConnected as refused:
        return [(True, f"{account.username} logs in at {account.host}:{account.port}"), (False, str(refused))]
    except LoginRefused as refused:
        hint = refusal_hint(account.host) if credential.method == "password" else ""
        return [(False, f"login refused: {refused}{hint}")]
    except (ConnectionLost, CommandRefused) as trouble:
        return [(False, f"{account.host}:{account.port}: {trouble}")]


def _capabilities(account: ImapIn, client: ImapClient) -> list[tuple[bool, str]]:
    lines = []
    if account.after == "move":
        how = "MOVE" if "MOVE" in client.capabilities else "COPY and UID EXPUNGE"
        lines.append((True, f"messages are moved by {how}") if client.can_move else (False, NO_MOVE))
    if account.idle and not client.can_idle:
        lines.append((True, f"the server has no IDLE: new mail is looked for every {account.poll_seconds} seconds"))
    elif account.idle:
        lines.append((True, "the server has IDLE: new mail is seen at once"))
    return lines


def _targets(account: ImapIn, client: ImapClient) -> list[str]:
    """The folders that messages are moved to."""
    if account.after == "keep" or not client.can_move:
        return []
    return [*([account.processed_folder] if account.after == "move" else []), account.failed_folder]


async def _readable(account: ImapIn, client: ImapClient, folder: str) -> tuple[bool, str]:
    try:
        await client.select(folder)
        count = await client.count(folder)
    except CommandRefused as no:
        return False, f"folder {folder} cannot be read: {no}"
    which = "all are read" if account.start == "all" else "at the first connect only what arrives later is read"
    return True, f"folder {folder} holds {count} messages; {which}"


async def _writable(client: ImapClient, folder: str) -> tuple[bool, str]:
    try:
        await client.count(folder)
    except CommandRefused:
        try:
            await client.create(folder)
        except CommandRefused as no:
            return False, f"folder {folder} cannot be made: {no} (some servers want it below INBOX: INBOX.{folder})"
        return True, f"folder {folder} was missing and is there now"
    return True, f"folder {folder} is there"
