"""`[[queue.stages]]`: a queue's own names over the five statuses, and what they must hold.

Fails with: nothing; what is wrong is (key path, what was expected).
"""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Literal

from pydantic import Field

from mailtickets.config.durations import span
from mailtickets.config.nearest import nearest
from mailtickets.config.section import Section
from mailtickets.config.stage_graph import Graph
from mailtickets.config.values import Duration, Locale, OneLine, Word
from mailtickets.words.fold import folded_name

if TYPE_CHECKING:
    from mailtickets.config.models import Config, Queue

ANSWER: Final = "answer"
"""In `needs`: the customer has had an answer, by the same mail or earlier."""
AGENT: Final = "agent"
"""In `who`: every agent who works on the ticket."""
CUSTOMER: Final = "customer"
"""In `who`: a customer's reply makes the move."""
SKILL: Final = "skill:"
MAX_STAGES = 50


class QueueStage(Section):
    name: Word
    base: Literal["new", "open", "pending", "resolved", "closed"] = Field(alias="is")
    label: dict[Locale, OneLine] = Field(default_factory=dict)
    origins: tuple[OneLine, ...] | None = Field(default=None, alias="from")
    """The stages from which somebody may bring a ticket here. Empty: from none; not there: from every other one."""
    who: tuple[OneLine, ...] = (AGENT,)
    needs: tuple[OneLine, ...] = ()
    after: dict[Duration, OneLine] = Field(default_factory=dict)
    """Timed moves: after so long in this stage, to that one."""
    tell: bool = False
    """Customers are told of this stage."""


def problems(config: "Config") -> Iterator[tuple[str, str]]:
    """What is wrong with the stages of all queues. Where a name is wrong, the moves of that queue are not looked at."""
    for number, queue in enumerate(config.queue):
        wrong = [(f"queue.{number}.stages.{key}", text) for key, text in _name_problems(queue, config)]
        yield from wrong
        if queue.stages and not wrong:
            for key, text in graph_of(queue, config).problems():
                yield f"queue.{number}.stages.{key}".rstrip("."), text


def graph_of(queue: "Queue", config: "Config") -> Graph:
    """All moves between the stages of a queue."""
    return Graph.of(queue.stages, closes=queue.close_after_days > 0, by_rule=_set_by_rules(config))


def _set_by_rules(config: "Config") -> set[str]:
    return {rule.set.stage for rule in config.rule if rule.set.stage}


def _name_problems(queue: "Queue", config: "Config") -> Iterator[tuple[str, str]]:
    names = [stage.name for stage in queue.stages]
    if len(names) > MAX_STAGES:
        yield str(MAX_STAGES), f"at most {MAX_STAGES} stages were expected"
    yield from _twice(queue.stages)
    for number, stage in enumerate(queue.stages):
        yield from ((f"{number}.{key}", text) for key, text in _unknown(stage, names, config))
        yield from ((f"{number}.{key}", text) for key, text in _customer_problems(stage))


def _twice(stages: Iterable[QueueStage]) -> Iterator[tuple[str, str]]:
    """Names and labels that mean more than one stage, as agents type them: without case, accents and hyphens."""
    seen: dict[str, QueueStage] = {}
    for number, stage in enumerate(stages):
        keys = [("name", stage.name), *((f"label.{locale}", text) for locale, text in stage.label.items())]
        for key, text in keys:
            other = seen.setdefault(folded_name(text), stage)
            if other is not stage:
                yield f"{number}.{key}", f"{text!r} means stage {other.name!r} already"


def _unknown(stage: QueueStage, names: list[str], config: "Config") -> Iterator[tuple[str, str]]:
    for position, source in enumerate(stage.origins or ()):
        if source not in names or source == stage.name:
            yield f"from.{position}", _other_stage_expected(source, stage, names)
    for duration, target in stage.after.items():
        if target not in names or target == stage.name:
            yield f"after.{duration}", _other_stage_expected(target, stage, names)
        if not span(duration):
            yield f"after.{duration}", "a time longer than nothing was expected"
    fields = {field.name for field in config.field}
    for position, need in enumerate(stage.needs):
        if need != ANSWER and need not in fields:
            yield f"needs.{position}", _no_need(need, fields)
    addresses = {one.casefold() for agent in config.agent for one in (agent.address, *agent.aliases)}
    for position, who in enumerate(stage.who):
        skill = who.startswith(SKILL) and len(who) > len(SKILL)
        if not (who in {AGENT, CUSTOMER} or skill or who.casefold() in addresses):
            yield f"who.{position}", f'"{AGENT}", "{CUSTOMER}", "{SKILL}NAME" or an agent\'s address was expected'


def _other_stage_expected(name: str, stage: QueueStage, names: list[str]) -> str:
    if name == stage.name:
        return f"another stage was expected, not {name!r}"
    return f"there is no stage {name!r}{nearest(name, names)}"


def _no_need(name: str, fields: set[str]) -> str:
    known = sorted({*fields, ANSWER})
    return f'there is no field {name!r}; a [[field]] or "{ANSWER}" was expected{nearest(name, known)}'


def _customer_problems(stage: QueueStage) -> Iterator[tuple[str, str]]:
    """A customer's reply waits to be read, so it leads to open stages only, and from stages that are named."""
    if CUSTOMER in stage.who and stage.base != "open":
        yield "is", f'"{CUSTOMER}" in `who` means a customer\'s reply, which waits to be read: "open" was expected'
    if CUSTOMER in stage.who and stage.origins is None:
        yield "from", f'is missing: "{CUSTOMER}" in `who` means a reply at these stages'


# --- what is sound and yet does nothing ---------------------------------------------------------------


def remarks(config: "Config") -> Iterator[tuple[str, str, str]]:
    """(key path, what was found, what to do) of what can be taken, and will surprise somebody."""
    for number, queue in enumerate(config.queue):
        for position, stage in enumerate(queue.stages):
            path = f"queue.{number}.stages.{position}"
            yield from ((f"{path}.{key}", found, advice) for key, found, advice in _remarks_on(stage, queue, config))


def _remarks_on(stage: QueueStage, queue: "Queue", config: "Config") -> Iterator[tuple[str, str, str]]:
    agents = [agent for agent in config.agent if queue.name in agent.queues]
    able = {f"{SKILL}{skill}".casefold() for agent in agents for skill in agent.skills}
    able |= {one.casefold() for agent in agents for one in (agent.address, *agent.aliases)} | {AGENT, CUSTOMER}
    for position, who in enumerate(stage.who):
        if who.casefold() not in able:
            yield (
                f"who.{position}",
                f"no agent of queue {queue.name} is meant by {who!r}",
                "correct it, or leave it out",
            )
    first = earliest(stage)
    for duration in (duration for duration in stage.after if duration != first):
        yield f"after.{duration}", f"never comes: after {first} the ticket has left", "leave it out"
    if stage.tell and not stage.label:
        yield "label", f"is missing: customers are told of {stage.name!r}", "give it a label for each language"


def earliest(stage: QueueStage) -> str:
    """The shortest time in `after`; empty if the clock makes no move."""
    return min(stage.after, key=lambda duration: span(duration) or timedelta.max, default="")
