"""What is answered to whom: the addresses of the pages, and the headers around them.

In: functions that give what is shown. Out: an ASGI application by Starlette.
GET and HEAD only. A page that the configuration has switched off is not there: 404.
A browser that visits a hostile page can be made to ask this server under that page's name (DNS rebinding). So a server
that only this machine can reach answers `/` and `/metrics` only to names that are its own.
"""

import ipaddress
import re
from base64 import b64encode
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from mailtickets.config.http import is_private
from mailtickets.config.models import Config, Http, Instance
from mailtickets.desk.model.delivery import Transient
from mailtickets.views.page import page_without

_NOTHING = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_STYLE = re.compile(r"<style>([^<]*)</style>")


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the pages come from. All but `alive` may raise Transient: it is not known now."""

    alive: Callable[[], str]
    """Empty when all goes on; else what has ended."""
    ready: Callable[[], Awaitable[dict[str, str]]]
    """What mail needs to be taken -> empty when it is there, else what is wrong with it."""
    metrics: Callable[[str], Awaitable[tuple[bytes, str]]]
    """From an Accept header to the figures and their media type."""
    page: Callable[[], Awaitable[str]]
    """The status page, as HTML with its style in <style> and without attributes of style."""


def application(config: Config, sources: Sources) -> Any:
    """The pages that the configuration wants, as an ASGI application."""
    http = config.http or Http()
    routes = list(_routes(http, sources, Names.of(config), config.instance))
    pages = Starlette(routes=routes, exception_handlers={Transient: _not_now})
    pages.router.redirect_slashes = False
    return _closed_to_scripts(pages)


def _routes(http: Http, sources: Sources, names: "Names", instance: Instance) -> Iterator[Route]:
    async def healthz(_: Request) -> Response:
        trouble = sources.alive()
        return PlainTextResponse(f"{trouble or 'ok'}\n", 503 if trouble else 200)

    async def readyz(_: Request) -> Response:
        found = await sources.ready()
        lines = [f"{name}: {trouble or 'ok'}\n" for name, trouble in found.items()]
        return PlainTextResponse("".join(lines), 503 if any(found.values()) else 200)

    async def metrics(request: Request) -> Response:
        body, media_type = await sources.metrics(request.headers.get("accept", ""))
        return Response(body, media_type=media_type)

    async def page(_: Request) -> Response:
        try:
            return _html(await sources.page())
        except Transient as error:
            return _html(page_without(instance.name, instance.locale, str(error)), 503)

    if http.metrics:
        yield Route("/healthz", healthz)
        yield Route("/readyz", readyz)
        yield Route("/metrics", names.only(metrics))
    if http.status_page:
        yield Route("/", names.only(page))


def _html(text: str, status: int = 200) -> Response:
    retry = {"retry-after": "10"} if status == 503 else {}
    return HTMLResponse(text, status, {"content-security-policy": policy_for(text), **retry})


async def _not_now(_: Request, error: Exception) -> Response:
    return PlainTextResponse(f"not now: {error}\n", 503, {"retry-after": "10"})


# --- what a browser may do ----------------------------------------------------------------------------


def policy_for(html: str) -> str:
    """A Content-Security-Policy that allows the page its own styles, by their digests, and nothing else."""
    digests = [b64encode(sha256(style.encode()).digest()).decode() for style in _STYLE.findall(html)]
    allowed = "".join(f" 'sha256-{digest}'" for digest in digests)
    return f"{_NOTHING}; style-src{allowed}; img-src data:" if allowed else _NOTHING


def _closed_to_scripts(app: Any) -> Any:
    """The same application, where each answer has a Content-Security-Policy; one that it has already is left alone."""

    async def closed(scope: Any, receive: Any, send: Any) -> None:
        async def sending(message: Any) -> None:
            if message["type"] == "http.response.start":
                headers = list(message["headers"])
                if not any(name == b"content-security-policy" for name, _ in headers):
                    headers.append((b"content-security-policy", _NOTHING.encode()))
                message = {**message, "headers": headers}
            await send(message)

        await app(scope, receive, sending)

    return closed


# --- by which name ------------------------------------------------------------------------------------

Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Names:
    """The names that this server is called by. `own` is None when other machines can reach it, by whatever name."""

    own: frozenset[str] | None

    @classmethod
    def of(cls, config: Config) -> "Names":
        if config.http is None or not all(is_private(entry) for entry in config.http.listen):
            return cls(None)
        public = urlsplit(config.http.public_url).hostname or "localhost"
        return cls(frozenset({"localhost", "", public.lower(), config.instance.hostname}))

    def only(self, endpoint: Endpoint) -> Endpoint:
        """The same page, for those who ask for it by a name of this server or by a numeric address."""

        async def checked(request: Request) -> Response:
            host = request.headers.get("host", "")
            if self.has(host):
                return await endpoint(request)
            return PlainTextResponse(
                "This server is not called by that name. Behind a proxy that keeps the name, set http.public_url.\n",
                421,
            )

        return checked

    def has(self, host: str) -> bool:
        if self.own is None:
            return True
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        return name in self.own or _is_numeric(name)


def _is_numeric(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
