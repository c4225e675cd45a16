"""What an agent's commands do to a ticket, one after the other.

Each command has a function that yields what follows from it: effects, lines for the receipt, notices to be sent to
the agent, or why it cannot be done. Nothing is done unless all of a mail's commands can be.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from mailtickets.config.models import Agent, Queue
from mailtickets.desk.change import changed
from mailtickets.desk.claims.people import readers
from mailtickets.desk.commands import reading
from mailtickets.desk.commands.reading import Command, When
from mailtickets.desk.commands.values import called
from mailtickets.desk.commands.vocabulary import nearest_of
from mailtickets.desk.model.decision import Decision, Done, Problem
from mailtickets.desk.model.effects import (
    AddParticipant,
    Assign,
    Effect,
    MergeInto,
    MoveTo,
    OpenTicket,
    Remind,
    RemoveParticipant,
    SetPriority,
    SetRequester,
    SetStatus,
    SetSubject,
    SetTags,
    SetType,
    SplitOff,
    Undo,
)
from mailtickets.desk.model.facts import Facts, Undoable
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.model.reason import Reason
from mailtickets.desk.model.ticket import TYPES, Status, Ticket, TicketType, priority_named, status_named
from mailtickets.desk.notices.rows import NoticeName
from mailtickets.mail.model import Address
from mailtickets.words.fold import folded_name

MERGE_OF_STRANGERS: Final = "merge-of-strangers"
"""The people of two tickets would see each other's conversations: only after the agent's second word."""

REFUSALS = (
    "no-such-agent", "ambiguous-agent", "no-such-queue", "no-such-canned", "no-such-ticket", "not-possible-here",
    "needs-a-ticket", "nothing-to-undo", "in-the-past",
)  # fmt: skip
"""Why a command that was understood cannot be done, beside `bad-argument`."""

NOBODY = frozenset({"-", "ninguem", "nadie", "nobody", "none", "ninguno"})
ONESELF = frozenset({"eu", "mim", "comigo", "me", "myself", "yo", "mi"})


@dataclass(frozen=True, slots=True)
class Asker:
    """The agent who asks, and what they ask in view of."""

    agent: Agent
    facts: Facts
    policy: Policy
    now: datetime

    def may_see(self, ticket: Ticket) -> bool:
        """Tickets of the agent's own queues, and those they have or work on."""
        mine = {self.agent.address.casefold(), *(alias.casefold() for alias in self.agent.aliases)}
        works_on_it = any(p.role == "agent" and p.address.key in mine for p in ticket.participants)
        return ticket.queue in self.agent.queues or (ticket.assignee or "").casefold() in mine or works_on_it

    def ticket(self, number: int) -> Ticket | None:
        found = self.facts.tickets.get(number)
        return found if found is not None and self.may_see(found) else None


@dataclass(frozen=True, slots=True)
class NoticeRequest:
    """A notice that answers the agent."""

    notice: NoticeName
    search: str = ""


@dataclass(frozen=True, slots=True)
class Doubt:
    """It can be done, but not before the agent has said so a second time."""

    reason: Reason
    done: Done


Step = Effect | Done | Problem | NoticeRequest | Doubt | Decision
"""A Decision is what is done to another ticket."""

_EFFECTS = (
    AddParticipant, Assign, MergeInto, MoveTo, Remind, RemoveParticipant, SetPriority, SetRequester, SetStatus,
    SetSubject, SetTags, SetType, Undo,
)  # fmt: skip


@dataclass(slots=True)
class Deeds:
    """All that follows from a mail's commands."""

    effects: list[Effect] = field(default_factory=list)
    done: list[Done] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    requests: list[NoticeRequest] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)
    also: list[Decision] = field(default_factory=list)

    def take(self, step: Step) -> None:
        match step:
            case Done():
                self.done.append(step)
            case Problem():
                self.problems.append(step)
            case NoticeRequest():
                self.requests.append(step)
            case Doubt():
                self.doubts.append(step)
            case Decision():
                self.also.append(step)
            case _:
                self.effects.append(step)


