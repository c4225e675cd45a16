"""What rules and a service level cost: CPU a message, with 200 rules and a level, beside a desk that has neither.

    python bench/policy.py [--write] [--runs 9] [--tickets 150]

In process: a mail is read, decided on, put into words and settled, as a gateway does it, without doors and workers.
Each round opens so many tickets and lets each customer write once more, in both desks, one after the other. A few of
the rules match; most ask for words that nobody says. CPU time of this process; SQLite on disk.
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import report

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
CONFIG = """
[instance]
name = "bench"
hostname = "mail.desk.test"
state_dir = "{directory}"
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


def configured() -> str:
    """200 rules, of which two match, and a level."""
    words = {7: "impressora", 42: "cartucho"}
    rules = (RULE.format(number=number, word=words.get(number, f"nada{number}")) for number in range(RULES))
    return LEVEL + "".join(rules)


class Desk:
    """A desk in this process, on a database of its own."""

    def __init__(self, directory: Path, more: str) -> None:
        directory.mkdir()
        config = parsed(directory / "config.toml", CONFIG.format(directory=directory) + more)
        self.database = Database(config.database_url)
        migrate.upgrade(self.database)
        self.clerk = Clerk(self.database, rules_of(config, (SECRET,)), clock=lambda: NOW)
        self._ids = count(1)

    def round(self, tickets: int) -> float:
        """CPU milliseconds a message."""
        begun = time.process_time()
        numbers = [self._take(f"Pedido {n}", n) for n in range(tickets)]
        for n, number in enumerate(numbers):
            self._take(f"Re: [#{number}] Pedido {n}", n)
        return 1000 * (time.process_time() - begun) / (2 * tickets)

    def _take(self, subject: str, customer: int) -> int:
        """A mail the whole way; the number of its ticket."""
        sender = f"cliente{customer}@loja{customer % 50}.test"
        raw = "\r\n".join(self._lines(subject, sender)).encode()
        envelope = Envelope(SMTP, sender, ("suporte@desk.test",), NOW, "192.0.2.1")
        kept = self.database.transact(inbound.insert_all, [(raw, envelope)], None, NOW)[0][0]
        received = self.database.transact(inbound.load, kept)
        if received is None:
            raise LookupError(f"inbound {kept}")
        draft = self.clerk.draft(received, parse(raw, instance="bench"))
        self.clerk.settle(draft, self.clerk.words(draft))
        return draft.after.number if draft.after else 0

    def _lines(self, subject: str, sender: str) -> Iterator[str]:
        yield f"Message-ID: <m{next(self._ids)}@loja.test>"
        yield f"From: Maria <{sender}>"
        yield "To: suporte@desk.test"
        yield f"Subject: {subject}"
        yield f"Date: {NOW:%a, %d %b %Y %H:%M:%S} +0000"
        yield from ("MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "", TEXT.replace("\n", "\r\n"))


def main() -> None:
    arguments = report.arguments(__doc__)
    arguments.add_argument("--tickets", type=int, default=150)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as place:
        plain, ruled = Desk(Path(place, "plain"), ""), Desk(Path(place, "ruled"), configured())
        with closing(plain.database), closing(ruled.database):
            for desk in (plain, ruled):
                desk.round(20)
            sys.stderr.write("CPU ms a message\n")
            found = report.alternate(
                {
                    "neither": lambda: plain.round(given.tickets),
                    "200 rules and a level": lambda: ruled.round(given.tickets),
                },
                given.runs,
            )
    rows = [[name, report.spread(values, 2), report.ratio(values, found["neither"])] for name, values in found.items()]
    body = report.table(["CPU a message, ms", "", "beside neither"], rows)
    report.publish("policy", report.section("Rules and service levels", body), write=given.write)


if __name__ == "__main__":
    main()
