"""Starts and ends SMTP and LMTP sessions: listening sockets, connection limits, commits, draining.

Owns: the sockets, the count of connections, and every commit that runs. The end of a session never ends a commit.
Fails with: OSError when the daemon cannot listen on an address.
Limits: connections in total and per address; above a limit the answer is 421. No event is logged more than
`Chatter.LINES_A_MINUTE` times a minute, so that nobody can fill the log with connections.
"""

import asyncio
import errno
import logging
import os
import resource
import socket
import stat
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from ipaddress import IPv6Address, ip_address
from pathlib import Path
from typing import Any, cast

from mailtickets.desk.model.delivery import NoSpace, Permanent, Transient
from mailtickets.edges.smtp_server.protocol import Accept, KnowsRecipient, Session, SessionContext
from mailtickets.edges.smtp_server.replies import ACCEPTED, NO_SPACE, TROUBLE
from mailtickets.edges.smtp_server.settings import Settings
from mailtickets.edges.smtp_server.spool import Held
from mailtickets.mail.model import Envelope

BACKLOG = 512
# Connections accepted in one turn of the loop, before the refused ones among them give their descriptors back. When
# descriptors run out, asyncio tries this often at once, and logs as often.
ACCEPTED_AT_ONCE = 8

TOO_MANY = "421 4.7.0 Too many connections, please try again later"
TOO_MANY_FROM_YOU = "421 4.7.0 Too many connections from your address, please try again later"

# aiosmtpd logs commands with their addresses, which may hold reply tokens, and warns of every unknown command.
logging.getLogger("mail.log").setLevel(logging.ERROR)


class Chatter:
    """Logs events, each a limited number of times a minute. The next line has the number of events that were left
    out.
    """

    LINES_A_MINUTE = 10

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._window: dict[str, tuple[float, int]] = {}

    def tell(self, event: str, exc_info: BaseException | None = None, **details: Any) -> None:
        now = time.monotonic()
        since, count = self._window.get(event, (now, 0))
        if now - since < 60 and count >= self.LINES_A_MINUTE:
            self._window[event] = since, count + 1
            return
        left_out = max(0, count - self.LINES_A_MINUTE)
        self._window[event] = (since, count + 1) if now - since < 60 else (now, 1)
        level = logging.ERROR if exc_info else logging.WARNING
        extra = {"event": event, "left_out": left_out, **details}
        self._log.log(level, "%s", event.replace("-", " "), exc_info=exc_info, extra=extra)


class Listener:
    """Several sockets that share one set of limits."""

    def __init__(
        self, session: type[Session], settings: Settings, accept: Accept, knows_recipient: KnowsRecipient
    ) -> None:
        self.settings = settings
        """The settings of new connections. A reload may replace them while the listener runs."""
        self.addresses: list[str] = []
        self._session, self._accept, self._knows_recipient = session, accept, knows_recipient
        self._log = logging.getLogger(f"mailtickets.{session.door.name}")
        self._chatter = Chatter(self._log)
        self._servers: list[asyncio.AbstractServer] = []
        self._unix_paths: list[tuple[Path, int]] = []
        self._sessions: set[Session] = set()
        self._per_address: Counter[str] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()
        self._commits: set[asyncio.Task[str]] = set()

    async def listen(self, sock: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        sock.setblocking(False)
        if sock.family == socket.AF_UNIX:
            server = await loop.create_unix_server(lambda: Admission(self), sock=sock, backlog=ACCEPTED_AT_ONCE)
            path = Path(os.fsdecode(sock.getsockname()))
            self._unix_paths.append((path, _inode(path)))
        else:
            server = await loop.create_server(lambda: Admission(self), sock=sock, backlog=ACCEPTED_AT_ONCE)
        sock.listen(BACKLOG)
        self._servers.append(server)
        self.addresses.append(address_of(sock))

    @property
    def connections(self) -> int:
        """How many clients are connected."""
        return len(self._sessions)

    # --- connections --------------------------------------------------------------------------------------

    def refusal(self, peer: str) -> str | None:
        """Why one more connection from this peer is refused. Unix sockets have no address."""
        if len(self._sessions) >= min(self.settings.max_connections, descriptors_to_spare()):
            return TOO_MANY
        if peer and self._per_address[peer] >= self.settings.max_connections_per_ip:
            return TOO_MANY_FROM_YOU
        return None

    def tell(self, event: str, exc_info: BaseException | None = None, **details: Any) -> None:
        self._chatter.tell(event, exc_info=exc_info, **details)

    def open(self, peer: str) -> Session:
        context = SessionContext(
            self.settings, self._commit, self._knows_recipient, self.tell, self._ended, self._moved
        )
        session = self._session(context, peer, is_trusted(peer, self.settings))
        self._sessions.add(session)
        self._per_address[peer] += 1
        return session

    def watch(self, session: Session) -> None:
        """Waits for the session's task in place of a caller, so that an exception in it is always seen."""
        if session.task is not None:
            self._tasks.add(session.task)
            session.task.add_done_callback(self._finished)

    def _finished(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, OSError):
            self.tell("session-failed", exc_info=error)

    def _ended(self, session: Session) -> None:
        if session in self._sessions:
            self._sessions.discard(session)
            self._count_down(session.peer)

    def _moved(self, session: Session, peer: str) -> str | None:
        if peer and peer != session.peer and self._per_address[peer] >= self.settings.max_connections_per_ip:
            return TOO_MANY_FROM_YOU
        self._count_down(session.peer)
        self._per_address[peer] += 1
        session.peer, session.trusted = peer, is_trusted(peer, self.settings)
        return None

    def _count_down(self, peer: str) -> None:
        self._per_address[peer] -= 1
        if not self._per_address[peer]:
            del self._per_address[peer]

    # --- commits ------------------------------------------------------------------------------------------

    def _commit(self, held: Held, envelope: Envelope, transmission: str) -> "asyncio.Task[str]":
        task = asyncio.create_task(self._reply_to(held, envelope, transmission))
        self._commits.add(task)
        task.add_done_callback(self._commits.discard)
        return task

    async def _hand_over(self, held: Held, envelope: Envelope) -> object:
        """Commits a message. Only a few large messages are read back into memory at a time."""
        if held.in_memory:
            return await self._accept(held.read(), envelope)
        async with self.settings.spool.large:
            return await self._accept(await asyncio.to_thread(held.read), envelope)

    async def _reply_to(self, held: Held, envelope: Envelope, transmission: str) -> str:
        about: dict[str, Any] = {"transmission": transmission, "peer": envelope.peer, "size": held.size_bytes}
        try:
            number = await self._hand_over(held, envelope)
        except NoSpace as error:
            self.tell("no-space", reason=str(error), **about)
            return NO_SPACE
        except Transient as error:
            self.tell("accept-deferred", reason=str(error), **about)
            return TROUBLE
        except Permanent as error:
            self.tell("refused", reason=str(error), **about)
            return f"554 5.7.1 {error}"
        except Exception as error:
            self.tell("accept-failed", exc_info=error, **about)
            return TROUBLE
        finally:
            held.close()
        extra = {"event": "message-accepted", "inbound": number, "recipients": len(envelope.recipients), **about}
        self._log.info("message accepted", extra=extra)
        return ACCEPTED

    # --- the end ------------------------------------------------------------------------------------------

    async def close(self, grace_seconds: float = 30) -> None:
        """Accepts no more. Messages under way are finished and answered; idle clients get 421 and are closed.

        After the grace period all other sessions are cut off. Commits are never cancelled.
        """
        for server in self._servers:
            server.close()
        self._unlink()
        for session in tuple(self._sessions):
            session.leave()
        work = {*self._tasks, *self._commits}
        if work:
            await asyncio.wait(work, timeout=grace_seconds)
        for session in tuple(self._sessions):
            session.abort()
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=1)

    def _unlink(self) -> None:
        """Removes our unix sockets, unless another process listens at the path by now."""
        for path, inode in self._unix_paths:
            with suppress(OSError):
                if _inode(path) == inode:
                    path.unlink()


