"""How long customers waited for the first answer, and what they had been told to expect.

Owns: the tables `answer_time` and `expectation`. A ticket is in `answer_time` once it came to a queue with
`promise = true`; older ones are added when a queue begins with it (`unrecorded`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, bindparam, case, delete, exists, func, literal_column, or_, select, update

from mailtickets.desk.clock.promise import (
    DAY_KINDS,
    NOTHING_SETTLED,
    DayKind,
    ExpectedOutcome,
    KeptShare,
    UsualWait,
    UsualWaits,
)
from mailtickets.mail.door import IMPORT
from mailtickets.store.schema import answer_time, expectation, inbound, message, ticket, told_mark
from mailtickets.store.statements import insert_of, inserting, replacing

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Arrived:
    """A customer's mail has opened a ticket. What may be expected of it counts also where it is not said."""

    ticket: int
    queue: str
    arrived_at: datetime
    expected_at: datetime | None


@dataclass(frozen=True, slots=True)
class Answered:
    """A ticket has its first answer, after so much open time."""

    ticket: int
    answered_at: datetime
    length: timedelta


@dataclass(frozen=True, slots=True)
class TakenBack:
    """An answer to a ticket was taken back before it went out."""

    ticket: int


AnswerRecord = Arrived | Answered | TakenBack


# --- one ticket ---------------------------------------------------------------------------------------

_ANSWERED = (
    update(answer_time)
    .where(answer_time.c.ticket == bindparam("number"), answer_time.c.answered_at.is_(None))
    .values(answered_at=bindparam("at"), seconds=bindparam("length"))
)
_PUBLIC_IN = and_(message.c.direction == "in", message.c.visibility == "public")
_PUBLIC_OUT = and_(message.c.direction == "out", message.c.visibility == "public", message.c.kind == "human")
_UNANSWERED = (
    update(answer_time)
    .where(answer_time.c.ticket == bindparam("number"))
    .where(~exists().where(message.c.ticket == answer_time.c.ticket, _PUBLIC_OUT))
    .values(answered_at=None, seconds=None)
)
"""The answer that is taken back is a note now."""


