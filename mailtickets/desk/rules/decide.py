"""What becomes of a mail: RULES are asked in order, the first with an opinion wins.

Each rule is one question (its docstring) and answers with a Decision or with None. `decide` adds the trace of
who was asked. The same function runs in the daemon, in `explain` and in tests.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from functools import lru_cache

from mailtickets.desk.change import after_customer_reply, may_reopen
from mailtickets.desk.claims import copies as copies_of
from mailtickets.desk.claims.authors import (
    from_our_own_address,
    locale_for,
    own_addresses,
    vouched_for,
    without_tags,
)
from mailtickets.desk.claims.matching import Match
from mailtickets.desk.claims.people import can_be_written_to
from mailtickets.desk.customers.ratings import Rating, rating
from mailtickets.desk.customers.thanks import gratitude
from mailtickets.desk.customers.wishes import Wish
from mailtickets.desk.model.decision import UNPROVEN_REPORT, Decision, Outcome, RuleVerdict
from mailtickets.desk.model.effects import (
    AddMessage,
    AddParticipant,
    Effect,
    FailDelivery,
    LeaveOut,
    Mute,
    OpenTicket,
    Rate,
    SetStatus,
)
from mailtickets.desk.model.facts import Facts, OutboxFact
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.model.ticket import Ticket
from mailtickets.desk.notices.rows import NoticeName
from mailtickets.desk.rules.agent_mail import absent, on_ticket
from mailtickets.desk.rules.agent_new_mail import on_no_ticket
from mailtickets.desk.rules.agent_reading import FROM_QUEUE_ADDRESS, NOT_VERIFIED, held
from mailtickets.desk.rules.assignment import turn
from mailtickets.desk.rules.case import Case
from mailtickets.desk.rules.confirmations import confirmed
from mailtickets.desk.rules.questions import Questions, questions
from mailtickets.mail.kind.junk import allowed, denied
from mailtickets.mail.model import Address, Bounce, InboundMail

_SENDERS_FAULT = frozenset({"5.1.7", "5.1.8"})
"""RFC 3463, 3.2: these speak of the sender's address."""

LOW_SCORE = 2
"""From 1 to 5: a rating that the queue is told of."""

Rule = Callable[[Case], Decision | None]


def decide(mail: InboundMail, facts: Facts, policy: Policy, now: datetime, asked: Questions | None = None) -> Decision:
    """What is done about a mail, why, and which rules led to it. `now` is aware.

    `asked` are the questions of the mail, if it has been read already; without them it is read here.
    """
    case = Case.of(asked or questions(mail, policy, facts.correction), facts, policy, now)
    trace: list[RuleVerdict] = []
    for rule in RULES:
        decision = rule(case)
        if decision is not None:
            decision = _unless_the_same_again(decision, facts)
            trace.append(RuleVerdict(rule.__name__, decision.outcome or "", decision.reason))
            return decision.traced(tuple(trace))
        trace.append(_no_opinion(rule))
    raise AssertionError("the last rule has an opinion on every mail")


def _unless_the_same_again(decision: Decision, facts: Facts) -> Decision:
    """A copy that would be held or ignored as the first one was tells nobody anything new."""
    first = facts.duplicate
    if first is None or first.reached_somebody:
        return decision
    same = (decision.outcome, decision.reason) == (first.outcome, first.reason)
    return Decision("same-mail", outcome="duplicate") if same else decision


@lru_cache(maxsize=64)
def _no_opinion(rule: Rule) -> RuleVerdict:
    """What the trace says of a rule that was asked in vain: its question."""
    return RuleVerdict(rule.__name__, "no", (rule.__doc__ or "").strip().splitlines()[0])


# --- the rules, in order ------------------------------------------------------------------------------


def unreadable(case: Case) -> Decision | None:
    """Could the mail not be read at all?"""
    if case.facts.unparsed is None:
        return None
    return _open(case, reason=case.facts.unparsed, outcome="unparsed")


def loop(case: Case) -> Decision | None:
    """Has one of our own automatic mails come back, or has it travelled too far?"""
    if case.mail.kind == "loop":
        return _nothing("ignored", case.mail.kind_reason, case.pointed_at)
    if case.facts.sent_before and case.mail.author is not None and case.policy.queue_at(case.mail.author.address):
        return _nothing("ignored", "own-mail-came-back", case.pointed_at)
    return None


