"""How to reach the smarthost, and how long to wait for it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

from mailtickets.config.credentials import NO_PASSWORD, Credential
from mailtickets.config.models import Config

IDLE_SECONDS = 25.0
"""Unused connections are closed after this long: most servers hang up after 30 to 300 s."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Timeouts in seconds, as RFC 5321, 4.5.3.2 asks for them."""

    connect: float = 30.0
    """For TCP, for the greeting and for the TLS handshake, each."""
    command: float = 300.0
    """For EHLO, AUTH, MAIL, RCPT, DATA and RSET, each."""
    token_login: float = 60.0
    """For a login with a token, from AUTH to the last word. Some servers never answer a token that is too long."""
    data: float = 180.0
    """For each block of the message."""
    final_dot: float = 600.0


@dataclass(frozen=True, slots=True)
class SmtpOutSettings:
    host: str
    port: int = 587
    tls: Literal["starttls", "implicit", "none"] = "starttls"
    username: str = ""
    """Empty: no login."""
    credential: Credential = NO_PASSWORD
    local_hostname: str = "localhost"
    max_connections: int = 2
    ca_file: Path | None = None
    """Certificate authorities that are trusted instead of those of the system."""
    timeouts: Timeouts = Timeouts()
    idle_seconds: float = IDLE_SECONDS

    @classmethod
    def of(cls, config: Config) -> Self:
        delivery = config.delivery
        return cls(
            host=delivery.host,
            port=delivery.port,
            tls=delivery.tls,
            username=delivery.username,
            credential=config.credential(delivery),
            local_hostname=config.instance.hostname,
            max_connections=delivery.max_connections,
        )
