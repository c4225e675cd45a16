"""Tickets, their people, messages and events: read and saved whole."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import BindParameter, Connection, bindparam, delete, func, insert, literal_column, select, update

from mailtickets.desk.model.ticket import STATUSES, Participant, Ticket
from mailtickets.store.database import Stale
from mailtickets.store.inbound import insert_ignoring
from mailtickets.store.read.tickets import REFERENCES, participant_of, ticket_of
from mailtickets.store.schema import counter, message, participant, tally, ticket, ticket_link
from mailtickets.store.statements import inserting, replacing

_MERGES_FOLLOWED = 10


_NUMBERS: BindParameter[int] = bindparam("numbers", expanding=True)
_TICKETS = select(ticket).where(ticket.c.number.in_(_NUMBERS))
_PEOPLE = select(participant).where(participant.c.ticket.in_(_NUMBERS)).order_by(participant.c.position)
_LINKS = select(ticket_link).where(ticket_link.c.ticket.in_(_NUMBERS)).order_by(ticket_link.c.other)
_PUBLIC_IDS = (
    select(message.c.message_id)
    .where(message.c.ticket == bindparam("ticket"), message.c.visibility == "public", message.c.message_id.is_not(None))
    .order_by(message.c.id.desc())
    .limit(REFERENCES)
)
_SAME = update(ticket).where(ticket.c.number == bindparam("this"), ticket.c.revision == bindparam("had"))
_RAISED = update(counter).where(counter.c.name == "ticket").values(value=counter.c.value + 1).returning(counter.c.value)


def reserve_number(connection: Connection, first: int) -> int:
    """The next ticket number. A number that is not used leaves a gap."""
    number = connection.execute(_RAISED).scalar()
    if number is not None:
        return int(number)
    connection.execute(insert_ignoring(connection, counter).values(name="ticket", value=first - 1))
    return int(connection.execute(_RAISED).scalar_one())


def load(connection: Connection, number: int) -> Ticket | None:
    return load_many(connection, [number]).get(number)


def load_many(connection: Connection, numbers: Iterable[int]) -> dict[int, Ticket]:
    """The tickets by these numbers. A number of a merged ticket leads to the ticket it was merged into."""
    rows = {row.number: row for row in connection.execute(_TICKETS, {"numbers": sorted(set(numbers))})}
    leads: dict[int, int] = {}
    for number in list(rows):
        row = rows[number]
        for _ in range(_MERGES_FOLLOWED):
            if row.merged_into is None:
                break
            row = connection.execute(select(ticket).where(ticket.c.number == row.merged_into)).one()
        leads[number] = row.number
        rows[row.number] = row
    ends = set(leads.values())
    people, links = _people(connection, ends), _links(connection, ends)
    found = {end: ticket_of(rows[end], people[end], links[end], _public_ids(connection, end)) for end in ends}
    return {number: found[end] for number, end in leads.items()}


def _people(connection: Connection, numbers: set[int]) -> dict[int, list[Participant]]:
    people: dict[int, list[Participant]] = defaultdict(list)
    for row in connection.execute(_PEOPLE, {"numbers": list(numbers)}):
        people[row.ticket].append(participant_of(row))
    return people


def _links(connection: Connection, numbers: set[int]) -> dict[int, list[int]]:
    links: dict[int, list[int]] = defaultdict(list)
    for row in connection.execute(_LINKS, {"numbers": list(numbers)}):
        links[row.ticket].append(row.other)
    return links


def _public_ids(connection: Connection, number: int) -> list[str]:
    """Message-IDs of the newest public messages, oldest first."""
    return [str(found) for found in reversed(connection.execute(_PUBLIC_IDS, {"ticket": number}).scalars().all())]


def save(connection: Connection, before: Ticket | None, after: Ticket) -> None:
    """Inserts a new ticket, or updates one. Raises Stale if it has changed since `before` was read."""
    values = dict(
        queue=after.queue,
        subject=after.subject,
        status=after.status,
        priority=after.priority,
        type=after.type,
        requester_name=after.requester.name,
        requester_address=after.requester.address,
        assignee=after.assignee,
        revision=after.revision,
        locale=after.locale,
        answered=after.answered,
        tags=list(after.tags),
        updated_at=after.updated_at,
        resolved_at=after.resolved_at,
        closed_at=after.closed_at,
        waiting_since=after.waiting_since,
        snoozed_until=after.snoozed_until,
        stage=after.stage,
        stage_since=after.stage_since,
        fields=dict(after.fields),
        epoch=after.epoch,
    )
    if before is None:
        connection.execute(inserting(ticket), dict(number=after.number, created_at=after.created_at, **values))
        _count(connection, (after, 1))
    else:
        if connection.execute(_SAME, dict(this=after.number, had=before.revision, **values)).rowcount != 1:
            raise Stale(f"ticket {after.number} has changed")
        if (before.queue, before.status, before.assignee) != (after.queue, after.status, after.assignee):
            _count(connection, (before, -1), (after, 1))
    _save_people(connection, before.participants if before else (), after)
    for other in set(after.linked) - set(before.linked if before else ()):
        link(connection, after.number, other)


def _count(connection: Connection, *changes: tuple[Ticket, int]) -> None:
    rows = [dict(queue=t.queue, status=t.status, assignee=t.assignee or "", change=change) for t, change in changes]
    connection.execute(inserting(tally), rows)


def counts(connection: Connection) -> dict[tuple[str, str, str], int]:
    """How many tickets there are by queue, status and assignee ("" is nobody)."""
    kinds = (tally.c.queue, tally.c.status, tally.c.assignee)
    summed = select(*kinds, func.sum(tally.c.change)).group_by(*kinds)
    return {(row[0], row[1], row[2]): int(row[3]) for row in connection.execute(summed) if row[3]}


def fold_counts(connection: Connection) -> None:
    """Replaces the single changes of the tally by one row for each count."""
    gone = connection.execute(delete(tally).returning(tally.c.queue, tally.c.status, tally.c.assignee, tally.c.change))
    sums: Counter[tuple[str, str, str]] = Counter()
    for queue, status, assignee, change in gone:
        sums[queue, status, assignee] += change
    rows = [dict(queue=q, status=s, assignee=a, change=change) for (q, s, a), change in sums.items() if change]
    if rows:
        connection.execute(inserting(tally), rows)


def _save_people(connection: Connection, before: Sequence[Participant], after: Ticket) -> None:
    remaining = {(person.address.key, person.role) for person in after.participants}
    for person in before:
        if (person.address.key, person.role) not in remaining:
            gone = participant.c.address_key == person.address.key, participant.c.role == person.role
            connection.execute(delete(participant).where(participant.c.ticket == after.number, *gone))
    rows = [
        dict(
            ticket=after.number,
            address_key=person.address.key,
            role=person.role,
            position=position,
            name=person.address.name,
            address=person.address.address,
            notified=person.notified,
            muted=person.muted,
            left_out=person.left_out,
        )
        for position, person in enumerate(after.participants)
        if person not in before
    ]
    if rows:
        keys, changeable = ("ticket", "address_key", "role"), ("notified", "muted", "left_out")
        connection.execute(replacing(connection.dialect.name, participant, keys, changeable), rows)


def link(connection: Connection, number: int, other: int) -> None:
    """Links two tickets with each other."""
    for one, two in ((number, other), (other, number)):
        connection.execute(insert_ignoring(connection, ticket_link).values(ticket=one, other=two))


def merge(connection: Connection, number: int, into: int) -> None:
    """Moves the messages and people of a ticket to another ticket. From now on, the number leads there."""
    news = select(ticket.c.revision + 1).where(ticket.c.number == into).scalar_subquery()
    connection.execute(update(message).where(message.c.ticket == number).values(ticket=into, revision=news))
    here = {row.address_key for row in connection.execute(select(participant).where(participant.c.ticket == into))}
    last = (
        connection.execute(select(func.max(participant.c.position)).where(participant.c.ticket == into)).scalar() or 0
    )
    newcomers = select(participant).where(participant.c.ticket == number).order_by(participant.c.position)
    for position, row in enumerate(connection.execute(newcomers).mappings().all(), start=last + 1):
        if row["address_key"] not in here:
            role = "agent" if row["role"] == "agent" else "cc"
            values = {**row, "ticket": into, "role": role, "position": position}
            connection.execute(insert(participant).values(values))
    connection.execute(update(ticket).where(ticket.c.number == number).values(merged_into=into))
    link(connection, number, into)


def set_fields(connection: Connection, number: int, fields: Mapping[str, str]) -> None:
    """Gives a ticket these values of fields, in a transaction that raises its revision."""
    connection.execute(update(ticket).where(ticket.c.number == number).values(fields=dict(fields)))


def newest_of(connection: Connection, requester: str, limit: int) -> list[int]:
    """Numbers of a customer's tickets, newest first, without merged ones."""
    theirs = select(ticket.c.number).where(
        ticket.c.requester_address.in_({requester, requester.casefold()}), ticket.c.merged_into.is_(None)
    )
    return list(connection.execute(theirs.order_by(ticket.c.number.desc()).limit(limit)).scalars())


def resolved_before(connection: Connection, queue: str, moment: datetime, limit: int) -> list[int]:
    """Numbers of a queue's tickets that were resolved before this moment: they are due for closing."""
    wanted = select(ticket.c.number).where(
        ticket.c.queue == queue, ticket.c.status == literal_column("'resolved'"), ticket.c.resolved_at <= moment
    )
    return list(connection.execute(wanted.order_by(ticket.c.resolved_at).limit(limit)).scalars())


def assigned_to_others(connection: Connection, agents: Iterable[str], limit: int) -> list[int]:
    """Numbers of unfinished tickets whose assignee is none of these addresses."""
    known = {agent.casefold() for agent in agents}
    others = {
        who for _, status, who in counts(connection) if who and status != "closed" and who.casefold() not in known
    }
    unfinished = [status for status in STATUSES if status != "closed"]
    wanted = select(ticket.c.number).where(ticket.c.assignee.in_(others), ticket.c.status.in_(unfinished))
    return list(connection.execute(wanted.order_by(ticket.c.number).limit(limit)).scalars()) if others else []
