"""What notices say of tickets that nobody has: why nobody could be given one, and which ones lie about."""

from dataclasses import replace

from mailtickets.desk.clock.forgotten import Lying, ToldOnce
from mailtickets.desk.model.effects import AwaitTurn, PassedOver
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.notices.contexts import lines_context, name_of
from mailtickets.desk.notices.for_agents import for_agents
from mailtickets.desk.notices.notice import Notice, Occasion, Situation

_NAMED = 10
"""So many agents a notice names; it counts the others."""


def awaits_context(situation: Situation, policy: Policy) -> dict[str, object]:
    """Why the ticket has no assignee and waits for its turn; empty if it does not wait."""
    awaits = next((effect for effect in situation.decision.effects if isinstance(effect, AwaitTurn)), None)
    if awaits is None:
        return {}
    named = [_passed_over(one, policy) for one in awaits.passed_over[:_NAMED]]
    more = len(awaits.passed_over) - len(named)
    return {"awaits": {"skill": awaits.skill if awaits.only else "", "passed_over": named, "more": more}}


def _passed_over(one: PassedOver, policy: Policy) -> dict[str, object]:
    return {"name": name_of(one.agent, policy), "why": one.why, "load": one.load, "capacity": one.capacity}


def lies_about(told: ToldOnce, occasion: Occasion) -> Notice:
    """The tickets that one person can do something about. The lines of an agent's reply act on them; the reply of a
    manager who is no agent does nothing."""
    reader, policy = told.reader, occasion.policy
    queue = next((queue for queue in policy.queues if queue.name in reader.reads), occasion.queue)
    tickets = [ticket for one in told.lying for ticket in one.tickets]
    count = len(tickets) + sum(one.more for one in told.lying)
    extra: dict[str, object] = {
        "count": count,
        "lying": [_lying(one, policy) for one in told.lying],
        "tickets": lines_context(tickets[:1], policy),
        "reply_effect": "lines" if reader.agent else "none",
    }
    notice = for_agents("forgotten", [], replace(occasion, queue=queue), silent=True, extra=extra)
    return replace(notice, recipients=(reader.address,), takes_lines=reader.agent is not None)


def _lying(one: Lying, policy: Policy) -> dict[str, object]:
    return {"condition": one.condition, "tickets": lines_context(one.tickets, policy), "more": one.more}
