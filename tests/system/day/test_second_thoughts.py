"""What stops an agent's mail before it is out, and how one more word lets it go: real clients, one desk."""

import re

from tests.system.day.office import BUYING, FINANCE, Office
from tests.system.town import ANA, BRUNO, JOAO, MARIA, PEDRO, text_of, write

HELD_STALE = ("held", "stale-answer")


def test_two_agents_answer_at_once_and_the_later_one_decides(office: Office) -> None:
    number = office.asks(MARIA, "Onde fica a loja?", "Endereço")
    for_ana, for_bruno = office.notice(ANA, number), office.notice(BRUNO, number)
    office.forget_but(ANA, BRUNO)

    office.reply(BRUNO, for_bruno, "Rua das Flores, 10.")
    office.reply(ANA, for_ana, "Rua das Flores, 12.")
    assert office.outcome() == HELD_STALE
    asked = office.notice(ANA, number)
    assert "Rua das Flores, 10." in text_of(asked)  # what happened meanwhile
    assert "Rua das Flores, 12." in text_of(asked)
    assert len(office.mails(MARIA)) == 1

    office.reply(ANA, asked, "Enviar")
    assert "Rua das Flores, 12." in text_of(office.newest(MARIA))
    assert len(office.mails(MARIA)) == 2
    office.reply(ANA, asked, "ENVIAR")  # twice is once
    assert len(office.mails(MARIA)) == 2


def test_the_customer_writes_meanwhile_and_the_answer_is_thrown_away_or_written_anew(office: Office) -> None:
    number = office.asks(MARIA, "Que horas abre?", "Horário")
    for_ana, for_bruno = office.notice(ANA, number), office.notice(BRUNO, number)
    office.answers(MARIA, number, "Digo, no sábado.")
    office.forget_but(ANA, BRUNO)

    office.reply(ANA, for_ana, "Abrimos às 8.")
    assert office.outcome() == HELD_STALE
    assert "Digo, no sábado." in text_of(office.notice(ANA, number))
    office.reply(ANA, office.notice(ANA, number), "#etiqueta +loja")  # a command says nothing of the answer
    assert office.ticket(number)["tags"] == ["loja"]
    assert office.mails(MARIA) == []
    held = next(
        mail for mail in office.mails(ANA) if "Digo, no sábado." in text_of(mail) and "Não enviado" in mail["Subject"]
    )
    office.reply(ANA, held, "descartar")
    assert "discarded-by-its-author" in {row["reason"] for row in office.desk.inbound()}

    office.reply(BRUNO, for_bruno, "Às 8.\n\n#prioridade baixa")
    assert office.outcome() == HELD_STALE
    office.reply(BRUNO, office.notice(BRUNO, number), "Aos sábados às 9.\n\n#resolver")

    (answer,) = office.mails(MARIA)
    assert text_of(answer).startswith("Aos sábados às 9.\n")
    ticket = office.ticket(number)
    assert (ticket["status"], ticket["priority"]) == ("resolved", "normal")


def test_a_mistyped_command_sends_nothing_until_one_line_corrects_it(office: Office) -> None:
    number = office.asks(JOAO, "Não recebi o boleto.", "Boleto")
    office.forget_but(ANA)

    office.reply(ANA, office.notice(ANA, number), "Segue em anexo.\n\n#etiqueta +boleto\n#resovler")
    assert office.outcome() == ("held", "command-not-understood")
    returned = office.notice(ANA, number)
    assert "#resovler" in text_of(returned)
    assert "#resolver" in text_of(returned)
    assert office.mails(JOAO) == []
    assert office.ticket(number)["tags"] == []

    office.reply(ANA, returned, "#resolver")
    (answer,) = office.mails(JOAO)
    assert text_of(answer).startswith("Segue em anexo.\n")
    assert (office.ticket(number)["status"], office.ticket(number)["tags"]) == ("resolved", ["boleto"])


