"""Who asks for something by command, and what may follow from one command: the steps that carrying out is made of."""

from dataclasses import dataclass
from datetime import datetime

from mailtickets.config.models import Agent
from mailtickets.desk.model.decision import Decision, Done, Problem
from mailtickets.desk.model.effects import Effect
from mailtickets.desk.model.facts import Facts
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.model.reason import Reason
from mailtickets.desk.model.ticket import Ticket
from mailtickets.desk.notices.rows import NoticeName


@dataclass(frozen=True, slots=True)
class Asker:
    """The agent who asks, and what they ask in view of."""

    agent: Agent
    facts: Facts
    policy: Policy
    now: datetime

    def may_see(self, ticket: Ticket) -> bool:
        """Tickets of the agent's own queues, and those they have or work on."""
        mine = {self.agent.address.casefold(), *(alias.casefold() for alias in self.agent.aliases)}
        works_on_it = any(p.role == "agent" and p.address.key in mine for p in ticket.participants)
        return ticket.queue in self.agent.queues or (ticket.assignee or "").casefold() in mine or works_on_it

    def ticket(self, number: int) -> Ticket | None:
        found = self.facts.tickets.get(number)
        return found if found is not None and self.may_see(found) else None


@dataclass(frozen=True, slots=True)
class NoticeRequest:
    """A notice that answers the agent."""

    notice: NoticeName
    search: str = ""


@dataclass(frozen=True, slots=True)
class Doubt:
    """It can be done, but not before the agent has said so a second time."""

    reason: Reason
    done: Done


Step = Effect | Done | Problem | NoticeRequest | Doubt | Decision
"""A Decision is what is done to another ticket."""
