"""Shows a mail to Rspamd (HTTP) and to ClamAV (INSTREAM) and returns what they found.

Owns: the parts of both protocols that are needed, and how long to wait for an answer.
*Fails with*: nothing. If a scanner does not answer, or answers nonsense, the verdict is `unavailable`, and the caller
does what `junk.when_unavailable` says.
*Limits*: mail larger than `max_scan_bytes` is shown to neither scanner. Mail that is larger than clamd or Rspamd takes
counts as not shown, because it would be too large the next time too. One connection for each mail and scanner.
"""

import asyncio
import json
import re
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain
from typing import Any
from urllib.parse import SplitResult, urlsplit

from mailtickets.config.credentials import read_secret
from mailtickets.config.models import Config
from mailtickets.mail.kind import junk
from mailtickets.mail.kind.junk import JunkVerdict, verdict
from mailtickets.mail.model import Envelope

MAX_REPLY_BYTES = 1_000_000
CHUNK_BYTES = 65_536
TIMEOUT_SECONDS = 30.0
"""Seconds for the whole conversation. A client that waits for our 250 waits ten minutes (RFC 5321, 4.5.3.2.6)."""

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]

_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})\b")
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,10})[ \t]*(?=\r\n)", re.IGNORECASE)
_FOUND = re.compile(r"(?:[^:]{0,200}: )?(.{1,300}) FOUND", re.DOTALL)
_NOT_TEXT = re.compile("[\x00-\x1f\x7f]+")


@dataclass(frozen=True, slots=True)
class ScanSettings:
    """Which scanners are asked. An empty address means that this scanner is not asked."""

    rspamd: str = ""
    """The URL that `/checkv2` is appended to."""
    rspamd_password: str = field(default="", repr=False)
    clamav: str = ""
    """`unix:/PATH` or `HOST:PORT`."""
    max_scan_bytes: int = 26_214_400
    timeout_seconds: float = TIMEOUT_SECONDS
    ca_file: str | None = None
    """The certificate authorities for an https Rspamd. None: those of the system."""

    @classmethod
    def of(cls, config: Config) -> "ScanSettings":
        """Makes the settings and reads the file of the password. Raises OSError."""
        section = config.junk
        secret = read_secret(config.path(section.rspamd_password_file)) if section.rspamd_password_file else ""
        return cls(section.rspamd, secret, config.clamav, section.max_scan_bytes)

    @property
    def scans(self) -> bool:
        """Whether any scanner is configured."""
        return bool(self.rspamd or self.clamav)


async def scan(raw: bytes, envelope: Envelope, settings: ScanSettings) -> JunkVerdict:
    """The worst verdict of the scanners. All are asked at the same time."""
    asked: list[Awaitable[JunkVerdict]] = []
    if settings.scans and len(raw) > settings.max_scan_bytes:
        return verdict("clean", "over-max-scan-bytes", "", f"{len(raw)} octets: not scanned")
    if settings.clamav:
        asked.append(_answer("clamav", lambda: _clamav(raw, settings), settings))
    if settings.rspamd:
        asked.append(_answer("rspamd", lambda: _rspamd(raw, envelope, settings), settings))
    return junk.worst(await asyncio.gather(*asked))


class _UnknownAnswer(Exception):
    """The scanner's answer was not one that we know."""


async def _answer(source: str, ask: Callable[[], Awaitable[JunkVerdict]], settings: ScanSettings) -> JunkVerdict:
    try:
        async with asyncio.timeout(settings.timeout_seconds):
            return await ask()
    except TimeoutError:
        return verdict("unavailable", f"{source}-timeout", source, f"no answer in {settings.timeout_seconds:g} s")
    except _UnknownAnswer as trouble:
        return verdict("unavailable", f"{source}-unusable-answer", source, str(trouble))
    except (OSError, EOFError, ValueError) as trouble:
        return verdict("unavailable", f"{source}-unreachable", source, f"{type(trouble).__name__}: {trouble}")


# --- ClamAV: clamd(8), INSTREAM ---------------------------------------------------------------------------------------


async def _clamav(raw: bytes, settings: ScanSettings) -> JunkVerdict:
    """Asks clamd over a plain socket.

    A stream forgets what it has not read yet when a write fails. That happens with mail that is too large for clamd,
    which says so and closes the connection.
    """
    loop = asyncio.get_running_loop()
    reply = b""
    with await _connect_clamd(settings.clamav) as connection:
        with suppress(ConnectionError):
            for octets in _instream(raw):
                await loop.sock_sendall(connection, octets)
        while b"\0" not in reply and (octets := await loop.sock_recv(connection, CHUNK_BYTES)):
            reply = _longer(reply, octets)
    return _said_by_clamd(reply.rstrip(b"\0\r\n").decode("utf-8", "replace"))


async def _connect_clamd(address: str) -> socket.socket:
    if address.startswith("unix:"):
        return await _connect_socket(socket.AF_UNIX, address.removeprefix("unix:"))
    host, _, port = address.rpartition(":")
    loop = asyncio.get_running_loop()
    trouble = OSError(f"{host} has no address")
    for family, _, _, _, place in await loop.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_STREAM):
        try:
            return await _connect_socket(family, place)
        except OSError as error:
            trouble = error
    raise trouble


async def _connect_socket(family: socket.AddressFamily, place: Any) -> socket.socket:
    connection = socket.socket(family, socket.SOCK_STREAM)
    try:
        connection.setblocking(False)
        await asyncio.get_running_loop().sock_connect(connection, place)
    except BaseException:
        connection.close()
        raise
    return connection


