"""Delivery reports of many systems, each in a file named by what is peculiar to it, with what a reader must find."""

import email
import json
from dataclasses import asdict
from email.message import Message
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailtickets.mail.kind.bounce.fields import original_message_id
from mailtickets.mail.kind.bounce.report_of import read_bounce
from mailtickets.mail.model import Bounce

FOLDER = Path(__file__).parents[1] / "bounces"


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
    "message-log-and-failed-addresses": Expected(
        "ivete@cliente.test", F, "5.0.0", "dt1@mail.desk.test", "no valid recipients"
    ),
    "limit-of-the-mailbox-in-words": Expected(
        "ivete@cliente.test", F, "5.0.0", "bg1@mail.desk.test", "delivery problems"
    ),
    "mobile-operator-named-in-angle-brackets": Expected(
        "ivete@cliente.test", F, "5.0.0", "dc1@mail.desk.test", "Mail user does not exist"
    ),
    "surfcontrol-addressed-to": Expected("ivete@cliente.test", F, "5.0.0", None, "No such user here"),
    "smartermail-failed-recipient": Expected("ivete@cliente.test", F, "5.1.1", "sm1@mail.desk.test", "does not exist"),
    "hmailserver-remote-server-replied": Expected("ivete@cliente.test", F, "5.1.1", None, "User unknown"),
    "mailenable-smtp-in-brackets": Expected(
        "ivete@cliente.test", F, "5.0.0", "me1@mail.desk.test", "mailbox is disabled"
    ),
    "mimecast-dashes": Expected("ivete@cliente.test", F, "5.1.1", None, "Recipient Address Rejected"),
    "mms-gateway-in-html": Expected("5511988887777@pix.test", F, "5.0.0", None, ""),
    "sms-gateway-number-as-local-part": Expected("5511977776666@txt.test", F, "5.0.0", None, "not reachable"),
    "sms-gateway-answers-as-re": Expected("5511966665555@sms.test", F, "5.1.1", None, "unknown subscriber"),
    "messagelabs-reason": Expected("ivete@cliente.test", F, "5.1.1", None, "address rejected"),
    "portal-in-portuguese-mailbox-full": Expected(
        "ivete@cliente.test", F, "5.0.0", "te1@mail.desk.test", "não pôde ser entregue"
    ),
    "postfix-in-portuguese-inactive": Expected("ivete@cliente.test", F, "5.2.1", None, "Conta inativa"),
    "no-reply-robot-in-portuguese": Expected("ivete@cliente.test", F, "4.2.2", None, "está cheia"),
    "postmaster-in-spanish": Expected("ivete@cliente.test", F, "5.2.2", None, "lleno"),
    "return-path-mailer-daemon-at-its-host": Expected(
        "ivete@cliente.test", F, "5.1.1", "tr1@mail.desk.test", "user unknown"
    ),
    "destination-addresses-unknown": Expected("ivete@cliente.test", F, "5.0.0", "x31@mail.desk.test", ""),
    "intra-mail-user-in-brackets": Expected("ivete@cliente.test", F, "5.0.0", "x11@mail.desk.test", "User unknown"),
    "kerio-multipart-report": Expected("ivete@cliente.test", F, "5.1.1", "ke1@mail.desk.test", "not delivered"),
    "robot-gives-the-original-back": Expected("ivete@cliente.test", F, "5.0.0", "ra1@mail.desk.test", "desativado"),
    "scanner-wraps-the-report": Expected("ivete@cliente.test", F, "5.1.10", "ws1@mail.desk.test", ""),
    "exchange-online-in-portuguese": Expected(
        "ivete@cliente.test", F, "5.1.10", "er1@mail.desk.test", "RecipientNotFound"
    ),
    "zimbra-over-quota": Expected("ivete@cliente.test", F, "5.2.2", None, "over quota"),
    "help-desk-robot-knows-no-such-address": Expected("ivete@cliente.test", F, "5.0.0", None, "not known"),
    "gateway-in-html-blocked-by-policy": Expected("ivete@cliente.test", F, "5.7.1", None, "Blocked by policy"),
    "fortimail-recipient-and-response": Expected("ivete@cliente.test", F, "5.7.1", None, "content filter"),
    "gmail-blocked-in-portuguese": Expected("ivete@cliente.test", F, "5.7.26", "gb1@mail.desk.test", "Unauthenticated"),
    "yahoo-no-account": Expected("ivete@cliente.test", F, "5.0.0", "yb1@mail.desk.test", "have a yahoo.test account"),
    "courier-maildir-over-quota": Expected("ivete@cliente.test", F, "5.0.0", None, "over quota"),
    "qmail-returned-text-quotes-the-customer": Expected(
        "ouro@cliente.test", F, "5.1.1", "q11@mail.desk.test", "no longer accepts"
    ),
    "office-address-that-failed": Expected("admin@cliente.test", F, "5.1.1", "oa1@mail.desk.test", "No mailbox"),
    "final-recipient-without-a-local-part": Expected(
        "ouro@cliente.test", F, "5.1.2", "fr1@mail.desk.test", "Host unknown"
    ),
    "returned-mail-is-the-header-of-its-part": Expected(
        "ouro@cliente.test", F, "5.0.0", "rh1@mail.desk.test", "no such person"
    ),
    "local-part-alone-and-examples-in-prose": Expected("ouro@cliente.test", F, "5.0.0", "lp1@mail.desk.test", ""),
    "gateway-wraps-the-report-whole": Expected("ouro@cliente.test", F, "5.2.1", "gw1@mail.desk.test", "failed"),
    "robot-in-japanese-gives-the-original-back": Expected(
        "ouro@cliente.test", F, "5.0.0", "ja1@mail.desk.test", "mailbox is full"
    ),
}

