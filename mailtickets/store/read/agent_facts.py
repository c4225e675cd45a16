"""Reads the facts that only an agent's mail needs. Each of them is read only if a command of the mail needs it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, select

from mailtickets.config.models import Agent, Queue
from mailtickets.desk.claims.authors import without_tags
from mailtickets.desk.claims.matching import Match, claimed
from mailtickets.desk.clock.clocks import Clock
from mailtickets.desk.commands.giving_out import turn_asked
from mailtickets.desk.model.facts import Desk, Facts, Origin, TokenFact
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.model.ticket import Said, Status, Ticket, status_named
from mailtickets.desk.rules.agent_reading import STALE
from mailtickets.desk.rules.questions import Orders
from mailtickets.mail.model import Address
from mailtickets.store import agents, ratings, tickets
from mailtickets.store.read import deadlines, search
from mailtickets.store.read.reader import within
from mailtickets.store.schema import event, message

SHOWN = 50
"""The most tickets that a digest, or the result of a search, lists."""


def everybodys_turns(connection: Connection, policy: Policy) -> Desk:
    """Loads, last turns and absences of all agents."""
    addresses = [agent.address for agent in policy.agents]
    return Desk(
        loads=agents.count_open(connection, addresses),
        assigned_at=agents.assigned_at(connection, addresses),
        absent_until=agents.absent_until(connection, addresses),
    )


def turns(connection: Connection, queue: Queue, policy: Policy) -> Desk:
    """Loads, last turns and absences of the queue's agents; empty for a queue that gives its tickets to nobody."""
    return Desk() if queue.assignment == "none" else turns_of(connection, queue, policy)


def turns_of(connection: Connection, queue: Queue, policy: Policy) -> Desk:
    """Loads, last turns and absences of the queue's agents, of whatever queue."""
    team = policy.agents_of(queue.name)
    addresses = [agent.address for agent in team]
    counts = queue.assignment != "round_robin" or any(agent.capacity for agent in team)
    return Desk(
        loads=agents.count_open(connection, addresses) if counts else {},
        assigned_at=agents.assigned_at(connection, addresses),
        absent_until=agents.absent_until(connection, addresses),
    )


def for_agent(
    connection: Connection,
    facts: Facts,
    found: Match | None,
    orders: Orders,
    agent: Agent,
    policy: Policy,
    now: datetime,
) -> Facts:
    """The facts with those that the agent's commands ask for. `found` is the ticket that the mail belongs to."""
    asked = orders.names
    ticket = found.ticket if found else claimed(facts)
    if _gives_out(orders, policy):
        facts = replace(facts, desk=everybodys_turns(connection, policy))
    away = agents.absent_until(connection, [agent.address])
    desk = replace(facts.desk, absent_until={**facts.desk.absent_until, **away})
    if "mine" in asked:
        work = own_work(connection, agent, now)
        desk = replace(desk, mine=work.mine, unassigned=work.unassigned, clocks=work.clocks)
    if "search" in asked:
        found_tickets = _found(connection, orders.searched, agent)
        clocks = _clocks(connection, [one.number for one in found_tickets])
        desk = replace(desk, found=found_tickets, clocks={**desk.clocks, **clocks})
    known = _confirmed_token(facts)
    facts = replace(facts, tickets={**facts.tickets, **tickets.load_many(connection, orders.tickets)})
    if asked & {"due", "undo"}:
        numbers = {*facts.tickets, *([ticket.number] if ticket else [])}
        facts = replace(facts, promised=deadlines.promised(within(connection), sorted(numbers)))
    if ticket is None:
        return replace(facts, desk=desk)
    caused_by = next((t.inbound for t in facts.tokens if t.ticket is not None and not t.confirms), None)
    if "history" in asked:
        desk = replace(desk, thread=agents.thread(connection, ticket.number, whole=True))
    if "attachments" in asked:
        desk = replace(desk, files=agents.files_of(connection, ticket.number, caused_by))
    return replace(
        facts,
        desk=desk,
        since=_since(connection, found, known, ticket, agent, _seen(facts)),
        undoable=agents.undoable(connection, ticket.number, agent.address, caused_by) if "undo" in asked else None,
        rating=ratings.last_of(connection, ticket.number) if asked & {"quote", "undo"} else None,
        origin=_origin(connection, ticket, caused_by) if "split" in asked else None,
    )


def _gives_out(orders: Orders, policy: Policy) -> bool:
    """Whether a command may give a ticket to whoever's turn it is."""
    lines = (*orders.listed.orders, *(orders.correction.orders if orders.correction else ()))
    commands = (*orders.commands, *(command for _, command in lines))
    if any(command.name == "assign" and turn_asked(command.argument) for command in commands):
        return True
    return policy.gives_out and any(command.name in {"queue", "canned"} for command in commands)


