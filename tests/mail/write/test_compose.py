"""The octets we send, looked at as such and read back by two parsers."""

import email
import email.policy
import hashlib
import re
from dataclasses import replace
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.message import EmailMessage

import mailparser
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtickets.mail.model import REF_PLACEHOLDER, Address, Attachment, Copy, OutboundMail
from mailtickets.mail.write.compose import compose, is_addr_spec, to_ascii

TOKEN = "ABCDEFGHIJKLMNOPQRSTUVWX23"
MAIL = OutboundMail(
    notice="received",
    subject="[#1042] Recebemos sua mensagem",
    text=f"Olá, Maria!\n\nSeu chamado é o 1042.\n\nRef.: {REF_PLACEHOLDER}\n",
    html=None,
    sender=Address("Suporte Exemplo", "suporte@desk.test"),
    to=(),
    cc=(),
    message_id="mt.1042.abcdef@desk.test",
    in_reply_to="first@example.test",
    references=("first@example.test",),
    date=datetime(2026, 3, 3, 13, 12, 5, tzinfo=UTC),
)
COPY = Copy(Address("Maria", "maria@example.test"), "bounces@desk.test", f"suporte+{TOKEN.lower()}@desk.test", TOKEN)


def test_the_tag_of_a_copy_stands_in_its_header_and_nowhere_without_one() -> None:
    assert "X-Mailtickets-Copy: bzzzz2345" in head(compose(MAIL, replace(COPY, tag="bzzzz2345"))).split("\r\n")
    assert "X-Mailtickets-Copy" not in fields(compose(MAIL, COPY))


def outbound(**changes: object) -> OutboundMail:
    return replace(MAIL, **changes)  # type: ignore[arg-type]


def copy(**changes: object) -> Copy:
    return replace(COPY, **changes)  # type: ignore[arg-type]


