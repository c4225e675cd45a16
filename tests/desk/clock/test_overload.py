"""A queue with more to do than ever at this hour: by tables that people can read."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from mailtickets.desk.clock.overload import Load, excesses, full_hour, percentile, same_moments

# measure | the last weeks, the latest first | now | what is said
TABLE = """
inflow  | 4 5 3 6 4 5 4 6      | 7   | 7 instead of 5, at most 6 in 8 weeks
inflow  | 4 5 3 6 4 5 4 6      | 6   | nothing
inflow  | 0 0 0 1 0 0 2 0      | 4   | nothing
inflow  | 0 0 0 1 0 0 2 0      | 5   | 5 instead of 0, at most 2 in 8 weeks
inflow  | 4 5 3                | 90  | nothing
inflow  | 4 5 3 6              | 90  | 90 instead of 5, at most 6 in 4 weeks
inflow  | 4 - - 5 - - 3 6      | 7   | 7 instead of 5, at most 6 in 4 weeks
inflow  | - - - - - - - -      | 90  | nothing
inflow  | 30 5 3 6 4 5 4 6     | 25  | nothing
backlog | 8 9 7 9 8 9 8 9      | 10  | 10 instead of 9, at most 9 in 8 weeks
backlog | 2 2 2 2 2 2 2 2      | 9   | nothing
oldest  | 600 60 0 0 0 0 0 0   | 3599| nothing
oldest  | 600 60 0 0 0 0 0 0   | 3600| 3600 instead of 0, at most 600 in 8 weeks
"""


@pytest.mark.parametrize("row", TABLE.strip().splitlines())
def test_it_is_said_what_no_such_hour_of_eight_weeks_had(row: str) -> None:
    measure, weeks, now, said = (cell.strip() for cell in row.split("|"))
    before = [Load() if week == "-" else Load(**{measure: int(week)}) for week in weeks.split()]
    found = excesses(Load(**{measure: int(now)}), before)
    words = [f"{one.value} instead of {one.usual}, at most {one.high} in {one.weeks} weeks" for one in found]
    assert words == ([] if said == "nothing" else [said])
    assert [one.measure for one in found] == [measure] * len(found)


def test_each_measure_is_compared_with_itself() -> None:
    weeks = [Load(inflow=5, backlog=20, oldest=7200)] * 8
    assert [one.measure for one in excesses(Load(9, 20, 7200), weeks)] == ["inflow"]
    assert [one.measure for one in excesses(Load(9, 21, 7201), weeks)] == ["inflow", "backlog", "oldest"]
    assert excesses(Load(5, 20, 7200), weeks) == ()


def test_of_twenty_values_the_nineteenth_is_the_95th_percentile() -> None:
    assert percentile(range(1, 21), 0.95) == 19
    assert percentile([7], 0.95) == 7


def test_the_same_time_on_the_wall_across_daylight_saving() -> None:
    """Madrid goes from UTC+1 to UTC+2 on 2026-03-29: eight o'clock is an hour earlier in UTC after that."""
    madrid = ZoneInfo("Europe/Madrid")
    now = datetime(2026, 4, 6, 8, 0, tzinfo=madrid)
    one, two = same_moments(now, madrid, weeks=2)
    assert [f"{at:%m-%d %H:%M}" for at in (one, two)] == ["03-30 06:00", "03-23 07:00"]


def test_a_time_that_a_day_has_not_is_an_hour_later() -> None:
    madrid = ZoneInfo("Europe/Madrid")
    (week_before,) = same_moments(datetime(2026, 4, 5, 2, 30, tzinfo=madrid), madrid, weeks=1)
    assert f"{week_before.astimezone(madrid):%m-%d %H:%M}" == "03-29 03:30"


def test_an_hour_begins_where_the_desk_is() -> None:
    kathmandu = ZoneInfo("Asia/Kathmandu")
    at = datetime(2026, 3, 3, 10, 20, tzinfo=kathmandu)
    assert f"{full_hour(at, kathmandu):%H:%M}" == "04:15"
