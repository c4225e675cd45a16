"""The work of `mailtickets inbound`: release, drop, decide again, and compare the ledger with the mailboxes."""

import argparse
import asyncio
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Connection

from mailtickets.cli import DONE, REFUSED, TRY_AGAIN, Stop
from mailtickets.cli.desk import configuration, run_verb
from mailtickets.cli.inbound import REPLAYABLE
from mailtickets.cli.rows import Rows
from mailtickets.cli.session import actor, print_json
from mailtickets.config.models import Config
from mailtickets.desk.model.states import EventKind
from mailtickets.edges.imap import audit
from mailtickets.edges.imap.answers import CommandRefused, ConnectionLost, LoginRefused
from mailtickets.gateway.clerk import Clerk
from mailtickets.store import inbound, ledger
from mailtickets.store.read.inbound import shown
from mailtickets.views.inbound import as_json


def run(args: argparse.Namespace) -> int:
    return run_verb(_VERBS, args)


def _line(row: Any) -> str:
    return f"inbound {row.id}: {row.outcome or row.state}"


_ROWS = Rows("inbound message", shown, as_json, _line)


def _release(clerk: Clerk, args: argparse.Namespace) -> int:
    return _again(clerk, args, ("held",), "released")


def _replay(clerk: Clerk, args: argparse.Namespace) -> int:
    return _again(clerk, args, REPLAYABLE, "replayed")


def _again(clerk: Clerk, args: argparse.Namespace, outcomes: tuple[str, ...], kind: EventKind) -> int:
    """Puts a decided message back. The running daemon decides on it again within two seconds."""
    row = _ROWS.found(clerk, args.id)
    if row.outcome not in outcomes:
        found = row.outcome or row.state
        raise Stop(REFUSED, f"inbound {args.id} is {found}: only what is {' or '.join(outcomes)} can be")
    clerk.database.transact(_accept_again_in, row, kind, clerk.clock())
    return _ROWS.print(clerk, args)


def _accept_again_in(connection: Connection, row: Any, kind: EventKind, now: datetime) -> None:
    inbound.accept_again(connection, row.id, released=kind == "released")
    inbound.record_event(connection, row.id, row.ticket, kind, actor(), now)


def _drop(clerk: Clerk, args: argparse.Namespace) -> int:
    row = _ROWS.found(clerk, args.id)
    if row.state != "held" or not clerk.database.transact(_drop_in, row, clerk.clock()):
        raise Stop(REFUSED, f"inbound {args.id} is {row.outcome or row.state}, not held")
    return _ROWS.print(clerk, args)


def _drop_in(connection: Connection, row: Any, now: datetime) -> bool:
    inbound.record_event(connection, row.id, row.ticket, "dropped", actor(), now)
    return inbound.drop(connection, row.id, "dropped-by-hand", now)


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
