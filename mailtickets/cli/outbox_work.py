"""The work of `mailtickets outbox`: send again, cancel, and write a mail as it is sent."""

import argparse
import sys
from typing import Any

from mailtickets.cli import DONE, REFUSED, Stop
from mailtickets.cli.desk import opened
from mailtickets.cli.session import print_json
from mailtickets.gateway.clerk import Clerk
from mailtickets.mail.model import Attachment
from mailtickets.store import outbox
from mailtickets.store.read import inbound
from mailtickets.store.read.outbox import shown
from mailtickets.store.read.reader import within
from mailtickets.views.outbox import as_json


def run(args: argparse.Namespace) -> int:
    with opened(args) as clerk:
        status: int = _VERBS[args.verb](clerk, args)
        return status


def _row(clerk: Clerk, number: int) -> Any:
    row = clerk.database.transact(lambda c: shown(within(c), number))
    if row is None:
        raise Stop(REFUSED, f"there is no outbox row {number}")
    return row


def _raw(clerk: Clerk, args: argparse.Namespace) -> int:
    from mailtickets.mail.read.attachments import of_read, picked
    from mailtickets.mail.read.parse import parse  # costs a fifth of a second; no other verb needs it

    due = clerk.database.transact(lambda c: outbox.load(c, args.id))
    if due is None:
        raise Stop(REFUSED, f"there is no outbox row {args.id}")
    attachments: tuple[Attachment, ...] = ()
    if due.attachments and due.inbound is not None:
        source = due.inbound
        brought = clerk.database.transact(lambda c: inbound.raw(within(c), source)) or b""
        read = parse(brought, instance=clerk.rules.policy.instance.name)
        attachments = picked(of_read(brought, read), due.attachments)
    raw, _ = clerk.written(due, attachments)
    sys.stdout.buffer.write(raw)
    return DONE


def _retry(clerk: Clerk, args: argparse.Namespace) -> int:
    row = _row(clerk, args.id)
    if not clerk.database.transact(lambda c: outbox.retry(c, args.id, clerk.clock())):
        raise Stop(REFUSED, f"outbox {args.id} is {row.state}: only what waits or has failed is sent again")
    return _print_changed(clerk, args)


def _cancel(clerk: Clerk, args: argparse.Namespace) -> int:
    row = _row(clerk, args.id)
    if not clerk.database.transact(lambda c: outbox.cancel(c, args.id)):
        raise Stop(REFUSED, f"outbox {args.id} is {row.state}: only what still waits can be cancelled")
    return _print_changed(clerk, args)


def _print_changed(clerk: Clerk, args: argparse.Namespace) -> int:
    row = _row(clerk, args.id)
    if args.json:
        print_json(as_json(row))
    else:
        print(f"outbox {row.id}: {row.state}")
    return DONE


_VERBS = {"raw": _raw, "retry": _retry, "cancel": _cancel}