def record(connection: Connection, happened: AnswerRecord) -> None:
    """Records what has happened. Only the first answer counts."""
    match happened:
        case Arrived(number, queue, arrived_at, expected_at):
            row = {"ticket": number, "queue": queue, "arrived_at": arrived_at, "promised_at": expected_at}
            connection.execute(inserting(answer_time), row)
        case Answered(number, answered_at, length):
            connection.execute(_ANSWERED, {"number": number, "at": answered_at, "length": length // _SECOND})
        case TakenBack(number):
            connection.execute(_UNANSWERED, {"number": number})


def unanswered(connection: Connection, number: int) -> Arrived | None:
    """The ticket's entry, while it waits for its first answer; None: it has none, or was answered."""
    row = connection.execute(
        select(answer_time).where(answer_time.c.ticket == number, answer_time.c.answered_at.is_(None))
    ).one_or_none()
    return Arrived(row.ticket, row.queue, row.arrived_at, row.promised_at) if row else None


# --- a queue ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Waited:
    """One ticket of a queue's history."""

    arrived_at: datetime
    length: timedelta | None
    """Open time until the first answer; None: its customer still waits."""


_STILL_WAITS = exists().where(ticket.c.number == answer_time.c.ticket, ticket.c.waiting_since.is_not(None))
"""A ticket that was finished without an answer (thanks, spam, merged) tells nothing."""


def history(connection: Connection, queue: str, since: datetime) -> list[Waited]:
    """The tickets of a queue that came since then, and were answered or still wait."""
    wanted = select(answer_time.c.arrived_at, answer_time.c.answered_at, answer_time.c.seconds).where(
        answer_time.c.queue == queue,
        answer_time.c.arrived_at >= since,
        or_(answer_time.c.answered_at.is_not(None), _STILL_WAITS),
    )
    rows = connection.execute(wanted)
    return [Waited(row.arrived_at, None if row.seconds is None else row.seconds * _SECOND) for row in rows]


def outcomes(connection: Connection, queue: str, since: datetime) -> list[ExpectedOutcome]:
    """What was expected of the tickets of a queue that came since then, and what came of it."""
    wanted = select(answer_time.c.promised_at, answer_time.c.answered_at).where(
        answer_time.c.queue == queue,
        answer_time.c.arrived_at >= since,
        answer_time.c.promised_at.is_not(None),
        or_(answer_time.c.answered_at.is_not(None), _STILL_WAITS),
    )
    return [ExpectedOutcome(row.promised_at, row.answered_at) for row in connection.execute(wanted)]


# --- tickets from before ------------------------------------------------------------------------------


def is_new(connection: Connection, queue: str) -> bool:
    """Whether nothing has been recorded of a queue yet."""
    return connection.execute(select(answer_time.c.ticket).where(answer_time.c.queue == queue).limit(1)).first() is None


@dataclass(frozen=True, slots=True)
class PastAnswer:
    """A ticket that a customer opened and a person answered."""

    ticket: int
    arrived_at: datetime
    answered_at: datetime


@dataclass(frozen=True, slots=True)
class PastPage:
    """Some tickets of the past, the newest first. `below` is where the next page begins; None: there is none."""

    answers: tuple[PastAnswer, ...]
    below: int | None


def unrecorded(connection: Connection, queue: str, since: datetime, below: int, limit: int) -> PastPage:
    """The answers to tickets of a queue that were opened since then, of so many tickets with numbers below `below`.
    Imported mail is no history of ours."""
    newest = select(ticket.c.number, ticket.c.queue, ticket.c.created_at).where(ticket.c.number < below)
    page = connection.execute(newest.order_by(ticket.c.number.desc()).limit(limit)).all()
    numbers = [row.number for row in page if row.queue == queue and row.created_at >= since]
    goes_on = len(page) == limit and any(row.created_at >= since for row in page)  # imported ones are older
    return PastPage(_past_answers(connection, numbers), page[-1].number if goes_on else None)


def _past_answers(connection: Connection, numbers: Sequence[int]) -> tuple[PastAnswer, ...]:
    arrived_at = func.min(case((_PUBLIC_IN, message.c.received_at)))
    answered_at = func.min(case((_PUBLIC_OUT, message.c.received_at)))
    wanted = (
        select(message.c.ticket, arrived_at.label("arrived_at"), answered_at.label("answered_at"))
        .outerjoin(inbound, inbound.c.id == message.c.inbound)
        .where(message.c.ticket.in_(numbers))
        .group_by(message.c.ticket)
        .having(arrived_at < answered_at)
        .having(func.count(case((inbound.c.source == IMPORT.name, literal_column("1")))) == 0)
    )
    return tuple(PastAnswer(row.ticket, row.arrived_at, row.answered_at) for row in connection.execute(wanted))


def add(connection: Connection, queue: str, rows: Iterable[tuple[int, datetime, datetime, timedelta]]) -> None:
    """Adds answered tickets from before: (ticket, arrived at, answered at, open time)."""
    values = [
        {"ticket": number, "queue": queue, "arrived_at": arrived, "answered_at": answered, "seconds": length // _SECOND}
        for number, arrived, answered, length in rows
    ]
    if values:
        connection.execute(insert_of(connection.dialect.name)(answer_time).on_conflict_do_nothing(), values)


# --- a calendar that has changed ----------------------------------------------------------------------


def answered(connection: Connection, queue: str, since: datetime, after: int, limit: int) -> list[PastAnswer]:
    """The recorded answers to tickets of a queue that came since then, by ticket, above the number `after`."""
    wanted = select(answer_time.c.ticket, answer_time.c.arrived_at, answer_time.c.answered_at).where(
        answer_time.c.queue == queue,
        answer_time.c.arrived_at >= since,
        answer_time.c.answered_at.is_not(None),
        answer_time.c.ticket > after,
    )
    return [PastAnswer(*row) for row in connection.execute(wanted.order_by(answer_time.c.ticket).limit(limit))]


_MEASURED = update(answer_time).where(
    answer_time.c.ticket == bindparam("number"), answer_time.c.answered_at == bindparam("until")
)


def measure(connection: Connection, lengths: Sequence[tuple[PastAnswer, timedelta]]) -> None:
    """Records the open time of answers anew. One that was taken back meanwhile stays without."""
    rows = [{"number": one.ticket, "until": one.answered_at, "seconds": length // _SECOND} for one, length in lengths]
    if rows:
        connection.execute(_MEASURED, rows)


def measured_in(connection: Connection, queue: str) -> str | None:
    """The mark of the calendar in which the answers of a queue were measured; None: there is none yet."""
    return connection.execute(select(told_mark.c.value).where(told_mark.c.key == _calendar(queue))).scalar()


def mark_calendar(connection: Connection, queue: str, calendar: str, now: datetime) -> None:
    row = {"key": _calendar(queue), "at": now, "value": calendar}
    connection.execute(replacing(connection.dialect.name, told_mark, ("key",), ("at", "value")), row)


def _calendar(queue: str) -> str:
    return f"answer-calendar {queue}"


# --- what may be expected -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class QueueExpectation:
    """What may be expected of a queue, and whether its acknowledgements say it."""

    figures: UsualWaits
    said: bool = True
    share: KeptShare = NOTHING_SETTLED


NOTHING_EXPECTED = QueueExpectation({})


def expectation_of(connection: Connection, queue: str) -> QueueExpectation:
    """What was worked out of a queue last."""
    row = connection.execute(select(expectation).where(expectation.c.queue == queue)).one_or_none()
    if row is None:
        return NOTHING_EXPECTED
    return QueueExpectation(_read(row.figures), row.said, KeptShare(row.kept, row.settled))


def keep(connection: Connection, queue: str, found: QueueExpectation, now: datetime) -> None:
    changed = ("at", "figures", "said", "kept", "settled")
    row = {"queue": queue, "at": now, "figures": _written(found.figures), "said": found.said}
    row |= {"kept": found.share.kept, "settled": found.share.of}
    connection.execute(replacing(connection.dialect.name, expectation, ("queue",), changed), row)


def forget_others(connection: Connection, queues: Sequence[str]) -> list[str]:
    """Drops what was worked out of queues other than these. Returns their names."""
    others = delete(expectation).where(expectation.c.queue.not_in(queues)).returning(expectation.c.queue)
    return list(connection.execute(others).scalars())


def _written(figures: UsualWaits) -> dict[str, list[int]]:
    return {f"{kind} {hour}": [one.half // _SECOND, one.most // _SECOND] for (kind, hour), one in figures.items()}


def _read(figures: Mapping[str, Sequence[int]]) -> UsualWaits:
    found: dict[tuple[DayKind, int], UsualWait] = {}
    for kind in DAY_KINDS:
        for hour in range(24):
            if seconds := figures.get(f"{kind} {hour}"):
                found[kind, hour] = UsualWait(seconds[0] * _SECOND, seconds[1] * _SECOND)
    return found
