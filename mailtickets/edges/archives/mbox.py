"""Reads an mbox file (RFC 4155 and its relatives) piece by piece, however large it is.

A mail begins with a line `From ADDRESS DATE`. Writers of mbox disagree about lines of text that begin with `From `:
some put a `>` before them, some write Content-Length instead, some do nothing. So a mail ends where its Content-Length
says, if another mail or the end of the file follows there; else before the next `From ` line that has a date or stands
behind a blank line, and after which a header field follows. All other `From ` lines are text, and are counted.
Fails with: `NoArchive` for a file that does not begin like an mbox, OSError when it cannot be read.
Limits: lines are read in parts of `_LINE_BYTES`, so that no line fills the memory.
"""

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from mailtickets.edges.archives.moment import HEAD_BYTES, moment
from mailtickets.edges.archives.stored import NoArchive, StoredMail

_LINE_BYTES = 65_536
_NAMED = 5
"""So many lines that were not escaped are named by their numbers; more are counted."""

_DATED = re.compile(
    rb"From .*(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[ ,]+"
    rb"(?P<date>[A-Z][a-z]{2} +\d{1,2} +\d{1,2}:\d\d(?::\d\d)?(?: +[-+A-Z0-9]{1,6})? +\d{4})(?: +[-+]\d{4})?\s*\Z"
)
_FIELD = re.compile(
    rb"(?:return-path|received|delivered-to|envelope-to|x-[a-z0-9-]+|from|to|cc|subject|date|message-id|mime-version"
    rb"|content-[a-z-]+|status|sender|reply-to|in-reply-to|references|dkim-signature|authentication-results|arc-[a-z-]+"
    rb"|list-[a-z-]+|received-spf|lines|user-agent|organization|importance|priority|precedence|thread-[a-z]+)\s?:",
    re.IGNORECASE,
)
_LENGTH = re.compile(rb"^content-length: *(\d{1,12}) *$", re.IGNORECASE | re.MULTILINE)
_STATUS = re.compile(rb"^x-status: *([A-Z]+)", re.IGNORECASE | re.MULTILINE)
_INTERNAL = re.compile(rb"^subject:.*FOLDER INTERNAL DATA", re.IGNORECASE | re.MULTILINE)
_ESCAPED = re.compile(rb"^>(>*From )", re.MULTILINE)
_BLANK = (b"\n", b"\r\n")


@dataclass(slots=True)
class Mbox:
    """One mbox file."""

    path: Path
    now: datetime
    notes: list[str] = field(default_factory=list)
    mails: int = 0
    unescaped: int = 0
    """Lines of text that begin with `From ` and that no `>` marks."""
    _lines_named: list[int] = field(default_factory=list)

    @property
    def name(self) -> str:
        return str(self.path)

    @classmethod
    def opened(cls, path: Path, now: datetime) -> "Mbox":
        """The mbox in a file. Raises NoArchive if it is none."""
        with path.open("rb") as file:
            first, line = file.readline(_LINE_BYTES), b""
            while first in _BLANK:
                first = file.readline(_LINE_BYTES)
            if first:
                line = file.readline(_LINE_BYTES)
        if first and not (first.startswith(b"From ") and _begins_a_mail(first, line, after_blank=True)):
            raise NoArchive(f"{path}: no mbox: it begins with {_shown(first)} where `From ADDRESS DATE` was expected")
        return cls(path, now)

    async def pieces(self) -> AsyncIterator[StoredMail]:
        with self.path.open("rb") as file:
            for piece in self._scanned(_Lines(file)):
                yield piece
        if self.unescaped:
            places = ", ".join(map(str, self._lines_named)) + (" ..." if self.unescaped > _NAMED else "")
            self.notes.append(
                f"{self.mails} mails; {self.unescaped} lines that begin with `From ` are not escaped (lines {places}): "
                "they were taken as text. Compare the number of mails with what your mail program shows."
            )

    def has_several(self, file: BinaryIO) -> bool:
        lines = _Lines(file)
        return next(self._scanned(lines), None) is not None and bool(lines.line)

    def _scanned(self, lines: "_Lines") -> Iterator[StoredMail]:
        while lines.line in _BLANK:
            lines.next()
        while lines.line:
            from_line = lines.line
            lines.next()
            start = lines.start
            head = self._head(lines)
            length = self._by_length(lines, head)
            end = self._skipped_to(lines, lines.start + length) if length is not None else self._text(lines)
            if not _INTERNAL.search(head) and b"D" not in _x_status(head):
                self.mails += 1
                at = moment(head, _separator_date(from_line), self.now)
                form = "plain" if length is not None else "escaped"
                yield StoredMail(f"{start}:{end - start}:{form}:{len(from_line)}", at, end - start)

    def _head(self, lines: "_Lines") -> bytes:
        """The header section; the next line is the first of the body, or the `From ` line of the next mail where a
        mail ends without a blank line behind its header section.
        """
        head = b""
        while lines.line and lines.line not in _BLANK:
            if lines.at_line_start and _DATED.match(lines.line) and _begins_a_mail(lines.line, lines.peek()):
                return head
            if len(head) < HEAD_BYTES:
                head += lines.line.replace(b"\r\n", b"\n")
            lines.next()
        lines.next()
        return head

    def _by_length(self, lines: "_Lines", head: bytes) -> int | None:
        """The octets of the body, if Content-Length says it rightly."""
        found = _LENGTH.search(head)
        if found is None:
            return None
        length = int(found[1])
        return length if lines.ends_at(lines.start + length) else None

    def _skipped_to(self, lines: "_Lines", end: int) -> int:
        while lines.line and lines.start < end:
            self._note(lines)
            lines.next()
        while lines.line in _BLANK:
            lines.next()
        return end

    def _text(self, lines: "_Lines") -> int:
        """Goes to the next mail; gives the end of this one's text."""
        after_blank = True
        while lines.line:
            if lines.line.startswith(b"From ") and lines.at_line_start:
                if _begins_a_mail(lines.line, lines.peek(), after_blank=after_blank):
                    break
                self._note(lines)
            after_blank = lines.line in _BLANK
            lines.next()
        return lines.start

    def _note(self, lines: "_Lines") -> None:
        if lines.at_line_start and lines.line.startswith(b"From "):
            self.unescaped += 1
            if len(self._lines_named) < _NAMED:
                self._lines_named.append(lines.number)

    async def read(self, piece: StoredMail, limit: int) -> bytes | None:
        start, length, form, separator = piece.key.split(":")
        with self.path.open("rb") as file:
            file.seek(int(start) - int(separator))
            if not file.read(int(separator)).startswith(b"From "):
                return None  # a mail program has written the file anew since it was looked through
            stored = file.read(min(int(length), limit + 1))
        if form == "escaped":
            stored = _ESCAPED.sub(rb"\1", stored)
            if stored.endswith(b"\n\n"):  # the blank line before the next mail
                stored = stored[:-1]
            elif stored.endswith(b"\r\n\r\n"):
                stored = stored[:-2]
        return with_crlf(stored)

    def where(self, piece: StoredMail) -> str:
        return f"{self.path}, octet {piece.key.partition(':')[0]}"


