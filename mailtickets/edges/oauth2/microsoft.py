"""Tokens from Microsoft (Entra ID), by MSAL. MSAL is imported when the first token is asked for, in a thread.

MSAL keeps tokens, answers and errors in caches of its own, and then gives an old answer to a new question. So each
question has an application of its own, and tokens are kept by `kept` alone.
"""

import logging
from collections.abc import Mapping
from typing import Any

from mailtickets.edges.oauth2.account import MICROSOFT_LOGIN, OAuthAccount
from mailtickets.edges.oauth2.outcome import Retry, TokenOutcome, of_answer, of_token
from mailtickets.edges.oauth2.transport import Transport

logging.getLogger("msal").setLevel(logging.CRITICAL)  # it logs whole answers that it cannot read


def application(account: OAuthAccount, transport: Transport) -> Any:
    """MSAL's application. Asks Microsoft for its addresses. Raises OSError, KeyError, ValueError."""
    import msal

    where = _authority(account)
    credential = _client_credential(account)
    if credential is None:
        return msal.PublicClientApplication(account.settings.client_id, http_client=transport, **where)
    return msal.ConfidentialClientApplication(
        account.settings.client_id, client_credential=credential, http_client=transport, **where
    )


def ask(account: OAuthAccount, refresh: str, transport: Transport) -> TokenOutcome:
    """Asks for a token: with the client's own credentials, or with a refresh token. Raises as `application` does."""
    app = application(account, transport)
    if account.settings.flow == "client_credentials":
        return outcome(app.acquire_token_for_client(list(account.scopes)), transport)
    return outcome(app.acquire_token_by_refresh_token(refresh, list(account.scopes)), transport)


def outcome(found: Mapping[str, Any], transport: Transport) -> TokenOutcome:
    """Reads what MSAL returns. It returns errors as values; the HTTP status is in the transport."""
    if isinstance(found.get("access_token"), str):
        return of_token(found)
    if transport.last is None:
        return Retry("the token server gives no answer")
    return of_answer(transport.last, "microsoft")


def _authority(account: OAuthAccount) -> dict[str, Any]:
    """Where to ask. A token URL that is not Microsoft's own is taken apart: OpenID Connect finds the rest there."""
    url = account.settings.token_url
    if not url:
        return {"authority": f"{MICROSOFT_LOGIN}/{account.settings.tenant}"}
    base = url.removesuffix("/token")
    own = base.removesuffix("/oauth2/v2.0")
    return {"authority": own, "instance_discovery": False} if own != base else {"oidc_authority": base}


def _client_credential(account: OAuthAccount) -> str | dict[str, str] | None:
    certificate = account.certificate()
    if certificate is None:
        return account.client_secret() or None
    _look_at(*certificate)
    return {"private_key": certificate[0], "public_certificate": certificate[1]}


def _look_at(key: str, certificate: str) -> None:
    """Raises ValueError or TypeError for a pair that cannot be read: MSAL would say so only after it has asked
    Microsoft, and then it could as well be Microsoft's answer.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    x509.load_pem_x509_certificate(certificate.encode())
    if not isinstance(load_pem_private_key(key.encode(), None), RSAPrivateKey):
        raise ValueError("Microsoft takes certificates with an RSA key only")
