"""The composition root: builds one gateway from a configuration, runs, reloads, drains and stops it.

Owns: the state directory, the order in which things start and stop, and the signals. TERM and INT stop within
`STOP_SECONDS`, HUP reads the configuration again; a broken one changes nothing and says why.
Fails with: `Busy` when another gateway runs on the same state directory, OSError when an address is taken.
"""

import asyncio
import fcntl
import logging
import signal
import socket
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING
from zoneinfo import ZoneInfo

from mailtickets.config import http
from mailtickets.config.load import load
from mailtickets.config.models import Config, SmtpIn
from mailtickets.config.places import ConfigError
from mailtickets.config.state import load_secrets
from mailtickets.desk.clock.holidays import Holiday, calendars
from mailtickets.desk.model.delivery import Delivery, Transient
from mailtickets.desk.model.facts import Authentication
from mailtickets.desk.rules.configured.shadows import shadows
from mailtickets.edges import systemd
from mailtickets.edges.checks.authentication import AuthenticationSettings, Authenticator
from mailtickets.edges.doors.listeners import Listeners, addresses
from mailtickets.edges.doors.readers import MailboxReaders
from mailtickets.edges.doors.screen import Screen
from mailtickets.edges.oauth2.expiry import ending
from mailtickets.edges.oauth2.kept import Kept
from mailtickets.edges.oauth2.tokens import for_daemon
from mailtickets.edges.out.dkim import DkimSigner
from mailtickets.edges.out.maildir import MaildirOut
from mailtickets.edges.out.session import NO_TOKEN
from mailtickets.edges.out.smtp import SmtpOut, SmtpOutSettings
from mailtickets.edges.smtp_server.listener import bind
from mailtickets.gateway import holidays
from mailtickets.gateway.accounts import WAY_OUT
from mailtickets.gateway.checks import Checks
from mailtickets.gateway.clerk import Clerk
from mailtickets.gateway.delivery.pace import Pace
from mailtickets.gateway.delivery.send import WayOut
from mailtickets.gateway.gateway import Gateway
from mailtickets.gateway.holidays import HolidaysUnknown
from mailtickets.gateway.measures import Measures
from mailtickets.gateway.rules import rules_of
from mailtickets.gateway.workers import Workers
from mailtickets.jobs.housekeeping import housekeeping
from mailtickets.jobs.schedule import mind_clock, schedule
from mailtickets.jobs.watch import Watch, Watched, watched
from mailtickets.mail.model import Envelope, InboundMail
from mailtickets.store import migrate, outbox
from mailtickets.store.database import Database
from mailtickets.store.health import AccountKind

if TYPE_CHECKING:
    from mailtickets.edges.http.door import HttpDoor

log = logging.getLogger("mailtickets.daemon")

STOP_SECONDS = 30
SWITCH_SECONDS = 0.0005
"""Seconds that a thread may keep Python's lock while another thread wants it. The interpreter's value is 5 ms. The
database lane gives the lock up at every statement, and would wait that long for the event loop each time.
"""
_DRAIN_SECONDS = 8
_DATABASE_RETRY_SECONDS = 5
_LOCK_TRIES, _LOCK_PAUSE_SECONDS = 6, 0.1


class Busy(Exception):
    """Another gateway uses this state directory."""


