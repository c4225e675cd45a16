"""The work of `mailtickets inbound`: release, drop, decide again, and compare the ledger with the mailboxes."""

import argparse
import asyncio
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy import Connection

from mailtickets.cli import DONE, REFUSED, TRY_AGAIN, Stop
from mailtickets.cli.desk import configuration, opened
from mailtickets.cli.inbound import REPLAYABLE
from mailtickets.cli.session import actor, print_json
from mailtickets.config.models import Config
from mailtickets.desk.model.states import EventKind
from mailtickets.edges.imap import audit
from mailtickets.edges.imap.answers import CommandRefused, ConnectionLost, LoginRefused
from mailtickets.gateway.clerk import Clerk
from mailtickets.store import inbound, ledger
from mailtickets.store.read.inbound import shown
from mailtickets.store.read.reader import within
from mailtickets.views.inbound import as_json


def run(args: argparse.Namespace) -> int:
    with opened(args) as clerk:
        status: int = _VERBS[args.verb](clerk, args)
        return status


def _row(clerk: Clerk, number: int) -> Any:
    row = clerk.database.transact(lambda c: shown(within(c), number))
    if row is None:
        raise Stop(REFUSED, f"there is no inbound message {number}")
    return row


def _release(clerk: Clerk, args: argparse.Namespace) -> int:
    return _again(clerk, args, ("held",), released=True)


def _replay(clerk: Clerk, args: argparse.Namespace) -> int:
    return _again(clerk, args, REPLAYABLE, released=False)


def _again(clerk: Clerk, args: argparse.Namespace, outcomes: tuple[str, ...], *, released: bool) -> int:
    """Puts a decided message back. The running daemon decides on it again within two seconds."""
    row = _row(clerk, args.id)
    if row.outcome not in outcomes:
        found = row.outcome or row.state
        raise Stop(REFUSED, f"inbound {args.id} is {found}: only what is {' or '.join(outcomes)} can be")

    def work(connection: Connection) -> None:
        inbound.accept_again(connection, args.id, released=released)
        kind: EventKind = "released" if released else "replayed"
        inbound.record_event(connection, args.id, row.ticket, kind, actor(), clerk.clock())

    clerk.database.transact(work)
    return _print_changed(clerk, args)


def _drop(clerk: Clerk, args: argparse.Namespace) -> int:
    row = _row(clerk, args.id)

    def work(connection: Connection) -> bool:
        inbound.record_event(connection, args.id, row.ticket, "dropped", actor(), clerk.clock())
        return inbound.drop(connection, args.id, "dropped-by-hand", clerk.clock())

    if row.state != "held" or not clerk.database.transact(work):
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
    """Counts every message and every outcome, and compares the mailboxes on request. Exit 1 when they do not agree."""
    sums = clerk.database.transact(ledger.sums)
    if args.mailboxes:
        days = audit.DAYS if args.days is None else args.days
        audits = asyncio.run(_audits(clerk, configuration(args, secrets=True), days))
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
    """Compares what the mailboxes hold with the ledger."""
    since = clerk.clock() - timedelta(days=days)
    found = []
    for account in config.imap_in:
        read, known = clerk.database.transact(partial(audit.facts, account=account, since=since))
        try:
            found.append(await audit.audit(account, config.credential(account), read, known, since))
        except (ConnectionLost, LoginRefused, CommandRefused) as error:
            raise Stop(TRY_AGAIN, f"{account.name}: {error}") from error
    return found


_VERBS = {"release": _release, "replay": _replay, "drop": _drop, "reconcile": _reconcile}
