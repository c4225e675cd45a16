"""The agents who follow a ticket, and those who get a notice of what is written on it."""

from mailtickets.config.models import Agent, Queue
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.model.ticket import Ticket


def watching(ticket: Ticket, queue: Queue, policy: Policy) -> tuple[Agent, ...]:
    """The agents who get a notice of what is written on a ticket: as `notify` says, and always its assignee."""
    everyone = policy.agents_of(queue.name)
    wanted = {ticket.assignee.casefold()} if ticket.assignee else set()
    if queue.notify == "watchers":
        wanted |= followers(ticket)
    chosen = tuple(agent for agent in policy.agents if agent.address.casefold() in wanted)
    if queue.notify == "queue":
        return tuple(dict.fromkeys([*everyone, *chosen]))
    return chosen or everyone


def followers(ticket: Ticket) -> set[str]:
    """The keys of the agents among the participants."""
    return {p.address.key for p in ticket.participants if p.role == "agent"}
