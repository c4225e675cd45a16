"""Card numbers and passwords in what people write: where they stand, and the text without them.

Owns: what counts as the number of a payment card (length, first digits, check digit, how it is grouped), and how
people write a password or a security code into a mail (`words/lists/passwords.toml`). Order numbers, telephone
numbers, boleto lines, access keys of invoices, IBANs, tracking codes and links stay as they are.
Fails with: nothing. Limits: time is linear in the text.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache

from mailtickets.words import shipped
from mailtickets.words.check_digits import is_cnpj, passes_luhn
from mailtickets.words.edits import Edit, edited, without_overlaps
from mailtickets.words.fold import ascii_in_place, letters_in_place

HIDDEN = "••••••"
"""Stands where a password or a security code stood."""
_CARD = "•••• "
"""Stands before the last four digits of a card."""


def masked(text: str) -> str:
    """The text without card numbers and passwords."""
    return edited(text, secrets(text))


def secrets(text: str) -> Sequence[Edit]:
    """Where card numbers and passwords stand, and what is shown instead; in order and without overlaps."""
    return without_overlaps((*_cards(text), *_passwords(text)))


def is_card(digits: str) -> bool:
    """Whether 13 to 19 digits, without blanks, are the number of a payment card. A CNPJ is none."""
    if not 13 <= len(digits) <= 19 or not _is_issued(digits) or not passes_luhn(digits):
        return False
    return not is_cnpj(digits)


# --- cards --------------------------------------------------------------------------------------------

_ISSUERS: tuple[tuple[int, int, frozenset[int]], ...] = (
    (4, 4, frozenset({13, 16, 19})),  # Visa, Elo
    (51, 55, frozenset({16})),  # Mastercard
    (2221, 2720, frozenset({16})),
    (34, 34, frozenset({15})),  # American Express
    (37, 37, frozenset({15})),
    (300, 305, frozenset({14})),  # Diners Club
    (36, 36, frozenset({14, 16, 19})),
    (38, 39, frozenset({14, 16})),
    (3528, 3589, frozenset({16, 17, 18, 19})),  # JCB
    (3841, 3841, frozenset({13, 16, 19})),  # Hipercard
    (50, 50, frozenset({16, 17, 18, 19})),  # Maestro, Elo, Aura
    (56, 58, frozenset({16, 17, 18, 19})),
    (6, 6, frozenset({16, 17, 18, 19})),  # Maestro, Elo, Hipercard, Discover, UnionPay, RuPay
    (81, 82, frozenset({16})),  # RuPay
    (2200, 2204, frozenset({16})),  # Mir
    (9792, 9792, frozenset({16})),  # Troy
)
"""The first and the last prefix of an issuer's numbers, and how many digits these have (ISO/IEC 7812)."""

_GAP = r"(?:[ \0]{1,2}|[ \0]?[.\-‐‑–—][ \0]?|[ \0]{0,2}\n[> \0]{0,3}(?:\n[> \0]{0,3})?)"
_RUN = re.compile(rf"(?<![a-z0-9])[0-9]+(?:{_GAP}[0-9]+)*+")
_GROUP = re.compile(r"[0-9]+")
_GROUPINGS = frozenset({
    (4, 4, 4, 4), (4, 4, 4, 4, 1), (4, 4, 4, 4, 2), (4, 4, 4, 4, 3), (4, 6, 5), (4, 6, 4), (4, 3, 3, 3), (8, 8),
    (4, 4, 8), (4, 8, 4), (8, 4, 4), (6, 10), (4, 12), (4, 11), (4, 10),
})  # fmt: skip
"""How cards are written in groups; a group of 13 to 19 digits may stand alone."""
_MOST_GROUPS = 5
_JOINS = frozenset(".-‐‑–—")
"""Signs between the groups of one number."""
_CENTS = re.compile(r",[0-9]{1,6}(?![0-9])")
_PAYMENT_LINES = frozenset({44, 47, 48})
"""How many digits the access key of an invoice (44), a boleto (47) and a bill (48) have."""
_CHAIN = 6
"""So many groups of four in a row are an access key or an IBAN."""
_IBAN = re.compile(r"[a-z]{2}[0-9]{2}[ \0.\-]{0,2}\Z")
_LINK = re.compile(r"://|www\.|@")
_WORD_END = re.compile(r"[\s\0<>\"'()\[\]]")
_WINDOW = 200


