"""Login over IMAP: the command for each method of a credential, and the server's answer without the secret."""

import logging
from collections.abc import Iterable
from typing import assert_never

from aioimaplib import aioimaplib

from mailtickets.config.credentials import Method
from mailtickets.config.models import ImapIn
from mailtickets.edges.imap.answers import TEMPORARY, LoginRefused, server_words
from mailtickets.edges.imap.wire import LOST, ImapWire
from mailtickets.edges.sasl import exchange

log = logging.getLogger("mailtickets.imap")
log.addHandler(logging.NullHandler())  # `check` says it in a line of its own, and has no log

_AUTH = "AUTH="


async def log_in(wire: ImapWire, account: ImapIn, method: Method, secret: str) -> aioimaplib.Response:
    """Logs in and returns the server's answer: OK, or LOST with the connection.

    Raises LoginRefused, TokenRefused, and ValueError for a name or secret that no command can carry.
    """
    match method:
        case "password":
            return await _by_password(wire, account, secret)
        case "token":
            return await _by_token(wire, account, secret)
        case _:
            assert_never(method)


async def _by_password(wire: ImapWire, account: ImapIn, password: str) -> aioimaplib.Response:
    """LOGIN (RFC 3501, 6.2.3)."""
    response = await wire.login(aioimaplib.quoted(account.username), password)
    if response.result not in {"OK", LOST}:
        raise LoginRefused(server_words(without_secret(response.lines[-1], password)))
    return response


async def _by_token(wire: ImapWire, account: ImapIn, token: str) -> aioimaplib.Response:
    """AUTHENTICATE (RFC 3501, 6.2.2), with XOAUTH2 or OAUTHBEARER."""
    await wire.capability()
    capabilities = _capitals(wire.capabilities)
    offered = {name.removeprefix(_AUTH) for name in capabilities if name.startswith(_AUTH)}
    attempt = exchange(offered, account.username, token, account.host, account.port)
    response = await wire.authenticate(attempt, at_once="SASL-IR" in capabilities)
    if response.result in {"OK", LOST}:
        return response
    refused = attempt.refusal(server_words(response.lines[-1]))
    if attempt.is_trouble or TEMPORARY.search(str(refused)):
        raise LoginRefused(str(refused))  # the server is in trouble; the token may be good
    facts = {"account": account.name, "mechanism": attempt.mechanism, "error": str(refused)}
    log.warning("imap token refused", extra={**facts, "challenge": attempt.challenge})
    raise refused


def without_secret(line: bytes | bytearray, secret: str) -> bytes:
    """A line of the answer. Some servers repeat the secret in it, plain or quoted; the secret becomes `...`."""
    for form in (secret, aioimaplib.quoted(secret)[1:-1]):
        line = line.replace(form.encode(), b"...") if form else line
    return bytes(line)


def _capitals(words: Iterable[object]) -> frozenset[str]:
    return frozenset(str(word).upper() for word in words)
