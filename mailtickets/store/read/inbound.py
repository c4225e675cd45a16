"""Received messages as people see them: the ledger without the raw mails, and one raw mail."""

from collections.abc import Sequence
from typing import Any

from mailtickets.store.read.reader import Reader, among, narrowed

COLUMNS = (
    "id", "source", "sender", "recipients", "peer", "helo", "trusted", "queue_hint", "received_at", "transmission",
    "content", "state", "outcome", "reason", "ticket", "queues", "message_id", "from_address", "subject",
    "authentication", "trace", "attempts", "released", "claimed_by", "claimed_until", "decided_at", "size",
)  # fmt: skip
"""All columns but `raw`, and those after `raw` in an upgraded SQLite: SQLite reads the raw mail to reach them."""

AMONG = 10_000
"""How many of the last messages are searched, because there is no index for these searches."""

_SELECT = f"SELECT {', '.join(COLUMNS)} FROM inbound"  # noqa: S608


def listed(
    reader: Reader,
    *,
    state: str | None = None,
    outcome: str | None = None,
    after: int | None = None,
    limit: int = 100,
) -> Sequence[Any]:
    """Rows, newest first. `after` is the last id of the page before."""
    where, values = narrowed({"state = :state": state, "outcome = :outcome": outcome, "id < :after": after})
    return reader.all(f"{_SELECT} {where} ORDER BY id DESC LIMIT :limit", limit=limit, **values)


def shown(reader: Reader, number: int) -> Any | None:
    return reader.one(f"{_SELECT} WHERE id = :number", number=number)


def raw(reader: Reader, number: int) -> bytes | None:
    """The mail as it came."""
    row = reader.one("SELECT raw FROM inbound WHERE id = :number", number=number)
    return bytes(row.raw) if row is not None else None


def newest_from(reader: Reader, addresses: Sequence[str]) -> Any | None:
    """The newest among the last messages whose From is one of these addresses."""
    these, values = among("address", [address.casefold() for address in addresses])
    return reader.one(
        f"{_SELECT} WHERE id > (SELECT max(id) FROM inbound) - {AMONG}"  # noqa: S608
        f" AND lower(from_address) IN ({these}) ORDER BY id DESC LIMIT 1",
        **values,
    )


def newest_with(reader: Reader, word: str) -> Any | None:
    """The newest among the last messages whose subject contains this word."""
    return next((row for row in listed(reader) if word in (row.subject or "")), None)
