"""What a ticket was at an earlier time: the opposite of `change`. Pure.

In: the ticket as it is now, its events after that time (newest first), and its events before it. Out: the ticket as a
decision at that time found it, or None if it was not there yet. Values that events carry are taken back one by one;
moments (when it was resolved, since when somebody waits) are counted again from the events before.
Limits: the names of people who are on the ticket no more are lost, and so is who has been told of what.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from mailtickets.desk.change import with_status
from mailtickets.desk.model.ticket import Participant, Ticket, priority_named, status_named
from mailtickets.mail.model import Address


class PastEvent(Protocol):
    """A row of `event`, as far as it is looked at here."""

    @property
    def kind(self) -> str: ...
    @property
    def old(self) -> str | None: ...
    @property
    def new(self) -> str | None: ...
    @property
    def reason(self) -> str: ...
    @property
    def at(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class Written:
    """What a `message` event is about: which way the message went, and whether a person wrote it."""

    incoming: bool
    public: bool
    human: bool


def rewound(
    ticket: Ticket, later: Iterable[PastEvent], earlier: Sequence[tuple[PastEvent, Written | None]]
) -> Ticket | None:
    """The ticket before the events in `later` (newest first). `earlier` are the events before them, oldest first, each
    with what it is about if it is a message. None: the ticket was opened by one of the later events."""
    for event in later:
        if event.kind == "opened":
            return None
        ticket = _before(ticket, event)
    return _with_moments(ticket, earlier)


def _before(ticket: Ticket, event: PastEvent) -> Ticket:  # noqa: C901 - a case each
    """The ticket before one event."""
    old, new = event.old, event.new
    match event.kind:
        case "status":
            return replace(ticket, status=status_named(old or "") or ticket.status)
        case "priority":
            return replace(ticket, priority=priority_named(old or "") or ticket.priority)
        case "type":
            return replace(ticket, type=old or None)
        case "tags":
            return replace(ticket, tags=tuple((old or "").split()))
        case "assignee":
            return replace(ticket, assignee=old or None)
        case "queue":
            return replace(ticket, queue=old or ticket.queue)
        case "subject":
            return replace(ticket, subject=ticket.subject if old is None else old)
        case "requester":
            return _with_requester(ticket, old)
        case "participant":
            return _without(ticket, new) if new else _with(ticket, old)
        case "left-out":
            return _with_people(ticket, new, lambda person: replace(person, left_out=False))
        case "muted" | "unmuted":
            muted = event.kind == "unmuted"
            return _with_people(ticket, new, lambda person: replace(person, muted=muted))
        case "stage":
            return replace(ticket, stage=old or "")
        case "field":
            return _with_field(ticket, old, new)
        case "snoozed":
            return replace(ticket, snoozed_until=None)
    return ticket


def _with_requester(ticket: Ticket, address: str | None) -> Ticket:
    """The ticket with its earlier requester, whose name is that of the participant who they have been since."""
    if not address:
        return ticket
    key = address.casefold()
    person = next((p.address for p in ticket.participants if p.address.key == key), Address("", address))
    others = (p for p in ticket.participants if p.role != "requester" and p.address.key != key)
    return replace(ticket, requester=person, participants=(Participant(person, "requester"), *others))


def _with(ticket: Ticket, address: str | None) -> Ticket:
    """The ticket with somebody in copy who was taken off it later."""
    if not address or ticket.participant(address) is not None:
        return ticket
    return replace(ticket, participants=(*ticket.participants, Participant(Address("", address), "cc")))


def _without(ticket: Ticket, address: str) -> Ticket:
    """The ticket without somebody who came onto it later. The requester was never put on it."""
    key = address.casefold()
    people = (p for p in ticket.participants if p.role == "requester" or p.address.key != key)
    return replace(ticket, participants=tuple(people))


def _with_people(ticket: Ticket, address: str | None, was: Callable[[Participant], Participant]) -> Ticket:
    """The ticket with one of its people as they were."""
    key = (address or "").casefold()
    return replace(ticket, participants=tuple(was(p) if p.address.key == key else p for p in ticket.participants))


def _with_field(ticket: Ticket, old: str | None, new: str | None) -> Ticket:
    """The ticket with the earlier value of a field; events name both as `name=value`."""
    name = (old or new or "").partition("=")[0]
    before = (old or "").partition("=")[2]
    fields = {**dict(ticket.fields), name: before}
    return replace(ticket, fields=tuple((n, value) for n, value in fields.items() if n != name or before))


# --- moments ------------------------------------------------------------------------------------------


def _with_moments(ticket: Ticket, earlier: Sequence[tuple[PastEvent, Written | None]]) -> Ticket:
    """The ticket with the moments that follow from its events until then."""
    counted = replace(
        ticket,
        status="new",
        resolved_at=None,
        closed_at=None,
        waiting_since=None,
        stage_since=None,
        answered=False,
        epoch=0,
        updated_at=ticket.created_at,
    )
    for event, written in earlier:
        counted = _counted(counted, event, written)
    return replace(
        ticket,
        resolved_at=counted.resolved_at,
        closed_at=counted.closed_at,
        waiting_since=counted.waiting_since,
        stage_since=counted.stage_since if ticket.stage else None,
        answered=counted.answered,
        epoch=counted.epoch,
        updated_at=counted.updated_at,
    )


def _counted(ticket: Ticket, event: PastEvent, written: Written | None) -> Ticket:
    if event.kind == "status":
        ticket = with_status(ticket, status_named(event.new or "") or ticket.status, event.at)
    elif event.kind == "stage":
        ticket = replace(ticket, stage_since=event.at)
    elif written is not None and written.public:
        ticket = _said(ticket, event.at, written)
    return replace(ticket, updated_at=event.at)


def _said(ticket: Ticket, at: datetime, written: Written) -> Ticket:
    if not written.incoming:
        return replace(ticket, answered=True, waiting_since=None)
    finished = ticket.status in {"resolved", "closed"}  # what is said then waits for nothing until the status moves
    waits = written.human and not finished
    return replace(ticket, waiting_since=ticket.waiting_since or at) if waits else ticket
