"""What a desk's database says, read past the program: where mails stood when it was killed, and what became of them.

Reads SQLite by its file and PostgreSQL by its URL. *Fails with* AssertionError that names the mail.
"""

import sqlite3
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from contextlib import closing
from typing import Any

import psycopg

from tests.chaos.load import Attempt, Letter, Smarthost, copy_of
from tests.system.desk import Desk
from tests.system.town import ANA, BRUNO

HOPS = (
    "final dot ... transaction 1",
    "transaction 1 ... 250",
    "fetched, not put away",
    "transaction 1 ... transaction 2",
    "transaction 2 ... claimed",
    "claimed ... final dot",
    "final dot ... transaction 3",
)
"""Where a mail can be, from the final dot of who brings it to the last transaction about what follows from it."""

AGENTS = (ANA.address, BRUNO.address)


class Books:
    """The database of one desk."""

    def __init__(self, desk: Desk, url: str) -> None:
        self._desk, self._url = desk, url

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        if self._url.startswith("postgresql"):
            with psycopg.connect(self._url) as connection:
                return connection.execute(query.encode()).fetchall() if query.startswith("SELECT") else self._do(query)
        with closing(sqlite3.connect(self._desk.state_dir / "mailtickets.db", timeout=30)) as database, database:
            return database.execute(query).fetchall()

    def _do(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self._url) as connection:
            connection.execute(query.encode())
        return []

    def has_begun(self) -> bool:
        """Whether there are tables."""
        try:
            self.rows("SELECT id FROM inbound LIMIT 1")
        except (sqlite3.OperationalError, psycopg.errors.UndefinedTable):
            return False
        return True

    # --- in the middle ------------------------------------------------------------------------------------

    def hops(self, cut_off: Sequence[Attempt], smarthost: Smarthost, mailbox: Iterable[bytes]) -> Counter[str]:
        """How many mails stand at each hop, just after a kill that cut these attempts off."""
        kept, waiting = self._kept()
        found: Counter[str] = Counter({"transaction 1 ... transaction 2": waiting})
        for attempt in cut_off:
            found["transaction 1 ... 250" if attempt.letter.id in kept else "final dot ... transaction 1"] += 1
        found["fetched, not put away"] = sum(copy_of("", raw)[1] in kept for raw in mailbox)
        arrived = smarthost.copies()
        for state, recipient, message_id in self._unsent():
            gone = "final dot ... transaction 3" if arrived[recipient, message_id] else "claimed ... final dot"
            found[gone if state == "sending" else "transaction 2 ... claimed"] += 1
        return +found

    def _kept(self) -> tuple[set[str], int]:
        """The Message-IDs of all mails that are durable, and how many of those have no outcome yet."""
        decided = {row[0] for row in self.rows("SELECT message_id FROM inbound WHERE state != 'accepted'")}
        waiting = [
            copy_of("", bytes(row[0]))[1] for row in self.rows("SELECT raw FROM inbound WHERE state = 'accepted'")
        ]
        return decided | set(waiting), len(waiting)

    def _unsent(self) -> list[tuple[Any, ...]]:
        return self.rows(f"{COPIES} WHERE outbox.state != 'sent'")

    def in_the_air(self) -> set[tuple[str, str]]:
        """(recipient, Message-ID) of what was being sent: if it was taken, nobody could write that down."""
        return {(recipient, message_id) for state, recipient, message_id in self._unsent() if state == "sending"}

    # --- in the end ---------------------------------------------------------------------------------------

    def is_quiet(self) -> bool:
        """Whether every mail has its outcome and every copy has gone."""
        undecided = "SELECT id FROM inbound WHERE state = 'accepted'"
        unsent = "SELECT id FROM outbox WHERE state NOT IN ('sent', 'failed', 'cancelled')"
        return not self.rows(f"{undecided} UNION ALL {unsent} LIMIT 1")

    def let_time_pass(self) -> None:
        """What waits for its next attempt is due."""
        self.rows("UPDATE outbox SET next_attempt_at = created_at WHERE state IN ('deferred', 'unknown')")

    def check_letters(self, letters: Sequence[Letter]) -> None:
        """Everything that was accepted became what it had to, once."""
        rows = self.rows("SELECT message_id, outcome, ticket FROM inbound")
        alike("mails in the ledger", [row[0] for row in rows], [letter.id for letter in letters])
        outcomes = {message_id: (outcome, ticket) for message_id, outcome, ticket in rows}
        became = [(key, outcome) for key, (outcome, _) in outcomes.items()]
        alike("outcomes", became, [(letter.id, letter.outcome) for letter in letters])
        messages = self.rows("SELECT message_id, ticket FROM message WHERE direction = 'in'")
        alike("messages of tickets", messages, [(key, ticket) for key, (_, ticket) in outcomes.items()])
        opened = [ticket for outcome, ticket in outcomes.values() if outcome == "opened"]
        alike("tickets", [row[0] for row in self.rows("SELECT number FROM ticket")], opened)

    def check_notices(self, letters: Sequence[Letter], smarthost: Smarthost) -> None:
        """For each mail every agent was told once, and its author, if they opened a ticket; all of it has arrived."""
        copies = self.rows("SELECT name, recipient, ticket FROM outbox")
        tickets = dict(self.rows("SELECT message_id, ticket FROM inbound"))
        expected = [
            ("new_ticket" if letter.outcome == "opened" else "customer_replied", agent, tickets[letter.id])
            for letter in letters
            for agent in AGENTS
        ]
        expected += [("received", x.sender, tickets[x.id]) for x in letters if x.outcome == "opened"]
        alike("notices", copies, expected)
        sent = [(recipient, message_id) for _, recipient, message_id in self.rows(COPIES)]
        alike("what has arrived", list(smarthost.copies()), sent)


def alike(what: str, found: Iterable[Hashable], expected: Iterable[Hashable]) -> None:
    """Fails with what is missing and what is too much, counted."""
    have, want = Counter(found), Counter(expected)
    assert have == want, f"{what}: missing {dict(want - have)}, too much {dict(have - want)}"


COPIES = "SELECT outbox.state, outbox.recipient, notice.message_id FROM outbox JOIN notice ON notice.id = outbox.notice"
