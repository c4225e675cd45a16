"""Tokens from any other provider, by its token URL, and the exchange of codes for tokens (RFC 6749, 7636, 8628)."""

import base64
import urllib.parse
from collections.abc import Mapping

from mailtickets.edges.oauth2.account import OAuthAccount
from mailtickets.edges.oauth2.outcome import Dead, TokenOutcome, of_answer
from mailtickets.edges.oauth2.transport import Transport

_JSON = {"Accept": "application/json"}


def ask(account: OAuthAccount, refresh: str, transport: Transport) -> TokenOutcome:
    """Asks for a token: with the client's own credentials, or with a refresh token. Raises OSError, KeyError and
    ValueError for secrets that cannot be read, OSError for the network.
    """
    if account.settings.flow == "client_credentials":
        return exchange(account, {"grant_type": "client_credentials", **_scope(account)}, transport)
    return exchange(account, {"grant_type": "refresh_token", "refresh_token": refresh}, transport)


def exchange(account: OAuthAccount, question: Mapping[str, str], transport: Transport) -> TokenOutcome:
    """Puts a question to the token URL.

    The client's secret goes into the body. Servers that refuse it there must take it in the header (RFC 6749, 2.3.1).
    """
    secret, provider = account.client_secret(), account.settings.provider
    client = {"client_id": account.settings.client_id}
    inside = {**client, "client_secret": secret} if secret else client
    found = of_answer(transport.post(account.token_url, data={**question, **inside}, headers=_JSON), provider)
    if secret and isinstance(found, Dead) and found.error == "invalid_client":
        header = {**_JSON, "Authorization": f"Basic {_basic(account.settings.client_id, secret)}"}
        again = of_answer(transport.post(account.token_url, data=question, headers=header), provider)
        return found if isinstance(again, Dead) and again.error == "invalid_request" else again
    return found


def _scope(account: OAuthAccount) -> dict[str, str]:
    return {"scope": " ".join(account.scopes)} if account.scopes else {}


def _basic(name: str, secret: str) -> str:
    """Both parts are encoded as in a form first."""
    pair = f"{urllib.parse.quote_plus(name)}:{urllib.parse.quote_plus(secret)}"
    return base64.b64encode(pair.encode()).decode()
