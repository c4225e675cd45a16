"""What people receive because of the rules of the configuration: whole mails through the clerk, on a real database.

The house: suporte (Ana, Bruno) and vendas (Bruno, Carla). Maria is a customer.
"""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from mailtickets.config.rules import Rule
from mailtickets.desk.commands import orders
from mailtickets.gateway.drafting.order import Order
from mailtickets.store import schema
from tests.desk.builders import ANA, BRUNO, CARLA, MARIA, a_policy
from tests.desk.rules.configured.occasions import COMERCIAL, a_rule
from tests.store.office import Office, a_message, copies
from tests.store.test_who_receives import mailbox, received, shown, take

MINE = MARIA.address


def use(office: Office, *rules: Rule, **more: Any) -> None:
    office.use(a_policy(configured=rules, calendars={"comercial": COMERCIAL}, **more))


def to_vendas(**more: Any) -> Rule:
    return a_rule('all = [{ words = "proposta" }]; set = { queue = "vendas", priority = "high" }', "proposta", **more)


def events(office: Office, number: int = 1) -> set[tuple[str, str | None, str]]:
    return {(kind, new, reason) for kind, _, new, reason in office.events(number)}


# --- a mail that opens a ticket -------------------------------------------------------------------------


def test_a_new_ticket_that_a_rule_moves_is_known_to_the_right_queue_alone(office: Office) -> None:
    use(office, to_vendas())
    row = take(office, "Quero uma proposta.", "pass")
    assert (row.outcome, row.reason) == ("opened", "new-mail")
    assert received(office, ANA.address) == []
    assert received(office, BRUNO.address) == received(office, CARLA.address) == ["new_ticket"]
    assert received(office, MINE) == ["received"]
    (acknowledgement,) = mailbox(office, MINE)
    assert "From: Vendas Exemplo <vendas@desk.test>" in acknowledgement
    assert "Auto-Submitted: auto-replied" in acknowledgement
    ticket = office.ticket(1).ticket
    assert (ticket.queue, ticket.priority, ticket.status) == ("vendas", "high", "new")


def test_each_effect_of_a_rule_is_an_event_with_the_rule_as_its_reason(office: Office) -> None:
    rule = a_rule(
        'all = [{ words = "proposta" }]; set = { queue = "vendas", priority = "high", type = "request", '
        'fields = { pedido = "123" } }; add_tags = ["novo"]; assign = "carla@desk.test"; watch = ["ana@desk.test"]; '
        'notify = ["ana@desk.test"]; answer = "estamos-verificando"',
        "proposta",
    )
    use(office, rule)
    take(office, "Quero uma proposta.", "pass")
    assert {(kind, new) for kind, new, reason in events(office) if reason == "rule:proposta"} == {
        ("queue", "vendas"),
        ("priority", "high"),
        ("type", "request"),
        ("field", "pedido=123"),
        ("tags", "novo"),
        ("assignee", "carla@desk.test"),
        ("participant", "ana@desk.test"),
        ("told", "ana@desk.test"),
        ("ready-answer", "estamos-verificando"),
    }
    actors = {row.actor for row in office.ticket(1).events if row.reason == "rule:proposta"}
    assert actors == {"system"}


def test_who_the_rule_names_is_told_once_and_by_one_mail(office: Office) -> None:
    use(office, to_vendas(notify=("ana@desk.test", "vendas")))
    take(office, "Quero uma proposta.", "pass")
    assert received(office, ANA.address) == ["rule_told"]
    assert received(office, CARLA.address) == ["new_ticket"]
    assert "A regra “proposta” avisa você deste chamado." in shown(office, ANA.address, "rule_told")
    assert "Quero uma proposta." in shown(office, ANA.address, "rule_told")


def test_agents_read_which_rules_matched(office: Office) -> None:
    use(
        office,
        to_vendas(),
        a_rule('all = [{ words = "quero" }]; add_tags = ["x"]', "outra"),
        a_rule("add_tags = ['y']", "z"),
    )
    take(office, "Uma proposta, por favor.", "pass")
    assert "Regras: proposta, z\n" in shown(office, CARLA.address, "new_ticket")


