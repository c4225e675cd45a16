"""Folders as LIST names them: their names for people, and what the server uses them for (RFC 6154)."""

import base64
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mailtickets.edges.imap.answers import QUOTED, AnswerLine

_LISTED = re.compile(rb'(?:LIST )?\(([^()]*)\) (?:NIL|"(?:\\.|[^"\\])") (.*)', re.IGNORECASE | re.DOTALL)
_SHIFTED = re.compile(r"&([^&-]*)-")


@dataclass(frozen=True, slots=True)
class Folder:
    name: str
    attributes: frozenset[str]
    """In small letters, as `\\junk` or `\\noselect`."""

    def is_for(self, use: str) -> bool:
        return f"\\{use}" in self.attributes


def listed_folders(lines: Iterable[AnswerLine]) -> Iterator[Folder]:
    """The folders of a LIST response, with or without its name. Lines that cannot be read are left out."""
    for text in _with_literals(lines):
        found = _LISTED.match(text)
        if found is not None:
            attributes = frozenset(found[1].decode("ascii", "replace").lower().split())
            yield Folder(decoded(_unquoted(found[2])), attributes)


def _with_literals(lines: Iterable[AnswerLine]) -> Iterator[bytes]:
    """Each response in one piece: a name that is a literal stands in the place of its `{size}`."""
    before = b""
    for line in lines:
        if isinstance(line, bytearray):
            before = before.rpartition(b"{")[0] + bytes(line)
            continue
        if before:
            yield before
        before = line
    if before:
        yield before


def _unquoted(name: bytes) -> str:
    found = QUOTED.fullmatch(name.strip())
    return (re.sub(rb"\\(.)", rb"\1", found[1]) if found else name.strip()).decode("utf-8", "replace")


def decoded(name: str) -> str:
    """A name in modified UTF-7 (RFC 3501, 5.1.3) as people read it. A broken name is returned as it is."""
    try:
        return _SHIFTED.sub(_run, name)
    except (ValueError, UnicodeDecodeError):
        return name


def _run(found: re.Match[str]) -> str:
    if not found[1]:
        return "&"
    padded = found[1] + "=" * (-len(found[1]) % 4)
    return base64.b64decode(padded.encode("ascii"), altchars=b"+,", validate=True).decode("utf-16-be")
