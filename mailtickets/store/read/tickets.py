"""Tickets as people see them: pages of a listing, and one ticket with all that is on it."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mailtickets.desk.model.ticket import Participant, Ticket
from mailtickets.mail.model import Address
from mailtickets.store.read import deadlines
from mailtickets.store.read.reader import Reader, among, narrowed

REFERENCES = 20
"""How many Message-IDs of the newest public messages a ticket has."""

UNFINISHED = ("new", "open", "pending")

_PUBLIC_IDS = (
    "SELECT message_id FROM message WHERE ticket = :ticket AND visibility = 'public' AND message_id IS NOT NULL"
    " ORDER BY id DESC LIMIT :references"
)
_RATINGS = "SELECT * FROM rating WHERE ticket = :ticket ORDER BY at"
_RESOLUTION = "SELECT * FROM ticket_resolution WHERE ticket = :ticket ORDER BY at DESC LIMIT 1"


@dataclass(frozen=True, slots=True)
class Shown:
    """A ticket with its messages, attachments and events, which are rows of their tables."""

    ticket: Ticket
    messages: Sequence[Any]
    attachments: Mapping[int, Sequence[Any]]
    """By message id."""
    events: Sequence[Any]
    due: Sequence[Any] = ()
    """Its clocks: rows of `deadline`, those that are due first foremost."""
    resolution: Any = None
    """What solved it: the newest row of `ticket_resolution`; None: nothing is known."""
    ratings: Sequence[Any] = ()
    """Rows of `rating`, one for each resolution that was rated, oldest first."""


def listed(
    reader: Reader,
    *,
    queue: str | None = None,
    status: str | None = None,
    stages: Sequence[str] | None = None,
    assignee: str | None = None,
    numbers: Sequence[int] | None = None,
    after: int | None = None,
    limit: int = 100,
) -> list[Ticket]:
    """Tickets, newest first. `after` is the last number of the page before; `assignee` "" means nobody.

    Each keyword is a filter that may be left out: the same as the options of `mailtickets ticket list`.
    """
    these, named = among("number", numbers or ())
    in_stage, called = among("stage", stages or ())
    more = (
        *([f"stage IN ({in_stage}) AND stage <> ''"] if stages is not None else []),
        *(["assignee IS NULL"] if assignee == "" else []),
        *([f"number IN ({these})"] if numbers is not None else []),
    )
    tests = {"queue = :queue": queue, "status = :status": status, "assignee = :assignee": assignee or None}
    where, values = narrowed({**tests, "number < :after": after}, *more)
    values |= {**named, **called}
    rows = reader.all(f"SELECT * FROM ticket {where} ORDER BY number DESC LIMIT :limit", limit=limit, **values)  # noqa: S608
    page = [row.number for row in rows]
    people, links = _people(reader, page), _links(reader, page)
    return [ticket_of(row, people[row.number], links[row.number], ids=()) for row in rows]


def exact(reader: Reader, number: int) -> Ticket | None:
    """The ticket with exactly this number, even if it was merged into another."""
    row = reader.one("SELECT * FROM ticket WHERE number = :number", number=number)
    if row is None:
        return None
    ids = reader.all(_PUBLIC_IDS, ticket=number, references=REFERENCES)
    people, links = _people(reader, [number])[number], _links(reader, [number])[number]
    return ticket_of(row, people, links, [found.message_id for found in reversed(ids)])


def show(reader: Reader, number: int) -> Shown | None:
    found = exact(reader, number)
    if found is None:
        return None
    messages = reader.all("SELECT * FROM message WHERE ticket = :number ORDER BY id", number=number)
    files: dict[int, list[Any]] = defaultdict(list)
    these, values = among("message", [row.id for row in messages])
    for row in reader.each(f"SELECT * FROM attachment WHERE message IN ({these}) ORDER BY id", **values):  # noqa: S608
        files[row.message].append(row)
    events = reader.all("SELECT * FROM event WHERE ticket = :number ORDER BY id", number=number)
    due = deadlines.of_tickets(reader, [number]).get(number, ())
    solved, rated = reader.one(_RESOLUTION, ticket=number), reader.all(_RATINGS, ticket=number)
    return Shown(found, messages, files, events, due, solved, rated)


def attachment_source(reader: Reader, number: int, attachment_id: int) -> int | None:
    """The id of the inbound message whose raw holds an attachment of a ticket."""
    row = reader.one(
        "SELECT message.inbound FROM attachment JOIN message ON message.id = attachment.message"
        " WHERE message.ticket = :ticket AND attachment.id = :attachment",
        ticket=number,
        attachment=attachment_id,
    )
    return row.inbound if row is not None else None


def open_by_assignee(reader: Reader) -> dict[str, int]:
    """How many unfinished tickets each assignee has, by case-folded address."""
    open_by: Counter[str] = Counter()
    for row in reader.each("SELECT status, assignee, sum(change) AS held FROM tally GROUP BY status, assignee"):
        if row.assignee and row.status in UNFINISHED:
            open_by[row.assignee.casefold()] += int(row.held)
    return {assignee: held for assignee, held in open_by.items() if held}


def ticket_of(row: Any, people: Sequence[Participant], links: Sequence[int], ids: Sequence[str]) -> Ticket:
    """The ticket in a row of `ticket`. `ids` are the Message-IDs of its public messages, oldest first."""
    return Ticket(
        number=row.number,
        queue=row.queue,
        subject=row.subject,
        status=row.status,
        priority=row.priority,
        type=row.type,
        requester=Address(row.requester_name, row.requester_address),
        assignee=row.assignee,
        revision=row.revision,
        locale=row.locale,
        created_at=row.created_at,
        updated_at=row.updated_at,
        resolved_at=row.resolved_at,
        closed_at=row.closed_at,
        participants=tuple(people),
        tags=tuple(row.tags),
        linked=tuple(links),
        answered=row.answered,
        references=tuple(ids),
        waiting_since=row.waiting_since,
        snoozed_until=row.snoozed_until,
        stage=row.stage,
        stage_since=row.stage_since,
        fields=tuple(row.fields.items()),
        epoch=row.epoch,
    )


def participant_of(row: Any) -> Participant:
    """The participant in a row of `participant`."""
    return Participant(Address(row.name, row.address), row.role, row.notified, row.muted, row.left_out)


def _people(reader: Reader, numbers: Sequence[int]) -> dict[int, list[Participant]]:
    these, values = among("ticket", numbers)
    people: dict[int, list[Participant]] = defaultdict(list)
    for row in reader.each(f"SELECT * FROM participant WHERE ticket IN ({these}) ORDER BY position", **values):  # noqa: S608
        people[row.ticket].append(participant_of(row))
    return people


def _links(reader: Reader, numbers: Sequence[int]) -> dict[int, list[int]]:
    these, values = among("ticket", numbers)
    links: dict[int, list[int]] = defaultdict(list)
    for row in reader.each(f"SELECT * FROM ticket_link WHERE ticket IN ({these}) ORDER BY other", **values):  # noqa: S608
        links[row.ticket].append(row.other)
    return links
