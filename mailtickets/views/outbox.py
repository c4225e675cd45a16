"""Outgoing copies as JSON and as text. In: rows of `store.read.outbox`."""

from collections.abc import Iterator, Sequence
from typing import Any

HEADER = ("ID", "CREATED", "STATE", "TRIES", "TICKET", "NOTICE", "RECIPIENT", "LAST REPLY")


def row(copy: Any) -> Sequence[object]:
    """A copy as a row of the table with `HEADER`."""
    sent = (copy.state, copy.attempts, copy.ticket, copy.name, copy.recipient, copy.last_reply or "")
    return (copy.id, copy.created_at, *sent)


def as_json(copy: Any) -> dict[str, Any]:
    """A copy as `outbox list --json` prints it."""
    return {
        "id": copy.id,
        "ticket": copy.ticket,
        "notice": copy.name,
        "sender": copy.sender,
        "recipient": copy.recipient,
        "state": copy.state,
        "attempts": copy.attempts,
        "next_attempt_at": copy.next_attempt_at,
        "message_id": copy.message_id,
        "last_reply": copy.last_reply,
        "subject": copy.subject,
        "created_at": copy.created_at,
        "sent_at": copy.sent_at,
    }


def lines(copy: Any) -> Iterator[str]:
    """A copy for people to read."""
    for key, value in as_json(copy).items():
        yield f"{key:>15}  {value if value is not None else '-'}"
