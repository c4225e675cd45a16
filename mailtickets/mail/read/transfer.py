"""Decodes the transfer encoding of a part (RFC 2045 section 6): base64, quoted-printable, uuencode.

Owns: the errors that mail programs make in these encodings, such as text that is labelled quoted-printable and was
never encoded.
Fails with: binascii.Error where the standard library cannot decode at all; the reader of the part attaches the part as
it came then.
Limits: linear time.
"""

import binascii
import re

from mailtickets.mail.read import charset, enclosures, header
from mailtickets.mail.read.mime import Part

_QP_CONTROL = re.compile(rb"=(0[0-8BCEFbcef]|1[0-9A-Fa-f]|7[Ff])")
_QP_MADE = re.compile(rb"=3[Dd]|=[ \t]*\r?\n|=20\r?\n|=\s*\Z")
_QP_LETTERS = re.compile(rb"(?:=[89A-Fa-f][0-9A-Fa-f])+")
_QP_NEVER_MADE = re.compile(rb"=(?![0-9A-Fa-f]{2}|[ \t]*\r?\n|\Z)")


def octets(part: Part) -> bytes:
    """The body of a part after its transfer encoding is decoded. An unknown encoding is treated as no encoding."""
    encoding = part.encoding
    if encoding == "base64":
        return _base64(part.body)
    if encoding == "quoted-printable":
        return _quoted_printable(part)
    if encoding in ("x-uuencode", "uuencode", "x-uue", "uue"):
        return enclosures.uuencoded(part.body)
    return bytes(part.body)


def _base64(body: memoryview) -> bytes:
    try:
        decoded = binascii.a2b_base64(body)
    except binascii.Error:
        return header.base64_octets(bytes(body))
    if len(decoded) * 4 // 3 + 8 < len(body) * 3 // 4 or re.search(rb"=\s*+[A-Za-z0-9+/]", body):
        return header.base64_octets(bytes(body))  # padding in the middle: several runs one after the other
    return decoded


def _quoted_printable(part: Part) -> bytes:
    sent, is_text = bytes(part.body), part.content_type.startswith("text/")
    if is_text and _is_unencoded(sent, part.parameters.get("charset", "")):
        return sent
    if b"= " in sent or b"=\t" in sent:  # RFC 2045 section 6.7 (3): ignore blanks at the end of a line
        sent = re.sub(rb"=[ \t]+(\r?\n)", rb"=\1", sent)
    if is_text:  # `?id=12` would decode to a control character: such text was not encoded
        sent = _QP_CONTROL.sub(rb"=3D\1", sent)
    return binascii.a2b_qp(sent)


def _is_unencoded(sent: bytes, label: str) -> bool:
    """Whether a part is labelled quoted-printable but was never encoded: it has bare equals signs or unencoded letters.

    Encoded text shows its encoding: `=3D` for an equals sign, lines that end in an equals sign, encoded letters beyond
    ASCII.
    """
    if _QP_MADE.search(sent) or (sent.isascii() and _QP_NEVER_MADE.search(sent) is None):
        return False
    letters = b" ".join(_QP_LETTERS.findall(sent))
    return not letters or not charset.fits(binascii.a2b_qp(letters), label if sent.isascii() else "utf-8")
