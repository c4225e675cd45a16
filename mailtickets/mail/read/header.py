"""Reads header fields as mail programs write them: RFC 2047 words, RFC 2231 parameters, message ids.

Owns: how the octets of a field become one line of text for people, and how ids and parameters are found in damaged
fields.
Fails with: nothing. Octets that cannot be decoded are guessed (`charset`), never dropped.
Limits: linear in the length of the field, which `mime` has cut to 32 KB.
"""

import base64
import binascii
import re
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from mailtickets.mail.read import charset

MAX_PARAMETERS = 100
MAX_IDS = 1_000

_WORD = re.compile(r"=\?([^?\s]{1,80})\?([bBqQ])\?((?:[^?=]|=(?!\?(?!=))|\?(?!=))*+)\?=")
"""An RFC 2047 word. Its text must not hold the beginning of another word. Otherwise a value with many unended words
would be read to the end from each beginning, in quadratic time.
"""
_QUOTED_HEX = re.compile(rb"=([0-9A-Fa-f]{2})")
_PARAMETER = re.compile(
    r"[;\s]*([^=;\s\"]+)\s*=\s*(?:3D(?=\"))?(?:\"((?:[^\"\\]|\\.)*)(?:\"[^;]*|$)|([^;]*))|[;\s]+|[^;]+", re.DOTALL
)
_UNPARTED = re.compile(r"\s*([^\s=;,\"]+)[\s,]+(?=[A-Za-z0-9*-]+\s*=)")
"""A media type without a semicolon after it: `multipart/mixed boundary="..."`, up to the first parameter."""
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u061c\u00ad\ufff9-\ufffb]")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def octets_to_text(raw: bytes, hint: str | None = None) -> str:
    """The text of a field's octets: ASCII or UTF-8 (RFC 6532), otherwise `hint`, the charset of the mail's own text."""
    return raw.decode("ascii") if raw.isascii() else charset.guess(raw, hint)


def one_line(text: str) -> str:
    """The text on one line for display: without control characters and bidi marks, and with single blanks."""
    return " ".join(_INVISIBLE.sub("", _CONTROL.sub(" ", text)).split())


def decoded(value: str) -> str:
    """The value with every RFC 2047 word decoded. Blanks between adjacent words are dropped."""
    return _decoded(value) if "=?" in value else value


def without_words(value: str) -> str:
    """The parts of a value that are outside RFC 2047 words."""
    return _WORD.sub("", value)


@lru_cache(maxsize=32)
def _decoded(value: str) -> str:
    """The decoded value. Cached, because several readers ask for the same subject and author."""
    out: list[str] = []
    run: list[tuple[str, str, str]] = []
    position = 0
    for word in _WORD.finditer(value):
        between = value[position : word.start()]
        if between.strip() or not run:
            out += [_run_text(run), between]
            run = []
        run.append((word[1], word[2].upper(), word[3]))
        position = word.end()
    return "".join([*out, _run_text(run), value[position:]])


def _run_text(run: list[tuple[str, str, str]]) -> str:
    """The text of adjacent RFC 2047 words. Words of one charset are decoded together, because some programs split a
    character between two words.
    """
    text, octets, current = "", b"", ""
    carry = ""
    for index, (name, encoding, content) in enumerate(run):
        label = name.partition("*")[0].lower()  # RFC 2231 section 5: a language may follow
        if label != current and octets:
            text += charset.word(octets, current)
            octets = b""
        current = label
        if encoding == "Q":
            octets += _q_octets(content)
            continue
        content, carry = carry + re.sub(r"[^A-Za-z0-9+/=_-]", "", content), ""
        alike = index + 1 < len(run) and run[index + 1][1] == "B" and run[index + 1][0].lower() == name.lower()
        if alike and len(content) % 4 and not content.endswith("="):
            carry = content
        else:
            octets += base64_octets(content.encode("ascii"))
    return text + (charset.word(octets, current) if octets else "")


def _q_octets(content: str) -> bytes:
    octets = content.replace("_", " ").encode("utf-8", "surrogateescape")
    return _QUOTED_HEX.sub(lambda match: bytes([int(match[1], 16)]), octets)


