"""The work of `mailtickets import` and `imap backfill`: looks through the archives, then imports by time."""

import argparse
import asyncio
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Coroutine, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from mailtickets.cli import BAD_USAGE, DONE, REFUSED, TRY_AGAIN, Stop
from mailtickets.cli.desk import configuration, opened
from mailtickets.cli.importing import begin_of
from mailtickets.cli.progress import Progress
from mailtickets.cli.running import daemon_runs
from mailtickets.cli.session import print_json
from mailtickets.config.models import Config, ImapIn, SmtpIn
from mailtickets.desk.model.delivery import Transient
from mailtickets.desk.model.facts import Leaving
from mailtickets.edges.archives import mailbox as mailboxes
from mailtickets.edges.archives.files import archive
from mailtickets.edges.archives.mailbox import Mailbox, NotYet
from mailtickets.edges.archives.mbox import Mbox
from mailtickets.edges.archives.moment import moment
from mailtickets.edges.archives.plan import Plan
from mailtickets.edges.archives.stored import Archive, NoArchive, StoredMail
from mailtickets.edges.imap.answers import CommandRefused, ConnectionLost, LoginRefused
from mailtickets.edges.imap.client import ImapClient, Limits
from mailtickets.edges.imap.connect import connected, tls_context
from mailtickets.gateway.clerk import Clerk
from mailtickets.gateway.importing import BYTES_AT_ONCE, MAILS_AT_ONCE, Imported, Importing, OldMail
from mailtickets.gateway.workers import Workers
from mailtickets.mail.door import IMPORT
from mailtickets.mail.model import Envelope
from mailtickets.store import cursors, history, migrate, rehearsal
from mailtickets.store.database import Database

_LISTED = 100
"""So many mails that were not taken are listed in the JSON; all of them are in the log."""
_KEEP_ALIVE_SECONDS = 60
_AGAIN = "start the import again: it goes on where it was"


@dataclass(slots=True)
class Summary:
    """What an import did, or would do."""

    dry_run: bool
    archives: list[dict[str, object]] = field(default_factory=list)
    found: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    known: int = 0
    """Mails that an earlier import took, or that lie here twice."""
    threads: int = 0
    not_taken: int = 0
    listed: list[dict[str, str]] = field(default_factory=list)

    @property
    def tickets(self) -> int:
        return self.outcomes["opened"] + self.outcomes["unparsed"]

    @property
    def messages(self) -> int:
        return self.tickets + self.outcomes["appended"] + self.outcomes["noted"]

    def as_json(self) -> dict[str, object]:
        return {
            "dry_run": self.dry_run,
            "found": self.found,
            "tickets": self.tickets,
            "threads": self.threads,
            "messages": self.messages,
            "duplicates": self.outcomes["duplicate"],
            "known": self.known,
            "unreadable": self.outcomes["unparsed"],
            "outcomes": dict(sorted(self.outcomes.items())),
            "not_taken": self.not_taken,
            "not_taken_list": self.listed,
            "archives": self.archives,
        }

    def lines(self) -> Iterator[str]:
        would = "would become" if self.dry_run else "became"
        for one in self.archives:
            yield f"{one['name']}: {one['mails']} mails"
            notes = one["notes"]
            yield from (f"  {note}" for note in notes if isinstance(notes, list))  # type: ignore[attr-defined]
        yield f"{self.messages} mails {would} {self.tickets} tickets, {self.threads} of them with more than one mail"
        without = self.outcomes["ignored"] + self.outcomes["bounced"]
        for count, words in (
            (self.known, "were imported before"),
            (self.outcomes["duplicate"], "are here already by another door or in another copy"),
            (without, "are reports, loops or unwanted lists: kept, on no ticket"),
            (self.outcomes["unparsed"], "could not be read: the ticket has the mail as it came"),
            (self.not_taken, "were not taken"),
        ):
            if count:
                yield f"{count} {words}"


# --- the two commands ---------------------------------------------------------------------------------


def files(args: argparse.Namespace) -> int:
    """`mailtickets import PATH...`"""
    config = configuration(args)
    now = datetime.now(UTC)
    if args.queue is not None and all(queue.name != args.queue for queue in config.queue):
        names = ", ".join(queue.name for queue in config.queue)
        raise Stop(BAD_USAGE, f"there is no queue {args.queue}: the configuration has {names}")
    with opened(args) as clerk:
        try:
            archives = [archive(path, now, sys.stdin.buffer, _limit(config)) for path in args.paths]
        except NoArchive as error:
            raise Stop(BAD_USAGE, str(error)) from error
        return _run(_import(args, config, clerk, archives, args.queue))