def carry_out(ticket: Ticket | None, orders: Sequence[Command], by: Asker) -> Deeds:
    """What follows from the commands, each on the ticket as the ones before leave it; None: about no ticket."""
    deeds = Deeds()
    for order in orders:
        for step in _steps(ticket, order, by):
            deeds.take(step)
            if ticket is not None and isinstance(step, _EFFECTS):
                ticket = changed(ticket, (step,), by.now)
    return deeds


def _steps(ticket: Ticket | None, order: Command, by: Asker) -> Iterator[Step]:
    if order.name in _ANYWHERE:
        yield from _ANYWHERE[order.name](order, by)
    elif order.name not in _ON_TICKET:
        yield Problem(order.line, "not-possible-here")
    elif ticket is None:
        yield Problem(order.line, "needs-a-ticket")
    else:
        yield from _ON_TICKET[order.name](ticket, order, by)


# --- commands about the ticket ------------------------------------------------------------------------


def _status(ticket: Ticket, order: Command, by: Asker) -> Iterator[Step]:
    to = status_named(str(order.value))
    if to is None:
        yield Problem(order.line, "bad-argument", expected="status")
    elif to == ticket.status:
        yield Done("already", to)
    else:
        yield SetStatus(to, "ordered")
        yield Done("status", to, ticket.status)


def _priority(ticket: Ticket, order: Command, by: Asker) -> Iterator[Step]:
    to = priority_named(str(order.value))
    if to is None:
        yield Problem(order.line, "bad-argument", expected="priority")
    elif to == ticket.priority:
        yield Done("already", to)
    else:
        yield SetPriority(to)
        yield Done("priority", to, ticket.priority)


def _type(ticket: Ticket, order: Command, by: Asker) -> Iterator[Step]:
    to = _type_named(order.value)
    yield SetType(to)
    yield Done("type", to, ticket.type)


def _type_named(value: object) -> TicketType | None:
    return next((kind for kind in TYPES if kind == value), None)


def _subject(ticket: Ticket, order: Command, by: Asker) -> Iterator[Step]:
    yield SetSubject(order.argument)
    yield Done("subject", order.argument, ticket.subject)


def _tag(ticket: Ticket, order: Command, by: Asker) -> Iterator[Step]:
    change = reading.tags(order)
    to = tuple(dict.fromkeys([*(tag for tag in ticket.tags if tag not in change.removed), *change.added]))
    yield SetTags(to)
    yield Done("tags", " ".join(to) or None, " ".join(ticket.tags) or None)


def _assign(ticket: Ticket, order: Command, by: Asker) -> Iterator[Step]:
    if any(folded_name(name) in NOBODY for name in called(order.argument)) or order.argument.strip() == "-":
        yield from _given_to(ticket, None)
        return
    found = agents_named(order.argument, by.policy)
    if not found and any(folded_name(name) in ONESELF for name in called(order.argument)):
        found = (by.agent,)
    if len(found) == 1:
        yield from _given_to(ticket, found[0])
    else:
        names = tuple(agent.name for agent in found) or _like(called(order.argument)[-1], by.policy)
        yield Problem(order.line, "ambiguous-agent" if found else "no-such-agent", names, "name")


def _take(ticket: Ticket, order: Command, by: Asker) -> Iterator[Step]:
    return _given_to(ticket, by.agent)


def _drop(ticket: Ticket, order: Command, by: Asker) -> Iterator[Step]:
    return _given_to(ticket, None)


def _given_to(ticket: Ticket, agent: Agent | None) -> Iterator[Step]:
    if (ticket.assignee or "").casefold() == (agent.address.casefold() if agent else ""):
        yield Done("already", agent.name if agent else None)
    elif agent is None:
        yield Assign(None)
        yield Done("unassigned")
    else:
        yield Assign(agent.address)
        yield Done("assigned", agent.name)


