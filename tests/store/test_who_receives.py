"""Who receives what: whole mails through the clerk, and then a look into everybody's mailbox, strangers' first.

What counts is what is queued to an address, and which words stand in it; nothing here asks which flag was set.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from typing import Any

import pytest

from mailtickets.desk.model.facts import Authentication
from mailtickets.mail.read.parse import parse
from mailtickets.store import outbox
from tests.desk.builders import ANA, BRUNO, CARLA, EVE, PEDRO, a_policy
from tests.store.office import Office, a_message, copies

MINE = "maria@cliente.test"
_IDS: Iterator[int] = count()
VERDICTS = ("pass", "none", "temperror", "fail")


def take(office: Office, text: str, verdict: Any = "none", to: str = "suporte@desk.test", **fields: Any) -> Any:
    """A mail the whole way, with what was found out about its From; Maria's to suporte where nothing is said."""
    given: dict[str, Any] = {
        "message_id": f"<w{next(_IDS)}@x.test>",
        "from": "Maria Souza <maria@cliente.test>",
        "to": to,
    }
    number = office.keep(a_message(text, **{**given, **fields}), recipients=(to,))
    received = replace(office.received(number), authentication=Authentication(verdict))
    office.settle(office.clerk.draft(received, parse(received.raw, instance="exemplo")))
    return office.row(number)


def mailbox(office: Office, address: str) -> list[str]:
    """The mails queued to an address, as they are sent, oldest first."""
    rows = [row for row in office.run(lambda c: copies(c, limit=1000)) if row.recipient == address]
    due = [office.run(lambda c, number=row.id: outbox.load(c, number)) for row in reversed(rows)]
    return [office.clerk.written(one, ())[0].decode() for one in due]


def received(office: Office, address: str) -> list[str]:
    """Names of the notices queued to an address, oldest first."""
    return [name for name, recipient in office.outgoing() if recipient == address]


def shown(office: Office, address: str, notice: str) -> str:
    """The words of the newest notice of a kind to somebody."""
    rows = office.run(lambda c: copies(c, limit=1000))
    text: str = next(row.text for row in rows if row.recipient == address and row.name == notice)
    return text


def answers(office: Office, text: str = "Troque o cabo.", number: int = 1) -> None:
    """Ana answers by mail, to her newest notice."""
    to = office.reply_address(ANA.address, number)
    row = take(office, text, "pass", to, **{"from": "Ana <ana@desk.test>", "subject": "Re: x"})
    assert row.outcome == "appended", row.reason


@pytest.fixture
def strict(office: Office) -> Office:
    """A desk as it is made today: agents need a token and a pass. Answers carry what was said before."""
    office.use(a_policy(trust="verified", suporte={"history": 10}))
    take(office, "A senha do cofre é girassol.", "pass")
    return office


# --- a forged Cc joins no ticket ----------------------------------------------------------------------


@pytest.mark.parametrize("verdict", ["none", "temperror", "fail"])
@pytest.mark.parametrize("field", ["cc", "to"])
def test_a_forged_cc_joins_no_ticket_and_reads_nothing(strict: Office, verdict: str, field: str) -> None:
    fields = {"cc": EVE.address} if field == "cc" else {"to": f"suporte@desk.test, {EVE.address}"}
    row = take(strict, "E agora?", verdict, subject="Re: [#1] Impressora", **fields)
    assert (row.outcome, row.ticket) == ("appended", 1)
    answers(strict)
    assert received(strict, MINE)[-1] == "answer"
    assert received(strict, EVE.address) == []
    assert not any(EVE.address in mail for mail in mailbox(strict, MINE))


@pytest.mark.parametrize("verdict", ["none", "temperror"])
def test_agents_are_shown_whom_unproven_mail_copied_and_how_to_add_them(strict: Office, verdict: str) -> None:
    take(strict, "E agora?", verdict, subject="[#1]", cc=f"Eve <{EVE.address}>")
    assert f"#cc +{EVE.address}" in shown(strict, ANA.address, "customer_replied")
    answers(strict, f"Pronto.\n#cc +{EVE.address}")
    assert received(strict, EVE.address) == ["answer"]


