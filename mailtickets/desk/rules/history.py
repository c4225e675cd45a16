"""The rule for old mail that was imported: it joins the mail of its thread, and nothing follows from it.

Nobody vouches for the authors of old mail. So it joins only tickets that imported mail has opened and that nobody has
used since, and it puts nobody on a ticket. Only mail of the people who are on the ticket, and the desk's own answers to
its customer, are public on it; other mail of the thread is a note, which answers to customers never quote. Tokens,
ticket numbers and commands in old mail mean nothing: they may be another desk's.
Fails with: nothing.
"""

from collections.abc import Iterable

from mailtickets.desk.claims import copies as copies_of
from mailtickets.desk.claims.authors import from_our_own_address, locale_for, without_tags
from mailtickets.desk.claims.people import NOBODY, can_be_written_to
from mailtickets.desk.model.decision import Decision, Outcome
from mailtickets.desk.model.effects import AddMessage, Effect, OpenTicket, RecordEvent
from mailtickets.desk.model.facts import Past
from mailtickets.desk.model.reason import OtherReason, Reason
from mailtickets.desk.model.ticket import Direction, Status, Ticket
from mailtickets.desk.rules.case import Case, nothing
from mailtickets.desk.rules.machines import denied_sender
from mailtickets.mail.model import Address


def history(case: Case) -> Decision:
    """What becomes of a mail that was imported?"""
    past, facts = case.facts.past or Past(), case.facts
    if facts.duplicate is not None:
        return Decision("same-mail", ticket=facts.duplicate.ticket, outcome="duplicate")
    if facts.unparsed is not None:
        return _opened(case, past, OtherReason(facts.unparsed), outcome="unparsed")
    idle = _calls_for_nothing(case, past)
    if idle is not None:
        return idle
    if past.ticket is None:
        return _opened(case, past, "imported")
    if past.in_use:
        return _opened(case, past, "imported-apart", linked=past.ticket.number)
    return _joined(case, past, past.ticket)


def _calls_for_nothing(case: Case, past: Past) -> Decision | None:
    """The decision on mail that becomes no message: our own, machines' reports, lists that the queue ignores."""
    mail, kind = case.mail, OtherReason(case.mail.kind_reason)
    if mail.kind == "loop":
        return nothing("ignored", kind, None)
    if case.facts.sent_before:
        return nothing("ignored", "own-mail-came-back", None)
    if mail.kind == "bounce":
        return nothing("bounced", "imported-report", None)
    if mail.kind == "report":
        return nothing("ignored", kind, None)
    if mail.kind == "list" and case.facts.queue.list == "ignore" and past.ticket is None:
        return nothing("ignored", "list-mail", None)
    return denied_sender(case)


def _is_ours(case: Case) -> bool:
    """Whether the desk is the author by its own claim: an agent, or a queue's address that hides nobody."""
    return case.agent is not None or (from_our_own_address(case.mail, case.policy) and case.author == NOBODY)


def _ourselves(case: Case) -> Address:
    return case.mail.author or case.author


def _outsiders(case: Case) -> tuple[Address, ...]:
    """The people whom a mail of the desk went to."""
    people = copies_of.others(case.mail, _ourselves(case), case.policy, None)
    return tuple(person for person in people if can_be_written_to(person))


def _opened(
    case: Case, past: Past, reason: Reason, *, outcome: Outcome = "opened", linked: int | None = None
) -> Decision:
    """A new ticket. The customer is the author, or the first person whom a mail of the desk went to."""
    theirs = _outsiders(case) if _is_ours(case) else ()
    copies = copies_of.on_new_ticket(case.mail, case.facts, case.policy)
    cc = theirs[1 : copies_of.MAX_IN_COPY + 1] if theirs else copies.joining
    author = _ourselves(case) if theirs else case.author
    said = _said(case, past, author, "out" if theirs else "in")
    ticket = OpenTicket(
        queue=case.facts.queue.name,
        subject=without_tags(case.mail.subject),
        requester=theirs[0] if theirs else author,
        locale=locale_for(case.facts.queue, case.mail.language, case.policy),
        cc=cc,
        linked=linked,
        acknowledged=False,
    )
    events = () if theirs else copies.events()
    return Decision(reason, (ticket, said, *_moved(said, None), *events), outcome=outcome, actor=author.address)


def _joined(case: Case, past: Past, ticket: Ticket) -> Decision:
    author = case.author
    if _is_ours(case) and ticket.requester.key != author.key:
        return _answered(case, past, ticket)
    if can_be_written_to(author) and ticket.participant(author.address):
        said = _said(case, past, author, "in")
        return Decision(
            "imported", (said, *_moved(said, ticket)), ticket.number, outcome="appended", actor=author.address
        )
    stays_out = RecordEvent("left-out", "copy-unproven", author.address)
    return _aside(case, past, ticket, author, "in", (stays_out,) if can_be_written_to(author) else ())


def _answered(case: Case, past: Past, ticket: Ticket) -> Decision:
    """A mail of the desk: an answer where it went to the ticket's customer, and else a note."""
    author = _ourselves(case)
    if ticket.requester.key not in {person.key for person in (*case.mail.to, *case.mail.cc)}:
        return _aside(case, past, ticket, author, "out")
    said = _said(case, past, author, "out")
    return Decision("imported", (said, *_moved(said, ticket)), ticket.number, outcome="appended", actor=author.address)


def _aside(
    case: Case, past: Past, ticket: Ticket, author: Address, direction: Direction, events: Iterable[Effect] = ()
) -> Decision:
    """A message for agents alone. It leaves the status as it is."""
    note = AddMessage(direction, "note", author, verified=False, waits=False, past=ticket.status)
    return Decision("imported-aside", (note, *events), ticket.number, outcome="noted", actor=author.address)


def _said(case: Case, past: Past, author: Address, direction: Direction) -> AddMessage:
    """A public message."""
    status = _status(case, past, direction)
    return AddMessage(direction, "public", author, verified=False, waits=False, past=status)


def _status(case: Case, past: Past, direction: Direction) -> Status:
    """The status after this mail, if it is the last of its thread."""
    since, leaving = past.leaving.open_since, past.leaving
    asks = direction == "in" and case.mail.kind in {"human", "list"}
    return "open" if since is not None and asks and case.now >= since else leaving.status


def _moved(said: AddMessage, ticket: Ticket | None) -> tuple[RecordEvent, ...]:
    """The event that says which status the import has given the ticket."""
    if said.past is None or (ticket is not None and ticket.status == said.past):
        return ()
    return (RecordEvent("status", "imported", said.past),)
