"""Customers who write without pause through every door, and a smarthost that takes what the desk sends.

Keeps the ledger: every mail that is to become something, and whether its door has said so. Like an MTA, a customer
gives a mail to the desk again and again until it says 250. No more than `WINDOW` mails are on their way at a time,
so that wherever the desk is killed, some mail is in the middle of something.
Owns the event loop's tasks of both. *Fails with* AssertionError when an agent is not told of mail.
"""

import asyncio
import random
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from itertools import count
from pathlib import Path

from tests.servers.fake_imap import FakeImap
from tests.servers.fake_smtp import DROP, FakeSmtp, Reply, Slow
from tests.system.desk import Desk
from tests.system.town import ANA, QUEUE, parsed

WINDOW = 14
SESSIONS = 3
REPLIES = 0.25
"""How many of those who are acknowledged write again."""
LATEST_ANSWER_SECONDS = 0.03
PATIENCE_SECONDS = 120
"""Long, because the machine may be busy."""


@dataclass(eq=False)
class Letter:
    """One mail of a customer, and what became of handing it in."""

    id: str
    door: str
    sender: str
    recipient: str
    raw: bytes
    outcome: str = "opened"
    """What it has to become."""
    accepted: bool = False


@dataclass(eq=False)
class Attempt:
    """One time that a letter was handed in: from its final dot on the desk may have it."""

    letter: Letter
    dotted: bool = False
    reply: bytes | None = None
    ended: asyncio.Event = field(default_factory=asyncio.Event)


class Smarthost(FakeSmtp):
    """Takes everything, now and then without saying so: `dropped` of a hundred after the final dot."""

    def __init__(self, chance: random.Random, dropped: float) -> None:
        super().__init__(extensions=("SIZE 30000000", "8BITMIME", "ENHANCEDSTATUSCODES", "PIPELINING"))
        self.keeps_at_dot = True
        self.drops: list[tuple[str, str]] = []
        """(recipient, Message-ID) of what was taken without an answer."""
        self._chance, self._dropped = chance, dropped

    def scripted(self, step: str) -> Reply | None:
        if step != ".":
            return super().scripted(step)
        if self._chance.random() * 100 < self._dropped:
            self.drops.append(copy_of(self.received[-1].recipient, self.received[-1].content))
            return DROP
        return Slow(self._chance.random() * LATEST_ANSWER_SECONDS, "250 2.0.0 Ok: taken")

    def copies(self) -> Counter[tuple[str, str]]:
        """How often each (recipient, Message-ID) has come."""
        return Counter(copy_of(mail.recipient, mail.content) for mail in self.received)


def copy_of(recipient: str, content: bytes) -> tuple[str, str]:
    found = re.search(rb"(?mi)^message-id:\s*<(.+?)>", content)
    assert found is not None
    return recipient, found[1].decode()