def test_after_a_dmarc_fail_nobody_is_offered_to_be_added(strict: Office) -> None:
    take(strict, "E agora?", "fail", subject="[#1]", cc=EVE.address)
    words = shown(strict, ANA.address, "customer_replied")
    assert "#cc" not in words
    assert EVE.address in words


@pytest.mark.parametrize("proof", ["token", "pass"])
def test_a_proven_writer_puts_people_on_the_ticket(strict: Office, proof: str) -> None:
    token = strict.reply_address(MINE)
    fields = {"to": token} if proof == "token" else {"subject": "[#1]"}
    take(strict, "O Pedro acompanha.", "none" if proof == "token" else "pass", cc=PEDRO.address, **fields)
    answers(strict)
    assert received(strict, PEDRO.address) == ["answer"]


def test_a_leaked_token_in_mail_that_the_domain_disowns_puts_nobody_on_the_ticket(strict: Office) -> None:
    take(strict, "E agora?", "fail", strict.reply_address(MINE), cc=EVE.address)
    answers(strict)
    assert received(strict, EVE.address) == []


def test_an_absence_notice_brings_nobody_along(strict: Office) -> None:
    take(strict, "Férias.", "pass", strict.reply_address(MINE), cc=EVE.address, auto_submitted="auto-replied")
    answers(strict)
    assert received(strict, EVE.address) == []


def test_whom_a_forged_mail_copied_can_neither_ask_nor_close(strict: Office) -> None:
    take(strict, "E agora?", "none", subject="[#1]", cc=EVE.address)
    answers(strict)
    for text in ("status", "encerrar", "meus chamados"):
        take(strict, text, "pass", subject="[#1]", **{"from": EVE.address})
    assert strict.ticket(1).ticket.status == "pending"
    assert "status" not in received(strict, EVE.address)
    assert not any("girassol" in mail or "Troque" in mail for mail in mailbox(strict, EVE.address))


def test_a_new_ticket_disowned_by_its_domain_brings_nobody_along(office: Office) -> None:
    take(office, "Quero a segunda via.", "fail", cc=EVE.address)
    words = shown(office, ANA.address, "new_ticket")
    assert "#cc" not in words
    assert EVE.address in words
    answers(office)
    assert (received(office, MINE), received(office, EVE.address)) == (["answer"], [])


def test_people_in_copy_of_an_unproven_new_mail_hear_of_it_when_an_agent_has_answered(office: Office) -> None:
    take(office, "Não imprime.", "none", cc=PEDRO.address)
    assert received(office, PEDRO.address) == []
    answers(office)
    assert received(office, PEDRO.address) == ["answer"]


def test_what_a_machine_sends_brings_nobody_along(office: Office) -> None:
    take(office, "Seu código é 4711.", "pass", cc=EVE.address, **{"from": "noreply@banco.test"})
    answers(office)
    assert received(office, EVE.address) == []


# --- history ------------------------------------------------------------------------------------------


def test_who_joins_later_is_not_sent_what_was_said_before(strict: Office) -> None:
    answers(strict, "Anotado.")
    take(strict, "O Pedro acompanha.", "pass", strict.reply_address(MINE), cc=PEDRO.address)
    strict.pass_time(hours=1)
    take(strict, "Continua parada.", "pass", strict.reply_address(MINE))
    answers(strict)
    (mail,) = mailbox(strict, PEDRO.address)
    words = shown(strict, PEDRO.address, "answer")
    assert "Troque o cabo." in words
    assert "Continua parada." in words
    assert "girassol" not in mail
    assert "Anotado" not in words


def test_answers_to_those_who_were_there_from_the_beginning_carry_it_all(strict: Office) -> None:
    answers(strict)
    assert "girassol" in shown(strict, MINE, "answer")


