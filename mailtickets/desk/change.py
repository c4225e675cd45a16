"""What effects do to a ticket, and the table by which statuses move.

new -> open -> pending -> resolved -> closed. An agent's first action opens a new ticket, an agent's public
answer makes it pending, a customer's reply opens it; what has been closed for too long is left closed.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import assert_never

from mailtickets.config.models import Queue
from mailtickets.desk.model.effects import (
    AddMessage,
    AddParticipant,
    AllowQuote,
    Assign,
    AwaitTurn,
    DropHeld,
    Effect,
    FailDelivery,
    FireTimer,
    KeepResolution,
    LeaveOut,
    MergeInto,
    MoveTo,
    Mute,
    OpenTicket,
    PromiseDate,
    Rate,
    RecordEvent,
    ReleaseHeld,
    Remind,
    Reminded,
    RemoveParticipant,
    SetAbsence,
    SetField,
    SetPriority,
    SetRequester,
    SetStage,
    SetStatus,
    SetSubject,
    SetTags,
    SetType,
    SplitOff,
    Undo,
)
from mailtickets.desk.model.ticket import Participant, Status, Ticket
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
    updated_at = max(now, ticket.updated_at) if any(_is_past(effect) for effect in effects) else now
    for effect in effects:
        ticket = _after(ticket, effect, now)
    return replace(ticket, revision=ticket.revision + 1, updated_at=updated_at)


def _after(ticket: Ticket, effect: Effect, now: datetime) -> Ticket:  # noqa: C901 - a case each
    match effect:
        case SetStatus(to=to):
            return with_status(ticket, to, now)
        case SetPriority(to=to):
            return replace(ticket, priority=to)
        case Assign(to=to):
            return replace(ticket, assignee=to)
        case AddParticipant(address=address, role=role, notified=notified):
            return _with_participant(ticket, Participant(address, role, notified))
        case RemoveParticipant(address=address):
            return _without_participant(ticket, address)
        case LeaveOut(address=address):
            return _with_left_out(ticket, address, True)
        case SetRequester(to=person):
            return _with_requester(ticket, person)
        case SetSubject(to=subject):
            return replace(ticket, subject=subject)
        case SetType(to=kind):
            return replace(ticket, type=kind)
        case SetTags(to=tags):
            return replace(ticket, tags=tags)
        case SetStage(to=stage):
            return replace(ticket, stage=stage, stage_since=now if stage else None)
        case SetField(name=name, value=value):
            return _with_field(ticket, name, value)
        case MoveTo(queue=queue):
            return replace(ticket, queue=queue)
        case Mute(address=address, on=on):
            return _with_muted(ticket, address, on)
        case Remind(at=at, snooze=True):
            return replace(ticket, snoozed_until=at)
        case Reminded(agent=str()):
            return replace(ticket, snoozed_until=None)
        case SplitOff():
            return replace(ticket, waiting_since=now)
        case AddMessage(past=str()):
            return _with_past(ticket, effect, now)
        case AddMessage(direction="out", visibility="public"):
            return _answered(ticket)
        case AddMessage(direction="in", visibility="public", author=author, waits=waits):
            return _written_to(ticket, author, now, waits=waits)
        case _ if isinstance(effect, _NO_CHANGE_OF_ROW):
            return ticket
        case _:
            assert_never(effect)


def _is_past(effect: Effect) -> bool:
    return isinstance(effect, AddMessage) and effect.past is not None


def _with_past(ticket: Ticket, said: AddMessage, now: datetime) -> Ticket:
    """The ticket with an old message, which was said at `now`. Nobody waits because of it.

    A message that is older than the newest one leaves the status as it is.
    """
    answered = ticket.answered or (said.direction == "out" and said.visibility == "public")
    if said.past is None or now < ticket.updated_at:
        return replace(ticket, answered=answered)
    ended = now if said.past in {"resolved", "closed"} else None
    closed = now if said.past == "closed" else None
    return replace(ticket, status=said.past, answered=answered, waiting_since=None, resolved_at=ended, closed_at=closed)


_NO_CHANGE_OF_ROW = (
    OpenTicket, AddMessage, Remind, Reminded, Undo, Rate, SetAbsence, MergeInto, FailDelivery, ReleaseHeld,
    DropHeld, PromiseDate, FireTimer, AwaitTurn, KeepResolution, AllowQuote, RecordEvent,
)  # fmt: skip
"""Effects that do not change the ticket row."""


def _with_field(ticket: Ticket, name: str, value: str | None) -> Ticket:
    """The ticket with another value of a field; None: without it."""
    fields = {**dict(ticket.fields), **({name: value} if value is not None else {})}
    return replace(ticket, fields=tuple((n, v) for n, v in fields.items() if value is not None or n != name))


def _with_requester(ticket: Ticket, person: Address) -> Ticket:
    """The ticket with another requester; the earlier requester stays in copy."""
    others = tuple(p for p in ticket.participants if p.address.key not in {person.key, ticket.requester.key})
    people = (Participant(person, "requester"), Participant(ticket.requester, "cc"), *others)
    return replace(ticket, requester=person, participants=people)


def with_status(ticket: Ticket, to: Status, now: datetime) -> Ticket:
    """The ticket in another status, with the times that go with it."""
    again = ticket.status in {"resolved", "closed"} and to in {"new", "open", "pending"}
    return replace(
        ticket,
        status=to,
        epoch=ticket.epoch + again,
        waiting_since=(ticket.waiting_since or now) if to in {"new", "open"} else None,
        resolved_at=(ticket.resolved_at or now) if to in {"resolved", "closed"} else None,
        closed_at=now if to == "closed" else None,
    )


def _answered(ticket: Ticket) -> Ticket:
    """The ticket after a public answer, which reaches everybody on it."""
    everyone = tuple(replace(participant, notified=True) for participant in ticket.participants)
    return replace(ticket, answered=True, participants=everyone, waiting_since=None)


def _written_to(ticket: Ticket, author: Address, now: datetime, *, waits: bool) -> Ticket:
    """The ticket after a public message to the desk. `waits`: the message waits for an answer."""
    ticket = _with_left_out(ticket, author.address, False)
    waiting = replace(ticket, waiting_since=ticket.waiting_since or now, snoozed_until=None)
    return waiting if waits else ticket


def _without_participant(ticket: Ticket, address: Address) -> Ticket:
    """The ticket without a person; an agent stays."""
    others = (p for p in ticket.participants if p.role == "agent" or p.address.key != address.key)
    return replace(ticket, participants=tuple(others))


def _with_muted(ticket: Ticket, address: str, muted: bool) -> Ticket:
    key = address.casefold()
    people = (replace(p, muted=muted) if p.address.key == key else p for p in ticket.participants)
    return replace(ticket, participants=tuple(people))


def _with_participant(ticket: Ticket, new: Participant) -> Ticket:
    if any((p.address.key, p.role) == (new.address.key, new.role) for p in ticket.participants):
        return _with_left_out(ticket, new.address.address, False)
    return replace(ticket, participants=(*ticket.participants, new))


def _with_left_out(ticket: Ticket, address: str, left_out: bool) -> Ticket:
    key = address.casefold()
    if not any(p.address.key == key and p.left_out is not left_out for p in ticket.participants if p.role == "cc"):
        return ticket
    people = (
        replace(p, left_out=left_out) if p.role == "cc" and p.address.key == key else p for p in ticket.participants
    )
    return replace(ticket, participants=tuple(people))


def customers(ticket: Ticket) -> tuple[Address, ...]:
    """The people whom an answer goes to: the requester first, then everybody in copy whom mail reaches."""
    people = [p for p in ticket.participants if p.role == "cc" and p.address.key != ticket.requester.key]
    return (ticket.requester, *(person.address for person in people if not person.left_out))
