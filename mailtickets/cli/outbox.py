"""Lists and shows outgoing mail: one copy for each recipient, and its state. Sends a copy again, or cancels it."""

import argparse

from mailtickets.cli import DONE, REFUSED, Stop
from mailtickets.cli.session import add_page, add_verb, print_json, print_table, reading
from mailtickets.store.read import outbox
from mailtickets.views import outbox as view

STATES = ("queued", "sending", "sent", "deferred", "unknown", "failed", "cancelled")


def configure(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    listing = verbs.add_parser("list", help="list copies, newest first")
    listing.add_argument("--state", choices=STATES)
    add_page(listing)
    listing.set_defaults(act=_list)
    for verb, what, act in (
        ("show", "show one copy", _show),
        ("raw", "print the mail as it is sent", _work),
        ("retry", "send a copy again, now", _work),
        ("cancel", "cancel a copy that is not sent yet", _work),
    ):
        add_verb(verbs, verb, what, act)


def run(args: argparse.Namespace) -> int:
    status: int = args.act(args)
    return status


def _list(args: argparse.Namespace) -> int:
    with reading(args) as desk:
        rows = outbox.listed(desk.reader, state=args.state, after=args.after, limit=args.limit)
    if args.json:
        print_json([view.as_json(row) for row in rows])
    else:
        print_table(view.HEADER, [view.row(row) for row in rows])
    return DONE


def _show(args: argparse.Namespace) -> int:
    with reading(args) as desk:
        row = outbox.shown(desk.reader, args.id)
    if row is None:
        raise Stop(REFUSED, f"there is no outbox row {args.id}")
    if args.json:
        print_json(view.as_json(row))
    else:
        print("\n".join(view.lines(row)))
    return DONE


def _work(args: argparse.Namespace) -> int:
    from mailtickets.cli import outbox_work  # the import costs a second; showing copies does not need it

    return outbox_work.run(args)
