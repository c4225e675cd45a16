"""The effects of what rules say together, on the ticket as it was. Each carries `rule:NAME` as its reason.

What is so already has no effect. What a person has ordered in the same decision is left as they ordered it.
Fails with: nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from mailtickets.config.models import Queue
from mailtickets.config.rules import Rule
from mailtickets.desk.change import changed
from mailtickets.desk.clock import stages
from mailtickets.desk.model.decision import RuleVerdict
from mailtickets.desk.model.effects import (
    AddParticipant,
    Assign,
    AwaitTurn,
    Effect,
    MoveTo,
    OpenTicket,
    RecordEvent,
    SetField,
    SetPriority,
    SetStage,
    SetTags,
    SetType,
)
from mailtickets.desk.model.facts import Desk
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.model.reason import OtherReason, Reason
from mailtickets.desk.model.ticket import Ticket, priority_named
from mailtickets.desk.rules.assignment import (
    TurnWanted,
    given_out,
    has_skill,
    turn,
    turn_of_rule,
    wanted_by_type,
)
from mailtickets.desk.rules.configured.sums import RuleSum, Stated
from mailtickets.mail.model import Address


def reason_of(rule: Rule) -> Reason:
    return OtherReason(rule.reason)


def ordered(effects: Sequence[Effect]) -> frozenset[str]:
    """The keys of setters that a decision sets already, because a person ordered it."""
    found = set[str]()
    for effect in effects:
        match effect:
            case MoveTo():
                found.add("queue")
            case SetPriority():
                found.add("priority")
            case SetType():
                found.add("type")
            case SetStage():
                found.add("stage")
            case SetField(name=name, reason=None):  # a person; what a mail says has a reason of its own
                found.add(f"fields.{name}")
            case Assign(reason="ordered"):
                found.add("assign")
    return frozenset(found)


def queue_after(summed: RuleSum, ticket: Ticket, effects: Sequence[Effect]) -> str:
    """The name of the queue that has the ticket in the end."""
    moved = next((effect.queue for effect in reversed(effects) if isinstance(effect, MoveTo)), None)
    return moved or summed.value("queue") or ticket.queue


def on_ticket(
    summed: RuleSum, ticket: Ticket, effects: tuple[Effect, ...], policy: Policy, desk: Desk, now: datetime
) -> tuple[Effect, ...]:
    """The effects of a decision, and behind them those of the rules.

    `ticket` is the ticket as it was before the decision; `desk` knows the agents of the queue that has it in the end.
    """
    kept = summed.without(ordered(effects))
    moves = tuple(_moved(kept, ticket))
    opens = any(isinstance(effect, OpenTicket) for effect in effects)
    turned = bool(moves) or "assign" in kept.setters or (opens and "type" in kept.setters)
    remaining = tuple(effect for effect in effects if not (turned and _by_turn(effect)))
    queue = policy.queue(queue_after(kept, ticket, remaining))
    given = tuple(_assigned(kept, ticket, effects, queue, policy, desk, now))
    plain = (*moves, *given, *_set(kept, ticket), *_tags(kept, ticket), *_watching(kept, ticket, policy))
    return (*remaining, *plain, *_stage(kept, ticket, (*remaining, *plain), policy, now), *_recorded(kept))


def _by_turn(effect: Effect) -> bool:
    """Whether somebody was given the ticket because of the queue that it came to, or it waits for somebody there."""
    return isinstance(effect, AwaitTurn) or (isinstance(effect, Assign) and effect.reason != "ordered")


def _moved(summed: RuleSum, ticket: Ticket) -> Iterator[Effect]:
    said = summed.setters.get("queue")
    if said is not None and said.value != ticket.queue:
        yield MoveTo(said.value, reason_of(said.rule))


def _set(summed: RuleSum, ticket: Ticket) -> Iterator[Effect]:
    for key, said in summed.setters.items():
        reason = reason_of(said.rule)
        name = key.removeprefix("fields.")
        priority = priority_named(said.value) if key == "priority" else None
        if priority is not None and priority != ticket.priority:
            yield SetPriority(priority, reason)
        elif key == "type" and said.value != ticket.type:
            yield SetType(said.value, reason)
        elif name != key and said.value != ticket.field(name):
            yield SetField(name, said.value, reason)


def _tags(summed: RuleSum, ticket: Ticket) -> Iterator[Effect]:
    """An event for each rule that changes tags."""
    tags = ticket.tags
    for rule in summed.tags:
        kept = (tag for tag in tags if tag not in rule.remove_tags)
        to = tuple(dict.fromkeys((*kept, *rule.add_tags)))
        if to != tags:
            yield SetTags(to, reason_of(rule))
        tags = to


def _watching(summed: RuleSum, ticket: Ticket, policy: Policy) -> Iterator[Effect]:
    watching = {person.address.key for person in ticket.participants if person.role == "agent"}
    for said in summed.watch:
        agent = policy.agent(said.value)
        if agent is not None and agent.address.casefold() not in watching:
            yield AddParticipant(Address(agent.name, agent.address), "agent", reason=reason_of(said.rule))


def _stage(
    summed: RuleSum, ticket: Ticket, effects: Sequence[Effect], policy: Policy, now: datetime
) -> Iterator[Effect]:
    """The stage comes last: it belongs to the queue that has the ticket in the end. A move that the stages do not allow
    from there is not made."""
    moved = _stage_move(summed, ticket, effects, policy, now)
    if not isinstance(moved, stages.NoMove):
        yield from moved


def _stage_move(
    summed: RuleSum, ticket: Ticket, effects: Sequence[Effect], policy: Policy, now: datetime
) -> tuple[Effect, ...] | stages.NoMove:
    said = summed.setters.get("stage")
    if said is None:
        return ()
    after = changed(ticket, [effect for effect in effects if not isinstance(effect, OpenTicket)], now)
    return stages.by_rule(after, said.value, policy, reason_of(said.rule))


def stage_not_set(
    summed: RuleSum, ticket: Ticket, effects: Sequence[Effect], policy: Policy, now: datetime
) -> tuple[RuleVerdict, ...]:
    """A line for the trace, if the stages do not allow the move that a rule wants. `effects`: all of the decision."""
    no, said = _stage_move(summed, ticket, effects, policy, now), summed.setters.get("stage")
    if said is None or not isinstance(no, stages.NoMove):
        return ()
    why = (
        f"it needs {', '.join(no.needs)}" if no.needs else f"possible: {', '.join(s.name for s in no.possible) or '-'}"
    )
    return (RuleVerdict(said.rule.reason, f"no stage {said.value}", f"the stages do not allow it; {why}"),)


def _recorded(summed: RuleSum) -> Iterator[Effect]:
    """What changes nothing on the ticket, for its history."""
    for said in summed.notify:
        yield RecordEvent("told", reason_of(said.rule), said.value)
    answer = summed.setters.get("answer")
    if answer is not None:
        yield RecordEvent("ready-answer", reason_of(answer.rule), answer.value)


# --- who has it -----------------------------------------------------------------------------------------


def _assigned(
    summed: RuleSum,
    ticket: Ticket,
    effects: Sequence[Effect],
    queue: Queue | None,
    policy: Policy,
    desk: Desk,
    now: datetime,
) -> Iterator[Effect]:
    said, moved = summed.setters.get("assign"), summed.setters.get("queue")
    wanted = wanted_by_type(summed.value("type") or ticket.type, policy)
    if queue is None:
        return
    if said is not None:
        yield from _as_said(said, ticket, queue, policy, desk, now)
    elif any(isinstance(effect, OpenTicket) for effect in effects):
        if (moved is not None and queue.name != ticket.queue) or "type" in summed.setters:
            yield from given_out(queue, desk, policy, now, wanted)
    elif moved is not None and queue.name != ticket.queue:
        yield from _in_new_queue(ticket, queue, policy, desk, now, wanted, reason_of(moved.rule))


def _as_said(said: Stated, ticket: Ticket, queue: Queue, policy: Policy, desk: Desk, now: datetime) -> Iterator[Effect]:
    wanted, holder = turn_of_rule(said.value), policy.agent(ticket.assignee or "")
    if wanted is not None:
        if holder is None:
            yield from given_out(queue, desk, policy, now, wanted)
        elif not wanted.skill or not has_skill(holder, wanted.skill):
            assigned = turn(queue, desk, policy, now, replace(wanted, but=holder.address))
            yield from (assigned,) if assigned is not None else ()
        return
    agent = policy.agent(said.value)
    if agent is not None and agent.address.casefold() != (ticket.assignee or "").casefold():
        yield Assign(agent.address, reason_of(said.rule))


def _in_new_queue(
    ticket: Ticket,
    queue: Queue,
    policy: Policy,
    desk: Desk,
    now: datetime,
    wanted: TurnWanted,
    reason: Reason,
) -> Iterator[Effect]:
    """Whose turn it is in the queue that an older ticket moves to. An agent of that queue keeps the ticket."""
    assignee = policy.agent(ticket.assignee) if ticket.assignee else None
    if assignee is not None and queue.name in assignee.queues:
        return
    given = given_out(queue, desk, policy, now, wanted)
    if assignee is not None and not any(isinstance(effect, Assign) for effect in given):
        yield Assign(None, reason)
    yield from given
