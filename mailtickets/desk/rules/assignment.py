"""Which agent a new ticket is assigned to: nobody, the next agent in turn, or the agent with the fewest tickets.

Agents who are away get none. If all of them are away, the ticket has no assignee and the whole queue gets the notice.
"""

from datetime import UTC, datetime

from mailtickets.config.models import Agent, Queue
from mailtickets.desk.model.effects import Assign
from mailtickets.desk.model.facts import Desk
from mailtickets.desk.model.policy import Policy

_NEVER = datetime.min.replace(tzinfo=UTC)


def turn(queue: Queue, desk: Desk, policy: Policy, now: datetime) -> Assign | None:
    """The assignment of a new ticket, by `assignment` of its queue; None: nobody."""
    there = [agent for agent in policy.agents_of(queue.name) if not is_away(agent, desk, now)]
    if queue.assignment == "none" or not there:
        return None
    if queue.assignment == "least_open":
        return Assign(min(there, key=lambda a: (desk.loads.get(_key(a), 0), _last(a, desk))).address, "least-open")
    return Assign(min(there, key=lambda agent: _last(agent, desk)).address, "by-turns")


def is_away(agent: Agent, desk: Desk, now: datetime) -> bool:
    until = desk.absent_until.get(_key(agent))
    return until is not None and until > now


def _last(agent: Agent, desk: Desk) -> datetime:
    return desk.assigned_at.get(_key(agent), _NEVER)


def _key(agent: Agent) -> str:
    return agent.address.casefold()
