"""What became of the question for a token: a closed union, whatever library asked.

`Token`: here it is. `Retry`: none now, ask again later; an old token goes on serving. `Dead`: none until a person acts.

A token server that answers with an OAuth2 error (RFC 6749, 5.2) has decided: that is dead, unless the error says that
it is for the moment. Too many requests (429), trouble of the server (5xx), no answer, and an answer that is no OAuth2
at all (a proxy, a page of maintenance) are retried.
"""

import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mailtickets.edges.oauth2.advice import advice_for
from mailtickets.edges.oauth2.transport import Answer

DEFAULT_LIFE_SECONDS = 3600
"""For a token server that does not say `expires_in`, which RFC 6749 only recommends."""
_LONGEST_LIFE_SECONDS = 366 * 24 * 3600
"""A token that is said to live longer is renewed as if it lived so long: no calendar holds every number."""
_FOR_THE_MOMENT = {"temporarily_unavailable", "server_error", "internal_failure", "slow_down", "request_timeout"}
_LONGEST_REASON = 400


@dataclass(frozen=True, slots=True)
class Token:
    """A new access token."""

    access: str
    life_seconds: int
    refresh: str = ""
    """The refresh token that comes with it. Empty: the one that was used stays good."""
    who: str = ""
    """Whose mailboxes the token is for, as far as the server says so."""

    def __repr__(self) -> str:  # a token never gets into a log line or a traceback
        return f"Token(life_seconds={self.life_seconds}, who={self.who!r})"


@dataclass(frozen=True, slots=True)
class Retry:
    """No token now. Ask again after so many seconds at the earliest; 0: the server has not said when."""

    reason: str
    after_seconds: int = 0


@dataclass(frozen=True, slots=True)
class Dead:
    """No token until a person acts."""

    error: str
    """The error code of OAuth2, such as `invalid_grant`, or a word of ours."""
    reason: str
    advice: str


TokenOutcome = Token | Retry | Dead


def of_answer(answer: Answer, provider: str) -> TokenOutcome:
    """Reads a token server's answer."""
    found = json_object(answer.text)
    if answer.status == 200 and isinstance(found.get("access_token"), str) and found["access_token"]:
        return of_token(found)
    error = found.get("error")
    if (
        not isinstance(error, str)
        or error in _FOR_THE_MOMENT
        or answer.status in {408, 425, 429}
        or answer.status > 499
    ):
        return Retry(_words(answer, found), answer.retry_after)
    reason = _words(answer, found)
    return Dead(error, reason, advice_for(provider, error, reason))


def of_token(found: Mapping[str, Any]) -> Token:
    """Reads a token response (RFC 6749, 5.1), or what MSAL makes of one."""
    life = found.get("expires_in")
    try:
        seconds = int(life) if life is not None else DEFAULT_LIFE_SECONDS
    except (TypeError, ValueError, OverflowError):
        seconds = DEFAULT_LIFE_SECONDS
    seconds = max(1, min(seconds, _LONGEST_LIFE_SECONDS))
    refresh = found.get("refresh_token")
    return Token(found["access_token"], seconds, refresh if isinstance(refresh, str) else "", _who(found))


def _who(found: Mapping[str, Any]) -> str:
    """The address in the ID token (OpenID Connect). It came straight from the token server over TLS, so its signature
    says nothing more (OpenID Connect Core, 3.1.3.7).
    """
    claims = found.get("id_token_claims") or _claims(found.get("id_token"))
    named = (claims.get(key) for key in ("preferred_username", "email", "upn"))
    return next((name for name in named if isinstance(name, str) and name.isprintable()), "")


def _claims(token: object) -> Mapping[str, Any]:
    try:
        payload = str(token).split(".")[1]
        return json_object(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)).decode())
    except (IndexError, ValueError):
        return {}


def json_object(text: str) -> Mapping[str, Any]:
    """The JSON object in the text; empty for anything else, also for JSON that is nested too deeply to be read."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _words(answer: Answer, found: Mapping[str, Any]) -> str:
    """The server's reason in one line: the code, and the first sentence of what it says about it."""
    error, said = found.get("error"), found.get("error_description")
    if not isinstance(error, str):
        return f"the token server answers HTTP {answer.status} and no token"
    words = f"{error}: {said}" if isinstance(said, str) and said else f"{error} (HTTP {answer.status})"
    return one_line(re.split(r"\s(?:Trace ID|Correlation ID):", words)[0])


def one_line(text: str) -> str:
    """The text as one line of printable characters, cut at a length that fits a log and a mail."""
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return line if len(line) <= _LONGEST_REASON else f"{line[:_LONGEST_REASON]}..."
