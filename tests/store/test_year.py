"""A made-up year of 20,000 tickets: what reports say of small slices of it, computed by hand (`year/slices.txt`); and
the sums that hold for each day, queue and part of it."""

import fcntl
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from mailtickets.desk.clock.calendar import open_hours
from mailtickets.desk.figures.report import DeskReport, Dimension, Period, ReportFigures, Times
from mailtickets.desk.model.policy import Policy
from mailtickets.store import figures, schema
from mailtickets.store.database import Database
from mailtickets.store.read.reader import opened
from mailtickets.store.read.report import ReportWanted, read
from tests.desk.builders import AGENTS, a_policy
from tests.desk.clock.scenes import a_level
from tests.desk_history import DeskHistory, TicketHistory, live
from tests.store.databases import migrated_file

__all__ = ["migrated_file"]

TICKETS = 20_000
ZONE = ZoneInfo("America/Sao_Paulo")
BEGIN = datetime(2026, 1, 1, tzinfo=ZONE)
NOW = datetime(2026, 12, 28, 12, tzinfo=ZONE).astimezone(UTC)
YEAR = Period(date(2026, 1, 1), date(2026, 12, 31))
HOLIDAYS = [date(2026, 2, 17), date(2026, 9, 7), date(2026, 12, 25)]
HOURS = open_hours("comercial", ZONE, {"mon-fri": "08:00-12:00 13:00-18:00"}, {}, HOLIDAYS)
POLICY = a_policy(
    instance={"timezone": "America/Sao_Paulo"},
    calendars={"comercial": HOURS},
    levels=(a_level(name="padrao", calendar="comercial", first_answer="4h"),),
)
pytestmark = pytest.mark.timeout(1200)  # the year is made, counted and counted again
OTHERS = ("suporte", "vendas", "financeiro")


# --- the table ----------------------------------------------------------------------------------------


@dataclass
class Slice:
    queues: tuple[str, ...]
    period: Period
    by: Dimension | None
    expected: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{','.join(self.queues)} {self.period.since} {self.period.until} {self.by or ''}".strip()


@dataclass
class Told:
    """One thing that happened to a ticket of the table."""

    at: datetime
    name: str
    words: list[str]


@dataclass
class HandMade:
    """The tickets of a queue."""

    queue: str
    has: dict[str, dict[str, str]] = field(default_factory=dict)
    happened: list[Told] = field(default_factory=list)


def table() -> tuple[list[HandMade], list[Slice]]:
    queues: list[HandMade] = []
    slices: list[Slice] = []
    month = ""
    for line in (Path(__file__).parent / "year" / "slices.txt").read_text().splitlines():
        match line.split():
            case [] | ["#", *_]:
                continue
            case ["queue", name, month]:
                queues.append(HandMade(name))
            case ["slice", names, since, until, *by]:
                period = Period(date.fromisoformat(since), date.fromisoformat(until))
                slices.append(Slice(tuple(names.split(",")), period, by[1] if by else None))  # type: ignore[arg-type]
            case _ if slices:
                slices[-1].expected.append(line.strip())
            case _:
                _ticket(line.strip(), month, queues[-1])
    return queues, slices


def _ticket(line: str, month: str, queue: HandMade) -> None:
    head, rest = line.split("  ", 1)
    name, *has = head.split()
    queue.has[name] = dict(one.split("=") for one in has)
    for part in rest.split(" | "):
        day, time, *words = part.split()
        queue.happened.append(Told(datetime.fromisoformat(f"{month}-{day}T{time}").replace(tzinfo=ZONE), name, words))
    queue.happened.sort(key=lambda told: told.at)


def write(desk: DeskHistory, queue: HandMade) -> None:
    tickets: dict[str, TicketHistory] = {}
    for told in queue.happened:
        if told.name not in tickets:
            has = queue.has[told.name]
            tickets[told.name] = desk.open(
                queue.queue,
                told.at,
                by_agent=f"{told.words[0]}@desk.test" if told.words[1:] == ["opens"] else "",
                imported=told.words == ["imported"],
                priority=has.get("priority", "normal"),
                kind=has.get("type"),
                tags=has["tags"].split(",") if "tags" in has else (),
            )
        else:
            _happen(tickets[told.name], told, tickets)


def _happen(ticket: TicketHistory, told: Told, tickets: dict[str, TicketHistory]) -> None:
    match told.words:
        case ["asks"]:
            ticket.customer(told.at)
        case ["thanks"]:
            ticket.customer(told.at, "only-thanks")
        case ["asked"]:
            ticket.ask_rating(told.at)
        case ["rates", score]:
            ticket.rate(told.at, int(score))
        case ["closed"]:
            ticket.set_status(told.at, "closed", "system", "resolved-long-enough")
        case [agent, "answers"]:
            ticket.answer(told.at, f"{agent}@desk.test")
        case [agent, "resolves"]:
            ticket.answer(told.at, f"{agent}@desk.test", "resolved")
        case [agent, "ends"]:
            ticket.set_status(told.at, "resolved", f"{agent}@desk.test", "agent-commands")
        case [agent, "spam"]:
            ticket.spam(told.at, f"{agent}@desk.test")
        case [agent, "merges", "into", other]:
            ticket.merge(told.at, tickets[other], f"{agent}@desk.test")
        case _:
            raise ValueError(f"not understood: {' '.join(told.words)}")


