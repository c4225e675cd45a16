"""The desk at a glance: one look at all that `mailtickets status` and the status page show.

In: a reader, what the configuration says (`DeskOutline`), and what this machine says (`MachineStatus`). Out: numbers,
moments, codes, and the names of queues, agents and accounts; no subject, no customer.
Costs do not grow with the tickets: all is counted in indexes of what waits, and tickets by their tally.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

from mailtickets.config.outline import DeskOutline
from mailtickets.desk.notices.alarms import ALARMS, OVERLOAD, kind_of
from mailtickets.store.read import health
from mailtickets.store.read.figures import WAITING_OUT, Waiting, only, size, unanswered, waiting
from mailtickets.store.read.health import Account, Alarm
from mailtickets.store.read.reader import Reader, among
from mailtickets.store.read.tickets import UNFINISHED

HOURS = 24
FAILED_DAYS = 7
LOOKED_AT = 1000
"""Copies whose last reply is read, the newest first."""
NO_REPLY = "no-reply"
"""Stands in the place of a reply's code where the other side has said nothing."""

GONE = timedelta(hours=1)
"""A gateway that has not tried an account for so much longer than another has given it up."""

OUR_WORDS = frozenset(ALARMS) - {"delivery-late", "imap-message", "mail-disowned", "reconcile"}
"""Kinds of alarms whose text holds no more than the desk's own words, and what servers say of its own accounts."""

_WORD = re.compile(r"[^\s<>()\[\]\"',;]++")
_CODE = re.compile(r"([245]\d\d)(?!\d)(?:[ -]([245]\.\d{1,3}\.\d{1,3})\b)?")


@dataclass(frozen=True, slots=True)
class MachineStatus:
    """What is known without the database."""

    version: str
    running: bool | None = None
    """Whether the daemon of this state directory runs; None when it is not known."""
    free_bytes: int | None = None
    """Room on the disk of the state directory."""
    is_short: bool = False
    """The disk is so full that mail is deferred."""
    missing_doors: Sequence[str] = ()
    """The doors of the running daemon that are to listen, and do not."""
    reload_refused: bool = False
    """The running daemon could not take over the configuration as it is now."""


@dataclass(frozen=True, slots=True)
class MailHour:
    """Mail in one hour of the clock, where the desk is."""

    begins: datetime
    received: int
    sent: int


@dataclass(frozen=True, slots=True)
class HeldFor:
    """Mail that waits for a person, for one reason."""

    reason: str
    count: int
    since: datetime


@dataclass(frozen=True, slots=True)
class QueueStatus:
    name: str
    title: str
    tickets: Mapping[str, int]
    """By each unfinished status."""
    unassigned: int
    unanswered: Waiting
    oldest: int | None
    """The ticket whose customer has waited for an answer the longest."""
    overload: "Sounding | None" = None
    """That it has more to do than usual."""

    @property
    def open(self) -> int:
        return sum(self.tickets.values())


@dataclass(frozen=True, slots=True)
class AgentStatus:
    name: str
    address: str
    tickets: int
    """Unfinished ones."""
    absent_until: datetime | None


@dataclass(frozen=True, slots=True)
class AccountStatus:
    """How an account of the configuration fares, at all gateways together."""

    kind: str
    """`imap`, `smtp` or `oauth`."""
    name: str
    last_success_at: datetime | None = None
    failing_since: datetime | None = None
    """None: nothing is known that is wrong with it."""
    last_failure_at: datetime | None = None
    error: str = ""
    """What was said at the last failure, while it fails."""
    expires_at: datetime | None = None
    """The end of its token."""


@dataclass(frozen=True, slots=True)
class Sounding:
    """An alarm that is open."""

    key: str
    text: str
    """Empty where others' words may be in it."""
    since: datetime


@dataclass(frozen=True, slots=True)
class DeskStatus:
    """What one look has found."""

    outline: DeskOutline
    machine: MachineStatus
    at: datetime
    hours: Sequence[MailHour]
    """The last `HOURS` hours, the present one last."""
    undecided: Waiting
    held: Sequence[HeldFor]
    """The most frequent reason first."""
    outbox: Mapping[str, Waiting]
    """Copies by state: each of `WAITING_OUT`."""
    replies: Mapping[str, int]
    """What was last replied to the copies that were put off or are in doubt: SMTP codes, or `NO_REPLY`."""
    failed: int
    """Copies that have failed, ever."""
    failed_lately: Mapping[str, int]
    """Those among them that were written in the last `FAILED_DAYS` days, by code."""
    queues: Sequence[QueueStatus]
    """Those of the configuration in its order, then those that only tickets know."""
    agents: Sequence[AgentStatus]
    others: int
    """Unfinished tickets of people who are no agents any more."""
    accounts: Sequence[AccountStatus]
    alarms: Sequence[Sounding]
    """The oldest first."""
    database_bytes: int

    @property
    def received(self) -> int:
        return sum(hour.received for hour in self.hours)

    @property
    def sent(self) -> int:
        return sum(hour.sent for hour in self.hours)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.outline.timezone)

    @property
    def all_held(self) -> Waiting:
        return Waiting(sum(one.count for one in self.held), min((one.since for one in self.held), default=None))

    @property
    def waits_out(self) -> Waiting:
        return together(self.outbox.values())

    @property
    def all_unanswered(self) -> Waiting:
        return together(queue.unanswered for queue in self.queues)


