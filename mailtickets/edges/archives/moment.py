"""When an old mail was received: by its own header fields, else by where it is stored.

The topmost Received field was written by the server that took the mail for its mailbox. Mail that somebody sent has
none, and has a Date of the sender's own program. The dates of files and folders come last: copying changes them.
Fails with: nothing. A date in the future counts as now, and one before there was mail as none.
"""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

HEAD_BYTES = 65_536
"""So many octets of a mail are looked at for its dates."""

_EARLIEST = datetime(1971, 1, 1, tzinfo=UTC)
_RECEIVED = re.compile(rb"^received:((?:[^\n]|\n[ \t])*)", re.IGNORECASE | re.MULTILINE)
_DATE = re.compile(rb"^date:([^\n]*)", re.IGNORECASE | re.MULTILINE)


def moment(raw: bytes, stored_at: datetime | None, now: datetime) -> datetime:
    """When the mail was received. `stored_at` is what its file or folder says, None where nothing is known."""
    head = head_of(raw)
    for text in (_received(head), _date(head)):
        found = _read(text, now)
        if found is not None:
            return found
    if stored_at is not None and stored_at >= _EARLIEST:
        return min(stored_at, now)
    return now


def head_of(raw: bytes) -> bytes:
    """The header section, with bare LF line ends."""
    head = raw[:HEAD_BYTES].replace(b"\r\n", b"\n")
    return head.partition(b"\n\n")[0]


def _received(head: bytes) -> bytes:
    found = _RECEIVED.search(head)
    return found[1].rpartition(b";")[2] if found else b""


def _date(head: bytes) -> bytes:
    found = _DATE.search(head)
    return found[1] if found else b""


def _read(text: bytes, now: datetime) -> datetime | None:
    try:
        found = parsedate_to_datetime(" ".join(text.decode("ascii", "replace").split())[:100])
        aware = found if found.tzinfo else found.replace(tzinfo=UTC)
        return min(aware.astimezone(UTC), now) if aware >= _EARLIEST else None
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
