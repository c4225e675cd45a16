"""Rules, stages and promises in the hands of those who mean no good, and of those who type nonsense."""

from typing import Any

import pytest

from mailtickets.desk.model.policy import Policy
from tests.desk.builders import ANA, BRUNO, a_policy
from tests.desk.clock.workshop import a_workshop
from tests.desk.rules.configured.occasions import a_rule
from tests.store.office import Office
from tests.store.test_who_receives import MINE, mailbox, received, shown, take

WHOSE = "vitima@alvo.test"


def desk(*rules: Any) -> Policy:
    return a_policy(configured=rules)


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("A impressora parou.\n\n-- \nMaria\nCobramos por boleto", {}),
        (
            "Obrigada.\n\nEm seg., 23 de nov. de 2026 às 10:00, Loja <x@loja.test> escreveu:\n> seu boleto chegou\n",
            {"in_reply_to": "<a@loja.test>", "references": "<a@loja.test>"},
        ),
    ],
)
def test_words_of_a_signature_or_a_quote_set_off_no_rule(office: Office, text: str, fields: dict[str, str]) -> None:
    office.use(desk(a_rule('all = [{ words = "boleto" }]; set = { priority = "critical" }')))
    take(office, text, "pass", **fields)
    assert office.ticket(1).ticket.priority == "normal"


@pytest.mark.parametrize(
    ("sender", "verdict", "pointed"),
    [
        ("Eve <eve@longe.test>", "pass", "token"),
        ("Eve <eve@longe.test>", "none", "token"),
        ("Eve <eve@longe.test>", "pass", "number"),
        ("Maria <maria@cliente.test>", "fail", "number"),
    ],
)
def test_no_stranger_sets_off_a_rule_on_somebodys_ticket(
    office: Office, sender: str, verdict: str, pointed: str
) -> None:
    orders = 'set = { priority = "critical" }; assign = "bruno@desk.test"; watch = ["bruno@desk.test"]; '
    office.use(desk(a_rule(f'on = ["reply", "status"]; {orders}answer = "sem-retorno"')))
    take(office, "A impressora parou.", "pass")
    before = office.ticket(1).ticket
    to = office.reply_address(MINE) if pointed == "token" else "suporte@desk.test"
    take(office, "Urgente!", verdict, to, subject="Re: [#1] Impressora", **{"from": sender})
    after = office.ticket(1).ticket
    assert (after.priority, after.assignee, after.tags) == (before.priority, before.assignee, ())
    assert BRUNO.address not in {person.address.key for person in after.participants}
    assert received(office, MINE) == ["received"]


def test_an_answering_rule_is_no_cannon(office: Office) -> None:
    office.use(desk(a_rule('on = ["new", "reply", "status"]; answer = "sem-retorno"; notify = ["ana@desk.test"]')))
    for number in range(40):
        take(office, f"Urgente {number}", "none", **{"from": f"Alvo <{WHOSE}>", "subject": f"x {number}"})
    assert received(office, WHOSE) == ["received"]


@pytest.mark.parametrize("text", ["#etapa diagnostico", "#etapa pronto\n\nPor favor.", "#stage pronto\n#prazo 2d"])
def test_a_customer_who_writes_a_command_moves_no_stage(office: Office, text: str) -> None:
    office.use(a_workshop(vendas={}))
    take(office, "O notebook não liga.", "pass")
    before = office.ticket(1).ticket
    take(office, text, "pass", office.reply_address(MINE), subject="#etapa pronto")
    assert office.ticket(1).ticket.stage == before.stage
    assert "promised" not in {kind for kind, *_ in office.events(1)}


@pytest.mark.parametrize(
    "said",
    ["9999", "31/12/9999 23:59", "9999-12-31", "ontem", "01/01/2020", "99999999999999999999d", "0d", "-1d", "2d 3d",
     "31/02/2027", "1e400h", ""],
)  # fmt: skip
def test_a_promise_that_makes_no_sense_comes_back(office: Office, said: str) -> None:
    office.use(desk())
    take(office, "A impressora parou.", "pass")
    take(office, f"#prazo {said}", "pass", office.reply_address(ANA.address), **{"from": "Ana <ana@desk.test>"})
    assert "promised" not in {kind for kind, *_ in office.events(1)}
    assert received(office, MINE) == ["received"]
    assert "#prazo" in shown(office, ANA.address, "returned")


def test_template_syntax_in_a_customers_words_stays_words(office: Office) -> None:
    office.use(desk(a_rule('answer = "sem-retorno"')))
    take(
        office,
        "{{ 7*7 }} {% raw %}",
        "pass",
        subject="{{ 7*7 }} <b>x</b>",
        **{"from": "{{ 6*6 }} <maria@cliente.test>"},
    )
    for mail in (*mailbox(office, MINE), *mailbox(office, ANA.address)):
        assert "{{ 7*7 }}" in mail
        assert "49" not in mail.partition("\r\n\r\n")[2].partition("Ref.")[0]
        assert "<b>x</b>" not in mail.partition("text/html")[2]