def agents_named(name: str, policy: Policy) -> tuple[Agent, ...]:
    """The agents whom these words may mean: by address, by whole name, by the beginning of its words.

    `@Bruno` and `para o Bruno` are Bruno, unless somebody is called so.
    """
    ways = [folded_name(way) for way in called(name.strip())]
    exact = (tuple(agent for agent in policy.agents if wanted in _names(agent)) for wanted in ways)
    begun = (
        tuple(agent for agent in policy.agents if wanted and _begins(folded_name(agent.name), wanted))
        for wanted in ways
    )
    return next((found for found in (*exact, *begun) if found), ())


def _names(agent: Agent) -> set[str]:
    return {folded_name(name) for name in (agent.name, agent.address, *agent.aliases)}


def _like(name: str, policy: Policy) -> tuple[str, ...]:
    """Names of agents who may have been meant, by a part of their name or all of it."""
    parts = {part: agent.name for agent in reversed(policy.agents) for part in (*agent.name.split(), agent.name)}
    return tuple(dict.fromkeys(parts[part] for part in nearest_of(name, parts)))


def _begins(name: str, wanted: str) -> bool:
    words = name.split()
    return all(any(word.startswith(part) for word in words) for part in wanted.split())


def _queue(ticket: Ticket, order: Command, by: Asker) -> Iterator[Step]:
    to = queue_named(order.argument, by.policy)
    if to is None:
        near = nearest_of(order.argument, [queue.name for queue in by.policy.queues])
        yield Problem(order.line, "no-such-queue", near, "name")
    elif to.name == ticket.queue:
        yield Done("already", to.title)
    else:
        yield MoveTo(to.name)
        assignee = by.policy.agent(ticket.assignee) if ticket.assignee else None
        if assignee is not None and to.name not in assignee.queues:
            yield Assign(None)
        left = by.policy.queue(ticket.queue)
        yield Done("queue", to.title, left.title if left else ticket.queue)


def queue_named(name: str, policy: Policy) -> Queue | None:
    """The queue with this name, title or address."""
    wanted = [folded_name(way) for way in called(name)]
    names = {
        folded_name(each): queue
        for queue in reversed(policy.queues)
        for each in (*queue.addresses, queue.title, queue.name)
    }
    return next((names[way] for way in wanted if way in names), None)


def _cc(ticket: Ticket, order: Command, by: Asker) -> Iterator[Step]:
    people = reading.people(order)
    for person in people.added:
        yield from _joins(ticket, person, order, by, "cc_added")
    for person in people.removed:
        here = ticket.participant(person.address)
        if here is None:
            yield Done("already", person.address)
        elif here.role == "requester":
            yield Problem(order.line, "not-possible-here")
        else:
            yield RemoveParticipant(here.address)
            yield Done("cc_removed", here.address.address)


def _participant(ticket: Ticket, order: Command, by: Asker) -> Iterator[Step]:
    for person in reading.people(order).added:
        yield from _joins(ticket, person, order, by, "participant")


def _joins(ticket: Ticket, person: Address, order: Command, by: Asker, kind: str) -> Iterator[Step]:
    """A new participant; an agent follows the ticket as one of the team, and never in a customer's sight."""
    if not readers([person], by.policy):
        yield Problem(order.line, "bad-argument", expected="address")
        return
    agent = by.policy.agent(person.address)
    if agent is not None:
        yield AddParticipant(Address(agent.name, agent.address), "agent")
    elif (here := ticket.participant(person.address)) is not None and not here.left_out:
        yield Done("already", person.address)
        return
    else:
        yield AddParticipant(person, "cc")
    yield Done(kind, person.address)


def _requester(ticket: Ticket, order: Command, by: Asker) -> Iterator[Step]:
    person = next(iter(reading.people(order).added), None)
    if person is None or not readers([person], by.policy):
        yield Problem(order.line, "bad-argument", expected="address")
    elif person.key == ticket.requester.key:
        yield Done("already", person.address)
    else:
        yield SetRequester(person)
        yield Done("requester", person.address, ticket.requester.address)


