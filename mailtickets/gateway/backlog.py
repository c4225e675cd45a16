"""The accepted messages that this gateway is to process.

Owns: the queue in memory, the messages that this gateway has claimed, and their leases.
Fails with: `Transient`, when the database is away.
Limits: `BACKLOG` messages in memory; more wait in the database, for whichever gateway has time.
"""

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from mailtickets.gateway.shared import Shared
from mailtickets.store import inbound

log = logging.getLogger("mailtickets.gateway")

BACKLOG = 200


class Backlog:
    """The messages of one gateway."""

    def __init__(self, shared: Shared) -> None:
        self._clerk, self._transactions, self._name = shared.clerk, shared.transactions, shared.name
        self.accepted: asyncio.Queue[int] = asyncio.Queue()
        """Ids of messages that wait to be processed for the first time."""
        self.doubt = asyncio.Event()
        """Set when there may be a message that an attempt was made at before."""
        self._leases: dict[int, datetime] = {}
        """The messages in `accepted` or in process, and the end of each one's lease."""

    @property
    def is_full(self) -> bool:
        return self.accepted.qsize() >= BACKLOG

    def claimant(self) -> str | None:
        """The name that new messages are claimed by: this gateway's, or None when it has enough in memory."""
        return None if self.is_full else self._name

    def take(self, number: int) -> None:
        """Queues a message that has been claimed."""
        self.lease(number)
        self.accepted.put_nowait(number)

    def lease(self, number: int) -> None:
        """Notes that a message has been claimed just now."""
        self._leases[number] = self._clerk.clock() + inbound.LEASE

    def release(self, number: int) -> None:
        """Notes that a message is no longer in process."""
        self._leases.pop(number, None)

    async def fill(self) -> None:
        """Queues messages that no gateway works on, unless there is enough in memory."""
        if not self.is_full:
            for number in await self.claim_due():
                self.take(number)

    async def claim_due(self) -> Sequence[int]:
        """Claims messages that no gateway works on, and returns their ids."""
        return await self._transactions.alone(self._claim_due_in, self._clerk.clock())

    def _claim_due_in(self, connection: Connection, now: datetime) -> Sequence[int]:
        inbound.unclaim_abandoned(connection, self._name, now)
        return inbound.claim_due(connection, self._name, now, BACKLOG)

    async def claim_doubtful(self) -> int | None:
        """Claims the oldest message that an attempt was made at before, and returns its id. None: there is none."""
        return await self._transactions.alone(inbound.claim_doubtful, self._name, self._clerk.clock())

    async def prolong_leases(self) -> None:
        """Keeps the messages that wait in memory for longer than a lease. Those of a gateway that died expire."""
        until = self._clerk.clock() + inbound.LEASE
        ending = [number for number, end in self._leases.items() if not until - inbound.LEASE / 2 <= end <= until]
        if ending:
            await self._transactions.alone(inbound.prolong, self._name, ending, until)
            self._leases |= {number: until for number in ending if number in self._leases}

    def unclaim_interrupted(self, connection: Connection) -> None:
        """Frees the messages that an earlier run of this gateway had claimed."""
        interrupted = inbound.unclaim(connection, self._name)
        if interrupted:
            log.warning(
                "gateway died while it processed messages: they are processed one at a time now",
                extra={"messages": interrupted},
            )

    async def give_back(self) -> None:
        """Frees all messages that this gateway has claimed, without counting an attempt."""
        await self._transactions.alone(inbound.give_back, self._name)
