"""What a ticket adds to the figures of which days, and the arithmetic of figures.

A cell is what is known of one local day: of a queue, or of those of its tickets that have one value of a part (an
agent, a type, a tag). Its figures are counts (`{"opened": 3}`) and histograms (`{"first_answer": {"540": 2}}`: two
answers after 540 seconds). Sums of them are exact, and so are percentiles: a histogram forgets nothing but which ticket
it was. Durations are rounded to what a page shows (`rounded`), so that a year needs no more room than its days.
In: accounts. Out: `Entries`, what is kept of a ticket, and the cells that they stand for. Pure.
Fails with: nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

from mailtickets.desk.figures.account import GOOD_SCORE, TIMES, RunningTime, TicketAccount
from mailtickets.desk.model.ticket import Ticket

CellPart = Literal["", "agent", "type", "priority", "tag", "stage", "hour"]
"""Empty: the queue itself."""
PARTS: Final[tuple[CellPart, ...]] = ("agent", "type", "priority", "tag", "stage", "hour")
TRAITS: Final[tuple[CellPart, ...]] = ("type", "priority", "tag", "stage")
"""Parts by what a ticket is now."""

Lengths = dict[str, int]
"""How many times took how many seconds. The keys are text, as in JSON."""
CellFigures = dict[str, Any]
"""Counts (int) and histograms by name. Nothing in it is 0."""

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


class Cell(NamedTuple):
    day: str
    """A local day, ISO."""
    queue: str
    part: CellPart
    value: str


def rounded(length: timedelta) -> int:
    """A duration in seconds, as exactly as it is shown: seconds below 10 minutes, minutes below a day, 10 minutes below
    a week, else hours. Always down: nobody has waited for 10 minutes after 9 minutes and 59 seconds."""
    seconds = max(int(length.total_seconds()), 0)
    step = 1 if seconds < 10 * _MINUTE else _MINUTE if seconds < _DAY else 10 * _MINUTE if seconds < 7 * _DAY else _HOUR
    return seconds // step * step


# --- arithmetic ---------------------------------------------------------------------------------------


def add(to: CellFigures, more: Mapping[str, Any], times: int = 1) -> None:
    """Adds figures to others, or takes them away (`times` = -1)."""
    for name, value in more.items():
        if isinstance(value, dict):
            lengths = to.setdefault(name, {})
            for length, count in value.items():
                _add_count(lengths, length, times * count)
            if not lengths:
                del to[name]
        else:
            _add_count(to, name, times * value)


def _add_count(to: dict[str, Any], name: str, count: int) -> None:
    total = to.get(name, 0) + count
    if total:
        to[name] = total
    else:
        to.pop(name, None)


def balance(figures: Mapping[str, Any]) -> int:
    """By how much the backlog grows."""
    return int(figures.get("opened", 0) + figures.get("reopened", 0) - figures.get("resolved", 0))


def excluded_as(reason: str) -> str:
    return f"excluded:{reason}"


def ended_as(reason: str) -> str:
    return f"ended:{reason}"


# --- one ticket ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Entries:
    """What one ticket adds to the sums. Stored, so that it can be taken out again."""

    queue: str
    opened: str
    """The local day."""
    hour: str
    """When it was opened: weekday (Monday is 0) and local hour, `0 13`."""
    traits: dict[str, list[str]]
    """Its values by part; a ticket without a value has one that is empty."""
    days: dict[str, CellFigures]
    agents: dict[str, dict[str, CellFigures]] = field(default_factory=dict)
    """By agent and day."""

    @property
    def stored(self) -> list[Any]:
        return [self.queue, self.opened, self.hour, self.traits, self.days, self.agents]

    @classmethod
    def read(cls, stored: Sequence[Any]) -> "Entries":
        return cls(*stored)

    def cells(self, parts: Sequence[CellPart] = ("", *TRAITS)) -> Iterator[tuple[Cell, CellFigures]]:
        """What it adds to which cells. Figures are shared between cells: whoever adds them up copies them."""
        for part in parts:
            yield from self.of_trait(part)
        if self.opened in self.days:
            yield Cell(self.opened, self.queue, "hour", self.hour), _of_opening(self.days[self.opened])
        for agent, days in self.agents.items():
            for day, figures in days.items():
                yield Cell(day, self.queue, "agent", agent), figures

    def of_trait(self, part: CellPart) -> Iterator[tuple[Cell, CellFigures]]:
        for value in self.traits[part] if part else ("",):
            for day, figures in self.days.items():
                yield Cell(day, self.queue, part, value), figures


def _of_opening(figures: CellFigures) -> CellFigures:
    """What the hour at which a ticket was opened says something about."""
    return {name: value for name, value in figures.items() if name.startswith(_OPENING)}


_OPENING = ("opened", "counted", excluded_as(""), *TIMES)


def entries(account: TicketAccount, ticket: Ticket, zone: ZoneInfo) -> Entries:
    """What the account of a ticket adds to the sums."""
    opened = account.opened_at.astimezone(zone)
    kept = Entries(
        ticket.queue,
        opened.date().isoformat(),
        f"{opened.weekday()} {opened.hour}",
        {
            "type": [ticket.type or ""],
            "priority": [ticket.priority],
            "tag": sorted(set(ticket.tags)) or [""],
            "stage": [ticket.stage],
        },
        {},
    )
    _Writing(kept, zone).write(account)
    return kept


class _Writing:
    def __init__(self, kept: Entries, zone: ZoneInfo) -> None:
        self.kept, self.zone = kept, zone

    def write(self, account: TicketAccount) -> None:
        opened = self.kept.opened
        self._of_queue(opened, {"opened": 1})
        self._of_queue(opened, {"counted": 1} if account.excluded is None else {excluded_as(account.excluded): 1})
        for taken in account.taken:
            self._of_both(opened, taken.agent, _time(taken.name, taken.length, taken.business, taken.within))
        self._ends(account)
        for at, agent in account.answers:
            self._of_both(self._day(at), agent, {"answers": 1})
        for rated in account.rated:
            figures = {"asked": 1}
            if rated.score is not None:
                figures["answered"] = 1
                if rated.score >= GOOD_SCORE:
                    figures["good"] = 1
            self._of_both(self._day(rated.resolved_at), rated.agent, figures)

    def _ends(self, account: TicketAccount) -> None:
        first = next((end for end in account.resolved if not end.by), None)
        for end in account.resolved:
            day = self._day(end.at)
            self._of_both(day, end.agent, {"resolved": 1, **({ended_as(end.by): 1} if end.by else {})})
            if end is first and account.excluded is None:
                cohort = {"first_resolved": 1, "came_back": int(account.came_back), "one_touch": int(account.one_touch)}
                self._of_both(day, end.agent, {name: count for name, count in cohort.items() if count})
        for again in account.reopened:
            self._of_both(self._day(again.at), again.agent, {"reopened": 1})

    def _of_queue(self, day: str, figures: Mapping[str, Any]) -> None:
        add(self.kept.days.setdefault(day, {}), figures)

    def _of_both(self, day: str, agent: str, figures: Mapping[str, Any]) -> None:
        self._of_queue(day, figures)
        add(self.kept.agents.setdefault(agent, {}).setdefault(day, {}), figures)

    def _day(self, at: datetime) -> str:
        return at.astimezone(self.zone).date().isoformat()


def _time(name: str, length: timedelta, business: timedelta | None, within: bool | None) -> CellFigures:
    figures: CellFigures = {name: {str(rounded(length)): 1}}
    if business is not None:
        figures[f"{name}_business"] = {str(rounded(business)): 1}
    if within is not None:
        figures[f"{name}_within" if within else f"{name}_late"] = 1
    return figures


def differences(now: Mapping[int, Entries], before: Mapping[int, Entries]) -> dict[Cell, CellFigures]:
    """By how much cells change if tickets (by number) are counted again. `before`: what they had added so far."""
    changes: dict[Cell, CellFigures] = {}
    for number, found in now.items():
        for cell, figures, times in _changes(found, before.get(number)):
            add(changes.setdefault(cell, {}), figures, times)
    return {cell: figures for cell, figures in changes.items() if figures}


def _changes(now: Entries, before: Entries | None) -> Iterator[tuple[Cell, CellFigures, int]]:
    """Where the ticket has kept its place, only what is new is added: mostly nothing."""
    if before is None or (before.queue, before.opened, before.hour) != (now.queue, now.opened, now.hour):
        yield from ((cell, figures, 1) for cell, figures in now.cells())
        if before is not None:
            yield from ((cell, figures, -1) for cell, figures in before.cells())
        return
    kept = tuple(part for part in TRAITS if now.traits[part] == before.traits[part])
    moved = tuple(part for part in TRAITS if part not in kept)
    rest = Entries(now.queue, now.opened, now.hour, now.traits, _less(now.days, before.days))
    yield from ((cell, figures, 1) for cell, figures in rest.cells(("", *kept)))
    for part, entries, times in ((part, *one) for part in moved for one in ((now, 1), (before, -1))):
        yield from ((cell, figures, times) for cell, figures in entries.of_trait(part))
    for agent in now.agents.keys() | before.agents.keys():
        for day, figures in _less(now.agents.get(agent, {}), before.agents.get(agent, {})).items():
            yield Cell(day, now.queue, "agent", agent), figures, 1


def _less(now: Mapping[str, CellFigures], before: Mapping[str, CellFigures]) -> dict[str, CellFigures]:
    """What is new of each day."""
    found: dict[str, CellFigures] = {}
    for day in now.keys() | before.keys():
        if now.get(day) != before.get(day):
            new = found[day] = {}
            add(new, now.get(day, {}))
            add(new, before.get(day, {}), -1)
    return found


# --- times that run -----------------------------------------------------------------------------------


def stored_running(running: Sequence[RunningTime]) -> list[Any] | None:
    """Times that have not ended, as JSON; None: there is none."""
    second = timedelta(seconds=1)
    return [
        [
            TIMES.index(one.name),
            one.length // second,
            one.business // second if one.business is not None else None,
            one.since.isoformat() if one.since is not None else None,
            one.calendar,
            one.due_at.isoformat() if one.due_at is not None else None,
        ]
        for one in running
    ] or None


def read_running(stored: Sequence[Any] | None) -> tuple[RunningTime, ...]:
    return tuple(
        RunningTime(
            TIMES[name],
            timedelta(seconds=length),
            timedelta(seconds=business) if business is not None else None,
            datetime.fromisoformat(since) if since is not None else None,
            calendar,
            datetime.fromisoformat(due_at) if due_at is not None else None,
        )
        for name, length, business, since, calendar, due_at in stored or ()
    )
