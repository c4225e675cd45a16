"""Fields, from the mail that says them to the mails that ask for them and show them, in everybody's mailbox."""

from pathlib import Path
from typing import Any

import pytest

from mailtickets.config.load import load
from mailtickets.desk.commands import orders
from mailtickets.desk.model.policy import Policy
from mailtickets.gateway.drafting.order import Order
from mailtickets.mail.read.outline import outline as outlined
from mailtickets.store.read import search
from mailtickets.store.read.reader import within
from mailtickets.views.tickets import as_json
from tests.desk.builders import ANA
from tests.store.conftest import *  # noqa: F403
from tests.store.office import Office, a_message, copies, with_file
from tests.store.test_who_receives import MINE, mailbox, received, shown, take

EXAMPLE = "529.982.247-25"
CONFIG = """
[instance]
name = "exemplo"
hostname = "mail.desk.test"
[smtp_in]
listen = ["127.0.0.1:0"]
[delivery]
method = "maildir"
[trust]
agents = "token"
[[queue]]
name = "suporte"
addresses = ["suporte@desk.test"]
display_name = "Suporte Exemplo"
locale = "auto"
[[agent]]
name = "Ana Lima"
address = "ana@desk.test"
queues = ["suporte"]
[[agent]]
name = "Bruno Castro"
address = "bruno@desk.test"
queues = ["suporte"]

[[type]]
name = "troca"
label = { pt_BR = "Troca ou devolução", en = "Return", es = "Cambio o devolución" }
needs = ["pedido", "cpf", "loja", "foto"]
[[type]]
name = "incident"
label = { pt_BR = "Incidente grave" }
impact = ["one", "many", "all"]
urgency = ["low", "normal", "high"]

[[field]]
name = "pedido"
label = { pt_BR = "número do pedido", en = "order number", es = "número del pedido" }
pattern = "#####-##"
example = "12345-67"
[[field]]
name = "cpf"
label = { pt_BR = "CPF", en = "CPF", es = "CPF" }
kind = "cpf"
[[field]]
name = "loja"
label = { pt_BR = "loja", en = "shop", es = "tienda" }
kind = "choice"
choices = ["Centro", "Jardins"]
[[field]]
name = "foto"
label = { pt_BR = "foto do produto", en = "photo of the product", es = "foto del producto" }
kind = "attachment"

[[rule]]
name = "trocas"
all = [{ words = ["troca", "return", "cambio"] }]
set = { type = "troca" }
[[rule]]
name = "incidentes"
all = [{ words = ["fora do ar", "não consegue", "is down", "caiu", "lento"] }]
set = { type = "incident" }
"""


BASE = CONFIG.partition("[[rule]]")[0]
RULES_ON_VALUES = """
[[rule]]
name = "jardins"
all = [{ field = { loja = ["jardins"] } }]
add_tags = ["jardins"]
[[rule]]
name = "fotos"
all = [{ words = ["quebrou"] }]
ask = ["foto"]
"""


def _file(directory: Path, text: str) -> Path:
    file = directory / "config.toml"
    file.write_text(text, encoding="utf-8")
    return file


@pytest.fixture
def policy(tmp_path: Path) -> Policy:
    return Policy.of(load(_file(tmp_path, CONFIG)))


@pytest.fixture
def office(office: Office, policy: Policy) -> Office:
    office.use(policy)
    return office


def fields(office: Office, number: int = 1) -> dict[str, Any]:
    found: dict[str, Any] = as_json(office.ticket(number).ticket)["fields"]
    return found


def found(office: Office, words: str) -> list[int]:
    numbers: list[int] = office.run(lambda c: search.find(within(c), words, after=None, limit=10))
    return numbers


def commanded(office: Office, text: str, number: int = 1) -> Any:
    to = office.reply_address(ANA.address, number)
    return take(office, text, "pass", to, **{"from": "Ana <ana@desk.test>", "subject": "Re: x"})


