"""Which copies a gateway has claimed, and which of them is sent next.

Owns: the claimed copies with their leases, their order, and how many connections each recipients' domain has.
Fails with: `Transient`, when the database is away.
"""

import logging
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from heapq import heapify, heappop, heappush

from sqlalchemy import Connection

from mailtickets.desk.model.delivery import Transient
from mailtickets.failpoint import failpoint
from mailtickets.gateway.delivery.pace import Pace, Quickness
from mailtickets.gateway.shared import Shared
from mailtickets.store import outbox
from mailtickets.store.domains import Shares
from mailtickets.store.outbox import Due

log = logging.getLogger("mailtickets.gateway")

_PATIENCE = timedelta(seconds=5)
"""A copy that was claimed ahead and is not begun after this time is given back."""


class CopyClaims:
    """The copies that one gateway has claimed."""

    def __init__(self, shared: Shared, pace: Pace) -> None:
        self._clerk, self._transactions, self._name = shared.clerk, shared.transactions, shared.name
        self.pace = pace
        self.quickness = Quickness()
        self.in_hand: dict[int, datetime] = {}
        """The copies that have been claimed and are not recorded yet, and the end of each one's lease."""
        self.ahead: list[tuple[int, int, Due]] = []
        """Claimed, but not begun: a heap of (priority, id, copy)."""
        self.busy: Counter[str] = Counter()
        """Connections that send, by the domain of the copy they send."""
        self._shares = Shares()
        self._unsure_until = datetime.min.replace(tzinfo=UTC)
        """Until then abandoned copies are left alone: no gateway could prolong its leases."""

    # --- claiming -----------------------------------------------------------------------------------------

    @property
    def room(self) -> int:
        """How many more copies may be claimed: one for each connection, and those that are sent within a fraction of a
        second, so that no connection waits for the database. What a slow smarthost would not take soon stays in the
        database, where it can still be cancelled."""
        return self.quickness.share * self.pace.max_connections - self.busy.total() - len(self.ahead)

    @property
    def is_running_out(self) -> bool:
        """Whether half of what was claimed ahead is gone. Claiming one by one would cost a transaction each."""
        return len(self.ahead) <= (self.quickness.share - 1) * self.pace.max_connections // 2

    @property
    def others_wait(self) -> bool:
        """Whether copies for further domains may be due that the last claim did not look at."""
        return self._shares.more

    async def allowance(self) -> int:
        """How many copies the account may still send now."""
        now = self._clerk.clock()
        if self.pace.rests(now):
            return 0
        allowed, in_hand = self.room, len(self.in_hand)  # a copy that ends while we count is counted twice
        for limit, span in self.pace.limits:
            if limit:
                gone = await self._transactions.alone(outbox.sent_since, now - span, now, limit)
                allowed = min(allowed, limit - gone - in_hand)
        return allowed

    async def claim(self, most: int) -> int:
        """Claims up to so many copies that are due, and puts them in order. Returns how many."""
        due = await self._claim(most)
        for copy in due:
            self.in_hand[copy.id] = self._clerk.clock() + outbox.LEASE
            heappush(self.ahead, (copy.priority, copy.id, copy))
        return len(due)

    async def _claim(self, most: int) -> list[Due]:
        now, in_hand = self._clerk.clock(), tuple(self.in_hand)
        abandoned = now >= self._unsure_until
        self._shares.per_minute = self.pace.max_per_domain_per_minute
        self._shares.in_hand = self.busy + Counter(copy.domain for _, _, copy in self.ahead)
        self._shares.at_once = (self.pace.max_connections - 1) * self.quickness.share or None
        try:
            due = await self._transactions.share(self._claim_in, now, most, in_hand, abandoned)
        except Transient:
            self._unsure_until = now + outbox.LEASE  # nobody could prolong a lease meanwhile: let them do it first
            raise
        failpoint("after-claim-commit")
        return due

    def _claim_in(
        self, connection: Connection, now: datetime, most: int, in_hand: Sequence[int], abandoned: bool
    ) -> list[Due]:
        due = outbox.claim_due(
            connection, self._name, now, most, in_hand=in_hand, abandoned=abandoned, shares=self._shares
        )
        failpoint("before-claim-commit")
        return due

    # --- the next copy ------------------------------------------------------------------------------------

    def next(self) -> Due | None:
        """The copy to be sent next: the most urgent one whose domain has not all connections but one already."""
        if not self.ahead:
            return None
        if self._has_enough(self.ahead[0][2].domain):
            return self._out_of_turn()
        return heappop(self.ahead)[2]

    def _has_enough(self, domain: str) -> bool:
        """Whether a domain has all connections but one. That one is for other domains, as long as they have copies."""
        return 0 < self.pace.max_connections - 1 <= self.busy[domain]

    def _out_of_turn(self) -> Due:
        """The most urgent copy for another domain; where there is none, the most urgent copy."""
        enough = {domain for domain in self.busy if self._has_enough(domain)}
        others = (entry for entry in self.ahead if entry[2].domain not in enough)
        entry = min(others, default=self.ahead[0])
        self.ahead.remove(entry)
        heapify(self.ahead)
        return entry[2]

    # --- leases -------------------------------------------------------------------------------------------

    @property
    def is_late(self) -> bool:
        """Whether a copy that was claimed ahead has waited for too long."""
        begun_by = self._clerk.clock() + outbox.LEASE - _PATIENCE
        return any(self.in_hand[copy.id] < begun_by for _, _, copy in self.ahead)

    async def prolong_leases(self) -> None:
        """Keeps copies that are long on their way. Those of a gateway that died are another one's after the lease."""
        now = self._clerk.clock()
        fresh = (now + outbox.LEASE / 2, now + outbox.LEASE)
        ending = [number for number, until in self.in_hand.items() if not fresh[0] <= until <= fresh[1]]
        if ending:
            until = now + outbox.LEASE
            await self._transactions.alone(outbox.prolong, self._name, ending, until)
            self.in_hand |= {number: until for number in ending if number in self.in_hand}

    def take_ahead(self) -> list[Due]:
        """The copies that have not begun; they are not sent by this gateway now."""
        copies = [copy for _, _, copy in self.ahead]
        self.ahead.clear()
        return copies

    def unclaim_interrupted(self, connection: Connection) -> None:
        """Frees the copies that an earlier run of this gateway was sending."""
        interrupted = outbox.unclaim(connection, self._name, self._clerk.clock())
        if interrupted:
            log.warning("gateway died while it sent copies: they may arrive twice", extra={"copies": interrupted})