def together(parts: Iterable[Waiting]) -> Waiting:
    """All that waits, and since when the first does."""
    found = [part for part in parts if part.count]
    return Waiting(sum(part.count for part in found), min((p.since for p in found if p.since), default=None))


def look(reader: Reader, outline: DeskOutline, machine: MachineStatus, now: datetime) -> DeskStatus:
    """The desk as it is now."""
    tally, alarms = _tally(reader), [_sounding(alarm, outline) for alarm in health.alarms_open(reader)]
    mail = waiting(reader, "inbound", "received_at", ["accepted"])
    return DeskStatus(
        outline=outline,
        machine=machine,
        at=now,
        hours=list(_hours(reader, now, ZoneInfo(outline.timezone))),
        undecided=mail["accepted"],
        held=_held(reader),
        outbox=waiting(reader, "outbox", "created_at", WAITING_OUT),
        replies=_replies(reader),
        failed=only(reader, "SELECT count(*) AS many FROM outbox WHERE state = 'failed'").many,
        failed_lately=_failed(reader, now - timedelta(days=FAILED_DAYS)),
        queues=list(_queues(reader, outline, tally, alarms)),
        agents=_agents(reader, outline, tally),
        others=_of_others(outline, tally),
        accounts=_accounts(reader, outline),
        alarms=alarms,
        database_bytes=size(reader),
    )


# --- mail -----------------------------------------------------------------------------------------------

_RECEIVED = (
    "SELECT count(*) AS many FROM inbound WHERE received_at >= :begins AND received_at < :ends AND source <> 'import'"
)
"""Without old mail that was imported: ten thousand of them would hide what comes in."""
_SENT = "SELECT count(*) AS many FROM outbox WHERE sent_at >= :begins AND sent_at < :ends"
_HELD = (
    "SELECT reason, count(*) AS many, min(received_at) AS received_at FROM inbound WHERE state = 'held' GROUP BY reason"
)
_LAST_REPLIES = "SELECT last_reply FROM outbox WHERE state = :state ORDER BY id DESC LIMIT :limit"
_LAST_FAILED = "SELECT created_at, last_reply FROM outbox WHERE state = 'failed' ORDER BY id DESC LIMIT :limit"


def _hours(reader: Reader, now: datetime, zone: ZoneInfo) -> Iterator[MailHour]:
    """Whole hours of the clock on the wall, which are not those of UTC everywhere."""
    present = now.astimezone(zone).replace(minute=0, second=0, microsecond=0).astimezone(UTC)
    for back in range(HOURS - 1, -1, -1):
        begins = present - timedelta(hours=back)
        span = {"begins": begins, "ends": begins + timedelta(hours=1)}
        yield MailHour(begins, only(reader, _RECEIVED, **span).many, only(reader, _SENT, **span).many)


def _held(reader: Reader) -> list[HeldFor]:
    found = [HeldFor(row.reason or "", row.many, row.received_at) for row in reader.each(_HELD)]
    return sorted(found, key=lambda one: (-one.count, one.since, one.reason))


def _replies(reader: Reader) -> Counter[str]:
    states = ("deferred", "unknown")
    rows = (row for state in states for row in reader.each(_LAST_REPLIES, state=state, limit=LOOKED_AT))
    return Counter(code_of(row.last_reply) for row in rows)


def _failed(reader: Reader, since: datetime) -> Counter[str]:
    rows = takewhile(lambda row: row.created_at >= since, reader.each(_LAST_FAILED, limit=LOOKED_AT))
    return Counter(code_of(row.last_reply) for row in rows)


def code_of(reply: str | None) -> str:
    """The code at the beginning of a reply, as `550 5.1.1`: its words may name a customer."""
    found = _CODE.match(reply or "")
    return " ".join(filter(None, found.groups())) if found else NO_REPLY


# --- tickets and people ---------------------------------------------------------------------------------

