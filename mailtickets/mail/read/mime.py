"""Splits the bytes of a message into a tree of parts (RFC 2045, RFC 2046). Accepts the errors of common mail programs.

Owns: where a header section ends, what a field is, where a boundary is, and the limits that hold while splitting, so
that no mail bomb is ever unpacked. Bodies are views into the message: nothing is copied or decoded here.
Fails with: nothing. `Tree.defects` names what is damaged or over a limit.
Limits: the constants below. The work is at most `MAX_DEPTH` searches over the message, whatever it holds.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from mailtickets.mail.read import header

MAX_HEADER_BYTES = 256 * 1024
MAX_FIELD_BYTES = 32 * 1024
MAX_FIELDS = 1_000
MAX_DEPTH = 20
MAX_PARTS = 500

_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:")
_BLANK = re.compile(rb"\r?\n[ \t]*\r?(?:\n|\Z)")
_LINE = re.compile(rb"[^\n]*\n?")
_BARE_CR = re.compile(rb"\r(?!\r?\n)")
_ANY_END = re.compile(rb"\r\r?\n|\r")
_BINARY = re.compile(rb"^content-transfer-encoding:[ \t]*binary", re.IGNORECASE | re.MULTILINE)
_LIKELY_BOUNDARY = re.compile(
    rb"^--([^\s-][^\r\n]{0,69}?|-+[^\s-][^\r\n]{0,68}?)[ \t]*\r?\n(?=content-)", re.IGNORECASE | re.MULTILINE
)
_INNER_BOUNDARY = re.compile(r"\sboundary=(?:\"([^\"]{1,80})\"|([^\s;\"]{1,80}))", re.IGNORECASE)
_KNOWN_FIELD = re.compile(
    rb"(?:received|from|to|cc|bcc|subject|date|message-id|in-reply-to|references|reply-to|sender|return-path"
    rb"|mime-version|content-[a-z]+|x-[a-z-]+|delivered-to|list-[a-z]+|dkim-signature|authentication-results)[ \t]*:",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Part:
    """One node of the tree. `fields` are (lower-case name, unfolded octets). `body` is the body as it was sent."""

    fields: tuple[tuple[str, bytes], ...]
    content_type: str
    parameters: dict[str, str]
    body: memoryview = field(repr=False)
    parts: tuple["Part", ...] = ()

    def raw(self, name: str) -> bytes | None:
        return next((value for key, value in self.fields if key == name), None)

    def text(self, name: str) -> str:
        """The topmost value of a structured field as text, for reading its syntax; empty if there is no such field."""
        return header.octets_to_text(self.raw(name) or b"")

    @property
    def encoding(self) -> str:
        value = re.sub(r"\([^()]*\)", "", self.text("content-transfer-encoding")).strip(" \"'")
        return re.split(r"[;\s\"']", value, maxsplit=1)[0].lower()

    @property
    def disposition(self) -> tuple[str, dict[str, str]]:
        value, parameters = header.parameters(self.text("content-disposition"))
        return value.lower(), parameters

    @property
    def filename(self) -> str:
        """The file name as sent: decoded, but not yet made safe; empty if there is none."""
        return self.disposition[1].get("filename") or self.parameters.get("name", "")

    @property
    def content_id(self) -> str | None:
        return self.text("content-id").strip().strip("<>").strip() or None

    def walk(self) -> Iterator["Part"]:
        yield self
        for part in self.parts:
            yield from part.walk()


@dataclass(frozen=True, slots=True)
class Tree:
    root: Part
    defects: tuple[str, ...]


def read(raw: bytes) -> Tree:
    """The tree of a whole message."""
    splitter = _Splitter(_with_line_feeds(raw))
    root = splitter.part(splitter.start(), len(splitter.raw), 0, "text/plain")
    return Tree(root, tuple(dict.fromkeys(splitter.defects)))


def _with_line_feeds(raw: bytes) -> bytes:
    """The message with LF for each bare CR, which ends a line too. If a part is declared binary, only a message without
    any LF is changed.
    """
    if _BARE_CR.search(raw) is None or (_BINARY.search(raw) and b"\n" in raw):
        return raw
    return _ANY_END.sub(b"\n", raw)


class _Splitter:
    """Splits one message, and holds the counts for the limits of the whole message."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.view = memoryview(raw)
        self.defects: list[str] = []
        self.seen = 0

    def start(self) -> int:
        """The position after a byte order mark, blank lines and an mbox line: they are not part of the message."""
        start = 3 if self.raw.startswith(b"\xef\xbb\xbf") else 0
        while self.raw[start : start + 1] in (b"\r", b"\n"):
            start += 1
        if self.raw.startswith((b"From ", b">From "), start) and not _FIELD.match(self.raw, start):
            start = self.raw.find(b"\n", start) + 1 or len(self.raw)
        return start

    def part(self, start: int, end: int, depth: int, default: str) -> Part:
        self.seen += 1
        fields, body = self._fields(start, end)
        content_type, parameters, defects = _media_type_as_far_as_it_goes(fields, default)
        self.defects += defects
        node = Part(fields, content_type, parameters, self.view[body:end])
        if not content_type.startswith("multipart/"):
            return node
        if depth >= MAX_DEPTH:
            self.defects.append("nested-too-deep")
            return node
        return self._multipart(node, body, end, depth)

    def _multipart(self, node: Part, start: int, end: int, depth: int) -> Part:
        default = "message/rfc822" if node.content_type == "multipart/digest" else "text/plain"
        parts = tuple(self.part(*span, depth + 1, default) for span in self._spans(node, start, end) if self._room())
        if not parts:
            self.defects.append("multipart-without-parts")
            node = Part(node.fields, "text/plain", node.parameters, node.body)
        return Part(node.fields, node.content_type, node.parameters, node.body, parts)

    def _room(self) -> bool:
        if self.seen < MAX_PARTS:
            return True
        self.defects.append("too-many-parts")
        return False

    def _spans(self, node: Part, start: int, end: int) -> Iterator[tuple[int, int]]:
        """The start and end of each child. Text after a closing delimiter counts only if another delimiter follows the
        closing one.
        """
        boundary = node.parameters.get("boundary", "").rstrip().encode("utf-8", "surrogateescape")
        found = list(_delimiters(self.raw, boundary, start, end)) if boundary else []
        if not found:
            self.defects.append("boundary-missing")
            likely = _LIKELY_BOUNDARY.search(self.raw, start, end)
            found = list(_delimiters(self.raw, likely[1], start, end)) if likely else []
        elif not any(closing for _, _, closing in found):
            self.defects.append("boundary-not-closed")
        stops = [at for at, _, _ in found[1:]] + [end]
        for (_, after, closing), stop in zip(found, stops, strict=False):
            if not closing:
                yield min(after, stop), stop

    def _fields(self, start: int, end: int) -> tuple[tuple[tuple[str, bytes], ...], int]:
        """The fields of the header section that starts here, and the position at which its body begins."""
        fields: list[tuple[str, list[bytes]]] = []
        position, stop = start, min(end, start + MAX_HEADER_BYTES)
        while position < end:
            line = _LINE.match(self.raw, position, end).group()  # type: ignore[union-attr]
            following = position + len(line)
            if not line.strip(b"\r\n"):
                return self._joined(fields), following
            if position >= stop:
                self.defects.append("header-too-large")
                blank = _BLANK.search(self.raw, position, end)
                return self._joined(fields), blank.end() if blank else end
            if line[:1] in b" \t":
                if fields:
                    fields[-1][1].append(line)
            elif match := _FIELD.match(line):
                fields.append((match[1].decode("ascii").lower(), [line[match.end() :]]))
            elif fields and _KNOWN_FIELD.match(self.raw, following, end):
                self.defects.append("header-line-damaged")
                fields[-1][1].append(b" " + line)
            elif fields or not _FIELD.match(self.raw, following, end):
                self.defects.append("header-not-ended")
                return self._joined(fields), position
            position = following
        return self._joined(fields), end

    def _joined(self, fields: list[tuple[str, list[bytes]]]) -> tuple[tuple[str, bytes], ...]:
        if len(fields) > MAX_FIELDS:
            self.defects.append("too-many-headers")
            fields = fields[:MAX_FIELDS]
        joined = [(name, b"".join(line.rstrip(b"\r\n") for line in lines).strip()) for name, lines in fields]
        if any(len(value) > MAX_FIELD_BYTES for _, value in joined):
            self.defects.append("header-too-long")
        return tuple((name, value[:MAX_FIELD_BYTES]) for name, value in joined)