def attachment(content: bytes, *, filename: str = "nota.pdf", **changes: object) -> Attachment:
    made = Attachment(
        filename, "application/pdf", len(content), hashlib.sha256(content).hexdigest(), False, None, content
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def head(raw: bytes) -> str:
    return raw.partition(b"\r\n\r\n")[0].decode()


def fields(raw: bytes) -> list[str]:
    """Field names of the top-level header, in order."""
    return [line.partition(":")[0] for line in head(raw).split("\r\n") if line[:1] not in " \t"]


def field(raw: bytes, name: str) -> str:
    """One field as written, folds and all."""
    found = re.search(rf"^{re.escape(name)}: ?([^\r\n]*(?:\r\n[ \t][^\r\n]*)*)", head(raw), re.MULTILINE)
    assert found, f"no {name}"
    return found[1]


def unfolded(value: str) -> str:
    """As RFC 2047 reads it."""
    return str(make_header(decode_header(value.replace("\r\n", ""))))


def read(raw: bytes) -> EmailMessage:
    """As the stdlib reads it, without a single defect."""
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    assert [part.defects for part in message.walk() if part.defects] == []
    return message


def structure(part: object) -> object:
    assert isinstance(part, EmailMessage)
    if part.is_multipart():
        return part.get_content_subtype(), [structure(inner) for inner in part.iter_parts()]
    return part.get_content_type()


def decoded_text(raw: bytes, kind: str = "plain") -> str:
    body = read(raw).get_body((kind,))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def hostile(value: str) -> OutboundMail:
    """Everything that comes from outside, set to one value."""
    return outbound(
        subject=value,
        text=value,
        html=value,
        sender=Address(value, "suporte@desk.test"),
        to=(Address(value, "maria@example.test"), Address("x", value)),
        cc=(Address(value, value),),
        in_reply_to=value,
        references=(value, "good@example.test"),
        suppress=value,
        loop=value,
        attachments=(
            attachment(b"x", filename=value, content_type=value),
            attachment(b"y", filename=value, content_type=value, inline=True, content_id=value),
        ),
    )


def test_a_plain_notice_has_these_fields_and_no_others() -> None:
    raw = compose(
        outbound(
            auto_submitted="auto-replied",
            suppress="DR, RN, NRN, OOF, AutoReply",
            loop="exemplo; hops=1",
            cc=(Address("João", "joao@example.test"),),
        ),
        COPY,
    )
    assert fields(raw) == [
        "From", "To", "Cc", "Reply-To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "Auto-Submitted",
        "X-Auto-Response-Suppress", "X-Mailtickets-Loop", "MIME-Version", "Content-Type", "Content-Transfer-Encoding",
    ]  # fmt: skip
    message = read(raw)
    assert message["From"] == "Suporte Exemplo <suporte@desk.test>"
    assert message["To"] == "Maria <maria@example.test>"
    assert message["Reply-To"] == f"Suporte Exemplo <suporte+{TOKEN.lower()}@desk.test>"
    assert message["Date"].datetime == MAIL.date
    assert message["Auto-Submitted"] == "auto-replied"
    assert message["X-Auto-Response-Suppress"] == "DR, RN, NRN, OOF, AutoReply"
    assert message["X-Mailtickets-Loop"] == "exemplo; hops=1"


def test_a_persons_words_carry_no_marks_of_automatic_mail() -> None:
    raw = compose(outbound(in_reply_to=None, references=()), copy(reply_to=""))
    assert fields(raw) == [
        "From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type", "Content-Transfer-Encoding",
    ]  # fmt: skip


def test_the_same_mail_is_the_same_octets_every_time() -> None:
    mail = outbound(html="<p>Olá</p>", attachments=(attachment(b"%PDF"), attachment(b"2", filename="ação.pdf")))
    assert compose(mail, COPY) == compose(mail, COPY)


def test_two_mails_have_different_boundaries() -> None:
    boundaries = {
        read(compose(outbound(html="<p>Olá</p>", message_id=id_), COPY)).get_boundary()
        for id_ in ("a@desk.test", "b@desk.test")
    }
    assert len(boundaries) == 2


def test_every_line_ends_in_crlf_and_every_octet_is_ascii() -> None:
    raw = compose(hostile("Ação 🚀\nçá\r\rx\r\n" * 40), COPY)
    assert raw.isascii()
    assert raw.endswith(b"\r\n")
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert b"\r" not in raw.replace(b"\r\n", b"")
    assert max(map(len, raw.split(b"\r\n"))) <= 998


def test_a_named_recipient_list_is_shown_instead_of_the_one_recipient() -> None:
    to = (Address("Ana", "ana@example.test"), Address("", "beto@example.test"))
    assert read(compose(outbound(to=to), COPY))["To"] == "Ana <ana@example.test>, beto@example.test"


# --- the reply token ----------------------------------------------------------------------------------


def test_the_token_stands_in_text_and_html() -> None:
    raw = compose(outbound(html=f"<p>Olá</p><p>Ref.: {REF_PLACEHOLDER}</p>"), COPY)
    assert f"Ref.: {TOKEN}\n" in decoded_text(raw)
    assert f"<p>Ref.: {TOKEN}</p>" in decoded_text(raw, "html")
    assert REF_PLACEHOLDER.encode() not in raw


def test_without_a_token_the_line_is_left_out() -> None:
    html = f'<p>Olá</p>\n<p class="ref">Ref.: {REF_PLACEHOLDER}</p>\n<p>fim</p>'
    raw = compose(outbound(html=html), copy(token=""))
    assert decoded_text(raw) == "Olá, Maria!\n\nSeu chamado é o 1042.\n\n"
    assert decoded_text(raw, "html") == "<p>Olá</p>\n\n<p>fim</p>\n"


@pytest.mark.parametrize(
    "html",
    [
        f"<p>antes</p><div><b>Ref.:</b> <code>{REF_PLACEHOLDER}</code></div><p>depois</p>",
        f"<p>antes<br>Ref.:&nbsp;{REF_PLACEHOLDER}<br>depois</p>",
        f"antes Ref.: {REF_PLACEHOLDER} depois",
    ],
)
def test_without_a_token_html_on_one_line_keeps_its_other_words(html: str) -> None:
    left = decoded_text(compose(outbound(html=html), copy(token="")), "html")
    assert "antes" in left
    assert "depois" in left
    assert REF_PLACEHOLDER not in left


def test_a_long_number_of_a_customer_is_no_place_for_a_token() -> None:
    number = f"84670000001{REF_PLACEHOLDER}99"
    raw = compose(outbound(text=f"boleto {number}\nRef.: {REF_PLACEHOLDER}\n"), COPY)
    assert decoded_text(raw) == f"boleto {number}\nRef.: {TOKEN}\n"


@pytest.mark.timeout(180)  # quadratic: minutes
def test_looking_for_the_line_takes_linear_time() -> None:
    compose(outbound(text="Ref.: " * 100_000, html="<p>Ref.: " * 50_000 + "Ref.: " * 50_000), copy(token=""))


# --- subjects -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "subject",
    [
        "[#1042] Orçamento: coração, ação e informação",
        "🚀 Lançamento 👨‍👩‍👧‍👦 " * 10,
        "a " * 150 + "fim",
        "x" * 300,
        "palavra " * 40,
        "ação" * 75,
        "שלום עולם, זו הודעה ארוכה מאוד בעברית " * 5,
        "=?utf-8?q?n=C3=A3o?= era palavra codificada",
        "",
        "two  blanks   and more",
    ],
)
def test_subjects_survive_folding(subject: str) -> None:
    raw = compose(outbound(subject=subject), COPY)
    assert raw.isascii()
    written = field(raw, "Subject")
    assert max(len(line) for line in f"Subject: {written}".split("\r\n")) <= 78
    assert "\r\n\r\n" not in written
    assert read(raw)["Subject"] == subject.strip()
    assert mailparser.parse_from_bytes(raw).subject.replace("\r\n", "") == subject.strip()


