"""Reads the header section exactly as its bytes are, for decisions on whom to trust rather than for display.

`parse` reads leniently: it repairs and decodes. Here evidence must come from what is really there. An outsider can put
an encoded word into a genuine trace field (in a reverse-path, a HELO); the word must not be decoded into syntax.
Fails with: nothing. Lines that are not fields are skipped.
Limits: `MAX_BYTES` and `MAX_FIELDS`. A longer section gives no fields at all, since nobody knows what the rest says. A
From field of more than `address.MAX_AUTHOR_CHARACTERS` characters gives no author, because it is read while a client
waits for an answer.
"""

import re

from mailtickets.mail import address
from mailtickets.mail.model import Address
from mailtickets.mail.read import header

MAX_BYTES = 256 * 1024
MAX_FIELDS = 1_000

Fields = tuple[tuple[str, str], ...]
"""(lower-case name, unfolded value with nothing decoded), topmost first."""

_END = re.compile(rb"\r?\n\r?\n")
_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:")


def split(raw: bytes) -> tuple[bytes, bytes] | None:
    """The header section without its last line break, and the body; None if the section is too long."""
    end = _END.search(raw, 0, MAX_BYTES + 4)
    if end is None and len(raw) > MAX_BYTES:
        return None
    return (raw[: end.start()], raw[end.end() :]) if end else (raw, b"")


def fields(raw: bytes) -> Fields:
    section, _ = split(raw[: MAX_BYTES + 4]) or (b"", b"")
    found: list[tuple[str, list[bytes]]] = []
    for line in re.split(rb"\r?\n", section):
        if line[:1] in (b" ", b"\t"):
            if found:
                found[-1][1].append(line)
        elif match := _FIELD.match(line):
            found.append((match[1].decode("ascii").lower(), [line[match.end() :]]))
    if len(found) > MAX_FIELDS:
        return ()
    return tuple((name, header.octets_to_text(b"".join(lines)).strip()) for name, lines in found)


def values(found: Fields, name: str) -> list[str]:
    """All values of a field, topmost first; `name` must be in lower case."""
    return [value for key, value in found if key == name]


def sole_author(found: Fields) -> Address | None:
    """The mailbox of the From field, if there is only one such field and it holds only this mailbox (RFC 5322, 3.6.2).

    An address within an encoded word does not count (RFC 2047, 5): programs show it and reply to it, but nobody vouches
    for it.
    """
    froms = values(found, "from")
    if len(froms) != 1 or len(froms[0]) > address.MAX_AUTHOR_CHARACTERS or "@" not in header.without_words(froms[0]):
        return None
    mailboxes = address.parse_addresses(froms[0])
    return mailboxes[0] if len(mailboxes) == 1 and "@" in mailboxes[0].address else None
