"""One session of SMTP or LMTP, on aiosmtpd's command loop. `doors/smtp.py` and `doors/lmtp.py` say what differs.

Owns: the dialogue with one client, the timers of the session, and the raw message until it is handed over. It closes
gaps of aiosmtpd: DATA without a memory bound (aio-libs/aiosmtpd#145), a handler that a hang-up or half-close cancels,
one timer for everything, internal errors shown to the peer, a TLS handshake that fails and is never noticed.
Fails with: nothing. The client reads a 4xx for trouble on our side, and a 5xx only for what it must not send again.
Limits: the fields of `Settings` and `TimeLimits`; 100 recipients a message, 20 refused commands in a row.
"""

# ruff: noqa: N802 - aiosmtpd finds the commands by their names

import asyncio
import re
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import partial
from math import inf
from typing import Any, NoReturn, Protocol, cast

from aiosmtpd.smtp import SMTP, TLSSetupException

from mailtickets.edges.smtp_server.arguments import MAIL_PARAMETERS, RCPT_PARAMETERS, check_mail_parameters, parse_path
from mailtickets.edges.smtp_server.data import IncomingMessage
from mailtickets.edges.smtp_server.replies import (
    ACCEPTED,
    BARE,
    NO_SPACE,
    SHUTTING_DOWN,
    TIMED_OUT,
    TOO_LARGE,
    TROUBLE,
    Refusal,
    with_status,
)
from mailtickets.edges.smtp_server.settings import Settings
from mailtickets.edges.smtp_server.spool import Held
from mailtickets.edges.smtp_server.xclient import Client
from mailtickets.mail.door import Door
from mailtickets.mail.model import Envelope

Accept = Callable[[bytes, Envelope], Awaitable[object]]
"""Returns the id in the ledger after the durable commit. Raises NoSpace (452) or anything else (451)."""
KnowsRecipient = Callable[[str], bool]


MAX_RECIPIENTS = 100
MAX_REFUSALS = 20
MAX_REFUSALS_TRUSTED = 1000
CHUNK_BYTES = 65_536
UNLIMITED = 10**9

# The refusals and the length of a session bound MAIL, RCPT and DATA: a relay sends many messages in one session.
CALL_LIMITS = {"*": 20, "NOOP": 100, "RSET": 10_000, "MAIL": UNLIMITED, "RCPT": UNLIMITED, "DATA": UNLIMITED}


_NOT_IN_A_HOST_NAME = re.compile(r"[^A-Za-z0-9.:_\[\]-]")


class LogEvent(Protocol):
    """Logs an event with its details, at a limited rate."""

    def __call__(self, event: str, exc_info: BaseException | None = None, **details: Any) -> None: ...


@dataclass(frozen=True, slots=True)
class SessionContext:
    """What a session needs from its listener."""

    settings: Settings
    commit: "Callable[[Held, Envelope, str], asyncio.Task[str]]"
    """Hands a message over, with the transmission's id. From then on the listener owns the message and the task. The
    result of the task is the reply.
    """
    knows_recipient: KnowsRecipient
    tell: LogEvent
    ended: "Callable[[Session], None]"
    moved: "Callable[[Session, str], str | None]"
    """Counts a session for the client that a relay speaks for. Returns the reason if that client has too many."""


class _SameForAllCommands(dict[str, int]):
    """aiosmtpd's table of line limits, which does not grow: aiosmtpd adds every word that a client sends as a
    command.
    """

    def __missing__(self, command: str) -> int:
        return Session.command_size_limit