ENDINGS = {"LF": b"\n", "CRLF": b"\r\n", "CR": b"\r"}


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


FROM_DAEMON = "From: MAILER-DAEMON@relay.test\nTo: suporte@desk.test\nSubject: Returned mail\n"


def read(raw: str, text: str = "") -> Bounce | None:
    return read_bounce(email.message_from_bytes(raw.encode()), text)


def words_read(words: str, head: str = FROM_DAEMON) -> Bounce:
    bounce = read(f"{head}\n{words}")
    assert bounce is not None
    return bounce


def fields_read(fields: str, words: str = "Failed.") -> Bounce:
    kind = "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n"
    part = (
        f"--b\n\n{words}\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; a.test\n\n{fields}\n--b--\n"
    )
    return words_read(part, FROM_DAEMON + kind)


@pytest.mark.parametrize(
    ("field", "recipient"),
    [
        ("rfc822; ana@cliente.test", "ana@cliente.test"),
        ("RFC822;<ana@cliente.test>", "ana@cliente.test"),
        ("<ana@cliente.test>", "ana@cliente.test"),
        ("ana@cliente.test (Ana)", "ana@cliente.test"),
        ("rfc822; Ana <ana@cliente.test>", "ana@cliente.test"),
        ("local; ana", "ana"),
        ('rfc822; "ana souza"@cliente.test', '"ana souza"@cliente.test'),
        ("rfc822; ana@[192.0.2.1]", "ana@[192.0.2.1]"),
        ("rfc822; bounces+ana=cliente.test@lista.test", "bounces+ana=cliente.test@lista.test"),
        ("rfc822;\n ana@cliente.test", "ana@cliente.test"),
        ("utf-8; \\x{110000}@a.test", "\ufffd@a.test"),
    ],
)
def test_final_recipient_is_read_in_every_spelling(field: str, recipient: str) -> None:
    assert fields_read(f"Final-Recipient: {field}\nAction: failed\nStatus: 5.1.1\n").recipient == recipient


def test_address_we_wrote_to_is_preferred_to_the_one_it_was_forwarded_to() -> None:
    fields = "Final-Recipient: rfc822;u1@dentro.test\nOriginal-Recipient: rfc822;ana@cliente.test\nAction: failed\n"
    assert fields_read(fields).recipient == "ana@cliente.test"


