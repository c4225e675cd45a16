"""The desk's policy, rule by rule: outcome, reason and what follows."""

from datetime import timedelta
from typing import Any

import pytest

from mailtickets.desk.claims.authors import NOBODY, author_of, locale_for, without_tags
from mailtickets.desk.model.decision import Decision
from mailtickets.desk.model.effects import (
    AddMessage,
    AddParticipant,
    Effect,
    FailDelivery,
    LeaveOut,
    OpenTicket,
    RecordEvent,
    SetStatus,
)
from mailtickets.desk.model.facts import Authentication, DuplicateFact, IdFact, OutboxFact
from mailtickets.desk.rules.bounces import refused
from mailtickets.desk.rules.decide import RULES, decide
from mailtickets.mail.door import Door
from mailtickets.mail.model import Address, Bounce
from tests.desk.builders import (
    ANA,
    ANA_ALIAS,
    BRUNO,
    DESK,
    EVE,
    MARIA,
    NOW,
    PEDRO,
    POLICY,
    VENDAS,
    a_mail,
    a_policy,
    a_queue,
    a_ticket,
    a_token,
    an_attachment,
    an_envelope,
    asked,
    facts,
    spoken,
)

BY_SUBJECT: dict[str, Any] = {"subject_numbers": (42,)}
BY_ID: dict[str, Any] = {"ids": (IdFact(42, "our@desk.test", issued=True),)}


def decided(mail: Any, known: Any, policy: Any = POLICY) -> Decision:
    return decide(mail, known, policy, NOW)


def effects_of(decision: Decision, kind: type[Effect]) -> list[Any]:
    return [effect for effect in decision.effects if isinstance(effect, kind)]


def statuses(decision: Decision) -> list[tuple[str, str]]:
    return [(effect.to, effect.reason) for effect in effects_of(decision, SetStatus)]


# --- the trace ----------------------------------------------------------------------------------------


def test_the_trace_names_every_rule_asked_and_the_question_it_put() -> None:
    decision = decided(a_mail(), facts())
    assert asked(decision) == [rule.__name__ for rule in RULES]
    assert all(line.verdict == "no" and line.why.endswith("?") for line in decision.trace[:-1])
    assert (spoken(decision).verdict, spoken(decision).why) == ("opened", "new-mail")


def test_the_first_rule_with_an_opinion_ends_the_asking() -> None:
    decision = decided(a_mail(kind="loop", kind_reason="received-limit"), facts(duplicate=DuplicateFact(1, None, ())))
    assert asked(decision) == ["unreadable", "loop"]


# --- unreadable ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", ["reading-failed", "reading-took-too-long", "processing-failed"])
def test_a_mail_that_nobody_could_read_opens_a_ticket_marked_unparsed(reason: str) -> None:
    decision = decided(a_mail(kind="loop"), facts(a_ticket(), unparsed=reason, **BY_SUBJECT))
    assert (decision.outcome, decision.reason) == ("unparsed", reason)
    assert decision.opens is not None
    assert decision.opens.requester == MARIA


# --- loop ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", ["own-loop-header", "received-limit"])
def test_a_loop_is_ignored_with_a_record(reason: str) -> None:
    decision = decided(a_mail(kind="loop", kind_reason=reason), facts(a_ticket(), **BY_SUBJECT))
    assert decision.outcome == "ignored"
    assert (decision.reason, decision.ticket, decision.effects) == (reason, 42, ())


def test_our_own_mail_that_came_back_is_ignored() -> None:
    decision = decided(a_mail(DESK), facts(sent_before=("m1@cliente.test",)))
    assert (decision.outcome, decision.reason, decision.ticket) == ("ignored", "own-mail-came-back", None)


def test_a_known_message_id_under_another_author_is_no_loop() -> None:
    decision = decided(a_mail(MARIA), facts(sent_before=("m1@cliente.test",)))
    assert decision.outcome == "opened"


def test_a_mail_without_author_is_no_loop_for_its_id() -> None:
    decision = decided(a_mail(None), facts(sent_before=("m1@cliente.test",)))
    assert decision.outcome == "opened"


