"""A report on a period: what the sums of its days say, with what has changed since they were added up.

In: a reader, what is wanted, the policy, the time. Out: a `DeskReport`. Rows are read one by one, so that a year needs
no more memory than a day, however many tickets it has.
Tickets that have changed since they were counted are counted here, if there are few: a report is true at once. If there
are many (after an upgrade), the report says up to when it is complete. Today's mail is counted here as well.
Fails with: as `reader`.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from heapq import merge
from typing import Any
from zoneinfo import ZoneInfo

from mailtickets.desk.figures.account import LOW_SCORE, RunningTime
from mailtickets.desk.figures.adding import RunningNow, Sum
from mailtickets.desk.figures.cells import Cell, CellFigures, CellPart, Entries, balance, differences, read_running
from mailtickets.desk.figures.labels import labels
from mailtickets.desk.figures.report import (
    MIN_AGENT_RATINGS,
    CustomerComment,
    DeskReport,
    Dimension,
    OldestTicket,
    Period,
    ReportRow,
)
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.model.ticket import PRIORITIES
from mailtickets.store.read.accounts import AccountOf, accounts, have_changed
from mailtickets.store.read.mail_days import bounds, mail_of, uncounted_since
from mailtickets.store.read.reader import Reader, among

COUNTED_HERE = 1_000
"""So many changed tickets are counted while a report is read; more are left to the clock's job."""
DAYS_SHOWN = 92
"""A longer period is shown by weeks."""
OLDEST = 5
COMMENTS = 20

_UNFINISHED = "('new', 'open', 'pending')"
_COMMENTS = """
SELECT rating.ticket, rating.score, rating.comment, rating.quotable, ticket.status,
  COALESCE(contact.name, '') AS known_as,
  EXISTS (
    SELECT 1 FROM message
    WHERE message.ticket = rating.ticket AND message.direction = 'out' AND message.visibility = 'public'
      AND message.kind = 'human' AND message.received_at > rating.at
  ) AS written
FROM rating JOIN ticket ON ticket.number = rating.ticket
LEFT JOIN contact ON contact.address_key = lower(rating.person)
WHERE rating.resolved_at >= :since_at AND rating.resolved_at < :until_at AND rating.comment <> ''
  AND NOT (ticket.status = 'closed' AND CAST(ticket.tags AS TEXT) LIKE :spam)"""