def _cards(text: str) -> Iterator[Edit]:
    searched = ascii_in_place(text)
    for run in _RUN.finditer(searched):
        if run.end() - run.start() >= 13:
            yield from _cards_in(searched, run.start(), run.end())


def _cards_in(searched: str, start: int, stop: int) -> Iterator[Edit]:
    """The cards in digits that only blanks, dots, hyphens and line ends divide."""
    if _IBAN.search(searched[max(0, start - 8) : start]) or searched[start - 1 : start] == "+":
        return
    groups = [found.span() for found in _GROUP.finditer(searched, start, stop)]
    lengths = [last - first for first, last in groups]
    payment = _in_payment_lines(searched, groups)
    at = 0
    while at < len(groups):
        size = 0 if at in payment else _card_at(searched, groups, lengths, at)
        if size:
            last = groups[at + size - 1][1]
            yield Edit(groups[at][0], last, _CARD + _digits(searched, groups[at : at + size])[-4:])
        at += size or 1


def _in_payment_lines(searched: str, groups: Sequence[tuple[int, int]]) -> frozenset[int]:
    """The groups that are a boleto, a bill or an access key: all the groups of one line, or groups of four in a row."""
    found: set[int] = set()
    line: list[int] = []
    for number, (_, last) in enumerate(groups):
        line.append(number)
        following = groups[number + 1][0] if number + 1 < len(groups) else len(searched)
        if number + 1 == len(groups) or "\n" in searched[last:following]:
            if sum(groups[n][1] - groups[n][0] for n in line) in _PAYMENT_LINES:
                found.update(line)
            line = []
    row: list[int] = []
    for number, (first, last) in enumerate([*groups, (0, 0)]):
        if last - first == 4:
            row.append(number)
            continue
        if len(row) >= _CHAIN:
            found.update(row)
        row = []
    return frozenset(found)


def _card_at(searched: str, groups: Sequence[tuple[int, int]], lengths: Sequence[int], at: int) -> int:
    """Of how many groups the card is that begins at this group; 0: no card begins here."""
    for size in range(min(_MOST_GROUPS, len(groups) - at), 0, -1):
        shape = tuple(lengths[at : at + size])
        known = shape in _GROUPINGS if size > 1 else 13 <= shape[0] <= 19
        if not known or not is_card(_digits(searched, groups[at : at + size])):
            continue
        gaps = [searched[groups[n][1] : groups[n + 1][0]] for n in range(at, at + size - 1)]
        broken = sum("\n" in gap for gap in gaps)
        if len({gap.strip(" \0") for gap in gaps if "\n" not in gap}) > 1 or broken not in {0, 1, len(gaps)}:
            continue
        if broken > 1 and _are_short_numbers(searched, groups[at][0]):
            continue
        if not _is_part(searched, groups, at, size):
            return size
    return 0


def _are_short_numbers(searched: str, at: int) -> bool:
    """Whether the word before the first of some numbers, one a line, says that they are no card."""
    before = searched[max(0, at - _WINDOW) : at].rstrip(" \n>\0:*-")
    return _WORD_END.split(before)[-1] in shipped.words("passwords", "short_numbers")


def _is_part(searched: str, groups: Sequence[tuple[int, int]], at: int, size: int) -> bool:
    """Whether the digits are a part of something longer: of a word, a decimal, a composed number, a link."""
    first, last = groups[at][0], groups[at + size - 1][1]
    if at and searched[groups[at - 1][1] : first].strip(" \0") in _JOINS:
        return True
    if at + size < len(groups) and searched[last : groups[at + size][0]].strip(" \0") in _JOINS - {"-"}:
        return True
    after, before = searched[last : last + 2], searched[max(0, first - 1) : first]
    if after[:1].isalnum() or after[:1] in {"_", "@", "%"} or before in {"_", "%", "/", "#"}:
        return True
    if _CENTS.match(searched, last):
        return True
    return bool(_LINK.search(_word_before(searched, first)))


def _word_before(searched: str, at: int) -> str:
    """What stands before this place without a blank between."""
    return _WORD_END.split(searched[max(0, at - _WINDOW) : at])[-1]


def _digits(searched: str, groups: Sequence[tuple[int, int]]) -> str:
    return "".join(searched[first:last] for first, last in groups)


