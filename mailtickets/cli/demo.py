"""Plays a short story: a customer sends an attachment, an agent answers with commands, a mail resolves the ticket.

The story needs a daemon. If the daemon of this configuration runs and delivers into a Maildir, the demo uses it.
Otherwise the demo starts another daemon in a new folder, and stops it at the end.
"""

import argparse
import email
import email.policy
import email.utils
import os
import smtplib
import socket
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid, parseaddr
from pathlib import Path
from typing import TypeVar

from mailtickets.cli import DONE, REFUSED, Stop
from mailtickets.cli.session import reading
from mailtickets.config.load import load
from mailtickets.config.models import Config
from mailtickets.config.places import ConfigError, locate, shipped
from mailtickets.store.read import tickets
from mailtickets.views import tickets as view

SECONDS = 30
"""How many seconds each step of the story may take, in addition to the queue's undo window."""

# The smallest PDF that readers open without an error.
INVOICE = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
)

T = TypeVar("T")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--keep", metavar="DIR", help="start the daemon in this new folder, and keep the folder")


def run(args: argparse.Namespace) -> int:
    config = None if args.keep else _running(args.config)
    if config is not None:
        _play(config)
        return DONE
    with _own_daemon(args.keep) as own:
        _play(own)
    return DONE


# --- the stage ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Stage:
    """A desk for the story."""

    config: Config
    host: str
    port: int

    @property
    def agent(self) -> str:
        agent = self.config.agent[0]
        return f"{agent.name} <{agent.address}>"


def _running(option: str | None) -> Stage | None:
    """The configured desk, if it runs and no mail of the story would leave this machine."""
    try:
        config = load(locate(option))
    except ConfigError:
        return None
    if config.delivery.method != "maildir" or config.smtp_in is None or not config.agent:
        return None
    host, _, port = config.smtp_in.listen[0].rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=2):
            return Stage(config, host.strip("[]"), int(port))
    except OSError:
        return None


@contextmanager
def _own_daemon(keep: str | None) -> Iterator[Stage]:
    if keep is not None and Path(keep).exists():
        raise Stop(REFUSED, f"{keep} is there already")
    with tempfile.TemporaryDirectory(prefix="mailtickets-demo-") as temporary:
        directory = Path(keep or temporary)
        directory.mkdir(parents=True, exist_ok=True)
        file = directory / "config.toml"
        text = shipped("config.example.toml").read_text(encoding="utf-8")
        file.write_text(text.replace("127.0.0.1:8025", "127.0.0.1:0"), encoding="utf-8")
        with (directory / "log").open("w") as log, _started(file, log.fileno()) as port:
            yield Stage(load(file), "127.0.0.1", port)
        if keep:
            print(f"\nEverything is kept in {directory}: try  mailtickets -c {file} ticket show 1")


@contextmanager
def _started(file: Path, log: int) -> Iterator[int]:
    command = [sys.executable, "-m", "mailtickets", "-c", str(file), "run"]
    environment = {name: value for name, value in os.environ.items() if name != "STATE_DIRECTORY"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env=environment) as daemon:  # noqa: S603
        try:
            line = daemon.stdout.readline() if daemon.stdout else ""
            if not line.startswith("ready "):
                raise Stop(REFUSED, f"the daemon did not start: see {file.parent / 'log'}")
            yield int(line.partition("smtp=")[2].split()[0].split(",")[0].rpartition(":")[2])
        finally:
            daemon.terminate()


# --- the story ----------------------------------------------------------------------------------------


def _play(stage: Stage) -> None:
    queue = stage.config.queue[0]
    before = set(_mails(stage))
    customer = f"Maria Souza <maria.{os.getpid()}@cliente.test>"  # a new customer: the budgets of others may be used up
    print(f"1. A customer writes to {queue.address}, with an invoice attached.")
    opening = _mail(customer, queue.address, "Segunda via do boleto de março", _OPENING)
    opening.add_attachment(INVOICE, maintype="application", subtype="pdf", filename="boleto-março.pdf")
    _send(stage, opening)
    acknowledgement = _wait(stage, before, lambda m: _is_for(m, customer) and _is_for_mail(m, opening))
    notice = _wait(stage, before, lambda m: _is_for(m, stage.agent) and "boleto" in str(m["Subject"]))
    number = _number(str(acknowledgement["Subject"]))
    print(f"   Ticket {number} is opened; the customer has the number, the agents have the mail.")

    print("2. An agent answers the notice, in the mail client as any other mail:")
    _write(stage, notice, stage.agent, _ANSWER)
    answer = _wait(stage, before, lambda m: _is_for(m, customer) and "vencimento" in _text(m))
    receipt = _receipt(stage, before, notice)
    print("   The customer gets the answer without the lines that begin with #, the agent a receipt.")

    print("3. The customer replies:")
    _write(stage, answer, customer, _THANKS)
    news = _wait(stage, before, lambda m: _is_for(m, stage.agent) and "amanhã cedo" in _text(m))
    print("   It joins the ticket; the agents are told.")

    print("4. The agent has nothing to add for the customer:")
    _write(stage, news, stage.agent, _RESOLVED)
    _wait(stage, before, lambda m: _is_for(m, customer) and _is_none_of(m, acknowledgement, answer))
    _receipt(stage, before, notice, news, *receipt)
    print("   The ticket is resolved, and the customer is told. The note stays inside.\n\n" + "=" * 78)
    _show(stage, number, before)


