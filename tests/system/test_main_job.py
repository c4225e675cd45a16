"""The main job, from mailbox to ticket and back: real servers, real mail clients, both databases."""

import re
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.system.conftest import on_sqlite
from tests.system.desk import Desk
from tests.system.town import (
    ANA,
    BRUNO,
    GONE,
    JOAO,
    MAILBOX,
    MARIA,
    PDF,
    QUEUE,
    UNKNOWN,
    Town,
    attached,
    html_of,
    pdf,
    text_of,
    write,
)

SUBJECT = "Impressora não imprime, é urgente: ação já!"
TEXT = "Bom dia,\n\nA impressora do térreo não imprime desde ontem.\n\nObrigado,\nJoão"
HTML = (
    "<html><body><p>Bom dia,</p><p>A <b>impressora</b> do térreo não imprime desde ontem.</p><p>Obrigado,<br>João</p>"
    '<img src="https://rastreio.cliente.test/p.gif"><script>alert(1)</script></body></html>'
)
PRIVATE = (ANA.address, BRUNO.address, "User-Agent: s-nail")
"""What never stands in a customer's mail: where agents can be reached, and the headers of their mail."""


def test_a_customer_and_an_agent_talk_until_the_ticket_is_resolved(town: Town, town_desk: Desk) -> None:
    desk = town_desk
    desk.start()

    # The customer writes, to the address that Postfix hands over by SMTP.
    question = write(JOAO, subject=SUBJECT, text=TEXT, html=HTML, attachments=[("orçamento.pdf", PDF)])
    town.submit(question, QUEUE)

    # He is told the number of his ticket.
    (receipt,) = town.wait_for_mail(JOAO)
    assert receipt["From"].addresses[0].addr_spec == QUEUE
    assert "[#1]" in receipt["Subject"]
    assert receipt["Auto-Submitted"] == "auto-replied"
    assert receipt["In-Reply-To"] == question["Message-ID"]
    assert "1" in text_of(receipt)
    assert_nothing_of_the_agents(receipt)

    # Both agents are told, with his words, his file, and what a reply will do.
    (for_ana,), (for_bruno,) = town.wait_for_mail(ANA), town.wait_for_mail(BRUNO)
    for notice in (for_ana, for_bruno):
        assert "A impressora do térreo não imprime" in text_of(notice)
        assert JOAO.address in text_of(notice)
        assert SUBJECT in notice["Subject"]
        assert "[#1]" in notice["Subject"]
        assert attached(notice) == {"orçamento.pdf": PDF}
        assert "rastreio.cliente.test" not in html_of(notice)
        assert "alert(1)" not in html_of(notice)
        assert "Auto-Submitted" not in notice
    assert reference(for_ana) != reference(for_bruno)
    assert reference(for_ana) in for_ana["Reply-To"]

    # Ana answers with the reply command of her own client.
    ana = town.snail(ANA)
    ana.reply("Bom dia, João.\n\nO técnico passa hoje à tarde.")
    _, answer = town.wait_for_mail(JOAO, 2)
    assert "O técnico passa hoje à tarde." in text_of(answer)
    assert answer["From"].addresses[0].addr_spec == QUEUE
    assert question["Message-ID"] in answer["References"]
    assert "Auto-Submitted" not in answer
    assert_nothing_of_the_agents(answer)
    ticket = desk.ticket(1)
    assert ticket["status"] == "pending"
    assert [(m["direction"], m["author"]["address"]) for m in ticket["messages"]] == [
        ("in", JOAO.address),
        ("out", ANA.address),
    ]

    # He answers with his client; the ticket grows and the agents hear of it.
    town.mutt(JOAO).reply("Obrigado! Estarei aqui até as 18h.")
    again = town.wait_for_mail(BRUNO, 2)[-1]
    assert "Estarei aqui até as 18h." in text_of(again)
    ticket = desk.ticket(1)
    assert ticket["status"] == "open"
    assert len(ticket["messages"]) == 3
    assert ticket["messages"][2]["reply"].strip() == "Obrigado! Estarei aqui até as 18h."
    assert ticket["subject"] == SUBJECT

    # Resolved: he is told.
    desk.cli("ticket", "status", 1, "resolvido")
    resolved = town.wait_for_mail(JOAO, 3)[-1]
    assert "[#1]" in resolved["Subject"]
    assert resolved["Auto-Submitted"] == "auto-generated"
    assert_nothing_of_the_agents(resolved)

    assert desk.ticket(1)["status"] == "resolved"
    assert [row["outcome"] for row in desk.inbound()] == ["opened", "appended", "appended"]
    assert {row["state"] for row in desk.outbox()} == {"sent"}
    assert len(desk.tickets()) == 1
    assert desk.stop() == 0


def test_a_mail_in_the_mailbox_becomes_a_ticket_and_is_moved(town: Town, town_desk: Desk) -> None:
    town_desk.start()
    town.submit(write(MARIA, to=MAILBOX, subject="Solicitação de férias"), MAILBOX)

    (receipt,) = town.wait_for_mail(MARIA)
    assert "[#1]" in receipt["Subject"]
    (row,) = town_desk.wait_until_done(1)
    assert (row["source"], row["outcome"], row["ticket"]) == ("imap:contato", "opened", 1)
    town_desk.wait_for(lambda: town.dovecot.messages(MAILBOX, "Processados"), "the mail in Processados")
    assert town.dovecot.messages(MAILBOX) == []


