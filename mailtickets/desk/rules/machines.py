"""Rules for mail that calls for no work: loops, copies, reports, spam, and lists that a queue ignores.

Fails with: nothing.
"""

from mailtickets.desk.change import may_reopen
from mailtickets.desk.model.decision import Decision
from mailtickets.desk.model.reason import OtherReason
from mailtickets.desk.rules.case import Case, nothing, other_queues
from mailtickets.mail.kind.junk import allowed, denied


def loop(case: Case) -> Decision | None:
    """Has one of our own automatic mails come back, or has it travelled too far?"""
    if case.mail.kind == "loop":
        return nothing("ignored", OtherReason(case.mail.kind_reason), case.pointed_at)
    if case.facts.sent_before and case.mail.author is not None and case.policy.queue_at(case.mail.author.address):
        return nothing("ignored", "own-mail-came-back", case.pointed_at)
    return None


def repeated(case: Case) -> Decision | None:
    """Did the same mail come before, by another door or to another queue?"""
    if case.facts.duplicate is None or not case.facts.duplicate.reached_somebody or _first_was_astray(case):
        return None
    elsewhere, ticket = other_queues(case, *case.facts.duplicate.queues), case.facts.duplicate.ticket
    return Decision(
        "same-mail", ticket=ticket, outcome="duplicate", further_queues=elsewhere if ticket is not None else ()
    )


def report(case: Case) -> Decision | None:
    """Is it a machine's mail that calls for nothing: a receipt, a complaint, an answer to a report of ours?"""
    if case.mail.kind == "report":
        return nothing("ignored", OtherReason(case.mail.kind_reason), case.pointed_at)
    if case.facts.about_no_ticket and case.agent is None and case.found is None:
        return nothing("ignored", OtherReason(case.mail.kind_reason), None)
    return None


def denied_sender(case: Case) -> Decision | None:
    """Is it from somebody whom the configuration denies?"""
    claims = (case.author.address, case.facts.envelope.sender or "")
    if case.facts.released or not any(
        denied(claim, case.policy.junk.deny, case.policy.junk.allow) for claim in claims if claim
    ):
        return None
    return nothing("ignored", "sender-denied", None)


def junk(case: Case) -> Decision | None:
    """Do filters or scanners hold something against it?"""
    found, author = case.facts.junk, case.author
    if found.action not in {"spam", "infected"} or case.facts.released:
        return None
    if found.action == "spam" and case.is_authentic and allowed(author.address, case.policy.junk.allow):
        return None
    return Decision(OtherReason(found.why), outcome="held", actor=author.address)


def unwanted_list(case: Case) -> Decision | None:
    """Is it mailing-list mail to a queue that ignores it?"""
    if case.mail.kind != "list" or case.facts.queue.list != "ignore" or case.found:
        return None
    return nothing("ignored", "list-mail", None)


def _first_was_astray(case: Case) -> bool:
    """Whether the author's own reply address leads to a ticket, and the first copy opened another one: whoever knew
    the mail beforehand has sent it without that address, lest the genuine one reach its ticket.
    """
    found, first = case.found, case.facts.duplicate
    if first is None or first.outcome != "opened" or first.ticket is None or found is None or not found.proven:
        return False
    opened = case.facts.tickets.get(first.ticket)
    own = opened is not None and opened.number == found.ticket.number
    return not own and may_reopen(found.ticket, case.policy.queue(found.ticket.queue), case.now)
