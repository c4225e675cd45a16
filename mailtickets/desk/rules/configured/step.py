"""The rules of the configuration, as a step after a decision: they add effects and notices to it.

They are asked about mail that opens a ticket or comes from a customer on one, and about a status that has changed. A
mail that is held, ignored or a delivery report passes them by, and so does imported mail. They never change who wrote a
mail, which ticket it is on, or how much automatic mail goes out.
Fails with: nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from mailtickets.desk.change import changed, opened
from mailtickets.desk.claims.authors import locale_for
from mailtickets.desk.model.decision import ByRule, Decision, Ruled
from mailtickets.desk.model.effects import (
    AddMessage,
    Effect,
    FireTimer,
    MoveTo,
    OpenTicket,
    RecordEvent,
    SetField,
    SetStatus,
)
from mailtickets.desk.model.facts import CustomerHistory, Desk, DuplicateFact
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.model.ticket import Ticket
from mailtickets.desk.rules.case import Case
from mailtickets.desk.rules.configured.effects import on_ticket, ordered, queue_after, reason_of, stage_not_set
from mailtickets.desk.rules.configured.look import Matching, look, matching
from mailtickets.desk.rules.configured.matter import MailMatter, Matter
from mailtickets.desk.rules.configured.sums import RuleSum, Stated, together
from mailtickets.desk.rules.configured.timed import of_time

_SILENT = frozenset({"merged", "spam", "undone"})
"""Reasons of a status that rules are not asked about: the ticket went into another one, is no ticket, or is as it was.
What a rule has set is no such reason either.
"""


# --- what the rules are asked about ---------------------------------------------------------------------


def of_mail(decision: Decision, case: Case) -> tuple[Matter, ...]:
    """What the rules are asked about a decision on a mail. Empty: they are not asked."""
    if not case.policy.configured or case.facts.envelope.door.is_history:
        return ()
    if decision.outcome == "opened" and decision.opens is not None:
        return (_new(decision, decision.opens, case),)
    before = case.facts.tickets.get(decision.ticket or 0)
    if before is None or decision.outcome in {"held", "ignored", "bounced", "duplicate"}:
        return ()
    reply = _reply(decision, before, case)
    return (*([reply] if reply else ()), *_status(decision, before, case.policy, case.now, reply))


def of_order(decision: Decision, before: Ticket | None, policy: Policy, now: datetime) -> tuple[Matter, ...]:
    """What the rules are asked about an order of the shell or of a job. Empty: they are not asked."""
    if not policy.configured or before is None:
        return ()
    if due_rule(decision) is not None:
        return (of_time(before, policy, now),)
    return tuple(_status(decision, before, policy, now, None))


def due_rule(decision: Decision) -> str | None:
    """The name of the rule whose time has come with this decision."""
    fired = (effect for effect in decision.effects if isinstance(effect, FireTimer))
    return next((timer.name for timer in fired if timer.kind == "rule"), None)


def _new(decision: Decision, opening: OpenTicket, case: Case) -> Matter:
    ticket = _with_values(opened(opening, 0, case.now), decision, case.now)
    verified = any(isinstance(effect, AddMessage) and effect.verified for effect in decision.effects)
    letter = _letter(case, verified=verified, opens=True)
    return Matter("new", ticket, opening.requester, ticket.status, None, case.policy, case.now, letter)


def _reply(decision: Decision, before: Ticket, case: Case) -> Matter | None:
    """What a customer writes on a ticket; None for agents' mail."""
    said = next((effect for effect in decision.effects if isinstance(effect, AddMessage)), None)
    if decision.outcome != "appended" or said is None or said.direction != "in" or said.visibility != "public":
        return None
    letter = _letter(case, verified=said.verified)
    return Matter(
        "reply",
        _with_values(before, decision, case.now),
        said.author,
        before.status,
        None,
        case.policy,
        case.now,
        letter,
    )


def _with_values(ticket: Ticket, decision: Decision, now: datetime) -> Ticket:
    """The ticket with the values of fields that the mail says: rules see them."""
    values = [effect for effect in decision.effects if isinstance(effect, SetField)]
    return replace(ticket, fields=changed(ticket, values, now).fields) if values else ticket


def _letter(case: Case, *, verified: bool, opens: bool = False) -> MailMatter:
    recipients = case.facts.envelope.recipients
    mail = case.mail
    if case.facts.unparsed is not None:
        mail = replace(mail, attachments=())  # what is attached is the mail that could not be read, by us
    return MailMatter(mail, recipients, opens=opens, verified=verified, new_subject=case.facts.new_subject)


def _status(
    decision: Decision, before: Ticket, policy: Policy, now: datetime, reply: Matter | None
) -> Iterator[Matter]:
    moved = next((effect for effect in reversed(decision.effects) if isinstance(effect, SetStatus)), None)
    if moved is None or moved.to == before.status or moved.reason in _SILENT or moved.reason.startswith("rule:"):
        return
    customer = reply.customer if reply is not None else before.requester
    letter = reply.letter if reply is not None else None
    yield Matter("status", before, customer, moved.to, before.status, policy, now, letter)


