"""How a due time came about: the stretches of a clock's way, by hand, and their sums against the calendar's."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtickets.desk.clock.calendar import EVERY_HOUR, OpenHours, due, open_hours, worked
from mailtickets.desk.clock.clocks import Clock, Span, Why
from mailtickets.desk.clock.stretches import MAX_STRETCHES, stretches

SAO_PAULO, MADRID = ZoneInfo("America/Sao_Paulo"), ZoneInfo("Europe/Madrid")
OFFICE = open_hours(
    "comercial",
    SAO_PAULO,
    {"mon-fri": "08:00-12:00 13:00-18:00", "sat": "08:00-12:00"},
    {"12-24": "08:00-12:00", "12-31": "closed"},
    [date(2026, 12, 25), date(2026, 12, 27)],
)
"""Christmas is a Friday; the second holiday is a Sunday, on which nobody works anyway."""
NIGHTS = open_hours("noite", MADRID, {"mon-sun": "22:00-06:00"}, {}, [])


def at(words: str, zone: ZoneInfo = SAO_PAULO) -> datetime:
    return datetime.fromisoformat(f"2026-{words}").replace(tzinfo=zone)


def a_clock(*spans: Span, due_at: datetime | None = None, ended_at: datetime | None = None) -> Clock:
    return Clock("resolution", "padrao", spans[0].since, due_at, "running", ended_at, spans)


def span(since: datetime, until: datetime | None = None, why: Why = "desk-acts") -> Span:
    return Span(since, until, counted=why == "desk-acts", why=why)


def told(clock: Clock, hours: OpenHours = OFFICE, now: datetime = datetime(2027, 1, 1, tzinfo=UTC)) -> list[str]:
    """One line for each stretch, in the time zone of the calendar."""
    return [
        f"{one.since.astimezone(hours.zone):%d.%m. %H:%M} {one.until.astimezone(hours.zone):%d.%m. %H:%M} {one.kind}"
        + (f" {one.counted}" if one.counted else "")
        for one in stretches(clock, hours, now)
    ]


def test_the_hours_of_each_day_count_up_to_the_due_time() -> None:
    assert told(a_clock(span(at("12-18 17:50")), due_at=at("12-19 08:10"))) == [
        "18.12. 17:50 18.12. 18:00 counts 0:10:00",
        "19.12. 08:00 19.12. 08:10 counts 0:10:00",
    ]


def test_a_closed_day_says_why_it_is_closed_and_a_free_sunday_does_not() -> None:
    assert told(a_clock(span(at("12-24 11:00")), due_at=at("12-28 09:00"))) == [
        "24.12. 11:00 24.12. 12:00 counts 1:00:00",
        "25.12. 00:00 26.12. 00:00 holiday",
        "26.12. 08:00 26.12. 12:00 counts 4:00:00",
        "28.12. 08:00 28.12. 09:00 counts 1:00:00",
    ]
    assert told(a_clock(span(at("12-30 17:00")), due_at=at("01-01 00:00").replace(year=2027)))[-1] == (
        "31.12. 00:00 01.01. 00:00 own-day"
    )


def test_time_in_which_the_customer_is_waited_for_is_a_stretch_that_does_not_count() -> None:
    clock = a_clock(
        span(at("12-21 08:00"), at("12-21 09:00")),
        span(at("12-21 09:00"), at("12-22 08:00"), "waits-for-customer"),
        span(at("12-22 08:00"), at("12-22 09:00")),
        span(at("12-22 09:00"), at("12-23 08:00"), "finished"),
        span(at("12-23 08:00")),
        due_at=at("12-23 10:00"),
    )
    assert told(clock) == [
        "21.12. 08:00 21.12. 09:00 counts 1:00:00",
        "21.12. 09:00 22.12. 08:00 paused",
        "22.12. 08:00 22.12. 09:00 counts 1:00:00",
        "22.12. 09:00 23.12. 08:00 finished",
        "23.12. 08:00 23.12. 10:00 counts 2:00:00",
    ]


def test_a_paused_clock_is_told_until_now() -> None:
    clock = a_clock(span(at("12-21 08:00"), at("12-21 09:00")), span(at("12-21 09:00"), None, "waits-for-customer"))
    assert told(clock, now=at("12-21 10:30"))[-1] == "21.12. 09:00 21.12. 10:30 paused"


def test_a_clock_that_has_ended_is_told_until_its_end() -> None:
    clock = a_clock(span(at("12-21 08:00"), at("12-21 09:30")), due_at=at("12-21 12:00"), ended_at=at("12-21 09:30"))
    assert told(clock) == ["21.12. 08:00 21.12. 09:30 counts 1:30:00"]


def test_a_night_counts_on_both_its_dates_and_the_night_of_summer_time_has_seven_hours() -> None:
    clock = a_clock(span(at("03-28 22:00", MADRID)), due_at=at("03-29 23:00", MADRID))
    assert told(clock, NIGHTS) == [
        "28.03. 22:00 29.03. 00:00 counts 2:00:00",
        "29.03. 00:00 29.03. 06:00 counts 5:00:00",
        "29.03. 22:00 29.03. 23:00 counts 1:00:00",
    ]


def test_where_every_hour_counts_the_way_is_one_stretch() -> None:
    clock = a_clock(span(at("12-18 17:50")), due_at=at("12-25 17:50"))
    (one,) = stretches(clock, EVERY_HOUR, at("12-31 00:00"))
    assert one.counted == timedelta(days=7)


def test_a_clock_of_many_years_has_no_more_stretches_than_anybody_reads() -> None:
    clock = a_clock(span(at("12-18 08:00")), due_at=at("12-18 08:00").replace(year=2036))
    assert len(stretches(clock, OFFICE, at("12-31 00:00"))) == MAX_STRETCHES


MOMENTS = st.datetimes(datetime(2026, 12, 1), datetime(2027, 1, 31)).map(lambda naive: naive.replace(tzinfo=UTC))  # noqa: DTZ001


@given(MOMENTS, st.timedeltas(timedelta(minutes=1), timedelta(days=3)))
def test_what_counted_is_what_the_clock_may_take(start: datetime, allowed: timedelta) -> None:
    until = due(OFFICE, start, allowed)
    assert until is not None
    found = stretches(a_clock(span(start), due_at=until), OFFICE, until)
    assert sum((one.counted for one in found), timedelta()) == allowed == worked(OFFICE, start, until)
    assert [one.since for one in found] == sorted(one.since for one in found)


@pytest.mark.parametrize("hours", [OFFICE, NIGHTS, EVERY_HOUR])
def test_a_clock_that_has_just_begun_has_no_stretches(hours: OpenHours) -> None:
    assert stretches(a_clock(span(at("12-21 08:00"))), hours, at("12-21 08:00")) == ()