def test_a_line_that_was_no_command_is_left_out_by_one_word(office: Office) -> None:
    number = office.asks(JOAO, "A rede caiu.", "Rede")
    office.forget_but(BRUNO)

    office.reply(BRUNO, office.notice(BRUNO, number), "Já voltou.\n\n#voltou")
    assert office.mails(JOAO) == []
    office.reply(BRUNO, office.notice(BRUNO, number), "SEND")

    (answer,) = office.mails(JOAO)
    assert text_of(answer).startswith("Já voltou.\n")


def test_a_reply_without_a_word_asks_instead_of_sending_nothing(office: Office) -> None:
    number = office.asks(JOAO, "Alô?", "Alô")
    office.forget_but(BRUNO)

    office.reply(BRUNO, office.notice(BRUNO, number), "")

    assert office.outcome()[0] == "held"
    assert office.mails(JOAO) == []
    assert len(office.mails(BRUNO)) == 2


def test_an_answer_is_taken_back_in_time_and_the_customer_never_knows(office: Office) -> None:
    number = office.asks(MARIA, "Qual o prazo?", "Prazo", BUYING)
    office.desk.cli("ticket", "assign", number, BRUNO.address)
    office.settle()
    office.forget_but(BRUNO)

    office.reply(BRUNO, office.notice(BRUNO, number), "Dez anos.\n\n#prioridade alta", settle=False)
    office.settle(but_for_answers=True)
    receipt = office.notice(BRUNO, number)
    assert "#desfazer" in text_of(receipt)
    assert office.ticket(number)["priority"] == "high"

    office.reply(BRUNO, receipt, "#Desfazer")
    assert office.mails(MARIA) == []
    assert "A resposta não é enviada" in text_of(office.notice(BRUNO, number))
    assert {row["state"] for row in office.desk.outbox() if row["ticket"] == number and row["notice"] == "answer"} == {
        "cancelled"
    }
    ticket = office.ticket(number)
    assert (ticket["status"], ticket["priority"]) == ("open", "normal")
    assert [m["visibility"] for m in ticket["messages"]] == ["public", "note"]


def test_an_answer_that_has_gone_cannot_be_taken_back(office: Office) -> None:
    number = office.asks(MARIA, "Qual o valor?", "Valor", FINANCE)
    office.forget_but(ANA)

    office.reply(ANA, office.notice(ANA, number), "Cem reais.")  # until the second of this queue is over
    office.reply(ANA, office.notice(ANA, number), "#undo")

    assert [text_of(mail).splitlines()[0] for mail in office.mails(MARIA)] == ["Cem reais."]
    assert "Tarde demais" in text_of(office.notice(ANA, number))
    assert office.ticket(number)["status"] == "pending"


def test_a_date_is_promised_with_an_answer_and_taken_back_with_a_notice(office: Office) -> None:
    number = office.asks(JOAO, "A impressora não imprime.", "Impressora")

    office.reply(ANA, office.notice(ANA, number), "Vou ver com o técnico.\n\n#prazo 2d")
    told = text_of(office.notice(JOAO, number))
    assert re.search(r"Vou ver com o técnico\.\n.*Você terá uma resposta nossa até \w.*, às? \d+h", told, re.DOTALL)
    ticket = office.ticket(number)
    assert ticket["status"] == "open"
    assert [(clock["clock"], clock["state"]) for clock in ticket["due"]] == [("promised", "running")]

    receipt = office.notice(ANA, number)
    assert "Prazo prometido ao cliente: " in text_of(receipt)
    assert "Prazo: resposta prometida até" in text_of(receipt)
    office.reply(ANA, receipt, "#prazo -")
    assert "o prazo que informamos antes não vale mais" in text_of(office.notice(JOAO, number))
    assert office.ticket(number)["due"] == []


