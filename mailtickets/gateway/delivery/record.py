"""Transaction 3: what became of the copies that were claimed.

Owns: the results that are not in the database yet. They are kept in memory while the database is away: what has been
sent is not to be sent again. All results that come in while a transaction is under way share the next one.
Fails with: nothing; the lease of a copy whose result cannot be written ends by itself.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import ParamSpec, assert_never

from sqlalchemy import Connection

from mailtickets.desk.letters.retry import next_attempt
from mailtickets.desk.model.delivery import Deferred, Delivery, Refused, Sent, Throttled, Transient, Unknown
from mailtickets.desk.model.states import OutboxState
from mailtickets.failpoint import failpoint
from mailtickets.gateway.delivery.tasks import Tasks
from mailtickets.gateway.shared import Shared
from mailtickets.store import outbox
from mailtickets.store.database import Stale
from mailtickets.store.outbox import AttemptResult, Due

log = logging.getLogger("mailtickets.gateway")

P = ParamSpec("P")

RETRY_SECONDS = 5
"""The pause before results are written again."""


def result_of(copy: Due, delivery: Delivery, now: datetime) -> AttemptResult:
    """How an attempt ended, for the database and for the log."""
    attempted = not isinstance(delivery, Throttled)
    attempts = copy.attempts + (1 if attempted else 0)
    again = next_attempt(attempts, copy.first_attempt_at, delivery, now, random.uniform(-1, 1))  # noqa: S311
    state = _state(delivery, again)
    log.log(
        logging.INFO if state == "sent" else logging.WARNING,
        "delivery",
        extra={
            "outbox": copy.id,
            "ticket": copy.ticket,
            "message_id": copy.mail.message_id,
            "notice": copy.name,
            "state": state,
            "attempts": attempts,
            "reply": delivery.reply,
        },
    )
    return AttemptResult(
        copy.id,
        state,
        reply=delivery.reply,
        now=now,
        next_attempt_at=again,
        attempted=attempted,
        remote_message_id=delivery.message_id if isinstance(delivery, Sent) else None,
    )


def _state(delivery: Delivery, again: datetime | None) -> OutboxState:
    match delivery:
        case Sent():
            return "sent"
        case Refused():
            return "failed"
        case Unknown():
            return "unknown" if again else "failed"
        case Deferred() | Throttled():
            return "deferred" if again else "failed"
        case _:
            assert_never(delivery)


class Results:
    """The results of one gateway. `recorded` is called with the ids of copies whose results have been written."""

    def __init__(self, shared: Shared, tasks: Tasks, recorded: Callable[[Sequence[int]], None]) -> None:
        self._transactions, self._name, self._tasks, self._recorded = shared.transactions, shared.name, tasks, recorded
        self._results: list[AttemptResult] = []
        self._returns: list[Due] = []
        """Copies that were claimed and not begun: the database gets them back."""
        self._unrecorded: dict[int, asyncio.Future[None]] = {}
        """Done when the result of a copy stands in the database, by the copy's id."""
        self._recording = False

    async def record(self, result: AttemptResult) -> None:
        """Writes a result, and returns when it is committed. The connection that sent the copy waits for this, so that
        a gateway that dies leaves one copy a connection in doubt, and no more."""
        number = result.number
        self._unrecorded[number] = asyncio.get_running_loop().create_future()
        self._results.append(result)
        self._begin()
        await self._unrecorded[number]

    def give_back(self, copies: Sequence[Due]) -> None:
        """Leaves to the database again what has not begun."""
        if copies:
            self._returns += copies
            self._begin()

    def _begin(self) -> None:
        if not self._recording:
            self._recording = True
            self._tasks.start(self._record_all())

    async def _record_all(self) -> None:
        """Writes all that has come in since the last transaction, until nothing has; it does not wait for more."""
        try:
            while self._results or self._returns:
                results, returns = self._results[:], self._returns[:]
                await self._record_each(results, returns)
                after_result_commit()
                del self._results[: len(results)], self._returns[: len(returns)]
                self._let_go([result.number for result in results] + [copy.id for copy in returns])
        finally:
            self._recording = False

    async def _record_each(self, results: Sequence[AttemptResult], returns: Sequence[Due]) -> None:
        """Writes them in one transaction; but one that the database does not take at all holds up no other."""
        try:
            await insist(self._transactions.share, self._record_in, results, returns)
        except Exception:
            if len(results) + len(returns) == 1:
                number = results[0].number if results else returns[0].id
                log.exception("delivery result not recorded", extra={"outbox": number})  # its lease ends by itself
                return
            for result in results:
                await self._record_each([result], [])
            for copy in returns:
                await self._record_each([], [copy])

    def _record_in(self, connection: Connection, results: Sequence[AttemptResult], returns: Sequence[Due]) -> None:
        outbox.record_all(connection, results)
        outbox.give_back(connection, self._name, returns)
        before_result_commit()

    def _let_go(self, numbers: Sequence[int]) -> None:
        for number in numbers:
            recorded = self._unrecorded.pop(number, None)
            if recorded is not None and not recorded.done():
                recorded.set_result(None)
        self._recorded(numbers)


async def insist(write: Callable[P, Awaitable[object]], *args: P.args, **kwargs: P.kwargs) -> None:
    """Calls `write` until the database takes it."""
    while True:
        try:
            await write(*args, **kwargs)
        except (Transient, Stale) as error:
            log.warning("delivery results not recorded yet", extra={"error": str(error)})
            await asyncio.sleep(RETRY_SECONDS)
        else:
            return


def before_result_commit() -> None:
    failpoint("before-result-commit")


def after_result_commit() -> None:
    failpoint("after-result-commit")
