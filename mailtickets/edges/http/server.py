"""An HTTP server in the daemon's event loop: uvicorn, on sockets that are bound already, under limits.

In: an ASGI application and sockets. Out: answers; nothing is written into the log for a request, because nobody should
fill the journal from outside.
Fails with: nothing while it runs. An exception in the application is logged and answered with 500.
Limits: `MAX_CONNECTIONS` at the same time, `MAX_HEAD_BYTES` of request line and header, `REQUEST_SECONDS` from the
first octet of a request to the last octet of its answer, `IDLE_SECONDS` between two requests. A client that
exceeds one is cut off.
"""

import asyncio
import os
import socket
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from mailtickets.edges.smtp_server.listener import address_of

MAX_CONNECTIONS = 64
MAX_HEAD_BYTES = 8192
REQUEST_SECONDS = 20.0
IDLE_SECONDS = 5
STOP_SECONDS = 2
"""How long answers that are being sent when the server stops may take."""

HEADERS = [
    ("cache-control", "no-store"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
]
"""Every answer has these, but for the refusal of what is no request: that is a fixed line of text."""


class Connection(H11Protocol):
    """One client. Ends itself when the client takes longer than it may, or when there are too many."""

    request_seconds = REQUEST_SECONDS
    most = MAX_CONNECTIONS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._deadline: asyncio.TimerHandle | None = None
        """For a request, until its answer is complete."""
        self._sent_by: asyncio.TimerHandle | None = None
        """For an answer that is complete, until the client has read it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > self.most:
            transport.abort()
        else:
            self._begin()

    def data_received(self, data: bytes) -> None:
        if self._deadline is None:
            self._begin()
        super().data_received(data)

    def on_response_complete(self) -> None:
        self._end()
        if self.transport.get_write_buffer_size() and self._sent_by is None:
            self._sent_by = self.loop.call_later(self.request_seconds, self._give_up_unless_sent)
        super().on_response_complete()
        if self.cycle is not None and not self.cycle.response_complete:  # the next request had come already
            self._begin()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end()
        if self._sent_by is not None:
            self._sent_by.cancel()
        super().connection_lost(exc)

    def _begin(self) -> None:
        self._deadline = self.loop.call_later(self.request_seconds, self.transport.abort)

    def _give_up_unless_sent(self) -> None:
        self._sent_by = None
        if self.transport.get_write_buffer_size():
            self.transport.abort()

    def _end(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


def _bounded(app: Any) -> Any:
    """The same application, but 431 to a head that is too large: h11 refuses only one that comes in pieces."""

    async def bounded(scope: Any, receive: Any, send: Any) -> None:
        size = len(scope["raw_path"]) + sum(len(name) + len(value) for name, value in scope["headers"])
        if size > MAX_HEAD_BYTES:
            await send({"type": "http.response.start", "status": 431, "headers": [(b"content-length", b"0")]})
            await send({"type": "http.response.body", "body": b""})
        else:
            await app(scope, receive, send)

    return bounded


class HttpServer:
    """A server that runs from `start` to `close`."""

    def __init__(self, app: Any, connection: type[Connection] = Connection) -> None:
        """`connection` is for tests: other limits."""
        self._config = uvicorn.Config(
            _bounded(app),
            http=connection,
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            log_level="error",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            headers=HEADERS,
            h11_max_incomplete_event_size=MAX_HEAD_BYTES,
            timeout_keep_alive=IDLE_SECONDS,
            timeout_graceful_shutdown=STOP_SECONDS,
        )
        self._server = uvicorn.Server(self._config)
        self._sockets: list[socket.socket] = []
        self._ticking: asyncio.Task[None] | None = None
        self.addresses: list[str] = []

    async def start(self, sockets: Sequence[socket.socket]) -> None:
        """Listens on bound sockets.

        Not by `Server.serve`, which takes the signals of the process: those are the daemon's.
        """
        self._config.load()
        self._server.lifespan = self._config.lifespan_class(self._config)
        self._sockets = list(sockets)
        await self._server.startup(self._sockets)
        self.addresses = [address_of(sock) for sock in self._sockets]
        self._ticking = asyncio.create_task(self._server.main_loop(), name="http")

    @property
    def connections(self) -> int:
        """How many clients are connected."""
        return len(self._server.server_state.connections)

    async def close(self) -> None:
        """Takes no more requests, ends the answers that are being sent, and cuts off clients that do not read them."""
        if self._ticking is None:
            return
        self._server.should_exit = True
        await self._ticking
        self._unlink()
        await self._server.shutdown(self._sockets)
        for connection in tuple(self._server.server_state.connections):
            connection.transport.abort()
        await asyncio.sleep(0)  # the transports end in the next round of the loop
        self._ticking = None

    def _unlink(self) -> None:
        """Removes our unix sockets."""
        for sock in self._sockets:
            if sock.family == socket.AF_UNIX:
                with suppress(OSError):
                    Path(os.fsdecode(sock.getsockname())).unlink()
