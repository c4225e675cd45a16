"""Tickets as JSON and as text: one shape for the command line and for programs.

In: values of `store.read.tickets`. Out: plain values for JSON, rows of a table, lines for people.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from mailtickets.desk.model.ticket import FINISHED, Ticket
from mailtickets.mail.model import Address
from mailtickets.store.read.tickets import Shown
from mailtickets.words.spans import span

HEADER = ("TICKET", "STATUS", "PRIORITY", "QUEUE", "ASSIGNEE", "UPDATED", "SUBJECT")
DUE_HEADER = ("TICKET", "DUE", "LATE", "CLOCK", "STATUS", "PRIORITY", "QUEUE", "ASSIGNEE", "SUBJECT")
FILE_HEADER = ("ID", "TYPE", "SIZE", "NAME")


def row(ticket: Ticket) -> Sequence[object]:
    """A ticket as a row of the table with `HEADER`."""
    return (
        ticket.number,
        ticket.status,
        ticket.priority,
        ticket.queue,
        ticket.assignee,
        ticket.updated_at,
        ticket.subject,
    )


def in_words(ticket: Ticket) -> str:
    """The status, and the stage that says more: `pending (aguardando-peca)`."""
    return f"{ticket.status} ({ticket.stage})" if ticket.stage else ticket.status


def file_row(file: Any) -> Sequence[object]:
    """An attachment as a row of the table with `FILE_HEADER`."""
    return (file.id, file.content_type, file.size, file.filename)


def as_json(ticket: Ticket) -> dict[str, Any]:
    """A ticket as `ticket list --json` prints it."""
    return {
        "number": ticket.number,
        "queue": ticket.queue,
        "subject": ticket.subject,
        "status": ticket.status,
        "stage": ticket.stage or None,
        "priority": ticket.priority,
        "type": ticket.type,
        "requester": _person(ticket.requester),
        "assignee": ticket.assignee,
        "revision": ticket.revision,
        "participants": [{**_person(person.address), "role": person.role} for person in ticket.participants],
        "tags": list(ticket.tags),
        "fields": dict(ticket.fields),
        "linked": list(ticket.linked),
        "created_at": ticket.created_at,
        "updated_at": ticket.updated_at,
    }


def _person(address: Address) -> dict[str, str]:
    return {"name": address.name, "address": address.address}


def shown_as_json(shown: Shown, due: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A ticket as `ticket show --json` prints it. `due`: its clocks, as `deadlines.as_json` gives them."""
    return {
        **as_json(shown.ticket),
        "messages": [_message(row, shown) for row in shown.messages],
        "events": [_event(row) for row in shown.events],
        "stage": shown.ticket.stage or None,
        "due": due,
        "resolution": shown.resolution.text if shown.resolution else None,
        "resolved_by": _resolution(shown),
        "ratings": [_rating(row) for row in shown.ratings],
        "articles": [],
        "suggestions": [],
    }


def _resolution(shown: Shown) -> dict[str, Any] | None:
    """Where the words of `resolution` come from; `current` is false once the ticket was opened again."""
    kept = shown.resolution
    if kept is None:
        return None
    current = shown.ticket.status in FINISHED
    return {"source": kept.source, "author": kept.author, "message": kept.message, "at": kept.at, "current": current}


def _rating(row: Any) -> dict[str, Any]:
    return {key: getattr(row, key) for key in ("score", "comment", "person", "quotable", "at", "resolved_at")}


def due_as_json(row: Any, now: datetime) -> dict[str, Any]:
    """A clock as `ticket list --due --json` prints it."""
    return {
        "clock": row.clock,
        "level": row.level,
        "at": row.due_at,
        "state": due_state(row, now),
        "started_at": row.started_at,
        "ended_at": row.ended_at,
    }


def due_state(clock: Any, now: datetime) -> str:
    """The state as it is now: a clock that has run out since it was stored is missed."""
    return "missed" if is_late(clock, now) else str(clock.state)