def _is_issued(digits: str) -> bool:
    return any(
        first <= int(digits[: len(str(first))]) <= last and len(digits) in lengths for first, last, lengths in _ISSUERS
    )


# --- passwords ----------------------------------------------------------------------------------------


def _any_of(entry: str) -> str:
    """A pattern of the expressions of one list, the longest first."""
    names = sorted(shipped.words("passwords", entry), key=lambda name: (-len(name), name))
    return "|".join(re.escape(name).replace("_", "[ _]") for name in names)


_CALLED = re.compile(rf"(?<![\w-])(?:{_any_of('passwords')})(?![\w-])")
_CODE = re.compile(
    rf"(?<![\w-])(?:{_any_of('codes')})(?![\w-])"
    rf"(?:[ \t:=\0.]{{1,3}}| (?:{_any_of('verbs')}) :?)([0-9]{{3,8}})(?!\w|[.,][0-9])"
)
_BETWEEN = re.compile(rf"(?:[ /\0]{{1,2}}(?:{_any_of('between')})(?![\w-])){{0,6}}+")
_SIGN = re.compile(r"[ \t\0]{0,3}\*{0,2}[ \t\0]{0,3}(?:[:=]|->|=>)\*{0,2}[ \t\0]{0,4}")
"""Gmail writes bold words with asterisks in the text of a mail: `*Senha:* abc123`."""
_DASH = re.compile(r"[ \t\0]{1,3}[-–—|][ \t\0]{1,3}")
"""Also what stands between the cells of a table."""
_VERB = re.compile(rf"(?:[ \0]{{1,2}}(?:{_any_of('verbs')})|['’]s)[ \0]{{1,2}}:?[ \0]{{0,2}}")
_PLAIN = re.compile(rf"(?:[ \0]{{1,2}}(?:{_any_of('of_a_password')})(?![\w-]))?[ \t\0]{{1,3}}[(\[<]?")
_OWNED = re.compile(r"\b(?:usuario|user|username|login)\b|\b(?:mi|my) *\Z")
"""What makes a password of `pass` and `clave`, which are other things too."""
_DATE = re.compile(r"(?:19|20)[0-9]{6}|[0-9]{4}(?:19|20)[0-9]{2}")
_COUNTED = re.compile(r"[0-9]+-[a-z]+(?:-[a-z]+)*")
"""`8-digit` is no password."""
_GROUPS_OF_LETTERS = re.compile(r"[a-z]{4}(?: [a-z]{4}){3}[ \t]*(?=\n|\0|\Z)")
"""Passwords that Google makes for one program."""
_VALUE = re.compile(r"[\"“'‘«]([^\n\0\"”'’»]{1,100})[\"”'’»]|([^\s\0]{1,200})")
_NEXT_LINE = re.compile(r"[ \t\0]*+\n(?:[> \t\0]*+\n)?[> \t\0]*+([^\s\0]{1,100})[ \t]*+(?=\n|\0|\Z)")
_ORDINARY = re.compile(r"[^\W\d_]+(?:[-'][^\W\d_]+)?")
_REST = re.compile(r"[ \t]{1,3}(?![|/(\\])[^\s\0]")
_BLANKED = re.compile(r"[^\w]+|_+")
_DIGIT, _LETTER = re.compile(r"[0-9]"), re.compile(r"[^\W\d_]")
_SHORTEST = 6
"""Characters of a password that only a dash announces."""
_ENDING = ".,;:!?)]}>\"'…"


def _passwords(text: str) -> Iterator[Edit]:
    searched = ascii_in_place(letters_in_place(text))
    for code in _CODE.finditer(searched):
        yield Edit(code.start(1), code.end(1), HIDDEN)
    for name in _CALLED.finditer(searched):
        span = _password_after(searched, name.end()) or _plainly_after(searched, name)
        if span is not None:
            yield Edit(*span, HIDDEN)


def _password_after(searched: str, at: int) -> tuple[int, int] | None:
    """Where the password stands that this name announces."""
    between = _BETWEEN.match(searched, at)
    ends = (at, between.end()) if between else (at,)
    for end in dict.fromkeys(reversed(ends)):
        sign = _SIGN.match(searched, end)
        if sign is not None:
            return _said(searched, sign.end()) or _below(searched, sign.end())
        dash = _DASH.match(searched, end)
        value = _VALUE.match(searched, dash.end()) if dash is not None else None
        if value is not None and _is_mixed(value[0]):
            return _span(value)
    verb = _VERB.search(searched, at, at + 80)
    if verb is None or not _leads_to(searched, at, verb.start()):
        return None
    value = _VALUE.match(searched, verb.end())
    return _span(value) if value and _is_no_word(value[0]) else None


