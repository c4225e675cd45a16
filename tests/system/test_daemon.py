"""A proper daemon: its ready line, its signals, and what systemd gives it: sockets, a watchdog, credentials."""

import re
import signal
import smtplib
import socket
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.servers.notify import Notify
from tests.system.conftest import DeskMaker, town_config
from tests.system.desk import MAILDIR, Desk, config
from tests.system.town import JOAO, MAILBOX, MAILBOX_PASSWORD, MARIA, QUEUE, Town, parsed, text_of, write
from tests.system.walls import faults

UNITS = Path(__file__).parents[2] / "systemd"


def test_the_ready_line_says_where_it_listens(desk: Desk) -> None:
    desk.start()
    host, _, port = desk.listens("smtp")[0].rpartition(":")
    assert host == "127.0.0.1"
    with smtplib.SMTP("127.0.0.1", int(port), timeout=30) as client:
        assert client.ehlo()[0] == 250
    assert desk.listens("lmtp") == [f"unix:{desk.state_dir / 'intake.sock'}"]
    assert desk.stop() == 0


def test_the_state_is_closed_to_others(desk: Desk) -> None:
    desk.start()
    assert mode(desk.state_dir) == 0o710
    assert mode(desk.state_dir / "secret") == 0o600
    assert mode(desk.state_dir / "intake.sock") == 0o660
    assert mode(desk.state_dir / "mailtickets.db") & 0o077 == 0


def test_a_second_daemon_on_the_same_state_gives_up(desk: Desk, make_desk: DeskMaker) -> None:
    desk.start()
    second = make_desk(desk.config.read_text())
    second.launch()
    assert second.wait() != 0
    submit(desk)
    assert [row["outcome"] for row in desk.wait_until_done(1)] == ["opened"]


def test_sighup_takes_a_new_queue_and_keeps_the_old_file_when_the_new_one_is_broken(desk: Desk) -> None:
    with Notify() as notify:
        desk.start({"NOTIFY_SOCKET": notify.path})
        notify.wait_for("READY=1")
        sound = desk.config.read_text()
        assert answer_to_rcpt(desk, "vendas@desk.test") == 550

        vendas = '[[queue]]\nname = "vendas"\naddresses = ["vendas@desk.test"]\n'
        desk.configure(sound + vendas)
        desk.signal(signal.SIGHUP)
        notify.wait_for("READY=1", times=2)
        assert any(said.startswith("RELOADING=1") for said in notify.said)
        desk.wait_for(lambda: answer_to_rcpt(desk, "vendas@desk.test") == 250, "the new queue")

        desk.configure(sound.replace('name = "suporte"', 'nome = "suporte"'))
        desk.signal(signal.SIGHUP)
        desk.wait_for(lambda: "queue.0.nome" in desk.log(), "the key path of the mistake in the log")
        notify.wait_for("READY=1", times=3)
        assert answer_to_rcpt(desk, "vendas@desk.test") == 250
        assert desk.stop() == 0


def test_an_agent_taken_out_of_the_file_is_no_agent_after_sighup(desk: Desk) -> None:
    desk.start()
    submit(desk)
    desk.wait_until_done(1)
    desk.cli("ticket", "assign", 1, "ana@desk.test")
    without_ana = desk.config.read_text().replace("ana@desk.test", "clara@desk.test")

    desk.configure(without_ana)
    desk.signal(signal.SIGHUP)

    desk.wait_for(lambda: desk.ticket(1)["assignee"] is None, "the ticket without an assignee")
    refused = desk.command("ticket", "reply", 1, "--as", "ana@desk.test", given="Ainda sou eu?")
    assert refused.returncode in (1, 2)


def test_sigterm_lets_a_mail_that_is_being_sent_to_us_finish(desk: Desk) -> None:
    with Notify() as notify:
        desk.start({"NOTIFY_SOCKET": notify.path})
        client = smtplib.SMTP("127.0.0.1", desk.smtp_port, timeout=60)
        client.ehlo()
        client.mail(JOAO.address)
        client.rcpt(QUEUE)
        client.putcmd("DATA")
        assert client.getreply()[0] == 354
        desk.signal(signal.SIGTERM)
        notify.wait_for("STOPPING=1")
        client.send(bytes(write(JOAO)).replace(b"\n", b"\r\n") + b"\r\n.\r\n")
        assert client.getreply()[0] == 250
        client.close()
        assert desk.wait() == 0
    desk.start()
    assert [row["outcome"] for row in desk.wait_until_done(1)] == ["opened"]


