"""The daily digest of an agent's work, and on Mondays what they did in the week before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from mailtickets.config.models import Agent
from mailtickets.desk.commands import orders
from mailtickets.desk.figures.own_week import OwnWeek, ThankYou, longest_waiting, thanks_of, week_before
from mailtickets.desk.figures.report import Period, ReportFigures
from mailtickets.desk.model.facts import Desk
from mailtickets.desk.model.policy import Policy
from mailtickets.gateway.gateway import Gateway
from mailtickets.store import agents
from mailtickets.store.read.agent_facts import own_work
from mailtickets.store.read.reader import within
from mailtickets.store.read.report import ReportWanted, read
from mailtickets.store.read.thanks import thanks

MONDAY = 0


@dataclass(frozen=True, slots=True)
class _Week:
    """The week before, of all agents who are due; read once."""

    period: Period
    figures: Mapping[str, ReportFigures] = field(default_factory=dict)
    """By the agent's address, case-folded."""
    thanks: Sequence[ThankYou] = ()


def digest(gateway: Gateway) -> int:
    """Sends the digests whose time of day has come. An agent without work gets none. Returns how many were due."""
    clerk, policy = gateway.clerk, gateway.clerk.rules.policy
    local = clerk.clock().astimezone(ZoneInfo(policy.instance.timezone))
    timely = [agent for agent in policy.agents if agent.digest and agent.digest <= f"{local:%H:%M}"]
    if not timely:
        return 0
    today = local.date()
    last = clerk.database.transact(agents.digested_on, [agent.address for agent in timely])
    due = [agent for agent in timely if last.get(agent.address.casefold()) != today.isoformat()]
    if not due:
        return 0
    week = None
    if today.weekday() == MONDAY:
        with clerk.database.looking() as connection:
            week = _week(connection, week_before(today), policy, clerk.clock())
    for agent in due:
        _send_digest(gateway, agent, today, week)
    return len(due)


def _send_digest(gateway: Gateway, agent: Agent, today: date, week: _Week | None) -> None:
    clerk = gateway.clerk
    work = partial(_work, agent=agent, now=clerk.clock(), week=week)
    sent = partial(agents.set_digested, agent=agent.address, day=today.isoformat())
    clerk.tell(orders.digest(agent), f"digest of {agent.address}", sent, desk=work)


def _work(connection: Connection, agent: Agent, now: datetime, week: _Week | None) -> Desk:
    desk = own_work(connection, agent, now)
    return replace(desk, week=_own(agent, week, desk)) if week is not None else desk


def _own(agent: Agent, week: _Week, desk: Desk) -> OwnWeek:
    figures = week.figures.get(agent.address.casefold(), ReportFigures())
    said = thanks_of(agent.address, week.thanks)
    return OwnWeek(week.period, figures.counts.resolved, figures.answers, said, longest_waiting(desk.mine))


def _week(connection: Connection, period: Period, policy: Policy, now: datetime) -> _Week:
    reader, zone = within(connection), ZoneInfo(policy.instance.timezone)
    begins, ends = (datetime.combine(day, time(), zone) for day in (period.since, period.until + timedelta(days=1)))
    report = read(reader, ReportWanted(period, (), "agent"), policy, now)
    figures = {row.value.casefold(): row.figures for row in report.rows}
    everybody = [agent.address for agent in policy.agents]
    return _Week(period, figures, thanks(reader, everybody, begins, ends))
