"""What has happened on a ticket, as its clocks read it: from its events, without SQLAlchemy.

In: the number of a ticket. Out: `Happening`s. Fails with: as `reader`.
"""

from collections.abc import Sequence
from typing import Any

from mailtickets.desk.clock.course import Happening
from mailtickets.mail.door import IMPORT
from mailtickets.store.read.reader import Reader, among

KINDS = ("opened", "message", "status", "merged", "split", "undone", "promised")
"""The kinds of events that clocks read."""

_MERGES_FOLLOWED = 10

_HAPPENED = """
SELECT event.id, event.ticket, event.inbound, event.at, event.actor, event.kind, event.old, event.new, event.reason,
  inbound.source, message.ticket AS now_on, message.direction, message.visibility, message.kind AS mail_kind,
  message.author_address
FROM event
LEFT JOIN inbound ON inbound.id = event.inbound
LEFT JOIN message ON message.id = CASE WHEN event.kind = 'message' THEN CAST(event.new AS BIGINT) END
"""
_KINDS = ", ".join(f"'{kind}'" for kind in KINDS)


def history(reader: Reader, number: int) -> tuple[Happening, ...]:
    """What has happened on a ticket and on those that were merged into it, in the order in which it was recorded.

    A message that went over to another ticket is there, not here.
    """
    family = [number]
    rows = _happened(reader, family)
    for _ in range(_MERGES_FOLLOWED):
        merged = {int(row.old) for row in rows if row.kind == "merged" and row.old and int(row.ticket) in family}
        further = sorted(merged.difference(family))
        if not further:
            break
        rows += _happened(reader, further)
        family += further
    moved = [row for one in rows if one.kind == "split" for row in _brought(reader, int(one.new))]
    rows.sort(key=lambda row: row.id)
    brought_along = (_happening(row, number) for row in moved if row.now_on in family)
    own = (_happening(row, row.ticket) for row in rows if row.kind != "message" or row.now_on in family)
    return (*brought_along, *own)


def histories(reader: Reader, numbers: Sequence[int]) -> dict[int, tuple[Happening, ...]]:
    """The same for many tickets, with one statement for all to which no other ticket's history belongs."""
    rows: dict[int, list[Any]] = {number: [] for number in numbers}
    for row in _happened(reader, numbers):
        rows[int(row.ticket)].append(row)
    return {
        number: history(reader, number) if any(row.kind in _FAR for row in own) else _alone(own, number)
        for number, own in rows.items()
    }


_FAR = ("merged", "split")


def _alone(rows: Sequence[Any], number: int) -> tuple[Happening, ...]:
    return tuple(_happening(row, number) for row in rows if row.kind != "message" or row.now_on == number)


def brought(reader: Reader, inbound: int) -> tuple[Happening, ...]:
    """The message that a mail brought, wherever it is now."""
    return tuple(_happening(row, row.now_on) for row in _brought(reader, inbound))


def _happened(reader: Reader, numbers: Sequence[int]) -> list[Any]:
    these, values = among("number", numbers)
    where = f"WHERE event.ticket IN ({these}) AND event.kind IN ({_KINDS}) ORDER BY event.id"
    return reader.all(_HAPPENED + where, **values)


def _brought(reader: Reader, inbound: int) -> list[Any]:
    return reader.all(f"{_HAPPENED}WHERE event.inbound = :inbound AND event.kind = 'message'", inbound=inbound)


def _happening(row: Any, ticket: int) -> Happening:
    return Happening(
        row.at,
        row.kind,
        ticket,
        row.old,
        row.new,
        row.reason,
        row.actor,
        row.inbound,
        row.source == IMPORT.name,
        row.direction,
        row.visibility,
        row.mail_kind or "human",
        row.author_address or "",
    )
