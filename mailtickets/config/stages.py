"""Stages of a queue, over the five statuses: `[[queue.stages]]`."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from mailtickets.config.section import Section
from mailtickets.config.values import Duration, Locale, OneLine, Word

if TYPE_CHECKING:
    from mailtickets.config.models import Config


class QueueStage(Section):
    name: Word
    base: Literal["new", "open", "pending", "resolved", "closed"] = Field(alias="is")
    label: dict[Locale, OneLine] = Field(default_factory=dict)
    origins: tuple[str, ...] = Field(default=(), alias="from")
    """The stages from which a ticket may come here. Empty: from every one."""
    who: tuple[str, ...] = ("agent",)
    needs: tuple[str, ...] = ()
    after: dict[Duration, str] = Field(default_factory=dict)
    """Timed moves: after so long in this stage, to that one."""
    tell: bool = False
    """Customers are told of this stage."""


def problems(config: "Config") -> Iterator[tuple[str, str]]:
    """(key path, what was expected), for each fault in the stages of all queues."""
    yield from ()
