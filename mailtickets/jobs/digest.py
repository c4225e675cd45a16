"""The daily digest of an agent's work."""

from functools import partial
from zoneinfo import ZoneInfo

from mailtickets.config.models import Agent
from mailtickets.desk.commands import orders
from mailtickets.gateway.gateway import Gateway
from mailtickets.store import agents
from mailtickets.store.read.agent_facts import own_work


def digest(gateway: Gateway) -> int:
    """Sends the digests whose time of day has come. An agent without work gets none. Returns how many were due."""
    clerk, policy = gateway.clerk, gateway.clerk.rules.policy
    local = clerk.clock().astimezone(ZoneInfo(policy.instance.timezone))
    timely = [agent for agent in policy.agents if agent.digest and agent.digest <= f"{local:%H:%M}"]
    if not timely:
        return 0
    today = local.date().isoformat()
    last = clerk.database.transact(agents.digested_on, [agent.address for agent in timely])
    due = [agent for agent in timely if last.get(agent.address.casefold()) != today]
    for agent in due:
        _send_digest(gateway, agent, today)
    return len(due)


def _send_digest(gateway: Gateway, agent: Agent, today: str) -> None:
    clerk = gateway.clerk
    work = partial(own_work, agent=agent, now=clerk.clock())
    sent = partial(agents.set_digested, agent=agent.address, day=today)
    clerk.tell(orders.digest(agent), f"digest of {agent.address}", sent, desk=work)