def test_two_tickets_of_one_customer_become_one(office: Office) -> None:
    first = office.asks(MARIA, "Não consigo entrar.", "Acesso")
    second = office.asks(MARIA, "Ainda não consigo.", "Acesso de novo")
    about_second = office.notice(MARIA, second)

    office.reply(ANA, office.notice(ANA, second), f"#juntar {first}\n#etiqueta +acesso")

    assert office.ticket(second)["status"] == "closed"
    assert [m["reply"].strip() for m in office.ticket(first)["messages"]] == [
        "Não consigo entrar.",
        "Ainda não consigo.",
    ]
    office.forget_but()
    to = about_second["Reply-To"].addresses[0].addr_spec
    office.town.submit(write(MARIA, to=to, text="E agora?", subject="Re: Acesso", answers=about_second), to)
    office.settle()
    assert office.last_inbound()["ticket"] == first
    assert "E agora?" in text_of(office.notice(ANA, first))


def test_tickets_of_strangers_become_one_only_after_a_second_word(office: Office) -> None:
    first = office.asks(JOAO, "O elevador parou.", "Elevador")
    second = office.asks(PEDRO, "Estou preso no elevador.", "Socorro")

    office.reply(BRUNO, office.notice(BRUNO, second), f"#MERGE #{first}")
    assert office.outcome() == ("held", "merge-of-strangers")
    asked = office.notice(BRUNO, second)
    assert JOAO.address in text_of(asked)
    assert PEDRO.address in text_of(asked)
    assert office.ticket(second)["status"] == "new"

    office.reply(BRUNO, asked, "ENVIAR")
    assert office.ticket(second)["status"] == "closed"
    people = {p["address"] for p in office.ticket(first)["participants"] if p["role"] != "agent"}
    assert people == {JOAO.address, PEDRO.address}


def test_a_question_of_its_own_is_split_off(office: Office) -> None:
    number = office.asks(MARIA, "A tela pisca.", "Tela")
    office.answers(MARIA, number, "Aliás, quero férias em julho.")

    office.reply(ANA, office.notice(ANA, number), "#Separar")

    new = max(ticket["number"] for ticket in office.desk.cli("ticket", "list"))
    assert new != number
    assert [m["reply"].strip() for m in office.ticket(new)["messages"]] == ["Aliás, quero férias em julho."]
    assert [m["reply"].strip() for m in office.ticket(number)["messages"]] == ["A tela pisca."]
    assert office.ticket(new)["requester"]["address"] == MARIA.address
    assert f"#{new}" in text_of(office.notice(ANA, number))


def test_what_an_agents_program_adds_stays_behind(office: Office) -> None:
    forged = write(JOAO, subject="Oi", text="Bom dia, uma pergunta.").as_bytes()
    forged = forged.replace(b"Subject: Oi", b"Subject: =?utf-8?q?Oi=0D=0ABcc=3A_ana=40desk=2Etest?=")
    office.town.submit_raw(forged, JOAO.address, "suporte@desk.test")
    office.settle()
    number = office.last_inbound()["ticket"]
    notice = office.notice(ANA, number)

    to = notice["Reply-To"].addresses[0].addr_spec
    mail = write(ANA, to=to, subject=f"Re: {notice['Subject']}", text=OWN_WORDS, answers=notice)
    mail["Reply-To"] = mail["Disposition-Notification-To"] = ANA.address
    mail["X-Originating-IP"] = "[10.0.0.7]"
    mail["User-Agent"] = "Correio da Ana"
    office.town.submit(mail, to)
    office.settle()
    assert "Pode perguntar." in text_of(office.notice(JOAO, number))

    ref = re.search(r"^Ref\.: \S+$", text_of(notice), re.MULTILINE)
    assert ref is not None
    before = len(office.mails(JOAO))
    office.reply_raw(ANA, office.notice(ANA, number), f"Veja o que diz o meu aviso:\n\n{ref[0]}\n\nfim")
    assert office.outcome() == ("held", "quotes-our-notice")
    assert len(office.mails(JOAO)) == before


OWN_WORDS = """\
Pode perguntar.

--\x20
Ana Souza | ana@desk.test | Tel. 3333-0000
"""