class Load:
    """The customers of one desk; `async with` lets them write until the end of the block."""

    def __init__(
        self,
        chance: random.Random,
        *,
        dropped: float = 0.0,
        pause_seconds: float = 0.05,
        smarthost: Smarthost | None = None,
    ) -> None:
        self.chance, self._pause_seconds = chance, pause_seconds
        self.smarthost, self.imap = smarthost or Smarthost(chance, dropped), FakeImap()
        self.letters: list[Letter] = []
        self.attempts: set[Attempt] = set()
        """Those that have not ended."""
        self.stopping, self.window = False, WINDOW
        self._desk: Desk | None = None
        self._numbers = count(1)
        self._replies: list[Letter] = []
        self._looked_at = 0
        self._told: set[str] = set()

    @asynccontextmanager
    async def servers(self) -> AsyncIterator["Load"]:
        """The smarthost and the mailbox server run; nobody writes yet."""
        async with self.smarthost, self.imap:
            yield self

    @asynccontextmanager
    async def writing(self, desk: Desk) -> AsyncIterator[None]:
        self._desk = desk
        doors = ["smtp"] * SESSIONS + ["lmtp"]
        tasks = [asyncio.create_task(self._write_always(door)) for door in doors]
        tasks.append(asyncio.create_task(self._post_always()))
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def finished(self) -> None:
        """Returns when what has been begun is accepted, and no more is."""
        self.stopping = True
        await until(lambda: all(letter.accepted for letter in self.letters), "250 for all", step=0.05)

    def go_elsewhere(self, desk: Desk) -> None:
        """From now on they write to another gateway of the same desk."""
        self._desk = desk

    # --- what is written -----------------------------------------------------------------------------------

    def on_their_way(self) -> int:
        """Mails of which no agent knows yet."""
        self._look_at_what_was_sent()
        return len(self.letters) - len(self._told)

    def _look_at_what_was_sent(self) -> None:
        fresh, self._looked_at = self.smarthost.received[self._looked_at :], len(self.smarthost.received)
        for mail in fresh:
            recipient, message_id = copy_of(mail.recipient, mail.content)
            if recipient == ANA.address:
                self._told.add(message_id)
            elif recipient.endswith("@cliente.test") and self.chance.random() < REPLIES:
                self._replies.append(self._reply(recipient, mail.content))

    def _reply(self, customer: str, acknowledgement: bytes) -> Letter:
        """To the address that the acknowledgement gives: belongs to that ticket, whatever happens."""
        (address,) = parsed(acknowledgement)["Reply-To"].addresses
        return self._letter("smtp", customer, address.addr_spec, "appended")

    def _letter(self, door: str, sender: str, recipient: str, outcome: str) -> Letter:
        number = next(self._numbers)
        name = f"{number}.{self.chance.getrandbits(32):08x}@cliente.test"
        sender = sender or f"cliente{number}@cliente.test"
        raw = (
            f"From: {sender}\r\nTo: {recipient}\r\nSubject: Pedido {number}\r\nMessage-ID: <{name}>\r\n"
            f"Date: {format_datetime(datetime.now(UTC))}\r\n\r\nEste é o pedido {number}.\r\n" + "Uma linha.\r\n" * 40
        )
        return Letter(name, door, sender, recipient, raw.encode(), outcome)

    def _next(self, door: str) -> Letter | None:
        if self.stopping or self.on_their_way() >= self.window:
            return None
        letter = self._replies.pop() if self._replies and door == "smtp" else self._letter(door, "", QUEUE, "opened")
        self.letters.append(letter)
        return letter

    # --- how it is handed in -------------------------------------------------------------------------------

    async def _write_always(self, door: str) -> None:
        while True:
            letter = self._next(door)
            while letter is not None and not letter.accepted:
                with suppress(OSError, EOFError, ValueError):
                    await self._hand_in(letter)
                await asyncio.sleep(self.chance.random() * self._pause_seconds)
            await asyncio.sleep(0.01)

    async def _post_always(self) -> None:
        """Mail that lies in the mailbox is not lost, and so it counts as accepted at once."""
        while True:
            letter = self._next("imap")
            if letter is not None:
                self.imap.arrive(letter.raw).date = datetime.now(UTC).strftime("%d-%b-%Y %H:%M:%S +0000")
                letter.accepted = True
            await asyncio.sleep(self.chance.random() * 0.4 + self._pause_seconds)

    async def _hand_in(self, letter: Letter) -> None:
        attempt = Attempt(letter)
        self.attempts.add(attempt)
        writer: asyncio.StreamWriter | None = None
        try:
            reader, writer = await self._connection(letter.door)
            await _expect(reader, b"220")
            for line, code in _dialogue(letter):
                writer.write(line)
                await _expect(reader, code)
            attempt.dotted = True
            writer.write(letter.raw + b".\r\n")
            attempt.reply = await _reply(reader)
            letter.accepted = attempt.reply.startswith(b"250")
        finally:
            self.attempts.discard(attempt)
            attempt.ended.set()
            if writer is not None:
                writer.close()

    async def _connection(self, door: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        assert self._desk is not None
        (place,) = self._desk.listens(door) or [""]
        if place.startswith("unix:"):
            return await asyncio.open_unix_connection(Path(place.removeprefix("unix:")))
        host, _, port = place.rpartition(":")
        if not port:
            raise ConnectionRefusedError
        return await asyncio.open_connection(host, int(port))


def _dialogue(letter: Letter) -> Iterator[tuple[bytes, bytes]]:
    yield (b"LHLO" if letter.door == "lmtp" else b"EHLO") + b" cliente.test\r\n", b"250"
    yield f"MAIL FROM:<{letter.sender}>\r\n".encode(), b"250"
    yield f"RCPT TO:<{letter.recipient}>\r\n".encode(), b"250"
    yield b"DATA\r\n", b"354"


async def _expect(reader: asyncio.StreamReader, code: bytes) -> None:
    reply = await _reply(reader)
    if not reply.startswith(code):
        raise ValueError(reply)


async def _reply(reader: asyncio.StreamReader) -> bytes:
    """The last line of a reply."""
    while True:
        line = await reader.readline()
        if not line.endswith(b"\n"):
            raise EOFError
        if line[3:4] != b"-":
            return line


async def until(
    condition: Callable[[], object],
    what: str,
    log: Callable[[], str] = str,
    *,
    seconds: float = PATIENCE_SECONDS,
    step: float = 0.005,
) -> None:
    """Waits for something that another process does and nobody tells of."""
    give_up = asyncio.get_running_loop().time() + seconds
    while not condition():
        assert asyncio.get_running_loop().time() < give_up, f"waited in vain for {what}\n{log()}"
        await asyncio.sleep(step)
