"""The LMTP door (RFC 2033): the company's MTA and `mailtickets deliver`, on a unix socket or a private address.

Owns: what only LMTP has: the greeting, and one reply for each recipient, in order, after the message.
Fails with: OSError when the daemon cannot listen on an address.
Limits: clients on this machine (its group decides who reaches the unix socket) and `trusted_relays` are believed. Mail
of any other client is taken as a stranger's.
"""

# ruff: noqa: N802 - aiosmtpd finds the commands by their names

import socket
from collections.abc import Sequence
from ipaddress import ip_address

from mailtickets.edges.smtp_server import listener
from mailtickets.edges.smtp_server.listener import Listener, bind
from mailtickets.edges.smtp_server.protocol import Accept, KnowsRecipient, Session, SessionContext
from mailtickets.edges.smtp_server.settings import Settings, TimeLimits
from mailtickets.mail.door import LMTP

__all__ = ["Accept", "KnowsRecipient", "Listener", "LmtpSession", "Settings", "TimeLimits", "bind", "serve"]


class LmtpSession(Session):
    door = LMTP
    protocol = "LMTP"
    greeting = "LMTP"
    _without_address = "local socket"

    def __init__(self, context: SessionContext, peer: str, trusted: bool) -> None:
        super().__init__(context, peer, trusted or not peer or ip_address(peer).is_loopback)
        for command in ("HELO", "EHLO"):  # RFC 2033, 4.1
            self._smtp_methods.pop(command)

    async def smtp_LHLO(self, hostname: str | None) -> None:
        await self._greet(hostname, extended=True)


async def serve(
    sockets: Sequence[socket.socket], settings: Settings, accept: Accept, knows_recipient: KnowsRecipient
) -> Listener:
    """Speaks LMTP on bound sockets, which `bind` made or systemd passed."""
    return await listener.serve(LmtpSession, sockets, settings, accept, knows_recipient)
