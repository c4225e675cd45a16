# ruff: noqa: E501, ISC004 - tables of SQL
"""What each step costs with a thousand tickets, and with a million.

    python bench/growth.py [--write] [--sizes 1000 10000 100000] [--rounds 60] [--cache DIR]
    BENCH_FULL=1 python bench/growth.py        also a million tickets with three million messages (10 minutes, 10 GB)

Databases are filled by SQL, as a desk would have filled them: three messages to a ticket, nine in ten closed, words as
they are in a language (some everywhere, most hardly ever). They are kept in the cache directory for the next run. Every
step is then timed on each, in turns, at random places, by the very functions that the daemon calls, commits included.
"""

import os
import random
import sqlite3
import tempfile
import time
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from statistics import median

import page

from mailtickets.config.load import load
from mailtickets.config.models import Config
from mailtickets.gateway.clerk import Clerk
from mailtickets.gateway.rules import rules_of
from mailtickets.mail.door import SMTP
from mailtickets.mail.model import Envelope
from mailtickets.mail.read.parse import parse
from mailtickets.store import inbound, migrate, outbox, tickets
from mailtickets.store.database import Database
from mailtickets.store.read import inbound as read_inbound
from mailtickets.store.read import outbox as read_outbox
from mailtickets.store.read import search as read_search
from mailtickets.store.read import tickets as read_tickets
from mailtickets.store.read.reader import within

SIZES = [1_000, 10_000, 100_000, *([1_000_000] if os.environ.get("BENCH_FULL") else [])]
CACHE = Path(tempfile.gettempdir()) / "mailtickets-growth"
SECRET = b"bench" * 10
NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
WORD_EVERYWHERE, WORD_COMMON, WORD_UNCOMMON = "pedido", "impressora", "cabideiro"
"""In every message, in one of ten, in one of two hundred. One message alone has `numero123`, its own number."""

CONFIG = """
[instance]
name = "bench"
hostname = "mail.desk.test"
state_dir = "{directory}"
[delivery]
method = "maildir"
[budget]
automatic_per_hour = 1_000_000
[[queue]]
name = "suporte"
addresses = ["suporte@desk.test"]
[[queue]]
name = "vendas"
addresses = ["vendas@desk.test"]
[[agent]]
name = "Ana"
address = "ana@desk.test"
queues = ["suporte", "vendas"]
[[agent]]
name = "Bruno"
address = "bruno@desk.test"
queues = ["suporte"]
"""

# --- filling ------------------------------------------------------------------------------------------

HASH = "printf('%08x', n * 4294967295 / (3 * :tickets)) || lower(hex(randomblob(28)))"
"""In order as they are filled in, which is quick, and everywhere among them what comes later falls."""
AT = "strftime('%Y-%m-%d %H:%M:%S.000000', 1740000000 + {n} * 31536000 / (3 * :tickets), 'unixepoch')"
"""A year's messages, evenly."""

STATUS = """CASE WHEN n % 10 < 9 AND n <= :tickets * 99 / 100 THEN 'closed' WHEN n % 4 = 0 THEN 'new'
 WHEN n % 4 = 1 THEN 'open' WHEN n % 4 = 2 THEN 'pending' ELSE 'resolved' END"""

