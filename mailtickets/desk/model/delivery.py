"""How an attempt to send a mail ended, and what the exceptions for trouble are.

`Delivery` is a closed union of results. Exceptions are for trouble only: what is unknown is `Transient`.
"""

from dataclasses import dataclass
from datetime import datetime

# --- delivery -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sent:
    """The other side said 250."""

    reply: str
    message_id: str | None = None
    """An id the smarthost reports to have given the mail instead of ours."""


@dataclass(frozen=True, slots=True)
class Deferred:
    """4xx, no connection, or any trouble before the final dot: try again later."""

    reply: str


@dataclass(frozen=True, slots=True)
class Throttled:
    """The account is told to slow down; this is no failed attempt."""

    reply: str


@dataclass(frozen=True, slots=True)
class Refused:
    """5xx: it will never be accepted as it is."""

    reply: str
    status: str | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """The connection was lost after the final dot: it may have been accepted."""

    reply: str


Delivery = Sent | Deferred | Throttled | Refused | Unknown


# --- trouble ------------------------------------------------------------------------------------------


class Transient(Exception):
    """Trouble on our side that may pass: the sender is told 4xx and keeps the mail. What is unknown is transient."""


class NoSpace(Transient):
    """The disk is full, or nearly: 452 instead of 451 (RFC 5321, 4.2.2)."""


class Permanent(Exception):
    """It will never work as it stands."""


# --- intake -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ImapCursor:
    """How far a folder has been read."""

    account: str
    folder: str
    uidvalidity: int
    last_uid: int
    """Every UID up to this one is dealt with."""
    first_connected_at: datetime
    """With `start = "new"`, what had arrived before is never read."""
