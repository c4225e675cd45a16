"""A small town of mail: a company with its Postfix and Dovecot, its agents, and customers who write to it.

Owns the servers and the people. Mail reaches the desk as in life: people submit to Postfix, which sends
suporte@desk.test on by the route a test chooses and everybody else's mail to Dovecot; contato@desk.test is a mailbox
that the desk reads by IMAP. The desk's own mail leaves through the same Postfix.
"""

import email
import email.policy
import smtplib
from collections.abc import Sequence
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, formataddr, make_msgid
from pathlib import Path

from tests.servers import free_port
from tests.servers.dovecot import Dovecot
from tests.servers.mailclient import Mutt, Person, SNail
from tests.servers.postfix import Postfix
from tests.system.desk import PATIENCE_SECONDS, wait_for

QUEUE, MAILBOX = "suporte@desk.test", "contato@desk.test"
FINANCE, SALES, BUYING = "financeiro@desk.test", "vendas@desk.test", "compras@desk.test"
"""Further queues, of the desks that have them."""
ANA = Person("Ana Souza", "ana@desk.test", "senha da ana")
BRUNO = Person("Bruno Lima", "bruno@desk.test", "senha do bruno")
CARLA = Person("Carla Dias", "carla@desk.test", "senha da carla")
JOAO = Person("João da Silva", "joao@cliente.test", "senha do joão")
MARIA = Person("Maria Conceição", "maria@cliente.test", "senha da maria")
PEDRO = Person("Pedro Alves", "pedro@cliente.test", "senha do pedro")
LUCY = Person("Lucy Stone", "lucy@client.test", "lucy's password")
OPS = Person("Plantão", "plantao@desk.test", "senha do plantão")
GONE = Person("Caio Sumido", "sumido@cliente.test", "")
"""Writes, but has no mailbox: Postfix takes mail for him, and Dovecot gives it back."""
UNKNOWN = Person("Cida Mudou", "mudou@cliente.test", "")
"""Writes, but Postfix knows nobody of that name: it refuses her at RCPT."""
PEOPLE = (ANA, BRUNO, CARLA, JOAO, MARIA, PEDRO, LUCY, OPS)
MAILBOX_PASSWORD = "senha da caixa"
LOG_TAIL = 6_000
"""Characters of Postfix's log that say enough."""

PDF = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"


