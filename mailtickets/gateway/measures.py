"""What this gateway has done since it started, in figures: how often, and how long it took.

In: one call for each thing that is counted or timed, from the event loop. Out: `copy`, for whoever shows the figures
from another thread. Nothing is written anywhere, and no library of metrics is needed; `edges/http/metrics.py` gives the
figures their names outside.
Limits: what a figure is divided by (`labels`) comes from short lists: doors, outcomes, reasons, names of notices. An
address, a subject or a ticket is never one of them.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Literal, Self

Counted = Literal[
    "received",  # door: messages made durable
    "received-bytes",  # door
    "received-again",  # door: retransmissions, which the ledger has already
    "not-received",  # door, "deferred" or "refused": the client was told to come back, or to go away
    "decided",  # outcome, reason
    "not-decided",  # "deferred" (trouble of ours) or "failed" (the message's own): it is tried again
    "withheld",  # reason: a notice that was not sent
    "delivered",  # notice, result of the attempt
    "worker-restarted",  # cause
]
"""What is counted, and what each count is divided by."""

Timed = Literal[
    "accept",  # kind of door: from the last octet until the message is durable
    "process",  # one attempt at a message, from its reading until its outcome stands in the database
    "deliver",  # one attempt at a copy, from composing it until the smarthost's answer
    "loop-lag",  # how much later than it was due the event loop came to a task
]
"""What is timed, in seconds."""

Labels = tuple[str, ...]

BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
"""Seconds: the upper bounds of the classes of a histogram. Above the last one there is a class without a bound."""


@dataclass(slots=True)
class Histogram:
    """How many times there were in each class of `BOUNDS`, and their sum in seconds."""

    classes: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    seconds: float = 0.0

    def note(self, seconds: float) -> None:
        self.classes[bisect_left(BOUNDS, seconds)] += 1
        self.seconds += seconds


class Measures:
    """The figures of one gateway. All calls but those on a copy belong to its event loop."""

    def __init__(self) -> None:
        self.counts: defaultdict[Counted, Counter[Labels]] = defaultdict(Counter)
        self.times: defaultdict[tuple[Timed, Labels], Histogram] = defaultdict(Histogram)

    def count(self, what: Counted, *labels: str, by: int = 1) -> None:
        """Counts one more, or `by` more."""
        self.counts[what][labels] += by

    def time(self, what: Timed, seconds: float, *labels: str) -> None:
        """Notes how long something took."""
        self.times[what, labels].note(seconds)

    def copy(self) -> Self:
        """The same figures, as they are now: they do not change any more."""
        made = type(self)()
        made.counts.update((what, counts.copy()) for what, counts in self.counts.items())
        made.times.update((key, Histogram(times.classes.copy(), times.seconds)) for key, times in self.times.items())
        return made
