"""Occasions on which rules are asked, read from `occasions.txt`, as the daemon makes them: by deciding on a mail."""

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from mailtickets.config.durations import span
from mailtickets.config.load import tuples
from mailtickets.config.rules import Rule
from mailtickets.desk.clock.calendar import open_hours
from mailtickets.desk.commands import orders
from mailtickets.desk.model.facts import Authentication, CustomerHistory
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.model.ticket import status_named
from mailtickets.desk.rules.case import Case
from mailtickets.desk.rules.configured.matter import Matter
from mailtickets.desk.rules.configured.step import of_mail, of_order
from mailtickets.desk.rules.configured.timed import of_time
from mailtickets.desk.rules.decide import decide
from mailtickets.desk.rules.questions import questions
from mailtickets.mail.model import Address
from tests.desk.builders import MARIA, NOW, a_mail, a_policy, a_ticket, an_attachment, an_envelope, facts

ZONE = ZoneInfo("America/Sao_Paulo")
COMERCIAL = open_hours("comercial", ZONE, {"mon-fri": "08:00-12:00 13:00-18:00"}, {}, ())


def a_rule(text: str, name: str = "regra", **changes: Any) -> Rule:
    """A rule from TOML; `; ` stands for a new line."""
    data = tomllib.loads(text.replace("; ", "\n"))
    return Rule.model_validate(tuples({"name": name, "stop": False, **data, **changes}))


def policy_with(*rules: Rule, **more: Any) -> Policy:
    return a_policy(configured=rules, calendars={"comercial": COMERCIAL}, **more)


@dataclass
class Occasion:
    """A block of `occasions.txt`."""

    name: str
    lines: list[tuple[str, str]] = field(default_factory=list)

    def get(self, key: str, default: str = "") -> str:
        return next((value for name, value in self.lines if name == key), default)

    def each(self, key: str) -> list[str]:
        return [value for name, value in self.lines if name == key]

    @property
    def now(self) -> datetime:
        at = self.get("at")
        return datetime.fromisoformat(at).replace(tzinfo=ZONE) if at else NOW

    @property
    def history(self) -> CustomerHistory:
        return CustomerHistory(int(self.get("tickets", "0")), int(score) if (score := self.get("score")) else None)

    def matters(self, policy: Policy) -> Sequence[Matter]:
        match self.get("on"):
            case "new":
                found = self._of_mail(policy, ())
            case "reply":
                found = self._of_mail(policy, (self._ticket(),))
            case "status":
                before, to = self._ticket(status=self.get("was")), status_named(self.get("status"))
                assert to is not None
                found = of_order(orders.set_status(before, to, "ana@desk.test") or _none(), before, policy, self.now)
            case _:
                found = (of_time(self._ticket(), policy, self.now),)
        return [matter.with_history(self.history) for matter in found]

    def _ticket(self, **changes: Any) -> Any:
        values: dict[str, Any] = {
            "status": self.get("status", "open"),
            "queue": self.get("queue", "suporte"),
            "priority": self.get("priority", "normal"),
            "type": self.get("type") or None,
            "tags": tuple(self.get("tag").split()),
            "stage": self.get("stage"),
            "assignee": self.get("assignee") or None,
            "fields": tuple((one.partition("=")[0], one.partition("=")[2]) for one in self.each("field")),
            "resolved_at": self.now - timedelta(days=1) if self.get("status") == "resolved" else None,
        }
        for key, moment in (("age", "created_at"), ("idle", "updated_at"), ("waiting", "waiting_since")):
            if (length := self.get(key)) not in {"", "none"}:
                values[moment] = self.now - _length(length)
        return a_ticket(**{**values, **changes})

    def _of_mail(self, policy: Policy, tickets: Sequence[Any]) -> Sequence[Matter]:
        author = _person(self.get("from")) if self.get("from") else MARIA
        headers = tuple(
            (name.lower(), value.strip()) for name, _, value in (h.partition(":") for h in self.each("header"))
        )
        mail = a_mail(
            author,
            subject=self.get("subject", "Impressora"),
            text=self.get("words"),
            quoted=self.get("quote"),
            kind=self.get("kind", "human"),
            language=self.get("language", "pt"),
            headers=tuple((name.lower(), value.strip()) for name, value in headers),
            to=tuple(Address("", one) for one in self.get("to", "suporte@desk.test").split()),
            attachments=tuple(map(_file, self.each("file"))),
            date=self.now,
        )
        verdict = Authentication("pass" if self.get("proven") else "none")
        known = facts(
            *tickets,
            envelope=an_envelope(sender=author.address, recipients=(), received_at=self.now),
            authentication=verdict,
            subject_numbers=tuple(ticket.number for ticket in tickets),
        )
        asked = questions(mail, policy)
        return of_mail(decide(mail, known, policy, self.now, asked), Case.of(asked, known, policy, self.now))


def occasions() -> dict[str, Occasion]:
    return {occasion.name: occasion for occasion in _read(Path(__file__).parent / "occasions.txt")}


def _read(file: Path) -> Iterator[Occasion]:
    occasion: Occasion | None = None
    for line in file.read_text("utf-8").splitlines():
        if line.startswith("occasion "):
            if occasion is not None:
                yield occasion
            occasion = Occasion(line.removeprefix("occasion "))
        elif occasion is not None and line.strip() and not line.strip().startswith("#"):
            name, value = line.split(maxsplit=1)
            occasion.lines.append((name, value))
    if occasion is not None:
        yield occasion


def _none() -> Any:
    raise AssertionError("nothing changes")


def _length(text: str) -> timedelta:
    parts = text.replace("h", "h ").replace("d", "d ").split()
    return sum((span(part) or _none() for part in parts), timedelta())


def _person(text: str) -> Address:
    name, _, rest = text.partition("<")
    return Address(name.strip(), rest.rstrip(">")) if rest else Address("", text)


def _file(text: str) -> Any:
    name, kind, size, *shown = text.split()
    return an_attachment(
        name, content_type=kind, size=int(size), inline=bool(shown), content_id="logo" if shown else None
    )
