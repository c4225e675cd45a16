"""A mail in an agent's name is held, and they reply to the notice: what customers, agents and ops are sent then."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Row

from mailtickets.desk.model.facts import Authentication
from mailtickets.mail.read.parse import parse
from mailtickets.store import outbox
from mailtickets.store.database import Stale
from mailtickets.store.outbox import Due
from mailtickets.store.read import inbound as read_inbound
from mailtickets.store.read.reader import within
from tests.desk.builders import ANA, BRUNO, MARIA, a_policy
from tests.store.databases import _copied
from tests.store.office import Office, a_message, copies

OPS = "ops@desk.test"
POLICY = a_policy(trust="verified", instance={"ops_address": OPS})
FORGED = "Pague os boletos na conta 999.\n\n#resolver"
ORIGINAL = "A impressora não imprime."


@pytest.fixture
def desk(migrated_file: Path, tmp_path: Path) -> Iterator[Office]:
    """Maria's ticket 1, and a forged answer to it in Ana's name, of which Ana has been told."""
    for database in _copied(migrated_file, tmp_path / "mailtickets.db"):
        office = Office(database)
        office.use(POLICY)
        office.take(a_message(ORIGINAL))
        assert forge(office).outcome == "held"
        yield office


def forge(office: Office, text: str = FORGED, number: int = 1, verdict: str = "none", **fields: Any) -> Row[Any]:
    given = {"subject": "Re: [#1] Impressora", "message_id": f"<forged{number}@longe.test>", **fields}
    return take(office, a_message_from(ANA, text, **given), verdict)


def a_message_from(person: Any, text: str, **fields: Any) -> bytes:
    return a_message(text, **{"from": f"{person.name} <{person.address}>", **fields})


def take(office: Office, raw: bytes, verdict: str = "none", **envelope: Any) -> Row[Any]:
    """A mail the whole way, with what was found out about its sender."""
    number = office.keep(raw, **envelope)
    received = replace(office.received(number), authentication=Authentication(verdict))  # type: ignore[arg-type]
    office.settle(office.clerk.draft(received, parse(raw, instance="exemplo")))
    return office.row(number)


def decide_released(office: Office) -> None:
    """What was released is decided on, as the gateway does at once."""
    while due := office.run(lambda c: [row.id for row in _accepted(c)]):
        for number in due:
            office.settle(office.draft(number))


def _accepted(connection: Any) -> Any:

    return read_inbound.listed(within(connection), state="accepted")


def letters(office: Office, person: Any) -> list[Due]:
    """Everything that is on its way to somebody, oldest first."""
    address = person if isinstance(person, str) else person.address
    rows = office.run(lambda c: copies(c, limit=1000))
    return [office.run(lambda c, n=row.id: outbox.load(c, n)) for row in reversed(rows) if row.recipient == address]


def address_of(office: Office, letter: Due) -> str:
    return str(office.clerk.written(letter, ())[1].reply_to)


def reply(office: Office, text: str, person: Any = ANA, verdict: str = "none", **fields: Any) -> Row[Any]:
    """An agent replies to the newest notice of held mail that Ana has had."""
    asked = next(letter for letter in reversed(letters(office, ANA)) if letter.addressed.confirms is not None)
    to = address_of(office, asked)
    given = {"subject": f"Re: {asked.mail.subject}", "message_id": f"<r{office.now.timestamp()}@desk.test>", **fields}
    office.pass_time(seconds=1)
    row = take(office, a_message_from(person, text, to=to, **given), verdict, recipients=(to,), sender=person.address)
    decide_released(office)
    return row


def sent_to_maria(office: Office) -> list[str]:
    """What Maria was sent that is no acknowledgement."""
    return [letter.mail.text for letter in letters(office, MARIA) if letter.mail.notice != "received"]


def what_happened(office: Office) -> str:
    """In a word, by what people receive: `send`, `drop` or `ask`."""
    sent = any("999" in text for text in sent_to_maria(office))
    (held,) = [row for row in rows(office) if row.message_id == "forged1@longe.test"]
    if sent:
        assert held.outcome == "appended"
        return "send"
    assert sent_to_maria(office) == []
    assert office.ticket(1).ticket.status == "new"  # its command has not acted either
    last = letters(office, ANA)[-1].mail
    assert last.notice == "second_word"
    if held.outcome == "ignored":
        assert "Descartado" in last.subject
        return "drop"
    assert held.outcome == "held"
    assert "ENVIAR" in last.text
    return "ask"


def rows(office: Office) -> list[Any]:

    return list(office.run(lambda c: read_inbound.listed(within(c))))


GMAIL = """

