"""What reports cost: to count a ticket, and to read a year of them.

    python bench/report.py [--write] [--sizes 1000 100000] [--cache DIR]
    BENCH_FULL=1 python bench/report.py        also a year of a million tickets (20 minutes, 6 GB)

Databases are filled with a year of tickets (`tests/desk_history.py`: answered, asked again, resolved, opened again,
merged, spam, rated), in three queues and with twenty agents, on SQLite. All of them are counted as the clock's job does
after an upgrade, and folded. They are kept in the cache directory for the next run. Then a process of its own reads the
report of the year, by agent, and says how much memory it had at most.
The cost of counting is also that of a ticket which changes on a desk that is counted, 200 such changes at a time. What
the job adds to a message is measured on a desk at work: customers write, agents answer, customers reply, agents
resolve, and the job runs as the clock runs it.
Of a year above 100,000 tickets, only so many are counted; the sums of the others are written as if they were alike.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from types import ModuleType, SimpleNamespace
from typing import Any, cast

sys.path.insert(0, str(Path(__file__).parents[1]))

import page
from policy import CONFIG, TEXT, sender_of
from sqlalchemy import Connection, delete, func, insert, select

from mailtickets.config.load import parsed
from mailtickets.config.models import Agent, Budget, Instance, Queue, Trust
from mailtickets.desk.figures.cells import Cell, CellFigures, Entries, add, balance, rounded
from mailtickets.desk.figures.report import Period
from mailtickets.desk.model.policy import Policy
from mailtickets.gateway.gateway import Gateway
from mailtickets.gateway.rules import rules_of
from mailtickets.jobs.counting import COUNTING_SECONDS, Counting
from mailtickets.store import figures, migrate, schema
from mailtickets.store.database import Database
from mailtickets.store.read.reader import opened
from mailtickets.store.read.report import ReportWanted, read
from tests.desk_history import DeskHistory, live
from tests.store.office import Office, a_message

SIZES = [1_000, 100_000, *([1_000_000] if os.environ.get("BENCH_FULL") else [])]
CACHE = Path(tempfile.gettempdir()) / "mailtickets-report"
BEGIN = datetime(2025, 1, 1, 3, 0, tzinfo=UTC)
NOW = BEGIN + timedelta(days=365)
YEAR = Period(date(2025, 1, 1), date(2025, 12, 31))
AT_ONCE = 500
CHANGES = 200
MIXED = 400
DAYS = 4
RINGS = timedelta(seconds=COUNTING_SECONDS)

QUEUES = ("suporte", "financeiro", "vendas")
AGENTS = tuple(f"agente{number}@desk.test" for number in range(20))
POLICY = Policy(
    Instance(name="bench", hostname="mail.desk.test", timezone="America/Sao_Paulo"),
    tuple(Queue(name=name, addresses=(f"{name}@desk.test",)) for name in QUEUES),
    tuple(Agent(name=address, address=address, queues=QUEUES) for address in AGENTS),
    Trust(),
    Budget(),
)


def filled(file: Path, tickets: int) -> dict[str, float]:
    """Fills a database and counts its tickets. Returns what was measured."""
    figure_file = file.with_suffix(".json")
    if figure_file.exists():
        measured: dict[str, float] = json.loads(figure_file.read_text())
        return measured
    file.unlink(missing_ok=True)
    database = Database(f"sqlite:///{file}")
    migrate.upgrade(database)
    told = min(tickets, TOLD)
    desk = DeskHistory()
    for _ in live(desk, QUEUES, AGENTS, BEGIN, told, Random(1)):
        pass
    database.transact(desk.write)
    for copy in range(1, tickets // told):
        database.transact(_copy, copy, told)
    measured = _count_all(database, tickets)
    day = YEAR.since
    while day <= YEAR.until:
        database.transact(figures.count_mail, day, POLICY, NOW)
        day += timedelta(days=1)
    database.close()
    figure_file.write_text(json.dumps(measured))
    return measured


def _count_all(database: Database, tickets: int) -> dict[str, float]:
    counted, begun = 0, time.process_time()
    while counted < min(tickets, TRULY):
        counted += count(database)
    measured = {"count_ms": (time.process_time() - begun) / counted * 1000}
    begun = time.process_time()
    fold(database)
    measured["fold_s"] = time.process_time() - begun
    if tickets > TRULY:
        database.transact(_count_as_those, tickets, Random(4))
    return measured


def _count_as_those(connection: Connection, tickets: int, random: Random) -> None:
    """Writes what the other tickets have added as if each were one of those that were counted, at another pace."""
    sums: dict[Cell, CellFigures] = {}
    for row in connection.execute(select(schema.day_sum)).all():
        add(sums.setdefault(Cell(row.day, row.queue, row.part, row.value), {}), row.figures)
    connection.execute(delete(schema.day_sum))
    connection.execute(delete(schema.counted).where(schema.counted.c.ticket > TRULY))
    for first in range(1, TRULY, AT_ONCE):
        those = schema.counted.c.ticket.between(first, first + AT_ONCE - 1)
        more = []
        for row in connection.execute(select(schema.counted).where(those)).all():
            for copy in range(1, tickets // TRULY):
                entries = _at_pace(Entries.read(row.entries), random.uniform(0.7, 1.4))
                for cell, added in entries.cells():
                    add(sums.setdefault(cell, {}), added)
                number = row.ticket + copy * TRULY
                more.append({"ticket": number, "entries": entries.stored, "running": row.running, "times": 1})
        connection.execute(insert(schema.counted), more)
    connection.execute(delete(schema.uncounted))
    rows = [{**cell._asdict(), "balance": balance(figures), "figures": figures} for cell, figures in sums.items()]
    connection.execute(insert(schema.day_sum), sorted(rows, key=lambda row: (row["day"], row["queue"])))


def _at_pace(one: Entries, pace: float) -> Entries:
    days = {day: _slower(figures, pace) for day, figures in one.days.items()}
    agents = {who: {day: _slower(own, pace) for day, own in days.items()} for who, days in one.agents.items()}
    return Entries(one.queue, one.opened, one.hour, one.traits, days, agents)


def _slower(figures: CellFigures, pace: float) -> CellFigures:
    return {
        name: {str(rounded(timedelta(seconds=int(length) * pace))): many for length, many in value.items()}
        if isinstance(value, dict)
        else value
        for name, value in figures.items()
    }


TRULY = 100_000
"""So many tickets are counted from their history. Of a bigger year, the others are like them: the sums are written
straight into the tables, because counting a million takes half an hour."""
TOLD = 20_000
"""So many tickets have a fate of their own; a bigger year has them several times, each time a little slower."""
MANY = 1_000_000_000
"""Ids of the mails, messages and events of a copy begin with so many times its number."""


def _copy(connection: Connection, copy: int, told: int) -> None:
    given = {"far": copy * MANY, "on": copy * told, "told": told, "pace": 1 + copy / 100, "mark": f"c{copy}-"}
    for table, rows in COPIED.items():
        columns = [column.name for column in schema.metadata.tables[table].columns]
        values = ", ".join(_copied(table, name) for name in columns)
        into = f"INSERT INTO {table} ({', '.join(columns)})"
        connection.exec_driver_sql(
            f"{into} SELECT {values} FROM {table} AS it {OF_TICKET.get(table, '')} {rows}", given
        )


COPIED = {
    "ticket": "WHERE it.number <= :told",
    "inbound": f"WHERE it.id < {MANY}",
    "message": f"WHERE it.id < {MANY}",
    "event": f"WHERE it.id < {MANY}",
    "rating": "WHERE it.ticket <= :told",
    "rating_request": "WHERE it.ticket <= :told",
    "uncounted": "WHERE it.ticket <= :told",
}
"""The tables, and which of their rows are copied."""
OF_TICKET = dict.fromkeys(
    ("inbound", "message", "event", "rating", "rating_request"), "JOIN ticket AS its ON its.number = it.ticket"
)
MOMENTS = frozenset({"received_at", "at", "resolved_at", "asked_at", "due_at"})


def _copied(table: str, name: str) -> str:
    if table in OF_TICKET and name in MOMENTS:
        begun = "julianday(its.created_at)"
        return f"strftime('%Y-%m-%d %H:%M:%f000', {begun} + (julianday(it.{name}) - {begun}) * :pace)"
    if (table, name) in {("event", "old"), ("event", "new")}:
        message = "it.old" if name == "old" else "it.new + :far"
        return f"CASE it.kind WHEN 'merged' THEN it.{name} + :on WHEN 'message' THEN {message} ELSE it.{name} END"
    match name:
        case "transmission":
            return ":mark || it.transmission"
        case "id" | "inbound":
            return f"it.{name} + :far"
        case "number" | "ticket" | "merged_into":
            return f"it.{name} + :on"
        case _:
            return f"it.{name}"


def count(database: Database) -> int:
    with database.looking() as connection:
        found = figures.recount(connection, POLICY, AT_ONCE)
    if found.marks:
        database.transact(figures.keep, found)
    return len(found.marks)


def fold(database: Database) -> None:
    with database.looking() as connection:
        cells = figures.in_pieces(connection)
    for first in range(0, len(cells), 50):
        with database.looking() as connection:
            found = figures.folded(connection, cells[first : first + 50])
        database.transact(figures.replace_by, found)


def change_ms(file: Path, tickets: int) -> float:
    """The CPU of marking and counting a ticket that an agent has answered, somewhere in the course of its life, where
    everything else is counted."""
    database, random = Database(f"sqlite:///{file}"), Random(2)
    numbers = random.sample(range(max(tickets - 5_000, 1), tickets), CHANGES)
    database.transact(_cut, numbers, random)
    count(database)
    spent = database.transact(_answer, numbers)
    begun = time.process_time()
    count(database)
    spent += time.process_time() - begun
    database.close()
    return spent / CHANGES * 1000


def _cut(connection: Connection, numbers: list[int], random: Random) -> None:
    """Takes from each ticket what happened after some moment of its life."""
    for number in numbers:
        mine = select(schema.event.c.id).where(schema.event.c.ticket == number).order_by(schema.event.c.id)
        ids = list(connection.execute(mine).scalars())
        last = ids[random.randrange(min(1, len(ids) - 1), len(ids))]
        connection.execute(delete(schema.event).where(schema.event.c.ticket == number, schema.event.c.id > last))
        figures.mark_number(connection, number)


def _answer(connection: Connection, numbers: list[int]) -> float:
    """Writes an answer to each ticket. Returns the CPU of marking them."""
    spent = 0.0
    first = connection.execute(select(func.max(schema.message.c.id))).scalar_one()
    for place, number in enumerate(numbers, first + 1):
        said = dict(
            id=place, ticket=number, inbound=None, direction="out", visibility="public", kind="human", author_name="",
            author_address=AGENTS[0], verified=True, subject="", text="", reply="", received_at=NOW, defects=[],
        )  # fmt: skip
        connection.execute(insert(schema.message), said)
        happened = {"ticket": number, "at": NOW, "actor": AGENTS[0], "kind": "message", "old": "public"}
        connection.execute(insert(schema.event), {**happened, "new": str(place), "reason": "agent-answer"})
        begun = time.process_time()
        figures.mark_number(connection, number)
        spent += time.process_time() - begun
    return spent


def read_alone(file: Path) -> tuple[float, float, float]:
    """Reads the report of the year in a process of its own: (CPU seconds, MB at most, MB at most before)."""
    out = subprocess.run([sys.executable, __file__, "--read", str(file)], check=True, capture_output=True, text=True)
    seconds, most, before = json.loads(out.stdout)
    return seconds, most, before


def read_here(file: str) -> None:
    before = _most_mb()
    begun = time.process_time()
    with opened(f"sqlite:///{file}") as reader:
        report = read(reader, ReportWanted(YEAR, by="agent"), POLICY, NOW)
    spent = time.process_time() - begun
    assert report.total.counts.opened
    print(json.dumps([spent, _most_mb(), before]))


def _most_mb() -> float:
    """The most memory that this program has had."""
    found = re.search(r"^VmHWM:\s+(\d+) kB$", Path("/proc/self/status").read_text(), re.MULTILINE)
    return int(found[1]) / 1024 if found else 0.0


@dataclass
class Mix:
    """What a desk at work has cost: CPU seconds."""

    messages: int = 0
    mail: float = 0.0
    """Marking changed tickets is in it."""
    marking: float = 0.0
    counting: float = 0.0
    """The clock's job, whenever there was something to count."""
    reading: float = 0.0
    """Of these: to read what has changed."""
    looking: float = 0.0
    """The clock's job, when there was not."""
    counted: int = 0
    """How often a ticket was counted."""


