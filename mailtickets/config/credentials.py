"""How an account logs in, and where its secret comes from: systemd's credentials directory, a file, the environment.

The IMAP and SMTP clients know a `Credential` and do not know where its secret comes from. A new method needs a name in
`Method`, a function that makes such a `Credential`, and a case in `edges/imap/login.py` and `edges/out/login.py`.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mailtickets.config.values import credential_file

Method = Literal["password"]
"""What kind of secret an account has. `password`: the password of the account, for LOGIN (IMAP) and AUTH (SMTP)."""


@dataclass(frozen=True, slots=True)
class Credential:
    """The secret of one account: what it is, and a function that fetches it.

    `fetch` is called at each login, so that a secret that was changed needs no restart and a token can be renewed in
    time. It raises OSError, KeyError (an environment variable is not set) or ValueError when there is no secret.
    """

    method: Method
    fetch: Callable[[], Awaitable[str]]


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
