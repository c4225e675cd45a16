"""Reads delivery reports: which recipient was not reached, why, and which message of ours failed.

Owns: the order of reading. `signs` looks at a mail's headers first. Only a mail with a sign of a report is parsed
whole, taken apart (`parts`) and read (`report`), so that ordinary mail stays cheap.
Fails with: nothing. What cannot be read is left empty. A mail that is not a report gives None.
"""

import re
from email.message import Message
from email.parser import BytesHeaderParser

from mailtickets.mail.kind.bounce.signs import signs_of
from mailtickets.mail.model import Bounce

_HEADER_END = re.compile(rb"\n\r?\n|\r\r")


def may_be_report(raw: bytes) -> bool:
    """Whether the headers alone show that a mail may be a report. Most mail is not a report, and much of it is
    large.
    """
    end = _HEADER_END.search(raw)
    return signs_of(BytesHeaderParser().parsebytes(raw[: end.end()] if end else raw)).any()


def read_bounce(message: Message, text: str) -> Bounce | None:
    """What a delivery report states; None for any other mail, also for one that quotes or forwards a report.

    `message` must come from the raw bytes without changes, so that message/delivery-status is intact; `text` is its
    decoded body.
    """
    signs = signs_of(message)
    if not signs.any():
        return None
    from mailtickets.mail.kind.bounce import report  # importing takes 40 ms, and most mail does not need it

    return report.read(message, text, signs)