def replied(office: Office, text: str, verdict: str = "pass", **changes: Any) -> Any:
    return take(office, text, verdict, office.reply_address(MINE), subject="Re: [#1] Troca", **changes)


# --- asked for once, in the acknowledgement -----------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        (
            "Bom dia, quero fazer uma troca da camisa que comprei com vocês na semana passada, porque ficou pequena.",
            ["1) número do pedido (exemplo: 12345-67)", f"2) CPF (exemplo: {EXAMPLE})", "3) loja (Centro, Jardins)"],
        ),
        (
            "Good morning, I would like to return the shirt that I bought from you last week because it is too small.",
            ["1) order number (example: 12345-67)", f"2) CPF (example: {EXAMPLE})", "3) shop (Centro, Jardins)"],
        ),
        (
            "Buenos días, quiero hacer el cambio de la camisa que compré con ustedes la semana pasada, es muy chica.",
            ["1) número del pedido (ejemplo: 12345-67)", f"2) CPF (ejemplo: {EXAMPLE})", "3) tienda (Centro, Jardins)"],
        ),
    ],
)  # fmt: skip
def test_what_is_missing_is_asked_for_once_at_most_three_numbered_with_an_example(
    office: Office, text: str, asked: list[str]
) -> None:
    take(office, text, "pass")
    (mail,) = mailbox(office, MINE)
    acknowledgement = shown(office, MINE, "received")
    assert [line for line in acknowledgement.splitlines() if line[:2] in {"1)", "2)", "3)", "4)"}] == asked
    html = office.run(lambda c: [row.html for row in copies(c) if row.name == "received"])[0]
    for line in asked:
        number, _, words = line.partition(") ")
        label, _, hint = words.partition(" (")
        assert f"{number})</td>" in html
        assert f"<b>{label}</b> ({hint}" in html
    replied(office, "Não tenho nada disso aqui.")
    take(office, "Alguma coisa mais?", "pass", office.reply_address(MINE), subject="Re: [#1] x")
    assert received(office, MINE) == ["received"]
    assert mail.count("Auto-Submitted: auto-replied") == 1
    assert ("asked", None, "pedido cpf loja", "asked-in-acknowledgement") in office.events(1)


def test_what_the_mail_says_is_not_asked_for(office: Office) -> None:
    take(office, "Quero a troca do pedido 54321-09. Meu CPF é 111.444.777-35. Comprei na loja Jardins.", "pass")
    assert fields(office) == {"pedido": "54321-09", "cpf": "11144477735", "loja": "Jardins"}
    acknowledgement = shown(office, MINE, "received")
    assert "1) foto do produto (em anexo)" in acknowledgement
    assert "2)" not in acknowledgement
    assert "Você não precisa fazer mais nada" not in acknowledgement
    assert "54321-09" not in acknowledgement


def test_who_has_said_all_is_asked_for_nothing(office: Office) -> None:
    take(office, "Bom dia, onde fica a loja de vocês?", "pass")
    assert "Você não precisa fazer mais nada" in shown(office, MINE, "received")
    assert "1)" not in shown(office, MINE, "received")
    assert not [event for event in office.events(1) if event[0] == "asked"]


def test_numbered_answers_are_matched_to_what_was_asked(office: Office) -> None:
    take(office, "Quero fazer uma troca.", "pass")
    row = replied(office, "1) 54321-09\n2) 11144477735\n3) Jardins\n\nObrigada!")
    assert row.outcome == "appended"
    assert fields(office) == {"pedido": "54321-09", "cpf": "11144477735", "loja": "Jardins"}
    assert ("field", None, "pedido=54321-09", "answered-what-was-asked") in office.events(1)
    agents = shown(office, ANA.address, "customer_replied")
    assert "Número do pedido: 54321-09" in agents
    assert "CPF: 111.444.777-35" in agents
    assert "Falta saber: foto do produto" in agents