def base64_octets(content: bytes) -> bytes:
    """The octets of base64, even if its end is incomplete or other characters lie between. Decoding goes on after
    padding in the middle.
    """
    try:
        return base64.b64decode(content, validate=True)
    except binascii.Error:
        pass
    kept = re.sub(rb"[^A-Za-z0-9+/=]", b"", content.translate(bytes.maketrans(b"-_", b"+/")))
    return b"".join(_chunk(chunk) for chunk in re.findall(rb"[A-Za-z0-9+/]+", kept))


def _chunk(chunk: bytes) -> bytes:
    if len(chunk) % 4 == 1:  # six bits do not make an octet
        chunk = chunk[:-1]
    return base64.b64decode(chunk + b"=" * (-len(chunk) % 4))


def parameters(value: str) -> tuple[str, dict[str, str]]:
    """The value before the first semicolon and the parameters after it (RFC 2045, RFC 2231); their names are in
    lower case.
    """
    main, _, rest = value.partition(";")
    main, found = _uncommented(main).strip().strip("\"'"), dict[str, str]()
    pieces: dict[str, list[tuple[int, bool, str]]] = {}
    if unparted := _UNPARTED.match(value) if "=" in main else None:  # the sender's program left out the first semicolon
        main, rest = unparted[1].strip("\"'"), value[unparted.end() :]
    elif "=" in main:  # there is no media type, only parameters
        main, rest = "", value
    for match in _PARAMETER.finditer(rest):
        if match[1] is None:
            continue
        name, stated = match[1].lower(), _parameter_value(match)
        base, *sections = name.split("*")
        if not sections:
            found.setdefault(base, decoded(stated))
        else:
            number = int(sections[0][:9]) if sections[0].isascii() and sections[0].isdecimal() else 0
            pieces.setdefault(base, []).append((number, name.endswith("*"), stated))
        if len(found) + sum(map(len, pieces.values())) >= MAX_PARAMETERS:
            break
    return main, found | {name: _continued(sections) for name, sections in pieces.items()}


def _parameter_value(match: re.Match[str]) -> str:
    if match[2] is not None:
        return re.sub(r"\\([\"\\])", r"\1", match[2])
    return re.sub(r"(?<!\s)\s++\([^()]*+\)\s*$", "", match[3]).strip().strip("'\"" if match[3].startswith("'") else "")


def _continued(sections: list[tuple[int, bool, str]]) -> str:
    """The value of a parameter in numbered pieces, percent-encoded or not; the first piece names the charset (RFC 2231
    sections 3 and 4).
    """
    sections.sort(key=lambda section: section[0])
    label, octets, plain = "", b"", not any(encoded for _, encoded, _ in sections)
    if plain:
        return decoded("".join(text for _, _, text in sections))
    for index, (_, encoded, text) in enumerate(sections):
        if index == 0 and encoded and text.count("'") >= 2:
            label, _, text = text.split("'", 2)
        raw = text.encode("utf-8", "surrogateescape")
        octets += unquote_to_bytes(raw) if encoded else raw
    return charset.word(octets, label or "utf-8")


def _uncommented(value: str) -> str:
    return re.sub(r"\([^()]*\)", "", value)


def ids(values: list[str]) -> tuple[str, ...]:
    """All message ids in these fields, in order, each once, without angle brackets (RFC 5322 section 3.6.4)."""
    found = (token for value in values for token in _ids(decoded(value)))
    return tuple(dict.fromkeys(found))[:MAX_IDS]


def _ids(value: str) -> list[str]:
    """The ids in one value. Blanks in a folded id are removed. Text without brackets is an id if it has an @."""
    head, *pieces = value.split("<")
    found = [] if pieces else [token.strip("<>,;\"'()") for token in head.split() if "@" in token]
    for piece in pieces:
        inside, closed, after = piece.partition(">")
        token = re.sub(r"\s+", "", inside) if closed else inside.split(maxsplit=1)[0] if inside.split() else ""
        loose = after.split()
        found += [token, *([loose[0].strip("<>,;\"'()")] if len(loose) == 1 and "@" in after else [])]
    return [one_line(token) for token in found if one_line(token)]
