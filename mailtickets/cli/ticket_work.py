"""The work of `mailtickets ticket` on tickets: open, answer, note, move, assign, merge."""

import argparse
from collections.abc import Iterable
from functools import partial

from sqlalchemy import Connection

from mailtickets.cli import BAD_USAGE, DONE, REFUSED, Stop
from mailtickets.cli.desk import run_verb
from mailtickets.cli.session import actor, print_json, read_text
from mailtickets.config.models import Agent
from mailtickets.config.stages import QueueStage
from mailtickets.desk.change import customers
from mailtickets.desk.claims.authors import locale_for, without_tags
from mailtickets.desk.claims.people import readers
from mailtickets.desk.clock import stages
from mailtickets.desk.commands import orders
from mailtickets.desk.fields.names import type_meant
from mailtickets.desk.fields.typed import typed_value
from mailtickets.desk.model.decision import Decision
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.model.ticket import TYPES, Status, Ticket
from mailtickets.gateway.clerk import Clerk
from mailtickets.gateway.drafting.order import Decide, Order
from mailtickets.mail.address import parse_addresses
from mailtickets.mail.model import Address
from mailtickets.store import tickets
from mailtickets.store.read.reader import within
from mailtickets.store.read.tickets import exact
from mailtickets.views.tickets import as_json, in_words


def run(args: argparse.Namespace) -> int:
    return run_verb(_VERBS, args)


def _open(clerk: Clerk, args: argparse.Namespace) -> int:
    policy = clerk.rules.policy
    queue = policy.queue(args.queue)
    if queue is None:
        raise Stop(REFUSED, f"there is no queue {args.queue!r}: {', '.join(q.name for q in policy.queues)}")
    people = parse_addresses(args.requester)
    if len(people) != 1 or not readers(people, policy):
        raise Stop(BAD_USAGE, f"--requester: one customer's address was expected, not {args.requester!r}")
    subject = without_tags(args.subject)
    locale = locale_for(queue, None, policy)
    text = read_text(None)
    ticket = clerk.open(orders.open_for(queue.name, people[0], subject, text, locale, actor()), text=text)
    return _print_changed(ticket, args)


def _reply(clerk: Clerk, args: argparse.Namespace) -> int:
    author = _author(clerk, args)
    text = _some_text(args)
    answer = partial(orders.answer, text=text, author=author, actor=actor(), by_agent=args.agent is not None)
    return _order(clerk, args, partial(_if_customers, policy=clerk.rules.policy, decide=answer), text=text)


def _if_customers(ticket: Ticket, *, policy: Policy, decide: Decide) -> Decision | None:
    """The decision on a ticket. Ends the command if the ticket has no customer to write to."""
    if not readers(customers(ticket), policy):
        raise Stop(REFUSED, f"ticket {ticket.number} has no customer to write to: {ticket.requester.address!r}")
    return decide(ticket)


def _note(clerk: Clerk, args: argparse.Namespace) -> int:
    author = _author(clerk, args)
    text = _some_text(args)
    return _order(clerk, args, partial(orders.note, text=text, author=author, actor=actor()), text=text)


def _some_text(args: argparse.Namespace) -> str:
    text = read_text(args.file).strip()
    if not text:
        raise Stop(BAD_USAGE, "there is no text: nothing was done")
    return text


def _author(clerk: Clerk, args: argparse.Namespace) -> Address:
    """The agent named with --as. Without it, the queue itself is the author."""
    if args.agent is not None:
        agent = _agent(clerk, args.agent)
        return Address(agent.name, agent.address)
    ticket = clerk.database.transact(tickets.load, args.number)
    queue = clerk.rules.policy.queue(ticket.queue) if ticket else None
    return Address("", queue.address) if queue else Address("", clerk.rules.policy.queues[0].address)


def _agent(clerk: Clerk, address: str) -> Agent:
    agent = clerk.rules.policy.agent(address)
    if agent is None:
        raise Stop(REFUSED, f"{address} is no agent's address")
    return agent


def _set_status(clerk: Clerk, args: argparse.Namespace) -> int:
    return _order(clerk, args, partial(_to_status, to=args.status, policy=clerk.rules.policy))


def _to_status(ticket: Ticket, *, to: Status, policy: Policy) -> Decision | None:
    """The decision for a status. In a queue that has stages, the ticket goes to a stage of that status."""
    queue = policy.queue(ticket.queue)
    if queue is None or not queue.stages:
        return orders.set_status(ticket, to, actor())
    found = stages.of_status(to, ticket, queue, None)
    if isinstance(found, stages.NoMove):
        raise Stop(REFUSED, f"ticket {ticket.number} cannot become {to}: {_why_not(found)}")
    return orders.set_stage(ticket, found, actor()) if found else None