def test_encoded_lines_keep_to_76_characters_and_whole_characters() -> None:
    written = field(compose(outbound(subject="áé" + "🚀" * 100), COPY), "Subject")
    assert max(len(line) for line in f"Subject: {written}".split("\r\n")) <= 76
    for word in written.split("\r\n "):
        assert "\ufffd" not in unfolded(word)


def test_a_plain_subject_is_written_plainly() -> None:
    assert field(compose(MAIL, COPY), "Subject") == MAIL.subject


def test_a_subject_with_a_line_break_and_bcc_is_a_subject() -> None:
    raw = compose(outbound(subject="Oi\r\nBcc: eva@evil.test\r\n\r\nolá"), COPY)
    assert read(raw)["Subject"] == "Oi Bcc: eva@evil.test olá"
    assert "Bcc" not in fields(raw)


@pytest.mark.parametrize(
    "value",
    [
        "a\r\nBcc: eva@evil.test\r\nX-Evil: 1\r\n\r\nbody",
        "a\nBcc: eva@evil.test",
        "a\rBcc: eva@evil.test",
        "a\u2028Bcc: eva@evil.test\u2029\x85\x00\x1b",
        'a>, <eva@evil.test>, "b',
        "eva@evil.test, x@evil.test",
        "\ud83d lone half",
        "\r\n\r\n",
        "",
        "=?utf-8?q?=0D=0ABcc:_eva@evil.test?=",
        'x"; filename="y\r\nBcc: eva@evil.test',
        "(" * 1000,
        "\\" * 500,
        "é" * 2000 + "@é.test",
        "text/html; charset=x\r\nBcc: eva@evil.test",
    ],
)
def test_no_value_adds_a_field_a_recipient_or_an_exception(value: str) -> None:
    raw = compose(hostile(value), copy(recipient=Address(value, "maria@example.test"), reply_to=value))
    message = read(raw)
    assert set(fields(raw)) <= {
        "From", "To", "Cc", "Reply-To", "Subject", "Date", "Message-ID", "In-Reply-To", "References",
        "X-Auto-Response-Suppress", "X-Mailtickets-Loop", "MIME-Version", "Content-Type",
    }  # fmt: skip
    assert message["Bcc"] is None
    mailboxes = {
        mailbox.addr_spec
        for name in ("From", "To", "Cc", "Reply-To")
        for mailbox in getattr(message[name], "addresses", ())
    }
    assert mailboxes <= {"suporte@desk.test", "maria@example.test"}
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    assert "good@example.test" in field(raw, "References")


