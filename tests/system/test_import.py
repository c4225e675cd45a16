"""Old mail becomes tickets: beside the daemon, from a real mailbox, killed in the middle. Nobody is written to."""

import json
import os
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.servers.dovecot import Dovecot
from tests.system.conftest import DeskMaker, town_config
from tests.system.desk import MAILDIR, PROGRAM, Desk, config
from tests.system.town import ANA, JOAO, MAILBOX, MAILBOX_PASSWORD, MARIA, QUEUE, Town, write

THREADS = 25
MONTH = datetime(2025, 1, 1, 12, tzinfo=UTC)


def mail(number: int, author: str, to: str, *, answers: int | None = None, at: datetime | None = None) -> bytes:
    date = (at or MONTH + timedelta(hours=number)).strftime("%a, %d %b %Y %H:%M:%S +0000")
    answer = f"In-Reply-To: <old{answers}@cliente.test>\r\n" if answers is not None else ""
    return (
        f"From: {author}\r\nTo: {to}\r\nSubject: Pergunta [#{number}]\r\nDate: {date}\r\n"
        f"Message-ID: <old{number}@cliente.test>\r\n{answer}\r\nMensagem {number}.\r\n#fechar\r\n"
    ).encode()


def thread(number: int) -> Iterator[bytes]:
    """A question, the desk's answer, another question."""
    first = 3 * number
    yield mail(first, MARIA.address, QUEUE)
    yield mail(first + 1, QUEUE, MARIA.address, answers=first)
    yield mail(first + 2, MARIA.address, QUEUE, answers=first + 1)


@pytest.fixture
def old(place: Path) -> Path:
    path = place / "old.mbox"
    with path.open("wb") as file:
        for number in range(THREADS):
            for raw in thread(number):
                file.write(b"From x@y.test Wed Jan  1 12:00:00 2025\n" + raw.replace(b"\r\n", b"\n") + b"\n")
    path.chmod(0o644)
    return path


def imported(desk: Desk, *words: str | int) -> dict[str, Any]:
    done = desk.command(*words, "--json")
    assert done.returncode == 0, done.stderr.decode()
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_a_killed_import_goes_on_beside_the_daemon_and_twice_is_once(town: Town, town_desk: Desk, old: Path) -> None:
    town_desk.start()
    begun = _begun(town_desk, old)
    town_desk.wait_for(lambda: _newest(town_desk) >= THREADS, "a third of the mails")
    os.kill(begun.pid, signal.SIGKILL)
    begun.wait()
    town.submit(write(JOAO, subject="Ao vivo"), QUEUE)
    told = imported(town_desk, "import", str(old))
    assert told["known"] > 0
    assert told["known"] + told["messages"] == 3 * THREADS
    assert imported(town_desk, "import", str(old))["known"] == 3 * THREADS
    rows = [row for row in town_desk.cli("inbound", "list", "--limit", 1000) if row["source"] == "import"]
    assert len(rows) == 3 * THREADS
    assert {row["outcome"] for row in rows} == {"opened", "appended"}
    town.wait_for_mail(ANA)
    shown = town_desk.tickets()
    live = [ticket for ticket in shown if ticket["requester"]["address"] == JOAO.address]
    past = [ticket for ticket in shown if ticket not in live]
    assert [(ticket["status"], len(ticket["messages"])) for ticket in live] == [("new", 1)]
    assert [(ticket["status"], len(ticket["messages"])) for ticket in past] == [("closed", 3)] * THREADS
    assert {sent["ticket"] for sent in town_desk.outbox()} == {live[0]["number"]}
    assert town.inbox(MARIA) == []
    assert [mail["Subject"] for mail in town.inbox(ANA)] == [f"[#{live[0]['number']}] Ao vivo"]
    assert town_desk.cli("inbound", "reconcile")["problems"] == []


def test_without_a_daemon_too_and_a_clock_that_ticks_names_no_old_ticket(make_desk: DeskMaker, old: Path) -> None:
    desk = make_desk(config(MAILDIR, smtp_port=0).replace('name = "suporte"', 'name = "suporte"\nremind_after = "1h"'))
    desk.start()
    desk.stop()
    told = imported(desk, "import", str(old), "--dry-run")
    assert (told["tickets"], desk.inbound()) == (THREADS, [])
    assert imported(desk, "import", str(old), "--status", "open")["tickets"] == THREADS
    desk.start()
    live = mail(900, JOAO.address, QUEUE, at=datetime.now(UTC))
    done = desk.command("deliver", "--sender", JOAO.address, "--recipient", QUEUE, given=live)
    assert done.returncode == 0
    desk.wait_for(lambda: [row for row in desk.outbox() if row["notice"] == "new_ticket"], "a notice of the live mail")
    assert {sent["ticket"] for sent in desk.outbox()} == {THREADS + 1}


