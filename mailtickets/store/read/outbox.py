"""Outgoing copies as people see them, each with its notice."""

from collections.abc import Sequence
from typing import Any

from mailtickets.store.read.reader import Reader, narrowed

_SELECT = (
    "SELECT outbox.*, notice.inbound, notice.author, notice.message_id, notice.subject"
    " FROM outbox JOIN notice ON notice.id = outbox.notice"
)


def listed(reader: Reader, *, state: str | None = None, after: int | None = None, limit: int = 100) -> Sequence[Any]:
    """Rows, newest first. `after` is the last id of the page before."""
    where, values = narrowed({"outbox.state = :state": state, "outbox.id < :after": after})
    return reader.all(f"{_SELECT} {where} ORDER BY outbox.id DESC LIMIT :limit", limit=limit, **values)


def shown(reader: Reader, number: int) -> Any | None:
    return reader.one(f"{_SELECT} WHERE outbox.id = :number", number=number)
