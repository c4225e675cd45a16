"""What the value of a field looks like, and how it is read: an order number, a CPF, a CNPJ, a date, a choice.

In: text as people type it. Out: the value in one form, whatever punctuation, blanks or case it was typed with: a
pattern as configured, CPF and CNPJ without punctuation, a date as ISO 8601, a choice as configured.
Fails with: nothing; None for what is no such value. Limits: time is linear in the text.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import cycle
from typing import Literal

from mailtickets.words import dates
from mailtickets.words.check_digits import is_cnpj, is_cpf, shown_cnpj, shown_cpf
from mailtickets.words.fold import ascii_in_place, folded, letters_in_place
from mailtickets.words.secrets import is_card

FieldForm = Literal["pattern", "cpf", "cnpj", "date", "choice", "attachment"]

DIGIT, LETTER = "#", "@"
MAX_PATTERN = 40
"""Characters of a pattern."""
CERTAIN = 5
"""A value with fewer characters than this is found only where its name stands before it."""
_DIGITS, _LETTERS = "1234567890", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_SEPARATOR = r"[ .\-/–\0]"
_NOT_INSIDE = r"(?<!\w)(?<!#)(?<![0-9][.\-/–])"
_NOT_FOLLOWED = r"(?!\w|[.\-/–][0-9])"
_CPF = r"[0-9]{3}[. ]?[0-9]{3}[. ]?[0-9]{3}[-. /]?[0-9]{2}"
_CNPJ = r"[0-9a-z]{2}[. ]?[0-9a-z]{3}[. ]?[0-9a-z]{3}[/ ]?[0-9a-z]{4}[- ]?[0-9]{2}"
_BARE = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class FoundValue:
    """A value, and where it stands in a text."""

    start: int
    value: str
    certain: bool = True
    """It is hardly anything else; False: it counts only where something announces it."""


@dataclass(frozen=True, slots=True)
class Form:
    """The form of a field's values."""

    kind: FieldForm
    pattern: str = ""
    choices: tuple[str, ...] = ()

    def read(self, text: str) -> str | None:
        """The value, where the whole text is one."""
        bare = text.strip(" \t.,;:!\"'“”()<>*")
        if self.kind == "attachment":
            return bare or None
        if self.kind == "choice":
            return next((choice for choice in self.choices if folded(choice) == folded(bare)), None)
        found = next(self.occurrences(bare), None)
        whole = found is not None and found.start == 0 and _letters(bare) == self._length_of(found, bare)
        return found.value if found and whole else None

    def occurrences(self, text: str) -> Iterator[FoundValue]:
        """The values in a text, in its order."""
        match self.kind:
            case "date":
                yield from (FoundValue(at, day.isoformat()) for at, day in dates.days_in(text))
            case "choice":
                yield from _choices_in(text, self.choices)
            case "attachment":
                return
            case _:
                yield from self._numbers(text)

    def _numbers(self, text: str) -> Iterator[FoundValue]:
        for match in compiled(self.kind, self.pattern).finditer(ascii_in_place(text)):
            value = _canonical(self, match[0])
            if value is not None:
                yield FoundValue(match.start(), value, self.kind != "pattern" or _size(self.pattern) >= CERTAIN)

    def _length_of(self, found: FoundValue, text: str) -> int:
        """How many letters and digits of the text a value takes that was found in it."""
        return _letters(text) if self.kind == "date" else _letters(found.value)

    def shown(self, value: str) -> str:
        """The value as people write it."""
        if self.kind == "cpf" and is_cpf(value):
            return shown_cpf(value)
        return shown_cnpj(value) if self.kind == "cnpj" and is_cnpj(value) else value

    def example(self) -> str:
        """A value to show as an example, where the configuration gives none."""
        match self.kind:
            case "cpf":
                return "529.982.247-25"
            case "cnpj":
                return "11.222.333/0001-81"
            case "pattern":
                return _filled(self.pattern)
            case "choice":
                return self.choices[0] if self.choices else ""
            case _:
                return ""


def spellings(value: str) -> tuple[str, ...]:
    """The ways to look for a value: as it is, without punctuation, and as a CPF or CNPJ is written."""
    bare = _BARE.sub("", value).upper() or value
    written = shown_cpf(bare) if is_cpf(bare) else shown_cnpj(bare) if is_cnpj(bare) else value
    return tuple(dict.fromkeys((value, bare, written)))


@lru_cache(maxsize=256)
def compiled(kind: FieldForm, pattern: str) -> re.Pattern[str]:
    """The pattern of a CPF, a CNPJ or a configured pattern, for text as `ascii_in_place` gives it."""
    inner = {"cpf": _CPF, "cnpj": _CNPJ}.get(kind) or _translated(pattern)
    return re.compile(f"{_NOT_INSIDE}{inner}{_NOT_FOLLOWED}")


def _translated(pattern: str) -> str:
    """`#####-##` -> five digits, a sign or none, two digits. Blanks and signs between may be others, or be missing."""
    parts, gap = list[str](), False
    for sign in pattern:
        if sign not in (DIGIT, LETTER) and not sign.isalnum():
            gap = bool(parts)
            continue
        parts.append(f"{_SEPARATOR}{{0,3}}" if gap else "")
        parts.append({DIGIT: "[0-9]", LETTER: "[a-z]"}.get(sign, re.escape(sign.lower())))
        gap = False
    return "".join(parts)


def _size(pattern: str) -> int:
    return sum(sign in (DIGIT, LETTER) or sign.isalnum() for sign in pattern)


def _letters(text: str) -> int:
    return sum(letter.isalnum() for letter in text)


def _canonical(form: Form, found: str) -> str | None:
    bare = _BARE.sub("", found).upper()
    if form.kind == "cpf":
        return bare if is_cpf(bare) else None
    if form.kind == "cnpj":
        return bare if is_cnpj(bare) else None
    if is_card(bare):
        return None  # whoever sends one did not mean to give it to us
    return _laid_out(form.pattern, bare)


def _laid_out(pattern: str, bare: str) -> str:
    """The letters and digits of a value, with the signs and in the case of its pattern."""
    signs, laid_out = iter(bare), []
    for place in pattern:
        taken = next(signs) if place in (DIGIT, LETTER) or place.isalnum() else place
        laid_out.append(taken if place in (DIGIT, LETTER) else place)
    return "".join(laid_out)


def _filled(pattern: str) -> str:
    """An example of a pattern: digits and letters in their order."""
    signs = {DIGIT: cycle(_DIGITS), LETTER: cycle(_LETTERS)}
    return "".join(next(signs[place]) if place in signs else place for place in pattern)


def _choices_in(text: str, choices: tuple[str, ...]) -> Iterator[FoundValue]:
    """Choices said in a text, as whole words. They count only where something announces them."""
    searched = " ".join(letters_in_place(text).split(" "))
    found = [
        FoundValue(match.start(), choice, certain=False)
        for choice in choices
        for match in whole_words(choice).finditer(searched)
    ]
    yield from sorted(found, key=lambda one: one.start)


@lru_cache(maxsize=1024)
def whole_words(expression: str) -> re.Pattern[str]:
    """An expression as whole words, for text as `letters_in_place` gives it."""
    words = r"\s{1,3}".join(map(re.escape, letters_in_place(expression).split()))
    return re.compile(rf"(?<![\w]){words}(?![\w])")
