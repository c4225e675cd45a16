"""Who is told of what, with which headers, and what the budgets withhold."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailtickets.config.places import shipped, template_texts
from mailtickets.desk.change import changed, opened
from mailtickets.desk.claims.authors import NOBODY
from mailtickets.desk.commands import orders
from mailtickets.desk.letters.render import render
from mailtickets.desk.letters.sandbox import Templates
from mailtickets.desk.model.decision import Decision
from mailtickets.desk.model.effects import OpenTicket
from mailtickets.desk.model.facts import Facts, IdFact, OutboxFact
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.model.ticket import Ticket
from mailtickets.desk.notices.budget import BudgetLine, budget_lines, within_budget
from mailtickets.desk.notices.notice import Notice, Situation
from mailtickets.desk.notices.plan import plan, why_not_acknowledged
from mailtickets.desk.notices.row import FIRST, SECOND, THIRD
from mailtickets.desk.notices.to_ops import alarm
from mailtickets.desk.rules.bounces import refused
from mailtickets.desk.rules.decide import decide
from mailtickets.mail.model import Address, InboundMail
from tests.desk.builders import (
    AGENTS,
    ANA,
    ANA_ALIAS,
    BRUNO,
    CARLA,
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
    facts,
)

TEMPLATES = Templates(template_texts(shipped("templates")))


def by_mail(mail: InboundMail, known: Facts, policy: Policy = POLICY) -> tuple[Notice, ...]:
    """What follows from a mail."""
    decision = decide(mail, known, policy, NOW)
    before = known.tickets.get(decision.ticket or 0)
    return noticed(decision, before, policy, mail=mail, facts=known)


def by_order(decision: Decision | None, before: Ticket | None, policy: Policy = POLICY, text: str = "") -> Any:
    assert decision is not None
    return noticed(decision, before, policy, text=text)


def noticed(decision: Decision, before: Ticket | None, policy: Policy, **cause: Any) -> tuple[Notice, ...]:
    base = before or opened(decision.opens or OpenTicket("suporte", "Impressora", MARIA, "pt_BR"), 42, NOW)
    after = changed(base, [e for e in decision.effects if not isinstance(e, OpenTicket)], NOW)
    return plan(Situation(decision, before, after, **cause), policy, NOW)


def told(notices: tuple[Notice, ...]) -> dict[str, list[str]]:
    """Notice -> the addresses it goes to."""
    return {notice.name: [person.address for person in notice.recipients] for notice in notices}


def only(notices: tuple[Notice, ...], name: str) -> Notice:
    (found,) = [notice for notice in notices if notice.name == name]
    return found


SUBJECT: dict[str, Any] = {"subject_numbers": (42,)}

# --- a new ticket -------------------------------------------------------------------------------------


def test_new_mail_is_acknowledged_and_the_queues_agents_are_told() -> None:
    assert told(by_mail(a_mail(), facts())) == {
        "received": [MARIA.address],
        "new_ticket": [ANA.address, BRUNO.address],
    }


def test_people_in_copy_are_not_told_of_a_new_ticket() -> None:
    addresses = [a for people in told(by_mail(a_mail(cc=(PEDRO, EVE)), facts())).values() for a in people]
    assert PEDRO.address not in addresses
    assert EVE.address not in addresses


def test_an_acknowledgement_is_automatic_mail_and_says_so() -> None:
    notice = only(by_mail(a_mail(), facts()), "received")
    assert (notice.auto_submitted, notice.suppress) == ("auto-replied", "DR, RN, NRN, OOF, AutoReply")
    assert (notice.loop, notice.automatic, notice.priority) == (True, True, SECOND)
    assert notice.sender_name == "Suporte Exemplo"


def test_a_first_contact_is_told_none_of_their_own_words() -> None:
    unknown = only(by_mail(a_mail(), facts()), "received")
    known = only(by_mail(a_mail(), facts(known_author=True)), "received")
    assert (unknown.context["customer_echo"], unknown.acknowledgement) == (False, True)
    assert (known.context["customer_echo"], known.acknowledgement) == (True, False)


def test_agents_are_given_the_customers_words_in_mail_that_an_absent_agent_answers() -> None:
    notice = only(by_mail(a_mail(attachments=(an_attachment(),)), facts()), "new_ticket")
    assert (notice.auto_submitted, notice.suppress) == (None, "DR, RN, NRN, AutoReply")
    assert (notice.loop, notice.automatic, notice.priority) == (True, False, THIRD)
    assert notice.sender_name == "Maria Souza (Suporte Exemplo)"
    assert [file.filename for file in notice.attachments] == ["foto.jpg"]


def test_a_customer_without_a_name_is_called_by_address() -> None:
    notice = only(by_mail(a_mail(Address("", MARIA.address)), facts()), "new_ticket")
    assert notice.sender_name == "maria@cliente.test (Suporte Exemplo)"


def test_agents_of_a_second_queue_are_told_once() -> None:
    notices = by_mail(a_mail(), facts(also_queues=(a_queue("vendas"),)))
    assert told(notices)["also_addressed"] == [CARLA.address]
    notice = only(notices, "also_addressed")
    assert (notice.queue.name, notice.auto_submitted) == ("vendas", "auto-generated")


def test_a_second_queue_that_is_gone_is_told_nothing() -> None:
    assert "also_addressed" not in told(by_mail(a_mail(), facts(also_queues=(a_queue("fechada"),))))


def test_a_stranger_gets_a_ticket_of_their_own_and_agents_are_told_why() -> None:
    notices = by_mail(a_mail(EVE), facts(a_ticket(), **SUBJECT))
    agents = only(notices, "new_ticket")
    assert (agents.context["reason"], agents.context["linked"]) == ("not-a-participant", [42])
    assert only(notices, "received").context["linked"] == []


@pytest.mark.parametrize(
    ("cause", "why"),
    [
        ({"mail": {"kind": "auto_reply", "kind_reason": "auto-submitted"}}, "auto-submitted"),
        ({"mail": {"kind": "list", "kind_reason": "list-header"}}, "list-header"),
        ({"envelope": {"sender": ""}}, "null-return-path-or-suppressed"),
        (
            {"envelope": {"sender": None}, "mail": {"headers": (("return-path", "<>"),)}},
            "null-return-path-or-suppressed",
        ),
        ({"mail": {"headers": (("x-auto-response-suppress", "OOF"),)}}, "null-return-path-or-suppressed"),
        ({"mail": {"headers": (("x-auto-response-suppress", "DR, AutoReply"),)}}, "null-return-path-or-suppressed"),
        ({"mail": {"headers": (("x-auto-response-suppress", "All"),)}}, "null-return-path-or-suppressed"),
        ({"mail": {"author": Address("", "No-Reply@loja.test")}}, "author-takes-no-mail"),
        ({"mail": {"author": Address("", "postmaster@loja.test")}}, "author-takes-no-mail"),
        ({"mail": {"date": NOW - timedelta(days=1, seconds=1)}}, "older-than-ack-max-age"),
        ({"envelope": {"received_at": NOW - timedelta(days=2)}, "mail": {"date": None}}, "older-than-ack-max-age"),
        ({"facts": {"unparsed": "reading-failed"}, "mail": {"kind_reason": "not-read"}}, "reading-failed"),
    ],
)
def test_what_must_not_be_answered_is_not_acknowledged(cause: dict[str, Any], why: str) -> None:
    mail = a_mail(**cause.get("mail", {}))
    known = facts(envelope=an_envelope(**cause.get("envelope", {})), **cause.get("facts", {}))
    assert why_not_acknowledged(mail, known, POLICY.queues[0], POLICY, NOW) == why
    notices = told(by_mail(mail, known))
    assert "received" not in notices
    assert "new_ticket" in notices


@pytest.mark.parametrize(
    "cause",
    [
        {"mail": {"headers": (("x-auto-response-suppress", "DR, RN, NRN"),)}},
        {"mail": {"headers": (("return-path", "<>"),)}},  # redirecting blanks it; the envelope knows better
        {"mail": {"date": NOW - timedelta(hours=23)}},
        {"mail": {"date": NOW + timedelta(days=30)}},
        {"mail": {"date": None}},
    ],
)
def test_ordinary_mail_is_acknowledged(cause: dict[str, Any]) -> None:
    assert "received" in told(by_mail(a_mail(**cause.get("mail", {})), facts()))


def test_nothing_stands_against_an_acknowledgement_where_no_mail_came() -> None:
    assert why_not_acknowledged(a_mail(), None, POLICY.queues[0], POLICY, NOW) is None


def test_the_age_of_an_acknowledgement_is_configured() -> None:
    policy = a_policy(budget={"ack_max_age_days": 10})
    old = a_mail(date=NOW - timedelta(days=9))
    assert "received" in told(by_mail(old, facts(), policy))


@pytest.mark.parametrize("nobody", [None, NOBODY, DESK, VENDAS, Address("", "suporte+abc@desk.test")])
def test_nobody_is_never_written_to(nobody: Address | None) -> None:
    assert set(told(by_mail(a_mail(nobody), facts()))) == {"new_ticket"}


def test_a_ticket_opened_at_the_shell_is_acknowledged_and_told() -> None:
    decision = orders.open_for("suporte", MARIA, "Telefone", "Ela ligou.", "pt_BR", "shell:root")
    notices = by_order(decision, None, text="Ela ligou.")
    assert told(notices) == {"received": [MARIA.address], "new_ticket": [ANA.address, BRUNO.address]}
    message = only(notices, "new_ticket").context["message"]
    assert isinstance(message, dict)
    assert message["text"] == "Ela ligou."
    assert only(notices, "received").context["customer_echo"] is True


def test_a_ticket_whose_queue_has_left_the_configuration_is_the_first_queues() -> None:
    notices = by_mail(a_mail(), facts(a_ticket(queue="fechada"), **SUBJECT))
    assert told(notices) == {"customer_replied": [ANA.address, BRUNO.address]}


# --- a customer's reply -------------------------------------------------------------------------------


def test_a_reply_is_told_to_the_agents_and_not_to_its_author() -> None:
    assert told(by_mail(a_mail(), facts(a_ticket(status="pending", cc=[PEDRO]), **SUBJECT))) == {
        "customer_replied": [ANA.address, BRUNO.address]
    }


def test_a_reply_to_a_resolved_ticket_tells_the_requester_that_it_is_open_again() -> None:
    notice = only(by_mail(a_mail(), facts(a_ticket(status="resolved"), **SUBJECT)), "reopened")
    assert [person.address for person in notice.recipients] == [MARIA.address]
    assert (notice.auto_submitted, notice.automatic, notice.acknowledgement) == ("auto-generated", True, False)
    assert notice.context["change"] == {"from": "resolved", "to": "open"}


def test_mail_that_must_not_be_answered_reopens_without_a_word() -> None:
    known = facts(a_ticket(status="resolved"), envelope=an_envelope(sender=""), **SUBJECT)
    assert set(told(by_mail(a_mail(), known))) == {"customer_replied"}


def test_an_automatic_answer_is_told_to_agents_alone() -> None:
    mail = a_mail(kind="auto_reply", kind_reason="auto-submitted")
    assert set(told(by_mail(mail, facts(a_ticket(status="resolved"), **SUBJECT)))) == {"customer_replied"}


@pytest.mark.parametrize(
    ("notify", "ticket", "agents"),
    [
        ("queue", {"assignee": ANA.address}, [ANA, BRUNO]),
        ("assignee", {"assignee": "ANA@desk.test"}, [ANA]),
        ("assignee", {}, [ANA, BRUNO]),
        ("assignee", {"assignee": "foi@embora.test"}, [ANA, BRUNO]),
        ("watchers", {"agents": [BRUNO, CARLA]}, [BRUNO, CARLA]),
        ("watchers", {"assignee": ANA.address, "agents": [CARLA]}, [ANA, CARLA]),
        ("watchers", {}, [ANA, BRUNO]),
    ],
)
def test_agents_are_told_as_the_queue_says(notify: str, ticket: dict[str, Any], agents: list[Address]) -> None:
    policy = a_policy(suporte={"notify": notify})
    known = facts(a_ticket(**ticket), queue=policy.queues[0], **SUBJECT)
    assert told(by_mail(a_mail(), known, policy))["customer_replied"] == [agent.address for agent in agents]


@pytest.mark.parametrize("author", [ANA, ANA_ALIAS])
def test_an_agent_is_not_told_of_their_own_mail(author: Address) -> None:
    assert told(by_mail(a_mail(author), facts()))["new_ticket"] == [BRUNO.address]


def test_attachments_go_along_as_long_as_they_fit_and_the_others_are_named() -> None:
    policy = replace(POLICY, max_attachment_bytes=100)
    files = (
        an_attachment("a.bin", b"a" * 60),
        an_attachment("b.bin", b"b" * 60),
        an_attachment("c.bin", b"c" * 40),
        an_attachment("logo.png", b"", inline=True, content_id="logo@x"),
        an_attachment("IMG_1.png", b"", inline=True),  # Apple's programs: in line, and nothing shows it there
    )
    notice = only(by_mail(a_mail(attachments=files), facts(), policy), "new_ticket")
    assert [file.filename for file in notice.attachments] == ["a.bin", "c.bin", "logo.png", "IMG_1.png"]
    message = notice.context["message"]
    assert isinstance(message, dict)
    assert [(file["filename"], file["attached"]) for file in message["attachments"]] == [
        ("a.bin", True),
        ("b.bin", False),
        ("c.bin", True),
        ("IMG_1.png", True),
    ]


@pytest.mark.parametrize(
    ("given_html", "shown"),
    [
        ({"html": "<p>Oi</p>"}, "<p>Oi</p>"),
        ({"html": "<p>Oi</p><blockquote>antes</blockquote>", "quoted": "> antes"}, "<p>Oi</p>"),
        ({"html": "<p>Oi</p><p>-- <br>Maria</p>", "signature": "-- Maria"}, "<p>Oi</p>"),
        ({"html": "<p>Olá</p>"}, None),
        ({}, None),
    ],
)
def test_of_a_mails_html_the_part_is_shown_that_says_what_was_written_now(given_html: Any, shown: str | None) -> None:
    notice = only(by_mail(a_mail(text="Oi", **given_html), facts()), "new_ticket")
    words = render(TEMPLATES, *notice.job)
    assert words.relayed == (shown is not None)
    assert (shown or "\nOi\n") in (words.html or "")
    assert "antes" not in (words.html or "")


# --- an agent's answer --------------------------------------------------------------------------------


def answered(mail: InboundMail, ticket: Ticket | None = None) -> tuple[Notice, ...]:
    return by_mail(mail, facts(ticket or a_ticket(cc=[PEDRO], agents=[BRUNO]), tokens=(a_token(ANA),)))


def test_an_answer_goes_to_the_requester_and_everybody_in_copy() -> None:
    notices = answered(a_mail(ANA, attachments=(an_attachment(),)))
    assert told(notices) == {"answer": [MARIA.address, PEDRO.address], "answered": [BRUNO.address]}
    notice = only(notices, "answer")
    assert (notice.visible_to, notice.visible_cc) == ((MARIA,), (PEDRO,))
    assert (notice.sender_name, notice.author) == ("Ana Lima (Suporte Exemplo)", ANA.address)
    assert [file.filename for file in notice.attachments] == ["foto.jpg"]


def test_an_answer_is_a_persons_mail_and_carries_no_automatic_header() -> None:
    notice = only(answered(a_mail(ANA)), "answer")
    assert (notice.auto_submitted, notice.suppress, notice.loop) == (None, None, False)
    assert (notice.automatic, notice.priority) == (False, FIRST)


def test_whom_the_agents_own_mail_has_reached_is_not_sent_it_again() -> None:
    assert told(answered(a_mail(ANA, to=(DESK, MARIA))))["answer"] == [PEDRO.address]
    assert "answer" not in told(answered(a_mail(ANA, to=(DESK,), cc=(MARIA, PEDRO))))


def test_an_answer_from_the_shell_carries_its_words() -> None:
    (notice,) = by_order(
        orders.answer(a_ticket(), "Pronto.", ANA, "shell:root", by_agent=True), a_ticket(), text="Pronto."
    )
    assert notice.context["message"]["text"] == "Pronto."
    assert notice.sender_name == "Ana Lima (Suporte Exemplo)"


def test_an_answer_of_the_queue_itself_is_signed_by_the_queue() -> None:
    (notice,) = by_order(orders.answer(a_ticket(), "Pronto.", DESK, "x", by_agent=False), a_ticket(), text="Pronto.")
    assert notice.sender_name == "Suporte Exemplo"


def test_an_answer_does_not_also_tell_that_the_status_moved() -> None:
    assert set(told(answered(a_mail(ANA), a_ticket(status="resolved")))) == {"answer"}


def test_a_note_is_told_to_the_authors_colleagues() -> None:
    assert told(by_order(orders.note(a_ticket(), "Liguei.", ANA, "x"), a_ticket())) == {"noted": [BRUNO.address]}


def test_an_agents_absence_is_told_to_the_queue_where_it_is_surely_theirs() -> None:
    away = a_mail(ANA, kind="auto_reply", kind_reason="auto-submitted")
    assert told(answered(away)) == {"agent_absent": [BRUNO.address]}
    assert told(by_mail(away, facts(a_ticket(), ids=(IdFact(42, "x@desk.test", issued=True),)))) == {}


# --- held, failed, unassigned -------------------------------------------------------------------------


def test_an_agent_is_told_of_their_own_held_mail_and_nobody_else_is() -> None:
    notices = by_mail(a_mail(ANA_ALIAS), facts(a_ticket(), **SUBJECT))
    assert told(notices) == {"held": [ANA.address]}
    (notice,) = notices
    assert (notice.context["reason"], notice.auto_submitted) == ("agent-without-token", "auto-generated")
    assert notice.context["reply_effect"] == "releases"
    assert notice.context["message"]["text"] == "A impressora não imprime."
    assert (notice.asks_to_confirm, notice.attachments) == (True, ())


def test_an_answer_that_is_held_for_its_content_is_not_released_by_answering() -> None:
    notices = by_mail(a_mail(ANA, reply=""), facts(a_ticket(), tokens=(a_token(ANA),)))
    (notice,) = notices
    assert (notice.name, notice.asks_to_confirm) == ("held", False)
    assert (notice.context["reply_effect"], notice.context["message"]) == ("to_customer", None)


@pytest.mark.parametrize("path", ["", "MAILER-DAEMON", "mailer-daemon@mx.cliente.test"])
def test_mail_from_the_null_path_in_any_spelling_is_not_acknowledged(path: str) -> None:
    assert told(by_mail(a_mail(), facts(envelope=an_envelope(sender=path)))).keys() == {"new_ticket"}
    header = a_mail(headers=(("return-path", f"<{path}>"),))
    assert told(by_mail(header, facts(envelope=an_envelope(sender=None)))).keys() == {"new_ticket"}


def test_a_failed_answer_is_told_to_its_author_first_and_to_the_queue() -> None:
    ours = OutboxFact(9, 42, "answer", MARIA.address, BRUNO.address, "sent")
    before = a_ticket(status="pending")
    notices = noticed(refused(ours, "550 5.1.1 no such user", "5.1.1", before), before, POLICY)
    assert told(notices) == {"delivery_failed": [BRUNO.address, ANA.address]}
    (notice,) = notices
    assert (notice.auto_submitted, notice.suppress) == ("auto-generated", "DR, RN, NRN, OOF, AutoReply")
    assert notice.context["failure"] == {
        "recipient": MARIA.address,
        "status": "5.1.1",
        "diagnostic": "550 5.1.1 no such user",
        "notice": "answer",
        "named": None,
        "kind": "lost",
        "reopened": True,
        "subject": "Impressora",
    }


def test_a_failed_answer_of_somebody_who_has_left_is_told_to_the_queue() -> None:
    ours = OutboxFact(9, 42, "answer", MARIA.address, "foi@embora.test", "sent")
    notices = noticed(refused(ours, "no", None, a_ticket()), a_ticket(), POLICY)
    assert told(notices) == {"delivery_failed": [ANA.address, BRUNO.address]}


@pytest.mark.parametrize(("agent", "name"), [(CARLA.address, "Carla Dias"), ("foi@embora.test", "foi@embora.test")])
def test_the_queue_is_told_whose_ticket_is_nobodys_now(agent: str, name: str) -> None:
    before = a_ticket(assignee=agent)
    notices = by_order(orders.unassign_lost(before), before)
    assert told(notices) == {"unassigned": [ANA.address, BRUNO.address]}
    assert only(notices, "unassigned").context["change"] == {"kind": "assignee", "from": name}


# --- moved by hand or by the clock --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "to", "notice"),
    [
        ("new", "open", "status_changed"),
        ("open", "pending", "status_changed"),
        ("open", "resolved", "resolved"),
        ("new", "closed", "closed"),
        ("resolved", "closed", "closed"),
        ("closed", "resolved", "resolved"),
        ("resolved", "open", "reopened"),
        ("closed", "new", "reopened"),
    ],
)
def test_the_requester_is_told_when_somebody_moves_the_ticket(before: Any, to: Any, notice: str) -> None:
    ticket = a_ticket(status=before, cc=[PEDRO])
    notices = by_order(orders.set_status(ticket, to, "shell:root"), ticket)
    assert told(notices) == {notice: [MARIA.address]}
    assert only(notices, notice).context["change"] == {"from": before, "to": to}


def test_the_requester_is_told_when_the_clock_closes_the_ticket() -> None:
    ticket = a_ticket(status="resolved")
    assert told(by_order(orders.close_resolved(ticket), ticket)) == {"closed": [MARIA.address]}


def test_what_a_first_action_or_a_merge_moves_is_told_to_nobody() -> None:
    ticket = a_ticket(status="new")
    for decision in (
        orders.set_priority(ticket, "high", "x"),
        orders.merge(ticket, 7, "x"),
    ):
        assert by_order(decision, ticket) == ()


def test_whoever_gets_a_ticket_is_told_by_whom() -> None:
    ticket = a_ticket()
    notices = by_order(orders.assign(ticket, AGENTS[0], BRUNO.address), ticket)
    assert told(notices) == {"assigned": [ANA.address]}
    assert only(notices, "assigned").context["actor"] == BRUNO.name
    assert by_order(orders.assign(ticket, AGENTS[0], ANA.address), ticket) == ()


def test_a_requester_who_is_an_agent_is_outside_the_budgets() -> None:
    own = a_ticket(requester=ANA)
    (notice,) = by_order(orders.set_status(own, "resolved", "x"), own)
    assert (notice.to_customer, notice.automatic) == (True, False)
    assert budget_lines(notice, ANA, 42, POLICY) == ()


def test_an_alarm_goes_to_ops() -> None:
    policy = a_policy(instance={"ops_address": "ops@desk.test"})
    notice = alarm("disk", "nearly full", policy, NOW)
    assert [person.address for person in notice.recipients] == ["ops@desk.test"]
    assert (notice.auto_submitted, notice.loop, notice.automatic) == ("auto-generated", True, False)


# --- agents' addresses stay inside --------------------------------------------------------------------

PEOPLE = st.sampled_from([MARIA, PEDRO, EVE, ANA, ANA_ALIAS, BRUNO, CARLA, DESK, VENDAS])
TICKETS = st.builds(
    a_ticket,
    status=st.sampled_from(["new", "open", "pending", "resolved", "closed"]),
    assignee=st.sampled_from([None, ANA.address, CARLA.address, "foi@embora.test"]),
    cc=st.lists(st.sampled_from([PEDRO, EVE]), unique=True),
    agents=st.lists(st.sampled_from([ANA, BRUNO]), unique=True),
    closed_at=st.sampled_from([None, NOW - timedelta(days=1), NOW - timedelta(days=99)]),
)
MAILS = st.builds(
    a_mail,
    author=PEOPLE,
    to=st.lists(PEOPLE, max_size=4).map(tuple),
    cc=st.lists(PEOPLE, max_size=4).map(tuple),
    kind=st.sampled_from(["human", "human", "auto_reply", "list"]),
    reply=st.sampled_from(["", "Pronto."]),
)
EVIDENCE = st.fixed_dictionaries(
    {},
    optional={
        "tokens": st.lists(st.builds(a_token, PEOPLE), max_size=2).map(tuple),
        "ids": st.just((IdFact(42, "x@desk.test", issued=True),)),
        "subject_numbers": st.just((42,)),
        "released": st.booleans(),
        "known_author": st.booleans(),
        "also_queues": st.just((a_queue("vendas"),)),
    },
)
PRIVATE = {address for agent in AGENTS for address in (agent.address, *agent.aliases)} | {"foi@embora.test"}


def texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for item in value.values() for text in texts(item)]
    return [text for item in value for text in texts(item)] if isinstance(value, list | tuple) else []


@settings(max_examples=300)
@given(MAILS, TICKETS, EVIDENCE)
def test_no_agents_address_is_in_a_customers_notice(
    mail: InboundMail, ticket: Ticket, evidence: dict[str, Any]
) -> None:
    for notice in by_mail(mail, facts(ticket, **evidence)):
        outside = [person for person in notice.recipients if person.address not in PRIVATE]
        if notice.to_customer and outside:
            requester = notice.context["customer"]
            said = {
                *texts(notice.context),
                notice.sender_name,
                *(p.address for p in (*notice.visible_to, *notice.visible_cc)),
            }
            own = {requester["address"]} if isinstance(requester, dict) else set()
            assert not (said & PRIVATE) - own
        assert not [p for p in notice.recipients if POLICY.queue_at(p.address) or p.address.endswith(".invalid")]
        if not notice.to_customer:
            assert all(person.address in PRIVATE for person in notice.recipients)


@settings(max_examples=200)
@given(st.sampled_from([ANA.address, "foi@embora.test"]), st.sampled_from(["assign", "reply", "status"]))
def test_no_agents_address_is_in_what_the_shell_sends_to_a_customer(assignee: str, what: str) -> None:
    ticket = a_ticket(assignee=assignee, status="open")
    decision = {
        "assign": orders.assign(ticket, AGENTS[1], "shell:root"),
        "reply": orders.answer(ticket, "Pronto.", ANA, "shell:root", by_agent=True),
        "status": orders.set_status(ticket, "resolved", "shell:root"),
    }[what]
    for notice in by_order(decision, ticket, text="Pronto."):
        if notice.to_customer:
            assert not {*texts(notice.context), notice.sender_name} & PRIVATE


# --- budgets ------------------------------------------------------------------------------------------


def received(**known: Any) -> Notice:
    return only(by_mail(a_mail(), facts(**known)), "received")


def test_an_acknowledgement_of_a_first_contact_counts_on_six_counters() -> None:
    notice = received()
    assert budget_lines(notice, MARIA, 42, POLICY) == (
        BudgetLine("acknowledged:maria@cliente.test", 3600, 1),
        BudgetLine(f"unproven-same-body:maria@cliente.test:{notice.cause}", 3600, 3),
        BudgetLine("unproven-person:maria@cliente.test", 86_400, 10),
        BudgetLine("unproven-domain:cliente.test", 3600, 100),
        BudgetLine("unproven-everybody", 3600, 1000),
        BudgetLine("unproven-ticket:42:maria@cliente.test", 3600, 5),
    )


def test_automatic_mail_to_a_known_person_has_five_counters() -> None:
    assert len(budget_lines(received(known_author=True), MARIA, 42, POLICY)) == 5


def test_counters_know_no_case() -> None:
    shouting = Address("", "MARIA@cliente.test")
    assert budget_lines(received(), shouting, 42, POLICY) == budget_lines(received(), MARIA, 42, POLICY)


def test_acknowledgements_to_strangers_leave_most_of_the_accounts_day_to_answers() -> None:
    policy = replace(POLICY, max_per_day=200)
    notice = received()
    assert BudgetLine("unproven-account", 86_400, 50) in budget_lines(notice, MARIA, 42, policy)
    kept, stopped = within_budget(notice, 42, policy, {"unproven-account": 50})
    assert (kept.recipients, [line.key for line in stopped]) == ((), ["unproven-account"])
    proven = replace(notice, standing="proven")
    assert not [line for line in budget_lines(proven, MARIA, 42, policy) if "account" in line.key]


@pytest.mark.parametrize("full", range(6))
def test_a_full_counter_withholds_the_copy_and_is_named(full: int) -> None:
    notice = received()
    line = budget_lines(notice, MARIA, 42, POLICY)[full]
    kept, stopped = within_budget(notice, 42, POLICY, {line.key: line.limit})
    assert (kept.recipients, stopped) == ((), (line,))


def test_a_counter_with_room_withholds_nothing() -> None:
    notice = received()
    used = {line.key: line.limit - 1 for line in budget_lines(notice, MARIA, 42, POLICY)}
    assert within_budget(notice, 42, POLICY, used) == (notice, ())


def test_a_budget_of_nothing_withholds_everything_automatic() -> None:
    policy = a_policy(budget={"automatic_per_hour": 0})
    kept, stopped = within_budget(received(), 42, policy, {})
    assert (kept.recipients, [line.key for line in stopped]) == ((), ["unproven-everybody"])


def test_answers_and_agents_notices_use_no_budget() -> None:
    policy = a_policy(budget={"automatic_per_hour": 0, "automatic_per_sender_per_day": 0})
    for notice in (*answered(a_mail(ANA)), only(by_mail(a_mail(), facts()), "new_ticket")):
        assert within_budget(notice, 42, policy, {}) == (notice, ())


def test_notices_of_held_mail_have_a_budget_of_their_own() -> None:
    (notice,) = by_mail(a_mail(ANA), facts(a_ticket(), **SUBJECT))
    (line,) = budget_lines(notice, ANA, 42, POLICY)
    assert (line.key, line.seconds, line.limit) == ("held:unproven:ana@desk.test", 3600, 5)
    kept, stopped = within_budget(notice, 42, POLICY, {line.key: 5})
    assert (kept.recipients, stopped) == ((), (line,))
