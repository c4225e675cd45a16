"""Every message that came in, and what became of it; what is held is released or dropped here."""

import argparse
import asyncio
import sys
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy import Connection, Row

from mailtickets.cli import DONE, REFUSED, TRY_AGAIN, Stop
from mailtickets.cli.session import (
    actor,
    add_json,
    add_page,
    add_verb,
    configuration,
    number,
    opened,
    print_json,
    print_table,
)
from mailtickets.config.models import Config
from mailtickets.desk.model.decision import OUTCOMES
from mailtickets.edges.imap import audit
from mailtickets.edges.imap.client import Lost, No, Refused
from mailtickets.gateway.clerk import Clerk
from mailtickets.store import inbound

_REPLAYABLE = ("held", "ignored", "bounced", "duplicate")


def configure(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    listing = verbs.add_parser("list", help="messages, newest first")
    listing.add_argument("--state", choices=("accepted", "done", "held"))
    listing.add_argument("--outcome", choices=OUTCOMES)
    add_page(listing)
    listing.set_defaults(act=_list)
    for verb, what, act in (
        ("show", "one message with the rules that were asked", _show),
        ("raw", "the message as it came, on stdout", _raw),
        ("release", "let a held message through", _release),
        ("drop", "ignore a held message", _drop),
        ("replay", f"decide again on a message that is {', '.join(_REPLAYABLE[:-1])} or {_REPLAYABLE[-1]}", _replay),
    ):
        add_verb(verbs, verb, what, act)
    reconcile = verbs.add_parser("reconcile", help="prove that every message has exactly one outcome")
    add_json(reconcile)
    reconcile.add_argument(
        "--mailboxes", action="store_true", help="look into the IMAP folders too, without marking anything"
    )
    reconcile.add_argument(
        "--days", type=number, default=audit.DAYS, metavar="N", help="how far back in them (default %(default)s)"
    )
    reconcile.set_defaults(act=_reconcile)


def run(args: argparse.Namespace) -> int:
    with opened(args) as clerk:
        status: int = args.act(clerk, args)
        return status


def as_json(row: Row[Any]) -> dict[str, Any]:
    """A message as `inbound list --json` prints it."""
    return {
        "id": row.id,
        "source": row.source,
        "state": row.state,
        "outcome": row.outcome,
        "reason": row.reason,
        "ticket": row.ticket,
        "message_id": row.message_id,
        "from": row.from_address,
        "subject": row.subject,
        "received_at": row.received_at,
    }


def _list(clerk: Clerk, args: argparse.Namespace) -> int:
    rows = clerk.database.run(
        lambda c: inbound.listed(c, state=args.state, outcome=args.outcome, after=args.after, limit=args.limit)
    )
    if args.json:
        print_json([as_json(row) for row in rows])
    else:
        table = [
            (r.id, r.received_at, r.source, r.outcome or r.state, r.reason, r.ticket, r.from_address, r.subject)
            for r in rows
        ]
        print_table(("ID", "RECEIVED", "BY", "OUTCOME", "REASON", "TICKET", "FROM", "SUBJECT"), table)
    return DONE


def _show(clerk: Clerk, args: argparse.Namespace) -> int:
    row = _row(clerk, args.id)
    if args.json:
        rest = {
            "sender": row.sender,
            "recipients": row.recipients,
            "peer": row.peer,
            "size": row.size,
            "attempts": row.attempts,
            "released": row.released,
            "decided_at": row.decided_at,
            "rules": [{"rule": rule, "verdict": verdict, "why": why} for rule, verdict, why in row.trace or ()],
        }
        print_json({**as_json(row), **rest})
        return DONE
    for key, value in as_json(row).items():
        print(f"{key:>12}  {value if value is not None else '-'}")
    print(f"{'sender':>12}  {row.sender or '<>' if row.sender is not None else '-'}")
    print(f"{'recipients':>12}  {', '.join(row.recipients) or '-'}")
    for rule, verdict, why in row.trace or ():
        print(f"{'':>12}  {rule}: {verdict}  ({why})")
    return DONE


def _row(clerk: Clerk, number: int) -> Row[Any]:
    row = clerk.database.run(lambda c: inbound.shown(c, number))
    if row is None:
        raise Stop(REFUSED, f"there is no inbound message {number}")
    return row


def _raw(clerk: Clerk, args: argparse.Namespace) -> int:
    raw = clerk.database.run(lambda c: inbound.raw(c, args.id))
    if raw is None:
        raise Stop(REFUSED, f"there is no inbound message {args.id}")
    sys.stdout.buffer.write(raw)
    return DONE


def _release(clerk: Clerk, args: argparse.Namespace) -> int:
    return _again(clerk, args, ("held",), released=True)


def _replay(clerk: Clerk, args: argparse.Namespace) -> int:
    return _again(clerk, args, _REPLAYABLE, released=False)


def _again(clerk: Clerk, args: argparse.Namespace, outcomes: tuple[str, ...], *, released: bool) -> int:
    """Puts a decided message back; the running daemon decides on it within two seconds."""
    row = _row(clerk, args.id)
    if row.outcome not in outcomes:
        found = row.outcome or row.state
        raise Stop(REFUSED, f"inbound {args.id} is {found}: only what is {' or '.join(outcomes)} can be")

    def work(connection: Connection) -> None:
        inbound.accept_again(connection, args.id, released=released)
        kind = "released" if released else "replayed"
        inbound.record_event(connection, args.id, row.ticket, kind, actor(), clerk.clock())

    clerk.database.run(work)
    return _print_changed(clerk, args)


def _drop(clerk: Clerk, args: argparse.Namespace) -> int:
    row = _row(clerk, args.id)

    def work(connection: Connection) -> bool:
        inbound.record_event(connection, args.id, row.ticket, "dropped", actor(), clerk.clock())
        return inbound.drop(connection, args.id, "dropped-by-hand", clerk.clock())

    if row.state != "held" or not clerk.database.run(work):
        raise Stop(REFUSED, f"inbound {args.id} is {row.outcome or row.state}, not held")
    return _print_changed(clerk, args)


def _print_changed(clerk: Clerk, args: argparse.Namespace) -> int:
    row = _row(clerk, args.id)
    if args.json:
        print_json(as_json(row))
    else:
        print(f"inbound {row.id}: {row.outcome or row.state}")
    return DONE


def _reconcile(clerk: Clerk, args: argparse.Namespace) -> int:
    """Counts every message and every outcome, and looks into mailboxes if asked; exit 1 when they do not add up."""
    sums = clerk.database.run(inbound.sums)
    if args.mailboxes:
        audits = asyncio.run(_audits(clerk, configuration(args, secrets=True), args.days))
        sums["mailboxes"] = [{"account": found.account, "folders": found.held} for found in audits]
        sums["problems"] += [problem for found in audits for problem in found.problems]
    if args.json:
        print_json(sums)
    else:
        for key, value in sums["outcomes"].items():
            print(f"{key:>12}  {value}")
        print(f"{'waiting':>12}  {sums['waiting']}\n{'in all':>12}  {sums['received']}")
        for mailbox in sums.get("mailboxes", ()):
            looked_at = ", ".join(f"{folder}: {count}" for folder, count in mailbox["folders"].items())
            print(f"{mailbox['account']:>12}  {looked_at or 'nothing has been read yet'}")
        for problem in sums["problems"]:
            print(f"does not add up: {problem}")
    return REFUSED if sums["problems"] else DONE


async def _audits(clerk: Clerk, config: Config, days: int) -> list[audit.Audit]:
    """What the mailboxes hold, compared with the ledger."""
    since = clerk.clock() - timedelta(days=days)
    found = []
    for account in config.imap_in:
        read, known = clerk.database.run(partial(audit.facts, account=account, since=since))
        try:
            found.append(await audit.audit(account, partial(config.password, account), read, known, since))
        except (Lost, Refused, No) as error:
            raise Stop(TRY_AGAIN, f"{account.name}: {error}") from error
    return found