# --- repeated -----------------------------------------------------------------------------------------


def test_the_same_mail_by_another_door_changes_nothing() -> None:
    decision = decided(a_mail(), facts(a_ticket(), duplicate=DuplicateFact(7, 42, ("suporte",))))
    assert (decision.outcome, decision.reason, decision.ticket) == ("duplicate", "same-mail", 42)
    assert (decision.effects, decision.further_queues) == ((), ())


def test_the_same_mail_to_another_queue_tells_that_queues_agents() -> None:
    known = facts(a_ticket(), queue=a_queue("vendas"), duplicate=DuplicateFact(7, 42, ("suporte",)))
    assert decided(a_mail(), known).further_queues == ("vendas",)


def test_the_same_mail_to_a_queue_that_was_told_tells_nobody() -> None:
    known = facts(a_ticket(), queue=a_queue("vendas"), duplicate=DuplicateFact(7, 42, ("suporte", "vendas")))
    assert decided(a_mail(), known).further_queues == ()


def test_a_copy_of_what_is_on_no_ticket_tells_nobody() -> None:
    known = facts(queue=a_queue("vendas"), duplicate=DuplicateFact(7, None, ("suporte",)))
    decision = decided(a_mail(), known)
    assert (decision.outcome, decision.further_queues) == ("duplicate", ())


# --- bounce -------------------------------------------------------------------------------------------


def a_bounce(action: str = "failed", **changes: Any) -> Any:
    report = Bounce("maria@cliente.test", action, "5.1.1", "our@desk.test", "User unknown")
    return a_mail(None, kind="bounce", kind_reason="delivery-status", **{"bounce": report, **changes})


def our_answer(notice: str = "answer", **changes: Any) -> OutboxFact:
    values: dict[str, Any] = {"recipient": MARIA.address, "author": ANA.address, "state": "sent"}
    return OutboxFact(9, 42, notice, **{**values, **changes})


def test_an_answer_that_bounced_opens_the_ticket_and_tells_its_author() -> None:
    decision = decided(a_bounce(), facts(a_ticket(status="pending"), bounced=our_answer()))
    assert (decision.outcome, decision.reason, decision.ticket) == ("bounced", "delivery-failed", 42)
    assert effects_of(decision, FailDelivery) == [
        FailDelivery(9, MARIA.address, "answer", "User unknown", "5.1.1", permanent=True, gone=True)
    ]
    assert statuses(decision) == [("open", "delivery-failed")]
    assert (decision.notices, decision.actor) == (("delivery_failed",), ANA.address)


@pytest.mark.parametrize("status", ["new", "open"])
def test_a_ticket_that_is_work_already_is_not_moved_by_a_bounce(status: Any) -> None:
    decision = decided(a_bounce(), facts(a_ticket(status=status), bounced=our_answer()))
    assert statuses(decision) == []


@pytest.mark.parametrize("notice", ["received", "resolved", "new_ticket"])
def test_a_bounced_automatic_mail_is_recorded_and_nothing_more(notice: str) -> None:
    decision = decided(a_bounce(), facts(a_ticket(status="resolved"), bounced=our_answer(notice, author=None)))
    assert (decision.outcome, decision.notices, statuses(decision)) == ("bounced", (), [])
    assert effects_of(decision, FailDelivery)[0].permanent


def test_a_second_report_on_the_same_failure_tells_nobody_again() -> None:
    decision = decided(a_bounce(), facts(a_ticket(status="pending"), bounced=our_answer(state="failed")))
    assert (decision.reason, decision.notices, statuses(decision)) == ("delivery-failed", (), [])
    assert not effects_of(decision, FailDelivery)[0].permanent


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed", "expanded"])
def test_a_report_that_is_no_failure_is_only_recorded(action: str) -> None:
    decision = decided(a_bounce(action), facts(a_ticket(status="pending"), bounced=our_answer()))
    assert (decision.reason, decision.notices, statuses(decision)) == (f"delivery-{action}", (), [])
    assert not effects_of(decision, FailDelivery)[0].permanent


