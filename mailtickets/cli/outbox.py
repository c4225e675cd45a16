"""Every mail that goes out, a row for each recipient, and whether it arrived."""

import argparse
import sys
from typing import Any

from sqlalchemy import Row

from mailtickets.cli import DONE, REFUSED, Stop
from mailtickets.cli.session import add_page, add_verb, opened, print_json, print_table
from mailtickets.gateway.clerk import Clerk
from mailtickets.mail.model import Attachment
from mailtickets.store import inbound, outbox

STATES = ("queued", "sending", "sent", "deferred", "unknown", "failed", "cancelled")


def configure(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    listing = verbs.add_parser("list", help="copies, newest first")
    listing.add_argument("--state", choices=STATES)
    add_page(listing)
    listing.set_defaults(act=_list)
    for verb, what, act in (
        ("show", "one copy", _show),
        ("raw", "the mail as it is sent, on stdout", _raw),
        ("retry", "send again, now", _retry),
        ("cancel", "do not send, if it has not gone out", _cancel),
    ):
        add_verb(verbs, verb, what, act)


def run(args: argparse.Namespace) -> int:
    with opened(args) as clerk:
        status: int = args.act(clerk, args)
        return status


def as_json(row: Row[Any]) -> dict[str, Any]:
    """A copy as `outbox list --json` prints it."""
    return {
        "id": row.id,
        "ticket": row.ticket,
        "notice": row.name,
        "sender": row.sender,
        "recipient": row.recipient,
        "state": row.state,
        "attempts": row.attempts,
        "next_attempt_at": row.next_attempt_at,
        "message_id": row.message_id,
        "last_reply": row.last_reply,
        "subject": row.subject,
        "created_at": row.created_at,
        "sent_at": row.sent_at,
    }


def _list(clerk: Clerk, args: argparse.Namespace) -> int:
    rows = clerk.database.run(lambda c: outbox.listed(c, state=args.state, after=args.after, limit=args.limit))
    if args.json:
        print_json([as_json(row) for row in rows])
    else:
        table = [
            (r.id, r.created_at, r.state, r.attempts, r.ticket, r.name, r.recipient, r.last_reply or "") for r in rows
        ]
        print_table(("ID", "CREATED", "STATE", "TRIES", "TICKET", "NOTICE", "RECIPIENT", "LAST REPLY"), table)
    return DONE


def _show(clerk: Clerk, args: argparse.Namespace) -> int:
    row = _row(clerk, args.id)
    if args.json:
        print_json(as_json(row))
    else:
        for key, value in as_json(row).items():
            print(f"{key:>15}  {value if value is not None else '-'}")
    return DONE


def _row(clerk: Clerk, number: int) -> Row[Any]:
    row = clerk.database.run(lambda c: outbox.shown(c, number))
    if row is None:
        raise Stop(REFUSED, f"there is no outbox row {number}")
    return row


def _raw(clerk: Clerk, args: argparse.Namespace) -> int:
    from mailtickets.mail.read.parse import parse  # costs a fifth of a second, which no other verb has to pay

    due = clerk.database.run(lambda c: outbox.load(c, args.id))
    if due is None:
        raise Stop(REFUSED, f"there is no outbox row {args.id}")
    attachments: tuple[Attachment, ...] = ()
    if due.attachments and due.inbound is not None:
        source = due.inbound
        read = parse(clerk.database.run(lambda c: inbound.raw(c, source)) or b"")
        found = {attachment.sha256: attachment for attachment in read.attachments}
        attachments = tuple(found[digest] for digest in due.attachments if digest in found)
    raw, _ = clerk.written(due, attachments)
    sys.stdout.buffer.write(raw)
    return DONE


def _retry(clerk: Clerk, args: argparse.Namespace) -> int:
    row = _row(clerk, args.id)
    if not clerk.database.run(lambda c: outbox.retry(c, args.id, clerk.clock())):
        raise Stop(REFUSED, f"outbox {args.id} is {row.state}: only what waits or has failed is sent again")
    return _print_changed(clerk, args)


def _cancel(clerk: Clerk, args: argparse.Namespace) -> int:
    row = _row(clerk, args.id)
    if not clerk.database.run(lambda c: outbox.cancel(c, args.id)):
        raise Stop(REFUSED, f"outbox {args.id} is {row.state}: only what still waits can be cancelled")
    return _print_changed(clerk, args)


def _print_changed(clerk: Clerk, args: argparse.Namespace) -> int:
    row = _row(clerk, args.id)
    if args.json:
        print_json(as_json(row))
    else:
        print(f"outbox {row.id}: {row.state}")
    return DONE
