"""What becomes of a mail: RULES are asked in order, the first with an opinion wins.

Each rule is one question (its docstring) and answers with a Decision or with None. `decide` adds the trace of
who was asked. The same function runs in the daemon, in `explain` and in tests.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime

from mailtickets.config import Agent, Queue
from mailtickets.desk.change import after_customer_reply, may_reopen
from mailtickets.desk.matching import REF_LINE, SUBJECT_NUMBER, Match, claimed, match, own_addresses
from mailtickets.desk.model import (
    AddMessage,
    AddParticipant,
    Decision,
    DropHeld,
    Effect,
    Facts,
    FailDelivery,
    OpenTicket,
    OutboxFact,
    Outcome,
    Policy,
    RecordEvent,
    ReleaseHeld,
    RuleVerdict,
    SetStatus,
    Ticket,
)
from mailtickets.desk.thanks import gratitude
from mailtickets.mail.junk import allowed, denied
from mailtickets.mail.model import Address, InboundMail

NOBODY = Address("", "unknown@unknown.invalid")
"""Stands for the author of a mail that names none; never written to."""

UNCERTAIN_CUT = "uncertain-cut"
"""The reader's defect code for a reply whose boundary to the quoted history is in doubt."""

_DISOWNED = re.compile(r"(?:não|nao|nunca|jamais|no\b|not\b|never|descart|discard|cancel|ignor)", re.IGNORECASE)
"""How an agent begins who did not write what was held. When in doubt nothing is released."""

_LOCALES = {"pt": "pt_BR", "en": "en", "es": "es"}
_MAX_CC = 20

Rule = Callable[[InboundMail, Facts, Policy, datetime], Decision | None]


def decide(mail: InboundMail, facts: Facts, policy: Policy, now: datetime) -> Decision:
    """What is done about a mail, why, and which rules led to it. `now` is aware."""
    trace: list[RuleVerdict] = []
    for rule in RULES:
        decision = rule(mail, facts, policy, now)
        question = (rule.__doc__ or "").strip().splitlines()[0]
        if decision is not None:
            trace.append(RuleVerdict(rule.__name__, decision.outcome or "", decision.reason))
            return decision.traced(tuple(trace))
        trace.append(RuleVerdict(rule.__name__, "no", question))
    raise AssertionError("the last rule has an opinion on every mail")


def author_of(mail: InboundMail, queue: Queue) -> Address:
    """Who wrote it: From; Reply-To only where the queue names From as a contact form (peers: FreeScout #4287)."""
    author = mail.author or mail.sender or NOBODY
    forms = {form.casefold() for form in queue.reply_to_is_author_from}
    return mail.reply_to[0] if mail.reply_to and author.key in forms else author


# --- the rules, in order ------------------------------------------------------------------------------


def unreadable(mail: InboundMail, facts: Facts, policy: Policy, now: datetime) -> Decision | None:
    """Could the mail not be read at all?"""
    if facts.unparsed is None:
        return None
    return _open(mail, facts, policy, reason=facts.unparsed, outcome="unparsed")


def loop(mail: InboundMail, facts: Facts, policy: Policy, now: datetime) -> Decision | None:
    """Has one of our own automatic mails come back, or has it travelled too far?"""
    if mail.kind == "loop":
        return _nothing("ignored", mail.kind_reason, claimed(facts))
    if facts.sent_before and mail.author is not None and policy.queue_at(mail.author.address):
        return _nothing("ignored", "own-mail-came-back", claimed(facts))
    return None


def repeated(mail: InboundMail, facts: Facts, policy: Policy, now: datetime) -> Decision | None:
    """Did the same mail come before, by another door or to another queue?"""
    if facts.duplicate is None:
        return None
    elsewhere, ticket = _other_queues(facts, *facts.duplicate.queues), facts.duplicate.ticket
    return Decision(
        "same-mail", ticket=ticket, outcome="duplicate", tell_queues=elsewhere if ticket is not None else ()
    )


