"""What reports cost: to count a ticket, and to read a year of them.

    python bench/report.py [--write] [--sizes 1000 100000] [--cache DIR]
    BENCH_FULL=1 python bench/report.py        also a year of a million tickets (20 minutes, 6 GB)

Databases are filled with a year of tickets (`tests/desk_history.py`: answered, asked again, resolved, opened again,
merged, spam, rated), in three queues and with twenty agents, on SQLite. All of them are counted as the clock's job does
after an upgrade, and folded. They are kept in the cache directory for the next run. Then a process of its own reads the
report of the year, by agent, and says how much memory it had at most. The cost of counting is also that of a ticket
which changes on a desk that is counted, 200 such changes at a time, beside the CPU of a whole message.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from argparse import Namespace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parents[1]))

import page
from sqlalchemy import Connection, delete, func, insert, select

from mailtickets.config.models import Agent, Budget, Instance, Queue, Trust
from mailtickets.desk.figures.report import Period
from mailtickets.desk.model.policy import Policy
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
MAILS = 200

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
    begun = time.process_time()
    while count(database):
        pass
    counted = time.process_time() - begun
    begun = time.process_time()
    fold(database)
    measured = {"count_ms": counted / tickets * 1000, "fold_s": time.process_time() - begun}
    day = YEAR.since
    while day <= YEAR.until:
        database.transact(figures.count_mail, day, POLICY, NOW)
        day += timedelta(days=1)
    database.close()
    figure_file.write_text(json.dumps(measured))
    return measured


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


def message_ms(place: Path) -> float:
    """The CPU of a mail that opens a ticket, from its octets to the notices in the outbox, on this machine now."""
    database = Database(f"sqlite:///{place / 'mails.db'}")
    migrate.upgrade(database)
    office = Office(database)
    begun = time.process_time()
    for number in range(MAILS):
        office.take(a_message(f"Pergunta {number}.", message_id=f"<{number}@x.test>", subject=f"Assunto {number}"))
    spent = time.process_time() - begun
    database.close()
    return spent / MAILS * 1000


def row(tickets: int, message: float, given: Namespace) -> list[str]:
    given.cache.mkdir(exist_ok=True, parents=True)
    file = given.cache / f"year-{tickets}.db"
    measured = filled(file, tickets)
    changed = change_ms(file, tickets)
    seconds, most, before = read_alone(file)
    return [
        f"{tickets:,}",
        f"{measured['count_ms']:.2f}",
        f"{changed:.2f} ({changed / message:.1%})",
        f"{measured['fold_s']:.1f}",
        f"{seconds:.2f}",
        f"{most:.0f} (of these {before:.0f} before)",
    ]


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
        "to count one that changes, ms CPU (of a message)",
        "to fold the year, s",
        "to read the year by agent, s CPU",
        "memory, MB",
    ]
    with tempfile.TemporaryDirectory() as place:
        message = message_ms(Path(place))
    body = page.table(head, [row(tickets, message, given) for tickets in given.sizes])
    mail = "from its octets to the notices in the outbox; sending them is not in it"
    body += f"\n\nA mail that opens a ticket took {message:.1f} ms of CPU, {mail}."
    page.publish("report", page.section("Reports", body), write=given.write)


if __name__ == "__main__":
    main()
