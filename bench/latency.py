"""From a customer's final dot to the arrival of their acknowledgement at the smarthost.

    python bench/latency.py [--write] [--mails 60]

The whole daemon, SQLite with full fsync, a smarthost that answers at once. Idle: a mail every quarter of a second.
Loaded: at half of the rate that the daemon was found to keep up with. Beside them the sum of its parts: the same steps
one after the other in one process, with nothing in between and nobody to wait for.
"""

import asyncio
import tempfile
import time
from argparse import Namespace
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from statistics import median, quantiles

import page
from running import Running, Smarthost, smarthost

from mailtickets.config.load import load
from mailtickets.edges.out.smtp import SmtpOut, SmtpOutSettings
from mailtickets.gateway.clerk import Clerk
from mailtickets.gateway.rules import rules_of
from mailtickets.mail.door import SMTP
from mailtickets.mail.model import Envelope
from mailtickets.mail.read.parse import parse
from mailtickets.store import inbound, migrate, outbox
from mailtickets.store.database import Database

IDLE_SECONDS = 0.25
BURST = 150
PATIENCE_SECONDS = 300

CONFIG = """
[instance]
name = "bench"
hostname = "mail.desk.test"
state_dir = "{state}"
[smtp_in]
listen = ["127.0.0.1:0"]
max_connections_per_ip = 200
[delivery]
host = "127.0.0.1"
port = {port}
tls = "none"
max_connections = 4
[budget]
automatic_per_hour = 1_000_000
[[queue]]
name = "suporte"
addresses = ["suporte@desk.test"]
"""


def a_mail(number: int) -> bytes:
    head = [
        f"From: Maria <maria{number}@cliente{number}.test>",
        "To: suporte@desk.test",
        f"Subject: Impressora {number}",
        f"Date: {format_datetime(datetime.now(UTC))}",
        f"Message-ID: <{number}.{time.time_ns()}@cliente.test>",
        "Content-Type: text/plain; charset=utf-8",
    ]
    return ("\r\n".join(head) + "\r\n\r\n" + "A impressora do andar não imprime nada.\r\n" * 50).encode()