_OPENING = "Bom dia,\n\nNão recebi o boleto de março. Mando em anexo o de fevereiro.\n\nMaria\n"
_ANSWER = (
    "Olá, Maria!\n\nA segunda via vai em anexo ao próximo e-mail; o vencimento passou para o dia 30.\n\n"
    "#assumir\n#etiqueta +boleto\n"
)
_THANKS = "Perfeito, pago amanhã cedo.\n"
_RESOLVED = "#resolver\n#nota O financeiro já sabe da nova data.\n"


def _mail(sender: str, recipient: str, subject: str, text: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, recipient, subject
    mail["Date"] = format_datetime(email.utils.localtime())
    mail["Message-ID"] = make_msgid(domain=parseaddr(sender)[1].partition("@")[2])
    mail.set_content(text)
    return mail


def _reply(to: EmailMessage, sender: str, text: str) -> EmailMessage:
    """What a mail client makes of `Reply`: Reply-To, Re:, threading headers, and the quoted mail below."""
    quoted = "\n".join(f"> {line}" for line in _text(to).splitlines())
    attribution = f"Em {to['Date']}, {to['From']} escreveu:"
    subject = str(to["Subject"])
    subject = subject if subject.lower().startswith("re:") else f"Re: {subject}"
    mail = _mail(sender, str(to["Reply-To"] or to["From"]), subject, f"{text}\n{attribution}\n\n{quoted}\n")
    mail["In-Reply-To"] = to["Message-ID"]
    mail["References"] = f"{to['References'] or ''} {to['Message-ID']}".strip()
    return mail


def _write(stage: Stage, to: EmailMessage, sender: str, text: str) -> None:
    """Sends a reply, and shows the text that its writer typed."""
    print("\n" + textwrap.indent(text, "       "))
    _send(stage, _reply(to, sender, text))


def _send(stage: Stage, mail: EmailMessage) -> None:
    with smtplib.SMTP(stage.host, stage.port, timeout=SECONDS) as smtp:
        smtp.send_message(mail)


def _mails(stage: Stage) -> list[Path]:
    return sorted(path for box in ("new", "cur") for path in (stage.config.maildir / box).glob("*"))


def _read(path: Path) -> EmailMessage:
    return email.message_from_bytes(path.read_bytes(), policy=email.policy.default)  # we wrote this mail, no stranger


def _text(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    return body.get_content() if body is not None else ""


def _is_for(mail: EmailMessage, person: str) -> bool:
    return str(mail["Delivered-To"]) == parseaddr(person)[1]


def _is_for_mail(mail: EmailMessage, answered: EmailMessage) -> bool:
    return str(mail["In-Reply-To"]) == str(answered["Message-ID"])


def _is_none_of(mail: EmailMessage, *others: EmailMessage) -> bool:
    return str(mail["Message-ID"]) not in {str(other["Message-ID"]) for other in others}


def _receipt(stage: Stage, before: set[Path], *had: EmailMessage) -> tuple[EmailMessage, ...]:
    """The next mail to the agent, if the agent wants receipts."""
    if stage.config.agent[0].receipts == "problems":
        return ()
    return (_wait(stage, before, lambda m: _is_for(m, stage.agent) and _is_none_of(m, *had)),)


def _wait(stage: Stage, before: set[Path], wanted: Callable[[EmailMessage], bool]) -> EmailMessage:
    """Waits for the first new mail that is wanted."""
    end = time.monotonic() + SECONDS + stage.config.queue[0].undo_seconds
    while time.monotonic() < end:
        for path in _mails(stage):
            if path not in before and wanted(mail := _read(path)):
                return mail
        time.sleep(0.1)
    raise Stop(REFUSED, f"no mail came within {SECONDS} s: is the daemon's log of help?")


def _number(subject: str) -> int:
    return int(subject.partition("#")[2].partition("]")[0])


def _show(stage: Stage, number: int, before: set[Path]) -> None:
    """Shows the ticket, and every mail that it caused."""
    with reading(argparse.Namespace(config=str(stage.config.file))) as desk:
        shown = tickets.show(desk.reader, number)
    if shown is not None:
        print("\n".join(view.lines(shown)))
    for path in _mails(stage):
        mail = _read(path)
        if path not in before and f"#{number}]" in str(mail["Subject"]):
            print("\n" + "=" * 78)
            for field in ("From", "To", "Reply-To", "Subject"):
                print(f"{field}: {mail[field]}")
            print(f"\n{_text(mail).rstrip()}")
