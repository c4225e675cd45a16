"""Which holidays close a calendar."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from mailtickets.config.calendars import Calendar
from mailtickets.desk.clock.calendar import is_open, worked
from mailtickets.desk.clock.holidays import Holiday, hours_of
from mailtickets.desk.model.policy import Policy
from tests.desk.builders import ANA, BRUNO, a_config, an_agent

HOLIDAYS = [
    Holiday("BR", date(2026, 11, 20), "Consciência Negra", "public"),
    Holiday("BR", date(2026, 10, 28), "Dia do Servidor Público", "optional"),
    Holiday("BR-SP", date(2026, 7, 9), "Revolução Constitucionalista", "public"),
    Holiday("ES", date(2026, 1, 6), "Epifanía del Señor", "public"),
]
WEEK = {"mon-fri": "09:00-17:00"}


def a_calendar(**changes: Any) -> Calendar:
    return Calendar(**{"name": "comercial", "hours": WEEK, "holidays": ("BR",), **changes})


@pytest.mark.parametrize(
    ("changes", "day", "hours"),
    [
        ({}, date(2026, 11, 20), 0),
        ({}, date(2026, 10, 28), 0),
        ({"optional_holidays": "open"}, date(2026, 10, 28), 8),
        ({"optional_holidays": "open"}, date(2026, 11, 20), 0),
        ({"days": {"10-28": "open"}}, date(2026, 10, 28), 8),
        ({"days": {"11-20": "09:00-12:00"}}, date(2026, 11, 20), 3),
        ({}, date(2026, 7, 9), 8),
        ({"holidays": ("BR", "BR-SP")}, date(2026, 7, 9), 0),
        ({}, date(2026, 1, 6), 8),
        ({"holidays": ()}, date(2026, 11, 20), 8),
    ],
)
def test_a_calendar_is_closed_on_the_holidays_that_it_names(changes: dict[str, Any], day: date, hours: int) -> None:
    found = hours_of(a_calendar(**changes), HOLIDAYS, "America/Sao_Paulo")
    midnight = datetime(day.year, day.month, day.day, 3, tzinfo=UTC)
    assert worked(found, midnight, midnight + timedelta(days=1)) == timedelta(hours=hours)


def test_a_calendar_has_a_time_zone_of_its_own_or_that_of_the_instance() -> None:
    eight = datetime(2026, 1, 7, 8, 30, tzinfo=UTC)
    assert is_open(hours_of(a_calendar(timezone="Europe/Madrid"), [], "America/Sao_Paulo"), eight)
    assert not is_open(hours_of(a_calendar(), [], "America/Sao_Paulo"), eight)


# --- the policy -------------------------------------------------------------------------------------------


def test_an_agent_is_on_duty_by_their_calendar_and_always_without_one() -> None:
    ana, bruno = an_agent(ANA, calendar="comercial"), an_agent(BRUNO)
    policy = Policy.of(a_config(agent=(ana, bruno), calendar=(a_calendar(),)), HOLIDAYS)
    moments = [datetime(2026, 11, day, hour, tzinfo=UTC) for day, hour in [(19, 12), (19, 23), (20, 12), (21, 12)]]
    assert [policy.on_duty(ana, at) for at in moments] == [True, False, False, False]
    assert [policy.on_duty(bruno, at) for at in moments] == [True] * 4


def test_every_hour_counts_without_the_name_of_a_calendar() -> None:
    policy = Policy.of(a_config(calendar=(a_calendar(),)))
    assert policy.hours("").always
    assert policy.hours("comercial").name == "comercial"
