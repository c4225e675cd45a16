"""The pages of one running daemon: gathers what they show, and serves it.

In: the daemon, as far as it can be seen from outside (`Running`). Out: answers over HTTP.
Fails with: OSError from `open`, when a page's address is taken. Later nothing: what cannot be gathered is said in the
answer, and costs the desk no more than one thread at a time, and one for charts.
Limits: the database is looked at and a text is made once in `FRESH_SECONDS`, the charts of the page once in
`CHARTS_FRESH_SECONDS`, however many ask. The database has `PATIENCE_SECONDS` to answer, a text twice that, and charts a
fifth: the page does not wait for them.
"""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from importlib.metadata import version
from typing import Any, Generic, Protocol, TypeVar
from zoneinfo import ZoneInfo

from mailtickets.config.models import Config
from mailtickets.config.outline import DeskOutline
from mailtickets.desk.figures.report import Period
from mailtickets.desk.model.delivery import Transient
from mailtickets.edges.http.app import Sources, application
from mailtickets.edges.http.metrics import MEDIA_TYPES, Format, Moment, Scene, lines_of, rendered, wanted
from mailtickets.edges.http.server import HttpServer
from mailtickets.gateway.gateway import Gateway
from mailtickets.gateway.measures import Measures
from mailtickets.store import disk
from mailtickets.store.read import reader, report, status
from mailtickets.store.read.figures import Figures, look
from mailtickets.store.read.report import ReportWanted
from mailtickets.store.read.status import MachineStatus
from mailtickets.views.page import page
from mailtickets.views.page_charts import DAYS, cards

FRESH_SECONDS = 1.0
CHARTS_FRESH_SECONDS = 300.0
"""Charts are of days: what they show hardly changes in some minutes, and it costs more than the rest of the page."""
PATIENCE_SECONDS = 5.0
LAG_EVERY_SECONDS = 0.5
_BUSY_SECONDS = 2

T = TypeVar("T")

log = logging.getLogger("mailtickets.http")


class Running(Protocol):
    """The daemon as it can be seen from outside."""

    @property
    def config(self) -> Config: ...
    @property
    def measures(self) -> Measures: ...
    @property
    def working(self) -> Gateway | None:
        """None until the database is there and the gateway has begun."""

    @property
    def connections(self) -> Mapping[str, int]:
        """How many clients each door has, by the name of the door."""

    @property
    def missing_doors(self) -> Sequence[str]:
        """The doors that are to listen, and do not."""

    @property
    def stopping(self) -> bool: ...
    @property
    def started_at(self) -> datetime: ...
    @property
    def reload_succeeded(self) -> bool: ...
    @property
    def reloaded_at(self) -> datetime | None: ...


