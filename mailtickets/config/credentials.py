"""How an account logs in, and where its secret comes from: systemd's credentials directory, a file, the environment,
or a token server.

The IMAP and SMTP clients know a `Credential` and do not know where its secret comes from. A new method needs a name in
`Method`, a function that makes such a `Credential`, and a case in `edges/imap/login.py` and `edges/out/login.py`.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mailtickets.config.values import credential_file

Method = Literal["password", "token"]
"""What kind of secret an account has. `password`: the password of the account, for LOGIN (IMAP) and AUTH (SMTP).
`token`: an access token of OAuth2, for XOAUTH2.
"""


class CredentialDead(ValueError):
    """There is no secret, and there will be none until a person acts. `advice` says what the person has to do."""

    def __init__(self, reason: str, advice: str) -> None:
        self.reason, self.advice = reason, advice
        super().__init__(f"{reason.rstrip('.')}. {advice}" if advice else reason)


class CredentialLate(OSError):
    """There is no secret now, and there may be one later: the token server does not answer, or is busy."""


async def _cannot_renew(refused: str) -> str:
    raise CredentialDead("the server refuses the password", "Give the account its present password.")


@dataclass(frozen=True, slots=True)
class Credential:
    """The secret of one account: what it is, and functions that fetch it.

    `fetch` is called at each login, so that a secret that was changed needs no restart and a token can be renewed in
    time. It raises OSError, KeyError (an environment variable is not set) or ValueError when there is no secret.

    `renew` is for tokens. It is called with the token that a server has just refused, and returns another one, to be
    tried once. It raises CredentialDead when there is no other one: the refused token was fresh itself, or the token
    server gives none. It raises CredentialLate when another token may come later.
    """

    method: Method
    fetch: Callable[[], Awaitable[str]]
    renew: Callable[[str], Awaitable[str]] = _cannot_renew


def password(read: Callable[[], str]) -> Credential:
    """The credential of an account whose password `read` returns. `read` runs in a thread because it may wait for a
    disk.
    """

    async def fetch() -> str:
        return await asyncio.to_thread(read)

    return Credential("password", fetch)


NO_PASSWORD = password(str)
"""An empty password, for accounts that need none."""


def read_secret(path: Path) -> str:
    """Reads a secret from systemd's credentials directory if it has one of that name, otherwise from the file.

    The line break at the end is removed. Raises OSError, and UnicodeDecodeError for a file that is not UTF-8.
    """
    return credential_file(path).read_text(encoding="utf-8").rstrip("\r\n")
