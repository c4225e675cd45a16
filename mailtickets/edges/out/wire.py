"""Commands and replies on an open connection to a server, several of each at a time (RFC 2920).

Takes over aiosmtplib's transport after the login: that library sends one command at a time and waits for the answer.
*Fails with*: the errors of aiosmtplib: SMTPServerDisconnected, SMTPReadTimeoutError, and SMTPResponseException for
bytes that are not a reply.
"""

import asyncio
from collections import deque

from aiosmtplib import SMTPReadTimeoutError, SMTPResponse, SMTPResponseException, SMTPServerDisconnected

REPLY_OCTETS = 32_768
_NO_REPLY = -1

Reply = asyncio.Future[SMTPResponse]


class SmtpWire(asyncio.Protocol):
    def __init__(self, transport: asyncio.WriteTransport) -> None:
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._expected: deque[Reply] = deque()
        self._buffer = bytearray()
        self._lines: list[bytes] = []
        self._error: Exception | None = None
        self._writable: asyncio.Future[None] | None = None
        """Done when the kernel has taken what was written."""
        transport.set_write_buffer_limits(high=1)  # drained: handed to the kernel; with 0, TLS never is in Python 3.11
        transport.set_protocol(self)

    @property
    def is_open(self) -> bool:
        return self._error is None and not self._transport.is_closing()

    # --- for the sender

    def ask(self, *commands: bytes) -> list[Reply]:
        """Writes commands in one go. Returns their replies, which are still to come."""
        if not self.is_open:
            raise SMTPServerDisconnected("Connection lost")
        if any(b"\n" in command or b"\r" in command for command in commands):
            raise ValueError("a command of several lines")
        replies = [self.listen() for _ in commands]
        self._transport.write(b"\r\n".join([*commands, b""]))
        return replies

    def listen(self) -> Reply:
        """Returns the reply to what is written next."""
        reply: Reply = self._loop.create_future()
        if self._error is not None:
            _fail(reply, self._error)
        else:
            self._expected.append(reply)
        return reply

    async def answer(self, reply: Reply, seconds: float) -> SMTPResponse:
        try:
            async with asyncio.timeout(seconds):
                return await reply
        except TimeoutError as error:
            raise SMTPReadTimeoutError("Timed out waiting for server response") from error

    def write(self, octets: bytes) -> None:
        self._transport.write(octets)

    @property
    def is_drained(self) -> bool:
        return not self._transport.get_write_buffer_size()

    async def drain(self) -> None:
        if self._error is not None:
            raise ConnectionResetError("Connection lost")
        if self._writable is not None:
            await asyncio.shield(self._writable)

    # --- for the transport

    def data_received(self, data: bytes) -> None:
        if not self._expected:
            return  # nobody has asked; the next reply must not be taken for this one
        self._buffer += data
        while self._expected and (end := self._buffer.find(b"\n")) >= 0:
            line = bytes(self._buffer[: end + 1])
            del self._buffer[: end + 1]
            self._read(line)
        if not self._expected:
            self._buffer.clear()
        elif len(self._buffer) + sum(map(len, self._lines)) > REPLY_OCTETS:
            self._end(SMTPResponseException(_NO_REPLY, "Response too long"))

    def _read(self, line: bytes) -> None:
        if not line[:3].isdigit():
            text = line.decode("utf-8", "replace")
            self._end(SMTPResponseException(_NO_REPLY, f"Malformed SMTP response line: {text}"))
            return
        self._lines.append(line[4:].strip())
        if line[3:4] != b"-":
            text = b"\n".join(self._lines).decode("utf-8", "surrogateescape")
            self._lines.clear()
            reply = self._expected.popleft()
            if not reply.done():
                reply.set_result(SMTPResponse(int(line[:3]), text))

    def pause_writing(self) -> None:
        self._writable = self._loop.create_future()

    def resume_writing(self) -> None:
        writable, self._writable = self._writable, None
        if writable is not None and not writable.done():
            writable.set_result(None)

    def eof_received(self) -> None:
        self._end(SMTPServerDisconnected("Unexpected EOF received"))

    def connection_lost(self, error: Exception | None) -> None:
        closed = SMTPServerDisconnected("Connection lost")
        closed.__cause__ = error
        self._end(closed)
        if self._writable is not None and not self._writable.done():
            _fail(self._writable, ConnectionResetError("Connection lost"))

    def _end(self, why: Exception) -> None:
        """Ends the wait for replies: nothing more will come from this connection."""
        self._error = self._error or why
        while self._expected:
            _fail(self._expected.popleft(), why)


def _fail(waiting: "asyncio.Future[SMTPResponse] | asyncio.Future[None]", why: Exception) -> None:
    if not waiting.done():
        waiting.set_exception(why)
        waiting.exception()  # marks the exception as seen, so that asyncio does not complain when nobody looks at it
