"""Makes a connection to an IMAP account that is logged in."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from mailtickets.config.credentials import Credential
from mailtickets.config.models import ImapIn
from mailtickets.edges.imap.advice import not_connected_advice, refusal_hint
from mailtickets.edges.imap.answers import LoginRefused, NotConnected
from mailtickets.edges.imap.client import ImapClient, Limits
from mailtickets.edges.sasl import TokenRefused, logged_in


@asynccontextmanager
async def connected(
    account: ImapIn, credential: Credential, tls: ssl.SSLContext | None, limits: Limits
) -> AsyncIterator[ImapClient]:
    """A connection that is logged in. It is closed in every case.

    Raises ConnectionLost, LoginRefused, and NotConnected when the server opens no folder later on; the last two say
    what has to be done.
    """
    client = await _open(account, credential, tls, limits)
    try:
        yield client
    except NotConnected as error:
        raise NotConnected(f"{str(error).rstrip('.')}: {not_connected_advice(account.username)}") from error
    finally:
        await client.close()


async def _open(account: ImapIn, credential: Credential, tls: ssl.SSLContext | None, limits: Limits) -> ImapClient:
    """A token that is refused is renewed once and tried on a new connection: servers hang up on refused ones."""

    async def attempt(secret: str) -> ImapClient:
        client = await ImapClient.open(account, tls, limits)
        try:
            await client.login(account, credential.method, secret)
        except BaseException:
            await client.close()
            raise
        return client

    try:
        return await logged_in(credential, attempt)
    except TokenRefused as refused:
        raise LoginRefused(f"{refused}{refusal_hint(account.host, 'token')}") from refused
    except (OSError, KeyError, ValueError) as error:
        raise LoginRefused(f"there is no {credential.method}: {error}") from error


def tls_context(account: ImapIn, context: ssl.SSLContext | None = None) -> ssl.SSLContext | None:
    """How to verify the server's certificate: the context of the caller, or the system's authorities. None: no TLS."""
    if account.tls == "none":
        return None
    return context or ssl.create_default_context()
