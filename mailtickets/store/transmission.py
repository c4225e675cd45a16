"""What is the same in a retransmission of a message, so that it is stored only once. Pure."""

import hashlib
import re

from mailtickets.mail.model import Envelope

MAX_HEAD_BYTES = 256 * 1024
"""How many octets of a message may be header fields. The rest counts as body."""

_TRACE_HEADERS = re.compile(
    rb"(?:received|return-path|delivered-to|x-original-to|x-received|received-spf|authentication-results"
    rb"|arc-[a-z-]+|x-spam-[a-z-]+)\s*:",
    re.IGNORECASE,
)
_STORE_HEADERS = re.compile(
    rb"(?:status|x-status|x-keywords|x-uid|x-imap|x-imapbase|content-length|lines|x-mozilla-[a-z0-9-]+|x-gmail-labels"
    rb"|x-gm-thrid|x-evolution[a-z-]*|x-label|x-folder)\s*:",
    re.IGNORECASE,
)
"""What mail programs note in the header section of a mail that they store."""
_IDENTITY_HEADERS = re.compile(rb"^(?:message-id|date)\s*:", re.IGNORECASE | re.MULTILINE)


def transmission_key(raw: bytes, envelope: Envelope) -> str:
    """A digest that is the same when the same door receives a mail again: of the envelope and the mail, without the
    trace fields that each transmission changes.

    A person may really send the same mail twice. If the mail has neither Message-ID nor Date, the day counts too.
    """
    if envelope.door.is_history:  # the same mail may lie in several folders and files
        fields: list[bytes | memoryview] = [envelope.door.name.encode(), *_as_written(raw)]
    elif (
        envelope.door.answers == "nobody"
    ):  # such a door reads a mailbox, and the same message has the same bytes there
        fields = [envelope.door.name.encode(), raw]
    else:
        head, body = _split(raw)
        kept = b"\r\n".join(field for field in _fields(head) if not _TRACE_HEADERS.match(field))
        day = b"" if _IDENTITY_HEADERS.search(kept) else envelope.received_at.date().isoformat().encode()
        people = "\0".join([envelope.door.name, envelope.sender or "", *sorted(envelope.recipients)])
        fields = [people.encode("utf-8", "surrogateescape"), kept, body, day]
    digest = hashlib.sha256()
    for field in fields:
        digest.update(len(field).to_bytes(8, "big"))
        digest.update(field)
    return digest.hexdigest()


def _split(raw: bytes) -> tuple[bytes, memoryview]:
    """The header section, and the body, which is not copied."""
    end = raw.find(b"\r\n\r\n", 0, MAX_HEAD_BYTES)
    split = (end, end + 4) if end >= 0 else (min(len(raw), MAX_HEAD_BYTES),) * 2
    return raw[: split[0]], memoryview(raw)[split[1] :]


def _as_written(raw: bytes) -> tuple[bytes, memoryview]:
    """What is the same in all copies of a stored mail: no trace fields, no notes of the programs that stored it, and no
    blank lines at its end."""
    head, body = _split(raw)
    varying = (_TRACE_HEADERS, _STORE_HEADERS)
    kept = b"\r\n".join(field for field in _fields(head) if not any(kind.match(field) for kind in varying))
    blank = len(raw) - len(raw.rstrip(b"\r\n"))
    return kept, body[: max(0, len(body) - blank)]


def _fields(head: bytes) -> list[bytes]:
    """The header fields. Each includes its folded lines."""
    return re.split(rb"\r\n(?![ \t])", head)
