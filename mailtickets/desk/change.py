"""What effects do to a ticket, and the table by which statuses move.

new -> open -> pending -> resolved -> closed. An agent's first action opens a new ticket, an agent's public
answer makes it pending, a customer's reply opens it; what has been closed for too long is left closed.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import assert_never

from mailtickets.config import Queue
from mailtickets.desk.model import (
    AddMessage,
    AddParticipant,
    Assign,
    DropHeld,
    Effect,
    FailDelivery,
    MergeInto,
    OpenTicket,
    Participant,
    RecordEvent,
    ReleaseHeld,
    SetPriority,
    SetStatus,
    Status,
    Ticket,
)
from mailtickets.mail.model import Address


def after_customer_reply(status: Status) -> Status:
    """Where a ticket stands when its customer has written."""
    return "new" if status == "new" else "open"


def may_reopen(ticket: Ticket, queue: Queue | None, now: datetime) -> bool:
    """Whether a reply still belongs on this ticket, rather than on a new one linked to it."""
    if ticket.status != "closed" or ticket.closed_at is None:
        return True
    return queue is not None and now - ticket.closed_at <= timedelta(days=queue.reopen_days)


def opened(effect: OpenTicket, number: int, now: datetime) -> Ticket:
    """The ticket that an OpenTicket effect makes."""
    return Ticket(
        number=number,
        queue=effect.queue,
        subject=effect.subject,
        status="new",
        priority="normal",
        type=None,
        requester=effect.requester,
        assignee=None,
        revision=0,
        locale=effect.locale,
        created_at=now,
        updated_at=now,
        participants=(
            Participant(effect.requester, "requester"),
            *(Participant(address, "cc", effect.notify_cc) for address in effect.cc),
        ),
        linked=(effect.linked,) if effect.linked else (),
    )


def changed(ticket: Ticket, effects: Sequence[Effect], now: datetime) -> Ticket:
    """The ticket after all effects, one revision later."""
    for effect in effects:
        ticket = _after(ticket, effect, now)
    return replace(ticket, revision=ticket.revision + 1, updated_at=now)


def _after(ticket: Ticket, effect: Effect, now: datetime) -> Ticket:
    match effect:
        case SetStatus(to=to):
            return with_status(ticket, to, now)
        case SetPriority(to=to):
            return replace(ticket, priority=to)
        case Assign(to=to):
            return replace(ticket, assignee=to)
        case AddParticipant(address=address, role=role, notified=notified):
            return _with_participant(ticket, Participant(address, role, notified))
        case AddMessage(direction="out", visibility="public"):
            everyone = tuple(replace(participant, notified=True) for participant in ticket.participants)
            return replace(ticket, answered=True, participants=everyone)
        case OpenTicket() | AddMessage() | MergeInto() | FailDelivery() | ReleaseHeld() | DropHeld() | RecordEvent():
            return ticket
        case _:
            assert_never(effect)


def with_status(ticket: Ticket, to: Status, now: datetime) -> Ticket:
    """The ticket in another status, with the times that go with it."""
    return replace(
        ticket,
        status=to,
        resolved_at=(ticket.resolved_at or now) if to in {"resolved", "closed"} else None,
        closed_at=now if to == "closed" else None,
    )


def _with_participant(ticket: Ticket, new: Participant) -> Ticket:
    others = tuple(p for p in ticket.participants if (p.address.key, p.role) != (new.address.key, new.role))
    if len(others) < len(ticket.participants):
        return ticket
    return replace(ticket, participants=(*others, new))


def customers(ticket: Ticket) -> tuple[Address, ...]:
    """Whom an answer goes to: the requester first, then everybody in copy."""
    people = [p.address for p in ticket.participants if p.role == "cc" and p.address.key != ticket.requester.key]
    return (ticket.requester, *people)
