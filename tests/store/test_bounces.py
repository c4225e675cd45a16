"""Reports on our mail, genuine and forged: what the requester, people in copy and agents are sent afterwards.

The requester is Maria, Pedro is in copy. Both have been sent Ana's answer: one Message-ID, one copy each.
"""

from dataclasses import replace
from email import message_from_bytes
from typing import Any

import pytest

from mailtickets.desk.commands import orders
from mailtickets.desk.model.facts import Authentication
from mailtickets.gateway.drafting.order import Order
from mailtickets.gateway.rules import Rules
from mailtickets.mail.model import COPY_HEADER
from mailtickets.mail.read.parse import parse
from mailtickets.store import outbox
from mailtickets.store.database import Database
from mailtickets.store.outbox import Due
from tests.desk.builders import ANA, BRUNO, EVE, MARIA, PEDRO, a_policy
from tests.store.office import RULES, Office, a_message, copies

DESK = "suporte@desk.test"


def rules(envelope: str, *, plus: bool = True) -> Rules:
    policy = a_policy(suporte={"plus_addressing": plus})
    return replace(RULES, policy=policy, stationery=replace(RULES.stationery, envelope=envelope))


ENVELOPES = {
    "verp": rules("verp"),
    "queue": rules("queue"),
    "null": rules("null"),
    "no plus": rules("verp", plus=False),
}


@pytest.fixture(params=ENVELOPES.values(), ids=ENVELOPES.keys())
def answered(request: pytest.FixtureRequest, database: Database) -> Office:
    """An office with one ticket, pending: all that went out so far has been sent."""
    return with_answer(Office(database, request.param))


@pytest.fixture
def by_verp(database: Database) -> Office:
    """The same, with a return path for each copy."""
    return with_answer(Office(database, ENVELOPES["verp"]))


def with_answer(office: Office) -> Office:
    office.take(a_message(cc=PEDRO.address))
    send_all(office)
    answer(office)
    assert office.ticket(1).ticket.status == "pending"
    return office


def answer(office: Office, words: str = "Segue a resposta.") -> list[str]:
    """Ana answers; gives to whom that goes."""
    office.clerk.order(Order(1, lambda t: orders.answer(t, words, ANA, "x", by_agent=True), text=words))
    return [due.addressed.recipient.address for due in send_all(office) if due.name == "answer"]


def send_all(office: Office) -> list[Due]:
    due = office.due()
    for copy in due:
        attempt = outbox.AttemptResult(copy.id, "sent", reply="250 ok", now=office.now)
        office.run(lambda c, attempt=attempt: outbox.record_all(c, [attempt]))
    return due


def resolve(office: Office) -> None:
    office.clerk.order(Order(1, lambda t: orders.set_status(t, "resolved", "x")))


def copy_to(office: Office, recipient: str) -> Any:
    """The newest copy of an answer to somebody."""
    rows = office.run(lambda c: copies(c))
    return next(row for row in rows if row.recipient == recipient and row.name == "answer")


def raw_copy(office: Office, recipient: str) -> bytes:
    """What that person, and nobody else, has in their mailbox."""
    number = copy_to(office, recipient).id
    due = office.run(lambda c: outbox.load(c, number))
    return office.clerk.written(due, ())[0]


def header_of(office: Office, recipient: str, *names: str) -> str:
    """The header of a person's copy as their server gives it back; with `names`, of it only these fields."""
    found = message_from_bytes(raw_copy(office, recipient)).items()
    wanted = {name.lower() for name in names}
    return "\r\n".join(f"{name}: {value}" for name, value in found if not wanted or name.lower() in wanted)


