"""What holds for every message whatever is in it."""

import json
from email import policy
from email.message import EmailMessage, Message
from pathlib import Path

import mailparser
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailtickets.mail.read import mime
from mailtickets.mail.read.parse import as_json, parse
from mailtickets.mail.reply import cut
from mailtickets.words import language
from tests.mail.bombs import BOMBS

CORPUS = sorted((Path(__file__).parents[1] / "corpus").glob("*.eml"))
SLOW = settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])

SCRAPS = st.sampled_from(
    [
        b"From: a@b.test\n",
        b"From: \xe3 <a@b.test>, =?utf-8?q?=C3?= (c\n",
        b"Subject: =?utf-8?b?w6M?= =?x?q?=\n",
        b"Content-Type: multipart/mixed; boundary=b\n",
        b"Content-Type: multipart/alternative; boundary=b\n",
        b"Content-Type: text/html; charset=utf-7\n",
        b"Content-Type: text/plain; format=flowed; charset=utf-16\n",
        b"Content-Type: message/rfc822\n",
        b"Content-Type: application/pkcs7-mime\n",
        b"Content-Type: text/calendar\n",
        b"Content-Transfer-Encoding: base64\n",
        b"Content-Transfer-Encoding: quoted-printable\n",
        b"Content-Disposition: attachment; filename*0*=utf-8''%zz; filename*1=\"\n",
        b"\n",
        b"\r\n",
        b"\r",
        b"--b\n",
        b"--b--\n",
        b"On Mon, Mar 3, 2025 at 10:12 AM X <x@b.test> wrote:\n",
        b"> quoted\n",
        b"-- \n",
        b"De: a@b.test\nEnviada em: 03/03/2025 10:12\nPara: c@d.test\nAssunto: e\n",
        b"<blockquote class=gmail_quote>x</blockquote>",
        b"begin 644 a\n#3VQA\n`\nend\n",
        b"Ref.: MFRGGZDFMZTWQ2LKNNWG23TPOB\n",
        b"\xff\xfe\x00\x80",
        b"\x1b$B",
    ]
)
FROM_SCRAPS = st.sampled_from(
    [
        *("Ana", " ", '"', "'", ",", ";", ":", "(", ")", "[", "\\", "=", "?", ".", "@", "<", ">", "\u00e9", "\u200b"),
        *("ana@a.test", "b@b.test", "<ana@a.test>", "<b@b.test>", '"Ana" <ana@a.test>', "<@a.test:b@b.test>"),
        *("=?utf-8?q?Jo=C3=A3o?=", "=?utf-8?q?b=40b.test?=", "=?utf-8?q?=3Cb=40b.test=3E?=", "=?utf-8?b?Ig==?="),
    ]
)
MESSAGES = st.lists(st.one_of(SCRAPS, st.binary(max_size=40)), max_size=25).map(b"".join)


@SLOW
@given(MESSAGES)
def test_parsing_never_raises_and_its_json_is_utf8(raw: bytes) -> None:
    mail = parse(raw)
    assert "unparsed" not in mail.defects
    assert json.loads(json.dumps(as_json(mail, "x"), ensure_ascii=False).encode("utf-8"))["file"] == "x"


@SLOW
@given(MESSAGES)
def test_the_reply_is_made_of_lines_of_the_text(raw: bytes) -> None:
    mail = parse(raw)
    lines = mail.text.split("\n")
    assert all(any(line.startswith(part) for line in lines) for part in mail.reply.split("\n"))


@SLOW
@given(MESSAGES)
def test_sizes_are_those_of_the_contents(raw: bytes) -> None:
    mail = parse(raw)
    assert all(attachment.size == len(attachment.content) for attachment in mail.attachments)
    assert sum(attachment.size for attachment in mail.attachments) <= 2 * len(raw) + 100


@SLOW
@given(MESSAGES)
def test_names_and_subjects_are_one_clean_line(raw: bytes) -> None:
    mail = parse(raw)
    shown = [mail.subject, *(attachment.filename for attachment in mail.attachments)]
    assert all(text.isprintable() or not any(ord(letter) < 32 for letter in text) for text in shown)
    assert not any("/" in attachment.filename or "\\" in attachment.filename for attachment in mail.attachments)


@SLOW
@given(st.lists(FROM_SCRAPS, min_size=1, max_size=6).map("".join))
def test_who_is_named_as_author_is_whom_the_other_reader_names(value: str) -> None:
    author, other = parse(f"From: {value}\n\nx".encode()).author, Message()
    other.add_header("From", value.strip().encode("ascii", "replace").decode())
    named = [address.casefold() for _, address in mailparser.MailParser(other).from_ if address.count("@") == 1]
    own = author.key.encode("ascii", "replace").decode() if author else ""
    assert author is None or "@" not in own or not named or own in named