def repeated(case: Case) -> Decision | None:
    """Did the same mail come before, by another door or to another queue?"""
    if case.facts.duplicate is None or not case.facts.duplicate.reached_somebody:
        return None
    elsewhere, ticket = _other_queues(case, *case.facts.duplicate.queues), case.facts.duplicate.ticket
    return Decision(
        "same-mail", ticket=ticket, outcome="duplicate", further_queues=elsewhere if ticket is not None else ()
    )


def bounce(case: Case) -> Decision | None:
    """Is it a report on the delivery of one of our mails?"""
    if case.mail.kind != "bounce":
        return None
    if case.facts.bounced is None or case.mail.bounce is None:
        return _nothing("bounced", "bounce-of-nothing-ours", None)
    ours, ticket = case.facts.bounced, case.facts.tickets.get(case.facts.bounced.ticket or 0)
    failure = _reported(ours, case.mail.bounce)
    if not ours.proven:
        return _doubted(ours, failure, case.mail.bounce.action, ticket)
    if case.mail.bounce.action == "failed" and ours.state != "failed":
        return replace(given_up(ours, failure, ticket), outcome="bounced")
    return Decision(
        f"delivery-{case.mail.bounce.action}",
        (replace(failure, permanent=False, gone=False),),
        ticket=ticket.number if ticket else None,
        outcome="bounced",
    )


def report(case: Case) -> Decision | None:
    """Is it a machine's report that calls for nothing: a receipt, a complaint?"""
    return _nothing("ignored", case.mail.kind_reason, case.pointed_at) if case.mail.kind == "report" else None


def denied_sender(case: Case) -> Decision | None:
    """Is it from somebody whom the configuration denies?"""
    claims = (case.author.address, case.facts.envelope.sender or "")
    if case.facts.released or not any(
        denied(claim, case.policy.junk.deny, case.policy.junk.allow) for claim in claims if claim
    ):
        return None
    return _nothing("ignored", "sender-denied", None)


def junk(case: Case) -> Decision | None:
    """Do filters or scanners hold something against it?"""
    found, author = case.facts.junk, case.author
    if found.action not in {"spam", "infected"} or case.facts.released:
        return None
    if found.action == "spam" and case.is_authentic and allowed(author.address, case.policy.junk.allow):
        return None
    return Decision(found.why, outcome="held", actor=author.address)


def unwanted_list(case: Case) -> Decision | None:
    """Is it mailing-list mail to a queue that ignores it?"""
    if case.mail.kind != "list" or case.facts.queue.list != "ignore" or case.found:
        return None
    return _nothing("ignored", "list-mail", None)


def reaction(case: Case) -> Decision | None:
    """Is it no more than an emoji that somebody tapped below a mail of ours?"""
    if case.mail.reaction is None or case.mail.kind != "human":
        return None
    author, found = case.author, case.found
    if found is None or _is_agent_on(found.ticket, author, case.policy):
        return _nothing("ignored", case.mail.kind_reason, case.pointed_at)
    rated = _rated(case, found)
    if rated is not None:
        return _rating(rated, author, found.ticket, case.mail.reaction)
    verified = found.proven or case.is_authentic
    said = AddMessage("in", "public", author, verified=verified, text=case.mail.reaction or None, waits=False)
    return Decision(case.mail.kind_reason, (said,), found.ticket.number, "appended", author.address)


def recall(case: Case) -> Decision | None:
    """Does Outlook ask for a mail back that is on a ticket?"""
    author, ticket = case.author, case.facts.recalled
    if case.mail.recalls is None or ticket is None or case.facts.authentication.verdict == "fail":
        return None
    agents = _is_agent_on(ticket, author, case.policy)
    if not agents and not ticket.participant(author.address):
        return None
    note = AddMessage("out" if agents else "in", "note", author, verified=case.is_authentic, waits=False)
    return Decision(case.mail.kind_reason, (note,), ticket.number, "noted", author.address, notices=("recalled",))


def _is_agent_on(ticket: Ticket, author: Address, policy: Policy) -> bool:
    """Whether an agent writes on somebody else's ticket; on their own they are the customer."""
    return policy.agent(author.address) is not None and ticket.requester.key not in own_addresses(author, policy)


def confirmation(case: Case) -> Decision | None:
    """Does an agent say a second word about a message of theirs that was held?"""
    return confirmed(case)


