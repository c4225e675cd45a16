"""What solved the tickets of before, and whom the desk had asked about them: derived once, from events, in batches.

A database that is older than `ticket_resolution` and `rating_request` has all that they would hold: the change of
status with the mail that brought it, the answers, the letters that went out. Owns: how far this has come, as a note
(`told_mark`). What is known already stays as it is.
Fails with: nothing of its own.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BindParameter, Connection, bindparam, literal_column, select

from mailtickets.desk.customers.asking import NOT_ASKED
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.model.ticket import FINISHED
from mailtickets.desk.resolution import UNSOLVED
from mailtickets.store import figures, resolutions
from mailtickets.store.inbound import insert_ignoring
from mailtickets.store.schema import event, notice, outbox, rating_request, ticket, ticket_resolution, told_mark
from mailtickets.store.statements import replacing

_NOTE: Final = "old-resolutions"
_ALL: Final = "all"
_NUMBERS: BindParameter[Any] = bindparam("numbers", expanding=True)
_NEXT = (
    select(ticket.c.number, ticket.c.queue, ticket.c.requester_address)
    .where(ticket.c.number > bindparam("after"), ticket.c.merged_into.is_(None))
    .order_by(ticket.c.number)
    .limit(bindparam("most"))
)
_MOVED = (
    select(event)
    .where(event.c.ticket.in_(_NUMBERS), event.c.kind == literal_column("'status'"))
    .order_by(event.c.ticket, event.c.id)
)
_KNOWN = select(ticket_resolution.c.ticket, ticket_resolution.c.at).where(ticket_resolution.c.ticket.in_(_NUMBERS))
_TOLD = (
    select(outbox.c.ticket, outbox.c.recipient, outbox.c.name, outbox.c.created_at, notice.c.inbound)
    .join(notice, notice.c.id == outbox.c.notice)
    .where(outbox.c.ticket.in_(_NUMBERS), outbox.c.name.in_(("resolved", "answer")))
)


def derive(connection: Connection, policy: Policy, now: datetime, most: int) -> bool:
    """Derives what is to be known of so many more tickets. Returns whether there are others."""
    note = connection.execute(select(told_mark.c.value, told_mark.c.at).where(told_mark.c.key == _NOTE)).first()
    if note is not None and note.value == _ALL:
        return False
    begun = note.at if note is not None else now
    rows = connection.execute(_NEXT, {"after": int(note.value) if note is not None else 0, "most": most}).all()
    numbers = [row.number for row in rows]
    ends = _ends(connection.execute(_MOVED, {"numbers": numbers}))
    recorded = {(row.ticket, row.at) for row in connection.execute(_KNOWN, {"numbers": numbers})}
    known = {number for number, _ in recorded}
    told = connection.execute(_TOLD, {"numbers": numbers}).all()
    for row in rows:
        own = ends.get(row.number, [])
        solved = [end for end in own if end.reason not in UNSOLVED]
        if solved and row.number not in known:
            resolutions.keep_answer(connection, row.number, solved[-1].inbound, solved[-1].at, solved[-1].at)
        queue = policy.queue(row.queue)
        if queue is not None and queue.satisfaction:
            old = [end for end in own if end.at <= begun and (row.number, end.at) not in recorded]
            _note_asked(connection, row, old, [one for one in told if one.ticket == row.number])
    _remember(connection, str(numbers[-1]) if len(numbers) == most else _ALL, begun)
    return len(numbers) == most


def _ends(moved: Iterable[Any]) -> dict[int, list[Any]]:
    """By ticket: the events with which it came to an end, without those that were undone."""
    found: dict[int, list[Any]] = {}
    for row in moved:
        own = found.setdefault(row.ticket, [])
        if row.new in FINISHED and row.old not in FINISHED:
            own.append(row)
        elif row.reason == "undone" and own and row.new not in FINISHED:
            own.pop()
    return found


def _note_asked(connection: Connection, row: Any, ends: Sequence[Any], told: Sequence[Any]) -> None:
    """Notes that the customer was asked by the mail that told of a resolution."""
    person = row.requester_address.casefold()
    for end in ends:
        if end.new == "resolved" and end.reason not in NOT_ASKED and any(_tells(one, end, person) for one in told):
            values = {"ticket": row.number, "resolved_at": end.at, "person": person}
            asked = insert_ignoring(connection, rating_request).values(**values, due_at=end.at, asked_at=end.at)
            if connection.execute(asked).rowcount:
                figures.mark_number(connection, row.number)


def _tells(letter: Any, end: Any, person: str) -> bool:
    """Whether a letter to that person told of this end: an answer in the same mail, or a notice of the same moment."""
    same = letter.inbound == end.inbound if end.inbound is not None else letter.created_at == end.at
    return bool(same and letter.recipient.casefold() == person)


def _remember(connection: Connection, note: str, begun: datetime) -> None:
    """`begun` is when the first of these tickets were looked at: who was asked since then is known without this."""
    row = {"key": _NOTE, "at": begun, "value": note}
    connection.execute(replacing(connection.dialect.name, told_mark, ("key",), ("at", "value")), row)
