"""Service levels: how soon a customer is answered, and who is told if not. `[[service_level]]`."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from mailtickets.config.section import Section
from mailtickets.config.values import AddrSpec, Correspondent, Duration, Word

if TYPE_CHECKING:
    from mailtickets.config.models import Config

Profile = Literal["", "sac", "ecommerce", "lgpd", "lgpd-small"]
LevelPriority = Literal["low", "normal", "high", "critical"]
AllowedTime = Duration | dict[LevelPriority, Duration]
"""How long a clock may run: for every ticket, or by priority. Empty: the clock does not exist."""


class Escalation(Section):
    """What is done when so much of a clock's time has passed: 1.0 is the due time itself."""

    at: float
    clock: Literal["", "first_answer", "next_answer", "resolution", "legal"] = ""
    """Empty: every clock of the level."""
    notify: tuple[AddrSpec, ...] = ()
    priority: Literal["", "low", "normal", "high", "critical"] = ""
    queue: str = ""
    assign: str = ""
    """An agent's address, `skill:NAME` or `turn`."""


class ServiceLevel(Section):
    name: Word
    queues: tuple[str, ...] = ()
    customers: tuple[Correspondent, ...] = ()
    types: tuple[str, ...] = ()
    calendar: str = ""
    first_answer: AllowedTime = ""
    next_answer: AllowedTime = ""
    resolution: AllowedTime = ""
    warn_at: float = 0.75
    escalate: tuple[Escalation, ...] = ()
    profile: Profile = ""


def problems(config: "Config") -> Iterator[tuple[str, str]]:
    """(key path, what was expected), for each fault in the service levels."""
    yield from ()