def test_whom_an_agent_puts_in_copy_reads_what_the_answer_quotes(strict: Office) -> None:
    answers(strict, f"Pronto.\n#cc +{PEDRO.address}")
    assert "girassol" in shown(strict, PEDRO.address, "answer")


# --- a contact form speaks for itself alone -----------------------------------------------------------

FORM = {"from": "Site <form@site.test>"}


@pytest.fixture
def with_form(office: Office) -> Office:
    """The queue knows a contact form, whose domain passes, and asks agents for the token alone."""
    office.use(a_policy(suporte={"reply_to_is_author_from": ("form@site.test",)}))
    take(office, "A senha do cofre é girassol.", "pass")
    answers(office)
    return office


def test_a_contact_form_that_names_an_agent_writes_to_nobody(with_form: Office) -> None:
    row = take(with_form, f"#para {EVE.address}\nOlá!", "pass", reply_to=ANA.address, **FORM)
    assert row.outcome == "opened"
    assert received(with_form, EVE.address) == []


@pytest.mark.parametrize("subject", ["[#1]", "Re: [#1] #fechar"])
def test_a_contact_form_that_names_an_agent_is_no_agents_on_a_ticket(with_form: Office, subject: str) -> None:
    before = received(with_form, MINE)
    row = take(with_form, "Está pronto.\n#fechar", "pass", subject=subject, reply_to=ANA.address, **FORM)
    assert (row.outcome, row.ticket) == ("opened", 2)
    assert with_form.ticket(1).ticket.status == "pending"
    assert received(with_form, MINE) == before


def test_a_contact_form_confirms_nothing_in_an_agents_name(with_form: Office) -> None:
    to = with_form.reply_address(BRUNO.address)
    held = take(with_form, "Mande os dados.", "none", to, **{"from": ANA.address})
    assert held.outcome == "held"
    word = with_form.reply_address(ANA.address)
    take(with_form, "ENVIAR", "pass", word, reply_to=ANA.address, **FORM)
    assert with_form.row(held.id).state == "held"


@pytest.mark.parametrize("text", ["encerrar", "cancelar", "parar avisos", "5"])
def test_whom_a_contact_form_names_is_never_proven(with_form: Office, text: str) -> None:
    before = with_form.ticket(1).ticket
    row = take(with_form, text, "pass", subject="[#1]", reply_to=MINE, **FORM)
    after = with_form.ticket(1)
    assert (row.ticket, after.ticket.status) == (1, "open")
    assert after.messages[-1].verified is False
    assert [p.muted for p in after.ticket.participants] == [p.muted for p in before.participants]


def test_a_contact_form_brings_nobody_onto_a_ticket(with_form: Office) -> None:
    take(with_form, "E agora?", "pass", subject="[#1]", reply_to=MINE, cc=EVE.address, **FORM)
    answers(with_form)
    assert received(with_form, EVE.address) == []


def test_whom_a_contact_form_names_is_acknowledged_without_a_word_of_theirs(office: Office) -> None:
    office.use(a_policy(suporte={"reply_to_is_author_from": ("form@site.test",)}))
    take(office, "Compre girassol!", "pass", subject="Oferta", reply_to=EVE.address, **FORM)
    (mail,) = mailbox(office, EVE.address)
    assert "girassol" not in mail
    assert "Oferta" not in mail


# --- Sender is nobody's name --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "senders",
    [
        {"from": None, "sender": MINE},
        {"from": f"{MINE}, {EVE.address}", "sender": MINE},
        {"from": f"{MINE}\r\nFrom: {EVE.address}", "sender": MINE},
    ],
)
@pytest.mark.parametrize("verdict", VERDICTS)
def test_sender_stands_in_for_no_missing_or_doubled_from(strict: Office, senders: dict[str, Any], verdict: str) -> None:
    before = [received(strict, who) for who in (MINE, EVE.address)]
    row = take(strict, "encerrar", verdict, subject="[#1]", **senders)
    assert (row.outcome, row.ticket) == ("opened", 2)
    assert strict.ticket(1).ticket.status == "new"
    assert [received(strict, who) for who in (MINE, EVE.address)] == before


