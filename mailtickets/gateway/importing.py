"""Old mail is imported: read by workers, then kept and decided on, a few mails in each transaction.

A door commits a mail before it answers, and decides later. Nobody waits for an answer here, and the mail is safe where
it lies. So transactions 1 and 2 are one: a killed import leaves no mail half done, and the daemon never meets one.
Fails with: `Transient` for trouble of the database, `NoSpace` when the disk is nearly full. What was committed stays;
the import may be started again, and goes on.
"""

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from sqlalchemy import Connection

from mailtickets.desk.model.decision import Outcome
from mailtickets.desk.model.delivery import NoSpace, Transient
from mailtickets.desk.model.facts import LEFT_CLOSED, Leaving
from mailtickets.gateway.clerk import Clerk
from mailtickets.gateway.drafting.reading import Incoming
from mailtickets.gateway.workers import Unreadable, Workers
from mailtickets.mail.model import Envelope, InboundMail
from mailtickets.mail.read.outline import outline
from mailtickets.store import history, rehearsal
from mailtickets.store.database import Database, Stale
from mailtickets.store.transactions import together
from mailtickets.store.transmission import transmission_key

log = logging.getLogger("mailtickets.importing")

MAILS_AT_ONCE = 16
BYTES_AT_ONCE = 8_388_608
"""One transaction: small, because live mail waits for it."""
_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class OldMail:
    """A mail that is to be imported."""

    where: str
    """For people: the file, the folder, the place in it."""
    raw: bytes = field(repr=False)
    envelope: Envelope


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of it."""

    where: str
    outcome: Outcome | None
    """None: it was imported before, or not taken."""
    reason: str = ""
    ticket: int | None = None
    known: bool = False
    """The ledger has it from an earlier import, or the desk from another door."""
    trouble: str = ""
    """Why it was not taken."""


@dataclass(frozen=True, slots=True)
class _Read:
    old: OldMail
    mail: InboundMail
    unparsed: str | None


class Importing:
    """One import. In a rehearsal, `clerk` works on a database of its own, and `ledger` is the desk's."""

    def __init__(
        self, clerk: Clerk, workers: Workers, leaving: Leaving = LEFT_CLOSED, *, ledger: Database | None = None
    ) -> None:
        self._clerk, self._workers, self._leaving = clerk, workers, leaving
        self._ledger = ledger
        self.seconds_writing = 0.0
        """The length of the last transaction: live mail should have as long for itself."""

    async def take(self, mails: Sequence[OldMail]) -> list[Imported]:
        """Imports some mails, in this order; gives what became of each of them."""
        keys = [transmission_key(old.raw, old.envelope) for old in mails]
        known = await asyncio.to_thread(self._known, keys)
        fresh = [old for old, key in zip(mails, keys, strict=True) if key not in known]
        read = await asyncio.gather(*(self._read(old) for old in fresh))
        done = await asyncio.to_thread(self._write, read)
        found = iter(done)
        return [
            Imported(old.where, None, known=True) if key in known else next(found)
            for old, key in zip(mails, keys, strict=True)
        ]

    def _known(self, keys: Sequence[str]) -> set[str]:
        return (self._ledger or self._clerk.database).transact(history.known, keys)

    async def _read(self, old: OldMail) -> _Read:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                mail = await self._workers.read(old.raw, self._clerk.rules.policy.instance.name)
            except Unreadable as error:
                return _Read(old, outline(old.raw), error.reason)
            except Transient:
                if attempt == _ATTEMPTS:
                    raise
            else:
                return _Read(old, mail, "reading-failed" if "unparsed" in mail.defects else None)
        raise AssertionError("unreachable")

    # --- in a thread --------------------------------------------------------------------------------------

    def _write(self, mails: Sequence[_Read]) -> list[Imported]:
        largest = max((len(read.old.raw) for read in mails), default=0)
        if self._clerk.database.space_is_short(largest):
            raise NoSpace("the disk is nearly full")
        begun = time.monotonic()
        done = self._settled(mails)
        self.seconds_writing = time.monotonic() - begun
        return done

    def _settled(self, mails: Sequence[_Read]) -> list[Imported]:
        works = [partial(self._import_in, read=read) for read in mails]
        done: list[Imported] = []
        for read, (result, trouble) in zip(mails, together(self._clerk.database, works), strict=True):
            if isinstance(trouble, Transient):
                raise trouble
            done.append(self._again(read, trouble) if trouble is not None else result)
        return done

    def _again(self, read: _Read, trouble: Exception) -> Imported:
        """One more attempt at a mail by itself: another process may have written meanwhile."""
        for _ in range(_ATTEMPTS):
            if not isinstance(trouble, Stale):
                break
            try:
                return self._clerk.database.transact(self._import_in, read)
            except Stale as error:
                trouble = error
        log.error("not imported", exc_info=trouble, extra={"message_id": read.mail.message_id, "where": read.old.where})
        return Imported(read.old.where, None, trouble=f"{type(trouble).__name__}: {str(trouble).partition(chr(10))[0]}")

    def _import_in(self, connection: Connection, read: _Read) -> Imported:
        old = read.old
        if self._ledger is not None and (here := self._ledger.transact(self._rehearse_in, connection, read)):
            return here
        received = rehearsal.keep(connection, old.raw, old.envelope, self._clerk.clock())
        if received is None:
            return Imported(old.where, None, known=True)
        incoming = Incoming(received, read.mail, read.unparsed, leaving=self._leaving)
        draft = self._clerk.draft_in(connection, incoming)
        self._clerk.settle_in(connection, draft, ())
        ticket = draft.after.number if draft.after else draft.decision.ticket
        return Imported(old.where, draft.decision.outcome, draft.decision.reason, ticket)

    def _rehearse_in(self, ledger: Connection, connection: Connection, read: _Read) -> Imported | None:
        """What the desk has of a mail already; None if it has nothing. Its thread is copied for the rehearsal."""
        if rehearsal.is_here(ledger, read.mail):
            return Imported(read.old.where, "duplicate", "same-mail")
        if rehearsal.is_ours(ledger, read.mail):
            return Imported(read.old.where, "ignored", "own-mail-came-back")
        rehearsal.copy_thread(ledger, connection, read.mail)
        return None
