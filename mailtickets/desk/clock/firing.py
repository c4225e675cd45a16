"""What is done when the time of a timer has come. Each kind of timer has its owner; this module leads there.

In: the timer, the ticket with its clocks as they are now, what is known of the agents' work, the policy, the time.
Out: a decision with a `FireTimer` effect, or None if the timer is void: its clock has ended, or is due later now.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from mailtickets.config.levels import Escalation, ServiceLevel
from mailtickets.config.models import Agent, Queue
from mailtickets.desk.clock import stages
from mailtickets.desk.clock.clocks import Clock
from mailtickets.desk.clock.timers import Timer, step_named
from mailtickets.desk.model.decision import Decision
from mailtickets.desk.model.effects import Assign, Effect, FireTimer, MoveTo, SetPriority, SetStatus
from mailtickets.desk.model.facts import Desk
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.model.reason import OtherReason, Reason
from mailtickets.desk.model.ticket import PRIORITIES, Ticket
from mailtickets.desk.notices.row import NoticeName
from mailtickets.desk.rules.assignment import given_out, turn_of_rule, wanted_by_type


@dataclass(frozen=True, slots=True)
class DueCase:
    """A timer whose time has come, and all that its owner may know."""

    timer: Timer
    ticket: Ticket
    clocks: Sequence[Clock]
    desk: Desk
    policy: Policy
    now: datetime

    @property
    def fires(self) -> FireTimer:
        return FireTimer(self.timer.kind, self.timer.name, self.timer.epoch)


def fire(case: DueCase) -> Decision | None:
    """The decision that a timer calls for; None: it is void."""
    match case.timer.kind:
        case "warn":
            return _warn(case)
        case "due":
            return _due(case)
        case "escalate":
            return _escalate(case)
        case "tell":
            return _tell(case)
        case "stage":
            return _stage(case)
        case "rule":  # the step after the decision asks the rule, as it asks rules about mail
            return Decision(OtherReason(f"rule:{case.timer.name}"), (case.fires,), case.ticket.number)
        case _:
            return None


def _stage(case: DueCase) -> Decision | None:
    """Moves the ticket to the stage that follows. Agents are told if somebody must act there."""
    effects = stages.by_clock(case.ticket, case.timer.name, case.timer.epoch, case.policy)
    if not effects:
        return None
    status = next((effect.to for effect in effects if isinstance(effect, SetStatus)), case.ticket.status)
    notices: tuple[NoticeName, ...] = ("stage_over",) if status in {"new", "open"} else ()
    reason = OtherReason(f"stage:{case.timer.name}")
    return Decision(reason, (case.fires, *effects), case.ticket.number, notices=notices)


# --- service levels -----------------------------------------------------------------------------------


def reason_of(level: str) -> Reason:
    """The reason of what a level does; a promised date belongs to none."""
    return OtherReason(f"level:{level}") if level else "promised-date"


def _warn(case: DueCase) -> Decision | None:
    """Tells those who have the ticket that a clock is nearly due. Once it is overdue, the warning comes too late."""
    clock = _clock(case, case.timer.name)
    if clock is None:
        return None
    notices: tuple[NoticeName, ...] = () if clock.state == "missed" else ("due_soon",)
    return Decision(reason_of(clock.level), (case.fires,), case.ticket.number, notices=notices)


def _due(case: DueCase) -> Decision | None:
    """Records that a clock's time is over."""
    clock = _clock(case, case.timer.name)
    return Decision(reason_of(clock.level), (case.fires,), case.ticket.number) if clock is not None else None


def _escalate(case: DueCase) -> Decision | None:
    found = step_named(case.timer.name, case.clocks, case.policy)
    if found is None:
        return None
    clock, level, step = found
    effects = (case.fires, *_changes(case, level, step))
    return Decision(reason_of(clock.level), effects, case.ticket.number, notices=("escalated",))


def _tell(case: DueCase) -> Decision | None:
    """Tells somebody of a step of escalation who was off duty when it was taken."""
    found = step_named(case.timer.name, case.clocks, case.policy)
    if found is None:
        return None
    return Decision(reason_of(found[0].level), (case.fires,), case.ticket.number, notices=("escalated",))


def _clock(case: DueCase, name: str) -> Clock | None:
    return next((clock for clock in case.clocks if clock.name == name and clock.runs), None)


def _changes(case: DueCase, level: ServiceLevel, step: Escalation) -> Iterator[Effect]:
    """What a step changes. It raises a priority and never lowers one."""
    ticket, policy, why = case.ticket, case.policy, reason_of(level.name)
    if step.priority and PRIORITIES.index(step.priority) > PRIORITIES.index(ticket.priority):
        yield SetPriority(step.priority, why)
    queue = policy.queue(step.queue) if step.queue else None
    moves = queue is not None and queue.name != ticket.queue
    if queue is not None and moves:
        yield MoveTo(queue.name, why)
    at = queue if moves else policy.queue(ticket.queue)
    yield from _given(case, step, at, why, moves=moves) if at is not None else ()


def _belongs_to(ticket: Ticket, queue: str, policy: Policy) -> bool:
    """Whether the assignee, if there is one, works in this queue too."""
    agent = policy.agent(ticket.assignee) if ticket.assignee else None
    return ticket.assignee is None or (agent is not None and queue in agent.queues)


def _given(case: DueCase, step: Escalation, queue: Queue, why: Reason, *, moves: bool) -> Iterator[Effect]:
    """Who has the ticket after a step: the agent that the step names, or whose turn it is, never who has it now.

    A ticket that moves to another queue is given to somebody there, if the queue gives out its tickets.
    """
    ticket, policy = case.ticket, case.policy
    wanted = turn_of_rule(step.assign)
    named = policy.agent(step.assign) if step.assign and wanted is None else None
    if named is not None:
        yield from () if _has(named, ticket) else (Assign(named.address, why),)
        return
    holder = policy.agent(ticket.assignee) if ticket.assignee else None
    stays = _belongs_to(ticket, queue.name, policy)
    if wanted is None and (not moves or (holder is not None and stays)):
        return
    others = replace(wanted or wanted_by_type(ticket.type, policy), but=holder.address if holder else "")
    if wanted is not None and queue.assignment == "none":  # what is late is for the one with the least work
        queue = queue.model_copy(update={"assignment": "least_open"})
    given = given_out(queue, case.desk, policy, case.now, others)
    assigned = any(isinstance(effect, Assign) for effect in given)
    if holder is not None and not assigned:
        if stays:
            return
        yield Assign(None, why)
    for effect in given:
        yield replace(effect, reason=why, is_turn=True) if isinstance(effect, Assign) else effect


def _has(agent: Agent, ticket: Ticket) -> bool:
    return ticket.assignee is not None and ticket.assignee.casefold() == agent.address.casefold()
