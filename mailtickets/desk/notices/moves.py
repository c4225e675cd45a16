"""The moves between stages that are possible now, in notices to agents: as command lines that a reply may consist of.

Who may make a move can differ between agents. Then those who may make the same moves get the same notice.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from mailtickets.config.models import Queue
from mailtickets.config.stages import QueueStage
from mailtickets.desk.clock import stages
from mailtickets.desk.commands.staging import line_for, need_in_words
from mailtickets.desk.model.effects import MergeInto
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.model.ticket import Ticket
from mailtickets.desk.notices.notice import Notice, Occasion
from mailtickets.mail.model import Address

_TAKES_COMMANDS = frozenset({"to_customer", "to_nobody", "to_team", "asks"})
"""Effects of a reply to a notice (`reply_effect`) beside which the lines of the reply are commands."""


def with_moves(notices: Iterable[Notice], occasion: Occasion) -> Iterator[Notice]:
    """The notices, with the possible moves in those to agents about a ticket in a queue that has stages. A ticket that
    is merged into another moves no more."""
    ticket = occasion.situation.after
    queue = occasion.policy.queue(ticket.queue) if ticket else None
    merged = any(isinstance(effect, MergeInto) for effect in occasion.situation.decision.effects)
    if ticket is None or queue is None or not queue.stages or merged:
        yield from notices
        return
    for notice in notices:
        if notice.to_customer or not notice.context.get("ticket") or not _takes_commands(notice):
            yield notice
        else:
            yield from _for_each_group(notice, ticket, queue, occasion.policy)


def _takes_commands(notice: Notice) -> bool:
    return notice.context.get("reply_effect") in _TAKES_COMMANDS


def _for_each_group(notice: Notice, ticket: Ticket, queue: Queue, policy: Policy) -> Iterator[Notice]:
    groups: dict[tuple[str, ...], list[Address]] = {}
    for person in notice.recipients:
        moves = stages.possible(ticket, queue, policy.agent(person.address))
        groups.setdefault(tuple(stage.name for stage in moves), []).append(person)
    if not groups:
        yield notice
    for names, people in groups.items():
        lines = [_move(stage, ticket, notice.locale, policy) for stage in queue.stages if stage.name in names]
        yield replace(notice, recipients=tuple(people), context={**notice.context, "moves": lines})


def _move(stage: QueueStage, ticket: Ticket, locale: str, policy: Policy) -> dict[str, object]:
    needs = [need_in_words(need, policy, locale) for need in stages.missing(stage, ticket)]
    return {"line": line_for(stage, locale), "label": stages.label(stage, locale), "needs": needs}
