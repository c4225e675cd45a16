"""`mailtickets deliver`: an MTA pipes one message in, and the running daemon takes it over LMTP.

Owns: the exit code. It is 0 when the copy of every recipient is durable, and 75 in all other cases, so that the MTA
keeps the mail in any trouble: a typing error, a broken configuration, a daemon that is down, even a refusal.
Fails with: nothing else. The reason is written to stderr, where the MTA logs it.
Limits: it runs once for each message as the MTA's user. So it imports nothing heavy (no pydantic, asyncio, email, ssl),
reads only the place of the socket from the configuration, and opens no secret. The message is streamed.
"""

import argparse
import os
import re
import signal
import socket
import sys
import tomllib
from collections.abc import Iterator, Sequence
from typing import BinaryIO, NoReturn

EX_TEMPFAIL = 75

CONNECT_SECONDS = 30
REPLY_SECONDS = 300
BLOCK_SECONDS = 180
FINAL_DOT_SECONDS = 600
CHUNK_BYTES = 65_536
MAX_REPLY_BYTES = 65_536

STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
SEARCHED = ("/etc/mailtickets/config.toml", "config.toml")
DEFAULT_SOCKET = "unix:intake.sock"


class NotDelivered(Exception):
    """The message was not delivered. The MTA has to keep it."""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Hands the message on stdin to the running daemon. Exits with 0 when it is stored, else with 75."
    )
    parser.add_argument("--sender", metavar="A", help="the envelope sender; <> means none (default: $SENDER)")
    parser.add_argument(
        "--recipient",
        metavar="A",
        action="append",
        default=[],
        help="an envelope recipient; may be repeated (default: $ORIGINAL_RECIPIENT, then $RECIPIENT)",
    )

    def keep_the_mail(message: str) -> NoReturn:
        parser.print_usage(sys.stderr)
        parser.exit(EX_TEMPFAIL, f"{parser.prog}: {message}\n")

    parser.error = keep_the_mail  # type: ignore[method-assign] # argparse exits 2, for which an MTA bounces


def run(args: argparse.Namespace) -> int:
    try:
        for number in STOPPING:
            signal.signal(number, _stopped)
        _deliver(args, sys.stdin.buffer)
    except BaseException as reason:
        return _keep(reason)
    return 0


def _stopped(number: int, _frame: object) -> NoReturn:
    raise NotDelivered(f"stopped by {signal.Signals(number).name}")


def _keep(reason: BaseException) -> int:
    words = str(reason) or type(reason).__name__
    try:
        for number in STOPPING:
            signal.signal(number, signal.SIG_IGN)
        sys.stderr.write(f"mailtickets deliver: {words}\n")
        sys.stderr.flush()
    except (OSError, ValueError):
        pass  # nobody reads stderr; the exit code is enough
    return EX_TEMPFAIL


def _deliver(args: argparse.Namespace, source: BinaryIO) -> None:
    first_line, rest = _first_line(source)
    from_line = first_line.startswith(b"From ")
    sender = _sender(args.sender, first_line if from_line else b"")
    groups = _recipients(args.recipient)
    body = _on_the_wire(_blocks(rest if from_line else first_line + rest, source))
    with _connected(socket_path(args.config)) as connection:
        Lmtp(connection).send(sender, groups, body)


# --- the envelope -----------------------------------------------------------------------------------------


def _first_line(source: BinaryIO) -> tuple[bytes, bytes]:
    """The first line, which is not part of the message in mbox style, and the bytes that were read after it."""
    data = b""
    while b"\n" not in data and len(data) < CHUNK_BYTES:
        chunk = source.read1(CHUNK_BYTES) if hasattr(source, "read1") else source.read(CHUNK_BYTES)
        if not chunk:
            break
        data += chunk
    if not data:
        raise NotDelivered("there is no message on stdin")
    end = data.find(b"\n") + 1
    return data[:end], data[end:]


def _sender(option: str | None, from_line: bytes) -> bytes:
    """The sender: the option, $SENDER, or the mbox line. MTAs write MAILER-DAEMON for the null path."""
    words = from_line.split()
    named = option if option is not None else os.environ.get("SENDER")
    sender = os.fsencode(named) if named is not None else (words[1] if len(words) > 1 else b"")
    sender = _address(sender.strip())
    return b"" if sender.upper() == b"MAILER-DAEMON" else sender


def _recipients(options: Sequence[str]) -> list[list[bytes]]:
    """For each recipient the addresses it may have, best first. An alias may have rewritten the address that we
    know.
    """
    if options:
        return [[_address(os.fsencode(option))] for option in options]
    values = [os.environ.get(name, "") for name in ("ORIGINAL_RECIPIENT", "RECIPIENT")]
    known = [_address(os.fsencode(address)) for address in dict.fromkeys(values) if address]
    if not known:
        raise NotDelivered("no recipient: neither --recipient nor $ORIGINAL_RECIPIENT nor $RECIPIENT")
    return [known]


def _address(word: bytes) -> bytes:
    address = word.removeprefix(b"<").removesuffix(b">")
    if re.search(rb"[\x00-\x20\x7f<>]", address):
        raise NotDelivered(f"no address: {word!r}")
    return address


