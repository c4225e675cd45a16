"""Tests an IMAP account for `mailtickets check`: login, what the server can do, every folder. Creates folders that are
missing.

Every folder that is read is opened by SELECT, as the poller does: Microsoft 365 accepts a token whose application may
not open the mailbox, and says so only then.
*Fails with*: nothing. What goes wrong is a line, with the next step.
*Limits*: `PROBE_LIMITS` for each command; a server that has gone silent ends the probe.
"""

import ssl
from collections.abc import Iterator
from dataclasses import replace

from mailtickets.config.credentials import Credential, CredentialDead
from mailtickets.config.models import ImapIn
from mailtickets.edges import reach
from mailtickets.edges.imap.advice import not_connected_advice, refusal_hint
from mailtickets.edges.imap.answers import CommandRefused, ConnectionLost, LoginRefused, NotConnected, NotWelcome
from mailtickets.edges.imap.client import ImapClient, Limits
from mailtickets.edges.imap.connect import connected, tls_context
from mailtickets.edges.imap.folders import Folder
from mailtickets.edges.sasl import TokenRefused
from mailtickets.views.check import CheckLine, ok, warning, wrong

NO_MOVE = 'the server has neither MOVE nor UIDPLUS, so after = "move" becomes "seen"'
PROBE_LIMITS = replace(Limits(), connect_seconds=10, reply_seconds=20, pulse_seconds=5)

_KEPT_ELSEWHERE = {"trash": "the server's trash", "junk": "the server's junk folder", "drafts": "the drafts"}


async def probe(
    account: ImapIn,
    credential: Credential,
    about: str = "imap_in",
    *,
    limits: Limits = PROBE_LIMITS,
    tls: ssl.SSLContext | None = None,
) -> list[CheckLine]:
    """Tests an account for `check`. `about` is its key path. Creates missing folders."""
    found: list[CheckLine] = []
    try:
        async with connected(account, credential, tls_context(account, tls), limits) as client:
            found.append(ok(about, f"{account.username} logs in at {account.host}:{account.port}"))
            found += _capabilities(account, client, about)
            found += [await _readable(account, client, about, folder) for folder in account.folders]
            found += [await _writable(client, about, folder) for folder in _targets(account, client)]
            found += await _uses(account, client, about)
    except NotConnected as error:
        found.append(wrong(about, str(error.__cause__ or error), not_connected_advice(account.username)))
    except LoginRefused as refused:
        found.append(_refused(account, credential, about, refused))
    except (ConnectionLost, CommandRefused) as trouble:
        text = f"{account.host}:{account.port}: {trouble}"
        found.append(wrong(about, text, _remedy(account, trouble)))
    return found


def _remedy(account: ImapIn, trouble: Exception) -> str:
    return reach.remedy(trouble, account.host, account.port) or (
        f"run it again; if it lasts, see that {account.host} is well and that {account.port} is its port for IMAP"
    )


# --- what the server can do ---------------------------------------------------------------------------


def _capabilities(account: ImapIn, client: ImapClient, about: str) -> Iterator[CheckLine]:
    if account.after == "move":
        how = "MOVE" if "MOVE" in client.capabilities else "COPY and UID EXPUNGE (UIDPLUS)"
        yield ok(about, f"messages are moved by {how}") if client.can_move else wrong(about, NO_MOVE, _WITHOUT_MOVE)
    if account.idle and not client.can_idle:
        yield ok(about, f"the server has no IDLE: new mail is looked for every {account.poll_seconds} seconds")
    elif account.idle:
        yield ok(about, "the server has IDLE: new mail is seen at once")


_WITHOUT_MOVE = (
    'set imap_in.after = "seen" if that is all right: mail stays in its folder, marked as read; otherwise read it from '
    "a server that has MOVE"
)


# --- folders ------------------------------------------------------------------------------------------


def _targets(account: ImapIn, client: ImapClient) -> list[str]:
    """The folders that messages are moved to."""
    if account.after == "keep" or not client.can_move:
        return []
    return [*([account.processed_folder] if account.after == "move" else []), account.failed_folder]


async def _readable(account: ImapIn, client: ImapClient, about: str, folder: str) -> CheckLine:
    """Opens a folder that mail is read from."""
    try:
        selected = await client.select(folder)
        count = await client.count(folder)
    except CommandRefused as no:
        return wrong(about, f"folder {folder} cannot be read: {no}", await _other_name(client, folder))
    if selected.read_only and account.after != "keep":
        return wrong(about, f"folder {folder} is read-only for {account.username}", _READ_ONLY)
    which = "all are read" if account.start == "all" else "at the first connect only what arrives later is read"
    return ok(about, f"folder {folder} holds {count} messages; {which}")