class Daemon:
    """One running instance."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.measures = Measures()
        self.working: Gateway | None = None
        """The gateway, once the database is there and all doors are open."""
        self.started_at = datetime.now(UTC)
        self.reloaded_at: datetime | None = None
        self.reload_succeeded = True
        self._stopping = asyncio.Event()
        passed = systemd.passed_sockets()
        self._passed = {
            "smtp": passed.get("smtp", []) + passed.get("unknown", []),
            "lmtp": passed.get("lmtp", []),
            "http": passed.get("http", []),
        }
        self._listeners: Listeners | None = None
        self._http: HttpDoor | None = None
        self._http_at: tuple[str, ...] = ()
        """The entries of the configuration that the pages listen at."""
        self._reloading: asyncio.Task[None] | None = None

    async def run(self, ready: Callable[[str], None]) -> None:
        """Runs until it is told to stop. `ready` is called with the line that says which addresses are listened on."""
        sys.setswitchinterval(SWITCH_SECONDS)
        for number, react in ((signal.SIGTERM, self.stop), (signal.SIGINT, self.stop), (signal.SIGHUP, self.reload)):
            asyncio.get_running_loop().add_signal_handler(number, react)
        lock = _lock(self.config.state_dir)
        try:
            await self._open_http(self.config.http_listen)
            await self._live(ready)
        finally:
            await self._close_http()
            lock.close()

    async def _live(self, ready: Callable[[str], None]) -> None:
        with closing(Database(self.config.database_url)) as database:
            if await self._database_is_ready(database):
                await self._live_on(database, ready)

    async def _live_on(self, database: Database, ready: Callable[[str], None]) -> None:
        workers = Workers(measures=self.measures)
        self._signer = DkimSigner.of(self.config)
        self._screen = Screen(self.config, self.measures)
        self._authenticator = Authenticator(AuthenticationSettings.of(self.config))
        warn_of_shadows(self.config)
        known = await asyncio.to_thread(self._first_holidays, database)
        clerk = Clerk(database, rules_of(self.config, load_secrets(self.config), known))
        self.gateway = Gateway(
            clerk,
            workers,
            WayOut(self._send, _pace(self.config), self._largest),
            name=f"{socket.gethostname()}:{self.config.state_dir}",
            max_message_bytes=(self.config.smtp_in or SmtpIn()).max_message_bytes,
            checks=Checks(self._authenticate, self._screen.scan),
            measures=self.measures,
        )
        self._listeners = listeners = Listeners(self.gateway, self._screen, self._passed)
        self._readers = MailboxReaders(self.gateway)
        self._tokens = for_daemon(
            database, self.config, self.gateway.alarms, clerk.clock, self._note_token, self._go_on
        )
        self._out = _way_out(self.config.with_tokens(self._tokens.credential))
        try:
            await self._tokens.take_over(self.config)
            await self.gateway.start()
            await self.gateway.look_for_work()
            await listeners.open(self.config)
            self._readers.start(self.config)
            self.working = self.gateway
            await self._forget_accounts_that_are_gone()
            watch = Watch(self.gateway, self._watched)
            scheduler = schedule(
                self.gateway, self._compare_mailboxes, self._ending_secrets, watch, self._look_for_holidays
            )
            scheduler.start()
            beat = asyncio.create_task(self._beat())
            minding = asyncio.create_task(mind_clock(scheduler))
            probing = asyncio.create_task(_probe(self._out))
            ready(self._ready_line())
            systemd.notify("READY=1", "STATUS=taking mail")
            await self._stopping.wait()
            systemd.notify("STOPPING=1", "STATUS=finishing what is in hand")
            log.info("stopping")
            scheduler.shutdown(wait=False)
            beat.cancel()
            minding.cancel()
            probing.cancel()
        finally:
            await self._close()
            await asyncio.to_thread(workers.close)
        log.info("stopped")

    async def _database_is_ready(self, database: Database) -> bool:
        """Waits for the database and migrates its schema. Returns False if it is told to stop meanwhile."""
        while not self._stopping.is_set():
            try:
                await asyncio.to_thread(migrate.upgrade, database)
                return True
            except Transient as error:
                log.error("database not available, trying again", extra={"error": str(error)})
                systemd.notify("STATUS=waiting for the database")
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), _DATABASE_RETRY_SECONDS)
        return False

    async def _send(self, raw: bytes, sender: str, recipient: str) -> Delivery:
        signed = await self._signer.signed(raw) if self._signer else raw
        return await self._out.send(signed, sender, recipient)

    def _largest(self) -> int | None:
        """How many octets the smarthost takes, if it has said so."""
        return self._out.max_size

    async def _authenticate(self, raw: bytes, mail: InboundMail, envelope: Envelope) -> Authentication:
        return await self._authenticator.authenticate(raw, mail, envelope)

    # --- holidays -----------------------------------------------------------------------------------------

    def _first_holidays(self, database: Database) -> list[Holiday]:
        """The holidays that the calendars name, at the start. Mail is taken also where they cannot be known."""
        try:
            return holidays.ready(database, self.config, datetime.now(UTC))
        except HolidaysUnknown as error:
            log.error("holidays unknown", extra={"error": str(error)})
            return holidays.known(database, self.config)

    async def _holidays(self, config: Config) -> list[Holiday]:
        """The holidays that the calendars of a configuration name. Raises HolidaysUnknown, Transient."""
        clerk = self.gateway.clerk  # not in the database's own thread: computing takes a second
        return await asyncio.to_thread(holidays.ready, clerk.database, config, clerk.clock())

    async def _look_for_holidays(self) -> None:
        """Another year comes nearer, or another gateway has computed one: the calendars in force get its days."""
        config, clerk = self.config, self.gateway.clerk
        found = calendars(config, await self._holidays(config))
        if config is not self.config:  # there was a reload meanwhile
            return
        known = clerk.rules.policy.calendars
        if any(hours.holidays != known[name].holidays for name, hours in found.items()):
            clerk.rules = replace(clerk.rules, policy=replace(clerk.rules.policy, calendars=found))

    # --- accounts -----------------------------------------------------------------------------------------

    async def _compare_mailboxes(self) -> list[str]:
        return await self._readers.compare(self.config)

    async def _ending_secrets(self) -> list[tuple[str, str | None]]:
        today = self.gateway.clerk.clock().astimezone(ZoneInfo(self.config.instance.timezone)).date()
        return await asyncio.to_thread(lambda: list(ending(self.config, today)))

    async def _note_token(self, name: str, kept: Kept | None, error: str) -> None:
        """Records how an account fares, for all who look at the database."""
        await self.gateway.accounts.note("oauth", name, error, kept.expires_at if kept else None)

    def _go_on(self, oauth: str) -> None:
        """The account has a token again. Its mailboxes are read at once, not after the pause of a failed login, and
        mail that waited for the token goes out.
        """
        self._readers.wake(oauth)
        if self.config.delivery.oauth == oauth:
            self._hurrying = asyncio.create_task(self._hurry())

    async def _hurry(self) -> None:
        clerk = self.gateway.clerk
        with suppress(Transient):  # then it goes out at the time that it has
            await self.gateway.off_loop(clerk.database.transact, outbox.hurry, NO_TOKEN, clerk.clock())
            await self.gateway.look_for_work()

    async def _forget_accounts_that_are_gone(self) -> None:
        """Drops what is known of accounts that are no longer in the configuration, and their alarms."""
        imap, oauth = ([one.name for one in table] for table in (self.config.imap_in, self.config.oauth))
        await self.gateway.alarms.keep_only(imap, oauth)
        configured: list[tuple[AccountKind, str]] = [("smtp", WAY_OUT)]
        configured += [("imap", name) for name in imap]
        configured += [("oauth", name) for name in oauth]
        await self.gateway.accounts.keep_only(configured)

    def _watched(self) -> Watched:
        return watched(self.config)

    def _ready_line(self) -> str:
        listening = self._listeners.listening if self._listeners else {}
        if self._http is not None:
            listening["http"] = tuple(self._http.addresses)
        return " ".join(["ready", *(f"{name}={','.join(addresses)}" for name, addresses in listening.items())])

    # --- seen from outside --------------------------------------------------------------------------------

    @property
    def connections(self) -> Mapping[str, int]:
        """How many clients each open door has."""
        return self._listeners.connections if self._listeners else {}

    @property
    def missing_doors(self) -> list[str]:
        """The doors that do not listen where they are to."""
        missing = self._listeners.missing(self.config) if self._listeners else list(addresses(self.config))
        return missing if self._passed["http"] or self._http_at == self.config.http_listen else [*missing, "http"]

    @property
    def stopping(self) -> bool:
        return self._stopping.is_set()

    async def _open_http(self, listen: tuple[str, ...]) -> None:
        """Serves the pages of `[http]`, already while the database is waited for. Without the table nothing of them
        is imported.
        """
        if not listen:
            self._http_at = ()
            return
        for key, text, _ in http.warnings(self.config):
            log.warning("configuration", extra={"key": key, "text": text})
        from mailtickets.edges.http.door import HttpDoor

        door = HttpDoor(self)
        await door.open([sock.dup() for sock in self._passed["http"]] or _bound(listen))
        self._http, self._http_at = door, listen

    async def _close_http(self) -> None:
        door, self._http = self._http, None
        if door is not None:
            await door.close()

    async def _take_over_http(self) -> None:
        """Listens where the new configuration says. If that fails, listens at the old addresses again."""
        before = self._http_at
        same = before == self.config.http_listen or self._passed["http"]
        if self._http is not None and self.config.http is not None and same:
            self._http.take_over()
            return
        await self._close_http()
        try:
            await self._open_http(self.config.http_listen)
        except OSError as error:
            log.error("cannot listen there", extra={"key": "http.listen", "error": str(error)})
            await self._open_http(before)

    # --- signals ------------------------------------------------------------------------------------------

    def stop(self) -> None:
        self._stopping.set()

    def reload(self) -> None:
        """Reads the configuration again. Only one reload runs at a time."""
        if self._reloading is None or self._reloading.done():
            self._reloading = asyncio.create_task(self._reload())

    async def _reload(self) -> None:
        systemd.notify_reloading()
        succeeded = False
        try:
            config = await asyncio.to_thread(load, self.config.file, secrets=True)
            await self._take_over(config)
            self.reloaded_at, succeeded = datetime.now(UTC), True
            log.info("reloaded", extra={"file": str(config.file)})
        except ConfigError as error:
            for key, problem in error.problems:
                log.error("configuration not reloaded", extra={"file": str(error.file), "key": key, "error": problem})
        except Exception:
            log.exception("configuration not reloaded")
        finally:
            self.reload_succeeded = succeeded
            systemd.notify("READY=1")

    async def _take_over(self, config: Config) -> None:
        """Puts a sound new configuration into force. Logs which keys cannot change while the daemon runs."""
        try:
            known = await self._holidays(config)
        except HolidaysUnknown as error:
            raise ConfigError(config.file, [("calendar", str(error))]) from error
        rules = rules_of(config, load_secrets(config), known)
        warn_of_shadows(config)
        before, self.config = self.config, config
        self.gateway.clerk.rules = rules
        self._screen.take_over(config)
        for key, changed in (
            ("instance.state_dir", before.state_dir != config.state_dir),
            ("database.url", before.database_url != config.database_url),
        ):
            if changed:
                log.error("new value takes effect only after a restart", extra={"key": key})
        await self._tokens.take_over(config.with_tokens(self._tokens.credential))
        if self._listeners is not None:
            await self._listeners.take_over(config)
        await self._take_over_http()
        if (before.delivery, before.instance.hostname) != (config.delivery, config.instance.hostname):
            old, self._out = self._out, _way_out(config)
            self._signer = DkimSigner.of(config)
            self.gateway.delivering.claims.pace = _pace(config)
            await old.close()
        self._authenticator.take_over(AuthenticationSettings.of(config))
        await self._readers.take_over(before, config)
        await self._forget_accounts_that_are_gone()
        await housekeeping(self.gateway)

    # --- watchdog and end ---------------------------------------------------------------------------------

    async def _beat(self) -> None:
        """Sends the signal to systemd's watchdog that all is well: the event loop turns, and the database answers."""
        seconds = systemd.watchdog_seconds()
        while seconds is not None:
            try:
                async with asyncio.timeout(seconds):
                    await self.gateway.off_loop(_answer)
                if self.gateway.is_alive:
                    systemd.notify("WATCHDOG=1")
            except TimeoutError:
                log.error("the database lane is stuck")
            await asyncio.sleep(seconds)

    async def _close(self) -> None:
        await self._readers.stop()
        if self._listeners is not None:
            await self._listeners.close()
        await self.gateway.drain(_DRAIN_SECONDS)
        await self._out.close()
        await self._tokens.close()
        self._authenticator.close()


