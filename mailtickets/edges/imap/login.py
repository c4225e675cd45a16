"""Login over IMAP: the command for each method of a credential, and the server's answer without the secret."""

from collections.abc import Awaitable
from typing import assert_never, cast

from aioimaplib import aioimaplib

from mailtickets.config.credentials import Method


def log_in(
    protocol: aioimaplib.IMAP4ClientProtocol, username: str, method: Method, secret: str
) -> Awaitable[aioimaplib.Response]:
    """Logs in by this method and returns the server's answer. Raises ValueError for a CR, LF or NUL in an argument."""
    match method:
        case "password":  # LOGIN, RFC 3501, 6.2.3
            return cast("Awaitable[aioimaplib.Response]", protocol.login(aioimaplib.quoted(username), secret))
        case "token":
            return cast("Awaitable[aioimaplib.Response]", protocol.xoauth2(username, secret))
        case _:
            assert_never(method)


def without_secret(line: bytes | bytearray, secret: str) -> bytes:
    """A line of the answer. Some servers repeat the secret in it, plain or quoted; the secret becomes `...`."""
    for form in (secret, aioimaplib.quoted(secret)[1:-1]):
        line = line.replace(form.encode(), b"...") if form else line
    return bytes(line)
