"""The ledger of received messages: how many came, what became of them, and what a mailbox is compared with."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from mailtickets.store.schema import inbound, message

_LOOKED_BACK = 200_000
"""How many of the newest messages are compared with a mailbox, because `received_at` has no index."""


def sums(connection: Connection) -> dict[str, Any]:
    """How many messages came, how many have each outcome, and what contradicts these counts.

    One mail of an agent can be two messages of a ticket: an answer and a note.
    """
    counted = select(inbound.c.outcome, func.count()).where(inbound.c.outcome.is_not(None)).group_by(inbound.c.outcome)
    outcomes = {str(row[0]): int(row[1]) for row in connection.execute(counted)}
    received = connection.execute(select(func.count()).select_from(inbound)).scalar_one()
    waiting = connection.execute(select(func.count()).where(inbound.c.state == "accepted")).scalar_one()
    problems = []
    if sum(outcomes.values()) + waiting != received:
        problems.append(f"{received} messages, but {sum(outcomes.values())} outcomes and {waiting} waiting")
    on_tickets = ("opened", "appended", "noted", "unparsed")
    messages = select(message.c.inbound, func.count().label("times")).group_by(message.c.inbound).subquery()
    odd = (
        select(inbound.c.id, inbound.c.outcome, messages.c.times)
        .outerjoin(messages, messages.c.inbound == inbound.c.id)
        .where(inbound.c.outcome.in_(on_tickets), func.coalesce(messages.c.times, 0).not_in((1, 2)))
        .order_by(inbound.c.id)
        .limit(100)
    )
    problems += [
        f"inbound {row.id} is {row.outcome}, and on {row.times or 0} messages of tickets"
        for row in connection.execute(odd)
    ]
    return {"received": received, "waiting": waiting, "outcomes": dict(sorted(outcomes.items())), "problems": problems}


@dataclass(frozen=True, slots=True)
class Known:
    """What identifies a stored message when a mailbox is compared with the ledger."""

    size: int
    received_at: datetime
    message_id: str | None
    """None until the message is decided."""


def known_of(connection: Connection, source: str, since: datetime) -> list[Known]:
    """The messages that a door has accepted since `since`, among the newest `_LOOKED_BACK` messages of all doors."""
    newest = connection.execute(select(func.max(inbound.c.id))).scalar() or 0
    wanted = select(inbound.c.size, inbound.c.received_at, inbound.c.message_id).where(
        inbound.c.id > newest - _LOOKED_BACK, inbound.c.source == source, inbound.c.received_at >= since
    )
    return [Known(row.size, row.received_at, row.message_id) for row in connection.execute(wanted)]
