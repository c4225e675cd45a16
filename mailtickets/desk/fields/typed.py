"""Reads a field and its value as an operator types them on the shell.

Fails with: nothing; a sentence says what is wrong, and what would be right.
"""

from mailtickets.config.kinds import SCALES, Scale
from mailtickets.desk.fields.missing import example
from mailtickets.desk.fields.names import field_meant, level_meant
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.model.ticket import Ticket


def typed_value(name: str, text: str, ticket: Ticket, policy: Policy) -> tuple[str, str | None, str]:
    """(name of the field, value or None to take it away, what is wrong or empty)."""
    scale = next((scale for scale in SCALES if scale == name), None)
    if scale is not None:
        return _level(scale, text, ticket, policy)
    field, rest = field_meant(name, policy)
    if field is None or rest:
        known = ", ".join([*(one.name for one in policy.fields), *SCALES])
        return name, None, f"there is no field {name!r}: {known}"
    if text == "-":
        return field.name, None, ""
    value = field.form.read(text)
    if value is None:
        fitting = ", ".join(field.choices) or example(field, "en") or "the name of a file"
        return field.name, None, f"{text!r} is no {field.kind} that {field.name} accepts: for example {fitting}"
    return field.name, value, ""


def _level(scale: Scale, text: str, ticket: Ticket, policy: Policy) -> tuple[str, str | None, str]:
    kind = policy.kind(ticket.type or "")
    levels = kind.levels(scale) if kind else ()
    if kind is None or not levels:
        return scale, None, f"ticket {ticket.number} has no levels of {scale}: its type is {ticket.type or 'not known'}"
    level = None if text == "-" else level_meant(text, kind, scale)
    wrong = f"{text!r} is none of {', '.join(levels)}" if level is None and text != "-" else ""
    return scale, level, wrong
