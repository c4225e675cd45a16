"""The words that agents may begin a line with: in three languages, what each means, and which is nearest to a slip.

Owns: `COMMANDS`, from which reading, help and documentation are made, and which spellings are one word
(`#Histórico`, `#historico`, `#minha-fila`, `#minhafila`).
Fails with: nothing; a word that nobody knows is None.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Literal

from mailtickets.desk.model.ticket import Status
from mailtickets.words.fold import folded

Takes = Literal["", "status", "priority", "type", "tags", "words", "name", "address", "number", "duration"]

LIKENESS = 0.72
"""From which share of common letters on a word may have been meant."""
MAX_BEHIND = 0.15
"""What is this much less like than the likeliest was not meant."""
MAX_NEAREST = 3


@dataclass(frozen=True, slots=True)
class CommandWord:
    """One command as people know it; several of them may be one `Command`, as `#resolver` is a status."""

    key: str
    """What `spelled` and documentation call it."""
    name: str
    """The name of the `Command` it becomes; `note` and `end` become none, they bound what is internal."""
    takes: Takes
    """What may follow; empty: nothing."""
    pt: tuple[str, ...]
    en: tuple[str, ...]
    es: tuple[str, ...]
    optional: bool = False
    """What it takes may be left out."""
    means: Status | None = None
    """The status that it sets, for the commands that are one."""

    @property
    def words(self) -> tuple[str, ...]:
        return (*self.pt, *self.en, *self.es)

    def spelled(self, locale: str) -> str:
        language: Mapping[str, tuple[str, ...]] = {"pt": self.pt, "en": self.en, "es": self.es}
        return f"#{language.get(locale[:2], self.en)[0]}"


COMMANDS: tuple[CommandWord, ...] = (
    CommandWord("note", "note", "words", ("nota", "interno", "interna"), ("note", "internal"), ("nota", "interno")),
    CommandWord("end", "end", "", ("fim",), ("end",), ("fin",)),
    CommandWord("customer", "customer", "", ("cliente",), ("customer",), ("cliente",)),
    CommandWord("status", "status", "status", ("status", "situação", "estado"), ("status",), ("estado",)),
    CommandWord(
        "resolve", "status", "", ("resolver", "resolvido"), ("resolve", "resolved", "solved"), ("resolver", "resuelto"),
        means="resolved",
    ),
    CommandWord(
        "close", "status", "", ("fechar", "fechado", "encerrar"), ("close", "closed"), ("cerrar", "cerrado"),
        means="closed",
    ),
    CommandWord("reopen", "status", "", ("reabrir",), ("reopen",), ("reabrir",), means="open"),
    CommandWord("assign", "assign", "name", ("atribuir",), ("assign",), ("asignar",)),
    CommandWord("take", "take", "", ("assumir", "pegar"), ("take",), ("asumir", "tomar")),
    CommandWord("drop", "drop", "", ("largar",), ("drop", "release", "unassign"), ("soltar",)),
    CommandWord("priority", "priority", "priority", ("prioridade",), ("priority",), ("prioridad",)),
    CommandWord("type", "type", "type", ("tipo",), ("type",), ("tipo",)),
    CommandWord("tag", "tag", "tags", ("etiqueta", "etiquetas"), ("tag", "tags"), ("etiqueta", "etiquetas")),
    CommandWord("subject", "subject", "words", ("assunto",), ("subject",), ("asunto",)),
    CommandWord("queue", "queue", "name", ("fila",), ("queue",), ("cola",)),
    CommandWord("cc", "cc", "address", ("cc", "cópia"), ("cc",), ("cc", "copia")),
    CommandWord(
        "participant", "participant", "address",
        ("participante", "participantes"), ("participant", "participants"), ("participante", "participantes"),
    ),
    CommandWord(
        "requester", "requester", "address",
        ("requerente", "solicitante"), ("requester", "requestor"), ("solicitante",),
    ),
    CommandWord("merge", "merge", "number", ("juntar", "mesclar", "unir"), ("merge",), ("unir", "fusionar")),
    CommandWord(
        "split", "split", "words", ("separar", "dividir"), ("split",), ("separar", "dividir"), optional=True,
    ),
    CommandWord("canned", "canned", "name", ("resposta", "modelo"), ("canned",), ("respuesta", "plantilla")),
    CommandWord("remind", "remind", "duration", ("lembrar", "lembrete"), ("remind", "reminder"), ("recordar",)),
    CommandWord("snooze", "snooze", "duration", ("adiar",), ("snooze",), ("posponer", "aplazar")),
    CommandWord("spam", "spam", "", ("spam",), ("spam", "junk"), ("spam",)),
    CommandWord("attachments", "attachments", "", ("anexos", "anexo"), ("attachments", "attachment"), ("adjuntos",)),
    CommandWord("history", "history", "", ("histórico",), ("history",), ("historial",)),
    CommandWord("search", "search", "words", ("buscar", "procurar", "pesquisar"), ("search", "find"), ("buscar",)),
    CommandWord("help", "help", "name", ("ajuda",), ("help",), ("ayuda",), optional=True),
    CommandWord("dry-run", "dry-run", "", ("simular",), ("dry-run", "simulate"), ("simular",)),
    CommandWord("undo", "undo", "", ("desfazer",), ("undo",), ("deshacer",)),
    CommandWord("mine", "mine", "", ("minhafila",), ("mine", "myqueue"), ("micola",)),
    CommandWord("to", "to", "address", ("para",), ("to",), ("para",)),
)  # fmt: skip


NOTE_IN_OTHER_WORDS = frozenset({"obs", "observacao", "observacion", "comentario", "comment", "privado", "private"})
"""What people call a note who do not know the command."""


def _key(word: str) -> str:
    return re.sub(r"[-_]", "", folded(word))


_BY_WORD: Mapping[str, CommandWord] = {_key(word): command for command in COMMANDS for word in command.words}
_BY_KEY: Mapping[str, CommandWord] = {command.key: command for command in COMMANDS}


@lru_cache(maxsize=4096)
def known(word: str) -> CommandWord | None:
    """The command that this word names, however it is spelled."""
    return _BY_WORD.get(_key(word))


def spelled(name: str, locale: str) -> str:
    """`#resolver`: a command by its key or name, for people of a locale."""
    return _BY_KEY[name].spelled(locale)


@lru_cache(maxsize=1024)
def nearest(word: str) -> tuple[str, ...]:
    """The commands that may have been meant, likeliest first, as complete words of the language they were meant in."""
    likely: dict[CommandWord, str] = {}
    for spelling in nearest_of(word, (w for command in COMMANDS for w in command.words)):
        command = _BY_WORD[_key(spelling)]
        likely.setdefault(command, f"#{spelling}")
    return tuple(likely.values())[:MAX_NEAREST]


def nearest_of(word: str, choices: Iterable[str]) -> tuple[str, ...]:
    """Those that are like the word or begin with it, likeliest first."""
    wanted = _key(word)
    rates = {choice: _likeness(wanted, _key(choice)) for choice in choices}
    enough = max(LIKENESS, max(rates.values(), default=0.0) - MAX_BEHIND)
    return tuple(sorted((choice for choice in rates if rates[choice] >= enough), key=lambda choice: -rates[choice]))


@lru_cache(maxsize=1024)
def is_nearly(word: str) -> bool:
    """More than a chance likeness: `/fehcar`, but not `/login`."""
    return any(_likeness(_key(word), choice) >= 0.75 for choice in _BY_WORD)


@lru_cache(maxsize=1024)
def is_like_note(word: str) -> bool:
    """`#ntoa`, `#notas`, `#obs`: what follows may be internal, so that this is never taken for text."""
    return _key(word) in NOTE_IN_OTHER_WORDS or any(
        _likeness(_key(word), _key(choice)) >= 0.75 for choice in _BY_KEY["note"].words
    )


@lru_cache(maxsize=1024)
def is_like_end(word: str) -> bool:
    """`#fimm`, `#edn`: what follows may be meant for the customer."""
    return any(_likeness(_key(word), _key(choice)) >= 0.65 for choice in _BY_KEY["end"].words)


def _likeness(word: str, choice: str) -> float:
    if len(word) > 2 * len(choice):
        return 0.0
    if len(word) > 2 and sorted(word) == sorted(choice):
        return 0.95  # two letters changed places
    least = 0.8 if len(word) > 2 and choice.startswith(word) else 0.0
    return max(least, SequenceMatcher(None, word, choice, autojunk=False).ratio())
