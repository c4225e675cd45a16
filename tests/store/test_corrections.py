"""An agent's own answer is held, and they reply with a line, a word, a signature: what the customer gets."""

from collections.abc import Iterator
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Row

from mailtickets.desk.model.facts import Authentication
from mailtickets.mail.read.parse import parse
from mailtickets.store import outbox
from mailtickets.store.outbox import Due
from mailtickets.store.read import inbound as read_inbound
from mailtickets.store.read.reader import within
from tests.desk.builders import BRUNO, MARIA, a_policy
from tests.store.databases import _copied
from tests.store.office import Office, a_message, copies

ANSWER = """Boa tarde, Maria!

Encaminhei o pedido, a segunda via sai ainda hoje.

#fila vendas

Qualquer coisa, me avise.
"""
SAID = "a segunda via sai ainda hoje."
DISCLAIMER = """
AVISO DE CONFIDENCIALIDADE: Esta mensagem e seus anexos podem conter informações confidenciais e são destinados
exclusivamente ao(s) destinatário(s). Se você recebeu esta mensagem por engano, apague-a e avise o remetente."""
SIGNATURES = {
    "none": "",
    "name": "\n\nBruno",
    "formula": "\n\nAtenciosamente,\nBruno Castro",
    "outlook": "\n\nBruno Castro\nAnalista de Compras | Tel.: (11) 3333-4444\n[Logo]",
    "outlook with a disclaimer": "\n\nBruno Castro\nAnalista de Compras | Tel.: (11) 3333-4444\n[Logo]" + DISCLAIMER,
    "disclaimer": "\n" + DISCLAIMER,
    "marked": "\n\n-- \nBruno Castro\nLoja Azul, Rua das Flores, 10\n(11) 3333-4444",
    "iphone": "\n\nEnviado do meu iPhone",
    "outlook for android": "\n\nObter o Outlook para Android<https://aka.ms/ghei36>",
    "english": "\n\nKind regards,\nBruno Castro\nPurchasing\n+55 11 3333-4444\nwww.desk.test",
    "antivirus": "\n\nLivre de vírus.www.avast.com <https://www.avast.com/sig-email>",
}
SECRETS = ("3333", "Analista", "Logo", "CONFIDENCIALIDADE", "Rua das Flores", "iPhone", "avast", "Purchasing", "aka.ms")


@pytest.fixture
def desk(migrated_file: Path, tmp_path: Path) -> Iterator[Office]:
    """Maria's ticket 1, and Bruno's answer, held for a command in the middle of its text."""
    for database in _copied(migrated_file, tmp_path / "mailtickets.db"):
        office = Office(database)
        office.use(a_policy(trust="verified"))
        take(office, a_message(), "pass")
        assert answer(office, ANSWER).reason == "command-not-understood"
        yield office


def take(office: Office, raw: bytes, verdict: str = "none", **envelope: Any) -> Row[Any]:
    number = office.keep(raw, **envelope)
    received = replace(office.received(number), authentication=Authentication(verdict))  # type: ignore[arg-type]
    office.settle(office.clerk.draft(received, parse(raw, instance="exemplo")))
    while waiting := [row.id for row in office.run(lambda c: read_inbound.listed(within(c), state="accepted"))]:
        for one in waiting:
            office.settle(office.draft(one))
    return office.row(number)


def letters(office: Office, person: Any) -> list[Due]:
    rows = office.run(lambda c: copies(c, limit=1000))
    mine = [row.id for row in reversed(rows) if row.recipient == person.address]
    return [office.run(lambda c, n=number: outbox.load(c, n)) for number in mine]


def answer(office: Office, text: str, files: bool = False, **fields: Any) -> Row[Any]:
    """Bruno answers the newest notice that he has had, by the reply address in it."""
    office.pass_time(seconds=1)
    asked = letters(office, BRUNO)[-1]
    to = office.clerk.written(asked, ())[1].reply_to
    mail = EmailMessage()
    given = {
        "From": "Bruno Castro <bruno@desk.test>",
        "To": to,
        "Subject": f"RES: {asked.mail.subject}",
        "Message-ID": f"<{office.now.timestamp()}@desk.test>",
        **fields,
    }
    for name, value in given.items():
        mail[name] = value
    mail.set_content(text)
    if files:
        mail.add_attachment(b"\x89PNG", "image", "png", filename="image001.png", cid="<image001.png@01DB>")
    raw = mail.as_bytes().replace(b"\n", b"\r\n")
    return take(office, raw, "pass", recipients=(to,), sender=BRUNO.address)


def answers(office: Office) -> list[str]:
    return [letter.mail.text for letter in letters(office, MARIA) if letter.mail.notice == "answer"]


