"""`#relatorio`: what follows the command says the period, the queues, and what the report is divided by.

`#relatorio`, `#relatorio hoje`, `#relatorio semana passada fila financeiro`, `#relatorio 2026-03 por tipo`. The words
may stand in any order. Without a period it is about the last seven days that are over.
Fails with: `Problem`s, which are values.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from mailtickets.desk.commands.asker import Asker, Step
from mailtickets.desk.commands.command import Command
from mailtickets.desk.commands.likeness import nearest_of
from mailtickets.desk.commands.on_ticket import queue_named
from mailtickets.desk.figures.order import ReportOrder
from mailtickets.desk.figures.report import Dimension, Period
from mailtickets.desk.figures.sight import Sight, sight
from mailtickets.desk.model.decision import Problem
from mailtickets.desk.model.policy import Policy
from mailtickets.mail.model import Address
from mailtickets.words.fold import folded
from mailtickets.words.named_days import named_days

USUAL = "semana"

_QUEUE = {"fila", "filas", "queue", "queues", "cola", "colas", "bandeja", "area"}
_BY = {"por", "by"}
_DIMENSIONS: Mapping[str, Dimension] = {
    "atendente": "agent", "atendentes": "agent", "agente": "agent", "agentes": "agent", "agent": "agent",
    "agents": "agent", "fila": "queue", "queue": "queue", "cola": "queue", "bandeja": "queue", "area": "queue",
    "tipo": "type", "type": "type", "prioridade": "priority", "priority": "priority", "prioridad": "priority",
    "etiqueta": "tag", "tag": "tag", "etapa": "stage", "stage": "stage", "dia": "day", "day": "day", "hora": "hour",
    "hour": "hour",
}  # fmt: skip
MAX_QUEUE_WORDS = 6


@dataclass(frozen=True, slots=True)
class _Words:
    """The words behind the command, sorted out."""

    period: tuple[str, ...] = ()
    queues: tuple[str, ...] = ()
    """Names of known queues."""
    by: Dimension | None = None
    unknown_queue: str = ""


def send_report(order: Command, asker: Asker) -> Iterator[Step]:
    """Yields the report that an agent asked for, or what was wrong with the words."""
    agent, policy = asker.agent, asker.policy
    today = asker.now.astimezone(ZoneInfo(policy.instance.timezone)).date()
    yield asked_report(order, Address(agent.name, agent.address), policy, today)


def asked_report(order: Command, person: Address, policy: Policy, today: date) -> ReportOrder | Problem:
    """The report that a person has asked for; a Problem if the words are not understood, or it is not for them."""
    may_see = sight(person.address, policy)
    asked = _sorted_out(order.argument.split(), may_see, policy)
    if asked.unknown_queue:
        return Problem(order.line, "no-such-queue", _like(asked.unknown_queue, may_see, policy), "name")
    period = named_days(" ".join(asked.period) or USUAL, today)
    if period is None:
        return Problem(order.line, "bad-argument", (), "report")
    queues = asked.queues or (may_see.managed if asked.by == "agent" else may_see.queues)
    if asked.by == "agent" and not (queues and set(queues) <= set(may_see.managed)):
        return Problem(order.line, "report-of-colleagues")
    if not queues:
        return Problem(order.line, "not-possible-here")
    return ReportOrder(Period(*period), queues, (person,), policy.instance.locale, asked.by or usual_part(queues))


def usual_part(queues: tuple[str, ...]) -> Dimension:
    """What a report is divided by if nobody says: its queues, or the types of tickets of the one queue."""
    return "queue" if len(queues) > 1 else "type"


def _sorted_out(words: list[str], may_see: Sight, policy: Policy) -> _Words:
    period, queues, by = list[str](), list[str](), None
    while words:
        word, plain = words.pop(0), ""
        plain = folded(word).strip(",;:")
        if plain in _BY and words and (dimension := _DIMENSIONS.get(folded(words[0]).strip(",;:."))):
            by = dimension
            words.pop(0)
        elif plain in _QUEUE and words:
            name, length = _queue_in(words, may_see, policy)
            if not name:
                return _Words(unknown_queue=" ".join(words))
            queues.append(name)
            del words[:length]
        elif (found := _queue_in([word, *words], may_see, policy))[0] and named_days(word, date.max) is None:
            queues.append(found[0])
            del words[: found[1] - 1]
        else:
            period.append(word)
    return _Words(tuple(period), tuple(dict.fromkeys(queues)), by)


def _queue_in(words: list[str], may_see: Sight, policy: Policy) -> tuple[str, int]:
    """The queue whose name these words begin with, and how many words that are. Only queues that the person may see."""
    for length in range(min(len(words), MAX_QUEUE_WORDS), 0, -1):
        queue = queue_named(" ".join(words[:length]).strip(",;"), policy)
        if queue is not None and queue.name in may_see.queues:
            return queue.name, length
    return "", 0


def _like(name: str, may_see: Sight, policy: Policy) -> tuple[str, ...]:
    return nearest_of(name, may_see.queues) or may_see.queues[:3]
