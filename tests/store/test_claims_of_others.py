"""Who claims to be somebody, and what they get: whole mails through the clerk, and what stands in the mailboxes then.

A desk that asks agents for a token and a pass, with history in its answers. Maria has ticket 1; its words are the
secret that nobody else may read, and Ana has answered.
"""

from typing import Any

import pytest
from sqlalchemy import select

from mailtickets.desk.claims.matching import SUBJECT_NUMBER
from mailtickets.mail.read.parse import parse
from mailtickets.store import outbox, schema
from tests.desk.builders import AGENTS, ANA, BRUNO, EVE, PEDRO, a_policy, an_agent
from tests.store.office import Office, a_message, copies
from tests.store.test_who_receives import MINE, answers, mailbox, received, shown, take

DESK = "suporte@desk.test"
BY_ANA = {"from": "Ana <ana@desk.test>", "subject": "Re: x"}
BY_EVE = {"from": EVE.address}
SECRET = "girassol"
FORM = "formulario@site.test"


def policy(**changes: Any) -> Any:
    settings = {"history": 10, "satisfaction": True, "undo_seconds": 60, "reply_to_is_author_from": (FORM,)}
    return a_policy(trust="verified", suporte=settings, **changes)


@pytest.fixture
def desk(office: Office) -> Office:
    office.use(policy())
    take(office, f"A senha do cofre é {SECRET}.", "pass")
    return office


@pytest.fixture
def answered(desk: Office) -> Office:
    answers(desk)
    return desk


def address_in(office: Office, recipient: str, notice: str) -> str:
    """The Reply-To of the newest notice of a kind to somebody."""
    number = next(r.id for r in office.run(lambda c: copies(c)) if (r.recipient, r.name) == (recipient, notice))
    due = office.run(lambda c: outbox.load(c, number))
    return office.clerk.written(due, ())[1].reply_to


def released(office: Office) -> None:
    """What an agent's word has let through is decided."""
    waiting = select(schema.inbound.c.id).where(schema.inbound.c.state == "accepted")
    for number in office.run(lambda c: list(c.execute(waiting).scalars())):
        office.settle(office.draft(number))


def said(office: Office, number: int = 1) -> list[tuple[str, bool]]:
    """(author, verified) of a ticket's messages."""
    return [(message.author_address, message.verified) for message in office.ticket(number).messages]


def to_maria(office: Office) -> list[str]:
    return [name for name in received(office, MINE) if name == "answer"]


# --- who is named by another field than From ----------------------------------------------------------


@pytest.mark.parametrize("field", ["x_original_from", "x_original_sender", "reply_to"])
@pytest.mark.parametrize("verdict", ["pass", "none", "fail"])
def test_an_agent_whom_a_group_names_is_on_nobodys_ticket(answered: Office, field: str, verdict: str) -> None:
    before = said(answered)
    fields = {"from": f"Suporte <{DESK}>", "subject": "[#1] Impressora", field: "Ana <ana@desk.test>"}
    row = take(answered, "Transfira 5000 reais.", verdict, **fields)
    assert row.ticket == 2
    assert said(answered) == before
    assert answered.ticket(1).ticket.status == "pending"
    answers(answered, "#cliente\nMais alguma coisa?")
    assert "5000" not in mailbox(answered, MINE)[-1]


@pytest.mark.parametrize("named", ["ana@desk.test", "=?utf-8?q?ana=40desk.test?=", DESK, f"x@y.test, {MINE}"])
def test_a_form_puts_no_word_on_a_ticket_of_whom_it_does_not_name(answered: Office, named: str) -> None:
    before = said(answered)
    take(answered, "encerrar", "pass", answered.reply_address(MINE), reply_to=named, **{"from": FORM})
    assert said(answered) == before
    assert answered.ticket(1).ticket.status == "pending"


@pytest.mark.parametrize(
    "author",
    ["maria+x@cliente.test", '"maria"@cliente.test', "m.aria@cliente.test", f"{EVE.address} ({MINE})",
     f"{MINE} <{EVE.address}>", f"<{MINE}> <{EVE.address}>", f"=?utf-8?q?maria=40cliente.test?= <{EVE.address}>",
     "maria@sub.cliente.test", f"{MINE}@longe.test", f"{MINE}, {EVE.address}", "m\u0430ria@cliente.test",
     "maria%40cliente.test@longe.test", f'"{MINE}" <{EVE.address}>', "joao@cliente.test"],
)  # fmt: skip
@pytest.mark.parametrize("words", ["status", "encerrar", "Mande a senha de novo."])
def test_whoever_only_looks_like_the_customer_is_a_stranger(answered: Office, author: str, words: str) -> None:
    before = said(answered)
    row = take(answered, words, "pass", subject="Re: [#1] Impressora", **{"from": author})
    assert row.ticket == 2
    assert said(answered) == before
    someone = answered.ticket(2).ticket.requester.address
    assert not any(SECRET in mail for mail in mailbox(answered, someone))