def test_the_turn_is_that_of_the_queue_that_has_the_ticket(office: Office) -> None:
    given = {"suporte": {"assignment": "round_robin"}, "vendas": {"assignment": "round_robin", "notify": "assignee"}}
    use(office, to_vendas(), **given)
    for _ in range(2):
        take(office, "Quero uma proposta.", "pass")
    assert {office.ticket(number).ticket.assignee for number in (1, 2)} == {BRUNO.address, CARLA.address}
    assert received(office, ANA.address) == []
    assert received(office, BRUNO.address) == received(office, CARLA.address) == ["new_ticket"]
    assert ("assignee", CARLA.address, "by-turns") in events(office, 2) | events(office, 1)


def test_a_rule_assigns_whose_turn_it_is_in_a_queue_that_gives_out_none(office: Office) -> None:
    use(office, a_rule('assign = "turn"'))
    for _ in range(2):
        take(office, "Olá.", "pass")
    assert {office.ticket(number).ticket.assignee for number in (1, 2)} == {ANA.address, BRUNO.address}


def test_a_moved_ticket_speaks_the_language_of_its_new_queue(office: Office) -> None:
    use(office, to_vendas(), vendas={"locale": "en"})
    take(office, "Quero uma proposta.", "pass")
    assert "Thank you for your message." in mailbox(office, MINE)[0]


# --- ready answers --------------------------------------------------------------------------------------

ANSWERS = a_rule('on = ["new", "reply"]; answer = "estamos-verificando"', "verifica")


def test_the_acknowledgement_carries_the_ready_answer(office: Office) -> None:
    use(office, ANSWERS)
    take(office, "A impressora parou.", "pass")
    assert received(office, MINE) == ["received"]
    (mail,) = mailbox(office, MINE)
    assert "Recebemos o seu relato no chamado 1 e estamos verificando." in mail
    assert "#status" not in mail
    assert "Auto-Submitted: auto-replied" in mail
    assert "X-Auto-Response-Suppress:" in mail
    assert "Resposta autom" in shown(office, ANA.address, "new_ticket")


def test_a_stranger_gets_the_ready_answer_without_any_of_their_own_words(office: Office) -> None:
    use(office, a_rule('answer = "sem-retorno"'))
    take(office, "Ganhe dinheiro.", "none", **{"from": "Clique em http://x.test <eve@longe.test>", "subject": "Ganhe"})
    (mail,) = mailbox(office, "eve@longe.test")
    assert "Ainda n" in mail
    assert "Clique" not in mail
    assert "Ganhe" not in mail


@pytest.mark.parametrize(
    ("fields", "verdict"),
    [
        ({"auto-submitted": "auto-replied"}, "pass"),
        ({"x-auto-response-suppress": "All"}, "pass"),
        ({"from": "Nada <no-reply@cliente.test>"}, "pass"),
        ({"list-id": "<todos.cliente.test>", "precedence": "list"}, "pass"),
        ({}, "fail"),
        ({"date": "Mon, 24 Feb 2025 11:59:00 +0000"}, "pass"),
    ],
)
def test_mail_that_must_not_be_answered_gets_no_ready_answer(
    office: Office, fields: dict[str, str], verdict: str
) -> None:
    use(office, ANSWERS)
    take(office, "Olá.", verdict, **fields)
    assert [name for name, to in office.outgoing() if to not in {ANA.address, BRUNO.address}] == []
    assert {kind for kind, *_, reason in office.events(1) if kind in {"ready-answer", "withheld"}} == {"withheld"}
    assert "Resposta autom" not in shown(office, ANA.address, "new_ticket")


def test_a_reply_is_answered_once_and_within_the_budget(office: Office) -> None:
    use(office, a_rule('on = "reply"; answer = "estamos-verificando"'), budget={"automatic_per_ticket_per_hour": 3})
    take(office, "A impressora parou.", "pass")
    address = office.reply_address(MINE)
    for number in range(5):
        take(office, f"Ainda parada, {number} horas.", "pass", address)
    assert received(office, MINE) == ["received", "ready_answer", "ready_answer"]
    mail = mailbox(office, MINE)[-1]
    assert "Auto-Submitted: auto-replied" in mail
    assert "estamos verificando" in mail
    assert ("withheld", "ready_answer", "budget-ticket") in events(office)


