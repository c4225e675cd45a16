"""Login at the smarthost: the mechanisms for each method of a credential, and the server's answer without the
secret.
"""

from base64 import b64encode
from collections.abc import Awaitable, Callable, Sequence
from typing import assert_never

from aiosmtplib import SMTP, SMTPAuthenticationError, SMTPException, SMTPResponseException

from mailtickets.config.credentials import Credential, Method

NOT_IMPLEMENTED = 504
"""Answers to AUTH that mean: this mechanism is offered but does not work. Another mechanism may work."""

Mechanism = Callable[[str, str], Awaitable[object]]
"""Logs in with a name and a secret. Raises SMTPAuthenticationError."""


async def log_in(smtp: SMTP, username: str, credential: Credential) -> None:
    """Logs in by the first mechanism that the server offers and that works.

    Raises SMTPException, with the server's words but without the secret, and whatever `credential.fetch` raises.
    """
    known = _mechanisms(smtp, credential.method)
    offered = [login for name, login in known.items() if name in smtp.server_auth_methods]
    if not offered:
        raise SMTPException(f"it offers no login that we know (AUTH {', '.join(known).upper()})")
    secret = await credential.fetch()
    try:
        await _try_each(offered, username, secret)
    except SMTPResponseException as error:
        raise SMTPResponseException(error.code, without_secret(error.message, username, secret)) from None


def _mechanisms(smtp: SMTP, method: Method) -> dict[str, Mechanism]:
    """The mechanisms of SASL that take such a secret, the preferred one first."""
    match method:
        case "password":
            return {"plain": smtp.auth_plain, "login": smtp.auth_login, "cram-md5": smtp.auth_crammd5}
        case "token":
            return {"xoauth2": smtp.auth_xoauth2}
        case _:
            assert_never(method)


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


def without_secret(text: str, username: str, secret: str) -> str:
    """The server's answer to a login. It may repeat the secret, plain or as LOGIN and PLAIN encode it: this becomes
    `...`.
    """
    encoded = (b64encode(f"{before}{secret}".encode()).decode() for before in ("", f"\0{username}\0"))
    for form in sorted((secret, *encoded), key=len, reverse=True):
        text = text.replace(form, "...") if secret else text
    return text