def report(office: Office, failed: str, given_back: str, *, to: str = DESK, status: str = "5.1.1", **more: Any) -> Any:
    """A report comes in; gives its row in the ledger."""
    fields = ["From: MAILER-DAEMON@mx.test", f"To: {to}", "Subject: Undelivered Mail Returned to Sender",
              f"Message-ID: <{more.get('number', 1)}.{office.now.timestamp()}@mx.test>", "MIME-Version: 1.0",
              'Content-Type: multipart/report; report-type=delivery-status; boundary="b"', "",
              "--b", "Content-Type: text/plain", "", "Sorry.", "--b", "Content-Type: message/delivery-status", "",
              "Reporting-MTA: dns; mx.test", "", f"Final-Recipient: rfc822; {failed}",
              f"Action: {more.get('action', 'failed')}", f"Status: {status}",
              f"Diagnostic-Code: smtp; 550 {status} sorry", "", "--b", "Content-Type: text/rfc822-headers", "",
              given_back, "", "--b--", ""]  # fmt: skip
    return office.take("\r\n".join(fields).encode(), sender="", recipients=(to,))


def told(office: Office, notice: str = "delivery_failed") -> list[str]:
    """Who is being told, newest words last."""
    return [recipient for name, recipient in office.outgoing() if name == notice]


def last_words(office: Office, notice: str = "delivery_failed") -> str:
    rows = office.run(lambda c: copies(c))
    return next(" ".join(row.text.split()) for row in rows if row.name == notice)


def is_told_when_resolved(office: Office, person: str) -> bool:
    before = office.outgoing().count(("resolved", person))
    resolve(office)
    return office.outgoing().count(("resolved", person)) == before + 1


# --- who is in copy cannot cut the requester off --------------------------------------------------------


def test_a_report_with_the_whole_copy_of_somebody_in_copy_fails_that_copy_alone(answered: Office) -> None:
    """Pedro gives back all that he was sent, and says that it was Maria who was not reached."""
    row = report(answered, MARIA.address, header_of(answered, PEDRO.address))
    assert (row.outcome, row.ticket) == ("bounced", 1)
    assert copy_to(answered, MARIA.address).state == "sent"
    assert copy_to(answered, PEDRO.address).state == "failed"
    assert answered.ticket(1).ticket.status == "pending"
    assert told(answered) == [ANA.address, BRUNO.address]
    assert f"não chegou a {PEDRO.address}, que está em cópia" in last_words(answered)
    assert is_told_when_resolved(answered, MARIA.address)
    assert answer(answered) == [MARIA.address]


def test_a_report_with_the_id_that_all_copies_share_is_a_hint_to_agents_and_nothing_else(answered: Office) -> None:
    row = report(answered, MARIA.address, header_of(answered, PEDRO.address, "Message-ID", "From", "To", "Subject"))
    assert (row.outcome, row.reason, row.ticket) == ("bounced", "delivery-report-unproven", 1)
    assert {copy_to(answered, person.address).state for person in (MARIA, PEDRO)} == {"sent"}
    assert answered.ticket(1).ticket.status == "pending"
    assert told(answered) == [ANA.address, BRUNO.address]
    assert f"a resposta para {MARIA.address} não foi entregue, mas não prova" in last_words(answered)
    assert is_told_when_resolved(answered, MARIA.address)
    assert sorted(answer(answered)) == [MARIA.address, PEDRO.address]


def test_the_requester_is_acknowledged_after_a_forged_report(answered: Office) -> None:
    report(answered, MARIA.address, header_of(answered, PEDRO.address, "Message-ID"))
    answered.pass_time(hours=2)
    answered.take(a_message("Outro assunto.", message_id="<m2@cliente.test>", subject="Nota fiscal"))
    assert answered.outgoing()[-3:] == [
        ("received", MARIA.address),
        ("new_ticket", ANA.address),
        ("new_ticket", BRUNO.address),
    ]


def test_the_reply_address_of_the_requester_proves_nothing_for_who_answers_to_all_shows_it(answered: Office) -> None:
    given_back = header_of(answered, MARIA.address, "Message-ID", "Reply-To", "From", "To")
    assert report(answered, MARIA.address, given_back).reason == "delivery-report-unproven"
    assert copy_to(answered, MARIA.address).state == "sent"
    assert is_told_when_resolved(answered, MARIA.address)


