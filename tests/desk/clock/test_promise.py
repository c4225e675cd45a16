"""What customers may expect, from the history of their queue."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from mailtickets.config.calendars import Calendar
from mailtickets.config.levels import ServiceLevel
from mailtickets.desk.clock.calendar import EVERY_HOUR, open_hours
from mailtickets.desk.clock.promise import (
    AnswerTime,
    ExpectedOutcome,
    KeptShare,
    UsualWait,
    arrival,
    backtest,
    calendar_of,
    expected,
    figures,
    may_be_said,
)
from mailtickets.desk.model.policy import Policy
from tests.desk.builders import a_config

ZONE = ZoneInfo("America/Sao_Paulo")
WEEK = {"mon-fri": "08:00-12:00 13:00-18:00"}
HOURS = open_hours("comercial", ZONE, WEEK, {}, [datetime(2026, 11, 20).date()])  # noqa: DTZ001
NOW = datetime(2026, 11, 30, 15, 10, tzinfo=ZONE)
"""A Monday."""
HOUR = timedelta(hours=1)


def at(day: int, hour: int, minute: int = 0, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=ZONE)


def answers(count: int, hour: int, *, day: int = 10, first: float = 1, step: float = 0) -> list[AnswerTime]:
    """So many answers to mail of one hour of a day; the first took so many hours, each next one a step more."""
    return [AnswerTime(at(day, hour, number % 60), (first + number * step) * HOUR) for number in range(count)]


def usual(waits: list[AnswerTime], day: int = 30, hour: int = 9) -> tuple[float, float] | None:
    """Hours within which half, and 8 in 10, may expect an answer to mail of that moment."""
    found = figures(waits, HOURS, ZONE, NOW).get(arrival(at(day, hour), HOURS, ZONE))
    return (found.half / HOUR, found.most / HOUR) if found else None


# --- which answers are alike ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "kind"),
    [
        (at(30, 9), ("weekday", 9)),
        (at(30, 23, 59), ("weekday", 23)),
        (at(28, 9), ("closed", 9)),
        (at(20, 9), ("closed", 9)),
        (at(30, 1).astimezone(UTC), ("weekday", 1)),
    ],
)
def test_a_day_on_which_nobody_works_is_a_kind_of_its_own(moment: datetime, kind: tuple[str, int]) -> None:
    assert arrival(moment, HOURS, ZoneInfo("UTC")) == kind


def test_without_a_calendar_days_are_those_of_the_instance_and_weekends_a_kind_of_their_own() -> None:
    assert arrival(at(28, 9), EVERY_HOUR, ZONE) == ("weekend", 9)
    assert arrival(at(27, 23), EVERY_HOUR, ZONE) == ("weekday", 23)


def test_half_and_eight_in_ten_are_counted_and_not_guessed() -> None:
    assert usual(answers(30, 9, first=1, step=1)) == (15, 24)  # of 1 to 30 hours: the 15th and the 24th
    assert usual(answers(100, 9, first=0.1, step=0.1)) == pytest.approx((5, 8))


def test_thirty_answers_to_mail_of_that_hour_are_enough() -> None:
    assert usual([*answers(30, 9, first=2), *answers(100, 14, first=9)]) == (2, 2)


def test_with_fewer_the_hours_around_are_taken_too() -> None:
    assert usual([*answers(29, 9, first=2), *answers(10, 11, first=3), *answers(100, 15, first=9)]) == (2, 3)
    assert usual([*answers(20, 9, first=2), *answers(10, 7, first=3), *answers(100, 15, first=9)]) == (2, 3)


def test_then_all_hours_of_such_days() -> None:
    waits = [*answers(20, 9, first=2), *answers(20, 15, first=4), *answers(90, 9, day=14, first=9)]
    assert usual(waits) == (2, 4)


def test_then_all_days() -> None:
    assert usual([*answers(20, 9, first=2), *answers(20, 9, day=14, first=9)]) == (2, 9)


def test_then_nothing_is_said() -> None:
    assert usual(answers(29, 9)) is None


def test_what_is_older_than_eight_weeks_does_not_count() -> None:
    old = [AnswerTime(NOW - timedelta(weeks=8, minutes=1), HOUR)] * 40
    assert usual(old) is None
    assert usual([AnswerTime(NOW - timedelta(weeks=7, days=6), HOUR)] * 40) == (1, 1)


# --- the last days --------------------------------------------------------------------------------------


def test_nothing_is_promised_that_the_last_three_days_did_not_keep() -> None:
    slow = [AnswerTime(at(27, 16, minute), 6 * HOUR) for minute in range(5)]
    assert usual([*answers(95, 9, first=2), *slow]) == (2, 6)


def test_those_who_still_wait_count_with_what_they_have_waited() -> None:
    waiting = [AnswerTime(at(28, 16, minute), 7 * HOUR, answered=False) for minute in range(5)]
    assert usual([*answers(95, 9, first=2), *waiting]) == (2, 7)


def test_a_few_forgotten_tickets_change_nothing() -> None:
    waiting = [AnswerTime(at(28, 16, minute), 7 * HOUR, answered=False) for minute in range(4)]
    assert usual([*answers(95, 9, first=2), *waiting]) == (2, 2)


def test_who_has_waited_for_weeks_is_no_history_of_answers() -> None:
    waiting = [AnswerTime(at(10, 9, minute), 100 * HOUR, answered=False) for minute in range(50)]
    assert usual([*answers(30, 9, first=2), *waiting]) == (2, 2)


# --- one mail -------------------------------------------------------------------------------------------


def said(half: float, most: float, *, arrived: datetime = NOW, now: datetime = NOW) -> tuple[str, str | None] | None:
    """The moments for one mail, by the wall clock."""
    cell = arrival(arrived, HOURS, ZONE)
    found = expected({cell: UsualWait(half * HOUR, most * HOUR)}, HOURS, ZONE, arrived, now)
    if found is None:
        return None
    half_at = found.half_at and found.half_at.astimezone(ZONE)
    return f"{found.most_at.astimezone(ZONE):%a %H:%M}", half_at and f"{half_at:%a %H:%M}"


@pytest.mark.parametrize(
    ("half", "most", "moments"),
    [
        (0.1, 0.5, ("Mon 15:45", "Mon 15:30")),  # quarters within the hour
        (0.5, 2, ("Mon 17:30", "Mon 15:45")),  # half hours within four
        (1, 5, ("Tue 11:00", "Mon 16:15")),  # 2:50 until 18:00, 2:10 from 8:00: 10:10; whole hours beyond
        (2, 4, ("Tue 10:00", "Mon 17:30")),
        (4, 4, ("Tue 10:00", None)),
        (1, 1.02, ("Mon 16:30", "Mon 16:15")),
    ],
)
def test_moments_are_open_time_later_and_rounded_up(half: float, most: float, moments: tuple[str, str]) -> None:
    assert said(half, most) == moments


def test_a_whole_hour_stays_as_it_is() -> None:
    assert said(2 + 50 / 60, 4 + 50 / 60) == ("Tue 10:00", "Mon 18:00")


def test_mail_of_the_weekend_is_answered_on_monday() -> None:
    sunday = at(29, 20, 12)
    assert said(0.5, 2.5, arrived=sunday, now=sunday) == ("Mon 11:00", "Mon 09:00")


def test_moments_that_have_passed_are_not_said() -> None:
    assert said(1, 2, arrived=at(30, 9), now=NOW) is None
    assert said(1, 6, arrived=at(30, 9), now=NOW) == ("Mon 16:00", None)


def test_what_is_further_away_than_a_month_is_not_said() -> None:
    assert said(1, 180) is not None
    assert said(1, 200) is None


def test_where_nothing_is_known_nothing_is_said() -> None:
    assert expected({}, HOURS, ZONE, NOW, NOW) is None


# --- the calendar of a queue ----------------------------------------------------------------------------


def test_a_queue_has_the_calendar_of_its_first_level_or_the_only_one() -> None:
    two = (Calendar(name="comercial", hours=WEEK), Calendar(name="noite", hours=WEEK))
    levels = (
        ServiceLevel(name="vip", queues=("vendas",), calendar="noite"),
        ServiceLevel(name="padrao", calendar="comercial"),
    )
    policy = Policy.of(a_config(calendar=two, service_level=levels))
    assert [calendar_of(queue, policy).name for queue in ("vendas", "suporte")] == ["noite", "comercial"]
    assert calendar_of("suporte", Policy.of(a_config(calendar=two[:1]))).name == "comercial"
    assert calendar_of("suporte", Policy.of(a_config(calendar=two))).always
    assert calendar_of("suporte", Policy.of(a_config())).always


# --- whether it was true --------------------------------------------------------------------------------


def test_what_is_not_expected_yet_is_neither_kept_nor_broken() -> None:
    outcomes = [
        ExpectedOutcome(at(27, 10), at(27, 9)),
        ExpectedOutcome(at(27, 10), at(27, 10)),
        ExpectedOutcome(at(27, 10), at(27, 10, 1)),
        ExpectedOutcome(at(27, 10), None),
        ExpectedOutcome(at(30, 18), None),
        ExpectedOutcome(at(30, 18), at(30, 14)),
    ]
    assert backtest(outcomes, NOW) == KeptShare(2, 4)


@pytest.mark.parametrize(
    ("kept", "of", "was_said", "is_said"),
    [
        (75, 100, True, True),
        (74, 100, True, False),
        (79, 100, False, False),
        (80, 100, False, True),
        (0, 19, True, True),
        (19, 19, False, False),
        (14, 20, True, False),
    ],
)
def test_what_is_kept_too_seldom_is_not_said(kept: int, of: int, was_said: bool, is_said: bool) -> None:
    assert may_be_said(KeptShare(kept, of), was_said=was_said) == is_said