Em seg., 3 de mar. de 2025 às 09:01, Suporte Exemplo <suporte@desk.test>
escreveu:

> Chegou um e-mail sobre este chamado com o seu endereço como remetente.
>
>> Pague os boletos na conta 999.
>
> Se foi você quem escreveu, responda a este e-mail com a palavra ENVIAR
"""
OUTLOOK = """

De: Suporte Exemplo <suporte@desk.test>
Enviada em: segunda-feira, 3 de março de 2025 09:01
Para: Ana Lima <ana@desk.test>
Assunto: [#1] Não enviado: Impressora

Chegou um e-mail sobre este chamado com o seu endereço como remetente.

Se foi você quem escreveu, responda a este e-mail com a palavra ENVIAR
"""
ENGLISH_OUTLOOK = """

From: Suporte Exemplo <suporte@desk.test>
Sent: Monday, March 3, 2025 9:01 AM
To: Ana Lima <ana@desk.test>
Subject: [#1] Not sent: Impressora

An email about this ticket arrived with your address as its sender.
"""
DISCLAIMER = """

AVISO DE CONFIDENCIALIDADE: Esta mensagem e seus anexos podem conter informações confidenciais e não devem ser usados
por quem não é o destinatário. Se você recebeu esta mensagem por engano, por favor apague-a e avise o remetente.
"""
ENGLISH_DISCLAIMER = """

This e-mail and any attachments are confidential and intended solely for the use of the individual to whom they are
addressed. If you have received this e-mail in error please notify the sender. It was not checked for scam or viruses.
"""
SIGNATURE = """

Ana Lima
Analista de Suporte | Tel.: (11) 3333-4444
www.desk.test
[Logo]
"""

SENT = [
    "ENVIAR", "enviar", "Enviar.", "ENVIAR!", "*ENVIAR*", "“Enviar”", "  Enviar  ", "SEND", "Send.", "Envie", "Envíalo",
    "Sim", "SIM!", "Sim, fui eu.", "Fui eu", "Fui eu mesma.", "Yes", "Yes, it was me.", "Sí", "Sí, fui yo.",
    "Confirmo.",
    "Pode enviar, por favor.", "Please send it now", "Enviar, por favor", "ENVIAR ✅", "Enviar. Ana", "Olá,\n\nENVIAR",
    "ENVIAR\n\nObrigada", "ENVIAR\n\nAna Lima", "ENVIAR\n\nAtt,\nAna", f"ENVIAR{SIGNATURE}",
    f"ENVIAR{SIGNATURE}{DISCLAIMER}",
    f"Enviar{DISCLAIMER}", f"SEND{ENGLISH_DISCLAIMER}", "ENVIAR\n\nEnviado do meu iPhone",
    "SEND\n\nSent from my iPhone",
    "Sim\n\nEnviado do meu Galaxy", "SEND\n\nGet Outlook for Android<https://aka.ms/ghei36>",
    "ENVIAR\n\nObter o Outlook para iOS<https://aka.ms/o0ukef>", f"ENVIAR{GMAIL}", f"Sim.{SIGNATURE}{GMAIL}",
    f"ENVIAR{OUTLOOK}", f"ENVIAR{SIGNATURE}{DISCLAIMER}{OUTLOOK}", f"SEND\n\nBest regards,\nAna Lima{ENGLISH_OUTLOOK}",
    "ENVIAR\n\n-- \nAna Lima\nSuporte N2", "ENVIAR\n\n--\nAna Lima\nEmpresa Exemplo Ltda, São Paulo",
    "ENVIAR\n\nAna Lima\nSuporte de informática, segundo nível\nEmpresa Exemplo Ltda, São Paulo",
    "ENVIAR\n\nLivre de vírus.www.avast.com <https://www.avast.com/sig-email>",
    "ENVIAR\n\nAntes de imprimir, pense no meio ambiente e na sua responsabilidade com ele.",
]  # fmt: skip
DROPPED = [
    "DESCARTAR", "descartar.", "Descartar!", "Descarte, por favor", "discard", "Discard it", "Não", "NÃO!", "No.",
    "não enviar",
    "NÃO ENVIAR!", "Não envie!", "Do not send", "Don't send it!", "No enviar", "Cancelar", "Não, obrigada.",
    "Eu não escrevi isso!", "Isso não fui eu, é golpe", "Não fui eu.", "não fui eu!!!", "Não sou eu",
    "Eu não enviei isso.",
    "Não mandei esse e-mail", "Oi,\n\nEu não escrevi essa mensagem.", "Esse e-mail não é meu", "Nunca mandei isso",
    "Não reconheço essa mensagem.", "Isto é golpe!", "I didn't write this", "I did not write this.", "That wasn't me!",
    "It was not me", "No, I didn't send this.", "This is not my email.", "This is a scam", "Not mine.",
    "I never sent that.",
    "Yo no escribí esto", "No fui yo", "No he sido yo, es una estafa", "Eso no es mío.", "Yo no lo envié.",
    f"DESCARTAR{SIGNATURE}{DISCLAIMER}", f"Não fui eu{SIGNATURE}", f"Eu não escrevi isso!{GMAIL}",
    f"Isso não fui eu{OUTLOOK}", f"I didn't write this{ENGLISH_OUTLOOK}", "Não.\n\nEnviado do meu iPhone",
    "Descartar\n\nSent from Outlook for iOS", "Não envie isso! Não fui eu.", "Alguém está usando meu e-mail!",
]  # fmt: skip
ASKED = [
    "", "\n\n", "?", "Enviar?", "Sim?", "Enviar ou não?", "Como assim?", "O que é isso?", "Não sei do que se trata",
    "Ok",
    "OK, obrigada", "Recebido.", "Obrigada!", "Ciente.", "👍", "Sim, mas tire a última linha", "Sim, mas não fui eu",
    "Enviar amanhã", "ENVIAR só depois que o Bruno conferir", "Não fui eu? Acho que fui", "Não fui eu que escrevi?",
    "Sim e não", "enviar descartar", "ENVIAR\nDESCARTAR", "ENVIAR\n\nnão fui eu", "ENVIAR\n\nMas tire o #resolver.",
    "SEND?\n\nSent from my iPhone", "Send to whom?", "Por que não enviar?", "#resolver", "#enviar", "Pode ser",
    "Vou ver e já respondo", "Acho que sim", "Maybe", "Who wrote this?", "¿Qué es esto?", "No sé", "Was it me?",
    "Oi Maria, segue o boleto certo, na conta 123.",
    "Enviei ontem para a Maria o boleto certo, e ela não respondeu ainda.",
    "Olá, Maria.\n\nEu não enviei o boleto porque o financeiro ainda não tinha fechado o mês. Segue agora.",
    DISCLAIMER.strip(), ENGLISH_DISCLAIMER.strip(), SIGNATURE.strip(), "Enviado do meu iPhone", GMAIL.strip(),
    OUTLOOK.strip(),
    "> ENVIAR", "Estou de férias até 10/3. Em caso de urgência, fale com o Bruno.",
    "Estarei ausente. Não envie mensagens urgentes?",
    "I am out of the office until March 10.", "Seu e-mail foi recebido e será lido em breve.",
    "Fwd para o Bruno: isso é seu?", f"Bruno, foi você?{OUTLOOK}", "A palavra é ENVIAR", "responda ENVIAR", "ENVIAR ❌",
]  # fmt: skip


@pytest.mark.parametrize(
    ("said", "wanted"), [*((s, "send") for s in SENT), *((s, "drop") for s in DROPPED), *((s, "ask") for s in ASKED)]
)
def test_a_reply_to_the_notice_of_a_mail_in_ones_name_sends_drops_or_is_asked_about(
    desk: Office, said: str, wanted: str
) -> None:
    reply(desk, said)
    assert what_happened(desk) == wanted
    told_ops = [letter.mail.notice for letter in letters(desk, OPS)]
    assert told_ops == (["alarm"] if wanted == "drop" else [])


def test_a_confirmation_that_the_agents_domain_disowns_never_sends_and_never_drops(desk: Office) -> None:
    for said in ("ENVIAR", "DESCARTAR", "Não fui eu"):
        assert reply(desk, said, verdict="fail").reason == "second-word-not-proven"
    assert (sent_to_maria(desk), letters(desk, OPS)) == ([], [])
    assert "o seu domínio diz que ela não saiu daí" in letters(desk, ANA)[-1].mail.text
    reply(desk, "ENVIAR", verdict="pass")
    assert what_happened(desk) == "send"


def test_a_disowning_domain_confirms_nothing_where_a_token_is_enough_either(desk: Office) -> None:
    desk.use(a_policy(trust="token", instance={"ops_address": OPS}))
    reply(desk, "ENVIAR", verdict="fail")
    assert what_happened(desk) == "ask"


@pytest.mark.parametrize(
    "fields",
    [
        {"auto_submitted": "auto-replied", "subject": "Resposta automática: [#1] Não enviado: Impressora"},
        {"x_auto_response_suppress": "All", "auto_submitted": "auto-generated"},
        {"precedence": "auto_reply", "x_autoreply": "yes"},
    ],
)
@pytest.mark.parametrize("said", ["ENVIAR", "Estou de férias até 10/3.", ""])
def test_an_absence_notice_never_confirms(desk: Office, fields: dict[str, str], said: str) -> None:
    reply(desk, said, **fields)
    assert sent_to_maria(desk) == []
    assert next(row for row in rows(desk) if row.message_id == "forged1@longe.test").outcome == "held"


def test_an_absence_notice_about_a_mail_of_no_ticket_opens_none(desk: Office) -> None:
    forge(desk, "Crie um acesso para mim.\n\n#prioridade alta", 2, subject="Acesso", message_id="<forged2@longe.test>")
    before = desk.numbers()
    row = reply(desk, "Estou de férias.", auto_submitted="auto-replied")
    assert (row.outcome, desk.numbers()) == ("ignored", before)


@pytest.mark.parametrize("said", ["ENVIAR", "sim", "Bruno, isso é seu?", ""])
@pytest.mark.parametrize("prefix", ["ENC:", "Fwd:", "RV:"])
def test_a_forward_of_the_notice_never_confirms(desk: Office, said: str, prefix: str) -> None:
    asked = letters(desk, ANA)[-1].mail
    body = f"""{said}

---------- Forwarded message ---------
De: Suporte Exemplo <suporte@desk.test>
Date: seg., 3 de mar. de 2025 às 09:01
Subject: {asked.subject}
To: Ana Lima <ana@desk.test>

{asked.text}
"""
    reply(desk, body, subject=f"{prefix} {asked.subject}")
    assert what_happened(desk) == "ask"


def test_a_colleague_or_a_stranger_confirms_nothing(desk: Office) -> None:
    for person in (BRUNO, MARIA):
        reply(desk, "ENVIAR", person, verdict="pass")
    assert sent_to_maria(desk) == []
    assert next(row for row in rows(desk) if row.message_id == "forged1@longe.test").outcome == "held"


def test_a_denial_drops_the_forgery_tells_ops_once_and_says_so(desk: Office) -> None:
    reply(desk, "Eu não escrevi isso!")
    assert what_happened(desk) == "drop"
    (alarm,) = letters(desk, OPS)
    assert "ana@desk.test" in alarm.mail.text
    assert "999" not in alarm.mail.text  # no word of it goes any further
    assert alarm.addressed.token_hash is None
    assert "Quem cuida do sistema foi avisado" in letters(desk, ANA)[-1].mail.text

    reply(desk, "Não fui eu!!!")
    reply(desk, "ENVIAR")  # what is dropped cannot be had back by mail
    assert len(letters(desk, OPS)) == 1
    assert "não está mais retido" in letters(desk, ANA)[-1].mail.text
    assert sent_to_maria(desk) == []


def test_a_denial_is_told_to_the_agent_whatever_receipts_they_want(desk: Office) -> None:
    agents = tuple(agent.model_copy(update={"receipts": "problems"}) for agent in POLICY.agents)
    desk.use(a_policy(trust="verified", agents=agents))
    reply(desk, "Não fui eu.")
    assert letters(desk, ANA)[-1].mail.notice == "second_word"
    assert "Avise quem cuida do sistema" in letters(desk, ANA)[-1].mail.text  # nobody else does: no ops_address


def test_two_denials_at_one_moment_tell_ops_once(desk: Office) -> None:
    asked = letters(desk, ANA)[-1]
    to = address_of(desk, asked)
    raws = [a_message_from(ANA, "Não fui eu.", to=to, message_id=f"<d{n}@desk.test>") for n in (1, 2)]
    drafts = [desk.draft(desk.keep(raw, recipients=(to,), sender=ANA.address)) for raw in raws]
    desk.settle(drafts[0])
    with pytest.raises(Stale):
        desk.settle(drafts[1])
    assert len(letters(desk, OPS)) == 1


def test_what_was_sent_once_is_not_sent_again_and_its_author_is_told(desk: Office) -> None:
    reply(desk, "ENVIAR")
    reply(desk, "ENVIAR")
    assert len(sent_to_maria(desk)) == 1
    assert "não está mais retido" in letters(desk, ANA)[-1].mail.text


def test_words_after_it_was_sent_reach_nobody_and_their_author_is_told(desk: Office) -> None:
    reply(desk, "ENVIAR")
    reply(desk, "Maria, esqueci de dizer: a conta é 123.")
    assert not any("123" in text for text in sent_to_maria(desk))
    assert "não foi enviada a ninguém" in letters(desk, ANA)[-1].mail.text


def test_who_is_asked_again_may_still_send_and_drop_by_the_second_notice(desk: Office) -> None:
    reply(desk, "O que é isso?")
    assert letters(desk, ANA)[-1].mail.notice == "second_word"
    assert "O que é isso?" in letters(desk, ANA)[-1].mail.text
    reply(desk, "ENVIAR")
    assert what_happened(desk) == "send"


def test_a_machine_that_replies_like_a_person_is_asked_no_more_than_three_times_a_day(desk: Office) -> None:
    for number in range(8):
        reply(desk, f"Recebemos sua mensagem de número {number} e vamos ler em breve.")
    assert [letter.mail.notice for letter in letters(desk, ANA)].count("second_word") == 3
    reply(desk, "Não fui eu.")
    assert what_happened(desk) == "drop"  # and is still told of what matters


def test_thanks_for_being_told_go_to_nobody(desk: Office) -> None:
    reply(desk, "Não fui eu.")
    reply(desk, "Obrigada!")
    assert sent_to_maria(desk) == []


def test_nothing_in_a_forgery_acts_before_it_is_released(desk: Office) -> None:
    texts = ["#fechar", "#atribuir bruno", "#cc +ladrao@longe.test", "#requerente ladrao@longe.test", "#nota Segredo?"]
    for number, text in enumerate(texts, 2):
        assert forge(desk, text, number).outcome == "held"
    shown = desk.ticket(1)
    assert (shown.ticket.status, shown.ticket.assignee, shown.ticket.requester.address) == ("new", None, MARIA.address)
    assert {person.address.address for person in shown.ticket.participants} == {MARIA.address}
    assert len(shown.messages) == 1
    assert sent_to_maria(desk) == []
    assert letters(desk, "ladrao@longe.test") == []


def test_an_agent_who_has_left_confirms_nothing(desk: Office) -> None:
    desk.use(a_policy(trust="verified", agents=tuple(agent for agent in POLICY.agents if agent.name != ANA.name)))
    reply(desk, "ENVIAR", verdict="pass")
    assert sent_to_maria(desk) == []
    assert next(row for row in rows(desk) if row.message_id == "forged1@longe.test").outcome == "held"
