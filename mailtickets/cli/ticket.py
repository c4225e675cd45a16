"""Lists, shows, searches, opens, answers, changes and merges tickets, and saves their attachments."""

import argparse
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mailtickets.cli import DONE, REFUSED, Stop
from mailtickets.cli.session import OpenDesk, add_json, add_page, number, print_json, print_table, reading
from mailtickets.desk.model.ticket import PRIORITIES, STATUSES, Ticket, priority_named, status_named
from mailtickets.store.read import deadlines, inbound, search, tickets
from mailtickets.store.read.tickets import Shown
from mailtickets.views import tickets as view

if TYPE_CHECKING:
    from mailtickets.views.deadlines import ShownClocks


def configure(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    _configure_reading(verbs)
    _configure_writing(verbs)


def _configure_reading(verbs: Any) -> None:
    listing = verbs.add_parser("list", help="list tickets, newest first")
    listing.add_argument("--queue")
    listing.add_argument("--status", type=_status, metavar="STATUS")
    listing.add_argument("--stage", metavar="STAGE", help="tickets in this stage: its name, or its label")
    listing.add_argument("--assignee", metavar="ADDRESS", help='tickets of this agent; "-" means nobody')
    listing.add_argument("--due", action="store_true", help="those that are due, what is late or due first foremost")
    add_page(listing)
    listing.set_defaults(act=_list)

    show = verbs.add_parser("show", help="show one ticket with its messages and events")
    show.add_argument("number", type=number)
    add_json(show)
    show.set_defaults(act=_show)

    searching = verbs.add_parser("search", help="find tickets that contain all the words, with or without accents")
    searching.add_argument("words", nargs="+")
    add_page(searching)
    searching.set_defaults(act=_search)

    attachment = verbs.add_parser("attachment", help="list the attachments of a ticket, or save them")
    attachment.add_argument("number", type=number)
    attachment.add_argument("id", type=number, nargs="?")
    attachment.add_argument("--out", metavar="DIR", help="save into this folder (with an id, default: here)")
    add_json(attachment)
    attachment.set_defaults(act=_attachment)


def _configure_writing(verbs: Any) -> None:
    opening = verbs.add_parser("open", help="open a ticket in the name of a customer; reads the text from stdin")
    opening.add_argument("--queue", required=True)
    opening.add_argument("--requester", required=True, metavar="ADDRESS")
    opening.add_argument("--subject", required=True)
    add_json(opening)
    opening.set_defaults(act=_work)

    for verb, what in (("reply", "answer the customer"), ("note", "add an internal note")):
        writing = _about_ticket(verbs, verb, f"{what}; reads the text from stdin")
        writing.add_argument("--as", dest="agent", metavar="AGENT", help="the address of the agent who writes")
        writing.add_argument("--file", metavar="F", help="read the text from this file")

    status = _about_ticket(verbs, "status", f"set the status: {', '.join(STATUSES)}, or its name in Portuguese")
    status.add_argument("status", type=_status, metavar="STATUS")
    stage = _about_ticket(verbs, "stage", "bring the ticket to a stage of its queue")
    stage.add_argument("stage", metavar="STAGE", help="the name of the stage, or its label")
    assign = _about_ticket(verbs, "assign", 'assign the ticket to an agent; "-" means nobody')
    assign.add_argument("agent", metavar="ADDRESS")
    priority = _about_ticket(verbs, "priority", f"set the priority: {', '.join(PRIORITIES)}, or its name in Portuguese")
    priority.add_argument("priority", type=_priority, metavar="PRIORITY")
    kind = _about_ticket(verbs, "type", 'set the type, by its name or label; "-" means none')
    kind.add_argument("type", metavar="TYPE")
    field = _about_ticket(verbs, "field", 'set a field, such as an order number; "-" takes the value away')
    field.add_argument("name", metavar="NAME", help="the name of a [[field]], or impact or urgency")
    field.add_argument("value", metavar="VALUE")
    merge = _about_ticket(verbs, "merge", "merge the ticket into another ticket")
    merge.add_argument("into", type=number, metavar="INTO")


def _about_ticket(verbs: Any, verb: str, what: str) -> Any:
    parser = verbs.add_parser(verb, help=what)
    parser.add_argument("number", type=number)
    add_json(parser)
    parser.set_defaults(act=_work)
    return parser


def _status(word: str) -> str:
    found = status_named(word)
    if found is None:
        raise argparse.ArgumentTypeError(f"{word!r} is none of {', '.join(STATUSES)} (or their Portuguese names)")
    return found


def _priority(word: str) -> str:
    found = priority_named(word)
    if found is None:
        raise argparse.ArgumentTypeError(f"{word!r} is none of {', '.join(PRIORITIES)} (or their Portuguese names)")
    return found


def run(args: argparse.Namespace) -> int:
    status: int = args.act(args)
    return status


def _work(args: argparse.Namespace) -> int:
    from mailtickets.cli import ticket_work  # the import costs a second; showing tickets does not need it

    return ticket_work.run(args)


# --- reading ------------------------------------------------------------------------------------------


def _list(args: argparse.Namespace) -> int:
    wanted: dict[str, Any] = {"queue": args.queue, "status": args.status, "after": args.after, "limit": args.limit}
    with reading(args) as desk:
        wanted["stages"] = desk.stages_called(args.stage, args.queue) if args.stage is not None else None
        wanted["assignee"] = "" if args.assignee == "-" else desk.agent_address(args.assignee)
        if args.due:
            return _list_due(desk, wanted, args)
        found = tickets.listed(desk.reader, **wanted)
    return _print_page(found, args)


def _list_due(desk: OpenDesk, wanted: dict[str, Any], args: argparse.Namespace) -> int:
    first = deadlines.listed(desk.reader, **wanted)
    if first is None:
        raise Stop(REFUSED, f"ticket {args.after} has never had a due time: the list cannot go on after it")
    numbers, now = [row.ticket for row in first], datetime.now(UTC)
    by_number = {one.number: one for one in tickets.listed(desk.reader, numbers=numbers, limit=len(numbers))}
    if args.json:
        clocks = deadlines.of_tickets(desk.reader, numbers)
        print_json(
            [{**view.as_json(by_number[n]), "due": [view.due_as_json(row, now) for row in clocks[n]]} for n in numbers]
        )
    else:
        print_table(view.DUE_HEADER, [view.due_row(by_number[row.ticket], row, now) for row in first])
    return DONE


def _search(args: argparse.Namespace) -> int:
    with reading(args) as desk:
        numbers = search.find(desk.reader, " ".join(args.words), after=args.after, limit=args.limit)
        found = tickets.listed(desk.reader, numbers=numbers, limit=args.limit)
    return _print_page(found, args)


def _print_page(found: list[Ticket], args: argparse.Namespace) -> int:
    if args.json:
        print_json([view.as_json(ticket) for ticket in found])
    else:
        print_table(view.HEADER, [view.row(ticket) for ticket in found])
    return DONE


def _show(args: argparse.Namespace) -> int:
    with reading(args) as desk:
        shown = _shown(desk, args.number)
        clocks = _clocks(desk, shown) if shown.due else None
    if args.json:
        print_json(view.shown_as_json(shown, clocks.as_json if clocks else ()))
    else:
        print("\n".join(view.lines(shown, clocks.lines if clocks else ())))
    return DONE


def _clocks(desk: OpenDesk, shown: Shown) -> "ShownClocks":
    from mailtickets.views.deadlines import shown_clocks  # most tickets of most desks have no clocks

    return shown_clocks(desk.reader, shown, desk.tables, datetime.now(UTC))


def _shown(desk: OpenDesk, number: int) -> Shown:
    shown = tickets.show(desk.reader, number)
    if shown is None:
        raise Stop(REFUSED, f"there is no ticket {number}")
    return shown


def _attachment(args: argparse.Namespace) -> int:
    with reading(args) as desk:
        return _list_or_save(desk, args)


def _list_or_save(desk: OpenDesk, args: argparse.Namespace) -> int:
    shown = _shown(desk, args.number)
    files = [file for row in shown.messages for file in shown.attachments.get(row.id, ())]
    if args.id is None and args.out is None:
        if args.json:
            print_json([view.file_as_json(file) for file in files])
        else:
            print_table(view.FILE_HEADER, [view.file_row(file) for file in files])
        return DONE
    wanted = [file for file in files if args.id in (None, file.id)]
    if not wanted:
        raise Stop(REFUSED, f"ticket {args.number} has no attachment {args.id}")
    saved = [_save(desk, args.number, file, Path(args.out or ".")) for file in wanted]
    if args.json:
        print_json([{**view.file_as_json(file), "path": str(path)} for file, path in zip(wanted, saved, strict=True)])
    else:
        print("\n".join(str(path) for path in saved))
    return DONE


def _save(desk: OpenDesk, number: int, file: Any, directory: Path) -> Path:
    """Writes an attachment into a folder. The name in the mail is only a label: it is made safe, and overwrites
    nothing.
    """
    from mailtickets.mail.read.outline import outline
    from mailtickets.mail.read.parse import parse  # costs a fifth of a second; no other verb needs it

    source = tickets.attachment_source(desk.reader, number, file.id)
    raw = inbound.raw(desk.reader, source) if source is not None else None
    found = (attachment for read in (outline, parse) for attachment in read(raw or b"").attachments)
    content = next((attachment.content for attachment in found if attachment.sha256 == file.sha256), None)
    if content is None:
        raise Stop(REFUSED, f"attachment {file.id} cannot be read again from its message")
    label = "".join(c if c.isalnum() or c in ".-_ ()" else "_" for c in file.filename).strip(". ")
    label = label.encode()[-200:].decode(errors="ignore")  # a file name has at most 255 octets
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