def test_a_bounce_of_nothing_of_ours_opens_no_ticket() -> None:
    decision = decided(a_bounce(), facts(a_ticket(), **BY_SUBJECT))
    assert (decision.outcome, decision.reason) == ("bounced", "bounce-of-nothing-ours")
    assert (decision.ticket, decision.effects) == (None, ())


def test_an_unreadable_bounce_is_a_bounce_of_nothing_ours() -> None:
    assert decided(a_bounce(bounce=None), facts(bounced=our_answer())).reason == "bounce-of-nothing-ours"


def test_a_bounced_alarm_is_on_no_ticket() -> None:
    decision = decided(a_bounce(), facts(bounced=our_answer("alarm")))
    assert (decision.ticket, decision.notices) == (None, ())


def test_a_delay_of_an_alarm_is_on_no_ticket() -> None:
    assert decided(a_bounce("delayed"), facts(bounced=our_answer("alarm"))).ticket is None


def test_a_final_refusal_by_the_smarthost_is_told_as_a_bounce_is() -> None:
    decision = refused(our_answer(state="sending"), "550 no", "5.1.1", a_ticket(status="resolved"))
    assert decision.outcome is None
    assert decision.notices == ("delivery_failed",)
    assert statuses(decision) == [("open", "delivery-failed")]


def test_only_the_requesters_failure_reopens() -> None:
    before = a_ticket(status="resolved", cc=(PEDRO,))
    decision = refused(our_answer(recipient="PEDRO@cliente.test", state="sending"), "550 5.7.1 no", "5.7.1", before)
    assert (statuses(decision), decision.notices) == ([], ("delivery_failed",))
    assert effects_of(decision, LeaveOut) == [LeaveOut(PEDRO.address)]


def test_who_is_on_the_ticket_no_more_is_told_of_to_nobody() -> None:
    decision = refused(our_answer(recipient=PEDRO.address), "550 5.7.1 no", "5.7.1", a_ticket(status="resolved"))
    assert (statuses(decision), decision.notices, effects_of(decision, LeaveOut)) == ([], (), [])


def test_a_report_without_the_copys_own_tag_is_a_hint_told_once() -> None:
    known = facts(a_ticket(status="pending"), bounced=our_answer(proven=False))
    decision = decided(a_bounce(), known)
    assert (decision.reason, decision.notices) == ("delivery-report-unproven", ("delivery_failed",))
    (failure,) = decision.effects
    assert isinstance(failure, FailDelivery)
    assert (failure.permanent, failure.gone) == (False, False)
    again = decided(
        a_bounce(), facts(a_ticket(status="pending"), bounced=our_answer(proven=False, agents_informed=True))
    )
    assert (again.reason, again.notices, again.effects) == ("delivery-report-unproven", (), ())


def test_a_report_that_names_another_address_says_nothing_of_our_recipients_mailbox() -> None:
    passed_on = Bounce("velha@outro.test", "failed", "5.1.1", None, "User unknown")
    decision = decided(a_bounce(bounce=passed_on), facts(a_ticket(status="pending"), bounced=our_answer()))
    (failure,) = effects_of(decision, FailDelivery)
    assert (failure.recipient, failure.named, failure.permanent, failure.gone) == (
        MARIA.address,
        "velha@outro.test",
        True,
        False,
    )
    assert statuses(decision) == [("open", "delivery-failed")]


def test_a_failure_without_author_is_the_systems() -> None:
    assert refused(our_answer(author=None), "550 no", None, a_ticket()).actor == "system"


# --- report and list ----------------------------------------------------------------------------------


def test_a_machines_report_is_ignored_beside_its_ticket() -> None:
    mail = a_mail(kind="report", kind_reason="disposition-notification")
    decision = decided(mail, facts(a_ticket(), **BY_ID))
    assert (decision.outcome, decision.reason, decision.ticket) == ("ignored", "disposition-notification", 42)
    assert decision.effects == ()


def test_list_mail_opens_a_ticket_where_the_queue_takes_it() -> None:
    assert decided(a_mail(kind="list"), facts()).outcome == "opened"


