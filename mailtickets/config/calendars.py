"""Working hours, holidays and days of their own: `[[calendar]]`."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from mailtickets.config.section import Section
from mailtickets.config.values import OneLine, Word

if TYPE_CHECKING:
    from mailtickets.config.models import Config


class Calendar(Section):
    name: Word
    timezone: OneLine = ""
    """Empty: `instance.timezone`."""
    hours: dict[str, str] = Field(default_factory=dict)
    holidays: tuple[str, ...] = ()
    optional_holidays: Literal["closed", "open"] = "closed"
    days: dict[str, str] = Field(default_factory=dict)


def problems(config: "Config") -> Iterator[tuple[str, str]]:
    """(key path, what was expected), for each fault in the calendars and in the names that refer to them."""
    yield from ()
