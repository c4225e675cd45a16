"""What an IMAP server answers: lines of FETCH responses, refusals, a lost connection, and the server's words for the
log.
"""

import os
import re
import socket
import ssl
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

AnswerLine = bytes | bytearray
"""The lines of an answer: text as bytes, literals as bytearrays."""
MAX_WORDS = 200
TEMPORARY = re.compile(r"\[(UNAVAILABLE|INUSE|LIMIT)\b", re.IGNORECASE)  # RFC 5530, 3
QUOTED = re.compile(rb'"((?:\\.|[^"\\])*)"')
FETCH = re.compile(rb"\d+ FETCH \(")


class ConnectionLost(Exception):
    """The connection is gone, or can no longer be trusted."""


class LoginRefused(Exception):
    """The server refuses the login. The message has the server's words."""


class NotConnected(LoginRefused):
    """The server has accepted the login, and opens no folder. The message has the server's words."""


class NotWelcome(LoginRefused):
    """The server refuses the connection before any login. The message has the server's words."""


class CommandRefused(Exception):
    """The server refused one command. The message has the server's words."""

    @property
    def temporary(self) -> bool:
        return TEMPORARY.search(str(self)) is not None


@dataclass(frozen=True, slots=True)
class Selected:
    """A folder as it was when it was opened."""

    uidvalidity: int
    uidnext: int
    read_only: bool = False
    """Whether the server lets nothing be flagged or moved here."""


@dataclass(frozen=True, slots=True)
class ListedMessage:
    """A message that has not been fetched yet. `received_at` is its INTERNALDATE, None when unreadable."""

    uid: int
    size: int
    received_at: datetime | None


def fetch_records(lines: Iterable[AnswerLine]) -> Iterator[tuple[bytes, bytes | None]]:
    """The FETCH responses among these lines: the text of each and its literal."""
    text, literal = b"", None
    for line in lines:
        if isinstance(line, bytearray):
            literal = bytes(line)
        elif FETCH.match(line):
            if text:
                yield text, literal
            text, literal = line, None
        else:
            text += line
    if text:
        yield text, literal


def listed_message(text: bytes) -> ListedMessage | None:
    uid = item_number(text, b"UID")
    size = item_number(text, b"RFC822.SIZE")
    if uid is None or size is None:  # an unsolicited answer about the flags of some message
        return None
    found = re.search(rb'INTERNALDATE "([^"]*)"', text, re.IGNORECASE)
    return ListedMessage(uid, size, internal_date(found[1].decode("ascii", "replace")) if found else None)


def item_number(text: bytes, item: bytes) -> int | None:
    found = re.search(rb"[( ]" + re.escape(item) + rb" (\d+)", text, re.IGNORECASE)
    return int(found[1]) if found else None


def internal_date(text: str) -> datetime | None:
    """Reads an INTERNALDATE, such as ` 7-Feb-2026 09:30:00 -0300`."""
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def body_content(text: bytes, literal: bytes | None) -> bytes:
    """The octets of BODY[]: a literal, a quoted string (for some short messages), or NIL when the server no longer has
    it.
    """
    if literal is not None:
        return literal
    found = re.search(rb"BODY\[\] " + QUOTED.pattern, text, re.IGNORECASE | re.DOTALL)
    if found is None:
        raise CommandRefused("the server gave NIL for a body")
    return re.sub(rb"\\(.)", rb"\1", found[1])


def server_words(line: AnswerLine) -> str:
    """The words of a server, in a form that fits a log line."""
    text = bytes(line[: 4 * MAX_WORDS]).decode("utf-8", "replace")
    return "".join(character if character.isprintable() else " " for character in text)[:MAX_WORDS].strip()


def network_reason(error: Exception) -> str:
    """The words of a network error, without its number."""
    match error:
        case ssl.SSLCertVerificationError():
            return f"certificate not accepted: {error.verify_message}"
        case socket.gaierror():
            return error.strerror or "the name is not known"
        case OSError(errno=int(number)) if number > 0 and not isinstance(error, ssl.SSLError):
            return os.strerror(number)
    return str(error) or type(error).__name__
