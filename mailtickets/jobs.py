"""The clock: APScheduler rings the bells, the database says what is due.

With several gateways on one database, whoever holds the lease does the housekeeping.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from sqlalchemy import Connection

from mailtickets.config.models import Agent
from mailtickets.config.values import span
from mailtickets.desk.commands import orders
from mailtickets.desk.model.decision import HeldMail
from mailtickets.desk.model.delivery import Transient
from mailtickets.desk.model.facts import Desk
from mailtickets.gateway.gateway import Gateway
from mailtickets.store import agents, budgets, cursors, inbound, tickets
from mailtickets.store.read.agent_facts import own_work

log = logging.getLogger("mailtickets.jobs")

WORK_SECONDS = 1
"""How long what a command has written may wait for the daemon to see it."""
REMINDING_SECONDS = 5
HOUSEKEEPING_SECONDS = 60
NIGHT_HOUR = 3
"""When the books are compared, in the instance's time zone."""

_LEASE = timedelta(seconds=3 * HOUSEKEEPING_SECONDS)
_AT_ONCE = 100
_LISTED = 20
"""Held mails that one notice names; more are counted."""
_LOOK_AT_CLOCK_SECONDS = 5


Compare = Callable[[], Awaitable[list[str]]]
"""Looks into the mailboxes; what there contradicts the ledger, in words."""


def schedule(gateway: Gateway, compare: Compare) -> AsyncIOScheduler:
    """The bells of a running daemon; started by the caller, and shut down before the gateway drains."""
    scheduler = AsyncIOScheduler(
        timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
    )
    _every(scheduler, WORK_SECONDS, "look-for-work", gateway.look_for_work)
    _every(scheduler, REMINDING_SECONDS, "reminding", lambda: reminding(gateway))
    _every(scheduler, HOUSEKEEPING_SECONDS, "housekeeping", lambda: housekeeping(gateway))
    _every(scheduler, HOUSEKEEPING_SECONDS, "reconcile", lambda: reconcile_nightly(gateway, compare))
    return scheduler


def _every(scheduler: AsyncIOScheduler, seconds: int, name: str, work: Callable[[], Awaitable[None]]) -> None:
    async def ring() -> None:
        try:
            await work()
        except Transient as error:
            log.warning("job deferred", extra={"job": name, "error": str(error)})
        except Exception:
            log.exception("job failed", extra={"job": name})

    scheduler.add_job(ring, "interval", seconds=seconds, id=name, replace_existing=True)


async def mind_clock(scheduler: AsyncIOScheduler) -> None:
    """Rings all bells anew when the clock has been set back: APScheduler would wait until it is that late again."""
    ahead = time.time() - time.monotonic()
    while True:
        await asyncio.sleep(_LOOK_AT_CLOCK_SECONDS)
        before, ahead = ahead, time.time() - time.monotonic()
        if ahead < before - _LOOK_AT_CLOCK_SECONDS:
            log.warning("the clock was set back", extra={"seconds": round(before - ahead)})
            for job in scheduler.get_jobs():
                scheduler.modify_job(job.id, next_run_time=datetime.now(UTC))


async def housekeeping(gateway: Gateway) -> None:
    """Closes what has been resolved for long enough, frees what left agents hold, forgets what has expired."""
    if await gateway.off_loop(_may_keep_house, gateway):
        await gateway.off_loop(close_resolved, gateway)
        await gateway.off_loop(unassign_lost, gateway)
        await gateway.off_loop(_forget, gateway)
        await gateway.look_for_work()


async def reconcile_nightly(gateway: Gateway, compare: Compare) -> None:
    """Once a night, by one of the gateways: do the books add up? If not, ops are told."""
    if await gateway.off_loop(_is_night, gateway):
        sums = await gateway.off_loop(gateway.clerk.database.transact, inbound.sums)
        problems = [*sums["problems"], *await compare()]
        log.log(logging.ERROR if problems else logging.INFO, "reconciled", extra={"problems": len(problems)})
        if problems:
            text = "\n".join(["What came in does not add up (`mailtickets inbound reconcile --mailboxes`):", *problems])
            await gateway.off_loop(gateway.clerk.alarm, "reconcile", text)
            await gateway.look_for_work()


def _is_night(gateway: Gateway) -> bool:
    now = gateway.clerk.clock()
    here = now.astimezone(ZoneInfo(gateway.clerk.rules.policy.instance.timezone))
    tonight = here.replace(hour=NIGHT_HOUR, minute=0, second=0, microsecond=0)
    again_at = (tonight if tonight > here else tonight + timedelta(days=1)).astimezone(UTC)
    return gateway.clerk.database.transact(lambda c: cursors.is_time(c, "reconcile", gateway.name, now, again_at))


def _may_keep_house(gateway: Gateway) -> bool:
    now = gateway.clerk.clock()

    def work(connection: Connection) -> bool:
        return cursors.take_lease(connection, "housekeeping", gateway.name, now + _LEASE, now)

    return gateway.clerk.database.transact(work)


