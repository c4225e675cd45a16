"""The desk at a glance, as JSON and as lines. In: a `DeskStatus`. The status page is `views.page`."""

from collections.abc import Iterator
from typing import Any, Literal

from mailtickets.store.read.figures import Waiting
from mailtickets.store.read.status import AccountStatus, AgentStatus, DeskStatus, QueueStatus
from mailtickets.views import wording
from mailtickets.views.needs import needs_of
from mailtickets.words import locales

DeskState = Literal["well", "task", "fault"]

ENGLISH = "en"
_BARS = " ▁▂▃▄▅▆▇█"
_WIDTH = 10


def state_of(status: DeskStatus) -> DeskState:
    """`fault`: something is wrong. `task`: all goes on, and something waits for a person. `well`: neither."""
    levels = {need.level for need in needs_of(status)}
    return "fault" if "fault" in levels else "task" if levels else "well"


# --- JSON -----------------------------------------------------------------------------------------------


def as_json(status: DeskStatus) -> dict[str, Any]:
    """The desk as `status --json` prints it."""
    return {
        "name": status.outline.name,
        "state": state_of(status),
        "needs_person": list(_needs(status)),
        "at": status.at,
        "running": status.machine.running,
        "version": status.machine.version,
        "last_24_hours": {
            "received": status.received,
            "sent": status.sent,
            "hours": [{"begins": one.begins, "received": one.received, "sent": one.sent} for one in status.hours],
        },
        "inbound": {"accepted": _waiting(status.undecided), "held": _held(status)},
        "outbox": {
            **{state: _waiting(found) for state, found in status.outbox.items()},
            "replies": dict(status.replies),
            "failed": {"count": status.failed, "last_7_days": dict(status.failed_lately)},
        },
        "queues": [_queue(queue) for queue in status.queues],
        "unassigned": sum(queue.unassigned for queue in status.queues),
        "agents": [_agent(agent) for agent in status.agents],
        "assigned_to_others": status.others,
        "accounts": [_account(account) for account in status.accounts],
        "alarms": [{"key": one.key, "text": one.text, "since": one.since} for one in status.alarms],
        "database_bytes": status.database_bytes,
        "disk_free_bytes": status.machine.free_bytes,
    }


def _needs(status: DeskStatus) -> Iterator[dict[str, str]]:
    for need in needs_of(status):
        what, why, then = wording.said(need, status, ENGLISH)
        yield {"code": need.code, "level": need.level, "what": what, "why": why, "next": then}


def _waiting(found: Waiting) -> dict[str, Any]:
    return {"count": found.count, "since": found.since}


def _held(status: DeskStatus) -> dict[str, Any]:
    reasons = [{"reason": one.reason, "count": one.count, "since": one.since} for one in status.held]
    return {**_waiting(status.all_held), "reasons": reasons}


def _queue(queue: QueueStatus) -> dict[str, Any]:
    over = queue.overload
    return {
        "name": queue.name,
        **queue.tickets,
        "unassigned": queue.unassigned,
        "unanswered": {**_waiting(queue.unanswered), "ticket": queue.oldest},
        "overload": {"since": over.since, "text": over.text} if over else None,
    }


def _agent(agent: AgentStatus) -> dict[str, Any]:
    return {
        "name": agent.name,
        "address": agent.address,
        "open_tickets": agent.tickets,
        "absent_until": agent.absent_until,
    }


def _account(account: AccountStatus) -> dict[str, Any]:
    return {
        "kind": account.kind,
        "name": account.name,
        "last_success_at": account.last_success_at,
        "failing_since": account.failing_since,
        "last_failure_at": account.last_failure_at,
        "error": account.error or None,
        "expires_at": account.expires_at,
    }


# --- lines ----------------------------------------------------------------------------------------------


def lines(status: DeskStatus) -> Iterator[str]:
    """The desk for people at a terminal: what needs them first."""
    found = needs_of(status)
    made = f"{status.at.astimezone(status.zone):%Y-%m-%d %H:%M}"
    yield f"{status.outline.name}: {wording.verdict(found, ENGLISH)}  ({made})"
    for need in found:
        what, why, then = wording.said(need, status, ENGLISH)
        yield f"\n{'!!' if need.level == 'fault' else ' !'} {what}"
        yield f"   {why}"
        yield f"   next: {then}"
    yield ""
    yield from _mail_lines(status)
    yield from _ticket_lines(status)
    yield from _account_lines(status)
    yield _line("database", f"{_size(status.database_bytes)}, {_size(status.machine.free_bytes)} free on the disk")


def _mail_lines(status: DeskStatus) -> Iterator[str]:
    yield _line("in", f"{status.received:>6} in 24 hours  {_sparks([one.received for one in status.hours])}")
    yield _line("out", f"{status.sent:>6} in 24 hours  {_sparks([one.sent for one in status.hours])}")
    for one in status.held:
        yield _line("held", f"{one.count:>6} {_since(one.since, status)}: {wording.held_for(one.reason, ENGLISH)}")
    if status.undecided.count:
        yield _line("accepted", _many(status.undecided, status))
    for state, waiting in status.outbox.items():
        if waiting.count:
            yield _line(state, _many(waiting, status))
    if status.failed_lately:
        codes = ", ".join(f"{code} ({many})" for code, many in status.failed_lately.items())
        yield _line("failed", f"{sum(status.failed_lately.values()):>6} in 7 days: {codes}")


def _ticket_lines(status: DeskStatus) -> Iterator[str]:
    for queue in status.queues:
        oldest = f", the oldest #{queue.oldest} {_since(queue.unanswered.since, status)}" if queue.oldest else ""
        words = f"{queue.unanswered.count} unanswered{oldest}; {queue.unassigned} unassigned"
        over = f"; overloaded {_since(queue.overload.since, status)}" if queue.overload else ""
        yield _line("queue", f"{queue.open:>6} open  {queue.title}: {words}{over}")
    for agent in status.agents:
        away = agent.absent_until
        until = f", away until {wording.moment(away, status, ENGLISH)}" if away and away > status.at else ""
        yield _line("agent", f"{agent.tickets:>6} open  {agent.name}{until}")
    if status.others:
        yield _line("agent", f"{status.others:>6} open  (people who are no agents any more)")


def _account_lines(status: DeskStatus) -> Iterator[str]:
    for one in status.accounts:
        words = (
            f"failing {_since(one.failing_since, status)}: {one.error}" if one.failing_since else _fares(one, status)
        )
        ends = f", token until {wording.moment(one.expires_at, status, ENGLISH)}" if one.expires_at else ""
        yield _line(one.kind, f"{one.name}: {words}{ends}")


def _fares(account: AccountStatus, status: DeskStatus) -> str:
    if account.last_success_at is None:
        return "not used yet"
    return f"ok {wording.ago(account.last_success_at, status, ENGLISH)}"


def _many(found: Waiting, status: DeskStatus) -> str:
    return f"{found.count:>6} {_since(found.since, status)}"


def _since(at: Any, status: DeskStatus) -> str:
    return f"since {wording.moment(at, status, ENGLISH)} ({wording.ago(at, status, ENGLISH)})"


def _size(octets: int | None) -> str:
    return "?" if octets is None else locales.size(octets, ENGLISH)


def _line(label: str, words: str) -> str:
    return f"{label:<{_WIDTH}}{words}"


def _sparks(numbers: list[int]) -> str:
    """A bar for each number, in one line of text."""
    most = max([*numbers, 1])
    return "".join(_BARS[-(-number * (len(_BARS) - 1) // most)] for number in numbers)
