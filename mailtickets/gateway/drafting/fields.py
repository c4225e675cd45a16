"""Adds to a decision what its mail says of the ticket: values of fields, levels, the priority; and what was asked.

The rules of the configuration stand between: they see the values, and the type that they set says what else is needed.
"""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from mailtickets.desk.fields.find import MailParts, found
from mailtickets.desk.fields.gathered import (
    ASKED,
    FOUND,
    completed,
    concerns_levels,
    fields_that_come,
    reads_values,
    told,
    with_values,
)
from mailtickets.desk.model.decision import Decision
from mailtickets.desk.model.effects import MoveTo, RecordEvent, SetField, SetType
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.model.ticket import Ticket
from mailtickets.desk.notices.notice import Notice
from mailtickets.gateway.drafting.basis import Basis
from mailtickets.mail.model import InboundMail
from mailtickets.store import fields


def with_values_of_mail(
    connection: Connection, decision: Decision, mail: InboundMail, before: Ticket | None, policy: Policy
) -> Decision:
    """The decision with the values of fields that its mail says."""
    if not reads_values(decision, policy):
        return decision
    if before is None:
        return with_values(decision, MailParts.of_new(mail), None, policy)
    return with_values(decision, MailParts.of_reply(mail), before, policy, fields.asked(connection, before.number))


def with_values_of_text(decision: Decision, text: str, policy: Policy) -> Decision:
    """The decision of the shell to open a ticket, with the values that its text and subject say."""
    if decision.opens is None or not policy.fields:
        return decision
    return with_values(decision, MailParts((text, decision.opens.subject)), None, policy)


def with_values_said_before(connection: Connection, basis: Basis, policy: Policy) -> Basis:
    """What a draft is made from, with the values that the customer has said before, of fields that belong to the
    ticket only now: its type or its queue changes."""
    before, decision = basis.before, basis.decision
    if before is None or not any(isinstance(effect, SetType | MoveTo) for effect in decision.effects):
        return basis
    wanted = fields_that_come(decision, before, policy)
    effects: list[SetField] = []
    for parts in fields.said(connection, before) if wanted else ():
        values = found([one for one in wanted if one.name not in {effect.name for effect in effects}], parts)
        effects += [SetField(name, value, FOUND) for name, value in values]
    return replace(basis, decision=told(replace(decision, effects=(*decision.effects, *effects)), effects, policy))


def with_levels(connection: Connection, basis: Basis, policy: Policy, now: datetime) -> Basis:
    """What a draft is made from, with the levels that the customer's words speak of and the priority that follows."""
    before, decision = basis.before, basis.decision
    if not concerns_levels(decision, before, policy):
        return basis
    weighs = any(kind.impact or kind.urgency for kind in policy.kinds)
    by_hand = weighs and before is not None and fields.priority_by_hand(connection, before.number)
    mail = basis.mail
    subject = decision.opens.subject if decision.opens else ""
    words = f"{subject}\n{mail.reply if mail else basis.text}"
    return replace(basis, decision=completed(decision, before, policy, now, words=words, by_hand=by_hand))


def with_questions(basis: Basis, notices: tuple[Notice, ...]) -> Basis:
    """What a draft is made from, with the event of what is asked in the acknowledgement, if one goes out."""
    questions = [question for notice in notices for question in questions_of(notice)]
    if not questions:
        return basis
    event = RecordEvent(ASKED, "asked-in-acknowledgement", detail=" ".join(questions))
    return replace(basis, decision=replace(basis.decision, effects=(*basis.decision.effects, event)))


def questions_of(notice: Notice) -> list[str]:
    """The names of the fields that a notice asks for, in the order of its questions."""
    asks = notice.context.get("asks")
    return [str(ask["name"]) for ask in asks] if isinstance(asks, list) else []