def test_list_mail_is_ignored_where_the_queue_says_so() -> None:
    decision = decided(a_mail(kind="list"), facts(queue=a_queue(list="ignore")))
    assert (decision.outcome, decision.reason) == ("ignored", "list-mail")


def test_list_mail_by_a_participant_on_a_ticket_is_never_ignored() -> None:
    known = facts(a_ticket(), queue=a_queue(list="ignore"), **BY_SUBJECT)
    assert decided(a_mail(kind="list"), known).outcome == "appended"


def test_a_persons_mail_to_a_queue_that_ignores_lists_opens_a_ticket() -> None:
    assert decided(a_mail(), facts(queue=a_queue(list="ignore"))).outcome == "opened"


# --- an agent's answer --------------------------------------------------------------------------------


def test_an_agents_reply_with_the_token_is_a_public_answer() -> None:
    decision = decided(a_mail(ANA), facts(a_ticket(status="new"), tokens=(a_token(ANA),)))
    assert (decision.outcome, decision.reason, decision.ticket) == ("appended", "agent-answer", 42)
    assert decision.actor == ANA.address
    assert decision.effects == (
        AddMessage("out", "public", ANA, verified=True, relayed=True),
        AddParticipant(ANA, "agent"),
        SetStatus("pending", "agent-answered"),
    )


def test_an_answer_to_a_pending_ticket_leaves_it_pending() -> None:
    decision = decided(a_mail(ANA), facts(a_ticket(status="pending"), tokens=(a_token(ANA),)))
    assert statuses(decision) == []


def test_an_agent_may_write_from_an_alias() -> None:
    decision = decided(a_mail(ANA_ALIAS), facts(a_ticket(), tokens=(a_token(ANA),)))
    assert decision.reason == "agent-answer"
    assert effects_of(decision, AddMessage)[0].author == ANA


@pytest.mark.parametrize(
    "evidence",
    [
        BY_SUBJECT,
        BY_ID,
        {"tokens": (a_token(ANA, expired=True, source="ref-line"),)},
        {"tokens": (a_token(ANA, expired=True),)},
        {"tokens": (a_token(BRUNO),)},
    ],
)
def test_an_agents_mail_without_the_token_is_held_and_the_agent_told(evidence: dict[str, Any]) -> None:
    decision = decided(a_mail(ANA), facts(a_ticket(), **evidence))
    assert (decision.outcome, decision.reason, decision.ticket) == ("held", "agent-without-token", 42)
    assert decision.effects == (RecordEvent("held", "agent-without-token", ANA.address),)
    assert (decision.notices, decision.actor) == (("held",), ANA.address)


def test_what_an_agent_confirms_goes_to_the_ticket_that_another_agents_token_names() -> None:
    decision = decided(a_mail(ANA), facts(a_ticket(), released=True, tokens=(a_token(BRUNO),)))
    assert (decision.outcome, decision.reason, decision.ticket) == ("appended", "agent-answer", 42)


def test_what_an_operator_released_is_relayed_without_a_token() -> None:
    decision = decided(a_mail(ANA), facts(a_ticket(), released=True, **BY_SUBJECT))
    assert (decision.outcome, decision.reason) == ("appended", "agent-answer")


def test_an_agents_mail_on_no_ticket_opens_one() -> None:
    decision = decided(a_mail(ANA), facts())
    assert (decision.outcome, decision.reason) == ("opened", "new-mail")


def test_an_empty_answer_is_held() -> None:
    decision = decided(a_mail(ANA, reply=" \n"), facts(a_ticket(), tokens=(a_token(ANA),)))
    assert (decision.outcome, decision.reason) == ("held", "empty-answer")


def test_an_attachment_alone_is_an_answer() -> None:
    mail = a_mail(ANA, reply="", attachments=(an_attachment(),))
    assert decided(mail, facts(a_ticket(), tokens=(a_token(ANA),))).reason == "agent-answer"


