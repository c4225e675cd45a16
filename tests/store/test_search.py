"""Words are found whatever their accents and case, and no word is an operator. The same on both databases."""

import pytest

from mailtickets.store.read import search as read_search
from mailtickets.store.read.reader import within
from tests.store.office import Office, a_message, with_file


def find(office: Office, words: str, after: int | None = None, limit: int = 10) -> list[int]:
    found: list[int] = office.run(lambda c: read_search.find(within(c), words, after=after, limit=limit))
    return found


@pytest.fixture
def library(office: Office) -> Office:
    """1: não and ação; 2: a-b and AND; 3: names, quotes and an emoji."""
    texts = ["Não funciona a ação do botão", 'Modelo a-b, AND "aspas" C++', "Łódź straße naïve \U0001f389 conexão_wifi"]
    for number, text in enumerate(texts):
        office.take(a_message(text, message_id=f"<{number}@x.test>", subject=f"Assunto {number}"))
    return office


FOUND = {
    "Não": [1],
    "nao": [1],
    "NAO ACAO": [1],
    "ac\u0327a\u0303o": [1],
    "func": [1],
    "unciona": [],
    "nao modelo": [],
    "a-b": [2, 1],
    "AND": [2],
    "and OR not": [],
    '"aspas"': [2],
    "'aspas'": [2],
    "c++": [3, 2, 1],
    "assunto": [3, 2, 1],
    "strasse": [3],
    "NAIVE": [3],
    "wifi": [3],
    "conexao_wifi": [3],
    "maria cliente": [3, 2, 1],
    "suporte@desk.test": [],
    "maria@cliente.test": [3, 2, 1],
    "2": [3, 2],
    "\U0001f389": [],
    "": [],
    "*": [],
    "_": [],
    "words:nao": [],
    "nao:*": [1],
    "nao & !botao": [1],
    "NEAR(nao botao)": [],
    "(": [],
    "\\": [],
    "nao\0botao": [1],
}


def test_words_are_found(library: Office) -> None:
    assert {words: find(library, words) for words in FOUND} == FOUND


def test_what_is_found_comes_newest_first_in_pages(library: Office) -> None:
    assert find(library, "assunto", limit=2) == [3, 2]
    assert find(library, "assunto", after=2) == [1]


def test_a_ticket_is_found_once_however_many_of_its_messages_have_the_word(library: Office) -> None:
    library.take(a_message("Não, não!", message_id="<r@x.test>", subject="[#1]"))
    assert find(library, "nao") == [1]


def test_a_ticket_is_found_by_the_name_of_a_file_and_by_its_number(library: Office) -> None:
    library.take(with_file("orçamento 2025.pdf").replace(b"<m1@", b"<m9@"))
    assert find(library, "orcamento") == [4]
    assert find(library, "4 orcamento") == [4]


@pytest.mark.parametrize("looked_at", [2, 4, 2_000])
def test_words_are_found_however_far_back_and_however_common(
    office: Office, monkeypatch: pytest.MonkeyPatch, looked_at: int
) -> None:
    for number in range(1, 13):
        rare = {3: "cabideiro", 4: "cabide_azul"}.get(number, "")
        half = "par" if number % 2 == 0 else "ímpar"
        office.take(a_message(f"Dia {half} {rare}", message_id=f"<{number}@x.test>", subject=f"n{number}"))
    monkeypatch.setattr(read_search, "_AT_ONCE", looked_at)
    monkeypatch.setattr(read_search, "_RARE", 0.6)
    found = {words: find(office, words, limit=20) for words in ("dia", "par", "cabide", "dia cabide", "dia par cabide")}
    assert found == {
        "dia": list(range(12, 0, -1)),
        "par": [12, 10, 8, 6, 4, 2],
        "cabide": [4, 3],
        "dia cabide": [4, 3],
        "dia par cabide": [4],
    }
    assert find(office, "par", after=10, limit=2) == [8, 6]
    assert find(office, "impar n1", limit=20) == [11, 1]
    assert find(office, "nunca dia") == []


def test_a_very_long_mail_and_a_very_long_query_are_cut(library: Office) -> None:
    long = " ".join(f"palavra{number}" for number in range(6_000))
    library.take(a_message(long, message_id="<l@x.test>"))
    assert find(library, "palavra4000") == [4]
    assert find(library, "palavra5999") == []
    assert find(library, " ".join(["palavra1"] * 500)) == [4]


def test_folding_takes_accents_and_case_away() -> None:
    assert read_search.words_of("Não, AÇÃO: d'Água nº 5ª") == ["nao", "acao", "d", "agua", "no", "5a"]


def test_no_more_than_the_beginning_of_a_huge_text_is_folded() -> None:
    assert len("".join(read_search.words_of("á " * 1_000_000))) <= read_search.MAX_CHARACTERS
