"""What needs a person: found in a `DeskStatus`, as codes with what belongs to them. `views.wording` has the words.

A *fault* keeps the desk from its work, or soon will. A *task* waits for somebody, and all goes on meanwhile.
The limits are those of the alerts in docs/prometheus/alerts.yml.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from mailtickets.desk.notices.alarms import kind_of
from mailtickets.store.read.figures import Waiting
from mailtickets.store.read.status import AccountStatus, DeskStatus, Sounding, together

NeedLevel = Literal["fault", "task"]
NeedCode = Literal[
    "daemon-stopped", "door-closed", "reload-refused", "disk-short", "alarm", "backlog", "outgoing-late",
    "mailbox-fails", "smarthost-fails", "token-fails", "mailbox-silent", "token-ends", "secret-ended", "secret-ends",
    "held", "customer-waits",
]  # fmt: skip

BACKLOG_AFTER = timedelta(minutes=15)
SILENT_AFTER = timedelta(minutes=15)
LATE_AFTER = timedelta(hours=1)
TOKEN_ENDS = timedelta(minutes=5)
SECRET_ENDS = timedelta(days=30)
CUSTOMER_WAITS = timedelta(days=3)

_FAILS: Mapping[str, NeedCode] = {"imap": "mailbox-fails", "smtp": "smarthost-fails", "oauth": "token-fails"}

_TASKS = frozenset({
    "automatic-mail-stopped", "unproven-mail-not-answered", "first-contacts-not-answered", "oauth-ends", "overload",
    "skill-missing",
})  # fmt: skip
"""Kinds of alarms with which the desk goes on."""
_SAME: Mapping[str, frozenset[NeedCode]] = {
    "imap": frozenset({"mailbox-fails", "mailbox-silent"}),
    "oauth": frozenset({"token-fails", "token-ends"}),
    "oauth-ends": frozenset({"secret-ends", "secret-ended"}),
    "delivery-late": frozenset({"outgoing-late", "smarthost-fails"}),
    "disk-low": frozenset({"disk-short"}),
    "mail-unprocessed": frozenset({"backlog"}),
}
"""Kinds of alarms, and the needs that are about the same."""

NeedValue = str | int | datetime


@dataclass(frozen=True, slots=True)
class Need:
    code: NeedCode
    level: NeedLevel
    given: Mapping[str, NeedValue] = field(default_factory=dict)
    """What the words are filled with, by name. Moments are said in the zone of the desk; `since` also as a span."""


def needs_of(status: DeskStatus) -> list[Need]:
    """The faults first."""
    found = list(_found(status))
    found += [_of_alarm(alarm) for alarm in status.alarms if not any(_says_the_same(need, alarm) for need in found)]
    return sorted(found, key=lambda need: need.level != "fault")


def _found(status: DeskStatus) -> Iterator[Need]:
    if status.machine.running is False:
        yield Need("daemon-stopped", "fault")
    if status.machine.missing_doors:
        yield Need("door-closed", "fault", {"doors": ", ".join(status.machine.missing_doors)})
    if status.machine.reload_refused:
        yield Need("reload-refused", "fault")
    if status.machine.is_short:
        yield Need("disk-short", "fault", {"free": status.machine.free_bytes or 0})
    for account in status.accounts:
        yield from _with_account(account, status)
    yield from _secrets(status)
    yield from _waiting(status)
    yield from _people(status)


def _of_alarm(alarm: Sounding) -> Need:
    level: NeedLevel = "task" if kind_of(alarm.key) in _TASKS else "fault"
    return Need("alarm", level, {"key": alarm.key, "text": alarm.text, "since": alarm.since})


def _says_the_same(need: Need, alarm: Sounding) -> bool:
    """Of one trouble its alarm and what is seen here are shown once."""
    kind, name = kind_of(alarm.key), need.given.get("name")
    if need.code not in _SAME.get(kind, ()):
        return False
    return name is None or f"{alarm.key}-".startswith(f"{kind.partition('-')[0]}-{name}-")


def _with_account(account: AccountStatus, status: DeskStatus) -> Iterator[Need]:
    ends, read = account.expires_at, account.last_success_at
    if account.kind == "oauth" and _is_refused(account.name, status):
        return  # the alarm says it: the token is good, and a login would bring no other one
    if account.failing_since is not None:
        given: dict[str, NeedValue] = {"name": account.name, "error": account.error, "since": account.failing_since}
        yield Need(_FAILS[account.kind], "fault", given)
    elif account.kind == "imap" and read is not None and status.at - read > SILENT_AFTER:
        yield Need("mailbox-silent", "fault", {"name": account.name, "since": read})
    elif ends is not None and ends - status.at < TOKEN_ENDS:
        yield Need("token-ends", "fault", {"name": account.name, "ends": ends})


def _is_refused(name: str, status: DeskStatus) -> bool:
    """Whether a mail server refuses the fresh tokens of an account that gets them."""
    keys = {alarm.key for alarm in status.alarms}
    return f"oauth-{name}-refused" in keys and f"oauth-{name}" not in keys


def _secrets(status: DeskStatus) -> Iterator[Need]:
    today = status.at.astimezone(status.zone).date()
    for name, last_day in status.outline.secrets.items():
        ends = datetime(last_day.year, last_day.month, last_day.day, tzinfo=status.zone)
        if last_day <= today:
            yield Need("secret-ended", "fault", {"name": name, "day": ends})
        elif last_day - today <= SECRET_ENDS:
            yield Need("secret-ends", "task", {"name": name, "day": ends, "count": (last_day - today).days})


def _waiting(status: DeskStatus) -> Iterator[Need]:
    late = together(status.outbox[state] for state in ("queued", "deferred", "unknown"))
    if _older(status.undecided, BACKLOG_AFTER, status):
        yield Need("backlog", "fault", _counted(status.undecided))
    if _older(late, LATE_AFTER, status):
        yield Need("outgoing-late", "fault", {**_counted(late), "replies": ", ".join(status.replies)})


def _people(status: DeskStatus) -> Iterator[Need]:
    if status.all_held.count:
        yield Need("held", "task", _counted(status.all_held))
    for queue in status.queues:
        if _older(queue.unanswered, CUSTOMER_WAITS, status):
            given = {**_counted(queue.unanswered), "queue": queue.title, "number": queue.oldest or 0}
            yield Need("customer-waits", "task", given)


def _older(waiting: Waiting, limit: timedelta, status: DeskStatus) -> bool:
    return waiting.since is not None and status.at - waiting.since > limit


def _counted(waiting: Waiting) -> dict[str, NeedValue]:
    return {"count": waiting.count, "since": waiting.since or ""}
