"""A mail that opens a ticket: the ticket, and how much of the mail its first message shows.

The message shows everything unless it is proven that the part that was cut off is history. A writer may quote a
clause, a log or somebody's earlier mail in a new mail. Proof is one of these: our own notice in the mail; an id or a
token of ours that the mail answers; a mail program's words of quotation in a mail that names what it answers.
Fails with: nothing.
"""

from dataclasses import replace

from mailtickets.desk.claims import copies as copies_of
from mailtickets.desk.claims.authors import locale_for, without_tags
from mailtickets.desk.model.decision import Decision, Outcome
from mailtickets.desk.model.effects import AddMessage, OpenTicket
from mailtickets.desk.model.facts import Facts
from mailtickets.desk.model.reason import Reason
from mailtickets.desk.rules.assignment import given_out
from mailtickets.desk.rules.case import Case
from mailtickets.mail.model import InboundMail


def as_opening(mail: InboundMail, facts: Facts) -> InboundMail:
    """The mail as its ticket shows it: with what was cut off, unless that is surely history."""
    if not mail.uncut or _is_history(mail, facts):
        return mail
    return replace(mail, reply=mail.uncut, quoted="", uncut="", cut_by="")


def _is_history(mail: InboundMail, facts: Facts) -> bool:
    if mail.cut_by == "notice" or facts.ids or facts.tokens:
        return True
    return mail.cut_by == "announcement" and bool(mail.in_reply_to or mail.references)


def leaves_out_history(mail: InboundMail) -> bool:
    """Whether words were cut off that are no notice of ours. (Everybody on a ticket has our notices.)"""
    return bool(mail.quoted.strip()) and mail.cut_by in ("announcement", "quotation")


def open_ticket(case: Case, *, reason: Reason, outcome: Outcome = "opened", linked: int | None = None) -> Decision:
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
    message = AddMessage("in", "public", author, verified=case.is_authentic)
    assigned = given_out(case.facts.queue, case.facts.desk, case.policy, case.now)
    return Decision(
        reason,
        (ticket, message, *assigned, *copies.events()),
        outcome=outcome,
        actor=author.address,
        further_queues=tuple(queue.name for queue in case.facts.also_queues),
    )
