"""The mail providers whose settings are known: `providers.toml` as values, and which of them an MX record names.

Fails with: OSError, tomllib.TOMLDecodeError, TypeError when the program is not installed as it was made.
Limits: only what has been confirmed is in the list. A provider that is not there is found by SRV records or
autoconfig (`edges/discovery`), or the person says its hosts.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

Login = Literal["password", "client_secret", "certificate", "device_code", "service_account", "refresh_token"]
Tls = Literal["implicit", "starttls", "none"]

IMPLICIT_TLS_PORTS = (993, 465)


@dataclass(frozen=True, slots=True)
class Server:
    """A server of a provider, and what it is logged in to with."""

    host: str
    port: int
    tls: Tls
    username: str
    """A user name, or in a provider's preset which part of the address is the name: "address", "local"."""

    @property
    def place(self) -> str:
        return f"{self.host}:{self.port}"

    def for_address(self, address: str) -> "Server":
        """The server of a preset, with the user name of the mailbox `address`."""
        name = address.rpartition("@")[0] if self.username == "local" else address
        return Server(self.host, self.port, self.tls, name)


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider. The fields are explained in `providers.toml`."""

    key: str
    name: str
    mx: tuple[str, ...]
    imap: Server
    smtp: Server
    logins: tuple[Login, ...] = ("password",)
    password: str = "password"  # noqa: S105 - what it is called
    authserv_id: str | None = None
    plus: bool = False
    spf: str = ""
    dkim: tuple[str, ...] = ()
    max_connections: int = 2
    max_per_minute: int = 0
    max_per_day: int = 0
    page: str = "ordinary-host"


@cache
def providers() -> Mapping[str, Provider]:
    """All known providers, by key, in the order of the file."""
    tables = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
    return {key: _provider(key, table) for key, table in tables.items()}


def _provider(key: str, table: dict[str, Any]) -> Provider:
    username = table.pop("username", "address")
    imap = _server(table.pop("imap"), username)
    smtp = _server(table.pop("smtp"), table.pop("smtp_username", username))
    lists = {name: tuple(value) for name, value in table.items() if isinstance(value, list)}
    return Provider(key=key, imap=imap, smtp=smtp, **{**table, **lists})


def _server(place: str, username: str) -> Server:
    host, _, port = place.rpartition(":")
    return Server(host, int(port), "implicit" if int(port) in IMPLICIT_TLS_PORTS else "starttls", username)


def provider_of(exchanges: Iterable[str]) -> Provider | None:
    """The provider whose hosts take the mail, given the hosts of a domain's MX records; None if no provider is known
    by them.
    """
    hosts = [f".{host.lower().rstrip('.')}" for host in exchanges]
    for provider in providers().values():
        if any(host.endswith(f".{end}") for host in hosts for end in provider.mx):
            return provider
    return None


def provider_at(host: str) -> Provider | None:
    """The provider that has a server of this name, for IMAP or for SMTP."""
    name = host.lower().rstrip(".")
    return next((one for one in providers().values() if name in (one.imap.host, one.smtp.host)), None)
