"""Rules of the configuration in a running daemon: mail comes in by SMTP, and what goes out is read from a Maildir."""

import signal
import smtplib
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import make_msgid

import pytest

from tests.system.conftest import DeskMaker
from tests.system.desk import MAILDIR, Desk, config, wait_for

RULES = """
[[queue]]
name = "financeiro"
addresses = ["financeiro@desk.test"]
display_name = "Financeiro Exemplo"

[[agent]]
name = "Carla Dias"
address = "carla@desk.test"
queues = ["financeiro"]

[[rule]]
name = "boleto"
all = [{ words = ["boleto", "fatura*"] }]
set = { queue = "financeiro", priority = "high" }
add_tags = ["cobranca"]
answer = "estamos-verificando"

[[rule]]
name = "suspeito"
all = [{ words = "bitcoin" }]
hold = true

[[rule]]
name = "espera"
on = "due"
all = [{ waiting = "1s" }, { tag = "cobranca" }]
add_tags = ["esperou"]
notify = ["bruno@desk.test"]
"""


@pytest.fixture
def desk(make_desk: DeskMaker) -> Desk:
    desk = make_desk(config(MAILDIR, RULES, smtp_port=0), quick=True)
    desk.start()
    return desk


def write_to(
    desk: Desk, text: str, *, subject: str = "Olá", sender: str = "Maria <maria@cliente.test>", to: str = ""
) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, to or "suporte@desk.test", subject
    mail["Message-ID"] = make_msgid(domain="cliente.test")
    mail["Authentication-Results"] = f"mx.desk.test; dmarc=pass header.from={sender.rpartition('@')[2].rstrip('>')}"
    mail.set_content(text)
    with smtplib.SMTP("127.0.0.1", desk.smtp_port) as server:
        server.send_message(mail, sender.rpartition("<")[2].rstrip(">"), [to or "suporte@desk.test"])


def sent(desk: Desk) -> list[EmailMessage]:
    """What has gone out, in the order in which it went."""
    files = sorted((desk.state_dir / "outgoing" / "new").glob("*"), key=lambda file: file.stat().st_mtime_ns)
    return [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]  # type: ignore[misc]


def to(desk: Desk, address: str) -> list[EmailMessage]:
    return [mail for mail in sent(desk) if mail["Delivered-To"] == address]


def words(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def test_a_day_with_rules(desk: Desk) -> None:
    write_to(desk, "Bom dia, preciso da segunda via do boleto.")
    (acknowledgement,) = wait_for(lambda: to(desk, "maria@cliente.test"), "the acknowledgement", desk.log)
    assert acknowledgement["From"] == "Financeiro Exemplo <financeiro@desk.test>"
    assert acknowledgement["Auto-Submitted"] == "auto-replied"
    assert "Recebemos o seu relato no chamado 1 e estamos verificando." in words(acknowledgement)
    (told,) = wait_for(lambda: to(desk, "carla@desk.test"), "the notice", desk.log)
    assert "Regras: boleto" in words(told)
    assert to(desk, "ana@desk.test") == []

    (late,) = wait_for(lambda: to(desk, "bruno@desk.test"), "what the rule in time says", desk.log)
    assert "A regra “espera” avisa você deste chamado." in words(late)
    ticket = desk.ticket(1)
    assert (ticket["queue"], ticket["priority"], ticket["tags"]) == ("financeiro", "high", ["cobranca", "esperou"])
    assert {event["reason"] for event in ticket["events"] if event["actor"] == "system"} >= {
        "rule:boleto",
        "rule:espera",
    }

    write_to(desk, "Compre bitcoin agora.", sender="Eve <eve@longe.test>")
    (held,) = wait_for(lambda: to(desk, "ana@desk.test"), "the notice of held mail", desk.log)
    assert "A regra “suspeito” reteve este e-mail" in words(held)
    assert len(desk.tickets()) == 1
    write_to(desk, "ENVIAR", subject="Re: Retido", sender="Ana Souza <ana@desk.test>", to=str(held["Reply-To"]))
    wait_for(lambda: len(desk.tickets()) == 2, "the ticket of the released mail", desk.log)
    assert [row["outcome"] for row in desk.inbound()] == ["opened", "opened", "commanded"]

    listed = {rule["name"]: rule for rule in desk.cli("rule", "list")}
    assert {name: rule["fired"] for name, rule in listed.items()} == {"boleto": 1, "suspeito": 2, "espera": 1}


def test_a_wrong_rule_is_named_and_the_old_rules_stay(desk: Desk) -> None:
    desk.configure(config(MAILDIR, RULES.replace('queue = "financeiro"', 'queue = "financero"'), smtp_port=0))
    done = desk.command("check")
    assert done.returncode == 2
    assert b"rule.0.set.queue: there is no queue 'financero': 'financeiro' is the nearest" in done.stderr
    desk.signal(signal.SIGHUP)
    wait_for(lambda: "rule.0.set.queue" in desk.log(), "the refused reload", desk.log)
    write_to(desk, "Bom dia, preciso da segunda via do boleto.")
    wait_for(lambda: to(desk, "carla@desk.test"), "the notice", desk.log)
    desk.configure(config(MAILDIR, RULES, smtp_port=0))
    assert desk.ticket(1)["queue"] == "financeiro"
