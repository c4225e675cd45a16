"""aioimaplib's protocol with our own reader: lines and literals come in, commands go out."""

import asyncio
import re
from typing import Any

from aioimaplib import aioimaplib

from mailtickets.edges.imap.answers import (
    FETCH,
    QUOTED,
    AnswerLine,
    network_reason,
    server_words,
)
from mailtickets.edges.sasl import Exchange

MAX_LINE_BYTES = 1 << 20
LOST = "LOST"
"""Replaces OK or NO in the answer to a command when the connection ended before the answer came."""
_LITERAL = re.compile(rb"\{(\d+)\}$")
_NEWS = re.compile(rb"\d+ (EXISTS|RECENT)\b")


class ImapWire(aioimaplib.IMAP4ClientProtocol):  # type: ignore[misc]  # aioimaplib has no annotations
    """aioimaplib's protocol with another reader.

    aioimaplib's own reader calls itself once per line, so that about 980 lines in one packet kill it (its issue 118).
    It formats every packet for its log. It leaves commands waiting for ever when the connection is lost (its issue
    110).
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, max_literal_bytes: int) -> None:
        super().__init__(loop)
        self.current_command: Any = None
        self.greeting: asyncio.Future[bytes] = loop.create_future()
        self.closed = asyncio.Event()
        self.reason = ""
        """Why the connection ended, if the reason is known."""
        self._max_literal_bytes = max_literal_bytes

    def connection_lost(self, exc: Exception | None) -> None:
        self.state = aioimaplib.LOGOUT
        self.reason = self.reason or (network_reason(exc) if exc else "") or "the server closed the connection"
        if not self.greeting.done():
            self.greeting.set_result(b"")
        for command in (self.pending_sync_command, *self.pending_async_commands.values()):
            if command is not None:
                command.close(self.reason.encode(), LOST)
        self.closed.set()

    def data_received(self, d: bytes) -> None:
        try:
            self._read(self.incomplete_line + d)
        except Exception as error:  # whatever error the reader meets, the connection can no longer be used
            self.reason = self.reason or f"odd answer: {error}"
            self.transport.abort()

    def _read(self, data: bytes) -> None:
        command, self.current_command, self.incomplete_line = self.current_command, None, b""
        at = 0
        while at < len(data):
            if command is not None and command.wait_literal_data():
                at = len(data) - len(command.append_literal_data(data[at:]))
                continue
            end = data.find(b"\r\n", at)
            if end < 0:
                self._keep(data[at:])
                break
            command = self._read_line(data[at:end], command)
            at = end + 2
        self.current_command = command
        if self.pending_sync_command is not None:
            self.pending_sync_command.flush()

    def _keep(self, beginning: bytes) -> None:
        if len(beginning) > MAX_LINE_BYTES:
            raise aioimaplib.Abort(f"a line of more than {MAX_LINE_BYTES} octets")
        self.incomplete_line = beginning

    def _read_line(self, line: bytes, command: Any) -> Any:
        """The command that the next line belongs to, if that is known already."""
        command = self._handle_line(line, command)
        literal = _LITERAL.search(line)
        if literal is None:
            return command if command is not None and command.wait_data() else None
        size = int(literal[1])
        if size > self._max_literal_bytes:
            raise aioimaplib.Abort(f"a literal of {size} octets")
        command = command or aioimaplib.Command("NIL", "unused", loop=self.loop)
        command.begin_literal_data(size)
        return command

    def _handle_line(self, line: bytes, current_cmd: Any) -> Any:
        if self.state == aioimaplib.CONNECTED:
            self._greet(line)
            return None
        if current_cmd is None and line[:5].upper() == b"* BYE":
            self.reason = server_words(line[2:])
        return super()._handle_line(line, current_cmd)

    def _greet(self, line: bytes) -> None:
        states = {b"OK": aioimaplib.NONAUTH, b"PREAUTH": aioimaplib.AUTH}
        kind = line[2:].split(b" ")[0].upper()
        self.state = states.get(kind, aioimaplib.LOGOUT)
        if not self.greeting.done():
            self.greeting.set_result(line[2:])

    async def authenticate(self, attempt: Exchange, *, at_once: bool) -> Any:
        """Logs in by SASL. `at_once`: the server takes the response within the command (SASL-IR, RFC 4959)."""
        response = (attempt.answer(b"").decode(),) if at_once else ()
        result = await self.execute(_Authenticate(self.new_tag(), attempt, *response, loop=self.loop))
        if result.result == "OK":
            self.state = aioimaplib.AUTH
        return result

    def _continuation(self, line: bytes) -> None:
        """aioimaplib takes a challenge for a part of the answer, and waits for the rest for ever."""
        command = self.pending_sync_command
        if isinstance(command, _Authenticate):
            self.transport.write(command.attempt.answer(line[1:].strip()) + b"\r\n")
        else:
            super()._continuation(line)

    async def fetch_by_uid(self, uids: str, items: str, timeout: float) -> Any:
        """Fetches by UID. `timeout` is for each pause between two pieces of the answer."""
        return await self.execute(_Fetch(self.new_tag(), uids, items, loop=self.loop, timeout=timeout))

    async def news(self) -> None:
        """Returns when the server has reported new messages during IDLE."""
        while not any(_NEWS.match(line) for line in await self.idle_queue.get()):
            pass


class _Authenticate(aioimaplib.Command):  # type: ignore[misc]  # aioimaplib has no annotations
    """AUTHENTICATE, and the exchange that follows it."""

    def __init__(self, tag: str, attempt: Exchange, *response: str, **options: Any) -> None:
        super().__init__("AUTHENTICATE", tag, attempt.mechanism, *response, **options)
        self.attempt = attempt


class _Fetch(aioimaplib.Command):  # type: ignore[misc]  # aioimaplib has no annotations
    """UID FETCH that knows after each line whether the parentheses of its answer are closed.

    aioimaplib's own counts the parentheses of the whole response at each line, and also counts those in quoted strings.
    """

    def __init__(self, tag: str, *args: str, **options: Any) -> None:
        super().__init__("FETCH", tag, *args, prefix="UID", **options)
        self._open = 0

    def append_to_resp(self, line: AnswerLine, result: str = "Pending") -> None:
        super().append_to_resp(line, result)
        if isinstance(line, bytearray):
            return
        plain = QUOTED.sub(b"", line)
        before = 0 if FETCH.match(line) else self._open
        self._open = before + plain.count(b"(") - plain.count(b")")

    def wait_data(self) -> bool:
        return self._open > 0
