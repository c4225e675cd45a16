"""What a report says, as values: counts that add up, times, and satisfaction, for a period and for parts of it.

Every figure is defined in `docs/reports.md`. Times are of tickets that were opened in the period; open tickets count
as "at least". Durations are as `cells` rounds them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from types import MappingProxyType
from typing import Literal

Dimension = Literal["agent", "queue", "type", "priority", "tag", "stage", "day", "hour"]
"""What a report can be divided by. `hour` is the local hour at which tickets were opened."""

Exclusion = Literal["merged", "spam", "opened-by-agent", "imported"]
"""Why a ticket that was opened in the period is not counted."""

EXCLUSIONS: tuple[Exclusion, ...] = ("merged", "spam", "opened-by-agent", "imported")
"""In this order: the first that holds of a ticket is its reason."""

MIN_AGENT_RATINGS = 10
"""The satisfaction with one agent is shown from so many ratings on."""


def _nothing() -> Mapping[str, int]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Period:
    """Local days of the desk's time zone, both ends included."""

    since: date
    until: date

    @property
    def days(self) -> int:
        return (self.until - self.since).days + 1

    @property
    def before(self) -> "Period":
        """The period of the same length that ends the day before."""
        return Period(self.since - timedelta(days=self.days), self.since - timedelta(days=1))


@dataclass(frozen=True, slots=True)
class Counts:
    """How many mails and tickets. `opened` is `counted` plus everything that is excluded."""

    received: int = 0
    outcomes: Mapping[str, int] = field(default_factory=_nothing)
    """Of received mail: how many had which outcome; `waiting` has none yet. They add up to `received`."""
    opened: int = 0
    counted: int = 0
    excluded: Mapping[str, int] = field(default_factory=_nothing)
    """How many tickets were left out, by `Exclusion`."""
    resolved: int = 0
    """Tickets that came to an end in the period: resolved or closed, for whatever reason."""
    ended: Mapping[str, int] = field(default_factory=_nothing)
    """Of these: `merged` and `spam`; the others were resolved."""
    reopened: int = 0
    """Tickets that were opened again in the period."""
    backlog: int = 0
    """Unfinished tickets at the local midnight that ends the period (now, if it has not come). backlog at the end =
    backlog at the beginning + opened + reopened - resolved."""
    one_touch: int = 0
    """Of the tickets resolved in the period for the first time: those with exactly one public answer which were not
    opened again within 7 days. Tickets resolved less than 7 days ago are not among `one_touch_of`."""
    one_touch_of: int = 0
    came_back: int = 0
    """Of the tickets resolved in the period for the first time: those that were opened again afterwards, ever (a
    cohort of resolution; thanks open nothing)."""
    came_back_of: int = 0


@dataclass(frozen=True, slots=True)
class Times:
    """How long something took, over `n` tickets; of these, `waiting` still wait, and count as "at least"."""

    n: int = 0
    waiting: int = 0
    median: timedelta | None = None
    p90: timedelta | None = None
    business_median: timedelta | None = None
    """In the working time of the ticket's service level; None where no ticket has one with a calendar."""
    business_p90: timedelta | None = None
    median_at_least: bool = False
    """Enough tickets still wait that the true figure may be higher."""
    p90_at_least: bool = False
    within: int = 0
    """How many kept the time of their service level."""
    within_of: int = 0
    """How many have a level and are answered, or late already."""


@dataclass(frozen=True, slots=True)
class Satisfaction:
    """Scores of 4 and 5 among the ratings of tickets resolved in the period, with the 95 % interval of Wilson."""

    asked: int = 0
    answered: int = 0
    good: int = 0
    """Ratings of 4 and 5."""
    low: float | None = None
    """From 0 to 1; None without ratings."""
    high: float | None = None
    hidden: bool = False
    """Too few ratings to say something about one person (`MIN_AGENT_RATINGS`)."""

    @property
    def score(self) -> float | None:
        """The share of good ratings, from 0 to 1; None without ratings, or where it is hidden."""
        return self.good / self.answered if self.answered and not self.hidden else None


@dataclass(frozen=True, slots=True)
class ReportFigures:
    """Everything about one period, or about one part of it."""

    counts: Counts = Counts()
    first_answer: Times = Times()
    next_answer: Times = Times()
    resolution: Times = Times()
    """To the first resolution, without the time in which the customer was waited for."""
    full_resolution: Times = Times()
    """To the last resolution."""
    satisfaction: Satisfaction = Satisfaction()
    answers: int = 0
    """Public answers that people wrote in the period."""


@dataclass(frozen=True, slots=True)
class ReportRow:
    """A part of a report: what `value` of the dimension has. `value` is empty where tickets have none (no type)."""

    value: str
    figures: ReportFigures
    before: ReportFigures | None = None
    """The same in the period before; None where nobody asked."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """What people of each locale call the value; it stands for itself where a locale has none."""


@dataclass(frozen=True, slots=True)
class OldestTicket:
    """An unfinished ticket, for the list of what waits longest."""

    number: int
    subject: str
    queue: str
    assignee: str | None
    """An address."""
    age: timedelta
    assignee_name: str = ""
    """Empty: not an agent's address."""


@dataclass(frozen=True, slots=True)
class CustomerComment:
    """What a customer wrote beside a rating."""

    ticket: int
    score: int
    comment: str
    name: str
    """Empty, unless the customer agreed to be named."""
    status: str
    """Of the ticket now: what became of a low score."""
    answered_again: bool
    """A person wrote to the customer after the rating."""


@dataclass(frozen=True, slots=True)
class DeskReport:
    """A report on a period."""

    name: str
    """Of the `[[report]]`; empty for one that was asked for."""
    period: Period
    queues: tuple[str, ...]
    """Names of the queues it is about."""
    everything: bool
    """It is about all queues of the desk."""
    total: ReportFigures
    before: ReportFigures
    """The period before, of the same length."""
    by: Dimension | None = None
    rows: tuple[ReportRow, ...] = ()
    days: tuple[ReportRow, ...] = ()
    """One for each day of the period (`value` is the ISO date); weeks (`2026-W13`) where it has more than 92 days."""
    hours: Mapping[tuple[int, int], int] = field(default_factory=dict)
    """How many tickets were opened by (weekday, hour); Monday is 0."""
    oldest: tuple[OldestTicket, ...] = ()
    comments: tuple[CustomerComment, ...] = ()
    """The newest first: those with low scores, then the others."""
    complete_until: str = ""
    """Empty: all figures are in. Else the local time (ISO) up to which events have been added up."""
    by_queue: tuple[ReportRow, ...] = ()
    """One for each queue of a report on several, with the period before: the sentence compares them."""
    is_over: bool = True
    """The last day of the period has ended."""
