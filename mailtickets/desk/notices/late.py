"""Notices because a clock of a ticket is nearly due, or overdue.

They go to those who have the ticket, and to those whom a step of escalation names.

A step may name people who are no agents. They get figures of the ticket (`outside`).
Agents who are off duty or away are passed over while somebody else is there.
"""

from collections.abc import Iterator, Sequence

from mailtickets.config.levels import Escalation
from mailtickets.config.models import Agent
from mailtickets.desk.clock.clocks import Clock
from mailtickets.desk.clock.levels import named
from mailtickets.desk.clock.timers import acts_on_ticket, step_named, told_of_ticket
from mailtickets.desk.model.decision import Decision
from mailtickets.desk.model.effects import Assign, FireTimer, MoveTo, SetPriority
from mailtickets.desk.model.ticket import Ticket
from mailtickets.desk.notices.contexts import name_of
from mailtickets.desk.notices.notice import Notice, Occasion
from mailtickets.desk.notices.outside import figures, local, to_outsiders
from mailtickets.desk.notices.row import NoticeName
from mailtickets.desk.notices.shown_last import shown_last
from mailtickets.desk.rules.assignment import is_away


def of_deadlines(occasion: Occasion) -> Iterator[Notice]:
    """The notices of a timer that fired."""
    situation = occasion.situation
    fired = next((effect for effect in situation.decision.effects if isinstance(effect, FireTimer)), None)
    after = situation.after
    if fired is None or after is None:
        return
    if "due_soon" in situation.decision.notices:
        clock = next((clock for clock in situation.clocks_before if clock.name == fired.name), None)
        if clock is not None:
            yield _to_agents("due_soon", _those_who_have_it(occasion, after, clock), occasion, clock, None)
    elif "escalated" in situation.decision.notices:
        found = step_named(fired.name, situation.clocks_before, occasion.policy)
        if found is not None:
            clock, _, step = found
            agents = _told(occasion, after, clock, step, fired)
            yield _to_agents("escalated", agents, occasion, clock, step)
            if fired.kind == "escalate":
                outside = [address for address in step.notify if occasion.policy.agent(address) is None]
                shown = {"deadline": _deadline(clock, occasion, step), "late": figures(after, occasion)}
                yield to_outsiders("overdue", outside, occasion, shown)


def _told(occasion: Occasion, after: Ticket, clock: Clock, step: Escalation, fired: FireTimer) -> tuple[Agent, ...]:
    """The agents who are told of a step now. Those whom it names and who are off duty are told later, one by one."""
    policy = occasion.policy
    if fired.kind == "tell":
        agent = policy.agent(fired.name.split(":", 2)[2])
        return (agent,) if agent is not None else ()
    if step.notify:
        agents = [agent for address in step.notify if (agent := policy.agent(address)) is not None]
        return tuple(agent for agent in agents if policy.on_duty(agent, occasion.now, _calendar(clock, occasion)))
    return () if acts_on_ticket(step) else _those_who_have_it(occasion, after, clock)


def _those_who_have_it(occasion: Occasion, ticket: Ticket, clock: Clock) -> tuple[Agent, ...]:
    """The assignee, if they are there; else those of the queue who are; else all of them."""
    people, policy = told_of_ticket(ticket, occasion.policy), occasion.policy
    calendar, desk = _calendar(clock, occasion), occasion.situation.desk
    there = tuple(
        agent
        for agent in people
        if policy.on_duty(agent, occasion.now, calendar) and not is_away(agent, desk, occasion.now)
    )
    assignee = policy.agent(ticket.assignee) if ticket.assignee else None
    return (assignee,) if assignee is not None and assignee in there else there or people


def _calendar(clock: Clock, occasion: Occasion) -> str:
    level = named(clock.level, occasion.policy)
    return level.calendar if level is not None else ""


def _to_agents(
    name: NoticeName, agents: Sequence[Agent], occasion: Occasion, clock: Clock, step: Escalation | None
) -> Notice:
    deadline = {"deadline": _deadline(clock, occasion, step)}
    return shown_last(name, agents, occasion, {**deadline, "changed": _changed(occasion)} if step else deadline)


def _deadline(clock: Clock, occasion: Occasion, step: Escalation | None) -> dict[str, object]:
    overdue = clock.due_at is not None and occasion.now >= clock.due_at
    return {
        "clock": clock.name,
        "due_at": local(clock.due_at, occasion),
        "now": local(occasion.now, occasion),
        "since": local(clock.started_at, occasion),
        "overdue": overdue,
        "percent": round(step.at * 100) if step is not None else None,
    }


def _changed(occasion: Occasion) -> dict[str, object]:
    """What the step has changed of the ticket."""
    decision: Decision = occasion.situation.decision
    changed: dict[str, object] = {"priority": None, "queue": None, "assignee": None}
    for effect in decision.effects:
        match effect:
            case SetPriority(to=to):
                changed["priority"] = to
            case MoveTo(queue=name):
                queue = occasion.policy.queue(name)
                changed["queue"] = queue.title if queue is not None else name
            case Assign(to=str() as to):
                changed["assignee"] = name_of(to, occasion.policy)
    return changed