@given(st.text(st.characters(), max_size=200), st.text('\r\n\t <>@,;:"\\=?é\ud800.a', max_size=60))
def test_no_text_whatever_breaks_the_message(first: str, second: str) -> None:
    for value in (first, second):
        raw = compose(hostile(value), copy(recipient=Address(value, value), reply_to=value))
        assert b"\n" not in raw.replace(b"\r\n", b"")
        assert read(raw).get_content_maintype() == "multipart"


# --- addresses ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Maria", "Maria <m@example.test>"),
        ("Maria da Silva", "Maria da Silva <m@example.test>"),
        ("", "m@example.test"),
        ("Silva, Maria", '"Silva, Maria" <m@example.test>'),
        ('Maria "Mia" \\ Silva', '"Maria \\"Mia\\" \\\\ Silva" <m@example.test>'),
        ("M. Silva", '"M. Silva" <m@example.test>'),
        ("José", "=?utf-8?b?Sm9zw6k=?= <m@example.test>"),
        ("eva@evil.test", '"eva@evil.test" <m@example.test>'),
    ],
)
def test_display_names(name: str, written: str) -> None:
    raw = compose(outbound(to=(Address(name, "m@example.test"),)), COPY)
    assert field(raw, "To") == written
    assert [(a.display_name, a.addr_spec) for a in read(raw)["To"].addresses] == [(name, "m@example.test")]


def test_long_names_are_folded() -> None:
    name = "Departamento de Atendimento ao Cliente e Relações com o Mercado Ltda " * 4
    raw = compose(outbound(to=(Address(name, "m@example.test"),) * 3), COPY)
    assert max(len(line) for line in head(raw).split("\r\n")) <= 78
    assert unfolded(field(raw, "To")) == ", ".join([f"{name.strip()} <m@example.test>"] * 3)


def test_an_international_domain_is_written_in_ascii() -> None:
    raw = compose(outbound(to=(Address("Ana", "ana@açaí.test"), Address("", "uli@straße.test"))), COPY)
    assert field(raw, "To") == "Ana <ana@xn--aa-4iaz.test>,\r\n uli@xn--strae-oqa.test"


@pytest.mark.parametrize(
    ("address", "ascii_form"),
    [
        ("a@desk.test", "a@desk.test"),
        ("josé@AÇAÍ.test", "josé@xn--aa-4iaz.test"),
        ("a@acai\u0301.test", "a@xn--aca-tma.test"),
        ("nothing", "nothing"),
        ("", ""),
        ("x@" + "á" * 300, None),
    ],
)
def test_to_ascii_never_fails(address: str, ascii_form: str | None) -> None:
    assert ascii_form in (None, to_ascii(address))


def test_another_recipients_address_that_is_not_ascii_does_not_cost_us_the_rest() -> None:
    raw = compose(outbound(cc=(Address("Ana", "ana@example.test"), Address("José", "josé@example.test"))), COPY)
    assert raw.isascii()
    cc = read(raw)["Cc"]
    assert [a.addr_spec for a in cc.addresses] == ["ana@example.test"]
    assert cc.groups[1].display_name == "José josé@example.test"


def test_a_recipient_whose_own_address_is_not_ascii_is_written_to_in_utf8() -> None:
    raw = compose(MAIL, copy(recipient=Address("José", "josé@açaí.test")))
    assert field(raw, "To") == "=?utf-8?b?Sm9zw6k=?= <josé@xn--aa-4iaz.test>"
    assert raw.partition(b"\r\n\r\n")[2].isascii()


@pytest.mark.parametrize(
    "address", ['"a b"@example.test', "a@[192.0.2.1]", "a.b+c=d@example.test", "josé@example.test"]
)
def test_addr_specs(address: str) -> None:
    assert is_addr_spec(address)


@pytest.mark.parametrize(
    "address",
    ["", "a", "a@", "@b", "a b@c", "a@b@c", "a@b>", "a@b c", "a@b\r\n", "<a@b>", "a@b, c@d", "a" * 320 + "@b"],
)
def test_what_is_no_addr_spec(address: str) -> None:
    assert not is_addr_spec(address)


