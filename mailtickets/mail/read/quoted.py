"""What a mail says it answers: message ids and plus addresses, from the beginning of the raw mail alone.

Quicker than `parse`: nothing but a few header fields is read. For those who follow a mail; decisions use `parse`.
Fails with: nothing.
Limits: linear; the caller gives `HEAD_BYTES` of the mail at most.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from mailtickets.mail.read import header, mime

HEAD_BYTES = 65_536
"""How much of a mail is enough to read: longer header sections are cut."""

_ADDRESSED = frozenset({
    "to", "cc", "delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-delivered-to",
})  # fmt: skip
_PLUS = re.compile(r"\+([^\s@+<>]{1,64})@")


@dataclass(frozen=True, slots=True)
class Quoted:
    """Claims of a mail, not proof."""

    answers: Sequence[str]
    """The ids of In-Reply-To; if there are none, the last one of References. Without angle brackets."""
    tags: Sequence[str]
    """What stands between plus sign and @ in the addresses that the mail went to, in lower case."""


def quoted(head: bytes, recipients: Sequence[str] = ()) -> Quoted:
    """Reads the beginning of a raw mail. `recipients` are those of its envelope."""
    fields = mime.read(_header_section(head)).root.fields
    replied = header.ids([header.octets_to_text(value) for name, value in fields if name == "in-reply-to"])
    referred = header.ids([header.octets_to_text(value) for name, value in fields if name == "references"])
    addressed = [*recipients, *(header.octets_to_text(value) for name, value in fields if name in _ADDRESSED)]
    return Quoted(replied or referred[-1:], tuple(dict.fromkeys(tags(addressed))))


def message_id(head: bytes) -> str | None:
    """The mail's own Message-ID, without angle brackets."""
    fields = mime.read(_header_section(head)).root.fields
    return next(iter(header.ids([header.octets_to_text(v) for name, v in fields if name == "message-id"])), None)


def tags(addresses: Sequence[str]) -> list[str]:
    """What stands between plus sign and @ in these addresses or address lists, in lower case."""
    return [tag.lower() for address in addresses for tag in _PLUS.findall(address)]


def _header_section(head: bytes) -> bytes:
    return head[:HEAD_BYTES].replace(b"\r\n", b"\n").partition(b"\n\n")[0] + b"\n\n"
