"""Ordinary mail is never in the way: a hundred mails as clients and providers really write them, each in its story.

`mail/ordinary/NAME.eml` is one mail, `expected.toml` says by hand what becomes of it. A mail that answers is made from
the notice that its author was really sent: @@REPLY_TO@@, @@ID@@, @@REFERENCES@@, @@SUBJECT@@ and @@NAME@@ stand for its
fields, @@QUOTED@@, @@TEXT@@ and @@HTML@@ for its words. The keys of the table:

- `door`: how it reached us. `scene`: what happened before, see SCENES.
- `vouched`: what the door's evidence comes to; `internal`: it was submitted by somebody who had logged in.
- `outcome`, `reason`: as in the ledger. `says`: words that are on the ticket as what was written now.
- `acknowledged`: of a new ticket, with the author's own `words`, within a `budget` and without them, or `no`.
- `relayed`: whether we send an agent's answer to the customer; false where the agent's own mail has gone there.
"""

import html
import re
import shutil
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest

from mailtickets.config.models import Trust
from mailtickets.desk.commands import orders
from mailtickets.desk.model.facts import Authentication
from mailtickets.edges.checks.authentication import AuthenticationSettings, Authenticator
from mailtickets.gateway.drafting.draft import Draft
from mailtickets.gateway.drafting.order import Order
from mailtickets.gateway.rules import rules_of
from mailtickets.mail.door import LMTP, SMTP, Door
from mailtickets.mail.model import REF_LABEL, Address, InboundMail
from mailtickets.mail.read.parse import parse
from mailtickets.store import outbox
from mailtickets.store.database import Database
from tests.desk.builders import a_config, an_agent
from tests.store.databases import migrated_file
from tests.store.office import SECRET, Office, a_message, copies

__all__ = ["migrated_file"]

FOLDER = Path(__file__).parent / "mail" / "ordinary"
EXPECTED: dict[str, dict[str, Any]] = tomllib.loads((FOLDER / "expected.toml").read_text("utf-8"))

ANA = Address("Ana Lima", "ana@desk.test")
AGENTS = (
    an_agent(ANA, aliases=["ana.lima@desk.test"]),
    an_agent(Address("Bruno Castro", "bruno.castro@provedor.test")),  # reads his mail at a public provider
    an_agent(Address("Diego Ramos", "diego@filial.test")),  # in the company's Exchange
)
MARIA = Address("Maria Souza", "maria@cliente.test")
EVIDENCE = ("exchange-internal", "header:X-Authenticated-Sender")
RULES = rules_of(a_config(agent=AGENTS, trust=Trust(agents="verified", internal_evidence=EVIDENCE)), (SECRET,))

DOORS: dict[str, dict[str, Any]] = {
    "relay": {"door": SMTP, "trusted": True},
    "submission": {"door": SMTP, "trusted": True},
    "pipe": {"door": LMTP, "trusted": True},
    "google": {"door": Door.imap("google"), "trusted": True},
    "microsoft": {"door": Door.imap("microsoft"), "trusted": True},
    "locaweb": {"door": Door.imap("locaweb"), "trusted": True},
}
SETTINGS = AuthenticationSettings(
    relay_authserv_id="mx.desk.test",
    account_authserv_ids={"google": "mx.google.com", "microsoft": "", "locaweb": "mx.locaweb.test"},
    internal_evidence=EVIDENCE,
)


@dataclass(frozen=True)
class Answered:
    """The notice that a mail answers, as its reader has it."""

    reply_to: str
    name: str
    message_id: str
    references: str
    subject: str
    text: str

    def fill_in(self, template: str) -> str:
        lines = self.text.splitlines()
        values = {
            "REPLY_TO": self.reply_to,
            "NAME": self.name,
            "ID": self.message_id,
            "REFERENCES": self.references,
            "SUBJECT": self.subject,
            "QUOTED": "\n".join(f"> {line}".rstrip() for line in lines),
            "TEXT": self.text,
            "HTML": "<br>".join(html.escape(line) for line in lines),
        }
        return re.sub(r"@@([A-Z_]+)@@", lambda found: values[found[1]], template)


@pytest.fixture
def office(migrated_file: Path, tmp_path: Path) -> Iterator[Office]:
    """A desk of three agents that wants more than a token of them."""
    file = tmp_path / "mailtickets.db"
    shutil.copy(migrated_file, file)
    database = Database(f"sqlite:///{file}")
    yield Office(database, RULES)
    database.close()


# --- what happened before -----------------------------------------------------------------------------


def customer_has_written(office: Office, author: Address) -> None:
    raw = a_message(from_=None, **{"from": f"{author.name} <{author.address}>"}, message_id="<first@cliente.test>")
    received = replace(office.received(office.keep(raw)), authentication=Authentication("pass"))
    office.settle(office.clerk.draft(received, parse(raw)))


def agent_has_answered(office: Office) -> None:
    words = "Pode tentar de novo, por favor?"
    office.pass_time(minutes=20)
    office.clerk.order(
        Order(1, lambda ticket: orders.answer(ticket, words, ANA, ANA.address, by_agent=True), text=words)
    )


def customer_has_asked_again(office: Office) -> None:
    office.pass_time(minutes=20)
    again = {"message_id": "<second@cliente.test>", "subject": "Re: [#1] Impressora"}
    office.take(a_message("E a garantia cobre?", **again))


