"""Working time, against spans that were computed by hand, and what holds for any calendar."""

import tomllib
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtickets.desk.clock.calendar import (
    EVERY_HOUR,
    MAX_WALK,
    OpenHours,
    day_length,
    due,
    intervals,
    is_open,
    length,
    next_open,
    open_hours,
    worked,
)
from mailtickets.desk.clock.easter import easter

HERE = Path(__file__).parent
CALENDARS: dict[str, Any] = tomllib.loads((HERE / "calendars.toml").read_text(encoding="utf-8"))


def calendar(name: str) -> OpenHours:
    if name == "-":
        return EVERY_HOUR
    table = CALENDARS[name]
    return open_hours(name, ZoneInfo(table["zone"]), table["hours"], table.get("days", {}), table.get("closed", []))


@dataclass(frozen=True)
class Line:
    text: str
    asked: str
    hours: OpenHours
    start: datetime
    amount: timedelta
    end: datetime | None


def lines() -> list[Line]:
    texts = (HERE / "spans.txt").read_text(encoding="utf-8").splitlines()
    return [line(text) for text in texts if text and not text.startswith("#")]


def line(text: str) -> Line:
    asked, name, *rest = text.split()
    hours = calendar(name)
    start, rest = moment(rest, hours.zone)
    amount, *rest = rest
    end = None if rest[0] == "never" else moment(rest, hours.zone)[0]
    return Line(text, asked, hours, start, span(amount), end)


def moment(words: list[str], zone: ZoneInfo) -> tuple[datetime, list[str]]:
    weekday, day, time, *rest = words
    again = rest[:1] == ["again"]
    found = datetime.fromisoformat(f"{day} {time}").replace(tzinfo=zone, fold=again)
    assert f"{found:%a}" == weekday, f"{day} is a {found:%a}"
    return found, rest[again:]


def utc(at: datetime | None) -> datetime | None:
    """Python compares no moment of another time zone with one that comes twice (PEP 495)."""
    return at and at.astimezone(UTC)


def span(text: str) -> timedelta:
    hours, minutes, seconds = (int(part) for part in f"{text[1:]}:0".split(":")[:3])
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)


@pytest.mark.parametrize("row", lines(), ids=lambda row: " ".join(row.text.split()))
def test_a_span_computed_by_hand(row: Line) -> None:
    if row.asked == "due":
        assert due(row.hours, row.start, row.amount) == utc(row.end)
    if row.end is not None:
        assert worked(row.hours, row.start, row.end) == row.amount


def test_there_are_as_many_spans_as_were_promised() -> None:
    assert len(lines()) >= 80


# --- open or not ------------------------------------------------------------------------------------------

OPENINGS = """
comercial  Mon 2026-11-30 07:59   closed   Mon 2026-11-30 08:00
comercial  Mon 2026-11-30 08:00   open     Mon 2026-11-30 08:00
comercial  Mon 2026-11-30 12:00   closed   Mon 2026-11-30 13:00
comercial  Sat 2026-11-28 12:00   closed   Mon 2026-11-30 08:00
comercial  Fri 2026-11-20 10:00   closed   Sat 2026-11-21 08:00
comercial  Thu 2026-12-24 12:00   closed   Sat 2026-12-26 08:00
noite      Sat 2026-11-28 05:59   open     Sat 2026-11-28 05:59
noite      Sat 2026-11-28 06:00   closed   Mon 2026-11-30 22:00
noite      Tue 2026-12-01 00:00   open     Tue 2026-12-01 00:00
madrid-0230 Sun 2026-03-29 01:59  closed   Sun 2026-03-29 03:00
-          Sun 2026-11-29 03:00   open     Sun 2026-11-29 03:00
vazio      Mon 2026-11-30 08:00   closed   never
"""


