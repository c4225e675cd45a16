"""What becomes of an agent's answer to a note's notice, to a receipt or to a digest: what leaves the house for whom."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from mailtickets.config.models import Trust
from mailtickets.gateway.rules import rules_of
from mailtickets.store import outbox
from mailtickets.store.database import Database
from mailtickets.store.schema import inbound
from tests.desk.builders import ANA, BRUNO, a_config, an_agent
from tests.store.databases import migrated_file
from tests.store.office import SECRET, Office, a_message, copies

__all__ = ["migrated_file"]

AGENTS = (an_agent(ANA), an_agent(BRUNO))
RULES = rules_of(a_config(agent=AGENTS, trust=Trust(agents="token")), (SECRET,))
MARIA = "maria@cliente.test"
THANKS = ("Ok, obrigada!", "Obrigado!", "Perfeito, valeu!", "Thanks!", "👍", "Ok")


@pytest.fixture
def office(migrated_file: Path, tmp_path: Path) -> Iterator[Office]:
    file = tmp_path / "mailtickets.db"
    shutil.copy(migrated_file, file)
    database = Database(f"sqlite:///{file}")
    office = Office(database, RULES)
    office.take(a_message())
    yield office
    database.close()


class Post:
    """An agent at their mail: each answer goes to the Reply-To of the newest notice of a kind."""

    def __init__(self, office: Office, who: str, name: str) -> None:
        self.office, self.who, self.name = office, who, name
        self.count = 0

    def newest(self, notice: str) -> tuple[str, str]:
        """The address and the id of a notice."""
        rows = self.office.run(lambda c: copies(c, limit=1000))
        number = next(row.id for row in rows if row.recipient == self.who and row.name == notice)
        due = self.office.run(lambda c: outbox.load(c, number))
        return self.office.clerk.written(due, ())[1].reply_to, due.mail.message_id

    def answers(self, notice: str, text: str) -> list[tuple[str, str]]:
        """What goes out because of it: (notice, recipient)."""
        address, answered = self.newest(notice)
        before = len(self.office.outgoing())
        self.count += 1
        subject = "Re: Minha fila" if notice == "digest" else "Re: [#1] Impressora"
        fields = {"from": f"{self.name} <{self.who}>", "to": address, "in-reply-to": f"<{answered}>",
                  "message-id": f"<{self.who}.{self.count}>", "subject": subject}  # fmt: skip
        self.row = self.office.take(a_message(text, from_=None, **fields), recipients=(address,), sender=self.who)
        return self.office.outgoing()[before:]


@pytest.fixture
def ana(office: Office) -> Post:
    return Post(office, ANA.address, ANA.name)


@pytest.fixture
def bruno(office: Office) -> Post:
    return Post(office, BRUNO.address, BRUNO.name)


def goes_on(office: Office) -> bool:
    """What was let through is decided on again; whether Maria is answered then."""
    for number in office.run(
        lambda c: list(c.execute(select(inbound.c.id).where(inbound.c.state == "accepted")).scalars())
    ):
        office.settle(office.draft(number))
    return ("answer", MARIA) in office.outgoing()


def sent_to_maria(office: Office) -> list[str]:
    return [name for name, who in office.outgoing() if who == MARIA]


# --- notes --------------------------------------------------------------------------------------------


def test_a_reply_to_a_colleagues_note_is_a_note(office: Office, ana: Post, bruno: Post) -> None:
    ana.answers("new_ticket", "#nota Liguei pra ela, está bem nervosa.")
    before = sent_to_maria(office)
    went = bruno.answers("noted", "Beleza Ana, deixa comigo. Essa cliente é complicada mesmo 😅")
    assert went == [("noted", ANA.address)]
    assert sent_to_maria(office) == before
    assert office.ticket(1).messages[-1].visibility == "note"
    assert office.ticket(1).ticket.status == "open"


def test_a_reply_to_a_note_goes_to_the_customer_with_the_command(office: Office, ana: Post, bruno: Post) -> None:
    ana.answers("new_ticket", "#nota Liguei pra ela.")
    went = bruno.answers("noted", "#cliente\nA peça chega amanhã.")
    assert ("answer", MARIA) in went
    assert office.ticket(1).messages[-1].reply == "A peça chega amanhã."
    assert office.ticket(1).ticket.status == "pending"


def test_the_note_says_what_a_reply_to_it_does(office: Office, ana: Post, bruno: Post) -> None:
    ana.answers("new_ticket", "#nota Liguei pra ela.")
    rows = office.run(lambda c: copies(c, limit=100))
    number = next(row.id for row in rows if row.name == "noted")
    mail = office.run(lambda c: outbox.load(c, number)).mail
    assert "só a equipe a lê. Para que vá para o cliente, comece com a linha #cliente." in mail.text
    assert MARIA not in mail.text.splitlines()[-1]
    assert "#cliente" in (mail.html or "")


def test_commands_in_a_reply_to_a_note_are_done(office: Office, ana: Post, bruno: Post) -> None:
    ana.answers("new_ticket", "#nota Liguei pra ela.")
    bruno.answers("noted", "Deixa comigo.\n#assumir")
    assert office.ticket(1).ticket.assignee == BRUNO.address
    assert office.ticket(1).messages[-1].visibility == "note"


def test_a_ready_answer_in_a_reply_to_a_note_is_asked_about(office: Office, ana: Post, bruno: Post) -> None:
    ana.answers("new_ticket", "#nota Liguei pra ela.")
    assert bruno.answers("noted", "#resposta encerramento") == [("held", BRUNO.address)]
    bruno.answers("held", "ENVIAR")
    assert goes_on(office)


def test_a_token_of_a_note_is_another_than_that_of_an_ordinary_notice(office: Office, ana: Post, bruno: Post) -> None:
    ana.answers("new_ticket", "#nota Um.\n#fim\n#fila suporte")
    assert bruno.newest("noted")[0] != bruno.newest("new_ticket")[0]


# --- receipts -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("thanks", THANKS)
def test_thanks_to_a_receipt_are_nothing(office: Office, ana: Post, thanks: str) -> None:
    ana.answers("new_ticket", "#prioridade baixa")
    status = office.ticket(1).ticket.status
    assert ana.answers("receipt", thanks) == []
    assert (ana.row.outcome, ana.row.reason, ana.row.ticket) == ("ignored", "thanks-to-the-desk", 1)
    assert office.ticket(1).ticket.status == status
    assert len(office.ticket(1).messages) == 1


def test_words_to_a_receipt_are_asked_about_and_go_to_nobody(office: Office, ana: Post) -> None:
    ana.answers("new_ticket", "#prioridade baixa")
    before = sent_to_maria(office)
    assert ana.answers("receipt", "Amanhã eu vejo isso.") == [("held", ANA.address)]
    assert ana.row.reason == "not-plainly-for-the-customer"
    assert sent_to_maria(office) == before


@pytest.mark.parametrize("word", ["ENVIAR", "#cliente"])
def test_words_to_a_receipt_go_out_when_their_author_says_so(office: Office, ana: Post, word: str) -> None:
    ana.answers("new_ticket", "#prioridade baixa")
    ana.answers("receipt", "Amanhã a peça chega.")
    ana.answers("held", word)
    assert goes_on(office)
    assert office.ticket(1).messages[-1].reply == "Amanhã a peça chega."


def test_words_to_a_receipt_go_to_the_customer_with_the_command(office: Office, ana: Post) -> None:
    ana.answers("new_ticket", "#prioridade baixa")
    assert ("answer", MARIA) in ana.answers("receipt", "#cliente\nA peça chega amanhã.")


def test_orders_in_a_reply_to_a_receipt_are_done_beside_thanks(office: Office, ana: Post) -> None:
    ana.answers("new_ticket", "#prioridade baixa")
    assert ana.answers("receipt", "#prioridade alta\n\nObrigada!") == [("receipt", ANA.address)]
    assert office.ticket(1).ticket.priority == "high"
    assert "answer" not in [name for name, _ in office.outgoing()]


def test_the_command_without_words_is_sent_back(office: Office, ana: Post) -> None:
    ana.answers("new_ticket", "#prioridade baixa")
    assert ana.answers("receipt", "#cliente") == [("returned", ANA.address)]


def test_the_receipt_says_what_a_reply_to_it_does(office: Office, ana: Post) -> None:
    ana.answers("new_ticket", "#prioridade baixa")
    rows = office.run(lambda c: copies(c, limit=100))
    text = office.run(lambda c: outbox.load(c, next(row.id for row in rows if row.name == "receipt"))).mail.text
    assert "só vai para o cliente com a linha #cliente no começo" in text
    assert "sua resposta será enviada" not in text


def test_thanks_to_a_colleague_who_handed_a_ticket_over_are_asked_about(office: Office, ana: Post, bruno: Post) -> None:
    ana.answers("new_ticket", "#atribuir Bruno")
    assert bruno.answers("assigned", "Ok, obrigado!") == [("held", BRUNO.address)]
    assert ("answer", MARIA) in bruno.answers("assigned", "Olá, Maria. Estou vendo isso agora.")


# --- digests ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("thanks", THANKS)
def test_thanks_to_a_digest_are_nothing(office: Office, ana: Post, thanks: str) -> None:
    ask_for_digest(office)
    assert ana.answers("digest", thanks) == []
    assert ana.row.outcome == "ignored"


def test_words_to_a_digest_come_back(office: Office, ana: Post) -> None:
    ask_for_digest(office)
    assert ana.answers("digest", "Amanhã eu vejo isso.") == [("returned", ANA.address)]


def test_a_line_to_a_digest_is_done_whatever_closes_the_mail(office: Office, ana: Post) -> None:
    ask_for_digest(office)
    signed = "1 #prioridade alta\n\nAtenciosamente,\n\nAna Lima\nAnalista de Compras | Tel.: (11) 3333-4444\n[Logo]"
    assert ana.answers("digest", signed) == [("receipt", ANA.address)]
    assert office.ticket(1).ticket.priority == "high"


def ask_for_digest(office: Office) -> None:
    fields = {"from": "Ana Lima <ana@desk.test>", "subject": "#minhafila", "message-id": "<mine@desk.test>"}
    office.take(a_message("", from_=None, **fields), sender=ANA.address)
