"""Types of tickets and fields that are asked for: `[[type]]` and `[[field]]`."""

import re
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from mailtickets.config.nearest import nearest
from mailtickets.config.section import Section
from mailtickets.config.values import Locale, OneLine, Word
from mailtickets.words import shipped
from mailtickets.words.fold import folded, folded_name
from mailtickets.words.forms import DIGIT, LETTER, MAX_PATTERN, FieldForm, Form

if TYPE_CHECKING:
    from mailtickets.config.models import Config

Scale = Literal["impact", "urgency"]
Level = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,30}$")]
SCALES: tuple[Scale, ...] = ("impact", "urgency")
"""The names of the two fields that give the priority."""
BUILT_IN = ("question", "incident", "request")
MAX_LEVELS = 9


class TicketKind(Section):
    """A type of ticket."""

    name: Word
    label: dict[Locale, OneLine] = Field(default_factory=dict)
    needs: tuple[str, ...] = ()
    impact: tuple[Level, ...] = ()
    urgency: tuple[Level, ...] = ()
    matrix: tuple[tuple[Literal["low", "normal", "high", "critical"], ...], ...] = ()
    """A row for each impact, a column for each urgency; one column where the type has no urgency, and the other way."""
    impact_words: dict[str, tuple[OneLine, ...]] = Field(default_factory=dict)
    urgency_words: dict[str, tuple[OneLine, ...]] = Field(default_factory=dict)
    level_labels: dict[str, dict[Locale, OneLine]] = Field(default_factory=dict)
    skill: str = ""
    ask_rating: bool = True
    """Whether customers are asked how it was when a ticket of this type is resolved."""

    def levels(self, scale: Scale) -> tuple[str, ...]:
        """The levels of a scale, the lowest first; empty: the type has no such scale."""
        return self.impact if scale == "impact" else self.urgency

    def said(self, scale: Scale) -> dict[str, tuple[str, ...]]:
        """What customers say for each level: as configured, else as the shipped list has it."""
        own = self.impact_words if scale == "impact" else self.urgency_words
        known: dict[str, str] = shipped.read("levels")[scale]
        return {level: own.get(level, tuple(known.get(level, "").split("\n"))) for level in self.levels(scale)}


class TicketField(Section):
    """What is looked for in mails, and asked for where it is missing."""

    name: Word
    label: dict[Locale, OneLine] = Field(default_factory=dict)
    kind: FieldForm = "pattern"
    pattern: OneLine = ""
    choices: tuple[OneLine, ...] = ()
    example: OneLine = ""
    ask: dict[Locale, OneLine] = Field(default_factory=dict)
    queues: tuple[str, ...] = ()
    types: tuple[str, ...] = ()

    @property
    def form(self) -> Form:
        return Form(self.kind, self.pattern, self.choices)

    def called(self, locale: str) -> str:
        """The label in a locale; else in another, else the name."""
        return self.label.get(locale) or next(iter(self.label.values()), self.name)  # type: ignore[call-overload]

    def names(self) -> tuple[str, ...]:
        """All that people may call it: its name and its labels."""
        return tuple(dict.fromkeys((self.name, *self.label.values())))


def problems(config: "Config") -> Iterator[tuple[str, str]]:
    """(key path, what was expected), for each fault in types and fields."""
    queues = {queue.name for queue in config.queue}
    types = {*BUILT_IN, *(kind.name for kind in config.type)}
    fields = {field.name for field in config.field}
    yield from _twice("type", config.type)
    yield from _twice("field", config.field)
    for number, kind in enumerate(config.type):
        yield from ((f"type.{number}.{key}", fault) for key, fault in _kind_faults(kind, fields))
    for number, field in enumerate(config.field):
        yield from ((f"field.{number}.{key}", fault) for key, fault in _field_faults(field, queues, types))


def _twice(table: str, entries: "Sequence[TicketKind | TicketField]") -> Iterator[tuple[str, str]]:
    """Names and labels that mean two entries: a command could not say which."""
    seen: dict[str, int] = {}
    for number, entry in enumerate(entries):
        for called in dict.fromkeys(folded_name(one) for one in (entry.name, *entry.label.values())):
            first = seen.setdefault(called, number)
            if first != number:
                yield f"{table}.{number}.name", f"{called!r} means {table}.{first} ({entries[first].name!r}) already"


