"""Reads what a message says and carries: one text, one HTML and the attachments from a tree of parts.

Owns: which parts are the body and which are attachments, however the tree is nested (alternative, related, mixed,
signed, report, digest); what is packed inside parts (winmail.dat, opaque S/MIME, uuencode, yEnc); file names.
Fails with: nothing. `Content.defects` names what could not be trusted or read. A part that its reader fails on becomes
an attachment as it came, and the other parts are still read.
Limits: `MAX_UNPACKED_BYTES` out of packed parts. `mime` limits the rest.
"""

import binascii
import hashlib
import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

from mailtickets.mail.kind import reaction
from mailtickets.mail.model import Attachment
from mailtickets.mail.read import charset, header, invite, mime, smime
from mailtickets.mail.read.mime import Part
from mailtickets.mail.reply import html

MAX_UNPACKED_BYTES = 50 * 1024 * 1024
MAX_FILENAME_BYTES = 240
MAX_SMIME_LAYERS = 3
MAX_COMPARED = 10
"""How many texts side by side are compared to find a text that stands there twice."""
MIN_CONTAINED = 60
"""A text of at least this many letters is left out if a longer text contains it. A shorter text, such as an answer of
one or two words, may be in any text by chance.
"""

_BODY_TYPES = {"text/plain", "text/html", "text/enriched", "text/richtext"}
_FOR_PROGRAMS = {"application/ld+json", "application/json+ld"}
"""Types of data for mail programs beside the text (schema.org). A person sends such data as a file with a name."""
_EXTENSIONS = {
    "application/gzip": "gz",
    "application/ics": "ics",
    "application/json": "json",
    "application/msword": "doc",
    "application/octet-stream": "bin",
    "application/pdf": "pdf",
    "application/pgp-encrypted": "asc",
    "application/pgp-keys": "asc",
    "application/pgp-signature": "asc",
    "application/pkcs7-mime": "p7m",
    "application/pkcs7-signature": "p7s",
    "application/postscript": "ps",
    "application/rtf": "rtf",
    "application/vnd.ms-excel": "xls",
    "application/vnd.ms-powerpoint": "ppt",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/x-gzip": "gz",
    "application/x-pkcs7-mime": "p7m",
    "application/x-pkcs7-signature": "p7s",
    "application/x-zip-compressed": "zip",
    "application/xml": "xml",
    "application/zip": "zip",
    "audio/mpeg": "mp3",
    "audio/mp4": "m4a",
    "audio/x-wav": "wav",
    "audio/wav": "wav",
    "image/jpeg": "jpg",
    "image/jpg": "jpg",
    "image/pjpeg": "jpg",
    "image/svg+xml": "svg",
    "image/tiff": "tif",
    "image/x-icon": "ico",
    "message/delivery-status": "txt",
    "message/disposition-notification": "txt",
    "message/external-body": "txt",
    "message/feedback-report": "txt",
    "message/global": "eml",
    "message/rfc822": "eml",
    "text/calendar": "ics",
    "text/html": "html",
    "text/plain": "txt",
    "text/rfc822-headers": "txt",
    "text/vcard": "vcf",
    "text/x-amp-html": "html",
    "text/x-vcard": "vcf",
    "video/mpeg": "mpg",
    "video/quicktime": "mov",
}
_TYPES = {extension: kind for kind, extension in reversed(_EXTENSIONS.items())}
_TYPES |= {"txt": "text/plain", "png": "image/png", "gif": "image/gif", "jpeg": "image/jpeg", "jpg": "image/jpeg"}
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)", re.IGNORECASE)
_UNSAFE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x9f\ufffe\uffff\ud800-\udfff]")
_META_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*+=\s*+[\"']?\s*+([A-Za-z0-9_:.-]{1,40})", re.IGNORECASE)
_STUB = re.compile(
    r"(?:does(?:n'?t| not)|can(?:no|')t|unable to|n[ãa]o|not?|please) [^\n]{0,80}"
    r"(?:support|suporta|soporta|admite|view|display|visualiz|exib|enable)[^\n]{0,60}html"
    r"|html[^\n]{0,60}(?:e-?mail|message|mensagem|mensaje|required|capable|format)",
    re.IGNORECASE,
)
_STUB_CHARACTERS = 300
_BLANKS_AND_MARKS = re.compile(r"[\s>*_|\u200b\ufeff-]+")
_IS_HTML = re.compile(r"\s*(?:<!doctype html|<html[\s>]|<\?xml[^>]*\?>\s*<html)", re.IGNORECASE)
_ANY_TAG = re.compile(r"<[/!a-zA-Z][^<>]*>")
_ENRICHED = re.compile(r"<(/?)([a-zA-Z0-9-]{1,60})>")
_QP_CONTROL = re.compile(rb"=(0[0-8BCEFbcef]|1[0-9A-Fa-f]|7[Ff])")
_QP_MADE = re.compile(rb"=3[Dd]|=[ \t]*\r?\n|=20\r?\n|=\s*\Z")
_QP_LETTERS = re.compile(rb"(?:=[89A-Fa-f][0-9A-Fa-f])+")
_QP_NEVER_MADE = re.compile(rb"=(?![0-9A-Fa-f]{2}|[ \t]*\r?\n|\Z)")
_UU_BEGIN = re.compile(r"^begin(?:-base64)? [0-7]{3,4} (\S[^\n]{0,200})\n", re.MULTILINE)
_UU_END = re.compile(r"^(?:end|====)[ \t]*$\n?", re.MULTILINE)
_UU_LINE = re.compile(r"[ -`]{1,90}")
_UU_EXTRA = 2
"""How many characters may follow the data of a line, such as a checksum."""
_YENC_BEGIN = re.compile(r"^=ybegin [^\n]{0,200}?name=([^\n]{1,200})\n(?:=ypart[^\n]*\n)?", re.MULTILINE)
_YENC_END = re.compile(r"^=yend[^\n]*$\n?", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Content:
    text: str
    html: str | None
    """The HTML as sent: decoded, not sanitised."""
    marks: tuple[int, ...] | None
    """The numbers of the lines of `text` at which a quotation begins; None if `text` was not made from HTML."""
    attachments: tuple[Attachment, ...]
    invites: tuple[str, ...]
    defects: tuple[str, ...]
    reaction: str | None = None
    """The emoji of a part that states an emoji reaction of the reader; None if there is no such part."""


@dataclass(frozen=True, slots=True)
class _BranchText:
    """The text of one branch of the tree of parts."""

    text: str = ""
    html: str | None = None
    marks: tuple[int, ...] = ()
    is_plain: bool = False

    @property
    def is_blank(self) -> bool:
        return not self.text.strip()


def read(root: Part) -> Content:
    reader = _TreeReader(root)
    body = reader.body(root)
    if body.is_blank and body.html is None:
        body = reader.named_text() or body
    if body.is_blank and reader.sealed:
        body = _BranchText(f"[{reader.sealed}]", is_plain=True)
    shown = frozenset(_SHOWN.findall(body.html or ""))
    attachments = tuple(_as_shown(file, shown) for file in reader.attachments)
    marks = None if body.is_plain else body.marks
    return Content(
        body.text,
        body.html,
        marks,
        attachments,
        tuple(reader.invites),
        tuple(dict.fromkeys(reader.defects)),
        reader.reaction,
    )


_SHOWN = re.compile(r"""cid:([^\s"'<>]{1,500})""", re.IGNORECASE)


def _as_shown(file: Attachment, shown: frozenset[str]) -> Attachment:
    """The file marked as inline if it is a picture that the HTML shows, whatever its Content-Disposition states."""
    is_part = file.content_type.startswith("image/") and file.content_id in shown and not file.inline
    return replace(file, inline=True) if is_part else file


def octets(part: Part) -> bytes:
    """The body of a part after its transfer encoding is decoded. An unknown encoding is treated as no encoding."""
    encoding = part.encoding
    if encoding == "base64":
        return _base64(part.body)
    if encoding == "quoted-printable":
        return _quoted_printable(part)
    if encoding in ("x-uuencode", "uuencode", "x-uue", "uue"):
        return _uuencoded(part.body)
    return bytes(part.body)


def _uuencoded(body: memoryview) -> bytes:
    text = bytes(body).decode("latin-1").replace("\r\n", "\n") + "\n"
    opening, closing = _UU_BEGIN.search(text), _UU_END.search(text)
    inside = text[opening.end() if opening else 0 : closing.start() if closing else len(text)]
    return _uu_octets(opening[0] if opening else "", inside) or bytes(body)


def _base64(body: memoryview) -> bytes:
    try:
        decoded = binascii.a2b_base64(body)
    except binascii.Error:
        return header.base64_octets(bytes(body))
    if len(decoded) * 4 // 3 + 8 < len(body) * 3 // 4 or re.search(rb"=\s*+[A-Za-z0-9+/]", body):
        return header.base64_octets(bytes(body))  # padding in the middle: several runs one after the other
    return decoded


def _quoted_printable(part: Part) -> bytes:
    octets_sent, is_text = bytes(part.body), part.content_type.startswith("text/")
    if is_text and _is_unencoded(octets_sent, part.parameters.get("charset", "")):
        return octets_sent
    if b"= " in octets_sent or b"=\t" in octets_sent:  # RFC 2045 section 6.7 (3): ignore blanks at the end of a line
        octets_sent = re.sub(rb"=[ \t]+(\r?\n)", rb"=\1", octets_sent)
    if is_text:  # `?id=12` would decode to a control character: such text was not encoded
        octets_sent = _QP_CONTROL.sub(rb"=3D\1", octets_sent)
    return binascii.a2b_qp(octets_sent)


def _is_unencoded(octets_sent: bytes, label: str) -> bool:
    """Whether a part is labelled quoted-printable but was never encoded: it has bare equals signs or unencoded letters.

    Encoded text shows its encoding: `=3D` for an equals sign, lines that end in an equals sign, encoded letters beyond
    ASCII.
    """
    if _QP_MADE.search(octets_sent) or (octets_sent.isascii() and _QP_NEVER_MADE.search(octets_sent) is None):
        return False
    letters = b" ".join(_QP_LETTERS.findall(octets_sent))
    return not letters or not charset.fits(binascii.a2b_qp(letters), label if octets_sent.isascii() else "utf-8")


class _TreeReader:
    """Collects attachments and defects while it walks the tree."""

    def __init__(self, root: Part) -> None:
        self.root = root
        self.attachments: list[Attachment] = []
        self.invites: list[str] = []
        self.defects: list[str] = []
        self.sealed = ""
        self.has_text = False
        """An alternative has plain text already: HTML need not be rendered."""
        self.layers = 0
        self.reaction: str | None = None
        self.named: list[Part] = []
        self.names: dict[str, int] = {}

    def body(self, part: Part, *, related: bool = False) -> _BranchText:
        """The text of a part. A part that cannot be read becomes an attachment with a defect."""
        try:
            return self._read(part, related=related)
        except Exception:  # a reader's error concerns this part alone, not the mail
            self.defects.append("part-unreadable")
            self._add(self._default_name(part.content_type), part.content_type, bytes(part.body))
            return _BranchText()

    def _read(self, part: Part, *, related: bool) -> _BranchText:
        if part.parts:
            return self._multipart(part)
        if self._is_body(part):
            return self._leaf(part)
        if part.content_type == reaction.PART and part.disposition[0] != "attachment":
            self.reaction = self.reaction or reaction.emoji_of(octets(part))
            if self.reaction is not None:
                return _BranchText(self.reaction if part is self.root else "", is_plain=part is self.root)
        if part.content_type in ("application/pkcs7-mime", "application/x-pkcs7-mime"):
            return self._opaque(part)
        if part.content_type in ("application/ms-tnef", "application/vnd.ms-tnef") or _is_winmail(part):
            return self._tnef(part)
        if not self._is_for_programs(part):
            self.attach(part, related=related)
        return _BranchText()

    def _is_for_programs(self, part: Part) -> bool:
        named = part.filename or part.disposition[0] == "attachment"
        return part.content_type in _FOR_PROGRAMS and not named and part is not self.root

    def _is_body(self, part: Part) -> bool:
        if part.content_type not in _BODY_TYPES or part.disposition[0] == "attachment":
            return False
        return not part.filename or part is self.root

    def _multipart(self, part: Part) -> _BranchText:
        subtype = part.content_type.partition("/")[2]
        if subtype == "alternative":
            return self._alternative(part)
        if subtype == "related":
            return self._related(part)
        if subtype == "encrypted":
            self.defects.append("encrypted-pgp")
            self.sealed = "PGP-encrypted message: it cannot be read here"
        return _joined([self.body(child) for child in part.parts])

    def _alternative(self, part: Part) -> _BranchText:
        """The plain text if it is not empty, together with the HTML."""
        bodies: list[_BranchText] = []
        for child in part.parts:
            if child.content_type != "text/x-amp-html":
                self.has_text = self.has_text or any(
                    len(body.text) > _STUB_CHARACTERS for body in bodies if body.is_plain
                )
                bodies.append(self.body(child))
        self.has_text = False
        shown = next((body.html for body in reversed(bodies) if body.html is not None), None)
        plain = next((body for body in bodies if body.is_plain and not body.is_blank), None)
        rich = next((body for body in reversed(bodies) if not body.is_plain and not body.is_blank), None)
        if plain is not None and not (rich is not None and _is_stub(plain.text, rich.text)):
            return _BranchText(plain.text, shown, is_plain=True)
        best = rich or plain or _BranchText()
        return _BranchText(best.text, shown, best.marks, best.is_plain)

    def _related(self, part: Part) -> _BranchText:
        """The text of a multipart/related part. Its root is the part that `start` names, otherwise the first
        part (RFC 2387).
        """
        start = part.parameters.get("start", "").strip("<>")
        root = next((child for child in part.parts if start and child.content_id == start), part.parts[0])
        body = self.body(root, related=True)
        others = [self.body(child, related=True) for child in part.parts if child is not root]
        return body if not body.is_blank or body.html else _joined(others)

    def _leaf(self, part: Part) -> _BranchText:
        raw = octets(part)
        label = part.parameters.get("charset", "")
        if part.content_type == "text/html":
            meta = _META_CHARSET.search(raw, 0, 4_096)
            label = label or (meta[1].decode("ascii") if meta else "")
        text, defect = charset.text(raw, label)
        if defect:
            self.defects.append(defect)
        text = _lines(text)
        if part.content_type == "text/html" or (_IS_HTML.match(text) and "</" in text):
            return _BranchText(html=text) if self.has_text else _from_html(text)
        if part.content_type in ("text/enriched", "text/richtext"):
            return _BranchText(_plain_of_enriched(text), is_plain=True)
        if part.parameters.get("format", "").lower() == "flowed":
            text = flowed(text, part.parameters.get("delsp", "").lower() == "yes")
        return _BranchText(self._without_enclosures(text), is_plain=True)

    def _without_enclosures(self, text: str) -> str:
        """The text without files that are written into it, as programs did before MIME. These files become
        attachments.
        """
        if "\nend" in text and "begin" in text:
            text = self._enclosed(text, _UU_BEGIN, _UU_END, _uu_octets)
        if "=ybegin" in text:
            text = self._enclosed(text, _YENC_BEGIN, _YENC_END, _yenc_octets)
        return text

    def _enclosed(
        self, text: str, begin: re.Pattern[str], end: re.Pattern[str], unpacked: Callable[[str, str], bytes]
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
            name = safe_filename(opening[1]) or "file.bin"
            self._add(name, _type_of_name(name), raw)
            kept, position = kept + text[position : opening.start()], closing.end()
        return kept + text[position:]

    def _opaque(self, part: Part) -> _BranchText:
        raw = octets(part)
        inside = smime.content(raw) if self.layers < MAX_SMIME_LAYERS else None
        if inside is None:
            self.attach(part)
            if smime.is_encrypted(raw):
                self.defects.append("encrypted-smime")
                self.sealed = "S/MIME-encrypted message: it cannot be read here"
            return _BranchText()
        self.layers += 1
        tree = mime.read(inside)
        self.defects += tree.defects
        return self.body(tree.root)

    def _tnef(self, part: Part) -> _BranchText:
        from mailtickets.mail.read import tnef

        unpacked = tnef.unpack(octets(part))
        if unpacked is None:
            self.attach(part)
            self.defects.append("tnef-unreadable")
            return _BranchText()
        for name, file in unpacked.files:
            safe = safe_filename(name) or "attachment.bin"
            self._add(safe, _type_of_name(safe), file)
        if unpacked.html:
            return _from_html(_lines(unpacked.html))
        return _BranchText(_lines(unpacked.text), is_plain=True)

    def attach(self, part: Part, *, related: bool = False) -> None:
        raw = octets(part)
        if part.content_type.startswith(("text/", "message/")) and part.encoding != "base64":
            raw = raw.replace(b"\r\n", b"\n")  # same line ends, so that all copies of a file have one digest
        if part.content_type in ("text/calendar", "application/ics"):
            self._invite(part, raw)
        if part.content_type.startswith("text/") and part.disposition[0] != "attachment":
            self.named.append(part)
        disposition = part.disposition[0]
        inline = disposition == "inline" or (disposition != "attachment" and related and part.content_id is not None)
        sent_name = part.filename or part.text("content-location").partition("?")[0]
        name = safe_filename(sent_name) or self._default_name(part.content_type)
        self._add(name, part.content_type, raw, inline=inline, content_id=part.content_id)

    def _invite(self, part: Part, raw: bytes) -> None:
        try:
            line = invite.line(charset.text(raw, part.parameters.get("charset", ""))[0])
        except Exception:  # the calendar is attached as a file
            self.defects.append("calendar-unreadable")
            return
        self.invites += [line] if line and line not in self.invites else []

    def _add(
        self, name: str, content_type: str, raw: bytes, *, inline: bool = False, content_id: str | None = None
    ) -> None:
        digest = hashlib.sha256(raw).hexdigest()
        self.attachments.append(Attachment(name, content_type, len(raw), digest, inline, content_id, raw))

    def _default_name(self, content_type: str) -> str:
        """A file name for a part that came without one: `image.png`, `image-2.png`."""
        kind, _, subtype = content_type.partition("/")
        stem = {"application": "attachment", "multipart": "part"}.get(kind, kind)
        if kind == "message" and subtype not in ("rfc822", "global"):
            stem = subtype
        extension = _EXTENSIONS.get(content_type) or (subtype if re.fullmatch(r"[a-z0-9]{2,5}", subtype) else "bin")
        count = self.names[f"{stem}.{extension}"] = self.names.get(f"{stem}.{extension}", 0) + 1
        return f"{stem}.{extension}" if count == 1 else f"{stem}-{count}.{extension}"

    def named_text(self) -> _BranchText | None:
        """The text of a message that consists only of a named text part: the text of that part. None if there
        is no such part.
        """
        part = next((part for part in self.named if part.content_type in _BODY_TYPES), None)
        try:
            return self._leaf(part) if part is not None else None
        except Exception:  # the part is attached as a file already
            self.defects.append("part-unreadable")
            return None


def _from_html(text: str) -> _BranchText:
    if _ANY_TAG.search(text) is None and "&" not in text:
        return _BranchText(text, text)  # plain text with the label of HTML
    rendered = html.render(text)
    return _BranchText(rendered.text, text, rendered.marks)


def _joined(bodies: list[_BranchText]) -> _BranchText:
    """Texts joined one after the other. Marks are line numbers of the joined text."""
    written = _once([body for body in bodies if not body.is_blank])
    shown = [body.html for body in bodies if body.html is not None]
    if len(written) <= 1:
        best = written[0] if written else _BranchText()
        return _BranchText(best.text, "\n".join(shown) if shown else None, best.marks, best.is_plain)
    text, marks = "", list[int]()
    for body in written:
        text += "" if not text or text.endswith("\n") else "\n"
        marks += [mark + text.count("\n") for mark in body.marks]
        text += body.text
    return _BranchText(text, "\n".join(shown) if shown else None, tuple(marks), all(body.is_plain for body in written))


def _once(bodies: list[_BranchText]) -> list[_BranchText]:
    """The texts without those that another text contains. Some programs put two forms of one text side by side."""
    if len(bodies) > MAX_COMPARED:
        return bodies
    letters = [_BLANKS_AND_MARKS.sub("", body.text) for body in bodies]
    return [
        body
        for index, body in enumerate(bodies)
        if not any(
            letters[index] in other and (other != letters[index] or before < index)
            for before, other in enumerate(letters)
            if before != index and (len(letters[index]) >= MIN_CONTAINED or other == letters[index])
        )
    ]


def _lines(text: str) -> str:
    """The text with line feeds as line breaks and without control characters."""
    return _UNSAFE.sub("", text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff"))


def _is_stub(plain: str, rich: str) -> bool:
    return len(plain) < _STUB_CHARACTERS and len(rich) > len(plain) and _STUB.search(plain) is not None


def flowed(text: str, delsp: bool = False) -> str:
    """The text with its flowed lines joined (RFC 3676): a line that ends in a space continues on the next line of the
    same quote depth.
    """
    out: list[list[str]] = []
    depth_before, flows = 0, False
    for line in text.split("\n"):
        depth = len(line) - len(line.lstrip(">"))
        content = line[depth:]
        content = content.removeprefix(" ")
        goes_on = flows and depth == depth_before and content != "-- "
        flows = content.endswith(" ") and content != "-- "
        shown = content[:-1] if flows and delsp else content
        if goes_on:
            out[-1].append(shown)
        else:
            out.append([">" * depth + " " if depth else "", shown])
        depth_before = depth
    joined = ("".join(pieces) for pieces in out)
    return "\n".join(line.rstrip() if line != "-- " else line for line in joined)


def _plain_of_enriched(text: str) -> str:
    """Plain text from text/enriched (RFC 1896): commands in brackets go, single line breaks become blanks, `<<`
    becomes `<`.
    """
    text = re.sub(r"<param>.{0,200}?</param>", "", text, flags=re.IGNORECASE | re.DOTALL)
    text = re.sub(r"(?<!\n)\n(?!\n)", " ", text)
    text = re.sub(r"\n(\n+)", r"\1", text)
    return _ENRICHED.sub("", text.replace("<<", "\x00")).replace("\x00", "<")


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


def _is_winmail(part: Part) -> bool:
    return part.filename.lower() == "winmail.dat"


def _type_of_name(name: str) -> str:
    extension = name.rpartition(".")[2].lower()
    return _TYPES.get(extension, "application/octet-stream")


def safe_filename(name: str) -> str:
    """A file name without path, control or bidi characters, at most `MAX_FILENAME_BYTES` long. The result may
    be empty.
    """
    name = header.one_line(re.sub(r"[\ud800-\udfff]", "\ufffd", name))
    name = re.split(r"[\\/]", name.rstrip("\\/ "))[-1].strip(" .") if name.strip(". ") else ""
    if _RESERVED.match(name):
        name = f"_{name}"
    stem, dot, extension = name.rpartition(".")
    if not dot or len(extension) > 20:
        stem, dot, extension = name, "", ""
    room = MAX_FILENAME_BYTES - len((dot + extension).encode())
    return stem.encode()[:room].decode("utf-8", "ignore") + dot + extension