@pytest.mark.parametrize("text", OPENINGS.strip().splitlines())
def test_open_or_when_next(text: str) -> None:
    name, *rest = text.split()
    hours = calendar(name)
    at, (state, *rest) = moment(rest, hours.zone)
    opening = None if rest == ["never"] else moment(rest, hours.zone)[0]
    assert (is_open(hours, at), next_open(hours, at)) == (state == "open", utc(opening))


# --- a day of a calendar ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "hours"),
    [("comercial", 9), ("semana", 10), ("noite", 8), ("madrid", 8), ("turnos", 24), ("-", 24), ("vazio", 24)],
)
def test_a_day_is_the_open_time_of_the_usual_day_of_the_week(name: str, hours: int) -> None:
    assert day_length(calendar(name)) == timedelta(hours=hours)


def test_of_two_lengths_that_are_equally_usual_the_longer_one_is_a_day() -> None:
    hours = open_hours("", ZoneInfo("UTC"), {"mon,tue": "08:00-12:00", "wed,thu": "08:00-16:00"}, {}, [])
    assert day_length(hours) == timedelta(hours=8)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("comercial", "2d", timedelta(hours=18)),
        ("comercial", "4h", timedelta(hours=4)),
        ("comercial", "90m", timedelta(minutes=90)),
        ("-", "2d", timedelta(days=2)),
        ("comercial", "soon", None),
        ("comercial", "", None),
    ],
)
def test_a_duration_in_days_is_one_of_the_calendars_days(name: str, text: str, expected: timedelta | None) -> None:
    assert length(calendar(name), text) == expected


def test_intervals_that_touch_over_the_end_of_a_month_are_one() -> None:
    zone = ZoneInfo("America/Sao_Paulo")
    since, until = datetime(2026, 11, 30, tzinfo=zone), datetime(2026, 12, 2, tzinfo=zone)
    first, second = intervals(calendar("noite"), since, until)
    assert [str(moment.astimezone(zone))[:16] for moment in first] == ["2026-11-30 22:00", "2026-12-01 06:00"]
    assert [str(moment.astimezone(zone))[:16] for moment in second] == ["2026-12-01 22:00", "2026-12-02 00:00"]


def test_a_night_in_which_clocks_change_is_as_long_as_it_is_also_where_every_hour_counts() -> None:
    evening = datetime(2026, 3, 28, 22, tzinfo=ZoneInfo("Europe/Madrid"))
    morning = datetime(2026, 3, 29, 6, tzinfo=ZoneInfo("Europe/Madrid"))
    assert worked(EVERY_HOUR, evening, morning) == timedelta(hours=7)
    assert due(EVERY_HOUR, evening, timedelta(hours=7)) == morning


def test_every_moment_that_comes_out_is_in_utc() -> None:
    at = datetime(2026, 11, 30, 8, tzinfo=ZoneInfo("America/Sao_Paulo"))
    for hours in (calendar("comercial"), EVERY_HOUR):
        moments = [due(hours, at, timedelta(hours=1)), due(hours, at, timedelta()), next_open(hours, at)]
        moments += [moment for pair in intervals(hours, at, at + timedelta(days=1)) for moment in pair]
        assert {moment.tzinfo for moment in moments if moment} == {UTC}


# --- Easter -----------------------------------------------------------------------------------------------

EASTERS = """
1961-04-02 1981-04-19 2000-04-23 2008-03-23 2011-04-24 2024-03-31 2025-04-20 2026-04-05 2027-03-28 2028-04-16
2038-04-25 2049-04-18 2076-04-19 2285-03-22
"""


def test_easter_of_these_years_is_in_the_almanacs() -> None:
    days = [date.fromisoformat(day) for day in EASTERS.split()]
    assert [easter(day.year) for day in days] == days


def test_easter_is_a_sunday_between_22_march_and_25_april() -> None:
    days = [easter(year) for year in range(1583, 4000)]
    assert {day.weekday() for day in days} == {6}
    assert (min((day.month, day.day) for day in days), max((day.month, day.day) for day in days)) == ((3, 22), (4, 25))


