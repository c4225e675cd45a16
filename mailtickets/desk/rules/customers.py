"""Rules for the mail of customers and of everybody who is no agent: wishes, ratings, replies and new tickets.

Owns: what a customer may change without proof of who wrote the mail. Their words reach the ticket; anything that
changes the ticket, or shows something of it, asks for more than a From line.
Fails with: nothing.
"""

from collections.abc import Iterator
from dataclasses import replace

from mailtickets.desk.change import after_customer_reply, may_reopen
from mailtickets.desk.claims import copies as copies_of
from mailtickets.desk.claims.authors import disowned, from_our_own_address, own_addresses, proven_by, vouched_for
from mailtickets.desk.claims.matching import Match
from mailtickets.desk.claims.people import can_be_written_to
from mailtickets.desk.customers.consent import answers_only_that, consent
from mailtickets.desk.customers.ratings import Rating, opinion, rating
from mailtickets.desk.customers.thanks import gratitude
from mailtickets.desk.customers.wishes import Wish
from mailtickets.desk.figures.account import LOW_SCORE
from mailtickets.desk.model.decision import Decision
from mailtickets.desk.model.effects import AddMessage, AddParticipant, AllowQuote, Effect, Mute, Rate, SetStatus
from mailtickets.desk.model.facts import Facts
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.model.reason import OtherReason, Reason
from mailtickets.desk.model.ticket import Ticket
from mailtickets.desk.notices.row import NoticeName
from mailtickets.desk.rules.case import Case, nothing, other_queues
from mailtickets.desk.rules.opening import open_ticket
from mailtickets.mail.model import Address


def unreadable(case: Case) -> Decision | None:
    """Could the mail not be read at all?"""
    if case.facts.unparsed is None:
        return None
    return open_ticket(case, reason=OtherReason(case.facts.unparsed), outcome="unparsed")


def reaction(case: Case) -> Decision | None:
    """Is it no more than an emoji that somebody tapped below a mail of ours?"""
    if case.mail.reaction is None or case.mail.kind != "human":
        return None
    author, found = case.author, case.found
    if found is None or _is_agent_on(found.ticket, author, case.policy):
        return nothing("ignored", OtherReason(case.mail.kind_reason), case.pointed_at)
    rated = _rated(case, found)
    if rated is not None:
        return _rating(rated, case, found.ticket, case.mail.reaction)
    verified = proven_by(found, case.facts)
    message = AddMessage("in", "public", author, verified=verified, text=case.mail.reaction or None, waits=False)
    return Decision(OtherReason(case.mail.kind_reason), (message,), found.ticket.number, "appended", author.address)


def recall(case: Case) -> Decision | None:
    """Does Outlook ask for a mail back that is on a ticket?"""
    author, ticket = case.author, case.facts.recalled
    if case.mail.recalls is None or ticket is None or case.facts.authentication.verdict == "fail":
        return None
    agents = _is_agent_on(ticket, author, case.policy)
    if agents and not _is_surely(case, ticket):
        return None  # the rules for agents' mail judge it, as all that is not proven
    if not agents and not ticket.participant(author.address):
        return None
    note = AddMessage("out" if agents else "in", "note", author, verified=case.is_authentic, waits=False)
    return Decision(
        OtherReason(case.mail.kind_reason), (note,), ticket.number, "noted", author.address, notices=("recalled",)
    )


def _is_surely(case: Case, ticket: Ticket) -> bool:
    """Whether an agent's own reply address led to this ticket, with as much more as the configuration asks for.

    What the agent has confirmed is theirs too.
    """
    found = case.found
    proven = found is not None and found.proven and found.ticket.number == ticket.number
    ours = from_our_own_address(case.mail, case.policy)
    return case.facts.released or (
        proven and not ours and not disowned(case.facts) and vouched_for(case.facts, case.policy)
    )


def _is_agent_on(ticket: Ticket, author: Address, policy: Policy) -> bool:
    """Whether the author is an agent and the ticket somebody else's. On their own ticket an agent is a customer."""
    return policy.agent(author.address) is not None and ticket.requester.key not in own_addresses(author, policy)


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
        return _news_asked(ticket, author, verified=proven_by(found, case.facts))
    if wished == "status":
        return Decision("customer-asks", (), ticket.number, "commanded", author.address, notices=("status",))
    if not proven_by(found, case.facts):
        return None  # it changes the ticket: for that a From line is not enough
    return _wish_granted(case, wished, ticket)


def _news_asked(ticket: Ticket, author: Address, *, verified: bool) -> Decision:
    """`Alguma novidade?`: the customer gets the status. Unless the ticket is finished, agents read the question too."""
    answer = Decision("customer-asks", (), ticket.number, "commanded", author.address, notices=("status",))
    if ticket.status in {"resolved", "closed"}:
        return answer
    effects: list[Effect] = [AddMessage("in", "public", author, verified=verified)]
    if (status := after_customer_reply(ticket.status)) != ticket.status:
        effects.append(SetStatus(status, "customer-replied"))
    return replace(answer, effects=tuple(effects), outcome="appended")