def _answer() -> None:
    """Called in a thread of the database, to see that the threads still do their work."""


def warn_of_shadows(config: Config) -> None:
    """Names the rules that can never win. They do no harm, but somebody has meant something else."""
    for shadow in shadows([rule.model_dump() for rule in config.rule]):
        log.warning("configuration", extra={"key": f"rule.{shadow.number}", "text": f"{shadow.rule} {shadow.text}"})


def _lock(state_dir: Path) -> IO[str]:
    """Takes the lock on this state directory. The lock is held as long as the file is open.

    It is tried for half a second: `status` and `import` take it for a moment to see whether a daemon runs.
    """
    file = (state_dir / "lock").open("w")
    for left in reversed(range(_LOCK_TRIES)):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError as error:
            if not left:
                file.close()
                raise Busy(f"another mailtickets runs on {state_dir}") from error
            time.sleep(_LOCK_PAUSE_SECONDS)
    return file


def _bound(listen: tuple[str, ...]) -> list[socket.socket]:
    """Bound sockets for `http.listen`. Raises OSError that names the entry which is taken."""
    sockets: list[socket.socket] = []
    try:
        for entry in listen:
            sockets.append(bind(entry))  # noqa: PERF401 - those that are bound are closed again
    except OSError as error:
        for sock in sockets:
            sock.close()
        raise OSError(error.errno, f"http.listen.{len(sockets)}: {error.strerror}") from error
    return sockets


def _way_out(config: Config) -> SmtpOut | MaildirOut:
    if config.delivery.method == "maildir":
        return MaildirOut(config.maildir)
    return SmtpOut(SmtpOutSettings.of(config))


async def _probe(out: SmtpOut | MaildirOut) -> None:
    """Logs early what is wrong with the delivery, and learns how large a mail may be."""
    if isinstance(out, SmtpOut):
        for finding in (await out.probe()).findings:
            if not finding.ok:
                log.error("delivery", extra={"error": finding.text})


def _pace(config: Config) -> Pace:
    delivery = config.delivery
    return Pace(
        delivery.max_connections, delivery.max_per_minute, delivery.max_per_day, delivery.max_per_domain_per_minute
    )