class HttpDoor:
    """The server of one daemon and what it serves."""

    def __init__(self, running: Running) -> None:
        self._running = running
        self._figures = Fresh(lambda: asyncio.to_thread(self._look))
        self._ready = Fresh(self._readiness)
        self._texts = {form: Fresh(partial(self._render, form), 2.0) for form in MEDIA_TYPES}
        self._charts = self._fresh_charts()
        self._last_charts = ""
        self._pages = Fresh(self._page_with_charts)
        self._rendering = asyncio.Lock()
        self._app: Any = None
        self._server = HttpServer(self._answer)
        self._minding: asyncio.Task[None] | None = None

    @property
    def addresses(self) -> list[str]:
        return self._server.addresses

    async def open(self, sockets: Sequence[socket.socket]) -> None:
        """Listens on bound sockets."""
        self.take_over()
        await self._server.start(sockets)
        self._minding = asyncio.create_task(self._mind_lag(), name="loop-lag")

    def take_over(self) -> None:
        """Serves what the configuration wants now, with charts in its locale and time zone."""
        self._charts = self._fresh_charts()
        sources = Sources(alive=self._alive, ready=self._ready.get, metrics=self._metrics, page=self._pages.get)
        self._app = application(self._running.config, sources)

    def _fresh_charts(self) -> "Fresh[str]":
        return Fresh(lambda: asyncio.to_thread(self._draw_charts), 0.2, CHARTS_FRESH_SECONDS)

    async def close(self) -> None:
        if self._minding is not None:
            self._minding.cancel()
        await self._server.close()

    async def _answer(self, scope: Any, receive: Any, send: Any) -> None:
        await self._app(scope, receive, send)

    # --- is it well ---------------------------------------------------------------------------------------

    def _alive(self) -> str:
        """That this is answered shows that the event loop turns. A gateway that has not begun yet is no trouble."""
        gateway = self._running.working
        if gateway is None or gateway.is_alive or self._running.stopping:
            return ""
        return "a task of the gateway has ended"

    async def _readiness(self) -> dict[str, str]:
        """Only what a restart or another gateway can help with: not an account that cannot be read."""
        gateway = self._running.working
        if self._running.stopping:
            return {"database": "", "disk": "", "doors": "closed: the daemon is stopping"}
        if gateway is None:
            return {"database": "not there yet", "disk": "", "doors": "not open yet"}
        missing = ", ".join(self._running.missing_doors)
        doors = f"not listening: {missing}" if missing else ""
        return {"database": await _database(gateway), "disk": await _disk(gateway), "doors": doors}

    # --- figures ------------------------------------------------------------------------------------------

    def _look(self) -> Figures:
        """Called in a thread."""
        config, gateway = self._running.config, self._running.working
        if gateway is None:
            raise Transient("the database is not there yet")
        queues = [queue.name for queue in config.queue]
        with reader.opened(config.database_url, _BUSY_SECONDS) as opened:
            return look(opened, queues, lines_of(config), gateway.clerk.clock())

    async def _metrics(self, accept: str) -> tuple[bytes, str]:
        form = wanted(accept)
        return await self._texts[form].get(), MEDIA_TYPES[form]

    async def _render(self, form: Format) -> bytes:
        """A database that does not answer within its time costs the figures that stand in it, and not the others."""
        figures, ready = await asyncio.gather(_or_none(self._figures.get()), _or_none(self._ready.get()))
        moment = await self._moment(ready or {})
        scene = Scene(self._running.config, self._running.measures.copy(), moment, figures)
        async with self._rendering:
            return await asyncio.to_thread(rendered, scene, form)

    async def _moment(self, ready: Mapping[str, str]) -> Moment:
        running, gateway = self._running, self._running.working
        claims = gateway.delivering.claims if gateway else None
        return Moment(
            started_at=running.started_at,
            ready=ready,
            reload_succeeded=running.reload_succeeded,
            reloaded_at=running.reloaded_at,
            connections={**running.connections, "http": self._server.connections},
            sending=claims.busy.total() if claims else 0,
            rest_until=claims.pace.rest_until if claims else None,
            disk_free_bytes=await asyncio.to_thread(
                disk.free_bytes, running.config.database_url, running.config.state_dir
            ),
        )

    async def _page_with_charts(self) -> str:
        """Whatever becomes of the charts, there is a page: with those of before, until there are others."""
        try:
            self._last_charts = await self._charts.get()
        except Transient:
            pass
        except Exception:
            log.exception("charts of the status page not drawn")
        return await asyncio.to_thread(self._page, self._last_charts)

    def _draw_charts(self) -> str:
        """Called in a thread."""
        config, gateway = self._running.config, self._running.working
        if gateway is None:
            raise Transient("the database is not there yet")
        now = gateway.clerk.clock()
        today = now.astimezone(ZoneInfo(config.instance.timezone)).date()
        wanted = ReportWanted(Period(today - timedelta(days=DAYS - 1), today))
        with reader.opened(config.database_url, _BUSY_SECONDS) as opened:
            return cards(report.read(opened, wanted, gateway.clerk.rules.policy, now), config.instance.locale)

    def _page(self, charts: str) -> str:
        """Called in a thread."""
        config, gateway = self._running.config, self._running.working
        if gateway is None:
            raise Transient("the database is not there yet")
        outline, url = DeskOutline.of(config.model_dump()), config.database_url
        machine = MachineStatus(
            version("mailtickets"),
            running=True,
            free_bytes=disk.free_bytes(url, config.state_dir),
            is_short=disk.space_is_short(url, outline.max_message_bytes),
            missing_doors=tuple(self._running.missing_doors),
            reload_refused=not self._running.reload_succeeded,
        )
        with reader.opened(url, _BUSY_SECONDS) as opened:
            return page(status.look(opened, outline, machine, gateway.clerk.clock()), charts)

    async def _mind_lag(self) -> None:
        """Sleeps, and notes how much longer than it wanted to."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + LAG_EVERY_SECONDS
            await asyncio.sleep(LAG_EVERY_SECONDS)
            self._running.measures.time("loop-lag", max(0.0, loop.time() - due))


class Fresh(Generic[T]):
    """A value that costs something: gathered once for all who ask at the same time, and kept for a moment."""

    def __init__(
        self, gather: Callable[[], Awaitable[T]], patience: float = 1.0, fresh_seconds: float | None = None
    ) -> None:
        """`patience` is how many times `PATIENCE_SECONDS` those who ask wait; `fresh_seconds` how long it is kept,
        instead of `FRESH_SECONDS`."""
        self._gather, self._patience, self._fresh_seconds = gather, patience, fresh_seconds
        self._gathering: asyncio.Future[T] | None = None
        self._until = 0.0

    async def get(self) -> T:
        """Raises what gathering raises, and Transient when it takes too long; whoever asks next waits for the same."""
        loop = asyncio.get_running_loop()
        if self._gathering is None or (self._gathering.done() and loop.time() >= self._until):
            self._gathering = asyncio.ensure_future(self._gather())
            self._gathering.add_done_callback(self._gathered)
        try:
            async with asyncio.timeout(seconds := PATIENCE_SECONDS * self._patience):
                return await asyncio.shield(self._gathering)
        except TimeoutError as error:
            raise Transient(f"no answer in {seconds:g} seconds") from error

    def _gathered(self, gathering: "asyncio.Future[T]") -> None:
        kept = FRESH_SECONDS if self._fresh_seconds is None else self._fresh_seconds
        if gathering.cancelled() or gathering.exception() is not None:  # nobody may be waiting for it any more
            kept = FRESH_SECONDS
        self._until = asyncio.get_running_loop().time() + kept


async def _or_none(gathering: Awaitable[T]) -> T | None:
    with suppress(Transient):
        return await gathering
    return None


async def _database(gateway: Gateway) -> str:
    """What is wrong with the database, asked by the way that mail takes."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS / 2):
            await gateway.off_loop(gateway.clerk.database.ping)
    except TimeoutError:
        return f"no answer in {PATIENCE_SECONDS / 2:g} seconds"
    except Transient as error:
        return str(error)
    return ""


async def _disk(gateway: Gateway) -> str:
    short = await asyncio.to_thread(gateway.clerk.database.space_is_short, gateway.max_message_bytes)
    return "nearly full: mail is deferred" if short else ""
