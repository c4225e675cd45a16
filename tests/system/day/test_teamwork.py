"""Whose a ticket is, who is away, what waits, and what agents start themselves: two agents at their mail clients."""

from collections import Counter
from datetime import date, timedelta
from email.message import EmailMessage

import pytest

from tests.system.day.office import BUYING, CARLA, FINANCE, SALES, SECRET, Office
from tests.system.town import ANA, BRUNO, JOAO, LUCY, MARIA, PEDRO, QUEUE, Person, text_of, write


def test_six_mails_at_once_are_given_out_by_turns(office: Office) -> None:
    given = Counter(six_at_once(office, SALES))
    assert given == {ANA.address: 3, BRUNO.address: 3}
    assert [len(office.mails(agent)) for agent in (ANA, BRUNO)] == [3, 3]  # each of their own alone


def test_six_mails_at_once_go_to_who_has_least(office: Office) -> None:
    gap = abs(open_tickets(office, ANA) - open_tickets(office, BRUNO))
    six_at_once(office, BUYING)
    assert abs(open_tickets(office, ANA) - open_tickets(office, BRUNO)) == max(gap - 6, gap % 2)


def six_at_once(office: Office, queue: str) -> list[str]:
    """Whose the six new tickets are."""
    before = len(office.desk.cli("ticket", "list"))
    for n in range(6):
        office.town.submit(write(JOAO, to=queue, subject=f"Pedido {n}", text="Quero comprar."), queue)
    office.settle()
    after = office.desk.cli("ticket", "list")
    assert len(after) == before + 6
    return [ticket["assignee"] for ticket in after[:6]]


def open_tickets(office: Office, agent: Person) -> int:
    mine = office.desk.cli("ticket", "list", "--assignee", agent.address)
    return sum(ticket["status"] in ("new", "open", "pending") for ticket in mine)


def test_who_is_away_gets_no_new_tickets_until_they_write(office: Office) -> None:
    number = office.asks(MARIA, "Vocês abrem amanhã?", "Amanhã")
    office.forget_but(ANA)
    last_day = date.today() + timedelta(days=9)  # noqa: DTZ011 - a day as people write it
    office.is_away(ANA, office.notice(ANA, number), f"Estou de férias até {last_day:%d/%m/%Y}, {SECRET}.")

    assert office.mails(MARIA) == []
    assert office.outcome()[0] == "noted"
    assert ANA.name in office.said_to(BRUNO)
    assert f"até {'1º' if last_day.day == 1 else last_day.day} de " in office.said_to(BRUNO)

    absent = [office.asks(PEDRO, f"Preço {n}?", "Preço", SALES) for n in range(3)]
    assert {office.ticket(one)["assignee"] for one in absent} == {BRUNO.address}

    office.writes(ANA, "#minhafila", "de volta")
    there = [office.asks(PEDRO, f"Preço {n}?", "Preço", SALES) for n in range(2)]
    assert ANA.address in {office.ticket(one)["assignee"] for one in there}


def test_the_lines_of_a_digest_act_on_several_tickets_at_once(office: Office) -> None:
    first, second, third = (office.asks(MARIA, f"Assunto {n}", f"Assunto {n}") for n in range(3))
    office.forget_but()
    office.writes(BRUNO, "#MinhaFila", "fila")
    digest = office.newest(BRUNO)
    assert all(f"#{number} " in text_of(digest) for number in (first, second, third))

    office.reply(
        BRUNO, digest, f"{first} #fechar\n[#{second}] #assumir\n{second} #prioridade alta\n{third} atribuir ana"
    )

    assert [office.ticket(n)["status"] for n in (first, second, third)] == ["closed", "open", "open"]
    assert [office.ticket(n)["assignee"] for n in (first, second, third)] == [None, BRUNO.address, ANA.address]
    assert office.ticket(second)["priority"] == "high"
    assert len(office.mails(BRUNO)) == 2  # the digest and one receipt
    assert [f"#{first}" in str(mail["Subject"]) for mail in office.mails(MARIA)] == [True]  # closed
    assert "Assunto 2" in text_of(office.notice(ANA, third))

    office.reply(BRUNO, digest, f"{first} #reabrir\n{second} #fehcar")
    assert office.outcome() == ("held", "command-not-understood")
    assert office.ticket(first)["status"] == "closed"  # all of it or nothing
    office.reply(BRUNO, office.newest(BRUNO), f"{second} #fechar")
    assert [office.ticket(n)["status"] for n in (first, second)] == ["open", "closed"]