def _inode(path: Path) -> int:
    return path.stat().st_ino


class Admission(asyncio.Protocol):
    """Accepts or refuses a connection, before anything costly is made for it."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport = cast("asyncio.Transport", transport)
        peer = peer_of(transport)
        refusal = self._listener.refusal(peer)
        if refusal is not None:
            self._listener.tell("connection-refused", peer=peer, reason=refusal)
            transport.write(f"{refusal}\r\n".encode())
            transport.close()
            return
        session = self._listener.open(peer)
        transport.set_protocol(session)
        session.connection_made(transport)
        self._listener.watch(session)


def peer_of(transport: asyncio.Transport) -> str:
    """The numeric address of the other side; empty for a unix socket."""
    name = transport.get_extra_info("peername")
    if not isinstance(name, tuple):
        return ""
    address = ip_address(name[0])
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped or address)


def is_trusted(peer: str, settings: Settings) -> bool:
    return bool(peer) and any(ip_address(peer) in network for network in settings.trusted_networks)


def descriptors_to_spare() -> int:
    """A third of the descriptors that the process may have open. A large message needs one too, as do database and
    other doors.
    """
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(1, limit // 3)


def address_of(sock: socket.socket) -> str:
    """The address as in a `listen` entry: 127.0.0.1:25, [::1]:25, unix:/path."""
    name = sock.getsockname()
    if sock.family == socket.AF_UNIX:
        return f"unix:{os.fsdecode(name)}"
    return f"[{name[0]}]:{name[1]}" if sock.family == socket.AF_INET6 else f"{name[0]}:{name[1]}"


def bind(listen: str) -> socket.socket:
    """A bound socket for `ADDRESS:PORT` (port 0 is a free one, IPv6 in brackets) or `unix:PATH`."""
    if listen.startswith("unix:"):
        return _bind_unix(Path(listen.removeprefix("unix:")))
    host, _, port = listen.rpartition(":")
    host = host.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named, asyncio sets TCP_NODELAY on accepted connections; with 0, replies wait up to 40 ms.
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind((host, int(port)))
    except BaseException as error:
        sock.close()
        if isinstance(error, OSError):
            raise OSError(error.errno, f"{error.strerror}: {listen}") from error
        raise
    return sock


def _bind_unix(path: Path) -> socket.socket:
    """A unix socket that owner and group can read and write. A socket that nobody answers at is a leftover, and is
    replaced.
    """
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _remove_stale(path)
        os.fchmod(sock.fileno(), 0o660)  # the file is made with at most these permissions, whatever the umask
        sock.bind(str(path))
        path.chmod(0o660)
    except OSError as error:
        sock.close()
        raise OSError(error.errno, f"{error.strerror or error}: unix:{path}") from error
    return sock


def _remove_stale(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise FileExistsError(errno.EEXIST, "there is a file that is no socket")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
        else:
            raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))


async def serve(
    session: type[Session],
    sockets: Sequence[socket.socket],
    settings: Settings,
    accept: Accept,
    knows_recipient: KnowsRecipient,
) -> Listener:
    """Listens on all the bound sockets, or on none of them."""
    listener = Listener(session, settings, accept, knows_recipient)
    try:
        for sock in sockets:
            await listener.listen(sock)
    except BaseException:
        await listener.close(0)
        raise
    return listener