# --- the message ------------------------------------------------------------------------------------------


def _blocks(begun: bytes, source: BinaryIO) -> Iterator[bytes]:
    if begun:
        yield begun
    while block := source.read(CHUNK_BYTES):
        yield block


def _on_the_wire(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The message with CRLF line ends and stuffed dots, and then the final dot."""
    at_line_start, held = True, b""
    for block in blocks:
        data = held + block
        held = b"\r" if data.endswith(b"\r") else b""  # the LF may be in the next block
        lines = data[: len(data) - len(held)].replace(b"\r\n", b"\n")
        stuffed = (b"\n" + lines if at_line_start else lines).replace(b"\n.", b"\n..")
        stuffed = stuffed[1:] if at_line_start else stuffed
        at_line_start = lines.endswith(b"\n") if lines else at_line_start
        yield stuffed.replace(b"\n", b"\r\n")
    yield (b"" if at_line_start and not held else b"\r\n") + b".\r\n"


# --- the way to the daemon --------------------------------------------------------------------------------


def socket_path(option: str | None) -> str:
    """The socket where the daemon listens, from the few keys of the configuration that name it."""
    file = _config_file(option)
    try:
        with open(file, "rb") as opened:  # noqa: PTH123 - pathlib is 5 ms of import
            data = tomllib.load(opened)
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise NotDelivered(f"{file}: {error}") from error
    listen = _table(data, "lmtp_in").get("listen", [])
    entries = [entry for entry in listen if isinstance(entry, str)] if isinstance(listen, list) else []
    entry = next((entry for entry in entries if entry.startswith("unix:")), DEFAULT_SOCKET)
    return os.path.join(_state_dir(file, data), entry.removeprefix("unix:"))  # noqa: PTH118


def _config_file(option: str | None) -> str:
    named = option or os.environ.get("MAILTICKETS_CONFIG")
    if named:
        return named
    found = next((file for file in SEARCHED if os.path.exists(file)), None)  # noqa: PTH110
    if found is None:
        raise NotDelivered(f"no configuration file: looked for {', '.join(SEARCHED)}")
    return found


def _state_dir(file: str, data: dict[str, object]) -> str:
    by_systemd = os.environ.get("STATE_DIRECTORY", "").split(":")[0]
    configured = _table(data, "instance").get("state_dir", "var")
    return by_systemd or os.path.join(os.path.dirname(os.path.abspath(file)), str(configured))  # noqa: PTH100, PTH118, PTH120


def _table(data: dict[str, object], name: str) -> dict[str, object]:
    table = data.get(name, {})
    return table if isinstance(table, dict) else {}


def _connected(path: str) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(CONNECT_SECONDS)
        connection.connect(path)
    except OSError as error:
        connection.close()
        raise NotDelivered(f"the daemon cannot be reached at {path}: {error}") from error
    return connection


class Lmtp:
    """The client's side of RFC 2033, only what is needed to hand over one message."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._unread = b""

    def send(self, sender: bytes, groups: Sequence[Sequence[bytes]], body: Iterator[bytes]) -> None:
        self._expect(b"220", REPLY_SECONDS)
        self._command(b"LHLO localhost")
        self._command(b"MAIL FROM:<" + sender + b">" + (b"" if _is_ascii(sender, groups) else b" SMTPUTF8"))
        for known_by in groups:
            self._recipient(known_by)
        self._command(b"DATA", b"354")
        self._body(body)
        for _ in groups:
            self._expect(b"250", FINAL_DOT_SECONDS)
        # Everything is durable now: a failing QUIT changes nothing.

    def _recipient(self, known_by: Sequence[bytes]) -> None:
        for address in known_by[:-1]:
            try:
                self._command(b"RCPT TO:<" + address + b">")
            except NotDelivered:
                continue
            return
        self._command(b"RCPT TO:<" + known_by[-1] + b">")

    def _body(self, body: Iterator[bytes]) -> None:
        self._connection.settimeout(BLOCK_SECONDS)
        for chunk in body:
            try:
                self._connection.sendall(chunk)
            except (BrokenPipeError, ConnectionResetError):
                return  # if there is a reply, it says why

    def _command(self, line: bytes, expected: bytes = b"250") -> None:
        self._connection.settimeout(REPLY_SECONDS)
        self._connection.sendall(line + b"\r\n")
        self._expect(expected, REPLY_SECONDS)

    def _expect(self, code: bytes, seconds: int) -> None:
        self._connection.settimeout(seconds)
        line = self._line()
        while line[3:4] == b"-":
            line = self._line()
        if line[:3] != code:
            raise NotDelivered(f"the daemon said: {line.decode('utf-8', 'replace').strip()}")

    def _line(self) -> bytes:
        while b"\n" not in self._unread:
            received = self._connection.recv(4096)
            if not received or len(self._unread) > MAX_REPLY_BYTES:
                raise NotDelivered("the daemon hung up")
            self._unread += received
        line, _, self._unread = self._unread.partition(b"\n")
        return line


def _is_ascii(sender: bytes, groups: Sequence[Sequence[bytes]]) -> bool:
    return sender.isascii() and all(address.isascii() for known_by in groups for address in known_by)