def test_agents_are_told_once_of_reports_that_prove_nothing(answered: Office) -> None:
    for number in range(5):
        row = report(answered, MARIA.address, header_of(answered, PEDRO.address, "Message-ID"), number=number)
        assert (row.outcome, row.reason) == ("bounced", "delivery-report-unproven")
        answered.pass_time(minutes=1)
    assert told(answered) == [ANA.address, BRUNO.address]


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed", "expanded"])
def test_what_is_no_failure_is_told_to_nobody_without_proof(by_verp: Office, action: str) -> None:
    before = by_verp.outgoing()
    row = report(by_verp, MARIA.address, header_of(by_verp, PEDRO.address, "Message-ID"), action=action)
    assert (row.outcome, row.ticket) == ("bounced", 1)
    assert by_verp.outgoing() == before


def test_a_report_without_proof_on_our_automatic_mail_is_told_to_nobody(by_verp: Office) -> None:
    rows = by_verp.run(lambda c: copies(c))
    acknowledgement = next(row for row in rows if row.name == "received")
    before = by_verp.outgoing()
    row = report(by_verp, MARIA.address, f"Message-ID: <{acknowledgement.message_id}>")
    assert (row.outcome, row.reason) == ("bounced", "delivery-report-unproven")
    assert by_verp.outgoing() == before
    assert is_told_when_resolved(by_verp, MARIA.address)


def test_a_stranger_with_a_made_up_tag_and_id_does_nothing(answered: Office) -> None:
    before = answered.outgoing()
    made_up = f"Message-ID: <x@desk.test>\r\n{COPY_HEADER}: baaaaaaaaaaaaaaaa"
    row = report(answered, MARIA.address, made_up, to="suporte+baaaaaaaaaaaaaaaa@desk.test")
    assert (row.outcome, row.reason, row.ticket) == ("bounced", "bounce-of-nothing-ours", None)
    assert answered.outgoing() == before


def test_no_copy_shows_the_tag_of_another(answered: Office) -> None:
    tags = {person.address: copy_to(answered, person.address).verp for person in (MARIA, PEDRO)}
    assert tags[MARIA.address].encode() in raw_copy(answered, MARIA.address)
    assert tags[MARIA.address].encode() not in raw_copy(answered, PEDRO.address)
    assert tags[PEDRO.address].encode() not in raw_copy(answered, MARIA.address)


# --- genuine reports ------------------------------------------------------------------------------------


def test_a_report_that_gives_the_requesters_own_copy_back_is_believed(answered: Office) -> None:
    row = report(answered, MARIA.address, header_of(answered, MARIA.address))
    assert (row.outcome, row.reason, row.ticket) == ("bounced", "delivery-failed", 1)
    assert {copy_to(answered, person.address).state for person in (MARIA, PEDRO)} == {"sent", "failed"}
    assert answered.ticket(1).ticket.status == "open"
    assert told(answered) == [ANA.address, BRUNO.address]
    assert f"A resposta para {MARIA.address} não foi entregue, e o chamado voltou" in last_words(answered)
    assert not is_told_when_resolved(answered, MARIA.address)


def test_a_report_to_the_return_path_is_believed_whatever_it_gives_back(by_verp: Office) -> None:
    to = copy_to(by_verp, MARIA.address).sender
    assert report(by_verp, MARIA.address, "Subject: x", to=to).reason == "delivery-failed"
    assert by_verp.ticket(1).ticket.status == "open"


def test_a_report_to_from_that_shows_the_return_path_is_believed(by_verp: Office) -> None:
    shown = f"Return-Path: <{copy_to(by_verp, MARIA.address).sender.upper()}>"
    assert report(by_verp, MARIA.address, shown).reason == "delivery-failed"