def test_an_answer_whose_end_is_in_doubt_is_held_until_released() -> None:
    mail, known = a_mail(ANA, defects=("uncertain-cut",)), facts(a_ticket(), tokens=(a_token(ANA),))
    assert decided(mail, known).reason == "uncertain-cut"
    released = facts(a_ticket(), tokens=(a_token(ANA),), released=True)
    assert decided(mail, released).reason == "agent-answer"


def test_a_reply_all_that_already_went_to_the_customer_is_recorded_not_relayed() -> None:
    mail = a_mail(ANA, to=(DESK, Address("", "MARIA@cliente.test")), cc=(PEDRO,))
    decision = decided(mail, facts(a_ticket(), tokens=(a_token(ANA),)))
    assert effects_of(decision, AddMessage) == [AddMessage("out", "public", ANA, verified=True, relayed=False)]
    assert effects_of(decision, RecordEvent) == [RecordEvent("delivered-directly", "delivered-directly", MARIA.address)]
    assert effects_of(decision, AddParticipant) == [AddParticipant(ANA, "agent"), AddParticipant(PEDRO, "cc")]
    assert statuses(decision) == [("pending", "agent-answered")]


def test_an_agents_absence_is_a_note_and_nothing_to_the_customer() -> None:
    mail = a_mail(ANA, kind="auto_reply", kind_reason="auto-submitted")
    decision = decided(mail, facts(a_ticket(status="pending"), **BY_ID))
    assert (decision.outcome, decision.reason) == ("noted", "auto-submitted")
    assert decision.effects == (AddMessage("in", "note", ANA, verified=False),)


@pytest.mark.parametrize("evidence", [BY_SUBJECT, {"tokens": (a_token(ANA),)}])
@pytest.mark.parametrize("author", [ANA, ANA_ALIAS])
def test_an_agent_is_the_customer_of_a_ticket_of_their_own(evidence: dict[str, Any], author: Address) -> None:
    own = a_ticket(requester=ANA, status="pending")
    decision = decided(a_mail(author), facts(own, **evidence))
    assert (decision.outcome, spoken(decision).rule) == ("appended", "customer_reply")
    assert effects_of(decision, AddMessage)[0].direction == "in"
    assert statuses(decision) == [("open", "customer-replied")]


def test_an_agent_who_has_left_has_no_power_any_more() -> None:
    policy = a_policy(agents=tuple(agent for agent in POLICY.agents if agent.address != ANA.address))
    decision = decided(a_mail(ANA), facts(a_ticket(status="pending"), tokens=(a_token(ANA),)), policy)
    assert (decision.outcome, decision.reason) == ("opened", "not-a-participant")


# --- a customer's reply -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("evidence", "reason", "verified"),
    [
        ({"tokens": (a_token(MARIA),)}, "reply-token", True),
        (BY_ID, "message-id", False),
        (BY_SUBJECT, "subject-number", False),
        ({"tokens": (a_token(EVE, source="ref-line"),)}, "ref-line", False),
    ],
)
def test_a_participants_reply_is_appended_by_its_strongest_evidence(
    evidence: dict[str, Any], reason: str, verified: bool
) -> None:
    decision = decided(a_mail(MARIA), facts(a_ticket(), **evidence))
    assert (decision.outcome, decision.reason, decision.ticket) == ("appended", reason, 42)
    assert decision.effects == (AddMessage("in", "public", MARIA, verified=verified),)
    assert decision.actor == MARIA.address


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("new", []),
        ("open", []),
        ("pending", [("open", "customer-replied")]),
        ("resolved", [("open", "customer-replied")]),
        ("closed", [("open", "customer-replied")]),
    ],
)
def test_a_customers_reply_moves_the_ticket_as_the_table_says(before: Any, after: list[tuple[str, str]]) -> None:
    ticket = a_ticket(status=before, closed_at=NOW - timedelta(days=1) if before == "closed" else None)
    assert statuses(decided(a_mail(MARIA), facts(ticket, **BY_SUBJECT))) == after


def test_somebody_in_copy_may_reply() -> None:
    decision = decided(a_mail(PEDRO), facts(a_ticket(cc=[PEDRO]), **BY_SUBJECT))
    assert decision.outcome == "appended"
    assert effects_of(decision, AddMessage)[0].author == PEDRO


