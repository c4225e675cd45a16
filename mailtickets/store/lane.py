"""The threads in which database work is done, so that it does not block the event loop.

Owns: as many threads as the database takes writers at once, and the order of the work. Work that a sender waits for
(`do_first`, for a 250) is done before all other work (`do`).
*Fails with*: whatever the work raises.
*Limits*: work that has begun is finished first.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from threading import Lock
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

QueuedCall = tuple["Future[Any]", Callable[[], Any]]


class Lane:
    """The threads of one gateway for its database."""

    def __init__(self, threads: int) -> None:
        self._threads = ThreadPoolExecutor(threads, "store")
        self._lock = Lock()
        self._unfinished = 0
        self._first: deque[QueuedCall] = deque()
        self._others: deque[QueuedCall] = deque()

    async def do(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Calls the function in a thread; returns what it returns, and raises what it raises."""
        return await self._queue(self._others, partial(function, *args, **kwargs))

    async def do_first(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Like `do`, but before all work that `do` has queued."""
        return await self._queue(self._first, partial(function, *args, **kwargs))

    async def _queue(self, queue: deque[QueuedCall], work: Callable[[], T]) -> T:
        future: Future[T] = Future()
        with self._lock:
            self._unfinished += 1
            queue.append((future, work))
        self._threads.submit(self._do_next)
        return await asyncio.wrap_future(future)

    @property
    def is_idle(self) -> bool:
        """Whether no work is being done or queued; this can only change when the event loop queues work."""
        return not self._unfinished

    @property
    def is_wanted(self) -> bool:
        """Whether work of `do_first` is queued."""
        return bool(self._first)

    def _do_next(self) -> None:
        """Does one of the queued calls. The threads do this once for each queued call."""
        with self._lock:
            future, work = (self._first or self._others).popleft()
        try:
            self._do_call(future, work)
        finally:
            with self._lock:
                self._unfinished -= 1

    @staticmethod
    def _do_call(future: "Future[Any]", work: Callable[[], Any]) -> None:
        if not future.set_running_or_notify_cancel():
            return
        try:
            result = work()
        except BaseException as error:
            future.set_exception(error)
        else:
            future.set_result(result)

    def close(self) -> None:
        """Waits until all queued work is done."""
        self._threads.shutdown(wait=True)