def test_group_without_a_blank_line_before_the_next_is_still_a_group() -> None:
    first = "Final-Recipient: rfc822;a@a.test\nAction: delivered\nStatus: 2.0.0\n"
    second = "Original-Recipient: rfc822;b@b.test\nFinal-Recipient: rfc822;c@b.test\nAction: failed\nStatus: 5.2.2\n"
    bounce = fields_read(first + second)
    assert (bounce.recipient, bounce.action, bounce.status) == ("b@b.test", "failed", "5.2.2")


def test_exim_writes_the_action_before_the_recipient() -> None:
    fields = (
        "Action: delayed\nFinal-Recipient: rfc822;a@a.test\nStatus: 4.0.0\n\n"
        "Action: failed\nFinal-Recipient: rfc822;b@b.test\nStatus: 5.0.0\n"
    )
    assert fields_read(fields).recipient == "b@b.test"


@pytest.mark.parametrize(
    ("action", "expected"),
    [("failed (bad mailbox)", "failed"), ("Failure", "failed"), ("RELAYED", "relayed"), ("expanded", "expanded")],
)
def test_action_is_one_of_the_five_however_it_is_written(action: str, expected: str) -> None:
    assert fields_read(f"Final-Recipient: rfc822;a@a.test\nAction: {action}\nStatus: 5.0.0\n").action == expected


def test_unknown_action_is_read_from_the_words() -> None:
    fields = "Final-Recipient: rfc822;a@a.test\nAction: pending\n"
    assert fields_read(fields, "Delivery attempts will continue for some days.").action == "delayed"


@pytest.mark.parametrize(
    ("status", "diagnostic", "expected"),
    [
        ("5.1.1 (bad destination)", "550 5.7.1 no", "5.1.1"),
        ("5.0.0", "550 5.7.1 no", "5.7.1"),
        ("4.0.0", "550 5.7.1 no", "4.0.0"),
        ("", "550 5.4.14 Hop count exceeded", "5.4.14"),
        ("", "450 try later", "4.0.0"),
        ("", "no idea", "5.0.0"),
        ("", "host 10.5.1.1 said 550 no", "5.0.0"),
        ("", "550 5.0.0 x 5.2.1 y", "5.2.1"),
    ],
)
def test_status_is_the_most_telling_code_of_the_class_stated(status: str, diagnostic: str, expected: str) -> None:
    fields = (
        f"Final-Recipient: rfc822;a@a.test\nAction: failed\nStatus: {status}\nDiagnostic-Code: smtp; {diagnostic}\n"
    )
    assert fields_read(fields).status == expected


def test_successful_relay_without_a_code_has_no_status() -> None:
    assert fields_read("Final-Recipient: rfc822;a@a.test\nAction: relayed\n", "Relayed.").status is None


@pytest.mark.parametrize(
    ("line", "recipient"),
    [
        ("<ana@cliente.test>: unknown user", "ana@cliente.test"),
        ("ana@cliente.test: Domain does not exist", "ana@cliente.test"),
        ("Unknown user: ana@cliente.test", "ana@cliente.test"),
        ("Failed recipient: <ana@cliente.test>", "ana@cliente.test"),
        ("Recipient: [SMTP:ana@cliente.test]", "ana@cliente.test"),
        ("Destinatário: ana@cliente.test", "ana@cliente.test"),
        ("Your message could not be delivered to ana@cliente.test.", "ana@cliente.test"),
        ("User's mailbox is full: <ana@cliente.test>", "ana@cliente.test"),
        ("554 <ana@cliente.test>... Service unavailable", "ana@cliente.test"),
        ("SMTP=ana@cliente.test; on Mon, 3 Mar", "ana@cliente.test"),
        ("   * ana@cliente.test", "ana@cliente.test"),
        ("Contact postmaster@relay.test about ana@cliente.test", "ana@cliente.test"),
        ("Ask postmaster@outro.test, who knows why delivery failed", "postmaster@outro.test"),
        ("suporte@desk.test wrote to a user unknown to us", "suporte@desk.test"),
        ("User unknown, whoever it was", ""),
    ],
)
def test_recipient_is_found_where_reports_in_words_name_it(line: str, recipient: str) -> None:
    assert words_read(f"Delivery failed.\n\n{line}\n").recipient == recipient