def test_any_answer_moves_on_and_agents_see_what_is_open(office: Office) -> None:
    take(office, "Quero fazer uma troca.", "pass")
    assert "Falta saber: número do pedido, CPF, loja e foto do produto" in shown(office, ANA.address, "new_ticket")
    row = replied(office, "Já joguei a nota fora, desculpe.")
    assert (row.outcome, office.ticket(1).ticket.status) == ("appended", "new")
    assert fields(office) == {}
    assert "Falta saber: número do pedido, CPF" in shown(office, ANA.address, "customer_replied")


def test_our_own_example_that_comes_back_in_a_quote_is_no_answer(office: Office) -> None:
    take(office, "Quero fazer uma troca.", "pass")
    replied(office, "1) número do pedido (exemplo: 12345-67)\n2) 529.982.247-25")
    assert fields(office) == {}


def test_without_an_acknowledgement_nothing_is_asked_and_agents_see_it(office: Office) -> None:
    take(office, "Quero fazer uma troca.", "pass", precedence="bulk", auto_submitted="auto-generated")
    assert received(office, MINE) == []
    assert not [event for event in office.events(1) if event[0] == "asked"]
    assert "Falta saber: número do pedido" in shown(office, ANA.address, "new_ticket")


def test_a_stranger_whom_nobody_vouches_for_is_asked_for_nothing(office: Office) -> None:
    """Anybody can write in somebody's name, and our mail must not ask that person for their CPF."""
    take(office, "Quero fazer uma troca.", "none")
    assert received(office, MINE) == ["received"]
    assert "CPF" not in mailbox(office, MINE)[0]
    assert "1)" not in shown(office, MINE, "received")
    assert not [event for event in office.events(1) if event[0] == "asked"]


def test_beyond_the_budget_nothing_counts_as_asked(office: Office) -> None:
    take(office, "Quero fazer uma troca.", "pass")
    for text in ("Outra troca, por favor.", "Mais uma troca, sim."):
        take(office, text, "pass", subject="Outra")
    asked = [number for number in office.numbers() if any(event[0] == "asked" for event in office.events(number))]
    acknowledged = {row.ticket for row in office.run(copies) if row.name == "received"}
    assert set(asked) == acknowledged


# --- forged mail --------------------------------------------------------------------------------------


def test_forged_mail_neither_sets_fields_of_a_ticket_nor_makes_us_say_them(office: Office) -> None:
    take(office, "Quero a troca do pedido 54321-09, CPF 111.444.777-35.", "pass")
    before = len(mailbox(office, MINE))
    for verdict in ("none", "fail", "temperror"):
        take(office, "1) 99999-99\n3) Centro", verdict, subject="Re: [#1] Troca")
    eves = {"from": "Eve <eve@longe.test>"}
    take(office, "Qual é o pedido? [#1] 1) 99999-99 troca", "pass", subject="Re: [#1] Troca", **eves)
    assert fields(office) == {"pedido": "54321-09", "cpf": "11144477735"}
    for mail in (*mailbox(office, "eve@longe.test"), *mailbox(office, MINE)[before:]):
        assert "54321-09" not in mail
        assert "111.444.777-35" not in mail


def test_customers_are_never_told_what_we_know_of_them(office: Office) -> None:
    take(office, "Quero a troca do pedido 54321-09.", "pass")
    commanded(office, "#campo cpf 111.444.777-35\n\nBom dia! Já vamos ver.")
    replied(office, "status")
    for mail in mailbox(office, MINE):
        assert "111.444.777-35" not in mail
        assert "11144477735" not in mail


# --- agents and operators -----------------------------------------------------------------------------


