"""A month of a desk in minutes: customers, agents, holidays, absences, and two gateways that are killed.

    with Month(url, place, tickets=2000, days=30, kills=10) as month:
        month.pass_by()
        month.books.compare(...)

Only the clock is faked: it stands in a file, and moves on when all gateways are done with what was due. Customers write
mail, which is accepted as a door would accept it; agents' orders go through the clerk. What must have come of it is
worked out in `Books`, by counting minutes, without a line of the program.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import accumulate, pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, text

from mailtickets.config.load import load
from mailtickets.config.state import load_secrets, prepare
from mailtickets.desk.commands import orders
from mailtickets.desk.model.ticket import Priority
from mailtickets.gateway.clerk import Clerk
from mailtickets.gateway.drafting.order import Order
from mailtickets.gateway.holidays import ready
from mailtickets.gateway.rules import rules_of
from mailtickets.mail.door import SMTP
from mailtickets.mail.model import Address, Envelope
from mailtickets.store import agents, inbound
from mailtickets.store.database import Database

ZONE = ZoneInfo("America/Sao_Paulo")
BEGIN = datetime(2026, 11, 1, tzinfo=ZONE)
STEP_MINUTES = 10
CLOSED = {"2026-11-02", "2026-11-15", "2026-11-20"}
"""The national holidays of the month: Finados, República, Consciência Negra."""
ALLOWED_MINUTES = {"critical": 60, "high": 120, "normal": 240, "low": 540}
"""A first answer; `low` is one day of the calendar, which has nine hours."""
CHIEF = "chefe@desk.test"
CONFIG = """
[instance]
name = "exemplo"
hostname = "mail.desk.test"
state_dir = "{place}"
[database]
url = "{url}"
[delivery]
method = "maildir"
[budget]
automatic_per_hour = 100000
automatic_per_domain_per_hour = 100000
[[queue]]
name = "suporte"
addresses = ["suporte@desk.test"]
assignment = "least_open"
notify = "assignee"
[[queue]]
name = "n2"
addresses = ["n2@desk.test"]
notify = "assignee"
{agents}
[[agent]]
name = "Chefe"
address = "chefe@desk.test"
queues = ["n2"]
calendar = "sempre"
[trust]
agents = "token"
[[calendar]]
name = "comercial"
hours = {{ "mon-fri" = "08:00-12:00 13:00-18:00" }}
holidays = ["BR"]
[[calendar]]
name = "sempre"
hours = {{ "mon-sun" = "00:00-24:00" }}
[[service_level]]
name = "padrao"
calendar = "comercial"
first_answer = {{ critical = "1h", high = "2h", normal = "4h", low = "1d" }}
next_answer = "6h"
resolution = "3d"
warn_at = 0.75
escalate = [
  {{ at = 1.0, clock = "first_answer", notify = ["chefe@desk.test"] }},
  {{ at = 1.5, clock = "first_answer", queue = "n2" }},
]
"""
AGENTS = tuple(Address(f"Atendente {n}", f"agente{n}@desk.test") for n in range(1, 6))
_AGENT = '[[agent]]\nname = "{0.name}"\naddress = "{0.address}"\nqueues = ["suporte", "n2"]\n'
_SETTLE_SECONDS = 60


# --- what must come of it -----------------------------------------------------------------------------


class OpenMinutes:
    """The calendar of the month by counting minutes: `since(a)` to `b` is a difference of two sums."""

    def __init__(self, days: int) -> None:
        opens = [self._is_open(BEGIN + timedelta(minutes=minute)) for minute in range((days + 60) * 1440)]
        self._sums = [0, *accumulate(opens)]

    @staticmethod
    def _is_open(at: datetime) -> bool:
        hour = at.hour
        return at.weekday() < 5 and at.date().isoformat() not in CLOSED and (8 <= hour < 12 or 13 <= hour < 18)

    def due(self, start: int, minutes: int) -> int:
        """The minute at which so many open minutes have passed since `start`, which is the end of the last of them."""
        wanted = self._sums[start] + minutes
        low, high = start, len(self._sums) - 1
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if self._sums[middle] >= wanted else (middle + 1, high)
        return low


@dataclass
class Truth:
    """What really happened on one ticket, in minutes since the month began."""

    opened: int
    priorities: list[tuple[int, Priority]] = field(default_factory=lambda: [(0, "normal")])
    answered: int | None = None

    def breach(self, minutes: OpenMinutes, end: int) -> tuple[int, int] | None:
        """When the first answer became late, and how long it was allowed to take then; None: it never was."""
        until = self.answered if self.answered is not None else end
        changes = [*self.priorities, (until, "normal")]
        for (since, priority), (following, _) in pairwise(changes):
            at = max(since, minutes.due(self.opened, ALLOWED_MINUTES[priority]))
            if at <= until and (at < following or following == until):
                return at, ALLOWED_MINUTES[priority]
        return None

    def steps(self, minutes: OpenMinutes, end: int) -> set[str]:
        """The steps of escalation that must have been taken, once each."""
        found = self.breach(minutes, end)
        if found is None:
            return set()
        until = self.answered if self.answered is not None else end
        second = minutes.due(self.opened, found[1] * 3 // 2)
        return {"first_answer:1", *(["first_answer:1.5"] if second <= until else [])}


# --- what happens -------------------------------------------------------------------------------------


class Month:
    """The desk, its people and its clock. Leaving the block ends the gateways."""

    def __init__(self, url: str, place: Path, *, gateways: int, tickets: int, days: int, kills: int, seed: int) -> None:
        self.dice = random.Random(seed)
        self.minutes, self.days, self.tickets = OpenMinutes(days), days, tickets
        self.place, self.clock_file = place, place / "clock"
        people = "".join(_AGENT.format(agent) for agent in AGENTS)
        self.config = place / "config.toml"
        self.config.write_text(CONFIG.format(place=place, url=url, agents=people), encoding="utf-8")
        self.now = 0
        self._tell_time()
        config = load(self.config)
        prepare(config)
        self.database = Database(config.database_url)
        rules = rules_of(config, load_secrets(config), ready(self.database, config, BEGIN))
        self.clerk = Clerk(self.database, rules, clock=lambda: self.moment)
        self.gateways = gateways
        self.running: list[subprocess.Popen[bytes]] = []
        self.books: dict[int, Truth] = {}
        self.agenda: dict[int, list[partial[None]]] = {}
        self.kills_at = set(self.dice.sample(range(STEP_MINUTES, days * 1440, STEP_MINUTES), kills))
        self.killed = 0

    def __enter__(self) -> "Month":
        self.running = [self._begin(number) for number in range(self.gateways)]
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.running:
            process.kill()
            process.wait()
        self.database.close()

    def _begin(self, number: int) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "tests.chaos.month_gateway", self.config, f"gateway{number}", self.clock_file]
        log = (self.place / f"gateway{number}.log").open("ab")
        with log:
            return subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)

    @property
    def moment(self) -> datetime:
        return BEGIN + timedelta(minutes=self.now)

    def _tell_time(self) -> None:
        fresh = self.clock_file.with_suffix(".new")
        fresh.write_text(self.moment.isoformat(), encoding="ascii")
        fresh.rename(self.clock_file)

    # --- the course of the month --------------------------------------------------------------------------

    def pass_by(self) -> None:
        """The whole month, step by step."""
        self._plan()
        for minute in range(0, self.days * 1440, STEP_MINUTES):
            doomed = minute in self.kills_at
            if minute not in self.agenda and not doomed and not self._something_is_due(minute):
                continue
            self.now = minute
            self._tell_time()
            if doomed:
                self._kill_one()
            self._settle()
            for act in self.agenda.pop(minute, []):
                act()
            self._settle()
        self.now = self.days * 1440
        self._tell_time()
        self._settle()

    def _plan(self) -> None:
        for number in range(self.tickets):
            self._at(self.dice.randrange(0, (self.days - 3) * 1440), partial(self._ask, number))
        for agent in AGENTS[:2]:
            day = self.dice.randrange(3, max(4, self.days - 6))
            self._at(day * 1440 + 480, partial(self._go_away, agent, days=4))

    def _at(self, minute: float, act: "partial[None]") -> None:
        """Something happens at the first step from that minute on, if the month lasts so long."""
        step = -(-int(minute) // STEP_MINUTES) * STEP_MINUTES
        if self.now < step < self.days * 1440:
            self.agenda.setdefault(step, []).append(act)

    def _later(self, mean_hours: float) -> float:
        return self.now + STEP_MINUTES + self.dice.expovariate(1 / (mean_hours * 60))

    # --- customers ----------------------------------------------------------------------------------------

    def _write(self, customer: str, subject: str, body: str) -> int:
        """A customer's mail, decided on by a gateway; the number of its ticket."""
        raw = (
            f"Message-ID: <{self.dice.getrandbits(80):x}@cliente.test>\r\nFrom: {customer}\r\nTo: suporte@desk.test\r\n"
            f"Subject: {subject}\r\nDate: {self.moment:%a, %d %b %Y %H:%M:%S %z}\r\nMIME-Version: 1.0\r\n"
            f"Content-Type: text/plain; charset=utf-8\r\n\r\n{body}\r\n"
        ).encode()
        envelope = Envelope(SMTP, customer, ("suporte@desk.test",), self.moment, "192.0.2.1")
        kept = self.database.transact(inbound.insert_all, [(raw, envelope)], None, self.moment)[0][0]
        self._settle()
        return int(self._value("SELECT ticket FROM inbound WHERE id = :id", id=kept))

    def _ask(self, number: int) -> None:
        customer = f"cliente{number}@cliente{number % 97}.test"
        ticket = self._write(customer, f"Pedido {number}", "Preciso de ajuda com o meu pedido.")
        self.books[ticket] = Truth(self.now)
        if self.dice.random() < 0.3:
            self._at(self._later(2), partial(self._raise, ticket))
        if self.dice.random() < 0.9:
            self._at(self._later(7), partial(self._answer, ticket, customer))

    def _reply(self, ticket: int, customer: str) -> None:
        self._write(customer, f"Re: [#{ticket}] Pedido", "Ainda não funciona, o que mais posso fazer?")
        if self.dice.random() < 0.8:
            self._at(self._later(6), partial(self._answer, ticket, customer))

    # --- agents -------------------------------------------------------------------------------------------

    def _answer(self, ticket: int, customer: str) -> None:
        if self.books[ticket].answered is None:
            self.books[ticket].answered = self.now
        agent, words = self.dice.choice(AGENTS), "Veja o que fazer."
        decide = partial(orders.answer, text=words, author=agent, actor=agent.address, by_agent=True)
        self.clerk.order(Order(ticket, decide, text=words))
        after = self.dice.random()
        if after < 0.4:
            self._at(self._later(12), partial(self._reply, ticket, customer))
        elif after < 0.8:
            self._at(self._later(20), partial(self._resolve, ticket))

    def _resolve(self, ticket: int) -> None:
        self.clerk.order(Order(ticket, partial(orders.set_status, to="resolved", actor=AGENTS[0].address)))

    def _raise(self, ticket: int) -> None:
        if self.books[ticket].answered is not None:
            return
        to: Priority = self.dice.choice(("low", "high", "critical"))
        self.books[ticket].priorities.append((self.now, to))
        self.clerk.order(Order(ticket, partial(orders.set_priority, to=to, actor=AGENTS[0].address)))

    def _go_away(self, agent: Address, days: int) -> None:
        self.database.transact(agents.set_absence, agent.address, self.moment + timedelta(days=days))

    # --- gateways -----------------------------------------------------------------------------------------

    def _kill_one(self) -> None:
        """Kills a gateway at whatever it is doing, and begins it again."""
        time.sleep(self.dice.random() * 0.2)
        number = self.dice.randrange(self.gateways)
        os.killpg(self.running[number].pid, signal.SIGKILL)
        self.running[number].wait()
        self.running[number] = self._begin(number)
        self.killed += 1

    def _something_is_due(self, minute: int) -> bool:
        moment = BEGIN + timedelta(minutes=minute)
        return bool(self.database.transact(_due_timers, moment))

    def _settle(self) -> None:
        """Until the gateways have done all that is to be done at this time."""
        until = time.monotonic() + _SETTLE_SECONDS
        while self.database.transact(_unsettled, self.moment):
            if time.monotonic() > until:
                logs = "\n".join(f.read_text(encoding="utf-8")[-2000:] for f in self.place.glob("gateway*.log"))
                raise AssertionError(f"at {self.moment}: {self.database.transact(_unsettled, self.moment)}\n{logs}")
            time.sleep(0.01)

    def _value(self, sql: str, **values: object) -> object:
        return self.database.transact(_first, sql, values)

    # --- what is there afterwards -------------------------------------------------------------------------

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        return self.database.transact(_rows, sql)

    def fired(self) -> Counter[tuple[int, str]]:
        """How often each step of escalation was taken, by the history of the tickets."""
        found = self.rows("SELECT ticket, new FROM event WHERE kind = 'timer' AND old = 'escalate'")
        return Counter((int(str(ticket)), str(name)) for ticket, name in found)

    def told_of(self, tickets: set[int]) -> str:
        """What the books and the database say of these tickets, for people."""
        lines = []
        for number in sorted(tickets):
            truth = self.books[number]
            changes = [(_ago(since), to) for since, to in truth.priorities]
            lines.append(
                f"{number}: opened {_ago(truth.opened)}, {changes}, answered {truth.answered and _ago(truth.answered)}"
            )
            for table, columns in (
                ("event", "at, actor, kind, old, new, reason"),
                ("timer", "kind, name, at, fired_at"),
            ):
                lines += [
                    f"  {table} {row}" for row in self.rows(f"SELECT {columns} FROM {table} WHERE ticket = {number}")
                ]
            lines += [f"  {row}" for row in self.rows(f"SELECT * FROM deadline WHERE ticket = {number}")]
        return "\n".join(lines)

    def wanted(self) -> Counter[tuple[int, str]]:
        """The steps of escalation that must have been taken."""
        end = self.days * 1440
        return Counter((t, step) for t, truth in self.books.items() for step in truth.steps(self.minutes, end))


