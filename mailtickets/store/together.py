"""Work of several tasks in one transaction: one wait for the disk, and each its own fate.

Owns: what waits for the next transaction. Nobody waits for company: who comes alone goes alone, and who comes while a
transaction is under way shares the next one. Each piece of work stands within a savepoint of its own, so that what one
of them fails with undoes nothing of the others and is told to nobody else.
*Fails with*: what the work fails with; `Transient` for all of them when the transaction cannot begin or commit.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, IntegrityError

from mailtickets.desk.model.delivery import Transient
from mailtickets.store.database import Database
from mailtickets.store.lane import Lane

MOST = 16
"""In one transaction, which ends early when intake waits for it."""

Work = Callable[[Connection], Any]
Outcome = tuple[Any, Exception | None]


class Together:
    """For SQLite, which has one writer: a server has transactions side by side, and joins their waits itself."""

    def __init__(self, database: Database, lane: Lane) -> None:
        self._database, self._lane = database, lane
        self._waiting: list[tuple[Work, asyncio.Future[Any]]] = []
        self._running: asyncio.Task[None] | None = None

    async def run(self, work: Work) -> Any:
        if not self._database.is_sqlite:
            return await self._lane.run(self._database.run, work)
        done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append((work, done))
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._carry_out())
        return await done

    async def _carry_out(self) -> None:
        while self._waiting:
            now = self._waiting[:MOST]
            try:
                outcomes = await self._lane.run(together, self._database, [work for work, _ in now], self._hurry)
            except Exception as error:
                outcomes = [(None, error)] * len(now)
            del self._waiting[: len(outcomes)]
            for (_, done), (result, trouble) in zip(now, outcomes, strict=False):
                if done.done():
                    continue  # whoever waited has gone; what was done is done
                if trouble is None:
                    done.set_result(result)
                else:
                    done.set_exception(trouble)

    def _hurry(self) -> bool:
        return self._lane.is_wanted


class _Spoilt(Exception):
    """Something in the work has taken the whole transaction with it."""


def together(database: Database, works: Sequence[Work], hurry: Callable[[], bool] = lambda: False) -> list[Outcome]:
    """What each piece of work gives, or fails with; only the first ones when there is reason to `hurry` meanwhile."""
    if len(works) == 1:
        return [_alone(database, works[0])]
    try:
        return database.run(lambda connection: list(_until(hurry, connection, works)))
    except Transient as error:
        return [(None, error)] * len(works)
    except _Spoilt:
        return [_alone(database, work) for work in works]


def _until(hurry: Callable[[], bool], connection: Connection, works: Sequence[Work]) -> Iterator[Outcome]:
    for work in works:
        yield _within(connection, work)
        if hurry():
            return


def _alone(database: Database, work: Work) -> Outcome:
    try:
        return database.run(work), None
    except Exception as error:
        return None, error


def _within(connection: Connection, work: Work) -> Outcome:
    """The work within a savepoint. By hand, because SQLAlchemy's own costs five times as much."""
    trouble: Exception
    connection.exec_driver_sql("SAVEPOINT work")
    try:
        result = work(connection)
        connection.exec_driver_sql("RELEASE work")
    except DBAPIError as error:
        if not isinstance(error, IntegrityError):
            raise _Spoilt from error  # a full disk, an interrupted statement: the database may have undone all of it
        trouble = error
    except Exception as error:
        trouble = error
    else:
        return result, None
    _undo(connection)
    return None, trouble


def _undo(connection: Connection) -> None:
    try:
        connection.exec_driver_sql("ROLLBACK TO work")
        connection.exec_driver_sql("RELEASE work")
    except DBAPIError as error:
        raise _Spoilt from error