def test_a_vacation_notice_is_not_answered(office: Office) -> None:
    use(office, a_rule('on = "reply"; answer = "estamos-verificando"'))
    take(office, "A impressora parou.", "pass")
    take(office, "Estou de férias.", "pass", office.reply_address(MINE), **{"auto-submitted": "auto-replied"})
    assert received(office, MINE) == ["received"]


def test_a_customer_who_wants_no_notices_gets_none(office: Office) -> None:
    use(office, a_rule('on = "reply"; answer = "estamos-verificando"'))
    take(office, "A impressora parou.", "pass")
    take(office, "silenciar", "pass", office.reply_address(MINE))
    before = received(office, MINE)
    take(office, "Ainda parada.", "pass", office.reply_address(MINE))
    assert received(office, MINE) == before


def test_there_is_no_answer_in_another_language_than_the_tickets(office: Office) -> None:
    use(office, a_rule('on = ["new", "reply"]; answer = "estamos-verificando"'), suporte={"locale": "en"})
    take(office, "The printer has stopped.", "pass")
    take(office, "It is still not printing.", "pass", office.reply_address(MINE))
    assert received(office, MINE) == ["received"]
    assert "Thank you for your message" in mailbox(office, MINE)[0]
    assert ("withheld", "ready_answer", "no-ready-answer") in events(office)


# --- replies and statuses -------------------------------------------------------------------------------


def test_a_reply_that_moves_a_ticket_reaches_the_new_queue_by_one_mail(office: Office) -> None:
    use(office, to_vendas(on=("reply",)))
    take(office, "A impressora parou.", "pass")
    take(office, "Melhor uma proposta de impressora nova.", "pass", office.reply_address(MINE))
    assert received(office, CARLA.address) == ["customer_replied"]
    assert received(office, ANA.address) == ["new_ticket"]
    assert "Fila: Vendas Exemplo" in shown(office, CARLA.address, "customer_replied")


def test_an_agent_of_the_old_queue_does_not_keep_a_ticket_that_a_rule_moves(office: Office) -> None:
    use(office, to_vendas(on=("reply",)))
    take(office, "A impressora parou.", "pass")
    office.clerk.order(Order(1, lambda ticket: orders.assign(ticket, office.clerk.rules.policy.agents[0], "x")))
    take(office, "Melhor uma proposta.", "pass", office.reply_address(MINE))
    assert office.ticket(1).ticket.assignee is None
    assert ("assignee", None, "rule:proposta") in events(office)


def test_a_status_that_somebody_sets_is_seen_by_the_rules_for_it(office: Office) -> None:
    rule = a_rule('on = "status"; all = [{ status = "resolved" }]; add_tags = ["feito"]; notify = ["carla@desk.test"]')
    use(office, rule)
    take(office, "A impressora parou.", "pass")
    office.clerk.order(Order(1, lambda ticket: orders.set_status(ticket, "resolved", "shell")))
    assert office.ticket(1).ticket.tags == ("feito",)
    assert received(office, CARLA.address) == ["rule_told"]
    assert "A impressora parou." in shown(office, CARLA.address, "rule_told")


def test_a_ticket_that_is_merged_has_no_new_status_for_the_rules(office: Office) -> None:
    use(office, a_rule('on = "status"; add_tags = ["fechado"]'))
    take(office, "A impressora parou.", "pass")
    take(office, "A impressora parou de novo.", "pass")
    office.clerk.order(Order(2, lambda ticket: orders.merge(ticket, 1, "shell")))
    assert office.ticket(2).ticket.tags == ()


def test_an_agents_reply_asks_no_rule_for_customers(office: Office) -> None:
    use(office, a_rule('on = ["reply"]; add_tags = ["resposta"]'))
    take(office, "A impressora parou.", "pass")
    take(office, "Troque o cabo.", "pass", office.reply_address(ANA.address), **{"from": "Ana <ana@desk.test>"})
    assert office.ticket(1).ticket.tags == ()


def test_what_a_person_has_ordered_stays_as_they_ordered_it(office: Office) -> None:
    use(office, a_rule('on = "status"; all = [{ status = "resolved" }]; set = { priority = "low" }'))
    take(office, "A impressora parou.", "pass")
    words = "Feito.\n#resolver\n#prioridade alta"
    take(office, words, "pass", office.reply_address(ANA.address), **{"from": "Ana <ana@desk.test>"})
    assert office.ticket(1).ticket.priority == "high"


