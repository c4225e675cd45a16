"""A smarthost in this process that answers as the test tells it to, and remembers what it was told.

    async with FakeSmtp() as server:
        server.say("RCPT", "450 4.2.0 Greylisted")      # once; then it answers as usual
        server.say(".", DROP)

Steps that can be told an answer: CONNECT (the greeting), EHLO, STARTTLS, AUTH, MAIL, RCPT, DATA, BODY (when the first
octets of a message have come), `.` (the final dot), RSET, QUIT.
"""

import asyncio
import base64
import contextlib
import re
import ssl
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self


@dataclass(frozen=True)
class Drop:
    """Hangs up without a word."""


@dataclass
class Hold:
    """Waits until the test sets `go`, then answers."""

    reply: "str | Drop"
    go: asyncio.Event = field(default_factory=asyncio.Event)
    reached: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(frozen=True)
class Slow:
    """Takes its time."""

    seconds: float
    reply: "str | Drop"


@dataclass(frozen=True)
class Last:
    """Answers, and hangs up in the same breath."""

    reply: str


Reply = str | Drop | Hold | Slow | Last
DROP = Drop()


@dataclass(frozen=True)
class Received:
    """A message the server took."""

    sender: str
    recipient: str
    content: bytes
    """With dots taken out again, CRLF as it came."""
    wire: bytes
    """Exactly what came, less the final dot."""
    session: int
    encrypted: bool
    user: str | None
    mail_options: tuple[str, ...]


class FakeSmtp:
    """Listens on a free port of loopback while the `async with` block runs."""

    host = "127.0.0.1"
    pipelining = True

    def __init__(
        self,
        *,
        extensions: tuple[str, ...] = ("SIZE 1000000", "8BITMIME", "ENHANCEDSTATUSCODES"),
        tls: ssl.SSLContext | None = None,
        implicit: bool = False,
        users: Mapping[str, str] | None = None,
    ) -> None:
        self.extensions = extensions
        self.tls = tls
        self.implicit = implicit
        self.users = dict(users or {})
        self.tokens: dict[str, str] = {}
        """Access tokens that are taken, and whose they are."""
        self.challenge = '{"status":"401","schemes":"bearer","scope":"mail"}'
        """What a client with another token is told first."""
        self.mechanisms = "PLAIN LOGIN"
        self.auth_lines: list[int] = []
        """The lengths of the lines with AUTH and of those that continue it."""
        self.port = 0
        self.sessions = 0
        self.open_sessions = 0
        self.commands: list[str] = []
        """Every command line of every session, AUTH without its argument."""
        self.received: list[Received] = []
        self.keeps_at_dot = False
        """A mail is taken at its final dot, whatever is answered, or whether anybody is left to hear it."""
        self.quiet = asyncio.Event()
        """Set whenever the last open session has ended."""
        self._script: dict[str, deque[Reply]] = defaultdict(deque)
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()

    def say(self, step: str, *replies: Reply) -> None:
        """The next answers at this step, one each."""
        self._script[step].extend(replies)

    def scripted(self, step: str) -> Reply | None:
        return self._script[step].popleft() if self._script[step] else None

    def is_scripted(self, step: str) -> bool:
        return bool(self._script[step])

    async def __aenter__(self) -> Self:
        context = self.tls if self.implicit else None
        self._server = await asyncio.start_server(self._serve, self.host, 0, ssl=context, limit=1 << 22)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def stop(self) -> None:
        """Refuses new connections."""
        if self._server is not None:
            self._server.close()
            await asyncio.sleep(0)

    async def hang_up(self) -> None:
        """Closes every open session."""
        for writer in self._writers:
            writer.close()
        await self.quiet.wait()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._writers.add(writer)
        self.sessions += 1
        self.open_sessions += 1
        self.quiet.clear()
        try:
            await _Session(self, reader, writer, self.sessions).run()
        except (OSError, asyncio.IncompleteReadError, _HangUp):
            pass
        finally:
            writer.transport.abort()
            self._tasks.discard(task)
            self._writers.discard(writer)
            self.open_sessions -= 1
            if not self.open_sessions:
                self.quiet.set()


class _HangUp(Exception):
    pass


