"""Reports on the delivery of our own mails: what follows when one of them did not arrive.

Owns: which failures are told to agents and make work, and which reports are proof. A report is proof if it came with
the tag of the copy that it is about.
Fails with: nothing.
"""

from collections.abc import Iterator
from dataclasses import replace

from mailtickets.desk.model.decision import UNPROVEN_REPORT, Decision
from mailtickets.desk.model.effects import Effect, FailDelivery, LeaveOut, SetStatus
from mailtickets.desk.model.facts import OutboxFact
from mailtickets.desk.model.reason import OtherReason
from mailtickets.desk.model.ticket import Ticket
from mailtickets.desk.rules.case import Case, nothing
from mailtickets.mail.model import Bounce

_SENDERS_FAULT = frozenset({"5.1.7", "5.1.8"})
"""RFC 3463, 3.2: these codes are about the sender's address."""


def bounce(case: Case) -> Decision | None:
    """Is it a report on the delivery of one of our mails?"""
    if case.mail.kind != "bounce":
        return None
    if case.facts.bounced is None or case.mail.bounce is None:
        return nothing("bounced", "bounce-of-nothing-ours", None)
    ours, ticket = case.facts.bounced, case.facts.tickets.get(case.facts.bounced.ticket or 0)
    failure = _reported(ours, case.mail.bounce)
    if not ours.proven:
        return _doubted(ours, failure, case.mail.bounce.action, ticket)
    if case.mail.bounce.action == "failed" and ours.state != "failed":
        return replace(given_up(ours, failure, ticket), outcome="bounced")
    return Decision(
        OtherReason(f"delivery-{case.mail.bounce.action}"),
        (replace(failure, permanent=False, gone=False),),
        ticket=ticket.number if ticket else None,
        outcome="bounced",
    )


def refused(ours: OutboxFact, diagnostic: str, status: str | None, ticket: Ticket | None) -> Decision:
    """What follows when the smarthost gives up a mail of ours for good."""
    return given_up(ours, _failed(ours, diagnostic, status), ticket)


def given_up(ours: OutboxFact, failure: FailDelivery, ticket: Ticket | None) -> Decision:
    """What follows when a copy of our own mail has failed for good.

    If an answer did not reach the requester, agents are told and the ticket opens again. If it did not reach somebody
    in copy, agents are told once, and that person gets no further answers.
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
    """What follows from a report without proof: anybody who got the mail could have written it.

    Agents are told of a failed answer, once. Nothing else changes.
    """
    matters = action == "failed" and ours.notice == "answer" and ours.state != "failed" and not ours.agents_informed
    if ticket is None or not matters:
        return nothing("bounced", UNPROVEN_REPORT, ticket)
    return Decision(
        UNPROVEN_REPORT,
        (replace(failure, permanent=False, gone=False),),
        ticket=ticket.number,
        outcome="bounced",
        actor=_actor(ours),
        notices=("delivery_failed",),
    )


def _reported(ours: OutboxFact, report: Bounce) -> FailDelivery:
    """The failure that a report describes. The tag says which copy failed, whatever recipient the report names."""
    named = report.recipient if report.recipient.casefold() != ours.recipient.casefold() else ""
    return _failed(ours, report.diagnostic, report.status, named=named)


def _failed(ours: OutboxFact, diagnostic: str, status: str | None, named: str = "") -> FailDelivery:
    """The failure of a copy. `gone`: there is no such mailbox, by a code 5.1.x (RFC 3463, 3.2).

    A report that names another mailbox, to which the recipient's mail is forwarded, says nothing of the recipient's.
    """
    gone = status is not None and status.startswith("5.1.") and status not in _SENDERS_FAULT and not named
    return FailDelivery(
        ours.id, ours.recipient, ours.notice, diagnostic, status, permanent=True, gone=gone, named=named
    )
