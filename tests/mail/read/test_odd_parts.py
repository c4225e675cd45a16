"""One odd part, field or step costs itself and nothing beside it."""

import base64
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailtickets.mail import address
from mailtickets.mail.kind import classify
from mailtickets.mail.model import InboundMail
from mailtickets.mail.read import charset, content, enclosures, invite, mime, smime, steps, text_formats, tnef, transfer
from mailtickets.mail.read import parse as parsing
from mailtickets.mail.read.parse import parse
from mailtickets.mail.reply import cut as body
from mailtickets.mail.reply import forwarded as forwards
from mailtickets.mail.reply import html, sanitise
from mailtickets.mail.trust import traces
from mailtickets.words import language

KINDS = {
    "uuencode in the text": (b"text/plain", b"begin 644 a.txt\n%s\nend\n"),
    "base64 in the text": (b"text/plain", b"begin-base64 644 a.txt\n%s\n====\n"),
    "yenc in the text": (b"text/plain", b"=ybegin line=128 size=9 name=a\n%s\n=yend size=9\n"),
    "uuencoded part": (b"image/png; name=a.png\nContent-Transfer-Encoding: x-uuencode", b"begin 644 a\n%s\nend\n"),
    "winmail.dat": (b"application/ms-tnef", b"\x78\x9f\x3e\x22\x01\x00%s"),
    "signed": (b"application/pkcs7-mime", b"\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02%s"),
    "compressed": (b"application/pkcs7-mime", b"\x30\x80\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x09%s"),
    "calendar": (b"text/calendar", b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART%s\nSUMMARY:%s\n"),
    "enriched": (b"text/enriched", b"<bold>%s</bold>"),
    "html": (b"text/html", b"<table><tr><td>%s<blockquote><ol start=%s><li>"),
    "quoted-printable": (b"text/plain\nContent-Transfer-Encoding: quoted-printable", b"=%s=\n"),
    "base64": (b"text/plain\nContent-Transfer-Encoding: base64", b"%s=="),
    "charset": (b"text/plain; charset=%s", b"\xe3\x80%s"),
    "utf-7": (b"text/plain; charset=utf-7", b"+%s-"),
    "utf-16": (b"text/plain; charset=utf-16", b"%s\x00\xd8"),
    "iso-2022-jp": (b"text/plain; charset=iso-2022-jp", b"\x1b$B%s"),
    "file name": (b"image/png; name*%s*=utf-8''%s; name=\"%s", b"x"),
    "type": (b"%s", b"x"),
    "multipart": (b"multipart/alternative; boundary=%s", b"--%s\n\n%s"),
    "message": (b"message/rfc822", b"From: %s\nContent-Type: multipart/mixed; boundary=%s\n\n%s"),
    "report": (b"message/delivery-status", b"Final-Recipient: rfc822; %s\nAction: %s\n"),
}
NUMBERS = st.integers(4_000, 6_000).map(lambda count: b"9" * count)
HOSTILE = st.one_of(
    st.binary(max_size=200),
    NUMBERS,
    st.binary(max_size=60).map(base64.b64encode),
    st.text(" !#$M`_=+\n", max_size=120).map(str.encode),
)


def _mail(kind: str, hostile: bytes) -> bytes:
    """A text, the odd part and a file."""
    media_type, inside = (template.replace(b"%s", hostile) for template in KINDS[kind])
    if kind in ("charset", "file name", "type", "multipart"):  # a header ends where a blank line stands
        media_type = media_type.replace(b"\n", b"").replace(b"\r", b"")
    parts = [
        b"Content-Type: text/plain; charset=utf-8\n\nBom dia, segue o arquivo.",
        b"Content-Type: " + media_type + b"\n\n" + inside.replace(b"--limite", b""),
        b'Content-Type: text/csv; name="contas.csv"\nContent-Disposition: attachment\n\n1;2;3',
    ]
    body = b"".join(b"\n--limite\n" + part for part in parts)
    head = b"From: Maria <maria@cliente.test>\nTo: suporte@desk.test\nSubject: Contas\n"
    return (
        head
        + b"Date: Tue, 03 Mar 2026 10:20:30 -0300\nContent-Type: multipart/mixed; boundary=limite\n"
        + body
        + b"\n--limite--\n"
    )


def _rest_is_read(mail: InboundMail) -> None:
    assert "unparsed" not in mail.defects
    assert mail.author is not None
    assert (mail.author.address, mail.subject) == ("maria@cliente.test", "Contas")
    assert "Bom dia, segue o arquivo." in mail.text
    assert [file.content for file in mail.attachments if file.filename == "contas.csv"] == [b"1;2;3"]


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(hostile=HOSTILE)
def test_hostile_octets_in_one_part_leave_the_rest_as_it_is(kind: str, hostile: bytes) -> None:
    _rest_is_read(parse(_mail(kind, hostile)))


READERS: dict[str, tuple[Any, str, str]] = {
    "text": (charset, "text", "charset"),
    "html": (html, "render", "html"),
    "winmail.dat": (tnef, "unpack", "winmail.dat"),
    "S/MIME": (smime, "content", "signed"),
    "calendar": (invite, "line", "calendar"),
    "enriched": (text_formats, "plain_of_enriched", "enriched"),
    "uuencode": (enclosures, "_uu_octets", "uuencode in the text"),
    "yenc": (enclosures, "_yenc_octets", "yenc in the text"),
    "base64": (transfer, "_base64", "base64"),
    "quoted-printable": (transfer, "_quoted_printable", "quoted-printable"),
    "media type": (mime, "_media_type", "type"),
}


@pytest.mark.parametrize("reader", READERS)
def test_a_part_whose_reader_fails_is_a_file_and_a_defect(reader: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module, name, kind = READERS[reader]
    real: Callable[..., Any] = getattr(module, name)

    def fails(*given: Any, **more: Any) -> Any:
        bodies = [v.body if isinstance(v, mime.Part) else v for v in given]
        odd = any(b"odd thing" in bytes(v) for v in bodies if isinstance(v, bytes | memoryview))
        odd = odd or any("odd thing" in str(v) for v in given if isinstance(v, str | tuple))
        if odd:
            raise OverflowError("odd")
        return real(*given, **more)

    monkeypatch.setattr(module, name, fails)
    mail = parse(_mail(kind, b"odd thing"))
    _rest_is_read(mail)
    assert {"part-unreadable", "calendar-unreadable", "content-type-damaged"} & set(mail.defects)
    assert any(b"odd thing" in file.content for file in mail.attachments) or reader == "media type"


STEPS: dict[str, tuple[Any, str]] = {
    "reply-unread": (body, "split"),
    "html-unread": (sanitise, "sanitised"),
    "kind-unread": (classify, "classify"),
    "language-unread": (language, "of"),
    "traces-unread": (traces, "carriers"),
    "forward-unread": (forwards, "find"),
    "addresses-unread": (address, "parse_addresses"),
    "body-unread": (content, "read"),
}


@pytest.mark.parametrize("step", STEPS)
def test_a_step_of_reading_that_fails_is_a_defect_and_the_others_go_on(
    step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*given: Any, **more: Any) -> Any:
        raise RecursionError

    monkeypatch.setattr(*STEPS[step], fails)
    mail = parse(_mail("html", b"x"))
    assert "unparsed" not in mail.defects
    assert step in mail.defects
    assert mail.subject == "Contas"
    assert "Bom dia" in mail.reply or step == "body-unread"
    assert "message.eml" in [file.filename for file in mail.attachments] or step in ("traces-unread", "forward-unread")


@pytest.mark.parametrize("number", range(len(steps.STEPS)), ids=[step.name for step in steps.STEPS])
def test_any_step_of_the_table_may_fail(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(reading: steps.MailReading) -> None:
        raise RecursionError

    step = steps.STEPS[number]
    table = (*steps.STEPS[:number], replace(step, read=fails), *steps.STEPS[number + 1 :])
    monkeypatch.setattr(parsing, "STEPS", table)
    mail = parse(_mail("html", b"x"))
    assert f"{step.name}-unread" in mail.defects
    assert ("unparsed" in mail.defects, mail.subject) == (False, "Contas")
    assert "message.eml" in [file.filename for file in mail.attachments] or not step.attaches_raw


def test_one_odd_line_of_uuencode_does_not_cost_the_mail() -> None:
    raw = b"From: a@b.test\n\nO arquivo:\n\nbegin 644 nota.txt\n%2&5L;&]XY\n`\nend\n"
    mail = parse(raw)
    assert (mail.text, [(file.filename, file.content) for file in mail.attachments]) == (
        "O arquivo:",
        [("nota.txt", b"Hello")],
    )


def test_a_program_between_begin_and_end_is_no_file() -> None:
    program = "begin 100 X\n  write('total: ', A)\n  M := 4\nend"
    mail = parse(f"From: a@b.test\n\nO programa:\n\n{program}\n\nPode ver?\n".encode())
    assert (mail.text, mail.attachments) == (f"O programa:\n\n{program}\n\nPode ver?", ())


@pytest.mark.parametrize(
    "field",
    [
        b'multipart/mixed\n\tboundary="b"',
        b"multipart/mixed boundary=b",
        b'multipart/mixed; charset=utf-8\n boundary="b"',
        b'multipart/mixed; boundary=3D"b"',
    ],
)
def test_a_boundary_without_its_semicolon_is_found(field: bytes) -> None:
    raw = b"From: a@b.test\nContent-Type: " + field + b"\n\n--b\n\nA foto.\n--b\nContent-Type: image/png\n\nx\n--b--\n"
    mail = parse(raw)
    assert (mail.text, [file.filename for file in mail.attachments]) == ("A foto.", ["image.png"])
