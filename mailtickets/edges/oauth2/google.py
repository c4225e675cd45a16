"""Tokens from Google, by google-auth. It is imported when the first token is asked for, in a thread.

google-auth asks through our transport, so that it needs no library for HTTP and takes nothing from the environment.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from mailtickets.edges.oauth2.account import OAuthAccount
from mailtickets.edges.oauth2.outcome import DEFAULT_LIFE_SECONDS, Dead, Retry, Token, TokenOutcome, of_answer, one_line
from mailtickets.edges.oauth2.transport import Answer, Transport


def ask(account: OAuthAccount, refresh: str, transport: Transport) -> TokenOutcome:
    """Asks for a token: as a service account that acts for the mailbox, or with a refresh token.

    Raises OSError, KeyError or ValueError for secrets that cannot be read.
    """
    from google.auth import exceptions

    who = _service_account(account) if account.settings.flow == "service_account" else _user(account, refresh)
    request = _Request(transport)
    try:
        who.refresh(request)
    except exceptions.TransportError as error:
        return Retry(one_line(str(error)))
    except exceptions.RefreshError as error:
        return _refused(error, transport)
    if not isinstance(who.token, str):
        return Retry("the token server gives an answer that makes no sense")
    return Token(who.token, _life_seconds(who.expiry), _new_refresh(who, refresh), account.subject)


class _Request:
    """The transport, as google-auth calls it."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def __call__(
        self,
        url: str,
        method: str = "GET",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
        **_: object,
    ) -> Answer:
        from google.auth.exceptions import TransportError

        try:
            return self._transport.request(method, url, body, headers)
        except OSError as error:
            raise TransportError(str(error)) from error


def _service_account(account: OAuthAccount) -> Any:
    from google.oauth2 import service_account

    key = json.loads(account.service_account())
    if account.settings.token_url:
        key = {**key, "token_uri": account.settings.token_url}
    return service_account.Credentials.from_service_account_info(key, scopes=account.scopes, subject=account.subject)


def _user(account: OAuthAccount, refresh: str) -> Any:
    from google.oauth2 import credentials

    return credentials.Credentials(
        None,
        refresh_token=refresh,
        token_uri=account.token_url,
        client_id=account.settings.client_id,
        client_secret=account.client_secret(),
    )


def _refused(error: Exception, transport: Transport) -> TokenOutcome:
    """google-auth's own word on what can be retried is not to be relied on; the server's answer is."""
    if transport.last is None:
        return Retry(one_line(str(error)))
    if transport.last.status == 200:
        return Dead("no_token", one_line(str(error)), "The server's answer holds no token: look at token_url.")
    return of_answer(transport.last, "google")


def _life_seconds(expiry: datetime | None) -> int:
    """google-auth says the end as UTC without a zone."""
    if expiry is None:
        return DEFAULT_LIFE_SECONDS
    return max(1, round((expiry.replace(tzinfo=UTC) - datetime.now(UTC)).total_seconds()))


def _new_refresh(who: Any, before: str) -> str:
    given = getattr(who, "refresh_token", None) or ""
    return given if given != before else ""
