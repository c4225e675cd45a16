"""Carries out the commands of one mail of an agent, one after the other.

Each command's function stands in its row of the table. If one command of a mail cannot be done, none of them is done.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from mailtickets.desk.change import changed
from mailtickets.desk.clock import stages
from mailtickets.desk.commands.asker import Asker, Doubt, NoticeRequest, Step
from mailtickets.desk.commands.command import Command
from mailtickets.desk.commands.rows import row_of
from mailtickets.desk.figures.order import ReportOrder
from mailtickets.desk.model.decision import Decision, Done, Problem
from mailtickets.desk.model.effects import (
    AddParticipant,
    Assign,
    Effect,
    MergeInto,
    MoveTo,
    PromiseDate,
    Remind,
    RemoveParticipant,
    SetField,
    SetPriority,
    SetRequester,
    SetStage,
    SetStatus,
    SetSubject,
    SetTags,
    SetType,
    Undo,
)
from mailtickets.desk.model.ticket import Ticket

REFUSALS = (
    "no-such-agent", "ambiguous-agent", "no-such-skill", "no-such-queue", "no-such-canned", "no-such-ticket",
    "not-possible-here", "needs-a-ticket", "nothing-to-undo", "in-the-past", *stages.REFUSALS, "no-such-field",
    "bad-value", "no-levels", "report-of-colleagues", "no-rating",
)  # fmt: skip
"""Codes of problems, beside `bad-argument`: the command was understood, but cannot be done."""


_EFFECTS = (
    AddParticipant, Assign, MergeInto, MoveTo, PromiseDate, Remind, RemoveParticipant, SetField, SetPriority,
    SetRequester, SetStage, SetStatus, SetSubject, SetTags, SetType, Undo,
)  # fmt: skip


@dataclass(slots=True)
class Deeds:
    """Everything that the commands of one mail lead to."""

    effects: list[Effect] = field(default_factory=list)
    done: list[Done] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    requests: list[NoticeRequest] = field(default_factory=list)
    reports: list[ReportOrder] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)
    also: list[Decision] = field(default_factory=list)

    def take(self, step: Step) -> None:
        match step:
            case Done():
                self.done.append(step)
            case Problem():
                self.problems.append(step)
            case NoticeRequest():
                self.requests.append(step)
            case ReportOrder():
                self.reports.append(step)
            case Doubt():
                self.doubts.append(step)
            case Decision():
                self.also.append(step)
            case _:
                self.effects.append(step)


def carry_out(ticket: Ticket | None, orders: Sequence[Command], asker: Asker) -> Deeds:
    """Carries out commands in order, each on the ticket as the earlier commands left it.

    `ticket` is None when the commands concern no ticket.
    """
    deeds = Deeds()
    for order in _stages_last(orders, asker):
        for step in _steps(ticket, order, asker):
            deeds.take(step)
            if ticket is not None and isinstance(step, _EFFECTS):
                ticket = changed(ticket, (step,), asker.now)
    return deeds


def _stages_last(orders: Sequence[Command], asker: Asker) -> Sequence[Command]:
    """Where there are stages, the order that moves a ticket comes last: it may need what the other orders give."""
    if not any(queue.stages for queue in asker.policy.queues):
        return orders
    return sorted(orders, key=lambda order: order.name in {"stage", "status"})


def _steps(ticket: Ticket | None, order: Command, asker: Asker) -> Iterator[Step]:
    row = row_of(order)
    if row.at_the_desk is not None:
        yield from row.at_the_desk(order, asker)
    elif row.on_ticket is None:
        yield Problem(order.line, "not-possible-here")
    elif ticket is None:
        yield Problem(order.line, "needs-a-ticket")
    else:
        yield from row.on_ticket(ticket, order, asker)


def on_lines(orders: Sequence[tuple[int, Command]], asker: Asker) -> Deeds:
    """Carries out the lines of an answer to a digest, given as (ticket number, command).

    The commands of one ticket are carried out together, and change only that ticket.
    """
    deeds = Deeds()
    by_ticket: dict[int, list[Command]] = {}
    for number, order in orders:
        by_ticket.setdefault(number, []).append(order)
    for number, commands in by_ticket.items():
        ticket = asker.ticket(number)
        for order in commands:
            if ticket is None:
                deeds.take(Problem(order.line, "no-such-ticket", expected="number"))
            elif not _goes_with_a_number(order):
                deeds.take(Problem(order.line, "not-possible-here"))
        if ticket is not None:
            _on_line(ticket, commands, asker, deeds)
    return deeds


def _on_line(ticket: Ticket, orders: Sequence[Command], asker: Asker, deeds: Deeds) -> None:
    here = carry_out(ticket, [order for order in orders if _goes_with_a_number(order)], asker)
    deeds.problems += here.problems
    deeds.doubts += here.doubts
    deeds.done += [replace(done, ticket=ticket.number) for done in here.done]
    effects = [*here.effects, *first_action(ticket, here.effects)]
    if effects:
        deeds.also.append(Decision("agent-commands", tuple(effects), ticket.number, actor=asker.agent.address))


def _goes_with_a_number(order: Command) -> bool:
    return row_of(order).in_a_list == "with-number"


def promises(effects: Iterable[Effect]) -> bool:
    """Whether the customer is promised a date: then the desk has the next move, also after an answer."""
    return any(isinstance(effect, PromiseDate) and effect.at is not None for effect in effects)


def first_action(ticket: Ticket, effects: Sequence[Effect]) -> Iterator[Effect]:
    """Yields the change of a new ticket to `open` on an agent's first action, unless `effects` say where it stands."""
    if ticket.status == "new" and effects and not any(isinstance(effect, SetStatus | SetStage) for effect in effects):
        yield SetStatus("open", "first-action")
