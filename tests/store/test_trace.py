"""What is known of the way of one mail: from the door to the outbox, and from an outgoing letter back to its cause."""

import json
import re
from typing import Any

import pytest

from mailtickets.cli.session import print_json
from mailtickets.desk.commands import orders
from mailtickets.gateway.drafting.order import Order
from mailtickets.store import outbox
from mailtickets.store.read import trace
from mailtickets.store.read.reader import opened, within
from mailtickets.store.read.trace import Trace
from mailtickets.views import trace as view
from tests.desk.builders import ANA
from tests.store.office import Office, a_message, copies
from tests.store.test_bounces import by_verp, report
from tests.store.test_second_words import desk, reply

__all__ = ["by_verp", "desk"]

ANSWER = "A impressora volta amanhã."


def sent(office: Office, reply: str = "250 2.0.0 Ok: queued as 4XYZ", **more: Any) -> list[int]:
    """Sends what is due; gives the ids of the copies."""
    due = office.due()
    for copy in due:
        result = outbox.AttemptResult(copy.id, "sent", reply=reply, now=office.now, **more)
        office.run(lambda c, result=result: outbox.record_all(c, [result]))
    return [copy.id for copy in due]


def copy_of(office: Office, name: str, recipient: str) -> Any:
    rows = office.run(lambda c: copies(c))
    return next(row for row in rows if (row.name, row.recipient) == (name, recipient))


def agent_answers(office: Office, **fields: str) -> Any:
    """Ana answers the notice of the ticket from her mail program."""
    to = office.reply_address("ana@desk.test")
    given = {"from": "Ana Lima <ana@desk.test>", "to": to, "message_id": "<a1@desk.test>", "subject": "Re: Impressora"}
    return office.take(a_message(ANSWER, **{**given, **fields}), sender="ana@desk.test", recipients=(to,))


def traced(office: Office, read: Any, asked: object) -> Trace:
    found: Trace = office.run(lambda c: read(within(c), asked))
    return found


@pytest.fixture
def answered(office: Office) -> Office:
    """Maria wrote (inbound 1), Ana answered the notice (inbound 2), Maria answered Ana's answer (inbound 3)."""
    office.take(a_message())
    office.pass_time(minutes=1)
    sent(office)
    office.pass_time(minutes=1)
    notice = copy_of(office, "new_ticket", "ana@desk.test")
    assert agent_answers(office, in_reply_to=f"<{notice.message_id}>").outcome == "appended"
    office.pass_time(minutes=1)
    sent(office)
    office.pass_time(minutes=1)
    letter = copy_of(office, "answer", "maria@cliente.test")
    references = f"<m1@cliente.test> <{letter.message_id}>"
    office.take(a_message("Obrigada, espero.", message_id="<m2@cliente.test>", references=references))
    return office


def test_a_received_mail_is_followed_to_its_copies_and_their_answers(answered: Office) -> None:
    found = traced(answered, trace.of_inbound, 1)
    [mail] = found.received
    assert (mail.row.outcome, mail.row.ticket, mail.row.source) == ("opened", 1, "smtp")
    assert [event.kind for event in mail.events][:1] == ["opened"]
    assert [copy.row.id for copy in found.sent] == [copy.id for copy in mail.copies]
    by_notice = {(copy.row.name, copy.row.recipient): copy for copy in found.sent}
    notice = by_notice["new_ticket", "ana@desk.test"]
    assert notice.cause.id == 1
    assert (notice.row.state, notice.row.last_reply) == ("sent", "250 2.0.0 Ok: queued as 4XYZ")
    assert [(answer.inbound.id, answer.by) for answer in notice.answered] == [(2, "message-id")]
    assert by_notice["new_ticket", "bruno@desk.test"].answered == ()


def test_a_letter_of_ours_is_followed_back_to_its_cause_and_on_to_its_answer(answered: Office) -> None:
    letter = copy_of(answered, "answer", "maria@cliente.test")
    found = traced(answered, trace.of_message_id, letter.message_id)
    assert found.received == []
    [copy] = [copy for copy in found.sent if copy.row.id == letter.id]
    assert copy.cause.id == 2
    assert [answer.inbound.id for answer in copy.answered] == [3]
    assert traced(answered, trace.of_copy, letter.id).sent == [copy]


def test_an_answer_says_which_letter_it_answers(answered: Office) -> None:
    [mail] = traced(answered, trace.of_inbound, 3).received
    assert [(a.copy.name, a.copy.recipient, a.by) for a in mail.answers] == [
        ("answer", "maria@cliente.test", "message-id")
    ]


def test_an_answer_without_ids_is_known_by_its_reply_address(office: Office) -> None:
    office.take(a_message())
    agent_answers(office)
    [mail] = traced(office, trace.of_inbound, 2).received
    assert [(a.copy.recipient, a.by) for a in mail.answers] == [("ana@desk.test", "reply-token")]
    [copy] = traced(office, trace.of_copy, mail.answers[0].copy.id).sent
    assert [(a.inbound.id, a.by) for a in copy.answered] == [(2, "reply-token")]


def test_a_customers_message_id_finds_the_mail_and_what_it_caused(answered: Office) -> None:
    found = traced(answered, trace.of_message_id, "m1@cliente.test")
    assert found == traced(answered, trace.of_inbound, 1)


