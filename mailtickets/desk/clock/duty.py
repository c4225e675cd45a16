"""Who is on duty: nobody is reminded at midnight of what can wait until the morning."""

from collections.abc import Iterable
from datetime import datetime

from mailtickets.config.models import Agent
from mailtickets.desk.clock.calendar import OpenHours, next_open
from mailtickets.desk.model.policy import Policy


def hours_of_agent(agent: Agent, otherwise: str, policy: Policy) -> OpenHours | None:
    """An agent's own calendar, or the one named `otherwise`; None: they are always on duty."""
    return policy.calendars.get(agent.calendar or otherwise)


def on_duty_from(agents: Iterable[Agent], otherwise: str, at: datetime, policy: Policy) -> datetime:
    """The first moment, not before `at`, at which one of the agents is on duty; `at` if none of them ever is."""
    calendars = dict.fromkeys(hours_of_agent(agent, otherwise, policy) for agent in agents)
    if None in calendars:
        return at
    moments = [next_open(hours, at) for hours in calendars if hours is not None]
    return min((moment for moment in moments if moment is not None), default=at)
