"""Customers who know no commands: a word is understood where it stands alone, anything longer is for people."""

import pytest

from tests.system.day.office import Office
from tests.system.town import ANA, BRUNO, JOAO, LUCY, MARIA, Person, text_of, write


def test_a_customer_asks_how_it_stands_closes_and_opens_again(office: Office) -> None:
    number = office.asks(MARIA, "O portão não abre.", "Portão")
    office.answers(MARIA, number, "Status?")
    assert office.outcome() == ("commanded", "customer-asks")
    assert len(office.mails(MARIA)) == 2
    assert len(office.mails(ANA)) == 1  # nobody is troubled with it

    office.answers(MARIA, number, "Encerrar")
    assert office.ticket(number)["status"] == "closed"
    office.answers(MARIA, number, "reabrir, por favor")
    assert office.ticket(number)["status"] == "open"
    assert len(office.mails(ANA)) > 1


def test_a_customer_lists_their_own_tickets_and_nobody_else_s(office: Office) -> None:
    own, other = office.asks(LUCY, "It is dark here.", "Lamp"), office.asks(JOAO, "Está escuro.", "Lâmpada")

    office.town.submit(write(LUCY, subject="My tickets", text=""), "suporte@desk.test")
    office.settle()

    listed = text_of(office.newest(LUCY))
    assert f"#{own} Lamp" in listed
    assert f"#{other}" not in listed
    assert office.outcome() == ("commanded", "customer-asks")


def test_who_wants_no_notices_gets_answers_and_nothing_else(office: Office) -> None:
    number = office.asks(MARIA, "Há vagas?", "Vagas")
    office.answers(MARIA, number, "parar avisos")
    office.forget_but(ANA)

    notice = office.notice(ANA, number)
    office.reply(ANA, notice, "#fechar")
    assert office.mails(MARIA) == []
    office.reply(ANA, notice, "Há três vagas.")
    assert text_of(office.newest(MARIA)).startswith("Há três vagas.\n")


def test_more_than_a_word_is_for_people(office: Office) -> None:
    number = office.asks(JOAO, "Quero cancelar.", "Contrato")
    office.answers(JOAO, number, "Podem encerrar o contrato da filial, por favor? E reabrir o da matriz.")

    assert office.ticket(number)["status"] == "new"
    assert "da filial" in text_of(office.notice(BRUNO, number))


@pytest.mark.parametrize(
    ("customer", "said", "score"),
    [(JOAO, "Ótimo atendimento, obrigado!", "5"), (LUCY, "👎", "1")],
)
def test_a_customer_says_how_it_was(office: Office, customer: Person, said: str, score: str) -> None:
    number = office.asks(customer, "Preciso de uma senha.", "Senha")
    office.reply(ANA, office.notice(ANA, number), "Pronto.\n\n#resolver")
    office.answers(customer, number, said)

    assert office.outcome() == ("appended", "rated")
    ticket = office.ticket(number)
    assert [event["to"] for event in ticket["events"] if event["kind"] == "rated"] == [score]
    assert ticket["status"] == "resolved"
    assert (BRUNO.address in [row["recipient"] for row in office.desk.outbox() if row["notice"] == "rated"][-2:]) or (
        int(score) > 2
    )
