"""Types of tickets and fields that are asked for: `[[type]]` and `[[field]]`."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from mailtickets.config.section import Section
from mailtickets.config.values import Locale, OneLine, Word

if TYPE_CHECKING:
    from mailtickets.config.models import Config


class TicketKind(Section):
    """A type of ticket."""

    name: Word
    label: dict[Locale, OneLine] = Field(default_factory=dict)
    needs: tuple[str, ...] = ()
    impact: tuple[str, ...] = ()
    urgency: tuple[str, ...] = ()
    skill: str = ""


class TicketField(Section):
    name: Word
    label: dict[Locale, OneLine] = Field(default_factory=dict)
    kind: Literal["pattern", "cpf", "cnpj", "date", "choice", "attachment"] = "pattern"
    pattern: OneLine = ""
    choices: tuple[OneLine, ...] = ()
    example: OneLine = ""


def problems(config: "Config") -> Iterator[tuple[str, str]]:
    """(key path, what was expected), for each fault in types and fields."""
    yield from ()
