"""What each command does: one function for each command, named in the command's row of the table (`rows.COMMANDS`).

In: the ticket as the earlier commands of the mail left it, the command, and the agent who asks (`Asker`). Out: effects,
lines for the receipt, notices to the agent, or the reason why the command cannot be done.
Fails with: `Problem`s and `Doubt`s, which are values.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from mailtickets.config.models import Agent, Queue
from mailtickets.desk.claims.people import readers
from mailtickets.desk.clock.levels import hours_of, level_for
from mailtickets.desk.clock.stages import waits_elsewhere
from mailtickets.desk.commands import staging
from mailtickets.desk.commands.asker import Asker, Doubt, NoticeRequest, Step
from mailtickets.desk.commands.command import Command, people, tags, typed_word
from mailtickets.desk.commands.giving_out import give_in_turn, given_after_move, turn_asked
from mailtickets.desk.commands.likeness import nearest_of
from mailtickets.desk.commands.moments import when
from mailtickets.desk.commands.terms import promised_for
from mailtickets.desk.commands.values import TYPE_CHOICES, Term, When, called
from mailtickets.desk.fields.names import type_called, type_meant, types_like
from mailtickets.desk.model.decision import Decision, Done, DoneKind, Problem
from mailtickets.desk.model.effects import (
    AddParticipant,
    AllowQuote,
    Assign,
    KeepResolution,
    MergeInto,
    MoveTo,
    OpenTicket,
    PromiseDate,
    Remind,
    RemoveParticipant,
    SetPriority,
    SetRequester,
    SetStage,
    SetStatus,
    SetSubject,
    SetTags,
    SetType,
    SplitOff,
)
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.model.ticket import Ticket, priority_named, status_named
from mailtickets.mail.model import Address
from mailtickets.words.fold import folded_name

MERGE_OF_STRANGERS: Final = "merge-of-strangers"
"""Code of a doubt: after the merge, the people of two tickets would see each other's conversations. The agent has to
confirm it by a second mail."""

NOBODY = frozenset({"-", "ninguem", "nadie", "nobody", "none", "ninguno"})
NO = frozenset("-–—")
ONESELF = frozenset({"eu", "mim", "comigo", "me", "myself", "yo", "mi"})


def set_status(ticket: Ticket, order: Command, asker: Asker) -> Iterator[Step]:
    yield from _moved_to(ticket, order, asker)
    if order.solution:
        yield from _solved_by(order.solution, asker)


def keep_solution(ticket: Ticket, order: Command, asker: Asker) -> Iterator[Step]:
    return _solved_by(order.argument, asker)


def allow_quote(ticket: Ticket, order: Command, asker: Asker) -> Iterator[Step]:
    """The customer has said, to the agent's question, whether they may be named beside their opinion."""
    rated, on = asker.facts.rating, order.argument not in NO
    if rated is None:
        yield Problem(order.line, "no-rating")
        return
    if rated.quotable != on:
        yield AllowQuote(on)
    yield Done("quotable" if on else "unquotable")


def _solved_by(words: str, asker: Asker) -> Iterator[Step]:
    yield KeepResolution(words, asker.agent.address)
    yield Done("resolution", words)


def _moved_to(ticket: Ticket, order: Command, asker: Asker) -> Iterator[Step]:
    to, queue = status_named(str(order.value)), asker.policy.queue(ticket.queue)
    if to is None:
        yield Problem(order.line, "bad-argument", expected="status")
    elif queue is not None and queue.stages:
        yield from staging.set_status(to, ticket, order, queue, asker)
    elif to == ticket.status:
        yield Done("already", to)
    else:
        yield SetStatus(to, "ordered")
        yield Done("status", to, ticket.status)


def set_priority(ticket: Ticket, order: Command, asker: Asker) -> Iterator[Step]:
    to = priority_named(str(order.value))
    if to is None:
        yield Problem(order.line, "bad-argument", expected="priority")
    elif to == ticket.priority:
        yield Done("already", to)
    else:
        yield SetPriority(to)
        yield Done("priority", to, ticket.priority)


def set_type(ticket: Ticket, order: Command, asker: Asker) -> Iterator[Step]:
    policy = asker.policy
    to = type_meant(order.argument, policy) or (order.value if isinstance(order.value, str) else None)
    if to is None:
        near = types_like(order.argument, policy) or nearest_of(order.argument, TYPE_CHOICES)
        word = typed_word(order)
        yield Problem(order.line, "bad-argument", tuple(f"{word} {one}" for one in near), "type")
        return
    yield SetType(to)
    yield Done("type", _type_shown(to, policy), _type_shown(ticket.type, policy))


def _type_shown(code: str | None, policy: Policy) -> str | None:
    """A configured type by its label; another by its code, which the receipt puts into words."""
    return type_called(code, policy, policy.instance.locale) if code and policy.kind(code) else code


def set_subject(ticket: Ticket, order: Command, asker: Asker) -> Iterator[Step]:
    yield SetSubject(order.argument)
    yield Done("subject", order.argument, ticket.subject)


