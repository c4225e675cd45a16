"""Who is given tickets: skills that nobody has, queues whose agents are never on duty, what nobody can be told of."""

from collections.abc import Iterator
from datetime import datetime

from mailtickets.cli.check.inquiry import Inquiry
from mailtickets.config.models import Config, Queue
from mailtickets.desk.clock.calendar import next_open
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.rules.assignment import has_skill
from mailtickets.gateway.clerk import utc_now
from mailtickets.views.check import CheckLine, warning


def lines(inquiry: Inquiry) -> Iterator[CheckLine]:
    config = inquiry.config
    policy = Policy.of(config)
    yield from _types(config, policy)
    for number, queue in enumerate(config.queue):
        yield from _queue(f"queue.{number}", queue, policy, utc_now())


def _types(config: Config, policy: Policy) -> Iterator[CheckLine]:
    for number, kind in enumerate(config.type):
        if kind.skill and kind.skill.casefold() not in policy.skills:
            yield warning(
                f"type.{number}.skill",
                f"{kind.name}: no agent has the skill {kind.skill!r}",
                f'add "{kind.skill}" to the skills of an [[agent]]; until then such tickets go to anybody in the queue',
            )


def _queue(key: str, queue: Queue, policy: Policy, now: datetime) -> Iterator[CheckLine]:
    team = policy.agents_of(queue.name)
    if team and all(next_open(policy.hours(agent.calendar), now) is None for agent in team):
        yield warning(
            key,
            f"{queue.name}: its agents are never on duty, so nobody is given a ticket or told of what lies about",
            "give the [[calendar]] of one of them hours",
        )
    elif queue.assignment == "skill" and team and not any(agent.skills for agent in team):
        yield warning(
            f"{key}.assignment",
            f'{queue.name}: "skill" and none of its agents has any: tickets go to the least loaded',
            'write skills for its agents, or assignment = "least_open"',
        )
    for kind in policy.kinds:
        asked = queue.assignment == "skill" and kind.skill.casefold() in policy.skills
        if asked and not any(has_skill(agent, kind.skill) for agent in team):
            yield warning(
                f"{key}.assignment",
                f"{queue.name}: none of its agents has the skill {kind.skill!r}, which type {kind.name} asks for",
                f'add "{queue.name}" to the queues of an agent who has it',
            )