class _Lines:
    """The lines of a file, the current one and where it begins. `line` is empty at the end."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.line, self.start, self.number = b"", 0, 0
        self.at_line_start = True
        """False for a further part of a very long line."""
        self._end = 0
        self.next()

    def next(self) -> None:
        self.at_line_start = not self.line or self.line.endswith(b"\n")
        self.start = self._end
        self.line = self._file.readline(_LINE_BYTES)
        self._end += len(self.line)
        self.number += self.at_line_start

    def peek(self) -> bytes:
        found = self._file.readline(_LINE_BYTES)
        self._file.seek(self._end)
        return found

    def ends_at(self, place: int) -> bool:
        """Whether a mail can end there: another one follows, or the file ends."""
        self._file.seek(place)
        after = self._file.read(8)
        at_end = not after
        if at_end:
            at_end = self._file.seek(0, 2) == place
        self._file.seek(self._end)
        return at_end or after.lstrip(b"\r\n")[:5] == b"From " or after in (b"\n", b"\r\n", b"\n\n", b"\r\n\r\n")


def has_another_mail(raw: bytes) -> bool:
    """Whether these octets are an mbox with more mails than the first one."""
    return raw.startswith(b"From ") and Mbox(Path(), datetime.now(UTC)).has_several(BytesIO(raw))


def with_crlf(stored: bytes) -> bytes:
    """The mail as it is on the wire."""
    return stored.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def _begins_a_mail(line: bytes, following: bytes, *, after_blank: bool = False) -> bool:
    header = _FIELD.match(following) is not None or following.startswith(b">From ")
    return header and (after_blank or _DATED.match(line) is not None)


def _separator_date(line: bytes) -> datetime | None:
    """The date of a `From ` line, which has no zone worth the name: UTC."""
    found = _DATED.match(line)
    if found is None:
        return None
    words = found["date"].decode("ascii").split()
    clock = words[2] if words[2].count(":") == 2 else f"{words[2]}:00"
    try:
        return datetime.strptime(f"{words[0]} {words[1]} {clock} {words[-1]}", "%b %d %H:%M:%S %Y").replace(tzinfo=UTC)
    except ValueError:
        return None


def _x_status(head: bytes) -> bytes:
    found = _STATUS.search(head)
    return found[1].upper() if found else b""


def _shown(line: bytes) -> str:
    return repr(line[:40].decode("utf-8", "replace").strip())
