"""What a mail adds to what is known of its ticket: values of fields, levels of impact and urgency, the priority.

Only the customer's own mail adds values, and on a ticket that exists only one that is proven to be theirs: a From line
is not enough to change a ticket. A value that is known is never replaced by a mail; agents replace it. Nothing here
decides whose a mail is.
Fails with: nothing. A configuration without types and fields costs nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from mailtickets.config.kinds import SCALES, TicketField, TicketKind
from mailtickets.desk.change import changed, opened
from mailtickets.desk.fields import levels
from mailtickets.desk.fields.answers import answered
from mailtickets.desk.fields.find import MailParts, found
from mailtickets.desk.fields.names import applies, shown_value
from mailtickets.desk.model.decision import Decision, Done
from mailtickets.desk.model.effects import (
    AddMessage,
    Effect,
    MoveTo,
    OpenTicket,
    RecordEvent,
    SetField,
    SetPriority,
    SetType,
)
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.model.reason import Reason
from mailtickets.desk.model.ticket import Ticket

FOUND: Reason = "found-in-mail"
ANSWERED: Reason = "answered-what-was-asked"
BY_LEVELS: Reason = "impact-and-urgency"
ASKED: Final = "asked"
"""The kind of the event that says what an acknowledgement has asked for."""


# --- values -------------------------------------------------------------------------------------------


def reads_values(decision: Decision, policy: Policy) -> bool:
    """Whether values of fields are looked for in the mail of this decision."""
    if not policy.fields or decision.outcome not in {"opened", "appended"}:
        return False
    message = _customers(decision, policy)
    return message is not None and (decision.opens is not None or message.verified)


def with_values(
    decision: Decision, sources: MailParts, before: Ticket | None, policy: Policy, asked: Sequence[str] = ()
) -> Decision:
    """The decision with the values that its mail says. `asked` are the names that the acknowledgement has asked for."""
    queue = decision.opens.queue if decision.opens else before.queue if before else ""
    known = {name for name, _ in before.fields} if before else set()
    wanted = [
        field for field in policy.fields if field.name not in known and (not field.queues or queue in field.queues)
    ]
    if not wanted:
        return decision
    answers = answered([_if_wanted(name, wanted) for name in asked], sources) if asked else {}
    rest = [field for field in wanted if field.name not in answers]
    effects = [SetField(name, value, ANSWERED) for name, value in answers.items()]
    effects += [SetField(name, value, FOUND) for name, value in found(rest, sources)]
    return replace(decision, effects=(*decision.effects, *effects))


def fields_that_come(decision: Decision, before: Ticket, policy: Policy) -> tuple[TicketField, ...]:
    """The fields without a value that belong to the ticket after a decision, and did not before it."""
    after = changed(
        before, [effect for effect in decision.effects if isinstance(effect, SetType | MoveTo)], before.updated_at
    )
    known = {name for name, _ in before.fields}
    known |= {effect.name for effect in decision.effects if isinstance(effect, SetField)}
    return tuple(
        field
        for field in policy.fields
        if field.name not in known
        and applies(field, after.queue, after.type)
        and not applies(field, before.queue, before.type)
    )


def told(decision: Decision, values: Sequence[SetField], policy: Policy) -> Decision:
    """The decision with a line of the receipt, where there is one, for each value that was found."""
    locale = policy.instance.locale
    for one in values:
        field = policy.field(one.name)
        if field is not None and one.value is not None:
            shown = f"{field.called(locale)}: {shown_value(field, one.value, locale)}"
            decision = _done(decision, Done("field", shown))
    return decision


def _if_wanted(name: str, wanted: Sequence[TicketField]) -> TicketField | None:
    return next((field for field in wanted if field.name == name), None)


def _customers(decision: Decision, policy: Policy) -> AddMessage | None:
    """The customer's public message that the decision adds."""
    added = (effect for effect in decision.effects if isinstance(effect, AddMessage))
    message = next((one for one in added if one.direction == "in" and one.visibility == "public"), None)
    return message if message is not None and not policy.agent(message.author.address) else None


