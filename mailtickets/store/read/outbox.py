"""Outgoing copies as people see them: each with the notice that it is a copy of."""

from collections.abc import Sequence
from typing import Any

from mailtickets.store.read.reader import Reader, narrowed

_SELECT = (
    "SELECT outbox.*, notice.inbound, notice.author, notice.message_id, notice.subject"
    " FROM outbox JOIN notice ON notice.id = outbox.notice"
)


def listed(reader: Reader, *, state: str | None = None, after: int | None = None, limit: int = 100) -> Sequence[Any]:
    """Rows, newest first; `after` is the id that the page before ended with."""
    where, values = narrowed({"outbox.state = :state": state, "outbox.id < :after": after})
    return reader.all(f"{_SELECT} {where} ORDER BY outbox.id DESC LIMIT :limit", limit=limit, **values)


def shown(reader: Reader, number: int) -> Any | None:
    return reader.one(f"{_SELECT} WHERE outbox.id = :number", number=number)
