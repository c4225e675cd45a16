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
import ssl
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from ipaddress import ip_network
from pathlib import Path
from typing import IO, TYPE_CHECKING
from zoneinfo import ZoneInfo

from mailtickets.config import http
from mailtickets.config.load import load
from mailtickets.config.models import Config, SmtpIn
from mailtickets.config.places import ConfigError
from mailtickets.config.state import load_secrets
from mailtickets.config.values import credential_file
from mailtickets.desk.model.delivery import Delivery, Permanent, Transient
from mailtickets.desk.model.facts import Authentication
from mailtickets.edges import systemd
from mailtickets.edges.checks import junk
from mailtickets.edges.checks.authentication import AuthenticationSettings, Authenticator
from mailtickets.edges.doors import lmtp
from mailtickets.edges.doors import smtp as smtp_in
from mailtickets.edges.doors.imap import ImapPoller
from mailtickets.edges.imap import audit
from mailtickets.edges.imap.answers import CommandRefused, ConnectionLost, LoginRefused
from mailtickets.edges.oauth2.expiry import ending
from mailtickets.edges.oauth2.kept import Kept
from mailtickets.edges.oauth2.tokens import for_daemon
from mailtickets.edges.out.dkim import DkimSigner
from mailtickets.edges.out.maildir import MaildirOut
from mailtickets.edges.out.session import NO_TOKEN
from mailtickets.edges.out.smtp import SmtpOut, SmtpOutSettings
from mailtickets.edges.smtp_server.listener import Listener, bind
from mailtickets.edges.smtp_server.settings import Settings
from mailtickets.edges.smtp_server.spool import Spool
from mailtickets.gateway.accounts import WAY_OUT
from mailtickets.gateway.checks import Checks
from mailtickets.gateway.clerk import Clerk
from mailtickets.gateway.delivery.pace import Pace
from mailtickets.gateway.delivery.send import WayOut
from mailtickets.gateway.gateway import Gateway
from mailtickets.gateway.measures import Measures
from mailtickets.gateway.rules import rules_of
from mailtickets.gateway.workers import Workers
from mailtickets.jobs.housekeeping import housekeeping
from mailtickets.jobs.schedule import mind_clock, schedule
from mailtickets.jobs.watch import Watch, Watched
from mailtickets.mail.door import LMTP, SMTP
from mailtickets.mail.kind.classify import loop_reason
from mailtickets.mail.kind.junk import JunkVerdict, denied, spam_flags, worst
from mailtickets.mail.model import Envelope, InboundMail
from mailtickets.mail.trust import header_truth
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
_SERVED = {"smtp": (SMTP, smtp_in.serve), "lmtp": (LMTP, lmtp.serve)}
"""The doors that listen, by the name of their sockets and of their section in the configuration."""
_DOORS_SECONDS = 18
_DRAIN_SECONDS = 8
_DATABASE_RETRY_SECONDS = 5


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
        self._doors: dict[str, Listener] = {}
        self._http: HttpDoor | None = None
        self._pollers: list[tuple[ImapPoller, asyncio.Task[None]]] = []
        self._reloading: asyncio.Task[None] | None = None
        self._hour: datetime | None = None
        self._intake: Counter[str] = Counter()
        """Messages by sender in this hour, at the listener of this gateway."""

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
        self._spool = Spool(self.config.state_dir / "spool")
        workers = Workers(measures=self.measures)
        self._signer = DkimSigner.of(self.config)
        self._scanners = junk.ScanSettings.of(self.config)
        self._authenticator = Authenticator(AuthenticationSettings.of(self.config))
        clerk = Clerk(database, rules_of(self.config, load_secrets(self.config)))
        self.gateway = Gateway(
            clerk,
            workers,
            WayOut(self._send, _pace(self.config), self._largest),
            name=f"{socket.gethostname()}:{self.config.state_dir}",
            max_message_bytes=(self.config.smtp_in or SmtpIn()).max_message_bytes,
            checks=Checks(self._authenticate, self._scan),
            measures=self.measures,
        )
        self._tokens = for_daemon(
            database, self.config, self.gateway.alarms, clerk.clock, self._note_token, self._go_on
        )
        self._out = _way_out(self.config.with_tokens(self._tokens.credential))
        try:
            await self._tokens.take_over(self.config)
            await self.gateway.start()
            await self.gateway.look_for_work()
            await self._open_doors()
            self._start_pollers()
            self.working = self.gateway
            await self._forget_accounts_that_are_gone()
            watch = Watch(self.gateway, self._watched)
            scheduler = schedule(self.gateway, self._compare_mailboxes, self._ending_secrets, watch)
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

    async def _scan(self, raw: bytes, mail: InboundMail, envelope: Envelope) -> JunkVerdict:
        found = [await junk.scan(raw, envelope, self._scanners)]
        if self.config.junk.spam_headers:
            found.append(spam_flags(mail.headers, trusted=envelope.trusted))
        return worst(found)

    async def _accept_public(self, raw: bytes, envelope: Envelope) -> int:
        """Refuses strangers' mail during the dialogue. Mail from a relay of ours is accepted: a refusal would only
        bounce.
        """
        self._count_intake(envelope)
        if not envelope.trusted:
            try:
                await self._screen(raw, envelope)
            except Permanent:
                self.measures.count("not-received", envelope.door.name, "refused")
                raise
        return await self.gateway.accept(raw, envelope)

    def _count_intake(self, envelope: Envelope) -> None:
        """Raises Transient for a sender who has used up this hour's share, if the configuration sets one."""
        hour = envelope.received_at.replace(minute=0, second=0, microsecond=0)
        limit = self.config.junk.intake_per_sender_per_hour
        if hour != self._hour:
            self._hour, self._intake = hour, Counter()
        sender = (envelope.sender or "").casefold()
        if limit and sender and self._intake[sender] >= limit:
            raise Transient(f"{limit} messages of one sender within the hour")
        self._intake[sender] += 1

    async def _screen(self, raw: bytes, envelope: Envelope) -> None:
        """Raises Permanent for mail that is denied, infected or looping, and Transient if a required scanner is
        missing.
        """
        rules, fields = self.config.junk, header_truth.fields(raw)
        author = header_truth.sole_author(fields)
        claims = (envelope.sender or "", author.address if author else "")
        if any(denied(claim, rules.deny, rules.allow) for claim in claims if claim):
            raise Permanent("Mail from this sender is not accepted here")
        if loop_reason(fields, self.config.instance.name):
            raise Permanent("This mail is going round in circles")
        found = await junk.scan(raw, envelope, self._scanners)
        if found.action == "infected":
            raise Permanent("This mail carries something harmful")
        if found.action == "unavailable" and rules.when_unavailable == "defer":
            raise Transient(f"{found.source} is not available: {found.why}")

    # --- doors --------------------------------------------------------------------------------------------

    async def _open_doors(self) -> None:
        for name, listen in _listens(self.config).items():
            await self._open_door(name, listen)

    async def _open_door(self, name: str, listen: tuple[str, ...]) -> None:
        """Listens on the sockets that systemd passed, else on those of the configuration; on none if it names none."""
        sockets = self._passed[name] or [bind(entry) for entry in listen]
        if sockets:
            settings = self._settings(self.config)
            door, serve = _SERVED[name]
            accept = self._accept_public if door.is_public else self.gateway.accept
            self._doors[name] = await serve(sockets, settings, accept, self._knows)

    def _settings(self, config: Config) -> Settings:
        smtp = config.smtp_in or SmtpIn()
        self._spool.limit_bytes = max(smtp.max_spool_bytes, 2 * smtp.max_message_bytes)
        return _settings(config, smtp, self._spool)

    def _knows(self, recipient: str) -> bool:
        policy = self.gateway.clerk.rules.policy
        return policy.queue_at(recipient) is not None or policy.is_postmaster(recipient)

    def _start_pollers(self) -> None:
        for account in self.config.imap_in:
            note = partial(self.gateway.accounts.note, "imap", account.name)
            poller = ImapPoller(account, self.config.credential(account), self.gateway.mailboxes, note=note)
            self._pollers.append((poller, asyncio.create_task(poller.run(), name=f"imap-{account.name}")))

    async def _compare_mailboxes(self) -> list[str]:
        """What the mailboxes hold and the ledger does not know. The poller raises the alarm for a mailbox that cannot
        be read.
        """
        problems: list[str] = []
        since = self.gateway.clerk.clock() - timedelta(days=audit.DAYS)
        for account in self.config.imap_in:
            facts = partial(audit.facts, account=account, since=since)
            read, known = await self.gateway.off_loop(self.gateway.clerk.database.transact, facts)
            try:
                found = await audit.audit(account, self.config.credential(account), read, known, since)
            except (ConnectionLost, LoginRefused, CommandRefused) as error:
                log.warning(
                    "mailbox not compared with the messages received",
                    extra={"account": account.name, "error": str(error)},
                )
            else:
                problems += found.problems
        return problems

    async def _ending_secrets(self) -> list[tuple[str, str]]:
        today = self.gateway.clerk.clock().astimezone(ZoneInfo(self.config.instance.timezone)).date()
        return await asyncio.to_thread(lambda: list(ending(self.config, today)))

    async def _note_token(self, name: str, kept: Kept | None, error: str) -> None:
        """Records how an account fares, for all who look at the database."""
        await self.gateway.accounts.note("oauth", name, error, kept.expires_at if kept else None)

    def _go_on(self, oauth: str) -> None:
        """The account has a token again. Its mailboxes are read at once, not after the pause of a failed login, and
        mail that waited for the token goes out.
        """
        for poller, _ in self._pollers:
            if poller.account.oauth == oauth:
                poller.wake()
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
        """What the watch looks at, by the present configuration."""
        config, limits = self.config, self.config.alarms
        directories = [config.state_dir]
        if config.database_url.startswith("sqlite:"):
            directories.append(Path(config.database_url.removeprefix("sqlite:///")).parent)
        if config.delivery.method == "maildir":
            directories.append(config.maildir)
        return Watched(
            directories=_on_different_disks(directories),
            disk_free_bytes=limits.disk_free_bytes,
            outgoing=timedelta(minutes=limits.outgoing_minutes),
            unprocessed=timedelta(minutes=limits.unprocessed_minutes),
        )

    async def _stop_pollers(self) -> None:
        for _, task in self._pollers:
            task.cancel()
        await asyncio.gather(*(task for _, task in self._pollers), return_exceptions=True)
        self._pollers.clear()

    def _ready_line(self) -> str:
        listening = {name: listener.addresses for name, listener in self._doors.items()}
        if self._http is not None:
            listening["http"] = self._http.addresses
        return " ".join(["ready", *(f"{name}={','.join(addresses)}" for name, addresses in listening.items())])

    # --- seen from outside --------------------------------------------------------------------------------

    @property
    def connections(self) -> Mapping[str, int]:
        """How many clients each open door has."""
        return {name: listener.connections for name, listener in self._doors.items()}

    @property
    def missing_doors(self) -> list[str]:
        """The doors that are to listen, and do not."""
        wanted = [name for name, listen in _listens(self.config).items() if listen or self._passed[name]]
        return [name for name in wanted if name not in self._doors]

    @property
    def stopping(self) -> bool:
        return self._stopping.is_set()

    async def _open_http(self, listen: tuple[str, ...]) -> None:
        """Serves the pages of `[http]`, already while the database is waited for. Without the table nothing of them
        is imported.
        """
        if not listen:
            return
        for key, text, _ in http.warnings(self.config):
            log.warning("configuration", extra={"key": key, "text": text})
        from mailtickets.edges.http.door import HttpDoor

        door = HttpDoor(self)
        await door.open([sock.dup() for sock in self._passed["http"]] or _bound(listen))
        self._http = door

    async def _close_http(self) -> None:
        door, self._http = self._http, None
        if door is not None:
            await door.close()

    async def _take_over_http(self, before: Config) -> None:
        """Listens where the new configuration says. If that fails, listens at the old addresses again."""
        same = before.http_listen == self.config.http_listen or self._passed["http"]
        if self._http is not None and self.config.http is not None and same:
            self._http.take_over()
            return
        await self._close_http()
        try:
            await self._open_http(self.config.http_listen)
        except OSError as error:
            log.error("cannot listen there", extra={"key": "http.listen", "error": str(error)})
            await self._open_http(before.http_listen)

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
        rules = rules_of(config, load_secrets(config))
        before, self.config = self.config, config
        self.gateway.clerk.rules = rules
        for key, changed in (
            ("instance.state_dir", before.state_dir != config.state_dir),
            ("database.url", before.database_url != config.database_url),
        ):
            if changed:
                log.error("new value takes effect only after a restart", extra={"key": key})
        await self._tokens.take_over(config.with_tokens(self._tokens.credential))
        await self._take_over_doors(before, config)
        await self._take_over_http(before)
        if (before.delivery, before.instance.hostname) != (config.delivery, config.instance.hostname):
            old, self._out = self._out, _way_out(config)
            self._signer = DkimSigner.of(config)
            self.gateway.delivering.claims.pace = _pace(config)
            await old.close()
        self._scanners = junk.ScanSettings.of(config)
        self._authenticator.take_over(AuthenticationSettings.of(config))
        if (before.imap_in, before.oauth) != (config.imap_in, config.oauth):
            await self._stop_pollers()
            self._start_pollers()
        await self._forget_accounts_that_are_gone()
        await housekeeping(self.gateway)

    async def _take_over_doors(self, before: Config, config: Config) -> None:
        was, now = _listens(before), _listens(config)
        for name in now:
            if was[name] != now[name] and not self._passed[name]:
                await self._move_door(name, was[name], now[name])
        for listener in self._doors.values():
            listener.settings = self._settings(config)

    async def _move_door(self, name: str, was: tuple[str, ...], now: tuple[str, ...]) -> None:
        """Listens on the new addresses. If that fails, listens on the old ones again."""
        door = self._doors.pop(name, None)
        if door is not None:
            await door.close(_DOORS_SECONDS)
        try:
            await self._open_door(name, now)
        except OSError as error:
            log.error("cannot listen on the new address", extra={"key": f"{name}_in.listen", "error": str(error)})
            await self._open_door(name, was)

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
        await self._stop_pollers()
        await self._close_doors()
        await self.gateway.drain(_DRAIN_SECONDS)
        await self._out.close()
        await self._tokens.close()
        self._authenticator.close()

    async def _close_doors(self) -> None:
        await asyncio.gather(*(listener.close(_DOORS_SECONDS) for listener in self._doors.values()))
        self._doors.clear()