def test_people_whom_a_reply_copies_are_recorded_without_being_notified() -> None:
    mail = a_mail(MARIA, to=(DESK, MARIA, ANA), cc=(PEDRO, EVE, VENDAS))
    vouched = facts(a_ticket(cc=[PEDRO]), authentication=Authentication("pass"), **BY_SUBJECT)
    assert effects_of(decided(mail, vouched), AddParticipant) == [AddParticipant(EVE, "cc", notified=False)]


def test_a_reply_to_what_was_closed_too_long_ago_opens_a_linked_ticket() -> None:
    old = a_ticket(status="closed", closed_at=NOW - timedelta(days=15))
    decision = decided(a_mail(MARIA), facts(old, tokens=(a_token(MARIA),)))
    assert (decision.outcome, decision.reason, decision.ticket) == ("opened", "closed-too-long-ago", None)
    assert decision.opens is not None
    assert decision.opens.linked == 42


@pytest.mark.parametrize("status", ["new", "open", "pending", "resolved", "closed"])
def test_a_customers_automatic_answer_is_recorded_and_moves_nothing(status: Any) -> None:
    mail = a_mail(MARIA, kind="auto_reply", kind_reason="auto-submitted")
    ticket = a_ticket(status=status, closed_at=NOW - timedelta(days=1) if status == "closed" else None)
    decision = decided(mail, facts(ticket, tokens=(a_token(MARIA),)))
    assert (decision.outcome, decision.reason) == ("appended", "auto-submitted")
    assert statuses(decision) == []


def test_an_automatic_answer_on_what_was_closed_long_ago_opens_nothing() -> None:
    mail = a_mail(MARIA, kind="auto_reply", kind_reason="auto-submitted")
    old = a_ticket(status="closed", closed_at=NOW - timedelta(days=400))
    decision = decided(mail, facts(old, tokens=(a_token(MARIA),)))
    assert (decision.outcome, decision.ticket, decision.opens) == ("appended", 42, None)


def test_a_reply_that_also_went_to_another_queue_tells_its_agents() -> None:
    known = facts(a_ticket(), also_queues=(a_queue("vendas"),), **BY_SUBJECT)
    assert decided(a_mail(MARIA), known).further_queues == ("vendas",)


def test_a_reply_to_another_queue_first_tells_that_queue_and_not_the_tickets_own() -> None:
    known = facts(a_ticket(), queue=a_queue("vendas"), also_queues=(a_queue("suporte"),), **BY_SUBJECT)
    assert decided(a_mail(MARIA), known).further_queues == ("vendas",)


# --- strangers and new mail ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "evidence",
    [
        BY_SUBJECT,
        BY_ID,
        {"tokens": (a_token(MARIA),)},
        {"tokens": (a_token(MARIA, source="ref-line"),)},
        {"tokens": (a_token(EVE, expired=True),)},
    ],
)
def test_a_stranger_who_points_at_a_ticket_gets_a_new_one_linked_to_it(evidence: dict[str, Any]) -> None:
    decision = decided(a_mail(EVE, subject="Re: [#42] Impressora"), facts(a_ticket(), **evidence))
    assert (decision.outcome, decision.reason, decision.ticket) == ("opened", "not-a-participant", None)
    assert decision.opens == OpenTicket("suporte", "Re: Impressora", EVE, "pt_BR", linked=42)


def test_new_mail_opens_a_ticket_in_its_queue() -> None:
    decision = decided(a_mail(MARIA, cc=(PEDRO, BRUNO, DESK)), facts())
    assert (decision.outcome, decision.reason, decision.actor) == ("opened", "new-mail", MARIA.address)
    assert decision.effects == (
        OpenTicket("suporte", "Impressora", MARIA, "pt_BR", cc=(PEDRO,)),
        AddMessage("in", "public", MARIA, verified=False),
    )


