"""Reads and writes for agents: turns, absences, reminders, messages to show, and what `#desfazer` can undo."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, case, delete, func, not_, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from mailtickets.desk.model.facts import StoredFile, Undoable
from mailtickets.desk.model.ticket import Said
from mailtickets.desk.notices.contexts import MAX_SHOWN
from mailtickets.mail.model import REF_LABEL, Address
from mailtickets.store.database import Stale
from mailtickets.store.read.reader import within
from mailtickets.store.read.tickets import open_by_assignee
from mailtickets.store.schema import (
    agent_state,
    attachment,
    deadline,
    event,
    message,
    notice,
    outbox,
    reminder,
    ticket,
)

_THREAD = 100


# --- turns and absence --------------------------------------------------------------------------------


def assigned_at(connection: Connection, agents: Iterable[str]) -> dict[str, datetime]:
    """When each agent was last given a ticket by turns, by key. Agents who never got one are left out."""
    return _moments(connection, agents, agent_state.c.assigned_at)


def absent_until(connection: Connection, agents: Iterable[str]) -> dict[str, datetime]:
    """Until when each agent is away, by key. Agents without an absence are left out."""
    return _moments(connection, agents, agent_state.c.absent_until)


def _moments(connection: Connection, agents: Iterable[str], column: Any) -> dict[str, datetime]:
    keys = [agent.casefold() for agent in agents]
    wanted = select(agent_state.c.address_key, column).where(agent_state.c.address_key.in_(keys), column.is_not(None))
    return {row[0]: row[1] for row in connection.execute(wanted)}


def take_turn(connection: Connection, agent: str, seen: datetime | None, now: datetime) -> datetime:
    """Stores that an agent was given a ticket by turns, and returns the moment that stands for it.

    Raises Stale if they were given another since `seen`.
    """
    key = agent.casefold()
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    first = dialect.insert(agent_state).values(address_key=key).on_conflict_do_nothing()
    connection.execute(first)
    same = agent_state.c.assigned_at == seen if seen is not None else agent_state.c.assigned_at.is_(None)
    later = max(now, seen + timedelta(microseconds=1)) if seen is not None else now  # every turn has its own moment
    taken = update(agent_state).where(agent_state.c.address_key == key, same).values(assigned_at=later)
    if connection.execute(taken).rowcount != 1:
        raise Stale(f"{agent} was given another ticket meanwhile")
    return later


def set_absence(connection: Connection, agent: str, until: datetime | None) -> None:
    _set(connection, agent, absent_until=until)


def digested_on(connection: Connection, agents: Iterable[str]) -> dict[str, str]:
    """The local day of each agent's last timed digest."""
    keys = [agent.casefold() for agent in agents]
    wanted = select(agent_state.c.address_key, agent_state.c.digested_on).where(
        agent_state.c.address_key.in_(keys), agent_state.c.digested_on.is_not(None)
    )
    return {row[0]: row[1] for row in connection.execute(wanted)}


def set_digested(connection: Connection, agent: str, day: str) -> None:
    _set(connection, agent, digested_on=day)


def _set(connection: Connection, agent: str, **values: object) -> None:
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    row = dialect.insert(agent_state).values(address_key=agent.casefold(), **values)
    connection.execute(row.on_conflict_do_update(index_elements=["address_key"], set_=values))


# --- reminders ----------------------------------------------------------------------------------------


