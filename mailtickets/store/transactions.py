"""Work of several tasks in one transaction, so that all of them wait for the disk only once.

Owns: the work that waits for the next transaction. A transaction begins as soon as there is work; work that comes while
it is under way shares the next one. Each piece of work has a savepoint of its own: when one piece fails, only its own
changes are undone, and only its own caller sees the error.
*Fails with*: what the work raises; `Transient` for all of the work when the transaction cannot begin or commit.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, IntegrityError

from mailtickets.desk.model.delivery import Transient
from mailtickets.store.database import Database
from mailtickets.store.lane import Lane

P = ParamSpec("P")
T = TypeVar("T")

MOST = 16
"""The most pieces of work in one transaction. There are fewer when intake waits for the database."""

Work = Callable[[Connection], Any]
ResultOrError = tuple[Any, Exception | None]


class Transactions:
    """Database work of one gateway, off the event loop.

    Only SQLite, which has one writer, shares transactions. PostgreSQL has transactions side by side, and joins their
    waits for the disk itself: there each piece of work has a transaction of its own.
    """

    def __init__(self, database: Database, lane: Lane) -> None:
        self._database, self._lane = database, lane
        self._waiting: list[tuple[Work, asyncio.Future[Any]]] = []
        self._committing: asyncio.Task[None] | None = None

    async def share(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Calls `work(connection, *args, **kwargs)` in a transaction; returns its result after the commit."""
        if not self._database.is_sqlite:
            return await self.alone(work, *args, **kwargs)
        done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append((_bound(work, *args, **kwargs), done))
        if self._committing is None or self._committing.done():
            self._committing = asyncio.create_task(self._commit_waiting())
        return cast("T", await done)

    async def alone(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Like `share`, but in a transaction of its own."""
        return await self._lane.do(self._database.transact, _bound(work, *args, **kwargs))

    async def off_loop(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Calls a function that begins its transactions itself, in one of the lane's threads."""
        return await self._lane.do(function, *args, **kwargs)

    async def _commit_waiting(self) -> None:
        while self._waiting:
            group = self._waiting[:MOST]
            try:
                outcomes = await self._lane.do(together, self._database, [work for work, _ in group], self._hurry)
            except Exception as error:
                outcomes = [(None, error)] * len(group)
            del self._waiting[: len(outcomes)]
            for (_, done), (result, trouble) in zip(group, outcomes, strict=False):
                if done.done():
                    continue  # the caller was cancelled; the work is done all the same
                if trouble is None:
                    done.set_result(result)
                else:
                    done.set_exception(trouble)

    def _hurry(self) -> bool:
        return self._lane.is_wanted


def _bound(work: Callable[..., T], *args: Any, **kwargs: Any) -> Callable[[Connection], T]:
    """The work with its arguments. It still needs the connection."""
    if not args and not kwargs:
        return work

    def with_arguments(connection: Connection) -> T:
        return work(connection, *args, **kwargs)

    return with_arguments


class _Spoilt(Exception):
    """A piece of work has undone the whole transaction, or may have."""


def together(
    database: Database, works: Sequence[Work], hurry: Callable[[], bool] = lambda: False
) -> list[ResultOrError]:
    """Does the work, and returns the result or the error of each piece. Stops after a piece if `hurry` returns True."""
    if len(works) == 1:
        return [_alone(database, works[0])]
    try:
        return database.transact(_all_in, works, hurry)
    except Transient as error:
        return [(None, error)] * len(works)
    except _Spoilt:
        return [_alone(database, work) for work in works]


def _all_in(connection: Connection, works: Sequence[Work], hurry: Callable[[], bool]) -> list[ResultOrError]:
    outcomes = list[ResultOrError]()
    for work in works:
        outcomes.append(_within(connection, work))
        if hurry():
            break
    return outcomes


def _alone(database: Database, work: Work) -> ResultOrError:
    try:
        return database.transact(work), None
    except Exception as error:
        return None, error


def _within(connection: Connection, work: Work) -> ResultOrError:
    """The work within a savepoint, written as SQL: SQLAlchemy's own savepoints cost five times as much."""
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
