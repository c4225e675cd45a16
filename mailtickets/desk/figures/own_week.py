"""An agent's own week, for their Monday digest: what they did, who thanked them, what waits longest. Pure.

It is about nobody else: no colleague's figures, no rank, no target.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from mailtickets.desk.figures.report import Period
from mailtickets.desk.model.ticket import Ticket

MOST_THANKS = 5
"""So many are shown; the others are counted."""


@dataclass(frozen=True, slots=True)
class ThankYou:
    """A customer's thanks for a ticket, or a good rating of it."""

    ticket: int
    name: str
    """The customer's; their address, where they gave none."""
    words: str
    """What they wrote; empty where they only gave a score."""
    score: int | None = None
    agent: str = ""
    """The address of whom it was for."""


@dataclass(frozen=True, slots=True)
class OwnWeek:
    """The week of one agent."""

    period: Period
    resolved: int = 0
    answers: int = 0
    thanks: tuple[ThankYou, ...] = field(default=())
    oldest: Ticket | None = None
    """Of their own tickets, the one whose customer has waited longest."""

    @property
    def says_something(self) -> bool:
        """Whether there is anything good to say. That something waits is no reason to write: the lists say it."""
        return bool(self.resolved or self.answers or self.thanks)


def week_before(monday: date) -> Period:
    return Period(monday - timedelta(days=7), monday - timedelta(days=1))


def longest_waiting(mine: Iterable[Ticket]) -> Ticket | None:
    """The ticket whose customer has waited longest for an answer; None: nobody waits."""
    waiting = [ticket for ticket in mine if ticket.waiting_since is not None]
    return min(waiting, key=lambda ticket: (ticket.waiting_since, ticket.number), default=None)


def thanks_of(agent: str, everybody: Sequence[ThankYou]) -> tuple[ThankYou, ...]:
    """What was said to one agent: words first, then scores alone; each ticket once."""
    theirs = [one for one in everybody if one.agent.casefold() == agent.casefold()]
    ordered = sorted(theirs, key=lambda one: not one.words)  # stable: the newest come first within each
    by_ticket = {one.ticket: one for one in reversed(ordered)}
    return tuple(by_ticket[number] for number in dict.fromkeys(one.ticket for one in ordered))
