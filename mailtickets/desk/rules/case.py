"""A mail to decide on, with everything that the rules look at: one value, so that each rule takes one argument."""

from dataclasses import dataclass
from datetime import datetime

from mailtickets.config.models import Agent
from mailtickets.desk.claims.authors import agent_of, authentic, matched, writer
from mailtickets.desk.claims.matching import Match, claimed
from mailtickets.desk.model.decision import Decision, Outcome
from mailtickets.desk.model.facts import Facts
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.model.reason import Reason
from mailtickets.desk.model.ticket import Ticket
from mailtickets.desk.rules.questions import Orders, Questions
from mailtickets.mail.model import Address, InboundMail


@dataclass(frozen=True, slots=True)
class Case:
    """A mail, the facts about it, and the configuration."""

    asked: Questions
    facts: Facts
    policy: Policy
    now: datetime
    """Aware."""
    author: Address
    """The writer of the mail; NOBODY where the mail names none."""
    agent: Agent | None
    """The agent in whose name the mail comes. That is no proof yet."""
    found: Match | None
    """The ticket that the author's own evidence leads to."""

    @classmethod
    def of(cls, asked: Questions, facts: Facts, policy: Policy, now: datetime) -> "Case":
        """The case of a mail; agents' commands are read here if nobody has read them before."""
        mail, agent = asked.mail, agent_of(asked.mail, facts, policy)
        author, found = writer(mail, facts, policy), matched(mail, facts, policy)
        return cls(asked.of_agent(agent), facts, policy, now, author, agent, found)

    @property
    def mail(self) -> InboundMail:
        return self.asked.mail

    @property
    def orders(self) -> Orders:
        """The commands of an agent's mail; AssertionError for anybody else's."""
        if self.asked.orders is None:
            raise AssertionError("only an agent's mail has orders")
        return self.asked.orders

    @property
    def is_authentic(self) -> bool:
        """Whether the author's own domain vouches for the mail."""
        return authentic(self.facts)

    @property
    def pointed_at(self) -> Ticket | None:
        """The ticket that the mail points at, whoever wrote it."""
        return claimed(self.facts)


def nothing(outcome: Outcome, reason: Reason, ticket: Ticket | None) -> Decision:
    return Decision(reason, ticket=ticket.number if ticket else None, outcome=outcome)


def other_queues(case: Case, *informed: str) -> tuple[str, ...]:
    """The names of the queues a mail is addressed to, without those that are `informed` already."""
    return tuple(queue.name for queue in (case.facts.queue, *case.facts.also_queues) if queue.name not in informed)