def test_a_doubled_from_with_an_agent_as_sender_is_no_agents(strict: Office) -> None:
    to = strict.reply_address(ANA.address)
    fields = {"from": f"{ANA.address}, {EVE.address}", "sender": ANA.address}
    take(strict, "Mande os dados.\n#fechar", "pass", to, **fields)
    assert "answer" not in received(strict, MINE)
    assert strict.ticket(1).ticket.status == "new"


def test_nobody_is_not_the_same_person_twice(office: Office) -> None:
    assert take(office, "Um.", **{"from": None}).ticket == 1
    assert take(office, "Dois.", subject="[#1]", **{"from": None}).ticket == 2
    assert take(office, "meus chamados", **{"from": None}).ticket == 3


# --- mail through a group -----------------------------------------------------------------------------

GROUP = {"from": "\"'Maria Souza' via Suporte\" <suporte@desk.test>", "list_id": "<suporte.desk.test>"}


def through_group(office: Office, name: str, text: str, verdict: str = "pass", **fields: Any) -> Any:
    rewritten = f"\"'{name.title()}' via Suporte\" <suporte@desk.test>"
    named = {"reply_to": f"{name.title()} <{name}@cliente.test>", "x_original_sender": f"{name}@cliente.test"}
    return take(office, text, verdict, **{"from": rewritten, "list_id": "<suporte.desk.test>", **named, **fields})


def test_mail_through_a_group_is_that_of_the_person_behind_it(office: Office) -> None:
    row = through_group(office, "maria", "Não consigo pagar.")
    ticket = office.ticket(row.ticket).ticket
    assert (ticket.requester.name, ticket.requester.address) == ("Maria", MINE)
    assert office.ticket(row.ticket).messages[0].verified is False
    answers(office)
    assert received(office, MINE) == ["answer"]


def test_two_customers_through_one_group_are_two_people(office: Office) -> None:
    through_group(office, "maria", "Meu CPF é girassol.")
    row = through_group(office, "pedro", "E o meu?", subject="Re: [#1]")
    assert (row.outcome, row.ticket) == ("opened", 2)
    answers(office, "Está pago.", 2)
    assert received(office, MINE) == []
    assert not any("girassol" in mail for mail in mailbox(office, PEDRO.address))


@pytest.mark.parametrize("text", ["encerrar", "#fechar"])
def test_whom_a_group_names_is_neither_an_agent_nor_proven(strict: Office, text: str) -> None:
    through_group(strict, "maria", text, subject="[#1]", list_id=None)
    take(strict, f"#para {EVE.address}\nOlá", "pass", **{**GROUP, "list_id": None, "reply_to": ANA.address})
    assert strict.ticket(1).ticket.status == "new"
    assert received(strict, EVE.address) == []


# --- agents who write from the queue's own address ----------------------------------------------------


def test_an_agents_answer_from_the_queues_own_address_is_held_and_its_author_told(strict: Office) -> None:
    to = strict.reply_address(ANA.address)
    row = take(strict, "Troque o cabo.", "pass", to, **{"from": "Suporte <suporte@desk.test>"})
    assert (row.outcome, row.reason) == ("held", "agent-from-queue-address")
    assert received(strict, ANA.address)[-1] == "held"
    assert "suporte@desk.test" in shown(strict, ANA.address, "held")
    assert strict.numbers() == [1]
    assert strict.ticket(1).ticket.status == "new"