def _plainly_after(searched: str, name: re.Match[str]) -> tuple[int, int] | None:
    """The password that follows its name without a sign or verb, or stands on the line below the name."""
    before = searched[max(0, name.start() - _WINDOW) : name.start()]
    line = before.rpartition("\n")[2]
    below = _NEXT_LINE.match(searched, name.end()) if not line.strip(" \t>*\0") else None
    if below is not None:
        return below.span(1) if _is_mixed(below[1]) else None
    if not (name[0] in _plain_names() or _OWNED.search(line)) or _speaks_of_passwords(line):
        return None
    between = _PLAIN.match(searched, name.end())
    value = _VALUE.match(searched, between.end()) if between is not None else None
    return _span(value) if value is not None and _stands_alone(value[1] or value[2]) else None


@cache
def _plain_names() -> frozenset[str]:
    return frozenset(name.replace("_", " ") for name in shipped.words("passwords", "plain"))


def _speaks_of_passwords(before: str) -> bool:
    return (before.split() or [""])[-1] in shipped.words("passwords", "about")


def _stands_alone(value: str) -> bool:
    """Whether a value is a password though nothing announces it: letters with digits, or six digits that are no date.

    A path, a link and an address of mail are none.
    """
    bare = value.strip(_ENDING)
    if "/" in bare or re.search(r"@[^@]*\.[a-z]", bare):
        return False
    return _is_mixed(value) or (len(bare) in range(_SHORTEST, 13) and bare.isdigit() and not _DATE.fullmatch(bare))


def _leads_to(searched: str, at: int, verb: int) -> bool:
    """Whether only words that may stand between a name and its verb stand there."""
    between = _BETWEEN.match(searched, at, verb)
    return verb == at or (between is not None and between.end() == verb)


def _said(searched: str, at: int) -> tuple[int, int] | None:
    """The password behind a colon; None if what follows there is a sentence."""
    letters = _GROUPS_OF_LETTERS.match(searched, at)
    if letters is not None:
        return letters.start(), letters.start() + len(letters[0].rstrip())
    value = _VALUE.match(searched, at)
    if value is None or _is_none(value[0]):
        return None
    if value[1] is None and _ORDINARY.fullmatch(value[0].rstrip(_ENDING)) and _goes_on(searched, value):
        return None
    return _span(value)


def _goes_on(searched: str, value: re.Match[str]) -> bool:
    """Whether more words follow a word on its line, without a sign that ends what was said."""
    return value[0][-1] not in ",;/|" and _REST.match(searched, value.end()) is not None


def _below(searched: str, at: int) -> tuple[int, int] | None:
    """The password on the line below, where it stands alone and is no word."""
    line = _NEXT_LINE.match(searched, at)
    return line.span(1) if line is not None and _is_no_word(line[1]) and not line[1].endswith(":") else None


def _is_none(value: str) -> bool:
    bare = value.strip(_ENDING + "([{<")
    known = shipped.words("passwords", "none")
    return not bare or bare in known or bool(_BLANKED.fullmatch(bare)) or "://" in value


def _is_no_word(value: str) -> bool:
    """Whether a value has digits or signs in it, as passwords have and words have not."""
    bare = value.strip(_ENDING + "([{<“”‘’«»")
    if not bare or _is_none(value) or _ORDINARY.fullmatch(bare) or _COUNTED.fullmatch(bare):
        return False
    return any(c.isalnum() for c in bare)


def _is_mixed(value: str) -> bool:
    """Whether a value has letters and digits in it, and as many as passwords have."""
    bare = value.strip(_ENDING)
    return len(bare) >= _SHORTEST and bool(_DIGIT.search(bare)) and bool(_LETTER.search(bare)) and _is_no_word(bare)


def _span(value: re.Match[str]) -> tuple[int, int]:
    if value[1] is not None:
        return value.span(1)
    return value.start(2), value.start(2) + len(value[2].rstrip(",;.)") or value[2])