def _meant(case: Case, found: Ticket) -> Ticket | None:
    """The ticket whose number the customer names, None if they are not on it; without a number, the one they answer."""
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
    author, rated = case.author, _rated(case, found)
    if rated is not None:
        return _rating(rated, case, ticket)
    quoting = _said_of_quoting(case, found)
    if quoting is not None:
        return quoting
    if not automatic and not may_reopen(ticket, case.policy.queue(ticket.queue), case.now):
        return open_ticket(case, reason="closed-too-long-ago", linked=ticket.number)
    thanks, status = _only_thanks(case, ticket), after_customer_reply(ticket.status)
    waits = not automatic and not thanks
    message = AddMessage("in", "public", author, verified=proven_by(found, case.facts), waits=waits)
    effects: list[Effect] = [message]
    effects += _joining(case, found)
    if waits and status != ticket.status:
        effects.append(SetStatus(status, "customer-replied"))
    reason: Reason = OtherReason(case.mail.kind_reason) if automatic else "only-thanks" if thanks else found.evidence
    elsewhere = () if _answers_our_own_address(case, found) else other_queues(case, ticket.queue)
    return Decision(reason, tuple(effects), ticket.number, "appended", author.address, further_queues=elsewhere)


def _joining(case: Case, found: Match) -> Iterator[Effect]:
    """Adds to the ticket the author, if an earlier mail had too many people in copy, and the people in copy."""
    author = case.author
    if found.ticket.participant(author.address) is None and case.policy.agent(author.address) is None:
        yield AddParticipant(author, "cc", notified=False)
    copies = copies_of.on_ticket(case.mail, case.facts, case.policy, found)
    yield from (AddParticipant(person, "cc", notified=False) for person in copies.joining)
    yield from copies.events()


def _only_thanks(case: Case, ticket: Ticket) -> bool:
    """Whether a mail on a finished ticket says nothing but thanks. It makes no work."""
    names = [agent.name for agent in case.policy.agents]
    alone = case.asked.alone
    thanks = gratitude(alone.reply, alone.signature, names=names, attachments=len(alone.attachments))
    return ticket.status in {"resolved", "closed"} and thanks is not None


def _rated(case: Case, found: Match) -> Rating | None:
    """The rating in an answer to a finished ticket, if the queue asks for ratings."""
    queue = case.policy.queue(found.ticket.queue)
    asked = queue is not None and queue.satisfaction and found.ticket.resolved_at is not None
    customer = case.agent is None
    if case.mail.kind != "human" or not asked or not customer or not proven_by(found, case.facts):
        return None
    alone = case.asked.alone
    return rating(case.mail.reaction) if case.mail.reaction is not None else opinion(alone.reply, alone.signature)


def _rating(rated: Rating, case: Case, ticket: Ticket, text: str | None = None) -> Decision:
    author, before = case.author, case.facts.rating
    effects = (
        AddMessage("in", "public", author, verified=True, text=text, waits=False),
        Rate(rated.score, rated.comment, author.address, quotable=rated.quotable),
    )
    told = before is not None and (before.score, before.comment) == (rated.score, rated.comment)
    low = rated.score <= LOW_SCORE and not told
    return Decision("rated", effects, ticket.number, "appended", author.address, notices=("rated",) if low else ())


def _said_of_quoting(case: Case, found: Match) -> Decision | None:
    """Whether somebody who has rated says, and says only that, whether they may be named beside their words."""
    rated, author = case.facts.rating, case.author
    if rated is None or rated.person.casefold() != author.key or not proven_by(found, case.facts):
        return None
    if case.mail.kind != "human" or not answers_only_that(case.asked.alone.reply):
        return None
    allowed = AllowQuote(on=consent(case.asked.alone.reply).given)
    message = AddMessage("in", "public", author, verified=True, waits=False)
    return Decision("rated", (message, allowed), found.ticket.number, "appended", author.address)


def _answers_our_own_address(case: Case, found: Match) -> bool:
    """Whether the mail went to the author's own reply address and to no other queue.

    The address may be that of a queue from which the ticket has been moved.
    """
    return found.token is not None and found.source == "address" and not case.facts.also_queues


def stranger(case: Case) -> Decision | None:
    """Does somebody point at a ticket that is not theirs?"""
    ticket = case.pointed_at
    if ticket is None:
        return None
    return open_ticket(case, reason="not-a-participant", linked=ticket.number)


def new_ticket(case: Case) -> Decision | None:
    """Is it something new?"""
    return open_ticket(case, reason="new-mail")
