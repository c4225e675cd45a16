"""Stages: a queue's own names over the five statuses, and the moves between them.

A stage is a name over a base status (`is`), so that clocks and reports need to know statuses only. Owns: in which stage
a ticket stands, where it may go from there and who may move it, and which stage follows when mail, the clock or a
command changes the status (`followed`). Pure.
Fails with: nothing; what is not possible is a `NoMove`, which is a value.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Literal

from mailtickets.config.models import Agent, Queue
from mailtickets.config.stage_graph import entry, origins
from mailtickets.config.stages import ANSWER, CUSTOMER, QueueStage
from mailtickets.config.values import Locale
from mailtickets.desk.change import changed, opened
from mailtickets.desk.clock.calendar import due, length
from mailtickets.desk.clock.levels import hours_of, level_for
from mailtickets.desk.model.decision import Decision
from mailtickets.desk.model.effects import AddMessage, Effect, MoveTo, OpenTicket, SetStage, SetStatus
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.model.reason import OtherReason, Reason
from mailtickets.desk.model.ticket import Status, Ticket
from mailtickets.words.fold import folded_name

NoMoveCode = Literal["no-such-stage", "stage-not-from-here", "stage-not-yours", "stage-needs", "no-stages"]
REFUSALS: tuple[NoMoveCode, ...] = (
    "no-such-stage", "stage-not-from-here", "stage-not-yours", "stage-needs", "no-stages",
)  # fmt: skip
STAGE_REMOVED: Reason = "stage-removed"
_COUNTED_FROM = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class NoMove:
    """Why a ticket is not moved to a stage, and what is possible instead."""

    code: NoMoveCode
    possible: tuple[QueueStage, ...] = ()
    needs: tuple[str, ...] = ()
    """Names of fields, or `answer`, that the stage asks for and the ticket has not."""


# --- where a ticket stands ----------------------------------------------------------------------------


def stage_of(queue: Queue | None, name: str) -> QueueStage | None:
    """The stage of a queue with this name."""
    return next((stage for stage in queue.stages if stage.name == name), None) if queue else None


def present(ticket: Ticket, queue: Queue | None) -> QueueStage | None:
    """The stage in which a ticket stands. A ticket that was never in a stage, or whose stage was removed, stands where
    its status begins."""
    if queue is None:
        return None
    named = stage_of(queue, ticket.stage)
    return named if named is not None and named.base == ticket.status else entry(queue.stages, ticket.status)


def label(stage: QueueStage, locale: str) -> str:
    """The name of a stage that people read."""
    return labelled(stage.label, stage.name, locale)


def labelled(labels: Mapping[Locale, str], name: str, locale: str) -> str:
    """The label in this locale, else in any that there is, else the name."""
    here = (text for code, text in labels.items() if code == locale)
    return next((text for text in (*here, *labels.values()) if text), name)


def shown(ticket: Ticket, queue: Queue | None, locale: str, *, public: bool) -> str | None:
    """The label of the stage that a notice shows; customers see only stages of which they are told."""
    stage = stage_of(queue, ticket.stage)
    if stage is None or stage.base != ticket.status or (public and not stage.tell):
        return None
    return label(stage, locale)


def waits_elsewhere(ticket: Ticket, queue: Queue | None) -> bool:
    """Whether a ticket waits for somebody else than its customer: it is at a pending stage from which the clock brings
    it back to agents."""
    stage = stage_of(queue, ticket.stage)
    if stage is None or not stage.base == ticket.status == "pending":
        return False
    following = (stage_of(queue, name) for name in stage.after.values())
    return any(to is not None and to.base in {"new", "open"} for to in following)


def named(words: str, queue: Queue) -> QueueStage | None:
    """The stage that somebody means: by its name or a label in any language, as people type them.

    A notice shows `aguardando-peca (Aguardando peça)`: the whole of it means the stage too.
    """
    wanted = {_key(words), _key(words.partition("(")[0])} - {""}
    names: dict[str, QueueStage] = {}
    for stage in reversed(queue.stages):
        names |= {_key(text): stage for text in stage.label.values()}
    names |= {_key(stage.name): stage for stage in queue.stages}
    return next((names[way] for way in sorted(wanted, key=len, reverse=True) if way in names), None)


def _key(words: str) -> str:
    return folded_name(words.replace("-", " ").replace("_", " "))


# --- moves by hand ------------------------------------------------------------------------------------


def may_move(stage: QueueStage, agent: Agent | None) -> bool:
    """Whether somebody may bring a ticket to a stage by hand. None is the operator at the shell, or a rule."""
    if agent is None:
        return True
    own = {address.casefold() for address in (agent.address, *agent.aliases)}
    skills = {f"skill:{skill}".casefold() for skill in agent.skills}
    return any(who == "agent" or who.casefold() in own | skills for who in stage.who)


def ways(ticket: Ticket, queue: Queue | None) -> tuple[QueueStage, ...]:
    """The stages to which a move by hand leads from where the ticket stands, whoever makes it."""
    here = present(ticket, queue)
    if queue is None or here is None:
        return queue.stages if queue else ()
    return tuple(to for to in queue.stages if to.name != here.name and here.name in origins(to, queue.stages))


def possible(ticket: Ticket, queue: Queue | None, agent: Agent | None) -> tuple[QueueStage, ...]:
    """The stages to which an agent may bring the ticket now."""
    return tuple(stage for stage in ways(ticket, queue) if may_move(stage, agent))


def missing(stage: QueueStage, ticket: Ticket, *, answers: bool = False) -> tuple[str, ...]:
    """What a stage asks for and a ticket has not: names of fields, or `answer`.

    `answers`: the customer is answered by the same mail.
    """
    given = {name for name, value in ticket.fields if value}
    given |= {ANSWER} if ticket.answered or answers else set()
    return tuple(need for need in stage.needs if need not in given)


def refusal(
    stage: QueueStage, ticket: Ticket, queue: Queue, agent: Agent | None, *, answers: bool = False
) -> NoMove | None:
    """Why a ticket may not be brought to a stage by hand; None: it may."""
    if stage not in ways(ticket, queue):
        return NoMove("stage-not-from-here", possible(ticket, queue, agent))
    if not may_move(stage, agent):
        return NoMove("stage-not-yours", possible(ticket, queue, agent))
    needs = missing(stage, ticket, answers=answers)
    return NoMove("stage-needs", (), needs) if needs else None


def of_status(
    to: Status, ticket: Ticket, queue: Queue, agent: Agent | None, *, answers: bool = False
) -> QueueStage | NoMove | None:
    """The stage that a command for a status leads to: the first one of that base to which the ticket may be brought.

    None: the ticket stands there already.
    """
    if ticket.status == to:
        return None
    refused = [
        (stage, refusal(stage, ticket, queue, agent, answers=answers)) for stage in queue.stages if stage.base == to
    ]
    free = next((stage for stage, no in refused if no is None), None)
    if free is not None:
        return free
    nearly = next((no for _, no in refused if no is not None and no.code == "stage-needs"), None)
    return nearly or NoMove("stage-not-from-here", possible(ticket, queue, agent))


def move(stage: QueueStage, ticket: Ticket, reason: Reason) -> Iterator[Effect]:
    """The effects that bring a ticket to a stage."""
    if stage.base != ticket.status:
        yield SetStatus(stage.base, reason)
    yield SetStage(stage.name, reason)


def by_rule(ticket: Ticket, name: str, policy: Policy, reason: Reason) -> tuple[Effect, ...] | NoMove:
    """What a rule's `set.stage` does. Rules keep to `from` and `needs`, as people do; `who` is about people alone.

    No effects: the ticket stands there already.
    """
    queue = policy.queue(ticket.queue)
    stage = stage_of(queue, name)
    if queue is None or stage is None:
        return NoMove("no-such-stage" if queue and queue.stages else "no-stages")
    if present(ticket, queue) == stage:
        return ()
    return refusal(stage, ticket, queue, None) or tuple(move(stage, ticket, reason))


# --- what follows by itself ---------------------------------------------------------------------------


def followed(decision: Decision, before: Ticket | None, policy: Policy, now: datetime) -> Decision:
    """The decision with the effects that keep the stage and the status of its ticket in step.

    Every decision passes here, whoever made it: mail, a command, a rule, the clock, the shell. A stage sets its base
    status. A status that comes by mail keeps the present stage if it has that base, and enters the first one with that
    base otherwise; the same in another queue. Where effects contradict each other, the last one counts.
    """
    if before is None and decision.opens is None:
        return decision
    if not (_has_stages(policy) or (before is not None and before.stage) or _sets_a_stage(decision)):
        return decision
    if not decision.effects:
        return decision
    start = before or _opening(decision, now)
    queue = policy.queue(_last_queue(decision.effects) or start.queue)
    effects = [*decision.effects, *_by_the_customer(decision, before, queue)]
    effects = _with_statuses(effects, start.status, queue, decision.reason)
    after = changed(start, [effect for effect in effects if not isinstance(effect, OpenTicket)], now)
    to = _agreeing(before, after, queue)
    if to != after.stage:
        effects.append(SetStage(to, _why(effects, before, after, decision.reason)))
    return decision if tuple(effects) == decision.effects else replace(decision, effects=tuple(effects))


def _has_stages(policy: Policy) -> bool:
    return any(queue.stages for queue in policy.queues)


def _sets_a_stage(decision: Decision) -> bool:
    return any(isinstance(effect, SetStage) for effect in decision.effects)


def _opening(decision: Decision, now: datetime) -> Ticket:
    if decision.opens is None:
        raise AssertionError("the caller has looked")
    return opened(decision.opens, 0, now)


def _last_queue(effects: Sequence[Effect]) -> str | None:
    return next((effect.queue for effect in reversed(effects) if isinstance(effect, MoveTo)), None)


def _by_the_customer(decision: Decision, before: Ticket | None, queue: Queue | None) -> Iterator[Effect]:
    """The move that a customer's reply makes, where a stage says `who = ["customer"]`."""
    replies = any(
        isinstance(effect, AddMessage) and (effect.direction, effect.visibility) == ("in", "public") and effect.waits
        for effect in decision.effects
    )
    placed = any(
        isinstance(effect, SetStage | MoveTo) or (isinstance(effect, SetStatus) and effect.reason != "customer-replied")
        for effect in decision.effects
    )
    if before is None or queue is None or not replies or placed:
        return
    here = present(before, queue)
    for stage in queue.stages:
        if CUSTOMER in stage.who and here is not None and here.name in origins(stage, queue.stages):
            yield SetStage(stage.name, OtherReason(f"stage:{stage.name}"))
            return