def remind(connection: Connection, number: int, agent: str, due_at: datetime, *, snooze: bool) -> None:
    """Stores when an agent wants to be reminded of a ticket, in place of an earlier moment."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    values = {"due_at": due_at, "snooze": snooze}
    row = dialect.insert(reminder).values(ticket=number, agent=agent.casefold(), **values)
    connection.execute(row.on_conflict_do_update(index_elements=["ticket", "agent"], set_=values))


def reminded(connection: Connection, number: int, agent: str | None, now: datetime) -> None:
    """Deletes the agent's reminder. Without an agent, stores that agents were reminded of the waiting ticket at `now`.

    Raises Stale if the reminder is gone.
    """
    if agent is None:
        connection.execute(update(ticket).where(ticket.c.number == number).values(reminded_at=now))
        return
    mine = delete(reminder).where(reminder.c.ticket == number, reminder.c.agent == agent.casefold())
    if connection.execute(mine).rowcount != 1:
        raise Stale(f"{agent} has been reminded of {number}")


def reminders_due(connection: Connection, now: datetime, limit: int) -> Sequence[Row[Any]]:
    """The reminders due by now: rows of (ticket, agent, due_at, snooze), earliest first."""
    wanted = select(reminder).where(reminder.c.due_at <= now).order_by(reminder.c.due_at).limit(limit)
    return connection.execute(wanted).all()


def waiting_too_long(connection: Connection, queue: str, after: timedelta, now: datetime, limit: int) -> list[int]:
    """Numbers of a queue's tickets that wait for an agent for longer than `after`, longest first.

    Left out: snoozed tickets, and tickets of which agents were reminded during this wait, less than `after` ago or less
    than a day ago.
    """
    again = now - max(after, timedelta(days=1))
    wanted = select(ticket.c.number).where(
        ticket.c.queue == queue,
        ticket.c.waiting_since <= now - after,
        ticket.c.status.in_(("new", "open")),
        or_(
            ticket.c.reminded_at.is_(None), ticket.c.reminded_at <= again, ticket.c.reminded_at < ticket.c.waiting_since
        ),
        or_(ticket.c.snoozed_until.is_(None), ticket.c.snoozed_until <= now),
    )
    return list(connection.execute(wanted.order_by(ticket.c.waiting_since).limit(limit)).scalars())


# --- messages, and changes to undo ---------------------------------------------------------------------


def thread(connection: Connection, number: int, *, whole: bool = False, limit: int = _THREAD) -> tuple[Said, ...]:
    """The newest messages of a ticket, oldest first. `whole`: with the text that received mails quote; for agents
    only."""
    return _messages(connection, limit, message.c.ticket == number, whole=whole)


def brought_by(connection: Connection, inbound: int) -> tuple[Said, ...]:
    """The message that came with a mail (`inbound`); empty if there is none any more."""
    return _messages(connection, 1, message.c.inbound == inbound)


def thread_for_all(connection: Connection, number: int, agents: Iterable[str], limit: int) -> tuple[Said, ...]:
    """The newest public messages that every customer on a ticket may read, oldest first.

    A customer who was added later may not read older messages, unless an agent (one of `agents`) or an operator added
    them. All copies of an answer have the same text, so the customer who was added last decides for all.
    """
    by_order = or_(event.c.actor.in_(list(agents)), event.c.actor.like("shell:%"))
    joined = select(func.max(event.c.at)).where(
        event.c.ticket == number, event.c.kind == "participant", event.c.reason == "cc", event.c.new.is_not(None)
    )
    since = connection.execute(joined.where(~by_order)).scalar()
    later = (message.c.received_at > since,) if since is not None else ()
    return _messages(connection, limit, message.c.ticket == number, message.c.visibility == "public", *later)


def written_since(
    connection: Connection, number: int, *, revision: int | None, moment: datetime, not_by: Iterable[str]
) -> tuple[Said, ...]:
    """The messages of a ticket that were written after a revision (None: after `moment`) by people not in `not_by`.

    A person who has merged two tickets knew the messages of both that had been sent to them: these are left out.
    """
    own = [address.casefold() for address in not_by]
    others = func.lower(message.c.author_address).not_in(own)
    later = message.c.revision > revision if revision is not None else message.c.received_at > moment
    fresh = [later, others, message.c.kind.in_(("human", "list"))]
    merged = select(func.max(event.c.at)).where(
        event.c.ticket == number, event.c.kind == "merged", func.lower(event.c.actor).in_(own)
    )
    at = connection.execute(merged).scalar()
    if at is not None:
        fresh.append(~_sent_to(own, at))
    return _messages(connection, _THREAD, message.c.ticket == number, *fresh)


def _sent_to(people: Sequence[str], until: datetime) -> ColumnElement[bool]:
    """A condition on messages: a notice of the message was written to one of these people, at `until` or earlier."""
    return (
        select(outbox.c.id)
        .join(notice, notice.c.id == outbox.c.notice)
        .where(
            notice.c.inbound == message.c.inbound,
            func.lower(outbox.c.recipient).in_(people),
            outbox.c.created_at <= until,
        )
        .exists()
    )


def _messages(connection: Connection, limit: int, *conditions: Any, whole: bool = False) -> tuple[Said, ...]:
    """The newest messages that fulfil the conditions, oldest first, each cut one character after the shown length.

    `whole`: with the text that a received mail quotes, unless it quotes a notice of ours: that text is on the ticket
    already.
    """
    quotes_us = message.c.text.contains(REF_LABEL, autoescape=True)
    quotes_others = and_(message.c.direction == "in", not_(quotes_us))
    words = case((quotes_others, message.c.text), else_=message.c.reply) if whole else message.c.reply
    said = func.substr(words, 1, MAX_SHOWN + 1)
    who, how = (message.c.author_name, message.c.author_address), (message.c.direction, message.c.visibility)
    wanted = select(*who, *how, said.label("said"), message.c.received_at).where(*conditions)
    newest = connection.execute(wanted.order_by(message.c.id.desc()).limit(limit)).all()
    return tuple(
        Said(Address(row.author_name, row.author_address), row.direction, row.visibility, row.said, row.received_at)
        for row in reversed(newest)
    )


def files_of(connection: Connection, number: int, inbound: int | None) -> tuple[StoredFile, ...]:
    """The attachments of one message of a ticket. If the message has none: those of the customer's newest message that
    has attachments."""
    came = select(attachment, message.c.inbound).join(message, message.c.id == attachment.c.message)
    mine = came.where(message.c.ticket == number, message.c.inbound.is_not(None), attachment.c.inline.is_(False))
    rows = connection.execute(mine.where(message.c.inbound == inbound).order_by(attachment.c.id)).all()
    if not rows:
        incoming = mine.where(message.c.direction == "in").order_by(message.c.id.desc(), attachment.c.id).limit(_THREAD)
        newest = connection.execute(incoming).all()
        rows = [row for row in newest if row.inbound == newest[0].inbound]
    return tuple(StoredFile(row.inbound, row.filename, row.content_type, row.size, row.sha256) for row in rows)


def undoable(connection: Connection, number: int, agent: str, caused_by: int | None) -> Undoable | None:
    """What `agent` did on a ticket with the message `caused_by`, or else with the message of their newest answer."""
    own = func.lower(event.c.actor) == agent.casefold()
    found = None
    here = or_(event.c.ticket == number, event.c.kind == "split")  # a split is recorded with the new ticket
    if caused_by is not None:
        theirs = select(event.c.inbound).where(event.c.inbound == caused_by, here, own).limit(1)
        found = connection.execute(theirs).scalar()
    if found is None:
        answers = (
            select(notice.c.inbound)
            .join(outbox, outbox.c.notice == notice.c.id)
            .where(
                outbox.c.ticket == number, outbox.c.name == "answer", func.lower(notice.c.author) == agent.casefold()
            )
            .order_by(outbox.c.id.desc())
            .limit(1)
        )
        found = connection.execute(answers).scalar()
    if found is None:
        return None
    copies = connection.execute(
        select(outbox.c.state, outbox.c.next_attempt_at)
        .join(notice, notice.c.id == outbox.c.notice)
        .where(notice.c.inbound == found, outbox.c.name == "answer")
    ).all()
    waits = [row.next_attempt_at for row in copies if row.state == "queued"]
    happened = (
        select(event.c.kind, event.c.old, event.c.new).where(event.c.inbound == found, here, own).order_by(event.c.id)
    )
    changes = tuple((row.kind, row.old, row.new) for row in connection.execute(happened))
    return Undoable(found, min(waits, default=None), gone=len(waits) < len(copies), changes=changes)


def stop_answer(connection: Connection, inbound: int) -> None:
    """Cancels all copies of the answer that a message contained, and turns that message into a note.

    Raises Stale if a copy has just been sent.
    """
    letters = select(notice.c.id).where(notice.c.inbound == inbound, notice.c.name == "answer")
    copies = connection.execute(select(outbox.c.id).where(outbox.c.notice.in_(letters))).scalars().all()
    stopped = update(outbox).where(outbox.c.id.in_(copies), outbox.c.state == "queued")
    if connection.execute(stopped.values(state="cancelled", next_attempt_at=None)).rowcount != len(copies):
        raise Stale("the answer is on its way")
    connection.execute(update(message).where(message.c.inbound == inbound).values(visibility="note"))


def count_open(connection: Connection, agents: Iterable[str]) -> dict[str, int]:
    """How many unfinished tickets each of these agents has, by key."""
    keys = {agent.casefold() for agent in agents}
    return {key: count for key, count in open_by_assignee(within(connection)).items() if key in keys}


def unfinished(
    connection: Connection, now: datetime, limit: int, *, assignee: str | None = None, queues: Sequence[str] = ()
) -> list[int]:
    """Numbers of the assignee's unfinished tickets. Without an assignee: of unassigned unfinished tickets in `queues`.

    The tickets that are due first come first, late ones foremost, and then those that have waited longest. Snoozed
    tickets are left out.
    """
    holder = (
        ticket.c.assignee == assignee
        if assignee is not None
        else (ticket.c.assignee.is_(None) & ticket.c.queue.in_(queues))
    )
    wanted = select(ticket.c.number).where(
        holder,
        ticket.c.status.in_(("new", "open", "pending")),
        or_(ticket.c.snoozed_until.is_(None), ticket.c.snoozed_until <= now),
    )
    due = (
        select(func.min(deadline.c.due_at))
        .where(deadline.c.ticket == ticket.c.number, deadline.c.ended_at.is_(None))
        .scalar_subquery()
    )
    waits = ticket.c.waiting_since
    ordered = wanted.order_by(due.is_(None), due, waits.is_(None), waits, ticket.c.number).limit(limit)
    return list(connection.execute(ordered).scalars())


def move_message(connection: Connection, inbound: int, number: int, revision: int) -> tuple[int, int]:
    """Moves a message to the ticket `number`, at that ticket's `revision`: notices of this revision show the message.

    Returns the id of the message, and the number of the ticket that it was on. Raises Stale if there is no such
    message.
    """
    found = connection.execute(select(message.c.id, message.c.ticket).where(message.c.inbound == inbound)).first()
    if found is None:
        raise Stale(f"the message of inbound {inbound} is gone")
    connection.execute(update(message).where(message.c.id == found.id).values(ticket=number, revision=revision))
    return found.id, found.ticket
