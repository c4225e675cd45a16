"""Tickets: list, show, search, open, answer, note, move, assign, merge, and fetch attachments."""

import argparse
from pathlib import Path
from typing import Any

from sqlalchemy import Row

from mailtickets.cli import BAD_USAGE, DONE, REFUSED, Stop
from mailtickets.cli.session import actor, add_json, add_page, number, opened, print_json, print_table, read_text
from mailtickets.config.models import Agent
from mailtickets.desk.change import customers
from mailtickets.desk.claims.authors import locale_for, without_tags
from mailtickets.desk.claims.people import readers
from mailtickets.desk.commands import orders
from mailtickets.desk.model.decision import Decision
from mailtickets.desk.model.ticket import PRIORITIES, STATUSES, Ticket
from mailtickets.gateway.clerk import Clerk
from mailtickets.mail.address import parse_addresses
from mailtickets.mail.model import Address
from mailtickets.mail.read.outline import outline
from mailtickets.store import inbound, search, tickets
from mailtickets.store.tickets import Shown


def configure(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    _configure_reading(verbs)
    _configure_writing(verbs)


def _configure_reading(verbs: Any) -> None:
    listing = verbs.add_parser("list", help="tickets, newest first")
    listing.add_argument("--queue")
    listing.add_argument("--status", type=_status, metavar="STATUS")
    listing.add_argument("--assignee", metavar="ADDRESS", help='"-" is nobody')
    add_page(listing)
    listing.set_defaults(act=_list)

    show = verbs.add_parser("show", help="one ticket with its messages and events")
    show.add_argument("number", type=number)
    add_json(show)
    show.set_defaults(act=_show)

    searching = verbs.add_parser("search", help="tickets that have all the words, accents or not")
    searching.add_argument("words", nargs="+")
    add_page(searching)
    searching.set_defaults(act=_search)

    attachment = verbs.add_parser("attachment", help="list a ticket's attachments, or save them")
    attachment.add_argument("number", type=number)
    attachment.add_argument("id", type=number, nargs="?")
    attachment.add_argument("--out", metavar="DIR", help="save into this folder (default: here, when an ID is given)")
    add_json(attachment)
    attachment.set_defaults(act=_attachment)


def _configure_writing(verbs: Any) -> None:
    opening = verbs.add_parser("open", help="open a ticket in a customer's name; the text comes on stdin")
    opening.add_argument("--queue", required=True)
    opening.add_argument("--requester", required=True, metavar="ADDRESS")
    opening.add_argument("--subject", required=True)
    add_json(opening)
    opening.set_defaults(act=_open)

    for verb, what, act in (("reply", "answer the customer", _reply), ("note", "add an internal note", _note)):
        writing = _about_ticket(verbs, verb, f"{what}; the text comes on stdin", act)
        writing.add_argument("--as", dest="agent", metavar="AGENT", help="the agent in whose name (an address)")
        writing.add_argument("--file", metavar="F", help="read the text from a file")

    status = _about_ticket(verbs, "status", f"move to {', '.join(STATUSES)}, or a Portuguese name", _set_status)
    status.add_argument("status", type=_status, metavar="STATUS")
    assign = _about_ticket(verbs, "assign", 'give to an agent; "-" is nobody', _assign)
    assign.add_argument("agent", metavar="ADDRESS")
    priority = _about_ticket(verbs, "priority", f"set to {', '.join(PRIORITIES)}, or a Portuguese name", _set_priority)
    priority.add_argument("priority", type=_priority, metavar="PRIORITY")
    merge = _about_ticket(verbs, "merge", "hand everything over to another ticket", _merge)
    merge.add_argument("into", type=number, metavar="INTO")


def _about_ticket(verbs: Any, verb: str, what: str, act: Any) -> Any:
    parser = verbs.add_parser(verb, help=what)
    parser.add_argument("number", type=number)
    add_json(parser)
    parser.set_defaults(act=act)
    return parser


def _status(word: str) -> str:
    found = orders.status_named(word)
    if found is None:
        raise argparse.ArgumentTypeError(f"{word!r} is none of {', '.join(STATUSES)} (or their Portuguese names)")
    return found


def _priority(word: str) -> str:
    found = orders.priority_named(word)
    if found is None:
        raise argparse.ArgumentTypeError(f"{word!r} is none of {', '.join(PRIORITIES)} (or their Portuguese names)")
    return found


def run(args: argparse.Namespace) -> int:
    with opened(args) as clerk:
        status: int = args.act(clerk, args)
        return status


# --- reading ------------------------------------------------------------------------------------------


def _list(clerk: Clerk, args: argparse.Namespace) -> int:
    wanted = {"queue": args.queue, "status": args.status, "after": args.after, "limit": args.limit}
    assignee = "" if args.assignee == "-" else _assignee(clerk, args.assignee)
    found = clerk.database.run(lambda c: tickets.listed(c, **wanted, assignee=assignee))
    return _print_page(found, args)


def _assignee(clerk: Clerk, address: str | None) -> str | None:
    agent = clerk.rules.policy.agent(address) if address else None
    return agent.address if agent else address


def _search(clerk: Clerk, args: argparse.Namespace) -> int:
    def work(connection: Any) -> list[Ticket]:
        numbers = search.find(connection, " ".join(args.words), after=args.after, limit=args.limit)
        return tickets.listed(connection, numbers=numbers, limit=args.limit)

    return _print_page(clerk.database.run(work), args)


def _print_page(found: list[Ticket], args: argparse.Namespace) -> int:
    if args.json:
        print_json([as_json(ticket) for ticket in found])
    else:
        rows = [(t.number, t.status, t.priority, t.queue, t.assignee, t.updated_at, t.subject) for t in found]
        print_table(("TICKET", "STATUS", "PRIORITY", "QUEUE", "ASSIGNEE", "UPDATED", "SUBJECT"), rows)
    return DONE


def as_json(ticket: Ticket) -> dict[str, Any]:
    """A ticket as `ticket list --json` prints it."""
    return {
        "number": ticket.number,
        "queue": ticket.queue,
        "subject": ticket.subject,
        "status": ticket.status,
        "priority": ticket.priority,
        "type": ticket.type,
        "requester": _person(ticket.requester),
        "assignee": ticket.assignee,
        "revision": ticket.revision,
        "participants": [{**_person(person.address), "role": person.role} for person in ticket.participants],
        "tags": list(ticket.tags),
        "linked": list(ticket.linked),
        "created_at": ticket.created_at,
        "updated_at": ticket.updated_at,
    }


def _person(address: Address) -> dict[str, str]:
    return {"name": address.name, "address": address.address}


def _show(clerk: Clerk, args: argparse.Namespace) -> int:
    shown = clerk.database.run(lambda c: tickets.show(c, args.number))
    if shown is None:
        raise Stop(REFUSED, f"there is no ticket {args.number}")
    if args.json:
        print_json(shown_as_json(shown))
    else:
        print_ticket(shown)
    return DONE


def shown_as_json(shown: Shown) -> dict[str, Any]:
    """A ticket as `ticket show --json` prints it."""
    return {
        **as_json(shown.ticket),
        "messages": [_message(row, shown) for row in shown.messages],
        "events": [_event(row) for row in shown.events],
    }


def _message(row: Row[Any], shown: Shown) -> dict[str, Any]:
    return {
        "id": row.id,
        "direction": row.direction,
        "visibility": row.visibility,
        "author": {"name": row.author_name, "address": row.author_address},
        "verified": row.verified,
        "subject": row.subject,
        "text": row.text,
        "reply": row.reply,
        "message_id": row.message_id,
        "received_at": row.received_at,
        "attachments": [_file(file) for file in shown.attachments.get(row.id, ())],
        "kind": row.kind,
        "html": row.html,
        "defects": row.defects,
        "inbound": row.inbound,
    }


def _file(row: Row[Any]) -> dict[str, Any]:
    keys = ("id", "filename", "content_type", "size", "sha256")
    return {key: getattr(row, key) for key in keys}


def _event(row: Row[Any]) -> dict[str, Any]:
    return {"at": row.at, "actor": row.actor, "kind": row.kind, "from": row.old, "to": row.new, "reason": row.reason}


def print_ticket(shown: Shown) -> None:
    """A ticket for people to read."""
    ticket = shown.ticket
    print(f"#{ticket.number}  {ticket.subject or '(no subject)'}")
    print(f"  {ticket.status}, {ticket.priority} priority, queue {ticket.queue}, assignee {ticket.assignee or '-'}")
    for person in ticket.participants:
        print(f"  {person.role}: {person.address.name} <{person.address.address}>".replace("  <", " <"))
    if ticket.linked:
        print(f"  linked: {', '.join(f'#{number}' for number in ticket.linked)}")
    for row in shown.messages:
        when = row.received_at.astimezone().strftime("%Y-%m-%d %H:%M")
        kind = "note" if row.visibility == "note" else {"in": "from", "out": "answer by"}[row.direction]
        print(f"\n--- {when}  {kind} {row.author_name or row.author_address} " + "-" * 20)
        print(row.reply.strip() or row.text.strip())
        for file in shown.attachments.get(row.id, ()):
            print(f"  [{file.id}] {file.filename}  {file.content_type}, {file.size} bytes")
    print("\n--- events " + "-" * 40)
    for row in shown.events:
        moved = " -> ".join(part for part in (row.old, row.new) if part)
        print(f"  {row.at.astimezone():%Y-%m-%d %H:%M}  {row.kind} {moved}  ({row.reason}, {row.actor})")


def _attachment(clerk: Clerk, args: argparse.Namespace) -> int:
    shown = clerk.database.run(lambda c: tickets.show(c, args.number))
    if shown is None:
        raise Stop(REFUSED, f"there is no ticket {args.number}")
    files = [file for row in shown.messages for file in shown.attachments.get(row.id, ())]
    if args.id is None and args.out is None:
        if args.json:
            print_json([_file(file) for file in files])
        else:
            print_table(("ID", "TYPE", "SIZE", "NAME"), [(f.id, f.content_type, f.size, f.filename) for f in files])
        return DONE
    wanted = [file for file in files if args.id in (None, file.id)]
    if not wanted:
        raise Stop(REFUSED, f"ticket {args.number} has no attachment {args.id}")
    saved = [_save(clerk, args.number, file, Path(args.out or ".")) for file in wanted]
    if args.json:
        print_json([{**_file(file), "path": str(path)} for file, path in zip(wanted, saved, strict=True)])
    else:
        print("\n".join(str(path) for path in saved))
    return DONE


def _save(clerk: Clerk, number: int, file: Row[Any], directory: Path) -> Path:
    """Writes an attachment into a folder; what the mail calls it is a label, made safe, and overwrites nothing."""
    from mailtickets.mail.read.parse import parse  # costs a fifth of a second, which no other verb has to pay

    source = clerk.database.run(lambda c: tickets.attachment_source(c, number, file.id))
    raw = clerk.database.run(lambda c: inbound.raw(c, source.inbound)) if source is not None else None
    found = (attachment for read in (outline, parse) for attachment in read(raw or b"").attachments)
    content = next((attachment.content for attachment in found if attachment.sha256 == file.sha256), None)
    if content is None:
        raise Stop(REFUSED, f"attachment {file.id} cannot be read again from its message")
    label = "".join(c if c.isalnum() or c in ".-_ ()" else "_" for c in file.filename).strip(". ")
    label = label.encode()[-200:].decode(errors="ignore")  # a name has at most 255 octets
    path = directory / (label or str(file.id))
    if path.exists():
        path = directory / f"{file.id}-{label}"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as out:
            out.write(content)
    except OSError as error:
        raise Stop(REFUSED, f"{path}: {error.strerror}") from error
    return path


# --- writing ------------------------------------------------------------------------------------------


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
    """The agent named with --as; without it the queue itself speaks."""
    if args.agent is not None:
        agent = _agent(clerk, args.agent)
        return Address(agent.name, agent.address)
    ticket = clerk.database.run(lambda c: tickets.load(c, args.number))
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
        return tickets.exact(connection, args.number), tickets.load(connection, args.into)

    ticket, into = clerk.database.run(work)
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

    ticket = clerk.order(args.number, about, text=text)
    if ticket is None:
        raise Stop(REFUSED, f"there is no ticket {args.number}")
    return _print_changed(ticket, args)


def _print_changed(ticket: Ticket, args: argparse.Namespace) -> int:
    if args.json:
        print_json(as_json(ticket))
    else:
        print(f"#{ticket.number}  {ticket.status}, {ticket.priority}, assignee {ticket.assignee or '-'}")
    return DONE