def agent_answer(case: Case) -> Decision | None:
    """Did an agent write on a ticket?"""
    author, agent, found = case.author, case.agent, case.found
    ticket = found.ticket if found else case.pointed_at  # whatever points there, even a token that is not theirs
    if agent is None or ticket is None:
        return None
    if ticket.requester.key in own_addresses(author, case.policy):
        return None  # an agent's own ticket: there they are the customer
    proven = found is not None and found.proven
    if case.mail.kind == "auto_reply":
        sure = proven and not from_our_own_address(case.mail, case.policy)
        return absent(case, agent, ticket, proven=sure)
    if not proven and ticket.participant(author.address) and not case.facts.released:
        return None  # an agent whom a customer has put in copy
    if not proven and not case.facts.released:
        return held("agent-without-token", ticket, agent)
    if from_our_own_address(case.mail, case.policy) and not case.facts.released:
        return held(FROM_QUEUE_ADDRESS, ticket, agent)
    if not vouched_for(case.facts, case.policy) and not case.facts.released:
        return held(NOT_VERIFIED, ticket, agent)
    return on_ticket(case, agent, ticket)


def agent_mail(case: Case) -> Decision | None:
    """Does an agent ask the desk for something, hand on a customer's mail, or write to a customer first?"""
    agent = case.agent
    if agent is None or case.mail.kind != "human" or case.found is not None:
        return None
    if from_our_own_address(case.mail, case.policy) and not case.facts.released:
        return held(FROM_QUEUE_ADDRESS, None, agent)
    return on_no_ticket(case, agent)


def customer_wish(case: Case) -> Decision | None:
    """Does a customer ask in a word or two how things stand, or for a ticket to be closed or opened again?"""
    author = case.author
    disowned = case.facts.authentication.verdict == "fail"
    if case.mail.kind != "human" or case.asked.alone.attachments or disowned or case.policy.agent(author.address):
        return None
    if not can_be_written_to(author):
        return None  # nobody to tell
    found = case.found
    wished = case.asked.wishes.on_ticket if found else case.asked.wishes.without_ticket
    if wished is None:
        return None
    if wished == "tickets" or found is None:
        return _tickets_shown(case.facts, author.address)
    ticket = _meant(case, found.ticket)
    if ticket is None:
        return None
    if wished == "news":
        return _news_asked(ticket, author, verified=found.proven or case.is_authentic)
    if wished == "status":
        return Decision("customer-asks", (), ticket.number, "commanded", author.address, notices=("status",))
    if not (found.proven or case.is_authentic):
        return None  # it changes the ticket: for that a From line is not enough
    return _wish_granted(case, wished, ticket)


def _news_asked(ticket: Ticket, author: Address, *, verified: bool) -> Decision:
    """`Alguma novidade?` is told how things stand, and people read it too, unless the ticket is finished."""
    answer = Decision("customer-asks", (), ticket.number, "commanded", author.address, notices=("status",))
    if ticket.status in {"resolved", "closed"}:
        return answer
    effects: list[Effect] = [AddMessage("in", "public", author, verified=verified)]
    if (status := after_customer_reply(ticket.status)) != ticket.status:
        effects.append(SetStatus(status, "customer-replied"))
    return replace(answer, effects=tuple(effects), outcome="appended")


def _meant(case: Case, found: Ticket) -> Ticket | None:
    """The ticket whose number the customer names, if they are on it; without a number the one they answer on."""
    number = case.asked.number
    if number is None or number == found.number:
        return found
    named = case.facts.tickets.get(number)
    return named if named is not None and named.participant(case.author.address) else None


def _tickets_shown(facts: Facts, author: str) -> Decision | None:
    if not facts.desk.found:
        return None
    return Decision("customer-asks", (), None, "commanded", author, notices=("my_tickets",))


def _wish_granted(case: Case, wished: Wish, ticket: Ticket) -> Decision | None:
    author = case.author
    if wished in {"mute", "unmute"}:
        mute = Mute(author.address, on=wished == "mute")
        name: NoticeName = "muted" if mute.on else "unmuted"
        return Decision("customer-asks", (mute,), ticket.number, "commanded", author.address, notices=(name,))
    if not may_reopen(ticket, case.policy.queue(ticket.queue), case.now):
        return None
    effects: list[Effect] = [AddMessage("in", "public", author, verified=True, waits=wished == "reopen")]
    if wished == "reopen" and ticket.status in {"resolved", "closed"}:
        effects.append(SetStatus("open", "customer-asked"))
    elif wished in {"close", "cancel"} and ticket.status != "closed":
        effects.append(SetStatus("closed", "customer-closed" if wished == "close" else "customer-cancelled"))
    return Decision("customer-asks", tuple(effects), ticket.number, "appended", author.address)