# --- reports as the table writes them -----------------------------------------------------------------


def in_words(report: DeskReport) -> list[str]:
    if report.by is not None:
        return [f"{row.value or '-'}: {_row(row.figures, report.by)}" for row in report.rows]
    total, counts = report.total, report.total.counts
    parts = [f"counted {counts.counted}", *(f"{name} {many}" for name, many in counts.excluded.items())]
    ended = ", ".join(f"{name} {many}" for name, many in counts.ended.items())
    lines = [
        f"opened {counts.opened} = {' + '.join(parts)}" if counts.opened else "opened 0",
        f"resolved {counts.resolved}{f' ({ended})' if ended else ''}, {_flow(total)}",
        f"one touch {counts.one_touch} of {counts.one_touch_of}, came back {counts.came_back} of {counts.came_back_of}",
    ]
    for name in ("first_answer", "next_answer", "resolution", "full_resolution"):
        times: Times = getattr(total, name)
        if times.n:
            worked = f"worked {_length(times.business_median)}, {_length(times.business_p90)}"
            within = f"; within {times.within} of {times.within_of}" if times.within_of else ""
            lines.append(f"{name} {_times(times)}; {worked}{within}")
    return [*lines, *_asked(total)]


def _flow(total: ReportFigures) -> str:
    return f"reopened {total.counts.reopened}, backlog {total.counts.backlog}, answers {total.answers}"


def _row(figures: ReportFigures, by: Dimension) -> str:
    counts = figures.counts
    found = [f"opened {counts.opened}, resolved {counts.resolved}, backlog {counts.backlog}"]
    if by not in {"day", "hour"}:
        found += [f"first_answer {_times(figures.first_answer)}"] if figures.first_answer.n else []
        found += _asked(figures)
    return "; ".join(found)


def _asked(figures: ReportFigures) -> list[str]:
    said = figures.satisfaction
    good = "hidden" if said.hidden else f"good {said.good}"
    return [f"asked {said.asked}, answered {said.answered}, {good}"] if said.asked else []


def _times(times: Times) -> str:
    waiting = f", {times.waiting} wait{'s' if times.waiting == 1 else ''}" if times.waiting else ""
    median = f"{_length(times.median)}{'+' if times.median_at_least else ''}"
    p90 = f"{_length(times.p90)}{'+' if times.p90_at_least else ''}"
    return f"n {times.n}{waiting}: median {median}, p90 {p90}"