def _with_statuses(effects: Sequence[Effect], status: Status, queue: Queue | None, reason: Reason) -> list[Effect]:
    """The effects, with the base status before each stage, and without stages that the queue has not."""
    found: list[Effect] = []
    added: Status | None = None
    for effect in effects:
        if isinstance(effect, SetStage) and effect.to:
            stage = stage_of(queue, effect.to)
            if stage is None:
                continue
            if stage.base != status:
                found.append(SetStatus(stage.base, effect.reason or reason))
                status = added = stage.base
        elif isinstance(effect, SetStatus):
            if effect.to == added == status:
                continue
            status = effect.to
        found.append(effect)
    return found


def _agreeing(before: Ticket | None, after: Ticket, queue: Queue | None) -> str:
    """The name of the stage in which the ticket stands after all; empty: in none."""
    if queue is None or not queue.stages:
        return ""
    kept = stage_of(queue, after.stage)
    if kept is not None and kept.base == after.status:
        return kept.name
    same = before is not None and (before.status, before.queue) == (after.status, after.queue)
    entered = None if same else entry(queue.stages, after.status)
    return entered.name if entered is not None else ""


def _why(effects: Sequence[Effect], before: Ticket | None, after: Ticket, reason: Reason) -> Reason:
    """The reason of a stage that follows by itself: that of the status, or of the move to another queue."""
    if before is not None and (before.status, before.queue) == (after.status, after.queue):
        return STAGE_REMOVED
    why = (e.reason for e in reversed(effects) if isinstance(e, SetStatus | MoveTo) and e.reason is not None)
    return next(why, reason)