OpenTally = Mapping[tuple[str, str, str], int]
"""Unfinished tickets by queue, status and the assignee's address, case-folded; "" is nobody."""

_TALLY = "SELECT queue, status, assignee, sum(change) AS many FROM tally GROUP BY queue, status, assignee"
_OLDEST = "SELECT number FROM ticket WHERE queue = :queue AND waiting_since IS NOT NULL ORDER BY waiting_since LIMIT 1"


def _tally(reader: Reader) -> OpenTally:
    found: Counter[tuple[str, str, str]] = Counter()
    for row in reader.each(_TALLY):
        if row.status in UNFINISHED:
            found[row.queue, row.status, (row.assignee or "").casefold()] += int(row.many)
    return {key: many for key, many in found.items() if many}


def _queues(
    reader: Reader, outline: DeskOutline, tally: OpenTally, alarms: Sequence[Sounding]
) -> Iterator[QueueStatus]:
    over = {alarm.key.removeprefix(f"{OVERLOAD}-"): alarm for alarm in alarms if kind_of(alarm.key) == OVERLOAD}
    titles = {queue.name: queue.title for queue in outline.queues}
    unknown = sorted({queue for queue, _, _ in tally} - set(titles))
    for name, title in (*titles.items(), *((name, name) for name in unknown)):
        ours = {key[1:]: many for key, many in tally.items() if key[0] == name}
        by_status = {status: sum(many for (one, _), many in ours.items() if one == status) for status in UNFINISHED}
        nobodys = sum(many for (_, assignee), many in ours.items() if not assignee)
        oldest = reader.one(_OLDEST, queue=name)
        number = oldest.number if oldest else None
        yield QueueStatus(name, title, by_status, nobodys, unanswered(reader, name), number, over.get(name))


def _agents(reader: Reader, outline: DeskOutline, tally: OpenTally) -> list[AgentStatus]:
    keys, given = among("agent", [agent.address.casefold() for agent in outline.agents])
    statement = f"SELECT address_key, absent_until FROM agent_state WHERE address_key IN ({keys})"  # noqa: S608
    absent = {row.address_key: row.absent_until for row in reader.each(statement, **given)}
    loads: Counter[str] = Counter()
    for (_, _, assignee), many in tally.items():
        loads[assignee] += many
    return [
        AgentStatus(agent.name, agent.address, loads[agent.address.casefold()], absent.get(agent.address.casefold()))
        for agent in outline.agents
    ]


def _of_others(outline: DeskOutline, tally: OpenTally) -> int:
    known = {"", *(agent.address.casefold() for agent in outline.agents)}
    return sum(many for (_, _, assignee), many in tally.items() if assignee not in known)


# --- accounts and alarms -------------------------------------------------------------------------------------------


def _accounts(reader: Reader, outline: DeskOutline) -> list[AccountStatus]:
    known = health.accounts(reader)
    return [
        _fares(kind, name, [one for one in known if (one.kind, one.name) == (kind, name)], outline)
        for kind, name in outline.accounts
    ]


def _fares(kind: str, name: str, at_gateways: Sequence[Account], outline: DeskOutline) -> AccountStatus:
    """A gateway that has long been silent, while another one is not, is gone: what it had last does not count."""
    newest = max(map(_attempted_at, at_gateways), default=None)
    rows = [one for one in at_gateways if newest and _attempted_at(one) >= newest - GONE]
    failing = [(one.failing_since, one) for one in rows if one.failing_since]
    since, worst = min(failing, key=lambda pair: pair[0], default=(None, None))
    return AccountStatus(
        kind,
        name,
        _latest(one.last_success_at for one in rows),
        since,
        _latest(one.last_failure_at for one in rows),
        masked(worst.error, outline) if worst else "",
        _latest(one.expires_at for one in rows),
    )


def _attempted_at(account: Account) -> datetime:
    return _latest((account.last_success_at, account.last_failure_at)) or datetime.min.replace(tzinfo=UTC)


def _latest(moments: Iterable[datetime | None]) -> datetime | None:
    return max((moment for moment in moments if moment), default=None)


def _sounding(alarm: Alarm, outline: DeskOutline) -> Sounding:
    text = masked(alarm.text, outline) if kind_of(alarm.key) in OUR_WORDS else ""
    return Sounding(alarm.key, text, alarm.since)


def masked(text: str, outline: DeskOutline) -> str:
    """A text without the addresses that are none of the desk's own: they may be customers'."""
    return _WORD.sub(lambda found: _known(found[0], outline), text)


def _known(word: str, outline: DeskOutline) -> str:
    bare = word.rstrip(".:")
    return word if "@" not in word or bare.casefold() in outline.own_addresses else f"<...>{word[len(bare) :]}"
