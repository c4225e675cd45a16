"""What is asked about every mail before it is decided on. The daemon asks `edges`; the defaults find nothing."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from mailtickets.desk.model.facts import Authentication
from mailtickets.mail.kind.junk import NO_MARK, JunkVerdict
from mailtickets.mail.model import Envelope, InboundMail

Authenticate = Callable[[bytes, InboundMail, Envelope], Awaitable[Authentication]]
"""What is known of where a mail comes from. Raises nothing."""

Scan = Callable[[bytes, InboundMail, Envelope], Awaitable[JunkVerdict]]
"""What filters and scanners hold against a mail. Raises nothing."""


async def unknown_sender(raw: bytes, mail: InboundMail, envelope: Envelope) -> Authentication:
    """For gateways that check no senders."""
    return Authentication()


async def nothing_found(raw: bytes, mail: InboundMail, envelope: Envelope) -> JunkVerdict:
    """For gateways without a scanner."""
    return NO_MARK


@dataclass(frozen=True, slots=True)
class Checks:
    """The checks of one gateway."""

    authenticate: Authenticate = unknown_sender
    scan: Scan = nothing_found


NO_CHECKS = Checks()
