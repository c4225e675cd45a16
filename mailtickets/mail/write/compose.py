"""Composes the octets of an RFC 5322 message from a notice and one recipient's copy of it.

Owns: the header fields we write, how they are folded and encoded, the MIME tree. It does not use the stdlib's
generator, which encodes long message ids as RFC 2047 words (threads break) and picks its boundaries at random. Here the
same input gives the same octets, so that a repeated attempt is a true copy.

*Fails with*: nothing. Characters that could end a line or begin a field are replaced. An invalid address is written as
a name without a mailbox.
*Limits*: lines stay below 998 octets (RFC 5322, 2.1.1). Only 7-bit octets are written, except if the recipient's or the
sender's own address is not ASCII: then header fields are UTF-8 and need SMTPUTF8 (RFC 6532).
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from email.utils import format_datetime
from unicodedata import normalize
from urllib.parse import quote

from mailtickets.mail.model import (
    COPY_HEADER,
    LOOP_HEADER,
    REF_LABEL,
    REF_PLACEHOLDER,
    Address,
    Attachment,
    Copy,
    OutboundMail,
)

LINE_CHARACTERS = 76
"""Lines are folded at this length, the maximum that RFC 2047 allows for a line with encoded words."""

WORD_OCTETS = 36
"""How many octets one encoded word carries: 48 base64 characters. With its frame the word has 60 characters, which fit
after a field's name.
"""

NAME_CHARACTERS = 50
"""A plain display name longer than this is written in encoded words, because those can be folded."""

MAX_REFERENCES = 21
"""The first id and the last 20: mail programs build threads from both ends."""

MAX_ID_OCTETS = 900

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_PLAIN = re.compile(r"[ -~]*")
_PLAIN_LINE = re.compile(rb"[\t -~]{0,78}")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_ATOM = r"[^\x00-\x20\x7f-\xa0\u2028\u2029\ud800-\udfff\"(),:;<>@\[\]\\]+"
_ADDR_SPEC = re.compile(rf'(?:{_ATOM}|"(?:[ !#-\[\]-~]|\\[ -~])*")@(?:{_ATOM}|\[[0-9A-Za-z.:]+\])')
_ID = re.compile(r"[!-;=?-~]+")
_CHARSET = "utf-8''"
_CONTENT_TYPE = re.compile(r"(?!multipart/)[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*", re.IGNORECASE)
_PLACEHOLDER = rf"(?<![0-9A-Za-z]){REF_PLACEHOLDER}(?![0-9A-Za-z])"
_PLACEHOLDER_ALONE = re.compile(_PLACEHOLDER)
_GAP = r"(?:\s|&nbsp;|<[^<>]{0,200}>){0,9}"
_REF_ELEMENT = re.compile(  # every gap is bounded, so that time is linear in the text
    rf"<(p|div|td|li|span|small)\b[^<>]{{0,400}}>[^<>]{{0,80}}{re.escape(REF_LABEL)}{_GAP}{_PLACEHOLDER}[^<>]{{0,80}}</\1>"
    rf"|{re.escape(REF_LABEL)}{_GAP}{_PLACEHOLDER}"
)


@dataclass(frozen=True, slots=True)
class WrittenPart:
    """A MIME entity: its own fields, and its body as it is transferred."""

    fields: tuple[str, ...]
    body: bytes

    def __bytes__(self) -> bytes:
        return "\r\n".join([*self.fields, "", ""]).encode() + self.body


def compose(mail: OutboundMail, copy: Copy) -> bytes:
    """The message for `copy.recipient` as it is sent, with CRLF line ends, also at the very end."""
    body = _content(mail, copy.token)
    fields = [*_fields(mail, copy), *body.fields]
    return bytes(WrittenPart(tuple(fields), body.body))


# --- header fields ------------------------------------------------------------------------------------


def _fields(mail: OutboundMail, copy: Copy) -> Iterator[str]:
    utf8 = not (to_ascii(copy.recipient.address) + to_ascii(mail.sender.address)).isascii()
    yield _address_field("From", (mail.sender,), utf8)
    yield _address_field("To", mail.to or (copy.recipient,), utf8)
    if mail.cc:
        yield _address_field("Cc", mail.cc, utf8)
    if copy.reply_to:
        yield _address_field("Reply-To", (Address(mail.sender.name, copy.reply_to),), utf8)
    yield _text_field("Subject", mail.subject)
    yield f"Date: {format_datetime(mail.date)}"
    yield from _id_fields(mail)
    if mail.auto_submitted:
        yield _text_field("Auto-Submitted", mail.auto_submitted)
    if mail.suppress:
        yield _text_field("X-Auto-Response-Suppress", mail.suppress)
    if mail.loop:
        yield _text_field(LOOP_HEADER, mail.loop)
    if copy.tag:
        yield _text_field(COPY_HEADER, copy.tag)
    yield "MIME-Version: 1.0"


def _id_fields(mail: OutboundMail) -> Iterator[str]:
    """The fields with ids, unencoded, one id per line: mail programs do not recognise an encoded or broken id."""
    for name, ids in (
        ("Message-ID", (mail.message_id,)),
        ("In-Reply-To", (mail.in_reply_to or "",)),
        ("References", mail.references),
    ):
        written = [f"<{id_}>" for id_ in ids if _ID.fullmatch(id_) and len(id_) <= MAX_ID_OCTETS]
        if len(written) > MAX_REFERENCES:
            written = [written[0], *written[1 - MAX_REFERENCES :]]
        if written:
            yield f"{name}: " + "\r\n ".join(written)


def _text_field(name: str, value: str) -> str:
    """An unstructured field. It is folded at blanks if it is plain and its words are short, otherwise written in
    encoded words.
    """
    value = without_controls(value)
    if _PLAIN.fullmatch(value) and "=?" not in value:
        folded = _folded(f"{name}:", value.split(" "))
        if max(map(len, folded.split("\r\n"))) <= LINE_CHARACTERS + 2:
            return folded
    return _folded(f"{name}:", list(_encoded_words(value)))


def _folded(start: str, words: Sequence[str]) -> str:
    """The words after a field name, as many on a line as fit. The first word always stays on the first line."""
    lines = [f"{start} {words[0]}".rstrip()]
    for word in words[1:]:
        if word and len(lines[-1]) + 1 + len(word) > LINE_CHARACTERS:
            lines.append("")
        lines[-1] += f" {word}"
    return "\r\n".join(lines)


def _encoded_words(text: str) -> Iterator[str]:
    """The text as RFC 2047 words; each word holds whole characters (RFC 2047, 5)."""
    chunk = b""
    for character in text:
        octets = character.encode()
        if len(chunk) + len(octets) > WORD_OCTETS:
            yield _encoded_word(chunk)
            chunk = b""
        chunk += octets
    yield _encoded_word(chunk)


def _encoded_word(octets: bytes) -> str:
    return f"=?utf-8?b?{base64.b64encode(octets).decode()}?="


def _address_field(name: str, addresses: Iterable[Address], utf8: bool) -> str:
    """A field of addresses, one mailbox per line."""
    return f"{name}: " + ",\r\n ".join(_mailbox(address, utf8) for address in addresses)


def _mailbox(address: Address, utf8: bool) -> str:
    """`name <addr-spec>`. An invalid address, or one that needs SMTPUTF8 where it is not used, becomes an empty group
    (RFC 6857).
    """
    spec = to_ascii(address.address)
    if not is_addr_spec(spec) or not (utf8 or spec.isascii()):
        words = _encoded_words(without_controls(f"{address.name} {address.address}") or "?")
        return "\r\n ".join(words) + " :;"
    name = without_controls(address.name)
    if not name:
        return spec
    phrase = _phrase(name)
    fold = "\r\n " if len(phrase) + len(spec) > LINE_CHARACTERS - 15 else " "
    return f"{phrase}{fold}<{spec}>"


def _phrase(name: str) -> str:
    if not _PLAIN.fullmatch(name) or "=?" in name or len(name) > NAME_CHARACTERS:
        return "\r\n ".join(_encoded_words(name))
    if _ATOMS.fullmatch(name):
        return name
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def without_controls(text: str) -> str:
    """The value of a header field with a blank for each run of control characters and lone surrogates.

    So no value ends its field or begins another field. Other blanks stay as they are, unlike in `read.header.one_line`,
    which prepares text for display.
    """
    return _CONTROL.sub(" ", text).strip()


def is_addr_spec(address: str) -> bool:
    """Whether the text is one addr-spec and nothing else, so that it is safe between angle brackets."""
    return len(address) <= 320 and _ADDR_SPEC.fullmatch(address) is not None


def to_ascii(address: str) -> str:
    """The address with its domain in A-labels (RFC 5890). The stdlib implements IDNA 2003, which loses ß."""
    if address.isascii():
        return address
    local, at, domain = address.rpartition("@")
    return f"{local}{at}{'.'.join(map(_a_label, domain.split('.')))}"


def _a_label(label: str) -> str:
    return label if label.isascii() else "xn--" + normalize("NFC", label.lower()).encode("punycode").decode()


# --- the content --------------------------------------------------------------------------------------


def _content(mail: OutboundMail, token: str) -> WrittenPart:
    """The body part: mixed( alternative( text, related( html, images ) ), attachments ), without the levels that are
    not needed.
    """
    text = _text_part("plain", _with_token(mail.text, token))
    images, files = _by_place(mail)
    if mail.html is not None:
        html = _text_part("html", _html_with_token(mail.html, token))
        if images:
            html = _multipart("related", mail, [html, *(_file_part(image, "inline") for image in images)])
        text = _multipart("alternative", mail, [text, html])
    return _multipart("mixed", mail, [text, *(_file_part(file, "attachment") for file in files)]) if files else text


def _by_place(mail: OutboundMail) -> tuple[list[Attachment], list[Attachment]]:
    """The attachments in two groups: images that the HTML shows, and all others."""
    html = mail.html or ""
    shown = [a for a in mail.attachments if a.inline and a.content_id and f"cid:{a.content_id}" in html]
    return shown, [a for a in mail.attachments if not any(a is image for image in shown)]


def _with_token(text: str, token: str) -> str:
    """The text with the reply token in its place. Without a token the whole `Ref.:` line is removed."""
    if not token:
        lines = text.splitlines(keepends=True)
        text = "".join(line for line in lines if not (REF_LABEL in line and REF_PLACEHOLDER in line))
    return _PLACEHOLDER_ALONE.sub(lambda _: token, text)


def _html_with_token(html: str, token: str) -> str:
    """Like `_with_token`, for HTML: without a token the element around its place is removed."""
    if not token:
        html = _REF_ELEMENT.sub("", html)
    return _PLACEHOLDER_ALONE.sub(lambda _: token, html)


def _text_part(subtype: str, text: str) -> WrittenPart:
    encoding, body = _encoded_text(text)
    return WrittenPart((f"Content-Type: text/{subtype}; charset=utf-8", f"Content-Transfer-Encoding: {encoding}"), body)


def _encoded_text(text: str) -> tuple[str, bytes]:
    """The transfer encoding and the encoded octets. Text that every relay leaves unchanged stays 7bit; otherwise the
    shorter of two encodings is used.
    """
    lines = [line.encode(errors="replace") for line in re.split(r"\r\n|\r|\n", text)]
    if lines[-1]:
        lines.append(b"")
    if all(_is_plain(line) for line in lines):
        return "7bit", b"\r\n".join(lines)
    quoted = binascii.b2a_qp(b"\n".join(lines))
    quoted = re.sub(rb"(?m)^From ", b"=46rom =\n", quoted).replace(b"\n", b"\r\n")  # mbox adds >
    octets = b"\r\n".join(lines)
    if len(quoted) <= _base64_length(len(octets)):
        return "quoted-printable", quoted
    return "base64", _base64(octets)


def _is_plain(line: bytes) -> bool:
    """Whether relays leave a line unchanged: printable, short, no blank at the end that may be lost, no mbox separator,
    no boundary of ours.
    """
    return (
        _PLAIN_LINE.fullmatch(line) is not None
        and (line == b"-- " or not line.endswith((b" ", b"\t")))
        and not line.startswith((b"From ", b"--=_"))
    )


def _file_part(attachment: Attachment, place: str) -> WrittenPart:
    fields = [
        *_file_encoding(attachment),
        f"Content-Disposition: {place}" + "".join(_parameter("filename", without_controls(attachment.filename))),
    ]
    if attachment.content_id and _ID.fullmatch(attachment.content_id) and len(attachment.content_id) <= MAX_ID_OCTETS:
        fields.append(f"Content-ID: <{attachment.content_id}>")
    return WrittenPart(tuple(fields), _base64(attachment.content))


def _file_encoding(attachment: Attachment) -> tuple[str, str]:
    """The Content-Type and Content-Transfer-Encoding fields of a file. The encoding is always base64. RFC 2046 forbids
    base64 for message/*, so such a file, or one with an invalid type, is sent as application/octet-stream.
    """
    content_type = attachment.content_type.strip().lower()
    if not _CONTENT_TYPE.fullmatch(content_type) or content_type.startswith("message/") or len(content_type) > 127:
        content_type = "application/octet-stream"
    return f"Content-Type: {content_type}", "Content-Transfer-Encoding: base64"


def _parameter(name: str, value: str) -> Iterator[str]:
    """The pieces of a MIME parameter, in RFC 2231 form if it is not plain or not short."""
    if re.fullmatch(r"[ !#-\[\]-~]{1,60}", value) and "=?" not in value:
        yield f';\r\n {name}="{value}"'
        return
    octets = quote(value, safe="!#$&+-.^_`|~")
    pieces = re.findall(r"(?:%..|[^%]){1,18}", octets)
    if len(pieces) == 1:
        yield f";\r\n {name}*={_CHARSET}{octets}"
        return
    for number, piece in enumerate(pieces):
        yield f";\r\n {name}*{number}*={'' if number else _CHARSET}{piece}"


def _multipart(subtype: str, mail: OutboundMail, parts: Sequence[WrittenPart]) -> WrittenPart:
    """A multipart of these parts. The boundary is computed from the message id. No body can hold it, because our
    encodings never produce `--=_`.
    """
    boundary = f"=_{subtype}_{hashlib.sha256(f'{subtype} {mail.message_id}'.encode(errors='replace')).hexdigest()[:24]}"
    delimiter = f"--{boundary}".encode()
    body = b"".join(delimiter + b"\r\n" + bytes(part) + b"\r\n" for part in parts)
    field = f'Content-Type: multipart/{subtype};\r\n boundary="{boundary}"'
    return WrittenPart((field,), body + delimiter + b"--\r\n")


def _base64_length(octets: int) -> int:
    """The length in base64 of this many octets: four characters for every three octets, and a line break after every 57
    octets.
    """
    return -(-octets // 3) * 4 + -(-octets // 57) * 2


def _base64(octets: bytes) -> bytes:
    return base64.encodebytes(octets).replace(b"\n", b"\r\n")