def customer_reply(case: Case) -> Decision | None:
    """Did somebody who is on a ticket write on it?"""
    found = case.found
    if found is None:
        return None
    ticket, automatic = found.ticket, case.mail.kind == "auto_reply"
    if not automatic and not may_reopen(ticket, case.policy.queue(ticket.queue), case.now):
        return _open(case, reason="closed-too-long-ago", linked=ticket.number)
    author, rated = case.author, _rated(case, found)
    if rated is not None:
        return _rating(rated, author, ticket)
    thanks, status = _only_thanks(case, ticket), after_customer_reply(ticket.status)
    waits = not automatic and not thanks
    said = AddMessage("in", "public", author, verified=found.proven or case.is_authentic, waits=waits)
    effects: list[Effect] = [said]
    effects += _joining(case, found)
    if waits and status != ticket.status:
        effects.append(SetStatus(status, "customer-replied"))
    reason = case.mail.kind_reason if automatic else "only-thanks" if thanks else found.evidence
    elsewhere = () if _answers_our_own_address(case, found) else _other_queues(case, ticket.queue)
    return Decision(reason, tuple(effects), ticket.number, "appended", author.address, further_queues=elsewhere)


def _joining(case: Case, found: Match) -> Iterator[Effect]:
    """Whom the mail brings onto the ticket: its author, where there was no room before, and those in copy."""
    author = case.author
    if found.ticket.participant(author.address) is None and case.policy.agent(author.address) is None:
        yield AddParticipant(author, "cc", notified=False)
    copies = copies_of.on_ticket(case.mail, case.facts, case.policy, found)
    yield from (AddParticipant(person, "cc", notified=False) for person in copies.joining)
    yield from copies.events()


def _only_thanks(case: Case, ticket: Ticket) -> bool:
    """Whether all that is said about a finished ticket is thanks: that is no work again."""
    names = [agent.name for agent in case.policy.agents]
    alone = case.asked.alone
    said = gratitude(alone.reply, alone.signature, names=names, attachments=len(alone.attachments))
    return ticket.status in {"resolved", "closed"} and said is not None


def _rated(case: Case, found: Match) -> Rating | None:
    """The satisfaction that an answer to a finished ticket tells, where the queue asks for it."""
    queue = case.policy.queue(found.ticket.queue)
    asked = queue is not None and queue.satisfaction and found.ticket.resolved_at is not None
    customer = case.agent is None
    if case.mail.kind != "human" or not asked or not customer or not (found.proven or case.is_authentic):
        return None
    said = case.asked.alone
    return rating(case.mail.reaction) if case.mail.reaction is not None else rating(said.reply, said.signature)


def _rating(rated: Rating, author: Address, ticket: Ticket, text: str | None = None) -> Decision:
    effects = (
        AddMessage("in", "public", author, verified=True, text=text, waits=False),
        Rate(rated.score, rated.comment, author.address),
    )
    low = rated.score <= LOW_SCORE
    return Decision("rated", effects, ticket.number, "appended", author.address, notices=("rated",) if low else ())


def stranger(case: Case) -> Decision | None:
    """Does somebody point at a ticket that is not theirs?"""
    ticket = case.pointed_at
    if ticket is None:
        return None
    return _open(case, reason="not-a-participant", linked=ticket.number)


def new_ticket(case: Case) -> Decision | None:
    """Is it something new?"""
    return _open(case, reason="new-mail")


RULES: tuple[Rule, ...] = (
    unreadable,
    loop,
    repeated,
    bounce,
    report,
    denied_sender,
    junk,
    unwanted_list,
    reaction,
    recall,
    confirmation,
    agent_answer,
    agent_mail,
    customer_wish,
    customer_reply,
    stranger,
    new_ticket,
)


# --- what they decide ---------------------------------------------------------------------------------


def refused(ours: OutboxFact, diagnostic: str, status: str | None, ticket: Ticket | None) -> Decision:
    """What follows when the smarthost gives up a mail of ours for good."""
    return given_up(ours, _failed(ours, diagnostic, status), ticket)


