"""Notices to agents of what a customer wrote and what a colleague did, and the order of all notices to agents.

Every one of these says what a reply to it does. Nobody gets a notice of what they did themselves, except a receipt.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from mailtickets.config.models import Agent
from mailtickets.desk.clock.stages import label, stage_of
from mailtickets.desk.model.effects import Assign, MoveTo, Rate, Reminded, SetStatus, SplitOff
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.model.ticket import Ticket
from mailtickets.desk.notices.by_rules import by_rules, rules_context
from mailtickets.desk.notices.contexts import (
    moved_context,
    person_context,
)
from mailtickets.desk.notices.for_agents import for_agents
from mailtickets.desk.notices.giving_out import awaits_context, lies_about
from mailtickets.desk.notices.late import of_deadlines
from mailtickets.desk.notices.notice import (
    Notice,
    Occasion,
    Situation,
)
from mailtickets.desk.notices.own_mail import to_its_author
from mailtickets.desk.notices.reports import report_help
from mailtickets.desk.notices.row import NoticeName
from mailtickets.desk.notices.shown_last import shown_last
from mailtickets.desk.notices.watching import followers, watching
from mailtickets.desk.rules.assignment import is_away
from mailtickets.mail.model import Address

_TEAM_WIDE: tuple[NoticeName, ...] = ("unassigned", "delivery_failed", "rated", "agent_absent")


def to_agents(occasion: Occasion) -> Iterator[Notice]:
    """The notices that a decision calls for, to agents."""
    situation = occasion.situation
    yield from _on_customers_words(occasion)
    yield from _on_colleagues_deeds(occasion)
    yield from by_rules(occasion)
    yield from to_its_author(occasion)
    for told in situation.desk.forgotten if "forgotten" in situation.decision.notices else ():
        yield lies_about(told, occasion)
    for name in _TEAM_WIDE:
        if name in situation.decision.notices:
            yield _team_wide(name, occasion)
    if "stage_over" in situation.decision.notices and situation.after is not None:
        yield _stage_over(occasion, situation.after)
    if "stage_removed" in situation.decision.notices:
        yield from _stage_removed(occasion)
    if "report_help" in situation.decision.notices:
        yield report_help(occasion)
    yield from of_deadlines(occasion)
    if "reminder" in situation.decision.notices and situation.after is not None:
        yield _reminder(occasion, situation.after)


# --- what customers write -----------------------------------------------------------------------------


def _on_customers_words(occasion: Occasion) -> Iterator[Notice]:
    situation, policy = occasion.situation, occasion.policy
    message, decision, after = situation.message, situation.decision, situation.after
    if after is None:
        return
    if any(isinstance(effect, SplitOff) for effect in decision.effects):
        yield _split_off(after, occasion)
    rated = any(isinstance(effect, Rate) for effect in decision.effects)
    watchers = watching(after, occasion.queue, policy)
    if "recalled" in decision.notices:
        wanted = situation.mail.recalls if situation.mail else None
        yield for_agents("recalled", watchers, occasion, extra={"words": wanted or ""})
    if message is not None and message.direction == "in" and message.visibility == "public" and not rated:
        name: NoticeName = "new_ticket" if decision.opens else "customer_replied"
        more = {**_another_matter(situation), **rules_context(situation), **awaits_context(situation, policy)}
        yield for_agents(name, watchers, occasion, extra=more)
    for further in decision.further_queues:
        other = policy.queue(further)
        if other is not None:
            others = [agent for agent in policy.agents_of(further) if agent not in watchers]
            extra = {"only_here": _is_elsewhere(after, situation)}
            yield for_agents("also_addressed", others, replace(occasion, queue=other), extra=extra)


def _split_off(after: Ticket, occasion: Occasion) -> Notice:
    """The new ticket, to the agent who made it too: they have nothing else that they could answer it by."""
    watchers = watching(after, occasion.queue, occasion.policy)
    notice = shown_last("new_ticket", watchers, occasion, {})
    return replace(notice, recipients=tuple(Address(agent.name, agent.address) for agent in watchers))


def _is_elsewhere(ticket: Ticket, situation: Situation) -> bool:
    """Whether the mail was not addressed to the queue that has its ticket."""
    facts = situation.facts
    return facts is not None and ticket.queue not in {queue.name for queue in (facts.queue, *facts.also_queues)}


def _another_matter(situation: Situation) -> dict[str, object]:
    """What may show that a reply begins something else: a subject of its own, a ticket that was finished before."""
    before, facts = situation.before, situation.facts
    moved = any(isinstance(e, SetStatus) and e.reason == "customer-replied" for e in situation.decision.effects)
    was = before.status if before is not None and before.status in {"resolved", "closed"} and moved else None
    return {"new_subject": facts.new_subject if facts is not None else "", "was_finished": was}


def _concerned(ticket: Ticket, policy: Policy) -> tuple[Agent, ...]:
    """The agents who work on a ticket: its assignee and the agents among its participants."""
    wanted = followers(ticket) | ({ticket.assignee.casefold()} if ticket.assignee else set())
    return tuple(agent for agent in policy.agents if agent.address.casefold() in wanted)


# --- what colleagues do -------------------------------------------------------------------------------


def _on_colleagues_deeds(occasion: Occasion) -> Iterator[Notice]:
    situation, queue, policy = occasion.situation, occasion.queue, occasion.policy
    after, decision, message = situation.after, situation.decision, situation.message
    if after is None or decision.outcome == "held":
        return
    agent = policy.agent(decision.actor)
    actor = agent.name if agent else None
    assigned_to = next((e.to for e in decision.effects if isinstance(e, Assign) and e.to), None)
    assignee = policy.agent(assigned_to) if assigned_to and decision.opens is None else None
    # A rule may move or assign a ticket because of a customer's mail: the notice of that mail reaches the same people.
    of_mail = message is not None and message.direction == "in" and message.visibility == "public"
    if assignee is not None and not of_mail:
        yield shown_last("assigned", [assignee], occasion, {"actor": actor})
    if any(isinstance(effect, MoveTo) for effect in decision.effects) and not of_mail and decision.opens is None:
        watchers = watching(after, queue, policy)
        extra = {"actor": actor, "change": moved_context(situation, policy), **awaits_context(situation, policy)}
        yield shown_last("moved", watchers, occasion, extra)
    if message is not None and message.direction == "out" and message.visibility == "public":
        yield for_agents("answered", _concerned(after, policy), occasion, message=message)
    if situation.note is not None and "recalled" not in decision.notices:
        watchers = watching(after, queue, policy)
        yield for_agents("noted", watchers, occasion, message=situation.note)


def _team_wide(name: NoticeName, occasion: Occasion) -> Notice:
    situation, policy = occasion.situation, occasion.policy
    author = policy.agent(situation.decision.actor)
    others = policy.agents_of(occasion.queue.name)
    if name == "delivery_failed" and author is not None:
        others = (author, *(agent for agent in others if agent != author))
    more: dict[str, object] = {}
    rate = next((effect for effect in situation.decision.effects if isinstance(effect, Rate)), None)
    if rate is not None:
        more = {"rating": {"score": rate.score, "comment": rate.comment}}
    if name == "agent_absent" and author is not None:
        absent, day = person_context(Address(author.name, author.address)), situation.decision.feedback.away_until
        more = {"absent": absent, "until": day - timedelta(days=1) if day else None}
    return for_agents(name, others, occasion, silent=bool(more), extra=more)


def _stage_over(occasion: Occasion, after: Ticket) -> Notice:
    """The clock has brought the ticket to a stage in which somebody must act: to those who watch it."""
    situation, policy = occasion.situation, occasion.policy
    left = stage_of(occasion.queue, situation.before.stage) if situation.before else None
    was = label(left, policy.instance.locale) if left is not None else ""
    return shown_last("stage_over", watching(after, occasion.queue, policy), occasion, {"stage_was": was})


def _stage_removed(occasion: Occasion) -> Iterator[Notice]:
    """To all agents of the queue: a stage has left the configuration, and so many tickets had it."""
    feedback, policy = occasion.situation.decision.feedback, occasion.policy
    queue = policy.queue(feedback.queue)
    if queue is not None:
        removed = {"name": feedback.stage, "count": feedback.count}
        agents = policy.agents_of(queue.name)
        yield for_agents(
            "stage_removed", agents, replace(occasion, queue=queue), silent=True, extra={"removed": removed}
        )


def _reminder(occasion: Occasion, after: Ticket) -> Notice:
    situation, policy = occasion.situation, occasion.policy
    own = next((effect.agent for effect in situation.decision.effects if isinstance(effect, Reminded)), None)
    wanted = policy.agent(own or after.assignee or "")
    alone = wanted is not None and (own is not None or not is_away(wanted, situation.desk, occasion.now))
    agents = (wanted,) if wanted is not None and alone else policy.agents_of(occasion.queue.name)
    since = after.waiting_since.astimezone(ZoneInfo(policy.instance.timezone)) if after.waiting_since else None
    why = situation.decision.reason.removeprefix("reminder-")
    return shown_last("reminder", agents, occasion, {"why": why, "since": since})
