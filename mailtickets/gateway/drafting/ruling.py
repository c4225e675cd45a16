"""The rules of the configuration, asked about the decision on a mail or an order, with what they must know.

Reads only what a rule asks for: a customer's history, and the agents of a queue where one of them is given the ticket.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from mailtickets.desk.letters.canned_files import canned_file
from mailtickets.desk.letters.sandbox import Templates
from mailtickets.desk.model.decision import Decision
from mailtickets.desk.model.effects import AddMessage, RecordEvent
from mailtickets.desk.model.facts import Desk, Facts
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.model.reason import OtherReason, Reason
from mailtickets.desk.model.ticket import Ticket
from mailtickets.desk.notices.plan import why_not_acknowledged
from mailtickets.desk.rules.agent_new_mail import OPENED_BY_AGENT
from mailtickets.desk.rules.case import Case
from mailtickets.desk.rules.configured.look import Matching, asks_history
from mailtickets.desk.rules.configured.matter import Matter
from mailtickets.desk.rules.configured.step import applied, due_rule, looked, needs_desk, of_mail, of_order
from mailtickets.desk.rules.questions import Questions
from mailtickets.gateway.drafting.basis import Basis
from mailtickets.gateway.drafting.by_clock import by_clock_to_disowned
from mailtickets.store.read.agent_facts import turns_of
from mailtickets.store.read.customers import history_of


def ruled(
    connection: Connection,
    decision: Decision,
    facts: Facts,
    asked: Questions,
    policy: Policy,
    now: datetime,
    templates: Templates | None = None,
) -> tuple[Decision, Facts]:
    """The decision on a mail with what the rules add to it, and the facts with the agents that they looked at.

    `templates`, here and below, say which ready answers there are. None: all that the rules name.
    """
    if not policy.configured:
        return decision, facts
    case = Case.of(asked, facts, policy, now)
    also = tuple(_with_rules(connection, one, facts, policy, now, templates) for one in decision.also)
    matters = of_mail(decision, case)
    if not matters:
        return replace(decision, also=also), facts
    seen = _look(connection, matters, policy)
    desk = _desk(connection, decision, matters, seen, policy, facts.desk)
    decision = applied(decision, matters[0].ticket, seen, policy, now, desk=desk, case=case)
    decision = _to_whom_may_be_answered(decision, case)
    decision = _in_words_there_are(decision, matters[0].ticket, templates)
    decision = replace(decision, also=also) if also else decision
    return decision, facts if desk is facts.desk else replace(facts, desk=desk)


def _with_rules(
    connection: Connection,
    decision: Decision,
    facts: Facts,
    policy: Policy,
    now: datetime,
    templates: Templates | None,
) -> Decision:
    """The decision on a further ticket that the same mail changes."""
    before = facts.tickets.get(decision.ticket or 0)
    return ruled_order(connection, Basis(decision, before), policy, now, templates).decision


def ruled_order(
    connection: Connection, basis: Basis, policy: Policy, now: datetime, templates: Templates | None = None
) -> Basis:
    """The basis of an order, with what the rules add to its decision."""
    matters = of_order(basis.decision, basis.before, policy, now)
    if not matters:
        return basis
    seen = _look(connection, matters, policy, only=due_rule(basis.decision))
    desk = _desk(connection, basis.decision, matters, seen, policy, basis.desk or Desk())
    decision = applied(basis.decision, matters[0].ticket, seen, policy, now, desk=desk)
    if decision.ruled.answer is not None and by_clock_to_disowned(connection, basis):
        decision = _unanswered(decision, "disowned-by-its-domain")
    decision = _in_words_there_are(decision, matters[0].ticket, templates)
    return replace(basis, decision=decision, desk=desk)


def _in_words_there_are(decision: Decision, before: Ticket, templates: Templates | None) -> Decision:
    """The decision without a ready answer that there is not in the language of the ticket."""
    answer = decision.ruled.answer
    locale = decision.opens.locale if decision.opens is not None else before.locale
    if answer is None or templates is None or canned_file(templates, answer.value, locale) is not None:
        return decision
    return _unanswered(decision, "no-ready-answer")


def _to_whom_may_be_answered(decision: Decision, case: Case) -> Decision:
    """The decision without a ready answer to mail that must not be answered (RFC 3834), or beside an agent's own."""
    said = next((effect for effect in decision.effects if isinstance(effect, AddMessage)), None)
    if decision.ruled.answer is None or said is None or decision.reason == OPENED_BY_AGENT:
        return decision
    if said.direction == "out":
        return _unanswered(decision, "agent-answer") if said.visibility == "public" else decision
    why = why_not_acknowledged(case.mail, case.facts, case.facts.queue, case.policy, case.now)
    return _unanswered(decision, OtherReason(why)) if why is not None else decision


def _unanswered(decision: Decision, why: Reason) -> Decision:
    """The decision without its ready answer. The history of the ticket says why."""
    answer = decision.ruled.answer
    if answer is None:
        return decision
    said = RecordEvent("ready-answer", answer.reason, answer.value)
    others = (effect for effect in decision.effects if effect != said)
    withheld = RecordEvent("withheld", why, "ready_answer")
    return replace(decision, effects=(*others, withheld), ruled=replace(decision.ruled, answer=None))


def _look(connection: Connection, matters: Sequence[Matter], policy: Policy, *, only: str | None = None) -> Matching:
    matter = matters[0]
    asked = asks_history(matters, policy)
    history = history_of(connection, matter.customer, matter.ticket.number) if asked else None
    return looked(matters, policy, history, only=only)


def _desk(
    connection: Connection, decision: Decision, matters: Sequence[Matter], seen: Matching, policy: Policy, known: Desk
) -> Desk:
    """What is known of the agents, with those of the queue whose turn is asked for."""
    name = needs_desk(decision, matters[0].ticket, seen)
    queue = policy.queue(name) if name is not None else None
    if queue is None:
        return known
    more = turns_of(connection, queue, policy)
    return replace(
        known,
        loads={**known.loads, **more.loads},
        assigned_at={**known.assigned_at, **more.assigned_at},
        absent_until={**known.absent_until, **more.absent_until},
    )