# --- ids ----------------------------------------------------------------------------------------------


def test_long_ids_stand_as_they_are() -> None:
    ids = tuple(f"{'x' * length}@mail.example.test" for length in (50, 61, 78, 200, 700))
    raw = compose(outbound(references=ids, in_reply_to=ids[-1]), COPY)
    assert field(raw, "References") == "\r\n ".join(f"<{id_}>" for id_ in ids)
    assert field(raw, "In-Reply-To") == f"<{ids[-1]}>"
    assert mailparser.parse_from_bytes(raw).headers["References"].split() == [f"<{id_}>" for id_ in ids]


def test_of_many_references_the_first_and_the_last_twenty_stay() -> None:
    ids = tuple(f"{number}@example.test" for number in range(100))
    written = field(compose(outbound(references=ids), COPY), "References").split("\r\n ")
    assert written == ["<0@example.test>", *(f"<{number}@example.test>" for number in range(80, 100))]


def test_what_is_no_id_is_left_out() -> None:
    ids = ("a b@x.test", "good@x.test", "", "x\r\nBcc: y@x.test", "a>@x.test", "ç@x.test", "y" * 990 + "@x.test")
    assert field(compose(outbound(references=ids), COPY), "References") == "<good@x.test>"


# --- bodies -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Hello,\n\nplain words.\n-- \nDesk\n", "7bit"),
        ("Olá, tudo bem?\n", "quoted-printable"),
        ("x" * 1000 + "\n", "quoted-printable"),
        ("line with a blank at its end \n", "quoted-printable"),
        ("From here on it is ours\n", "quoted-printable"),
        ("--=_alternative_000\n", "quoted-printable"),
        ("NUL \0 and escape \x1b[31m\n", "quoted-printable"),
        ("שלום עולם\nمرحبا بالعالم\n", "base64"),
        ("🚀🚀🚀\n", "base64"),
        (".\n..\n.leading dot\n", "7bit"),
        ("", "7bit"),
        ("=\n=3D\n", "7bit"),
    ],
)
def test_texts_survive_in_the_encoding_that_suits_them(text: str, encoding: str) -> None:
    raw = compose(outbound(text=text), COPY)
    assert field(raw, "Content-Transfer-Encoding") == encoding
    assert max(len(line) for line in raw.split(b"\r\n")) <= 78
    assert decoded_text(raw) == text
    assert mailparser.parse_from_bytes(raw).body.replace("\r\n", "\n").strip("\n") == text.strip("\n")


def test_no_line_on_the_wire_looks_like_an_mbox_separator() -> None:
    raw = compose(outbound(text="é\nFrom " + "x" * 71 + "\nFrom a\n" + "x" * 75 + "From b\n"), COPY)
    assert b"\r\nFrom " not in raw.partition(b"\r\n\r\n")[2]
    assert max(len(line) for line in raw.split(b"\r\n")) <= 76
    assert "\nFrom a\n" in decoded_text(raw)


def test_line_ends_of_every_kind_become_crlf() -> None:
    raw = compose(outbound(text="a\r\nb\rc\nd"), COPY)
    assert raw.endswith(b"\r\n\r\na\r\nb\r\nc\r\nd\r\n")


# --- the tree -----------------------------------------------------------------------------------------

IMAGE = attachment(
    b"\x89PNG", filename="logo.png", content_type="image/png", inline=True, content_id="logo.1@desk.test"
)


