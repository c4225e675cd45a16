"""How fast mail may go out, and how fast it does.

Owns: the limits of the delivery account, its rest when the smarthost has told us to slow down, and how many copies are
claimed ahead of their turn.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf

from mailtickets.desk.letters.retry import THROTTLE_PAUSE, throttle_pause
from mailtickets.desk.model.delivery import Delivery, Refused, Sent, Throttled

_AHEAD_SECONDS = 0.25
_MOST_AHEAD = 32
"""A connection has as many copies claimed ahead as it sends in `_AHEAD_SECONDS`, and never more than `_MOST_AHEAD`."""


@dataclass(slots=True)
class Quickness:
    """How many seconds a copy takes just now: a mean in which the last copy counts a quarter."""

    seconds: float = inf

    def note(self, result: Delivery, seconds: float) -> None:
        """Notes how long an attempt took. One that neither succeeded nor was refused shows trouble."""
        if not isinstance(result, Sent | Refused):
            self.seconds = inf
        else:
            self.seconds = seconds if self.seconds == inf else (3 * self.seconds + seconds) / 4

    def slow_down(self) -> None:
        """Nothing is claimed ahead until a copy has gone out."""
        self.seconds = inf

    @property
    def share(self) -> int:
        """Copies that a connection may have: the one that it sends, and those that are claimed ahead for it."""
        return 1 + min(_MOST_AHEAD, int(_AHEAD_SECONDS / self.seconds))


@dataclass(slots=True)
class Pace:
    """How fast the delivery account may be used just now."""

    max_connections: int = 2
    max_per_minute: int = 0
    max_per_day: int = 0
    max_per_domain_per_minute: int = 0
    throttled: int = 0
    """How many times in a row the smarthost has told us to slow down."""
    rest_until: datetime | None = None

    def note(self, result: Delivery, now: datetime) -> None:
        """Notes an attempt's result: a rest begins when we are told to slow down, and ends with the first success."""
        if isinstance(result, Throttled):
            self.throttled += 1
            self.rest_until = now + throttle_pause(self.throttled)
        elif isinstance(result, Sent) and not self.rests(now):  # not a copy that was on its way before the rest began
            self.throttled, self.rest_until = 0, None

    def rests(self, now: datetime) -> bool:
        left = self.rest_until - now if self.rest_until else timedelta()
        return timedelta() < left <= THROTTLE_PAUSE[-1]  # more than that: the clock has been set back meanwhile

    @property
    def limits(self) -> tuple[tuple[int, timedelta], ...]:
        """Copies that may go out in each span of time; 0 is no limit."""
        return (self.max_per_minute, timedelta(minutes=1)), (self.max_per_day, timedelta(days=1))