def _merge(ticket: Ticket, order: Command, by: Asker) -> Iterator[Step]:
    other = by.ticket(order.value) if isinstance(order.value, int) else None
    if other is None or other.number == ticket.number:
        yield Problem(order.line, "no-such-ticket", expected="number")
        return
    done = Done("merged", str(other.number), str(ticket.number))
    if not _share_people(ticket, other) and MERGE_OF_STRANGERS not in by.facts.confirmed:
        yield Doubt(MERGE_OF_STRANGERS, done)
        return
    yield MergeInto(other.number)
    if ticket.status != "closed":
        yield SetStatus("closed", "merged")
    if ticket.status in {"new", "open"} and other.status in {"resolved", "closed"}:
        yield Decision("agent-commands", (SetStatus("open", "merged"),), other.number, actor=by.agent.address)
    yield done


def _share_people(one: Ticket, other: Ticket) -> bool:
    return any(other.participant(p.address.address) for p in one.participants if p.role != "agent")


def _split(ticket: Ticket, order: Command, by: Asker) -> Iterator[Step]:
    origin = by.facts.origin
    if origin is None:
        yield Problem(order.line, "not-possible-here")
        return
    new = OpenTicket(ticket.queue, origin.subject or ticket.subject, origin.author, ticket.locale, linked=ticket.number)
    yield Decision("split-off", (new, SplitOff(origin.inbound)), actor=by.agent.address)
    yield Done("split")
    if origin.reopened is not None and ticket.status == "open":
        yield SetStatus(origin.reopened, "undone")
        yield Done("status", origin.reopened, ticket.status)


def _remind(ticket: Ticket, order: Command, by: Asker) -> Iterator[Step]:
    try:
        at = (
            reading.when(order.value, by.now, ZoneInfo(by.policy.instance.timezone))
            if isinstance(order.value, When)
            else None
        )
    except ValueError:
        at = None
    if at is None:
        yield Problem(order.line, "in-the-past", expected="duration")
        return
    yield Remind(by.agent.address, at, snooze=order.name == "snooze")
    yield Done(order.name, at.isoformat())


def _spam(ticket: Ticket, order: Command, by: Asker) -> Iterator[Step]:
    if "spam" not in ticket.tags:
        yield SetTags((*ticket.tags, "spam"))
    if ticket.status != "closed":
        yield SetStatus("closed", "spam")
    yield Done("spam")


def _undo(ticket: Ticket, order: Command, by: Asker) -> Iterator[Step]:
    earlier = by.facts.undoable
    if earlier is None:
        yield Problem(order.line, "nothing-to-undo")
        return
    if too_late(earlier, by.now):
        return
    taken_back = list(_undone(ticket, earlier, by))
    if earlier.until is None and not taken_back:  # what is merged, split off or moved on stays so
        yield Problem(order.line, "nothing-to-undo")
        return
    yield Undo(earlier.inbound)
    yield from taken_back
    yield Done("undone")
    if earlier.until is not None:
        yield Done("unsent")


def too_late(earlier: Undoable, now: datetime) -> bool:
    """Whether what the earlier mail said is out in the world."""
    said_directly = any(kind == "delivered-directly" for kind, _, _ in earlier.changes)
    return earlier.gone or said_directly or (earlier.until is not None and earlier.until <= now)


def _undone(ticket: Ticket, earlier: Undoable, by: Asker) -> Iterator[Effect]:
    """Takes back, newest first, what the earlier mail changed and nobody has changed since."""
    for kind, old, new in reversed(earlier.changes):
        match kind:
            case "status" if ticket.status == new and (status := status_named(old or "")) is not None:
                yield SetStatus(status, "undone")
            case "priority" if ticket.priority == new and (priority := priority_named(old or "")) is not None:
                yield SetPriority(priority)
            case "assignee" if ticket.assignee == new:
                yield Assign(old)
            case "subject" if ticket.subject == new and old is not None:
                yield SetSubject(old)
            case "queue" if ticket.queue == new and old is not None and by.policy.queue(old):
                yield MoveTo(old)
            case "tags" if " ".join(ticket.tags) == (new or ""):
                yield SetTags(tuple((old or "").split()))
            case "type" if ticket.type == new:
                yield SetType(_type_named(old))
            case "participant" if old is None and (here := ticket.participant(new or "")) and here.role == "cc":
                yield RemoveParticipant(here.address)


