"""`#etapa`, and the commands for a status in a queue that has stages.

A move that the stages do not allow is refused with those that they allow. Owns: the words for the command, because
notices and refusals write it in full: `#etapa aguardando-peca`.
Fails with: `Problem`s, which are values.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from mailtickets.config.models import Queue
from mailtickets.config.stages import ANSWER, QueueStage
from mailtickets.desk.clock import stages
from mailtickets.desk.commands.asker import Asker, Step
from mailtickets.desk.commands.command import Command
from mailtickets.desk.commands.likeness import nearest_of
from mailtickets.desk.commands.values import called
from mailtickets.desk.model.decision import Done, Problem
from mailtickets.desk.model.effects import Effect, SetStage
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.model.ticket import Status, Ticket
from mailtickets.words.locales import AN_ANSWER

WORDS: Mapping[str, tuple[str, ...]] = {"pt": ("etapa",), "en": ("stage",), "es": ("etapa",)}
"""The words of the command in each language."""


def line_for(stage: QueueStage, locale: str) -> str:
    """The command line that brings a ticket to a stage."""
    return f"#{WORDS.get(locale[:2], WORDS['en'])[0]} {stage.name}"


def set_stage(ticket: Ticket, order: Command, asker: Asker) -> Iterator[Step]:
    queue = asker.policy.queue(ticket.queue)
    if queue is None or not queue.stages:
        yield Problem(order.line, "no-stages")
        return
    to = next((found for way in called(order.argument) if (found := stages.named(way, queue))), None)
    if to is None:
        yield _unknown(ticket, order, queue, asker)
    elif to == stages.present(ticket, queue):
        yield from _already(to, ticket, asker)
    else:
        no = stages.refusal(to, ticket, queue, asker.agent, answers=asker.answers)
        yield from [_refused(no, order, asker.policy)] if no else _moved(to, ticket, queue, asker)


def set_status(to: Status, ticket: Ticket, order: Command, queue: Queue, asker: Asker) -> Iterator[Step]:
    """A command for a status: it leads to the first stage of that status to which the ticket may be brought."""
    found = stages.of_status(to, ticket, queue, asker.agent, answers=asker.answers)
    if isinstance(found, stages.NoMove):
        yield _refused(found, order, asker.policy)
    elif found is None:
        yield Done("already", to)
    else:
        yield from _moved(found, ticket, queue, asker)


def unanswered(
    orders: Iterable[Command], effects: Sequence[Effect], ticket: Ticket, asker: Asker
) -> tuple[Problem, ...]:
    """What is said if a mail brings its ticket to a stage that needs an answer, and neither answers nor did before."""
    queue = asker.policy.queue(ticket.queue)
    to = next((effect.to for effect in reversed(effects) if isinstance(effect, SetStage)), "")
    stage = stages.stage_of(queue, to)
    if stage is None or ANSWER not in stages.missing(stage, ticket):
        return ()
    lines = (order.line for order in orders if order.name in {"stage", "status"})
    words = need_in_words(ANSWER, asker.policy, asker.policy.instance.locale)
    return (Problem(next(lines, ""), "stage-needs", (words,)),)


def _moved(to: QueueStage, ticket: Ticket, queue: Queue, asker: Asker) -> Iterator[Step]:
    yield from stages.move(to, ticket, "ordered")
    here, locale = stages.present(ticket, queue), asker.policy.instance.locale
    yield Done("stage", stages.label(to, locale), stages.label(here, locale) if here else None)
    if to.base != ticket.status:
        yield Done("status", to.base, ticket.status)


def _already(to: QueueStage, ticket: Ticket, asker: Asker) -> Iterator[Step]:
    """The ticket stands there already. One that was never in a stage by name is from now on."""
    if ticket.stage != to.name:
        yield SetStage(to.name, "ordered")
    yield Done("already", stages.label(to, asker.policy.instance.locale))


def _unknown(ticket: Ticket, order: Command, queue: Queue, asker: Asker) -> Problem:
    """Nothing is called like that: the stages with a similar name, or else those that are possible now."""
    locale = asker.policy.instance.locale
    spellings = {text: stage for stage in queue.stages for text in (*stage.label.values(), stage.name)}
    like = dict.fromkeys(spellings[text].name for text in nearest_of(called(order.argument)[-1], spellings))
    near = [stage for name in like if (stage := stages.stage_of(queue, name))]
    near = near or list(stages.possible(ticket, queue, asker.agent))
    return Problem(order.line, "no-such-stage", tuple(line_for(stage, locale) for stage in near))


def _refused(no: stages.NoMove, order: Command, policy: Policy) -> Problem:
    locale = policy.instance.locale
    if no.needs:
        return Problem(order.line, no.code, tuple(need_in_words(need, policy, locale) for need in no.needs))
    return Problem(order.line, no.code, tuple(line_for(stage, locale) for stage in no.possible))


def need_in_words(need: str, policy: Policy, locale: str) -> str:
    """What a stage asks for: the label of a field, or an answer to the customer."""
    if need == ANSWER:
        return AN_ANSWER[locale]
    field = next((field for field in policy.fields if field.name == need), None)
    return stages.labelled(field.label, need, locale) if field is not None else need