def own_work(connection: Connection, agent: Agent, now: datetime) -> Desk:
    """The agent's unfinished tickets, and those of their queues that nobody has. What is due first comes first."""
    mine = agents.unfinished(connection, now, SHOWN, assignee=agent.address)
    free = agents.unfinished(connection, now, SHOWN, queues=agent.queues)
    clocks = _clocks(connection, [*mine, *free])
    return Desk(mine=loaded(connection, mine), unassigned=loaded(connection, free), clocks=clocks)


def _clocks(connection: Connection, numbers: Sequence[int]) -> dict[int, tuple[Clock, ...]]:
    rows = deadlines.of_tickets(within(connection), numbers)
    return {
        number: tuple(Clock(r.clock, r.level, r.started_at, r.due_at, r.state, r.ended_at) for r in each)
        for number, each in rows.items()
    }


def loaded(connection: Connection, numbers: Sequence[int]) -> tuple[Ticket, ...]:
    """The tickets with these numbers, in this order. Numbers without a ticket are left out."""
    found = tickets.load_many(connection, numbers) if numbers else {}
    return tuple(found[number] for number in numbers if number in found)


def _found(connection: Connection, words: str, agent: Agent) -> tuple[Ticket, ...]:
    """The tickets of the agent's queues that have all the words, newest first."""
    numbers = search.find(within(connection), words, after=None, limit=4 * SHOWN)
    return tuple(t for t in loaded(connection, numbers) if t.queue in agent.queues)[:SHOWN]


def _confirmed_token(facts: Facts) -> TokenFact | None:
    """The token of a notice about a held message. Its author has seen what that notice showed."""
    return next((t for t in facts.tokens if t.confirms and not t.expired), None)


def _since(
    connection: Connection, found: Match | None, confirms: TokenFact | None, ticket: Ticket, agent: Agent, seen: int
) -> tuple[Said, ...]:
    """What others wrote since the notice that the agent answers, and since the revision that they have `seen`."""
    answered = found.token if found is not None and found.token is not None else confirms
    if answered is None or answered.created_at is None:
        return ()
    # A ticket that was merged into this one counted revisions of its own.
    revision = max(answered.revision, seen) if answered.ticket == ticket.number else None
    own = (agent.address, *agent.aliases)
    return agents.written_since(connection, ticket.number, revision=revision, moment=answered.created_at, not_by=own)


def _seen(facts: Facts) -> int:
    """The newest revision for which the agent has confirmed their answer; 0 if there is none."""
    revisions = (reason.partition(f"{STALE}@")[2] for reason in facts.confirmed)
    return max((int(revision) for revision in revisions if revision), default=0)


def _origin(connection: Connection, ticket: Ticket, caused_by: int | None) -> Origin | None:
    """The customer's message that the answered notice was about; None if the ticket begins with it."""
    public = (
        select(
            message.c.inbound, message.c.author_name, message.c.author_address, message.c.subject, message.c.direction
        )
        .where(message.c.ticket == ticket.number, message.c.visibility == "public")
        .order_by(message.c.id)
    )
    messages = connection.execute(public).all()
    rows = [row for row in messages if row.inbound is not None and row.direction == "in"]
    begun_by_us = bool(messages) and messages[0].direction == "out"
    wanted = next((row for row in rows if row.inbound == caused_by), rows[-1] if rows else None)
    if wanted is None or (len(rows) < 2 and not begun_by_us):
        return None
    newest = wanted is rows[-1] and ticket.status == "open"
    reopened = _reopened(connection, ticket.number, wanted.inbound) if newest else None
    author = Address(wanted.author_name, wanted.author_address)
    stage = _stage_before(connection, ticket.number, wanted.inbound) if reopened else ""
    return Origin(wanted.inbound, author, without_tags(wanted.subject), reopened, stage)


def _stage_before(connection: Connection, number: int, inbound: int) -> str:
    """The stage of the ticket before this message moved it; empty: it had none, or was not moved."""
    moved = select(event.c.old).where(event.c.ticket == number, event.c.inbound == inbound, event.c.kind == "stage")
    return connection.execute(moved.order_by(event.c.id).limit(1)).scalar() or ""


def _reopened(connection: Connection, number: int, inbound: int) -> Status | None:
    """The status of the ticket before this message opened it again; None if the message did not."""
    moved = select(event.c.old).where(
        event.c.ticket == number,
        event.c.inbound == inbound,
        event.c.kind == "status",
        event.c.reason == "customer-replied",
        event.c.old.in_(("resolved", "closed")),
    )
    return status_named(connection.execute(moved.limit(1)).scalar() or "")
