"""Received messages as JSON and as text. In: rows of `store.read.inbound`."""

from collections.abc import Iterator, Sequence
from typing import Any

HEADER = ("ID", "RECEIVED", "BY", "OUTCOME", "REASON", "TICKET", "FROM", "SUBJECT")


def row(found: Any) -> Sequence[object]:
    """A message as a row of the table with `HEADER`."""
    outcome = found.outcome or found.state
    author, subject = found.from_address, found.subject
    return (found.id, found.received_at, found.source, outcome, found.reason, found.ticket, author, subject)


def as_json(found: Any) -> dict[str, Any]:
    """A message as `inbound list --json` prints it."""
    return {
        "id": found.id,
        "source": found.source,
        "state": found.state,
        "outcome": found.outcome,
        "reason": found.reason,
        "ticket": found.ticket,
        "message_id": found.message_id,
        "from": found.from_address,
        "subject": found.subject,
        "received_at": found.received_at,
    }


def shown_as_json(found: Any) -> dict[str, Any]:
    """A message as `inbound show --json` prints it."""
    return {
        **as_json(found),
        "sender": found.sender,
        "recipients": found.recipients,
        "peer": found.peer,
        "size": found.size,
        "attempts": found.attempts,
        "released": found.released,
        "decided_at": found.decided_at,
        "rules": [{"rule": rule, "verdict": verdict, "why": why} for rule, verdict, why in found.trace or ()],
    }


def lines(found: Any) -> Iterator[str]:
    """A message for people to read, with what each rule decided."""
    for key, value in as_json(found).items():
        yield f"{key:>12}  {value if value is not None else '-'}"
    yield f"{'sender':>12}  {found.sender or '<>' if found.sender is not None else '-'}"
    yield f"{'recipients':>12}  {', '.join(found.recipients) or '-'}"
    for rule, verdict, why in found.trace or ():
        yield f"{'':>12}  {rule}: {verdict}  ({why})"
