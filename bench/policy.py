"""What rules and a service level cost: CPU a message, with 200 rules and a level, beside a desk that has neither.

    python bench/policy.py [--write] [--runs 9] [--tickets 60]

The whole way: the daemon as it ships takes a mail by SMTP, stores it, has it read by a worker, decides, writes, and
puts the notices into a Maildir; CPU of all its processes. One by one: each mail comes when the one before is done. All
at once: they come as quickly as the door takes them, and share transactions. Beside it the part that rules and levels
are in, alone: in one process a mail is read, decided on, put into words and settled. In each round so many customers
write a mail and then a reply; the desks take turns. Two of the rules match; most ask for words that nobody says. CPU
time, never the clock's; SQLite on disk.
"""

import smtplib
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import partial
from itertools import count, islice
from pathlib import Path
from statistics import median

import page
from running import Running

from mailtickets.config.load import parsed
from mailtickets.gateway.clerk import Clerk
from mailtickets.gateway.rules import rules_of
from mailtickets.mail.door import SMTP
from mailtickets.mail.model import Envelope
from mailtickets.mail.read.parse import parse
from mailtickets.store import inbound, migrate
from mailtickets.store.database import Database

SECRET = b"bench" * 10
NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
RULES = 200
PATIENCE_SECONDS = 120
CONFIG = """
[instance]
name = "bench"
hostname = "mail.desk.test"
state_dir = "{directory}"
[smtp_in]
listen = ["127.0.0.1:0"]
[delivery]
method = "maildir"
[budget]
automatic_per_hour = 1_000_000
automatic_per_domain_per_hour = 1_000_000
[[queue]]
name = "suporte"
addresses = ["suporte@desk.test"]
[[queue]]
name = "financeiro"
addresses = ["financeiro@desk.test"]
[[agent]]
name = "Ana"
address = "ana@desk.test"
queues = ["suporte", "financeiro"]
[[agent]]
name = "Bruno"
address = "bruno@desk.test"
queues = ["suporte"]
"""
LEVEL = """
[[calendar]]
name = "comercial"
hours = { "mon-fri" = "08:00-12:00 13:00-18:00" }
[[service_level]]
name = "padrao"
calendar = "comercial"
first_answer = { critical = "1h", high = "4h", normal = "8h", low = "2d" }
next_answer = "8h"
resolution = "3d"
escalate = [{ at = 1.0, priority = "high" }]
"""
RULE = """
[[rule]]
name = "regra{number}"
on = ["new", "reply"]
all = [{{ queue = "suporte" }}, {{ words = ["{word}", "palavra {number}", "outra{number}"] }}]
any = [{{ from = "*@cliente{number}.test" }}, {{ subject = "*pedido*" }}]
add_tags = ["etiqueta{number}"]
"""
TEXT = """Boa tarde,

comprei uma impressora na semana passada e ela ainda não imprime. Já troquei o cabo e o cartucho, já instalei o programa
de novo, e a luz continua vermelha. O pedido foi entregue na segunda-feira. Podem me dizer o que faço?

Obrigada,
Maria
"""


def rules() -> str:
    """200 rules, of which two match."""
    words = {7: "impressora", 42: "cartucho"}
    return "".join(RULE.format(number=number, word=words.get(number, f"nada{number}")) for number in range(RULES))


DESKS = {"neither": "", "a level": LEVEL, "200 rules": rules(), "200 rules and a level": LEVEL + rules()}
"""What each desk has more than the first."""


def sender_of(customer: int) -> str:
    return f"cliente{customer}@loja{customer % 50}.test"


def a_mail(subject: str, customer: int, number: int, at: datetime) -> bytes:
    return "\r\n".join(_lines(subject, sender_of(customer), number, at)).encode()


