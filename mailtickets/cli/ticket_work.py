"""The work of `mailtickets ticket` on tickets: open, answer, note, move, assign, merge."""

import argparse
from typing import Any

from mailtickets.cli import BAD_USAGE, DONE, REFUSED, Stop
from mailtickets.cli.desk import opened
from mailtickets.cli.session import actor, print_json, read_text
from mailtickets.config.models import Agent
from mailtickets.desk.change import customers
from mailtickets.desk.claims.authors import locale_for, without_tags
from mailtickets.desk.claims.people import readers
from mailtickets.desk.commands import orders
from mailtickets.desk.model.decision import Decision
from mailtickets.desk.model.ticket import Ticket
from mailtickets.gateway.clerk import Clerk
from mailtickets.gateway.order import Order
from mailtickets.mail.address import parse_addresses
from mailtickets.mail.model import Address
from mailtickets.store import tickets
from mailtickets.store.read.reader import within
from mailtickets.store.read.tickets import exact
from mailtickets.views.tickets import as_json


def run(args: argparse.Namespace) -> int:
    with opened(args) as clerk:
        status: int = _VERBS[args.verb](clerk, args)
        return status


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
    by_agent = args.agent is not None

    def answer(ticket: Ticket) -> Decision:
        if not readers(customers(ticket), clerk.rules.policy):
            raise Stop(REFUSED, f"ticket {ticket.number} has no customer to write to: {ticket.requester.address!r}")
        return orders.answer(ticket, text, author, actor(), by_agent=by_agent)

    return _order(clerk, args, answer, text=text)


def _note(clerk: Clerk, args: argparse.Namespace) -> int:
    author = _author(clerk, args)
    text = _some_text(args)
    return _order(clerk, args, lambda ticket: orders.note(ticket, text, author, actor()), text=text)


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
    ticket = clerk.database.transact(lambda c: tickets.load(c, args.number))
    queue = clerk.rules.policy.queue(ticket.queue) if ticket else None
    return Address("", queue.address) if queue else Address("", clerk.rules.policy.queues[0].address)


def _agent(clerk: Clerk, address: str) -> Agent:
    agent = clerk.rules.policy.agent(address)
    if agent is None:
        raise Stop(REFUSED, f"{address} is no agent's address")
    return agent


def _set_status(clerk: Clerk, args: argparse.Namespace) -> int:
    return _order(clerk, args, lambda ticket: orders.set_status(ticket, args.status, actor()))


def _assign(clerk: Clerk, args: argparse.Namespace) -> int:
    agent = None if args.agent == "-" else _agent(clerk, args.agent)
    return _order(clerk, args, lambda ticket: orders.assign(ticket, agent, actor()))


def _set_priority(clerk: Clerk, args: argparse.Namespace) -> int:
    return _order(clerk, args, lambda ticket: orders.set_priority(ticket, args.priority, actor()))


def _merge(clerk: Clerk, args: argparse.Namespace) -> int:
    def work(connection: Any) -> tuple[Ticket | None, Ticket | None]:
        return exact(within(connection), args.number), tickets.load(connection, args.into)

    ticket, into = clerk.database.transact(work)
    if ticket is None or into is None:
        raise Stop(REFUSED, f"there is no ticket {args.number if ticket is None else args.into}")
    if into.number == args.number:
        raise Stop(REFUSED, f"ticket {args.into} is (or went into) ticket {args.number} itself")
    return _order(clerk, args, lambda found: orders.merge(found, into.number, actor()))


def _order(clerk: Clerk, args: argparse.Namespace, decide_on: Any, *, text: str = "") -> int:
    def about(ticket: Ticket) -> Decision | None:
        if ticket.number != args.number:
            raise Stop(REFUSED, f"ticket {args.number} was merged into {ticket.number}")
        decision: Decision | None = decide_on(ticket)
        return decision

    ticket = clerk.order(Order(args.number, about, text=text))
    if ticket is None:
        raise Stop(REFUSED, f"there is no ticket {args.number}")
    return _print_changed(ticket, args)


def _print_changed(ticket: Ticket, args: argparse.Namespace) -> int:
    if args.json:
        print_json(as_json(ticket))
    else:
        print(f"#{ticket.number}  {ticket.status}, {ticket.priority}, assignee {ticket.assignee or '-'}")
    return DONE


_VERBS = {
    "open": _open,
    "reply": _reply,
    "note": _note,
    "status": _set_status,
    "assign": _assign,
    "priority": _set_priority,
    "merge": _merge,
}
