"""Lists and shows messages that came in, with their outcomes. Releases or drops held messages."""

import argparse
import sys

from mailtickets.cli import DONE, REFUSED, Stop
from mailtickets.cli.session import add_json, add_page, add_verb, number, print_json, print_table, reading
from mailtickets.desk.model.decision import OUTCOMES
from mailtickets.store.read import inbound
from mailtickets.views import inbound as view

REPLAYABLE = ("held", "ignored", "bounced", "duplicate")


def configure(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    listing = verbs.add_parser("list", help="list messages, newest first")
    listing.add_argument("--state", choices=("accepted", "done", "held"))
    listing.add_argument("--outcome", choices=OUTCOMES)
    add_page(listing)
    listing.set_defaults(act=_list)
    for verb, what, act in (
        ("show", "show one message, and what each rule decided", _show),
        ("raw", "print the message as it came", _raw),
        ("release", "release a held message: the daemon decides on it again", _work),
        ("drop", "ignore a held message", _work),
        ("replay", f"decide again on a message that is {', '.join(REPLAYABLE[:-1])} or {REPLAYABLE[-1]}", _work),
    ):
        add_verb(verbs, verb, what, act)
    reconcile = verbs.add_parser("reconcile", help="check that every message has exactly one outcome")
    add_json(reconcile)
    reconcile.add_argument(
        "--mailboxes", action="store_true", help="also compare with the IMAP folders; changes nothing in them"
    )
    reconcile.add_argument(
        "--days", type=number, metavar="N", help="days of mail to compare (default: as in the nightly comparison)"
    )
    reconcile.set_defaults(act=_work)


def run(args: argparse.Namespace) -> int:
    status: int = args.act(args)
    return status


def _list(args: argparse.Namespace) -> int:
    with reading(args) as desk:
        wanted = {"state": args.state, "outcome": args.outcome, "after": args.after, "limit": args.limit}
        rows = inbound.listed(desk.reader, **wanted)
    if args.json:
        print_json([view.as_json(row) for row in rows])
    else:
        print_table(view.HEADER, [view.row(row) for row in rows])
    return DONE


def _show(args: argparse.Namespace) -> int:
    with reading(args) as desk:
        row = inbound.shown(desk.reader, args.id)
    if row is None:
        raise Stop(REFUSED, f"there is no inbound message {args.id}")
    if args.json:
        print_json(view.shown_as_json(row))
    else:
        print("\n".join(view.lines(row)))
    return DONE


def _raw(args: argparse.Namespace) -> int:
    with reading(args) as desk:
        raw = inbound.raw(desk.reader, args.id)
    if raw is None:
        raise Stop(REFUSED, f"there is no inbound message {args.id}")
    sys.stdout.buffer.write(raw)
    return DONE


def _work(args: argparse.Namespace) -> int:
    from mailtickets.cli import inbound_work  # the import costs a second; showing messages does not need it

    return inbound_work.run(args)
