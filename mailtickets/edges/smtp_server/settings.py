"""The settings of a listener: names, limits, networks, times."""

from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from ssl import SSLContext
from typing import Literal

from mailtickets.edges.smtp_server.spool import Spool


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """How long a client may take. Changes of the wall clock have no effect: all limits use the loop's monotonic
    clock.
    """

    command_seconds: float = 60
    """Seconds until the next command. RFC 5321 asks for 300, with which a few idle strangers could hold every
    connection.
    """
    trusted_command_seconds: float = 300
    chunk_seconds: float = 60
    """Seconds without any byte of the message."""
    rate_grace_seconds: float = 30
    """After this many seconds of a message, `min_bytes_per_second` is required."""
    min_bytes_per_second: float = 1024
    session_seconds: float = 1800
    commit_seconds: float = 240
    """Seconds until 451 is sent, before the client gives up by itself. If the commit succeeds, the repeated mail is
    recognised.
    """
    linger_seconds: float = 5
    """Seconds for the client to read the last reply, before the connection is cut."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a listener. `hostname` is the name that other servers know us by."""

    hostname: str
    max_message_bytes: int = 26_214_400
    max_connections: int = 500
    max_connections_per_ip: int = 20
    trusted_networks: tuple[IPv4Network | IPv6Network, ...] = ()
    ssl_context: SSLContext | None = None
    ident: str = "mailtickets"
    bare_newlines: Literal["normalise", "refuse"] = "normalise"
    spool: Spool = field(default_factory=Spool)
    """Shared by all doors. It stays when the other settings are replaced."""
    limits: TimeLimits = field(default_factory=TimeLimits)
