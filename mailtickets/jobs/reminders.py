"""Mail to agents because time has passed: reminders they asked for, tickets that wait, and held mail.

The daily digest is in `digest`.
"""

from collections.abc import Sequence
from functools import partial

from sqlalchemy import Connection

from mailtickets.config.durations import span
from mailtickets.config.models import Agent
from mailtickets.desk.commands import orders
from mailtickets.desk.model.decision import HeldMail
from mailtickets.desk.model.facts import Desk
from mailtickets.gateway.drafting.order import Order
from mailtickets.gateway.gateway import Gateway
from mailtickets.jobs.digest import digest
from mailtickets.jobs.housekeeping import AT_ONCE, may_keep_house
from mailtickets.jobs.turns import give_out
from mailtickets.store import agents, budgets, inbound

_LISTED = 20
"""How many held mails one notice names. It only counts the others."""


async def remind(gateway: Gateway) -> None:
    """Sends all reminders that are due, if this gateway does the housekeeping."""
    if await gateway.off_loop(may_keep_house, gateway):
        sent = [
            await gateway.off_loop(job, gateway)
            for job in (give_out, remind_as_asked, remind_of_waiting, digest, tell_of_held)
        ]
        if any(sent):
            await gateway.look_for_work()


def remind_as_asked(gateway: Gateway) -> int:
    """Sends the reminders that agents have asked for; returns how many were due."""
    clerk = gateway.clerk
    due = clerk.database.transact(agents.reminders_due, clerk.clock(), AT_ONCE)
    for row in due:
        if clerk.rules.policy.agent(row.agent) is None:
            clerk.database.transact(agents.reminded, row.ticket, row.agent, clerk.clock())
        else:
            clerk.order(Order(row.ticket, partial(orders.remind, agent=row.agent, snooze=row.snooze)))
    return len(due)


def remind_of_waiting(gateway: Gateway) -> int:
    """Reminds agents of tickets whose customers have waited for longer than `remind_after`; returns how many."""
    clerk, reminded = gateway.clerk, 0
    away = partial(_absences, everybody=[agent.address for agent in clerk.rules.policy.agents])
    for queue in clerk.rules.policy.queues:
        after = span(queue.remind_after)
        if after is None:
            continue
        for number in clerk.database.transact(agents.waiting_too_long, queue.name, after, clerk.clock(), AT_ONCE):
            clerk.order(Order(number, orders.remind_of_waiting, desk=away))
            reminded += 1
    return reminded


def _absences(connection: Connection, everybody: Sequence[str]) -> Desk:
    return Desk(absent_until=agents.absent_until(connection, everybody))


def tell_of_held(gateway: Gateway) -> int:
    """Writes one notice to each agent about the mail in their name that was held in the last hour and had no notice of
    its own. Returns the number of agents."""
    clerk, written_to = gateway.clerk, 0
    for untold in clerk.database.transact(budgets.untold, clerk.clock()):
        agent = clerk.rules.policy.agent(untold.agent)
        if agent is None:
            clerk.database.transact(budgets.now_told, untold)
        else:
            _tell_of_held(gateway, agent, untold)
            written_to += 1
    return written_to


def _tell_of_held(gateway: Gateway, agent: Agent, untold: budgets.Untold) -> None:
    clerk = gateway.clerk
    addresses = (agent.address, *agent.aliases)
    rows = clerk.database.transact(inbound.held_from, addresses, untold.hour, min(_LISTED, untold.count))
    mails = tuple(HeldMail(row.id, row.subject or "", row.received_at) for row in rows)
    decision = orders.held_more(agent, mails, untold.count)
    clerk.tell(decision, f"held mail of {agent.address}", partial(budgets.now_told, one=untold))