def _instream(raw: bytes) -> Iterator[bytes]:
    """The mail in chunks: the length of each in four octets, then the chunk; a length of zero at the end."""
    yield b"zINSTREAM\0"
    for chunk in _chunks(raw):
        yield len(chunk).to_bytes(4) + chunk
    yield bytes(4)


def _said_by_clamd(reply: str) -> JunkVerdict:
    if found := _FOUND.fullmatch(reply):
        return verdict("infected", "clamav-found", "clamav", found[1])
    if reply.endswith(": OK"):
        return verdict("clean", "clamav-ok", "clamav")
    if "size limit exceeded" in reply:
        return verdict("clean", "over-clamd-limit", "clamav", reply)
    raise _UnknownAnswer(reply or "nothing was said")


# --- Rspamd: POST /checkv2 --------------------------------------------------------------------------------------------


async def _rspamd(raw: bytes, envelope: Envelope, settings: ScanSettings) -> JunkVerdict:
    url = urlsplit(settings.rspamd)
    streams = await _connect_http(url, settings.ca_file)
    request = chain([_request(url, len(raw), envelope, settings.rspamd_password)], _chunks(raw))
    status, body = _http_reply(await _converse(streams, request, lambda so_far: _missing(so_far) == 0))
    if status == 413:
        return verdict("clean", "over-rspamd-limit", "rspamd", "413: not scanned")
    if status != 200:
        raise _UnknownAnswer(f"HTTP status {status}")
    return _said_by_rspamd(body)


async def _connect_http(url: SplitResult, ca_file: str | None) -> Streams:
    encrypted = url.scheme == "https"
    context = await asyncio.to_thread(ssl.create_default_context, cafile=ca_file) if encrypted else None
    return await asyncio.open_connection(url.hostname, url.port or (443 if encrypted else 80), ssl=context)


def _request(url: SplitResult, length: int, envelope: Envelope, password: str) -> bytes:
    """The request in HTTP/1.0: so the answer has no chunks and the connection is not kept."""
    fields = "\r\n".join(f"{name}: {value}" for name, value in _fields(url, length, envelope, password))
    return f"POST {url.path}/checkv2 HTTP/1.0\r\n{fields}\r\n\r\n".encode("utf-8", "replace")


def _fields(url: SplitResult, length: int, envelope: Envelope, password: str) -> Iterator[tuple[str, str]]:
    """The header fields of the request. The sender chose some of the values, so none may contain a line end."""
    yield "Host", url.netloc
    yield "Content-Length", str(length)
    fields = [("IP", envelope.peer), ("Helo", envelope.helo), ("From", envelope.sender or "")]
    fields += [("Rcpt", recipient) for recipient in envelope.recipients]
    fields += [("Password", password)]
    for name, value in fields:
        if written := _NOT_TEXT.sub(" ", value).strip():
            yield name, written


def _http_reply(reply: bytes) -> tuple[int, bytes]:
    """Status and body of the answer. A body that is not as long as it says is not accepted."""
    head, found, body = reply.partition(b"\r\n\r\n")
    status = _STATUS.match(head)
    if status is None or not found:
        raise _UnknownAnswer("no HTTP reply" if reply else "nothing was said")
    if _missing(reply):
        raise _UnknownAnswer("the reply was cut short")
    return int(status[1]), body


def _missing(reply: bytes) -> int | None:
    """How many octets of the body are still to come; None where that is not known."""
    head, found, body = reply.partition(b"\r\n\r\n")
    length = _LENGTH.search(head + b"\r\n") if found else None
    return max(0, int(length[1]) - len(body)) if length else None


def _said_by_rspamd(body: bytes) -> JunkVerdict:
    try:
        reply: Any = json.loads(body)
        action = str(reply["action"])
        virus = next((name for name in reply.get("symbols", {}) if name.endswith("_VIRUS")), "")
        detail = f"{action}, score {float(reply.get('score', 0)):.1f} of {float(reply.get('required_score', 0)):.1f}"
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as trouble:
        raise _UnknownAnswer("no verdict in the reply") from trouble
    if virus:  # CLAM_VIRUS and so on, as Rspamd's antivirus module calls them
        return verdict("infected", "rspamd-virus", "rspamd", f"{virus}: {detail}")
    known = junk.rspamd_action(action)
    if known is None:
        raise _UnknownAnswer(f"an action that is not known: {action[:40]!r}")
    kind, why = known
    return verdict(kind, "rspamd-clean" if kind == "clean" else why, "rspamd", detail)


# --- octets -----------------------------------------------------------------------------------------------------------


def _chunks(raw: bytes) -> Iterator[bytes]:
    return (raw[start : start + CHUNK_BYTES] for start in range(0, len(raw), CHUNK_BYTES))


async def _converse(streams: Streams, request: Iterable[bytes], is_complete: Callable[[bytes], bool]) -> bytes:
    """Sends a request and returns the answer. It listens while it sends, because the answer may come early."""
    reader, writer = streams
    answer = asyncio.create_task(_reply(reader, is_complete))
    try:
        with suppress(ConnectionError):
            for octets in request:
                writer.write(octets)
                await writer.drain()
        return await answer
    finally:
        writer.transport.abort()
        answer.cancel()
        await asyncio.gather(answer, return_exceptions=True)


async def _reply(reader: asyncio.StreamReader, is_complete: Callable[[bytes], bool]) -> bytes:
    """Reads until the answer is complete, or the other side closes the connection."""
    reply = b""
    while not is_complete(reply) and (octets := await reader.read(CHUNK_BYTES)):
        reply = _longer(reply, octets)
    return reply


def _longer(reply: bytes, octets: bytes) -> bytes:
    if len(reply) + len(octets) > MAX_REPLY_BYTES:
        raise _UnknownAnswer(f"more than {MAX_REPLY_BYTES} octets were answered")
    return reply + octets
