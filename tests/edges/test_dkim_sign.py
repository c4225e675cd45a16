import base64
import logging
import re
import threading
from datetime import UTC, datetime
from pathlib import Path

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from mailtickets.config.load import load
from mailtickets.config.places import ConfigError
from mailtickets.edges.out import dkim as dkim_sign
from mailtickets.edges.out.dkim import DkimSigner, sign
from mailtickets.mail.model import Address, Attachment, Copy, OutboundMail
from mailtickets.mail.read.parse import parse
from mailtickets.mail.write.compose import compose
from mailtickets.mail.write.keys import pem_block

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PKCS8 = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
PKCS1 = KEY.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
RECORD = b"v=DKIM1; k=rsa; p=" + base64.b64encode(
    KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
)
RAW = (
    b"From: Suporte Exemplo <suporte@desk.test>\r\n"
    b"To: Maria <maria@example.test>\r\n"
    b"Reply-To: <suporte+abc@desk.test>\r\n"
    b"Subject: =?utf-8?q?Re=3A_impress=C3=A3o?= [#1042]\r\n"
    b"Date: Mon, 02 Mar 2026 10:00:00 -0300\r\n"
    b"Message-ID: <mt.1@desk.test>\r\n"
    b"References: <a@example.test>\r\n"
    b"MIME-Version: 1.0\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n"
    b"Content-Transfer-Encoding: 7bit\r\n"
    b"\r\n"
    b"bom dia\r\n\r\nAtt.,\r\n"
)


def zone(**records: bytes):  # type: ignore[no-untyped-def]
    """A DNS that has these TXT records, dots in their names written as two underscores."""
    known = {f"{name.replace('__', '.')}.": text for name, text in records.items()}

    def look_up(name: bytes | str, timeout: float = 5) -> bytes | None:
        return known.get(name.decode() if isinstance(name, bytes) else name)

    return look_up


PUBLISHED = zone(s1___domainkey__desk__test=RECORD)


def verifies(raw: bytes, dns=PUBLISHED) -> bool:  # type: ignore[no-untyped-def]
    return bool(dkim.verify(raw, dnsfunc=dns))


def tags(raw: bytes) -> dict[str, str]:
    value = parse(raw).header("dkim-signature")
    assert value is not None
    pairs = (tag.partition("=") for tag in value.split(";"))
    return {name.strip(): re.sub(r"\s+", "", content) for name, _, content in pairs}


@pytest.mark.parametrize("pem", [PKCS8, PKCS1, PKCS8.replace(b"\n", b"\r\n")], ids=["pkcs8", "pkcs1", "crlf"])
def test_a_signed_mail_verifies(pem: bytes) -> None:
    signed = sign(RAW, pem_block(pem), "s1")
    assert signed.endswith(RAW)
    assert verifies(signed)


def test_the_signature_is_a_field_of_short_lines() -> None:
    signature = sign(RAW, PKCS8, "s1").removesuffix(RAW)
    assert signature.startswith(b"DKIM-Signature: ")
    assert signature.endswith(b"\r\n")
    assert b"\n" not in signature.replace(b"\r\n", b"")
    assert all(len(line) <= 78 for line in signature.split(b"\r\n"))


def test_what_it_says() -> None:
    found = tags(sign(RAW, PKCS8, "s1"))
    assert {name: found[name] for name in ("v", "a", "c", "d", "s")} == {
        "v": "1", "a": "rsa-sha256", "c": "relaxed/relaxed", "d": "desk.test", "s": "s1",
    }  # fmt: skip
    assert "l" not in found
    listed = found["h"].split(":")
    for name in (
        "from",
        "subject",
        "to",
        "date",
        "message-id",
        "reply-to",
        "references",
        "mime-version",
        "content-type",
    ):
        assert listed.count(name) == 2, name
    assert listed.count("cc") == 1


def test_only_the_time_and_what_it_is_signed_with_differ_the_next_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dkim.time.time", lambda: 1_772_456_400.5)
    first = sign(RAW, PKCS8, "s1")
    assert sign(RAW, PKCS8, "s1") == first
    monkeypatch.setattr("dkim.time.time", lambda: 1_772_456_401.5)
    later = sign(RAW, PKCS8, "s1")
    assert {name for name, value in tags(first).items() if tags(later)[name] != value} == {"t", "b"}


@pytest.mark.parametrize(
    "name", ["From", "To", "Reply-To", "Subject", "Date", "Message-ID", "References", "Content-Type"]
)
def test_a_signed_field_cannot_be_changed_nor_another_be_added(name: str) -> None:
    signed = sign(RAW, PKCS8, "s1")
    field = re.search(rb"(?m)^%b: .*\r\n" % name.encode(), signed)
    assert field is not None
    assert not verifies(signed.replace(field[0], field[0][:-2] + b"x\r\n"))
    assert not verifies(signed.replace(field[0], b""))
    assert not verifies(b"%b: evil@example.test\r\n" % name.encode() + signed)
    assert not verifies(signed.replace(b"\r\n\r\n", b"\r\n%b: evil@example.test\r\n\r\n" % name.encode(), 1))


