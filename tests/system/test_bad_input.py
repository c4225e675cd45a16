"""What people and machines get wrong: the configuration, recipients, sizes, mail that cannot be read."""

import email.policy
import os
import signal
import smtplib
import socket
from pathlib import Path
from typing import Any

import pytest

from tests.system.conftest import DeskMaker
from tests.system.desk import MAILDIR, Desk, config
from tests.system.town import JOAO, QUEUE, write

BROKEN = """\
[instance]
name = "exemplo"
hostname = "mail.desk.test"
colour = "blue"

[smtp_in]
listen = ["somewhere:25"]
max_connections = "many"

[[imap_in]]
name = "caixa"
host = "imap.desk.test"
port = 99999
username = "caixa@desk.test"
password_file = "there-is-none"
queue = "vendas"

[delivery]
method = "maildir"

[[queue]]
name = "suporte"
addresses = ["suporte@desk.test"]

[[agent]]
name = "Ana"
address = "suporte@desk.test"
queues = ["suporte"]
"""

FAULTS = (
    "instance.colour",
    "smtp_in.listen.0",
    "smtp_in.max_connections",
    "imap_in.0.port",
    "imap_in.0.queue",
    "imap_in.0.password_file",
    "agent.0.address",
)


@pytest.mark.parametrize("command", [["run"], ["check"], ["ticket", "list"]])
def test_a_broken_configuration_is_told_whole_and_exits_2(make_desk: DeskMaker, command: list[str]) -> None:
    desk = make_desk(BROKEN)
    done = desk.command(*command)
    assert done.returncode == 2
    said = done.stdout.decode() + done.stderr.decode()
    faults = FAULTS if command != ["ticket", "list"] else [fault for fault in FAULTS if "password" not in fault]
    assert [fault for fault in faults if fault not in said] == [], said
    assert "Traceback" not in said


def test_a_file_that_is_no_toml_exits_2_and_says_where(make_desk: DeskMaker) -> None:
    done = make_desk('[instance]\nname = "exemplo\n').command("run")
    assert done.returncode == 2
    assert b"line 2" in done.stderr + done.stdout


def test_a_port_that_another_program_has_is_named_with_the_next_step(make_desk: DeskMaker) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = make_desk(config(MAILDIR, smtp_port=port)).command("run")
    said = done.stderr.decode()
    assert done.returncode == 1
    assert f"cannot start: smtp_in.listen: Address already in use: 127.0.0.1:{port}\nnext: `ss -ltnp`" in said


def test_a_stranger_to_us_is_refused_at_rcpt_with_550(desk: Desk) -> None:
    desk.start()
    with smtplib.SMTP("127.0.0.1", desk.smtp_port, timeout=30) as client:
        client.ehlo()
        client.mail(JOAO.address)
        assert client.rcpt("ninguem@desk.test")[0] == 550
        assert client.rcpt("suporte@elsewhere.test")[0] == 550
        assert client.rcpt(QUEUE)[0] == 250
        assert client.rcpt("suporte+qualquercoisa@desk.test")[0] == 250


def test_too_large_is_552_whether_it_was_announced_or_not(make_desk: DeskMaker) -> None:
    limited = config(MAILDIR, smtp_port=0).replace("[smtp_in]\n", "[smtp_in]\nmax_message_bytes = 100_000\n")
    desk = make_desk(limited)
    desk.start()
    with smtplib.SMTP("127.0.0.1", desk.smtp_port, timeout=30) as client:
        client.ehlo()
        assert client.esmtp_features["size"] == "100000"
        assert client.docmd("MAIL", f"FROM:<{JOAO.address}> SIZE=200000")[0] == 552
        client.mail(JOAO.address)
        client.rcpt(QUEUE)
        assert client.data(b"Subject: grande\r\n\r\n" + b"linha\r\n" * 20_000)[0] == 552
        client.mail(JOAO.address)
        client.rcpt(QUEUE)
        assert client.data(bytes(write(JOAO)))[0] == 250
    assert len(desk.wait_until_done(1)) == 1


def test_mail_whose_readers_die_is_a_ticket_with_the_raw_attached(desk: Desk) -> None:
    desk.start()
    mail = write(JOAO, subject="O leitor morre", text="uma linha de texto como tantas outras\n" * 550_000)
    raw = mail.as_bytes(policy=email.policy.SMTP)
    submit(desk, raw)

    def readers_die_at_work() -> bool:
        """Whoever has worked for a while is reading the mail; nothing else here is work."""
        for worker, seconds in desk.workers().items():
            if seconds > 0.15:
                os.kill(worker, signal.SIGKILL)
        return "decided" in desk.log()

    desk.wait_for(readers_die_at_work, "the outcome of a mail that nobody could read")

    (row,) = desk.wait_until_done(1)
    assert row["outcome"] == "unparsed"
    ticket = desk.ticket(row["ticket"])
    assert ticket["subject"] == "O leitor morre"
    assert fetched(desk, ticket, "message.eml").endswith(raw)  # below our own Received
    # The desk itself has survived, and so has everything else.
    submit(desk, bytes(write(JOAO)))
    assert [row["outcome"] for row in desk.wait_until_done(2)] == ["unparsed", "opened"]


def test_mail_beyond_a_limit_is_a_ticket_with_the_raw_attached(desk: Desk) -> None:
    desk.start()
    raw = b"From: joao@cliente.test\r\nTo: suporte@desk.test\r\nSubject: bonecas russas\r\n"
    for depth in range(60):
        raw += b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (depth, depth)
    submit(desk, raw)

    (row,) = desk.wait_until_done(1)
    assert row["outcome"] in ("opened", "unparsed")
    assert fetched(desk, desk.ticket(row["ticket"]), "message.eml").endswith(raw)


@pytest.mark.parametrize(
    "raw",
    [b"", b"\x00\xff\xfe no headers at all", b"Subject:\r\n" * 2000, b"From: =?x?q?" + b"=" * 5000 + b"?=\r\n\r\n"],
    ids=["empty", "octets", "subjects", "encoded-word"],
)
def test_hostile_octets_have_an_outcome_too(desk: Desk, raw: bytes) -> None:
    desk.start()
    submit(desk, raw)
    (row,) = desk.wait_until_done(1)
    assert row["outcome"] in ("opened", "unparsed")
    assert row["ticket"] == 1


def submit(desk: Desk, raw: bytes) -> None:
    with smtplib.SMTP("127.0.0.1", desk.smtp_port, timeout=60) as client:
        client.sendmail(JOAO.address, [QUEUE], raw)


def fetched(desk: Desk, ticket: dict[str, Any], filename: str) -> bytes:
    """An attachment of the ticket's first message, as the shell gives it out."""
    (attachment,) = [found for found in ticket["messages"][0]["attachments"] if found["filename"] == filename]
    out = desk.directory / "out"
    out.mkdir()
    (saved,) = desk.cli("ticket", "attachment", ticket["number"], attachment["id"], "--out", str(out))
    return Path(saved["path"]).read_bytes()
