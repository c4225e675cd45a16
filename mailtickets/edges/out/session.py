"""One connection to the smarthost: TLS, login, and one mail after another.

Owns: the SMTP dialogue over aiosmtplib's connection, and what each reply, or a missing reply, means for the mail.
*Fails with*: NoConnection while opening; IdleConnectionClosed when the other side has closed an idle connection.
*Limits*: from the moment when the kernel has the final dot, a lost connection gives `Unknown`: nobody can tell whether
the other side took the message.
"""

import asyncio
import re
import ssl
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, cast

from aiosmtplib import SMTP, SMTPException, SMTPResponse, SMTPResponseException

from mailtickets.config.credentials import CredentialDead, CredentialLate
from mailtickets.desk.letters.retry import is_throttling
from mailtickets.desk.model.delivery import Deferred, Delivery, Refused, Sent, Throttled, Unknown
from mailtickets.edges.out.advice import login_hint
from mailtickets.edges.out.login import LoginFailed, log_in
from mailtickets.edges.out.settings import SmtpOutSettings
from mailtickets.edges.out.transmission import Transmission, reported_id
from mailtickets.edges.out.wire import Reply, SmtpWire
from mailtickets.edges.sasl import TokenRefused, logged_in

QUIT_SECONDS = 5.0
CHUNK_OCTETS = 65_536
REPLY_CHARACTERS = 500

OUR_TROUBLE = frozenset({503, 530, 534, 535, 538})
"""Codes that are permanent, but are about our login or our session and never about the mail (RFC 4954, 6)."""

_LOG_IN_AGAIN = frozenset({421, 530})
"""What a server says to MAIL on a connection that was idle or has lasted long: it hangs up (421), or the login, whose
token has ended meanwhile, counts no more (530).
"""
_PASSWORDS_ARE_OFF = "5.7.30"
"""Microsoft's status for a login by password where passwords are switched off. Its code is 550, and no mail is to
blame.
"""
_GOOD = ((250,), (250, 251), (354,))
"""The codes after which the dialogue goes on: for MAIL, RCPT and DATA."""

_STATUS = re.compile(r"([245]\.\d{1,3}\.\d{1,3})\b")


class NoConnection(Exception):
    """There is no usable connection to the smarthost. Nothing was sent."""

    def __init__(self, result: Deferred | Throttled) -> None:
        super().__init__(result.reply)
        self.result = result


NO_TOKEN = "there is no token: "  # noqa: S105 - the beginning of a reply
"""How the reply begins for mail that waits for a token."""


class NoSecret(NoConnection):
    """There is no token to log in with. The smarthost was not asked, and may be well."""


class IdleConnectionClosed(Exception):
    """The other side closed an idle connection before it took anything of this mail."""