def bounce(mail: InboundMail, facts: Facts, policy: Policy, now: datetime) -> Decision | None:
    """Is it a report on the delivery of one of our mails?"""
    if mail.kind != "bounce":
        return None
    if facts.bounced is None or mail.bounce is None:
        return _nothing("bounced", "bounce-of-nothing-ours", None)
    ours, ticket = facts.bounced, facts.tickets.get(facts.bounced.ticket or 0)
    if mail.bounce.action == "failed" and ours.state != "failed":
        return replace(refused(ours, mail.bounce.diagnostic, mail.bounce.status, ticket), outcome="bounced")
    return Decision(
        f"delivery-{mail.bounce.action}",
        (_failed(ours, mail.bounce.diagnostic, mail.bounce.status, permanent=False),),
        ticket=ticket.number if ticket else None,
        outcome="bounced",
    )


def report(mail: InboundMail, facts: Facts, policy: Policy, now: datetime) -> Decision | None:
    """Is it a machine's report that calls for nothing: a receipt, a complaint?"""
    return _nothing("ignored", mail.kind_reason, claimed(facts)) if mail.kind == "report" else None


def denied_sender(mail: InboundMail, facts: Facts, policy: Policy, now: datetime) -> Decision | None:
    """Is it from somebody whom the configuration denies?"""
    claims = (author_of(mail, facts.queue).address, facts.envelope.sender or "")
    if facts.released or not any(denied(claim, policy.junk.deny, policy.junk.allow) for claim in claims if claim):
        return None
    return _nothing("ignored", "sender-denied", None)


def junk(mail: InboundMail, facts: Facts, policy: Policy, now: datetime) -> Decision | None:
    """Do filters or scanners hold something against it?"""
    found, author = facts.junk, author_of(mail, facts.queue)
    if found.action not in {"spam", "infected"} or facts.released:
        return None
    if found.action == "spam" and authentic(facts) and allowed(author.address, policy.junk.allow):
        return None
    return Decision(found.why, outcome="held", actor=author.address)


def unwanted_list(mail: InboundMail, facts: Facts, policy: Policy, now: datetime) -> Decision | None:
    """Is it mailing-list mail to a queue that ignores it?"""
    if mail.kind != "list" or facts.queue.list != "ignore" or _matched(mail, facts, policy):
        return None
    return _nothing("ignored", "list-mail", None)


def confirmation(mail: InboundMail, facts: Facts, policy: Policy, now: datetime) -> Decision | None:
    """Does an agent confirm, or disown, a message that was held?"""
    author = author_of(mail, facts.queue)
    own = own_addresses(author, policy)
    token = next((t for t in facts.tokens if t.confirms and not t.expired and t.person.casefold() in own), None)
    if token is None or token.confirms is None or mail.kind != "human":
        return None  # an absence notice confirms nothing
    disowned = _DISOWNED.match(mail.reply.strip())
    effect = DropHeld(token.confirms) if disowned else ReleaseHeld(token.confirms)
    reason = "disowned-by-agent" if disowned else "confirmed-by-agent"
    return Decision(reason, (effect,), token.ticket, "commanded", author.address)


def agent_answer(mail: InboundMail, facts: Facts, policy: Policy, now: datetime) -> Decision | None:
    """Did an agent write on a ticket?"""
    author = author_of(mail, facts.queue)
    agent, found = policy.agent(author.address), _matched(mail, facts, policy)
    ticket = found.ticket if found else claimed(facts)  # whatever points there, even a token that is not theirs
    if agent is None or ticket is None:
        return None
    if ticket.requester.key in own_addresses(author, policy):
        return None  # an agent's own ticket: there they are the customer
    if mail.kind == "auto_reply":
        return _agent_absent(author, ticket, mail)
    proven = found is not None and found.proven
    if not proven and ticket.participant(author.address) and not facts.released:
        return None  # an agent whom a customer has put in copy
    if not proven and not facts.released:
        return _hold("agent-without-token", ticket, agent)
    if not vouched_for(facts, policy) and not facts.released:
        return _hold("agent-not-verified", ticket, agent)
    return _answer(mail, facts, policy, agent, ticket)


