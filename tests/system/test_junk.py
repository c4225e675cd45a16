"""Junk, as the daemon meets it: refused while strangers are on the line, held or ignored when a relay brings it."""

import smtplib
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.servers import free_port
from tests.system.desk import MAILDIR, Desk, config

JUNK = """\
[junk]
deny = ["@spam.test", "chato@cliente.test"]
allow = ["bom@spam.test"]
intake_per_sender_per_hour = 5
"""


def write(sender: str, **headers: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, "suporte@desk.test", "Oferta"
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content("Compre já.\n")
    return mail


class Street:
    """A desk, and somebody who hands it mail."""

    def __init__(self, directory: Path, *, relay: bool) -> None:
        self.port = free_port()
        text = config(MAILDIR, JUNK, smtp_port=self.port)
        if not relay:
            text = text.replace("[smtp_in]", "[smtp_in]\ntrusted_relays = []")
        self.desk = Desk(directory, text)
        self.desk.start()

    def hand_in(self, mail: EmailMessage) -> tuple[int, str]:
        """The reply to the message: 250 with no words, or the refusal."""
        with smtplib.SMTP("127.0.0.1", self.port) as smtp:
            try:
                smtp.send_message(mail)
            except smtplib.SMTPDataError as refusal:
                return refusal.smtp_code, bytes(refusal.smtp_error).decode()
        return 250, ""


@pytest.fixture
def stranger(tmp_path: Path) -> Iterator[Street]:
    street = Street(tmp_path, relay=False)
    yield street
    street.desk.stop()


@pytest.fixture
def relay(tmp_path: Path) -> Iterator[Street]:
    street = Street(tmp_path, relay=True)
    yield street
    street.desk.stop()


def test_strangers_are_refused_while_they_are_on_the_line(stranger: Street) -> None:
    assert stranger.hand_in(write("x@spam.test")) == (554, "5.7.1 Mail from this sender is not accepted here")
    assert stranger.hand_in(write("chato@cliente.test"))[0] == 554
    looping = write("maria@cliente.test", X_Mailtickets_Loop="exemplo; hops=1")
    assert stranger.hand_in(looping) == (554, "5.7.1 This mail is going round in circles")
    assert stranger.hand_in(write("bom@spam.test"))[0] == 250
    (row,) = stranger.desk.wait_until_done(1)
    assert row["from"] == "bom@spam.test"


def test_a_strangers_own_spam_mark_means_nothing(stranger: Street) -> None:
    stranger.hand_in(write("maria@cliente.test", X_Spam_Flag="YES"))
    assert [row["outcome"] for row in stranger.desk.wait_until_done(1)] == ["opened"]


def test_what_a_relay_brings_is_held_or_ignored_and_never_bounced(relay: Street) -> None:
    assert relay.hand_in(write("x@spam.test"))[0] == 250
    assert relay.hand_in(write("maria@cliente.test", X_Spam_Flag="YES"))[0] == 250
    rows = {row["from"]: row for row in relay.desk.wait_until_done(2)}
    assert (rows["x@spam.test"]["outcome"], rows["x@spam.test"]["reason"]) == ("ignored", "sender-denied")
    assert (rows["maria@cliente.test"]["outcome"], rows["maria@cliente.test"]["reason"]) == ("held", "spam-header")
    assert relay.desk.cli("ticket", "list") == []

    relay.desk.cli("inbound", "release", rows["maria@cliente.test"]["id"])
    relay.desk.wait_for(lambda: relay.desk.cli("ticket", "list"), "the ticket of the mail that was released")


def test_a_sender_who_writes_too_often_is_asked_to_wait(stranger: Street) -> None:
    replies = [stranger.hand_in(write("joao@cliente.test"))[0] for _ in range(6)]
    assert replies == [250, 250, 250, 250, 250, 451]
    assert stranger.hand_in(write("maria@cliente.test"))[0] == 250