class SmarthostConnection:
    """One connection. `open` it once, `deliver` and `settle` in turns, then `quit` or `abort`."""

    def __init__(self, settings: SmtpOutSettings) -> None:
        self._settings = settings
        self._smtp = _client(settings)
        self._wire: SmtpWire | None = None
        self._extensions: frozenset[str] = frozenset()
        self._reused = False
        self._within = False
        self._broken = False
        self._expire: asyncio.TimerHandle | None = None
        self.max_size: int | None = None
        """The SIZE that EHLO announced (RFC 1870). 0 there means no limit."""
        self.greeting, self.limits = "", ""
        """What the server said when it was connected to, and the LIMITS that EHLO announced (RFC 9422)."""
        self.steps: list[str] = []
        """The steps that have succeeded so far, in words."""

    @property
    def usable(self) -> bool:
        return self._wire is not None and self._wire.is_open and not self._broken

    @property
    def _open_wire(self) -> SmtpWire:
        assert self._wire is not None  # noqa: S101 - set by `open`
        return self._wire

    @property
    def _pipelines(self) -> bool:
        return "pipelining" in self._extensions

    def kept(self, expire: asyncio.TimerHandle) -> None:
        self._reused, self._expire = True, expire

    # --- beginning and end

    async def open(self, context: ssl.SSLContext) -> None:
        """Connects, starts TLS and logs in. If it raises NoConnection, the connection is closed."""
        try:
            if self._settings.username:
                await logged_in(self._settings.credential, partial(self._begin, context))
            else:
                await self._begin(context)
            self._take_over()
        except SMTPResponseException as error:
            self.abort()
            reply = shown(error.code, error.message)
            permanent_login = isinstance(error, LoginFailed) and error.code >= 500
            text = f"{self._settings.host} answered {reply}{self._hint(reply) if permanent_login else ''}"
            throttled = is_throttling(error.code, error.message)
            raise NoConnection(Throttled(text) if throttled else Deferred(text)) from error
        except TokenRefused as error:
            self.abort()
            raise NoConnection(Deferred(f"{self._settings.host} answered {error}{self._hint(str(error))}")) from error
        except (CredentialDead, CredentialLate) as error:
            raise NoSecret(Deferred(f"{NO_TOKEN}{error}")) from error
        except (OSError, SMTPException, ValueError, KeyError) as error:
            self.abort()
            raise NoConnection(Deferred(f"{self._settings.host}:{self._settings.port}: {why(error)}")) from error
        except BaseException:
            self.abort()
            raise

    async def _begin(self, context: ssl.SSLContext, secret: str = "") -> None:
        """Connects and logs in. After a refused token it is called again: it makes a new connection, because servers
        hang up on refused tokens.
        """
        self.abort()
        self._smtp, self.steps = _client(self._settings), []
        await self._greet(context)
        await self._secure(context)
        if self._settings.username:
            await log_in(self._smtp, self._settings, secret)
            self.steps.append(f"logged in as {self._settings.username}")

    def _hint(self, reply: str) -> str:
        return login_hint(self._settings.host, self._settings.credential.method, reply)

    async def _greet(self, context: ssl.SSLContext) -> None:
        where = f"{self._settings.host}:{self._settings.port}"
        greeting = await self._smtp.connect(timeout=self._settings.timeouts.connect, tls_context=context)
        self.greeting = greeting.message
        self.steps.append(f"connected to {where}")
        await self._smtp.ehlo()

    async def _secure(self, context: ssl.SSLContext) -> None:
        host = self._settings.host
        if self._settings.tls == "starttls":
            if not self._smtp.supports_extension("starttls"):
                raise SMTPException(
                    f'{host} does not offer STARTTLS, and tls = "starttls" requires it: nothing was sent'
                )
            await self._smtp.starttls(tls_context=context, timeout=self._settings.timeouts.connect)
            await self._smtp.ehlo()
        if self._settings.tls != "none":
            self.steps.append(f"{self._smtp.get_transport_info('cipher')[1]}, and the certificate of {host} is valid")

    def _take_over(self) -> None:
        """Takes the transport over from aiosmtplib, which cannot tell before the dot from after it, and cannot
        pipeline.
        """
        transport = cast("asyncio.WriteTransport | None", self._smtp.transport)
        if transport is None or transport.is_closing():
            raise SMTPException("it hung up after the greeting")
        size = self._smtp.esmtp_extensions.get("size", "").strip()
        self.max_size = int(size) or None if size.isascii() and size.isdigit() else None
        self.limits = " ".join(self._smtp.esmtp_extensions.get("limits", "").split())
        self._extensions = frozenset(self._smtp.esmtp_extensions)
        self._wire = SmtpWire(transport)

    async def quit(self) -> None:
        self._stop_expiring()
        try:
            if self._wire is not None:
                await self._wire.answer(self._wire.ask(b"QUIT")[0], QUIT_SECONDS)
        except (OSError, SMTPException):
            pass
        finally:
            self.abort()

    def abort(self) -> None:
        """Closes the connection at once, without QUIT."""
        self._stop_expiring()
        transport = cast("asyncio.WriteTransport | None", self._smtp.transport)
        if transport is not None:
            transport.abort()
        self._smtp.close()

    def _stop_expiring(self) -> None:
        if self._expire is not None:
            self._expire.cancel()

    # --- one mail

    async def deliver(self, mail: Transmission) -> Delivery:
        """Sends one mail in one transaction. Raises IdleConnectionClosed when an idle connection turns out to be
        closed.
        """
        self._stop_expiring()
        if not self.usable:
            raise IdleConnectionClosed
        if refused := self._cannot_carry(mail):
            return refused
        try:
            delivery = await self._envelope(mail)
        except (OSError, SMTPException) as error:
            self._broken = True
            return Deferred(f"{self._settings.host}: {why(error)}")
        return delivery or await self._content(mail)

    async def settle(self) -> None:
        """Makes the connection ready for another mail after a refusal."""
        if not (self._within and self.usable):
            return
        try:
            response = await self._ask(b"RSET")
        except (OSError, SMTPException):
            self._broken = True
        else:
            self._broken = response.code != 250
            self._within = False

    def _cannot_carry(self, mail: Transmission) -> Refused | None:
        host = self._settings.host
        if mail.utf8 and "smtputf8" not in self._extensions:
            return Refused(f"553 5.6.7 {host} does not carry addresses outside ASCII (SMTPUTF8)", "5.6.7")
        if self.max_size and mail.size > self.max_size:
            return Refused(f"552 5.3.4 {mail.size} bytes are more than the {self.max_size} {host} takes", "5.3.4")
        return None

    async def _ask(self, command: bytes) -> SMTPResponse:
        return await self._open_wire.answer(self._open_wire.ask(command)[0], self._settings.timeouts.command)

    async def _envelope(self, mail: Transmission) -> Delivery | None:
        """Sends MAIL, RCPT and DATA. Returns None when the content may follow, otherwise the result."""
        self._within = True
        commands = (self._mail_command(mail), f"RCPT TO:<{mail.recipient}>".encode(), b"DATA")
        replies, refused = self._asked(commands), None
        for good in _GOOD:
            try:
                response = await self._open_wire.answer(next(replies), self._settings.timeouts.command)
            except (OSError, SMTPException) as error:
                if refused is None:
                    self._mind_idleness(good, error)
                    raise
                self._broken = True
                break
            if self._reused and good is _GOOD[0] and response.code in _LOG_IN_AGAIN:
                raise IdleConnectionClosed
            if refused is not None:
                self._broken |= response.code == 354  # the server waits for a message that must not be sent
            elif response.code not in good:
                refused = response
            if refused is not None and not self._pipelines:
                break
        return self._verdict(refused) if refused is not None else None

    def _asked(self, commands: Sequence[bytes]) -> Iterator[Reply]:
        """Sends all commands in one go if the server allows it (RFC 2920), otherwise each when its reply is asked
        for.
        """
        if self._pipelines:
            yield from self._open_wire.ask(*commands)
        else:
            for command in commands:
                yield from self._open_wire.ask(command)

    def _mind_idleness(self, good: tuple[int, ...], error: Exception) -> None:
        if self._reused and good is _GOOD[0] and not isinstance(error, TimeoutError):
            raise IdleConnectionClosed from error

    def _mail_command(self, mail: Transmission) -> bytes:
        command = f"MAIL FROM:<{mail.sender}>"
        if "size" in self._extensions:
            command += f" SIZE={mail.size}"
        if mail.eight_bit and "8bitmime" in self._extensions:
            command += " BODY=8BITMIME"
        if mail.utf8:
            command += " SMTPUTF8"
        return command.encode()

    async def _content(self, mail: Transmission) -> Delivery:
        """Sends the message and the final dot. Listens meanwhile: a server may refuse, or close, in the middle."""
        wire = self._open_wire
        reply = wire.listen()
        if failure := await self._write(wire, mail.wire, reply):
            return failure
        wire.write(b".\r\n")
        await asyncio.wait({reply}, timeout=self._settings.timeouts.final_dot)
        return self._final(reply, mail)

    async def _write(self, wire: SmtpWire, octets: bytes, reply: Reply) -> Delivery | None:
        """Sends everything before the final dot. Returns a result only if that failed."""
        await asyncio.sleep(0)  # lets data be read that came together with the 354
        try:
            for start in range(0, len(octets), CHUNK_OCTETS):
                if reply.done():
                    break
                wire.write(octets[start : start + CHUNK_OCTETS])
                await self._drained(wire, reply)
        except OSError as error:
            self._broken = True
            return Deferred(f"{self._settings.host}: connection lost before the final dot: {why(error)}")
        return self._early(reply) if reply.done() else None

    async def _drained(self, wire: SmtpWire, reply: Reply) -> None:
        """Waits until the kernel has taken the block, or the server answers instead of reading it."""
        if wire.is_drained:
            return
        drain = asyncio.ensure_future(wire.drain())
        either: set[asyncio.Future[Any]] = {drain, reply}
        try:
            done, _ = await asyncio.wait(
                either, timeout=self._settings.timeouts.data, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            drain.cancel()
        if drain in done:
            drain.result()
        elif not done:
            raise TimeoutError(f"nothing was read for {self._settings.timeouts.data:.0f} s")

    def _early(self, reply: Reply) -> Delivery:
        """What an answer before the final dot means. Whatever it says, the server does not have the message yet."""
        self._broken = True
        if error := reply.exception():
            return Deferred(f"{self._settings.host}: connection lost before the final dot: {why(error)}")
        return self._verdict(reply.result())

    def _final(self, reply: Reply, mail: Transmission) -> Delivery:
        host = self._settings.host
        if not reply.done():
            self._broken = True
            return Unknown(f"{host}: no answer {self._settings.timeouts.final_dot:.0f} s after the final dot")
        if error := reply.exception():
            self._broken = True
            return Unknown(f"{host}: connection lost after the final dot: {why(error)}")
        self._within = False
        response = reply.result()
        if 200 <= response.code < 300:
            return Sent(shown(*response), reported_id(host, response.message, mail))
        return self._verdict(response)

    def _verdict(self, response: SMTPResponse) -> Delivery:
        """What a reply other than the expected one means for this mail."""
        code, text = response
        reply = shown(code, text)
        if code == 421 or not 400 <= code < 600:
            self._broken = True
        if is_throttling(code, text):
            return Throttled(reply)
        if code in OUR_TROUBLE or text.startswith(_PASSWORDS_ARE_OFF):
            self._broken |= bool(self._settings.username)  # a new connection logs in anew, with the present secret
            return Deferred(reply)
        if not 500 <= code < 600:
            return Deferred(reply)
        status = _STATUS.match(text)
        return Refused(reply, status[1] if status else None)


def _client(settings: SmtpOutSettings) -> SMTP:
    return SMTP(
        hostname=settings.host,
        port=settings.port,
        local_hostname=settings.local_hostname,
        timeout=settings.timeouts.command,
        use_tls=settings.tls == "implicit",
        start_tls=False,  # `open` starts TLS: aiosmtplib goes on in clear text when TLS is not offered
    )


def shown(code: int, text: str) -> str:
    """A reply as one line that can be stored and shown."""
    words = " ".join(f"{code} {text}".split())
    return "".join(c if c.isprintable() else "?" for c in words)[:REPLY_CHARACTERS]


def why(error: BaseException) -> str:
    cause = error.__cause__ or error
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"its certificate is not accepted: {cause.verify_message}"
    if isinstance(cause, KeyError):
        return f"the environment has no {cause.args[0]}"
    return " ".join(str(error).split())[:REPLY_CHARACTERS] or type(error).__name__