def test_an_agent_sets_changes_and_removes_a_value_by_command(office: Office) -> None:
    take(office, "Quero fazer uma troca.", "pass")
    row = commanded(office, "#campo número do pedido: 5432109\n#campo cpf 11144477735")
    assert row.outcome == "commanded", row.reason
    assert fields(office) == {"pedido": "54321-09", "cpf": "11144477735"}
    receipt = shown(office, ANA.address, "receipt")
    assert "número do pedido: 54321-09" in receipt
    assert "CPF: 111.444.777-35" in receipt
    commanded(office, "#campo pedido -")
    assert fields(office) == {"cpf": "11144477735"}


@pytest.mark.parametrize(
    ("typed", "shown_there"),
    [
        ("#campo pedido 123", "#campo pedido 12345-67"),
        ("#campo cpf 111.111.111-11", "#campo cpf 529.982.247-25"),
        ("#campo loja Morumbi", "#campo loja Centro"),
        ("#campo pedidu 12345-67", "#campo pedido"),
        ("#impacto todos", "#tipo"),
    ],
)
def test_a_wrong_value_is_refused_with_an_example(office: Office, typed: str, shown_there: str) -> None:
    take(office, "Quero fazer uma troca.", "pass")
    commanded(office, typed)
    assert fields(office) == {}
    assert shown_there in shown(office, ANA.address, "returned")


def test_undo_takes_a_value_back(office: Office) -> None:
    take(office, "Quero a troca do pedido 54321-09.", "pass")
    commanded(office, "#campo pedido 11111-22")
    assert fields(office)["pedido"] == "11111-22"
    commanded(office, "#desfazer")
    assert fields(office)["pedido"] == "54321-09"


def test_a_ticket_is_found_by_its_values_with_or_without_punctuation(office: Office) -> None:
    take(office, "Quero fazer uma troca.", "pass")
    take(office, "Outra coisa: troca.", "pass", subject="Outra")
    commanded(office, "#campo pedido 54321-09\n#campo cpf 111.444.777-35")
    for words in ("54321-09", "5432109", "54321 09", "111.444.777-35", "11144477735", "111444777-35"):
        assert found(office, words) == [1], words
    commanded(office, "#campo pedido -")
    assert found(office, "5432109") == []


def test_a_merged_tickets_values_go_over_and_are_found_there(office: Office) -> None:
    take(office, "Quero a troca do pedido 54321-09.", "pass")
    take(office, "Troca de novo, CPF 111.444.777-35.", "pass", subject="De novo")
    office.clerk.order(Order(1, lambda ticket: orders.merge(ticket, 2, "ops")))
    assert fields(office, 2) == {"cpf": "11144477735", "pedido": "54321-09"}
    assert found(office, "5432109") == [2]
    assert ("field", None, "pedido=54321-09", "merged") in office.events(2)


# --- types --------------------------------------------------------------------------------------------


def test_a_type_of_ones_own_is_shown_by_its_label_and_set_by_it(office: Office) -> None:
    take(office, "Quero fazer uma troca.", "pass")
    assert "Tipo: Troca ou devolução" in shown(office, ANA.address, "new_ticket")
    commanded(office, "#tipo incidente grave")
    assert office.ticket(1).ticket.type == "incident"
    assert "Tipo: Incidente grave (antes: Troca ou devolução)" in shown(office, ANA.address, "receipt")
    commanded(office, "#tipo troca ou devolucao")
    assert office.ticket(1).ticket.type == "troca"
    commanded(office, "#tipo trocca")
    assert "#tipo troca" in shown(office, ANA.address, "returned")


def test_a_removed_type_leaves_its_tickets_readable(office: Office, policy: Policy) -> None:
    from dataclasses import replace

    take(office, "Quero a troca do pedido 54321-09.", "pass")
    office.use(replace(policy, kinds=(), fields=(), configured=()))
    replied(office, "Alguma notícia?")
    agents = shown(office, ANA.address, "customer_replied")
    assert "Tipo: troca" in agents
    assert "Pedido: 54321-09" in agents
    assert "Falta saber" not in agents


