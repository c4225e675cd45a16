"""Answers that are complete, as decisions: everything that the configuration and the administrator's steps need."""

import locale as system_locale
import os
import re
import socket
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from mailtickets.cli.setup import secrets
from mailtickets.cli.setup.answers import OWN, AgentAnswer, InitAnswers, OAuthAnswer
from mailtickets.config.providers import IMPLICIT_TLS_PORTS, Login, Provider, Server, Tls
from mailtickets.config.values import is_host_name, is_loopback
from mailtickets.mail.domain import domain_of

CLEAR_IMAP_PORT, CLEAR_SMTP_PORT = 143, 25
"""Ports where servers on this machine itself speak without TLS."""
OWN_POSTFIX = Server("127.0.0.1", CLEAR_SMTP_PORT, "none", "")
FOLDERS = {
    "pt_BR": ("Processados", "Falhas"),
    "en": ("Processed", "Failed"),
    "es": ("Procesados", "Fallidos"),
}


@dataclass(frozen=True, slots=True)
class Settled:
    """What was decided."""

    address: str
    queue: str
    title: str
    provider: str
    preset: Provider | None
    imap: Server | None
    """None: a Postfix hands the mail to the desk."""
    smtp: Server
    login: Login
    oauth: OAuthAnswer
    agents: tuple[AgentAnswer, ...]
    locale: str
    timezone: str
    ops_address: str
    hostname: str
    plus: bool
    authserv_id: str | None
    """None: it is not known what the provider writes into Authentication-Results."""
    send: bool
    dns: tuple[str, ...]
    secrets: tuple[secrets.Secret, ...]

    @property
    def oauth_name(self) -> str:
        """The name of the [[oauth]] table; empty for passwords."""
        return "" if self.login == "password" else self.provider if self.preset else "tokens"

    @property
    def oauth_provider(self) -> str:
        """What the [[oauth]] table calls the provider."""
        return self.provider if self.preset else "other"

    @property
    def known_results(self) -> bool:
        return self.authserv_id is not None


def settle(answers: InitAnswers) -> Settled:
    """Decides what the answers leave open. They must have no `problems`."""
    preset = answers.preset
    login: Login = answers.login or answers.logins[0]
    plus = answers.plus_addressing
    locale = answers.locale or default_locale()
    return Settled(
        address=answers.address,
        queue=queue_name(answers.address),
        title=answers.name or title(answers.address),
        provider=answers.provider,
        preset=preset,
        imap=imap_server(answers) if answers.reads_mailbox else None,
        smtp=smtp_server(answers),
        login=login,
        oauth=answers.oauth,
        agents=answers.agent,
        locale=locale,
        timezone=answers.timezone or default_timezone(locale),
        ops_address=answers.ops_address or answers.agent[0].address,
        hostname=answers.hostname or default_hostname(domain_of(answers.address)),
        plus=(preset.plus if preset else answers.provider == OWN) if plus is None else plus,
        authserv_id=_authserv_id(answers),
        send=bool(answers.send),
        dns=answers.dns,
        secrets=tuple(secrets.of(answers)),
    )


def imap_server(answers: InitAnswers) -> Server:
    """Where the mailbox is read."""
    given, known = answers.imap, answers.preset.imap.for_address(answers.address) if answers.preset else None
    port = given.port or (known.port if known and not given.host else 993)
    host = given.host or (known.host if known else "")
    tls: Tls = given.tls or ("none" if port == CLEAR_IMAP_PORT and is_loopback(host) else "implicit")
    return Server(host, port, tls, given.username or (known.username if known else answers.address))


def smtp_server(answers: InitAnswers) -> Server:
    """Where the desk's mail is handed in."""
    given, known = answers.smtp, answers.preset.smtp.for_address(answers.address) if answers.preset else None
    if answers.provider == OWN and not given.host:
        return OWN_POSTFIX
    port = given.port or (
        known.port if known and not given.host else 587 if answers.logs_in_to_send else CLEAR_SMTP_PORT
    )
    host = given.host or (known.host if known else "")
    here = is_loopback(host) and (port == CLEAR_SMTP_PORT or not answers.logs_in_to_send)
    usual: Tls = "implicit" if port in IMPLICIT_TLS_PORTS else "none" if here else "starttls"
    username = given.username or (known.username if known else answers.imap.username or answers.address)
    return Server(host, port, given.tls or usual, username if answers.logs_in_to_send else "")


def _authserv_id(answers: InitAnswers) -> str | None:
    if answers.authserv_id is not None:
        return answers.authserv_id or (None if answers.provider == OWN else "")
    return answers.preset.authserv_id if answers.preset else None


# --- what is taken when nobody says otherwise -----------------------------------------------------------


def queue_name(address: str) -> str:
    """The local part as the name of a queue, as far as it can be one."""
    word = re.sub("[^a-z0-9]+", "-", address.partition("@")[0].lower())[:32].strip("-")
    return word or "suporte"


def title(address: str) -> str:
    """What customers read beside the address: `suporte.ti@...` -> Suporte Ti."""
    return " ".join(re.split(r"[._+-]+", address.partition("@")[0])).strip().title() or address


def default_locale() -> str:
    """The locale of the system, if it is one of ours; otherwise that of the program's first users."""
    given = os.environ.get("LC_ALL") or os.environ.get("LANG") or system_locale.getlocale()[0] or ""
    return {"en": "en", "es": "es"}.get(given[:2].lower(), "pt_BR")


def default_timezone(locale: str) -> str:
    """The time zone of the system by its name. Servers often run on UTC, where people of pt_BR do not live."""
    for name in (os.environ.get("TZ", "").lstrip(":"), _zone_of_link()):
        try:
            if name and not name.startswith("/") and not name.endswith("UTC"):
                return ZoneInfo(name).key
        except (KeyError, ValueError, OSError):
            continue
    return "America/Sao_Paulo" if locale == "pt_BR" else "Etc/UTC"


def _zone_of_link() -> str:
    return str(Path("/etc/localtime").resolve()).partition("zoneinfo/")[2]


def default_hostname(domain: str) -> str:
    """The full name of this machine; the domain of the desk if it has none."""
    name = socket.getfqdn().lower()
    known = "." in name and is_host_name(name) and not name.startswith("localhost") and not name.endswith(".local")
    return name if known else domain