@pytest.mark.parametrize(
    "words",
    [
        "A message sent by\n\n  <chefe@desk.test>\n\ncould not be delivered to:\n\n  ana@cliente.test\n",
        "MAIL FROM:<chefe@desk.test> was refused: 550 spam\n\nana@cliente.test\n",
        "chefe@desk.test\nana@cliente.test\n\n--- Original message follows ---\nFrom: chefe@desk.test\n",
        "chefe@desk.test\nana@cliente.test\n\nReturn-Path: <chefe@desk.test>\nSubject: oi\n",
    ],
)
def test_sender_of_the_failed_mail_is_not_whom_it_did_not_reach(words: str) -> None:
    assert words_read(f"Delivery failed.\n\n{words}").recipient == "ana@cliente.test"


def test_screen_names_without_a_domain_are_left_to_flufl_bounce() -> None:
    head = "From: Mailer-Daemon@aol.com\nTo: suporte@desk.test\nSubject: Mail Delivery Problem\n"
    words = "Your mail to the following recipients could not be delivered because of a filter:\n\tanasouza\n"
    assert words_read(words, head).recipient == "anasouza@aol.com"


def test_report_passed_on_head_and_all_by_another_system_is_read_to_its_end() -> None:
    inner = (
        "Return-Path: <>\nFrom: MAILER-DAEMON@dentro.test\nSubject: Undelivered\nMessage-ID: <r1@dentro.test>\n\n"
        "<ana@cliente.test>: 452 4.2.2 mailbox full\n\n"
        "Return-Path: <suporte@desk.test>\nMessage-ID: <7@mail.desk.test>\nTo: ana@cliente.test\n"
    )
    bounce = words_read(f"Could not be delivered.\n\n{inner}")
    assert (bounce.recipient, bounce.status, bounce.message_id) == ("ana@cliente.test", "4.2.2", "7@mail.desk.test")


def test_reports_passed_on_without_end_are_read_to_a_limit() -> None:
    layer = "Return-Path: <>\nFrom: MAILER-DAEMON@dentro.test\n\nAgain.\n\n"
    assert words_read("Could not be delivered.\n\n" + 50 * layer + "<ana@cliente.test>: no\n").recipient == ""


def test_double_bounce_speaks_of_the_outer_failure() -> None:
    words = (
        "Hi. This is the qmail-send program.\nI wasn't able to deliver.\n\n<lista@desk.test>:\nno mailbox (#5.1.1)\n\n"
        "--- Below this line is the original bounce.\n\nReturn-Path: <>\nFrom: MAILER-DAEMON@relay.test\n\n"
        "<ana@cliente.test>:\nfull (#5.2.2)\n"
    )
    bounce = words_read(words)
    assert (bounce.recipient, bounce.status) == ("lista@desk.test", "5.1.1")


@pytest.mark.parametrize(
    "json_text",
    [
        *("{", '{"Message": "bouncedRecipients"}', '{"Message": 7, "a": "bouncedRecipients"}', '["bouncedRecipients"]'),
        *('{"bounce": [], "a": "bouncedRecipients"}', '{"bounce": {"bouncedRecipients": 7}}'),
        '{"bounce": {"bouncedRecipients": [7]}, "mail": 7}',
        '{"bounce": {"bouncedRecipients": []}, "mail": {"commonHeaders": 7}}',
    ],
)
def test_notice_of_amazon_that_is_not_what_it_should_be_is_no_report(json_text: str) -> None:
    assert read(f"From: no-reply@sns.test\nSubject: AWS Notification Message\n\n{json_text}") is None


def test_text_found_by_others_serves_where_no_part_can_be_read() -> None:
    raw = f"{FROM_DAEMON}Content-Type: application/octet-stream\n\nx"
    bounce = read(raw, "<ana@cliente.test>: 550 5.1.1 unknown")
    assert bounce is not None
    assert bounce.recipient == "ana@cliente.test"


def test_quoted_printable_is_undone_where_the_boundary_is_missing() -> None:
    raw = f"{FROM_DAEMON}Content-Type: multipart/report\n\n--b\nContent-Transfer-Encoding: quoted-printable\n\n"
    bounce = read(raw + "Failed: <ana@cliente.=\ntest>: unknown\n--b--\n")
    assert bounce is not None
    assert bounce.recipient == "ana@cliente.test"


