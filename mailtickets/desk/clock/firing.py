"""What is done when the time of a timer has come. Each kind of timer has its owner; this module leads there.

In: the timer, the ticket with its clocks as they are now, what is known of the agents' work, the policy, the time.
Out: a decision with a `FireTimer` effect, or None if the timer is void: its clock has ended, or is due later now.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from mailtickets.config.levels import Escalation, ServiceLevel
from mailtickets.config.models import Agent
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
    chosen = chosen_for(case, step, queue.name if queue is not None else ticket.queue) if step.assign else None
    if chosen is not None:
        yield Assign(chosen.address, why)
    elif moves and not _belongs_to(ticket, step.queue, policy):
        yield Assign(None, why)


def _belongs_to(ticket: Ticket, queue: str, policy: Policy) -> bool:
    """Whether the assignee, if there is one, works in this queue too."""
    agent = policy.agent(ticket.assignee) if ticket.assignee else None
    return ticket.assignee is None or (agent is not None and queue in agent.queues)


def chosen_for(case: DueCase, step: Escalation, queue: str) -> Agent | None:
    """Who gets the ticket: the agent that the step names, or the one with the least work who is there and has not got
    it now. None: nobody else is there."""
    ticket, policy = case.ticket, case.policy
    if step.assign != "turn" and not step.assign.startswith("skill:"):
        agent = policy.agent(step.assign)
        return agent if agent is not None and not _has(agent, ticket) else None
    others = [agent for agent in policy.agents_of(queue) if not _has(agent, ticket) and _is_there(agent, case)]
    if step.assign.startswith("skill:"):
        skill = step.assign.removeprefix("skill:")
        others = [agent for agent in others if skill in agent.skills]
    return min(others, key=lambda agent: case.desk.loads.get(agent.address.casefold(), 0), default=None)


def _has(agent: Agent, ticket: Ticket) -> bool:
    return ticket.assignee is not None and ticket.assignee.casefold() == agent.address.casefold()


def _is_there(agent: Agent, case: DueCase) -> bool:
    """Whether an agent is on duty, not away, and has room for one more ticket."""
    key, desk = agent.address.casefold(), case.desk
    until = desk.absent_until.get(key)
    has_room = not agent.capacity or desk.loads.get(key, 0) < agent.capacity
    return has_room and (until is None or until <= case.now) and case.policy.on_duty(agent, case.now)