def _unsettled(connection: Connection, now: datetime) -> Counter[str]:
    waiting = "SELECT count(*) FROM inbound WHERE state = 'accepted'"
    leaving = "SELECT count(*) FROM outbox WHERE state IN ('queued', 'sending', 'unknown')"
    counts = {sql.split()[3]: int(connection.execute(text(sql)).scalar_one()) for sql in (waiting, leaving)}
    return +Counter({**counts, "timer": _due_timers(connection, now)})


def _due_timers(connection: Connection, now: datetime) -> int:
    value = now.astimezone(ZoneInfo("UTC"))
    moment = value if connection.dialect.name != "sqlite" else value.strftime("%Y-%m-%d %H:%M:%S.%f")
    due = text("SELECT count(*) FROM timer WHERE fired_at IS NULL AND at <= :now")
    return int(connection.execute(due, {"now": moment}).scalar_one())


def _first(connection: Connection, sql: str, values: dict[str, object]) -> object:
    return connection.execute(text(sql), values).scalar()


def _rows(connection: Connection, sql: str) -> list[tuple[object, ...]]:
    return [tuple(row) for row in connection.execute(text(sql))]


def _ago(minutes: int) -> str:
    return f"{BEGIN + timedelta(minutes=minutes):%d %H:%M}"


def named(counts: Counter[tuple[int, str]]) -> Iterator[str]:
    """Lines for people who compare two counts."""
    return (f"{ticket} {name} x{count}" for (ticket, name), count in sorted(counts.items()))