def _lines(subject: str, sender: str, number: int, at: datetime) -> Iterator[str]:
    yield f"Message-ID: <m{number}@loja.test>"
    yield f"From: Maria <{sender}>"
    yield "To: suporte@desk.test"
    yield f"Subject: {subject}"
    yield f"Date: {format_datetime(at)}"
    yield from ("MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "", TEXT.replace("\n", "\r\n"))


Mail = tuple[str, int, int]
"""(subject, customer, number of the mail)."""


class Round:
    """Customers who write to a desk, and then reply: CPU milliseconds a message."""

    def __init__(self, send: Callable[[list[Mail]], list[int]], seconds: Callable[[], float]) -> None:
        """`send` takes mails and returns the numbers of their tickets, once all that follows is done; `seconds` is the
        CPU time that the desk has used."""
        self._send, self._seconds = send, seconds
        self._customers, self._mails = count(1), count(1)

    def __call__(self, tickets: int) -> float:
        customers = list(islice(self._customers, tickets))
        begun = self._seconds()
        numbers = self._send([(f"Pedido {customer}", customer, next(self._mails)) for customer in customers])
        opened = zip(customers, numbers, strict=True)
        self._send([(f"Re: [#{ticket}] Pedido {who}", who, next(self._mails)) for who, ticket in opened])
        return 1000 * (self._seconds() - begun) / (2 * tickets)


class InProcess:
    """A desk in this process, on a database of its own: without doors, workers and delivery."""

    def __init__(self, directory: Path, more: str) -> None:
        directory.mkdir()
        config = parsed(directory / "config.toml", CONFIG.format(directory=directory) + more)
        self.database = Database(config.database_url)
        migrate.upgrade(self.database)
        self._clerk = Clerk(self.database, rules_of(config, (SECRET,)), clock=lambda: NOW)
        self.round = Round(self._all, time.process_time)

    def close(self) -> None:
        self.database.close()

    def _all(self, mails: list[Mail]) -> list[int]:
        return [self._take(*mail) for mail in mails]

    def _take(self, subject: str, customer: int, number: int) -> int:
        envelope = Envelope(SMTP, sender_of(customer), ("suporte@desk.test",), NOW, "192.0.2.1")
        raw = a_mail(subject, customer, number, NOW)
        kept = self.database.transact(inbound.insert_all, [(raw, envelope)], None, NOW)[0][0]
        received = self.database.transact(inbound.load, kept)
        if received is None:
            raise LookupError(f"inbound {kept}")
        draft = self._clerk.draft(received, parse(raw, instance="bench"))
        self._clerk.settle(draft, self._clerk.words(draft))
        return draft.after.number if draft.after else 0


class Whole:
    """The daemon as it ships, and a customer's connection to it."""

    def __init__(self, daemon: Running) -> None:
        self._client = smtplib.SMTP("127.0.0.1", daemon.smtp_port)
        self._database = sqlite3.connect(f"file:{daemon.database}?mode=ro", uri=True, timeout=30)
        self._seconds = daemon.cpu_seconds

    def close(self) -> None:
        with suppress(smtplib.SMTPException):
            self._client.quit()
        self._database.close()

    def one_by_one(self) -> Round:
        """Each mail comes when nothing is left to do for the one before."""
        return Round(lambda mails: [self._done(self._sent(*mail)) for mail in mails], self._seconds)

    def at_once(self) -> Round:
        """Mail after mail, as quickly as the door takes them: mails in process share transactions."""
        return Round(lambda mails: [self._done(one) for one in [self._sent(*mail) for mail in mails]], self._seconds)

    def _sent(self, subject: str, customer: int, number: int) -> str:
        """The Message-ID of the mail, when it is accepted."""
        raw = a_mail(subject, customer, number, datetime.now(UTC))
        self._client.sendmail(sender_of(customer), ["suporte@desk.test"], raw)
        return f"m{number}@loja.test"

    def _done(self, message_id: str) -> int:
        """The number of the mail's ticket, once all that follows from the mail has been sent."""
        give_up = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < give_up:
            found = self._one("SELECT ticket FROM inbound WHERE message_id = ? AND state = 'done'", message_id)
            if found and not self._one("SELECT 1 FROM outbox WHERE ticket = ? AND state <> 'sent'", found[0]):
                return int(found[0])
            time.sleep(0.01)
        raise RuntimeError(f"{message_id} is not done in {PATIENCE_SECONDS} s")

    def _one(self, statement: str, *values: object) -> tuple[int, ...] | None:
        found: tuple[int, ...] | None = self._database.execute(statement, values).fetchone()
        return found


def one_by_one(stack: ExitStack) -> dict[str, Round]:
    return {name: desk.one_by_one() for name, desk in whole(stack).items()}


def at_once(stack: ExitStack) -> dict[str, Round]:
    return {name: desk.at_once() for name, desk in whole(stack).items()}


def whole(stack: ExitStack) -> dict[str, Whole]:
    made = {}
    for name in ("neither", "200 rules and a level"):
        daemon = stack.enter_context(Running(CONFIG.format(directory="var") + DESKS[name]))
        made[name] = stack.enter_context(closing(Whole(daemon)))
    return made


def in_process(stack: ExitStack) -> dict[str, Round]:
    place = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    return {
        name: stack.enter_context(closing(InProcess(place / f"desk{at}", more))).round
        for at, (name, more) in enumerate(DESKS.items())
    }


WAYS = {
    "the whole way, one by one": one_by_one,
    "the whole way, all at once": at_once,
    "in one process": in_process,
}


def measured(desks: dict[str, Round], runs: int, tickets: int) -> dict[str, list[float]]:
    for desk in desks.values():
        desk(min(20, tickets))  # everything has been used once
    return page.alternate({name: partial(desk, tickets) for name, desk in desks.items()}, runs)


def rows(way: str, found: dict[str, list[float]]) -> list[list[str]]:
    base = found["neither"]
    return [[f"{way}: {name}", page.spread(values, 2), beside(values, base)] for name, values in found.items()]


def beside(values: list[float], base: list[float]) -> str:
    """The median of the ratios of each round, and between what they lay."""
    ratios = [one / other for one, other in zip(values, base, strict=True)]
    return f"{median(ratios):.2f}x ({min(ratios):.2f}–{max(ratios):.2f})"


def main() -> None:
    arguments = page.arguments(__doc__)
    arguments.set_defaults(runs=9)
    arguments.add_argument("--tickets", type=int, default=60)
    given = arguments.parse_args()
    found = []
    for way, made in WAYS.items():
        sys.stderr.write(f"CPU ms a message, {way}\n")
        with ExitStack() as stack:
            found += rows(way, measured(made(stack), given.runs, given.tickets))
    body = page.table(["CPU a message, ms", "", "beside neither"], found)
    page.publish("policy", page.section("Rules and service levels", body), write=given.write)


if __name__ == "__main__":
    main()
