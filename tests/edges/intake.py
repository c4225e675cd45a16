"""What the tests of the SMTP and LMTP doors share: a desk that takes messages, and a client that says any bytes."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator
from ssl import SSLContext

from mailtickets.edges.doors.smtp import Listener
from mailtickets.mail.model import Envelope

MESSAGE = b"From: Ana <ana@cliente.test>\r\nSubject: Impressora\r\n\r\nN\xc3\xa3o imprime.\r\n"


class Desk:
    """Takes messages as the gateway would; the test opens the gate, or names the trouble."""

    def __init__(self) -> None:
        self.messages: list[tuple[bytes, Envelope]] = []
        self.queues = {"suporte@desk.test", "vendas@desk.test"}
        self.trouble: Exception | None = None
        self.asked = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()
        self.committed = asyncio.Event()

    async def accept(self, raw: bytes, envelope: Envelope) -> int:
        self.asked.set()
        await self.gate.wait()
        if self.trouble is not None:
            raise self.trouble
        self.messages.append((raw, envelope))
        self.committed.set()
        return len(self.messages)

    def knows(self, recipient: str) -> bool:
        return recipient.casefold() in self.queues

    @property
    def contents(self) -> list[bytes]:
        """The messages without the trace header that each begins with."""
        return [without_received(raw) for raw, _ in self.messages]


def without_received(raw: bytes) -> bytes:
    lines = raw.split(b"\r\n")
    assert lines[0].startswith(b"Received: ")
    own = 1 + next(at for at, line in enumerate(lines[1:]) if not line.startswith(b"\t"))
    return b"\r\n".join(lines[own:])


class Client:
    """One connection, spoken by hand."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def send_often(self, data: bytes, times: int) -> None:
        for _ in range(times):
            await self.send(data)

    async def reply(self) -> str:
        """The next reply, all its lines; empty when the server has closed."""
        lines = [await self._line()]
        while lines[-1][3:4] == "-":
            lines.append(await self._line())
        return "\n".join(lines)

    async def _line(self) -> str:
        return (await asyncio.wait_for(self.reader.readline(), 20)).decode().rstrip("\r\n")

    async def say(self, line: str) -> str:
        await self.send(line.encode() + b"\r\n")
        return await self.reply()

    async def greet(self, hello: str = "EHLO ana.cliente.test") -> str:
        assert (await self.reply()).startswith("220 ")
        return await self.say(hello)

    async def begin(self, *recipients: str, sender: str = "ana@cliente.test") -> None:
        """Up to the point where the message may be sent."""
        assert (await self.say(f"MAIL FROM:<{sender}>")).startswith("250 ")
        for recipient in recipients or ("suporte@desk.test",):
            assert (await self.say(f"RCPT TO:<{recipient}>")).startswith("250 ")
        assert (await self.say("DATA")).startswith("354 ")

    async def mail(self, message: bytes = MESSAGE, *recipients: str) -> str:
        await self.begin(*recipients)
        await self.send(message + b".\r\n")
        return await self.reply()

    async def upgrade(self, context: SSLContext) -> None:
        await self.writer.start_tls(context, server_hostname="mail.desk.test")

    async def rest(self) -> bytes:
        """All that comes until the server closes, be it hard."""
        received = b""
        with contextlib.suppress(ConnectionError):
            while data := await asyncio.wait_for(self.reader.read(65_536), 20):
                received += data
        return received

    async def close(self) -> None:
        self.writer.close()
        with contextlib.suppress(ConnectionError, OSError):
            await self.writer.wait_closed()

    def reset(self) -> None:
        """Goes away with a RST: the server loses the connection at once, rather than reading its end."""
        linger = struct.pack("ii", 1, 0)
        self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.writer.transport.abort()


@contextlib.asynccontextmanager
async def connected(listener: Listener, at: int = 0) -> AsyncIterator[Client]:
    address = listener.addresses[at]
    if address.startswith("unix:"):
        streams = await asyncio.open_unix_connection(address.removeprefix("unix:"))
    else:
        host, _, port = address.rpartition(":")
        streams = await asyncio.open_connection(host.strip("[]"), int(port))
    client = Client(*streams)
    try:
        yield client
    finally:
        await client.close()


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True