@pytest.mark.parametrize("name", ["reply_to", "sender", "x_original_to", "delivered_to", "resent_to", "bcc", "x_token"])
def test_an_agents_token_in_any_other_field_opens_no_door(answered: Office, name: str) -> None:
    to = answered.reply_address(ANA.address)
    take(answered, "Pix 4711.", "pass", **{name: to, "message_id": "<outro@x.test>", "from": "Ana <ana@desk.test>"})
    assert (len(to_maria(answered)), answered.ticket(1).ticket.status) == (1, "pending")


@pytest.mark.parametrize("verdict", ["pass", "none", "fail"])
def test_a_customers_token_in_a_strangers_mail_shows_nothing(answered: Office, verdict: str) -> None:
    for words in ("status", "Alguma novidade?", "encerrar", "meus chamados", "5"):
        take(answered, words, verdict, answered.reply_address(MINE), **BY_EVE)
    assert not any(SECRET in mail or "[#1]" in mail for mail in mailbox(answered, EVE.address))
    assert answered.ticket(1).ticket.status == "pending"


# --- a reply address that somebody in copy has seen ---------------------------------------------------


def test_who_has_a_customers_reply_address_rates_nothing_where_the_domain_disowns_it(desk: Office) -> None:
    answers(desk, "Pronto.\n#resolver")
    take(desk, "1", "fail", desk.reply_address(MINE))
    assert "rated" not in received(desk, ANA.address)
    assert said(desk)[-1] == (MINE, False)


def test_agents_see_that_a_mail_is_disowned_though_it_has_the_customers_reply_address(answered: Office) -> None:
    take(answered, "Minha conta agora é 4711.", "fail", answered.reply_address(MINE))
    warned = shown(answered, BRUNO.address, "customer_replied")
    take(answered, "Minha conta agora é 4711.", "none", answered.reply_address(MINE))
    sure = shown(answered, BRUNO.address, "customer_replied")
    assert set(warned.split()) - set(sure.split()) != set()
    assert [verified for _, verified in said(answered)[-2:]] == [False, True]


def test_a_forged_absence_with_a_stolen_token_takes_nobody_off_duty(desk: Office) -> None:
    fields = {"subject": "Resposta automática: férias", "auto_submitted": "auto-replied", "from": "ana@desk.test"}
    take(desk, "Estou de férias até 30/03/2025.", "fail", desk.reply_address(ANA.address), **fields)
    assert "agent_absent" not in received(desk, BRUNO.address)
    assert not any(kind == "absence" for kind, *_ in desk.events(1))


# --- confirmations ------------------------------------------------------------------------------------


def test_nobody_but_the_agent_who_was_asked_lets_a_held_mail_through(desk: Office) -> None:
    take(desk, "Pix 4711.", "none", desk.reply_address(ANA.address), **BY_ANA)
    asked = address_in(desk, ANA.address, "held")
    for author in ("bruno@desk.test", EVE.address, MINE):
        take(desk, "ENVIAR", "pass", asked, **{"from": author})
    released(desk)
    assert to_maria(desk) == []


def test_a_word_sends_the_mail_that_was_asked_about_alone_and_only_once(desk: Office) -> None:
    to = desk.reply_address(ANA.address)
    take(desk, "Primeira.", "none", to, **BY_ANA)
    first = address_in(desk, ANA.address, "held")
    take(desk, "Segunda.", "none", to, **BY_ANA)
    second = address_in(desk, ANA.address, "held")
    for _ in range(3):
        take(desk, "ENVIAR", "pass", second, **BY_ANA)
        released(desk)
    assert len(to_maria(desk)) == 1
    assert "Segunda" in mailbox(desk, MINE)[-1]
    take(desk, "DESCARTAR", "pass", first, **BY_ANA)
    take(desk, "ENVIAR", "pass", first, **BY_ANA)
    released(desk)
    assert len(to_maria(desk)) == 1


def test_nobody_but_who_answered_undoes_an_answer(desk: Office) -> None:
    take(desk, "Troque o cabo.\n#assumir", "pass", desk.reply_address(ANA.address), **BY_ANA)
    receipt = address_in(desk, ANA.address, "receipt")
    for author, verdict in ((EVE.address, "pass"), (BRUNO.address, "pass"), ("ana@desk.test", "fail")):
        take(desk, "#desfazer", verdict, receipt, **{"from": author})
    desk.pass_time(seconds=61)
    assert "answer" in [due.name for due in desk.due()]