def what_is_held(office: Office) -> list[str]:
    return [row.reason for row in office.run(lambda c: read_inbound.listed(within(c), state="held"))]


@pytest.mark.parametrize("logo", [False, True])
@pytest.mark.parametrize("signature", SIGNATURES)
def test_a_held_answer_goes_out_with_its_correction_whatever_signature_stands_below(
    desk: Office, signature: str, logo: bool
) -> None:
    answer(desk, f"#fila vendas{SIGNATURES[signature]}", files=logo)
    (sent,) = answers(desk)
    assert SAID in sent
    assert "Qualquer coisa, me avise." in sent
    assert "#fila" not in sent
    assert not [secret for secret in SECRETS if secret in sent]
    assert (desk.ticket(1).ticket.queue, what_is_held(desk)) == ("vendas", [])


@pytest.mark.parametrize("signature", SIGNATURES)
@pytest.mark.parametrize(("said", "sent"), [("ENVIAR", True), ("DESCARTAR", False)])
def test_a_second_word_counts_whatever_signature_stands_below(
    desk: Office, said: str, sent: bool, signature: str
) -> None:
    answer(desk, f"{said}{SIGNATURES[signature]}")
    assert bool(answers(desk)) is sent
    assert what_is_held(desk) == []
    assert desk.ticket(1).ticket.queue == "suporte"


@pytest.mark.parametrize("logo", [False, True])
@pytest.mark.parametrize("signature", [name for name in SIGNATURES if name != "none"])
def test_a_signature_alone_neither_drops_the_answer_nor_goes_out_in_its_place(
    desk: Office, signature: str, logo: bool
) -> None:
    answer(desk, SIGNATURES[signature].strip(), files=logo)
    assert answers(desk) == []
    assert what_is_held(desk) == ["command-not-understood"]
    assert letters(desk, BRUNO)[-1].mail.notice == "second_word"
    answer(desk, "#fila vendas")  # to the second notice
    assert SAID in answers(desk)[0]


@pytest.mark.parametrize(
    "said",
    [
        "", "enviar?", "Enviar amanhã", "ok?", "Obrigado!", "Muito obrigado!\n\nBruno",
        "era para o financeiro", "É a fila vendas",
        "Desculpe, errei a fila.", "#fila vendas\n\nDesculpe, errei o lugar do comando.",
        "Enviar\n\nMas tire a última frase.",
        "ENVIAR ou DESCARTAR?", "#fila vendas\n\nPode ser assim? Não sei se entendi o aviso.",
    ],
)  # fmt: skip
def test_when_in_doubt_the_agent_is_asked_and_nothing_is_lost(desk: Office, said: str) -> None:
    answer(desk, said)
    assert answers(desk) == []
    assert what_is_held(desk) == ["command-not-understood"]
    assert desk.ticket(1).ticket.queue == "suporte"
    assert said.partition("\n")[0] in letters(desk, BRUNO)[-1].mail.text
    answer(desk, "#fila vendas")
    assert SAID in answers(desk)[0]


def test_an_answer_written_anew_takes_its_place(desk: Office) -> None:
    answer(desk, "#fila vendas\n\nBoa tarde, Maria!\n\nA segunda via sai amanhã.")
    (sent,) = answers(desk)
    assert "A segunda via sai amanhã." in sent
    assert what_is_held(desk) == []


def test_a_forward_of_the_notice_sends_and_drops_nothing(desk: Office) -> None:
    notice = letters(desk, BRUNO)[-1].mail
    below = "---------- Forwarded message ---------\nDe: Suporte <suporte@desk.test>\nDate: seg., 3 de mar. de 2025\n"
    below += f"Subject: {notice.subject}\nTo: Bruno <bruno@desk.test>\n\n{notice.text}"
    answer(desk, f"Ana, o que faço com isto?\n\n{below}", Subject=f"ENC: {notice.subject}")
    assert answers(desk) == []
    assert "command-not-understood" in what_is_held(desk)


def test_a_picture_alone_does_not_take_the_place_of_the_answer(desk: Office) -> None:
    answer(desk, "", files=True)
    assert (answers(desk), what_is_held(desk)) == ([], ["command-not-understood"])


def test_an_empty_reply_about_a_mail_of_no_ticket_is_asked_about(desk: Office) -> None:
    row = take(
        desk,
        a_message("#fechar", **{"from": "bruno@desk.test"}, subject="x", message_id="<l@desk.test>"),
        "pass",
        sender=BRUNO.address,
    )
    assert row.outcome == "held"
    assert answer(desk, "").reason == "second-word-unclear"
