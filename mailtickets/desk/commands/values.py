"""Reads the argument of a command as a value: a status, a priority, a type, people, tags, a ticket number.

In: the text that an agent wrote behind a command. Out: a `Value`. Each `read_` function reads one kind of argument, in
Portuguese, English and Spanish; the row of a command names the function that reads its argument.
Fails with: `Rejected`, which is a value. Limits: `MAX_MEMBERS` people or tags for one command.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from typing import Generic, TypeVar

from mailtickets.desk.commands.likeness import nearest_of
from mailtickets.desk.customers.thanks import is_courtesy
from mailtickets.desk.model.ticket import (
    PRIORITIES,
    STATUSES,
    TYPES,
    Priority,
    Status,
    TicketType,
    priority_named,
    status_named,
)
from mailtickets.mail.address import parse_addresses
from mailtickets.mail.model import Address
from mailtickets.words.fold import folded_name

MAX_MEMBERS = 50
MAX_TAG_CHARACTERS = 50
MORNING = time(8)
"""The local time of a reminder for a day without a time."""

Member = TypeVar("Member", str, Address)


@dataclass(frozen=True, slots=True)
class Changes(Generic[Member]):
    """The members to add and the members to remove: tags as words, people as addresses."""

    added: tuple[Member, ...] = ()
    removed: tuple[Member, ...] = ()


@dataclass(frozen=True, slots=True)
class When:
    """A moment as somebody wrote it. `moments.when` turns it into a datetime. Exactly one of the first five fields is
    set."""

    minutes: int | None = None
    """Minutes from now."""
    days: int | None = None
    """Days from today, in the local calendar."""
    months: int | None = None
    weekday: int | None = None
    """The next such weekday after today; Monday is 0."""
    day: tuple[int | None, int, int] | None = None
    """Year, month, day of the month. Without a year, the next such day."""
    at: time = MORNING


@dataclass(frozen=True, slots=True)
class Term:
    """A date that is promised to a customer, as somebody wrote it. `terms.promised_for` turns it into a datetime.

    One of the first three fields is set; none: there is no such date any more.
    """

    minutes: int | None = None
    """Minutes of working time from now."""
    days: int | None = None
    """Working days from now."""
    day: When | None = None
    """A day of the civil calendar."""
    timed: bool = False
    """Whether the day was named with a time. Without one, it is the end of the day's work."""