def test_an_answer_that_is_on_its_way_is_not_said_to_be_undone(desk: Office) -> None:
    take(desk, "Troque o cabo.\n#assumir", "pass", desk.reply_address(ANA.address), **BY_ANA)
    receipt = address_in(desk, ANA.address, "receipt")
    desk.pass_time(seconds=61)
    assert "answer" in [due.name for due in desk.due()]
    take(desk, "#desfazer", "pass", receipt, **BY_ANA)
    assert "Tarde demais" in shown(desk, ANA.address, "receipt")


# --- who is an agent today ----------------------------------------------------------------------------


def test_who_is_no_agent_any_more_has_no_ticket_with_their_old_token(answered: Office) -> None:
    to = answered.reply_address(ANA.address)
    answered.use(policy(agents=(an_agent(BRUNO, "suporte"),)))
    for words in ("status", "encerrar", "Bom dia, Maria.\n#resolver"):
        take(answered, words, "pass", to, **BY_ANA)
    assert (len(to_maria(answered)), answered.ticket(1).ticket.status) == (1, "pending")
    assert not any(SECRET in mail for mail in mailbox(answered, ANA.address)[2:])


def test_who_becomes_an_agent_needs_a_pass_for_the_token_they_had_as_a_customer(office: Office) -> None:
    office.use(policy())
    take(office, "Não imprime.", "pass", cc=PEDRO.address)
    answers(office)
    to = office.reply_address(PEDRO.address)
    office.use(policy(agents=(*AGENTS, an_agent(PEDRO, "suporte"))))
    row = take(office, "Resolvido.\n#resolver", "none", to, **{"from": PEDRO.address})
    assert (row.outcome, office.ticket(1).ticket.status) == ("held", "pending")


@pytest.mark.parametrize("words", ["#historico", "#anexos", "#buscar girassol", "#minhafila", "1 #fechar"])
def test_an_agent_of_another_queue_reads_nothing_of_a_ticket_by_its_number(answered: Office, words: str) -> None:
    take(answered, words, "pass", subject="[#1]", **{"from": "Carla <carla@desk.test>"})
    assert not any(f"senha do cofre é {SECRET}" in mail for mail in mailbox(answered, "carla@desk.test"))
    assert answered.ticket(1).ticket.status == "pending"


# --- the same mail first, numbers, dates, links -------------------------------------------------------


def test_a_copy_sent_beforehand_does_not_keep_an_agents_answer_from_its_ticket(desk: Office) -> None:
    same = {"message_id": "<sabido@desk.test>", **BY_ANA}
    assert take(desk, "Troque o cabo.", "none", **same).outcome == "opened"
    for _ in range(2):
        take(desk, "Troque o cabo.", "pass", desk.reply_address(ANA.address, 1), **same)
    assert len(to_maria(desk)) == 1


def test_a_copy_sent_beforehand_does_not_keep_a_customers_word_from_its_ticket(answered: Office) -> None:
    same = {"message_id": "<sabido@cliente.test>", "subject": "Impressora"}
    assert take(answered, "encerrar", "fail", **same).outcome == "opened"
    to = answered.reply_address(MINE)
    outcomes = [take(answered, "encerrar", "pass", t, **same).outcome for t in (to, to.replace("suporte", "SUPORTE"))]
    assert (outcomes, answered.ticket(1).ticket.status) == (["appended", "duplicate"], "closed")


@pytest.mark.parametrize("subject", ["[[#1]#1] oi", "[a[#1]#1] oi", "[[[#1]#1]#1] oi", "[#\uff11] oi", "[[#1] #1]"])
def test_no_subject_leaves_another_tickets_tag_in_ours(answered: Office, subject: str) -> None:
    row = take(answered, "oi", "pass", subject=subject, **BY_EVE)
    assert row.ticket == 2
    written = parse(mailbox(answered, EVE.address)[-1].encode()).subject
    assert SUBJECT_NUMBER.findall(written) == ["2"]


@pytest.mark.parametrize(
    ("subject", "words"),
    [("[#999999999999] oi", "oi"), ("x", "status 99999999999999999999999"), ("x", "encerrar o 99999999999999999999"),
     ("x", "status ²"), ("x", "status #" + "９" * 30)],
)  # fmt: skip
def test_a_number_of_any_size_in_a_customers_mail_is_no_trouble(answered: Office, subject: str, words: str) -> None:
    assert take(answered, words, "pass", subject=subject, **BY_EVE).outcome == "opened"


