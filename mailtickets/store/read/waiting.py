"""What waits too long: mail that should have gone out, mail that has come in. Each is a quick look in an index."""

from dataclasses import dataclass
from datetime import datetime

from mailtickets.store.read.reader import Reader


@dataclass(frozen=True, slots=True)
class LateCopies:
    """The copies that should have gone out before a moment."""

    count: int
    never_tried: int
    """How many of them no attempt has been made at."""
    domains: int
    """How many domains their recipients have."""
    since: datetime
    """When the oldest was tried for the first time, or should have been."""
    last_reply: str
    """To the oldest; empty when it was never tried."""
    has_sent_since: bool
    """Whether a copy has gone out after that moment."""


@dataclass(frozen=True, slots=True)
class Unprocessed:
    """Mail that has been accepted and not decided on."""

    count: int
    first: int
    """The id of the oldest."""
    received_at: datetime
    source: str


_BEGUN = "coalesce(first_attempt_at, next_attempt_at, created_at)"
_LATE = f"state IN ('queued', 'sending', 'deferred', 'unknown') AND {_BEGUN} <= :moment"


def late_copies(reader: Reader, moment: datetime) -> LateCopies | None:
    """None: all has gone out that should have before that moment."""
    row = reader.one(
        f"SELECT count(*) AS many, count(first_attempt_at) AS tried, count(DISTINCT domain) AS domains, "  # noqa: S608
        f"min({_BEGUN}) AS since FROM outbox WHERE {_LATE}",
        moment=moment,
    )
    if row is None or not row.many:
        return None
    oldest = reader.one(f"SELECT last_reply FROM outbox WHERE {_LATE} ORDER BY {_BEGUN}, id LIMIT 1", moment=moment)  # noqa: S608
    sent = reader.one("SELECT 1 AS one FROM outbox WHERE sent_at > :moment LIMIT 1", moment=moment)
    reply = oldest.last_reply if oldest is not None else None
    return LateCopies(row.many, row.many - row.tried, row.domains, row.since, reply or "", sent is not None)


def unprocessed(reader: Reader) -> Unprocessed | None:
    """None: every mail has been decided on."""
    row = reader.one("SELECT count(*) AS many, min(id) AS first FROM inbound WHERE state = 'accepted'")
    if row is None or not row.many:
        return None
    oldest = reader.one("SELECT received_at, source FROM inbound WHERE id = :first", first=row.first)
    if oldest is None:
        return None
    return Unprocessed(row.many, row.first, oldest.received_at, oldest.source)


def newest(reader: Reader) -> int:
    """The id of the mail that came last; 0 when there was none."""
    row = reader.one("SELECT max(id) AS last FROM inbound")
    return int(row.last) if row is not None and row.last else 0