def at_work(place: Path) -> Mix:
    """Customers write, agents answer, customers reply, agents resolve: MIXED tickets in DAYS days, and the clock's job
    whenever it would ring. CPU of the mail from its octets to the notices in the outbox, and of the job."""
    database, random = Database(f"sqlite:///{place / 'mails.db'}"), Random(3)
    migrate.upgrade(database)
    config = parsed(place / "config.toml", CONFIG.format(directory=place) + '[trust]\nagents = "token"\n')
    office, job, mix = Office(database, rules_of(config, (b"bench" * 10,))), Counting(), Mix()
    gateway = cast("Gateway", SimpleNamespace(clerk=office.clerk, name="bench"))
    with _spent_in(figures, "mark_number", mix, "marking"), _spent_in(figures, "recount", mix, "reading"):
        for at, customer, step in _steps(office.now, random):
            while office.now + RINGS < at:
                office.now += RINGS
                _count_at_work(gateway, job, mix)
            office.now = at
            mail, given = _mail(office, customer, step)
            begun = time.process_time()
            office.take(mail, **given)
            mix.mail += time.process_time() - begun
            mix.messages += 1
        office.now += timedelta(days=1)
        _count_at_work(gateway, job, mix)
    with database.looking() as connection:
        times = connection.execute(select(func.sum(schema.counted.c.times), func.count())).one()
        messages = connection.execute(select(func.count()).select_from(schema.message)).scalar_one()
    assert (times[1], messages) == (MIXED, 4 * MIXED)
    mix.counted = times[0]
    database.close()
    return mix


