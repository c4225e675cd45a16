"""What one run of `check` is about: the configuration, what was asked for, and the secrets that must not be shown."""

import urllib.parse
from base64 import b64encode
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

from mailtickets.config.credentials import Credential
from mailtickets.config.models import Config, LoginSettings
from mailtickets.views.check import CheckLine

_SHORTEST = 4
"""A shorter secret is a part of ordinary words; the servers' answers to logins are cleaned where they are read."""


@dataclass(frozen=True, slots=True)
class Inquiry:
    config: Config
    send: str | None = None
    """The address that a test message goes to."""
    agent: str | None = None
    """The address of the agent who is asked about."""
    _secrets: set[str] = field(default_factory=set)

    def credential(self, login: LoginSettings) -> Credential:
        """How an account logs in. The secret is remembered, so that it can be masked wherever a server repeats it."""
        given = self.config.credential(login)

        async def renewed(refused: str) -> str:
            return await self._noted(lambda: given.renew(refused))

        return replace(given, fetch=lambda: self._noted(given.fetch), renew=renewed)

    async def _noted(self, get: Callable[[], Awaitable[str]]) -> str:
        secret = await get()
        self.remember(secret)
        return secret

    def remember(self, *secrets: str) -> None:
        """These are masked from now on."""
        self._secrets.update(secrets)

    def masked(self, line: CheckLine) -> CheckLine:
        return replace(line, text=self._masked(line.text), next=self._masked(line.next))

    def _masked(self, text: str) -> str:
        secrets = {*self._secrets, *self._database_password()}
        forms = {form for secret in secrets if len(secret) >= _SHORTEST for form in _forms(secret)}
        for form in sorted(forms, key=len, reverse=True):
            text = text.replace(form, "...")
        return text

    def _database_password(self) -> list[str]:
        try:
            password = urllib.parse.urlsplit(self.config.database_url).password
        except ValueError:
            return []
        return [password, urllib.parse.unquote(password)] if password else []


def _forms(secret: str) -> tuple[str, str]:
    return secret, b64encode(secret.encode()).decode()
