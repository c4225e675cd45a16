"""What one row of the table of commands says.

Every field without a default has to be said for every command: mypy and Python refuse a row without it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from mailtickets.desk.commands.asker import Asker, Step
from mailtickets.desk.commands.command import Command, CommandKey, CommandName, Takes
from mailtickets.desk.commands.take_back import Change
from mailtickets.desk.commands.values import Rejected, Value
from mailtickets.desk.model.decision import DoneKind
from mailtickets.desk.model.ticket import Status, Ticket

Read = Callable[[str], Value | Rejected]
"""Takes an argument as typed, without quotes around it; returns its value, or None where only the desk knows it."""
OnTicket = Callable[[Ticket, Command, Asker], Iterator[Step]]
"""Yields what follows from a command about a ticket."""
AtTheDesk = Callable[[Command, Asker], Iterator[Step]]
"""Yields what follows from a command that needs no ticket."""
InAList = Literal["with-number", "without-number", "not-possible", "not-allowed"]
"""In the answer to a digest: on a line that begins with a ticket's number, or on a line without one.

What is `not-possible` or `not-allowed` there is refused with a sentence of its own: `not-possible-here`,
`not-in-a-list`."""
InANote = Literal["yes", "without-argument", "no"]
"""`no`: its words, or words that it calls for, are for customers to see, and nothing in a note is published."""
Repeated = Literal["contradicts", "adds-up", "by-argument"]
"""Twice in one mail: `contradicts` is refused, `adds-up` counts, `by-argument` counts with another argument."""


@dataclass(frozen=True, slots=True)
class Wording:
    """A command in one language."""

    words: tuple[str, ...]
    """Without `#`. The first is shown in help, notices and documentation."""
    purpose: str
    """What the command does, as the help by mail says it."""
    example: str = ""
    """What may follow it, as the help by mail shows it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRow:
    """One command: how people write it, where it may stand, what it does and how it is taken back."""

    key: CommandKey
    """What help and documentation call it."""
    name: CommandName
    """What `Command.name` is: several rows may be one command, as `resolve` and `close` are `status`."""
    takes: Takes = ""
    read: Read | None = None
    """Reads the argument; None: it stays words."""
    optional: bool = False
    """The argument may be left out."""
    means: Status | None = None
    """The value, for commands that take no argument and set a status."""

    on_ticket: OnTicket | None = None
    """What it does to the ticket; None: it is not about a ticket."""
    at_the_desk: AtTheDesk | None = None
    """What it does without a ticket. With neither function a command is read by `reading` or `rules` alone."""
    in_a_list: InAList
    in_a_note: InANote = "yes"
    in_a_ready_answer: bool = False
    """Whether a ready answer may bring it along: nothing that brings people in, moves messages or shows anything."""
    matter: CommandName | None = None
    """What it is about, if not its own name: of commands about one matter only one can hold."""
    repeated: Repeated = "contradicts"
    is_question: bool = False
    """It only shows something, and to the agent alone."""

    undo: tuple[Change, ...]
    """The changes of its that `#desfazer` takes back; empty: nothing of it is."""
    receipt: tuple[DoneKind, ...]
    """The sentences of the receipt (`sentences.HAPPENED`); empty: it has none of its own."""
    pt: Wording
    en: Wording
    es: Wording

    @property
    def words(self) -> tuple[str, ...]:
        return (*self.pt.words, *self.en.words, *self.es.words)

    def wording(self, locale: str) -> Wording:
        """In the language of a locale; English for a language that we do not have."""
        languages: Mapping[str, Wording] = {"pt": self.pt, "en": self.en, "es": self.es}
        return languages.get(locale[:2], self.en)

    def spelled(self, locale: str) -> str:
        """`#resolver`: as help shows it."""
        return f"#{self.wording(locale).words[0]}"
