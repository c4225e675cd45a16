"""A command as an agent wrote it: the command's name, and the argument both as typed and as a value.

Owns: the internal names of commands, the same in every language. mypy rejects a name that is not in `CommandName`.
Fails with: nothing.
"""

from dataclasses import dataclass
from typing import Literal

from mailtickets.desk.commands.values import Changes, Value
from mailtickets.mail.model import Address

CommandName = Literal[
    "note", "end", "customer", "status", "assign", "take", "drop", "priority", "type", "tag", "subject", "queue",
    "stage", "cc", "participant", "requester", "merge", "split", "canned", "remind", "snooze", "spam", "attachments",
    "history", "search", "help", "dry-run", "undo", "mine", "to", "due", "field", "impact", "urgency", "report",
    "solution", "quote",
]  # fmt: skip
"""The internal name of a command, which does not depend on the agent's language."""
CommandKey = CommandName | Literal["resolve", "close", "reopen"]
"""The key of one row of the table. `#resolver` has its own row (`resolve`), but its command is `status`."""
Takes = Literal[
    "",
    "status",
    "priority",
    "type",
    "tags",
    "words",
    "name",
    "address",
    "number",
    "duration",
    "field",
    "level",
    "report",
    "solution",
]
"""The kind of argument that follows a command. Empty: the command takes no argument."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command that an agent wrote."""

    name: CommandName
    argument: str
    """The argument as typed, in one line. Empty if there is no argument."""
    value: Value
    """What the argument means, if that is clear without the desk's configuration."""
    line: str
    """The whole line as typed."""
    solution: str = ""
    """What solved the ticket, in the words behind `#resolver`. The argument of `#resolver` is empty."""


def typed_word(command: Command) -> str:
    """The command as typed, without what follows it: to suggest it again with something else."""
    return next((word for word in command.line.split() if word.startswith(("#", "/"))), f"#{command.name}")


def people(command: Command) -> Changes[Address]:
    """The people that a command adds and removes. For `cc`, `participant`, `requester`, `to` and `assign`."""
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
    """The tags that a command adds and removes."""
    if not isinstance(command.value, Changes):
        return Changes()
    added, removed = command.value.added, command.value.removed
    return Changes(
        tuple(one for one in added if isinstance(one, str)), tuple(one for one in removed if isinstance(one, str))
    )
