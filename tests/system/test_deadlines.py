"""Warnings and escalations of a running daemon: each arrives once, also when the daemon is killed in the middle."""

import signal
from collections import Counter
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from mailtickets.failpoint import TIMER_FAILPOINTS
from tests.system.conftest import DeskMaker
from tests.system.desk import MAILDIR, Desk, config

BOSS = "chefe@fora.test"

LEVEL = """
[[service_level]]
name = "padrao"
first_answer = "2s"
resolution = "900d"
warn_at = 0.5
escalate = [
  { at = 1.0, clock = "first_answer", notify = ["chefe@fora.test"], priority = "high" },
  { at = 1.5, clock = "first_answer", notify = ["bruno@desk.test"] },
]
""".replace("900d", "30d")


def outgoing(desk: Desk) -> list[EmailMessage]:
    files = (desk.directory / "var" / "outgoing" / "new").glob("*")
    return [_read(file) for file in sorted(files)]


def _read(file: Path) -> EmailMessage:
    mail = message_from_bytes(file.read_bytes(), policy=policy.default)
    assert isinstance(mail, EmailMessage)
    return mail


def told(desk: Desk, person: str, subject: str) -> list[EmailMessage]:
    return [mail for mail in outgoing(desk) if mail["Delivered-To"] == person and subject in str(mail["Subject"])]


def notices(desk: Desk) -> Counter[tuple[str, str]]:
    """(notice, recipient) of every row of the outbox."""
    return Counter((row["notice"], row["recipient"]) for row in desk.outbox())


def open_ticket(desk: Desk) -> None:
    words = ("--queue", "suporte", "--requester", "maria@cliente.test", "--subject", "Impressora")
    desk.cli("ticket", "open", *words, given="A impressora não imprime.")


ALL_STEPS = {
    ("received", "maria@cliente.test"): 1,
    ("new_ticket", "ana@desk.test"): 1,
    ("new_ticket", "bruno@desk.test"): 1,
    ("overdue", BOSS): 1,
    ("escalated", "bruno@desk.test"): 1,
}


@pytest.mark.parametrize("moment", [f"{name}:{count}" for name in TIMER_FAILPOINTS for count in (1, 2, 3, 4)])
def test_an_escalation_arrives_once_whenever_the_daemon_dies(make_desk: DeskMaker, moment: str) -> None:
    desk = make_desk(config(MAILDIR, LEVEL, smtp_port=0), quick=True)
    desk.start({"MAILTICKETS_FAILPOINT": moment})
    open_ticket(desk)
    assert desk.wait() == -signal.SIGKILL
    desk.start()
    desk.wait_for(lambda: ("escalated", "bruno@desk.test") in notices(desk), "the last step")
    desk.wait_for(lambda: told(desk, BOSS, "Prazo vencido"), "the mail to the boss")
    found = notices(desk)
    assert {key: count for key, count in found.items() if key[0] != "due_soon"} == ALL_STEPS
    assert {count for key, count in found.items() if key[0] == "due_soon"} <= {1}
    fired = Counter((e["from"], e["to"]) for e in desk.ticket(1)["events"] if e["kind"] == "timer")
    assert fired == {
        ("warn", "first_answer"): 1,
        ("due", "first_answer"): 1,
        ("escalate", "first_answer:1"): 1,
        ("escalate", "first_answer:1.5"): 1,
    }
    assert desk.ticket(1)["priority"] == "high"


def test_people_outside_get_figures_and_nobody_is_told_of_what_was_answered(make_desk: DeskMaker) -> None:
    desk = make_desk(config(MAILDIR, LEVEL.replace('"2s"', '"6s"'), smtp_port=0), quick=True)
    desk.start()
    open_ticket(desk)
    open_ticket(desk)
    desk.cli("ticket", "reply", 2, "--as", "ana@desk.test", given="Ligue na tomada.")
    (mail,) = desk.wait_for(lambda: told(desk, BOSS, "Prazo vencido"), "the mail to the boss")
    body = mail.get_body(("plain",))
    assert body is not None
    words = body.get_content()
    assert "[#1]" in str(mail["Subject"])
    assert "primeira resposta" in words
    for secret in ("imprime", "maria@", "ana@", "http", "Ref.:"):
        assert secret not in f"{words} {mail['Subject']}"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert "2" not in {row["ticket"] for row in desk.outbox() if row["notice"] in {"overdue", "escalated", "due_soon"}}
    assert [event for event in desk.ticket(2)["events"] if event["kind"] == "timer"] == []


def test_a_new_configuration_moves_what_is_open(make_desk: DeskMaker) -> None:
    desk = make_desk(config(MAILDIR, LEVEL.replace('"2s"', '"10d"'), smtp_port=0), quick=True)
    desk.start()
    open_ticket(desk)
    desk.configure(config(MAILDIR, LEVEL, smtp_port=0))
    desk.signal(signal.SIGHUP)
    desk.wait_for(lambda: told(desk, BOSS, "Prazo vencido"), "the mail to the boss")