class Town:
    """The servers run from beginning to end; every test finds them empty."""

    def __init__(self) -> None:
        self.desk_port = free_port()
        """Where the desk shall listen for SMTP: Postfix is told so once and for all."""
        self.lmtp_port = free_port()
        users = {person.address: person.password for person in PEOPLE}
        self.dovecot = Dovecot(users | {MAILBOX: MAILBOX_PASSWORD})
        self.postfix = Postfix(
            ("desk.test", "cliente.test", "client.test"), f"lmtp:inet:127.0.0.1:{self.dovecot.lmtp_port}"
        )
        self._clients: list[SNail | Mutt] = []
        self.postfix.knows(*users, GONE.address, QUEUE, FINANCE, SALES, BUYING, MAILBOX)
        self.by_smtp = self._route = f"smtp:[127.0.0.1]:{self.desk_port}"

    def __enter__(self) -> "Town":
        self._write_routes()
        self.dovecot.__enter__()
        self.postfix.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        while self._clients:
            self._clients.pop().close()
        self.postfix.close()
        self.dovecot.close()

    def route(self, transport: str) -> None:
        """How mail for the queues leaves Postfix from now on."""
        if transport != self._route:
            self._route = transport
            self._write_routes()
            self.postfix.reload()

    def _write_routes(self) -> None:
        self.postfix.routes(dict.fromkeys((QUEUE, FINANCE, SALES, BUYING), self._route))

    def clear(self) -> None:
        """No mail waits and no mailbox has any; what a test stopped runs again."""
        self.dovecot.thaw()
        if not self.postfix.running:
            self.postfix.start()
        self.route(self.by_smtp)
        self.postfix.empty()
        self.clear_mailboxes()
        while self._clients:
            self._clients.pop().close()

    def clear_mailboxes(self, *but_of: Person) -> None:
        kept = {person.address for person in but_of}
        for address in {*(person.address for person in PEOPLE), MAILBOX} - kept:
            for file in self.dovecot.files(address):
                file.unlink(missing_ok=True)

    def has_mail_on_the_way(self) -> bool:
        """Whether Postfix still has anything to deliver."""
        queue = self.postfix.directory / "queue"
        return any(file.is_file() for name in ("incoming", "active", "deferred") for file in (queue / name).rglob("*"))

    # --- people and their mail ----------------------------------------------------------------------

    def snail(self, person: Person) -> SNail:
        client = SNail(person, self.dovecot, self.postfix.port)
        self._clients.append(client)
        return client

    def mutt(self, person: Person) -> Mutt:
        client = Mutt(person, self.dovecot, self.postfix.port)
        self._clients.append(client)
        return client

    def submit(self, mail: EmailMessage, *recipients: str, sender: str | None = None) -> None:
        """Hands a mail to Postfix, as a mail client does."""
        envelope = str(mail["From"].addresses[0].addr_spec) if sender is None else sender
        self.submit_raw(mail.as_bytes(policy=email.policy.SMTP), envelope, *recipients)

    def submit_raw(self, raw: bytes, sender: str, *recipients: str) -> None:
        with smtplib.SMTP(
            "127.0.0.1", self.postfix.port, local_hostname="cliente.test", timeout=PATIENCE_SECONDS
        ) as client:
            client.sendmail(sender, recipients, raw, mail_options=["BODY=8BITMIME"])

    def inbox(self, person: Person) -> list[EmailMessage]:
        """What lies in somebody's mailbox, oldest first."""
        return [parsed(raw) for raw in self.dovecot.messages(person.address)]

    def wait_for_mail(self, person: Person, count: int = 1) -> list[EmailMessage]:
        """Their mailbox, when so many mails are in it."""

        def arrived() -> list[EmailMessage]:
            mails = self.inbox(person)
            return mails if len(mails) >= count else []

        return wait_for(arrived, f"mail {count} for {person.address}", lambda: self.postfix.log()[-LOG_TAIL:])


def write(
    author: Person,
    *,
    to: str = QUEUE,
    subject: str = "Dúvida sobre a emissão de boletos",
    text: str = "Bom dia,\n\nComo faço para emitir a segunda via?\n\nObrigado",
    html: str | None = None,
    attachments: Sequence[tuple[str, bytes]] = (),
    answers: EmailMessage | None = None,
) -> EmailMessage:
    """A mail as a person's program makes it; `answers` is the mail it replies to."""
    mail = EmailMessage()
    mail["From"] = formataddr((author.name, author.address))
    mail["To"] = to
    mail["Subject"] = subject
    mail["Date"] = format_datetime(datetime.now(UTC))
    mail["Message-ID"] = make_msgid(domain=author.address.partition("@")[2])
    if answers is not None:
        mail["In-Reply-To"] = mail["References"] = answers["Message-ID"]
    mail.set_content(text)
    if html is not None:
        mail.add_alternative(html, subtype="html")
    for name, content in attachments:
        mail.add_attachment(content, maintype="application", subtype="pdf", filename=name)
    return mail


def parsed(raw: bytes) -> EmailMessage:
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(mail, EmailMessage)
    return mail


def text_of(mail: EmailMessage) -> str:
    """The plain text that a person reads."""
    return _content(mail, "plain")


def html_of(mail: EmailMessage) -> str:
    """The same, in a program that shows HTML."""
    return _content(mail, "html")


def _content(mail: EmailMessage, kind: str) -> str:
    body = mail.get_body((kind,))
    assert body is not None, f"no {kind} text in:\n{mail}"
    return str(body.get_content())


def attached(mail: EmailMessage) -> dict[str | None, bytes]:
    """File name -> content."""
    return {part.get_filename(): part.get_content() for part in mail.iter_attachments()}


def pdf(directory: Path) -> Path:
    """A file on somebody's disk."""
    file = directory / "orçamento.pdf"
    file.write_bytes(PDF)
    return file
