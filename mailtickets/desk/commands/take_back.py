"""`#desfazer`: undoes the changes that an agent's earlier mail made, if nobody has changed the same thing since.

Owns: how each kind of change is undone. A row of the table of commands says which kinds of changes the command makes.
Fails with: `Problem`s, which are values. Messages that a merge or a split has moved stay where they are, and so does
the status that the merge or the split has set.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from mailtickets.desk.commands.asker import Asker, Step
from mailtickets.desk.commands.command import Command
from mailtickets.desk.model.decision import Done, Problem
from mailtickets.desk.model.effects import (
    AllowQuote,
    Assign,
    Effect,
    MoveTo,
    PromiseDate,
    RecordEvent,
    RemoveParticipant,
    SetField,
    SetPriority,
    SetStage,
    SetStatus,
    SetSubject,
    SetTags,
    SetType,
    Undo,
)
from mailtickets.desk.model.facts import Undoable
from mailtickets.desk.model.ticket import Ticket, priority_named, status_named

ChangeKind = Literal[
    "status", "priority", "type", "assignee", "subject", "queue", "tags", "participant", "promised", "stage", "field",
    "resolution", "quotable", "unquotable",
]  # fmt: skip
"""Kinds of events that can be undone."""


@dataclass(frozen=True, slots=True)
class Change:
    """A kind of change, and the function that undoes such a change."""

    kind: ChangeKind
    back: Callable[[Ticket, str | None, str | None, Asker], Iterator[Effect]]
    """In: the ticket as it is now, the value before the change, the value after it, and who asks. It yields nothing if
    somebody has changed the value since."""


def _status(ticket: Ticket, old: str | None, new: str | None, asker: Asker) -> Iterator[Effect]:
    status = status_named(old or "")
    if ticket.status == new and status is not None:
        yield SetStatus(status, "undone")


def _priority(ticket: Ticket, old: str | None, new: str | None, asker: Asker) -> Iterator[Effect]:
    priority = priority_named(old or "")
    if ticket.priority == new and priority is not None:
        yield SetPriority(priority)


def _type(ticket: Ticket, old: str | None, new: str | None, asker: Asker) -> Iterator[Effect]:
    if ticket.type == new:
        yield SetType(old)


def _assignee(ticket: Ticket, old: str | None, new: str | None, asker: Asker) -> Iterator[Effect]:
    if ticket.assignee == new:
        yield Assign(old)


def _subject(ticket: Ticket, old: str | None, new: str | None, asker: Asker) -> Iterator[Effect]:
    if ticket.subject == new and old is not None:
        yield SetSubject(old)


def _queue(ticket: Ticket, old: str | None, new: str | None, asker: Asker) -> Iterator[Effect]:
    if ticket.queue == new and old is not None and asker.policy.queue(old):
        yield MoveTo(old)


def _tags(ticket: Ticket, old: str | None, new: str | None, asker: Asker) -> Iterator[Effect]:
    if " ".join(ticket.tags) == (new or ""):
        yield SetTags(tuple((old or "").split()))


def _participant(ticket: Ticket, old: str | None, new: str | None, asker: Asker) -> Iterator[Effect]:
    """Removes a participant who was added. A participant who was removed is not added again."""
    here = ticket.participant(new or "")
    if old is None and here and here.role == "cc":
        yield RemoveParticipant(here.address)


def _promised(ticket: Ticket, old: str | None, new: str | None, asker: Asker) -> Iterator[Effect]:
    """The promise before this one counts again if its date is still to come."""
    promised = asker.facts.promised.get(ticket.number)
    if (promised.isoformat() if promised else None) == new:
        before = datetime.fromisoformat(old) if old else None
        yield PromiseDate(before if before and before > asker.now else None, "undone", promised)


def _stage(ticket: Ticket, old: str | None, new: str | None, asker: Asker) -> Iterator[Effect]:
    """The status follows the stage; a stage that the queue has no more is left out (`clock.stages.followed`)."""
    if ticket.stage == (new or ""):
        yield SetStage(old or "", "undone")


def _field(ticket: Ticket, old: str | None, new: str | None, asker: Asker) -> Iterator[Effect]:
    """`old` and `new` are `name=value`; None: the field had no value."""
    name, _, was = (old or new or "").partition("=")
    now = (new or "").partition("=")[2]
    if name and ticket.field(name) == now:
        yield SetField(name, was if old else None)


def _resolution(ticket: Ticket, old: str | None, new: str | None, asker: Asker) -> Iterator[Effect]:
    """With `Undo`, the solution that the mail gave is gone; the one before counts again."""
    yield RecordEvent("resolution", "undone")


def _quotable(ticket: Ticket, old: str | None, new: str | None, asker: Asker) -> Iterator[Effect]:
    if asker.facts.rating is not None and asker.facts.rating.quotable:
        yield AllowQuote(on=False)


def _unquotable(ticket: Ticket, old: str | None, new: str | None, asker: Asker) -> Iterator[Effect]:
    if asker.facts.rating is not None and not asker.facts.rating.quotable:
        yield AllowQuote(on=True)


STATUS = Change("status", _status)
PRIORITY = Change("priority", _priority)
TYPE = Change("type", _type)
ASSIGNEE = Change("assignee", _assignee)
SUBJECT = Change("subject", _subject)
QUEUE = Change("queue", _queue)
TAGS = Change("tags", _tags)
PARTICIPANT = Change("participant", _participant)
PROMISED = Change("promised", _promised)
STAGE = Change("stage", _stage)
FIELD = Change("field", _field)
RESOLUTION = Change("resolution", _resolution)
QUOTABLE = Change("quotable", _quotable)
UNQUOTABLE = Change("unquotable", _unquotable)
CHANGES = (
    STATUS, PRIORITY, TYPE, ASSIGNEE, SUBJECT, QUEUE, TAGS, PARTICIPANT, PROMISED, STAGE, FIELD, RESOLUTION, QUOTABLE,
    UNQUOTABLE,
)  # fmt: skip
"""All changes that can be undone, whether a command or an answer made them."""


def undo(ticket: Ticket, order: Command, asker: Asker) -> Iterator[Step]:
    earlier = asker.facts.undoable
    if earlier is None:
        yield Problem(order.line, "nothing-to-undo")
        return
    if too_late(earlier, asker.now):
        return
    moved = _has_moved_messages(earlier)
    taken_back = list(_taken_back(ticket, earlier, asker))
    if earlier.until is None and not taken_back:
        yield Problem(order.line, "nothing-to-undo")
        return
    yield Undo(earlier.inbound)
    yield from taken_back
    if taken_back or not moved:
        yield Done("undone")
    if earlier.until is not None:
        yield Done("unsent")


def too_late(earlier: Undoable, now: datetime) -> bool:
    """Whether the answer in the earlier mail has gone out already, so that it can no longer be stopped."""
    said_directly = any(kind == "delivered-directly" for kind, _, _ in earlier.changes)
    return earlier.gone or said_directly or (earlier.until is not None and earlier.until <= now)


def _taken_back(ticket: Ticket, earlier: Undoable, asker: Asker) -> Iterator[Effect]:
    """Undoes the changes of the earlier mail, newest first, except those that somebody has changed since.

    If the earlier mail has merged or split the ticket, its status stays: a customer's message that has come to another
    ticket still waits there. So it does if somebody has brought the ticket to another stage since.
    """
    stay = (STATUS, STAGE) if _has_moved_messages(earlier) or _has_another_stage(ticket, earlier) else ()
    for kind, old, new in reversed(earlier.changes):
        for change in CHANGES:
            if change.kind == kind and change not in stay:
                yield from change.back(ticket, old, new, asker)


def _has_another_stage(ticket: Ticket, earlier: Undoable) -> bool:
    last = next((new for kind, _, new in reversed(earlier.changes) if kind == "stage"), ticket.stage)
    return (last or "") != ticket.stage


def _has_moved_messages(earlier: Undoable) -> bool:
    return any(kind in {"merged", "split"} for kind, _, _ in earlier.changes)
