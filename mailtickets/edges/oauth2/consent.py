"""A person consents in a browser, anywhere; the program needs none (RFC 6749, 4.1, with PKCE, RFC 7636).

`begin` makes the address to open. After the consent, the provider sends the browser to `redirect_url`, where nobody
listens: what stands in its address bar then is what `finish` takes.
"""

import base64
import hashlib
import secrets
import urllib.parse
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mailtickets.edges.oauth2 import microsoft, other
from mailtickets.edges.oauth2.account import OAuthAccount
from mailtickets.edges.oauth2.advice import advice_for
from mailtickets.edges.oauth2.outcome import Dead, TokenOutcome, one_line
from mailtickets.edges.oauth2.transport import Transport

_WHO = ("openid", "email")
"""Scopes by which Google says who has consented."""
_OFFLINE = {"access_type": "offline", "prompt": "consent"}
"""Otherwise Google gives no refresh token, or none a second time."""


class NotThisAddress(ValueError):
    """What was pasted is not what this consent has led to."""


@dataclass(frozen=True, slots=True)
class Consent:
    """A consent that has begun."""

    url: str
    state: str
    verifier: str = ""
    flow: Mapping[str, Any] | None = None
    """What MSAL wants to see again at the end."""


def begin(account: OAuthAccount, transport: Transport) -> Consent:
    """Raises OSError, and what MSAL raises."""
    hint = account.users[0] if len(account.users) == 1 else None
    if account.settings.provider == "microsoft":
        app = microsoft.application(account, transport)
        redirect = account.settings.redirect_url
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # MSAL wants the answer posted to a web server: there is none
            flow = app.initiate_auth_code_flow(list(account.scopes), redirect_uri=redirect, login_hint=hint)
        return Consent(flow["auth_uri"], flow["state"], flow=flow)
    state, verifier = secrets.token_urlsafe(24), secrets.token_urlsafe(64)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    question = {
        "response_type": "code",
        "client_id": account.settings.client_id,
        "redirect_uri": account.settings.redirect_url,
        "scope": " ".join(account.scopes),
        "state": state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        **({"login_hint": hint} if hint else {}),
    }
    if account.settings.provider == "google":
        question |= {"scope": " ".join((*account.scopes, *_WHO)), **_OFFLINE}
    where = account.authorize_url
    return Consent(f"{where}{'&' if '?' in where else '?'}{urllib.parse.urlencode(question)}", state, verifier)


def finish(account: OAuthAccount, consent: Consent, pasted: str, transport: Transport) -> TokenOutcome:
    """Takes the address, or the code in it, and exchanges the code for tokens.

    Raises NotThisAddress, OSError, and what MSAL raises.
    """
    code = _code(account, consent, "".join(pasted.split()))
    if isinstance(code, Dead):
        return code
    if consent.flow is not None:
        app = microsoft.application(account, transport)
        answer = {"code": code, "state": consent.state}
        return microsoft.outcome(app.acquire_token_by_auth_code_flow(dict(consent.flow), answer), transport)
    question = {"grant_type": "authorization_code", "code": code, "code_verifier": consent.verifier}
    return other.exchange(account, {**question, "redirect_uri": account.settings.redirect_url}, transport)


def _code(account: OAuthAccount, consent: Consent, pasted: str) -> str | Dead:
    """The code in what was pasted: an address, its query, or the code alone."""
    if "code=" not in pasted and "error=" not in pasted:
        if not pasted or "://" in pasted:
            raise NotThisAddress("there is no code= in it: copy all of the address that the browser shows at the end")
        return urllib.parse.unquote(pasted)
    query = dict(urllib.parse.parse_qsl(pasted.partition("?")[2].partition("#")[0] if "?" in pasted else pasted))
    if query.get("state", consent.state) != consent.state:
        raise NotThisAddress("it belongs to another login: open the address that was printed just now")
    if error := query.get("error"):
        reason = one_line(f"{error}: {query.get('error_description', 'the provider refuses')}")
        return Dead(error, reason, advice_for(account.settings.provider, error, reason))
    return query["code"]