def test_the_same_mail_through_two_doors_is_one_ticket(town: Town, town_desk: Desk) -> None:
    town_desk.start()
    mail = write(JOAO, to=f"{QUEUE}, {MAILBOX}")
    town.submit(mail, QUEUE, MAILBOX)

    rows = town_desk.wait_until_done(2)
    assert sorted(row["outcome"] for row in rows) == ["duplicate", "opened"]
    assert len({row["ticket"] for row in rows}) == 1  # the number may be 2: a gap is normal
    assert len(town_desk.tickets()) == 1
    assert len(town.wait_for_mail(JOAO)) == 1


@on_sqlite
def test_a_customer_sends_a_file_with_s_nail_and_gets_it_right(town: Town, town_desk: Desk, tmp_path: Path) -> None:
    town_desk.start()
    town.snail(MARIA).send(
        to=QUEUE, subject="Orçamento à mão", text="Segue o orçamento.\n", attachments=[pdf(tmp_path)]
    )

    town.wait_for_mail(MARIA)
    ticket = town_desk.ticket(1)
    assert ticket["subject"] == "Orçamento à mão"
    (attachment,) = ticket["messages"][0]["attachments"]
    assert (attachment["filename"], attachment["size"]) == ("orçamento.pdf", len(PDF))
    fetched = tmp_path / "out"
    fetched.mkdir()
    assert town_desk.command("ticket", "attachment", 1, attachment["id"], "--out", str(fetched)).returncode == 0
    assert [file.read_bytes() for file in fetched.iterdir()] == [PDF]


@on_sqlite
def test_an_agent_answers_with_mutt_and_the_words_alone_reach_the_customer(town: Town, town_desk: Desk) -> None:
    town_desk.start()
    town.submit(write(JOAO, text="Uma pergunta de cliente", html="<p>Uma pergunta de cliente</p>"), QUEUE)
    town.wait_for_mail(BRUNO)
    town.wait_for_mail(JOAO)

    town.mutt(BRUNO).reply("Resposta do Bruno.")

    answer = town.wait_for_mail(JOAO, 2)[-1]
    assert "Resposta do Bruno." in text_of(answer)
    assert "Uma pergunta de cliente" not in text_of(answer)
    assert_nothing_of_the_agents(answer)


@on_sqlite
@pytest.mark.parametrize("command", ["reply", "Reply"])
def test_replying_to_all_and_to_the_sender_come_to_the_same(town: Town, town_desk: Desk, command: str) -> None:
    town_desk.start()
    town.submit(write(JOAO), QUEUE)
    town.wait_for_mail(ANA)
    town.wait_for_mail(JOAO)

    town.snail(ANA).reply("Já vejo isso.", command=command)

    answers = town.wait_for_mail(JOAO, 2)
    assert len(answers) == 2
    assert [row["outcome"] for row in town_desk.wait_until_done(2)] == ["opened", "appended"]
    assert len(town_desk.ticket(1)["messages"]) == 2


@on_sqlite
def test_an_answer_that_is_refused_reaches_its_author_and_opens_the_ticket_again(town: Town, town_desk: Desk) -> None:
    town_desk.start()
    town.submit(write(UNKNOWN), QUEUE)
    town.wait_for_mail(ANA)

    town.snail(ANA).reply("Esta resposta não sai daqui.")

    failed = town.wait_for_mail(ANA, 2)[-1]
    assert UNKNOWN.address in text_of(failed)
    town_desk.wait_for(lambda: town_desk.ticket(1)["status"] == "open", "the ticket open again")
    assert [row["state"] for row in town_desk.outbox() if row["notice"] == "answer"] == ["failed"]


def test_a_bounce_of_an_answer_reaches_its_author_and_opens_the_ticket_again(town: Town, town_desk: Desk) -> None:
    town_desk.start()
    town.submit(write(GONE), QUEUE)
    town.wait_for_mail(ANA)

    town.snail(ANA).reply("Postfix aceita isto e o devolve depois.")

    failed = town.wait_for_mail(ANA, 2)[-1]
    assert GONE.address in text_of(failed)
    town_desk.wait_for(lambda: town_desk.ticket(1)["status"] == "open", "the ticket open again")
    assert "bounced" in {row["outcome"] for row in town_desk.inbound()} | {"appended"}
    assert len(town_desk.tickets()) == 1


def reference(notice: EmailMessage) -> str:
    """The reply token in an agent's notice, in its visible line."""
    found = re.search(r"^Ref\.: ([a-z2-7]{26})$", text_of(notice), re.MULTILINE)
    assert found, text_of(notice)
    return found[1]


def assert_nothing_of_the_agents(mail: EmailMessage) -> None:
    written = mail.as_string()
    for mark in PRIVATE:
        assert mark not in written, f"{mark} in a customer's mail:\n{written}"
