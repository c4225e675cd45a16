"""Who may do what by writing: every combination of author, evidence, verdict and ticket, against a written table.

`decision_table.txt` was written by hand and is literal; nothing in it, and nothing of what its words promise
below, is computed by the program. The rows for `trust.agents = "token"` are those of DIFFERENT_FOR_TOKEN.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from mailtickets.desk.change import changed, opened
from mailtickets.desk.model.decision import Decision
from mailtickets.desk.model.effects import AddMessage, OpenTicket
from mailtickets.desk.model.facts import Authentication, Facts, IdFact
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.model.ticket import Ticket
from mailtickets.desk.notices.notice import Notice, Situation
from mailtickets.desk.notices.plan import plan
from mailtickets.desk.rules.decide import decide
from mailtickets.mail.model import Address, InboundMail
from tests.desk.builders import (
    ANA,
    ANA_ALIAS,
    BRUNO,
    EVE,
    MARIA,
    NOW,
    PEDRO,
    a_mail,
    a_policy,
    a_ticket,
    a_token,
    facts,
)

AUTHORS: dict[str, Address | None] = {
    "requester": MARIA,
    "participant": PEDRO,
    "stranger": EVE,
    "agent": ANA,
    "agent-alias": ANA_ALIAS,
    "fake-agent": ANA,
    "look-alike": Address("Ana Lima", "ana@d\u0435sk.test"),  # Cyrillic ie
    "nobody": None,
}
HOLDS_TOKENS_OF = {
    "requester": MARIA,
    "participant": PEDRO,
    "stranger": EVE,
    "agent": ANA,
    "agent-alias": ANA,
    "fake-agent": MARIA,
    "look-alike": ANA,
    "nobody": ANA,
}
KNOWS_TOKENS_OF = {
    "requester": PEDRO,
    "participant": MARIA,
    "stranger": MARIA,
    "agent": BRUNO,
    "agent-alias": BRUNO,
    "fake-agent": BRUNO,
    "look-alike": BRUNO,
    "nobody": BRUNO,
}
EVIDENCE = (
    "own-token", "other-token", "expired-token", "none", "subject", "our-id", "stored-id", "own-marker", "other-marker",
)  # fmt: skip
VOUCHED = {
    "pass": Authentication("pass"),
    "fail": Authentication("fail"),
    "none": Authentication("none"),
    "temperror": Authentication("temperror"),
    "internal": Authentication("none", internal=True),
}
TICKETS: dict[str, dict[str, Any]] = {
    "new": {"status": "new"},
    "open": {"status": "open"},
    "pending": {"status": "pending"},
    "resolved": {"status": "resolved", "resolved_at": NOW - timedelta(days=3)},
    "closed": {"status": "closed", "closed_at": NOW - timedelta(days=13)},
    "old": {"status": "closed", "closed_at": NOW - timedelta(days=15)},
}

Row = tuple[str, str, str]
"""(author, evidence, vouched)"""


@dataclass(frozen=True)
class Seen:
    """What became of a mail, as people would notice it."""

    outcome: str | None
    reason: str
    joined: int | None = None
    linked: int | None = None
    status: str | None = None
    """How ticket 42 stands then; None when nothing of it has changed."""
    verified: bool | None = None
    """How the message is shown to agents; None when there is none."""
    told: frozenset[tuple[str, str]] = frozenset()
    """(notice, address)"""
    acknowledged: str = "not"
    """`words`: with the author's own; `budget`: without them and within budgets."""


# --- the table, and what its words promise ------------------------------------------------------------

EVIDENCE_CODE = {
    "own-token": "reply-token",
    "own-marker": "reply-token",
    "subject": "subject-number",
    "our-id": "message-id",
    "stored-id": "message-id",
    "other-marker": "ref-line",
}
AGENTS_TOLD = {
    "requester": ("ana@desk.test", "bruno@desk.test"),
    "participant": ("ana@desk.test", "bruno@desk.test"),
    "stranger": ("ana@desk.test", "bruno@desk.test"),
    "agent": ("bruno@desk.test",),
    "agent-alias": ("bruno@desk.test",),
    "fake-agent": ("bruno@desk.test",),
    "look-alike": ("ana@desk.test", "bruno@desk.test"),
    "nobody": ("ana@desk.test", "bruno@desk.test"),
}
ACKNOWLEDGED_AT = {
    "requester": "maria@cliente.test",
    "participant": "pedro@cliente.test",
    "stranger": "eve@longe.test",
    "agent": "ana@desk.test",
    "agent-alias": "ana.lima@desk.test",
    "fake-agent": "ana@desk.test",
    "look-alike": "ana@d\u0435sk.test",
}
HELD = {"held:token": "agent-without-token", "held:proof": "agent-not-verified"}
OPENED = {"new": "new-mail", "linked": "not-a-participant", "late": "closed-too-long-ago"}
ACKNOWLEDGED = {"+": "words", "~": "budget", "-": "not"}