def _answer() -> None:
    """Called in a thread of the database, to see that the threads still do their work."""


def _lock(state_dir: Path) -> IO[str]:
    """Takes the lock on this state directory. The lock is held as long as the file is open."""
    file = (state_dir / "lock").open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        file.close()
        raise Busy(f"another mailtickets runs on {state_dir}") from error
    return file


def _listens(config: Config) -> dict[str, tuple[str, ...]]:
    """The addresses where each door listens."""
    return {"smtp": config.smtp_in.listen if config.smtp_in else (), "lmtp": config.lmtp_listen}


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


def _settings(config: Config, smtp: SmtpIn, spool: Spool) -> Settings:
    return Settings(
        hostname=config.instance.hostname,
        max_message_bytes=smtp.max_message_bytes,
        bare_newlines=smtp.bare_newlines,
        spool=spool,
        max_connections=smtp.max_connections,
        max_connections_per_ip=smtp.max_connections_per_ip,
        trusted_networks=tuple(ip_network(network, strict=False) for network in smtp.trusted_relays),
        ssl_context=_tls(config, smtp),
    )


def _tls(config: Config, smtp: SmtpIn) -> ssl.SSLContext | None:
    if not smtp.tls_certificate:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(
        credential_file(config.path(smtp.tls_certificate)), credential_file(config.path(smtp.tls_key))
    )
    return context


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


def _on_different_disks(directories: list[Path]) -> list[Path]:
    """The directories, without those on a disk that an earlier one is on. One that cannot be seen stays."""
    disks: dict[object, Path] = {}
    for directory in directories:
        try:
            disk: object = directory.stat().st_dev
        except OSError:
            disk = directory
        disks.setdefault(disk, directory)
    return list(disks.values())