@pytest.mark.parametrize(
    "sender", ["MAILER-DAEMON@a.test", "Mail Delivery System <x@a.test>", "Mailer Daemon <x@a.test>"]
)
def test_mail_system_is_known_by_name_or_address_even_when_the_subject_looks_like_an_answer(sender: str) -> None:
    assert read(f"From: {sender}\nSubject: Re: [#12] oi\n\n<ana@cliente.test>: 550 5.1.1 unknown\n") is not None


@pytest.mark.parametrize(
    ("head", "why"),
    [
        ("From: ana@cliente.test\nSubject: Undelivered Mail\n", "only the subject"),
        ("Return-Path: <>\nFrom: ana@cliente.test\nSubject: oi\n", "only the path"),
        ("From: no-reply@loja.test\nSubject: oi\n", "only the sender"),
        ("From: postmaster@a.test\nSubject: Fwd: Undelivered Mail\n", "forwarded"),
    ],
)
def test_one_sign_alone_makes_no_report_of_a_failure_told(head: str, why: str) -> None:
    assert read(f"{head}\nYour mail could not be delivered to bia@cliente.test.\n") is None, why


@pytest.mark.parametrize(
    "head",
    [
        "Return-Path: <>\nFrom: x@a.test\nSubject: Undelivered Mail\n",
        "Return-Path: <>\nFrom: no-reply@a.test\nSubject: Mail\n",
        "From: no-reply@a.test\nSubject: Undelivered Mail\n",
        "Auto-Submitted: auto-generated\nFrom: x@a.test\nSubject: Undelivered Mail\n",
        "From: postmaster@a.test\nSubject: Mail\n",
        "From: <>\nSubject: Mail\n",
        "Subject: Mail\n",
    ],
)
def test_two_signs_or_the_postmaster_make_a_report_of_a_failure_told(head: str) -> None:
    assert read(f"{head}\nYour mail could not be delivered to bia@cliente.test.\n") is not None


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("Message-ID: <1@a.test>", "1@a.test"),
        ("MESSAGE-ID:\n <1@a.test>", "1@a.test"),
        ("Message-Id: 1@a.test (added by postmaster@b.test)", "1@a.test"),
        ("X-Message-ID: <9@esp.test>\nMessage-ID: <1@a.test>", "1@a.test"),
        ("Message-ID:\nSubject: oi", None),
        ("Message-ID: <>\nSubject: oi", None),
        ("> Message-ID: <1@a.test>", "1@a.test"),
    ],
)
def test_message_id_of_the_returned_mail_is_its_own(head: str, expected: str | None) -> None:
    assert words_read(f"Failed.\n\n--- Original message follows ---\n\n{head}\n").message_id == expected


def test_mail_system_that_gives_mail_back_reports_whatever_its_language() -> None:
    words = "Mihi pergratum est.\n\n----- Original message -----\n\nTo: ana@cliente.test\nMessage-ID: <1@a.test>\n"
    bounce = words_read(words, "From: mailer-daemon@relay.test\nTo: suporte@desk.test\nSubject: Nuntius\n")
    assert (bounce.recipient, bounce.message_id) == ("ana@cliente.test", "1@a.test")


def test_absence_notice_from_the_null_path_is_no_report() -> None:
    head = "Return-Path: <>\nAuto-Submitted: auto-replied\nFrom: ana@cliente.test\nSubject: Resposta automática\n"
    assert read(f"{head}\nEstou fora. Urgências: bia@cliente.test\n") is None


def test_absence_notice_that_says_mail_was_not_delivered_is_no_report() -> None:
    head = "Return-Path: <>\nAuto-Submitted: auto-replied\nFrom: ana@cliente.test\nSubject: Re: Pedido\n"
    assert read(f"{head}\nAna left. Your mail was not delivered to her. Write to bia@cliente.test.\n") is None
    assert read(f"{head.replace('Re: ', '')}\nYour mail was not delivered. Write to bia@cliente.test.\n") is None


