"""The event that records an effect: one line of the history of a ticket. Pure."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

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
from mailtickets.desk.model.states import EventKind
from mailtickets.desk.model.ticket import Ticket

E = TypeVar("E")


class Event(NamedTuple):
    """An event, as an effect gives it. Ticket, mail, moment and actor come from the settlement."""

    kind: EventKind
    old: str | None = None
    new: str | None = None
    reason: str | None = None
    """None: the reason of the decision."""


_Recorder = Callable[[Any, Ticket | None], Event | None]


def event_of(effect: Effect, before: Ticket | None) -> Event | None:
    """The event that records an effect. None: the effect changes nothing, or `settle` records it.

    `before` is the ticket before the decision; None if there was no ticket.
    """
    return EVENTS[type(effect)](effect, before)


def _row(effect: type[E], event: Callable[[E, Ticket | None], Event | None]) -> tuple[type[Any], _Recorder]:
    """A row of the table. It lets the type checker compare the function with the class of the effect."""
    return effect, event


def _field(effect: SetField, before: Ticket | None) -> Event:
    """`old` and `new` are `name=value`, because an event has no place for the name."""
    was = before.field(effect.name) if before else ""
    old = f"{effect.name}={was}" if was else None
    return Event("field", old, f"{effect.name}={effect.value}" if effect.value is not None else None, effect.reason)


def _moment(at: datetime | None) -> str | None:
    return at.isoformat() if at is not None else None


def _participant(effect: AddParticipant, before: Ticket | None) -> Event | None:
    """None for a participant who has this role already."""
    known = {(p.address.key, p.role) for p in before.participants} if before else set()
    if (effect.address.key, effect.role) in known:
        return None
    return Event("participant", new=effect.address.address, reason=effect.reason or effect.role)


EVENTS: dict[type[Any], _Recorder] = dict(
    [
        _row(OpenTicket, lambda _, __: Event("opened", new="new")),
        _row(AddMessage, lambda _, __: None),  # `settle` records it, because it knows the number of the message
        _row(SetStatus, lambda set_, was: Event("status", was.status if was else None, set_.to, set_.reason)),
        _row(SetPriority, lambda set_, was: Event("priority", was.priority if was else None, set_.to, set_.reason)),
        _row(SetSubject, lambda set_, was: Event("subject", was.subject if was else None, set_.to)),
        _row(SetType, lambda set_, was: Event("type", was.type if was else None, set_.to, set_.reason)),
        _row(
            SetTags,
            lambda set_, was: Event("tags", " ".join(was.tags) if was else None, " ".join(set_.to), set_.reason),
        ),
        _row(Assign, lambda assign, was: Event("assignee", was.assignee if was else None, assign.to, assign.reason)),
        _row(AwaitTurn, lambda wait, _: Event("awaiting-turn", new=wait.skill or None, reason="nobody-free")),
        _row(MoveTo, lambda move, was: Event("queue", was.queue if was else None, move.queue, move.reason)),
        _row(
            SetStage,
            lambda set_, was: Event("stage", (was.stage or None) if was else None, set_.to or None, set_.reason),
        ),
        _row(SetField, _field),
        _row(
            PromiseDate,
            lambda promise, _: Event("promised", _moment(promise.was), _moment(promise.at), promise.reason),
        ),
        _row(FireTimer, lambda fired, _: Event("timer", fired.kind, fired.name)),
        _row(AddParticipant, _participant),
        _row(RemoveParticipant, lambda person, _: Event("participant", person.address.address, reason="cc")),
        _row(LeaveOut, lambda person, _: Event("left-out", new=person.address)),
        _row(
            SetRequester, lambda set_, was: Event("requester", was.requester.address if was else None, set_.to.address)
        ),
        _row(Mute, lambda mute, _: Event("muted" if mute.on else "unmuted", new=mute.address)),
        _row(Remind, lambda remind, _: Event("snoozed" if remind.snooze else "reminder", new=remind.at.isoformat())),
        _row(Reminded, lambda reminded, _: Event("reminded", new=reminded.agent)),
        _row(Undo, lambda undo, _: Event("undone", new=str(undo.inbound))),
        _row(SplitOff, lambda split, _: Event("split", new=str(split.inbound))),
        _row(KeepResolution, lambda kept, _: Event("resolution") if kept.text is not None else None),
        _row(Rate, lambda rate, _: Event("rated", new=str(rate.score))),
        _row(AllowQuote, lambda allowed, _: Event("quotable" if allowed.on else "unquotable")),
        _row(SetAbsence, lambda absence, _: Event("absence", new=absence.until.isoformat() if absence.until else None)),
        _row(MergeInto, lambda merge, was: Event("merged", str(was.number) if was else None, str(merge.into))),
        _row(FailDelivery, lambda failed, _: Event("delivery", str(failed.outbox), failed.diagnostic)),
        _row(ReleaseHeld, lambda held, _: Event("released", str(held.inbound))),
        _row(DropHeld, lambda held, _: Event("dropped", str(held.inbound))),
        _row(RecordEvent, lambda event, _: Event(event.kind, new=event.detail or None, reason=event.reason)),
    ]
)
"""For each effect, a function of the effect and the ticket before the decision."""
