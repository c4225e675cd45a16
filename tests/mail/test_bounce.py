"""Delivery reports of many systems, each in a file named by what is peculiar to it, with what a reader must find."""

import email
from email.message import Message
from pathlib import Path
from typing import NamedTuple

import pytest

from mailtickets.mail.bounce import read_bounce
from mailtickets.mail.model import Bounce

FOLDER = Path(__file__).parent / "bounces"


class Expected(NamedTuple):
    recipient: str
    action: str
    status: str | None
    message_id: str | None
    diagnostic: str
    """Some words of it."""


F, D = "failed", "delayed"
EXPECTED = {
    "postfix-user-unknown": Expected(
        "joao.silva@cliente.test", F, "5.1.1", "1042.7.k3f9@mail.desk.test", "User unknown in virtual mailbox table"
    ),
    "postfix-delayed": Expected("ana@lento.test", D, "4.4.1", "77.2.aa01@mail.desk.test", "Connection timed out"),
    "postfix-success-notification": Expected(
        "ana@cliente.test", "delivered", "2.0.0", "5.1.b2@mail.desk.test", "delivered to maildir"
    ),
    "sendmail-alias-expanded-to-actual-recipient": Expected(
        "vendas@cliente.test", F, "5.2.2", "88.1.c3@mail.desk.test", "Over quota"
    ),
    "status-generic-diagnostic-specific": Expected(
        "maria@cliente.test", F, "5.7.1", "9.9.d4@mail.desk.test", "refused by policy"
    ),
    "several-recipients-one-delayed-one-failed": Expected(
        "segunda@cliente.test", F, "5.1.10", "9.10.e5@mail.desk.test", "RecipientNotFound"
    ),
    "dsn-blank-line-after-every-field": Expected(
        "carla@cliente.test", F, "5.1.2", "10.1.f6@mail.desk.test", "Host unknown"
    ),
    "dsn-base64-status-part": Expected("ed@cliente.test", F, "5.4.4", "10.2.g7@mail.desk.test", "Domain not found"),
    "dsn-parts-of-a-boundary-that-does-not-match": Expected(
        "bia@cliente.test", F, "4.7.1", "10.3.h8@mail.desk.test", "try later"
    ),
    "dsn-in-multipart-mixed": Expected("duda@cliente.test", F, "5.3.4", "10.4.i9@mail.desk.test", ""),
    "dsn-fields-as-plain-text": Expected("eva@cliente.test", F, "5.1.1", "10.5.j1@mail.desk.test", "unknown"),
    "dsn-x400-recipient-named-in-the-words": Expected(
        "fabio@cliente.test", F, "5.1.1", "10.6.k2@mail.desk.test", "unrecognised-OR-name"
    ),
    "dsn-internationalised-address": Expected(
        "joão@cliente.test", F, "5.1.1", "10.7.l3@mail.desk.test", "unknown user"
    ),
    "exchange-online-user-not-found": Expected(
        "gilberto@cliente.test", F, "5.1.10", "1042.8.m4@mail.desk.test", "not found by SMTP address lookup"
    ),
    "exchange-55-without-codes": Expected(
        "helena@cliente.test", F, "5.0.0", "12.1.n5@mail.desk.test", "recipient name is not recognized"
    ),
    "domino-not-listed": Expected("ivo@notes.test", F, "5.1.1", "13.1.o6@mail.desk.test", "not listed in Domino"),
    "notes-failure-reasons": Expected("julia@notes.test", F, "5.0.0", "14.1.p7@mail.desk.test", "User not listed"),
    "qmail-no-mailbox": Expected("katia@cliente.test", F, "5.1.1", "15.1.q8@mail.desk.test", "No such mailbox"),
    "qmail-queue-too-long": Expected("leo@morto.test", F, "4.4.1", "16.1.r9@mail.desk.test", "queue too long"),
    "qmail-with-an-intro-in-portuguese": Expected(
        "marcos@provedor.test", F, "5.2.2", "17.1.s1@mail.desk.test", "Caixa postal cheia"
    ),
    "exim-user-unknown": Expected("nara@cliente.test", F, "5.1.1", "18.1.t2@mail.desk.test", "does not exist"),
    "exim-delay-warning": Expected("olga@cliente.test", D, "4.0.0", None, "Delay reason: connection timed out"),
    "exim-retry-timeout-exceeded": Expected("paula@morto.test", F, "5.0.0", "20.1.u3@mail.desk.test", "retry timeout"),
    "gmail-address-not-found": Expected("quesia@gmail.test", F, "5.1.1", "21.1.v4@mail.desk.test", "does not exist"),
    "gmail-old-plain-text": Expected("rosa@cliente.test", F, "5.7.1", "22.1.w5@mail.desk.test", "Relay access denied"),
    "gmail-delay-in-spanish": Expected("sofia@cliente.test", D, "4.0.0", "23.1.x6@mail.desk.test", ""),
    "google-groups-no-permission": Expected("vendas@grupos.test", F, "5.0.0", "24.1.y7@mail.desk.test", ""),
    "yahoo-account-gone": Expected("tania@yahoo.test", F, "5.0.0", "25.1.z8@mail.desk.test", "mailbox is disabled"),
    "courier-three-line-reply": Expected("ugo@cliente.test", F, "5.1.1", "26.1.a9@mail.desk.test", "User unknown"),
    "opensmtpd-error-list": Expected("vera@cliente.test", F, "5.2.1", "27.1.b1@mail.desk.test", "mailbox disabled"),
    "ezweb-error-in-japanese": Expected("wada@ezweb.test", F, "5.0.0", "28.1.c2@mail.desk.test", "User unknown"),
    "imail-smtp32-unknown-user": Expected("xavier@cliente.test", F, "5.1.1", "29.1.d3@mail.desk.test", "User unknown"),
    "apache-james-message-details": Expected("yago@cliente.test", F, "5.0.0", "30.1.e4@mail.desk.test", "no such user"),
    "mailmarshal-affected-recipients": Expected("zilda@cliente.test", F, "5.1.1", None, "User unknown"),
    "mailfoundry-reason": Expected("aldo@cliente.test", F, "5.0.0", "32.1.f5@mail.desk.test", "No such user here"),
    "mail-gateway-x6-error-list": Expected("bento@cliente.test", F, "5.1.1", None, "rejected recipient"),
    "sun-messaging-server-recipient-address": Expected(
        "cida@cliente.test", F, "5.2.2", "34.1.g6@mail.desk.test", "mailbox full"
    ),
    "powermta-bounce-category": Expected("davi@cliente.test", F, "5.7.1", "35.1.h7@mail.desk.test", "reputation"),
    "amazon-sns-json": Expected("elza@cliente.test", F, "5.1.1", "36.1.i8@mail.desk.test", "user unknown"),
    "zoho-plain-code": Expected("flavia@cliente.test", F, "5.1.1", "37.1.j9@mail.desk.test", "Invalid Address"),
    "mailru-bilingual": Expected("galina@cliente.test", F, "5.0.0", "38.1.k1@mail.desk.test", ""),
    "yandex-russian-subject": Expected("hugo@cliente.test", F, "5.2.1", "39.1.l2@mail.desk.test", "mailbox disabled"),
    "mcafee-delivery-problems": Expected("iris@cliente.test", F, "5.1.1", "40.1.m3@mail.desk.test", "User unknown"),
    "mxlogic-header-copy": Expected("jonas@cliente.test", F, "5.1.1", "41.1.n4@mail.desk.test", "rejected"),
    "interscan-unable-to-deliver": Expected("keila@cliente.test", F, "5.0.0", "42.1.o5@mail.desk.test", "Unable to"),
    "groupwise-undeliverable": Expected("lia@gwise.test", F, "5.0.0", "43.1.p6@mail.desk.test", "user not found"),
    "communigate-module-reports": Expected("milton@cliente.test", F, "5.7.606", "44.1.q7@mail.desk.test", "banned"),
    "dragonfly-headers-follow": Expected("nilo@cliente.test", F, "5.2.2", "45.1.r8@mail.desk.test", "mailbox full"),
    "v5-sendmail-transcript-only": Expected("otto@cliente.test", F, "5.0.0", "46.1.s9@mail.desk.test", "User unknown"),
    "einsundeins-reason-in-words": Expected("petra@cliente.test", F, "5.0.0", "47.1.t1@mail.desk.test", ""),
    "german-undeliverable": Expected("ralf@kunde.test", F, "5.1.1", "48.1.u2@mail.desk.test", "unbekannt"),
    "chinese-system-return": Expected("siqi@netease.test", F, "5.1.1", None, "User not found"),
    "locaweb-style-html-only-in-portuguese": Expected("tadeu@cliente.test", F, "5.2.2", None, "Caixa postal cheia"),
    "verp-and-no-other-trace-but-returned-head": Expected(
        "ursula@cliente.test", F, "5.0.0", "49.1.v3@mail.desk.test", "could not be processed"
    ),
    "mailing-list-refuses-non-member": Expected("lista@listas.test", F, "5.0.0", None, "not a member"),
    "dovecot-quota-in-a-receipt": Expected("vito@dove.test", F, "5.0.0", "50.1.w4@mail.desk.test", "Quota exceeded"),
    "report-without-any-recipient": Expected("", F, "5.0.0", "51.1.x5@mail.desk.test", ""),
}

ENDINGS = {"LF": b"\n", "CRLF": b"\r\n"}


def message_of(name: str, ending: bytes = b"\n") -> Message:
    return email.message_from_bytes((FOLDER / f"{name}.eml").read_bytes().replace(b"\n", ending))


def bounce_of(name: str, ending: bytes = b"\n") -> Bounce:
    bounce = read_bounce(message_of(name, ending), "")
    assert bounce is not None, "not recognised as a delivery report"
    return bounce


def test_every_report_of_the_folder_has_an_expectation_and_there_are_enough() -> None:
    assert {path.stem for path in FOLDER.glob("*.eml")} == set(EXPECTED)
    assert len(EXPECTED) >= 50


@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS.keys())
@pytest.mark.parametrize("name", EXPECTED)
def test_report_says_who_was_not_reached_and_why(name: str, ending: bytes) -> None:
    bounce, expected = bounce_of(name, ending), EXPECTED[name]
    assert (bounce.recipient, bounce.action, bounce.status, bounce.message_id) == expected[:4]
    assert expected.diagnostic in bounce.diagnostic
