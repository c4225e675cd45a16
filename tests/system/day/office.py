"""A desk at work in the town: queues, agents at their own mail clients, customers, one daemon for many tests.

    office.asks(JOAO, "A impressora não imprime.")                  # a new ticket; its number
    office.ana.answer(office.notice(ANA, 1)["Message-ID"], "...")   # s-nail
    office.settle()                                                 # until nothing moves any more

Owns: the desk's configuration, the silence after which a mailbox holds all that it will hold, and what no customer
may ever be sent (`assert_discreet`), which is asked of everything after every test.
*Fails with* AssertionError and the daemon's log.
"""

import html
import re
import signal
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, formataddr, make_msgid
from typing import Any

from mailtickets.desk.commands.rows import known
from tests.system.desk import Desk
from tests.system.town import (
    ANA,
    BRUNO,
    BUYING,
    CARLA,
    FINANCE,
    JOAO,
    LUCY,
    MARIA,
    PEDRO,
    PEOPLE,
    QUEUE,
    SALES,
    Person,
    Town,
    text_of,
    write,
)
from tests.system.world import rows

AGENTS, CUSTOMERS = (ANA, BRUNO, CARLA), (JOAO, MARIA, PEDRO, LUCY)
RELOADED = '"reloaded"'
SECRET = "entre-nós"
"""Stands in every note that a test writes."""

_TOKEN = re.compile(r"(?<![a-z2-7])[a-z2-7]{26}(?![a-z2-7])", re.IGNORECASE)
_COMMAND = re.compile(r"^[\s>*]*[#/]([^\W\d_][\w-]*)", re.MULTILINE)
_HEADERS = frozenset({
    "return-path", "delivered-to", "received", "from", "to", "cc", "reply-to", "subject", "date", "message-id",
    "in-reply-to", "references", "mime-version", "content-type", "content-transfer-encoding", "auto-submitted",
    "x-auto-response-suppress", "x-mailtickets-loop", "x-mailtickets-copy", "authentication-results",
})  # fmt: skip
"""All that stands at the head of a customer's mail: what an agent's program wrote there stays behind."""