# --- people who are no agents ---------------------------------------------------------------------------

BOSS = "chefe@fora.test"


def figures(*, on: str = "new", **more: Any) -> Rule:
    return a_rule(f'on = "{on}"; notify = ["{BOSS}", "Chefe@fora.test"]', "chefia", **more)


def test_people_outside_get_figures_of_a_ticket_and_neither_words_nor_a_way_in(office: Office) -> None:
    use(office, figures(), a_rule(f'set = {{ priority = "high" }}; notify = ["{BOSS}"]', "outra"))
    take(office, "Meu CPF é 529.982.247-25.", "pass", subject="Segredo da Maria")
    assert received(office, BOSS) == ["rule_figures"]
    (mail,) = mailbox(office, BOSS)
    words = shown(office, BOSS, "rule_figures")
    for line in (
        "A regra “chefia” avisa você do chamado [#1].",
        "Fila: Suporte Exemplo",
        "Prioridade: alta",
        "Status: novo",
        "Aberto em: 3 de março de 2025",
        "O cliente espera desde: 3 de março de 2025",
        "Responsável: ninguém.",
    ):
        assert line in words
    notice = next(row for row in office.run(copies) if row.name == "rule_figures")
    for secret in ("529.982", "Segredo", "maria", "Maria", "ana@desk.test", "http", "#resolver", "ref:"):
        assert secret not in f"{notice.subject} {notice.text} {notice.html} {mail}"
    assert (notice.token_hash, notice.reply_to) == (None, "suporte@desk.test")
    assert "Auto-Submitted: auto-generated" in mail
    assert "X-Auto-Response-Suppress: DR, RN, NRN, OOF, AutoReply" in mail
    assert "\nReferences:" not in mail
    assert [new for kind, _, new, _ in office.events(1) if kind == "told"] == [BOSS]


def test_people_outside_are_told_once_of_each_event(office: Office) -> None:
    use(office, a_rule(f'on = ["new", "reply", "status"]; notify = ["{BOSS}"]', "chefia"))
    take(office, "A impressora parou.", "pass")
    take(office, "Ainda está parada.", "pass", office.reply_address(MINE))
    office.clerk.order(Order(1, lambda ticket: orders.set_status(ticket, "resolved", "shell")))
    assert received(office, BOSS) == ["rule_figures"] * 3
    assert "Status: resolvido" in shown(office, BOSS, "rule_figures")
    take(office, "Voltou a parar.", "pass", office.reply_address(MINE))  # a reply, and another status: one mail
    assert received(office, BOSS) == ["rule_figures"] * 4


def test_people_outside_hear_nothing_of_their_own_mail(office: Office) -> None:
    """A machine that answers in their name without any sign of one would be told of each answer again."""
    use(office, figures())
    take(office, "Estou de férias.", "pass", **{"from": f"Chefe <{BOSS}>"})
    assert received(office, BOSS) == ["received"]


def test_the_reply_of_somebody_outside_is_a_mail_like_any_strangers(office: Office) -> None:
    use(office, figures())
    take(office, "A impressora parou.", "pass")
    take(office, "Qual é o problema?", "pass", **{"from": f"Chefe <{BOSS}>", "subject": "Re: [#1] Aviso da regra"})
    assert office.numbers() == [1, 2]
    assert len(office.ticket(1).messages) == 1


def test_budgets_count_what_people_outside_are_told_apart_for_forgeries(office: Office) -> None:
    use(office, figures(), budget={"automatic_per_sender_per_day": 2})
    for verdict, told in (("none", 2), ("pass", 4)):
        for number in range(4):
            take(office, f"Pedido {number} {verdict}.", verdict)
        assert len(received(office, BOSS)) == told
    assert {reason for kind, what, reason in events(office, 8) if (kind, what) == ("withheld", "rule_figures")} == {
        "budget-person"
    }


def test_an_address_of_ours_that_a_rule_names_gets_no_mail(office: Office) -> None:
    use(office, a_rule('notify = ["vendas+x@desk.test"]'))
    take(office, "A impressora parou.", "pass")
    assert {name for name, to in office.outgoing() if "vendas" in to} == set()


# --- what a rule holds ----------------------------------------------------------------------------------

HOLDS = a_rule('on = ["new", "reply"]; all = [{ words = "golpe" }]; hold = true; add_tags = ["suspeito"]', "suspeito")