def _count_at_work(gateway: Gateway, job: Counting, mix: Mix) -> None:
    before, begun = mix.reading, time.process_time()
    job.count_some(gateway)
    spent = time.process_time() - begun
    if mix.reading > before:
        mix.counting += spent
    else:
        mix.looking += spent


@contextmanager
def _spent_in(module: ModuleType, name: str, mix: Mix, kept: str) -> Iterator[None]:
    """Adds up the CPU of a function."""
    function = getattr(module, name)

    def measured(*values: object) -> object:
        begun = time.process_time()
        returned = function(*values)
        setattr(mix, kept, getattr(mix, kept) + time.process_time() - begun)
        return returned

    setattr(module, name, measured)
    yield
    setattr(module, name, function)


def _steps(begin: datetime, random: Random) -> list[tuple[datetime, int, str]]:
    """(when, customer, what), in their order: tickets are opened from 8 to 18 h, and take their time."""
    found = []
    for customer in range(MIXED):
        at = begin + timedelta(days=customer * DAYS // MIXED, seconds=random.uniform(0, 36_000))
        found.append((at, customer, "open"))
        for step, hours in (("answer", 2), ("reply", 4), ("resolve", 2)):
            at += timedelta(hours=random.expovariate(1 / hours), seconds=1)
            found.append((at, customer, step))
    return sorted(found)


def _mail(office: Office, customer: int, step: str) -> tuple[bytes, dict[str, Any]]:
    who, number = sender_of(customer), f"<{step}{customer}@x.test>"
    ticket = None
    if step != "open":
        opened_as = select(schema.ticket.c.number).where(schema.ticket.c.requester_address == who)
        ticket = office.run(lambda c: c.execute(opened_as).scalar_one())
    if step in {"open", "reply"}:
        subject = f"Pedido {customer}" if ticket is None else f"Re: [#{ticket}] Pedido {customer}"
        return a_message(TEXT, message_id=number, subject=subject, **{"from": who}), {"sender": who}
    agent = "ana@desk.test"
    text = "Resposta.\n" + ("#resolver\n" if step == "resolve" else "")
    to = office.reply_address(agent, ticket)
    mail = a_message(text, message_id=number, subject="Re: x", to=to, **{"from": agent})
    return mail, {"sender": agent, "recipients": (to,)}


def row(tickets: int, given: Namespace) -> list[str]:
    given.cache.mkdir(exist_ok=True, parents=True)
    file = given.cache / f"year-{tickets}.db"
    measured = filled(file, tickets)
    changed = change_ms(file, tickets)
    seconds, most, before = read_alone(file)
    return [
        f"{tickets:,}",
        f"{measured['count_ms']:.2f}",
        f"{changed:.2f}",
        f"{measured['fold_s']:.1f}",
        f"{seconds:.2f}",
        f"{most:.0f} (of these {before:.0f} before)",
    ]


def _rows_of(mix: Mix) -> list[list[str]]:
    message = mix.mail - mix.marking
    told = {
        "the message": message,
        "marking its ticket": mix.marking,
        "counting, folding, mail of days": mix.counting,
        "looking whether there is enough to count": mix.looking,
        "all that counting adds": mix.marking + mix.counting + mix.looking,
    }
    return [[what, f"{spent / mix.messages * 1000:.3f}", f"{spent / message:.2%}"] for what, spent in told.items()]


def main() -> None:
    arguments = page.arguments(__doc__)
    arguments.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    arguments.add_argument("--cache", type=Path, default=CACHE)
    arguments.add_argument("--read", help="read the report of a database, and say what it cost")
    given = arguments.parse_args()
    if given.read:
        read_here(given.read)
        return
    head = [
        "tickets in a year",
        "to count one after an upgrade, ms CPU",
        "to count one that changes, ms CPU",
        "to fold the year, s",
        "to read the year by agent, s CPU",
        "memory, MB",
    ]
    with tempfile.TemporaryDirectory() as place:
        mix = at_work(Path(place))
    body = page.table(head, [row(tickets, given) for tickets in given.sizes])
    page_of_mix = page.table(["a desk at work", "CPU a message, ms", "of a message"], _rows_of(mix))
    body += f"\n\n{page_of_mix}\n\n{MIXED} tickets in {DAYS} days, each with {mix.messages // MIXED} messages: opened,"
    body += f" answered, replied to, resolved. They were counted {mix.counted} times. A message: from its octets to the"
    body += " notices in the outbox; sending them is not in it."
    page.publish("report", page.section("Reports", body), write=given.write)


if __name__ == "__main__":
    main()
