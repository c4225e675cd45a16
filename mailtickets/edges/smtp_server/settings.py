"""What a listener is told: names, limits, networks, times."""

from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from ssl import SSLContext
from typing import Literal

from mailtickets.edges.smtp_server.spool import Spool


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """How long a client may take. A moving clock is never the reason: all run on the loop's monotonic one."""

    command_seconds: float = 60
    """To the next command. RFC 5321 asks for 300, which lets a few idle strangers hold every connection."""
    trusted_command_seconds: float = 300
    chunk_seconds: float = 60
    """Without any byte of the message."""
    rate_grace_seconds: float = 30
    """After this much of a message, `min_bytes_per_second` is asked for."""
    min_bytes_per_second: float = 1024
    session_seconds: float = 1800
    commit_seconds: float = 240
    """Then 451 is said, before the client gives up by itself; what was committed is known again when it comes back."""
    linger_seconds: float = 5
    """For the last reply to be read, before the connection is cut."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a listener is told; `hostname` is how other servers know us."""

    hostname: str
    max_message_bytes: int = 26_214_400
    max_connections: int = 500
    max_connections_per_ip: int = 20
    trusted_networks: tuple[IPv4Network | IPv6Network, ...] = ()
    ssl_context: SSLContext | None = None
    ident: str = "mailtickets"
    bare_newlines: Literal["normalise", "refuse"] = "normalise"
    spool: Spool = field(default_factory=Spool)
    """Shared by all doors, and kept when the rest is replaced."""
    limits: TimeLimits = field(default_factory=TimeLimits)