def test_an_agent_writes_first(office: Office) -> None:
    office.ana.send(
        to=QUEUE, subject="Your order", text=f"#para {LUCY.address}\n#tag order\n\nDear Lucy,\n\nit is here.\n"
    )
    office.settle()

    (mail,) = office.mails(LUCY)
    assert "it is here." in text_of(mail)
    assert "Auto-Submitted" not in mail
    number = office.last_inbound()["ticket"]
    ticket = office.ticket(number)
    assert (ticket["requester"]["address"], ticket["assignee"], ticket["status"]) == (
        LUCY.address,
        ANA.address,
        "pending",
    )
    assert ticket["tags"] == ["order"]
    office.answers(LUCY, number, "Thank you, I will come on Monday to collect it.")
    assert "on Monday" in text_of(office.notice(ANA, number))
    assert office.last_inbound()["ticket"] == number


@pytest.mark.parametrize("as_attachment", [True, False])
def test_a_customers_mail_that_an_agent_hands_on_is_the_customers_ticket(office: Office, as_attachment: bool) -> None:
    plea = write(PEDRO, to=BRUNO.address, subject="Ajuda com a nota", text="Bruno, a nota fiscal veio errada.")
    office.town.submit(plea, BRUNO.address)
    (mail,) = office.town.wait_for_mail(BRUNO)

    words = f"#etiqueta nota\n\nEle é cliente antigo, {SECRET}."
    office.bruno.forward(str(mail["Message-ID"]), QUEUE, words, attached=as_attachment)
    office.settle()

    assert office.outcome() == ("opened", "opened-by-agent")
    ticket = office.ticket(office.last_inbound()["ticket"])
    assert ticket["requester"]["address"] == PEDRO.address
    assert ticket["subject"] == "Ajuda com a nota"
    assert (ticket["messages"][0]["text"] or "").strip() == "Bruno, a nota fiscal veio errada."
    assert [m["visibility"] for m in ticket["messages"]] == ["public", "note"]
    (acknowledged,) = office.mails(PEDRO)
    assert acknowledged["Auto-Submitted"] == "auto-replied"
    assert "nota fiscal veio errada" in office.said_to(ANA)


def test_a_ticket_put_off_is_out_of_sight_until_its_time(office: Office) -> None:
    later = office.asks(JOAO, "Sem pressa.", "Sem pressa")
    asked = office.asks(JOAO, "Com pressa.", "Com pressa")
    office.reply(ANA, office.notice(ANA, later), "#assumir\n#Adiar 3 dias")
    office.reply(ANA, office.notice(ANA, asked), "#lembrar amanhã às 9h")
    office.forget_but()
    office.writes(ANA, "#mine", "fila")
    assert "Com pressa" in text_of(office.newest(ANA))
    assert "Sem pressa" not in text_of(office.newest(ANA))

    office.forget_but()
    office.time_comes()
    office.desk.wait_for(lambda: len(office.mails(ANA)) >= 2, "the reminders")
    assert {mail["Subject"].count("[#") for mail in office.mails(ANA)} == {1}
    assert "Sem pressa." in office.said_to(ANA)
    assert office.mails(BRUNO) == []


def test_what_waits_is_told_by_the_clock(office: Office) -> None:
    number = office.asks(MARIA, "Quando pagam?", "Pagamento", FINANCE)
    office.forget_but()
    config = office.desk.config.read_text()
    early = config.replace('receipts = "problems"', 'receipts = "problems"\ndigest = "00:00"')
    office.reload(early.replace("undo_seconds = 1\n", 'undo_seconds = 1\nremind_after = "3s"\n'))

    def has_come(words: str) -> list[EmailMessage]:
        return [mail for mail in office.mails(CARLA) if words in mail["Subject"]]

    digest = office.desk.wait_for(lambda: has_come("Minha fila"), "the digest")[0]
    reminder = office.desk.wait_for(lambda: has_come(f"[#{number}]"), "the reminder")[0]
    assert f"#{number} Pagamento" in text_of(digest)
    assert "Quando pagam?" in text_of(reminder)
    office.reload(config)
    office.reply(CARLA, digest, f"{number} #assumir")
    assert office.ticket(number)["assignee"] == CARLA.address