def read_table() -> list[tuple[Row, dict[str, str]]]:
    """Every line of the table for each combination that it names."""
    lines = (Path(__file__).parent / "decision_table.txt").read_text("utf-8").splitlines()
    found = []
    for line in lines:
        if line and not line.startswith("#"):
            authors, evidence, vouched, *cells = (column.split() for column in line.split("|"))
            words = dict(zip(TICKETS, (cell for (cell,) in cells), strict=True))
            found += [((a, e, v), words) for a, e, v in product(authors, evidence, vouched)]
    return found


TABLE = dict(read_table())
DIFFERENT_FOR_TOKEN: dict[Row, str] = {
    ("agent", "own-token", "none"): "acts",
    ("agent", "own-token", "temperror"): "acts",
    ("agent", "own-token", "fail"): "acts",
    ("agent", "own-marker", "none"): "acts",
    ("agent", "own-marker", "temperror"): "acts",
    ("agent", "own-marker", "fail"): "acts",
    ("agent-alias", "own-token", "none"): "acts",
    ("agent-alias", "own-token", "temperror"): "acts",
    ("agent-alias", "own-token", "fail"): "acts",
    ("agent-alias", "own-marker", "none"): "acts",
    ("agent-alias", "own-marker", "temperror"): "acts",
    ("agent-alias", "own-marker", "fail"): "acts",
}
ROWS = [tuple(row) for row in product(AUTHORS, EVIDENCE, VOUCHED)]


def promised(word: str, author: str, evidence: str, vouched: str) -> Seen:
    """What a word of the table promises, in full."""
    if word == "acts":
        answered = frozenset({("answer", "maria@cliente.test"), ("answer", "pedro@cliente.test")})
        return Seen("appended", "agent-answer", 42, None, "pending", True, answered)
    if word in HELD:
        return Seen("held", HELD[word], 42, told=frozenset({("held", "ana@desk.test")}))
    if word.startswith("joins:"):
        return promised_reply(word.removeprefix("joins:"), author, evidence)
    kind, acknowledged = word[:-1], ACKNOWLEDGED[word[-1]]
    told = {("new_ticket", agent) for agent in AGENTS_TOLD[author]}
    if acknowledged != "not":
        told.add(("received", ACKNOWLEDGED_AT[author]))
    linked = None if kind == "new" else 42
    verified = vouched in ("pass", "internal")
    return Seen("opened", OPENED[kind], None, linked, None, verified, frozenset(told), acknowledged)


def promised_reply(word: str, author: str, evidence: str) -> Seen:
    told = {("customer_replied", agent) for agent in AGENTS_TOLD[author]}
    if word.endswith("!"):
        told.add(("reopened", "maria@cliente.test"))
    status, verified = word.rstrip("?!"), "?" not in word
    return Seen("appended", EVIDENCE_CODE[evidence], 42, None, status, verified, frozenset(told))


# --- the mail, the ticket and what became of them -----------------------------------------------------


def a_ticket_that_is(name: str) -> Ticket:
    return a_ticket(cc=[PEDRO], **TICKETS[name])


def known(author: str, evidence: str, vouched: str, ticket: Ticket) -> Facts:
    """What the store would know of such a mail."""
    holder, other = HOLDS_TOKENS_OF[author], KNOWS_TOKENS_OF[author]
    found: dict[str, dict[str, Any]] = {
        "own-token": {"tokens": (a_token(holder),)},
        "other-token": {"tokens": (a_token(other),)},
        "expired-token": {"tokens": (a_token(holder, expired=True),)},
        "none": {},
        "subject": {"subject_numbers": (42,)},
        "our-id": {"ids": (IdFact(42, "our@desk.test", issued=True),)},
        "stored-id": {"ids": (IdFact(42, "stored@cliente.test", issued=False),)},
        "own-marker": {"tokens": (a_token(holder, source="ref-line"),)},
        "other-marker": {"tokens": (a_token(other, source="ref-line"),)},
    }
    pointed_at = () if evidence == "none" else (ticket,)
    return facts(*pointed_at, authentication=VOUCHED[vouched], **found[evidence])


