"""Which agent a ticket is assigned to: nobody, the next agent in turn, the one with the fewest tickets, or the least
loaded of those who have a skill.

Somebody who is away, off duty by their calendar, or has as many tickets as they can hold is passed over. If all are,
the ticket has no assignee; where agents have calendars, a capacity or skills it then waits (`AwaitTurn`) until somebody
is there or has room, and the notice to the queue says why.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from mailtickets.config.models import Agent, Queue
from mailtickets.desk.model.effects import Assign, AwaitTurn, PassedOver, WhyNot
from mailtickets.desk.model.facts import Desk
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.model.reason import OtherReason, Reason

SKILL = "skill:"
"""What the reason of a turn begins with that went to somebody because of a skill."""
_TURNS = frozenset({"by-turns", "least-open"})
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class TurnWanted:
    """What a turn is asked for."""

    skill: str = ""
    """The agent should have this skill; empty: none is asked for."""
    only: bool = False
    """Nobody else will do. False: in a queue with `assignment = "skill"` somebody without the skill is better than
    nobody."""
    ordered: bool = False
    """A rule or an agent has asked for a turn: it is taken also in a queue that gives its tickets to nobody."""
    but: str = ""
    """The address of who has the ticket and hands it on: it is given to somebody else."""


ANYBODY = TurnWanted()


def turn(queue: Queue, desk: Desk, policy: Policy, now: datetime, wanted: TurnWanted = ANYBODY) -> Assign | None:
    """The assignment of a ticket to whoever's turn it is, by `assignment` of its queue; None: nobody."""
    team = [agent for agent in policy.agents_of(queue.name) if agent.address.casefold() != wanted.but.casefold()]
    free = [agent for agent in team if not why_not(agent, desk, policy, now)]
    skilled = [agent for agent in free if has_skill(agent, wanted.skill)] if wanted.skill else []
    if skilled:
        return Assign(_least_loaded(skilled, desk).address, skill_reason(wanted.skill))
    if not free or not _anybody_will_do(queue, wanted):
        return None
    if queue.assignment in {"least_open", "skill"}:
        return Assign(_least_loaded(free, desk).address, "least-open")
    return Assign(min(free, key=lambda agent: _last(agent, desk)).address, "by-turns")


def given_out(
    queue: Queue, desk: Desk, policy: Policy, now: datetime, wanted: TurnWanted = ANYBODY
) -> tuple[Assign | AwaitTurn, ...]:
    """The effects of a turn: the assignment, or that the ticket waits for one. None where the queue gives none out."""
    assigned = turn(queue, desk, policy, now, wanted)
    if assigned is not None:
        return (assigned,)
    return (awaiting(queue, desk, policy, now, wanted),) if may_wait(queue, policy, wanted) else ()


def may_wait(queue: Queue, policy: Policy, wanted: TurnWanted = ANYBODY) -> bool:
    """Whether a ticket that nobody can take now is given to somebody later.

    A queue whose agents have neither calendar nor capacity keeps such a ticket until somebody takes it.
    """
    if wanted.skill or wanted.ordered or queue.assignment == "skill":
        return True
    return queue.assignment != "none" and any(a.calendar or a.capacity for a in policy.agents_of(queue.name))


def awaiting(queue: Queue, desk: Desk, policy: Policy, now: datetime, wanted: TurnWanted = ANYBODY) -> AwaitTurn:
    """That a ticket waits for a turn, and why each of the queue's agents was passed over."""
    team, only = policy.agents_of(queue.name), not _anybody_will_do(queue, wanted)
    asked = [agent for agent in team if has_skill(agent, wanted.skill)] if only else team
    return AwaitTurn(wanted.skill, only=only, passed_over=tuple(_passed_over(asked, desk, policy, now)))


def wanted_by_type(name: str | None, policy: Policy) -> TurnWanted:
    """What a ticket of this type asks of a turn: the skill of its `[[type]]`."""
    return TurnWanted(next((kind.skill for kind in policy.kinds if kind.name == name), ""))


def turn_of_rule(assign: str) -> TurnWanted | None:
    """What a rule's `assign` asks for: `turn`, or `skill:NAME`. None: it names a person."""
    if assign == "turn":
        return TurnWanted(ordered=True)
    skill = assign.removeprefix(SKILL)
    return TurnWanted(skill, ordered=True) if assign.startswith(SKILL) and skill else None


def missing_skills(policy: Policy) -> dict[str, list[str]]:
    """The skills that rules and types ask for and that nobody has, and the places that ask for each."""
    missing: dict[str, list[str]] = {}
    asked = [
        *((rule.assign.removeprefix(SKILL), f"rule {rule.name}") for rule in policy.configured if _asks(rule.assign)),
        *((kind.skill, f"type {kind.name}") for kind in policy.kinds if kind.skill),
    ]
    for skill, place in asked:
        if skill.casefold() not in policy.skills:
            missing.setdefault(skill, []).append(place)
    return missing


def _asks(assign: str) -> bool:
    wanted = turn_of_rule(assign)
    return wanted is not None and bool(wanted.skill)


def _anybody_will_do(queue: Queue, wanted: TurnWanted) -> bool:
    if wanted.skill:
        return not wanted.only and queue.assignment == "skill"
    return wanted.ordered or queue.assignment != "none"


def _passed_over(agents: Iterable[Agent], desk: Desk, policy: Policy, now: datetime) -> Iterator[PassedOver]:
    for agent in agents:
        why = why_not(agent, desk, policy, now)
        if why is not None:
            yield PassedOver(agent.address, why, desk.loads.get(_key(agent), 0), agent.capacity)


def why_not(agent: Agent, desk: Desk, policy: Policy, now: datetime) -> WhyNot | None:
    """Why an agent is given no ticket now; None: the agent may be given one."""
    if is_away(agent, desk, now):
        return "away"
    if not policy.on_duty(agent, now):
        return "off-duty"
    return "full" if agent.capacity and desk.loads.get(_key(agent), 0) >= agent.capacity else None


def has_skill(agent: Agent, skill: str) -> bool:
    return skill.casefold() in (one.casefold() for one in agent.skills)


def takes_turn(reason: Reason) -> bool:
    """Whether an assignment with this reason was somebody's turn: of two at a time, one is made again."""
    return reason in _TURNS or reason.startswith(SKILL)


def skill_reason(skill: str) -> Reason:
    return OtherReason(f"{SKILL}{skill}")


def is_away(agent: Agent, desk: Desk, now: datetime) -> bool:
    until = desk.absent_until.get(_key(agent))
    return until is not None and until > now


def _least_loaded(agents: Sequence[Agent], desk: Desk) -> Agent:
    """The agent with the smallest load for their capacity; of several, the one who was longest without a turn.

    Somebody without a limit counts as if they could hold as many as the one with the highest.
    """
    most = max(agent.capacity for agent in agents) or 1
    return min(agents, key=lambda a: (desk.loads.get(_key(a), 0) / (a.capacity or most), _last(a, desk)))


def _last(agent: Agent, desk: Desk) -> datetime:
    return desk.assigned_at.get(_key(agent), _NEVER)


def _key(agent: Agent) -> str:
    return agent.address.casefold()
