"""The work of `mailtickets outbox`: send again, cancel, and write a mail as it is sent."""

import argparse
import sys
from typing import Any

from mailtickets.cli import DONE, REFUSED, Stop
from mailtickets.cli.desk import read_in, run_verb
from mailtickets.cli.rows import Rows
from mailtickets.gateway.clerk import Clerk
from mailtickets.mail.model import Attachment
from mailtickets.store import enclosures, outbox
from mailtickets.store.outbox import Due
from mailtickets.store.read import inbound
from mailtickets.store.read.outbox import shown
from mailtickets.views.outbox import as_json


def run(args: argparse.Namespace) -> int:
    return run_verb(_VERBS, args)


def _line(row: Any) -> str:
    return f"outbox {row.id}: {row.state}"


_ROWS = Rows("outbox row", shown, as_json, _line)


def _raw(clerk: Clerk, args: argparse.Namespace) -> int:
    due = clerk.database.transact(outbox.load, args.id)
    if due is None:
        raise Stop(REFUSED, f"there is no outbox row {args.id}")
    raw, _ = clerk.written(due, _attachments(clerk, due))
    sys.stdout.buffer.write(raw)
    return DONE


def _attachments(clerk: Clerk, due: Due) -> tuple[Attachment, ...]:
    """The attachments of a copy: those that the desk made, and those read again from the mail that brought them."""
    own = clerk.database.transact(enclosures.load, due.notice, due.mail.attachments) if due.mail.attachments else ()
    return (*own, *_brought(clerk, due))


def _brought(clerk: Clerk, due: Due) -> tuple[Attachment, ...]:
    from mailtickets.mail.read.attachments import of_read, picked
    from mailtickets.mail.read.parse import parse  # costs a fifth of a second; no other verb needs it

    if not due.attachments or due.inbound is None:
        return ()
    raw = clerk.database.transact(read_in, inbound.raw, due.inbound) or b""
    mail = parse(raw, instance=clerk.rules.policy.instance.name)
    return picked(of_read(raw, mail), due.attachments)


def _retry(clerk: Clerk, args: argparse.Namespace) -> int:
    row = _ROWS.found(clerk, args.id)
    if not clerk.database.transact(outbox.retry, args.id, clerk.clock()):
        raise Stop(REFUSED, f"outbox {args.id} is {row.state}: only what waits or has failed is sent again")
    return _ROWS.print(clerk, args)


def _cancel(clerk: Clerk, args: argparse.Namespace) -> int:
    row = _ROWS.found(clerk, args.id)
    if not clerk.database.transact(outbox.cancel, args.id):
        raise Stop(REFUSED, f"outbox {args.id} is {row.state}: only what still waits can be cancelled")
    return _ROWS.print(clerk, args)


_VERBS = {"raw": _raw, "retry": _retry, "cancel": _cancel}
