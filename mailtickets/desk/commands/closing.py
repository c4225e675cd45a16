"""Recognises lines that people put around every mail: a greeting above; a closing formula, name and telephone below.

Owns: how such lines are distinguished from an answer. Commands beside such lines count, and a mail that has only such
lines publishes nothing. Thanks are an answer: `Obrigado!` is published.
Fails with: nothing. In doubt, a line is an answer. Limits: `MAX_SIGNATURE_LINES` short lines.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from mailtickets.words.fold import folded

MAX_SIGNATURE_LINES = 8
MAX_LINE_CHARACTERS = 70

_NAME = r"[A-ZÀ-Þ][\w'’.-]*+"
_SALUTATION = (
    r"(?:(?i:ol[áa]|oi|oie|bom dia|boa tarde|boa noite|prezad[oa](?:\([ao]\))?s?|car[oa](?:\([ao]\))?s?|al[ôo]|hi|hello"
    r"|hey|dear|good (?:morning|afternoon|evening)|hola|buen(?:os|as) (?:d[ií]as|tardes|noches)|buen d[ií]a"
    r"|estimad[oa]s?|querid[oa]s?))"
)
_GREETED = (
    rf"(?:{_NAME}|(?i:a|ao|e|and|y|de|da|do|dos|das|tod[oa]s|all|there|time|equipe|team|equipo|pessoal"
    r"|senhor(?:a|es)?|sr|sra|dr|dra|mr|mrs|ms|cliente|customer|tudo bem))"
)
_GREETING = re.compile(rf"{_SALUTATION}(?:,? {_GREETED}){{0,6}} ?[,.!:;?–-]*|{_SALUTATION} \w+,|{_NAME}(?: {_NAME})?,")
_FORMULA = re.compile(
    r"(?:att|ats|abs|abra[çc]os?|um abra[çc]o|atenciosamente|cordialmente|respeitosamente|sds|sauda[çc][õo]es"
    r"|cordiais sauda[çc][õo]es|at[ée] (?:mais|logo|breve)|(?:kind|best|warm|with kind)? ?regards|best|best wishes"
    r"|cheers|sincerely|yours (?:sincerely|truly|faithfully)|saludos(?: cordiales)?|un saludo|atentamente)"
    r"[ ,.!;:–-]*",
    re.IGNORECASE,
)
_THANKS = re.compile(
    r"(?:muito |many |muchas )?(?:obrigad[oa]|grat[oa]|agradecid[oa]|thanks|thank you|thx|gracias)[ ,.!]*",
    re.IGNORECASE,
)
_CONTACT = re.compile(
    r"\S@[^\s@]+\.\S|www\.|https?://|(?:\+|\(|\btel|\bfone|\bcel|\bramal|\bphone|\bext|\bm[oó]vil|\bwhats)[^A-Za-z@]{0,3}\d",
    re.IGNORECASE,
)
_DEVICE = re.compile(
    r"(?:enviad[oa]|sent|obter|get) .{0,40}(?:iphone|ipad|android|outlook|samsung|celular)", re.IGNORECASE
)
_SENTENCE_END = re.compile(r"[?!:;…]$|(?<!\bltda)(?<!\binc)(?<!\bco)(?<!\.\w)(?<!\b\w)\.$", re.IGNORECASE)
_SMALL = frozenset(
    ("a", "e", "o", "de", "da", "do", "das", "dos", "em", "para", "of", "and", "the", "in", "at", "for", "y", "la",
     "el", "los", "las", "del")
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Own:
    """The lines, names and words that are known to stand under one agent's mails."""

    lines: frozenset[str]
    names: frozenset[str]
    words: frozenset[str]

    @classmethod
    def of(cls, signature: str, names: Sequence[str]) -> "Own":
        lines = frozenset(filter(None, map(_bare, signature.splitlines())))
        full = frozenset(filter(None, map(_bare, names)))
        return cls(lines, full, frozenset(word for name in full for word in name.split()))

    def has_line(self, line: str) -> bool:
        """Whether a line is in the agent's signature, or is the agent's name behind a dash or a stroke."""
        bare = _bare(line)
        return bool(bare) and (bare in self.lines or bare in self.names or set(bare.split()) <= self.words)

    def is_named_in(self, line: str) -> bool:
        """Whether a line is a title that begins with the agent's name: `Ana Lima | Suporte`."""
        return _is_title(line) and self.begins(line)

    def begins(self, line: str) -> bool:
        """Whether a line begins with the agent's whole name."""
        bare = _bare(line)
        return any(" " in name and bare.startswith(f"{name} ") for name in self.names)


def _bare(line: str) -> str:
    if len(line) > 2 * MAX_LINE_CHARACTERS:
        return ""
    return " ".join(re.sub(r"[^\w@.'’-]+", " ", folded(line)).strip(" .-_'’").split())


def is_greeting(line: str) -> bool:
    return len(line) <= MAX_LINE_CHARACTERS and _GREETING.fullmatch(line.strip(" *_")) is not None


def is_signature(lines: Sequence[str], own: Own) -> bool:
    """Whether lines under the last command can be a closing and a signature, without any other words."""
    lines = [line for line in lines if line]
    if not lines:
        return True
    first = _is_certain(lines[0], own) or _is_title(lines[0]) or _THANKS.fullmatch(lines[0]) is not None
    return first and len(lines) <= MAX_SIGNATURE_LINES and all(_may_sign(line, own) for line in lines)


def says_nothing(lines: Sequence[str], own: Own) -> bool:
    """Whether lines hold only a greeting and a signature, and nothing between them."""
    lines = [line for line in lines if line]
    if lines and is_greeting(lines[0]) and "?" not in lines[0]:
        lines = lines[1:]
    if not lines:
        return True
    return (
        _is_certain(lines[0], own)
        and len(lines) <= MAX_SIGNATURE_LINES
        and all(_is_certain(line, own) or _is_title(line) or is_contact(line) for line in lines)
    )


def is_formula(line: str) -> bool:
    """Whether a line is a closing formula: `Atenciosamente,`, `Kind regards`."""
    return _FORMULA.fullmatch(line[:200].strip(" *_")) is not None


def is_device_line(line: str) -> bool:
    """Whether a line is one that a phone adds: `Enviado do meu iPhone`."""
    return _DEVICE.match(line[:200]) is not None


def is_contact(line: str) -> bool:
    """Whether a line holds a telephone number, an address or the address of a web site."""
    return _CONTACT.search(line[:200]) is not None


def signs_off(line: str, own: Own) -> bool:
    """Whether a line surely belongs to a closing: a line of the agent's signature, a formula, or a phone's line."""
    return _is_certain(line, own)


def _is_certain(line: str, own: Own) -> bool:
    named = own.has_line(line) or own.is_named_in(line)
    return named or is_formula(line) or is_device_line(line) or line in ("--", "—", "___")


def _may_sign(line: str, own: Own) -> bool:
    contact = len(line) <= 2 * MAX_LINE_CHARACTERS and is_contact(line)
    return _is_certain(line, own) or _is_title(line) or contact or _THANKS.fullmatch(line[:200]) is not None


def _is_title(line: str) -> bool:
    """Whether a line is a few words with capitals and no sentence: `Ana Lima`, `Suporte N2`, `EXEMPLO LTDA`."""
    if len(line) > MAX_LINE_CHARACTERS or _SENTENCE_END.search(line):
        return False
    words = [word for word in re.split(r"[\s|/•·,–-]+", line) if word]
    if not 0 < len(words) <= 8:
        return False
    return words[0][0].isupper() and all(word[0].isupper() or word.casefold() in _SMALL for word in words)