def test_what_was_held_for_the_queues_own_address_goes_out_at_its_authors_word(strict: Office) -> None:
    held = take(strict, "Troque o cabo.", "pass", strict.reply_address(ANA.address), **{"from": "suporte@desk.test"})
    take(strict, "ENVIAR", "pass", strict.reply_address(ANA.address), **{"from": ANA.address})
    received_again = replace(strict.received(held.id), authentication=Authentication("pass"))
    strict.settle(strict.clerk.draft(received_again, parse(received_again.raw, instance="exemplo")))
    assert received(strict, MINE)[-1] == "answer"
    assert strict.ticket(1).messages[-1].author_address == ANA.address


def test_what_an_agent_writes_from_the_queues_own_address_is_cut_of_their_signature(strict: Office) -> None:
    said = f"Troque o cabo.\n\n{ANA.name}\nSuporte técnico\nTel.: (11) 98877-6655"
    held = take(strict, said, "pass", strict.reply_address(ANA.address), **{"from": "suporte@desk.test"})
    assert "98877" not in shown(strict, ANA.address, "held")
    take(strict, "ENVIAR", "pass", strict.reply_address(ANA.address), **{"from": ANA.address})
    received_again = replace(strict.received(held.id), authentication=Authentication("pass"))
    strict.settle(strict.clerk.draft(received_again, parse(received_again.raw, instance="exemplo")))
    assert received(strict, MINE)[-1] == "answer"
    assert "98877" not in shown(strict, MINE, "answer")
    assert "Troque o cabo." in shown(strict, MINE, "answer")


def test_a_ready_answer_is_found_for_an_agent_who_writes_from_the_queues_own_address(strict: Office) -> None:
    said = f"#resposta encerramento\n\n{ANA.name}"
    held = take(strict, said, "pass", strict.reply_address(ANA.address), **{"from": "suporte@desk.test"})
    take(strict, "ENVIAR", "pass", strict.reply_address(ANA.address), **{"from": ANA.address})
    again = replace(strict.received(held.id), authentication=Authentication("pass"))
    strict.settle(strict.clerk.draft(again, parse(again.raw, instance="exemplo")))
    assert received(strict, MINE)[-1] == "answer"


# --- many in copy -------------------------------------------------------------------------------------

SIXTY = ", ".join(f"p{n}@cliente.test" for n in range(60))


def test_of_sixty_in_copy_twenty_join_and_agents_are_told_who_is_left_out(office: Office) -> None:
    take(office, "Para todos.", "pass", cc=SIXTY)
    words = shown(office, ANA.address, "new_ticket")
    assert "p20@cliente.test" in words
    answers(office)
    reached = [who for name, who in office.outgoing() if name == "answer"]
    assert reached == [MINE, *(f"p{n}@cliente.test" for n in range(20))]


def test_who_was_left_out_of_copy_joins_by_answering_what_they_were_sent(office: Office) -> None:
    take(office, "Para todos.", "pass", message_id="<todos@x.test>", cc=SIXTY)
    said = {"from": "p25@cliente.test", "in_reply_to": "<todos@x.test>", "subject": "Re: Impressora", "cc": SIXTY}
    row = take(office, "Comigo também.", "none", **said)
    assert (row.outcome, row.ticket) == ("appended", 1)
    assert "p30@cliente.test" not in shown(office, ANA.address, "customer_replied")
    answers(office)
    reached = [who for name, who in office.outgoing() if name == "answer"]
    assert len(reached) == 22
    assert "p25@cliente.test" in reached


@pytest.mark.parametrize(
    "fields",
    [
        {"from": "p25@cliente.test", "subject": "[#1]"},
        {"from": EVE.address, "in_reply_to": "<todos@x.test>"},
        {"from": "p25@cliente.test", "in_reply_to": "<todos@x.test>", "verdict": "fail"},
    ],
)
def test_nobody_else_joins_so(office: Office, fields: dict[str, Any]) -> None:
    take(office, "Para todos.", "pass", message_id="<todos@x.test>", cc=SIXTY)
    assert take(office, "Comigo também.", **fields).ticket == 2


