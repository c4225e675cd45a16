"""The accounts of OAuth2: whether a token can be got, how long it serves, and when the secret ends.

A token is asked for only where the kept one does not serve. Asking again costs the provider nothing, but a login that
a person made is not put at risk for a check.
"""

import asyncio
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime

from mailtickets.cli.check.inquiry import Inquiry
from mailtickets.config.places import ConfigError
from mailtickets.desk.model.delivery import Transient
from mailtickets.edges.oauth2.account import OAuthAccount, accounts
from mailtickets.edges.oauth2.expiry import FIRST_DAYS, ends_on
from mailtickets.edges.oauth2.kept import Kept
from mailtickets.edges.oauth2.outcome import Dead, Retry
from mailtickets.edges.oauth2.tokens import renewing
from mailtickets.views.check import CheckLine, ok, warning, wrong

_LATER = "see that this machine reaches the token server, and run it again; the daemon tries on by itself"


async def lines(inquiry: Inquiry) -> Iterable[CheckLine]:
    known = accounts(inquiry.config)
    keys = {name: f"oauth.{number}" for number, name in enumerate(one.name for one in inquiry.config.oauth)}
    looking = (asyncio.to_thread(_account, inquiry, keys[name], account) for name, account in known.items())
    return [line for found in await asyncio.gather(*looking) for line in found]


def _account(inquiry: Inquiry, about: str, account: OAuthAccount) -> list[CheckLine]:
    return [
        _token(inquiry, about, account),
        *_ending(about, account, datetime.now(UTC).date()),
        *_unused(about, account),
    ]


def _token(inquiry: Inquiry, about: str, account: OAuthAccount) -> CheckLine:
    try:
        with renewing(inquiry.config, account) as renewal:
            found = renewal.present()
    except (Transient, ConfigError, OSError) as error:
        return wrong(about, f"{account.name}: no token: {error}", "see the lines of the database and of the secret")
    match found:
        case Kept():
            inquiry.remember(found.access, found.refresh)
            whose = f" of {found.who}" if found.who else ""
            return ok(about, f"{account.name}: a token{whose} is there, good until {_moment(found.expires_at)}")
        case Dead():
            return wrong(about, f"{account.name}: no token: {found.reason}", found.advice)
        case Retry():
            return wrong(about, f"{account.name}: no token now: {found.reason}", _LATER)


def _ending(about: str, account: OAuthAccount, today: date) -> Iterator[CheckLine]:
    """When the secret or the certificate ends."""
    end = ends_on(account)
    if end is None:
        return
    what = "certificate" if account.settings.certificate_file else "secret"
    days = (end - today).days
    renew = f"make a new {what} at the provider, put it into its file, set oauth.expires, and reload the daemon"
    if days < 0:
        yield wrong(about, f"{account.name}: the {what} has ended on {end}", renew)
    elif days <= FIRST_DAYS:
        yield warning(about, f"{account.name}: the {what} ends on {end}, in {days} days", renew)
    else:
        yield ok(about, f"{account.name}: the {what} ends on {end}")


def _unused(about: str, account: OAuthAccount) -> Iterator[CheckLine]:
    if not account.uses:
        then = f'name it: oauth = "{account.name}" in [[imap_in]] or [delivery], or remove the table'
        yield warning(about, f"{account.name}: no mailbox and no delivery uses it", then)


def _moment(at: datetime) -> str:
    return at.astimezone().strftime("%Y-%m-%d %H:%M %Z")