def _length(length: timedelta | None) -> str:
    if length is None:
        return "-"
    hours, minutes = divmod(int(length.total_seconds()) // 60, 60)
    return f"{hours}h" * bool(hours) + f"{minutes}m" * bool(minutes) or "0m"


# --- the year -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def year(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """The year, counted and half of it folded. The first process that runs a test of it makes it; others copy it."""
    own = tmp_path_factory.mktemp("year") / "mailtickets.db"
    ours = tmp_path_factory.getbasetemp()
    made = (ours.parent if "PYTEST_XDIST_WORKER" in os.environ else ours) / "year.db"
    with made.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            make_year(migrated_file, own)
            shutil.copy(own, made.with_suffix(".part"))
            made.with_suffix(".part").rename(made)
    if not own.exists():
        shutil.copy(made, own)
    database = Database(f"sqlite:///{own}")
    yield database
    database.close()


def make_year(migrated_file: Path, file: Path) -> None:
    shutil.copy(migrated_file, file)
    database, desk, random = Database(f"sqlite:///{file}"), DeskHistory(), Random(15)
    hand_made = table()[0]
    agents = [agent.address for agent in AGENTS]
    for place, _ in enumerate(live(desk, OTHERS, agents, BEGIN, TICKETS, random, days=350)):
        if place % (TICKETS // 4) == 1 and hand_made:
            write(desk, hand_made.pop())
    database.transact(desk.write)
    count(database)
    fold(database, every=2)
    for after in range(366):
        database.transact(figures.count_mail, BEGIN.date() + timedelta(days=after - 5), POLICY, NOW)
    database.close()


def count(database: Database, policy: Policy = POLICY) -> None:
    while True:
        with database.looking() as connection:
            found = figures.recount(connection, policy, 1000)
        if not found.marks:
            return
        database.transact(figures.keep, found)


def fold(database: Database, every: int = 1) -> None:
    with database.looking() as connection:
        cells = figures.in_pieces(connection)[::every]
        found = figures.folded(connection, cells)
    database.transact(figures.replace_by, found)


def report(database: Database, period: Period, queues: Sequence[str] = (), by: Dimension | None = None) -> DeskReport:
    with opened(database.url) as reader:
        return read(reader, ReportWanted(period, tuple(queues), by), POLICY, NOW)


@pytest.mark.parametrize("wanted", table()[1], ids=str)
def test_a_slice_says_what_was_computed_by_hand(year: Database, wanted: Slice) -> None:
    assert in_words(report(year, wanted.period, wanted.queues, wanted.by)) == wanted.expected


def test_the_week_before_is_the_week_that_was_computed(year: Database) -> None:
    week, after = Period(date(2026, 2, 16), date(2026, 2, 22)), Period(date(2026, 2, 23), date(2026, 3, 1))
    assert report(year, after, ["s1"]).before == report(year, week, ["s1"]).total


PARTS: tuple[Dimension, ...] = ("queue", "type", "priority", "tag", "stage", "day", "hour")


@pytest.fixture(scope="module")
def by_part(year: Database) -> dict[Dimension, DeskReport]:
    """The report of the whole year, by each part: read once."""
    return {by: report(year, YEAR, by=by) for by in PARTS}


def test_counted_and_excluded_are_all_that_was_opened(by_part: dict[Dimension, DeskReport]) -> None:
    for by, found in by_part.items():
        for counts in (found.total.counts, *(row.figures.counts for row in found.rows)):
            assert counts.counted + sum(counts.excluded.values()) == counts.opened, by
        assert found.total.counts.opened == TICKETS + 20


def test_parts_that_divide_the_desk_add_up_to_it(by_part: dict[Dimension, DeskReport]) -> None:
    for by, found in by_part.items():
        if by in {"tag", "hour"}:
            continue
        rows = [row.figures for row in found.rows]
        assert sum(row.counts.opened for row in rows) == found.total.counts.opened, by
        assert sum(row.counts.resolved for row in rows) == found.total.counts.resolved, by
        assert sum(row.first_answer.n for row in rows) == found.total.first_answer.n, by
        assert sum(row.satisfaction.answered for row in rows) == found.total.satisfaction.answered, by
        if by != "day":
            assert sum(row.counts.backlog for row in rows) == found.total.counts.backlog, by
        assert sum(found.hours.values()) == found.total.counts.opened


def test_what_was_received_has_an_outcome(year: Database) -> None:
    for by in ("queue", "day"):
        found = report(year, Period(date(2026, 3, 1), date(2026, 4, 30)), by=by)
        for counts in (found.total.counts, *(row.figures.counts for row in found.rows)):
            assert counts.received == sum(counts.outcomes.values())
        assert sum(row.figures.counts.received for row in found.rows) == found.total.counts.received > 0


def test_the_backlog_of_a_day_follows_from_that_of_the_day_before(year: Database) -> None:
    for queues in ((), ("suporte",), ("vendas", "s1")):
        found = report(year, Period(date(2026, 5, 1), date(2026, 7, 31)), queues)
        backlog = found.before.counts.backlog
        for row in found.days:
            counts = row.figures.counts
            backlog += counts.opened + counts.reopened - counts.resolved
            assert counts.backlog == backlog, row.value
        assert found.total.counts.backlog == backlog


def test_the_backlog_is_the_number_of_tickets_that_were_not_finished_at_midnight(year: Database) -> None:
    """As the events say, ticket by ticket."""
    with year.looking() as connection:
        wanted = select(schema.event).where(schema.event.c.kind.in_(("opened", "status"))).order_by(schema.event.c.id)
        events = connection.execute(wanted).all()
    for day in (date(2026, 2, 20), date(2026, 6, 30), date(2026, 12, 28)):
        midnight = datetime.combine(day + timedelta(days=1), datetime.min.time(), ZONE)
        status = {row.ticket: row.new for row in events if row.at < midnight}
        unfinished = sum(one not in {"resolved", "closed"} for one in status.values())
        assert report(year, Period(day, day)).total.counts.backlog == unfinished


def test_the_sums_are_what_a_fresh_count_of_all_events_says(year: Database) -> None:
    fold(year)
    before = _sums(year)
    year.transact(_forget)
    count(year)
    fold(year)
    assert _sums(year) == before


def _forget(connection: object) -> None:
    execute = connection.exec_driver_sql  # type: ignore[attr-defined]
    execute("DELETE FROM day_sum")
    execute("DELETE FROM counted")
    execute("INSERT INTO uncounted SELECT number, 1 FROM ticket")


def _sums(database: Database) -> dict[tuple[str, ...], object]:
    with database.looking() as connection:
        rows = connection.execute(select(schema.day_sum)).all()
    found = {(row.day, row.queue, row.part, row.value): row.figures for row in rows}
    assert len(found) == len(rows)
    return found