def change_tags(ticket: Ticket, order: Command, asker: Asker) -> Iterator[Step]:
    change = tags(order)
    to = tuple(dict.fromkeys([*(tag for tag in ticket.tags if tag not in change.removed), *change.added]))
    yield SetTags(to)
    yield Done("tags", " ".join(to) or None, " ".join(ticket.tags) or None)


def assign(ticket: Ticket, order: Command, asker: Asker) -> Iterator[Step]:
    if any(folded_name(name) in NOBODY for name in called(order.argument)) or order.argument.strip() == "-":
        yield from _given_to(ticket, None)
        return
    found = agents_named(order.argument, asker.policy)
    wanted = turn_asked(order.argument) if not found else None
    if wanted is not None:
        yield from give_in_turn(ticket, order, asker, wanted)
        return
    if not found and any(folded_name(name) in ONESELF for name in called(order.argument)):
        found = (asker.agent,)
    if len(found) == 1:
        yield from _given_to(ticket, found[0])
    else:
        names = tuple(agent.name for agent in found) or _like(called(order.argument)[-1], asker.policy)
        yield Problem(order.line, "ambiguous-agent" if found else "no-such-agent", names, "name")


def take(ticket: Ticket, order: Command, asker: Asker) -> Iterator[Step]:
    return _given_to(ticket, asker.agent)


