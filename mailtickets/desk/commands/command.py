"""A command as an agent wrote it: its name, and its argument as typed and as a value.

Owns: the names that commands have in every language. A name that is not in `CommandName` does not pass mypy.
Fails with: nothing.
"""

from dataclasses import dataclass
from typing import Literal

from mailtickets.desk.commands.values import Changes, Value
from mailtickets.mail.model import Address

CommandName = Literal[
    "note", "end", "customer", "status", "assign", "take", "drop", "priority", "type", "tag", "subject", "queue", "cc",
    "participant", "requester", "merge", "split", "canned", "remind", "snooze", "spam", "attachments", "history",
    "search", "help", "dry-run", "undo", "mine", "to",
]  # fmt: skip
"""What a command does, whatever it is called in the agent's language."""
CommandKey = CommandName | Literal["resolve", "close", "reopen"]
"""One row of the table each: `#resolver` has a row of its own and is a `status` command."""
Takes = Literal["", "status", "priority", "type", "tags", "words", "name", "address", "number", "duration"]
"""The kind of argument that follows a command; empty: none."""


@dataclass(frozen=True, slots=True)
class Command:
    """What an agent asked for."""

    name: CommandName
    argument: str
    """As typed, in one line; empty if there is none."""
    value: Value
    """What the argument means, where that can be said without knowing the desk."""
    line: str
    """The whole line as typed."""


def people(command: Command) -> Changes[Address]:
    """Whom a command adds and removes, as `cc`, `participant`, `requester`, `to` and `assign` name them."""
    match command.value:
        case Changes(added, removed):
            return Changes(
                tuple(one for one in added if isinstance(one, Address)),
                tuple(one for one in removed if isinstance(one, Address)),
            )
        case Address() as one:
            return Changes((one,))
        case tuple() as several:
            return Changes(several)
        case _:
            return Changes()


def tags(command: Command) -> Changes[str]:
    """Which tags a command adds and removes."""
    if not isinstance(command.value, Changes):
        return Changes()
    added, removed = command.value.added, command.value.removed
    return Changes(
        tuple(one for one in added if isinstance(one, str)), tuple(one for one in removed if isinstance(one, str))
    )