def _set_stage(clerk: Clerk, args: argparse.Namespace) -> int:
    return _order(clerk, args, partial(_to_stage, words=args.stage, policy=clerk.rules.policy))


def _to_stage(ticket: Ticket, *, words: str, policy: Policy) -> Decision | None:
    queue = policy.queue(ticket.queue)
    if queue is None or not queue.stages:
        raise Stop(REFUSED, f"queue {ticket.queue} has no stages")
    stage = stages.named(words, queue)
    if stage is None:
        raise Stop(REFUSED, f"queue {queue.name} has no stage {words!r}: {_names(queue.stages)}")
    no = None if stages.present(ticket, queue) == stage else stages.refusal(stage, ticket, queue, None)
    if no is not None:
        raise Stop(REFUSED, f"ticket {ticket.number} cannot go to stage {stage.name}: {_why_not(no)}")
    return orders.set_stage(ticket, stage, actor())


def _why_not(no: stages.NoMove) -> str:
    if no.needs:
        return f"it needs {', '.join(no.needs)}"
    return f"possible now: {_names(no.possible)}" if no.possible else "no stage is possible now"


def _names(found: Iterable[QueueStage]) -> str:
    return ", ".join(stage.name for stage in found)


def _assign(clerk: Clerk, args: argparse.Namespace) -> int:
    agent = None if args.agent == "-" else _agent(clerk, args.agent)
    return _order(clerk, args, partial(orders.assign, agent=agent, actor=actor()))


def _set_priority(clerk: Clerk, args: argparse.Namespace) -> int:
    return _order(clerk, args, partial(orders.set_priority, to=args.priority, actor=actor()))


def _set_type(clerk: Clerk, args: argparse.Namespace) -> int:
    policy = clerk.rules.policy
    to = None if args.type == "-" else type_meant(args.type, policy)
    if to is None and args.type != "-":
        known = dict.fromkeys((*(kind.name for kind in policy.kinds), *TYPES))
        raise Stop(REFUSED, f"there is no type {args.type!r}: {', '.join(known)}")
    return _order(clerk, args, partial(orders.set_type, to=to, actor=actor()))


def _set_field(clerk: Clerk, args: argparse.Namespace) -> int:
    return _order(clerk, args, partial(_field_decided, args=args, policy=clerk.rules.policy))


def _field_decided(ticket: Ticket, *, args: argparse.Namespace, policy: Policy) -> Decision | None:
    """The decision that sets a field. Ends the command if there is no such field, or if the value does not fit."""
    name, value, wrong = typed_value(args.name, args.value, ticket, policy)
    if wrong:
        raise Stop(REFUSED, wrong)
    return orders.set_field(ticket, name, value, actor())


def _merge(clerk: Clerk, args: argparse.Namespace) -> int:
    ticket, into = clerk.database.transact(_load_both_in, args.number, args.into)
    if ticket is None or into is None:
        raise Stop(REFUSED, f"there is no ticket {args.number if ticket is None else args.into}")
    if into.number == args.number:
        raise Stop(REFUSED, f"ticket {args.into} is (or went into) ticket {args.number} itself")
    return _order(clerk, args, partial(orders.merge, into=into.number, actor=actor()))


def _load_both_in(connection: Connection, number: int, into: int) -> tuple[Ticket | None, Ticket | None]:
    """The ticket of exactly this number, and the ticket to merge it into; None for one that does not exist."""
    return exact(within(connection), number), tickets.load(connection, into)


def _order(clerk: Clerk, args: argparse.Namespace, decide: Decide, *, text: str = "") -> int:
    """Carries out an order on the ticket `args.number`, and prints the ticket."""
    unmerged = partial(_unless_merged, number=args.number, decide=decide)
    ticket = clerk.order(Order(args.number, unmerged, text=text))
    if ticket is None:
        raise Stop(REFUSED, f"there is no ticket {args.number}")
    return _print_changed(ticket, args)


def _unless_merged(ticket: Ticket, *, number: int, decide: Decide) -> Decision | None:
    """The decision on a ticket. Ends the command if ticket `number` was merged into this one."""
    if ticket.number != number:
        raise Stop(REFUSED, f"ticket {number} was merged into {ticket.number}")
    return decide(ticket)


def _print_changed(ticket: Ticket, args: argparse.Namespace) -> int:
    if args.json:
        print_json(as_json(ticket))
    else:
        status = in_words(ticket)
        print(f"#{ticket.number}  {status}, {ticket.priority}, assignee {ticket.assignee or '-'}")
    return DONE


_VERBS = {
    "open": _open,
    "reply": _reply,
    "note": _note,
    "status": _set_status,
    "stage": _set_stage,
    "assign": _assign,
    "priority": _set_priority,
    "type": _set_type,
    "field": _set_field,
    "merge": _merge,
}