class Office:
    """One desk, and agents who have their clients open all day."""

    def __init__(self, town: Town, desk: Desk) -> None:
        self.town, self.desk = town, desk
        self.ana, self.bruno, self.carla = town.snail(ANA), town.mutt(BRUNO), town.snail(CARLA)

    # --- waiting -------------------------------------------------------------------------------------

    def settle(self, *, but_for_answers: bool = False) -> None:
        """Until every mail has its outcome, every letter has gone and lies in its mailbox.

        `but_for_answers`: those that wait for an undo may go on waiting.
        """
        waits = "AND name <> 'answer'" if but_for_answers else ""
        busy = f"""
            SELECT id FROM inbound WHERE state = 'accepted'
            UNION ALL SELECT id FROM outbox WHERE state NOT IN ('sent', 'failed', 'cancelled') {waits} LIMIT 1
        """

        def is_silent() -> bool:
            moving = self.town.has_mail_on_the_way
            return not moving() and not rows(self.desk, busy) and not moving()

        self.desk.wait_for(is_silent, "silence")

    # --- customers -----------------------------------------------------------------------------------

    def asks(self, customer: Person, text: str, subject: str = "Pergunta", to: str = QUEUE) -> int:
        """A customer's new mail; the number of its ticket."""
        self.town.submit(write(customer, to=to, subject=subject, text=text), to)
        self.settle()
        return int(str(rows(self.desk, "SELECT ticket FROM inbound ORDER BY id DESC LIMIT 1")[0][0]))

    def answers(self, customer: Person, number: int, text: str) -> None:
        """A customer answers the newest mail about a ticket, by their own program's reply."""
        mail = self.notice(customer, number)
        to = mail["Reply-To"].addresses[0].addr_spec
        self.town.submit(write(customer, to=to, subject=f"Re: {mail['Subject']}", text=text, answers=mail), to)
        self.settle()

    # --- agents --------------------------------------------------------------------------------------

    def reply(self, agent: Person, notice: EmailMessage, text: str, *, settle: bool = True) -> None:
        """An agent answers a notice with their own client."""
        client = {ANA: self.ana, BRUNO: self.bruno, CARLA: self.carla}[agent]
        client.answer(str(notice["Message-ID"]), text)
        if settle:
            self.settle()

    def reply_raw(self, agent: Person, notice: EmailMessage, text: str, rich: str | None = None) -> None:
        """The same from a program that is not on this machine: a telephone, a web mailer."""
        to = notice["Reply-To"].addresses[0].addr_spec
        mail = write(agent, to=to, subject=f"Re: {notice['Subject']}", text=text, html=rich, answers=notice)
        self.town.submit(mail, to)
        self.settle()

    def reload(self, config: str) -> None:
        """Another configuration, from now on."""
        before = self.desk.log().count(RELOADED)
        self.desk.configure(config)
        self.desk.signal(signal.SIGHUP)
        self.desk.wait_for(lambda: self.desk.log().count(RELOADED) > before, "the new configuration")

    def time_comes(self) -> None:
        """All that agents want to be reminded of is due."""
        with closing(sqlite3.connect(self.desk.state_dir / "mailtickets.db", timeout=30)) as database, database:
            database.execute("UPDATE reminder SET due_at = (SELECT min(received_at) FROM inbound)")

    def writes(self, agent: Person, text: str, subject: str, to: str = QUEUE) -> None:
        """An agent's new mail to a queue."""
        self.town.submit(write(agent, to=to, subject=subject, text=text), to)
        self.settle()

    def is_away(self, agent: Person, notice: EmailMessage, text: str) -> None:
        """An agent's absence notice goes where such notices go: to the return path (RFC 3834, 4)."""
        mail = EmailMessage()
        mail["From"] = formataddr((agent.name, agent.address))
        mail["To"] = to = str(notice["Return-Path"]).strip("<> ")
        mail["Subject"] = f"Ausência: Re: {notice['Subject']}"
        mail["Date"] = format_datetime(datetime.now(UTC))
        mail["Message-ID"] = make_msgid(domain="desk.test")
        mail["In-Reply-To"] = notice["Message-ID"]
        mail["Auto-Submitted"] = "auto-replied"
        mail.set_content(text)
        self.town.submit(mail, to, sender="")
        self.settle()

    # --- what there is -------------------------------------------------------------------------------

    def mails(self, person: Person) -> list[EmailMessage]:
        return self.town.inbox(person)

    def newest(self, person: Person) -> EmailMessage:
        mails = self.mails(person)
        assert mails, f"nothing for {person.address}\n{self.desk.log()}"
        return mails[-1]

    def notice(self, person: Person, number: int) -> EmailMessage:
        """The newest mail that somebody has about a ticket."""
        about = [mail for mail in self.mails(person) if f"#{number}]" in str(mail["Subject"])]
        assert about, f"nothing about {number} for {person.address}: {[m['Subject'] for m in self.mails(person)]}"
        return about[-1]

    def ticket(self, number: int) -> dict[str, Any]:
        return self.desk.ticket(number)

    def last_inbound(self) -> dict[str, Any]:
        (last,) = self.desk.cli("inbound", "list", "--limit", 1)
        return dict(last)

    def outcome(self) -> tuple[str, str]:
        """What became of the last mail that came in."""
        last = self.last_inbound()
        return last["outcome"], last["reason"]

    def said_to(self, person: Person) -> str:
        """All that lies in somebody's mailbox, in words."""
        return "\n".join(f"{mail['Subject']}\n{text_of(mail)}" for mail in self.mails(person))

    def forget_but(self, *people: Person) -> None:
        """Everybody else empties their mailbox."""
        self.town.clear_mailboxes(*people)

    # --- what no customer may see --------------------------------------------------------------------

    def assert_discreet(self) -> None:
        """Nothing of the agents, and nothing of anybody else, is in any customer's mailbox."""
        tokens = {person: _tokens(self.mails(person)) for person in PEOPLE}
        internal = {str(mail["Message-ID"]) for agent in AGENTS for mail in self.mails(agent)}
        for customer in CUSTOMERS:
            others = set().union(*(found for person, found in tokens.items() if person is not customer))
            for mail in self.mails(customer):
                _assert_discreet(mail, customer, others - tokens[customer], internal)