@pytest.mark.parametrize(
    "sender", ["admin@cliente.test", "Atendimento ao Servidor <ti@cliente.test>", "ana@cliente.test"]
)
def test_person_who_asks_for_help_with_undelivered_mail_is_a_person(sender: str) -> None:
    head = f"From: {sender}\nSubject: Erro ao enviar e-mail\n"
    assert read(f"{head}\nNão conseguimos enviar para bia@outro.test: 550 5.7.1 relay denied. Podem ajudar?\n") is None


REPORT_ATTACHED = """\
Content-Type: multipart/mixed; boundary=w

--w
Content-Type: text/plain; charset=utf-8

{words}

--w
Content-Type: message/rfc822

From: MAILER-DAEMON@mx.cliente.test
Subject: Undelivered Mail Returned to Sender
Content-Type: multipart/report; report-type=delivery-status; boundary=in

--in
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.cliente.test

Final-Recipient: rfc822; bia@outro.test
Action: failed
Status: 5.1.1

--in--
--w--
"""


@pytest.mark.parametrize(
    "head",
    [
        "From: ana@cliente.test\nSubject: Erro ao enviar e-mail\n",
        "From: ana@cliente.test\nSubject: Undelivered Mail Returned to Sender\n",
        "Return-Path: <>\nFrom: ana@cliente.test\nSubject: Vejam\n",
        "From: postmaster@cliente.test\nSubject: Fwd: Undelivered Mail\n",
        "Return-Path: <>\nFrom: postmaster@cliente.test\nSubject: ENC: Undelivered Mail\n",
    ],
)
def test_a_person_who_hands_on_a_report_is_a_person(head: str) -> None:
    words = "Bom dia,\nminha mensagem para bia@outro.test voltou. Podem ajudar?"
    assert read(head + REPORT_ATTACHED.format(words=words)) is None


@pytest.mark.parametrize(
    "head",
    [
        "Return-Path: <>\nFrom: scan@cliente.test\nSubject: Undeliverable\n",
        "Return-Path: <MAILER-DAEMON@a.test>\nFrom: Gateway <g@cliente.test>\nSubject: Mail\n",
        "From: postmaster@cliente.test\nSubject: Delivery failure\n",
        "From: no-reply@cliente.test\nSubject: Falha na entrega\n",
        "From: MAILER-DAEMON@cliente.test\nSubject: Scanned\n",
    ],
)
def test_a_report_within_the_mail_of_a_machine_is_read(head: str) -> None:
    bounce = read(head + REPORT_ATTACHED.format(words="This message has been scanned."))
    assert bounce is not None
    assert (bounce.recipient, bounce.status) == ("bia@outro.test", "5.1.1")


@pytest.mark.parametrize(
    "words",
    [
        "Bom dia,\n\n550 5.1.1 user unknown\nRCPT TO:<bia@outro.test>\n",
        "Mail not delivered. What does this mean?\n550 5.1.1 user unknown\nRCPT TO:<bia@outro.test>\n",
        "Mail not delivered:\n> 550 5.1.1 user unknown\n> RCPT TO:<bia@outro.test>\n",
        "Mail not delivered, says bia@outro.test, with 550 5.1.1.\n",
    ],
)
def test_a_postmaster_who_answers_is_a_person(words: str) -> None:
    assert read(f"From: postmaster@a.test\nSubject: Re: [#12] oi\n\n{words}") is None


@pytest.mark.parametrize(
    "words",
    [
        "Não foi possível entregar a sua encomenda a Ana (ana@cliente.test).\n",
        "We were unable to deliver your parcel.\n\nRecipient: ana@cliente.test\n",
        "No se pudo entregar su paquete. Destinatario: ana@cliente.test\n",
    ],
)
def test_a_carrier_that_could_not_hand_over_a_parcel_reports_on_no_mail(words: str) -> None:
    assert read(f"From: no-reply@correios.test\nSubject: Falha na entrega\n\n{words}") is None


@pytest.mark.parametrize("path", ["<>", "", "<MAILER-DAEMON>", "MAILER-DAEMON@mx.a.test", "<mailer-daemon@mx.a.test>"])
def test_the_null_path_is_known_in_every_spelling(path: str) -> None:
    head = f"Return-Path: {path}\nFrom: x@a.test\nSubject: Undelivered Mail\n"
    assert read(f"{head}\nYour mail could not be delivered to bia@cliente.test.\n") is not None