class Session(SMTP):
    """The dialogue with one client."""

    door: Door
    protocol = "SMTP"
    greeting = "ESMTP"
    _without_address = "unknown"

    line_length_limit = CHUNK_BYTES  # bounds the buffer of the stream reader, not lines: messages are read in chunks
    command_size_limit = 2048  # RFC 5321 says 512; the extensions add about 1,200
    command_size_limits = _SameForAllCommands()

    def __init__(self, context: SessionContext, peer: str, trusted: bool) -> None:
        settings = context.settings
        loop = asyncio.get_running_loop()
        self.context, self.peer, self.trusted = context, peer, trusted
        self.relay = trusted
        """Whether the other end of the connection is one of our relays, for whichever client it speaks."""
        self._client_helo: str | None = None
        self.id = secrets.token_hex(4)
        self._limits = settings.limits
        self._ends_at = loop.time() + settings.limits.session_seconds
        self._receiving = self._leaving = False
        self._replies = self._refusals = self._transmissions = 0
        self._sender: str | None = None
        self._recipients: list[str] = []
        self._linger: asyncio.TimerHandle | None = None
        self._due: float = inf
        self._late: Callable[[], None] = self._timeout_cb
        super().__init__(
            object(),
            data_size_limit=settings.max_message_bytes,
            enable_SMTPUTF8=True,
            hostname=settings.hostname,
            ident=f"{self.greeting} {settings.ident}",
            tls_context=settings.ssl_context,
            auth_exclude_mechanism=["PLAIN", "LOGIN"],
            command_call_limit=CALL_LIMITS,
            loop=loop,
        )
        self._smtp_methods.pop("AUTH")  # there is no login where mail is delivered

    # --- the connection -----------------------------------------------------------------------------------

    @property
    def task(self) -> "asyncio.Task[None] | None":
        return self._handler_coroutine

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        if self._linger is not None:
            self._linger.cancel()
        self.context.ended(self)

    def eof_received(self) -> bool:
        """The client will send no more. What it sent is still answered; aiosmtpd would cancel that."""
        self._reader.feed_eof()
        return self.session is not None and self.session.ssl is None

    def leave(self) -> None:
        """Ends the session as soon as no message is being received."""
        self._leaving = True
        if not self._receiving:
            self.hang_up(SHUTTING_DOWN)

    def hang_up(self, reply: str = "") -> None:
        """Sends a last reply and closes. Cuts the connection if the client does not read the reply."""
        if self.transport is None:
            return
        if self._in_handshake():
            self.abort()
            return
        if reply:
            self._writer.write(f"{reply}\r\n".encode())
        self.transport.close()
        if self._linger is None:
            self._linger = self.loop.call_later(self._limits.linger_seconds, self.abort)

    def abort(self) -> None:
        transport = self._original_transport or self.transport
        if transport is not None:
            cast("asyncio.Transport", transport).abort()

    def _in_handshake(self) -> bool:
        return self._original_transport is not None and (self.session is None or self.session.ssl is None)

    async def _end(self, reply: str = "") -> NoReturn:
        """Hangs up and does not return: the lost connection cancels this task."""
        self.hang_up(reply)
        if self.transport is not None:
            await self.loop.create_future()
        raise asyncio.CancelledError

    def _reset_timeout(self, duration: float | None = None) -> None:
        """Sets the timer for commands: neither one command nor all together may take longer than their limits."""
        allowed = self._limits.trusted_command_seconds if self.trusted else self._limits.command_seconds
        self._expect(self.loop.time() + (duration or allowed), self._timeout_cb)

    def _expect(self, moment: float, late: Callable[[], None]) -> None:
        """Sets the session's only timer. It is moved when it fires, because nearly every wait ends long before."""
        self._due, self._late = min(moment, self._ends_at), late
        timer = self._timeout_handle
        if timer is None or not self.loop.time() < timer.when() <= self._due:
            if timer is not None:
                timer.cancel()
            self._timeout_handle = self.loop.call_at(self._due, self._ring)

    def _expect_nothing(self) -> None:
        self._due = inf

    def _ring(self) -> None:
        if self._due <= self.loop.time():
            self._late()
        elif self._due < inf:
            self._timeout_handle = self.loop.call_at(self._due, self._ring)

    def _timeout_cb(self) -> None:
        self.context.tell("session-timed-out", session=self.id, peer=self.peer)
        self.hang_up(TIMED_OUT)

    def _too_slow(self, message: IncomingMessage) -> None:
        self.context.tell("message-too-slow", session=self.id, peer=self.peer, size=message.received_bytes)
        self.hang_up(TIMED_OUT)

    async def handle_exception(self, error: Exception) -> str:  # noqa: RET503 - _end does not return
        """Sends generic words to the peer and writes the detail to the log."""
        if isinstance(error, TLSSetupException):
            self.context.tell("tls-failed", session=self.id, peer=self.peer, error=repr(error.__cause__))
            return ""
        if isinstance(error, EOFError | OSError):
            await self._end()
        self.context.tell("session-failed", session=self.id, peer=self.peer, exc_info=error)
        await self._end("421 4.3.0 Temporary trouble here, please try again later")

    async def push(self, status: str | bytes) -> None:
        """Sends a reply, counts refusals, and lets other sessions run between many pipelined commands."""
        if not status or self.transport is None:
            return
        reply = status if isinstance(status, str) else status.decode()
        self._writer.write(f"{with_status(reply)}\r\n".encode())
        await self._writer.drain()
        self._replies += 1
        if self._replies % 16 == 0:
            await asyncio.sleep(0)
        if reply.startswith("5"):
            self._refusals += 1
        if self._refusals > (MAX_REFUSALS_TRUSTED if self.trusted else MAX_REFUSALS):
            self.context.tell("too-many-refusals", session=self.id, peer=self.peer)
            await self._end("421 4.7.0 Too many errors, closing the connection")

    # --- commands -----------------------------------------------------------------------------------------

    def _set_rset_state(self) -> None:
        super()._set_rset_state()  # type: ignore[no-untyped-call]
        self._sender = None
        self._recipients = []
        self._utf8 = False

    async def _greet(self, hostname: str | None, *, extended: bool) -> None:
        if not hostname or self.session is None:
            await self.push("501 5.5.4 A host name is needed")
            return
        self._set_rset_state()
        self.session.extended_smtp = extended
        self.session.host_name = _NOT_IN_A_HOST_NAME.sub("?", hostname)[:255]
        lines = [self.hostname, *self._features()] if extended else [self.hostname]
        await self.push("\r\n".join([*(f"250-{line}" for line in lines[:-1]), f"250 {lines[-1]}"]))

    def _features(self) -> list[str]:
        settings = self.context.settings
        starttls = ["STARTTLS"] if settings.ssl_context and not self._tls_protocol else []
        size = f"SIZE {settings.max_message_bytes}"
        return ["PIPELINING", size, *starttls, "ENHANCEDSTATUSCODES", "8BITMIME", "SMTPUTF8", "HELP"]

    async def _speak_for(self, client: Client) -> None:
        """Starts the session anew, as a session of that client (https://www.postfix.org/XCLIENT_README.html)."""
        if client.address is not None:
            refusal = self.context.moved(self, client.address)
            if refusal is not None:
                await self._end(refusal)
        assert self.session is not None  # noqa: S101 - a command has come in
        self._set_rset_state()
        self._client_helo = self.session.host_name = client.helo
        await self.push(f"220 {self.hostname} {self.__ident__}")

    async def smtp_STARTTLS(self, arg: str | None) -> None:
        if self.tls_context is None:
            await self.push("502 5.5.1 TLS is not available")
        elif self._tls_protocol is not None:
            await self.push("503 5.5.1 TLS is in use already")
        elif arg:
            await self.push("501 5.5.4 STARTTLS takes no parameters")
        else:
            await super().smtp_STARTTLS("")
            if self._in_handshake():  # aiosmtpd takes a client that has hung up for a success
                raise TLSSetupException

    async def smtp_MAIL(self, arg: str | None) -> None:
        await self._obey(self._mail, arg)

    async def smtp_RCPT(self, arg: str | None) -> None:
        await self._obey(self._rcpt, arg)

    async def _obey(self, command: Callable[[str], str], arg: str | None) -> None:
        try:
            await self.push(command(arg or ""))
        except Refusal as refusal:
            await self.push(str(refusal))

    def _mail(self, arg: str) -> str:
        if self.session is None or not self.session.host_name:
            raise Refusal("503 5.5.1 Say hello first")
        if self._sender is not None:
            raise Refusal("503 5.5.1 There is a sender already")
        sender, parameters = parse_path(arg, "FROM:", "501 5.1.7", MAIL_PARAMETERS)
        check_mail_parameters(parameters, self.context.settings)
        self._sender, self._utf8 = sender, "SMTPUTF8" in parameters
        return "250 2.1.0 Ok"

    def _rcpt(self, arg: str) -> str:
        if self._sender is None:
            raise Refusal("503 5.5.1 There is no sender yet")
        recipient, _ = parse_path(arg, "TO:", "501 5.1.3", RCPT_PARAMETERS)
        if not recipient:
            raise Refusal("501 5.1.3 A recipient is needed")
        if len(self._recipients) >= MAX_RECIPIENTS:
            raise Refusal("452 4.5.3 Too many recipients, send the rest in another message")
        if not self.context.knows_recipient(recipient):
            # Only the domain is shown: a local part may carry a reply token.
            self.context.tell("recipient-refused", session=self.id, peer=self.peer, domain=recipient.rpartition("@")[2])
            raise Refusal("550 5.1.1 There is no such mailbox here")
        self._recipients.append(recipient)
        return "250 2.1.5 Ok"

    async def smtp_RSET(self, arg: str | None) -> None:
        self._set_rset_state()
        await self.push("250 2.0.0 Ok")

    async def smtp_NOOP(self, arg: str | None) -> None:
        await self.push("250 2.0.0 Ok")

    async def smtp_VRFY(self, arg: str | None) -> None:
        await self.push("252 2.5.0 Mailboxes are not verified, send mail to find out")

    async def smtp_EXPN(self, arg: str | None) -> None:
        await self.push("502 5.5.1 There are no lists to expand")

    async def smtp_HELP(self, arg: str | None) -> None:
        await self.push("214 2.0.0 " + " ".join(sorted(self._smtp_methods)))

    async def smtp_QUIT(self, arg: str | None) -> None:
        await self._end("221 2.0.0 Bye")

    # --- the message --------------------------------------------------------------------------------------

    async def smtp_DATA(self, arg: str | None) -> None:
        if arg or not self._recipients:
            await self.push("501 5.5.4 DATA takes no parameters" if arg else "503 5.5.1 There is no recipient yet")
            return
        if not self.context.settings.spool.has_room(0):
            await self.push(NO_SPACE)
            return
        self._receiving = True
        await self.push("354 End with a dot on a line of its own")
        held = self.context.settings.spool.hold()
        try:
            refusal = self._refusal(await self._receive(held))
        except BaseException:
            held.close()
            raise
        if refusal is not None:
            held.close()
        reply = refusal or await self._commit(held)
        self._reset_timeout()
        await self._answer(reply)
        self._set_rset_state()
        self._receiving = False
        if self._leaving:
            await self._end(SHUTTING_DOWN)

    async def _answer(self, reply: str) -> None:
        """Sends the reply to a message: once, or once for each recipient. The result is the same for all of them."""
        times = len(self._recipients) if self.door.answers == "each-recipient" else 1
        await self.push("\r\n".join([reply] * times))

    def _refusal(self, message: IncomingMessage) -> str | None:
        if message.oversized:
            return TOO_LARGE
        if message.trouble is not None:
            self.context.tell("no-room-to-receive", session=self.id, peer=self.peer, reason=str(message.trouble))
            return NO_SPACE
        return BARE if message.bare and self.context.settings.bare_newlines == "refuse" else None

    async def _receive(self, held: Held) -> IncomingMessage:  # noqa: RET503 - _end does not return
        limit = self.context.settings.max_message_bytes
        self._transmissions += 1
        message = IncomingMessage(limit, held)
        message.put_before(self._received_header())
        begun_at = self.loop.time()
        while message.received_bytes <= 2 * limit:
            chunk = await self._chunk(begun_at, message)
            after = message.feed(chunk)
            if after is not None:
                self._expect_nothing()
                self._unread(after)
                return message
        self.context.tell("message-too-large", session=self.id, peer=self.peer, size=message.received_bytes)
        await self._end(TOO_LARGE)

    async def _chunk(self, begun_at: float, message: IncomingMessage) -> bytes:
        """The next bytes of the message. There is a time limit."""
        limits = self._limits
        for_rate = begun_at + limits.rate_grace_seconds + message.received_bytes / limits.min_bytes_per_second
        self._expect(min(self.loop.time() + limits.chunk_seconds, for_rate), partial(self._too_slow, message))
        chunk = await self._reader.read(CHUNK_BYTES)
        if not chunk:
            self.context.tell("message-cut-off", session=self.id, peer=self.peer, size=message.received_bytes)
            await self._end()
        return chunk

    def _unread(self, data: bytes) -> None:
        """Puts the commands back that came after the message. StreamReader has no method for it."""
        if data:
            self._reader._buffer[:0] = data  # type: ignore[attr-defined]  # noqa: SLF001

    async def _commit(self, held: Held) -> str:
        """Hands the message over. A client that hangs up now cancels the wait, never the commit."""
        task = self.context.commit(held, self._envelope(), self._transmission)
        try:
            async with asyncio.timeout(self._limits.commit_seconds):
                reply = await asyncio.shield(task)
        except TimeoutError:
            self.context.tell("commit-slow", session=self.id, peer=self.peer, transmission=self._transmission)
            return TROUBLE
        if reply == ACCEPTED:
            self._refusals = 0
        return reply

    @property
    def _transmission(self) -> str:
        return f"{self.id}.{self._transmissions}"

    @property
    def _helo(self) -> str:
        """The name that the client gives itself. A relay's own greeting is not the greeting of the client it speaks
        for.
        """
        return self._client_helo or (self.session.host_name or "" if self.session is not None else "")

    def _envelope(self) -> Envelope:
        return Envelope(
            door=self.door,
            sender=self._sender,
            recipients=tuple(dict.fromkeys(self._recipients)),
            received_at=datetime.now(UTC),
            peer=self.peer,
            helo=self._helo,
            trusted=self.trusted,
        )

    def _received_header(self) -> bytes:
        """The Received field (RFC 5321, 4.4). It names a recipient only if there is one, so that nobody learns of
        another.
        """
        peer = f"[{'IPv6:' if ':' in self.peer else ''}{self.peer}]" if self.peer else self._without_address
        to = f"\r\n\tfor <{self._recipients[0]}>" if len(self._recipients) == 1 else ""
        lines = (
            f"Received: from {self._helo} ({peer})\r\n"
            f"\tby {self.hostname} ({self.context.settings.ident}) with {self._with()} id {self._transmission}{to};\r\n"
            f"\t{format_datetime(datetime.now(UTC))}\r\n"
        )
        return lines.encode()

    def _with(self) -> str:
        """The registered name of the protocol as it was used (RFC 3848, RFC 6531 section 4.3)."""
        secured = "S" if self._tls_protocol is not None else ""
        if self._utf8:
            return f"UTF8{self.protocol}{secured}"
        extended = self.protocol == "SMTP" and self.session is not None and self.session.extended_smtp
        return f"{'E' if extended else ''}{self.protocol}{secured}"
