"""Mail that is made to keep the daemon busy, or that kills it: everybody else is served, and it is a ticket too."""

import signal
import smtplib

import pytest

from tests.system.conftest import DeskMaker
from tests.system.desk import MAILDIR, Desk, config
from tests.system.test_bad_input import fetched, submit
from tests.system.town import JOAO, QUEUE, write

FREEZING = "a" + ".a" * 79 + "@b c"
FIELDS = {
    "From: a.a.a...a@b c": f"From: {FREEZING}",
    "To": f"From: {JOAO.address}\r\nTo: {FREEZING}",
    "From of 256 KB": "From: " + "a." * 131_000 + "@b c",
    "Cc of 256 KB": f"From: {JOAO.address}\r\nCc: " + ", <" * 85_000,
    "Subject of 256 KB": f"From: {JOAO.address}\r\nSubject: " + "=?a?q?" * 43_000,
    "From folded without end": "From: " + "a\r\n ." * 50_000 + "@b c",
}


@pytest.fixture
def desk(make_desk: DeskMaker) -> Desk:
    """One to which every peer is a stranger, so that mail is looked at before 250."""
    text = config(MAILDIR, smtp_port=0).replace("[smtp_in]", "[smtp_in]\ntrusted_relays = []")
    return make_desk(text + '\n[dns]\nservers = ["127.0.0.1:1"]\ntimeout_seconds = 1\n', quick=True)


@pytest.mark.parametrize("field", FIELDS)
def test_a_field_made_to_keep_the_reader_busy_freezes_nobody_and_is_a_ticket(desk: Desk, field: str) -> None:
    desk.start()
    with smtplib.SMTP("127.0.0.1", desk.smtp_port, timeout=60) as other:
        other.ehlo()
        submit(desk, FIELDS[field].encode() + b"\r\n\r\nOi\r\n")
        assert other.noop()[0] == 250
        assert other.sendmail(JOAO.address, [QUEUE], bytes(write(JOAO))) == {}
        rows = desk.wait_until_done(2)
        assert other.noop()[0] == 250
    assert {row["outcome"] for row in rows} <= {"opened", "unparsed"}
    assert all(row["ticket"] for row in rows)


def test_a_mail_that_kills_the_daemon_at_every_start_becomes_a_ticket_with_the_raw(desk: Desk) -> None:
    fatal = {"MAILTICKETS_FAILPOINT": "before-reading"}
    raw = bytes(write(JOAO, subject="Mata"))
    desk.start(fatal)
    submit(desk, raw)
    for _ in range(12):
        assert desk.wait() == -signal.SIGKILL
        desk.launch(fatal)
    (row,) = desk.wait_until_done(1)
    assert (row["outcome"], row["reason"]) == ("unparsed", "processing-failed")
    ticket = desk.ticket(row["ticket"])
    assert ticket["subject"] == "Mata"
    assert raw.rstrip().replace(b"\r\n", b"\n") in fetched(desk, ticket, "message.eml").replace(b"\r\n", b"\n")
    desk.stop()

    desk.start()
    submit(desk, bytes(write(JOAO)))
    assert sorted(row["outcome"] for row in desk.wait_until_done(2)) == ["opened", "unparsed"]