FILL = {
    "ticket": (
        "number, queue, subject, status, priority, requester_name, requester_address, assignee, revision, locale,"
        " answered, tags, created_at, updated_at, resolved_at, waiting_since",
        f"""n, CASE n % 5 WHEN 0 THEN 'vendas' ELSE 'suporte' END, 'Impressora ' || n, {STATUS}, 'normal', 'Maria ' || n % 5000,
 'maria' || n % 5000 || '@cliente' || n % 700 || '.test',
 CASE n % 3 WHEN 0 THEN 'ana@desk.test' WHEN 1 THEN 'bruno@desk.test' END, 3, 'pt_BR', 1, '[]', {AT.format(n="3 * n")},
 {AT.format(n="3 * n")}, CASE WHEN n % 4 = 3 OR n % 10 < 9 THEN {AT.format(n="3 * n")} END,
 CASE WHEN n % 10 = 9 AND n % 4 < 2 THEN {AT.format(n="3 * n")} END FROM numbers WHERE n <= :tickets""",
    ),
    "inbound": (
        "source, sender, recipients, peer, helo, trusted, received_at, transmission, content, state, outcome, reason,"
        " ticket, queues, message_id, from_address, subject, attempts, released, decided_at, size, raw",
        f"""'smtp', 'maria' || n % 5000 || '@cliente.test', '["suporte@desk.test"]', '192.0.2.1', 'mx', 1, {AT.format(n="n")},
 {HASH}, {HASH}, 'done', CASE n % 3 WHEN 1 THEN 'opened' ELSE 'appended' END, 'new', (n + 2) / 3, '["suporte"]',
 'c' || n || '@cliente.test', 'maria' || n % 5000 || '@cliente.test', 'Impressora', 0, 0, {AT.format(n="n")}, 600,
 CAST(printf('%.300c', 'x') AS BLOB) FROM numbers""",
    ),
    "message": (
        "ticket, inbound, direction, visibility, kind, author_name, author_address, verified, subject, text, reply,"
        " message_id, received_at, defects, revision",
        f"""(n + 2) / 3, n, CASE n % 3 WHEN 2 THEN 'out' ELSE 'in' END, 'public', 'human', 'Maria', 'maria@cliente.test', 0,
 'Impressora', words, words, CASE n % 3 WHEN 2 THEN 'o' || n || '@mail.desk.test' ELSE 'c' || n || '@cliente.test' END,
 {AT.format(n="n")}, '[]', n % 3 FROM numbers JOIN said ON k = n * 7919 % 3000""",
    ),
    "event": (
        "ticket, inbound, at, actor, kind, new, reason",
        f"(n + 2) / 3, n, {AT.format(n='n')}, 'mail', 'message', 'public', 'new' FROM numbers",
    ),
    "notice": (
        "ticket, inbound, name, message_id, subject, text, headers, attachments, created_at",
        f"""(n + 2) / 3, n, 'received', 'o' || n || '@mail.desk.test', '[#' || (n + 2) / 3 || '] Impressora', words, '{{}}', '[]',
 {AT.format(n="n")} FROM numbers JOIN said ON k = n * 7919 % 3000""",
    ),
    "outbox": (
        "notice, ticket, name, sender, recipient_name, recipient, reply_to, verp, token_hash, priority, state, attempts,"
        " created_at, sent_at, last_reply",
        f"""n, (n + 2) / 3, 'received', 'suporte@desk.test', 'Maria', 'maria' || n % 5000 || '@cliente.test',
 'suporte+{{token}}@desk.test', substr({HASH}, 1, 20), {HASH}, 1, CASE WHEN n % 1000 THEN 'sent' ELSE 'failed' END, 1,
 {AT.format(n="n")}, {AT.format(n="n")}, '250 2.0.0 Ok' FROM numbers""",
    ),
    "token": (
        "hash, ticket, person, revision, created_at",
        f"{HASH}, (n + 2) / 3, 'maria' || n % 5000 || '@cliente.test', n % 3, {AT.format(n='n')} FROM numbers",
    ),
    "participant": (
        "ticket, address_key, role, position, name, address, notified",
        """n, 'maria' || n % 5000 || '@cliente.test', 'requester', 0, 'Maria', 'maria' || n % 5000 || '@cliente.test', 1
 FROM numbers WHERE n <= :tickets""",
    ),
    "attachment": (
        "message, filename, content_type, size, sha256, inline",
        f"n, 'foto.jpg', 'image/jpeg', 40000, {HASH}, 0 FROM numbers WHERE n % 10 = 0",
    ),
    "contact": (
        "address_key, address, name, known_since",
        f"""'maria' || n || '@cliente.test', 'maria' || n || '@cliente.test', 'Maria', {AT.format(n="n")}
 FROM numbers WHERE n <= 5000""",
    ),
    "counter": ("name, value", "'ticket', :tickets FROM numbers WHERE n = 1"),
    "tally": ("queue, status, assignee, change", "queue, status, coalesce(assignee, ''), count(*) FROM ticket GROUP BY 1, 2, 3"),
    "search": ("rowid, words", "(n + 2) / 3 << 24 | n, words || ' numero' || n FROM numbers JOIN said ON k = n * 7919 % 3000"),
}  # fmt: skip


def texts(count: int) -> Iterator[str]:
    """Forty words each, of a vocabulary in which the n-th word is n times rarer than the first."""
    chance = random.Random(6)
    vocabulary = [f"palavra{number}" for number in range(20_000)]
    weights = list(accumulate(1 / (rank + 2) for rank in range(len(vocabulary))))
    for number in range(count):
        words = {WORD_EVERYWHERE, *chance.choices(vocabulary, cum_weights=weights, k=40)}
        words |= {word for word, every in ((WORD_COMMON, 10), (WORD_UNCOMMON, 200)) if number % every == 0}
        yield " ".join(words)


