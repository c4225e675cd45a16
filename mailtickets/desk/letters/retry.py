"""Computes when a mail that did not go out is tried again, and how long an account rests that was told to slow down.

Pure: the caller passes the time and a random number. Waiting helps the remote side as much as ours. The first waits are
short, because greylisting asks for minutes; later waits are hours.

*Limits*: a mail fails `GIVE_UP_AFTER` after its first attempt, whatever the reason.
"""

import re
from datetime import datetime, timedelta

from mailtickets.desk.model.delivery import Delivery, Refused, Sent, Throttled

BACKOFF = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=10),
    timedelta(minutes=20),
    timedelta(minutes=30),
    timedelta(minutes=60),
    timedelta(hours=2),
    timedelta(hours=4),
)
"""The wait after the first failed attempt, the second, ...; the last one repeats."""

JITTER = 0.2
"""A wait is made longer or shorter by up to this fraction, so that mails that failed together are not retried
together."""

WARN_AFTER = timedelta(hours=4)
"""People are told of a mail that has been failing for this long."""

GIVE_UP_AFTER = timedelta(days=5)
"""RFC 5321, 4.5.4.1: the give-up time needs to be at least 4 to 5 days."""

THROTTLE_PAUSE = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 10, 15))


def next_attempt(
    attempts: int, first_attempt_at: datetime, result: Delivery, now: datetime, jitter: float
) -> datetime | None:
    """When to try again. None: never, because the mail has failed for good or has been sent.

    `attempts` is the number of failed attempts, this one included. `jitter` lies in [-1, 1]. A throttled attempt does
    not count: the mail is due again after the shortest pause, as soon as the account may send.
    """
    deadline = first_attempt_at + GIVE_UP_AFTER
    if isinstance(result, Sent | Refused) or now >= deadline:
        return None
    wait = throttle_pause(1) if isinstance(result, Throttled) else backoff(attempts)
    return min(now + wait * (1 + JITTER * jitter), deadline)  # one last attempt when time is up


def backoff(attempts: int) -> timedelta:
    """The wait after this number of failed attempts, before jitter."""
    return BACKOFF[min(max(attempts, 1), len(BACKOFF)) - 1]


def throttle_pause(consecutive: int) -> timedelta:
    """How long an account rests after it was told to slow down this many times in a row."""
    return THROTTLE_PAUSE[min(max(consecutive, 1), len(THROTTLE_PAUSE)) - 1]


# Replies of providers, from their documentation in 2026: Google support.google.com/a/answer/3726730, Microsoft
# learn.microsoft.com/exchange/mail-flow-best-practices, Amazon docs.aws.amazon.com/ses (manage-sending-quotas-errors),
# cPanel's and Plesk's per-hour limits as most shared hosting has them, Postfix anvil(8).
_SLOW_DOWN = re.compile(
    r"throttl|\brate\b|\brate-?limit|too (?:many|much|fast|quickly|frequent)|(?:concurrent|thread) .{0,300}limit"
    r"|(?:limit|quota|limite|cota)\b.{0,300}\b(?:exceeded|reached|excedid[oa]|atingid[oa])"
    r"|(?:exceeded|reached|excedeu|atingiu)\b.{0,300}\b(?:limit|quota|max|limite|cota)"
    r"|\bper (?:second|minute|hour|day)|por (?:minuto|hora|dia)\b",
    re.IGNORECASE | re.DOTALL,
)
_SERVER_BUSY = re.compile(r"\b4\.7\.5\d\d\b|\b4\.7\.\d+\b.{0,300}\bbusy\b", re.IGNORECASE | re.DOTALL)
_GO_AWAY = re.compile(r"\b4\.7\.\d+\b.{0,300}try again later", re.IGNORECASE | re.DOTALL)

# Replies about one recipient, or about every new sender (greylisting): no reason to slow down other mail.
_NOT_OURS = re.compile(
    r"gr[ea]y-?list|user you are trying to contact|recipient thread limit|over ?quota|mailbox.{0,300}full"
    r"|\b[45]\.2\.2\b|size",
    re.IGNORECASE | re.DOTALL,
)

# Replies with a permanent code for a limit that ends with the hour or the day.
_SENDING_QUOTA = re.compile(
    r"\b5\.1\.90\b|\b5\.2\.25[1-5]\b|\b5\.7\.233\b"
    r"|(?:daily|hourly|sending|submission|outgoing).{0,60}(?:limit|quota|cota)"
    r"|(?:limit|quota)\b.{0,40}(?:daily|hourly|outgoing|per (?:minute|hour|day))"
    r"|max emails per hour|limite (?:de envio|di[aá]rio)|throttled|rate limit",
    re.IGNORECASE | re.DOTALL,
)


def is_throttling(code: int, text: str) -> bool:
    """Whether a reply tells the account to slow down. Other replies concern only this mail or its recipient."""
    if _NOT_OURS.search(text):
        return False
    if 400 <= code < 500:
        busy = _SLOW_DOWN.search(text) or _SERVER_BUSY.search(text)
        return bool(busy or (code == 421 and _GO_AWAY.search(text)))
    return 500 <= code < 600 and bool(_SENDING_QUOTA.search(text))
