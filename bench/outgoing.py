"""Notices sent a second, beside bare aiosmtplib on one connection.

    python bench/outgoing.py [--write] [--runs 3] [--notices 600]

Ours takes every copy out of the database, puts it into words of RFC 5322, hands it to the smarthost, and records how it
went in a durable transaction. aiosmtplib is handed the same octets again and again, and records nothing. Once the
smarthost answers at once, and once it needs 10 ms for a message, as one does that writes it to a disk.
"""

import asyncio
import sqlite3
import tempfile
import time
from argparse import Namespace
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from statistics import median

import aiosmtplib
import page
from running import Smarthost, smarthost
from sqlalchemy import Connection, text

from mailtickets.config.load import load
from mailtickets.config.models import Config
from mailtickets.edges.out.smtp import SmtpOut, SmtpOutSettings
from mailtickets.gateway.clerk import Clerk
from mailtickets.gateway.delivery.pace import Pace
from mailtickets.gateway.delivery.send import WayOut
from mailtickets.gateway.gateway import Gateway
from mailtickets.gateway.rules import rules_of
from mailtickets.gateway.workers import Workers
from mailtickets.mail.door import SMTP
from mailtickets.mail.model import Envelope
from mailtickets.mail.read.parse import parse
from mailtickets.store import inbound, migrate, outbox
from mailtickets.store.database import Database

DELAYS = {"a smarthost that answers at once": 0.0, "a smarthost that needs 10 ms": 0.01}
TARGET = 2.0

CONFIG = """
[instance]
name = "bench"
hostname = "mail.desk.test"
state_dir = "{home}"
[delivery]
host = "127.0.0.1"
port = {port}
tls = "none"
{connections}
[[queue]]
name = "suporte"
addresses = ["suporte@desk.test"]
"""

MAIL = """\
From: Maria <maria@cliente.test>
To: suporte@desk.test
Subject: Impressora
Date: {date}
Message-ID: <one@cliente.test>
Content-Type: text/plain; charset=utf-8

A impressora do andar não imprime.
"""


class Desk:
    """A database with acknowledgements that are due."""

    def __init__(self, home: Path, config: Config) -> None:
        self.config = config
        self.database = Database(f"sqlite:///{home / 'bench.db'}")
        self.watcher = sqlite3.connect(home / "bench.db", isolation_level=None)
        migrate.upgrade(self.database)
        self.clerk = Clerk(self.database, rules_of(config, (b"bench" * 10,)))

    def fill(self, notices: int) -> None:
        """One is made by a mail, the others are like it."""
        now = datetime.now(UTC)
        envelope = Envelope(SMTP, "maria@cliente.test", ("suporte@desk.test",), now, "192.0.2.1", trusted=True)
        raw = MAIL.format(date=format_datetime(now)).replace("\n", "\r\n").encode()
        [(number, _)] = self.database.transact(lambda c: inbound.insert_all(c, [(raw, envelope)], None, now))
        received = self.database.transact(lambda c: inbound.load(c, number))
        assert received is not None
        draft = self.clerk.draft(received, parse(raw, instance="bench"))
        self.clerk.settle(draft, self.clerk.words(draft))
        self.database.transact(lambda c: self._multiply(c, notices))

    @staticmethod
    def _multiply(connection: Connection, notices: int) -> None:
        for table in ("notice", "outbox"):
            names = [row[1] for row in connection.execute(text(f"PRAGMA table_info({table})"))]
            changed = {"id": "n", "notice": "n", "message_id": "n || message_id", "recipient": "n || recipient"}
            copied = ", ".join(changed.get(name, f'"{name}"') for name in names)
            connection.execute(text(
                f"WITH RECURSIVE numbers (n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM numbers WHERE n < {notices})"
                f" INSERT INTO {table} SELECT {copied} FROM numbers JOIN (SELECT * FROM {table} WHERE id = 1)"
            ))  # fmt: skip

    def sent(self) -> int:
        """Looked up as another process would: who looks holds up nobody who writes."""
        return self.watcher.execute("SELECT count(*) FROM outbox WHERE state = 'sent'").fetchone()[0]

    def close(self) -> None:
        self.watcher.close()
        self.database.close()

    def one(self) -> tuple[bytes, str, str]:
        """What the first of them is on the wire."""
        due = self.database.transact(lambda c: outbox.load(c, 1))
        assert due is not None
        raw, copy = self.clerk.written(due, ())
        return raw, copy.envelope_sender, copy.recipient.address


def desk(home: Path, port: int, connections: str = "") -> Desk:
    file = home / "config.toml"
    file.write_text(CONFIG.format(home=home, port=port, connections=connections))
    return Desk(home, load(file))


async def ours(host: Smarthost, notices: int, connections: str = "") -> float:
    with tempfile.TemporaryDirectory() as directory:
        made = desk(Path(directory), host.port, connections)
        made.fill(notices)
        out, workers = SmtpOut(SmtpOutSettings.of(made.config)), Workers(1)
        pace = Pace(made.config.delivery.max_connections)
        gateway = Gateway(made.clerk, workers, WayOut(out.send, pace), name="bench", max_message_bytes=10**7)
        start = time.perf_counter()
        await gateway.start()
        await gateway.look_for_work()
        while made.sent() < notices:  # noqa: ASYNC110 - the gateway has no event for us
            await asyncio.sleep(0.02)
        seconds = time.perf_counter() - start
        await gateway.drain(5)
        await out.close()
        workers.close()
        made.close()
        return notices / seconds


async def bare(host: Smarthost, notices: int) -> float:
    with tempfile.TemporaryDirectory() as directory:
        made = desk(Path(directory), host.port)
        made.fill(1)
        with closing(made):
            raw, sender, recipient = made.one()
    client = aiosmtplib.SMTP(hostname="127.0.0.1", port=host.port, start_tls=False)
    await client.connect()
    start = time.perf_counter()
    for _ in range(notices):
        await client.sendmail(sender, [recipient], raw)
    seconds = time.perf_counter() - start
    await client.quit()
    return notices / seconds


def measure(args: Namespace) -> list[list[str]]:
    rows = []
    for name, delay in DELAYS.items():
        with smarthost(delay) as host:

            def run(work: Callable, *given: str, host: Smarthost = host) -> Callable[[], float]:
                return lambda: asyncio.run(work(host, args.notices, *given))

            found = page.alternate(
                {
                    "aiosmtplib": run(bare),
                    "mailtickets": run(ours),
                    "mailtickets, 8 connections": run(ours, "max_connections = 8"),
                },
                args.runs,
            )
        for who, rates in found.items():
            wanted = f"{TARGET:.0f}x" if who != "aiosmtplib" else ""
            rows.append(
                [f"{who}, {name}", page.spread(rates), f"{median(rates) / median(found['aiosmtplib']):.2f}x", wanted]
            )
    return rows  # fmt: skip


def main() -> None:
    parser = page.arguments(__doc__)
    parser.add_argument("--notices", type=int, default=600)
    args = parser.parse_args()
    body = page.table(["", "notices/s", "beside bare aiosmtplib", "wanted"], measure(args))
    page.publish("outgoing", page.section("Outgoing", body), write=args.write)


if __name__ == "__main__":
    main()
