"""The past of a desk, written straight into its tables: tickets, their mail and their events, as the desk itself would
have written them. For tests and benches that need more tickets than can be made by mail.

In: what happened, ticket by ticket and in its order. `write` stores everything that was told since, so that a million
tickets need no memory.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import Connection, Table

from mailtickets.mail.door import IMPORT, SMTP
from mailtickets.store import schema
from mailtickets.store.statements import inserting

CUSTOMER = "maria@cliente.test"
_OUTCOME = {"opened": "opened", "customer": "appended", "answer": "appended"}


class DeskHistory:
    """Rows that are still to be written, and the numbers that were given away."""

    def __init__(self) -> None:
        self.rows: dict[Table, list[dict[str, Any]]] = defaultdict(list)
        self.numbers = self._inbounds = self._messages = 0

    def write(self, connection: Connection) -> None:
        """Writes everything, tickets first. All tickets are to be counted."""
        order = (schema.inbound, schema.ticket, schema.message, schema.event, schema.rating, schema.rating_request)
        for table in (*order, schema.uncounted):
            if self.rows[table]:
                connection.execute(inserting(table), self.rows[table])
        self.rows.clear()

    def open(
        self,
        queue: str,
        at: datetime,
        *,
        by_agent: str = "",
        imported: bool = False,
        priority: str = "normal",
        kind: str | None = None,
        tags: Sequence[str] = (),
        stage: str = "",
    ) -> "TicketHistory":
        self.numbers += 1
        row: dict[str, Any] = dict(
            number=self.numbers, queue=queue, subject=f"Assunto {self.numbers}", status="new", priority=priority,
            type=kind, requester_name="Maria", requester_address=CUSTOMER, assignee=None, revision=1, locale="pt_BR",
            answered=False, tags=list(tags), created_at=at, updated_at=at, resolved_at=None, closed_at=None,
            merged_into=None, stage=stage, fields={},
        )  # fmt: skip
        self.rows[schema.ticket].append(row)
        self.rows[schema.uncounted].append({"ticket": self.numbers, "changes": 1})
        found = TicketHistory(self, row, imported=imported)
        found.begin(at, by_agent)
        return found

    def mail(self, at: datetime, number: int | None, outcome: str | None, *, imported: bool = False) -> int:
        """A mail that came in."""
        self._inbounds += 1
        row = dict(
            id=self._inbounds, source=(IMPORT if imported else SMTP).name, recipients=["suporte@desk.test"],
            peer="192.0.2.1", helo="x", trusted=False, received_at=at, transmission=f"{self._inbounds:064}",
            state="done" if outcome else "accepted", outcome=outcome, ticket=number, queues=[], attempts=0,
            released=False, size=0, raw=b"",
        )  # fmt: skip
        self.rows[schema.inbound].append(row)
        return self._inbounds

    def message(self) -> int:
        self._messages += 1
        return self._messages


class TicketHistory:
    """One ticket. Everything happens at a moment that the caller says, never earlier than what was told before."""

    def __init__(self, desk: DeskHistory, row: dict[str, Any], *, imported: bool) -> None:
        self.desk, self.row, self.imported = desk, row, imported
        self.number: int = row["number"]
        self.messages: list[dict[str, Any]] = []

    @property
    def status(self) -> str:
        return str(self.row["status"])

    @property
    def is_over(self) -> bool:
        return self.status in {"resolved", "closed"}

    def begin(self, at: datetime, by_agent: str) -> None:
        inbound = self.desk.mail(at, self.number, "opened", imported=self.imported)
        reason = "opened-by-agent" if by_agent else "imported" if self.imported else "new-mail"
        self._event(at, "opened", None, "new", reason, by_agent or CUSTOMER, inbound)
        if by_agent:
            self._say(at, "out", by_agent, reason, inbound)
            self.set_status(at, "pending", by_agent, "agent-answered", inbound)
        else:
            self._say(at, "in", CUSTOMER, reason, inbound)

    def customer(self, at: datetime, reason: str = "reply-token") -> None:
        """The customer writes; a question opens a ticket that waits for them, or that was finished."""
        inbound = self.desk.mail(at, self.number, "appended")
        self._say(at, "in", CUSTOMER, reason, inbound)
        if reason == "reply-token" and self.status not in {"new", "open"}:
            self.set_status(at, "open", CUSTOMER, "customer-replied", inbound)

    def answer(self, at: datetime, agent: str, status: str = "pending") -> None:
        """An agent answers in public."""
        inbound = self.desk.mail(at, self.number, "appended")
        self._say(at, "out", agent, "agent-answer", inbound)
        if self.status != status:
            self.set_status(at, status, agent, "agent-answered", inbound)

    def set_status(
        self, at: datetime, status: str, actor: str = "system", reason: str = "ordered", inbound: int | None = None
    ) -> None:
        self._event(at, "status", self.status, status, reason, actor, inbound)
        self.row.update(status=status, updated_at=at)
        self.row["resolved_at"] = at if status == "resolved" else self.row["resolved_at"] if self.is_over else None
        self.row["closed_at"] = at if status == "closed" else None

    def spam(self, at: datetime, agent: str) -> None:
        self.row["tags"] = [*self.row["tags"], "spam"]
        self.set_status(at, "closed", agent, "spam")

    def merge(self, at: datetime, into: "TicketHistory", agent: str) -> None:
        self._event(at, "merged", str(self.number), str(into.number), "agent-commands", agent, None, on=into.number)
        self.set_status(at, "closed", agent, "merged")
        self.row["merged_into"] = into.number
        for message in self.messages:
            message["ticket"] = into.number
        into.messages += self.messages

    def ask_rating(self, at: datetime) -> None:
        row = {"ticket": self.number, "resolved_at": self.row["resolved_at"], "person": CUSTOMER}
        self.desk.rows[schema.rating_request].append({**row, "due_at": at, "asked_at": at})

    def rate(self, at: datetime, score: int, comment: str = "") -> None:
        row = {"ticket": self.number, "resolved_at": self.row["resolved_at"], "person": CUSTOMER, "score": score}
        self.desk.rows[schema.rating].append({**row, "comment": comment, "at": at, "quotable": False})
        self.customer(at, "rated")

    def _say(self, at: datetime, direction: str, author: str, reason: str, inbound: int) -> None:
        number = self.desk.message()
        row = dict(
            id=number, ticket=self.number, inbound=inbound, direction=direction, visibility="public", kind="human",
            author_name="", author_address=author, verified=True, subject="", text="", reply="", received_at=at,
            defects=[], revision=1,
        )  # fmt: skip
        self.desk.rows[schema.message].append(row)
        self.messages.append(row)
        self._event(at, "message", "public", str(number), reason, author, inbound)

    def _event(
        self, at: datetime, kind: str, old: str | None, new: str | None, reason: str, actor: str, inbound: int | None,
        *, on: int | None = None,
    ) -> None:  # fmt: skip
        row = {"ticket": on or self.number, "inbound": inbound, "at": at, "actor": actor, "kind": kind}
        self.desk.rows[schema.event].append({**row, "old": old, "new": new, "reason": reason})


# --- a year that nobody wrote by hand -----------------------------------------------------------------


def live(desk: DeskHistory, queues: Sequence[str], agents: Sequence[str], begin: datetime, count: int, random: Random,
         days: int = 365) -> Iterator[TicketHistory]:  # fmt: skip
    """A ticket after the other, evenly over a year: answered, asked again, resolved, opened again, merged, spam. One
    in twenty is left as it is, somewhere on its way."""
    last: TicketHistory | None = None
    for place in range(count):
        at = begin + timedelta(days=days) * place / count
        fate = random.random()
        one = desk.open(
            random.choice(queues), at,
            by_agent=random.choice(agents) if fate < 0.04 else "", imported=0.04 <= fate < 0.05,
            priority=random.choices(["low", "normal", "high", "critical"], [1, 6, 2, 1])[0],
            kind=random.choice([None, "question", "incident", "request"]),
            tags=random.sample(["boleto", "nf-e", "acesso", "troca"], random.choice([0, 0, 1, 2])),
        )  # fmt: skip
        _lead(one, last if last is not None and not last.row["merged_into"] else None, agents, at, random)
        last = one
        yield one


def _lead(one: TicketHistory, last: TicketHistory | None, agents: Sequence[str], at: datetime, random: Random) -> None:
    agent, fate = random.choice(agents), random.random()
    if fate < 0.03:
        one.spam(_later(at, 60, random), agent)
        return
    if fate < 0.07 and last is not None:
        one.merge(max(_later(at, 600, random), last.row["updated_at"]), last, agent)
        return
    for _ in range(random.choice([1, 1, 1, 2, 2, 3])):
        if random.random() < 0.02:
            return
        at = _later(at, 8 * 3600, random)
        one.answer(at, agent)
        at = _later(at, 24 * 3600, random)
        if random.random() < 0.5:
            one.customer(at)
    if random.random() < 0.05:
        return
    at = _later(at, 24 * 3600, random)
    one.answer(at, agent, "resolved")
    _end(one, agent, at, random)


def _end(one: TicketHistory, agent: str, at: datetime, random: Random) -> None:
    if random.random() < 0.5:
        one.ask_rating(at)
    fate = random.random()
    if fate < 0.2:
        one.rate(_later(at, 3600, random), random.choices([1, 2, 3, 4, 5], [1, 1, 1, 4, 8])[0])
    elif fate < 0.35:
        one.customer(_later(at, 3600, random), "only-thanks")
    elif fate < 0.45:
        at = _later(at, 10 * 24 * 3600, random)
        one.customer(at)
        at = _later(at, 3 * 3600, random)
        one.answer(at, agent, "resolved")
    if random.random() < 0.8:
        one.set_status(at + timedelta(days=30), "closed", "system", "resolved-long-enough")


def _later(at: datetime, seconds: float, random: Random) -> datetime:
    """So much later on average."""
    return at + timedelta(seconds=round(random.expovariate(1 / seconds)) + 1)