def _kind_faults(kind: TicketKind, fields: set[str]) -> Iterator[tuple[str, str]]:
    for at, name in enumerate(kind.needs):
        if name not in fields:
            yield f"needs.{at}", f"there is no field {name!r}{nearest(name, sorted(fields))}"
    for scale in SCALES:
        levels, said = kind.levels(scale), kind.impact_words if scale == "impact" else kind.urgency_words
        if len(set(levels)) < len(levels) or len(levels) == 1 or len(levels) > MAX_LEVELS:
            yield scale, f"two to {MAX_LEVELS} different levels were expected, the lowest first"
        for level, expressions in said.items():
            if level not in levels:
                yield f"{scale}_words.{level}", f"{scale} has no level {level!r}{nearest(level, levels)}"
            elif not all(folded(one) for one in expressions):
                yield f"{scale}_words.{level}", "words were expected, not an empty text"
    for level in kind.level_labels:
        if level not in (*kind.impact, *kind.urgency):
            near = nearest(level, (*kind.impact, *kind.urgency))
            yield f"level_labels.{level}", f"neither impact nor urgency has a level {level!r}{near}"
    rows, columns = len(kind.impact) or 1, len(kind.urgency) or 1
    if kind.matrix and not (kind.impact or kind.urgency):
        yield "matrix", "impact or urgency is missing"
    elif kind.matrix and (len(kind.matrix) != rows or any(len(row) != columns for row in kind.matrix)):
        yield "matrix", f"{rows} rows of {columns} priorities were expected: a row for each impact, the lowest first"


def _field_faults(field: TicketField, queues: set[str], types: set[str]) -> Iterator[tuple[str, str]]:
    if field.name in SCALES:
        yield "name", f"{field.name!r} is a field of every type that has levels of {field.name}"
    texts = [("name", field.name), *(("label", one) for one in field.label.values())]
    for key, text in (*texts, *(("ask", one) for one in field.ask.values())):
        if word := _never_asked(text):
            yield key, f"{word!r}: passwords and card numbers are never asked for"
    yield from _form_faults(field)
    if field.example and field.kind != "attachment" and field.form.read(field.example) is None:
        yield "example", f"{field.example!r} is no {field.kind} that this field accepts"
    yield from _unknown("queue", field.queues, queues)
    yield from _unknown("type", field.types, types)


def _unknown(noun: str, names: Sequence[str], known: set[str]) -> Iterator[tuple[str, str]]:
    for at, name in enumerate(names):
        if name not in known:
            yield f"{noun}s.{at}", f"there is no {noun} {name!r}{nearest(name, sorted(known))}"


def _form_faults(field: TicketField) -> Iterator[tuple[str, str]]:
    pattern = field.pattern
    if field.kind == "pattern":
        if not (DIGIT in pattern or LETTER in pattern) or len(pattern) > MAX_PATTERN or not pattern.isascii():
            yield (
                "pattern",
                f"at most {MAX_PATTERN} signs were expected, with a # for each digit and an @ for each letter",
            )
    elif pattern:
        yield "pattern", f'is for kind = "pattern", not for {field.kind!r}'
    if field.kind == "choice":
        if len({folded(choice) for choice in field.choices} - {""}) < max(2, len(field.choices)):
            yield "choices", "two or more different choices were expected"
    elif field.choices:
        yield "choices", f'are for kind = "choice", not for {field.kind!r}'


def _never_asked(text: str) -> str:
    """The word by which a text asks for a password or a card; empty: it asks for neither."""
    said = " ".join(["", *re.findall(r"[^\W_]+", folded_name(text)), ""])
    names = chain(shipped.words("passwords", "passwords"), shipped.words("passwords", "codes"), _CARDS)
    return next((name for name in sorted(names) if f" {folded_name(name)} " in said), "")


_CARDS = ("cartao", "cartoes", "card", "cards", "tarjeta", "tarjetas")
