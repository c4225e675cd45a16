"""The autoconfig file of a domain, which mail programs read: `https://autoconfig.DOMAIN/mail/config-v1.1.xml`.

Owns: the fetching, only over https with a verified certificate, and the reading of the XML.
Fails with: `NoAutoconfig`, which says why there is nothing to use.
Limits: `MAX_OCTETS`, `MAX_REDIRECTS`, `SECONDS` for everything; a document type is refused, so that no entity is ever
expanded. What the file says is only a proposal: a person confirms the hosts before a password goes there.
"""

import http.client
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import urljoin, urlsplit
from xml.parsers import expat

from mailtickets.config.providers import Server, Tls
from mailtickets.config.values import is_host_name

MAX_OCTETS = 262_144
MAX_REDIRECTS = 3
MAX_USERNAME = 320
"""Characters. A longer one is no address, and would push what is shown with it off the screen."""
SECONDS = 10

_PORT = re.compile("[1-9][0-9]{0,4}")
_TLS: dict[str, Tls] = {"SSL": "implicit", "STARTTLS": "starttls"}
_MOVED = (301, 302, 303, 307, 308)


class NoAutoconfig(Exception):
    """There is no autoconfig file, or none that can be used."""


def places(domain: str) -> tuple[str, ...]:
    """Where a domain may have its file, in the order in which mail programs look."""
    return (
        f"https://autoconfig.{domain}/mail/config-v1.1.xml",
        f"https://{domain}/.well-known/autoconfig/mail/config-v1.1.xml",
    )


# --- fetching -------------------------------------------------------------------------------------------


def fetch(url: str) -> bytes:
    """The octets at an https URL. Blocks, so call it in a thread."""
    deadline = time.monotonic() + SECONDS
    for _ in range(MAX_REDIRECTS + 1):
        try:
            found = _get(url, deadline)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise NoAutoconfig(f"{url}: {error or type(error).__name__}") from error
        if isinstance(found, bytes):
            return found
        url = urljoin(url, found)
    raise NoAutoconfig(f"{url}: redirected too often")


def _get(url: str, deadline: float) -> bytes | str:
    """The octets at a URL, or where the server says that they are. Raises OSError, HTTPException, ValueError."""
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname:
        raise NoAutoconfig(f"{url}: only https is trusted")
    connection = http.client.HTTPSConnection(
        parts.hostname, parts.port, timeout=_left(deadline), context=ssl.create_default_context()
    )
    watchdog = None
    try:
        connection.connect()
        watchdog = threading.Timer(_left(deadline), _hang_up, [connection.sock])
        watchdog.start()
        path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        connection.request("GET", path, headers={"Accept": "text/xml, application/xml", "Connection": "close"})
        response = connection.getresponse()
        if response.status in _MOVED and (target := response.getheader("Location")):
            return target
        if response.status != http.HTTPStatus.OK:
            raise NoAutoconfig(f"{url}: the server says {response.status}")
        octets = response.read(MAX_OCTETS + 1)
        _left(deadline)  # or it may be only a part, because the watchdog hung up
    finally:
        if watchdog is not None:
            watchdog.cancel()
        connection.close()
    if len(octets) > MAX_OCTETS:
        raise NoAutoconfig(f"{url}: larger than {MAX_OCTETS} octets")
    return octets


def _hang_up(connection: socket.socket) -> None:
    """Ends a connection that takes too long, however little by little the server speaks."""
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def _left(deadline: float) -> float:
    """The seconds that are left. Raises TimeoutError when there are none."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("no answer in time")
    return left


# --- reading --------------------------------------------------------------------------------------------


def read(octets: bytes, address: str) -> tuple[Server | None, Server | None]:
    """The IMAP and the SMTP server that an autoconfig file names for an address. TLS from the first octet is preferred
    to STARTTLS; IMAP with STARTTLS and everything in the clear is left out.
    """
    servers = list(_servers(octets, address))
    imap = [server for kind, server in servers if kind == "imap" and server.tls == "implicit"]
    smtp = sorted((server for kind, server in servers if kind == "smtp"), key=lambda one: one.tls != "implicit")
    return next(iter(imap), None), next(iter(smtp), None)


def _servers(octets: bytes, address: str) -> Iterator[tuple[str, Server]]:
    """The usable servers of the file, in its order, each with its type."""
    for fields in _tables(octets):
        host = _filled(fields.get("hostname", ""), address)
        port, tls = fields.get("port", ""), _TLS.get(fields.get("socketType", ""))
        username = _filled(fields.get("username", "%EMAILADDRESS%"), address)
        usable = is_host_name(host) and _PORT.fullmatch(port) and int(port) < 65_536
        if tls and usable and username.isprintable() and 0 < len(username) <= MAX_USERNAME:
            yield fields["type"], Server(host.lower(), int(port), tls, username)


def _filled(text: str, address: str) -> str:
    local, _, domain = address.rpartition("@")
    for name, value in (("%EMAILADDRESS%", address), ("%EMAILLOCALPART%", local), ("%EMAILDOMAIN%", domain)):
        text = text.replace(name, value)
    return text


def _tables(octets: bytes) -> list[dict[str, str]]:
    """Each `incomingServer` and `outgoingServer` as the texts of its elements, the first of a name, and its `type`."""
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = reader.doctype
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.buffer_text = True
    try:
        parser.Parse(octets, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise NoAutoconfig(f"is not XML: {error}") from error
    return reader.found


class _Reader:
    """Collects the servers while the parser goes through the file."""

    def __init__(self) -> None:
        self.found: list[dict[str, str]] = []
        self._server: dict[str, str] | None = None
        self._element, self._words = "", ""

    def doctype(self, *_: object) -> None:
        raise NoAutoconfig("has a document type, which no such file needs")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name in {"incomingServer", "outgoingServer"}:
            self._server = {"type": attributes.get("type", "")}
        self._element, self._words = name, ""

    def text(self, words: str) -> None:
        self._words += words

    def end(self, name: str) -> None:
        if self._server is None:
            return
        if name in {"incomingServer", "outgoingServer"}:
            self.found.append(self._server)
            self._server = None
        elif name == self._element:
            self._server.setdefault(name, self._words.strip())