def test_tags_of_copies_are_found_wherever_a_report_shows_them() -> None:
    words = (
        "Mail from suporte+baaaaaaaaaaaaaaaa@desk.test could not be delivered to ana@cliente.test\n\n"
        "--- Original message follows ---\nReturn-Path: <SUPORTE+BBBBBBBBBBBBBBBBB@desk.test>\n"
        "X-Mailtickets-Copy: bccccccccccccccccc\nMessage-ID: <1@desk.test>\n\nLigue +5511999990000 ou a+b@c.test\n"
    )
    assert words_read(words).tags == ("bbbbbbbbbbbbbbbbb", "bccccccccccccccccc", "baaaaaaaaaaaaaaaa")


def test_no_more_tags_are_looked_up_than_a_report_can_need() -> None:
    words = "\n".join(f"a+{number:017}@desk.test" for number in range(1000))
    assert len(words_read(f"Delivery failed.\n\n{words}\n").tags) == 50


def test_report_type_without_status_fields_is_a_sign_and_no_proof() -> None:
    head = "From: x@a.test\nSubject: {}\nContent-Type: multipart/report; boundary=b\n\n--b\n\n"
    words = "Your mail could not be delivered to bia@cliente.test.\n--b--\n"
    assert read(head.format("Oi") + words) is None
    assert read(head.format("Undelivered mail") + words) is not None


MORE_DIALECTS = {
    "barracuda": (
        "MAILER-DAEMON <>",
        "Your message to: ana@cliente.test\nwas blocked by our Spam Firewall.\n",
        "5.0.0",
    ),
    "ironport": (
        "postmaster@a.test",
        "The following message to <ana@cliente.test> was undeliverable.\n5.1.0 - Unknown\n",
        "5.1.0",
    ),
    "mdaemon": (
        "MDaemon <x@a.test>",
        "The following addresses did NOT receive a copy of your message:\n\n> ana@cliente.test\n",
        "5.0.0",
    ),
    "smail": (
        "MAILER-DAEMON@a.test",
        "|---- Failed addresses follow: ----|\n <ana@cliente.test> ... unknown host\n",
        "5.0.0",
    ),
    "lsmtp": (
        "MAILER-DAEMON@a.test",
        "--> Error description:\nError-for:  ana@cliente.test\nError-Text: 550 5.1.1 no\n",
        "5.1.1",
    ),
    "exchange in german": (
        "Systemadministrator <postmaster@a.test>",
        "Ihre Nachricht hat Empfänger nicht erreicht.\n\n  ana@cliente.test am 03.03.2025\n  <mx.a.test #5.1.1>\n",
        "5.1.1",
    ),
    "exchange in portuguese": (
        "Administrador do sistema",
        "Sua mensagem não chegou a alguns dos destinatários.\n\n  'ana@cliente.test' em 03/03/2025\n  <#5.2.2>\n",
        "5.2.2",
    ),
    "x.400 gateway": (
        "System Administrator <postmaster@a.test>",
        "did not reach the following recipient(s):\n\nc=BR;a= ;p=ACME;dda:SMTP=ana@cliente.test; on Mon, 3 Mar\n",
        "5.0.0",
    ),
    "old outlook with mailto": (
        "postmaster@a.test",
        "Delivery to these recipients or distribution lists failed:\n\n* Ana Souza <mailto:ana@cliente.test>\n",
        "5.0.0",
    ),
    "exim told in portuguese": (
        "Mail Delivery System <Mailer-Daemon@a.test>",
        "Uma mensagem que você enviou não pôde ser entregue.\n\n  ana@cliente.test\n    Unrouteable address\n",
        "5.0.0",
    ),
    "french": ("postmaster@a.test", "Le message suivant n'a pas pu être remis :\n\n  À : ana@cliente.test\n", "5.0.0"),
    "qmail by another name": (
        "MAILER-DAEMON@a.test",
        "We're sorry. There's a problem with the address.\n\n<ana@cliente.test>:\nno such user (#5.1.1)\n",
        "5.1.1",
    ),
}