def test_a_mail_to_two_queues_opens_one_ticket_and_tells_the_other_queue() -> None:
    decision = decided(a_mail(), facts(also_queues=(a_queue("vendas"),)))
    assert decision.opens is not None
    assert (decision.opens.queue, decision.further_queues) == ("suporte", ("vendas",))


def test_at_most_twenty_people_in_copy_come_onto_a_ticket() -> None:
    crowd = tuple(Address("", f"p{number}@longe.test") for number in range(500))
    decision = decided(a_mail(cc=crowd), facts())
    assert decision.opens is not None
    assert decision.opens.cc == crowd[:20]


def test_a_mail_without_author_belongs_to_nobody() -> None:
    decision = decided(a_mail(None), facts())
    assert decision.opens is not None
    assert decision.opens.requester == NOBODY


def test_what_the_subject_claims_of_another_ticket_is_not_kept() -> None:
    decision = decided(a_mail(subject="RES: [Suporte #7]  Nota [ # 8 ] fiscal"), facts())
    assert decision.opens is not None
    assert decision.opens.subject == "RES: Nota fiscal"


def test_a_subject_of_a_tag_alone_is_an_empty_subject() -> None:
    assert without_tags("[#1042]") == ""


# --- who wrote it, and in which language --------------------------------------------------------------


def test_the_author_is_from_and_sender_stands_in_for_no_missing_or_doubled_from() -> None:
    assert author_of(a_mail(MARIA, sender=EVE, reply_to=(PEDRO,)), a_queue(), POLICY) == MARIA
    assert author_of(a_mail(None, sender=EVE), a_queue(), POLICY) == NOBODY
    assert author_of(a_mail(None), a_queue(), POLICY) == NOBODY


def test_reply_to_is_the_author_of_a_contact_forms_mail() -> None:
    form = a_queue(reply_to_is_author_from=("form@site.test",))
    sent = a_mail(Address("Site", "Form@site.test"), reply_to=(MARIA,))
    assert author_of(sent, form, POLICY) == MARIA
    assert author_of(a_mail(Address("", "form@site.test")), form, POLICY).address == "form@site.test"


def test_a_form_that_names_a_queue_names_nobody_but_itself() -> None:
    form = a_queue(reply_to_is_author_from=("form@site.test",))
    assert (
        author_of(a_mail(Address("", "form@site.test"), reply_to=(VENDAS,)), form, POLICY).address == "form@site.test"
    )


@pytest.mark.parametrize(
    ("fields", "person"),
    [
        ({"reply_to": (MARIA,)}, MARIA),
        ({"original_from": (MARIA,)}, MARIA),
        ({"original_from": (MARIA,), "reply_to": (EVE,)}, MARIA),
        ({"original_from": (Address("", MARIA.address),)}, Address("Maria Souza", MARIA.address)),
        ({"reply_to": (DESK, PEDRO)}, PEDRO),
        ({"reply_to": (DESK,), "sender": EVE}, NOBODY),
        ({"original_from": (Address("Maria", "Maria"),)}, NOBODY),
        ({}, NOBODY),
    ],
)
def test_behind_a_queues_own_address_in_from_stands_whom_the_list_names_or_nobody(
    fields: dict[str, Any], person: Address
) -> None:
    rewritten = a_mail(Address("'Maria Souza' via Suporte", DESK.address), **fields)
    assert author_of(rewritten, a_queue(), POLICY) == person


@pytest.mark.parametrize(
    ("queue", "language", "locale"),
    [("es", "pt", "es"), ("auto", "pt", "pt_BR"), ("auto", "en", "en"), ("auto", "es", "es"), ("auto", None, "en")],
)
def test_a_customer_is_written_to_in_the_queues_language_or_in_their_own(
    queue: Any, language: str | None, locale: str
) -> None:
    assert locale_for(a_queue(locale=queue), language, a_policy(instance={"locale": "en"})) == locale


def test_a_decision_does_not_depend_on_how_the_mail_arrived() -> None:
    for source in ("smtp", "lmtp", "imap:suporte"):
        assert decided(a_mail(), facts(envelope=an_envelope(door=Door.named(source)))).reason == "new-mail"