@pytest.mark.parametrize(
    ("html", "attachments", "tree"),
    [
        (None, (), "text/plain"),
        ("<p>x</p>", (), ("alternative", ["text/plain", "text/html"])),
        (None, (attachment(b"1"),), ("mixed", ["text/plain", "application/pdf"])),
        (
            "<p>x</p>",
            (attachment(b"1"),),
            ("mixed", [("alternative", ["text/plain", "text/html"]), "application/pdf"]),
        ),
        (
            '<img src="cid:logo.1@desk.test">',
            (IMAGE,),
            ("alternative", ["text/plain", ("related", ["text/html", "image/png"])]),
        ),
        (
            '<img src="cid:logo.1@desk.test">',
            (attachment(b"1"), IMAGE),
            (
                "mixed",
                [("alternative", ["text/plain", ("related", ["text/html", "image/png"])]), "application/pdf"],
            ),
        ),
        ("<p>not shown</p>", (IMAGE,), ("mixed", [("alternative", ["text/plain", "text/html"]), "image/png"])),
        (None, (IMAGE,), ("mixed", ["text/plain", "image/png"])),
    ],
)
def test_the_tree_is_as_deep_as_it_must_be(html: str | None, attachments: tuple[Attachment, ...], tree: object) -> None:
    assert structure(read(compose(outbound(html=html, attachments=attachments), COPY))) == tree


def test_attachments_come_out_as_they_went_in() -> None:
    content = bytes(range(256)) * 50
    raw = compose(outbound(attachments=(attachment(content),)), COPY)
    (part,) = read(raw).iter_attachments()
    assert part.get_content() == content
    assert mailparser.parse_from_bytes(raw).attachments[0]["filename"] == "nota.pdf"


def test_an_inline_image_keeps_its_content_id() -> None:
    raw = compose(outbound(html='<img src="cid:logo.1@desk.test">', attachments=(IMAGE,)), COPY)
    image = next(part for part in read(raw).walk() if part.get_content_type() == "image/png")
    assert image["Content-ID"] == "<logo.1@desk.test>"
    assert image.get_content_disposition() == "inline"


@pytest.mark.parametrize(
    ("filename", "written"),
    [
        ("nota.pdf", 'filename="nota.pdf"'),
        ("nota fiscal (1).pdf", 'filename="nota fiscal (1).pdf"'),
        ("ação.pdf", "filename*=utf-8''a%C3%A7%C3%A3o.pdf"),
        ('a"b\\c.pdf', "filename*=utf-8''a%22b%5Cc.pdf"),
        ("=?utf-8?q?x?=.pdf", "filename*=utf-8''%3D%3Futf-8%3Fq%3Fx%3F%3D.pdf"),
        ("100%.pdf", 'filename="100%.pdf"'),
    ],
)
def test_file_names(filename: str, written: str) -> None:
    raw = compose(outbound(attachments=(attachment(b"1", filename=filename),)), COPY)
    assert f"Content-Disposition: attachment;\r\n {written}\r\n".encode() in raw
    (part,) = read(raw).iter_attachments()
    assert part.get_filename() == filename


@pytest.mark.parametrize("filename", ["relatório de atividades " * 12 + ".pdf", "文件" * 60, "x" * 250, "🚀.pdf"])
def test_long_file_names_are_continued(filename: str) -> None:
    raw = compose(outbound(attachments=(attachment(b"1", filename=filename),)), COPY)
    assert max(len(line) for line in raw.split(b"\r\n")) <= 78
    (part,) = read(raw).iter_attachments()
    assert part.get_filename() == filename
    assert mailparser.parse_from_bytes(raw).attachments[0]["filename"] == filename


@pytest.mark.parametrize(
    ("content_type", "written"),
    [
        ("image/svg+xml", "image/svg+xml"),
        ("IMAGE/PNG", "image/png"),
        ("message/rfc822", "application/octet-stream"),
        ("multipart/mixed", "application/octet-stream"),
        ("text/html; charset=utf-8", "application/octet-stream"),
        ("", "application/octet-stream"),
        ("no type", "application/octet-stream"),
        ("application/x-" + "y" * 400, "application/octet-stream"),
    ],
)
def test_content_types_of_attachments(content_type: str, written: str) -> None:
    raw = compose(outbound(attachments=(attachment(b"1", content_type=content_type),)), COPY)
    assert f"\r\nContent-Type: {written}\r\nContent-Transfer-Encoding: base64\r\n".encode() in raw


def test_an_attachment_without_a_name_or_octets() -> None:
    raw = compose(outbound(attachments=(attachment(b"", filename=""),)), COPY)
    (part,) = read(raw).iter_attachments()
    assert (part.get_filename(), part.get_content()) == (None, b"")
