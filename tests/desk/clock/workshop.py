"""A repair shop's stages, for tests, and how a table writes stages."""

import re
from collections.abc import Iterable
from typing import Any

from mailtickets.config.kinds import TicketField
from mailtickets.config.stages import QueueStage
from mailtickets.desk.model.policy import Policy
from tests.desk.builders import AGENTS, BRUNO, a_policy

STAGES = """
novo        new      <
diagnostico open     < novo,peca,cliente,pronto,encerrado
conserto    open     < diagnostico,peca      who=skill:bancada needs=orcamento
cliente     pending  < diagnostico,conserto  @ 15d>encerrado tell
peca        pending  < diagnostico,conserto  @ 10d>diagnostico tell
pronto      resolved < conserto,diagnostico,peca  needs=answer tell
encerrado   closed   < pronto,cliente,novo
"""
LABELS = {
    "novo": {"pt_BR": "Novo", "en": "New", "es": "Nuevo"},
    "diagnostico": {"pt_BR": "Diagnóstico", "en": "Diagnosis", "es": "Diagnóstico técnico"},
    "conserto": {"pt_BR": "Em conserto", "en": "In repair", "es": "En reparación"},
    "cliente": {"pt_BR": "Aguardando cliente", "en": "Waiting for customer", "es": "Esperando al cliente"},
    "peca": {"pt_BR": "Aguardando peça", "en": "Waiting for part", "es": "Esperando pieza"},
    "pronto": {"pt_BR": "Pronto para retirar", "en": "Ready", "es": "Listo"},
    "encerrado": {"pt_BR": "Encerrado", "en": "Done", "es": "Terminado"},
}


def a_stage(line: str) -> QueueStage:
    """`NAME STATUS [< SOURCE,SOURCE] [@ TIME>STAGE] [who=WHO] [needs=NEED] [tell]`."""
    line = re.sub(r"([<@])\s+", r"\1", line)
    name, base, *rest = line.split()
    values: dict[str, Any] = {"name": name, "is": base, "label": LABELS.get(name, {})}
    for word in rest:
        if word.startswith("<"):
            values["from"] = _list(word[1:])
        elif word.startswith("@"):
            duration, _, target = word[1:].partition(">")
            values["after"] = {duration: target}
        elif word == "tell":
            values["tell"] = True
        else:
            key, _, value = word.partition("=")
            values[key] = _list(value)
    return QueueStage(**values)


def _list(words: str) -> tuple[str, ...]:
    return tuple(word for word in words.split(",") if word)


def stages(lines: str | Iterable[str] = STAGES) -> tuple[QueueStage, ...]:
    each = lines.splitlines() if isinstance(lines, str) else lines
    return tuple(a_stage(line) for line in each if line.strip())


SALES = """
entrada     new
contato     open
proposta    pending
ganho       closed
peca        pending
"""
FIELD = TicketField(name="orcamento", label={"pt_BR": "valor do orçamento"}, pattern="###")


def a_workshop(**more: Any) -> Policy:
    """The desk of the other tests, where suporte and vendas have stages, and Bruno the skill of the workbench."""
    agents = tuple(agent.model_copy(update={"skills": ("bancada",)}) if agent.name == BRUNO.name else agent
                   for agent in AGENTS)  # fmt: skip
    values = {"suporte": {"stages": stages()}, "vendas": {"stages": stages(SALES)}, "agents": agents}
    return a_policy(**{**values, "fields": (FIELD,), **more})