def test_rules_see_the_values_and_what_they_ask_for_is_asked_too(
    office: Office, policy: Policy, tmp_path: Path
) -> None:
    from dataclasses import replace

    seen, asks = load(_file(tmp_path, BASE + RULES_ON_VALUES)).rule
    office.use(replace(policy, configured=(seen, asks)))
    take(office, "A caneca da loja Jardins quebrou.", "pass")
    assert office.ticket(1).ticket.tags == ("jardins",)
    assert "1) foto do produto (em anexo)" in shown(office, MINE, "received")
    assert "Falta saber: foto do produto" in shown(office, ANA.address, "new_ticket")


# --- priority from impact and urgency -----------------------------------------------------------------


@pytest.mark.parametrize(
    "line", ["#campo impact=all", "#campo impacto: todos", "#field urgency=high\n#field impact=all"]
)
def test_impact_and_urgency_are_fields_to_agents_too(office: Office, line: str) -> None:
    take(office, "Bom dia, nada funciona desde ontem.")
    commanded(office, "#tipo incident")
    row = commanded(office, line)
    assert row.reason != "command-not-understood"
    assert fields(office)["impact"] == "all"


@pytest.mark.parametrize("typed", ["pedido=54321-09", "pedido:54321-09", "pedido= 54321-09", "pedido =54321-09"])
def test_a_name_and_a_value_need_no_blank_between(office: Office, typed: str) -> None:
    take(office, "Bom dia, quero trocar um produto.")
    commanded(office, f"#campo {typed}")
    assert fields(office)["pedido"] == "54321-09"


def test_the_customers_words_give_impact_urgency_and_priority(office: Office) -> None:
    take(office, "O sistema caiu e ninguém consegue vender. É urgente!", "pass")
    assert fields(office) == {"impact": "all", "urgency": "high"}
    assert office.ticket(1).ticket.priority == "critical"
    assert ("field", None, "impact=all", "said-by-customer") in office.events(1)
    assert ("priority", None, "critical", "impact-and-urgency") in office.events(1)
    agents = shown(office, ANA.address, "new_ticket")
    assert "Prioridade: crítica" in agents
    assert "Impacto: todos" in agents
    assert "Urgência: alta" in agents


def test_the_priority_follows_what_agents_say(office: Office) -> None:
    take(office, "O sistema está lento.", "pass")
    assert office.ticket(1).ticket.priority == "normal"
    commanded(office, "#impacto todos")
    assert office.ticket(1).ticket.priority == "high"
    assert "Prioridade: alta (antes: média)" in shown(office, ANA.address, "receipt")
    commanded(office, "#urgência alta")
    assert office.ticket(1).ticket.priority == "critical"
    commanded(office, "#impacto uma pessoa\n#urgência baixa")
    assert office.ticket(1).ticket.priority == "low"


def test_a_priority_set_by_hand_stays_and_the_receipt_and_the_history_say_so(office: Office) -> None:
    take(office, "O sistema está lento.", "pass")
    commanded(office, "#impacto todos")
    commanded(office, "#prioridade baixa")
    commanded(office, "#urgência alta")
    assert office.ticket(1).ticket.priority == "low"
    assert "continua baixa, que foi definida à mão" in shown(office, ANA.address, "receipt")
    assert ("priority-kept", None, "critical", "priority-by-hand") in office.events(1)


def test_an_operator_sets_levels_on_the_shell(office: Office) -> None:
    take(office, "O sistema está lento.", "pass")
    office.clerk.order(Order(1, lambda ticket: orders.set_field(ticket, "impact", "all", "ops")))
    assert office.ticket(1).ticket.priority == "high"


# --- nothing configured, nothing done -----------------------------------------------------------------