def filled(size: int, cache: Path) -> Path:
    """A database with so many tickets, of the schema of this version."""
    file = cache / f"{migrate.NEWEST}-{size}.db"
    if file.exists():
        return file
    cache.mkdir(parents=True, exist_ok=True)
    draft = cache / f"{size}-{os.getpid()}.draft"
    database = Database(f"sqlite:///{draft}")
    migrate.upgrade(database)
    database.close()
    with closing(sqlite3.connect(draft, isolation_level=None)) as connection:
        fill(connection, size)
    draft.rename(file)
    return file


def fill(connection: sqlite3.Connection, size: int) -> None:
    for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-500000", "temp_store=MEMORY"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("CREATE TEMP TABLE said (k INTEGER PRIMARY KEY, words TEXT)")
    connection.executemany("INSERT INTO said (words) VALUES (?)", ((words,) for words in texts(3_000)))
    connection.execute("UPDATE said SET k = 0 WHERE k = 3000")
    later = connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
    ).fetchall()
    connection.execute("BEGIN")
    for name, _ in later:
        connection.execute(f"DROP INDEX {name}")
    numbers = "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 3 * :tickets)"
    for table, (columns, values) in FILL.items():
        connection.execute(f"{numbers} INSERT INTO {table} ({columns}) SELECT {values}", {"tickets": size})
    for _, statement in later:
        connection.execute(statement)
    connection.execute("COMMIT")


# --- measuring ----------------------------------------------------------------------------------------


class Desk:
    """A clerk on a database of one size, doing one step at a time."""

    def __init__(self, size: int, file: Path, config: Config) -> None:
        self.size = size
        self.chance = random.Random(size)
        self.database = Database(f"sqlite:///{file}")
        self.clerk = Clerk(self.database, rules_of(config, (SECRET,)), clock=lambda: NOW)
        self.serial = int(time.time() * 1000)
        self.database.transact(tickets.fold_counts)  # as the clock does every minute

    def raw(self, *, reply: bool) -> bytes:
        """A mail of 2 KB; a reply names three messages of some ticket."""
        self.serial += 1
        number = self.chance.randrange(1, 3 * self.size, 3)
        ids = " ".join(f"<{'o' if n % 3 == 2 else 'c'}{n}@{'mail.desk' if n % 3 == 2 else 'cliente'}.test>"
                       for n in range(number, number + 3))  # fmt: skip
        person = f"maria{(number + 2) // 3 % 5000}@cliente.test" if reply else f"novo{self.serial}@cliente.test"
        head = [f"From: Maria <{person}>", "To: suporte@desk.test", "Subject: Impressora", "MIME-Version: 1.0",
                f"Date: {NOW:%a, %d %b %Y %H:%M:%S} +0000", f"Message-ID: <{self.serial}@novo.test>",
                "Content-Type: text/plain; charset=utf-8", *([f"References: {ids}"] if reply else [])]  # fmt: skip
        return ("\r\n".join(head) + "\r\n\r\n" + "A impressora do andar não imprime.\r\n" * 50).encode()

    def message(self, *, reply: bool, times: dict[str, float]) -> None:
        """The way of one message, from bytes to what goes out, each step timed."""
        raw, clerk = self.raw(reply=reply), self.clerk
        envelope = Envelope(SMTP, "maria@cliente.test", ("suporte@desk.test",), NOW, "192.0.2.1", trusted=True)
        kind = "reply" if reply else "new"
        start = time.perf_counter()
        number = self.timed(times, "accept", lambda c: inbound.insert_all(c, [(raw, envelope)], "bench", NOW))[0][0]
        received = self.timed(times, "load", lambda c: inbound.load(c, number))
        mail = parse(raw, instance="bench")
        begun = time.perf_counter()
        draft = clerk.draft(received, mail)
        times[f"match and decide, {kind}"] = time.perf_counter() - begun
        words = clerk.words(draft)
        begun = time.perf_counter()
        clerk.settle(draft, words)
        times[f"settle, {kind}"] = time.perf_counter() - begun
        due = self.timed(times, "claim what goes out", lambda c: outbox.claim_due(c, "bench", NOW + timedelta(1), 10))
        for row in due:
            clerk.written(row, ())
            done = {"reply": "250 Ok", "now": NOW}
            self.timed(
                times,
                "record that it went",
                lambda c, row=row, done=done: outbox.record_all(c, [outbox.AttemptResult(row.id, "sent", **done)]),
            )
        times[f"message end to end, {kind}"] = time.perf_counter() - start
        if reply and draft.decision.outcome == "opened" and not draft.after.linked:
            raise AssertionError("the reply has found no ticket")

    def timed(self, times: dict[str, float], name: str, work: Callable) -> object:
        begun = time.perf_counter()
        result = self.database.transact(work)
        times[name] = time.perf_counter() - begun
        return result

    def look(self, times: dict[str, float]) -> None:
        middle, since = self.chance.randrange(1, self.size), NOW - timedelta(days=1)
        steps: dict[str, Callable] = {
            "claim what came in (nothing)": lambda c: inbound.claim_due(c, "bench", NOW, 200),
            "claim what goes out (nothing)": lambda c: outbox.claim_due(c, "bench", NOW, 2),
            "a ticket with its messages": lambda c: read_tickets.show(within(c), middle),
            "list a page, newest": lambda c: read_tickets.listed(within(c)),
            "list a page, from the middle": lambda c: read_tickets.listed(within(c), after=middle),
            "list a page, one queue's open ones": lambda c: read_tickets.listed(within(c), queue="suporte", status="open", limit=20),
            "list a page, one agent's closed ones": lambda c: read_tickets.listed(within(c), assignee="ana@desk.test", status="closed"),
            "list a page, received": lambda c: read_inbound.listed(within(c), state="done", after=middle + 200),
            "list a page, sent": lambda c: read_outbox.listed(within(c), state="sent", after=middle + 200),
            "count": tickets.counts,
            "count, sent within a day": lambda c: outbox.sent_since(c, since, NOW, 1000),
            "close what was resolved (none due)": lambda c: tickets.resolved_before(c, "suporte", NOW - timedelta(900), 100),
            "tickets of agents who left (none)":
                lambda c: tickets.assigned_to_others(c, ["ana@desk.test", "bruno@desk.test"], 100),
            "search, in every message": lambda c: read_search.find(within(c), "pedid", after=None, limit=100),
            "search, in one of 10": lambda c: read_search.find(within(c), "impress", after=None, limit=100),
            "search, in one of 200": lambda c: read_search.find(within(c), "cabide", after=None, limit=10),
            "search, in one message": lambda c: read_search.find(within(c), f"numero{middle}", after=None, limit=100),
            "search, common and rare": lambda c: read_search.find(within(c), f"pedido impressora numero{middle}", after=None, limit=100),
        }  # fmt: skip
        for name, step in steps.items():  # the best of three: most are shorter than a turn of somebody else's
            tries: list[dict[str, float]] = [{}, {}, {}]
            for each in tries:
                self.timed(each, name, step)
            times[name] = min(each[name] for each in tries)


