"""Numbers that carry check digits: CPF and CNPJ of Brazil, and payment cards.

Owns: the arithmetic, and how the numbers are written. A CNPJ may have letters: Receita Federal gives such numbers out
since July 2026 (Instrução Normativa RFB 2.229/2024; Nota Técnica COCAD/SUARA/RFB 49/2024). Each character counts as
its ASCII code less 48, so that a CNPJ of digits alone has the check digits that it always had.
Fails with: nothing; False for what is no such number.
"""

from itertools import cycle

CPF_DIGITS = 11
CNPJ_CHARACTERS = 14


def is_cpf(number: str) -> bool:
    """Whether eleven digits, without punctuation, are a CPF. The same digit eleven times is none."""
    if len(number) != CPF_DIGITS or not _is_digits(number) or len(set(number)) == 1:
        return False
    first = _modulo_11(number[:9], range(10, 1, -1))
    return number[9:] == first + _modulo_11(number[:9] + first, range(11, 1, -1))


def is_cnpj(number: str) -> bool:
    """Whether fourteen characters, without punctuation and in capitals, are a CNPJ: twelve digits or letters, and two
    check digits."""
    body, end = number[:12], number[12:]
    if len(number) != CNPJ_CHARACTERS or not (body.isascii() and body.isalnum() and body == body.upper()):
        return False
    if not _is_digits(end) or len(set(number)) == 1:
        return False
    first = _modulo_11(body, (5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2))
    return end == first + _modulo_11(body + first, (6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2))


def passes_luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of the others (ISO/IEC 7812-1, annex B)."""
    weighed = (int(digit) * weight for digit, weight in zip(reversed(digits), cycle((1, 2)), strict=False))
    return sum(value - 9 if value > 9 else value for value in weighed) % 10 == 0


def shown_cpf(number: str) -> str:
    """`52998224725` -> `529.982.247-25`"""
    return f"{number[:3]}.{number[3:6]}.{number[6:9]}-{number[9:]}"


def shown_cnpj(number: str) -> str:
    """`12ABC34501DE35` -> `12.ABC.345/01DE-35`"""
    return f"{number[:2]}.{number[2:5]}.{number[5:8]}/{number[8:12]}-{number[12:]}"


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _modulo_11(characters: str, weights: range | tuple[int, ...]) -> str:
    """The check digit. The remainders 0 and 1 give 0."""
    rest = sum((ord(c) - 48) * weight for c, weight in zip(characters, weights, strict=True)) % 11
    return str(11 - rest if rest > 1 else 0)