def test_a_copy_that_was_passed_on_is_known_by_its_tag_and_its_recipient_is_not_given_up(answered: Office) -> None:
    elsewhere = "maria.antiga@outro.test"
    row = report(answered, elsewhere, header_of(answered, MARIA.address))
    assert (row.reason, copy_to(answered, MARIA.address).state) == ("delivery-failed", "failed")
    assert answered.ticket(1).ticket.status == "open"
    assert f"A resposta para {MARIA.address} não foi entregue" in last_words(answered)
    assert f"O aviso fala de {elsewhere}" in last_words(answered)
    assert is_told_when_resolved(answered, MARIA.address)


def test_without_proof_a_report_on_whom_it_was_passed_on_to_is_a_hint_too(answered: Office) -> None:
    row = report(answered, "lista@outro.test", header_of(answered, MARIA.address, "Message-ID"))
    assert row.reason == "delivery-report-unproven"
    assert "O aviso fala de lista@outro.test" in last_words(answered)


def test_a_second_report_on_the_same_copy_tells_nobody(answered: Office) -> None:
    for number in range(2):
        report(answered, MARIA.address, header_of(answered, MARIA.address), number=number)
        report(answered, MARIA.address, header_of(answered, PEDRO.address, "Message-ID"), number=f"a{number}")
        answered.pass_time(minutes=1)
    assert told(answered) == [ANA.address, BRUNO.address]


@pytest.mark.parametrize("status", ["4.2.2", "5.2.2", "5.7.1", "5.1.8", "5.1.7", "5.0.0"])
def test_a_mailbox_that_took_no_mail_this_time_is_written_to_again(by_verp: Office, status: str) -> None:
    report(by_verp, MARIA.address, header_of(by_verp, MARIA.address), status=status)
    assert by_verp.ticket(1).ticket.status == "open"
    assert is_told_when_resolved(by_verp, MARIA.address)


# --- the end of it --------------------------------------------------------------------------------------


@pytest.fixture
def lost(by_verp: Office) -> Office:
    """Maria's server says that there is no such mailbox."""
    report(by_verp, MARIA.address, header_of(by_verp, MARIA.address))
    assert not is_told_when_resolved(by_verp, MARIA.address)
    by_verp.clerk.order(Order(1, lambda t: orders.set_status(t, "open", "x")))
    by_verp.pass_time(hours=2)
    return by_verp


def test_mail_from_the_contact_itself_is_acknowledged_and_ends_the_state(lost: Office) -> None:
    lost.take(a_message("Outro assunto.", message_id="<m2@cliente.test>", subject="Nota fiscal"))
    assert ("received", MARIA.address) in lost.outgoing()[-3:]
    assert is_told_when_resolved(lost, MARIA.address)


def test_a_reply_of_the_contact_ends_the_state(lost: Office) -> None:
    lost.take(a_message("Recebi.", message_id="<m2@cliente.test>", subject="Re: [#1] Impressora"))
    assert is_told_when_resolved(lost, MARIA.address)


def test_mail_that_the_contacts_domain_disowns_does_not_end_the_state(lost: Office) -> None:
    number = lost.keep(a_message("Sou eu.", message_id="<m2@cliente.test>", subject="Re: [#1] Impressora"))
    received = replace(lost.received(number), authentication=Authentication("fail"))
    lost.settle(lost.clerk.draft(received, parse(received.raw, instance="exemplo")))
    assert not is_told_when_resolved(lost, MARIA.address)


def test_mail_from_somebody_else_does_not_end_the_state(lost: Office) -> None:
    lost.take(a_message("Oi.", message_id="<m2@longe.test>", subject="Re: [#1]", **{"from": EVE.address}))
    assert not is_told_when_resolved(lost, MARIA.address)


