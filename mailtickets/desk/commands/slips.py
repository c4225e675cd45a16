"""Suggests commands for a word that is no command: `#resolvr`, `#pendente`, `#urgente`, `#obs`.

In: the word without its sign. Out: commands to suggest, or whether the word is similar to a command.
Fails with: nothing.
"""

import re
from collections.abc import Mapping
from functools import lru_cache

from mailtickets.desk.commands.likeness import key, likeness
from mailtickets.desk.commands.rows import BY_WORD, ROWS, known, nearest
from mailtickets.desk.commands.values import PRIORITY_CHOICES, STATUS_CHOICES, TYPE_CHOICES
from mailtickets.desk.model.decision import Problem
from mailtickets.desk.model.ticket import PRIORITIES, TYPES
from mailtickets.words.fold import folded_name

NOTE_IN_OTHER_WORDS = frozenset({"obs", "observacao", "observacion", "comentario", "comment", "privado", "private"})
"""Words for a note that people use who do not know the command `#nota`."""
_MEANT: Mapping[str, tuple[str, ...]] = {
    "urgente": ("#prioridade crítica", "#prioridade alta"),
    "urgent": ("#priority critical", "#priority high"),
    "asap": ("#priority critical", "#priority high"),
    "aguardando": ("#status aguardando cliente",),
    "andamento": ("#status em atendimento",),
    "concluir": ("#resolver", "#fechar"), "concluido": ("#resolvido", "#fechado"),
    "finalizar": ("#resolver", "#fechar"), "finalizado": ("#resolvido", "#fechado"),
    "pronto": ("#resolvido",), "feito": ("#resolvido",),
    "done": ("#resolved", "#closed"), "fixed": ("#resolved",), "finish": ("#resolve", "#close"),
    "listo": ("#resuelto",), "hecho": ("#resuelto",),
    "transferir": ("#fila", "#atribuir"), "encaminhar": ("#fila", "#atribuir"), "mover": ("#fila",),
    "transfer": ("#queue", "#assign"), "move": ("#queue",), "escalar": ("#fila", "#atribuir"),
    "area": ("#cola",), "responsavel": ("#atribuir",), "responsable": ("#asignar",), "owner": ("#assign",),
    **dict.fromkeys(NOTE_IN_OTHER_WORDS, ("#nota",)), "comment": ("#note",), "private": ("#note",),
    "titulo": ("#assunto",), "title": ("#subject",), "copiar": ("#cc",),
    "cliente": ("#requerente",), "customer": ("#requester",),
    "esperar": ("#lembrar", "#adiar"), "wait": ("#remind", "#snooze"), "lixo": ("#spam",),
    "comandos": ("#ajuda",), "commands": ("#help",),
}  # fmt: skip
"""Commands to suggest, by words that are no commands."""


def likely(word: str) -> tuple[str, ...]:
    """The commands to suggest for a word that is no command: `#urgente`, `#pendente`, `#resolvr`."""
    name = folded_name(word)
    return _MEANT.get(name) or _as_argument(name) or nearest(word)


def _as_argument(name: str) -> tuple[str, ...]:
    """For a word that is an argument, the command with that argument: `#pendente` is a status, `#alta` a priority and
    `#incidente` a type. Empty for other words."""
    for command, choices in (("status", STATUS_CHOICES), ("prioridade", PRIORITY_CHOICES), ("tipo", TYPE_CHOICES)):
        found = next((choice for choice in choices if folded_name(choice) == name), None)
        if found is not None:
            return (f"#{_NAMED.get(found, command)} {found}",)
    return ()


_NAMED: Mapping[str, str] = {
    **dict.fromkeys((*PRIORITIES, "medium"), "priority"), **dict.fromkeys(TYPES, "type"),
    **dict.fromkeys(("baja",), "prioridad"),
    **dict.fromkeys(("nuevo", "abierto", "en curso", "pendiente", "en espera", "resuelto", "cerrado"), "estado"),
}  # fmt: skip


@lru_cache(maxsize=1024)
def is_nearly(word: str) -> bool:
    """Whether a word is very similar to a command, not by chance: `/fehcar`, but not `/login`."""
    return any(likeness(key(word), choice) >= 0.75 for choice in BY_WORD)


@lru_cache(maxsize=1024)
def is_like_note(word: str) -> bool:
    """Whether a word is similar to `#nota`: `#ntoa`, `#notas`, `#obs`. It never counts as text, because the words after
    it may be internal."""
    return key(word) in NOTE_IN_OTHER_WORDS or any(
        likeness(key(word), key(choice)) >= 0.75 for choice in ROWS["note"].words
    )


@lru_cache(maxsize=1024)
def is_like_end(word: str) -> bool:
    """Whether a word is similar to `#fim`: `#fimm`, `#edn`. The words after it may be meant for the customer."""
    return any(likeness(key(word), key(choice)) >= 0.65 for choice in ROWS["end"].words)


def note_bound(problem: Problem) -> str:
    """Whether a problem's line was perhaps meant to begin or end a note: its code, `note` or `end`; empty if not."""
    if problem.code in ("empty-note", "end-without-note"):
        return problem.code
    match = re.match(r"\W*([^\W_]+)", problem.line)
    word = match[1] if match else ""
    command = known(word)
    if command is not None:
        return command.key if command.key in ("note", "end") else ""
    return "note" if is_like_note(word) else "end" if is_like_end(word) else ""
