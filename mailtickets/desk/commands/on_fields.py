"""What `#campo`, `#impacto` and `#urgencia` do: an agent says what is known of a ticket.

In: the ticket, the command, and the agent who asks. Out: effects and lines for the receipt, or the reason why the
command cannot be done, with an example of what can. The priority that follows is not decided here.
Fails with: `Problem`s, which are values.
"""

from collections.abc import Iterator
from dataclasses import replace

from mailtickets.config.kinds import Scale, TicketField
from mailtickets.desk.commands.asker import Asker, Step
from mailtickets.desk.commands.command import Command, typed_word
from mailtickets.desk.commands.likeness import nearest_of
from mailtickets.desk.fields.missing import example
from mailtickets.desk.fields.names import (
    field_called,
    field_meant,
    fields_like,
    level_called,
    level_meant,
    scale_meant,
    shown_value,
)
from mailtickets.desk.model.decision import Done, Problem
from mailtickets.desk.model.effects import SetField
from mailtickets.desk.model.ticket import Ticket

NOTHING = frozenset({"-", "–", "—"})
"""Takes a value away."""
_MOST_NEAR = 3


def set_field(ticket: Ticket, order: Command, asker: Asker) -> Iterator[Step]:
    field, rest = field_meant(order.argument, asker.policy)
    word = typed_word(order)
    scale, level = scale_meant(order.argument) if field is None else (None, "")
    if scale is not None:
        yield from _set_level(scale, ticket, replace(order, argument=level), asker, f"{word} {scale}")
        return
    if field is None:
        near = fields_like(order.argument, asker.policy) or tuple(one.name for one in asker.policy.fields)
        yield Problem(order.line, "no-such-field", tuple(f"{word} {name}" for name in near[:_MOST_NEAR]))
        return
    locale = asker.policy.instance.locale
    value = None if rest.strip() in NOTHING else read_value(field, rest)
    if value is None and rest.strip() not in NOTHING:
        near = tuple(f"{word} {field.name} {one}".rstrip() for one in _near(field, rest, locale))
        yield Problem(order.line, "bad-value", near)
        return
    shown = shown_value(field, value, locale) if value is not None else None
    yield from _set(ticket, field.name, value, field.called(locale), shown)


def read_value(field: TicketField, text: str) -> str | None:
    """The value of a field as somebody types it; None for what is none."""
    return field.form.read(text) if text.strip() else None


def _near(field: TicketField, text: str, locale: str) -> tuple[str, ...]:
    """Values to suggest: similar choices, or the example."""
    if field.kind == "choice":
        return (nearest_of(text, field.choices) or field.choices)[:_MOST_NEAR]
    return (example(field, locale),)


def set_impact(ticket: Ticket, order: Command, asker: Asker) -> Iterator[Step]:
    return _set_level("impact", ticket, order, asker)


def set_urgency(ticket: Ticket, order: Command, asker: Asker) -> Iterator[Step]:
    return _set_level("urgency", ticket, order, asker)


def _set_level(scale: Scale, ticket: Ticket, order: Command, asker: Asker, typed: str = "") -> Iterator[Step]:
    """`typed` is what stands before the level; empty: the command alone."""
    kind, locale = asker.policy.kind(ticket.type or ""), asker.policy.instance.locale
    if kind is None or not kind.levels(scale):
        yield Problem(order.line, "no-levels")
        return
    level = None if order.argument in NOTHING else level_meant(order.argument, kind, scale)
    if level is None and order.argument not in NOTHING:
        levels = tuple(level_called(kind, one, locale) for one in kind.levels(scale))
        near = nearest_of(order.argument, levels) or levels
        yield Problem(order.line, "bad-value", tuple(f"{typed or typed_word(order)} {one}" for one in near))
        return
    shown = level_called(kind, level, locale) if level is not None else None
    yield from _set(ticket, scale, level, field_called(scale, asker.policy, locale), shown)


def _set(ticket: Ticket, name: str, value: str | None, label: str, shown: str | None) -> Iterator[Step]:
    if value == (ticket.field(name) or None):
        yield Done("already", f"{label}: {shown}" if shown else label)
    elif value is None:
        yield SetField(name, None)
        yield Done("no_field", label)
    else:
        yield SetField(name, value)
        yield Done("field", f"{label}: {shown}")
