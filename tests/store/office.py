"""A clerk at work on a real database, with a clock that stands still until it is moved.

`Office` takes raw mail the whole way (keep, read, decide, render, settle) in the calling thread; the parts are
there singly for tests of what happens between them.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import Row, select

from mailtickets.desk.model.policy import Policy
from mailtickets.gateway.clerk import Clerk
from mailtickets.gateway.drafting.draft import Draft
from mailtickets.gateway.rules import Rules, rules_of
from mailtickets.mail.door import SMTP
from mailtickets.mail.model import Envelope
from mailtickets.mail.read.parse import parse
from mailtickets.store import inbound, outbox, schema
from mailtickets.store.database import Database
from mailtickets.store.inbound import Received
from mailtickets.store.outbox import Due
from mailtickets.store.read import inbound as read_inbound
from mailtickets.store.read import tickets as read_tickets
from mailtickets.store.read.reader import within
from tests.desk.builders import NOW, a_config

SECRET = b"secret" * 8
RULES = rules_of(a_config(), (SECRET,))

_WORDS = {"Message-ID": "<m1@cliente.test>", "From": "Maria Souza <maria@cliente.test>", "To": "suporte@desk.test",
          "Subject": "Impressora", "Date": "Mon, 03 Mar 2025 11:59:00 +0000"}  # fmt: skip


def a_message(text: str = "A impressora não imprime.", **fields: str | None) -> bytes:
    """A raw mail by Maria. Fields by name (`message_id=...`); None leaves one out."""
    given = {name.replace("_", "-").title().replace("-Id", "-ID"): value for name, value in fields.items()}
    head = {**_WORDS, **given}
    lines = [f"{name}: {value}" for name, value in head.items() if value is not None]
    mime = ["MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit"]
    return ("\r\n".join([*lines, *mime]) + f"\r\n\r\n{text}\r\n").encode()


def with_file(name: str = "foto.txt", content: str = "arquivo") -> bytes:
    """A raw mail by Maria with an attachment."""
    lines = [*(f"{key}: {value}" for key, value in _WORDS.items()), "MIME-Version: 1.0",
             'Content-Type: multipart/mixed; boundary="b"', "", "--b", "Content-Type: text/plain; charset=utf-8", "",
             "Segue anexo.", "--b", "Content-Type: application/octet-stream",
             f'Content-Disposition: attachment; filename="{name}"', "", content, "--b--", ""]  # fmt: skip
    return "\r\n".join(lines).encode()


def an_envelope(**changes: Any) -> Envelope:
    values: dict[str, Any] = {
        "door": SMTP,
        "sender": "maria@cliente.test",
        "recipients": ("suporte@desk.test",),
        "received_at": NOW,
        "peer": "192.0.2.1",
    }
    return Envelope(**{**values, **changes})


def copies(connection: Any, *, state: str | None = None, limit: int = 1000) -> list[Row[Any]]:
    """Outgoing copies with the notices they are copies of, newest first."""
    notice, outbox = schema.notice, schema.outbox
    words = (
        notice.c.inbound,
        notice.c.author,
        notice.c.message_id,
        notice.c.subject,
        notice.c.text,
        notice.c.html,
        notice.c.headers,
        notice.c.attachments,
    )
    wanted = (
        select(outbox, *words).join(notice, notice.c.id == outbox.c.notice).order_by(outbox.c.id.desc()).limit(limit)
    )
    return list(connection.execute(wanted if state is None else wanted.where(outbox.c.state == state)))


class Office:
    def __init__(self, database: Database, rules: Rules = RULES) -> None:
        self.now = NOW
        self._nonces = (f"nonce{number:07d}" for number in count())
        self.database = database
        self.clerk = Clerk(database, rules, clock=lambda: self.now, nonce=lambda: next(self._nonces))

    def use(self, policy: Policy) -> None:
        self.clerk.rules = replace(self.clerk.rules, policy=policy)

    def pass_time(self, **span: float) -> None:
        self.now += timedelta(**span)

    # --- mail, step by step -------------------------------------------------------------------------------

    def keep(self, raw: bytes, **envelope: Any) -> int:
        """Accepts a mail; gives its id, old or new."""
        given = an_envelope(received_at=self.now, **envelope)
        return self.run(lambda c: inbound.insert_all(c, [(raw, given)], None, self.now))[0][0]

    def received(self, number: int) -> Received:
        found = self.run(lambda c: inbound.load(c, number))
        assert found is not None
        return found

    def draft(self, number: int, unparsed: str | None = None) -> Draft:
        received = self.received(number)
        return self.clerk.draft(received, parse(received.raw, instance="exemplo"), unparsed)

    def settle(self, draft: Draft) -> None:
        self.clerk.settle(draft, self.clerk.words(draft))

    def take(self, raw: bytes, **envelope: Any) -> Row[Any]:
        """A mail the whole way; gives its row in the ledger."""
        number = self.keep(raw, **envelope)
        if self.row(number).state == "accepted":
            self.settle(self.draft(number))
        return self.row(number)

    # --- what is there now --------------------------------------------------------------------------------

    def run(self, work: Callable[[Any], Any]) -> Any:
        return self.database.transact(work)

    def row(self, number: int) -> Row[Any]:
        row = self.run(lambda c: read_inbound.shown(within(c), number))
        assert row is not None
        return row

    def ticket(self, number: int) -> read_tickets.Shown:
        shown: read_tickets.Shown | None = self.run(lambda c: read_tickets.show(within(c), number))
        assert shown is not None
        return shown

    def numbers(self) -> list[int]:
        found: list[int] = self.run(lambda c: list(c.execute(select(schema.ticket.c.number)).scalars()))
        return sorted(found)

    def outgoing(self, state: str | None = None) -> list[tuple[str, str]]:
        """(notice, recipient), oldest first."""
        rows = self.run(lambda c: copies(c, state=state))
        return [(row.name, row.recipient) for row in reversed(rows)]

    def due(self, limit: int = 100, claimant: str = "one") -> list[Due]:
        found: list[Due] = self.run(lambda c: outbox.claim_due(c, claimant, self.now, limit))
        return found

    def reply_address(self, recipient: str, ticket: int = 1) -> str:
        """The Reply-To, token and all, of the newest mail to somebody."""
        rows = self.run(lambda c: copies(c, limit=1000))
        number = next(row.id for row in rows if row.recipient == recipient and row.ticket == ticket)
        due = self.run(lambda c: outbox.load(c, number))
        return self.clerk.written(due, ())[1].reply_to

    def events(self, number: int) -> list[tuple[str, str | None, str | None, str]]:
        """(kind, from, to, reason), oldest first."""
        return [(row.kind, row.old, row.new, row.reason) for row in self.ticket(number).events]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