# --- types, levels and the priority -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TypedTicket:
    """A ticket after the effects of a decision, and its configured type."""

    after: Ticket
    kind: TicketKind | None


def concerns_levels(decision: Decision, before: Ticket | None, policy: Policy) -> bool:
    """Whether the ticket's type, or what is known of it, may have changed, so that its priority may follow."""
    if not any(kind.impact or kind.urgency for kind in policy.kinds) and not policy.fields:
        return False
    touched = any(isinstance(effect, OpenTicket | SetField | SetType | AddMessage) for effect in decision.effects)
    return touched and (decision.opens is not None or before is not None)


def completed(
    decision: Decision, before: Ticket | None, policy: Policy, now: datetime, *, words: str, by_hand: bool
) -> Decision:
    """The decision with what follows from its type: levels that the words speak of, and the priority.

    `words` are the customer's new words; `by_hand`: an agent set the priority since it last followed.
    """
    typed = _typed(decision, before, policy, now)
    effects = tuple(effect for effect in decision.effects if not _is_of_another_type(effect, typed.after, policy))
    decision = replace(decision, effects=effects)
    if typed.kind is None:
        return decision
    spoken = [*_spoken(typed, words)] if _listens(decision, policy) else []
    decision = replace(decision, effects=(*decision.effects, *spoken))
    return _with_priority(decision, _typed(decision, before, policy, now), by_hand)


def _typed(decision: Decision, before: Ticket | None, policy: Policy, now: datetime) -> TypedTicket:
    opening = decision.opens
    start = before or (opened(opening, 0, now) if opening else None)
    if start is None:
        raise AssertionError("a decision on levels concerns a ticket")
    relevant = [effect for effect in decision.effects if isinstance(effect, SetField | SetType | SetPriority)]
    after = changed(start, relevant, now)
    return TypedTicket(after, policy.kind(after.type or ""))


def _is_of_another_type(effect: Effect, after: Ticket, policy: Policy) -> bool:
    """Whether a mail said the value of a field that tickets of this type do not have."""
    if not isinstance(effect, SetField) or effect.reason not in {FOUND, ANSWERED}:
        return False
    field = policy.field(effect.name)
    return field is not None and not applies(field, after.queue, after.type)


def _listens(decision: Decision, policy: Policy) -> bool:
    message = _customers(decision, policy)
    return message is not None and (decision.opens is not None or message.verified)


def _spoken(typed: TypedTicket, words: str) -> Iterator[Effect]:
    """The levels that a customer's words speak of, where none is known."""
    for scale in SCALES:
        kind = typed.kind
        if kind is None or not kind.levels(scale) or typed.after.field(scale):
            continue
        level = levels.said(kind, scale, words)
        if level is not None:
            yield SetField(scale, level, "said-by-customer")


def _with_priority(decision: Decision, typed: TypedTicket, by_hand: bool) -> Decision:
    moved = any(isinstance(e, SetType) or (isinstance(e, SetField) and e.name in SCALES) for e in decision.effects)
    explicit = any(isinstance(effect, SetPriority) for effect in decision.effects)
    to = levels.priority_of(typed.kind, typed.after) if typed.kind and moved and not explicit else None
    was = typed.after.priority
    if to is None or to == was:
        return decision
    if by_hand:
        kept = RecordEvent("priority-kept", "priority-by-hand", detail=to)
        return _done(replace(decision, effects=(*decision.effects, kept)), Done("priority_kept", was, to))
    followed = replace(decision, effects=(*decision.effects, SetPriority(to, BY_LEVELS)))
    return _done(followed, Done("priority", to, was))


def _done(decision: Decision, line: Done) -> Decision:
    """The decision with a line more on the receipt, where there is one."""
    feedback = decision.feedback
    return replace(decision, feedback=replace(feedback, done=(*feedback.done, line))) if feedback.done else decision