class Customer:
    """One connection, mail after mail."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def __aenter__(self) -> "Customer":
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        await self._answers(1)
        self._writer.write(b"EHLO cliente.test\r\n")
        await self._answers(1)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()

    async def send(self, number: int) -> float:
        """The moment of its final dot."""
        self._writer.write(f"MAIL FROM:<maria{number}@cliente{number}.test>\r\n".encode())
        self._writer.write(b"RCPT TO:<suporte@desk.test>\r\nDATA\r\n")
        await self._answers(3)
        self._writer.write(a_mail(number) + b".\r\n")
        dot = time.monotonic()
        await self._answers(1)
        return dot

    async def _answers(self, count: int) -> None:
        while count:
            line = await self._reader.readline()
            if not line.startswith((b"2", b"3")):
                raise RuntimeError(repr(line))
            count -= line[3:4] != b"-"


class Measurement:
    """One daemon, one smarthost."""

    def __init__(self, daemon: Running, host: Smarthost) -> None:
        self._daemon, self._host = daemon, host
        self._next = 0

    async def paced(self, mails: int, seconds: float) -> list[float]:
        """Latencies of mails that begin so long after each other, however long each takes."""
        numbers = range(self._next, self._next + mails)
        self._next += mails
        there = len(self._host.arrivals())
        begin = time.monotonic()

        async def one(place: int, number: int) -> tuple[str, float]:
            await asyncio.sleep(begin + place * seconds - time.monotonic())
            async with Customer(self._daemon.smtp_port) as customer:
                return f"maria{number}@cliente{number}.test", await customer.send(number)

        dots = dict(await asyncio.gather(*(one(place, number) for place, number in enumerate(numbers))))
        await asyncio.to_thread(self._host.wait_for, there + mails, PATIENCE_SECONDS)
        return [moment - dots[recipient] for moment, recipient in self._host.arrivals() if recipient in dots]

    async def most(self) -> float:
        """Mails a second, from the first final dot to the last acknowledgement of a burst."""
        start = time.monotonic()
        await self.paced(BURST, 0.002)
        return BURST / (time.monotonic() - start)


async def parts(port: int, mails: int) -> dict[str, list[float]]:
    """Seconds for each step of each mail, one after the other."""
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "config.toml"
        file.write_text(CONFIG.format(state=directory, port=port))
        config = load(file)
        database = Database(f"sqlite:///{directory}/bench.db")
        migrate.upgrade(database)
        clerk, out = Clerk(database, rules_of(config, (b"bench" * 10,))), SmtpOut(SmtpOutSettings.of(config))
        found: dict[str, list[float]] = {}
        for number in range(mails):
            for name, seconds in (await _one_by_one(database, clerk, out, number)).items():
                found.setdefault(name, []).append(seconds)
        await out.close()
        database.close()
        return found


async def _one_by_one(database: Database, clerk: Clerk, out: SmtpOut, number: int) -> dict[str, float]:
    times: dict[str, float] = {}

    def timed(name: str, work: Callable) -> object:
        begun = time.perf_counter()
        result = work()
        times[name] = time.perf_counter() - begun
        return result

    raw, now = a_mail(10**6 + number), datetime.now(UTC)
    envelope = Envelope(SMTP, "maria@cliente.test", ("suporte@desk.test",), now, "192.0.2.1", trusted=True)
    [(kept, _)] = timed(
        "keep", lambda: database.transact(lambda c: inbound.insert_all(c, [(raw, envelope)], "bench", now))
    )
    received = timed("fetch", lambda: database.transact(lambda c: inbound.load(c, kept)))
    mail = timed("read", lambda: parse(raw, instance="bench"))
    draft = timed("decide", lambda: clerk.draft(received, mail))
    words = timed("render", lambda: clerk.words(draft))
    timed("settle", lambda: clerk.settle(draft, words))
    [due] = timed("claim", lambda: database.transact(lambda c: outbox.claim_due(c, "bench", datetime.now(UTC), 9)))
    wire, copy = timed("write", lambda: clerk.written(due, ()))
    begun = time.perf_counter()
    sent = await out.send(wire, copy.envelope_sender, copy.recipient.address)
    times["send"] = time.perf_counter() - begun
    done = {"reply": sent.reply, "now": now}
    database.transact(lambda c: outbox.record_all(c, [outbox.AttemptResult(due.id, "sent", **done)]))
    return times


async def measure(args: Namespace) -> tuple[list[list[str]], str]:
    with smarthost() as host:
        steps = await parts(host.port, args.mails)
    with smarthost() as host, Running(CONFIG.format(state="var", port=host.port)) as daemon:
        work = Measurement(daemon, host)
        await work.paced(20, 0.05)  # everything has been used once
        idle = await work.paced(args.mails, IDLE_SECONDS)
        most = median([await work.most() for _ in range(3)])
        loaded = await work.paced(max(args.mails, int(most * 5)), 2 / most)
    together = [sum(times) for times in zip(*steps.values(), strict=True)]
    rows = [["the sum of its parts", *shown(together)], ["idle", *shown(idle)],
            [f"half load, {most / 2:.0f} mails/s", *shown(loaded)]]  # fmt: skip
    each = ", ".join(f"{name} {median(times) * 1e3:.1f}" for name, times in steps.items())
    return rows, f"The parts, medians in ms: {each}. The burst that half load is half of: {most:.0f} mails/s."


def shown(seconds: Sequence[float]) -> list[str]:
    cut = quantiles(seconds, n=100)
    return [f"{cut[49] * 1e3:.1f} ms", f"{cut[98] * 1e3:.1f} ms"]


def main() -> None:
    parser = page.arguments(__doc__)
    parser.add_argument("--mails", type=int, default=60)
    args = parser.parse_args()
    rows, said = asyncio.run(measure(args))
    body = page.table(["", "p50", "p99"], rows) + f"\n\n{said}"
    page.publish("latency", page.section("From final dot to acknowledgement", body), write=args.write)


if __name__ == "__main__":
    main()
