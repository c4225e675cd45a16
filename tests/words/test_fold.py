"""Each folding by what it makes of the same words."""

from collections.abc import Callable

import pytest

from mailtickets.words.fold import (
    ascii_in_place,
    caseless,
    folded,
    folded_name,
    letters_in_place,
    plain,
    plain_line,
)


@pytest.mark.parametrize(
    ("fold", "text", "wanted"),
    [
        (caseless, "Não,  AÇÃO ß", "nao,  acao ss"),
        (folded, " Não,\n AÇÃO ", "nao, acao"),
        (folded, "no\u200bta", "no\u200bta"),
        (folded_name, "Em-Atendimento_já", "em atendimento ja"),
        (plain, "It’s  Não\u200d ß", "it's  nao ß"),
        (plain_line, " Won’t  be back\u200b até\n5ª ", "won't be back ate 5a"),
        (letters_in_place, "Péssimo ½ ẞ", "pessimo ½ ß"),
        (ascii_in_place, "Ｒef\u00ad: É\u2003x\u2028", "ref\0: É x\n"),
        (ascii_in_place, "Re\u00adf\u00a0É", "re\0f É"),
    ],
)
def test_what_a_folding_makes_of_words(fold: Callable[[str], str], text: str, wanted: str) -> None:
    assert fold(text) == wanted


@pytest.mark.parametrize("fold", [letters_in_place, ascii_in_place])
def test_a_folding_in_place_changes_no_places(fold: Callable[[str], str]) -> None:
    text = "".join(map(chr, [*range(0xD800), *range(0xE000, 0x30000)]))
    assert len(fold(text)) == len(text)
    assert all(len(fold(letter)) == 1 for letter in text)
