"""The fields of one row of the table of commands.

Every command must set every field that has no default: mypy and Python reject a row without it.
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
"""Takes an argument as typed, without quotes around it. Returns the value, or None if only the desk knows the value."""
OnTicket = Callable[[Ticket, Command, Asker], Iterator[Step]]
"""Takes the ticket, a command about it, and who asks. Yields the steps to carry out."""
AtTheDesk = Callable[[Command, Asker], Iterator[Step]]
"""Takes a command that needs no ticket, and who asks. Yields the steps to carry out."""
InAList = Literal["with-number", "without-number", "not-possible", "not-allowed"]
"""Where the command may stand in the answer to a digest: on a line that begins with a ticket number, or on a line
without a number.

A command that is `not-possible` there is refused with the problem `not-possible-here`, one that is `not-allowed` with
`not-in-a-list`."""
InANote = Literal["yes", "without-argument", "no"]
"""Whether the command may stand in a note. `no`: customers see words of the command, or words that it calls for, and
nothing in a note is published."""
Repeated = Literal["contradicts", "adds-up", "by-argument"]
"""What a second such command in one mail does: `contradicts` is refused, `adds-up` is carried out, `by-argument` is
carried out if the argument is different."""


@dataclass(frozen=True, slots=True)
class Wording:
    """The words for a command in one language."""

    words: tuple[str, ...]
    """The spellings, without `#`. Help, notices and documentation show the first one."""
    purpose: str
    """What the command does, as the help by mail says it."""
    example: str = ""
    """An example of an argument, as the help by mail shows it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRow:
    """One command: how people write it, where it may stand, what it does and how it is undone."""

    key: CommandKey
    """The name of the row, which help and documentation use."""
    name: CommandName
    """The value of `Command.name`. Several rows may be one command: `resolve` and `close` are both `status`."""
    takes: Takes = ""
    read: Read | None = None
    """The function that reads the argument. None: the argument stays text."""
    optional: bool = False
    """Whether the argument may be left out."""
    means: Status | None = None
    """The status, for commands that take no argument and set a status."""

    on_ticket: OnTicket | None = None
    """The function that carries the command out on a ticket. None: the command is not about a ticket."""
    at_the_desk: AtTheDesk | None = None
    """The function that carries the command out without a ticket. A command with neither function is handled by
    `reading` or `rules` alone."""
    in_a_list: InAList
    in_a_note: InANote = "yes"
    in_a_ready_answer: bool = False
    """Whether a ready answer may carry the command. False for commands that add people, move messages or show
    anything."""
    matter: CommandName | None = None
    """What the command is about; None: its name. Only one command about the same matter can be carried out."""
    repeated: Repeated = "contradicts"
    is_question: bool = False
    """Whether the command only shows something, and only to the agent."""

    undo: tuple[Change, ...]
    """The changes made by the command that `#desfazer` undoes. Empty: `#desfazer` undoes nothing of it."""
    receipt: tuple[DoneKind, ...]
    """The kinds of lines that the command adds to the receipt (`sentences.HAPPENED`). Empty: none of its own."""
    pt: Wording
    en: Wording
    es: Wording

    @property
    def words(self) -> tuple[str, ...]:
        return (*self.pt.words, *self.en.words, *self.es.words)

    def wording(self, locale: str) -> Wording:
        """The wording in the language of a locale; English for a language that we do not have."""
        languages: Mapping[str, Wording] = {"pt": self.pt, "en": self.en, "es": self.es}
        return languages.get(locale[:2], self.en)

    def spelled(self, locale: str) -> str:
        """The command as help shows it, with its sign: `#resolver`."""
        return f"#{self.wording(locale).words[0]}"
