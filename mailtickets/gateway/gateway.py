"""accept() -> process() -> deliver(): the face of the gateway.

Owns: the parts of one gateway, and the order in which they start and stop. Transaction 1 is in `intake`, transaction 2
in `process` and `settling`, transaction 3 in `delivery.record` and `delivery.fail`.
Fails with: `Transient` and `NoSpace` from `accept`, for the door to answer 4xx. What fails inside is tried again; a
mail that is itself the cause becomes a ticket marked unparsed.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import ParamSpec, TypeVar

from sqlalchemy import Connection

from mailtickets.desk.model.delivery import Transient
from mailtickets.gateway.accounts import Accounts
from mailtickets.gateway.alarms import Alarms
from mailtickets.gateway.backlog import Backlog
from mailtickets.gateway.checks import NO_CHECKS, Checks
from mailtickets.gateway.clerk import Clerk
from mailtickets.gateway.delivery.deliver import Delivering
from mailtickets.gateway.delivery.send import WayOut
from mailtickets.gateway.intake import Intake
from mailtickets.gateway.mailboxes import Mailboxes
from mailtickets.gateway.measures import Measures
from mailtickets.gateway.process import Processing
from mailtickets.gateway.settling import Settling
from mailtickets.gateway.shared import Shared
from mailtickets.gateway.workers import Workers
from mailtickets.mail.model import Envelope
from mailtickets.store.lane import Lane
from mailtickets.store.transactions import Transactions

P = ParamSpec("P")
T = TypeVar("T")


class Gateway:
    """One running gateway. All its coroutines belong to one event loop."""

    def __init__(
        self,
        clerk: Clerk,
        workers: Workers,
        way_out: WayOut,
        *,
        name: str,
        max_message_bytes: int,
        checks: Checks = NO_CHECKS,
        measures: Measures | None = None,
    ) -> None:
        self.clerk, self.name, self.measures = clerk, name, measures or Measures()
        self.max_message_bytes = max_message_bytes
        self._lane = Lane(1 if clerk.database.is_sqlite else 4)
        self._transactions, mail_is_due = Transactions(clerk.database, self._lane), asyncio.Event()
        self.alarms = alarms = Alarms(clerk, self._transactions, mail_is_due, name)
        self.accounts = accounts = Accounts(clerk, self._transactions, name)
        shared = Shared(name, clerk, workers, self._transactions, alarms, accounts, mail_is_due, self.measures)
        self.backlog = Backlog(shared)
        self.intake = Intake(clerk, self._lane, self.backlog, self.measures, max_message_bytes=max_message_bytes)
        self.mailboxes = Mailboxes(self.intake, self._transactions, alarms)
        self.settling = Settling(shared)
        self.processing = Processing(shared, self.settling, self.backlog, self.intake, checks)
        self.delivering = Delivering(shared, self.settling, self.intake, way_out)
        self._running: list[asyncio.Task[None]] = []
        self._draining = False

    async def accept(self, raw: bytes, envelope: Envelope) -> int:
        """Commits a message, and returns its inbound id; a retransmission gets the id it had."""
        return await self.intake.accept(raw, envelope)

    async def process(self, number: int) -> None:
        """Decides on an accepted message and carries the decision out. Trouble leaves it accepted, for later."""
        await self.processing.process(number)

    async def deliver(self) -> int:
        """Begins to send what is due; returns how many copies were claimed."""
        return await self.delivering.deliver()

    async def off_loop(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Calls a function that begins its transactions itself, in one of the database's threads."""
        return await self._transactions.off_loop(function, *args, **kwargs)

    # --- start and stop -----------------------------------------------------------------------------------

    async def start(self) -> None:
        """Takes up what an earlier run of this gateway left, and begins to work."""
        await self._transactions.alone(self.take_up)
        await self.alarms.start()
        self._running = [*self.processing.tasks(), asyncio.create_task(self.delivering.deliver_always())]

    def take_up(self, connection: Connection) -> None:
        """Frees what an earlier run of this gateway had claimed."""
        self.backlog.unclaim_interrupted(connection)
        self.delivering.claims.unclaim_interrupted(connection)

    @property
    def is_alive(self) -> bool:
        """Whether everything that `start` has begun still goes on."""
        return bool(self._running) and not any(task.done() for task in self._running)

    async def look_for_work(self) -> None:
        """Picks up accepted mail that nobody works on, and sends copies that are due; called by the clock."""
        self.delivering.mail_is_due.set()
        self.backlog.doubt.set()
        await self.delivering.prolong_leases()
        await self.backlog.prolong_leases()
        self.delivering.sender.limit_attachments()
        if not self._draining:
            await self.backlog.fill()

    async def drain(self, seconds: float) -> None:
        """Ends the work in hand, and begins no more. What is not done after so many seconds is done after the next
        start."""
        drained, self._draining = self._draining, True
        self.delivering.begin_no_more()
        working: list[Awaitable[None]] = [*self.processing.drain(), self.delivering.drain()]
        if self.intake.committing is not None:
            working.append(self.intake.committing)
        _, unfinished = await asyncio.wait([asyncio.ensure_future(work) for work in working], timeout=seconds)
        cancelled = (*unfinished, *self._running, *self.delivering.tasks.running)
        for task in cancelled:
            task.cancel()
        await asyncio.gather(*cancelled, return_exceptions=True)
        if not drained:
            with suppress(Transient):  # then it counts as interrupted
                await self.backlog.give_back()
        self._lane.close()
        self.intake.close()
