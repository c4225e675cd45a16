"""Login with a token over IMAP and SMTP: XOAUTH2, which Google and Microsoft made up, and OAUTHBEARER (RFC 7628).

A server that does not accept a token sends JSON first, as a challenge; the client ends the exchange, and only then
does the server say no. That JSON often says why (`status`, `scope`), and is logged; the token never is.
*Fails with* `TokenRefused`. A refused token is renewed once; a refused token that is fresh needs a person.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import TypeVar

from mailtickets.config.credentials import Credential, CredentialDead, CredentialLate

_T = TypeVar("_T")
_LONGEST_CHALLENGE = 500
_TROUBLE = re.compile(r'"status" ?: ?"?(5\d\d|429)\b')
_GIVE_UP = b"*"
"""Ends an exchange that the server does not end (RFC 3501, 6.2.2; RFC 4954, 4)."""


class TokenRefused(Exception):
    """The server does not accept a token. The message has the server's words."""


class NoTokenLogin(ValueError):
    """The server offers no login with a token, or the username cannot be sent. Another token changes nothing."""


@dataclass(slots=True)
class Exchange:
    """One login with a token: what we say, and what the server says in between."""

    mechanism: str
    response: bytes
    """What we begin with, in base64."""
    end: bytes
    """What we say to a challenge that is an error."""
    begun: bool = False
    """Whether `response` has been sent."""
    challenge: str = ""
    """What the server says is wrong: JSON, as one printable line."""
    _ended: bool = False

    def answer(self, challenge: bytes) -> bytes:
        """What the client says next. `challenge` is in base64, without `+ ` or `334 `."""
        if not self.begun:
            self.begun = True
            return self.response
        if self._ended:
            return _GIVE_UP
        self._ended = True
        self.challenge = self.without_token(_readable(challenge))[:_LONGEST_CHALLENGE]
        return self.end

    @property
    def is_trouble(self) -> bool:
        """Whether the server says that it could not find out whether the token is good: Dovecot 2.4 answers status
        500 when its token server is away.
        """
        return _TROUBLE.search(self.challenge) is not None

    def without_token(self, text: str) -> str:
        """A server's words. Some servers repeat what they were told: token and response become `...`."""
        plain = b64decode(self.response).decode()
        token = plain.partition("auth=Bearer ")[2].rstrip("\1")
        for form in (self.response.decode(), token, plain):
            text = text.replace(form, "...")
        return text

    def refusal(self, words: str) -> TokenRefused:
        """The error for this answer of the server."""
        said = self.without_token(words)
        return TokenRefused(f"{said} {self.challenge}" if self.challenge else said)


def exchange(offered: Collection[str], username: str, token: str, host: str, port: int) -> Exchange:
    """A login by the first mechanism that the server offers; XOAUTH2 is the one that providers test.

    `offered` are the server's mechanisms in capitals. Raises NoTokenLogin.
    """
    if not (username + token).isprintable() or not token:
        raise NoTokenLogin("the username or the token has a character that no login can carry")
    if "XOAUTH2" in offered:
        said = f"user={username}\1auth=Bearer {token}\1\1"
        return Exchange("XOAUTH2", b64encode(said.encode()), b"")
    if "OAUTHBEARER" in offered:
        name = username.replace("=", "=3D").replace(",", "=2C")  # RFC 5801, 4
        said = f"n,a={name},\1host={host}\1port={port}\1auth=Bearer {token}\1\1"
        return Exchange("OAUTHBEARER", b64encode(said.encode()), b"AQ==")
    others = ", ".join(sorted(offered)) or "no mechanism at all"
    raise NoTokenLogin(f"it offers no login with a token (XOAUTH2 or OAUTHBEARER), only {others}")


async def logged_in(credential: Credential, attempt: Callable[[str], Awaitable[_T]]) -> _T:
    """Runs `attempt` with the account's secret; if the server refuses a token, once more with a renewed one.

    Raises TokenRefused with what is to be done when that one is refused too, or when there is no other one. Raises what
    `credential.fetch` and `attempt` raise.
    """
    secret = await credential.fetch()
    try:
        return await attempt(secret)
    except TokenRefused as refused:
        secret = await _another(credential, secret, refused)
    try:
        return await attempt(secret)
    except TokenRefused as refused:
        await _another(credential, secret, refused)  # says that no other one comes, and tells ops
        raise


async def _another(credential: Credential, refused: str, why: TokenRefused) -> str:
    try:
        return await credential.renew(refused)
    except (CredentialDead, CredentialLate) as error:
        raise TokenRefused(f"{str(why).rstrip('.')}: {error}") from why


def _readable(challenge: bytes) -> str:
    """A challenge in one line, out of base64 if it is in base64."""
    try:
        text = b64decode(challenge, validate=True).decode("utf-8", "replace")
    except ValueError:
        text = challenge.decode("utf-8", "replace")
    line = "".join(sign if sign.isprintable() else " " for sign in text)
    return " ".join(line.split())
