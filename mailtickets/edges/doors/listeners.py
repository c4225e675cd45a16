"""The doors of a gateway that listen: SMTP and LMTP. They are opened, moved by a reload, and closed.

Fails with: OSError when an address is taken at the start. At a reload the old address is listened on again.
"""

import asyncio
import logging
import socket
import ssl
from collections.abc import Mapping
from ipaddress import ip_network

from mailtickets.config.models import Config, SmtpIn
from mailtickets.config.values import credential_file
from mailtickets.edges.doors import lmtp, smtp
from mailtickets.edges.doors.screen import Screen
from mailtickets.edges.smtp_server.listener import Listener, bind
from mailtickets.edges.smtp_server.protocol import Accept
from mailtickets.edges.smtp_server.settings import Settings
from mailtickets.edges.smtp_server.spool import Spool
from mailtickets.gateway.gateway import Gateway
from mailtickets.mail.door import LMTP, SMTP
from mailtickets.mail.model import Envelope

log = logging.getLogger("mailtickets.daemon")

_SERVED = {"smtp": (SMTP, smtp.serve), "lmtp": (LMTP, lmtp.serve)}
"""The doors that listen, by the name of their sockets and of their section in the configuration."""
_CLOSE_SECONDS = 18


class Listeners:
    """The doors of one gateway, by name."""

    def __init__(self, gateway: Gateway, screen: Screen, passed: Mapping[str, list[socket.socket]]) -> None:
        """`passed` are the sockets that systemd has handed over, by the name of their door."""
        self._gateway, self._screen, self._passed = gateway, screen, passed
        self._open: dict[str, Listener] = {}
        self._at: dict[str, tuple[str, ...]] = {}
        """The entries of the configuration that each door listens at: older ones, where the new ones are in use."""
        self._spool: Spool | None = None

    async def open(self, config: Config) -> None:
        self._spool = Spool(config.state_dir / "spool")
        for name, listen in addresses(config).items():
            await self._open_one(name, listen, config)

    async def _open_one(self, name: str, listen: tuple[str, ...], config: Config) -> None:
        """Listens on the sockets that systemd passed, else on those of the configuration; on none if it names none."""
        sockets = self._passed[name] or [bind(entry) for entry in listen]
        if sockets:
            door, serve = _SERVED[name]
            accept: Accept = self._accept_public if door.is_public else self._gateway.accept
            self._open[name] = await serve(sockets, self._settings(config), accept, self._knows)
        self._at[name] = listen

    async def _accept_public(self, raw: bytes, envelope: Envelope) -> int:
        await self._screen.admit(raw, envelope)
        return await self._gateway.accept(raw, envelope)

    def _knows(self, recipient: str) -> bool:
        policy = self._gateway.clerk.rules.policy
        return policy.queue_at(recipient) is not None or policy.is_postmaster(recipient)

    @property
    def listening(self) -> dict[str, tuple[str, ...]]:
        """The addresses of each open door."""
        return {name: tuple(listener.addresses) for name, listener in self._open.items()}

    @property
    def connections(self) -> dict[str, int]:
        """How many clients each open door has."""
        return {name: listener.connections for name, listener in self._open.items()}

    def missing(self, config: Config) -> list[str]:
        """The doors that do not listen where they are to."""
        return [name for name, listen in addresses(config).items() if not self._is_at(name, listen)]

    def _is_at(self, name: str, listen: tuple[str, ...]) -> bool:
        if self._passed[name]:
            return name in self._open
        return self._at.get(name, ()) == listen and (name in self._open or not listen)

    async def take_over(self, config: Config) -> None:
        """Listens where the new configuration says. A door that could not do so before tries again."""
        for name, listen in addresses(config).items():
            if not self._passed[name] and not self._is_at(name, listen):
                await self._move(name, self._at.get(name, ()), listen, config)
        for listener in self._open.values():
            listener.settings = self._settings(config)

    async def _move(self, name: str, was: tuple[str, ...], now: tuple[str, ...], config: Config) -> None:
        """Listens on the new addresses. If that fails, listens on the old ones again."""
        door = self._open.pop(name, None)
        if door is not None:
            await door.close(_CLOSE_SECONDS)
        try:
            await self._open_one(name, now, config)
        except OSError as error:
            log.error("cannot listen on the new address", extra={"key": f"{name}_in.listen", "error": str(error)})
            await self._open_one(name, was, config)

    async def close(self) -> None:
        await asyncio.gather(*(listener.close(_CLOSE_SECONDS) for listener in self._open.values()))
        self._open.clear()

    def _settings(self, config: Config) -> Settings:
        smtp_in = config.smtp_in or SmtpIn()
        if self._spool is None:
            raise AssertionError("`open` makes the spool")
        self._spool.limit_bytes = max(smtp_in.max_spool_bytes, 2 * smtp_in.max_message_bytes)
        return Settings(
            hostname=config.instance.hostname,
            max_message_bytes=smtp_in.max_message_bytes,
            bare_newlines=smtp_in.bare_newlines,
            spool=self._spool,
            max_connections=smtp_in.max_connections,
            max_connections_per_ip=smtp_in.max_connections_per_ip,
            trusted_networks=tuple(ip_network(network, strict=False) for network in smtp_in.trusted_relays),
            ssl_context=_tls(config, smtp_in),
        )


def addresses(config: Config) -> dict[str, tuple[str, ...]]:
    """The addresses where each door listens."""
    return {"smtp": config.smtp_in.listen if config.smtp_in else (), "lmtp": config.lmtp_listen}


def _tls(config: Config, smtp_in: SmtpIn) -> ssl.SSLContext | None:
    if not smtp_in.tls_certificate:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(
        credential_file(config.path(smtp_in.tls_certificate)), credential_file(config.path(smtp_in.tls_key))
    )
    return context
