"""The SMTP door: mail from our own relays, or from everybody on port 25.

Owns: what only SMTP has, such as XCLIENT. The dialogue is in `smtp_server/protocol.py`, sockets and limits are in
`smtp_server/listener.py`.
Fails with: OSError when the daemon cannot listen on an address.
Limits: there is no login and no relaying: recipients that are not queues of ours are refused.
"""

# ruff: noqa: N802 - aiosmtpd finds the commands by their names

import socket
from collections.abc import Sequence

from mailtickets.edges.smtp_server import listener
from mailtickets.edges.smtp_server.listener import Listener, bind
from mailtickets.edges.smtp_server.protocol import Accept, KnowsRecipient, Session
from mailtickets.edges.smtp_server.settings import Settings, TimeLimits
from mailtickets.edges.smtp_server.xclient import ATTRIBUTES, parse_xclient
from mailtickets.mail.door import SMTP

__all__ = ["Accept", "KnowsRecipient", "Listener", "Settings", "SmtpSession", "TimeLimits", "bind", "serve"]


class SmtpSession(Session):
    door = SMTP
    protocol = "SMTP"
    greeting = "ESMTP"

    async def smtp_HELO(self, hostname: str | None) -> None:
        await self._greet(hostname, extended=False)

    async def smtp_EHLO(self, hostname: str | None) -> None:
        await self._greet(hostname, extended=True)

    def _features(self) -> list[str]:
        return [*super()._features(), *([f"XCLIENT {' '.join(ATTRIBUTES)}"] if self.relay else [])]

    async def smtp_XCLIENT(self, arg: str | None) -> None:
        if not self.relay:
            await self.push("550 5.7.0 Only relays of ours may speak for others")
        elif self._sender is not None:
            await self.push("503 5.5.1 There is a sender already")
        else:
            try:
                client = parse_xclient(arg or "")
            except ValueError as error:
                await self.push(f"501 5.5.4 {error}")
            else:
                await self._speak_for(client)


async def serve(
    sockets: Sequence[socket.socket], settings: Settings, accept: Accept, knows_recipient: KnowsRecipient
) -> Listener:
    """Speaks SMTP on bound sockets, which `bind` made or systemd passed."""
    return await listener.serve(SmtpSession, sockets, settings, accept, knows_recipient)
