"""Rules of the house: `[[rule]]`, what is looked at and what is done."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from mailtickets.config.section import Section
from mailtickets.config.values import AddrSpec, Word

if TYPE_CHECKING:
    from mailtickets.config.models import Config

Occurrence = Literal["new", "reply", "status", "due"]


class RuleSettings(Section):
    """`set`: what a ticket gets. Empty: as it is."""

    queue: str = ""
    priority: Literal["", "low", "normal", "high", "critical"] = ""
    type: str = ""
    stage: str = ""
    fields: dict[str, str] = Field(default_factory=dict)


class Rule(Section):
    name: Word
    on: tuple[Occurrence, ...] = ("new",)
    all: tuple[dict[str, Any], ...] = ()
    any: tuple[dict[str, Any], ...] = ()
    set: RuleSettings = RuleSettings()
    add_tags: tuple[str, ...] = ()
    remove_tags: tuple[str, ...] = ()
    assign: str = ""
    hold: bool = False
    watch: tuple[AddrSpec, ...] = ()
    notify: tuple[AddrSpec, ...] = ()
    answer: str = ""
    ask: tuple[str, ...] = ()
    webhook: str = ""
    final: bool = False
    stop: bool = False


def problems(config: "Config") -> Iterator[tuple[str, str]]:
    """(key path, what was expected), for each fault in the rules."""
    yield from ()
