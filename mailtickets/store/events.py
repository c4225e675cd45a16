"""The event that records an effect: one line of the history of a ticket. Pure."""

from typing import assert_never

from mailtickets.desk.model.effects import (
    AddMessage,
    AddParticipant,
    Assign,
    DropHeld,
    Effect,
    FailDelivery,
    LeaveOut,
    MergeInto,
    MoveTo,
    Mute,
    OpenTicket,
    Rate,
    RecordEvent,
    ReleaseHeld,
    Remind,
    Reminded,
    RemoveParticipant,
    SetAbsence,
    SetPriority,
    SetRequester,
    SetStatus,
    SetSubject,
    SetTags,
    SetType,
    SplitOff,
    Undo,
)
from mailtickets.desk.model.states import EventKind
from mailtickets.desk.model.ticket import Ticket

_Event = tuple[EventKind, str | None, str | None, str | None]
"""The kind of the event, the old value, the new value, and a reason (None: the decision's reason)."""


def event_of(effect: Effect, before: Ticket | None) -> _Event | None:  # noqa: C901 - a case for each effect
    """The event that records an effect; None if the effect has no event, or if it is recorded elsewhere."""
    match effect:
        case OpenTicket():
            return "opened", None, "new", None
        case AddMessage():
            return None  # recorded by `_add_message`, which knows the number
        case SetStatus():
            return "status", before.status if before else None, effect.to, effect.reason
        case SetPriority():
            return "priority", before.priority if before else None, effect.to, None
        case SetSubject():
            return "subject", before.subject if before else None, effect.to, None
        case SetType():
            return "type", before.type if before else None, effect.to, None
        case SetTags():
            return "tags", " ".join(before.tags) if before else None, " ".join(effect.to), None
        case Assign():
            return "assignee", before.assignee if before else None, effect.to, effect.reason
        case MoveTo():
            return "queue", before.queue if before else None, effect.queue, None
        case RemoveParticipant():
            return "participant", effect.address.address, None, "cc"
        case LeaveOut():
            return "left-out", None, effect.address, None
        case SetRequester():
            return "requester", before.requester.address if before else None, effect.to.address, None
        case Mute():
            return "muted" if effect.on else "unmuted", None, effect.address, None
        case Remind():
            return "snoozed" if effect.snooze else "reminder", None, effect.at.isoformat(), None
        case Reminded():
            return "reminded", None, effect.agent, None
        case Undo():
            return "undone", None, str(effect.inbound), None
        case SplitOff():
            return "split", None, str(effect.inbound), None
        case Rate():
            return "rated", None, str(effect.score), None
        case SetAbsence():
            return "absence", None, effect.until.isoformat() if effect.until else None, None
        case AddParticipant():
            on_it = {(p.address.key, p.role) for p in before.participants} if before else set()
            new = (effect.address.key, effect.role) not in on_it
            return ("participant", None, effect.address.address, effect.role) if new else None
        case MergeInto():
            return "merged", str(before.number) if before else None, str(effect.into), None
        case FailDelivery():
            return "delivery", str(effect.outbox), effect.diagnostic, None
        case ReleaseHeld():
            return "released", str(effect.inbound), None, None
        case DropHeld():
            return "dropped", str(effect.inbound), None, None
        case RecordEvent():
            return effect.kind, None, effect.detail or None, effect.reason
        case _:
            assert_never(effect)
