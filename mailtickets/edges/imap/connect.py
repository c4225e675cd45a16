"""Makes a connection to an IMAP account that is logged in."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from mailtickets.config.credentials import Credential
from mailtickets.config.models import ImapIn
from mailtickets.edges.imap.answers import LoginRefused
from mailtickets.edges.imap.client import ImapClient, Limits


@asynccontextmanager
async def connected(
    account: ImapIn, credential: Credential, tls: ssl.SSLContext | None, limits: Limits
) -> AsyncIterator[ImapClient]:
    """A connection that is logged in. It is closed in every case. Raises ConnectionLost or LoginRefused."""
    try:
        secret = await credential.fetch()
    except (OSError, KeyError, ValueError) as error:
        raise LoginRefused(f"there is no {credential.method}: {error}") from error
    client = await ImapClient.open(account, tls, limits)
    try:
        await client.login(account.username, credential.method, secret)
        yield client
    finally:
        await client.close()


def tls_context(account: ImapIn, context: ssl.SSLContext | None = None) -> ssl.SSLContext | None:
    """How to verify the server's certificate: the context of the caller, or the system's authorities. None: no TLS."""
    if account.tls == "none":
        return None
    return context or ssl.create_default_context()
