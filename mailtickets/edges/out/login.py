"""Login at the smarthost: the mechanisms for each method of a credential, and the server's answer without the
secret.
"""

import asyncio
import logging
from base64 import b64encode
from collections.abc import Awaitable, Callable, Sequence
from typing import assert_never

from aiosmtplib import SMTP, SMTPAuthenticationError, SMTPException, SMTPResponse, SMTPResponseException

from mailtickets.edges.out.advice import smtp_auth_is_off
from mailtickets.edges.out.settings import SmtpOutSettings
from mailtickets.edges.sasl import Exchange, exchange

log = logging.getLogger("mailtickets.smtp")
log.addHandler(logging.NullHandler())  # `check` says it in a line of its own, and has no log

NOT_IMPLEMENTED = 504
"""Answers to AUTH that mean: this mechanism is offered but does not work. Another mechanism may work."""
_COMMAND_OCTETS = 510
"""The longest command without CRLF. A longer response is sent after the server's 334 (RFC 4954, 4)."""
_GO_ON, _WELCOME = 334, 235


class LoginFailed(SMTPResponseException):
    """The server's answer to a login, other than a refused token."""


Mechanism = Callable[[str, str], Awaitable[object]]
"""Logs in with a name and a secret. Raises SMTPAuthenticationError."""


async def log_in(smtp: SMTP, settings: SmtpOutSettings, secret: str) -> None:
    """Logs in by the first mechanism that the server offers and that works.

    Raises SMTPException, with the server's words but without the secret, TokenRefused and NoTokenLogin.
    """
    match settings.credential.method:
        case "password":
            await _by_password(smtp, settings.username, secret)
        case "token":
            await _by_token(smtp, settings, secret)
        case _:
            assert_never(settings.credential.method)


async def _by_password(smtp: SMTP, username: str, password: str) -> None:
    known: dict[str, Mechanism] = {"plain": smtp.auth_plain, "login": smtp.auth_login, "cram-md5": smtp.auth_crammd5}
    offered = [login for name, login in known.items() if name in smtp.server_auth_methods]
    if not offered:
        raise SMTPException(f"it offers no login that we know (AUTH {', '.join(known).upper()})")
    try:
        await _try_each(offered, username, password)
    except SMTPResponseException as error:
        raise LoginFailed(error.code, without_secret(error.message, username, password)) from None


async def _try_each(logins: Sequence[Mechanism], username: str, secret: str) -> None:
    for login in logins:
        try:
            await login(username, secret)
            return
        except SMTPAuthenticationError as error:
            # A wrong password that is tried by each mechanism is three failures for the server, and servers lock
            # accounts for that.
            if error.code != NOT_IMPLEMENTED or login is logins[-1]:
                raise


async def _by_token(smtp: SMTP, settings: SmtpOutSettings, token: str) -> None:
    """A refusal for good raises TokenRefused: another token may be accepted. One for the moment is left to later."""
    offered = {name.upper() for name in smtp.server_auth_methods}
    attempt = exchange(offered, settings.username, token, settings.host, settings.port)
    try:
        async with asyncio.timeout(settings.timeouts.token_login):
            code, text = await _exchanged(smtp, attempt)
    except TimeoutError as error:
        seconds = settings.timeouts.token_login
        said = f"no answer within {seconds:.0f} s to a login with a token of {len(token)} characters"
        raise SMTPException(said) from error
    if code == _WELCOME:
        return
    refused = attempt.refusal(" ".join(f"{code} {text}".split()))
    if attempt.is_trouble:
        raise SMTPResponseException(code, attempt.without_token(f"{text} {attempt.challenge}"))
    if code < 500 or smtp_auth_is_off(text):
        raise LoginFailed(code, attempt.without_token(text))
    facts = {"host": settings.host, "mechanism": attempt.mechanism, "error": str(refused)}
    log.warning("smtp token refused", extra={**facts, "challenge": attempt.challenge})
    raise refused


async def _exchanged(smtp: SMTP, attempt: Exchange) -> SMTPResponse:
    """Sends AUTH, and goes on until the server says yes or no."""
    command = [b"AUTH", attempt.mechanism.encode()]
    if len(b" ".join((*command, attempt.response))) <= _COMMAND_OCTETS:
        command.append(attempt.answer(b""))
    answer = await smtp.execute_command(*command)
    while answer.code == _GO_ON:
        said = answer.message.encode("utf-8", "replace")
        answer = await smtp.execute_command(attempt.answer(said))
    return answer


def without_secret(text: str, username: str, secret: str) -> str:
    """The server's answer to a login. It may repeat the secret, plain or as LOGIN and PLAIN encode it: this becomes
    `...`.
    """
    encoded = (b64encode(f"{before}{secret}".encode()).decode() for before in ("", f"\0{username}\0"))
    for form in sorted((secret, *encoded), key=len, reverse=True):
        text = text.replace(form, "...") if secret else text
    return text