@pytest.mark.parametrize("name", ["", "Ana ", '"Ana" ', "=?utf-8?q?Ana?= "])
def test_an_address_that_looks_like_another_is_believed_under_no_name(name: str) -> None:
    mail = parse(f"From: {name}<ana\u200b@a.test>\n\nx".encode())
    assert mail.author is None
    assert "from-ambiguous" in mail.defects


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_cutting_what_was_cut_changes_nothing(path: Path) -> None:
    mail = parse(path.read_bytes())
    again = cut.split(mail.reply, subject=mail.subject)
    if again.uncut is not None and not mail.cut_by:  # what a mail quotes that answers nothing is its writer's own
        again = again.uncut
    if not mail.defects or "cut-left-nothing" not in mail.defects:
        assert again.reply.strip("\n") == mail.reply.strip("\n")


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_no_message_of_the_corpus_is_too_much_for_the_reader(path: Path) -> None:
    assert "unparsed" not in parse(path.read_bytes()).defects


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_read_and_not_set_off(name: str) -> None:
    mail = parse(BOMBS[name])
    assert "unparsed" not in mail.defects
    assert len(mail.attachments) <= mime.MAX_PARTS


def test_a_message_written_by_the_standard_library_comes_back_whole() -> None:
    message = EmailMessage(policy=policy.SMTP)
    message["From"] = "José <jose@cliente.test>"
    message["Subject"] = "Opção " * 20
    message.set_content("Olá, não chegou.\n")
    message.add_attachment(bytes(range(256)) * 50, maintype="application", subtype="zip", filename="não é.zip")
    mail = parse(bytes(message))
    assert (mail.text, mail.subject) == ("Olá, não chegou.", ("Opção " * 20).strip())
    assert mail.attachments[0].content == bytes(range(256)) * 50
    assert mail.attachments[0].filename == "não é.zip"


def test_exact_octets_of_a_binary_part_survive() -> None:
    octets = bytes(range(256)) + b"\r\n\r\r\n\n"
    raw = (
        b"From: a@b.test\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: image/png\r\n"
        b"Content-Transfer-Encoding: binary\r\n\r\n" + octets + b"\r\n--b--\r\n"
    )
    assert parse(raw).attachments[0].content == octets


def test_twenty_five_megabytes_of_attachment_come_back_exactly() -> None:
    octets = bytes(range(256)) * 40_000
    message = EmailMessage(policy=policy.SMTP)
    message["From"] = "a@b.test"
    message.set_content("x")
    message.add_attachment(octets, maintype="application", subtype="zip", filename="a.zip")
    assert parse(bytes(message)).attachments[0].content == octets


def test_our_own_loop_header_is_known_by_the_name_of_the_instance() -> None:
    raw = b"From: a@b.test\nX-Mailtickets-Loop: exemplo; hops=1\n\nx"
    assert parse(raw, instance="exemplo").kind == "loop"


def test_the_digest_is_alike_for_copies_that_came_by_other_roads() -> None:
    head, other = b"From: a@b.test\nSubject: x\n", b"Received: from a by b\nFrom: a@b.test\nSubject: x\n"
    assert parse(head + b"\nbody\n").digest == parse(other.replace(b"\n", b"\r\n") + b"\r\nbody\r\n").digest
    assert parse(head + b"\nbody\n").digest != parse(head + b"\nother\n").digest


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Bom dia, ainda não recebi o pedido. Podem verificar, por favor?", "pt"),
        ("Good morning, I have not received the order yet. Could you please check?", "en"),
        ("Buenos días, todavía no he recibido el pedido. ¿Pueden revisar, por favor?", "es"),
        ("Guten Morgen, ich habe die Bestellung noch nicht erhalten.", None),
        ("12345", None),
        ("", None),
    ],
)
def test_the_language_of_a_text_is_told(text: str, expected: str | None) -> None:
    assert language.of(text) == expected


def _tnef(*objects: tuple[int, int, bytes]) -> bytes:
    """A winmail.dat of these (level, attribute, data) objects (MS-OXTNEF section 2.1.3)."""
    packed = b"\x78\x9f\x3e\x22\x01\x00"
    for level, attribute, data in objects:
        checksum = sum(data) & 0xFFFF
        packed += bytes([level]) + attribute.to_bytes(4, "little") + len(data).to_bytes(4, "little") + data
        packed += checksum.to_bytes(2, "little")
    return packed


def test_winmail_dat_is_unpacked_into_its_files() -> None:
    winmail = _tnef(
        (1, 0x00089006, b"\x00\x00\x01\x00"),
        (2, 0x00069002, b"\x01\x00" + b"\xff" * 12),
        (2, 0x00018010, b"nota.txt\0"),
        (2, 0x0006800F, b"Ola"),
    )
    message = EmailMessage(policy=policy.SMTP)
    message["From"] = "a@b.test"
    message.set_content("Segue.\n")
    message.add_attachment(winmail, maintype="application", subtype="ms-tnef", filename="winmail.dat")
    mail = parse(bytes(message))
    assert [(each.filename, each.content) for each in mail.attachments] == [("nota.txt", b"Ola")]
    assert mail.text == "Segue."


def test_signed_data_with_nothing_in_it_stays_as_it_is() -> None:
    raw = b"From: a@b.test\nContent-Type: application/pkcs7-mime; smime-type=signed-data\n\n" + bytes.fromhex("3000")
    assert [each.filename for each in parse(raw).attachments] == ["attachment.p7m"]


def test_winmail_dat_that_cannot_be_read_stays_as_it_is() -> None:
    message = EmailMessage(policy=policy.SMTP)
    message["From"] = "a@b.test"
    message.set_content("Segue.\n")
    message.add_attachment(b"junk", maintype="application", subtype="ms-tnef", filename="winmail.dat")
    mail = parse(bytes(message))
    assert [each.filename for each in mail.attachments] == ["winmail.dat"]
    assert "tnef-unreadable" in mail.defects
