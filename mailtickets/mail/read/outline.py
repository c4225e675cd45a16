"""Makes the outline of a mail that the parser failed on: enough of its header to open a ticket with the raw mail
attached.

It uses plain bytes and one pattern per field, so that what made the parser fail cannot make this fail. Never raises.
Limits: reads the first 64 KB.
"""

import hashlib
import re

from mailtickets.mail.model import Address, Attachment, InboundMail
from mailtickets.mail.read.header import one_line

_LOOKED_AT = 65_536
_ADDRESS = re.compile(r"[^\s<>,;:\"()]{1,64}@[^\s<>,;:\"()]{1,255}")
_ID = re.compile(r"<([^<>\s]{1,250})>")


def outline(raw: bytes) -> InboundMail:
    """A mail with From, To, Cc, Subject and Message-ID as they stand, no text, and the whole mail as an attachment."""
    head = re.split(rb"\r?\n\r?\n", raw[:_LOOKED_AT], maxsplit=1)[0].decode("utf-8", "replace")
    author = _addresses(head, "From")[:1]
    digest = hashlib.sha256(raw).hexdigest()
    return InboundMail(
        message_id=next(iter(_ID.findall(_field(head, "Message-ID"))), None),
        in_reply_to=tuple(_ID.findall(_field(head, "In-Reply-To")))[:20],
        references=tuple(_ID.findall(_field(head, "References")))[-20:],
        author=author[0] if author else None,
        sender=None,
        reply_to=(),
        to=_addresses(head, "To"),
        cc=_addresses(head, "Cc"),
        subject=one_line(_field(head, "Subject"))[:250],
        date=None,
        text="",
        html=None,
        reply="",
        quoted="",
        signature="",
        attachments=(Attachment("message.eml", "message/rfc822", len(raw), digest, False, None, raw),),
        kind="human",
        kind_reason="not-read",
        bounce=None,
        language=None,
        defects=("unparsed",),
        digest=digest,
    )


def _field(head: str, name: str) -> str:
    found = re.search(rf"^{name}:[ \t]*(.*(?:\r?\n[ \t].*)*)", head, re.IGNORECASE | re.MULTILINE)
    return found[1] if found else ""


def _addresses(head: str, name: str) -> tuple[Address, ...]:
    return tuple(Address("", _lower_domain(found)) for found in _ADDRESS.findall(_field(head, name)))[:20]


def _lower_domain(address: str) -> str:
    local, _, domain = address.rpartition("@")
    return f"{local}@{domain.lower()}"
