"""The examples of the pages on reports are counted: what happens on tickets, and the lines of the report.

    Mon 09:00  the customer writes
    Mon 14:00  an agent answers
    Mon 18:00  the report
               | First answer 1 5 h 5 h

A line with a day and a time is something that happens on a ticket. After an empty line it is another ticket; `8 times:`
is so many alike. `the report` is about the days up to then; `by agent` divides it. The same words stand in Portuguese.
What counts is `desk.figures`, as the desk does it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from mailtickets.config.levels import ServiceLevel
from mailtickets.desk.clock.calendar import open_hours
from mailtickets.desk.clock.course import Happening
from mailtickets.desk.figures.account import Rated, TicketAccount, account
from mailtickets.desk.figures.adding import RunningNow, Sum
from mailtickets.desk.figures.cells import Entries, entries
from mailtickets.desk.figures.report import DeskReport, Period, ReportRow
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.model.ticket import Ticket
from mailtickets.views.reports.lines import lines
from tests.desk.builders import a_policy, a_ticket
from tests.test_docs import ROOT, blocks

PAGES = {"en": ROOT / "docs" / "reports.md", "pt_BR": ROOT / "docs" / "relatorios.pt-BR.md"}
EXAMPLES = 10

ZONE = ZoneInfo("America/Sao_Paulo")
MONDAY = datetime(2026, 11, 2, tzinfo=ZONE)
AGENT, CUSTOMER = "ana@desk.test", "maria@cliente.test"
DAYS = {name: number for names in ("Mon Tue Wed Thu Fri Sat Sun", "seg ter qua qui sex sáb dom")
        for number, name in enumerate(names.split())}  # fmt: skip

WORDS = {
    "the customer writes": "customer", "o cliente escreve": "customer",
    "the customer says thanks": "thanks", "o cliente agradece": "thanks",
    "the customer is asked": "asked", "o cliente é perguntado": "asked",
    "the desk acknowledges": "acknowledgement", "o sistema confirma": "acknowledgement",
    "an agent answers": "answer", "um atendente responde": "answer",
    "an agent writes a note": "note", "um atendente anota": "note",
    "an agent opens a ticket": "agent-opened", "um atendente abre um chamado": "agent-opened",
    "waiting for the customer": "pending", "aguardando cliente": "pending",
    "open": "open", "em atendimento": "open",
    "resolved": "resolved", "resolvido": "resolved",
    "closed as spam": "spam", "fechado como spam": "spam",
    "merged into another ticket": "merged", "juntado a outro chamado": "merged",
}  # fmt: skip
_GIVES = re.compile(r"(?:the customer gives|o cliente dá nota) ([1-5])")
_TIMES = re.compile(r"(\d+) (?:times|vezes):")
_REPORT = re.compile(r"(?:the report|o relatório)( by agent| por atendente)?")
_LEVEL = re.compile(r"(?:open|aberto) \S+ (\d\d:\d\d-\d\d:\d\d), (?:first answer within|primeira resposta em) (\d+) h")
_HAPPENS = re.compile(r"(\w{3}) +(\d\d:\d\d)  (.+)")


@dataclass
class Counted:
    """One ticket of an example."""

    times: int = 1
    happened: list[tuple[datetime, str]] = field(default_factory=list)


@dataclass
class Example:
    tickets: list[Counted] = field(default_factory=lambda: [Counted()])
    level: tuple[str, str] | None = None
    """Working hours, and how soon the first answer is due."""
    at: datetime = MONDAY
    by_agent: bool = False
    shown: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, text: str) -> "Example":
        made = cls()
        for line in text.splitlines():
            made._read(line)
        made.tickets = [one for one in made.tickets if one.happened]
        return made

    def _read(self, line: str) -> None:
        if not line.strip():
            self.tickets.append(Counted())
        elif line.lstrip().startswith("| "):
            self.shown.append(line.strip()[2:])
        elif found := _TIMES.fullmatch(line):
            self.tickets[-1].times = int(found[1])
        elif found := _LEVEL.fullmatch(line):
            self.level = found[1], f"{found[2]}h"
        else:
            found = _HAPPENS.fullmatch(line)
            assert found, f"not understood: {line!r}"
            self._happens(found[1], found[2], found[3])

    def _happens(self, day: str, hour: str, what: str) -> None:
        since = max([self.at, *(at for one in self.tickets[-1:] for at, _ in one.happened)], default=MONDAY)
        if told := _REPORT.fullmatch(what):
            last = max(at for one in self.tickets for at, _ in one.happened)
            self.at = _next(day, hour, last)
            self.by_agent = bool(told[1])
            return
        assert what in WORDS or _GIVES.fullmatch(what), f"not understood: {what!r}"
        self.tickets[-1].happened.append((_next(day, hour, since), what))


def _next(day: str, hour: str, since: datetime) -> datetime:
    """The first such moment that is not before another."""
    ahead = timedelta(days=(DAYS[day] - since.weekday()) % 7)
    found = datetime.combine((since + ahead).date(), time.fromisoformat(hour), ZONE)
    return found if found >= since else found + timedelta(days=7)


# --- counting -------------------------------------------------------------------------------------------------


def policy_of(example: Example) -> Policy:
    if example.level is None:
        return a_policy(instance={"timezone": ZONE.key})
    hours, first = example.level
    level = ServiceLevel(name="padrao", calendar="comercial", first_answer=first)
    calendars = {"comercial": open_hours("comercial", ZONE, {"mon-fri": hours}, {}, [])}
    return a_policy(instance={"timezone": ZONE.key}, calendars=calendars, levels=(level,))


def happenings(number: int, happened: list[tuple[datetime, str]]) -> Iterator[Happening]:
    """The history of a ticket."""
    for at, what in happened:
        common: dict[str, Any] = {"at": at, "ticket": number}
        match WORDS.get(what):
            case "customer" | "thanks" as said:
                if at == happened[0][0]:
                    yield Happening(kind="opened", new="new", reason="new-mail", **common)
                reason = "only-thanks" if said == "thanks" else "reply-token"
                yield Happening(
                    kind="message", reason=reason, direction="in", visibility="public", author=CUSTOMER, **common
                )
            case "answer" | "note" as said:
                yield _of_agent("note" if said == "note" else "public", common)
            case "agent-opened":
                yield Happening(kind="opened", new="new", reason="opened-by-agent", **common)
                yield _of_agent("public", common)
            case "acknowledgement":
                yield Happening(
                    kind="message", direction="out", visibility="public", mail_kind="auto_reply",
                    author="suporte@desk.test", **common,
                )  # fmt: skip
            case "merged" | "spam" as why:
                yield Happening(kind="status", new="closed", reason=why, actor=AGENT, **common)
            case "pending" | "open" | "resolved" as status:
                yield Happening(kind="status", new=status, reason="agent-answered", actor=AGENT, **common)


def _of_agent(visibility: Any, common: dict[str, Any]) -> Happening:
    return Happening(
        kind="message", reason="agent-answer", direction="out", visibility=visibility, author=AGENT, actor=AGENT,
        **common,
    )  # fmt: skip


def rated(happened: list[tuple[datetime, str]]) -> Iterator[Rated]:
    """Who was asked how it was, and what they said."""
    resolved = next((at for at, what in happened if WORDS.get(what) == "resolved"), None)
    for _, what in happened:
        gives = _GIVES.fullmatch(what)
        if resolved is not None and (gives or WORDS.get(what) == "asked"):
            yield Rated(resolved, int(gives[1]) if gives else None)


def ticket_of(number: int, happened: list[tuple[datetime, str]]) -> Ticket:
    """The ticket as it is in the end."""
    statuses = {"pending": "pending", "open": "open", "resolved": "resolved", "spam": "closed", "merged": "closed"}
    told = [WORDS.get(what, "") for _, what in happened]
    status = next((statuses[word] for word in reversed(told) if word in statuses), "new")
    tags = ("spam",) if "spam" in told else ()
    return a_ticket(number, status=status, tags=tags, created_at=happened[0][0])


def counted(example: Example) -> DeskReport:
    """The report on the tickets of an example, from the first day to the day of the report."""
    policy, total, agents = policy_of(example), Sum(), Sum()
    begin = min(at for one in example.tickets for at, _ in one.happened)
    period, today = Period(begin.date(), example.at.date()), example.at.date()
    number, backlog = 0, 0
    for one in example.tickets:
        for _ in range(one.times):
            number += 1
            ticket, found = _account(number, one.happened, policy)
            _add(total, agents, found, entries(found, ticket, ZONE), today, policy, example.at)
            backlog += ticket.status not in {"resolved", "closed"}
    rows = (ReportRow(AGENT, agents.total()),) if example.by_agent else ()
    return DeskReport(
        "",
        period,
        ("suporte",),
        True,
        total.total(backlog),
        Sum().total(),
        "agent" if rows else None,
        rows,
        is_over=False,
    )


def _account(number: int, happened: list[tuple[datetime, str]], policy: Policy) -> tuple[Ticket, TicketAccount]:
    ticket, history = ticket_of(number, happened), list(happenings(number, happened))
    merged = any(WORDS.get(what) == "merged" for _, what in happened)
    return ticket, account(history, ticket, merged, list(rated(happened)), (), policy)


def _add(
    total: Sum, agents: Sum, found: TicketAccount, kept: Entries, today: Any, policy: Policy, now: datetime
) -> None:
    for cell, figures in kept.cells():
        day = datetime.fromisoformat(cell.day).date()
        if cell.part == "":
            total.add(day, figures, today)
        elif (cell.part, cell.value) == ("agent", AGENT):
            agents.add(day, figures, today)
    for running in found.running:
        total.add_running(RunningNow(running, policy, now))


# --- the pages ------------------------------------------------------------------------------------------------


def examples(page: Path) -> list[Any]:
    found = [block for block in blocks(page) if block.kind == "text"]
    return [pytest.param(block.text, id=str(block)) for block in found]


def _plain(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("text", examples(PAGES["en"]))
def test_what_the_page_shows_is_what_is_counted(text: str) -> None:
    _shows(text, "en")


@pytest.mark.parametrize("text", examples(PAGES["pt_BR"]))
def test_what_the_portuguese_page_shows_is_what_is_counted(text: str) -> None:
    _shows(text, "pt_BR")


def _shows(text: str, locale: str) -> None:
    example = Example.read(text)
    assert example.shown, "an example without a line of the report shows nothing"
    said = [_plain(line) for line in lines(counted(example), locale)]
    for line in example.shown:
        assert any(one.startswith(_plain(line)) for one in said), "\n".join([f"not there: {line}", *said])


def test_both_pages_have_the_same_examples() -> None:
    ours, theirs = ([Example.read(param.values[0]) for param in examples(page)] for page in PAGES.values())
    assert len(ours) == len(theirs) == EXAMPLES
    for one, other in zip(ours, theirs, strict=True):
        assert (one.at, one.level, len(one.shown)) == (other.at, other.level, len(other.shown))
        happened = [
            [(at, WORDS.get(what, what[-1])) for at, what in ticket.happened]
            for ticket in (*one.tickets, *other.tickets)
        ]
        assert happened[: len(one.tickets)] == happened[len(one.tickets) :]


@pytest.mark.parametrize("page", PAGES.values(), ids=str)
def test_every_figure_has_its_pitfall(page: Path) -> None:
    """Each section that has an example says how its figure misleads."""
    sections = re.split(r"^## ", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    without = [
        one.splitlines()[0]
        for one in sections
        if "```text" in one and not re.search(r"^\*(Pitfall|Armadilha)\.\*", one, re.MULTILINE)
    ]
    assert without == []


def test_both_pages_link_to_each_other() -> None:
    assert f"({PAGES['pt_BR'].name})" in PAGES["en"].read_text(encoding="utf-8")
    assert f"({PAGES['en'].name})" in PAGES["pt_BR"].read_text(encoding="utf-8")