# --- by the clock -------------------------------------------------------------------------------------


def epoch_of(ticket: Ticket) -> int:
    """The number of a ticket's stay in its stage: a timer with another number is void.

    It is the second in which the stay began, counted from 2020, so that it fits into 32 bits until 2088.
    """
    return int((ticket.stage_since - _COUNTED_FROM).total_seconds()) if ticket.stage_since else 0


def is_timed(policy: Policy) -> bool:
    """Whether the clock moves a ticket of any queue."""
    return any(stage.after for queue in policy.queues for stage in queue.stages)


def next_move(ticket: Ticket, policy: Policy) -> tuple[datetime, str] | None:
    """When the clock moves the ticket to another stage, and its name; None: it does not.

    The time counts from the moment at which the ticket came to its stage, in the calendar of its service level; without
    a level, every hour counts.
    """
    stage = stage_of(policy.queue(ticket.queue), ticket.stage)
    if stage is None or stage.base != ticket.status or ticket.stage_since is None:
        return None
    hours = hours_of(level_for(ticket, policy), policy)
    moves = (
        (due(hours, ticket.stage_since, length(hours, time) or timedelta()), to) for time, to in stage.after.items()
    )
    return min(((at, to) for at, to in moves if at is not None), default=None)


def by_clock(ticket: Ticket, name: str, epoch: int, policy: Policy) -> tuple[Effect, ...]:
    """What a timer of a stage does. No effects: it is void, because the ticket has left the stage since."""
    found = next_move(ticket, policy)
    queue = policy.queue(ticket.queue)
    to = stage_of(queue, found[1]) if found and (ticket.stage, epoch_of(ticket)) == (name, epoch) else None
    return tuple(move(to, ticket, OtherReason(f"stage:{name}"))) if to is not None else ()
