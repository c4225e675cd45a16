"""Values of fields as people type them."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtickets.words.forms import Form, spellings
from tests.test_linear import SUPERLINEAR, growth, lines_of

TABLE = Path(__file__).with_name("forms_as_written.txt")
ROWS = [
    [cell.strip() for cell in line.split("|")]
    for line in TABLE.read_text("utf-8").splitlines()
    if line and not line.startswith("# ")
]
FORMS = [
    Form("pattern", "#####-##"),
    Form("pattern", "PED-@@####"),
    Form("cpf"),
    Form("cnpj"),
    Form("date"),
    Form("choice", choices=("Centro", "São Paulo")),
    Form("attachment"),
]


def form_of(name: str) -> Form:
    if name in {"cpf", "cnpj", "date"}:
        return Form(name)  # type: ignore[arg-type]
    return Form("choice", choices=tuple(name.split("/"))) if "/" in name else Form("pattern", name)


@pytest.mark.parametrize(("form", "text", "values"), ROWS)
def test_what_is_found_in_a_text(form: str, text: str, values: str) -> None:
    found = form_of(form).occurrences(text)
    assert " ".join(f"{one.value}{'' if one.certain else '?'}" for one in found) == values


@pytest.mark.parametrize(
    ("form", "typed", "value"),
    [
        (FORMS[0], " 12345-67. ", "12345-67"),
        (FORMS[0], "1234567", "12345-67"),
        (FORMS[0], "pedido 12345-67", None),
        (FORMS[0], "12345-67 e mais", None),
        (FORMS[0], "", None),
        (FORMS[2], "529.982.247-25", "52998224725"),
        (FORMS[2], "529.982.247-26", None),
        (FORMS[3], "12.abc.345/01de-35", "12ABC34501DE35"),
        (FORMS[4], "3 de março de 2025", "2025-03-03"),
        (FORMS[4], "amanhã", None),
        (FORMS[5], "sao paulo", "São Paulo"),
        (FORMS[5], "Campinas", None),
        (FORMS[6], "foto.jpg", "foto.jpg"),
    ],
)
def test_what_is_typed_alone(form: Form, typed: str, value: str | None) -> None:
    assert form.read(typed) == value


@pytest.mark.parametrize("form", FORMS[:4] + FORMS[5:6])
def test_an_example_is_a_value(form: Form) -> None:
    assert form.read(form.example()) is not None


def test_the_ways_to_look_for_a_value() -> None:
    assert spellings("12345-67") == ("12345-67", "1234567")
    assert spellings("52998224725") == ("52998224725", "529.982.247-25")
    assert spellings("São Paulo") == ("São Paulo", "SÃOPAULO")


@given(st.text() | st.text(alphabet="0123456789.-/ \nab12@#"))
def test_no_text_raises_and_every_value_is_one_when_read_again(text: str) -> None:
    for form in FORMS:
        form.read(text)
        for one in form.occurrences(text):
            assert form.read(one.value) == one.value
            assert form.shown(one.value)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("piece", ["1", "12345-67 ", "1.", "a1", "1/2/2025 ", "centro ", "529.982.247-25 ", "12 ABC "])
def test_a_text_twice_as_long_takes_twice_the_lines(form: Form, piece: str) -> None:
    def work(text: str) -> None:
        list(form.occurrences(text))
        form.read(text)

    assert growth(lambda times: lines_of(work, piece * times), 40) <= SUPERLINEAR
