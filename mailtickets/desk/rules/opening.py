"""The words of a mail that opens a ticket: all of them, unless it is proven that what was cut off is history.

A new mail may hold quotations of its writer's own: a clause, a log, an earlier mail of somebody else. Proof is a notice
of ours in it, an id or a token of ours that the mail answers, or a mail program's words in a mail that names what it
answers.
Fails with: nothing.
"""

from dataclasses import replace

from mailtickets.desk.claims import copies as copies_of
from mailtickets.desk.claims.authors import locale_for, without_tags
from mailtickets.desk.model.decision import Decision, Outcome
from mailtickets.desk.model.effects import AddMessage, OpenTicket
from mailtickets.desk.model.facts import Facts
from mailtickets.desk.model.reason import Reason
from mailtickets.desk.rules.assignment import turn
from mailtickets.desk.rules.case import Case
from mailtickets.mail.model import InboundMail


def as_opening(mail: InboundMail, facts: Facts) -> InboundMail:
    """The mail as it opens a ticket: what was taken for history without proof is said now."""
    if not mail.uncut or _is_history(mail, facts):
        return mail
    return replace(mail, reply=mail.uncut, quoted="", uncut="", cut_by="")


def _is_history(mail: InboundMail, facts: Facts) -> bool:
    if mail.cut_by == "notice" or facts.ids or facts.tokens:
        return True
    return mail.cut_by == "announcement" and bool(mail.in_reply_to or mail.references)


def leaves_out_history(mail: InboundMail) -> bool:
    """Whether words are left out that are no notice of ours, which everybody on a ticket has."""
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
    said = AddMessage("in", "public", author, verified=case.is_authentic)
    given = turn(case.facts.queue, case.facts.desk, case.policy, case.now)
    return Decision(
        reason,
        (ticket, said, *((given,) if given else ()), *copies.events()),
        outcome=outcome,
        actor=author.address,
        further_queues=tuple(queue.name for queue in case.facts.also_queues),
    )