def given_up(ours: OutboxFact, failure: FailDelivery, ticket: Ticket | None) -> Decision:
    """An answer that did not reach the requester is told of and is work again; whom it did not reach in copy is told
    of once, and left out from now on.
    """
    if ticket is None or ours.notice != "answer":
        return Decision("delivery-failed", (failure,), ticket=ticket.number if ticket else None, actor=_actor(ours))
    follows = tuple(_after_failure(ours, ticket))
    informs = ours.recipient.casefold() == ticket.requester.key or any(isinstance(e, LeaveOut) for e in follows)
    return Decision(
        "delivery-failed",
        (failure, *follows),
        ticket=ticket.number,
        actor=_actor(ours),
        notices=("delivery_failed",) if informs else (),
    )


def _after_failure(ours: OutboxFact, ticket: Ticket) -> Iterator[Effect]:
    if ours.recipient.casefold() == ticket.requester.key:
        if ticket.status not in {"new", "open"}:
            yield SetStatus("open", "delivery-failed")
        return
    copied_to = ticket.participant(ours.recipient)
    if copied_to is not None and not copied_to.left_out:
        yield LeaveOut(copied_to.address.address)


def _actor(ours: OutboxFact) -> str:
    return ours.author or "system"


def _doubted(ours: OutboxFact, failure: FailDelivery, action: str, ticket: Ticket | None) -> Decision:
    """A report that anybody could have written who got the mail: of a failed answer agents are told, once."""
    matters = action == "failed" and ours.notice == "answer" and ours.state != "failed" and not ours.agents_informed
    if ticket is None or not matters:
        return _nothing("bounced", UNPROVEN_REPORT, ticket)
    return Decision(
        UNPROVEN_REPORT,
        (replace(failure, permanent=False, gone=False),),
        ticket=ticket.number,
        outcome="bounced",
        actor=_actor(ours),
        notices=("delivery_failed",),
    )


def _reported(ours: OutboxFact, report: Bounce) -> FailDelivery:
    """What a report says of a copy of ours. The tag says which copy it was, whoever is named."""
    named = report.recipient if report.recipient.casefold() != ours.recipient.casefold() else ""
    return _failed(ours, report.diagnostic, report.status, named=named)


def _failed(ours: OutboxFact, diagnostic: str, status: str | None, named: str = "") -> FailDelivery:
    """RFC 3463, 3.2: codes of the kind 5.1 say that there is no such mailbox; others, that it took no mail this time.

    Of a mailbox that the recipient's mail is passed on to, nothing follows for the recipient's own.
    """
    gone = status is not None and status.startswith("5.1.") and status not in _SENDERS_FAULT and not named
    return FailDelivery(
        ours.id, ours.recipient, ours.notice, diagnostic, status, permanent=True, gone=gone, named=named
    )


def _other_queues(case: Case, *informed: str) -> tuple[str, ...]:
    """The queues a mail is addressed to that have not been told of it."""
    return tuple(queue.name for queue in (case.facts.queue, *case.facts.also_queues) if queue.name not in informed)


def _answers_our_own_address(case: Case, found: Match) -> bool:
    """Whether the mail went to the one address that its author was given, be it a queue's that has moved the ticket."""
    return found.token is not None and found.source == "address" and not case.facts.also_queues


def _nothing(outcome: Outcome, reason: str, ticket: Ticket | None) -> Decision:
    return Decision(reason, ticket=ticket.number if ticket else None, outcome=outcome)


def _open(case: Case, *, reason: str, outcome: Outcome = "opened", linked: int | None = None) -> Decision:
    author, copies = case.author, copies_of.on_new_ticket(case.mail, case.facts, case.policy)
    ticket = OpenTicket(
        queue=case.facts.queue.name,
        subject=without_tags(case.mail.subject),
        requester=author,
        locale=locale_for(case.facts.queue, case.mail.language, case.policy),
        cc=copies.joining,
        notify_cc=case.is_authentic,
        linked=linked,
    )
    said = AddMessage("in", "public", author, verified=case.is_authentic)
    given = turn(case.facts.queue, case.facts.desk, case.policy, case.now)
    return Decision(
        reason,
        (ticket, said, *((given,) if given else ()), *copies.events()),
        outcome=outcome,
        actor=author.address,
        further_queues=tuple(queue.name for queue in case.facts.also_queues),
    )