@pytest.mark.parametrize(
    "words", ["#lembrar 31/12/9999 23:59", "#adiar 9999-12-31", "#juntar 99999999999999999999", "#lembrar 99999d"]
)
def test_an_order_with_a_date_or_number_out_of_range_comes_back(answered: Office, words: str) -> None:
    take(answered, "E agora?", "pass", subject="[#1]")
    assert take(answered, words, "pass", answered.reply_address(ANA.address), **BY_ANA).outcome == "held"
    assert received(answered, ANA.address)[-1] == "returned"


def test_an_absence_until_the_end_of_time_is_one_without_a_day(desk: Office) -> None:
    fields = {"subject": "Resposta automática: férias", "auto_submitted": "auto-replied", "from": "ana@desk.test"}
    row = take(desk, "Estou de férias até 31/12/9999.", "pass", desk.reply_address(ANA.address), **fields)
    assert (row.outcome, received(desk, BRUNO.address)[-1]) == ("noted", "agent_absent")


def test_a_customers_link_writes_no_order_for_an_agent(office: Office) -> None:
    link = f"mailto:{DESK}?subject=x&amp;body=%23para%20{EVE.address}%0ASegredo"
    page = f'<p>Veja <a href="{link}">aqui</a></p><form action="https://x.test"><button>ENVIAR</button></form>'
    raw = a_message(page).replace(b"text/plain", b"text/html")
    office.take(raw)
    told = next(row for row in office.run(lambda c: copies(c)) if row.recipient == ANA.address)
    assert 'href="mailto:suporte@desk.test"' in told.html
    assert not any(word in told.html + told.text for word in ("?subject", "Segredo", "<form", "<button"))


@pytest.mark.parametrize(
    ("words", "reached"),
    [(f"#para {MINE}, {EVE.address}\nOi", []), (f'#para "{EVE.address}, " <{MINE}>\nOi', []),
     (f"#para {MINE}%0aBcc:{EVE.address}\nOi", []), (f"#para <{MINE}> <{EVE.address}>\nOi", []),
     (f"#para {MINE}>{EVE.address}\nOi", []), (f"#para @longe.test:{MINE}\nOi", []),
     (f"#para {DESK}\nOi", []), (f"#para {MINE}\r\nBcc: {EVE.address}\nOi", [MINE])],
)  # fmt: skip
def test_an_address_with_more_in_it_writes_to_nobody_else(office: Office, words: str, reached: list[str]) -> None:
    office.use(policy())
    take(office, words, "pass", **{"from": "Ana <ana@desk.test>", "subject": "oi"})
    assert [to for name, to in office.outgoing() if name == "answer"] == reached


@pytest.mark.parametrize("extra", [f"+{DESK}", "+" + " +".join(f"p{n}@x.test" for n in range(60)), f"-{MINE}"])
def test_a_list_of_people_that_cannot_all_be_added_adds_none(desk: Office, extra: str) -> None:
    take(desk, f"Bom dia.\n#cc +{EVE.address} {extra}", "pass", desk.reply_address(ANA.address), **BY_ANA)
    assert [to for name, to in desk.outgoing() if name == "answer"] == []


def test_a_name_and_a_subject_in_the_form_of_commands_are_words(office: Office) -> None:
    office.use(policy())
    take(office, "x", "pass", subject="{{ 7*7 }} #spam", **{"from": f'"{{{{ 6*6 }}}} #fechar" <{MINE}>'})
    take(office, "#resposta encerramento", "pass", office.reply_address(ANA.address), **BY_ANA)
    mail = mailbox(office, MINE)[-1]
    assert ("36" in mail.split("\r\n\r\n", 1)[1][:200], "49" in mail.split("\r\n")[3]) == (False, False)
    assert office.ticket(1).ticket.status == "resolved"


def test_a_split_shows_its_person_nothing_of_the_ticket_it_comes_from(office: Office) -> None:
    office.use(policy())
    take(office, f"A senha é {SECRET}.", "pass", cc=PEDRO.address)
    answers(office)
    office.pass_time(minutes=2)
    take(office, "Outra coisa: tulipa.", "pass", subject="[#1]", **{"from": PEDRO.address})
    take(office, "#separar", "pass", address_in(office, ANA.address, "customer_replied"), **BY_ANA)
    assert not any(SECRET in mail for mail in mailbox(office, PEDRO.address) if "[#2]" in mail)
    assert not any("tulipa" in mail for mail in mailbox(office, MINE))
