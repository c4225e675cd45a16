"""Finds what reveals a mail of ours: the loop header, and the places where a reply token stands.

Owns: the patterns for these places (after the plus of an address, on a `Ref.:` line). They match in text that was
wrapped, percent-encoded, cut by tags, mixed with invisible characters or written in capitals. Also owns which files of
a mail hold such a trace, inside attached messages too.
Fails with: nothing. Pictures, PDF and archives are not opened.
Limits: `MAX_LAYERS` of messages in messages, `MAX_OPENED_BYTES` of a mail's files, `MAX_TAGGED_BYTES` of pages: files
beyond a limit are searched as they are, unopened. `MAX_SUSPECTS` words in the first `MAX_SUSPECT_CHARACTERS`.
"""

import re
from collections.abc import Iterable, Iterator
from html import unescape

from mailtickets.mail.model import LOOP_HEADER, REF_LABEL, Attachment
from mailtickets.mail.read import header, mime, transfer
from mailtickets.mail.read.mime import Part
from mailtickets.words.fold import INVISIBLE, ascii_in_place

MAX_LAYERS = 8
MAX_OPENED_BYTES = 26_000_000
MAX_TAGGED_BYTES = 6_000_000
MAX_SUSPECTS = 200
MAX_SUSPECT_CHARACTERS = 1_000_000

GAP = r"\0*+(?:[ \t]*+=?\n[ \t>|\0]*+){0,2}"
"""What may stand between two characters that belong together: invisible characters, or a line end and quote marks."""
TOKEN = rf"[a-z2-7](?:{GAP}[a-z2-7]){{25}}(?![a-z0-9])"
IN_ADDRESS = (
    *(rf"{plus}{GAP}{TOKEN}" for plus in (r"\+", r"%(?:25)*2b", "=2b", "&#43;", "&#x2b;", "&plus;")),
    *(rf"{mark}{TOKEN}(?={GAP}(?:@|%(?:25)*40|=40|&#64;))" for mark in ("-", "=", "#", "_", r"\.", "/")),
)
"""A token after a plus, or after another mark if an `@` follows: some servers divide addresses with other marks."""
_R, _EF = REF_LABEL[0].lower(), GAP.join(["", *REF_LABEL[1:3]])
ON_REF_LINE = (
    rf"{_R}(?<![a-z0-9]{_R}){_EF}"
    rf"{GAP}\.?{GAP}(?::|&#58;|=3a)?[\s\0*_>|:.=\-]{{0,40}}{TOKEN}"
)
_FORMS = (*IN_ADDRESS, ON_REF_LINE)  # each begins with a literal character, so that the search is fast
_IN_TEXT = tuple(re.compile(form) for form in _FORMS)
_IN_OCTETS = tuple(re.compile(form.encode()) for form in _FORMS)
_LOOP_LINE = re.compile(rf"(?:^|\n)[ \t>]*{LOOP_HEADER.lower()}[ \t]*:")
_LOOP_OCTETS = re.compile(_LOOP_LINE.pattern.encode())
_WORD = re.compile(rf"(?<![a-z0-9])(?=[a-z2-7]{{26}}|[a-z2-7]{{4,25}}+(?:\0|[ \t]*=?\n))(?=({TOKEN}))")
"""A token whose beginning is long enough or wrapped. This check is cheap and leaves out most words."""
_NOT_TOKEN = re.compile(r"[^a-z2-7]")

_OCTETS_IN_PLACE = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ\r", b"abcdefghijklmnopqrstuvwxyz\0")
_INVISIBLE_OCTETS = tuple(chr(code).encode() for code in INVISIBLE if code > 0x7F)
_TAG = re.compile(r"<[^<>]{0,4000}>")
_OPAQUE = (b"%PDF-", b"PK\x03\x04", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"\x1f\x8b", b"Rar!", b"7z\xbc\xaf", b"BZh")
_MESSAGE = re.compile(rb"(?:\xef\xbb\xbf|\s)*(?:>?From \S[^\n]*\n|[0-9]+\s*\n)?[A-Za-z][A-Za-z0-9-]{0,60}[ \t]*:")


def gives_away(text: str) -> bool:
    """Whether a text holds a mail of ours, or a reply token in one of its forms."""
    folded = ascii_in_place(text)
    loop = LOOP_HEADER.lower() in folded and _LOOP_LINE.search(folded)
    return bool(loop) or any(form.search(folded) for form in _IN_TEXT)


def suspects(text: str) -> frozenset[str]:
    """The words that look like reply tokens, also wrapped ones."""
    found = set[str]()
    for word in _WORD.finditer(ascii_in_place(text[:MAX_SUSPECT_CHARACTERS])):
        found.add(_NOT_TOKEN.sub("", word[1]))
        if len(found) == MAX_SUSPECTS:
            break
    return frozenset(found)


# --- files --------------------------------------------------------------------------------------------


def carriers(files: Iterable[Attachment]) -> tuple[str, ...]:
    """The names of the files that reveal a mail of ours."""
    room = _Room()
    return tuple(file.filename for file in files if _holds(file.content, room, 0))


class _Room:
    """Counts how many octets of one mail's files may still be opened."""

    def __init__(self) -> None:
        self.opened, self.tagged = MAX_OPENED_BYTES, MAX_TAGGED_BYTES

    def to_open(self, octets: bytes) -> bool:
        self.opened -= len(octets)
        return self.opened >= 0

    def to_read_as_page(self, octets: bytes) -> bool:
        if b"<" not in octets or b"\0" in octets[:4_000].replace(b"\0\0", b""):
            return False
        self.tagged -= len(octets)
        return self.tagged >= 0


def _holds(octets: bytes, room: _Room, layer: int) -> bool:
    if octets.startswith(_OPAQUE):
        return False
    if _octets_give_away(octets):
        return True
    if room.to_read_as_page(octets) and gives_away(_without_tags(octets)):
        return True
    if layer == MAX_LAYERS or not _MESSAGE.match(octets) or not room.to_open(octets):
        return False
    return any(_part_holds(part, room, layer + 1) for part in mime.read(octets).root.walk())


def _octets_give_away(octets: bytes) -> bool:
    """Whether octets hold a trace of a mail of ours. In UTF-16 every second octet of ASCII text is NUL, which
    counts as a gap.
    """
    if b"\0" not in octets[:4_000] and not octets.isascii():
        for sequence in _INVISIBLE_OCTETS:
            octets = octets.replace(sequence, b"\0")
    octets = octets.translate(_OCTETS_IN_PLACE)
    loop = LOOP_HEADER.lower().encode() in octets and _LOOP_OCTETS.search(octets)
    return bool(loop) or any(form.search(octets) for form in _IN_OCTETS)


def _without_tags(octets: bytes) -> str:
    return unescape(_TAG.sub("\0", octets.decode("utf-8", "replace")))


def _part_holds(part: Part, room: _Room, layer: int) -> bool:
    if any(gives_away(value) for value in _fields(part)):
        return True
    return not part.parts and _holds(transfer.octets(part), room, layer)


def _fields(part: Part) -> Iterator[str]:
    """The decoded values of a part's header fields that are encoded, because encoded values cannot be searched
    as octets.
    """
    for _, value in part.fields:
        if b"=?" in value or b"%" in value:
            yield header.decoded(header.octets_to_text(value))
