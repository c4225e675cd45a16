"""Emoji that customers tap, mails that they want back, and replies about something else: who is told what of them."""

from typing import Any

import pytest

from mailtickets.store import outbox
from tests.desk.builders import ANA, BRUNO, MARIA, a_policy
from tests.mail.kind.test_reaction import gmail, outlook
from tests.store.office import Office, a_message, copies
from tests.store.test_work_by_mail import again, agent, maria, token, written


def address(office: Office, person: str = MARIA.address) -> str:
    """Where a person's answer to the newest mail that they were sent goes."""
    rows = office.run(lambda c: copies(c, limit=1000))
    number = next(row.id for row in rows if row.recipient == person)
    return office.clerk.written(office.run(lambda c: outbox.load(c, number)), ())[1].reply_to


def reacts(office: Office, raw: bytes, person: str = MARIA.address) -> Any:
    """Somebody taps an emoji below the newest mail that they were sent."""
    to = address(office, person)
    raw = raw.replace(b"suporte@desk.test\nSubject", to.encode() + b"\nSubject", 1)
    return office.take(raw, recipients=(to,), sender=person)


def by_ana(raw: bytes) -> bytes:
    return raw.replace(b"Maria Souza <maria@cliente.test>", b"Ana Lima <ana@desk.test>", 1)


def told(office: Office) -> list[tuple[str, str]]:
    """(notice, recipient) of what goes out now."""
    return sorted((due.name, due.addressed.recipient.address) for due in office.due())


# --- reactions ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("raw", [gmail(), outlook("[like]  Maria Souza reacted to your message:")])
def test_a_reaction_opens_no_resolved_ticket_and_tells_agents_what_it_is(office: Office, raw: bytes) -> None:
    office.use(a_policy(suporte={"satisfaction": False}))
    maria(office, "Podem vir quinta?")
    agent(office, "Podemos ir quinta.\n#resolver", token(office))
    office.due()
    row = reacts(office, raw)
    assert (row.outcome, row.reason, row.ticket) == ("appended", "emoji-reaction", 1)
    assert office.ticket(1).ticket.status == "resolved"
    assert told(office) == [("customer_replied", ANA.address), ("customer_replied", BRUNO.address)]
    notice = written(office, "customer_replied")
    assert "> 👍\n" in notice
    assert "reagiu" not in notice
    assert "reacted" not in notice


def test_a_reaction_leaves_every_status_as_it_is(office: Office) -> None:
    maria(office, "Podem vir quinta?")
    agent(office, "Quinta às 9h.", token(office))
    reacts(office, gmail())
    assert office.ticket(1).ticket.status == "pending"


@pytest.mark.parametrize(("emoji", "score"), [("👍", 5), ("👎", 1), ("😐", 3)])
def test_a_reaction_is_a_rating_where_one_is_asked_for(office: Office, emoji: str, score: int) -> None:
    office.use(a_policy(suporte={"satisfaction": True}))
    maria(office, "Podem vir quinta?")
    agent(office, "Pronto.\n#resolver", token(office))
    office.due()
    row = reacts(office, gmail(emoji))
    assert (row.outcome, row.reason) == ("appended", "rated")
    assert office.ticket(1).ticket.status == "resolved"
    low = [("rated", ANA.address), ("rated", BRUNO.address)]
    assert told(office) == (low if score <= 2 else [])


def test_an_agents_reaction_reaches_nobody(office: Office) -> None:
    """Ana taps a thumb below a notice: no customer gets it."""
    maria(office, "Podem vir quinta?")
    office.due()
    row = reacts(office, by_ana(gmail(line="Ana Lima reagiu pelo Gmail")), ANA.address)
    assert (row.outcome, row.reason, row.ticket) == ("ignored", "emoji-reaction", 1)
    assert told(office) == []
    assert len(office.ticket(1).messages) == 1


def test_an_agents_reaction_to_what_was_held_releases_nothing(office: Office) -> None:
    maria(office, "Podem vir quinta?")
    agent(office, "Quinta.\n#resolvr", token(office))
    office.due()
    assert reacts(office, by_ana(gmail(line="Ana Lima reagiu pelo Gmail")), ANA.address).outcome == "ignored"
    assert told(office) == []


def test_a_strangers_reaction_opens_no_ticket(office: Office) -> None:
    maria(office, "Podem vir quinta?")
    office.due()
    raw = gmail().replace(b"maria@cliente.test", b"eve@longe.test").replace(b"Re: Visita", b"Re: [#1] Visita")
    row = office.take(raw, recipients=("suporte@desk.test",), sender="eve@longe.test")
    assert (row.outcome, row.reason) == ("ignored", "emoji-reaction")
    assert told(office) == []
    assert len(office.ticket(1).messages) == 1


# --- recalls --------------------------------------------------------------------------------------------


def recall(office: Office, subject: str, person: str = MARIA.address, to: str = "suporte@desk.test") -> Any:
    said = f'{person} would like to recall the message, "{subject}".'
    raw = a_message(said, message_id="<recall@x.test>", subject=f"Recall: {subject}", **{"from": person, "to": to})
    return office.take(raw, recipients=(to,), sender=person)


def test_a_recall_request_is_a_note_on_its_ticket(office: Office) -> None:
    maria(office, "Segue a tabela.", subject="Tabela de precos")
    maria(office, "A impressora parou.", subject="Impressora")
    office.due()
    row = recall(office, "Tabela de precos")
    assert (row.outcome, row.reason, row.ticket) == ("noted", "message-recall", 1)
    assert office.ticket(1).messages[-1].visibility == "note"
    assert office.ticket(1).ticket.status == "new"
    assert told(office) == [("recalled", ANA.address), ("recalled", BRUNO.address)]
    assert "pediu de volta, pelo Outlook, a mensagem “Tabela de precos”" in written(office, "recalled")


