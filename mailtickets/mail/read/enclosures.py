"""Finds files that are written into a text as letters, as programs did before MIME: uuencode, and yEnc in Usenet.

Owns: where such a file begins and ends, and its decoding. Prose that only looks like uuencode stays in the text.
Fails with: nothing. What is no file stays in the text.
Limits: one pass over the text for each of the two forms.
"""

import binascii
import re
from collections import deque
from collections.abc import Callable

from mailtickets.mail.read import header

_UU_BEGIN = re.compile(r"^begin(?:-base64)? [0-7]{3,4} (\S[^\n]{0,200})\n", re.MULTILINE)
_UU_END = re.compile(r"^(?:end|====)[ \t]*$\n?", re.MULTILINE)
_UU_LINE = re.compile(r"[ -`]{1,90}")
_UU_EXTRA = 2
"""How many characters may follow the data of a line, such as a checksum."""
_YENC_BEGIN = re.compile(r"^=ybegin [^\n]{0,200}?name=([^\n]{1,200})\n(?:=ypart[^\n]*\n)?", re.MULTILINE)
_YENC_END = re.compile(r"^=yend[^\n]*$\n?", re.MULTILINE)


def without_enclosures(text: str, attach: Callable[[str, bytes], None]) -> str:
    """The text without the files that are written into it. `attach` gets each file: its name as written, its octets."""
    if "\nend" in text and "begin" in text:
        text = _enclosed(text, _UU_BEGIN, _UU_END, _uu_octets, attach)
    if "=ybegin" in text:
        text = _enclosed(text, _YENC_BEGIN, _YENC_END, _yenc_octets, attach)
    return text


def _enclosed(
    text: str,
    begin: re.Pattern[str],
    end: re.Pattern[str],
    unpacked: Callable[[str, str], bytes],
    attach: Callable[[str, bytes], None],
) -> str:
    """Attach the files between `begin` and `end`, and return the text without them.

    Each end is paired with the last beginning before it, so that one pass is enough.
    """
    kept, position, openings = "", 0, deque(begin.finditer(text))
    for closing in end.finditer(text):
        opening = None
        while openings and openings[0].start() < closing.start():
            opening = openings.popleft()
        raw = unpacked(opening[0], text[opening.end() : closing.start()]) if opening else b""
        if opening is None or not raw:
            continue
        attach(opening[1], raw)
        kept, position = kept + text[position : opening.start()], closing.end()
    return kept + text[position:]


def uuencoded(body: memoryview) -> bytes:
    """The file in a body with the transfer encoding uuencode; the body as it is if it holds no such file."""
    text = bytes(body).decode("latin-1").replace("\r\n", "\n") + "\n"
    opening, closing = _UU_BEGIN.search(text), _UU_END.search(text)
    inside = text[opening.end() if opening else 0 : closing.start() if closing else len(text)]
    return _uu_octets(opening[0] if opening else "", inside) or bytes(body)


def _uu_octets(opening: str, inside: str) -> bytes:
    """The file between `begin` and `end`; empty if a line between them is not data, as in prose."""
    if opening.startswith("begin-base64"):
        return header.base64_octets(inside.encode("ascii", "ignore"))
    lines = [line.rstrip() for line in inside.split("\n") if line.strip()]
    if not all(_UU_LINE.fullmatch(line) and len(line) <= 1 + _uu_room(line) + _UU_EXTRA for line in lines):
        return b""
    whole = sum(len(line) > _uu_room(line) for line in lines if line != "`")
    if 2 * whole < sum(line != "`" for line in lines):  # prose: line lengths differ from those stated
        return b""
    return b"".join(_uu_line(line) for line in lines)


def _uu_octets_of(line: str) -> int:
    """How many octets the line holds, as its first character states (POSIX uuencode)."""
    return (ord(line[0]) - 32) & 63


def _uu_room(line: str) -> int:
    """The number of characters that encode the octets which a line says it holds."""
    return (_uu_octets_of(line) + 2) // 3 * 4


def _uu_line(line: str) -> bytes:
    """The octets of one line. Blanks at its end may have been lost on the way; characters after the data (a checksum in
    some encoders) do not count.
    """
    characters = (_uu_octets_of(line) * 4 + 2) // 3
    return binascii.a2b_uu(f"{line[0]}{line[1 : characters + 1]:<{characters}}")


def _yenc_octets(opening: str, inside: str) -> bytes:
    """The octets of a yEnc file (http://www.yenc.org/yenc-draft.1.3.txt). yEnc adds 42 to each octet; it writes a
    critical octet as `=` and the octet plus 64.
    """
    raw = inside.replace("\n", "").encode("cp1252", "replace")
    raw = re.sub(rb"=(.)", lambda match: bytes([(match[1][0] - 64) % 256]), raw, flags=re.DOTALL)
    return raw.translate(bytes((octet - 42) % 256 for octet in range(256)))
