"""What agents' programs put under every mail reaches nobody, and no word is lost: programs and telephones x deeds.

`mail/signed/clients.py` writes the mails as the programs do, `expected.toml` says by hand what a deed comes to.
"""

import re
import shutil
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from mailtickets.config.models import Trust
from mailtickets.desk.commands import orders
from mailtickets.desk.model.facts import Authentication
from mailtickets.gateway.drafting.order import Order
from mailtickets.gateway.rules import rules_of
from mailtickets.mail.model import Address
from mailtickets.mail.read.parse import parse
from mailtickets.mail.reply.html import render
from mailtickets.store import outbox
from mailtickets.store.database import Database
from mailtickets.store.schema import inbound
from tests.desk.builders import a_config, an_agent
from tests.mail.signed.clients import CLIENTS, Client, Quoted
from tests.store.databases import migrated_file
from tests.store.office import SECRET, Office, a_message, copies

__all__ = ["migrated_file"]

EXPECTED: dict[str, dict[str, Any]] = tomllib.loads(
    (Path(__file__).parent / "mail" / "signed" / "expected.toml").read_text("utf-8")
)
ANA = Address("Ana Souza", "ana@desk.test")
BRUNO = Address("Bruno Castro", "bruno@desk.test")
MARIA = Address("Maria Alves", "maria@cliente.test")
RULES = rules_of(a_config(agent=(an_agent(ANA), an_agent(BRUNO)), trust=Trust(agents="token")), (SECRET,))

CELLS = [pytest.param(client, deed, id=f"{client.name}-{deed}") for client in CLIENTS for deed in EXPECTED]


@pytest.fixture
def office(migrated_file: Path, tmp_path: Path) -> Iterator[Office]:
    file = tmp_path / "mailtickets.db"
    shutil.copy(migrated_file, file)
    database = Database(f"sqlite:///{file}")
    office = Office(database, RULES)
    office.take(a_message("Cadê o boleto?", **{"from": f"{MARIA.name} <{MARIA.address}>", "from_": None}))
    yield office
    database.close()


@dataclass
class Letter:
    """A mail of ours, as its reader has it."""

    notice: str
    reader: str
    mail: EmailMessage

    @property
    def text(self) -> str:
        body = self.mail.get_body(("plain",))
        assert body is not None
        return str(body.get_content()).replace("\r\n", "\n")

    @property
    def page(self) -> str:
        """What is seen of the HTML."""
        body = self.mail.get_body(("html",))
        return render(str(body.get_content())).text if body is not None else ""

    @property
    def files(self) -> list[str]:
        """Names of everything beside the words: what is attached and what the HTML shows."""
        return [part.get_filename() or "" for part in self.mail.walk() if part.get_content_maintype() == "image"]

    def quoted(self) -> Quoted:
        sender = self.mail["From"].addresses[0]
        return Quoted(sender.display_name, sender.addr_spec, str(self.mail["Subject"]), self.text)


