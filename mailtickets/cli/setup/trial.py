"""Tries a password at the mailbox before anything is written, so that a mistyped one can be typed again.

Fails with: nothing. What the server says is returned in words.
"""

import asyncio
from dataclasses import dataclass

from mailtickets.config.credentials import password
from mailtickets.config.models import ImapIn
from mailtickets.config.providers import Server
from mailtickets.edges.imap.advice import refusal_hint
from mailtickets.edges.imap.answers import CommandRefused, ConnectionLost, LoginRefused
from mailtickets.edges.imap.client import Limits
from mailtickets.edges.imap.connect import connected, tls_context


@dataclass(frozen=True, slots=True)
class Tried:
    works: bool
    refused: bool
    """The server was reached, and does not take the password."""
    says: str


def try_login(server: Server, secret: str) -> Tried:
    """Logs in and out again."""
    account = ImapIn(
        name="trial",
        host=server.host,
        port=server.port,
        tls="none" if server.tls == "none" else "implicit",
        username=server.username,
    )
    return asyncio.run(_tried(account, secret))


async def _tried(account: ImapIn, secret: str) -> Tried:
    try:
        async with connected(account, password(lambda: secret), tls_context(account), Limits()):
            return Tried(True, False, f"{account.username} logs in at {account.host}:{account.port}.")
    except LoginRefused as refused:
        return Tried(False, True, f"{account.host} refuses the login: {refused}{refusal_hint(account.host)}.")
    except (ConnectionLost, CommandRefused) as trouble:
        return Tried(False, False, f"{account.host}:{account.port} cannot be reached: {trouble}.")