def close_resolved(gateway: Gateway) -> None:
    """resolved -> closed, `close_after_days` after it was resolved; 0 leaves it resolved."""
    clerk = gateway.clerk
    for queue in clerk.rules.policy.queues:
        if not queue.close_after_days:
            continue
        moment = clerk.clock() - timedelta(days=queue.close_after_days)
        due = partial(tickets.resolved_before, queue=queue.name, moment=moment, limit=_AT_ONCE)
        for number in clerk.database.transact(due):
            clerk.order(number, orders.close_resolved)


def unassign_lost(gateway: Gateway) -> None:
    """Tickets of agents who have left the configuration belong to the queue again."""
    clerk = gateway.clerk
    known = [agent.address for agent in clerk.rules.policy.agents]
    for number in clerk.database.transact(lambda c: tickets.assigned_to_others(c, known, _AT_ONCE)):
        clerk.order(number, orders.unassign_lost)


async def reminding(gateway: Gateway) -> None:
    """Tells agents of what rots, of what they wanted to be reminded of, and in the morning of all they have."""
    if await gateway.off_loop(_may_keep_house, gateway):
        told = [
            await gateway.off_loop(work, gateway) for work in (remind_as_asked, remind_of_waiting, digest, tell_of_held)
        ]
        if any(told):
            await gateway.look_for_work()


def remind_as_asked(gateway: Gateway) -> int:
    """Sends the reminders that agents have asked for; gives how many were due."""
    clerk = gateway.clerk
    due = clerk.database.transact(lambda c: agents.reminders_due(c, clerk.clock(), _AT_ONCE))
    for row in due:
        if clerk.rules.policy.agent(row.agent) is None:
            clerk.database.transact(partial(agents.reminded, number=row.ticket, agent=row.agent, now=clerk.clock()))
        else:
            clerk.order(row.ticket, partial(orders.remind, agent=row.agent, snooze=row.snooze))
    return len(due)


def remind_of_waiting(gateway: Gateway) -> int:
    """Reminds agents of what customers have waited for longer than `remind_after`; gives how many tickets."""
    clerk, told = gateway.clerk, 0
    everybody = [agent.address for agent in clerk.rules.policy.agents]

    def away(connection: Connection) -> Desk:
        return Desk(absent_until=agents.absent_until(connection, everybody))

    for queue in clerk.rules.policy.queues:
        after = span(queue.remind_after)
        if after is None:
            continue
        due = partial(agents.waiting_too_long, queue=queue.name, after=after, now=clerk.clock(), limit=_AT_ONCE)
        for number in clerk.database.transact(due):
            clerk.order(number, orders.remind_of_waiting, desk=away)
            told += 1
    return told


def digest(gateway: Gateway) -> int:
    """Sends the day's digests whose time has come; an agent whom nothing waits for gets none. Gives how many."""
    clerk, policy = gateway.clerk, gateway.clerk.rules.policy
    local = clerk.clock().astimezone(ZoneInfo(policy.instance.timezone))
    timely = [agent for agent in policy.agents if agent.digest and agent.digest <= f"{local:%H:%M}"]
    if not timely:
        return 0
    today = local.date().isoformat()
    last = clerk.database.transact(lambda c: agents.digested_on(c, [agent.address for agent in timely]))
    due = [agent for agent in timely if last.get(agent.address.casefold()) != today]
    for agent in due:
        _send_digest(gateway, agent, today)
    return len(due)


def tell_of_held(gateway: Gateway) -> int:
    """Tells agents in one mail of all that was held in their name in an hour beyond what single notices told of."""
    clerk, told = gateway.clerk, 0
    for one in clerk.database.transact(lambda c: budgets.untold(c, clerk.clock())):
        agent = clerk.rules.policy.agent(one.agent)
        if agent is None:
            clerk.database.transact(partial(budgets.now_told, one=one))
        else:
            _tell_of_held(gateway, agent, one)
            told += 1
    return told


def _tell_of_held(gateway: Gateway, agent: Agent, one: budgets.Untold) -> None:
    clerk = gateway.clerk
    addresses = (agent.address, *agent.aliases)
    rows = clerk.database.transact(
        partial(inbound.held_from, addresses=addresses, hour=one.hour, limit=min(_LISTED, one.count))
    )
    mails = tuple(HeldMail(row.id, row.subject or "", row.received_at) for row in rows)
    draft = clerk.draft_order(None, lambda _: orders.held_more(agent, mails, one.count))
    clerk.settle(draft, clerk.words(draft), partial(budgets.now_told, one=one))


def _send_digest(gateway: Gateway, agent: Agent, today: str) -> None:
    clerk = gateway.clerk
    work = partial(own_work, agent=agent, now=clerk.clock())
    draft = clerk.draft_order(None, lambda _: orders.digest(agent), desk=work)
    clerk.settle(draft, clerk.words(draft), partial(agents.set_digested, agent=agent.address, day=today))


def _forget(gateway: Gateway) -> None:
    gateway.clerk.database.transact(lambda c: budgets.forget_expired(c, gateway.clerk.clock()))
    gateway.clerk.database.transact(tickets.fold_counts)
