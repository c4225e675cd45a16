"""A copy that has failed for good: its result, and what follows for the ticket and its people, in one transaction.

Fails with: nothing that passes; a failure that the database does not take now is kept in memory, and written again.
"""

import logging
from functools import partial

from sqlalchemy import Connection

from mailtickets.desk.model.decision import Decision
from mailtickets.desk.model.delivery import Delivery, Refused
from mailtickets.desk.model.facts import OutboxFact
from mailtickets.desk.model.ticket import Ticket
from mailtickets.desk.rules.bounces import refused
from mailtickets.gateway.again import drafts
from mailtickets.gateway.delivery.record import before_result_commit, insist
from mailtickets.gateway.drafting.order import Order
from mailtickets.gateway.settling import Settling
from mailtickets.gateway.shared import Shared
from mailtickets.store import outbox
from mailtickets.store.outbox import AttemptResult, Due

log = logging.getLogger("mailtickets.gateway")


class _AlreadyRecorded(Exception):
    """The result is in the database already: only the answer to its commit was lost, or another gateway wrote one."""


class Failures:
    """Records the failed copies of one gateway."""

    def __init__(self, shared: Shared, settling: Settling) -> None:
        self._clerk, self._transactions, self._settling = shared.clerk, shared.transactions, settling

    async def record(self, copy: Due, delivery: Delivery, result: AttemptResult) -> None:
        """Writes the result, the failure as an event of the ticket, and the notices about it."""
        try:
            await insist(self._give_up, copy, delivery, result)
        except _AlreadyRecorded:
            log.info("delivery result was recorded before", extra={"outbox": copy.id})

    async def _give_up(self, copy: Due, delivery: Delivery, result: AttemptResult) -> None:
        decide = partial(_decision, copy, delivery)
        order = Order(copy.ticket, decide, without_ticket=decide(None))
        for attempt in drafts(f"outbox {copy.id}", outbox=copy.id):
            with attempt:
                draft = await self._transactions.off_loop(self._clerk.draft_order, order)
                await self._settling.settle(draft, partial(_record_in, result=result))
                return


def _decision(copy: Due, delivery: Delivery, ticket: Ticket | None) -> Decision:
    status = delivery.status if isinstance(delivery, Refused) else None
    fact = OutboxFact(copy.id, copy.ticket, copy.name, copy.addressed.recipient.address, copy.author, copy.state)
    return refused(fact, delivery.reply, status, ticket)


def _record_in(connection: Connection, result: AttemptResult) -> None:
    if not outbox.record_all(connection, [result]):
        raise _AlreadyRecorded
    before_result_commit()