class AnasPost:
    """Ana at her program."""

    def __init__(self, office: Office, client: Client) -> None:
        self.office, self.client, self.count = office, client, 0

    def sent(self) -> list[Letter]:
        """All that has gone out, oldest first, with the files that go along."""
        rows = self.office.run(lambda c: copies(c, limit=1000))
        return [self.letter(row.id) for row in reversed(rows)]

    def letter(self, number: int) -> Letter:
        due = self.office.run(lambda c: outbox.load(c, number))
        files = tuple(
            file
            for file in (parse(self.office.received(due.inbound).raw).attachments if due.inbound else ())
            if file.sha256 in due.attachments
        )
        raw, _ = self.office.clerk.written(due, files)
        mail = message_from_bytes(raw, policy=policy.default)
        return Letter(due.name, due.addressed.recipient.address, mail)

    def newest(self, notice: str) -> Letter:
        return next(x for x in reversed(self.sent()) if x.notice == notice and x.reader == ANA.address)

    def answers(self, notice: str, typed: str) -> None:
        answered = self.newest(notice)
        address = answered.mail["Reply-To"].addresses[0].addr_spec
        fields = {
            "To": address,
            "Subject": f"RES: {answered.mail['Subject']}",
            "In-Reply-To": answered.mail["Message-ID"],
        }
        self.send(self.client.mail(typed.split("\n"), answered.quoted(), fields={**self.head(), **fields}), address)

    def forwards(self, typed: str) -> None:
        davi = Quoted("Davi Melo", "davi@melo.test", "Garantia", "Ana, preciso da garantia estendida.\n\nDavi Melo")
        fields = {**self.head(), "To": "suporte@desk.test", "Subject": "ENC: Garantia"}
        self.send(self.client.mail(typed.split("\n"), davi, forward=True, fields=fields), "suporte@desk.test")

    def head(self) -> dict[str, str]:
        self.count += 1
        return {"From": f"{ANA.name} <{ANA.address}>", "Message-ID": f"<{self.count}@client.test>",
                "Date": "Mon, 03 Mar 2025 12:00:00 +0000"}  # fmt: skip

    def send(self, raw: bytes, to: str) -> None:
        number = self.office.keep(raw, recipients=(to,), sender=ANA.address)
        self.work(number)
        accepted = select(inbound.c.id).where(inbound.c.state == "accepted")
        for waiting in self.office.run(lambda c: list(c.execute(accepted).scalars())):  # let go by a second word
            self.work(waiting)

    def work(self, number: int) -> None:
        received = replace(self.office.received(number), authentication=Authentication("pass"))
        draft = self.office.clerk.draft(received, parse(received.raw, instance="exemplo"))
        self.office.settle(draft)


def does(post: AnasPost, deed: str) -> None:
    """One deed of Ana's, with what has to happen before."""
    language, expected = post.client.language, EXPECTED[deed]
    typed = expected.get("typed", expected.get("customer"))[language]
    match deed:
        case "forward" | "bare-forward":
            post.forwards(typed)
        case "digest":
            fields = {"from": f"{ANA.name} <{ANA.address}>", "subject": "#minhafila", "message-id": "<q@desk.test>"}
            post.office.take(a_message("", from_=None, **fields), sender=ANA.address)
            post.answers("digest", typed)
        case "correction":
            post.answers("new_ticket", expected["first"][language])
            post.answers("returned", typed)
        case "confirmation":
            post.office.pass_time(minutes=5)
            again = {
                "from": f"{MARIA.name} <{MARIA.address}>",
                "message-id": "<m2@cliente.test>",
                "subject": "Re: [#1] x",
            }
            answered = post.newest("new_ticket")
            post.office.take(a_message("E aí?", from_=None, **again))
            address = answered.mail["Reply-To"].addresses[0].addr_spec
            fields = {"To": address, "Subject": "RES: x", "In-Reply-To": answered.mail["Message-ID"]}
            typed_first = expected["first"][language].split("\n")
            post.send(post.client.mail(typed_first, answered.quoted(), fields={**post.head(), **fields}), address)
            post.answers("stale", typed)
        case "thanks-to-a-receipt":
            post.answers("new_ticket", expected["first"][language])
            post.answers("receipt", typed)
        case _:
            post.answers("new_ticket", typed)


def test_there_are_a_hundred_and_twenty_and_more() -> None:
    assert len(CELLS) >= 120
    assert {client.language for client in CLIENTS} == {"pt", "en", "es"}


@pytest.mark.parametrize(("client", "deed"), CELLS)
def test_no_mail_of_an_agent_publishes_a_signature_or_loses_a_word(client: Client, deed: str, office: Office) -> None:
    post, expected = AnasPost(office, client), EXPECTED[deed]
    does(post, deed)
    answers = [letter for letter in post.sent() if letter.notice == "answer"]
    words = expected.get("customer", {}).get(client.language, "")
    assert len(answers) == bool(words)
    for answer in answers:
        assert said(answer) in (words, f"{words}\n\n{client.formula}")
        assert_seen(answer.page, words)
    for letter in post.sent():
        if letter.notice not in QUOTES_ALL:
            assert_unseen(letter, client)
    if "note" in expected:
        notes = [message for message in office.ticket(max(office.numbers())).messages if message.visibility == "note"]
        assert [note.reply for note in notes] in (
            [expected["note"][client.language]],
            [f"{expected['note'][client.language]}\n\n{client.formula}"],
        )
    if "event" in expected:
        assert tuple(expected["event"]) in [(kind, to) for kind, _, to, _ in office.events(1)]