_READ_ONLY = 'give the account the right to change this folder, or set imap_in.after = "keep"'


async def _other_name(client: ImapClient, folder: str) -> str:
    """What to do about a folder that is not there: folders have other names on other servers."""
    names = [one.name for one in await _folders(client) if "\\noselect" not in one.attributes]
    if not names:
        return "correct imap_in.folders, or give the account the right to read this folder"
    alike = [name for name in names if name.rpartition(".")[2].casefold() == folder.rpartition(".")[2].casefold()]
    shown = ", ".join(alike or names[:10])
    return f"put one of the server's names into imap_in.folders: {shown}"


async def _writable(client: ImapClient, about: str, folder: str) -> CheckLine:
    try:
        await client.count(folder)
    except CommandRefused:
        try:
            await client.create(folder)
        except CommandRefused as no:
            below = f"name another one; some servers want it below INBOX: INBOX.{folder}"
            return wrong(about, f"folder {folder} cannot be made: {no}", below)
        return ok(about, f"folder {folder} was missing and is there now")
    return ok(about, f"folder {folder} is there")


async def _uses(account: ImapIn, client: ImapClient, about: str) -> list[CheckLine]:
    """What the server itself does with these folders (SPECIAL-USE)."""
    folders = await _folders(client)
    return [*_unsuitable(account, folders, about), *_junk(account, folders, about)]


def _unsuitable(account: ImapIn, folders: list[Folder], about: str) -> Iterator[CheckLine]:
    kept = {account.processed_folder, account.failed_folder} if account.after == "move" else {account.failed_folder}
    for folder in folders:
        for use, words in _KEPT_ELSEWHERE.items():
            if folder.name in kept and folder.is_for(use):
                text = f"folder {folder.name} is {words}: most servers delete what has lain there for some weeks"
                yield warning(about, text, "name a folder of its own as processed_folder and failed_folder")
        if folder.name in account.folders and (folder.is_for("all") or folder.is_for("sent")):
            text = f"folder {folder.name} holds what was sent as well: our own answers would be read again"
            yield warning(about, text, "leave it out of imap_in.folders")


def _junk(account: ImapIn, folders: list[Folder], about: str) -> Iterator[CheckLine]:
    junk = next((folder.name for folder in folders if folder.is_for("junk")), None)
    if junk is None:
        return
    if junk in account.folders:
        yield ok(about, f"what the server takes for junk ({junk}) is read too")
    else:
        yield ok(about, f"what the server takes for junk ({junk}) is not read: add it to folders to have it read")


async def _folders(client: ImapClient) -> list[Folder]:
    try:
        return await client.folders()
    except CommandRefused:
        return []


# --- login --------------------------------------------------------------------------------------------


def _refused(account: ImapIn, credential: Credential, about: str, refused: LoginRefused) -> CheckLine:
    match refused.__cause__:
        case CredentialDead() as dead:
            return wrong(about, f"login refused: there is no {credential.method}: {dead.reason}", dead.advice)
        case TokenRefused() as token:
            return wrong(about, f"login refused: {token}", _hint(account, credential) or _PERMISSIONS)
        case OSError() | KeyError() | ValueError():
            readable = f"see that {_secret_key(account, about)} names the password, and that this user may read it"
            return wrong(about, f"login refused: {refused}", readable)
    return wrong(about, f"login refused: {refused}", _password_remedy(account, credential, about, refused))


_PERMISSIONS = "mailtickets oauth status; then look at the permissions that the provider gave to this application"


def _password_remedy(account: ImapIn, credential: Credential, about: str, refused: LoginRefused) -> str:
    if isinstance(refused, NotWelcome):
        return f"wait some minutes and run it again; if it lasts, ask whoever runs {account.host}"
    return _hint(account, credential) or (
        f"put the present password of {account.username} where {_secret_key(account, about)} says"
    )


def _hint(account: ImapIn, credential: Credential) -> str:
    return refusal_hint(account.host, credential.method).removeprefix("; ")


def _secret_key(account: ImapIn, about: str) -> str:
    if account.oauth:
        return f"{about}.oauth"
    return f"{about}.{'password_env' if account.password_env else 'password_file'}"
