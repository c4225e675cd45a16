"""The tables `[[calendar]]`: what is wrong with them is said by its key."""

from pathlib import Path

import holidays
import pytest

from mailtickets.config.calendars import holiday_regions
from mailtickets.config.hours import read_day, read_shifts, read_weekdays
from mailtickets.config.load import load
from mailtickets.config.models import Config
from mailtickets.config.places import ConfigError
from tests.test_config import AGENT, LEAST

HEAD = '[[calendar]]\nname = "comercial"\n'
WHOLE = """
[[calendar]]
name = "comercial"
timezone = "America/Sao_Paulo"
hours = { "mon-fri" = "08:00-12:00 13:00-18:00", sat = "08:00-12:00" }
holidays = ["BR", "BR-SP"]
optional_holidays = "open"
days = { "12-24" = "08:00-12:00", "2026-12-23" = "closed", "easter+60" = "closed", "11-20" = "open" }
"""


def loaded(tmp_path: Path, text: str) -> Config:
    file = tmp_path / "config.toml"
    file.write_text(LEAST + text, encoding="utf-8")
    return load(file)


def problems(tmp_path: Path, text: str) -> dict[str, str]:
    with pytest.raises(ConfigError) as found:
        loaded(tmp_path, text)
    return dict(found.value.problems)


def test_a_whole_calendar_is_read(tmp_path: Path) -> None:
    calendar = loaded(tmp_path, WHOLE).calendar[0]
    assert (calendar.name, calendar.holidays, calendar.optional_holidays) == ("comercial", ("BR", "BR-SP"), "open")


def test_a_name_is_enough(tmp_path: Path) -> None:
    assert loaded(tmp_path, HEAD).calendar[0].timezone == ""


MISTAKES = {
    "an unknown weekday": ('hours = { workdays = "08:00-12:00" }', "hours.workdays", "mon-fri"),
    "an unknown weekday in a span": ('hours = { "mon-fry" = "08:00-12:00" }', "hours.mon-fry", "'mon-fry'"),
    "a time that there is not": ('hours = { mon = "08:00-25:00" }', "hours.mon", "25:00"),
    "a minute that there is not": ('hours = { mon = "08:60-12:00" }', "hours.mon", "08:60"),
    "hours without minutes": ('hours = { mon = "8-12" }', "hours.mon", "08:00-12:00"),
    "no hours": ('hours = { mon = "" }', "hours.mon", "closed"),
    "no time between": ('hours = { mon = "08:00-08:00" }', "hours.mon", "00:00-24:00"),
    "overlapping hours": ('hours = { mon = "08:00-12:00 11:00-18:00" }', "hours.mon", "08:00-12:00 and 11:00-18:00"),
    "a night that reaches into the next day's hours": (
        'hours = { "mon-tue" = "22:00-06:00", wed = "05:00-12:00" }',
        "hours.wed",
        "tue 22:00-06:00 and wed 05:00-12:00 overlap",
    ),
    "a night that reaches from Sunday into Monday": (
        'hours = { sun = "22:00-06:00", mon = "05:59-12:00" }',
        "hours.mon",
        "sun 22:00-06:00 and mon 05:59-12:00 overlap",
    ),
    "a night that reaches into its own morning": (
        'hours = { "mon-sun" = "05:00-12:00 22:00-06:00" }',
        "hours.mon-sun",
        "overlap",
    ),
    "a weekday twice": ('hours = { "mon-fri" = "08:00-12:00", wed = "08:00-10:00" }', "hours.wed", "'mon-fri'"),
    "an unknown region": ('holidays = ["BR-SPP"]', "holidays.0", "'BR-SP'"),
    "a region in small letters": ('holidays = ["BR", "br-rj"]', "holidays.1", "'BR-RJ'"),
    "a region like no other": ('holidays = ["Atlantis"]', "holidays.0", "there is no region 'Atlantis'"),
    "an unknown choice": ('optional_holidays = "half"', "optional_holidays", "'closed' or 'open'"),
    "a day that there is not": ('days = { "02-30" = "closed" }', "days.02-30", "no day '02-30'"),
    "a day of a year that there is not": ('days = { "2026-02-29" = "closed" }', "days.2026-02-29", "no day"),
    "a day in words": ('days = { "Natal" = "closed" }', "days.Natal", "easter+60"),
    "a day with day and month in the wrong order": ('days = { "25-12" = "closed" }', "days.25-12", "month-day"),
    "a day with unreadable hours": ('days = { "12-24" = "morning" }', "days.12-24", "08:00-12:00"),
    "a day twice": ('days = { "easter" = "closed", "easter+0" = "open" }', "days.easter+0", "'easter'"),
    "an unknown time zone": ('timezone = "Brasilia"', "timezone", "America/Sao_Paulo"),
    "an unknown key": ('holyday = "BR"', "holyday", "no such key"),
}