# --- customers ------------------------------------------------------------------------------------------

JULIA = Address("Ana Souza", "ana.souza@correio.test")
"""A customer with the programs of all the others."""
WORDS = {
    "status": {"pt": "status", "en": "status", "es": "status"},
    "mute": {"pt": "parar avisos", "en": "stop notifications", "es": "no quiero recibir más avisos"},
    "thanks": {"pt": "Obrigada!", "en": "Thank you!", "es": "¡Gracias!"},
    "close": {"pt": "pode encerrar", "en": "please close it", "es": "pueden cerrar"},
}
OUTCOME = {"status": "commanded", "mute": "commanded", "thanks": "appended", "close": "appended"}
TOLD = {"status": ["status"], "mute": ["muted"], "thanks": [], "close": ["closed"]}
"""What the customer is sent for it."""
FOOTERS = [pytest.param(client, word, id=f"{client.name}-{word}") for client in CLIENTS for word in WORDS]


@pytest.mark.parametrize(("client", "word"), FOOTERS)
def test_a_word_above_a_customers_footer_is_a_word_alone(client: Client, word: str, office: Office) -> None:
    office.take(a_message("Cobraram duas vezes.", from_=None, **customer("<c1@correio.test>", "Cobrança")))
    if word == "thanks":
        office.clerk.order(Order(2, lambda ticket: orders.set_status(ticket, "resolved", ANA.address)))
    post = AnasPost(office, client)
    answered = next(letter for letter in reversed(post.sent()) if letter.reader == JULIA.address)
    before = [letter for letter in post.sent() if letter.reader == JULIA.address]
    address = answered.mail["Reply-To"].addresses[0].addr_spec
    fields = {**customer("<c2@correio.test>", f"Re: {answered.mail['Subject']}"), "to": address}
    typed = WORDS[word][client.language].split("\n")
    bare = replace(client, formula="")
    raw = bare.mail(
        typed, answered.quoted(), fields={name.title().replace("Id", "ID"): v for name, v in fields.items()}
    )
    number = office.keep(raw, recipients=(address,), sender=JULIA.address)
    post.work(number)
    assert office.row(number).outcome == OUTCOME[word], office.row(number).reason
    after = [letter.notice for letter in post.sent() if letter.reader == JULIA.address]
    assert after[len(before) :] == TOLD[word]
    assert office.ticket(2).ticket.status == {"thanks": "resolved", "close": "closed"}.get(word, "new")


def customer(given_id: str, subject: str) -> dict[str, str]:
    return {"from": f"{JULIA.name} <{JULIA.address}>", "message-id": given_id, "subject": subject,
            "date": "Mon, 03 Mar 2025 11:59:00 +0000"}  # fmt: skip


# --- what is looked at ------------------------------------------------------------------------------------

QUOTES_ALL = frozenset({"returned"})
"""It shows its author the whole of what came back to them, and nobody else."""


def said(answer: Letter) -> str:
    """An answer's words, without the desk's own last lines."""
    body = answer.text[: answer.text.index("Suporte Exemplo")].rstrip("\n")
    return re.sub(r"\n{3,}", "\n\n", body.removesuffix("Ana Souza").rstrip("\n"))


def assert_seen(page: str, words: str) -> None:
    flat = " ".join(page.split())
    for line in words.split("\n"):
        assert " ".join(line.split()) in flat, page


def assert_unseen(letter: Letter, client: Client) -> None:
    for leak in client.leaks:
        for part in (letter.text, letter.page):
            assert leak not in re.sub(r"\s+", " ", part), (letter.notice, leak, part)
    assert letter.files == [], letter.notice