def customer_reply(mail: InboundMail, facts: Facts, policy: Policy, now: datetime) -> Decision | None:
    """Did somebody who is on a ticket write on it?"""
    found = _matched(mail, facts, policy)
    if found is None:
        return None
    ticket, automatic = found.ticket, mail.kind == "auto_reply"
    if not automatic and not may_reopen(ticket, policy.queue(ticket.queue), now):
        return _open(mail, facts, policy, reason="closed-too-long-ago", linked=ticket.number)
    author = author_of(mail, facts.queue)
    effects: list[Effect] = [AddMessage("in", "public", author, verified=found.proven or authentic(facts))]
    effects += [AddParticipant(person, "cc", notified=False) for person in _copied(mail, author, policy, ticket)]
    status, thanks = after_customer_reply(ticket.status), _only_thanks(mail, ticket, policy)
    if not automatic and not thanks and status != ticket.status:
        effects.append(SetStatus(status, "customer-replied"))
    reason = mail.kind_reason if automatic else "only-thanks" if thanks else found.evidence
    elsewhere = _other_queues(facts, ticket.queue) if facts.also_queues else ()
    return Decision(reason, tuple(effects), ticket.number, "appended", author.address, tell_queues=elsewhere)


def _only_thanks(mail: InboundMail, ticket: Ticket, policy: Policy) -> bool:
    """Whether all that is said about a finished ticket is thanks: that is no work again."""
    names = [agent.name for agent in policy.agents]
    said = gratitude(mail.reply, mail.signature, names=names, attachments=len(mail.attachments))
    return ticket.status in {"resolved", "closed"} and said is not None


def stranger(mail: InboundMail, facts: Facts, policy: Policy, now: datetime) -> Decision | None:
    """Does somebody point at a ticket that is not theirs?"""
    ticket = claimed(facts)
    if ticket is None:
        return None
    return _open(mail, facts, policy, reason="not-a-participant", linked=ticket.number)


def new_ticket(mail: InboundMail, facts: Facts, policy: Policy, now: datetime) -> Decision | None:
    """Is it something new?"""
    return _open(mail, facts, policy, reason="new-mail")


RULES: tuple[Rule, ...] = (
    unreadable,
    loop,
    repeated,
    bounce,
    report,
    denied_sender,
    junk,
    unwanted_list,
    confirmation,
    agent_answer,
    customer_reply,
    stranger,
    new_ticket,
)


def vouched_for(facts: Facts, policy: Policy) -> bool:
    """Whether more than a token speaks for an agent, where the configuration asks for more."""
    evidence = facts.authentication
    return policy.trust.agents == "token" or evidence.verdict == "pass" or evidence.internal


# --- what they decide ---------------------------------------------------------------------------------


def _failed(ours: OutboxFact, diagnostic: str, status: str | None, *, permanent: bool) -> FailDelivery:
    return FailDelivery(ours.id, ours.recipient, ours.notice, diagnostic, status, permanent)


def refused(ours: OutboxFact, diagnostic: str, status: str | None, ticket: Ticket | None) -> Decision:
    """What follows when a mail of ours is given up: an answer that did not arrive is told of and is work again."""
    matters = ours.notice == "answer" and ticket is not None
    reopened = reopened_by_failure(ticket) if ticket is not None and matters else ()
    return Decision(
        "delivery-failed",
        (_failed(ours, diagnostic, status, permanent=True), *reopened),
        ticket=ticket.number if ticket else None,
        actor=ours.author or "system",
        tell=("delivery_failed",) if matters else (),
    )


def reopened_by_failure(ticket: Ticket) -> Iterator[Effect]:
    """A mail that did not arrive is work again."""
    if ticket.status not in {"new", "open"}:
        yield SetStatus("open", "delivery-failed")


def _other_queues(facts: Facts, *told: str) -> tuple[str, ...]:
    """The queues a mail is addressed to that have not been told of it."""
    return tuple(queue.name for queue in (facts.queue, *facts.also_queues) if queue.name not in told)


