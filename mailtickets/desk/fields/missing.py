"""What is still missing on a ticket, and what an acknowledgement asks for: once, all at once, at most three.

Asking is never a gate: nothing waits for an answer, and agents see what is open.
Fails with: nothing.
"""

from collections.abc import Iterable

from mailtickets.config.kinds import TicketField
from mailtickets.desk.fields.names import applies, field_called, value_called
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.model.ticket import Ticket

MAX_ASKED = 3
"""More questions than this get no answers."""


def missing(ticket: Ticket, policy: Policy, names: Iterable[str] = ()) -> tuple[TicketField, ...]:
    """The fields that the ticket's type needs, and those in `names`, whose values are not known, in this order."""
    kind = policy.kind(ticket.type or "")
    wanted = dict.fromkeys((*(kind.needs if kind else ()), *names))
    known = {name for name, _ in ticket.fields}
    fields = (field for name in wanted if name not in known and (field := policy.field(name)) is not None)
    return tuple(field for field in fields if applies(field, ticket.queue, ticket.type))


def asked(ticket: Ticket, policy: Policy, names: Iterable[str] = ()) -> tuple[TicketField, ...]:
    """What the acknowledgement of a new ticket asks for. `names` are the fields that rules ask for."""
    return missing(ticket, policy, names)[:MAX_ASKED]


def question(field: TicketField, policy: Policy, locale: str) -> dict[str, object]:
    """One question as templates see it."""
    return {
        "name": field.name,
        "label": field.ask.get(locale) or field_called(field.name, policy, locale),  # type: ignore[call-overload]
        "example": example(field, locale),
        "choices": list(field.choices),
        "attachment": field.kind == "attachment",
    }


def example(field: TicketField, locale: str) -> str:
    """A value as the question shows it; empty for choices and files."""
    if field.kind in {"choice", "attachment"}:
        return ""
    if field.kind == "date":
        return field.example or {"en": "2026-03-25"}.get(locale, "25/03/2026")
    return field.example or field.form.shown(field.form.example())


def known_values(ticket: Ticket, policy: Policy, locale: str) -> list[dict[str, str]]:
    """The fields of a ticket as agents' notices show them."""
    return [
        {"name": name, "label": field_called(name, policy, locale),
         "value": value_called(name, value, ticket, policy, locale)}
        for name, value in ticket.fields
    ]  # fmt: skip
