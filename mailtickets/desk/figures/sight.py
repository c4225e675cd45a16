"""Who may see what of the desk's figures. Pure."""

from dataclasses import dataclass

from mailtickets.desk.model.policy import Policy


@dataclass(frozen=True, slots=True)
class Sight:
    """What one person may see."""

    queues: tuple[str, ...]
    """Names of the queues whose figures they may see, in the order of the configuration."""
    managed: tuple[str, ...]
    """Of these: where they may see the figures of each agent, too."""


def sight(address: str, policy: Policy) -> Sight:
    """What the person with this address may see: an agent the queues that they work in, a manager those that they
    manage. The figures of single agents are for managers: an agent is shown no comparison with colleagues."""
    agent, key = policy.agent(address), address.casefold()
    own = {key, *((agent.address.casefold(), *(alias.casefold() for alias in agent.aliases)) if agent else ())}
    managed = tuple(q.name for q in policy.queues if own & {manager.casefold() for manager in q.managers})
    worked_in = set(agent.queues) if agent else set()
    seen = tuple(queue.name for queue in policy.queues if queue.name in managed or queue.name in worked_in)
    return Sight(seen, managed)