class _Session:
    def __init__(
        self, server: FakeSmtp, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int
    ) -> None:
        self.server, self.reader, self.writer, self.number = server, reader, writer, number
        self.encrypted = server.implicit
        self.user: str | None = None
        self.sender: str | None = None
        self.options: tuple[str, ...] = ()
        self.recipient: str | None = None

    async def run(self) -> None:
        if not await self.answer("CONNECT", "220 fake.test ESMTP"):
            return
        while line := await self.reader.readline():
            text = line.decode().rstrip("\r\n")
            verb = text.split(" ")[0].upper()
            self.server.commands.append("AUTH" if verb == "AUTH" else text)
            act = getattr(self, f"on_{verb.lower()}", None)
            if act is None:
                await self.put("502 5.5.1 what?")
            elif await act(text) is False:
                return

    async def put(self, reply: str) -> None:
        self.writer.write(reply.replace("\n", "\r\n").encode() + b"\r\n")
        await self.writer.drain()

    async def answer(self, step: str, usual: str) -> bool:
        """Says what the script says, else the usual; tells whether that was a yes."""
        reply = self.server.scripted(step) or usual
        if isinstance(reply, Hold):
            reply.reached.set()
            await reply.go.wait()
            reply = reply.reply
        if isinstance(reply, Slow):
            await asyncio.sleep(reply.seconds)
            reply = reply.reply
        if isinstance(reply, Drop):
            raise _HangUp
        last = isinstance(reply, Last)
        reply = reply.reply if isinstance(reply, Last) else reply
        await self.put(reply)
        if last:
            self.writer.write_eof()
            await self.reader.read()
        if last or reply.startswith("421"):
            raise _HangUp
        return reply[0] in "23"

    async def on_ehlo(self, _: str) -> None:
        extensions = list(self.server.extensions)
        if self.server.pipelining:
            extensions.append("PIPELINING")
        if self.server.tls and not self.encrypted:
            extensions.append("STARTTLS")
        if self.server.users or self.server.tokens:
            extensions.append(f"AUTH {self.server.mechanisms}")
        lines = ["fake.test", *extensions]
        await self.answer(
            "EHLO", "\n".join(f"250{' ' if i == len(lines) - 1 else '-'}{x}" for i, x in enumerate(lines))
        )

    async def on_starttls(self, _: str) -> None:
        if await self.answer("STARTTLS", "220 go ahead"):
            assert self.server.tls is not None
            await self.writer.start_tls(self.server.tls)
            self.encrypted = True

    async def on_auth(self, text: str) -> None:
        self.server.auth_lines.append(len(text))
        _, method, *arguments = text.split(" ")
        if method in {"XOAUTH2", "OAUTHBEARER"}:
            await self.by_token(method, *arguments)
            return
        argument = arguments[0]
        if method == "PLAIN":
            _, user, password = base64.b64decode(argument).decode().split("\0")
        else:
            await self.put("334 UGFzc3dvcmQ6")
            user = base64.b64decode(argument).decode()
            password = base64.b64decode(await self.reader.readline()).decode()
        right = self.server.users.get(user) == password
        if await self.answer("AUTH", "235 2.7.0 ok" if right else "535 5.7.8 wrong") and right:
            self.user = user

    async def by_token(self, method: str, argument: str | None = None) -> None:
        """A wrong token gets a challenge first, and its end is an empty line or `AQ==`."""
        if argument is None:
            argument = await self.ask("")
        said = base64.b64decode(argument).decode()
        token = said.partition("auth=Bearer ")[2].rstrip("\1")
        user = re.split(r"[\1,]", said.partition("user=" if method == "XOAUTH2" else "a=")[2])[0]
        right = self.server.tokens.get(token) == user
        if not right and not self.server.is_scripted("AUTH"):
            end = await self.ask(base64.b64encode(self.server.challenge.encode()).decode())
            assert end == ("" if method == "XOAUTH2" else "AQ==")
        if await self.answer("AUTH", "235 2.7.0 ok" if right else "535 5.7.3 Authentication unsuccessful") and right:
            self.user = user

    async def ask(self, challenge: str) -> str:
        await self.put(f"334 {challenge}")
        line = (await self.reader.readline()).decode().rstrip("\r\n")
        self.server.auth_lines.append(len(line))
        return line

    async def on_mail(self, text: str) -> None:
        found = re.fullmatch(r"MAIL FROM:<(.*?)>((?: \S+)*)", text)
        if self.sender is not None:
            await self.put("503 5.5.1 nested MAIL")
        elif found is None:
            await self.put("501 5.5.4 syntax")
        elif (self.server.users or self.server.tokens) and self.user is None:
            await self.put("530 5.7.0 Authentication required")
        elif await self.answer("MAIL", "250 2.1.0 ok"):
            self.sender, self.options = found[1], tuple(found[2].split())

    async def on_rcpt(self, text: str) -> None:
        found = re.fullmatch(r"RCPT TO:<(.+)>", text)
        if self.sender is None or found is None:
            await self.put("503 5.5.1 need MAIL")
        elif await self.answer("RCPT", "250 2.1.5 ok"):
            self.recipient = found[1]

    async def on_data(self, _: str) -> None:
        if self.sender is None or self.recipient is None:
            await self.put("503 5.5.1 need RCPT")
        elif await self.answer("DATA", "354 go on"):
            if self.server.is_scripted("BODY"):
                await self._stop_reading()
            wire = await self._until_final_dot()
            content = re.sub(rb"(?m)^\.", b"", wire)
            mail = Received(
                self.sender, self.recipient, content, wire, self.number, self.encrypted, self.user, self.options
            )
            if self.server.keeps_at_dot:
                self.server.received.append(mail)
            said_yes = await self.answer(".", f"250 2.0.0 Ok: queued as {len(self.server.received) + 1:06X}")
            if said_yes and not self.server.keeps_at_dot:
                self.server.received.append(mail)
            self._reset()

    async def _stop_reading(self) -> None:
        """In the middle of a message, so that whatever else the client writes stays with the client."""
        await self.reader.readexactly(1)
        transport = self.writer.transport
        assert isinstance(transport, asyncio.ReadTransport)
        transport.pause_reading()
        await self.answer("BODY", "")
        transport.resume_reading()
        while await self.reader.read(1 << 16):
            pass
        raise _HangUp

    async def _until_final_dot(self) -> bytes:
        return (await self.reader.readuntil(b"\r\n.\r\n"))[: -len(b".\r\n")]

    async def on_rset(self, _: str) -> None:
        if await self.answer("RSET", "250 2.0.0 ok"):
            self._reset()

    def _reset(self) -> None:
        self.sender = self.recipient = None
        self.options = ()

    async def on_quit(self, _: str) -> bool:
        with contextlib.suppress(OSError):
            await self.answer("QUIT", "221 2.0.0 bye")
        return False
