"""Types, fields and levels as people name them, and as they are shown to them.

In: words that agents type, or codes of a ticket. Out: codes, or labels in a locale. A type or level that the
configuration has no more is shown by its code.
Fails with: nothing; None for a word that names nothing.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

from mailtickets.config.kinds import SCALES, Scale, TicketField, TicketKind
from mailtickets.config.values import LOCALES
from mailtickets.desk.commands.likeness import nearest_of
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.model.ticket import TYPES, Ticket
from mailtickets.words import locales, shipped
from mailtickets.words.fold import folded_name

_SCALE_LABELS: Mapping[Scale, Mapping[str, str]] = {
    "impact": {"pt_BR": "impacto", "en": "impact", "es": "impacto"},
    "urgency": {"pt_BR": "urgência", "en": "urgency", "es": "urgencia"},
}


# --- types --------------------------------------------------------------------------------------------


def type_called(code: str, policy: Policy, locale: str) -> str:
    """A type in words: its configured label, the label of one that comes with the program, or its code."""
    kind = policy.kind(code)
    own = kind.label.get(locale) if kind else None  # type: ignore[call-overload]
    return own or locales.label(locales.TYPE_LABELS, code, locale)


def type_meant(text: str, policy: Policy) -> str | None:
    """The type that a configured name or label means, or a type's own name."""
    wanted = folded_name(text)
    return next((code for name, code in _type_names(policy) if folded_name(name) == wanted), None)


def scale_meant(text: str) -> tuple[Scale | None, str]:
    """Impact or urgency, where the beginning of a text names one, and the rest: `impact=many`."""
    first, *rest = _APART.sub(r"\1 ", text, count=1).split(maxsplit=1) or [""]
    wanted = folded_name(first.rstrip(":="))
    named = ((scale, name) for scale, names in _SCALE_LABELS.items() for name in (scale, *names.values()))
    scale = next((scale for scale, name in named if folded_name(name) == wanted), None)
    return scale, "".join(rest).lstrip(":= ")


def types_like(text: str, policy: Policy) -> tuple[str, ...]:
    """Names of types that are similar to what was typed."""
    return nearest_of(text, [name for name, _ in _type_names(policy)])


def _type_names(policy: Policy) -> Iterator[tuple[str, str]]:
    for kind in policy.kinds:
        yield kind.name, kind.name
        yield from ((label, kind.name) for label in kind.label.values())
    yield from ((code, code) for code in TYPES)
    yield from ((locales.TYPE_LABELS[locale][code], code) for locale in LOCALES for code in TYPES)


# --- fields -------------------------------------------------------------------------------------------


def field_called(name: str, policy: Policy, locale: str) -> str:
    """A field in words."""
    field = policy.field(name)
    if field is not None:
        return field.called(locale)
    return next((_SCALE_LABELS[scale][locale] for scale in SCALES if scale == name), name)


def field_meant(text: str, policy: Policy) -> tuple[TicketField | None, str]:
    """The field that the beginning of a text names, and the rest: `número do pedido: 12345-67`. None: no field."""
    words = _APART.sub(r"\1 ", text, count=1).split()
    for count in range(min(len(words), _MOST_WORDS), 0, -1):
        if not any(letter.isalnum() for letter in words[count - 1]):
            continue  # `-` takes a value away, and is no part of a name
        wanted = folded_name(" ".join(words[:count]).rstrip(":="))
        for field in policy.fields:
            if wanted in {folded_name(name) for name in field.names()}:
                return field, " ".join(words[count:]).lstrip(":= ")
    return None, text


_MOST_WORDS = 8
_APART = re.compile(r"([:=])(?=\S)")
"""`pedido=12345-67` is a name and a value, as `pedido = 12345-67` is."""


def fields_like(text: str, policy: Policy) -> tuple[str, ...]:
    """Names of fields that are similar to the first word of a text."""
    return nearest_of(text.split()[0] if text.split() else "", [field.name for field in policy.fields])


def applies(field: TicketField, queue: str, kind: str | None) -> bool:
    """Whether a field belongs to tickets of this queue and type."""
    return (not field.queues or queue in field.queues) and (not field.types or kind in field.types)


def value_called(name: str, value: str, ticket: Ticket, policy: Policy, locale: str) -> str:
    """The value of a field as people read it: `529.982.247-25`, `várias pessoas`, `3 de março de 2025`."""
    if name in SCALES:
        return level_called(policy.kind(ticket.type or ""), value, locale)
    field = policy.field(name)
    return shown_value(field, value, locale) if field else value


def shown_value(field: TicketField, value: str, locale: str) -> str:
    """A value of a field, as people of a locale write it."""
    day = locales.iso_day(value, locale) if field.kind == "date" else None
    return day or field.form.shown(value)


# --- levels of impact and urgency ---------------------------------------------------------------------


def level_called(kind: TicketKind | None, level: str, locale: str) -> str:
    """A level in words."""
    own = kind.level_labels.get(level, {}).get(locale) if kind else None  # type: ignore[call-overload]
    return own or next(iter(_shipped_names(level, [locale])), level)


def level_meant(text: str, kind: TicketKind, scale: Scale) -> str | None:
    """The level of a scale that a word means, in any of our languages."""
    wanted = folded_name(text)
    names = ((name, level) for level in kind.levels(scale) for name in level_names(kind, level))
    return next((level for name, level in names if folded_name(name) == wanted), None)


def level_names(kind: TicketKind, level: str) -> tuple[str, ...]:
    """All that a level may be called."""
    return (level, *kind.level_labels.get(level, {}).values(), *_shipped_names(level, LOCALES))


def _shipped_names(level: str, among: Iterable[str]) -> Iterator[str]:
    names: Mapping[str, Mapping[str, str]] = shipped.read("levels")["names"]
    for locale in among:
        yield from (name.strip() for name in names[locale].get(level, "").split(";") if name.strip())
