"""Notices that rules of the configuration call for: somebody is to know of a ticket, or a mail is held.

People who are no agents get figures only (`outside`), and nothing of a mail of their own: if a machine answers in their
name, it sets off no notice again. Nobody is told twice of the same mail.
Fails with: nothing; a name that is neither an address nor a queue's tells nobody.
"""

from collections.abc import Iterator
from dataclasses import replace

from mailtickets.config.models import Agent
from mailtickets.desk.claims.authors import writer
from mailtickets.desk.model.effects import AddMessage
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.model.ticket import Ticket
from mailtickets.desk.notices.budget import standing
from mailtickets.desk.notices.for_agents import for_agents
from mailtickets.desk.notices.notice import Notice, Occasion, Situation
from mailtickets.desk.notices.outside import figures, local, to_outsiders
from mailtickets.desk.notices.shown_last import shown_last
from mailtickets.desk.notices.watching import watching


def by_rules(occasion: Occasion) -> Iterator[Notice]:
    """The notices that rules call for."""
    ruled = occasion.situation.decision.ruled
    if ruled.held:
        yield _held(occasion)
    elif ruled.notify and occasion.situation.after is not None:
        yield from _told(occasion, occasion.situation.after)
        yield from _told_outside(occasion, occasion.situation.after)


def rules_context(situation: Situation) -> dict[str, object]:
    """The rules that matched, and the ready answer that the customer got, as a notice shows them."""
    ruled = situation.decision.ruled
    return {"rules": list(ruled.matched), "ready_answer": ruled.answer.value if ruled.answer is not None else ""}


def _told(occasion: Occasion, after: Ticket) -> Iterator[Notice]:
    situation, policy = occasion.situation, occasion.policy
    message, named = situation.message, _named(situation, policy)
    in_hand = message is not None and message.direction == "in" and message.visibility == "public"
    known = watching(after, occasion.queue, policy) if in_hand else ()
    people = [agent for agent in named if agent not in known]
    extra = rules_context(situation)
    if in_hand:
        yield for_agents("rule_told", people, occasion, extra=extra)
    else:
        yield shown_last("rule_told", people, occasion, extra)


def _named(situation: Situation, policy: Policy) -> tuple[Agent, ...]:
    """The agents whom rules name: by their address, or by a queue of theirs."""
    found: list[Agent] = []
    for said in situation.decision.ruled.notify:
        agent = policy.agent(said.value)
        found += [agent] if agent is not None else policy.agents_of(said.value)
    return tuple(dict.fromkeys(found))


def _told_outside(occasion: Occasion, after: Ticket) -> Iterator[Notice]:
    """To each address that a rule names and that is no agent's, unless the mail in hand is theirs."""
    situation, policy = occasion.situation, occasion.policy
    author = situation.message.author.key if situation.message is not None else ""
    shown = {**figures(after, occasion), "waiting_since": local(after.waiting_since, occasion)}
    for said in situation.decision.ruled.notify:
        if "@" in said.value and policy.agent(said.value) is None and said.value.casefold() != author:
            notice = to_outsiders("rule_figures", [said.value], occasion, {"rules": [said.rule], "figures": shown})
            yield replace(notice, standing=standing(situation, policy))


def _held(occasion: Occasion) -> Notice:
    """To the agents of the queue that the mail came to: one of them says what becomes of it."""
    situation, policy = occasion.situation, occasion.policy
    mail, facts = situation.mail, situation.facts
    words = None
    if mail is not None and facts is not None:
        words = AddMessage("in", "public", writer(mail, facts, policy), verified=False)
    extra: dict[str, object] = {
        "rules": [situation.decision.reason.removeprefix("rule:")],
        "words": mail.subject if mail is not None else "",
        "reply_effect": "releases",
    }
    notice = for_agents("rule_held", policy.agents_of(occasion.queue.name), occasion, message=words, extra=extra)
    return replace(notice, asks_to_confirm=True, takes_lines=False)
