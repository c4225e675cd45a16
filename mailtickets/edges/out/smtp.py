"""Sends mail to the smarthost over SMTP, one recipient at a time, over a few connections that are used again.

Owns: the pool of connections, the pause after many failed connections, and what `check` says of the smarthost.
`session.py` has the code for one connection.
*Fails with*: nothing for errors of the smarthost or the network: those become a `Delivery`. Trouble on our side, such
as a refused login or a certificate that we do not trust, is `Deferred`: no mail fails because of it.
*Limits*: a message is held in memory.
"""

import asyncio
import logging
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from mailtickets.desk.model.delivery import Deferred, Delivery, Refused
from mailtickets.edges.out.session import IdleConnectionClosed, NoConnection, NoSecret, SmarthostConnection, why
from mailtickets.edges.out.settings import SmtpOutSettings, Timeouts
from mailtickets.edges.out.transmission import Transmission
from mailtickets.mail.write.compose import is_addr_spec, to_ascii

__all__ = ["Breaker", "Finding", "Probe", "SmtpOut", "SmtpOutSettings", "Timeouts"]

FAILURES_BEFORE_PAUSE = 10
FIRST_PAUSE_SECONDS = 30.0
LONGEST_PAUSE_SECONDS = 300.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of what `check` says."""

    ok: bool
    text: str


@dataclass(frozen=True, slots=True)
class Probe:
    """The result of a test connection to the smarthost."""

    findings: tuple[Finding, ...]
    max_size: int | None = None
    trouble: NoConnection | None = None
    """Why there was no connection."""
    greeting: str = ""
    limits: str = ""
    """What the server says of its limits (RFC 9422), as `MAILMAX=100 RCPTMAX=50`."""

    @property
    def ok(self) -> bool:
        return all(finding.ok for finding in self.findings)


@dataclass(slots=True)
class Breaker:
    """Counts connections that failed in a row. After ten there is a pause without attempts; it doubles up to five
    minutes.
    """

    clock: Callable[[], float] = time.monotonic
    failures: int = 0
    _until: float = field(default=0.0, init=False)

    @property
    def pause_seconds(self) -> float:
        """Seconds of the pause that are left; 0 when there is no pause."""
        return max(0.0, self._until - self.clock())

    def failed(self) -> None:
        self.failures += 1
        beyond = self.failures - FAILURES_BEFORE_PAUSE
        if beyond >= 0:
            pause = min(FIRST_PAUSE_SECONDS * 2.0 ** min(beyond, 10), LONGEST_PAUSE_SECONDS)
            self._until = self.clock() + pause
            log.warning("smarthost-paused failures=%d seconds=%.0f", self.failures, pause)

    def worked(self) -> None:
        if self.failures >= FAILURES_BEFORE_PAUSE:
            log.info("smarthost-back failures=%d", self.failures)
        self.failures = 0
        self._until = 0.0


class SmtpOut:
    """Delivers over a smarthost. Made and used in one event loop."""

    def __init__(self, settings: SmtpOutSettings, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self.breaker = Breaker(clock)
        self.max_size: int | None = None
        """Octets that the smarthost takes (RFC 1870); None when it has not said, or has no limit."""
        self._slots = asyncio.Semaphore(settings.max_connections)
        self._idle: list[SmarthostConnection] = []
        self._closing: set[asyncio.Task[None]] = set()
        self._context: ssl.SSLContext | None = None
        self._closed = False

    async def send(self, raw: bytes, sender: str, recipient: str) -> Delivery:
        """Hands one message for one recipient to the smarthost. An empty sender is the null reverse-path."""
        if refused := _no_address(sender, recipient):
            return refused
        transmission = Transmission.of(raw, sender, recipient)
        async with self._slots:
            while self._idle:
                try:
                    return await self._through(self._idle.pop(), transmission)
                except IdleConnectionClosed:
                    continue
            try:
                return await self._through(await self._open(), transmission)
            except NoConnection as trouble:
                return trouble.result

    async def probe(self) -> Probe:
        """Connects and logs in as a send would, and returns how that went."""
        session = SmarthostConnection(self._settings)
        try:
            await session.open(await self._tls_context())
        except NoConnection as trouble:
            found = (*(Finding(True, step) for step in session.steps), Finding(False, str(trouble)))
            return Probe(found, trouble=trouble, greeting=session.greeting)
        finally:
            await session.quit()
        limit = f"up to {session.max_size} bytes" if session.max_size else "of any size (it announces no limit)"
        self.max_size = session.max_size
        steps = (*session.steps, f"{self._settings.host} takes messages {limit}")
        found = tuple(Finding(True, step) for step in steps)
        return Probe(found, session.max_size, greeting=session.greeting, limits=session.limits)

    async def close(self) -> None:
        """Says QUIT on idle connections. A connection in use is closed when its mail is finished."""
        self._closed = True
        idle, self._idle = self._idle, []
        await asyncio.gather(*(session.quit() for session in idle), *self._closing)

    async def _open(self) -> SmarthostConnection:
        if pause := self.breaker.pause_seconds:
            failures = self.breaker.failures
            raise NoConnection(
                Deferred(f"{self._settings.host}: {failures} connections failed in a row, pausing for {pause:.0f} s")
            )
        session = SmarthostConnection(self._settings)
        try:
            await session.open(await self._tls_context())
        except NoSecret:
            raise
        except NoConnection as trouble:
            if isinstance(trouble.result, Deferred):
                self.breaker.failed()
            raise
        self.breaker.worked()
        self.max_size = session.max_size
        return session

    async def _tls_context(self) -> ssl.SSLContext:
        if self._context is None:  # reads the certificate authorities from disk
            ca_file = self._settings.ca_file
            try:
                self._context = await asyncio.to_thread(ssl.create_default_context, cafile=ca_file)
            except OSError as error:
                raise NoConnection(Deferred(f"the authorities in {ca_file} cannot be read: {why(error)}")) from error
        return self._context

    async def _through(self, session: SmarthostConnection, transmission: Transmission) -> Delivery:
        """Sends over this connection, and keeps the connection for the next mail if it is still good."""
        try:
            result = await session.deliver(transmission)
            await session.settle()
        except BaseException:
            session.abort()
            raise
        if not session.usable:
            session.abort()
        elif self._closed:
            await session.quit()
        else:
            self._keep(session)
        return result

    def _keep(self, session: SmarthostConnection) -> None:
        self._idle.append(session)
        expire = asyncio.get_running_loop().call_later(self._settings.idle_seconds, self._expire, session)
        session.kept(expire)

    def _expire(self, session: SmarthostConnection) -> None:
        if session in self._idle:
            self._idle.remove(session)
            task = asyncio.create_task(session.quit())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)


def _no_address(sender: str, recipient: str) -> Refused | None:
    if sender and not is_addr_spec(to_ascii(sender)):
        return Refused("501 5.1.7 the sender is no mail address", "5.1.7")
    if not is_addr_spec(to_ascii(recipient)):
        return Refused("501 5.1.3 the recipient is no mail address", "5.1.3")
    return None
