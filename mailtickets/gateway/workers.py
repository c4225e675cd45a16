"""Processes that may be killed: mail is read there, and templates of the house's own are filled in there.

Most mail is read in milliseconds. One that takes longer, or that its worker dies of, is read once more by a process
that is for such mail alone, so that no other mail waits for it; if it fails there too, it counts as unreadable. A
template that does not end in time is replaced by the built-in one.
Fails with: `Unreadable` for such a mail.
Limits: `QUICK_SECONDS` and a second for each `QUICK_BYTES`, then `READ_SECONDS`; `RENDER_SECONDS`; `MEMORY_BYTES` of
address space for each process.
"""

import asyncio
import multiprocessing
import resource
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import TimeoutError as WorkTimeoutError
from concurrent.futures.process import BrokenProcessPool
from functools import lru_cache
from typing import Any, TypeVar

from pebble import ProcessExpired, ProcessPool

from mailtickets.config.places import shipped, template_texts
from mailtickets.desk.letters.render import Rendered, render
from mailtickets.desk.letters.sandbox import Templates
from mailtickets.desk.model.delivery import Transient
from mailtickets.desk.notices.discretion import Discretion
from mailtickets.desk.notices.row import NoticeName
from mailtickets.gateway.measures import Measures
from mailtickets.mail.model import Attachment, InboundMail
from mailtickets.mail.read.attachments import of_read, of_unread, picked

QUICK_SECONDS = 1.0
QUICK_BYTES = 5_000_000
READ_SECONDS = 10.0
RENDER_SECONDS = 5.0
MEMORY_BYTES = 1024 * 1024 * 1024
"""Reading a mail of 25 MB peaks at some 250 MB; the rest is the interpreter's, and room."""

_TASKS_PER_WORKER = 2_000
_LONG = 100_000
_FAILURES = (WorkTimeoutError, ProcessExpired, MemoryError, Transient)

T = TypeVar("T")
NoticeJob = tuple[NoticeName, str, Mapping[str, object], Discretion | None]
"""A notice's name, its locale, its context, and what its readers must not see."""


