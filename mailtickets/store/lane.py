"""Where database work is done: off the event loop, in as many threads as the database takes writers.

Owns: those threads, and who goes first: mail that somebody waits with for a 250, before all that can wait.
*Fails with*: whatever the work fails with.
*Limits*: a transaction under way is finished first.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from threading import Lock
from typing import Any, TypeVar

T = TypeVar("T")

Job = tuple["Future[Any]", Callable[[], Any]]


class Lane:
    def __init__(self, threads: int) -> None:
        self._threads = ThreadPoolExecutor(threads, "store")
        self._lock = Lock()
        self._unfinished = 0
        self._first: deque[Job] = deque()
        self._others: deque[Job] = deque()

    async def run(self, work: Callable[..., T], *args: object, first: bool = False) -> T:
        job: Future[T] = Future()
        with self._lock:
            self._unfinished += 1
            (self._first if first else self._others).append((job, partial(work, *args)))
        self._threads.submit(self._next)
        return await asyncio.wrap_future(job)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is done here, nor will be before the event loop asks for it."""
        return not self._unfinished

    @property
    def is_wanted(self) -> bool:
        """Whether somebody waits who goes first."""
        return bool(self._first)

    def _next(self) -> None:
        """Does one of the jobs that wait: there is one call of this for each."""
        with self._lock:
            job, work = (self._first or self._others).popleft()
        try:
            self._do(job, work)
        finally:
            with self._lock:
                self._unfinished -= 1

    @staticmethod
    def _do(job: "Future[Any]", work: Callable[[], Any]) -> None:
        if not job.set_running_or_notify_cancel():
            return
        try:
            result = work()
        except BaseException as error:
            job.set_exception(error)
        else:
            job.set_result(result)

    def close(self) -> None:
        """Waits for what has been handed in."""
        self._threads.shutdown(wait=True)