def is_late(clock: Any, now: datetime) -> bool:
    """Whether a clock that has not ended is over its time."""
    return clock.ended_at is None and clock.due_at is not None and clock.due_at <= now


def due_row(ticket: Ticket, due: Any, now: datetime) -> Sequence[object]:
    """A ticket and its clock that is due first, as a row of the table with `DUE_HEADER`."""
    late = span(now - due.due_at, "en") if is_late(due, now) else None
    return (ticket.number, due.due_at, late, due.clock, *row(ticket)[1:5], ticket.subject)


def _solved(shown: Shown) -> Iterator[str]:
    kept = shown.resolution
    again = "" if shown.ticket.status in FINISHED else ", opened again since"
    yield f"\n--- solution ({kept.at.astimezone():%Y-%m-%d %H:%M}, {kept.author}{again}) " + "-" * 20
    yield kept.text


def _message(row: Any, shown: Shown) -> dict[str, Any]:
    return {
        "id": row.id,
        "direction": row.direction,
        "visibility": row.visibility,
        "author": {"name": row.author_name, "address": row.author_address},
        "verified": row.verified,
        "subject": row.subject,
        "text": row.text,
        "reply": row.reply,
        "message_id": row.message_id,
        "received_at": row.received_at,
        "attachments": [file_as_json(file) for file in shown.attachments.get(row.id, ())],
        "kind": row.kind,
        "html": row.html,
        "defects": row.defects,
        "inbound": row.inbound,
    }


def file_as_json(row: Any) -> dict[str, Any]:
    """An attachment as `ticket attachment --json` prints it."""
    keys = ("id", "filename", "content_type", "size", "sha256")
    return {key: getattr(row, key) for key in keys}


def _event(row: Any) -> dict[str, Any]:
    return {"at": row.at, "actor": row.actor, "kind": row.kind, "from": row.old, "to": row.new, "reason": row.reason}


def lines(shown: Shown, due: Iterable[str] = ()) -> Iterator[str]:
    """A ticket for people to read. `due`: its clocks, as `deadlines.lines` gives them."""
    ticket = shown.ticket
    yield f"#{ticket.number}  {ticket.subject or '(no subject)'}"
    yield f"  {in_words(ticket)}, {ticket.priority} priority, queue {ticket.queue}, assignee {ticket.assignee or '-'}"
    for person in ticket.participants:
        yield f"  {person.role}: {person.address.name} <{person.address.address}>".replace("  <", " <")
    if ticket.type:
        yield f"  type: {ticket.type}"
    for name, value in ticket.fields:
        yield f"  {name}: {value}"
    if ticket.linked:
        yield f"  linked: {', '.join(f'#{number}' for number in ticket.linked)}"
    for row in shown.messages:
        when = row.received_at.astimezone().strftime("%Y-%m-%d %H:%M")
        kind = "note" if row.visibility == "note" else {"in": "from", "out": "answer by"}[row.direction]
        yield f"\n--- {when}  {kind} {row.author_name or row.author_address} " + "-" * 20
        yield row.reply.strip() or row.text.strip()
        for file in shown.attachments.get(row.id, ()):
            yield f"  [{file.id}] {file.filename}  {file.content_type}, {file.size} bytes"
    if shown.resolution:
        yield from _solved(shown)
    for row in shown.ratings:
        quoted = ", may be quoted by name" if row.quotable else ""
        yield f"\n--- rating {row.at.astimezone():%Y-%m-%d %H:%M}  {row.score} of 5, {row.person}{quoted}"
        yield from [row.comment] if row.comment else []
    if shown.due:
        yield "\n--- due " + "-" * 43
        yield from (f"  {line}" for line in due)
    yield "\n--- events " + "-" * 40
    for row in shown.events:
        moved = " -> ".join(part for part in (row.old, row.new) if part)
        yield f"  {row.at.astimezone():%Y-%m-%d %H:%M}  {row.kind} {moved}  ({row.reason}, {row.actor})"