def measure(args: Namespace) -> dict[str, dict[int, float]]:
    """Seconds by step and size: the median of all rounds, sizes in turns."""
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "config.toml"
        file.write_text(CONFIG.format(directory=directory))
        config = load(file)
        desks = [Desk(size, filled(size, args.cache), config) for size in args.sizes]
        found: dict[str, dict[int, list[float]]] = {}
        for round_ in range(args.rounds):
            for desk in desks:
                times: dict[str, float] = {}
                desk.message(reply=False, times=times)
                desk.message(reply=True, times=times)
                if round_ % 3 == 0:
                    desk.look(times)
                for name, seconds in times.items():
                    found.setdefault(name, {}).setdefault(desk.size, []).append(seconds)
        for desk in desks:
            desk.database.close()
    return {name: {size: median(all_) for size, all_ in by.items()} for name, by in found.items()}


def body(found: dict[str, dict[int, float]], sizes: list[int]) -> str:
    least = sizes[0]
    head = ["step", f"{least:,} tickets", *(f"{size:,}" for size in sizes[1:])]
    rows = [
        [name, f"{by[least] * 1e3:.2f} ms", *(f"{by[size] / by[least]:.2f}x" for size in sizes[1:])]
        for name, by in found.items()
    ]
    return page.table(head, rows)


def main() -> None:
    parser = page.arguments(__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--cache", type=Path, default=CACHE)
    args = parser.parse_args()
    found = measure(args)
    text = f"Three messages to a ticket; SQLite, medians of {args.rounds} rounds of every size in turns.\n\n"
    page.publish("growth", page.section("Growth", text + body(found, sorted(args.sizes))), write=args.write)


if __name__ == "__main__":
    main()