def test_a_delivery_that_works_ends_the_state(lost: Office) -> None:
    assert MARIA.address in answer(lost)
    assert is_told_when_resolved(lost, MARIA.address)


def test_an_answer_that_has_not_gone_out_yet_does_not_end_the_state(lost: Office) -> None:
    lost.clerk.order(Order(1, lambda t: orders.answer(t, "Oi", ANA, "x", by_agent=True), text="Oi"))
    assert not is_told_when_resolved(lost, MARIA.address)


def test_a_robot_without_a_mailbox_that_writes_and_returns_everything_is_left_alone(by_verp: Office) -> None:
    """Each mail of its own ends the state, each report begins it again: budgets end the loop."""
    for turn in range(12):
        by_verp.take(a_message("Senha: aguarde.", message_id=f"<r{turn}@cliente.test>", subject=f"Aviso {turn}"))
        for due in send_all(by_verp):
            if due.addressed.recipient.address == MARIA.address:
                to = due.addressed.sender
                assert report(by_verp, MARIA.address, "Subject: x", to=to, number=turn).outcome == "bounced"
        by_verp.pass_time(minutes=1)
    acknowledged = by_verp.outgoing().count(("received", MARIA.address))
    assert 1 <= acknowledged <= 5
    assert not {name for name, person in by_verp.outgoing() if person == MARIA.address} - {"received", "answer"}


# --- somebody in copy whom mail does not reach ------------------------------------------------------------


@pytest.fixture
def refused(by_verp: Office) -> Office:
    """The group that is in copy takes no mail from outside."""
    report(by_verp, PEDRO.address, header_of(by_verp, PEDRO.address), status="5.7.1")
    return by_verp


def test_a_copy_that_is_refused_is_told_once_left_out_and_leaves_the_ticket_as_it_was(refused: Office) -> None:
    assert refused.ticket(1).ticket.status == "pending"
    assert told(refused) == [ANA.address, BRUNO.address]
    assert f"#cc +{PEDRO.address}" in last_words(refused)
    for _ in range(3):
        assert answer(refused) == [MARIA.address]
    assert told(refused) == [ANA.address, BRUNO.address]
    assert b"pedro" not in raw_copy(refused, MARIA.address).lower()


def test_answers_that_were_under_way_already_tell_nobody_again(by_verp: Office) -> None:
    first = header_of(by_verp, PEDRO.address)
    answer(by_verp, "Mais uma coisa.")
    second = header_of(by_verp, PEDRO.address)
    for number, given_back in enumerate((first, second)):
        report(by_verp, PEDRO.address, given_back, status="5.7.1", number=number)
    assert told(by_verp) == [ANA.address, BRUNO.address]
    assert by_verp.ticket(1).ticket.status == "pending"


def test_who_was_left_out_is_written_to_again_when_they_write(refused: Office) -> None:
    refused.take(a_message("Estou de volta.", message_id="<p1@cliente.test>", subject="Re: [#1] Impressora",
                           **{"from": f"Pedro <{PEDRO.address}>"}))  # fmt: skip
    assert [message.author_address for message in refused.ticket(1).messages][-1] == PEDRO.address
    assert sorted(answer(refused)) == [MARIA.address, PEDRO.address]


def test_who_was_left_out_is_written_to_again_when_an_agent_adds_them(refused: Office) -> None:
    to = refused.reply_address(ANA.address)
    refused.take(a_message(f"#cc +{PEDRO.address}", message_id="<a1@desk.test>", to=to, **{"from": ANA.address}),
                 sender=ANA.address, recipients=(to,))  # fmt: skip
    assert sorted(answer(refused)) == [MARIA.address, PEDRO.address]


def test_a_customer_who_copies_them_does_not_bring_them_back(refused: Office) -> None:
    refused.take(a_message("E aí?", message_id="<m2@cliente.test>", subject="Re: [#1] Impressora", cc=PEDRO.address))
    assert answer(refused) == [MARIA.address]