def _canned(ticket: Ticket, order: Command, by: Asker) -> Iterator[Step]:
    if order.argument not in by.facts.canned:
        near = nearest_of(order.argument, by.facts.canned_names) or by.facts.canned_names[:3]
        yield Problem(order.line, "no-such-canned", near, "name")


def _nothing(ticket: Ticket, order: Command, by: Asker) -> Iterator[Step]:
    """`note` and `dry-run` say something of the whole mail, not of the ticket."""
    return iter(())


def _shown(notice: NoticeName) -> Callable[[Ticket, Command, Asker], Iterator[Step]]:
    return lambda ticket, order, by: iter((NoticeRequest(notice),))


_ON_TICKET: dict[str, Callable[[Ticket, Command, Asker], Iterator[Step]]] = {
    "note": _nothing,
    "customer": _nothing,
    "status": _status,
    "assign": _assign,
    "take": _take,
    "drop": _drop,
    "priority": _priority,
    "type": _type,
    "tag": _tag,
    "subject": _subject,
    "queue": _queue,
    "cc": _cc,
    "participant": _participant,
    "requester": _requester,
    "merge": _merge,
    "split": _split,
    "canned": _canned,
    "remind": _remind,
    "snooze": _remind,
    "spam": _spam,
    "undo": _undo,
    "attachments": _shown("attachments"),
    "history": _shown("history"),
}


# --- commands about no ticket -------------------------------------------------------------------------


def _asks_for(notice: NoticeName) -> Callable[[Command, Asker], Iterator[Step]]:
    return lambda order, by: iter((NoticeRequest(notice, order.argument),))


_ANYWHERE: dict[str, Callable[[Command, Asker], Iterator[Step]]] = {
    "search": _asks_for("found"),
    "help": _asks_for("commands_help"),
    "mine": _asks_for("digest"),
    "dry-run": lambda order, by: iter(()),
}

LINE_COMMANDS = frozenset({
    "status", "assign", "take", "drop", "priority", "type", "tag", "subject", "queue", "cc", "participant", "requester",
    "merge", "remind", "snooze", "spam",
})  # fmt: skip
"""What may stand behind a ticket's number in the answer to a digest."""


def on_lines(orders: Sequence[tuple[int, Command]], by: Asker) -> Deeds:
    """What follows from the lines of an answer to a digest: each ticket's commands together, on it alone."""
    deeds = Deeds()
    by_ticket: dict[int, list[Command]] = {}
    for number, order in orders:
        by_ticket.setdefault(number, []).append(order)
    for number, its in by_ticket.items():
        ticket = by.ticket(number)
        for order in its:
            if ticket is None:
                deeds.take(Problem(order.line, "no-such-ticket", expected="number"))
            elif order.name not in LINE_COMMANDS:
                deeds.take(Problem(order.line, "not-possible-here"))
        if ticket is not None:
            _on_line(ticket, its, by, deeds)
    return deeds


def _on_line(ticket: Ticket, orders: Sequence[Command], by: Asker, deeds: Deeds) -> None:
    here = carry_out(ticket, [order for order in orders if order.name in LINE_COMMANDS], by)
    deeds.problems += here.problems
    deeds.doubts += here.doubts
    deeds.done += [replace(done, ticket=ticket.number) for done in here.done]
    effects = [*here.effects, *first_action(ticket, here.effects)]
    if effects:
        deeds.also.append(Decision("agent-commands", tuple(effects), ticket.number, actor=by.agent.address))


def first_action(ticket: Ticket, effects: Sequence[Effect]) -> Iterator[Effect]:
    """An agent's first action opens a new ticket, unless it says where the ticket stands."""
    said: list[Status] = [effect.to for effect in effects if isinstance(effect, SetStatus)]
    if ticket.status == "new" and effects and not said:
        yield SetStatus("open", "first-action")
