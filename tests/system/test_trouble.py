"""The others are down: smarthost, mailbox server, database, disk. Nothing is lost, no restart is needed."""

import shutil
import smtplib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import free_port
from tests.servers.postgres import Postgres
from tests.system.conftest import DeskMaker, on_sqlite, town_config
from tests.system.desk import MAILDIR, Desk, config
from tests.system.town import ANA, JOAO, MAILBOX, MAILBOX_PASSWORD, MARIA, OPS, QUEUE, Town, write


def test_mail_waits_while_postfix_is_down(town: Town, town_desk: Desk) -> None:
    desk = town_desk
    desk.start()
    town.submit(write(JOAO), QUEUE)
    town.wait_for_mail(JOAO)
    town.wait_for_mail(ANA)
    town.postfix.stop()

    desk.cli("ticket", "reply", 1, "--as", ANA.address, given="Enquanto o servidor dorme.")
    desk.wait_for(lambda: "deferred" in {row["state"] for row in desk.outbox()}, "an answer that waits")
    town.postfix.start()
    for row in desk.outbox():
        if row["state"] != "sent":
            desk.cli("outbox", "retry", row["id"])

    assert len(town.wait_for_mail(JOAO, 2)) == 2
    assert desk.ticket(1)["status"] == "pending"


@on_sqlite
def test_the_mailbox_is_read_on_after_dovecot_was_restarted(town: Town, town_desk: Desk) -> None:
    town_desk.start()
    town.submit(write(MARIA, to=MAILBOX, subject="Antes"), MAILBOX)
    town.wait_for_mail(MARIA)

    town.dovecot.stop()
    town.submit(write(JOAO, to=MAILBOX, subject="Depois"), MAILBOX)
    town.dovecot.start()

    town.wait_for_mail(JOAO)
    assert [row["subject"] for row in town_desk.inbound()] == ["Antes", "Depois"]
    assert len(town_desk.tickets()) == 2


@pytest.fixture
def lonely_postgres() -> Iterator[Postgres]:
    """A server that a test may stop without taking it from others."""
    with Postgres() as server:
        yield server


def test_without_its_database_the_desk_takes_nothing_and_recovers(
    town: Town, make_desk: DeskMaker, place: Path, lonely_postgres: Postgres
) -> None:
    (place / "imap-password").write_text(MAILBOX_PASSWORD)
    url = lonely_postgres.database()
    desk = make_desk(town_config(town, url), {"SSL_CERT_FILE": str(town.dovecot.certificate)})
    desk.start()
    lonely_postgres.stop()

    by_hand = write(JOAO, subject="Pelo SMTP")
    with pytest.raises(smtplib.SMTPDataError) as refused:
        submit_to(desk, by_hand.as_bytes())
    assert refused.value.smtp_code == 451
    piped = desk.command("deliver", "--sender", JOAO.address, "--recipient", QUEUE, given=bytes(write(JOAO)))
    assert piped.returncode == 75
    town.submit(write(MARIA, to=MAILBOX, subject="Na caixa"), MAILBOX)
    desk.wait_for(lambda: town.dovecot.messages(MAILBOX), "the mail in the mailbox")
    town.submit(write(JOAO, subject="Pelo Postfix"), QUEUE)
    desk.wait_for(lambda: town.postfix.queue(), "the mail that waits in Postfix")

    lonely_postgres.start()
    town.postfix.flush()
    rows = desk.wait_until_done(2)
    assert sorted(row["subject"] for row in rows) == ["Na caixa", "Pelo Postfix"]
    assert {row["outcome"] for row in rows} == {"opened"}
    town.wait_for_mail(MARIA)
    assert desk.process is not None
    assert desk.process.poll() is None


def test_a_wrong_imap_password_is_shown_and_stops_nobody_else(town: Town, make_desk: DeskMaker, place: Path) -> None:
    (place / "imap-password").write_text(MAILBOX_PASSWORD)
    (place / "wrong-password").write_text("não é esta")
    other = f"""\
[[imap_in]]
name = "errada"
host = "localhost"
port = {town.dovecot.imaps_port}
username = "{OPS.address}"
password_file = "wrong-password"
queue = "suporte"
"""
    text = town_config(town, "sqlite:///mailtickets.db", other)
    desk = make_desk(text, {"SSL_CERT_FILE": str(town.dovecot.certificate)})
    desk.start()
    town.submit(write(MARIA, to=MAILBOX), MAILBOX)
    town.wait_for_mail(MARIA)
    desk.wait_for(lambda: "errada" in desk.log(), "a log line that names the account")
    assert "não é esta" not in desk.log()

    checked = desk.command("check")
    said = checked.stdout.decode()
    assert checked.returncode != 0
    assert any("imap_in.1" in line and "login refused" in line for line in said.splitlines()), said
    assert "não é esta" not in said


def test_a_broken_template_of_ones_own_gives_way_to_the_built_in_one(make_desk: DeskMaker, place: Path) -> None:
    broken = place / "templates" / "pt_BR"
    broken.mkdir(parents=True)
    (broken / "received.txt").write_text("Chamado {{ ticket.number }}\n\n{{ nada.que.exista() }}\n")
    desk = make_desk(config(MAILDIR, '[templates]\ndirectory = "templates"\n', smtp_port=0))
    desk.start()

    submit_to(desk, write(JOAO).as_bytes())

    rows = desk.wait_for(lambda: [row for row in desk.outbox() if row["recipient"] == JOAO.address], "the receipt")
    assert [row["notice"] for row in rows] == ["received"]
    desk.wait_for(lambda: "received.txt" in desk.log(), "a log line that names the file")
    assert "3" in next(line for line in desk.log().splitlines() if "received.txt" in line)


@pytest.fixture
def small_disk(place: Path) -> Iterator[Path]:
    """A file system of 12 MB for the state; only root can mount one."""
    disk = place / "var"
    disk.mkdir()
    mount = shutil.which("mount")
    command = [mount or "mount", "-t", "tmpfs", "-o", "size=12m,mode=0710", "tmpfs", str(disk)]
    if not mount or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("a small file system can only be mounted by root")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def test_a_full_disk_is_said_with_452_and_is_over_when_there_is_room(small_disk: Path, make_desk: DeskMaker) -> None:
    desk = make_desk(config(MAILDIR, smtp_port=free_port()))
    desk.start()
    filler = small_disk / "filler"
    room = shutil.disk_usage(small_disk).free
    filler.write_bytes(b"x" * max(0, room - 200_000))

    with pytest.raises(smtplib.SMTPResponseException) as refused:
        submit_to(desk, write(JOAO, text="x" * 60 + "\n" + ("linha\n" * 100_000)).as_bytes())
    assert refused.value.smtp_code == 452

    filler.unlink()
    submit_to(desk, write(JOAO, subject="Há espaço").as_bytes())
    assert "Há espaço" in {row["subject"] for row in desk.wait_until_done(1)}


def submit_to(desk: Desk, raw: bytes, recipient: str = QUEUE) -> None:
    """Straight to the desk's own listener."""
    with smtplib.SMTP("127.0.0.1", desk.smtp_port, local_hostname="cliente.test", timeout=60) as client:
        client.sendmail(JOAO.address, [recipient], raw)