def test_whom_an_unproven_mail_copied_does_not_join_by_answering(strict: Office) -> None:
    take(strict, "E agora?", "none", subject="[#1]", message_id="<forjada@x.test>", cc=EVE.address)
    row = take(strict, "Estou em cópia.", "pass", in_reply_to="<forjada@x.test>", **{"from": EVE.address})
    assert row.ticket == 2
    answers(strict)
    assert "answer" not in received(strict, EVE.address)


# --- nobody to write to -------------------------------------------------------------------------------

UNWRITABLE: list[dict[str, Any]] = [
    {"from": "Loja Azul <loja azul@cliente.test>"},
    {"from": "Maria <maria@loja@cliente.test>"},
    {"from": "=?UTF-8?b?R2zDvGNrd8O8bnNjaGU=?= <Glückwünsche>"},
    {"from": "Maria"},
    {"from": "Maria <>"},
    {"from": None},
    {"from": "Suporte <suporte@desk.test>"},
    {"from": "Suporte <suporte@desk.test>", "reply_to": "suporte@desk.test"},
    {"from": "Suporte <suporte@desk.test>", "reply_to": "<loja azul@cliente.test>"},
]
ANAS = {"from": "Ana <ana@desk.test>", "subject": "Re: x"}


@pytest.mark.parametrize("fields", UNWRITABLE)
def test_agents_are_told_that_nobody_can_be_answered_and_an_answer_is_held(
    office: Office, fields: dict[str, Any]
) -> None:
    take(office, "Preciso de ajuda.", **fields)
    assert "Ninguém recebe respostas deste chamado" in shown(office, ANA.address, "new_ticket")
    row = take(office, "Troque o cabo.", "pass", office.reply_address(ANA.address), **ANAS)
    assert (row.outcome, row.reason) == ("held", "nobody-to-answer")
    assert office.ticket(1).ticket.status == "new"
    assert [m.direction for m in office.ticket(1).messages] == ["in"]
    assert received(office, ANA.address) == ["new_ticket", "held"]
    assert "#requerente" in shown(office, ANA.address, "held")
    assert "Troque o cabo." in shown(office, ANA.address, "held")
    assert {who for _, who in office.outgoing()} == {ANA.address, BRUNO.address}


def decided_again(office: Office, number: int, verdict: Any = "pass") -> Any:
    """Decides on what a second word has released."""
    assert office.row(number).state == "accepted"
    known = replace(office.received(number), authentication=Authentication(verdict))
    office.settle(office.clerk.draft(known, parse(known.raw, instance="exemplo")))
    return office.row(number)


def test_an_answer_that_was_held_for_want_of_a_customer_goes_to_the_one_its_author_names(office: Office) -> None:
    take(office, "Preciso de ajuda.", **UNWRITABLE[0])
    held = take(office, "Troque o cabo.", "pass", office.reply_address(ANA.address), **ANAS)
    take(office, f"#requerente {MINE}", "pass", office.reply_address(ANA.address), **ANAS)
    assert decided_again(office, held.id).outcome == "appended"
    assert received(office, MINE) == ["answer"]
    assert "Troque o cabo." in shown(office, MINE, "answer")


def test_an_answer_that_names_its_customer_goes_there_at_once(office: Office) -> None:
    take(office, "Preciso de ajuda.", **UNWRITABLE[0])
    row = take(office, f"#requerente {MINE}\nTroque o cabo.", "pass", office.reply_address(ANA.address), **ANAS)
    assert row.outcome == "appended"
    assert received(office, MINE) == ["answer"]


def test_sent_all_the_same_it_is_held_again(office: Office) -> None:
    take(office, "Preciso de ajuda.", **UNWRITABLE[0])
    held = take(office, "Troque o cabo.", "pass", office.reply_address(ANA.address), **ANAS)
    take(office, "ENVIAR", "pass", office.reply_address(ANA.address), **ANAS)
    assert decided_again(office, held.id).reason == "nobody-to-answer"
    assert office.ticket(1).ticket.status == "new"