def test_it_tells_systemd_that_it_is_ready_alive_and_stopping(desk: Desk) -> None:
    with Notify() as notify:
        desk.start({"NOTIFY_SOCKET": notify.path, "WATCHDOG_USEC": "2000000"})
        notify.wait_for("READY=1")
        notify.wait_for("WATCHDOG=1", times=3)
        assert desk.stop() == 0
        notify.wait_for("STOPPING=1")


def test_no_watchdog_is_fed_for_another_process(desk: Desk) -> None:
    with Notify() as notify:
        desk.start({"NOTIFY_SOCKET": notify.path, "WATCHDOG_USEC": "200000", "WATCHDOG_PID": "1"})
        submit(desk)
        desk.wait_until_done(1)
        assert "WATCHDOG=1" not in notify.said


def test_the_sockets_that_systemd_passes_win_over_the_file(make_desk: DeskMaker, place: Path) -> None:
    desk = make_desk(config(MAILDIR, smtp_port=1))  # a port that it could have, as root, but must not take
    with socket.create_server(("127.0.0.1", 0)) as passed:
        desk.start(passed=passed)
        port = passed.getsockname()[1]
        assert desk.listens("smtp") == [f"127.0.0.1:{port}"]
        submit(desk)
        assert [row["outcome"] for row in desk.wait_until_done(1)] == ["opened"]
        assert desk.stop() == 0
        # The socket outlives the daemon: a mail that comes meanwhile waits for the next one.
        with socket.create_connection(("127.0.0.1", port), timeout=60) as early:
            desk.start(passed=passed)
            assert early.recv(3) == b"220"


def test_a_password_comes_from_the_credentials_directory(town: Town, make_desk: DeskMaker, place: Path) -> None:
    credentials = place / "credentials"
    credentials.mkdir()
    (credentials / "imap-password").write_text(MAILBOX_PASSWORD + "\n")
    environment = {"SSL_CERT_FILE": str(town.dovecot.certificate), "CREDENTIALS_DIRECTORY": str(credentials)}
    desk = make_desk(town_config(town, "sqlite:///mailtickets.db"), environment)
    assert not (place / "imap-password").exists()
    desk.start()
    town.submit(write(MARIA, to=MAILBOX), MAILBOX)
    assert len(town.wait_for_mail(MARIA)) == 1


def test_the_state_directory_that_systemd_gives_wins_over_the_file(desk: Desk, tmp_path: Path) -> None:
    desk.start({"STATE_DIRECTORY": str(tmp_path)})
    assert (tmp_path / "mailtickets.db").exists()
    assert not desk.state_dir.exists()


def test_what_a_command_writes_the_running_daemon_sends(desk: Desk) -> None:
    desk.start()
    desk.cli("ticket", "open", "--queue", "suporte", "--requester", MARIA.address, "--subject", "Por telefone",
             given="Ligou e pediu um orçamento.")  # fmt: skip
    desk.cli("ticket", "reply", 1, "--as", "ana@desk.test", given="Segue o orçamento.")
    sent = desk.state_dir / "outgoing" / "new"
    desk.wait_for(lambda: any("Segue o orçamento." in text_of(mail) for mail in read(sent)), "the answer")


def test_no_word_of_a_mail_and_no_secret_is_in_the_log(desk: Desk) -> None:
    desk.start()
    mail = write(JOAO, subject="Assunto confidencial", text="A senha do cofre é girassol.")
    submit(desk, bytes(mail))
    desk.wait_until_done(1)
    desk.stop()
    for secret in ("girassol", "confidencial", (desk.state_dir / "secret").read_text(errors="replace").strip()):
        assert secret not in desk.log()


@pytest.mark.parametrize("unit", ["mailtickets.service", "mailtickets.socket"])
def test_systemd_finds_no_fault_in_our_units(unit: str, tmp_path: Path) -> None:
    for path in UNITS.glob("mailtickets.*"):
        # What the units run need not be installed here.
        text = re.sub(r"^(Exec\w+=)\S+/mailtickets\b", r"\1/bin/true", path.read_text(), flags=re.MULTILINE)
        (tmp_path / path.name).write_text(text)
    assert faults(tmp_path / unit) == []


def read(folder: Path) -> list[EmailMessage]:
    return [parsed(file.read_bytes()) for file in folder.iterdir()]


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o7777


def submit(desk: Desk, raw: bytes | None = None) -> None:
    with smtplib.SMTP("127.0.0.1", desk.smtp_port, timeout=60) as client:
        client.sendmail(JOAO.address, [QUEUE], raw or bytes(write(JOAO)))


def answer_to_rcpt(desk: Desk, recipient: str) -> int:
    with smtplib.SMTP("127.0.0.1", desk.smtp_port, timeout=60) as client:
        client.ehlo()
        client.mail(JOAO.address)
        return client.rcpt(recipient)[0]