@pytest.mark.parametrize("name", ["Cc", "In-Reply-To"])
def test_a_field_it_does_not_have_cannot_be_added(name: str) -> None:
    assert not verifies(b"%b: <evil@example.test>\r\n" % name.encode() + sign(RAW, PKCS8, "s1"))


def test_the_text_cannot_be_changed() -> None:
    signed = sign(RAW, PKCS8, "s1")
    assert not verifies(signed.replace(b"bom dia", b"mau dia"))
    assert not verifies(signed + b"more\r\n")


def test_what_servers_on_the_way_do_breaks_nothing() -> None:
    signed = sign(RAW, PKCS8, "s1")
    assert verifies(b"Received: from a.test by b.test; Mon, 02 Mar 2026 13:00:01 +0000\r\n" + signed)
    assert verifies(signed.replace(b"Subject: ", b"Subject:\r\n   "))
    assert verifies(signed.replace(b"bom dia\r\n", b"bom dia  \r\n") + b"\r\n\r\n")
    assert verifies(b"List-Id: <x.list.test>\r\nSender: x@list.test\r\nDelivered-To: maria@example.test\r\n" + signed)


def test_the_domain_may_be_given() -> None:
    signed = sign(RAW, PKCS8, "s1", "Mail.Desk.TEST".lower())
    assert tags(signed)["d"] == "mail.desk.test"
    assert verifies(signed, zone(s1___domainkey__mail__desk__test=RECORD))


def test_a_domain_that_is_not_ascii_is_signed_by_its_a_labels() -> None:
    raw = RAW.replace(b"suporte@desk.test", "suporte@bücher.test".encode())
    signed = sign(raw, PKCS8, "s1")
    assert tags(signed)["d"] == "xn--bcher-kva.test"
    assert signed.endswith(raw)


def test_a_name_that_looks_like_an_address_is_not_the_domain() -> None:
    raw = RAW.replace(b"Suporte Exemplo <", b'"chefe@other.test" <')
    assert tags(sign(raw, PKCS8, "s1"))["d"] == "desk.test"


def test_another_key_s_signature_does_not_verify() -> None:
    other = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    pem = other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    assert not verifies(sign(RAW, pem, "s1"))


@pytest.mark.parametrize(
    "raw",
    [
        RAW.replace(b"From: Suporte Exemplo <suporte@desk.test>\r\n", b""),
        RAW.replace(b"<suporte@desk.test>", b"<suporte@desk.test>, <x@other.test>"),
        RAW.replace(b"<suporte@desk.test>", b""),
        b"no header here\r\n\r\ntext\r\n",
    ],
    ids=["no From", "two mailboxes", "no mailbox", "no fields"],
)
def test_a_mail_of_nobody_is_not_signed(raw: bytes) -> None:
    with pytest.raises(ValueError, match="sender's domain"):
        sign(raw, PKCS8, "s1")


def test_what_the_desk_writes_is_signed_and_verifies() -> None:
    mail = OutboundMail(
        notice="reply",
        subject="Re: Impressão às 10h " + "muito comprida " * 20,
        text="Olá Maria,\n\n" + "linha \t \n" * 50 + "\n\n",
        html="<p>Olá Maria</p>",
        sender=Address("Suporte Exemplo", "suporte@desk.test"),
        to=(),
        cc=(Address("João", "joao@example.test"),),
        message_id="mt.7.abc@desk.test",
        in_reply_to="a@example.test",
        references=tuple(f"{n}.{'x' * 40}@example.test" for n in range(30)),
        date=datetime(2026, 3, 2, 13, 0, tzinfo=UTC),
        auto_submitted="auto-generated",
        suppress="DR, RN, NRN, OOF, AutoReply",
        loop="exemplo; hops=1",
        attachments=(Attachment("nota.pdf", "application/pdf", 3_000, "0" * 64, False, None, b"\x00\xff " * 1_000),),
    )
    copy = Copy(Address("Maria", "maria@example.test"), "suporte+v@desk.test", "suporte+t@desk.test", "a" * 26)
    signed = sign(compose(mail, copy), PKCS8, "s1")
    assert verifies(signed)
    listed = tags(signed)["h"].split(":")
    assert {"auto-submitted", "x-auto-response-suppress", "x-mailtickets-loop"} <= set(listed)
    for name in ("Auto-Submitted", "X-Mailtickets-Loop"):
        assert not verifies(re.sub(rb"(?m)^%b: .*\r\n" % name.encode(), b"", signed))


async def test_it_signs_in_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[threading.Thread] = []
    real = dkim_sign.sign

    def watched(*arguments: object) -> bytes:
        threads.append(threading.current_thread())
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(dkim_sign, "sign", watched)
    assert verifies(await DkimSigner("s1", pem_block(PKCS8)).signed(RAW))
    assert threads[0] is not threading.main_thread()