@pytest.mark.parametrize(("sender", "words", "status"), MORE_DIALECTS.values(), ids=MORE_DIALECTS.keys())
def test_dialect_is_understood(sender: str, words: str, status: str) -> None:
    bounce = words_read(words, f"From: {sender}\nTo: suporte@desk.test\nSubject: Undeliverable: oi\n")
    assert (bounce.recipient, bounce.action, bounce.status) == ("ana@cliente.test", "failed", status)


HOSTILE = {
    "one endless word": "a" * 3_000_000,
    "nothing but at signs": "@" * 1_000_000,
    "endless almost-addresses": "a@" * 500_000,
    "every introduction flufl.bounce knows": "did not reach the following recipient\n" * 20_000,
    "the words before a recipient, endlessly": "could not be delivered to " * 50_000,
    "open tags": "<br>" + "<a " * 300_000,
    "digits and dots": "5.1." * 300_000,
    "folded fields": "Final-Recipient: rfc822;\n" + " x\n" * 200_000,
    "almost tags": "+" + "a" * 1_000_000 + "+aaaaaaaa" * 200_000,
    "heads without end": "Message-ID: <1@a.test>\n\n" + "A:\n\n" * 100_000,
    "heads within heads": "From: a@a.test\nTo: b@b.test\n x\n" * 50_000,
    "json brackets": '{"Message": "bouncedRecipients' + "[" * 500_000,
}


@pytest.mark.timeout(120)
@pytest.mark.parametrize("kind", ["text/plain", "text/html", "message/delivery-status", "multipart/report; boundary=b"])
@pytest.mark.parametrize("words", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_report_is_read_without_delay(words: str, kind: str) -> None:
    read(f"{FROM_DAEMON}Content-Type: {kind}\n\n{words}")


PIECES = st.sampled_from(
    [
        *(
            "Return-Path: <>\n",
            "From: MAILER-DAEMON@a.test\n",
            "From: \xff\n",
            "Subject: Undelivered\n",
            "Subject: =?x?B?a?=\n",
        ),
        *("Content-Type: multipart/report; boundary=b; report-type=delivery-status\n", "Content-Type: text/html\n"),
        *(
            "Content-Type: message/delivery-status\n",
            "Content-Type: message/rfc822\n",
            "Content-Type: text/plain; charset=\n",
        ),
        *(
            "Content-Transfer-Encoding: base64\n",
            "Content-Transfer-Encoding: x-uuencode\n",
            "\n",
            "\r",
            "--b\n",
            "--b--\n",
        ),
        *("Final-Recipient: rfc822;\n", "Final-Recipient: a@b.test\n", "Status: 5\n", "Status: 5.1.1\n", "Action:\n"),
        *("<a@b.test>: 550\n", "could not be delivered\n", "Message-ID: <\n", "Message-ID: <1@a>\n", "\x00", "é\n"),
    ]
)


@settings(max_examples=300)
@given(
    st.lists(PIECES | st.text(max_size=20), max_size=40), st.text(max_size=50), st.sampled_from(["utf-8", "latin-1"])
)
def test_reading_never_raises_and_its_output_can_be_written(pieces: list[str], text: str, encoding: str) -> None:
    raw = "".join(pieces).encode(encoding, "replace")
    bounce = read_bounce(email.message_from_bytes(raw), text)
    if bounce is not None:
        json.dumps(asdict(bounce), ensure_ascii=False).encode("utf-8")
        assert bounce.recipient == " ".join(bounce.recipient.split())


@pytest.mark.parametrize("value", ["<", "<>", "< >", ">"])
def test_an_original_message_id_of_brackets_alone_is_none(value: str) -> None:
    assert original_message_id(f"Reporting-MTA: dns; mx.test\nX-Original-Message-ID: {value}\n") == ""


@settings(max_examples=200)
@given(st.binary(max_size=400), st.sampled_from(sorted(EXPECTED)), st.integers(0, 3000))
def test_damaged_report_never_raises(junk: bytes, name: str, at: int) -> None:
    raw = (FOLDER / f"{name}.eml").read_bytes()
    read_bounce(email.message_from_bytes(raw[:at] + junk + raw[at + len(junk) :]), "")