def _matched(mail: InboundMail, facts: Facts, policy: Policy) -> Match | None:
    return match(author_of(mail, facts.queue), facts, policy)


def _nothing(outcome: Outcome, reason: str, ticket: Ticket | None) -> Decision:
    return Decision(reason, ticket=ticket.number if ticket else None, outcome=outcome)


def _hold(reason: str, ticket: Ticket, agent: Agent) -> Decision:
    """Nothing is published, and the agent is told at the address we know."""
    return Decision(
        reason, (RecordEvent("held", reason, agent.address),), ticket.number, "held", agent.address, tell=("held",)
    )


def _agent_absent(author: Address, ticket: Ticket, mail: InboundMail) -> Decision:
    """An agent's out-of-office is a signal to us and nothing to the customer."""
    note = AddMessage("in", "note", author, verified=False)
    return Decision(mail.kind_reason, (note,), ticket.number, "noted", author.address)


def _answer(mail: InboundMail, facts: Facts, policy: Policy, agent: Agent, ticket: Ticket) -> Decision:
    """An agent's reply is a public answer, if it is clear what of it is the answer."""
    if not mail.reply.strip() and not mail.attachments:
        return _hold("empty-answer", ticket, agent)
    if UNCERTAIN_CUT in mail.defects and not facts.released:
        return _hold(UNCERTAIN_CUT, ticket, agent)
    if REF_LINE.search(mail.reply):
        return _hold("quotes-our-notice", ticket, agent)  # whatever anybody releases: it holds an agent's token
    addressed = {address.key for address in (*mail.to, *mail.cc)}
    direct = ticket.requester.key in addressed
    me = Address(agent.name, agent.address)
    effects: list[Effect] = [
        AddMessage("out", "public", me, verified=True, relayed=not direct),
        AddParticipant(me, "agent"),
    ]
    effects += [AddParticipant(person, "cc") for person in _copied(mail, me, policy, ticket)]
    if direct:
        effects.append(RecordEvent("delivered-directly", "delivered-directly", ticket.requester.address))
    if ticket.status != "pending":
        effects.append(SetStatus("pending", "agent-answered"))
    return Decision("agent-answer", tuple(effects), ticket.number, "appended", agent.address)


def _open(
    mail: InboundMail,
    facts: Facts,
    policy: Policy,
    *,
    reason: str,
    outcome: Outcome = "opened",
    linked: int | None = None,
) -> Decision:
    author = author_of(mail, facts.queue)
    ticket = OpenTicket(
        queue=facts.queue.name,
        subject=without_tags(mail.subject),
        requester=author,
        locale=locale_for(facts.queue, mail.language, policy),
        cc=_copied(mail, author, policy, None),
        notify_cc=authentic(facts),
        linked=linked,
    )
    return Decision(
        reason,
        (ticket, AddMessage("in", "public", author, verified=authentic(facts))),
        outcome=outcome,
        actor=author.address,
        tell_queues=tuple(queue.name for queue in facts.also_queues),
    )


def authentic(facts: Facts) -> bool:
    """Whether the author's own domain vouches for the mail."""
    return facts.authentication.verdict == "pass" or facts.authentication.internal


def without_tags(subject: str) -> str:
    """A subject for a new ticket: another ticket's tag in it would lead replies astray."""
    return re.sub(r"\s+", " ", SUBJECT_NUMBER.sub(" ", subject)).strip()


def locale_for(queue: Queue, language: str | None, policy: Policy) -> str:
    """The locale a customer is written to in."""
    return queue.locale if queue.locale != "auto" else _LOCALES.get(language or "", policy.instance.locale)


def _copied(mail: InboundMail, author: Address, policy: Policy, ticket: Ticket | None) -> tuple[Address, ...]:
    """People the mail also went to, who are no agents, no queues and not on the ticket yet."""
    people = {
        address.key: address
        for address in (*mail.to, *mail.cc)
        if address.key != author.key
        and not policy.queue_at(address.address)
        and not policy.agent(address.address)
        and not (ticket and ticket.participant(address.address))
    }
    return tuple(people.values())[:_MAX_CC]