def seen(mail: InboundMail, about: Facts, ticket: Ticket, policy: Policy) -> Seen:
    decision = decide(mail, about, policy, NOW)
    notices = plan(Situation(decision, *before_and_after(decision, ticket), mail, about), policy, NOW)
    message = next((effect for effect in decision.effects if isinstance(effect, AddMessage)), None)
    told = [(notice.name, person.address) for notice in notices for person in notice.recipients]
    assert len(told) == len(set(told)), "somebody is told twice"
    after = changed(ticket, decision.effects, NOW) if decision.ticket == 42 else ticket
    return Seen(
        outcome=decision.outcome,
        reason=decision.reason,
        joined=decision.ticket,
        linked=decision.opens.linked if decision.opens else None,
        status=after.status if message and decision.opens is None else None,
        verified=message.verified if message else None,
        told=frozenset(told),
        acknowledged=acknowledged(notices),
    )


def before_and_after(decision: Decision, ticket: Ticket) -> tuple[Ticket | None, Ticket]:
    before = ticket if decision.ticket == 42 else None
    base = opened(decision.opens, 43, NOW) if decision.opens else ticket
    return before, changed(base, [effect for effect in decision.effects if not isinstance(effect, OpenTicket)], NOW)


def acknowledged(notices: tuple[Notice, ...]) -> str:
    notice = next((notice for notice in notices if notice.name == "received"), None)
    if notice is None:
        return "not"
    assert notice.acknowledgement is not notice.context["customer_echo"], "the budget is for those told no words"
    return "budget" if notice.acknowledgement else "words"


def differing(row: Row, words: dict[str, str], policy: Policy) -> dict[str, tuple[Seen, Seen]]:
    """The tickets for which a row does not hold: (promised, seen)."""
    author, evidence, vouched = row
    mail, found = a_mail(AUTHORS[author]), {}
    for name, word in words.items():
        ticket = a_ticket_that_is(name)
        wanted = promised(word, author, evidence, vouched)
        got = seen(mail, known(author, evidence, vouched, ticket), ticket, policy)
        if got != wanted:
            found[name] = (wanted, got)
    return found


# --- the tests ----------------------------------------------------------------------------------------


def test_the_table_has_every_combination_once() -> None:
    rows = [row for row, _ in read_table()]
    assert sorted(rows) == sorted(ROWS)
    assert len(rows) * len(TICKETS) == 2_160


@pytest.mark.parametrize("row", ROWS, ids="-".join)
def test_what_becomes_of_a_mail_is_what_the_table_says(row: Row) -> None:
    assert differing(row, TABLE[row], a_policy(trust="verified")) == {}


@pytest.mark.parametrize("row", ROWS, ids="-".join)
def test_with_tokens_alone_trusted_the_table_differs_in_these_rows_only(row: Row) -> None:
    words = dict.fromkeys(TICKETS, DIFFERENT_FOR_TOKEN[row]) if row in DIFFERENT_FOR_TOKEN else TABLE[row]
    assert differing(row, words, a_policy(trust="token")) == {}


def test_only_a_pass_or_a_login_together_with_ones_own_token_acts_for_an_agent() -> None:
    acting = {row for row, words in TABLE.items() if "acts" in words.values()}
    assert acting == set(product(("agent", "agent-alias"), ("own-token", "own-marker"), ("pass", "internal")))


def test_nothing_that_is_held_publishes_moves_or_tells_anybody_but_the_agent() -> None:
    policy, ticket = a_policy(trust="verified"), a_ticket_that_is("resolved")
    for row, words in TABLE.items():
        if words["resolved"].startswith("held"):
            got = seen(a_mail(AUTHORS[row[0]]), known(*row, ticket), ticket, policy)
            assert (got.status, got.verified, got.told) == (None, None, frozenset({("held", "ana@desk.test")})), row


def test_an_author_who_was_met_before_is_acknowledged_without_any_proof_but_not_against_their_domain() -> None:
    policy, ticket = a_policy(trust="verified"), a_ticket_that_is("open")
    got = {
        vouched: seen(
            a_mail(EVE), replace(known("stranger", "subject", vouched, ticket), known_author=True), ticket, policy
        ).acknowledged
        for vouched in VOUCHED
    }
    assert got == {"pass": "words", "internal": "words", "none": "words", "temperror": "words", "fail": "not"}