# --- what follows ---------------------------------------------------------------------------------------


def apply(
    decision: Decision,
    matters: Sequence[Matter],
    policy: Policy,
    now: datetime,
    *,
    history: CustomerHistory | None = None,
    desk: Desk | None = None,
    case: Case | None = None,
) -> Decision:
    """The decision with what the rules add to it. `matters` are of `of_mail` or `of_order`."""
    if not matters:
        return decision
    seen = looked(matters, policy, history)
    return applied(decision, matters[0].ticket, seen, policy, now, desk=desk, case=case)


def looked(
    matters: Sequence[Matter], policy: Policy, history: CustomerHistory | None = None, *, only: str | None = None
) -> Matching:
    """Which rules match. `history` is what the customer has had before, where `asks_history` says that it counts."""
    if history is not None:
        matters = [matter.with_history(history) for matter in matters]
    return look(matters, policy, only=only)


def applied(
    decision: Decision,
    ticket: Ticket,
    seen: Matching,
    policy: Policy,
    now: datetime,
    *,
    desk: Desk | None = None,
    case: Case | None = None,
) -> Decision:
    """The decision with the effects of the rules that match. `ticket` is the ticket as it was, `desk` the agents of the
    queue that has it in the end, and `case` the mail, if a mail was the cause."""
    ruled = Ruled(seen.told, tuple(rule.name for rule in seen.matched))
    if not seen.matched:
        return replace(decision, ruled=ruled)
    trace, summed = (*decision.trace, *map(matching, seen.matched)), together(seen.matched)
    if summed.holds and case is not None and not case.facts.released:
        return _held(decision.traced(trace), summed, ruled, case.facts.duplicate)
    summed = summed.without(ordered(decision.effects))
    if case is not None and _is_disowned(decision, case):
        summed = replace(summed.without(frozenset(summed.setters)), watch=())
    effects = on_ticket(summed, ticket, decision.effects, policy, desk or Desk(), now)
    trace = (*trace, *stage_not_set(summed, ticket, effects, policy, now))
    answer = summed.setters.get("answer")
    ruled = replace(
        ruled,
        notify=tuple(map(_by_rule, summed.notify)),
        answer=_by_rule(answer) if answer is not None else None,
        ask=tuple(map(_by_rule, summed.ask)),
    )
    return replace(decision, effects=_in_its_language(effects, case), trace=trace, ruled=ruled)


def _is_disowned(decision: Decision, case: Case) -> bool:
    """Whether a customer's domain says that the mail on their ticket is not theirs, and nothing else proves it. Then
    rules tag the ticket, tell agents and hold the mail, and change nothing else."""
    proven = any(isinstance(effect, AddMessage) and effect.verified for effect in decision.effects)
    return decision.opens is None and not proven and case.facts.authentication.verdict == "fail"


def _by_rule(said: Stated) -> ByRule:
    return ByRule(said.value, said.rule.name)


def _held(decision: Decision, summed: RuleSum, ruled: Ruled, first: DuplicateFact | None) -> Decision:
    """Nothing follows from the mail until somebody releases it. Then the rules are asked again, and hold it no more.

    `first` is an earlier copy of the mail, which may be held already.
    """
    reason = reason_of(summed.holds[0])
    if first is not None and (first.outcome, first.reason) == ("held", reason):
        return Decision("same-mail", outcome="duplicate", trace=decision.trace, ruled=replace(ruled, matched=()))
    return Decision(
        reason,
        (RecordEvent("held", reason),),
        decision.ticket,
        "held",
        decision.actor,
        trace=decision.trace,
        ruled=replace(ruled, held=True),
    )


def _in_its_language(effects: tuple[Effect, ...], case: Case | None) -> tuple[Effect, ...]:
    """The effects; a customer's new ticket speaks the language of the queue that a rule moves it to."""
    moved = next((effect for effect in effects if isinstance(effect, MoveTo)), None)
    queue = case.policy.queue(moved.queue) if case is not None and moved is not None else None
    if case is None or queue is None or case.agent is not None:
        return effects
    locale = locale_for(queue, case.mail.language, case.policy)
    return tuple(replace(effect, locale=locale) if isinstance(effect, OpenTicket) else effect for effect in effects)


def needs_desk(decision: Decision, ticket: Ticket, seen: Matching) -> str | None:
    """The name of the queue whose agents must be known, because one of them is given the ticket by turn or skill."""
    summed = together(seen.matched).without(ordered(decision.effects))
    assign = summed.value("assign")
    queue = queue_after(summed, ticket, decision.effects)
    if assign:
        return queue if "@" not in assign else None
    moves = queue != ticket.queue
    return queue if moves or (decision.opens is not None and "type" in summed.setters) else None


# --- because time has passed ----------------------------------------------------------------------------


def on_time(
    name: str, ticket: Ticket, policy: Policy, now: datetime, history: CustomerHistory | None = None
) -> Matching:
    """Whether the rule whose time has come matches now."""
    return looked([of_time(ticket, policy, now)], policy, history, only=name)