# --- what holds for any calendar --------------------------------------------------------------------------

ZONES = ["America/Sao_Paulo", "Europe/Madrid", "America/Santiago", "Australia/Lord_Howe", "America/New_York", "UTC",
         "Asia/Kathmandu", "Africa/Casablanca"]  # fmt: skip
MINUTES = st.integers(0, 1439)
SHIFTS = st.lists(MINUTES, min_size=0, max_size=6, unique=True).map(
    lambda minutes: tuple(zip(sorted(minutes)[::2], sorted(minutes)[1::2], strict=False))
)
NIGHT = st.tuples(MINUTES, MINUTES).map(lambda pair: ((pair[0], pair[1] + 1440),) if pair[0] > pair[1] else ())
DAYS = st.dates(date(2025, 12, 1), date(2028, 2, 1))
OPEN_HOURS = st.builds(
    OpenHours,
    st.just("any"),
    st.sampled_from(ZONES).map(ZoneInfo),
    st.lists(st.one_of(SHIFTS, NIGHT), min_size=7, max_size=7).map(tuple),
    st.dictionaries(DAYS, st.one_of(st.none(), SHIFTS), max_size=4),
    st.just({}),
    st.dictionaries(st.integers(-60, 70), SHIFTS, max_size=2),
    st.frozensets(DAYS, max_size=10),
)
MOMENTS = st.timedeltas(timedelta(), timedelta(days=730)).map(lambda after: datetime(2026, 1, 1, tzinfo=UTC) + after)
AMOUNTS = st.timedeltas(timedelta(), timedelta(hours=400))


@given(OPEN_HOURS, MOMENTS, AMOUNTS)
def test_what_is_due_after_so_much_has_so_much_before_it(hours: OpenHours, start: datetime, amount: timedelta) -> None:
    end = due(hours, start, amount)
    if end is None:
        assert worked(hours, start, start + MAX_WALK) < amount
    else:
        assert worked(hours, start, end) == amount
        assert end == start or worked(hours, end - timedelta(microseconds=1), end) == timedelta(microseconds=1)


@given(OPEN_HOURS, MOMENTS, MOMENTS, MOMENTS)
def test_open_time_adds_up(hours: OpenHours, one: datetime, two: datetime, three: datetime) -> None:
    first, middle, last = sorted((one, two, three))
    assert worked(hours, first, middle) + worked(hours, middle, last) == worked(hours, first, last)


@given(OPEN_HOURS, MOMENTS, MOMENTS, AMOUNTS, AMOUNTS)
def test_what_begins_later_or_takes_longer_is_not_due_earlier(
    hours: OpenHours, one: datetime, two: datetime, less: timedelta, more: timedelta
) -> None:
    earlier, later = sorted((one, two))
    short, long = sorted((less, more))
    dues = [due(hours, earlier, short), due(hours, earlier, long), due(hours, later, long)]
    known = [moment for moment in dues if moment]
    assert known == sorted(known)


@given(OPEN_HOURS, MOMENTS, st.timedeltas(timedelta(), timedelta(days=500)))
def test_open_time_is_never_more_than_time_and_is_that_of_the_intervals(
    hours: OpenHours, start: datetime, width: timedelta
) -> None:
    found = intervals(hours, start, start + width)
    total = worked(hours, start, start + width)
    assert timedelta() <= total <= width
    assert total == sum((last - first for first, last in found), timedelta())
    assert all(earlier[1] < later[0] for earlier, later in pairwise(found))


@given(OPEN_HOURS, MOMENTS)
def test_the_next_opening_is_open_and_nothing_is_open_before_it(hours: OpenHours, at: datetime) -> None:
    opening = next_open(hours, at)
    assert is_open(hours, at) == (opening == at)
    if opening:
        assert is_open(hours, opening)
        assert worked(hours, at, opening) == timedelta()
