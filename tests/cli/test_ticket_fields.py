"""Fields and types at the shell: set, refused with an example, printed, searched for; and what `check` says of them."""

from pathlib import Path

import pytest

from mailtickets.cli.check.kinds import of_config
from mailtickets.config.load import load
from tests.cli.conftest import Shell
from tests.store.office import Office, a_message

FIELDS = """
[[type]]
name = "troca"
label = { pt_BR = "Troca ou devolução" }
needs = ["pedido", "cpf", "loja", "data"]
[[type]]
name = "incident"
impact = ["one", "many", "all"]
matrix = [["normal"], ["critical"], ["high"]]
[[field]]
name = "pedido"
label = { pt_BR = "número do pedido" }
pattern = "#####-##"
[[field]]
name = "cpf"
kind = "cpf"
[[field]]
name = "loja"
kind = "choice"
choices = ["Centro", "Jardins"]
[[field]]
name = "data"
kind = "date"
types = ["incident"]
[[field]]
name = "filial"
pattern = "###"
"""


@pytest.fixture
def shell(shell: Shell) -> Shell:
    shell.config.write_text(shell.config.read_text("utf-8") + FIELDS, encoding="utf-8")
    return shell


@pytest.fixture(autouse=True)
def ticket(office: Office) -> Office:
    office.take(a_message("Quero trocar a camisa."))
    return office


def test_a_value_is_set_shown_found_and_taken_away(shell: Shell) -> None:
    assert shell.json("ticket", "field", 1, "número do pedido", "1234567")["fields"] == {"pedido": "12345-67"}
    shell.json("ticket", "field", 1, "cpf", "529.982.247-25")
    assert shell.json("ticket", "show", 1)["fields"] == {"pedido": "12345-67", "cpf": "52998224725"}
    assert "  pedido: 12345-67\n" in shell.run("ticket", "show", 1)[1]
    for words in ("1234567", "12345-67", "529.982.247-25", "52998224725"):
        assert [found["number"] for found in shell.json("ticket", "search", words)] == [1], words
    assert shell.json("ticket", "list")[0]["fields"] == {"pedido": "12345-67", "cpf": "52998224725"}
    assert shell.json("ticket", "field", 1, "pedido", "-")["fields"] == {"cpf": "52998224725"}
    assert shell.json("ticket", "search", "1234567") == []


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("pedido", "123", "'123' is no pattern that pedido accepts: for example 12345-67"),
        ("cpf", "529.982.247-26", "for example 529.982.247-25"),
        ("loja", "Morumbi", "for example Centro, Jardins"),
        ("data", "amanhã", "for example 2026-03-25"),
        ("ordem", "1", "there is no field 'ordem': pedido, cpf, loja, data, filial, impact, urgency"),
        ("impact", "all", "ticket 1 has no levels of impact: its type is not known"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_an_example(shell: Shell, name: str, value: str, said: str) -> None:
    status, _, error = shell.run("ticket", "field", 1, name, value)
    assert status == 1
    assert said in error
    assert shell.json("ticket", "show", 1)["fields"] == {}


def test_a_type_is_set_by_its_name_or_label(shell: Shell) -> None:
    assert shell.json("ticket", "type", 1, "troca ou devolucao")["type"] == "troca"
    assert shell.json("ticket", "type", 1, "incidente")["type"] == "incident"
    assert shell.json("ticket", "field", 1, "impact", "várias pessoas")["priority"] == "critical"
    status, _, error = shell.run("ticket", "field", 1, "impact", "metade")
    assert (status, "'metade' is none of one, many, all" in error) == (1, True)
    assert shell.json("ticket", "type", 1, "-")["type"] is None
    status, _, error = shell.run("ticket", "type", 1, "reclamação")
    assert status == 1
    assert "there is no type 'reclamação': troca, incident, question, request" in error


def test_check_says_what_is_never_asked_for_hardly_found_or_surprising(shell: Shell) -> None:
    config = load(shell.config)
    lines = {(line.about, line.verdict): line.text for line in of_config(config)}
    assert lines["type.0", "ok"] == "troca: needs pedido, cpf, loja, data; no levels of impact or urgency"
    assert "a higher level gives a lower priority" in lines["type.1.matrix", "warning"]
    assert "the field data is for incident alone, and not for troca" in lines["type.0.needs.3", "warning"]
    assert "data is asked for only where others are known" in lines["type.0.needs", "warning"]
    assert "counts only where the field's name stands before it" in lines["field.4.pattern", "ok"]


def test_check_says_which_type_no_rule_gives_to_new_mail(shell: Shell) -> None:
    texts = [line.text for line in of_config(load(shell.config))]
    assert any("no rule gives new mail the type troca" in text for text in texts)
    rule = '[[rule]]\nname = "trocas"\nall = [{ words = ["troca"] }]\nset = { type = "troca" }\n'
    shell.config.write_text(shell.config.read_text("utf-8") + rule, encoding="utf-8")
    texts = [line.text for line in of_config(load(shell.config))]
    assert not any("no rule gives new mail" in text for text in texts)


def test_check_says_that_strangers_are_asked_nothing_where_no_evidence_is_believed(shell: Shell) -> None:
    def said() -> list[str]:
        return [line.text for line in of_config(load(shell.config)) if line.about == "type"]

    text = shell.config.read_text("utf-8")
    assert "authserv_id" not in text
    assert len(said()) == 1
    assert "only customers who are known already are asked" in said()[0]
    shell.config.write_text(f'{text}\n[smtp_in]\nauthserv_id = "mx.desk.test"\n', encoding="utf-8")
    assert said() == []


def test_explain_says_which_values_a_mail_has_and_what_is_asked(shell: Shell, tmp_path: Path) -> None:
    rule = '[[rule]]\nname = "trocas"\nall = [{ words = ["troca"] }]\nset = { type = "troca" }\n'
    shell.config.write_text(shell.config.read_text("utf-8") + rule, encoding="utf-8")
    file = tmp_path / "troca.eml"
    file.write_bytes(a_message("Quero a troca do pedido 54321-09.", message_id="<t@cliente.test>"))
    explained = shell.json("explain", file)
    assert explained["fields"] == [{"name": "pedido", "value": "54321-09", "reason": "found-in-mail"}]
    assert "field     pedido: 54321-09  (found-in-mail)" in shell.run("explain", file)[1]
