"""process(): from an accepted message to its outcome.

A message is loaded, read by a worker, checked and scanned; the clerk drafts a decision, and transaction 2 writes it.
Owns: the tasks that do this for many messages at the same time, and which messages are tried again.
Fails with: nothing that is a message's own fault: after `_FAILURES` or `_DEATHS` attempts it becomes a ticket marked
unparsed.
Trouble of our own leaves it accepted, and counts as no attempt.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from time import monotonic

from sqlalchemy import Connection

from mailtickets.desk.model.delivery import Transient
from mailtickets.failpoint import failpoint
from mailtickets.gateway.again import drafts
from mailtickets.gateway.backlog import Backlog
from mailtickets.gateway.checks import Checks
from mailtickets.gateway.drafting.draft import Draft
from mailtickets.gateway.intake import Intake
from mailtickets.gateway.settling import Settling
from mailtickets.gateway.shared import Shared
from mailtickets.gateway.workers import Unreadable
from mailtickets.mail.kind.junk import NO_MARK, JunkVerdict
from mailtickets.mail.model import InboundMail
from mailtickets.mail.read.outline import outline
from mailtickets.store import inbound
from mailtickets.store.database import Stale

log = logging.getLogger("mailtickets.gateway")

_AT_ONCE = 16
"""Messages in process at the same time: enough to keep two workers busy, and to share the waits for the disk."""
_FAILURES = 5
"""Attempts at a message after which one that fails is the last."""
_DEATHS = 12
"""Attempts at a message after which it is read no more. More than `_FAILURES`: a gateway may also have died, with the
message in process, because it was killed again and again for another reason."""
_RETRY_AFTER = timedelta(seconds=15)


class Processing:
    """The processing of one gateway's messages."""

    def __init__(self, shared: Shared, settling: Settling, backlog: Backlog, intake: Intake, checks: Checks) -> None:
        self.workers, self.checks = shared.workers, checks
        self._clerk, self._transactions, self._alarms = shared.clerk, shared.transactions, shared.alarms
        self._settling, self._backlog, self._intake = settling, backlog, intake
        self._measures = shared.measures
        self._with_care = asyncio.Lock()
        """Held while a message is in process that an attempt was made at before."""
        self._draining = False

    def tasks(self) -> list[asyncio.Task[None]]:
        """Begins to process what is in the backlog; returns the tasks that do so until they are cancelled."""
        tasks = [asyncio.create_task(self._process_accepted()) for _ in range(_AT_ONCE)]
        return [*tasks, asyncio.create_task(self._process_doubtful_always())]

    # --- one message --------------------------------------------------------------------------------------

    async def process(self, number: int, *, with_care: bool = False) -> None:
        """Decides on the message with this id and carries the decision out.

        A message that is not read in the time that most mail takes is left for `process_doubtful`, which has time.
        """
        received = await self._transactions.share(inbound.load, number)
        if received is None or received.state != "accepted":
            return
        begun = monotonic()
        try:
            await self._process(received, with_care)
        except (Transient, Stale) as error:
            log.warning("processing deferred", extra={"inbound": number, "error": str(error)})
            self._measures.count("not-decided", "deferred")
            await self._try_later(inbound.postpone, number)
        except Exception:
            log.exception("processing failed", extra={"inbound": number})
            self._measures.count("not-decided", "failed")
            await self._failed(received)
        finally:
            self._measures.time("process", monotonic() - begun)

    async def _failed(self, received: inbound.Received) -> None:
        """Counts a failed attempt at a message; after the last one it becomes a ticket with the raw mail."""
        await self._try_later(inbound.count_attempt, received.id)
        if received.attempts + 1 < _FAILURES:
            return
        try:
            await self._give_up(received)
        except (Transient, Stale) as error:
            log.warning("processing deferred", extra={"inbound": received.id, "error": str(error)})

    async def _give_up(self, received: inbound.Received) -> None:
        await self._settle_mail(received, outline(received.raw), "processing-failed")

    async def _process(self, received: inbound.Received, with_care: bool) -> None:
        if received.attempts >= _DEATHS:
            await self._give_up(received)
            return
        failpoint("before-reading")
        read = await self._read(received, with_care)
        if read is None:
            await self._leave_for_later(received)
            return
        mail, unparsed = read
        failpoint("after-reading")
        if received.authentication is None and unparsed is None:
            found = await self.checks.authenticate(received.raw, mail, received.envelope)
            received = replace(received, authentication=found)
        junk = await self.checks.scan(received.raw, mail, received.envelope) if unparsed is None else NO_MARK
        if junk.action == "unavailable":
            await self._tell_of_scanner(received.id, junk)
            if self._clerk.rules.policy.junk.when_unavailable == "defer":
                await self._try_later(inbound.postpone, received.id)
                return
        elif unparsed is None:
            await self._alarms.clear("scanner-unavailable")
        await self._settle_mail(received, mail, unparsed, junk)

    async def _read(self, received: inbound.Received, with_care: bool) -> tuple[InboundMail, str | None] | None:
        """The mail, and the reason code if it could not be read. None: reading takes longer than there is time now."""
        read = self.workers.read_slowly if with_care else self.workers.read_quickly
        try:
            mail = await read(received.raw, self._clerk.rules.policy.instance.name)
            if mail is None:
                return None
            return mail, "reading-failed" if "unparsed" in mail.defects else None
        except Unreadable as error:
            log.error("message cannot be read", extra={"inbound": received.id, "reason": error.reason})
            return outline(received.raw), error.reason

    async def _leave_for_later(self, received: inbound.Received) -> None:
        log.info(
            "message left to be read later, with more time", extra={"inbound": received.id, "size": len(received.raw)}
        )
        await self._try_later(inbound.count_attempt, received.id, timedelta())
        self._backlog.doubt.set()

    async def _tell_of_scanner(self, number: int, junk: JunkVerdict) -> None:
        log.warning("scanner unavailable", extra={"inbound": number, "source": junk.source, "why": junk.why})
        await self._alarms.sound("scanner-unavailable", f"{junk.source}: {junk.why} {junk.detail}")

    async def _settle_mail(
        self, received: inbound.Received, mail: InboundMail, unparsed: str | None, junk: JunkVerdict = NO_MARK
    ) -> None:
        for attempt in drafts(f"inbound {received.id}", inbound=received.id):
            with attempt:
                incoming = await asyncio.to_thread(  # the questions of long words take milliseconds
                    self._clerk.incoming, received, mail, unparsed, junk
                )
                draft = await self._transactions.share(self._clerk.draft_in, incoming)
                failpoint("after-draft")
                await self._settling.settle(draft, _before_apply_commit)
                self._measures.count("decided", draft.decision.outcome or "", draft.decision.reason)
                log.info("decided", extra=_decided_facts(received.id, draft))
                return
            if not await self._is_accepted(received.id):
                return

    async def _is_accepted(self, number: int) -> bool:
        received = await self._transactions.alone(inbound.load, number)
        return received is not None and received.state == "accepted"

    async def _try_later(
        self, note: Callable[[Connection, int, datetime], object], number: int, pause: timedelta = _RETRY_AFTER
    ) -> None:
        """Comes back to a message after the pause. `note` is `inbound.count_attempt` for the message's own fault, and
        `inbound.postpone` for all other trouble."""
        try:
            await self._transactions.alone(note, number, self._clerk.clock() + pause)
        except Transient:
            log.warning("database unavailable", extra={"inbound": number})  # its lease ends by itself

    # --- messages that an attempt was made at before ------------------------------------------------------

    async def process_doubtful(self) -> bool:
        """Processes the oldest message that an attempt was made at before: it took too long, it failed, or a gateway
        died while it was in process. Such messages are processed one at a time, beside all others. Returns False when
        there is none."""
        async with self._with_care:
            number = await self._backlog.claim_doubtful()
            if number is None:
                return False
            self._backlog.lease(number)
            try:
                await self.process(number, with_care=True)
            finally:
                self._backlog.release(number)
        return True

    # --- tasks --------------------------------------------------------------------------------------------

    async def _process_accepted(self) -> None:
        accepted = self._backlog.accepted
        while True:
            number = await accepted.get()
            await self._intake.give_way()
            try:
                await self.process(number)
            except Transient as error:
                log.warning("processing deferred", extra={"inbound": number, "error": str(error)})
            except Exception:
                log.exception("processing failed", extra={"inbound": number})
            finally:
                self._backlog.release(number)
                accepted.task_done()

    async def _process_doubtful_always(self) -> None:
        while True:
            await self._backlog.doubt.wait()
            self._backlog.doubt.clear()
            await self._intake.give_way()
            try:
                while not self._draining and await self.process_doubtful():
                    pass
            except Transient as error:
                log.warning("processing deferred", extra={"error": str(error)})
            except Exception:
                log.exception("processing failed")

    def drain(self) -> list[Awaitable[None]]:
        """Begins with no further doubtful message; returns what to wait for until nothing is in process."""
        self._draining = True
        return [self._backlog.accepted.join(), self._doubtful_is_done()]

    async def _doubtful_is_done(self) -> None:
        async with self._with_care:
            pass


def _before_apply_commit(_: Connection) -> None:
    failpoint("before-apply-commit")


def _decided_facts(number: int, draft: Draft) -> dict[str, object]:
    ticket = draft.after.number if draft.after else draft.decision.ticket
    return {"inbound": number, "outcome": draft.decision.outcome, "reason": draft.decision.reason, "ticket": ticket}
