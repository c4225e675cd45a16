"""One `[[oauth]]` table, made ready for use: what to ask whom, and with which secrets.

The secrets are read from their files each time, so that a replaced secret needs no restart.
"""

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

from mailtickets.config.credentials import read_secret
from mailtickets.config.models import Config, OAuth

MICROSOFT_LOGIN = "https://login.microsoftonline.com"
_MICROSOFT_APPLICATION = ("https://outlook.office365.com/.default",)
_MICROSOFT_USER = ("https://outlook.office.com/IMAP.AccessAsUser.All", "https://outlook.office.com/SMTP.Send")
_GOOGLE = ("https://mail.google.com/",)
_GOOGLE_TOKEN_URL = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
_GOOGLE_AUTHORIZE_URL = "https://accounts.google.com/o/oauth2/v2/auth"


@dataclass(frozen=True, slots=True)
class OAuthAccount:
    """What a token is asked for. Two equal accounts ask the same questions."""

    settings: OAuth
    subject: str
    """Google's service account: the mailbox that it acts for."""
    users: tuple[str, ...]
    """The usernames that log in with this token."""
    uses: tuple[str, ...]
    """Who logs in with this token, for people: `imap_in "suporte"`, `delivery`."""
    folder: Path
    """Where relative paths start."""

    @property
    def name(self) -> str:
        return self.settings.name

    @property
    def is_the_way_out(self) -> bool:
        return "delivery" in self.uses

    @property
    def needs_login(self) -> bool:
        """Whether a person has to consent once."""
        return self.settings.flow in {"device_code", "refresh_token"}

    @property
    def scopes(self) -> tuple[str, ...]:
        given = self.settings
        if given.scopes:
            return given.scopes
        if given.provider == "google":
            return _GOOGLE
        if given.provider == "microsoft":
            return _MICROSOFT_APPLICATION if given.flow == "client_credentials" else _MICROSOFT_USER
        return ()

    @property
    def token_url(self) -> str:
        return self.settings.token_url or (_GOOGLE_TOKEN_URL if self.settings.provider == "google" else "")

    @property
    def authorize_url(self) -> str:
        return self.settings.authorize_url or (_GOOGLE_AUTHORIZE_URL if self.settings.provider == "google" else "")

    @property
    def identity(self) -> str:
        """The digest of what a kept token belongs to. A token of another client, user or scope is of no use here."""
        given = self.settings
        parts = (
            given.provider, given.flow, given.tenant, given.client_id, self.token_url, self.scopes, self.subject,
            given.service_account_file,
        )  # fmt: skip
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]

    @property
    def ca_file(self) -> Path | None:
        return self.path(self.settings.ca_file) if self.settings.ca_file else None

    def path(self, value: str) -> Path:
        return self.folder / value

    def client_secret(self) -> str:
        """The client's secret; empty when it has none. Raises OSError, KeyError or ValueError."""
        given = self.settings
        if given.client_secret_env:
            return os.environ[given.client_secret_env]
        return read_secret(self.path(given.client_secret_file)) if given.client_secret_file else ""

    def certificate(self) -> tuple[str, str] | None:
        """The private key and the certificate, PEM. Raises OSError or ValueError."""
        given = self.settings
        if not given.certificate_file:
            return None
        return read_secret(self.path(given.key_file)), read_secret(self.path(given.certificate_file))

    def service_account(self) -> str:
        """Google's key, JSON. Raises OSError or ValueError."""
        return read_secret(self.path(self.settings.service_account_file))


def accounts(config: Config) -> dict[str, OAuthAccount]:
    """The accounts of a configuration by name."""
    return {one.name: _account(config, one) for one in config.oauth}


def _account(config: Config, settings: OAuth) -> OAuthAccount:
    mailboxes = [one for one in config.imap_in if one.oauth == settings.name]
    logins = [(f'imap_in "{one.name}"', one.username) for one in mailboxes]
    if config.delivery.oauth == settings.name and config.delivery.method == "smtp":
        logins.append(("delivery", config.delivery.username))
    users = tuple(dict.fromkeys(user for _, user in logins if user))
    subject = settings.subject or (users[0] if settings.flow == "service_account" and users else "")
    return OAuthAccount(settings, subject, users, tuple(use for use, _ in logins), config.file.parent)
