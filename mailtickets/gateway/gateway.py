"""accept() -> process() -> deliver(): the face of the gateway.

Owns: the parts of one gateway, and the order in which they start and stop. Transaction 1 is in `intake`, transaction 2
in `process` and `settling`, transaction 3 in `delivery.record` and `delivery.fail`.
Fails with: `Transient` and `NoSpace` from `accept`, for the door to answer 4xx. What fails inside is tried again; a
mail that is itself the cause becomes a ticket marked unparsed.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from typing import ParamSpec, TypeVar

from sqlalchemy import Connection

from mailtickets.desk.model.delivery import ImapCursor, Transient
from mailtickets.desk.model.facts import Authentication
from mailtickets.desk.model.policy import MAX_ATTACHMENT_BYTES
from mailtickets.failpoint import failpoint
from mailtickets.gateway.alarms import Alarms
from mailtickets.gateway.attachments import Attachments
from mailtickets.gateway.backlog import Backlog
from mailtickets.gateway.clerk import Clerk
from mailtickets.gateway.delivery.claim import CopyClaims
from mailtickets.gateway.delivery.deliver import Delivering
from mailtickets.gateway.delivery.pace import Pace
from mailtickets.gateway.delivery.send import Send, Sender
from mailtickets.gateway.intake import Intake
from mailtickets.gateway.process import Authenticate, Processing, Scan
from mailtickets.gateway.settling import Settling
from mailtickets.gateway.workers import Workers
from mailtickets.mail.kind.junk import NO_MARK, JunkVerdict
from mailtickets.mail.model import Envelope, InboundMail
from mailtickets.store import cursors
from mailtickets.store.lane import Lane
from mailtickets.store.transactions import Transactions

P = ParamSpec("P")
T = TypeVar("T")


async def unknown_sender(raw: bytes, mail: InboundMail, envelope: Envelope) -> Authentication:
    """For gateways that check no senders."""
    return Authentication()


async def nothing_found(raw: bytes, mail: InboundMail, envelope: Envelope) -> JunkVerdict:
    """For gateways without a scanner."""
    return NO_MARK


class Gateway:
    """One running gateway. All its coroutines belong to one event loop."""

    def __init__(
        self,
        clerk: Clerk,
        workers: Workers,
        send: Send,
        *,
        name: str,
        pace: Pace,
        max_message_bytes: int,
        largest: Callable[[], int | None] = lambda: None,
        authenticate: Authenticate = unknown_sender,
        scan: Scan = nothing_found,
    ) -> None:
        self.clerk, self.name, self._largest = clerk, name, largest
        self._lane = Lane(1 if clerk.database.is_sqlite else 4)
        self._transactions = work = Transactions(clerk.database, self._lane)
        mail_is_due = asyncio.Event()
        self._alarms = alarms = Alarms(clerk, work, mail_is_due)
        self.backlog = Backlog(clerk, work, name)
        self.intake = Intake(
            clerk,
            self._lane,
            max_message_bytes=max_message_bytes,
            claimant=self.backlog.claimant,
            claimed=self.backlog.take,
        )
        self.settling = Settling(clerk, workers, work, alarms, mail_is_due)
        self.processing = Processing(
            clerk,
            workers,
            work,
            alarms,
            self.settling,
            self.backlog,
            self.intake,
            authenticate=authenticate,
            scan=scan,
        )
        attachments = Attachments(clerk, workers, work)
        self.delivering = Delivering(
            clerk,
            work,
            alarms,
            self.settling,
            self.intake,
            mail_is_due,
            name=name,
            claims=CopyClaims(clerk, work, name, pace),
            sender=Sender(clerk, send, largest, attachments),
            attachments=attachments,
        )
        self._running: list[asyncio.Task[None]] = []
        self._draining = False

    # --- mail ---------------------------------------------------------------------------------------------

    async def accept(self, raw: bytes, envelope: Envelope) -> int:
        """Keeps a message for good, and returns its inbound id; a retransmission gets the id it had."""
        return await self.intake.accept(raw, envelope)

    async def process(self, number: int) -> None:
        """Decides on an accepted message and carries the decision out. Trouble leaves it accepted, for later."""
        await self.processing.process(number)

    async def deliver(self) -> int:
        """Begins to send what is due; returns how many copies were claimed."""
        return await self.delivering.deliver()

    # --- life ---------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Takes up what an earlier run of this gateway left, and begins to work."""
        await self._transactions.alone(self.take_up)
        self._running = [*self.processing.tasks(), asyncio.create_task(self.delivering.deliver_always())]

    def take_up(self, connection: Connection) -> None:
        """Frees what an earlier run of this gateway had claimed."""
        self.backlog.unclaim_interrupted(connection)
        self.delivering.claims.unclaim_interrupted(connection)

    def use_pace(self, pace: Pace) -> None:
        """Puts other limits of the delivery account into force."""
        self.delivering.claims.pace = pace

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
        self._limit_attachments()
        if not self._draining and not self.backlog.is_full:
            for number in await self.backlog.claim_due():
                self.backlog.take(number)

    def _limit_attachments(self) -> None:
        """Lets notices carry no more than the smarthost takes: base64 makes four octets of three, and lines."""
        limit = self._largest()
        if limit:
            room = max(0, min(MAX_ATTACHMENT_BYTES, (limit - 200_000) * 7 // 10))
            rules = self.clerk.rules
            if rules.policy.max_attachment_bytes != room:
                self.clerk.rules = replace(rules, policy=replace(rules.policy, max_attachment_bytes=room))

    async def drain(self, seconds: float) -> None:
        """Ends the work in hand, and begins no more. What is not done after so many seconds is done after the next
        start."""
        drained, self._draining = self._draining, True
        self.delivering.begin_no_more()
        working: list[Awaitable[None]] = [*self.processing.drain(), self.delivering.drain()]
        if self.intake.committing is not None:
            working.append(self.intake.committing)
        _, unfinished = await asyncio.wait([asyncio.ensure_future(work) for work in working], timeout=seconds)
        given_up = (*unfinished, *self._running, *self.delivering.tasks.running)
        for task in given_up:
            task.cancel()
        await asyncio.gather(*given_up, return_exceptions=True)
        if not drained:
            with suppress(Transient):  # then it counts as interrupted
                await self.backlog.give_back()
        self._lane.close()
        self.intake.close()

    # --- for the doors, the clock and ops -----------------------------------------------------------------

    async def off_loop(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Calls a function that begins its transactions itself, in one of the database's threads."""
        return await self._transactions.off_loop(function, *args, **kwargs)

    async def alarm(self, key: str, text: str) -> None:
        """Tells `ops_address` that something is wrong: once, until `all_clear`."""
        await self._alarms.sound(key, text)

    async def all_clear(self, key: str) -> None:
        """Notes that the trouble of this alarm has passed."""
        await self._alarms.clear(key)

    async def imap_cursor(self, account: str, folder: str) -> ImapCursor | None:
        """How far a folder has been read."""
        return await self._transactions.alone(cursors.load, account, folder)

    async def save_imap_cursor(self, cursor: ImapCursor) -> None:
        """Notes how far a folder has been read."""
        await self._transactions.alone(_save_cursor_in, cursor)
        failpoint("after-cursor-commit")


def _save_cursor_in(connection: Connection, cursor: ImapCursor) -> None:
    cursors.save(connection, cursor)
    failpoint("before-cursor-commit")
