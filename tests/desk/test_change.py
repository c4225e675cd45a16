"""What effects do to a ticket, and how its status moves."""

from datetime import timedelta
from typing import Any

import pytest

from mailtickets.desk.change import after_customer_reply, changed, customers, may_reopen, opened, with_status
from mailtickets.desk.model.effects import (
    AddMessage,
    AddParticipant,
    Assign,
    FailDelivery,
    LeaveOut,
    MergeInto,
    OpenTicket,
    RecordEvent,
    SetPriority,
    SetStatus,
)
from mailtickets.desk.model.ticket import Participant
from mailtickets.mail.model import Address
from tests.desk.builders import ANA, EVE, MARIA, NOW, PEDRO, a_queue, a_ticket

EARLIER = NOW - timedelta(days=1)


@pytest.mark.parametrize(
    ("before", "after"),
    [("new", "new"), ("open", "open"), ("pending", "open"), ("resolved", "open"), ("closed", "open")],
)
def test_a_customers_reply_opens_what_is_not_new(before: Any, after: str) -> None:
    assert after_customer_reply(before) == after


@pytest.mark.parametrize(
    ("days", "may"), [(timedelta(0), True), (timedelta(days=14), True), (timedelta(days=14, seconds=1), False)]
)
def test_a_closed_ticket_may_be_opened_again_for_as_long_as_its_queue_says(days: timedelta, may: bool) -> None:
    assert may_reopen(a_ticket(status="closed", closed_at=NOW - days), a_queue(), NOW) is may


def test_a_closed_ticket_stays_closed_where_no_day_is_allowed() -> None:
    ticket = a_ticket(status="closed", closed_at=EARLIER)
    assert not may_reopen(ticket, a_queue(reopen_days=0), NOW)


def test_a_closed_ticket_of_a_queue_that_is_gone_stays_closed() -> None:
    assert not may_reopen(a_ticket(status="closed", closed_at=NOW), None, NOW)


@pytest.mark.parametrize("status", ["new", "open", "pending", "resolved"])
def test_what_is_not_closed_takes_replies_for_ever(status: Any) -> None:
    assert may_reopen(a_ticket(status=status), None, NOW)


def test_an_opened_ticket_is_new_and_everybodys() -> None:
    ticket = opened(OpenTicket("suporte", "Oi", MARIA, "en", cc=(PEDRO,), linked=7), 42, NOW)
    assert (ticket.number, ticket.status, ticket.priority, ticket.assignee) == (42, "new", "normal", None)
    assert ticket.participants == (Participant(MARIA, "requester"), Participant(PEDRO, "cc", notified=False))
    assert (ticket.linked, ticket.locale, ticket.created_at) == ((7,), "en", NOW)


def test_an_opened_ticket_is_linked_to_nothing_unless_told() -> None:
    ticket = opened(OpenTicket("suporte", "Oi", MARIA, "en", cc=(PEDRO,), notify_cc=True), 42, NOW)
    assert ticket.linked == ()
    assert ticket.participants[1].notified


def test_every_change_counts_one_revision() -> None:
    after = changed(a_ticket(revision=3), [SetPriority("high"), Assign("ana@desk.test")], NOW)
    assert (after.revision, after.updated_at) == (4, NOW)
    assert (after.priority, after.assignee) == ("high", "ana@desk.test")


def test_resolving_and_closing_keep_their_times() -> None:
    resolved = with_status(a_ticket(), "resolved", EARLIER)
    assert (resolved.resolved_at, resolved.closed_at) == (EARLIER, None)
    closed = with_status(resolved, "closed", NOW)
    assert (closed.resolved_at, closed.closed_at) == (EARLIER, NOW)
    reopened = with_status(closed, "open", NOW)
    assert (reopened.resolved_at, reopened.closed_at) == (None, None)


def test_closing_at_once_resolves_too() -> None:
    closed = with_status(a_ticket(), "closed", NOW)
    assert (closed.resolved_at, closed.closed_at) == (NOW, NOW)


def test_a_public_answer_brings_everybody_in() -> None:
    ticket = opened(OpenTicket("suporte", "Oi", MARIA, "en", cc=(PEDRO,)), 42, NOW)
    after = changed(ticket, [AddMessage("out", "public", ANA, verified=True)], NOW)
    assert after.answered
    assert all(person.notified for person in after.participants)


@pytest.mark.parametrize(
    "effect",
    [
        AddMessage("in", "public", MARIA, verified=False),
        AddMessage("out", "note", ANA, verified=True),
        MergeInto(7),
        FailDelivery(1, "x@x.test", "answer", "no", None, permanent=True),
        RecordEvent("held", "held"),
    ],
)
def test_other_effects_leave_the_ticket_itself_alone(effect: Any) -> None:
    before = a_ticket(cc=[PEDRO])
    after = changed(before, [effect, SetStatus("open", "x")], NOW)
    assert (after.answered, after.participants, after.status) == (False, before.participants, "open")


def test_who_is_left_out_is_sent_no_answers_until_they_write_or_are_added() -> None:
    without = changed(a_ticket(cc=[PEDRO, EVE]), [LeaveOut("PEDRO@cliente.test")], NOW)
    assert customers(without) == (MARIA, EVE)
    assert without.participant(PEDRO.address) is not None
    wrote = AddMessage("in", "public", PEDRO, verified=False, waits=False)
    for back in (wrote, AddParticipant(PEDRO, "cc")):
        assert customers(changed(without, [back], NOW)) == (MARIA, PEDRO, EVE)
    said = AddMessage("in", "public", MARIA, verified=True)
    assert customers(changed(without, [said, AddParticipant(EVE, "cc")], NOW)) == (MARIA, EVE)


def test_a_requester_is_never_left_out() -> None:
    assert customers(changed(a_ticket(), [LeaveOut(MARIA.address)], NOW)) == (MARIA,)


def test_somebody_joins_once() -> None:
    again = Address("Maria de novo", "MARIA@cliente.test")
    after = changed(
        a_ticket(), [AddParticipant(EVE, "cc"), AddParticipant(EVE, "cc"), AddParticipant(ANA, "agent")], NOW
    )
    assert [person.address for person in after.participants] == [MARIA, EVE, ANA]
    assert changed(after, [AddParticipant(again, "requester")], NOW).participants == after.participants


def test_an_answer_goes_to_the_requester_and_everybody_in_copy_but_no_agent() -> None:
    ticket = a_ticket(cc=[PEDRO, Address("", "MARIA@cliente.test")], agents=[ANA])
    assert customers(ticket) == (MARIA, PEDRO)


def test_an_agent_on_a_ticket_is_no_customer_of_it() -> None:
    ticket = a_ticket(cc=[PEDRO], agents=[ANA])
    assert ticket.participant("PEDRO@cliente.test") is not None
    assert ticket.participant(ANA.address) is None