async def test_a_mail_that_cannot_be_signed_goes_out_as_it_is(caplog: pytest.LogCaptureFixture) -> None:
    raw = RAW.replace(b"<suporte@desk.test>", b"secret words")
    with caplog.at_level(logging.WARNING):
        assert await DkimSigner("s1", pem_block(PKCS8)).signed(raw) == raw
    assert caplog.messages == ["dkim-unsigned cause=ValueError"]


def test_a_key_is_not_shown() -> None:
    assert "PRIVATE" not in repr(DkimSigner("s1", PKCS8))


# --- the configuration ------------------------------------------------------------------------------------------------

CONFIG = """\
[instance]
hostname = "mail.desk.test"
[[queue]]
name = "suporte"
addresses = ["suporte@desk.test"]
[delivery]
method = "maildir"
"""


def written(directory: Path, *, key: bytes | None = PKCS8, **keys: str) -> Path:
    file = directory / "config.toml"
    file.write_text(CONFIG + "".join(f'{name} = "{value}"\n' for name, value in keys.items()))
    if key is not None:
        (directory / "dkim.pem").write_bytes(key)
    return file


def problems(file: Path) -> list[tuple[str, str]]:
    with pytest.raises(ConfigError) as caught:
        load(file, secrets=True)
    return list(caught.value.problems)


async def test_a_configured_signer(tmp_path: Path) -> None:
    loaded = load(written(tmp_path, dkim_selector="S1", dkim_key_file="dkim.pem"), secrets=True)
    signer = DkimSigner.of(loaded)
    assert signer is not None
    assert verifies(await signer.signed(RAW))


def test_nothing_is_signed_by_default(tmp_path: Path) -> None:
    assert DkimSigner.of(load(written(tmp_path), secrets=True)) is None


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (b"", "an RSA private key in PEM was expected"),
        (b"-----BEGIN PRIVATE KEY-----\nbm8ga2V5\n-----END PRIVATE KEY-----\n", "damaged, or of another kind"),
        (b"-----BEGIN PRIVATE KEY-----\n!!!!\n-----END PRIVATE KEY-----\n", "an RSA private key in PEM was expected"),
        (PKCS8[:800] + PKCS8[808:], "damaged, or of another kind"),
        (PKCS1.replace(b"RSA PRIVATE", b"PRIVATE"), "damaged, or of another kind"),
        (b"-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n", "without a passphrase"),
        (None, "there is no file"),
    ],
    ids=["empty", "no key", "no base64", "damaged", "mislabelled", "encrypted", "missing"],
)
def test_a_broken_key_is_an_error_with_its_key_path(tmp_path: Path, key: bytes | None, expected: str) -> None:
    file = written(tmp_path, key=key, dkim_selector="s1", dkim_key_file="dkim.pem")
    ((where, what),) = problems(file)
    assert where == "delivery.dkim_key_file"
    assert expected in what
    assert "BEGIN" not in what


def test_a_key_that_verifiers_do_not_trust_is_an_error(tmp_path: Path) -> None:
    small = base64.encodebytes(_pkcs1_of(1009, 1013))
    pem = b"-----BEGIN RSA PRIVATE KEY-----\n" + small + b"-----END RSA PRIVATE KEY-----\n"
    ((where, what),) = problems(written(tmp_path, key=pem, dkim_selector="s1", dkim_key_file="dkim.pem"))
    assert (where, what) == ("delivery.dkim_key_file", "a key of 1024 bits or more was expected, not 20")


def _pkcs1_of(p: int, q: int) -> bytes:
    d = pow(65537, -1, (p - 1) * (q - 1))
    numbers = [0, p * q, 65537, d, p, q, d % (p - 1), d % (q - 1), pow(q, -1, p)]
    octets = [number.to_bytes(number.bit_length() // 8 + 1) for number in numbers]
    body = b"".join(bytes([2, len(octet)]) + octet for octet in octets)
    return bytes([0x30, len(body)]) + body


def test_selector_and_key_belong_together(tmp_path: Path) -> None:
    assert problems(written(tmp_path, dkim_selector="s1")) == [
        ("delivery.dkim_key_file", "is missing: dkim_selector is set")
    ]
    assert problems(written(tmp_path, dkim_key_file="dkim.pem")) == [
        ("delivery.dkim_selector", "is missing: dkim_key_file is set")
    ]
    assert problems(written(tmp_path, dkim_domain="desk.test")) == [
        ("delivery.dkim_selector", "is missing: dkim_domain is set")
    ]


@pytest.mark.parametrize("name", ["a b", "s1.", ".s1", "s..1", "-s", "ação", "s;d=evil.test", "s\\u000d\\u000aX: y"])
def test_a_selector_is_a_name_in_the_dns(tmp_path: Path, name: str) -> None:
    found = problems(written(tmp_path, dkim_selector=name, dkim_key_file="dkim.pem"))
    assert found[0][0] == "delivery.dkim_selector"


def test_the_key_is_not_opened_where_no_secret_is_needed(tmp_path: Path) -> None:
    file = written(tmp_path, key=None, dkim_selector="s1", dkim_key_file="dkim.pem")
    assert load(file).delivery.dkim_selector == "s1"
