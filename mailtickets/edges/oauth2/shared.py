"""The tokens in the database, for the other gateways; sealed, so that a copy of the database opens no mailbox.

The key comes from the instance's secret, which all gateways of one database have in common. `cryptography` is
imported when something is sealed or opened; it comes with the extra `oauth`.
*Fails with* `Transient`: the database.
"""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from mailtickets.edges.oauth2.kept import Kept, decode, encode
from mailtickets.store import oauth
from mailtickets.store.database import Database

_PURPOSE = b"mailtickets oauth2 tokens in the database"


class SharedTokens:
    """The tokens of the accounts in one database."""

    def __init__(self, database: Database, secrets: Sequence[bytes], holder: str) -> None:
        """`secrets` are the instance's keys, newest first. `holder` names this process among all of all machines."""
        self._database, self._secrets, self.holder = database, secrets, holder

    def load(self, name: str) -> Kept | None:
        """The newest tokens of an account. None as well where another secret has sealed them."""
        sealed = self._database.transact(oauth.load, name)
        return self._opened(sealed) if sealed is not None else None

    def generation(self, name: str) -> int:
        """The number of the newest tokens, also of tokens that another secret has sealed."""
        return self._database.transact(oauth.generation, name)

    def save(self, name: str, kept: Kept) -> None:
        self._database.transact(oauth.save, name, kept.generation, self._box().encrypt(encode(kept)))

    def claim(self, name: str, now: datetime) -> bool:
        """Whether this process may renew the account now. Another one that may has some seconds to end it."""
        return self._database.transact(oauth.claim, name, self.holder, now)

    def release(self, name: str) -> None:
        self._database.transact(oauth.release, name, self.holder)

    def _opened(self, sealed: bytes) -> Kept | None:
        from cryptography.fernet import InvalidToken

        try:
            return decode(self._box().decrypt(sealed))
        except InvalidToken:
            return None

    def _box(self) -> Any:
        from cryptography.fernet import Fernet, MultiFernet

        keys = (hmac.digest(secret, _PURPOSE, hashlib.sha256) for secret in self._secrets)
        return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in keys])