def test_a_mailbox_is_read_back_and_what_is_new_is_left_to_the_daemon(
    town: Town, make_desk: DeskMaker, place: Path
) -> None:
    (place / "imap-password").write_text(MAILBOX_PASSWORD)
    text = town_config(town, "sqlite:///mailtickets.db").replace('start = "all"', 'start = "new"')
    desk = make_desk(text, {"SSL_CERT_FILE": str(town.dovecot.certificate)}, quick=True)
    question, answer, again = thread(0)
    _fill(town.dovecot, question, answer, again)
    desk.start()
    desk.wait_for(lambda: _cursors(desk), "the first connect")
    desk.stop()
    town.dovecot.deliver(MAILBOX, mail(900, JOAO.address, MAILBOX, at=datetime.now(UTC)))
    before = _files(town.dovecot)

    words = ("imap", "backfill", "contato", "--since", "2025-01-01", "--folder", "INBOX", "--folder", "Enviados")
    told = imported(desk, *words, "--dry-run")
    assert (told["tickets"], told["messages"], desk.inbound()) == (1, 3, [])
    same = [word.replace("INBOX", "inbox") for word in words]
    assert imported(desk, *same, "--dry-run")["messages"] == 3, "the daemon's own mail is left under that name too"
    told = imported(desk, *words)
    assert (told["tickets"], told["messages"]) == (1, 3)
    assert "1 newer mails were left: the daemon takes them as new mail" in told["archives"][0]["notes"]
    assert _files(town.dovecot) == before, "nothing is moved, flagged or marked as read"
    assert imported(desk, *words)["known"] == 3
    [ticket] = desk.tickets()
    assert [(m["direction"], m["received_at"][:10]) for m in ticket["messages"]] == [
        ("in", "2025-01-01"),
        ("out", "2025-01-01"),
        ("in", "2025-01-01"),
    ]

    desk.start()
    town.wait_for_mail(ANA)
    assert [ticket["requester"]["address"] for ticket in desk.tickets()] == [MARIA.address, JOAO.address]
    assert town.inbox(MARIA) == []


def _fill(dovecot: Dovecot, question: bytes, answer: bytes, again: bytes) -> None:
    when = datetime.now(UTC) - timedelta(days=20)
    for raw, folder in ((question, "INBOX"), (answer, "Enviados"), (again, "INBOX")):
        dovecot.deliver(MAILBOX, raw, folder, received_at=when)


def _files(dovecot: Dovecot) -> list[str]:
    """The names of all messages in the mailbox, with their flags. `new` or `cur` is Dovecot's own matter."""
    found = [file for folder in ("INBOX", "Enviados") for file in dovecot.files(MAILBOX, folder)]
    return sorted(
        f"{file.name.partition(':2,')[0].partition(',')[0]} {file.name.partition(':2,')[2]}" for file in found
    )


def _cursors(desk: Desk) -> bool:
    with sqlite3.connect(desk.state_dir / "mailtickets.db") as database:
        return bool(database.execute("SELECT 1 FROM imap_cursor").fetchall())


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("imap", "backfill", "none", "--since", "2025-01-01"), 2, "there is no account none"),
        (("imap", "backfill", "contato", "--since", "2125-01-01"), 2, "this day has not come yet"),
        (("imap", "backfill", "contato", "--since", "2025-01-01", "--folder", "Nada"), 1, "contato: "),
    ],
)
def test_a_backfill_of_what_is_not_there_says_so(
    town: Town, make_desk: DeskMaker, place: Path, words: tuple[str, ...], status: int, said: str
) -> None:
    (place / "imap-password").write_text(MAILBOX_PASSWORD)
    environment = {"SSL_CERT_FILE": str(town.dovecot.certificate)}
    desk = make_desk(town_config(town, "sqlite:///mailtickets.db"), environment, quick=True)
    desk.start()
    desk.stop()
    done = desk.command(*words)
    assert done.returncode == status
    assert said in done.stderr.decode()
    assert b"Traceback" not in done.stderr


def test_a_mailbox_whose_password_is_wrong_is_told(town: Town, make_desk: DeskMaker, place: Path) -> None:
    (place / "imap-password").write_text("errada")
    environment = {"SSL_CERT_FILE": str(town.dovecot.certificate)}
    desk = make_desk(town_config(town, "sqlite:///mailtickets.db"), environment, quick=True)
    desk.start()
    desk.stop()
    done = desk.command("imap", "backfill", "contato", "--since", "2025-01-01")
    assert done.returncode == 1
    assert b"mailtickets: contato: " in done.stderr


def _begun(desk: Desk, old: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen([str(PROGRAM), "-c", str(desk.config), "import", str(old)], cwd="/",
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip


def _newest(desk: Desk) -> int:
    return max((row["id"] for row in desk.cli("inbound", "list", "--limit", 1)), default=0)