def drop(ticket: Ticket, order: Command, asker: Asker) -> Iterator[Step]:
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
    """The agents whom a name may mean: by address, by the whole name, or by the beginnings of the name's words.

    `@Bruno` and `para o Bruno` mean Bruno, unless an agent has exactly the name as typed.
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
    """Names of agents whose name, or a part of it, is similar to `name`: suggestions for the sender."""
    parts = {part: agent.name for agent in reversed(policy.agents) for part in (*agent.name.split(), agent.name)}
    return tuple(dict.fromkeys(parts[part] for part in nearest_of(name, parts)))


def _begins(name: str, wanted: str) -> bool:
    words = name.split()
    return all(any(word.startswith(part) for word in words) for part in wanted.split())


def move(ticket: Ticket, order: Command, asker: Asker) -> Iterator[Step]:
    to = queue_named(order.argument, asker.policy)
    if to is None:
        near = nearest_of(order.argument, [queue.name for queue in asker.policy.queues])
        yield Problem(order.line, "no-such-queue", near, "name")
    elif to.name == ticket.queue:
        yield Done("already", to.title)
    else:
        yield MoveTo(to.name)
        left = asker.policy.queue(ticket.queue)
        yield Done("queue", to.title, left.title if left else ticket.queue)
        yield from given_after_move(ticket, to, asker)


def queue_named(name: str, policy: Policy) -> Queue | None:
    """The queue with this name, title or address; None if there is none."""
    wanted = [folded_name(way) for way in called(name)]
    names = {
        folded_name(each): queue
        for queue in reversed(policy.queues)
        for each in (*queue.addresses, queue.title, queue.name)
    }
    return next((names[way] for way in wanted if way in names), None)


def change_copy(ticket: Ticket, order: Command, asker: Asker) -> Iterator[Step]:
    change = people(order)
    for person in change.added:
        yield from _joins(ticket, person, order, asker, "cc_added")
    for person in change.removed:
        here = ticket.participant(person.address)
        if here is None:
            yield Done("already", person.address)
        elif here.role == "requester":
            yield Problem(order.line, "not-possible-here")
        else:
            yield RemoveParticipant(here.address)
            yield Done("cc_removed", here.address.address)


def add_participants(ticket: Ticket, order: Command, asker: Asker) -> Iterator[Step]:
    for person in people(order).added:
        yield from _joins(ticket, person, order, asker, "participant")


def _joins(ticket: Ticket, person: Address, order: Command, asker: Asker, kind: DoneKind) -> Iterator[Step]:
    """Adds a participant. An agent joins as one of the team, and customers never see that."""
    if not readers([person], asker.policy):
        yield Problem(order.line, "bad-argument", expected="address")
        return
    agent = asker.policy.agent(person.address)
    if agent is not None:
        yield AddParticipant(Address(agent.name, agent.address), "agent")
    elif (here := ticket.participant(person.address)) is not None and not here.left_out:
        yield Done("already", person.address)
        return
    else:
        yield AddParticipant(person, "cc")
    yield Done(kind, person.address)


def set_requester(ticket: Ticket, order: Command, asker: Asker) -> Iterator[Step]:
    person = next(iter(people(order).added), None)
    if person is None or not readers([person], asker.policy):
        yield Problem(order.line, "bad-argument", expected="address")
    elif person.key == ticket.requester.key:
        yield Done("already", person.address)
    else:
        yield SetRequester(person)
        yield Done("requester", person.address, ticket.requester.address)


def merge(ticket: Ticket, order: Command, asker: Asker) -> Iterator[Step]:
    other = asker.ticket(order.value) if isinstance(order.value, int) else None
    if other is None or other.number == ticket.number:
        yield Problem(order.line, "no-such-ticket", expected="number")
        return
    done = Done("merged", str(other.number), str(ticket.number))
    if not _share_people(ticket, other) and MERGE_OF_STRANGERS not in asker.facts.confirmed:
        yield Doubt(MERGE_OF_STRANGERS, done)
        return
    yield MergeInto(other.number)
    if ticket.status != "closed":
        yield SetStatus("closed", "merged")
    if ticket.status in {"new", "open"} and other.status in {"resolved", "closed"}:
        yield Decision("agent-commands", (SetStatus("open", "merged"),), other.number, actor=asker.agent.address)
    yield done


def _share_people(one: Ticket, other: Ticket) -> bool:
    return any(other.participant(p.address.address) for p in one.participants if p.role != "agent")


def split_off(ticket: Ticket, order: Command, asker: Asker) -> Iterator[Step]:
    origin = asker.facts.origin
    if origin is None:
        yield Problem(order.line, "not-possible-here")
        return
    new = OpenTicket(ticket.queue, origin.subject or ticket.subject, origin.author, ticket.locale, linked=ticket.number)
    yield Decision("split-off", (new, SplitOff(origin.inbound)), actor=asker.agent.address)
    yield Done("split")
    if origin.reopened is not None and ticket.status == "open":
        yield SetStatus(origin.reopened, "undone")
        yield from [SetStage(origin.stage, "undone")] if origin.stage else []
        yield Done("status", origin.reopened, ticket.status)


def remind_later(ticket: Ticket, order: Command, asker: Asker) -> Iterator[Step]:
    return _at_a_moment(order, asker, snooze=False)


def put_off(ticket: Ticket, order: Command, asker: Asker) -> Iterator[Step]:
    return _at_a_moment(order, asker, snooze=True)


def _at_a_moment(order: Command, asker: Asker, *, snooze: bool) -> Iterator[Step]:
    zone = ZoneInfo(asker.policy.instance.timezone)
    try:
        at = when(order.value, asker.now, zone) if isinstance(order.value, When) else None
    except ValueError:
        at = None
    if at is None:
        yield Problem(order.line, "in-the-past", expected="duration")
        return
    yield Remind(asker.agent.address, at, snooze=snooze)
    yield Done("snooze" if snooze else "remind", at.isoformat())


def promise(ticket: Ticket, order: Command, asker: Asker) -> Iterator[Step]:
    """A date for the customer, in the working time of the service level that fits the ticket; or none any more."""
    was = asker.facts.promised.get(ticket.number)
    if not isinstance(order.value, Term) or ticket.status in {"resolved", "closed"}:
        yield Problem(order.line, "not-possible-here")
    elif order.value == Term():
        yield from _unpromised(was)
    else:
        hours, zone = hours_of(level_for(ticket, asker.policy), asker.policy), ZoneInfo(asker.policy.instance.timezone)
        try:
            at = promised_for(order.value, asker.now, hours, zone)
        except ValueError:
            yield Problem(order.line, "in-the-past", expected="duration")
            return
        yield PromiseDate(at, was=was)
        elsewhere = waits_elsewhere(ticket, asker.policy.queue(ticket.queue))
        if ticket.status == "pending" and not elsewhere:  # the desk has the next move
            yield SetStatus("open", "promised")
        yield Done("promised", at.isoformat(), was.isoformat() if was else None)


def _unpromised(was: datetime | None) -> Iterator[Step]:
    if was is None:
        yield Done("already")
    else:
        yield PromiseDate(None, was=was)
        yield Done("unpromised", old=was.isoformat())


def mark_as_spam(ticket: Ticket, order: Command, asker: Asker) -> Iterator[Step]:
    if "spam" not in ticket.tags:
        yield SetTags((*ticket.tags, "spam"))
    if ticket.status != "closed":
        yield SetStatus("closed", "spam")
    yield Done("spam")


def use_ready_answer(ticket: Ticket, order: Command, asker: Asker) -> Iterator[Step]:
    if order.argument not in asker.facts.canned:
        near = nearest_of(order.argument, asker.facts.canned_names) or asker.facts.canned_names[:3]
        yield Problem(order.line, "no-such-canned", near, "name")


def of_the_mail(ticket: Ticket, order: Command, asker: Asker) -> Iterator[Step]:
    """Does nothing: `#nota` and `#cliente` concern the whole mail, and have no effect of their own on the ticket."""
    return iter(())


def send_attachments(ticket: Ticket, order: Command, asker: Asker) -> Iterator[Step]:
    yield NoticeRequest("attachments")


def send_history(ticket: Ticket, order: Command, asker: Asker) -> Iterator[Step]:
    yield NoticeRequest("history")


# --- commands about no ticket -------------------------------------------------------------------------


def send_found(order: Command, asker: Asker) -> Iterator[Step]:
    yield NoticeRequest("found", order.argument)


def send_help(order: Command, asker: Asker) -> Iterator[Step]:
    yield NoticeRequest("commands_help", order.argument)


def send_digest(order: Command, asker: Asker) -> Iterator[Step]:
    yield NoticeRequest("digest", order.argument)


def dry_run(order: Command, asker: Asker) -> Iterator[Step]:
    """Does nothing: `#simular` concerns the whole mail. Nothing is carried out; the receipt says what would happen."""
    return iter(())
