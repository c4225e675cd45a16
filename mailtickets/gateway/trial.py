"""What would become of one mail now, and what the rules of the configuration make of it. Nothing is written.

With a desk, the facts are those of its database. Without one, the mail comes to a desk that has had no mail.
Fails with: what the database raises.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from mailtickets.desk.claims.authors import verdict_on_author
from mailtickets.desk.claims.matching import queues
from mailtickets.desk.fields.find import MailParts
from mailtickets.desk.fields.gathered import reads_values, with_values
from mailtickets.desk.model.decision import Decision
from mailtickets.desk.model.facts import CustomerHistory, Desk, Facts
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.model.ticket import Ticket
from mailtickets.desk.rules.case import Case
from mailtickets.desk.rules.configured.compare import Difference, differences, ending, finished
from mailtickets.desk.rules.configured.step import apply, of_mail
from mailtickets.desk.rules.decide import decide
from mailtickets.desk.rules.opening import as_opening
from mailtickets.desk.rules.questions import Questions, questions
from mailtickets.gateway.drafting.fields import with_values_of_mail
from mailtickets.gateway.drafting.ruling import ruled
from mailtickets.mail.kind.junk import spam_flags
from mailtickets.mail.model import Address, InboundMail
from mailtickets.store.inbound import Received
from mailtickets.store.read.facts import gather


@dataclass(frozen=True, slots=True)
class Trial:
    """A mail, decided on as it would be now."""

    author: Address
    queue: str
    decision: Decision
    """With what the rules say."""
    changes: tuple[Difference, ...]
    """What is otherwise because of the rules."""


def tried(connection: Connection | None, received: Received, mail: InboundMail, policy: Policy, now: datetime) -> Trial:
    """Decides on a mail. `connection` only reads; None: there is no desk yet."""
    heeded = received.envelope.trusted and policy.junk.spam_headers
    junk = spam_flags(mail.headers, trusted=heeded)
    asked = questions(mail, policy, received.correction)
    if connection is None:
        facts = replace(_facts_of_a_new_desk(received, mail, policy), junk=junk)
    else:
        facts, asked = gather(connection, received, asked, policy, now, junk=junk)
    decision = decide(asked.mail, facts, policy, now, asked)
    before = facts.tickets.get(decision.ticket or 0)
    decision = _with_values(connection, decision, as_opening(asked.mail, facts), before, policy)
    with_rules = _with_rules(connection, decision, facts, asked, policy, now)
    words = f"{asked.mail.subject if decision.opens else ''}\n{asked.mail.reply}"
    plain, ends = (finished(one, before, policy, now, words) for one in (decision, with_rules))
    changes = differences(ending(plain, before, now), ending(ends, before, now))
    return Trial(Case.of(asked, facts, policy, now).author, facts.queue.name, with_rules, changes)


def _with_values(
    connection: Connection | None, decision: Decision, mail: InboundMail, before: Ticket | None, policy: Policy
) -> Decision:
    """The decision with the values of fields that the mail says."""
    if connection is not None:
        return with_values_of_mail(connection, decision, mail, before, policy)
    return with_values(decision, MailParts.of_new(mail), None, policy) if reads_values(decision, policy) else decision


def _with_rules(
    connection: Connection | None, decision: Decision, facts: Facts, asked: Questions, policy: Policy, now: datetime
) -> Decision:
    if connection is not None:
        return ruled(connection, decision, facts, asked, policy, now)[0]
    case = Case.of(asked, facts, policy, now)
    matters = of_mail(decision, case)
    return apply(decision, matters, policy, now, history=CustomerHistory(), desk=Desk(), case=case)


def _facts_of_a_new_desk(received: Received, mail: InboundMail, policy: Policy) -> Facts:
    queue, *also = queues(mail, received.envelope, policy)
    verdict = verdict_on_author(mail, queue, policy, received.authentication)
    return Facts(received.envelope, queue, tuple(also), authentication=verdict)
