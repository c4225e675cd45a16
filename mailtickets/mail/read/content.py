"""Reads what a message says and carries: one text, one HTML and the attachments from a tree of parts.

Owns: which parts are the body and which are attachments, however the tree is nested (alternative, related, mixed,
signed, report, digest), and which packed parts are opened (winmail.dat, opaque S/MIME).
Fails with: nothing. `Content.defects` names what could not be trusted or read. A part that its reader fails on becomes
an attachment as it came, and the other parts are still read.
Limits: those of `mime`, `smime` and `tnef`.
"""

import hashlib
import re
from dataclasses import dataclass, replace

from mailtickets.mail.kind import reaction
from mailtickets.mail.model import Attachment
from mailtickets.mail.read import charset, invite, mime, smime, text_formats, transfer
from mailtickets.mail.read.enclosures import without_enclosures
from mailtickets.mail.read.filename import default_name, safe_filename, type_of_name
from mailtickets.mail.read.mime import Part
from mailtickets.mail.reply import html

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
            self.reaction = self.reaction or reaction.emoji_of(transfer.octets(part))
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
        raw = transfer.octets(part)
        label = part.parameters.get("charset", "")
        if part.content_type == "text/html":
            meta = _META_CHARSET.search(raw, 0, 4_096)
            label = label or (meta[1].decode("ascii") if meta else "")
        text, defect = charset.text(raw, label)
        if defect:
            self.defects.append(defect)
        text = text_formats.lines(text)
        if part.content_type == "text/html" or (_IS_HTML.match(text) and "</" in text):
            return _BranchText(html=text) if self.has_text else _from_html(text)
        if part.content_type in ("text/enriched", "text/richtext"):
            return _BranchText(text_formats.plain_of_enriched(text), is_plain=True)
        if part.parameters.get("format", "").lower() == "flowed":
            text = text_formats.flowed(text, part.parameters.get("delsp", "").lower() == "yes")
        return _BranchText(without_enclosures(text, self._attach_enclosed), is_plain=True)

    def _attach_enclosed(self, written_name: str, raw: bytes) -> None:
        name = safe_filename(written_name) or "file.bin"
        self._add(name, type_of_name(name), raw)

    def _opaque(self, part: Part) -> _BranchText:
        raw = transfer.octets(part)
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

        unpacked = tnef.unpack(transfer.octets(part))
        if unpacked is None:
            self.attach(part)
            self.defects.append("tnef-unreadable")
            return _BranchText()
        for name, file in unpacked.files:
            safe = safe_filename(name) or "attachment.bin"
            self._add(safe, type_of_name(safe), file)
        if unpacked.html:
            return _from_html(text_formats.lines(unpacked.html))
        return _BranchText(text_formats.lines(unpacked.text), is_plain=True)

    def attach(self, part: Part, *, related: bool = False) -> None:
        raw = transfer.octets(part)
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
        stem, extension = default_name(content_type)
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


def _is_stub(plain: str, rich: str) -> bool:
    return len(plain) < _STUB_CHARACTERS and len(rich) > len(plain) and _STUB.search(plain) is not None


def _is_winmail(part: Part) -> bool:
    return part.filename.lower() == "winmail.dat"
