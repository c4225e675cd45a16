"""Reads a mail for a decision: its questions, its author's signature, and the ready answers that it asks for.

An agent's mail is read without the agent's signature, which is in the database: the reading of such a mail belongs to
the transaction that reads the facts. A customer's mail is read before the transaction begins.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from mailtickets.config.models import Agent
from mailtickets.desk.claims.authors import agent_of, matched
from mailtickets.desk.claims.matching import claimed
from mailtickets.desk.letters.canned import canned, canned_commands
from mailtickets.desk.letters.canned_files import canned_names
from mailtickets.desk.model.decision import Decision
from mailtickets.desk.model.facts import LEFT_CLOSED, Facts, Leaving, SignatureFact
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.model.reason import OtherReason
from mailtickets.desk.model.ticket import Ticket
from mailtickets.desk.notices.contexts import context
from mailtickets.desk.notices.notice import Occasion, Situation
from mailtickets.desk.rules.questions import Questions, questions
from mailtickets.desk.signatures.learning import Seen, seen_in
from mailtickets.desk.signatures.written import as_written, signer_of
from mailtickets.gateway.rules import Rules
from mailtickets.mail.kind.junk import NO_MARK, JunkVerdict
from mailtickets.mail.model import InboundMail
from mailtickets.store import signatures
from mailtickets.store.inbound import Received


@dataclass(frozen=True, slots=True)
class Incoming:
    """A received message, with what was found out about it before a transaction begins."""

    received: Received
    mail: InboundMail
    unparsed: str | None = None
    """The reason code, if the message could not be read."""
    junk: JunkVerdict = NO_MARK
    leaving: Leaving = LEFT_CLOSED
    """How imported mail leaves its ticket."""
    questions: Questions | None = None
    """The questions of a customer's mail. None for an agent's mail, or if they have not been read yet."""


def moment(received: Received | None, now: datetime) -> datetime:
    """The time as of which a mail is decided on: now; for imported mail, when it was received."""
    if received is None or not received.envelope.door.is_history:
        return now
    return min(now, received.envelope.received_at)


def customer_questions(received: Received, mail: InboundMail, policy: Policy) -> Questions | None:
    """The questions of a customer's mail; None for an agent's mail."""
    return None if _agent_in_from(mail, policy) else questions(mail, policy, received.correction)


def incoming_questions(
    connection: Connection, incoming: Incoming, policy: Policy
) -> tuple[Questions, SignatureFact | None]:
    """The questions of a mail, and the signature that was cut from it. Nothing is cut from a customer's mail."""
    agent = _agent_in_from(incoming.mail, policy)
    if agent is not None:
        return agent_questions(connection, incoming, agent, policy)
    return incoming.questions or questions(incoming.mail, policy, incoming.received.correction), None


def agent_questions(
    connection: Connection, incoming: Incoming, agent: Agent, policy: Policy
) -> tuple[Questions, SignatureFact | None]:
    """The questions of an agent's mail without the agent's signature, and the signature that was cut from the mail."""
    learned = signatures.learned(connection, agent.address)
    mail, signature = as_written(incoming.mail, signer_of(agent, policy, learned))
    return questions(mail, policy, incoming.received.correction).of_agent(agent), signature


def _agent_in_from(mail: InboundMail, policy: Policy) -> Agent | None:
    return policy.agent(mail.author.address) if mail.author else None


# --- signatures that are learned ----------------------------------------------------------------------

_SURELY_AN_AGENTS = frozenset({"agent-answer", "agent-note", "agent-commands", "opened-by-agent"})
"""Reasons of decisions that need more proof than a From line. Signatures are learned only from mail with such a
reason."""


def shown_signature(mail: InboundMail, decision: Decision, policy: Policy) -> Seen | None:
    """The author's signature that a mail shows, if the author is surely an agent. `mail` still has the signature."""
    agent = policy.agent(decision.actor) if decision.reason in _SURELY_AN_AGENTS else None
    return seen_in(mail, agent.address, signer_of(agent, policy)) if agent else None


# --- ready answers ------------------------------------------------------------------------------------


def with_canned(facts: Facts, asked: Questions, rules: Rules, now: datetime) -> Facts:
    """The facts, with the ready answers that an agent's mail asks for, rendered for the ticket of the mail."""
    policy, templates = rules.policy, rules.templates
    names = asked.orders.ready_answers if asked.orders and agent_of(asked.mail, facts, policy) else None
    if not names:
        return facts
    found = matched(asked.mail, facts, policy)
    ticket = found.ticket if found else claimed(facts)
    if ticket is None:
        return facts
    texts = {name: text for name in names if (text := _canned(name, ticket, rules, now)) is not None}
    carried = {name: canned_commands(templates, name, ticket.locale) for name in texts}
    return replace(facts, canned=texts, canned_commands=carried, canned_names=canned_names(templates, ticket.locale))


def _canned(name: str, ticket: Ticket, rules: Rules, now: datetime) -> str | None:
    """The text of a ready answer for a ticket; None if there is no ready answer of this name."""
    policy = rules.policy
    queue = policy.queue(ticket.queue) or policy.queues[0]
    situation = Situation(Decision(OtherReason("canned")), ticket, ticket)
    values = context(Occasion(situation, queue, policy, now), ticket.locale, public=True)
    try:
        return canned(rules.templates, name, ticket.locale, values)
    except KeyError:
        return None