def test_a_held_mail_opens_nothing_and_only_those_who_can_release_it_are_told(office: Office) -> None:
    use(office, HOLDS)
    row = take(office, "Isto é um golpe.", "pass")
    assert (row.state, row.outcome, row.reason, row.ticket) == ("held", "held", "rule:suspeito", None)
    assert office.numbers() == []
    assert office.outgoing() == [("rule_held", ANA.address), ("rule_held", BRUNO.address)]
    text = shown(office, ANA.address, "rule_held")
    assert "Isto é um golpe." in text
    assert "só com a palavra ENVIAR" in text


def answer_of(office: Office, person: Any, word: str) -> Any:
    """An agent's reply to the notice of held mail."""
    to = office.reply_address(person.address, None)  # type: ignore[arg-type]
    return take(office, word, "pass", to, **{"from": f"{person.name} <{person.address}>", "subject": "Re: Retido"})


def again(office: Office, number: int) -> Any:
    """The daemon takes up a message that was released."""
    office.settle(office.draft(number))
    return office.row(number)


def test_an_agent_releases_it_and_it_goes_on_like_any_other(office: Office) -> None:
    use(office, HOLDS)
    held = take(office, "Isto é um golpe.", "pass")
    assert answer_of(office, BRUNO, "ENVIAR").reason == "confirmed-by-agent"
    assert again(office, held.id).outcome == "opened"
    assert office.ticket(1).ticket.tags == ("suspeito",)
    assert received(office, ANA.address) == ["rule_held", "new_ticket"]
    assert answer_of(office, ANA, "ENVIAR").reason == "second-word-too-late"
    assert office.numbers() == [1]


def test_an_agent_drops_it_and_a_copy_of_it_asks_nobody_again(office: Office) -> None:
    use(office, HOLDS)
    take(office, "Isto é um golpe.", "pass", message_id="<same@cliente.test>")
    assert answer_of(office, BRUNO, "descartar").reason == "discarded-by-agent"
    assert office.row(1).reason == "discarded-by-agent"
    copy = take(office, "Isto é um golpe.", "pass", "vendas@desk.test", message_id="<same@cliente.test>")
    assert copy.outcome == "duplicate"


def test_a_copy_of_a_held_mail_is_not_held_twice(office: Office) -> None:
    use(office, HOLDS)
    take(office, "Isto é um golpe.", "pass", message_id="<same@cliente.test>")
    copy = take(office, "Isto é um golpe.", "pass", "vendas@desk.test", message_id="<same@cliente.test>")
    assert copy.outcome == "duplicate"
    assert [name for name, _ in office.outgoing()] == ["rule_held", "rule_held"]


def test_other_words_release_nothing_and_reach_no_customer(office: Office) -> None:
    use(office, HOLDS)
    held = take(office, "Isto é um golpe.", "pass")
    answer_of(office, BRUNO, "Parece mesmo um golpe. Vou ligar para ela.")
    assert office.row(held.id).state == "held"
    assert received(office, MINE) == []


def test_a_held_reply_changes_nothing_of_its_ticket(office: Office) -> None:
    use(office, HOLDS)
    take(office, "A impressora parou.", "pass")
    office.clerk.order(Order(1, lambda ticket: orders.set_status(ticket, "pending", "shell")))
    row = take(office, "Isto é um golpe.", "pass", office.reply_address(MINE))
    assert (row.outcome, row.ticket) == ("held", 1)
    assert office.ticket(1).ticket.status == "pending"
    assert len(office.ticket(1).messages) == 1
    assert received(office, ANA.address) == ["new_ticket", "rule_held"]
    answer_of_ticket = take(
        office, "ENVIAR", "pass", office.reply_address(ANA.address), **{"from": "Ana <ana@desk.test>"}
    )
    assert answer_of_ticket.reason == "confirmed-by-agent"
    assert again(office, row.id).outcome == "appended"
    assert office.ticket(1).ticket.status == "open"


# --- counting, and what rules may not do ------------------------------------------------------------------


def fired(office: Office) -> dict[str, int]:
    rows = office.run(lambda c: list(c.execute(select(schema.rule_firing.c.rule, schema.rule_firing.c.count))))
    return {row.rule: row.count for row in rows}