Value = (
    Status | Priority | TicketType | Changes[str] | Changes[Address] | Address | tuple[Address, ...] | int | When
    | Term | None
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rejected:
    """The argument is not one that the command accepts."""

    nearest: tuple[str, ...] = ()
    """Similar arguments, to suggest."""


# --- words of the desk --------------------------------------------------------------------------------

_STATUS_WORDS: Mapping[str, Status] = {
    "nuevo": "new", "abierto": "open", "em andamento": "open", "en curso": "open", "in progress": "open",
    "pendiente": "pending", "en espera": "pending", "em espera": "pending", "waiting": "pending",
    "on hold": "pending", "resolvida": "resolved", "resuelto": "resolved", "solved": "resolved",
    "fechada": "closed", "encerrado": "closed", "cerrado": "closed",
}  # fmt: skip
_PRIORITY_WORDS: Mapping[str, Priority] = {
    "baixo": "low", "baja": "low", "medio": "normal", "medium": "normal", "alto": "high", "critico": "critical",
}  # fmt: skip
_TYPE_WORDS: Mapping[str, TicketType] = {
    "pergunta": "question", "duvida": "question", "pregunta": "question", "consulta": "question",
    "incidente": "incident", "solicitacao": "request", "requisicao": "request", "pedido": "request",
    "solicitud": "request",
}  # fmt: skip
_URGENT: Mapping[str, tuple[str, ...]] = {
    "urgente": ("crítica", "alta"), "urgentissimo": ("crítica", "alta"), "urgent": ("critical", "high"),
}  # fmt: skip
"""Words that may mean one priority or another. The agent is asked which one."""
STATUS_CHOICES = (
    *STATUSES, "novo", "aberto", "em atendimento", "pendente", "aguardando cliente", "resolvido", "fechado",
    *_STATUS_WORDS,
)  # fmt: skip
PRIORITY_CHOICES = (*PRIORITIES, "baixa", "média", "alta", "crítica", *_PRIORITY_WORDS)
TYPE_CHOICES = (*TYPES, *_TYPE_WORDS)


_WHEN = frozenset({
    "ja", "agora", "hoje", "amanha", "ontem", "depois", "logo", "urgente", "now", "today", "tomorrow", "yesterday",
    "later", "soon", "urgent", "ya", "ahora", "hoy", "manana", "ayer", "luego", "despues",
})  # fmt: skip
"""Words that say when, and not what."""


def says_a_solution(text: str) -> bool:
    """Whether words behind `#resolver` may say what solved a ticket. A number, the name of a status and thanks do not:
    their author meant something else, and is asked."""
    if not any(letter.isalpha() for letter in text) or text.endswith("?") or text.startswith(("#", "/")):
        return False
    when = set(folded_name(text).replace(",", " ").split()) <= _WHEN
    return not when and isinstance(read_status(text), Rejected) and not is_courtesy(text)


def read_status(text: str) -> Value | Rejected:
    found = next((to for way in called(text) if (to := status_named(way) or _STATUS_WORDS.get(folded_name(way)))), None)
    return found or Rejected(nearest_of(text, STATUS_CHOICES))


def read_priority(text: str) -> Value | Rejected:
    found = next(
        (to for way in called(text) if (to := priority_named(way) or _PRIORITY_WORDS.get(folded_name(way)))), None
    )
    return found or Rejected(_URGENT.get(folded_name(text)) or nearest_of(text, PRIORITY_CHOICES))


def read_type(text: str) -> Value | Rejected:
    """Reads a type that comes with the program. Returns None for another word: the configuration may know it."""
    name = folded_name(text)
    return next((kind for kind in TYPES if kind == name), None) or _TYPE_WORDS.get(name)


_TO = re.compile(r"(?:(?:para|pra|pro|p/|com|como|ao|à|a|o|to|as|for|at|al|el|la|the)\s+){1,3}", re.IGNORECASE)


def called(text: str) -> tuple[str, ...]:
    """The argument as typed, and without introductory words or signs: `para o Bruno`, `@Bruno`, `como resolvido`."""
    bare = _TO.sub("", text.lstrip("@ "), count=1) if _TO.match(text) else text
    return tuple(dict.fromkeys((text, bare.lstrip("@ "))))


# --- tags ---------------------------------------------------------------------------------------------

_MINUS = "−–—-"
_SIGN = rf"[+{_MINUS}]"
_TAG = re.compile(rf"({_SIGN}?)\s*+#?(\w(?:[\w.&/-]*\w)?)(?=[\s,;]|$)[\s,;]*")


def read_tags(text: str) -> Value | Rejected:
    added: dict[str, None] = {}
    removed: dict[str, None] = {}
    position = 0
    while position < len(text):
        match = _TAG.match(text, position)
        if match is None or len(match[2]) > MAX_TAG_CHARACTERS:
            return Rejected()
        (removed if match[1] and match[1] in _MINUS else added)[match[2].casefold()] = None
        position = match.end()
    if added.keys() & removed.keys() or not 0 < len(added) + len(removed) <= MAX_MEMBERS:
        return Rejected()
    return Changes(tuple(added), tuple(removed))


# --- people -------------------------------------------------------------------------------------------

_SPEC = r"[^\s@<>()\[\],;:\"“”]+@[^\s@<>()\[\],;:\"“”]+"
_LINK = re.compile(
    r"(?:(?<![<\[(])[<\[(]++\s*+)?mailto:\s*+([^\s@<>()\[\],;:\"“”]++@[^\s@<>()\[\],;:\"“”?]++)(?:\?[^\s<>\])]*+)?"
    rf"\s*+[>\])]+|mailto:\s*(?={_SPEC})",
    re.IGNORECASE,
)
_TWICE = re.compile(r"[<\[(]?([^\s@<>()\[\],;:\"“”]{1,64}@[^\s@<>()\[\],;:\"“”]{1,255})[\])>]?\s*+<\1>", re.IGNORECASE)
_SIGNED = re.compile(rf"(?:^|(?<=[\s,;]))({_SIGN})\s*(?=\S)")
_VALID = re.compile(r"[^\s@<>()\[\],;:\"“”]{1,64}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_](?:[\w-]{0,61}[^\W_])?")


def _people(text: str) -> Changes[Address] | Rejected:
    """Reads people: `+x@y -z@w`, `Maria <x@y>, z@w`. People without a sign are added."""
    first, *rest = _SIGNED.split(_unlinked(text))
    signed = list(zip(["+", *rest[::2]], [first, *rest[1::2]], strict=True))
    added: dict[str, Address] = {}
    removed: dict[str, Address] = {}
    for sign, part in signed if first.strip(" ,;") else signed[1:]:
        people = _addresses(part.strip(" ,;"))
        if not people:
            return Rejected()
        (removed if sign in _MINUS else added).update({person.key: person for person in people})
    if added.keys() & removed.keys() or not 0 < len(added) + len(removed) <= MAX_MEMBERS:
        return Rejected()
    return Changes(tuple(added.values()), tuple(removed.values()))


def _unlinked(text: str) -> str:
    """The text without the links that programs make of addresses: `x@y<mailto:x@y>`, `[x@y](mailto:x@y)`."""
    text = _LINK.sub(lambda match: f"<{match[1]}>" if match[1] else "", text.translate(_QUOTES))
    return re.sub(r"<{2,}", "<", re.sub(r">{2,}", ">", _TWICE.sub(r"<\1>", text)))


_QUOTES = str.maketrans({"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‘": "'", "’": "'"})


def _addresses(part: str) -> tuple[Address, ...]:
    """All addresses in a part of an argument. Empty if the part holds anything that is no address."""
    if "<" not in part and '"' not in part:
        words = re.split(r"[\s,;]+", part)
        if len(words) > 1 and all(map(_VALID.fullmatch, (word.rstrip(".") for word in words))):
            part = ", ".join(words)
        elif any("@" not in piece for piece in re.split(r"[,;]", part)):
            return ()
    people = parse_addresses(part)
    whole = len(people) == part.count("@") and all(_VALID.fullmatch(person.address) for person in people)
    return people if whole and not any("@" in person.name for person in people) else ()


def read_changes(text: str) -> Value | Rejected:
    """Reads people to add and to remove, with `+` and `-`."""
    return _people(text)


def read_added(text: str) -> Value | Rejected:
    """Reads people to add. Rejects `-`."""
    people = _people(text)
    return Rejected() if isinstance(people, Rejected) or people.removed else people.added


def read_person(text: str) -> Value | Rejected:
    people = _people(text)
    if isinstance(people, Rejected) or people.removed or len(people.added) != 1:
        return Rejected()
    return people.added[0]


def read_assignee(text: str) -> Value | Rejected:
    """Reads an agent's address. Returns None for a name, which only the configuration knows."""
    name = called(text)[-1]
    return read_person(name) if "@" in name else None


# --- numbers and names --------------------------------------------------------------------------------

_NUMBER = re.compile(
    r"(?:(?:com|em|no|ao|a|o|with|into|in|to|con|en|el|chamado|ticket)\s+){0,3}(?:n[.ºo°]*\s*)?"
    r"(?:\[[^\[\]\d]{0,60}#?\s?([0-9]{1,12})\s?\]|#?\s?([0-9]{1,12}))"
)


def read_number(text: str) -> Value | Rejected:
    match = _NUMBER.fullmatch(unicodedata.normalize("NFKC", text).casefold())
    number = int(match[1] or match[2]) if match else 0
    return number or Rejected()


# --- signs around an argument --------------------------------------------------------------------------

_OPENING, _CLOSING = "\"'“”‘’«„", "\"'“”‘’»"


def tidy(argument: str) -> str:
    """The argument without the quotes, full stops, emphasis and emoji that people and programs put around a word."""
    previous = None
    while argument != previous:
        previous = argument
        argument = unquoted(without_pictures(argument.strip(" \t.,;!*_`~")).strip())
    return argument


def unquoted(argument: str) -> str:
    """The argument without quotes around all of it. `"a" and "b"` keeps its quotes."""
    inner = argument[1:-1]
    quoted = len(argument) >= 2 and argument[0] in _OPENING and argument[-1] in _CLOSING
    return inner.strip() if quoted and not any(mark in inner for mark in (argument[0], argument[-1])) else argument


def without_pictures(argument: str) -> str:
    """The argument without emoji at both ends: Unicode categories So (symbols) and Sk (modifiers of their colour)."""
    first, last = 0, len(argument)
    while last > first and _is_picture(argument[last - 1]):
        last -= 1
    while first < last and _is_picture(argument[first]):
        first += 1
    return argument[first:last]


def _is_picture(letter: str) -> bool:
    return letter.isspace() or (ord(letter) > 0x2000 and unicodedata.category(letter) in {"So", "Sk"})