class Unreadable(Exception):
    """A mail that no worker could read; `reason` is a stable code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class _Pool:
    """`count` processes, which are started when there is work."""

    def __init__(self, count: int, memory_bytes: int, measures: Measures) -> None:
        self._count, self._memory_bytes, self._measures = count, memory_bytes, measures
        self._pool = self._begun()

    def _begun(self) -> ProcessPool:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["mailtickets.gateway.workers", "mailtickets.mail.read.parse"])
        return ProcessPool(self._count, _TASKS_PER_WORKER, _limit, [self._memory_bytes], context)

    async def call(self, seconds: float, work: Callable[..., T], *args: Any) -> T:
        """Calls a function in a worker process; returns what it returns.

        A worker that dies while it has no work (the kernel was short of memory, say) breaks pebble's whole pool: the
        next call then makes a new pool.
        """
        if not self._pool.active:
            broken, self._pool = self._pool, self._begun()
            await asyncio.to_thread(_end, broken)
        try:
            return await asyncio.wrap_future(self._pool.schedule(work, args=args, timeout=seconds))
        except (WorkTimeoutError, ProcessExpired) as error:
            cause = "took-too-long" if isinstance(error, WorkTimeoutError) else "died"
            self._measures.count("worker-restarted", cause)
            raise
        except (BrokenProcessPool, RuntimeError) as error:
            if self._pool.active:
                raise
            self._measures.count("worker-restarted", "died-idle")
            raise Transient("the workers have died and are started again") from error

    def close(self) -> None:
        _end(self._pool)


class Workers:
    """`count` processes for mail that is read quickly and for templates, and one for the mail that is not."""

    def __init__(
        self,
        count: int = 2,
        *,
        quick_seconds: float = QUICK_SECONDS,
        read_seconds: float = READ_SECONDS,
        memory_bytes: int = MEMORY_BYTES,
        reader: Callable[[bytes, str], InboundMail] | None = None,
        measures: Measures | None = None,
    ) -> None:
        """`reader` is for tests: what is called in the worker."""
        measures = measures or Measures()
        self._quick_seconds, self._read_seconds, self._reader = quick_seconds, read_seconds, reader or parse_for
        self._quick, self._slow = _Pool(count, memory_bytes, measures), _Pool(1, memory_bytes, measures)

    async def read(self, raw: bytes, instance: str) -> InboundMail:
        """The mail, read. Raises Unreadable when two workers have failed at it, Transient when they died without it."""
        mail = await self.read_quickly(raw, instance)
        return mail if mail is not None else await self.read_slowly(raw, instance)

    async def read_quickly(self, raw: bytes, instance: str) -> InboundMail | None:
        """The mail; None when its worker did not end in the time that quick mail takes, or has died of it."""
        seconds = self._quick_seconds + len(raw) / QUICK_BYTES
        try:
            return await self._read(self._quick, seconds, raw, instance)
        except (WorkTimeoutError, ProcessExpired, MemoryError):
            return None

    async def read_slowly(self, raw: bytes, instance: str) -> InboundMail:
        """The mail, by the process that reads one slow mail after the other. Raises Unreadable."""
        try:
            return await self._read(self._slow, self._read_seconds, raw, instance)
        except WorkTimeoutError as error:
            raise Unreadable("reading-took-too-long") from error
        except (ProcessExpired, MemoryError) as error:
            raise Unreadable("reading-failed") from error

    async def _read(self, pool: _Pool, seconds: float, raw: bytes, instance: str) -> InboundMail:
        """Reads the mail; once more, when the workers had died before they got it."""
        try:
            return await pool.call(seconds, self._reader, raw, instance)
        except Transient:
            return await pool.call(seconds, self._reader, raw, instance)

    async def attachments(self, raw: bytes, instance: str, wanted: Sequence[str]) -> tuple[Attachment, ...]:
        """The attachments of a mail with these sha256 digests, in this order; a digest that none has is left out.

        The mail is read only when it is not wanted as it came.
        """
        found = of_unread(raw)
        if not found.keys() >= set(wanted):
            found = of_read(raw, await self.read(raw, instance))
        return picked(found, wanted)

    async def words(self, templates: Templates, jobs: Sequence[NoticeJob]) -> list[Rendered]:
        """Notices in words. The built-in templates are our own and need no process, only a thread for long mail."""
        if not jobs or not templates.overrides:
            long = _are_long(jobs)
            return await asyncio.to_thread(_rendered, templates, jobs) if long else _rendered(templates, jobs)
        try:
            return await self._quick.call(RENDER_SECONDS, render_with, templates.overrides, list(jobs))
        except _FAILURES:
            return _rendered(Templates(templates.builtin), jobs)

    def close(self) -> None:
        self._quick.close()
        self._slow.close()


def _end(pool: ProcessPool) -> None:
    pool.stop()  # type: ignore[no-untyped-call]
    pool.join()


# --- in the worker ------------------------------------------------------------------------------------


def _limit(memory_bytes: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def parse_for(raw: bytes, instance: str) -> InboundMail:
    from mailtickets.mail.read.parse import (
        parse,  # costs a fifth of a second, which the daemon itself does not have to pay
    )

    return parse(raw, instance=instance)


def render_with(overrides: Mapping[str, str], jobs: Sequence[NoticeJob]) -> list[Rendered]:
    return _rendered(_compiled(tuple(sorted(overrides.items()))), jobs)


def _rendered(templates: Templates, jobs: Sequence[NoticeJob]) -> list[Rendered]:
    return [render(templates, *job) for job in jobs]


def _are_long(jobs: Sequence[NoticeJob]) -> bool:
    """Whether the event loop would feel it: a megabyte of text takes 60 ms, one of HTML twenty times that."""
    messages = (context.get("message") for _, _, context, _ in jobs)
    return any(isinstance(m, dict) and len(m["text"]) + 20 * len(m["html"] or "") > _LONG for m in messages)


@lru_cache(maxsize=2)
def _compiled(overrides: tuple[tuple[str, str], ...]) -> Templates:
    return Templates(template_texts(shipped("templates")), dict(overrides))