def test_a_name_that_a_server_gave_a_letter_finds_it(office: Office) -> None:
    office.take(a_message())
    numbers = sent(office, remote_message_id="renamed@provider.test")
    found = traced(office, trace.of_message_id, "renamed@provider.test")
    assert [copy.row.id for copy in found.sent] == numbers


def test_copies_of_a_mail_by_several_doors_name_each_other(office: Office) -> None:
    office.take(a_message())
    office.take(a_message(), sender="lista@cliente.test", recipients=("vendas@desk.test",))
    one, two = traced(office, trace.of_message_id, "m1@cliente.test").received
    assert (one.same, two.same) == ([2], [1])
    assert two.row.outcome == "duplicate"


def test_a_letter_by_an_order_is_followed_back_to_the_order(office: Office) -> None:
    office.take(a_message())
    office.pass_time(minutes=1)
    office.clerk.order(Order(1, lambda t: orders.answer(t, ANSWER, ANA, "shell:root", by_agent=True), text=ANSWER))
    letter = copy_of(office, "answer", "maria@cliente.test")
    [copy] = traced(office, trace.of_copy, letter.id).sent
    assert copy.cause is None
    assert {event.actor for event in copy.orders} == {"shell:root"}
    assert "message" in {event.kind for event in copy.orders}


def test_a_letter_that_came_back_names_the_report(by_verp: Office) -> None:
    letter = copy_of(by_verp, "answer", "maria@cliente.test")
    row = report(by_verp, "maria@cliente.test", "", to=f"suporte+{letter.verp}@desk.test")
    assert row.outcome == "bounced"
    [copy] = traced(by_verp, trace.of_copy, letter.id).sent
    assert [(told.inbound.id, told.event.reason) for told in copy.reports] == [(row.id, "delivery-failed")]
    assert letter.verp not in "\n".join(view.lines(traced(by_verp, trace.of_inbound, row.id)))


@pytest.mark.parametrize(("words", "kind"), [("ENVIAR", "released"), ("Eu não escrevi isso!", "dropped")])
def test_a_held_mail_names_the_mail_that_released_or_dropped_it(desk: Office, words: str, kind: str) -> None:
    again = reply(desk, words)
    [mail] = traced(desk, trace.of_message_id, "forged1@longe.test").received
    [event] = [event for event in mail.events if event.inbound == again.id]
    assert (event.kind, event.old) == (kind, str(mail.row.id))
    assert any(f"by inbound {again.id}" in line for line in view.lines(traced(desk, trace.of_inbound, mail.row.id)))


def test_a_ticket_shows_all_its_mail_and_its_orders(answered: Office) -> None:
    answered.clerk.order(Order(1, lambda t: orders.set_status(t, "resolved", "shell:root")))
    found = traced(answered, trace.of_ticket, 1)
    assert [mail.row.id for mail in found.received] == [1, 2, 3]
    assert {copy.row.name for copy in found.sent} >= {"new_ticket", "answer"}
    assert "status" in {event.kind for event in found.events}
    times = [line[2:21] for line in list(view.lines(found))[2:]]
    assert times == sorted(times)
    assert any("it answers outbox" in line for line in view.lines(found))


@pytest.mark.parametrize(
    ("read", "asked"),
    [(trace.of_inbound, 99), (trace.of_copy, 99), (trace.of_ticket, 99), (trace.of_message_id, "no@where.test")],
)
def test_what_there_is_not_is_empty(office: Office, read: Any, asked: object) -> None:
    office.take(a_message())
    assert not traced(office, read, asked)


def test_mail_that_waits_is_shown_with_what_was_tried(office: Office) -> None:
    number = office.keep(a_message())
    found = traced(office, trace.of_inbound, number)
    assert "  undecided   accepted, 0 failed attempts" in list(view.lines(found))


def test_neither_bodies_nor_tokens_are_shown(answered: Office, capsys: pytest.CaptureFixture[str]) -> None:
    token = re.compile(r"\+[a-z2-7]{26}@|\+b[a-z2-7]{16}[@=]")
    agent_answers(answered, message_id="<a2@desk.test>")
    assert token.search(answered.row(2).recipients[0])
    for read, asked in ((trace.of_inbound, 2), (trace.of_inbound, 4), (trace.of_ticket, 1)):
        found = traced(answered, read, asked)
        print_json(view.as_json(found))
        printed = capsys.readouterr().out + "\n".join(view.lines(found))
        assert json.dumps(ANSWER)[1:-1] not in printed
        assert ANSWER not in printed
        assert not token.search(printed)
        assert "token_hash" not in printed


def test_a_reader_of_its_own_sees_the_same_while_others_write(answered: Office) -> None:
    with opened(answered.database.url, busy_seconds=0) as reader:
        before = trace.of_ticket(reader, 1)
        answered.take(a_message("Mais uma.", message_id="<m9@cliente.test>", references="<m1@cliente.test>"))
        assert trace.of_ticket(reader, 1) == before


def test_older_mail_of_a_long_ticket_is_left_off_and_said(answered: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trace, "MOST", 2)
    found = traced(answered, trace.of_ticket, 1)
    assert [mail.row.id for mail in found.received] == [2, 3]
    assert f"{found.left_off} older messages and copies are left off." in list(view.lines(found))


def test_large_mail_is_not_searched_beyond_a_bound_and_said(answered: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trace, "MOST_BYTES", 0)
    found = traced(answered, trace.of_inbound, 3)
    assert found.received[0].answers == []
    assert found.unread == 1
