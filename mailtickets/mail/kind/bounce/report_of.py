"""Delivery reports: who was not reached, why, and which of our messages it was.

Owns: the order of reading. A mail's headers first (`bounce_signs`); only what has a sign of a report is parsed whole,
taken apart (`bounce_parts`) and read (`bounce_report`), which keeps ordinary mail cheap.
Fails with: nothing. What cannot be read is left empty; what is no report is None.
"""

import re
from email.message import Message
from email.parser import BytesHeaderParser

from mailtickets.mail.kind.bounce.signs import signs_of
from mailtickets.mail.model import Bounce

_HEADER_END = re.compile(rb"\n\r?\n|\r\r")


def may_be_report(raw: bytes) -> bool:
    """Whether the headers alone show that a mail may be a report. Most mail is no report, and much of it is large."""
    end = _HEADER_END.search(raw)
    return signs_of(BytesHeaderParser().parsebytes(raw[: end.end()] if end else raw)).any()


def read_bounce(message: Message, text: str) -> Bounce | None:
    """What a delivery report says; None for any other mail, also for one that quotes or forwards a report.

    `message` is made from the untouched raw, so that message/delivery-status is intact; `text` is its decoded body.
    """
    signs = signs_of(message)
    if not signs.any():
        return None
    from mailtickets.mail.kind.bounce import report  # 40 ms of lexicon that most mail never needs

    return report.read(message, text, signs)