def test_what_is_dropped_is_dropped(office: Office) -> None:
    take(office, "Preciso de ajuda.", **UNWRITABLE[0])
    held = take(office, "Troque o cabo.", "pass", office.reply_address(ANA.address), **ANAS)
    take(office, "DESCARTAR", "pass", office.reply_address(ANA.address), **ANAS)
    assert office.row(held.id).outcome == "ignored"


def test_notes_and_commands_need_nobody_to_write_to(office: Office) -> None:
    take(office, "Preciso de ajuda.", **UNWRITABLE[0])
    row = take(office, "#nota Liguei para eles.", "pass", office.reply_address(ANA.address), **ANAS)
    assert row.outcome == "noted"
    assert take(office, "#assumir", "pass", office.reply_address(ANA.address), **ANAS).outcome == "commanded"


def test_somebody_in_copy_is_somebody_to_write_to(office: Office) -> None:
    take(office, "Preciso de ajuda.", "pass", cc=f"{PEDRO.address}, <loja verde@cliente.test>", **UNWRITABLE[0])
    assert "loja verde@cliente.test" in shown(office, ANA.address, "new_ticket")
    answers(office)
    assert [who for name, who in office.outgoing() if name == "answer"] == [PEDRO.address]


@pytest.mark.parametrize("words", ["#para vendas@desk.test\nOlá!", "#para x@y.invalid\nOlá!"])
def test_no_agent_begins_a_conversation_with_nobody(office: Office, words: str) -> None:
    assert take(office, words, "pass", **ANAS).outcome == "held"
    assert office.numbers() == []


# --- an address that is certain once it is decoded ----------------------------------------------------


def test_an_address_within_an_encoded_word_is_written_to(office: Office) -> None:
    take(office, "Preciso de ajuda.", **{"from": "=?utf-8?Q?Maria_<maria@cliente.test>?="})
    answers(office)
    assert office.ticket(1).ticket.requester.name == "Maria"
    assert received(office, MINE)[-1] == "answer"


# --- a reply to another queue's address ---------------------------------------------------------------


@pytest.mark.parametrize("evidence", ["subject", "id"])
def test_a_reply_to_another_queues_address_is_told_to_that_queues_agents(strict: Office, evidence: str) -> None:
    answers(strict)
    given = strict.ticket(1).messages[-1].message_id
    fields = {"subject": "Re: [#1]"} if evidence == "subject" else {"in_reply_to": f"<{given}>"}
    row = take(strict, "E o desconto?", "pass", "vendas@desk.test", **fields)
    assert (row.outcome, row.ticket) == ("appended", 1)
    assert received(strict, ANA.address)[-1] == "customer_replied"
    assert received(strict, CARLA.address) == ["also_addressed"]
    words = shown(strict, CARLA.address, "also_addressed")
    assert "só para Vendas Exemplo" in words
    assert "#fila vendas" in words
    assert "E o desconto?" in words


def test_the_other_queue_may_take_the_ticket_over_as_it_is_told(strict: Office) -> None:
    answers(strict)
    take(strict, "E o desconto?", "pass", "vendas@desk.test", subject="Re: [#1]")
    take(strict, "#fila vendas", "pass", strict.reply_address(CARLA.address), **{"from": CARLA.address})
    assert strict.ticket(1).ticket.queue == "vendas"


def test_a_reply_to_the_address_that_its_author_was_given_is_no_other_queues(strict: Office) -> None:
    old = strict.reply_address(MINE)
    take(strict, "#fila vendas", "pass", strict.reply_address(ANA.address), **{"from": ANA.address})
    before = received(strict, ANA.address)
    take(strict, "E então?", "pass", old)
    assert received(strict, ANA.address) == before
    assert received(strict, CARLA.address)[-1] == "customer_replied"
