"""Service levels: how soon a customer is answered, and who is told if not. `[[service_level]]`."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BeforeValidator, Field

from mailtickets.config.durations import span
from mailtickets.config.nearest import nearest
from mailtickets.config.reached import queue_reached
from mailtickets.config.section import Section
from mailtickets.config.values import AddrSpec, Correspondent, Duration, Word

if TYPE_CHECKING:
    from mailtickets.config.models import Config

Profile = Literal["", "sac", "ecommerce", "lgpd", "lgpd-small"]
CLOCKS_OF_LEVELS = ("first_answer", "next_answer", "resolution")
BUILT_IN_TYPES = ("question", "incident", "request")
LONGEST = timedelta(days=366)
"""No clock runs longer: calendars are not walked much farther than that."""
LATEST_STEP = 20.0
"""The latest step of escalation: so many times the time of its clock."""

LevelPriority = Literal["low", "normal", "high", "critical"]
LEVEL_PRIORITIES: tuple[LevelPriority, ...] = ("critical", "high", "normal", "low")


def _by_priority(value: object) -> object:
    """`"8h"` stands for every priority; nothing for none."""
    if not isinstance(value, str):
        return value
    if value and span(value) is None:
        raise ValueError(f'a number and a unit like "30m", "4h" or "2d" was expected, not {value!r}')
    return dict.fromkeys(LEVEL_PRIORITIES, value) if value else {}


AllowedTime = Annotated[dict[LevelPriority, Duration], BeforeValidator(_by_priority)]
"""How long a clock may run, by priority. Without a priority, the clock does not exist for it."""


class Escalation(Section):
    """What is done when so much of a clock's time has passed: 1.0 is the due time itself."""

    at: float
    clock: Literal["", "first_answer", "next_answer", "resolution", "legal"] = ""
    """Empty: every clock of the level."""
    notify: tuple[AddrSpec, ...] = ()
    priority: Literal["", "low", "normal", "high", "critical"] = ""
    queue: str = ""
    assign: str = ""
    """An agent's address, `skill:NAME` or `turn`."""


class ServiceLevel(Section):
    name: Word
    queues: tuple[str, ...] = ()
    customers: tuple[Correspondent, ...] = ()
    types: tuple[str, ...] = ()
    calendar: str = ""
    first_answer: AllowedTime = Field(default_factory=dict)
    next_answer: AllowedTime = Field(default_factory=dict)
    resolution: AllowedTime = Field(default_factory=dict)
    warn_at: float = 0.75
    escalate: tuple[Escalation, ...] = ()
    profile: Profile = ""


def problems(config: "Config") -> Iterator[tuple[str, str]]:
    """(key path, what was expected), for each fault in the service levels. `calendars` knows their calendars."""
    names = Counter(level.name for level in config.service_level)
    for number, level in enumerate(config.service_level):
        key = f"service_level.{number}"
        if names[level.name] > 1:
            yield f"{key}.name", f"the name {level.name!r} is used {names[level.name]} times: each level needs its own"
        yield from _whom_problems(key, level, config)
        if not 0 <= level.warn_at <= 1:
            yield (
                f"{key}.warn_at",
                f"a part of the time between 0 (no warning) and 1 was expected, not {level.warn_at:g}",
            )
        for clock in CLOCKS_OF_LEVELS:
            yield from _duration_problems(f"{key}.{clock}", getattr(level, clock))
        for place, step in enumerate(level.escalate):
            yield from _step_problems(f"{key}.escalate.{place}", step, config)
        yield from _twice(f"{key}.escalate", level.escalate)


def _whom_problems(key: str, level: ServiceLevel, config: "Config") -> Iterator[tuple[str, str]]:
    queues = {queue.name for queue in config.queue}
    types = {*BUILT_IN_TYPES, *(kind.name for kind in config.type)}
    for place, queue in enumerate(level.queues):
        if queue not in queues:
            yield f"{key}.queues.{place}", f"there is no queue {queue!r}{nearest(queue, sorted(queues))}"
    for place, kind in enumerate(level.types):
        if kind not in types:
            near = nearest(kind, sorted(types)) or f"; there are {', '.join(sorted(types))}"
            yield f"{key}.types.{place}", f"there is no type {kind!r}{near}"


def _duration_problems(key: str, durations: AllowedTime) -> Iterator[tuple[str, str]]:
    for priority, text in durations.items():
        time = span(text)
        if time is not None and not timedelta() < time <= LONGEST:
            yield f"{key}.{priority}", f"more than nothing and at most {LONGEST.days} days was expected, not {text!r}"


def _step_problems(key: str, step: Escalation, config: "Config") -> Iterator[tuple[str, str]]:
    agents = {address.casefold() for agent in config.agent for address in (agent.address, *agent.aliases)}
    if not 0 < step.at <= LATEST_STEP:
        yield f"{key}.at", f"a part of the time above 0, at most {LATEST_STEP:g}, was expected, not {step.at:g}"
    if not (step.notify or step.priority or step.queue or step.assign):
        yield key, "does nothing: notify, priority, queue or assign was expected"
    queues = [queue.name for queue in config.queue]
    if step.queue and step.queue not in queues:
        yield f"{key}.queue", f"there is no queue {step.queue!r}{nearest(step.queue, queues)}"
    for place, address in enumerate(step.notify):
        if queue_reached(config, address):
            yield f"{key}.notify.{place}", f"{address} is a queue's own address: it would open a ticket"
    skill = step.assign.removeprefix("skill:")
    if step.assign.startswith("skill:"):
        skills = sorted({one for agent in config.agent for one in agent.skills})
        if skill not in skills:
            yield f"{key}.assign", f"no agent has the skill {skill!r}{nearest(skill, skills)}"
    elif step.assign not in {"", "turn"} and step.assign.casefold() not in agents:
        near = nearest(step.assign.casefold(), [*sorted(agents), "turn"])
        yield f"{key}.assign", f'an agent\'s address, "skill:NAME" or "turn" was expected, not {step.assign!r}{near}'


def _twice(key: str, steps: tuple[Escalation, ...]) -> Iterator[tuple[str, str]]:
    """Steps at the same time of the same clock: what happens once is named by its time."""
    for place, step in enumerate(steps):
        same = (other for other in steps[:place] if other.at == step.at)
        if any("" in {step.clock, other.clock} or step.clock == other.clock for other in same):
            yield f"{key}.{place}.at", f"another step comes at {step.at:g} too: write both as one"
