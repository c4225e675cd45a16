"""The agent who writes commands (`Asker`), and the kinds of steps that one command may lead to (`Step`)."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from mailtickets.config.models import Agent
from mailtickets.desk.figures.order import ReportOrder
from mailtickets.desk.model.decision import Decision, Done, Problem
from mailtickets.desk.model.effects import Effect
from mailtickets.desk.model.facts import Facts
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.model.reason import Reason
from mailtickets.desk.model.ticket import Ticket
from mailtickets.desk.notices.row import NoticeName


@dataclass(frozen=True, slots=True)
class Asker:
    """The agent who writes the commands, and the facts that the commands are carried out with."""

    agent: Agent
    facts: Facts
    policy: Policy
    now: datetime
    answers: bool = False
    """The mail that has the commands has words for the customer too."""
    given: Counter[str] = field(default_factory=Counter)
    """How many tickets the commands carried out so far have given to agents in turn, by key."""

    def may_see(self, ticket: Ticket) -> bool:
        """Whether the agent may see a ticket: one of their queues, one assigned to them, or one they take part in."""
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
    """The command can be done, but only after the agent has confirmed it by a second mail."""

    reason: Reason
    done: Done


Step = Effect | Done | Problem | NoticeRequest | ReportOrder | Doubt | Decision
"""What a command's function yields. A Decision is what is done to another ticket."""