def ticket_was_resolved(office: Office) -> None:
    office.pass_time(minutes=20)
    office.clerk.order(Order(1, lambda ticket: orders.set_status(ticket, "resolved", ANA.address)))


SCENES: dict[str, tuple[Any, ...]] = {
    "first": (),
    "received": (),
    "answer": (agent_has_answered,),
    "resolved": (agent_has_answered, ticket_was_resolved),
    "agent-new": (),
    "agent-again": (agent_has_answered, customer_has_asked_again),
}


def play(office: Office, scene: str, author: Address) -> Answered | None:
    """What came before; gives the notice that the author then answers."""
    if scene == "first":
        return None
    agent = office.clerk.rules.policy.agent(author.address)
    customer_has_written(office, MARIA if agent else author)
    for step in SCENES[scene]:
        step(office)
    return notice_to(office, agent.address if agent else author.address)


def notice_to(office: Office, recipient: str) -> Answered:
    """The newest mail that somebody was sent."""
    row = next(row for row in office.run(lambda c: copies(c, limit=100)) if row.recipient == recipient)
    raw, _ = office.clerk.written(office.run(lambda c: outbox.load(c, row.id)), ())
    mail = message_from_bytes(raw, policy=policy.default)
    body = mail.get_body(("plain",))
    assert body is not None
    given_id = str(mail["Message-ID"]).strip("<> ")
    return Answered(
        reply_to=mail["Reply-To"].addresses[0].addr_spec,
        name=mail["From"].addresses[0].display_name,
        message_id=given_id,
        references=f"{mail['References'] or ''} <{given_id}>".strip(),
        subject=re.sub(r"^Re: ", "", str(mail["Subject"])),
        text=body.get_content(),
    )


# --- the mail -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Become:
    raw: bytes
    mail: InboundMail
    authentication: Authentication
    draft: Draft


async def become(office: Office, name: str) -> Become:
    """Takes one mail of the corpus the whole way, in its story."""
    expected = EXPECTED[name]
    template = (FOLDER / f"{name}.eml").read_text("utf-8")
    author = parse(template.encode()).author
    assert author is not None
    answered = play(office, expected["scene"], author)
    raw = (answered.fill_in(template) if answered else template).replace("\n", "\r\n").encode()
    mail = parse(raw, instance="exemplo")
    assert mail.date is not None
    office.now = max(office.now, mail.date + timedelta(minutes=1))
    received = office.received(office.keep(raw, **envelope(expected["door"], raw)))
    authentication = await evidence(raw, mail, received.envelope)
    draft = office.clerk.draft(replace(received, authentication=authentication), mail)
    office.settle(draft)
    return Become(raw, mail, authentication, draft)


def envelope(door: str, raw: bytes) -> dict[str, Any]:
    """As the door would give it: a mailbox knows of none."""
    given = DOORS[door]
    if given["door"].answers == "nobody":
        return {**given, "sender": None, "recipients": (), "peer": "", "queue": "suporte"}
    path = re.search(rb"^Return-Path: <(.*)>", raw, re.MULTILINE)
    to = re.search(rb"for <([^>]+)>", raw)
    assert path is not None
    assert to is not None
    return {**given, "sender": path[1].decode(), "recipients": (to[1].decode(),), "peer": "127.0.0.1"}


async def evidence(raw: bytes, mail: InboundMail, given: Any) -> Authentication:
    authenticator = Authenticator(SETTINGS)
    try:
        return await authenticator.authenticate(raw, mail, given)
    finally:
        authenticator.close()


def acknowledged(draft: Draft) -> str:
    notice = next((notice for notice in draft.notices if notice.name == "received"), None)
    if notice is None:
        return "no"
    return "words" if notice.context["customer_echo"] and not notice.acknowledgement else "budget"


# --- the tests ----------------------------------------------------------------------------------------


def test_there_are_a_hundred_and_each_is_expected_to_become_something() -> None:
    assert len(EXPECTED) >= 100
    assert sorted(path.stem for path in FOLDER.glob("*.eml")) == sorted(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
async def test_an_ordinary_mail_becomes_what_its_author_expects_and_nobody_is_asked_to_confirm(
    name: str, office: Office
) -> None:
    expected, got = EXPECTED[name], await become(office, name)
    row = office.row(got.draft.received.id if got.draft.received else 0)
    assert (row.state, row.outcome, row.reason) == ("done", expected["outcome"], expected["reason"])
    assert row.outcome in {"opened", "appended"}
    assert [notice.name for notice in got.draft.notices if notice.asks_to_confirm or notice.name == "held"] == []
    found = (got.authentication.verdict, got.authentication.internal)
    assert found == (expected["vouched"], expected.get("internal", False))
    assert acknowledged(got.draft) == expected["acknowledged"]
    written = office.ticket(row.ticket).messages[-1].reply
    assert expected["says"] in written
    assert REF_LABEL not in written, "the quoted notice went along"
    if expected["scene"].startswith("agent-"):
        reaches_the_customer_once(expected["relayed"], got.draft)
        assert office.ticket(1).ticket.status == "pending"


def reaches_the_customer_once(by_us: bool, draft: Draft) -> None:
    """By us, or by the agent's own mail; beside her only colleagues who work on the ticket are told of it."""
    told = [(notice.name, person.address) for notice in draft.notices for person in notice.recipients]
    beyond = [name for name, _ in told if name not in {"answer", "answered"}]
    assert beyond == []
    assert [who for name, who in told if name == "answer"] == (["maria@cliente.test"] if by_us else [])
