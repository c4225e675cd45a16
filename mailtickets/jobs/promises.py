"""Works out what the customers of a queue may expect, and looks each night whether that was true.

Once an hour for each queue with `promise = true`. Where less than `KEPT_AT_LEAST` of what was expected in the last two
weeks came true, acknowledgements say no more of it and ops are told; so are they when it is said again. While it is not
said, it is still worked out, or nobody could know when it is true again. After a change of the calendar, the answers of
the last weeks are measured anew.
"""

import asyncio
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo

from mailtickets.desk.clock.calendar import OpenHours, worked
from mailtickets.desk.clock.promise import (
    BACKTESTED,
    HISTORY,
    KEPT_AT_LEAST,
    AnswerTime,
    backtest,
    calendar_of,
    figures,
    may_be_said,
)
from mailtickets.gateway.gateway import Gateway
from mailtickets.jobs.reconcile import NIGHT_HOUR
from mailtickets.store import answer_times, cursors
from mailtickets.store.answer_times import QueueExpectation, Waited

PROMISES_SECONDS = 3600
_LEASE = timedelta(seconds=3 * PROMISES_SECONDS)
AT_ONCE = 500
"""Tickets from before that are read in one transaction."""
_ABOVE_ALL = 2**62


async def look_at_promises(gateway: Gateway) -> None:
    """Works everything out anew, if this gateway holds the lease."""
    promising = [queue.name for queue in gateway.clerk.rules.policy.queues if queue.promise]
    for name in await gateway.off_loop(gateway.clerk.database.transact, answer_times.forget_others, promising):
        await gateway.alarms.forget(_key(name))
    if not promising or not await gateway.off_loop(_holds_lease, gateway):
        return
    is_night = await gateway.off_loop(_is_night, gateway)
    for name in promising:
        found = await asyncio.to_thread(renew, gateway, name, tested=is_night)
        if found.said:
            await gateway.alarms.clear(_key(name))
        else:
            await gateway.alarms.sound(_key(name), _in_words(name, found))


def _key(queue: str) -> str:
    return f"promise-{queue}"


def _in_words(queue: str, found: QueueExpectation) -> str:
    return (
        f"{queue}: {found.share.kept} of {found.share.of} requests of the last {BACKTESTED.days} days were answered by "
        f"the time that acknowledgements say ({found.share.percent} %); at least {KEPT_AT_LEAST:.0%} were to be"
    )


def _holds_lease(gateway: Gateway) -> bool:
    clerk, now = gateway.clerk, gateway.clerk.clock()
    return clerk.database.transact(cursors.take_lease, "promises", gateway.name, now + _LEASE, now)


def _is_night(gateway: Gateway) -> bool:
    """Whether tonight's backtest is due."""
    clerk, now = gateway.clerk, gateway.clerk.clock()
    here = now.astimezone(ZoneInfo(clerk.rules.policy.instance.timezone))
    tonight = here.replace(hour=NIGHT_HOUR, minute=0, second=0, microsecond=0)
    again_at = (tonight if tonight > here else tonight + timedelta(days=1)).astimezone(UTC)
    return clerk.database.transact(cursors.is_time, "backtest", gateway.name, now, again_at)


def renew(gateway: Gateway, queue: str, *, tested: bool) -> QueueExpectation:
    """Works out what may be expected of a queue. `tested`: whether it was true is looked at, too."""
    clerk, now = gateway.clerk, gateway.clerk.clock()
    policy, transact = clerk.rules.policy, clerk.database.transact
    hours, zone = calendar_of(queue, policy), ZoneInfo(policy.instance.timezone)
    if transact(answer_times.is_new, queue):
        _remember_before(gateway, queue, hours, now)
    _measure_again(gateway, queue, hours, now)
    waited = [_length(one, hours, now) for one in transact(answer_times.history, queue, now - HISTORY)]
    before = transact(answer_times.expectation_of, queue)
    said, share = before.said, before.share
    if tested:
        share = backtest(transact(answer_times.outcomes, queue, now - BACKTESTED), now)
        said = may_be_said(share, was_said=before.said)
    found = QueueExpectation(figures(waited, hours, zone, now), said, share)
    transact(answer_times.keep, queue, found, now)
    return found


def _measure_again(gateway: Gateway, queue: str, hours: OpenHours, now: datetime) -> None:
    """Measures the answers of the last weeks in the queue's calendar, if it is another one than they were measured in.

    A gateway that ends in the middle of it begins anew. Without a mark, they were measured in the calendar of now.
    """
    transact, mark = gateway.clerk.database.transact, sha256(repr(hours.content).encode()).hexdigest()
    before = transact(answer_times.measured_in, queue)
    after = 0 if before not in {None, mark} else _ABOVE_ALL
    while page := transact(answer_times.answered, queue, now - HISTORY, after, AT_ONCE):
        transact(answer_times.measure, [(one, worked(hours, one.arrived_at, one.answered_at)) for one in page])
        after = page[-1].ticket
    if before != mark:
        transact(answer_times.mark_calendar, queue, mark, now)


def _length(one: Waited, hours: OpenHours, now: datetime) -> AnswerTime:
    if one.length is None:
        return AnswerTime(one.arrived_at, worked(hours, one.arrived_at, now), answered=False)
    return AnswerTime(one.arrived_at, one.length)


def _remember_before(gateway: Gateway, queue: str, hours: OpenHours, now: datetime) -> None:
    """A queue that begins with it has a history already: its tickets of the last weeks."""
    transact = gateway.clerk.database.transact
    below: int | None = _ABOVE_ALL
    while below is not None:
        page = transact(answer_times.unrecorded, queue, now - HISTORY, below, AT_ONCE)
        measured = [
            (one.ticket, one.arrived_at, one.answered_at, worked(hours, one.arrived_at, one.answered_at))
            for one in page.answers
        ]
        transact(answer_times.add, queue, measured)
        below = page.below