def test_each_match_is_counted_by_rule_and_day(office: Office) -> None:
    use(
        office,
        to_vendas(),
        a_rule('add_tags = ["x"]', "sempre"),
        a_rule('all = [{ words = "nunca" }]; stop = true', "nunca"),
    )
    for _ in range(3):
        take(office, "Quero uma proposta.", "pass")
    take(office, "Olá.", "pass")
    assert fired(office) == {"proposta": 3, "sempre": 4}


def test_the_customers_history_counts_only_what_was_before(office: Office) -> None:
    use(
        office,
        a_rule("all = [{ tickets = 0 }]; add_tags = ['primeiro']"),
        a_rule("all=[{tickets='>=2'}]; add_tags=['fiel']", "b"),
    )
    for _ in range(3):
        take(office, "Olá.", "pass")
    assert [office.ticket(number).ticket.tags for number in (1, 2, 3)] == [("primeiro",), (), ("fiel",)]


def test_the_last_score_is_the_customers_newest(office: Office) -> None:
    use(office, a_rule("all = [{ last_score = '<=2' }]; set = { priority = 'high' }"))
    take(office, "A impressora parou.", "pass")
    office.clerk.order(Order(1, lambda ticket: orders.set_status(ticket, "resolved", "shell")))
    take(office, "1", "pass", office.reply_address(MINE))
    take(office, "Parou outra vez.", "pass")
    assert office.ticket(2).ticket.priority == "high"


@pytest.mark.parametrize("verdict", ["none", "fail", "pass"])
def test_rules_give_no_stranger_a_place_on_a_ticket(office: Office, verdict: str) -> None:
    """Whatever a rule does to a mail that names a ticket of somebody else, its author learns nothing of that ticket."""
    use(office, a_rule('on = ["new", "reply", "status"]; set = { priority = "high" }; answer = "estamos-verificando"'))
    take(office, "O segredo é 42.", "pass")
    before = office.ticket(1).ticket
    eve = {"from": "Eve <eve@longe.test>", "subject": "Re: [#1] Impressora"}
    take(office, "Qual era o segredo?", verdict, **eve)
    assert replace(office.ticket(1).ticket, linked=()) == before
    assert not any("segredo é 42" in mail for mail in mailbox(office, "eve@longe.test"))


def test_without_rules_nothing_is_read_or_written_for_them(office: Office) -> None:
    take(office, "A impressora parou.", "pass")
    assert fired(office) == {}
    assert office.row(1).outcome == "opened"


def test_a_mail_that_an_agent_hands_on_is_asked_about_as_the_customers(office: Office) -> None:
    use(
        office,
        a_rule('all = [{ from = "@cliente.test" }, { words = "proposta" }]; set = { queue = "vendas" }', "proposta"),
    )
    words = (
        "Chegou por telefone.\n\n---------- Forwarded message ---------\nFrom: Maria Souza <maria@cliente.test>\n"
        "Date: Mon, 3 Mar 2025 at 08:00\nSubject: Pedido\nTo: <ana@desk.test>\n\nQuero uma proposta.\n"
    )
    row = take(office, words, "pass", **{"from": "Ana <ana@desk.test>", "subject": "Fwd: Pedido"})
    assert (row.outcome, row.reason) == ("opened", "opened-by-agent")
    assert office.ticket(1).ticket.queue == "vendas"
    assert "new_ticket" in received(office, CARLA.address)


def test_a_mail_to_two_queues_that_a_rule_moves_is_told_once_to_each_person(office: Office) -> None:
    use(office, to_vendas())
    mail = a_message("Quero uma proposta.", to="suporte@desk.test, vendas@desk.test")
    office.take(mail, recipients=("suporte@desk.test", "vendas@desk.test"))
    assert [name for name, to in office.outgoing() if to == BRUNO.address] == ["new_ticket"]
    assert [name for name, to in office.outgoing() if to == CARLA.address] == ["new_ticket"]


def test_old_mail_that_is_imported_asks_no_rule(office: Office) -> None:
    from mailtickets.mail.door import Door

    use(office, a_rule('add_tags = ["x"]; answer = "estamos-verificando"'))
    office.take(a_message("A impressora parou."), door=Door.named("import"))
    assert office.outgoing() == []
    assert office.ticket(1).ticket.tags == ()