def _delimiters(raw: bytes, boundary: bytes, start: int, end: int) -> Iterator[tuple[int, int, bool]]:
    """For each delimiter: (start of the line break before it, start of the line after it, whether it is the closing
    one).

    RFC 2046 section 5.1.1: the line break before a delimiter belongs to the delimiter.
    """
    needle = b"--" + boundary
    at = raw.find(needle, start, end)
    while at >= 0:
        after = at + len(needle)
        closing = raw.startswith(b"--", after)
        line_end = raw.find(b"\n", after, end)
        line_end = end if line_end < 0 else line_end + 1
        if (at == start or raw[at - 1] == 0x0A) and not raw[after + 2 * closing : line_end].strip():
            before = at - 1 if at > start else at
            yield (before - 1 if before > start and raw[before - 1] == 0x0D else before), line_end, closing
        at = raw.find(needle, after, end)


def _with_boundary(kind: str, parameters: dict[str, str]) -> dict[str, str]:
    """The parameters with a boundary that was found in another parameter's value, because the semicolon before
    it is missing.
    """
    if not kind.startswith("multipart/") or parameters.get("boundary"):
        return parameters
    found = next((match for value in parameters.values() if (match := _INNER_BOUNDARY.search(value))), None)
    return {**parameters, "boundary": found[1] or found[2]} if found else parameters


def _media_type_as_far_as_it_goes(
    fields: tuple[tuple[str, bytes], ...], default: str
) -> tuple[str, dict[str, str], list[str]]:
    """The media type, its parameters and its defects; a file of unknown type if the field cannot be read at all."""
    try:
        return _media_type(fields, default)
    except Exception:  # an error in the field of one part does not concern the mail
        return "application/octet-stream", {}, ["content-type-damaged"]


def _media_type(fields: tuple[tuple[str, bytes], ...], default: str) -> tuple[str, dict[str, str], list[str]]:
    """The media type, its parameters and its defects. An unclear type is plain text (RFC 2045 section 5.2)."""
    values = [value for name, value in fields if name == "content-type"]
    if not values:
        return default, {}, []
    value, parameters = header.parameters(header.octets_to_text(values[0]))
    defects = ["too-many-parameters"] if len(parameters) >= header.MAX_PARAMETERS else []
    kind = re.sub(r"\s+", "", value).lower()
    if re.fullmatch(r"[!#-'*+.0-9A-Z^_`a-z{|}~-]+/[!#-'*+.0-9A-Z^_`a-z{|}~-]+", kind):
        return kind, _with_boundary(kind, parameters), defects
    if kind in ("text", "html"):
        return ("text/html" if kind == "html" else "text/plain"), parameters, defects
    if kind == "multipart" or parameters.get("boundary"):
        return "multipart/mixed", parameters, [*defects, "content-type-damaged"]
    filename = parameters.get("name")
    return ("application/octet-stream" if filename else default), parameters, [*defects, "content-type-damaged"]