def test_a_configuration_of_before_works_as_before(office: Office, policy: Policy) -> None:
    from dataclasses import replace

    office.use(replace(policy, kinds=(), fields=(), configured=()))
    take(office, "Quero a troca do pedido 54321-09, é urgente, ninguém consegue.", "pass")
    assert fields(office) == {}
    assert {event[0] for event in office.events(1)} <= {"opened", "message", "withheld"}
    assert "Você não precisa fazer mais nada" in shown(office, MINE, "received")


# --- what was said before -----------------------------------------------------------------------------

OF_RETURNS = CONFIG.replace('example = "12345-67"', 'example = "12345-67"\ntypes = ["troca"]').replace(
    'kind = "attachment"', 'kind = "attachment"\ntypes = ["troca"]'
)


@pytest.fixture
def typed(office: Office, tmp_path: Path) -> Office:
    """Orders and photos belong to returns alone."""
    office.use(Policy.of(load(_file(tmp_path, OF_RETURNS))))
    return office


def test_a_type_that_an_agent_sets_later_has_what_the_customer_said_before(typed: Office) -> None:
    take(typed, "A camisa ficou pequena. Pedido 54321-09.", "pass")
    assert "54321-09" not in str(fields(typed))
    commanded(typed, "#tipo troca")
    assert fields(typed)["pedido"] == "54321-09"
    receipt = shown(typed, ANA.address, "receipt")
    assert "Tipo: Troca ou devolução" in receipt
    assert "número do pedido: 54321-09" in receipt.casefold()
    replied(typed, "E a outra?")
    notice = shown(typed, ANA.address, "customer_replied")
    assert "54321-09" in notice
    assert "foto do produto" in notice
    assert received(typed, MINE) == ["received"]


def test_a_later_mail_counts_too_unless_somebody_else_may_have_written_it(typed: Office) -> None:
    take(typed, "A camisa ficou pequena.", "pass")
    replied(typed, "É o pedido 99999-99.", "fail")
    replied(typed, "É o pedido 54321-09.")
    commanded(typed, "#tipo troca")
    assert fields(typed)["pedido"] == "54321-09"


def test_what_an_agent_has_written_is_no_value_of_the_customers(typed: Office) -> None:
    take(typed, "A camisa ficou pequena.", "pass")
    commanded(typed, "É o pedido 54321-09?")
    commanded(typed, "#tipo troca")
    assert "pedido" not in fields(typed)


def test_undo_takes_back_what_a_type_has_brought(typed: Office) -> None:
    take(typed, "A camisa ficou pequena. Pedido 54321-09.", "pass")
    commanded(typed, "#tipo troca")
    commanded(typed, "#desfazer")
    assert typed.ticket(1).ticket.type is None
    assert "pedido" not in fields(typed)


# --- mail that cannot be read -------------------------------------------------------------------------


def test_a_mail_that_cannot_be_read_is_no_file_that_was_asked_for(typed: Office) -> None:
    number = typed.keep(a_message("Quero uma troca."))
    unread = typed.received(number)
    typed.settle(typed.clerk.draft(unread, outlined(unread.raw), "reading-failed"))
    assert typed.row(number).outcome == "unparsed"
    assert "foto" not in fields(typed)
    commanded(typed, "#tipo troca")
    assert typed.ticket(1).ticket.type == "troca"
    assert "foto" not in fields(typed)


def test_a_mail_that_cannot_be_read_has_no_file_for_rules(typed: Office, tmp_path: Path) -> None:
    rule = '[[rule]]\nname = "arquivo"\nall = [{ attachment = true }]\nadd_tags = ["arquivo"]\n'
    typed.use(Policy.of(load(_file(tmp_path, OF_RETURNS + rule))))
    unread = typed.received(typed.keep(a_message("Quero uma troca.")))
    typed.settle(typed.clerk.draft(unread, outlined(unread.raw), "reading-failed"))
    assert typed.ticket(1).ticket.tags == ()
    typed.take(with_file())
    assert typed.ticket(2).ticket.tags == ("arquivo",)