def _assert_discreet(mail: EmailMessage, customer: Person, tokens: set[str], internal: set[str]) -> None:
    everything = "\n".join([*_raw_forms(mail), *_texts(mail)])
    folded = everything.casefold()
    unexpected = {name.casefold() for name in mail.keys()} - _HEADERS  # noqa: SIM118 - a header may stand twice
    assert not unexpected, f"{unexpected} in:\n{mail}"
    assert mail["From"].addresses[0].addr_spec in (QUEUE, FINANCE, SALES, BUYING), mail
    assert {a.addr_spec for a in mail["To"].addresses} <= {person.address for person in CUSTOMERS}, mail
    for agent in AGENTS:
        assert agent.address not in folded, f"{agent.address} in:\n{mail}"
    assert SECRET not in folded, f"a note in:\n{everything}"
    assert not (ids := [one for one in internal if one in everything]), f"{ids} of agents in:\n{mail}"
    assert not (found := {one for one in tokens if one in folded}), f"{found} of others in:\n{mail}"
    commands = [word for text in _texts(mail) for word in _COMMAND.findall(text) if known(word)]
    assert not commands, f"{commands} in:\n{everything}"


def _raw_forms(mail: EmailMessage) -> Iterator[str]:
    yield mail.as_string()
    yield from (f"{name}: {value}" for name, value in mail.items())


def _texts(mail: EmailMessage) -> Sequence[str]:
    """Every text in the mail as it is read, that of HTML without its tags."""
    parts = [part for part in mail.walk() if part.get_content_maintype() == "text"]
    texts = [str(part.get_content()) for part in parts]
    return [*texts, *(html.unescape(re.sub(r"<[^>]*>", "\n", text)) for text in texts)]


def _tokens(mails: Sequence[EmailMessage]) -> set[str]:
    """The reply tokens that these mails hold: in addresses, and in their `Ref.` lines."""
    places = [f"{mail['Reply-To']}\n{text_of(mail)}" for mail in mails]
    return {found.lower() for place in places for found in _TOKEN.findall(place)}


CONFIG = """\
[instance]
name = "exemplo"
hostname = "mail.desk.test"

[database]
url = "sqlite:///mailtickets.db"

[smtp_in]
listen = ["127.0.0.1:{smtp_port}"]
authserv_id = "mx.desk.test"

[trust]
agents = "verified"

[delivery]
host = "127.0.0.1"
port = {delivery_port}
tls = "none"

[budget]
acknowledgements_per_sender_per_hour = 100
automatic_per_sender_per_day = 100
automatic_per_ticket_per_hour = 100

[[queue]]
name = "suporte"
addresses = ["suporte@desk.test"]
display_name = "Suporte Exemplo"

[[queue]]
name = "financeiro"
addresses = ["financeiro@desk.test"]
display_name = "Financeiro Exemplo"
undo_seconds = 1

[[queue]]
name = "vendas"
addresses = ["vendas@desk.test"]
display_name = "Vendas Exemplo"
locale = "auto"
notify = "assignee"
assignment = "round_robin"

[[queue]]
name = "compras"
addresses = ["compras@desk.test"]
display_name = "Compras Exemplo"
notify = "assignee"
assignment = "least_open"
undo_seconds = 3600

[[agent]]
name = "Ana Souza"
address = "ana@desk.test"
queues = ["suporte", "financeiro", "vendas", "compras"]
receipts = "all"

[[agent]]
name = "Bruno Lima"
address = "bruno@desk.test"
queues = ["suporte", "vendas", "compras"]
receipts = "commands"

[[agent]]
name = "Carla Dias"
address = "carla@desk.test"
queues = ["financeiro"]
receipts = "problems"
"""


def office_config(town: Town) -> str:
    return CONFIG.format(smtp_port=town.desk_port, delivery_port=town.postfix.port)
