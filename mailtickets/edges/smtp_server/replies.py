"""Replies of the SMTP and LMTP server that are used in more than one place."""

import re

ACCEPTED = "250 2.0.0 Ok: accepted"
TROUBLE = "451 4.3.0 Temporary trouble here, please try again later"
NO_SPACE = "452 4.3.1 Insufficient system storage, please try again later"
SHUTTING_DOWN = "421 4.3.2 Service is shutting down, please try again later"
TIMED_OUT = "421 4.4.2 Timeout, closing the connection"
TOO_LARGE = "552 5.3.4 Message is larger than this server accepts"
BARE = "550 5.6.11 A line of the message ends in CR or LF alone"
# Replies of aiosmtpd that lack the enhanced code of RFC 2034.
_WITH_STATUS = {"500 ": "500 5.5.2 ", "554 ": "554 5.7.0 ", "220 Ready": "220 2.0.0 Ready"}


class Refusal(Exception):
    """Ends a command with this reply."""


def with_status(reply: str) -> str:
    for bare, tagged in _WITH_STATUS.items():
        if reply.startswith(bare) and not re.match(r"\d{3} [245]\.\d", reply):
            return tagged + reply.removeprefix(bare)
    return reply