@pytest.mark.parametrize("what", MISTAKES)
def test_a_mistake_is_named_with_its_key_path(tmp_path: Path, what: str) -> None:
    text, key, says = MISTAKES[what]
    assert says in problems(tmp_path, HEAD + text)[f"calendar.0.{key}"]


def test_all_mistakes_are_said_at_once(tmp_path: Path) -> None:
    text = HEAD + 'hours = { mo = "8" }\nholidays = ["XX"]\ndays = { "13-01" = "closed" }\n' + HEAD
    assert set(problems(tmp_path, text)) == {
        "calendar.0.hours.mo", "calendar.0.holidays.0", "calendar.0.days.13-01", "calendar.0.name", "calendar.1.name",
    }  # fmt: skip


def test_a_calendar_that_nobody_wrote_is_named_where_it_is_asked_for(tmp_path: Path) -> None:
    level = '[[service_level]]\nname = "padrao"\ncalendar = "comercal"\n'
    found = problems(tmp_path, WHOLE + AGENT + 'calendar = "noite"\n' + level)
    assert found["agent.0.calendar"] == "there is no calendar 'noite'"
    assert found["service_level.0.calendar"] == "there is no calendar 'comercal'; the nearest is 'comercial'"


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("mon", (0,)),
        ("mon-fri", (0, 1, 2, 3, 4)),
        ("fri-mon", (4, 5, 6, 0)),
        ("sat,sun", (5, 6)),
        ("Mon - Wed, sat", (0, 1, 2, 5)),
        ("seg-sex", (0, 1, 2, 3, 4)),
        ("sábado", (5,)),
        ("lun-vie", (0, 1, 2, 3, 4)),
    ],
)
def test_days_of_the_week_may_be_named_in_three_languages(text: str, days: tuple[int, ...]) -> None:
    assert read_weekdays(text) == days


def test_shifts_are_minutes_in_their_order_and_nights_end_beyond_midnight() -> None:
    assert read_shifts("13:00-18:00 08:00-12:00") == ((480, 720), (780, 1080))
    assert read_shifts("22:00-06:00") == ((1320, 1800),)
    assert read_shifts("00:00-24:00") == ((0, 1440),)
    assert read_shifts("18:00-00:00") == ((1080, 1440),)
    assert read_shifts("closed") == ()


def test_days_of_the_year_are_one_of_three_things() -> None:
    found = [read_day(text) for text in ("02-29", "easter", "easter-47", "easter+60")]
    assert [(day.each_year, day.after_easter) for day in found] == [((2, 29), None), (None, 0), (None, -47), (None, 60)]
    assert str(read_day("2028-02-29").on) == "2028-02-29"


def test_the_regions_are_those_of_the_library() -> None:
    known = {name: parts for name, parts in holidays.list_supported_countries().items() if len(name) == 2}
    assert set(holiday_regions()) == {*known, *(f"{name}-{part}" for name, parts in known.items() for part in parts)}
