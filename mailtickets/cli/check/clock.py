"""This machine's clock, against the clocks of others: the database server, a token server, the smarthost's greeting.

Mail dates, tokens, leases and due times stand on it. Nobody is asked the time who is not spoken to anyway.
"""

import ctypes
import http.client
import re
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from sqlalchemy import Connection

from mailtickets.cli.check.database import BUSY_SECONDS
from mailtickets.cli.check.inquiry import Inquiry
from mailtickets.desk.model.delivery import Transient
from mailtickets.edges.oauth2.account import MICROSOFT_LOGIN, OAuthAccount, accounts
from mailtickets.store.database import Database
from mailtickets.views.check import CheckLine, ok, warning, wrong

ABOUT = "clock"
_SLIGHT_SECONDS, _MOST_SECONDS = 60, 300
"""What others tolerate: mail a minute or so, most token servers five minutes."""
_HTTP_SECONDS = 5
_TIMEX_OCTETS = 512
"""Room for `struct timex`, which has 208 octets on 64 bits."""
_NOT_SYNCHRONISED = 5
_SET = "let a time service set it: `timedatectl set-ntp true`, or install chrony; `timedatectl` shows the state"
_DATE = re.compile(r"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), +\d{1,2} \w{3} \d{4} \d\d:\d\d:\d\d (?:[+-]\d{4}|GMT|UTC)")


def now() -> datetime:
    return datetime.now(UTC)


def lines(inquiry: Inquiry) -> Iterator[CheckLine]:
    found = [*_of_database(inquiry), *_of_token_servers(inquiry)]
    yield from found or [_of_the_kernel()]


def compared(whose: str, theirs: datetime, before: datetime, after: datetime) -> CheckLine:
    """Another clock was read at some moment between `before` and `after` of ours."""
    away = max((before - theirs).total_seconds(), (theirs - after).total_seconds(), 0.0)
    ahead = before > theirs
    if away <= _SLIGHT_SECONDS:
        return ok(ABOUT, f"as {whose}, within {max(round(away), 1)} s")
    text = f"is {round(away)} s {'ahead of' if ahead else 'behind'} that of {whose}"
    return wrong(ABOUT, text, _SET) if away > _MOST_SECONDS else warning(ABOUT, text, _SET)


def date_in(text: str) -> datetime | None:
    """The date in a greeting, as Exchange and Sendmail write it; None if there is none."""
    found = _DATE.search(text)
    if found is None:
        return None
    try:
        date = parsedate_to_datetime(found[0])
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


# --- whose clocks -------------------------------------------------------------------------------------


def _of_database(inquiry: Inquiry) -> Iterator[CheckLine]:
    """PostgreSQL's. SQLite has the clock of this machine."""
    if inquiry.config.database_url.startswith("sqlite"):
        return
    database = Database(inquiry.config.database_url, busy_seconds=BUSY_SECONDS)
    try:
        before = now()
        theirs = database.transact(_clock_in)
        yield compared("the database server", theirs, before, now())
    except Transient:
        return  # the line of database.url says so
    finally:
        database.close()


def _clock_in(connection: Connection) -> datetime:
    found: datetime = connection.exec_driver_sql("SELECT clock_timestamp()").scalar_one()
    return found


def _of_token_servers(inquiry: Inquiry) -> Iterator[CheckLine]:
    asked = set()
    for account in accounts(inquiry.config).values():
        url = urlsplit(account.token_url or MICROSOFT_LOGIN)
        if url.hostname and url.netloc not in asked:
            asked.add(url.netloc)
            yield from _of_web_server(account, url.hostname, url.port)


def _of_web_server(account: OAuthAccount, host: str, port: int | None) -> Iterator[CheckLine]:
    """The Date of an answer (RFC 9110, 6.6.1). Nothing is said but the name of the host."""
    before = now()
    connection = None
    try:
        context = ssl.create_default_context(cafile=account.ca_file)
        connection = http.client.HTTPSConnection(host, port, timeout=_HTTP_SECONDS, context=context)
        connection.request("HEAD", "/")
        theirs = date_in(connection.getresponse().getheader("Date") or "")
    except (OSError, http.client.HTTPException):
        return  # the line of the account says so
    finally:
        if connection is not None:
            connection.close()
    if theirs is not None:
        yield compared(host, theirs, before, now())


def _of_the_kernel() -> CheckLine:
    """Whether a time service keeps the clock, where there is no other one to compare it with."""
    if _is_kept():
        return ok(ABOUT, f"it is {now():%Y-%m-%d %H:%M} UTC")
    return warning(ABOUT, f"no time service of this machine keeps it; it says {now():%Y-%m-%d %H:%M} UTC", _SET)


def _is_kept() -> bool:
    """What the kernel knows (adjtimex(2)). True as well where it may not be asked, as in some containers."""
    ask = getattr(ctypes.CDLL(None, use_errno=True), "adjtimex", None)
    return ask is None or ask(ctypes.create_string_buffer(_TIMEX_OCTETS)) != _NOT_SYNCHRONISED
