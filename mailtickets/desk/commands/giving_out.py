"""What an agent's commands give out: `#atribuir skill:vpn`, `#atribuir rodízio`, and a move to a queue that gives out
its tickets.

In: the ticket, the command, and who asks. Out: effects and lines for the receipt.
Fails with: `Problem`s, which are values.
"""

from collections.abc import Iterator
from dataclasses import replace

from mailtickets.config.models import Queue
from mailtickets.desk.commands.asker import Asker, Step
from mailtickets.desk.commands.command import Command
from mailtickets.desk.commands.likeness import nearest_of
from mailtickets.desk.commands.values import called
from mailtickets.desk.model.decision import Done, Problem
from mailtickets.desk.model.effects import Assign
from mailtickets.desk.model.facts import Desk
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.model.ticket import Ticket
from mailtickets.desk.rules.assignment import TurnWanted, awaiting, has_skill, may_wait, turn, wanted_by_type
from mailtickets.words.fold import folded_name

_SKILL = frozenset({"skill", "habilidade", "competencia", "habilidad"})
_TURN = frozenset({"turn", "turno", "vez", "rodizio", "rotacion", "next in turn"})


def turn_asked(argument: str) -> TurnWanted | None:
    """What turn an argument of `#atribuir` asks for, as `skill:vpn` or `rodízio`; None: it names a person."""
    typed = called(argument)[-1].strip()
    word, colon, skill = typed.partition(":")
    if colon and folded_name(word.strip()) in _SKILL and skill.strip():
        return TurnWanted(skill.strip(), only=True, ordered=True)
    return TurnWanted(ordered=True) if folded_name(typed) in _TURN else None


def give_in_turn(ticket: Ticket, order: Command, asker: Asker, wanted: TurnWanted) -> Iterator[Step]:
    """Gives a ticket to whoever's turn it is. If nobody can take it now, it waits for its turn, without an assignee."""
    queue = asker.policy.queue(ticket.queue)
    known = asker.policy.skills
    if queue is None:
        yield Problem(order.line, "not-possible-here")
    elif wanted.skill and wanted.skill.casefold() not in known:
        near = nearest_of(wanted.skill.casefold(), sorted(known)) or tuple(sorted(known))[:3]
        yield Problem(order.line, "no-such-skill", tuple(f"skill:{skill}" for skill in near), "name")
    else:
        yield from _handed_on(ticket, queue, asker, wanted)


def _handed_on(ticket: Ticket, queue: Queue, asker: Asker, wanted: TurnWanted) -> Iterator[Step]:
    """Whoever has the ticket wants somebody else to have it; only if nobody else can, it stays."""
    desk, holder = _as_given_so_far(asker), asker.policy.agent(ticket.assignee or "")
    others = replace(wanted, but=holder.address if holder else "")
    stays = holder is not None and turn(queue, desk, asker.policy, asker.now, others) is None
    if stays and holder is not None and (not wanted.skill or has_skill(holder, wanted.skill)):
        yield Done("already", holder.name)
    else:
        yield from _given(ticket, queue, asker, others)


def given_after_move(ticket: Ticket, to: Queue, asker: Asker) -> Iterator[Step]:
    """Gives a ticket that comes into a queue to one of its agents, if the queue gives out its tickets. An agent who has
    the ticket and belongs to that queue keeps it."""
    assignee = asker.policy.agent(ticket.assignee) if ticket.assignee else None
    stays = assignee is not None and to.name in assignee.queues
    if stays:
        return
    if to.assignment == "none":
        if assignee is not None:
            yield Assign(None)
        return
    yield from _given(ticket, to, asker, wanted_by_type(ticket.type, asker.policy))


def _given(ticket: Ticket, queue: Queue, asker: Asker, wanted: TurnWanted) -> Iterator[Step]:
    desk = _as_given_so_far(asker)
    assigned = turn(queue, desk, asker.policy, asker.now, wanted)
    if assigned is not None and assigned.to is not None:
        asker.given[assigned.to.casefold()] += 1
        yield assigned
        yield Done("assigned", _name(assigned.to, asker.policy))
        return
    if ticket.assignee is not None:
        yield Assign(None)
    if may_wait(queue, asker.policy, wanted):
        yield awaiting(queue, desk, asker.policy, asker.now, wanted)
        yield Done("awaits_turn", wanted.skill or queue.title)


def _as_given_so_far(asker: Asker) -> Desk:
    """The agents' work, with what earlier commands of the same mail have given out."""
    desk = asker.facts.desk
    loads = {key: desk.loads.get(key, 0) + asker.given[key] for key in {*desk.loads, *asker.given}}
    last = {**desk.assigned_at, **dict.fromkeys(asker.given, asker.now)}
    return replace(desk, loads=loads, assigned_at=last) if asker.given else desk


def _name(address: str, policy: Policy) -> str:
    agent = policy.agent(address)
    return agent.name if agent else address