def test_a_recall_request_finds_a_reply_by_its_subject_too(office: Office) -> None:
    maria(office, "A impressora parou.")
    agent(office, "Qual delas?", token(office))
    maria(office, "A do caixa.", subject="Re: [#1] Impressora")
    row = recall(office, "Re: [#1] Impressora")
    assert (row.outcome, row.ticket) == ("noted", 1)


def test_a_recall_request_for_what_nobody_knows_is_an_ordinary_mail(office: Office) -> None:
    maria(office, "Segue a tabela.", subject="Tabela de precos")
    assert recall(office, "Outra coisa").outcome == "opened"


def test_a_stranger_recalls_nothing(office: Office) -> None:
    maria(office, "Segue a tabela.", subject="Tabela de precos")
    assert recall(office, "Tabela de precos", person="eve@longe.test").outcome == "opened"
    assert len(office.ticket(1).messages) == 1


def test_a_recall_request_in_an_agents_name_without_proof_writes_no_note_of_theirs(office: Office) -> None:
    maria(office, "A impressora parou.")
    agent(office, "Reinicie.", token(office), subject="Re: [#1] Impressora")
    office.due()
    before = len(office.ticket(1).messages)
    row = recall(office, "Re: [#1] Impressora", person=ANA.address)
    assert (row.outcome, row.reason) == ("held", "agent-without-token")
    assert len(office.ticket(1).messages) == before
    assert "recalled" not in {name for name, _ in told(office)}


def test_an_agents_own_recall_request_is_their_note(office: Office) -> None:
    maria(office, "A impressora parou.")
    agent(office, "Reinicie.", token(office))
    row = recall(office, "Re: x", person=ANA.address, to=token(office))
    assert (row.outcome, row.reason, row.ticket) == ("noted", "message-recall", 1)
    note = office.ticket(1).messages[-1]
    assert (note.direction, note.visibility, note.author_address) == ("out", "note", ANA.address)


def test_where_a_pass_is_asked_for_a_recall_request_with_a_reply_address_alone_is_held(office: Office) -> None:
    maria(office, "A impressora parou.")
    agent(office, "Reinicie.", token(office))
    to = token(office)
    office.use(a_policy(trust="verified"))
    row = recall(office, "Re: x", person=ANA.address, to=to)
    assert (row.outcome, row.reason) == ("held", "agent-not-verified")


# --- another matter -------------------------------------------------------------------------------------


def test_a_new_subject_on_an_old_ticket_is_shown_to_agents(office: Office) -> None:
    maria(office, "A impressora não imprime.")
    agent(office, "Reinicie.", token(office))
    maria(office, "Preciso da segunda via.", to=address(office), subject="Boleto de marco")
    notice = written(office, "customer_replied")
    assert "com o assunto “Boleto de marco”" in notice
    assert "responda #separar" in notice
    maria(office, "Ainda espero.", to=address(office), subject="RES: boleto de marco")
    assert "com o assunto" not in written(office, "customer_replied")


@pytest.mark.parametrize("subject", ["Re: Impressora", "RES: [#1] Impressora", "Re: [#1] Recebemos sua mensagem",
                                     "ENC: impressora", "IMPRESSORA", "-"])  # fmt: skip
def test_an_inherited_subject_is_not_shown(office: Office, subject: str) -> None:
    maria(office, "A impressora não imprime.")
    agent(office, "Reinicie.", token(office))
    maria(office, "Não adiantou.", to=address(office), subject=subject)
    notice = written(office, "customer_replied")
    assert "com o assunto" not in notice
    assert "#separar" not in notice


def test_a_reply_after_resolution_offers_to_be_split_off_and_then_the_ticket_is_resolved_again(office: Office) -> None:
    maria(office, "A impressora não imprime.")
    agent(office, "Reinicie.\n#resolver", token(office))
    office.due()
    maria(office, "Outra coisa: preciso da segunda via do boleto.", to=address(office), subject="Re: [#1] Impressora")
    notice = written(office, "customer_replied")
    assert "O chamado estava resolvido e voltou para atendimento." in notice
    assert "responda #separar" in notice
    office.due()
    agent(office, "#separar", token(office))
    assert office.ticket(1).ticket.status == "resolved"
    assert office.ticket(2).ticket.status == "new"
    assert [m.reply for m in office.ticket(2).messages] == ["Outra coisa: preciso da segunda via do boleto."]
    assert "resolved" not in [name for name, _ in told(office)]


def test_what_is_split_off_from_a_ticket_that_was_open_leaves_it_open(office: Office) -> None:
    maria(office, "A impressora não imprime.")
    agent(office, "#assumir", token(office))
    maria(office, "E preciso da segunda via.", subject="Re: [#1] Impressora")
    agent(office, "#separar", token(office))
    assert office.ticket(1).ticket.status == "open"


def test_an_answer_on_a_ticket_that_an_agent_began_can_be_split_off(office: Office) -> None:
    agent(office, "#para maria@cliente.test\nA visita é amanhã.", "suporte@desk.test", subject="Visita")
    agent(office, "ENVIAR", address(office, ANA.address))
    again(office)
    maria(office, "Preciso da segunda via do boleto.", to=address(office), subject="Boleto")
    agent(office, "#separar", token(office))
    assert [m.reply for m in office.ticket(2).messages] == ["Preciso da segunda via do boleto."]