def mailbox(args: argparse.Namespace) -> int:
    """`mailtickets imap backfill ACCOUNT`"""
    config = configuration(args, secrets=True)
    account = next((one for one in config.imap_in if one.name == args.account), None)
    if account is None:
        names = ", ".join(one.name for one in config.imap_in) or "none"
        raise Stop(BAD_USAGE, f"there is no account {args.account}: the configuration has {names}")
    if args.since > datetime.now(UTC).date():
        raise Stop(BAD_USAGE, f"--since {args.since}: this day has not come yet")
    with opened(args) as clerk:
        try:
            return _run(_backfill(args, config, clerk, account))
        except (LoginRefused, CommandRefused, NotYet) as error:
            raise Stop(REFUSED, f"{account.name}: {error}") from error
        except ConnectionLost as error:
            raise Stop(TRY_AGAIN, f"{account.name}: {error}; {_AGAIN}") from error


def _run(work: Coroutine[Any, Any, int]) -> int:
    try:
        return asyncio.run(work)
    except KeyboardInterrupt:
        print(f"\nmailtickets: interrupted; {_AGAIN}", file=sys.stderr)
        raise


async def _backfill(args: argparse.Namespace, config: Config, clerk: Clerk, account: ImapIn) -> int:
    """Each folder has a connection of its own: mails of all folders are fetched in the order of time."""
    async with AsyncExitStack() as connections:

        async def client() -> ImapClient:
            credential = config.credential(account)
            opening = connected(account, credential, tls_context(account), Limits())
            return await connections.enter_async_context(opening)

        named = [_as_read(folder, account) for folder in args.folder]
        folders = list(dict.fromkeys(named)) or await _folders(account, await client())
        sources = [await _mailbox(args, clerk, account, await client(), folder) for folder in folders]
        return await _import(args, config, clerk, sources, None, account.queue)


def _as_read(folder: str, account: ImapIn) -> str:
    """The folder under the name by which the daemon reads it: `inbox` is INBOX (RFC 3501, 5.1)."""
    if folder.upper() != "INBOX":
        return folder
    return next((one for one in account.folders if one.upper() == "INBOX"), "INBOX")


async def _folders(account: ImapIn, client: ImapClient) -> list[str]:
    """The folders that the desk reads, and the one with the desk's own answers, where the server names it."""
    sent = [folder.name for folder in await client.folders() if "\\sent" in folder.attributes]
    return list(dict.fromkeys([*account.folders, *sent]))


async def _mailbox(args: argparse.Namespace, clerk: Clerk, account: ImapIn, client: ImapClient, folder: str) -> Mailbox:
    selected = await client.select(folder)
    cursor = clerk.database.transact(cursors.load, account.name, folder)
    is_read = folder in account.folders
    last = mailboxes.last_old_uid(cursor, selected, is_read=is_read, start=account.start)
    if is_read and cursor is None and account.start == "new" and not args.dry_run:
        clerk.database.transact(cursors.save, mailboxes.first_cursor(account.name, folder, selected))

    def known(ids: Iterable[str]) -> set[tuple[str, int]]:
        return clerk.database.transact(history.known_sizes, ids)

    return Mailbox(client, account.name, folder, args.since, last, clerk.clock(), known)


# --- the work -----------------------------------------------------------------------------------------


async def _import(
    args: argparse.Namespace,
    config: Config,
    clerk: Clerk,
    archives: Sequence[Archive],
    queue: str | None,
    fallback: str | None = None,
) -> int:
    summary = Summary(args.dry_run)
    with closing(Plan()) as plan, _log(args.log) as log:
        await _look_through(archives, plan, summary)
        workers = Workers()
        try:
            async with _importing(args, config, clerk, workers) as importing:
                run = _Run(clerk, config, archives, plan, summary, log, importing)
                await run.all(_addressed_to(config, queue), fallback)
        except Transient as error:
            raise Stop(TRY_AGAIN, f"the database is not available: {error}; {_AGAIN}") from error
        finally:
            await asyncio.to_thread(workers.close)
        summary.threads = plan.threads
    if args.json:
        print_json(summary.as_json())
    else:
        print("\n".join(summary.lines()))
    return REFUSED if summary.not_taken else DONE


async def _look_through(archives: Sequence[Archive], plan: Plan, summary: Summary) -> None:
    progress = Progress("looking through")
    for number, source in enumerate(archives):
        before = plan.count
        async for piece in source.pieces():
            plan.add(number, piece)
            progress.advance()
        facts: dict[str, object] = {"name": source.name, "mails": plan.count - before, "notes": source.notes}
        if isinstance(source, Mbox):
            facts["unescaped_from_lines"] = source.unescaped
        if isinstance(source, Mailbox):
            facts["mails"] = plan.count - before + source.imported_before
            summary.known += source.imported_before
        summary.archives.append(facts)
    progress.close()
    summary.found = plan.count + summary.known


