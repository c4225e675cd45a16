"""deliver(): keeps each connection busy with the copies that are due.

Owns: the connections' work, from the claim to the record. Each sends copy after copy, as long as there are any.
Fails with: `Transient` from a claim, when the database is away.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Sequence
from time import monotonic

from mailtickets.desk.model.delivery import Delivery, Transient
from mailtickets.gateway.attachments import Attachments
from mailtickets.gateway.delivery.claim import CopyClaims
from mailtickets.gateway.delivery.fail import Failures
from mailtickets.gateway.delivery.record import Results, after_result_commit, result_of
from mailtickets.gateway.delivery.send import Sender, WayOut
from mailtickets.gateway.delivery.tasks import Tasks
from mailtickets.gateway.intake import Intake
from mailtickets.gateway.settling import Settling
from mailtickets.gateway.shared import Shared
from mailtickets.store.outbox import Due

log = logging.getLogger("mailtickets.gateway")


class Delivering:
    """The delivery of one gateway."""

    def __init__(self, shared: Shared, settling: Settling, intake: Intake, way_out: WayOut) -> None:
        self._clerk, self._accounts, self.mail_is_due = shared.clerk, shared.accounts, shared.mail_is_due
        self._intake, self._attachments, self._measures = intake, Attachments(shared), shared.measures
        self.claims = CopyClaims(shared, way_out.pace)
        self.sender = Sender(shared.clerk, way_out, self._attachments)
        self.tasks = Tasks()
        self._results = Results(shared, self.tasks, self._let_go)
        self._failures = Failures(shared, settling)
        self._claiming = asyncio.Lock()
        self._draining = False

    async def deliver(self) -> int:
        """Claims what is due, as far as connections and the account's pace allow, and keeps each connection busy with
        it; returns how many copies were claimed."""
        async with self._claiming:
            room = min(self.claims.room, await self.claims.allowance())
            if room <= 0 or self._draining:
                return 0
            claimed = await self.claims.claim(room)
            self._begin()
            if self.claims.others_wait:
                self.mail_is_due.set()
        return claimed

    def _begin(self) -> None:
        """Gives every free connection a copy, the most urgent first."""
        while self.claims.busy.total() < self.claims.pace.max_connections and (copy := self._next()):
            self.claims.busy[copy.domain] += 1
            self.tasks.start(self._send_on(copy))

    def _next(self) -> Due | None:
        if self._draining or self.claims.pace.rests(self._clerk.clock()):
            self._put_back()
        return self.claims.next()

    def _put_back(self) -> None:
        """Leaves to the database again what has not begun."""
        self._results.give_back(self.claims.take_ahead())

    async def _send_on(self, copy: Due | None) -> None:
        """One connection's work: copy after copy. The connection is counted as busy already."""
        busy = self.claims.busy
        while copy is not None:
            try:
                await self._deliver(copy)
                await self._intake.give_way()
            finally:
                busy -= Counter((copy.domain,))  # and forgets domains that have none
            copy = self._next()
            if copy is not None:
                busy[copy.domain] += 1
            self._claim_soon()

    async def _deliver(self, copy: Due) -> None:
        begun = monotonic()
        delivery = await self.sender.attempt(copy)
        self.claims.pace.note(delivery, self._clerk.clock())
        seconds = monotonic() - begun
        self.claims.quickness.note(delivery, seconds)
        self._measures.time("deliver", seconds)
        self._measures.count("delivered", copy.name, type(delivery).__name__.lower())
        await self._record(copy, delivery)
        await self._accounts.note_delivery(delivery)

    async def _record(self, copy: Due, delivery: Delivery) -> None:
        """Transaction 3."""
        result = result_of(copy, delivery, self._clerk.clock())
        if result.state != "failed":
            await self._results.record(result)
            return
        try:
            await self._failures.record(copy, delivery, result)
        finally:
            self._let_go([copy.id])
        after_result_commit()

    def _let_go(self, numbers: Sequence[int]) -> None:
        """What follows when the results of copies have been written."""
        for number in numbers:
            self.claims.in_hand.pop(number, None)
        if not self.claims.in_hand:
            self._attachments.forget()
        self._claim_soon()

    def _claim_soon(self) -> None:
        if self.claims.is_running_out:
            self.mail_is_due.set()

    async def prolong_leases(self) -> None:
        """Keeps what is on its way; gives back what was claimed ahead, where the smarthost has become slow."""
        if self.claims.is_late:
            self.claims.quickness.slow_down()
            self._put_back()
        await self.claims.prolong_leases()

    async def deliver_always(self) -> None:
        """Delivers whenever mail may be due, until it is cancelled."""
        while True:
            await self.mail_is_due.wait()
            self.mail_is_due.clear()
            await self._intake.give_way()
            try:
                if not self._draining:
                    await self.deliver()
            except Transient as error:
                log.warning("delivery deferred", extra={"error": str(error)})
            except Exception:
                log.exception("delivery failed")

    async def drain(self) -> None:
        """Begins no more copies, and waits until those on their way are recorded."""
        async with self._claiming:
            self._put_back()
        await self.tasks.all_done()

    def begin_no_more(self) -> None:
        self._draining = True
