"""The tables `[[type]]` and `[[field]]`: what is wrong with them is said by its key."""

from pathlib import Path

import pytest

from mailtickets.config.load import load
from mailtickets.config.models import Config
from mailtickets.config.places import ConfigError
from tests.test_config import LEAST

FIELD = '[[field]]\nname = "pedido"\npattern = "#####-##"\n'
KIND = '[[type]]\nname = "troca"\n'
ONE_ALL = KIND + 'impact = ["one", "all"]\n'
WHOLE = """
[[type]]
name = "troca"
label = { pt_BR = "Troca" }
needs = ["pedido", "loja"]
impact = ["one", "all"]
urgency = ["low", "normal", "high"]
matrix = [["low", "low", "normal"], ["normal", "high", "critical"]]
impact_words = { all = ["ninguém consegue"] }
level_labels = { all = { pt_BR = "todos" } }
[[field]]
name = "pedido"
label = { pt_BR = "número do pedido" }
pattern = "#####-##"
example = "12345-67"
queues = ["suporte"]
types = ["troca", "incident"]
[[field]]
name = "loja"
kind = "choice"
choices = ["Centro", "Jardins"]
ask = { pt_BR = "em que loja você comprou?" }
"""


def loaded(tmp_path: Path, text: str) -> Config:
    file = tmp_path / "config.toml"
    file.write_text(LEAST + text, encoding="utf-8")
    return load(file)


def problems(tmp_path: Path, text: str) -> dict[str, str]:
    with pytest.raises(ConfigError) as found:
        loaded(tmp_path, text)
    return dict(found.value.problems)


def test_whole_tables_are_read(tmp_path: Path) -> None:
    config = loaded(tmp_path, WHOLE)
    assert config.type[0].matrix[1] == ("normal", "high", "critical")
    assert config.field[0].called("en") == "número do pedido"
    assert config.type[0].said("impact")["all"] == ("ninguém consegue",)
    assert "urgente" in config.type[0].said("urgency")["high"]


MISTAKES = {
    "a field that is not there": (KIND + 'needs = ["pedidos"]\n' + FIELD, "type.0.needs.0", "no field 'pedidos'"),
    "two types of a name": (KIND + KIND, "type.1.name", "'troca' means type.0"),
    "a label that means another type": (
        KIND + '[[type]]\nname = "b"\nlabel = { en = "Troca" }', "type.1.name", "'troca' means type.0"),
    "two fields of a name": (FIELD + FIELD, "field.1.name", "'pedido' means field.0"),
    "one level": (KIND + 'impact = ["all"]', "type.0.impact", "two to 9 different levels"),
    "a level twice": (KIND + 'impact = ["all", "all"]', "type.0.impact", "two to 9 different levels"),
    "words for no level": (
        ONE_ALL + 'impact_words = { some = ["x"] }', "type.0.impact_words.some", "no level"),
    "empty words": (
        ONE_ALL + 'impact_words = { all = [" "] }', "type.0.impact_words.all", "words were"),
    "a label for no level": (KIND + 'level_labels = { all = { en = "x" } }', "type.0.level_labels.all", "no"),
    "a matrix without levels": (KIND + 'matrix = [["low"]]', "type.0.matrix", "impact or urgency is missing"),
    "a matrix of another shape": (
        KIND + 'impact = ["one", "all"]\nmatrix = [["low", "high"]]', "type.0.matrix", "2 rows of 1 priorities"),
    "a priority that is none": (
        KIND + 'impact = ["one", "all"]\nmatrix = [["low"], ["top"]]', "type.0.matrix.1.0", "'critical'"),
    "no pattern": ('[[field]]\nname = "a"', "field.0.pattern", "a # for each digit"),
    "a pattern without places": ('[[field]]\nname = "a"\npattern = "abc"', "field.0.pattern", "a # for each digit"),
    "a pattern for a CPF": ('[[field]]\nname = "a"\nkind = "cpf"\npattern = "#"', "field.0.pattern", "not for 'cpf'"),
    "one choice": ('[[field]]\nname = "a"\nkind = "choice"\nchoices = ["x"]', "field.0.choices", "two or more"),
    "choices that are the same": (
        '[[field]]\nname = "a"\nkind = "choice"\nchoices = ["São", "sao"]', "field.0.choices", "different"),
    "choices for a pattern": (FIELD + 'choices = ["x", "y"]', "field.0.choices", 'kind = "choice"'),
    "an example that does not fit": (FIELD + 'example = "123"', "field.0.example", "'123' is no pattern"),
    "a CPF with a wrong digit": (
        '[[field]]\nname = "a"\nkind = "cpf"\nexample = "529.982.247-26"', "field.0.example", "no cpf"),
    "an unknown queue": (FIELD + 'queues = ["compras"]', "field.0.queues.0", "no queue 'compras'"),
    "an unknown type": (FIELD + 'types = ["troca"]', "field.0.types.0", "no type 'troca'"),
    "a reserved name": ('[[field]]\nname = "impact"\npattern = "#"', "field.0.name", "levels of impact"),
    "an unknown kind": ('[[field]]\nname = "a"\nkind = "regex"', "field.0.kind", "'pattern'"),
    "a field for a password": ('[[field]]\nname = "senha"\npattern = "#"', "field.0.name", "never asked for"),
    "a label for a card": (FIELD + 'label = { pt_BR = "Número do cartão" }', "field.0.label", "never asked for"),
    "a question for a password": (FIELD + 'ask = { en = "your password, please" }', "field.0.ask", "never asked for"),
    "a question for a security code": (FIELD + 'ask = { es = "código de seguridad" }', "field.0.ask", "never asked"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_said_by_its_key(tmp_path: Path, mistake: str) -> None:
    text, key, said = MISTAKES[mistake]
    found = problems(tmp_path, text)
    assert said in found.get(key, ""), found