@asynccontextmanager
async def _importing(
    args: argparse.Namespace, config: Config, clerk: Clerk, workers: Workers
) -> AsyncIterator[Importing]:
    since = begin_of(args.open_since, config.instance.timezone) if args.open_since else None
    leaving = Leaving(args.status, since)
    if not args.dry_run:
        yield Importing(clerk, workers, leaving)
        return
    with (
        tempfile.TemporaryDirectory(prefix="mailtickets-") as place,
        closing(Database(f"sqlite:///{place}/rehearsal.db")) as database,
    ):
        migrate.upgrade(database)
        last = clerk.database.transact(rehearsal.last_number, config.instance.first_number - 1)
        database.transact(rehearsal.number_from, last)
        yield Importing(Clerk(database, clerk.rules, clock=clerk.clock), workers, leaving, ledger=clerk.database)


@dataclass(slots=True)
class _Run:
    """One import that is under way."""

    clerk: Clerk
    config: Config
    archives: Sequence[Archive]
    plan: Plan
    summary: Summary
    log: TextIO | None
    importing: Importing
    _batch: list[OldMail] = field(default_factory=list)
    _leaves_checkpoints: bool = False
    _kept_alive_at: float = 0.0

    async def all(self, recipients: tuple[str, ...], fallback: str | None) -> None:
        progress, limit = Progress("importing", self.plan.count), _limit(self.config)
        for number, piece in self.plan.in_order():
            source = self.archives[number]
            raw = await self._read(source, piece, limit)
            if isinstance(raw, str):
                self._not_taken(source.where(piece), raw, progress)
                progress.advance()
                continue
            at = moment(raw, piece.at, self.clerk.clock())
            envelope = Envelope(IMPORT, None, recipients, at, queue=fallback)
            self._batch.append(OldMail(source.where(piece), raw, envelope))
            if len(self._batch) >= MAILS_AT_ONCE or sum(len(old.raw) for old in self._batch) >= BYTES_AT_ONCE:
                await self._flush(progress)
        await self._flush(progress)
        progress.close()

    async def _read(self, source: Archive, piece: StoredMail, limit: int) -> bytes | str:
        """The octets of a mail; or why it cannot be taken, in words."""
        try:
            raw = await source.read(piece, limit)
        except (OSError, CommandRefused) as error:
            return str(error)
        if raw is None:
            return "it is gone"
        if len(raw) > limit:
            return f"it is larger than {limit} octets (smtp_in.max_message_bytes)"
        return raw if raw.strip() else "it is empty"

    def _not_taken(self, where: str, why: str, progress: Progress) -> None:
        self.summary.not_taken += 1
        if len(self.summary.listed) < _LISTED:
            self.summary.listed.append({"where": where, "why": why})
        line = f"not taken: {where}: {why}"
        if self.log is not None:
            self.log.write(f"{line}\n")
        else:
            progress.say(line)

    async def _flush(self, progress: Progress) -> None:
        batch, self._batch = self._batch, []
        if not batch:
            return
        running = daemon_runs(self.config.state_dir) is not False
        if running and not self._leaves_checkpoints:
            self.clerk.database.leave_checkpoints()
            self._leaves_checkpoints = True
        for done in await self.importing.take(batch):
            self._count(done, progress)
        progress.advance(len(batch))
        await self._keep_alive()
        if running and not self.summary.dry_run:
            await asyncio.sleep(self.importing.seconds_writing)

    async def _keep_alive(self) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._kept_alive_at >= _KEEP_ALIVE_SECONDS:
            self._kept_alive_at = now
            for source in self.archives:
                if isinstance(source, Mailbox):
                    await source.keep_alive()

    def _count(self, done: Imported, progress: Progress) -> None:
        if done.trouble:
            self._not_taken(done.where, done.trouble, progress)
        elif done.known:
            self.summary.known += 1
        else:
            self.summary.outcomes[done.outcome or ""] += 1
        if done.outcome in {"appended", "noted"} and done.ticket is not None:
            self.plan.note_thread(done.ticket)


def _limit(config: Config) -> int:
    return (config.smtp_in or SmtpIn()).max_message_bytes


def _addressed_to(config: Config, queue: str | None) -> tuple[str, ...]:
    """The recipients of all mail, where the command names the queue."""
    found = next((one for one in config.queue if one.name == queue), None)
    return (found.addresses[0],) if found is not None else ()


@contextmanager
def _log(path: Path | None) -> Iterator[TextIO | None]:
    if path is None:
        yield None
        return
    try:
        file = path.open("a", encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise Stop(BAD_USAGE, f"{path}: {error.strerror}") from error
    with file:
        yield file
