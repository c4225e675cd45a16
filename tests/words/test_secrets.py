"""Card numbers and passwords are found, and nothing else is taken for them."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtickets.words.check_digits import is_cnpj, is_cpf, passes_luhn, shown_cnpj, shown_cpf
from mailtickets.words.secrets import is_card, masked, secrets
from tests.test_linear import SUPERLINEAR, growth, lines_of

TABLE = Path(__file__).with_name("secrets_as_written.txt")


def _rows() -> list[tuple[str, str]]:
    lines = [line for line in TABLE.read_text("utf-8").splitlines() if line and not line.startswith("# ") and line[0]]
    rows = []
    for line in lines:
        said, _, shown = line.partition(" => ") if " => " in line else (line.removesuffix(" =="), "", "")
        said = said.rstrip().replace("⏎", "\n")
        rows.append((said, shown.replace("⏎", "\n") or said))
    return rows


ROWS = _rows()


def test_the_table_is_long_enough_and_has_no_row_twice() -> None:
    assert len(ROWS) >= 60
    assert len({said for said, _ in ROWS}) == len(ROWS)


@pytest.mark.parametrize(("said", "shown"), ROWS)
def test_a_text_as_written_and_as_shown(said: str, shown: str) -> None:
    assert masked(said) == shown


@pytest.mark.parametrize(("said", "shown"), ROWS)
def test_words_around_it_change_nothing(said: str, shown: str) -> None:
    assert masked(f"Bom dia,\n\n{said}\n\nObrigada, Maria") == f"Bom dia,\n\n{shown}\n\nObrigada, Maria"


@given(st.text())
def test_no_text_raises_and_what_is_masked_is_masked_once(text: str) -> None:
    once = masked(text)
    assert masked(once) == once


@given(st.text(alphabet="0123456789 .-\n\0>4") | st.text(alphabet='senha:= \nab1"é'))
def test_texts_of_digits_and_names_raise_nothing(text: str) -> None:
    places = [(secret.start, secret.stop) for secret in secrets(text)]
    assert places == sorted(places)
    assert all(start < stop <= len(text) for start, stop in places)


@pytest.mark.parametrize(
    "piece",
    [
        "4111 ",
        "4111 1111 1111 1111 ",
        "41\n",
        "1-",
        "senha: ",
        "senha:\n",
        "senha é ",
        "senha da ",
        "pin:1 ",
        "senha a1b2c3 ",
        "senha\na1b2c3\n",
        "senha nova ",
        "4111\n\n",
        "user senha ",
        "senha: abcd ",
        "pin is 1234 ",
    ],
)
def test_a_text_twice_as_long_takes_twice_the_lines(piece: str) -> None:
    assert growth(lambda times: lines_of(masked, piece * times), 40) <= SUPERLINEAR


# --- check digits -------------------------------------------------------------------------------------
#
# By hand. CPF 529.982.247-25: 5·10 + 2·9 + 9·8 + 9·7 + 8·6 + 2·5 + 2·4 + 4·3 + 7·2 = 295, 295 mod 11 = 9, 11 - 9 = 2;
# 5·11 + 2·10 + 9·9 + 9·8 + 8·7 + 2·6 + 2·5 + 4·4 + 7·3 + 2·2 = 347, 347 mod 11 = 6, 11 - 6 = 5.
# CNPJ 11.222.333/0001-81: 1·5 + 1·4 + 2·3 + 2·2 + 2·9 + 3·8 + 3·7 + 3·6 + 0 + 0 + 0 + 1·2 = 102, mod 11 = 3, 8;
# 1·6 + 1·5 + 2·4 + 2·3 + 2·2 + 3·9 + 3·8 + 3·7 + 0 + 0 + 0 + 1·3 + 8·2 = 120, mod 11 = 10, 1.
# CNPJ 12.ABC.345/01DE-35, the example of Receita Federal (A = 17 ... E = 21):
# 1·5 + 2·4 + 17·3 + 18·2 + 19·9 + 3·8 + 4·7 + 5·6 + 0·5 + 1·4 + 20·3 + 21·2 = 459, mod 11 = 8, 3;
# 1·6 + 2·5 + 17·4 + 18·3 + 19·2 + 3·9 + 4·8 + 5·7 + 0·6 + 1·5 + 20·4 + 21·3 + 3·2 = 424, mod 11 = 6, 5.


@pytest.mark.parametrize("number", ["52998224725", "11144477735", "00000000191", "12345678909"])
def test_a_cpf(number: str) -> None:
    assert is_cpf(number)


@pytest.mark.parametrize(
    "number",
    [
        "52998224724",
        "52998224735",
        "11111111111",
        "00000000000",
        "5299822472",
        "529982247250",
        "5299822472x",
        "",
        "５２９９８２２４７２５",
    ],
)
def test_no_cpf(number: str) -> None:
    assert not is_cpf(number)


@pytest.mark.parametrize("number", ["11222333000181", "00000000000191", "12ABC34501DE35"])
def test_a_cnpj(number: str) -> None:
    assert is_cnpj(number)


@pytest.mark.parametrize(
    "number",
    ["11222333000182", "11222333000191", "12ABC34501DE36", "12abc34501de35", "12ABC34501DEA5", "00000000000000",
     "1122233300018", "112223330001811", "", "12ÁBC34501DE35"],
)  # fmt: skip
def test_no_cnpj(number: str) -> None:
    assert not is_cnpj(number)


def test_how_they_are_shown() -> None:
    assert shown_cpf("52998224725") == "529.982.247-25"
    assert shown_cnpj("12ABC34501DE35") == "12.ABC.345/01DE-35"


def test_luhn() -> None:
    # 7992739871 and its check digit 3: 7 + 9 + 9·2-9 ... = 70.
    assert passes_luhn("79927398713")
    assert not passes_luhn("79927398710")
    assert is_card("4111111111111111")
    assert not is_card("79927398713")
