"""When a scheduled report is due, by the clock on the wall, and which days it is about."""

from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from mailtickets.desk.figures.slots import slot_due

TABLE = """
schedule   | local time       | slot       | since      | until
08:00      | 2026-12-02 08:00 | 2026-12-02 | 2026-12-01 | 2026-12-01
08:00      | 2026-12-02 07:59 | -          |            |
08:00      | 2026-12-02 23:50 | 2026-12-02 | 2026-12-01 | 2026-12-01
23:30      | 2026-12-03 01:00 | 2026-12-02 | 2026-12-01 | 2026-12-01
23:30      | 2026-12-03 05:31 | -          |            |
mon 08:00  | 2026-11-30 08:00 | 2026-11-30 | 2026-11-23 | 2026-11-29
mon 08:00  | 2026-11-30 18:00 | 2026-11-30 | 2026-11-23 | 2026-11-29
mon 08:00  | 2026-12-01 08:00 | -          |            |
mon 08:00  | 2026-11-29 08:00 | -          |            |
sun 23:00  | 2026-11-30 02:00 | 2026-11-29 | 2026-11-22 | 2026-11-28
1 08:00    | 2026-12-01 09:00 | 2026-12-01 | 2026-11-01 | 2026-11-30
1 08:00    | 2026-12-02 09:00 | -          |            |
15 08:00   | 2026-03-15 09:00 | 2026-03-15 | 2026-02-15 | 2026-03-14
31 08:00   | 2026-02-28 08:00 | 2026-02-28 | 2026-01-31 | 2026-02-27
31 08:00   | 2024-02-29 08:00 | 2024-02-29 | 2024-01-31 | 2024-02-28
31 08:00   | 2026-03-31 08:00 | 2026-03-31 | 2026-02-28 | 2026-03-30
31 08:00   | 2026-04-29 08:00 | -          |            |
31 08:00   | 2026-04-30 08:00 | 2026-04-30 | 2026-03-31 | 2026-04-29
1 08:00    | 2027-01-01 08:00 | 2027-01-01 | 2026-12-01 | 2026-12-31
"""


@pytest.mark.parametrize("line", TABLE.strip().splitlines()[1:])
def test_a_slot_and_its_period(line: str) -> None:
    schedule, local, slot, since, until = (cell.strip() for cell in line.split("|"))
    found = slot_due(schedule, datetime.fromisoformat(local))
    if slot == "-":
        assert found is None
    else:
        assert found is not None
        said = (found.day, found.period.since, found.period.until)
        assert tuple(map(str, said)) == (slot, since, until)


@pytest.mark.parametrize("schedule", ["08:00", "mon 08:00", "1 08:00", "31 08:00", "15 02:30"])
def test_the_periods_of_one_schedule_leave_out_no_day_and_none_is_in_two(schedule: str) -> None:
    here, slots = datetime(2026, 1, 1, 12, tzinfo=ZoneInfo("America/Sao_Paulo")), []
    for _ in range(800):
        slot = slot_due(schedule, here)
        slots += [slot] if slot and slot not in slots else []
        here += timedelta(days=1)
    assert len(slots) > 20
    for one, next_one in pairwise(slots):
        assert next_one.period.since == one.period.until + timedelta(days=1)


def test_daylight_saving_makes_a_slot_once() -> None:
    lisbon = ZoneInfo("Europe/Lisbon")
    left_out = [datetime(2026, 3, 29, hour, 30, tzinfo=ZoneInfo("UTC")).astimezone(lisbon) for hour in (0, 1, 2)]
    assert [slot_due("01:15", here) is not None for here in left_out] == [False, True, True]  # 01:15 is never shown
    twice = [datetime(2026, 10, 25, hour, 20, tzinfo=ZoneInfo("UTC")).astimezone(lisbon) for hour in (0, 1)]
    assert [f"{here:%H:%M}" for here in twice] == ["01:20", "01:20"]
    assert {slot_due("01:15", here).day for here in twice if slot_due("01:15", here)} == {twice[0].date()}