_SPAM = '%"spam"%'
"""Among the tags of a ticket, as they are stored."""
_COMMENTS_ORDER = """
ORDER BY CASE WHEN rating.score <= :low THEN 0 ELSE 1 END, rating.at DESC, rating.ticket LIMIT :most"""
_PART_OF: Mapping[Dimension, CellPart] = {
    "agent": "agent", "queue": "", "type": "type", "priority": "priority", "tag": "tag", "stage": "stage", "day": "",
    "hour": "hour",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ReportWanted:
    """What a report is to be about."""

    period: Period
    queues: tuple[str, ...] = ()
    """Names; empty: all."""
    by: Dimension | None = None
    name: str = ""
    """Of the `[[report]]`."""


def read(reader: Reader, wanted: ReportWanted, policy: Policy, now: datetime) -> DeskReport:
    """The report, as things are now."""
    return _Reading(reader, wanted, policy, now).report()


def is_counted(reader: Reader) -> bool:
    """Whether a report would be complete: no more tickets are to be counted than it counts itself."""
    return not have_changed(reader, COUNTED_HERE + 1)


def _changed(reader: Reader) -> list[int]:
    """Tickets that have changed since they were counted: at most one more than a report counts itself."""
    rows = reader.all("SELECT ticket FROM uncounted ORDER BY ticket LIMIT :most", most=COUNTED_HERE + 1)
    return [row.ticket for row in rows]


@dataclass(frozen=True, slots=True)
class _Unfinished:
    """A ticket that is not finished, as it was counted."""

    entries: Entries
    running: tuple[RunningTime, ...]
    assignee: str


class _Reading:
    def __init__(self, reader: Reader, wanted: ReportWanted, policy: Policy, now: datetime) -> None:
        self.reader, self.wanted, self.policy, self.now = reader, wanted, policy, now
        self.zone = ZoneInfo(policy.instance.timezone)
        self.today = now.astimezone(self.zone).date()
        self.period, self.before = wanted.period, wanted.period.before
        self.queues = frozenset(wanted.queues)
        self.changed, self.complete_until = self._uncounted()
        self.differences = self._differences()
        self.by_queue, self.by_queue_before = defaultdict[str, Sum](Sum), defaultdict[str, Sum](Sum)

    def report(self) -> DeskReport:
        total, before, series = Sum(), Sum(), defaultdict[str, Sum](Sum)
        rows = defaultdict[str, Sum](Sum)
        by = self.wanted.by
        for day, queue, _, figures in self._cells("", self.before.since, self.period.until):
            if day < self.period.since:
                before.add(day, figures, self.today)
                self.by_queue_before[queue].add(day, figures, self.today)
                continue
            total.add(day, figures, self.today)
            self.by_queue[queue].add(day, figures, self.today)
            series[self._label(day)].add(day, figures, self.today)
            if by == "queue":
                rows[queue].add(day, figures, self.today)
        if by not in {None, "queue", "day"}:
            for day, _, value, figures in self._cells(_PART_OF[by], self.period.since, self.period.until):
                rows[value].add(day, figures, self.today)
        assigned = self._add_running(total, before, series, rows)
        self._add_mail(total, before, series, rows)
        days = self._days(series)
        return DeskReport(
            self.wanted.name,
            self.period,
            self.wanted.queues or tuple(queue.name for queue in self.policy.queues),
            not self.queues,
            total.total(self._backlog(self.period.until)),
            before.total(self._backlog(self.before.until)),
            by,
            days if by == "day" else self._rows(rows, assigned),
            days,
            self._hours(),
            self._oldest(),
            self._comments(),
            self.complete_until,
            self._queues(),
            self.period.until < self.today,
        )

    # --- what has changed since it was counted ------------------------------------------------------------

    def _uncounted(self) -> tuple[dict[int, AccountOf], str]:
        """The changed tickets, counted now; and until when the report is complete, if there are too many of them."""
        numbers = _changed(self.reader)
        if len(numbers) > COUNTED_HERE:
            return {}, self._counted_until()
        return {one.number: one for one in accounts(self.reader, numbers, self.policy)}, ""

    def _counted_until(self) -> str:
        """Of a ticket that was never counted, everything is missing; else what came last."""
        row = self.reader.one(
            "SELECT min(CASE WHEN counted.ticket IS NULL THEN ticket.created_at ELSE ticket.updated_at END) AS since"
            " FROM uncounted JOIN ticket ON ticket.number = uncounted.ticket"
            " LEFT JOIN counted ON counted.ticket = uncounted.ticket"
        )
        since: datetime = row.since if row is not None and row.since is not None else self.now
        return since.astimezone(self.zone).isoformat(timespec="minutes")

    def _differences(self) -> Mapping[Cell, CellFigures]:
        these, values = among("number", list(self.changed))
        stored = self.reader.each(f"SELECT ticket, entries FROM counted WHERE ticket IN ({these})", **values)  # noqa: S608
        before = {row.ticket: Entries.read(row.entries) for row in stored}
        return differences({number: one.entries for number, one in self.changed.items()}, before)

    # --- cells --------------------------------------------------------------------------------------------

    def _cells(self, part: CellPart, since: date, until: date) -> Iterator[tuple[date, str, str, Mapping[str, Any]]]:
        """(day, queue, value, figures), by days. A cell may come in pieces."""
        where, values = self._in_queues("queue")
        sql = (
            "SELECT day, queue, value, figures FROM day_sum"  # noqa: S608
            f" WHERE part = :part AND day >= :first AND day <= :last{where} ORDER BY day"
        )
        first, last = since.isoformat(), until.isoformat()
        stored = self.reader.each(sql, part=part, first=first, last=last, **values)
        changed = sorted(
            (cell.day, cell.queue, cell.value, figures)
            for cell, figures in self.differences.items()
            if cell.part == part and first <= cell.day <= last and self._is_wanted(cell.queue)
        )
        for day, queue, value, figures in merge(stored, changed, key=lambda row: row[0]):
            yield date.fromisoformat(day), queue, value, figures

    def _in_queues(self, column: str) -> tuple[str, dict[str, object]]:
        if not self.queues:
            return "", {}
        these, values = among("queue", sorted(self.queues))
        return f" AND {column} IN ({these})", values

    def _is_wanted(self, queue: str) -> bool:
        return not self.queues or queue in self.queues

    def _label(self, day: date) -> str:
        if self.period.days <= DAYS_SHOWN:
            return day.isoformat()
        year, week, _ = day.isocalendar()
        return f"{year}-W{week:02}"

    # --- times that run -----------------------------------------------------------------------------------

    def _add_running(self, total: Sum, before: Sum, series: Mapping[str, Sum], rows: Mapping[str, Sum]) -> Counter[str]:
        """Adds the times of unfinished tickets. Returns how many tickets each agent has."""
        assigned: Counter[str] = Counter()
        for one in self._unfinished():
            assigned[one.assignee] += 1
            opened = date.fromisoformat(one.entries.opened)
            for running in one.running:
                now = RunningNow(running, self.policy, self.now)
                if self.before.since <= opened <= self.before.until:
                    before.add_running(now)
                    self.by_queue_before[one.entries.queue].add_running(now)
                elif self.period.since <= opened <= self.period.until:
                    total.add_running(now)
                    self.by_queue[one.entries.queue].add_running(now)
                    series[self._label(opened)].add_running(now)
                    for value in self._values(one.entries):
                        rows[value].add_running(now)
        return assigned

    def _unfinished(self) -> Iterator[_Unfinished]:
        where, values = self._in_queues("ticket.queue")
        sql = (
            "SELECT ticket.number, ticket.assignee, counted.entries, counted.running FROM ticket"  # noqa: S608
            f" JOIN counted ON counted.ticket = ticket.number WHERE ticket.status IN {_UNFINISHED}{where}"
        )
        for row in self.reader.each(sql, **values):
            if row.number not in self.changed:
                yield _Unfinished(Entries.read(row.entries), read_running(row.running), row.assignee or "")
        for one in self.changed.values():
            if one.is_unfinished and self._is_wanted(one.entries.queue):
                yield _Unfinished(one.entries, one.account.running, one.assignee)

    def _values(self, entries: Entries) -> Sequence[str]:
        """In which rows the ticket is. Whose work a time is that has not ended, nobody knows yet."""
        match self.wanted.by:
            case "queue":
                return (entries.queue,)
            case "hour":
                return (entries.hour,)
            case "type" | "priority" | "tag" | "stage" as part:
                return entries.traits[part]
            case _:
                return ()

    # --- mail ---------------------------------------------------------------------------------------------

    def _add_mail(self, total: Sum, before: Sum, series: Mapping[str, Sum], rows: Mapping[str, Sum]) -> None:
        for day, queue, outcome, many in self._mail():
            if day < self.period.since:
                before.outcomes[outcome] += many
                continue
            total.outcomes[outcome] += many
            series[self._label(day)].outcomes[outcome] += many
            if self.wanted.by == "queue":
                rows[queue].outcomes[outcome] += many

    def _mail(self) -> Iterator[tuple[date, str, str, int]]:
        """(day, queue, outcome, how many). What was not counted since its day was over is counted here."""
        live = uncounted_since(self.reader, self.policy, self.today)
        where, values = self._in_queues("queue")
        sql = f"SELECT day, queue, outcome, count FROM mail_day WHERE day >= :first AND day < :live{where}"  # noqa: S608
        first, last = self.before.since, min(self.period.until, self.today)
        stop = min(live, last + timedelta(days=1))
        for row in self.reader.each(sql, first=first.isoformat(), live=stop.isoformat(), **values):
            yield date.fromisoformat(row.day), row.queue, row.outcome, row.count
        day = max(live, first)
        while day <= last:
            for (queue, outcome), many in mail_of(self.reader, day, self.policy).items():
                if self._is_wanted(queue):
                    yield day, queue, outcome, many
            day += timedelta(days=1)

    # --- backlog ------------------------------------------------------------------------------------------

    def _backlog(self, until: date) -> int:
        """Unfinished tickets at the end of a day."""
        return sum(self._backlogs("", until).values())

    def _backlogs(self, part: CellPart, until: date, column: str = "queue") -> Counter[str]:
        where, values = self._in_queues("queue")
        sql = (
            f"SELECT {column} AS of_, sum(balance) AS many FROM day_sum"  # noqa: S608
            f" WHERE part = :part AND day <= :last{where} GROUP BY {column}"
        )
        last, found = until.isoformat(), Counter[str]()
        for row in self.reader.each(sql, part=part, last=last, **values):
            found[row.of_] += int(row.many)
        for cell, figures in self.differences.items():
            if cell.part == part and cell.day <= last and self._is_wanted(cell.queue):
                found[cell.queue if column == "queue" else cell.value] += balance(figures)
        return found

    # --- parts --------------------------------------------------------------------------------------------

    def _days(self, series: Mapping[str, Sum]) -> tuple[ReportRow, ...]:
        """A row for each day or week, also for those on which nothing happened."""
        backlog = self._backlog(self.period.since - timedelta(days=1))
        found = []
        for label in self._labels():
            one = series[label] if label in series else Sum()
            backlog += balance(one.figures)
            found.append(ReportRow(label, one.total(backlog)))
        return tuple(found)

    def _labels(self) -> Iterable[str]:
        days = (self.period.since + timedelta(days=after) for after in range(self.period.days))
        return dict.fromkeys(self._label(day) for day in days)

    def _rows(self, rows: Mapping[str, Sum], assigned: Mapping[str, int]) -> tuple[ReportRow, ...]:
        by = self.wanted.by
        if by is None:
            return ()
        if by == "agent":
            backlogs: Mapping[str, int] = assigned if self.period.until >= self.today else {}
        elif by == "hour":
            backlogs = {}
        elif by == "queue":
            backlogs = self._backlogs("", self.period.until)
        else:
            backlogs = self._backlogs(_PART_OF[by], self.period.until, "value")
        values = {*(value for value, one in rows.items() if one), *(value for value, many in backlogs.items() if many)}
        fewest = MIN_AGENT_RATINGS if by == "agent" else 0
        found = [
            ReportRow(
                value,
                (rows[value] if value in rows else Sum()).total(backlogs.get(value, 0), fewest),
                labels=labels(by, value, self.policy),
            )
            for value in values
        ]
        return tuple(sorted(found, key=self._order))

    def _queues(self) -> tuple[ReportRow, ...]:
        """Each queue with the period before, where there are several: without mail and backlog."""
        names = sorted({*self.by_queue, *self.by_queue_before})
        if len(self.wanted.queues or self.policy.queues) < 2:
            return ()
        return tuple(ReportRow(name, self.by_queue[name].total(), self.by_queue_before[name].total()) for name in names)

    def _order(self, row: ReportRow) -> tuple[object, ...]:
        """Hours in their order, priorities from the highest, else by name; what has no value comes last."""
        if self.wanted.by == "hour":
            weekday, hour = row.value.split()
            return int(weekday), int(hour)
        if self.wanted.by == "priority" and row.value in PRIORITIES:
            return (-PRIORITIES.index(row.value), row.value)
        return row.value == "", row.value

    def _hours(self) -> Mapping[tuple[int, int], int]:
        found: Counter[tuple[int, int]] = Counter()
        for _, _, value, figures in self._cells("hour", self.period.since, self.period.until):
            weekday, hour = value.split()
            found[int(weekday), int(hour)] += figures.get("opened", 0)
        return {hour: many for hour, many in sorted(found.items()) if many}

    # --- single tickets -----------------------------------------------------------------------------------

    def _oldest(self) -> tuple[OldestTicket, ...]:
        where, values = self._in_queues("queue")
        sql = (
            "SELECT number, subject, queue, assignee, created_at FROM ticket"  # noqa: S608
            f" WHERE status IN {_UNFINISHED}{where} ORDER BY created_at, number LIMIT :most"
        )
        return tuple(
            OldestTicket(
                row.number, row.subject, row.queue, row.assignee, self.now - row.created_at, self._name(row.assignee)
            )
            for row in self.reader.each(sql, most=OLDEST, **values)
        )

    def _name(self, address: str | None) -> str:
        agent = self.policy.agent(address) if address else None
        return agent.name if agent else ""

    def _comments(self) -> tuple[CustomerComment, ...]:
        where, values = self._in_queues("ticket.queue")
        since, until = bounds(self.period.since, self.policy)[0], bounds(self.period.until, self.policy)[1]
        sql = f"{_COMMENTS}{where} {_COMMENTS_ORDER}"
        rows = self.reader.each(sql, since_at=since, until_at=until, low=LOW_SCORE, most=COMMENTS, spam=_SPAM, **values)
        return tuple(
            CustomerComment(
                row.ticket,
                row.score,
                row.comment,
                row.known_as if row.quotable else "",
                row.status,
                bool(row.written),
            )
            for row in rows
        )
