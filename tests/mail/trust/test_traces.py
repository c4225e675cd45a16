"""Files that hold one of our notices or a reply token, however they are packed, and files that only look so."""

import base64
import quopri
from email.message import EmailMessage
from hashlib import sha256

import pytest

from mailtickets.mail.model import Attachment
from mailtickets.mail.read.parse import parse
from mailtickets.mail.trust.traces import carriers, gives_away, suspects

TOKEN = "abcdefghijklmnopqrstuvwx23"


def a_file(content: bytes, name: str = "arquivo.bin", kind: str = "application/octet-stream") -> Attachment:
    return Attachment(name, kind, len(content), sha256(content).hexdigest(), False, None, content)


def a_notice(text: str, **fields: str) -> bytes:
    mail = EmailMessage()
    mail["Subject"] = "[#1042] Impressora"
    for name, value in fields.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text, cte="base64")
    return mail.as_bytes()


def packed(notice: bytes, layers: int) -> bytes:
    """A notice in a mail in a mail, each in base64."""
    for _ in range(layers):
        head = b"Content-Type: application/octet-stream; name=a.eml\nContent-Transfer-Encoding: base64\n\n"
        notice = head + base64.encodebytes(notice)
    return notice


GIVEN_AWAY = {
    "loop header": a_notice("Olá", X_Mailtickets_Loop="exemplo; hops=1"),
    "loop header quoted": b"> From: x\n> X-MAILTICKETS-LOOP: exemplo; hops=1\n",
    "reply-to": a_notice("Olá", Reply_To=f"suporte+{TOKEN}@desk.test"),
    "reply-to in an encoded word": b"Reply-To: =?utf-8?b?"
    + base64.b64encode(b"<a+%s@d.test>" % TOKEN.encode())
    + b"?=\n",
    "recipient of a mail": a_notice("Olá", To=f"suporte+{TOKEN.upper()}@desk.test"),
    "ref line in base64": a_notice(f"Olá\n\nRef.: {TOKEN}\n"),
    "ref line in quoted-printable": b"Content-Transfer-Encoding: quoted-printable\n\n"
    + quopri.encodestring(f"Olá\nRef.: {TOKEN[:10]}".encode())
    + b"=\n"
    + TOKEN[10:].encode(),
    "text file": f"Ref.: {TOKEN}".encode(),
    "text file in utf-16": f"Ref.: {TOKEN}".encode("utf-16"),
    "outlook message": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    + b"\0" * 40
    + f"x suporte+{TOKEN}@desk.test".encode("utf-16-le"),
    "page": f"<p>Ref<b>.:</b> {TOKEN[:5]}<i>{TOKEN[5:]}</i></p>".encode(),
    "page with entities": f"<p>Ref&#46;&#58;&nbsp;{TOKEN}</p>".encode(),
    "link in a page": f"<a href='mailto:suporte%2B{TOKEN}%40desk.test'>x</a>".encode(),
    "calendar": f"ORGANIZER:mailto:suporte+{TOKEN[:20]}\r\n {TOKEN[20:]}@desk.test\r\n".encode(),
    "other delimiter": f"suporte-{TOKEN}@desk.test".encode(),
    "mail in mail": packed(a_notice(f"Ref.: {TOKEN}"), 4),
    "invisible": f"suporte+{TOKEN[:5]}\u200b{TOKEN[5:]}@desk.test".encode(),
    "wrapped and quoted": f"> suporte+{TOKEN[:5]}\n> {TOKEN[5:]}@desk.test".encode(),
}

INNOCENT = {
    "empty": b"",
    "text": b"Ref.: pedido 8841\nsuporte+vendas@desk.test",
    "alphabet": b"abcdefghijklmnopqrstuvwxyz",
    "placeholder": b"Ref.: 00000000000000000000000000",
    "too long": f"Ref.: {TOKEN}abc".encode(),
    "picture": b"\x89PNG" + f"Ref.: {TOKEN}".encode(),
    "a customer's mail": a_notice("A impressora parou.", From="maria@cliente.test", To="suporte@desk.test"),
    "spoken of": b"The header X-Mailtickets-Loop says who sent it.",
}


@pytest.mark.parametrize("what", GIVEN_AWAY)
def test_a_file_with_a_notice_or_a_token_in_it_is_named(what: str) -> None:
    assert carriers([a_file(b"Bom dia"), a_file(GIVEN_AWAY[what], "nosso.eml")]) == ("nosso.eml",)


@pytest.mark.parametrize("what", INNOCENT)
def test_an_ordinary_file_is_not(what: str) -> None:
    assert carriers([a_file(INNOCENT[what])]) == ()


def test_a_message_in_more_layers_than_anybody_makes_is_looked_at_as_it_is() -> None:
    assert carriers([a_file(packed(a_notice(f"Ref.: {TOKEN}"), 12))]) == ()


def test_reading_a_mail_names_its_files_that_give_us_away() -> None:
    mail = EmailMessage()
    mail.set_content("Segue.")
    mail.add_attachment(GIVEN_AWAY["ref line in base64"], maintype="application", subtype="x-eml", filename="aviso.eml")
    mail.add_attachment(b"nada", maintype="application", subtype="x-eml", filename="outro.eml")
    assert parse(mail.as_bytes()).carriers == ("aviso.eml",)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"O código é {TOKEN}.", {TOKEN}),
        (f"O código é {TOKEN.upper()}.", {TOKEN}),
        (f"código\n{TOKEN[:9]}\n> {TOKEN[9:]} fim", {TOKEN}),
        (f"x{TOKEN} {TOKEN}8", set()),
        ("nada", set()),
    ],
)
def test_words_that_may_be_tokens_are_found(text: str, found: set[str]) -> None:
    assert suspects(text) == found
    assert not gives_away(text)


def test_reading_a_mail_gathers_words_that_may_be_tokens_from_all_that_it_says() -> None:
    given = [TOKEN[i:] + TOKEN[:i] for i in range(4)]
    mail = EmailMessage()
    mail["From"], mail["Subject"] = f"{given[0]} <ana@desk.test>", given[1]
    mail.set_content(given[2])
    mail.add_attachment(b"nada", maintype="application", subtype="x-eml", filename=f"{given[3]}.eml")
    assert parse(mail.as_bytes()).suspects == tuple(sorted(given))
