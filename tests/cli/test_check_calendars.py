"""What `check` says of calendars."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from mailtickets.cli.check.calendars import of_calendar, of_promises, unused, years_shown
from mailtickets.config.calendars import Calendar
from mailtickets.config.levels import ServiceLevel
from mailtickets.config.rules import Rule
from mailtickets.desk.clock.holidays import Holiday
from mailtickets.views.check import as_text
from tests.cli.conftest import Shell
from tests.desk.builders import ANA, a_config, a_queue, an_agent
from tests.store.office import Office

HOLIDAYS = [
    Holiday("BR", date(2026, 2, 16), "Carnaval", "optional"),
    Holiday("BR", date(2026, 10, 28), "Dia do Servidor Público", "optional"),
    Holiday("BR", date(2026, 11, 2), "Finados", "public"),
    Holiday("BR", date(2026, 11, 15), "Proclamação da República", "public"),
    Holiday("BR", date(2026, 11, 20), "Consciência Negra", "public"),
    Holiday("BR-SP", date(2026, 11, 20), "Consciência Negra", "public"),
    Holiday("BR-SP", date(2026, 12, 24), "Véspera de Natal", "optional"),
]
WEEK = {"mon-fri": "08:00-12:00 13:00-18:00", "sat": "08:00-12:00"}


def said(**changes: Any) -> list[str]:
    calendar = Calendar(**{"name": "comercial", "hours": WEEK, "holidays": ("BR", "BR-SP"), **changes})
    return [as_text(line) for line in of_calendar("calendar.0", calendar, HOLIDAYS, "America/Sao_Paulo", [2026])]


def test_the_year_is_shown_with_what_is_not_as_every_week() -> None:
    days = {"12-24": "08:00-12:00", "11-02": "open", "10-28": "open", "easter+60": "closed", "2027-01-25": "closed"}
    assert said(days=days, optional_holidays="closed") == [
        "ok       calendar.0: comercial: Mon-Fri 08:00-12:00 13:00-18:00, Sat 08:00-12:00 (America/Sao_Paulo)",
        (
            "ok       calendar.0: comercial: in 2026 other than usual: Mon 16 Feb closed (Carnaval, optional), "
            "Thu 4 Jun closed (easter+60), Fri 20 Nov closed (Consciência Negra), Thu 24 Dec 08:00-12:00 (12-24)"
        ),
    ]


def test_optional_holidays_that_nobody_decided_on_are_warned_of() -> None:
    (warning,) = [line for line in said(days={"10-28": "open"}) if line.startswith("warning")]
    assert warning == (
        "warning  calendar.0.optional_holidays: is not set: comercial is closed on days that are free in some "
        "companies only; in 2026 on Mon 16 Feb Carnaval, Thu 24 Dec Véspera de Natal\n"
        '         next: set it to "closed" if that is meant, or to "open"; single days go into days: "10-28" = "open"'
    )


@pytest.mark.parametrize("chosen", ["closed", "open"])
def test_a_decision_about_optional_holidays_is_not_questioned(chosen: str) -> None:
    assert not [line for line in said(optional_holidays=chosen) if line.startswith("warning")]


def test_a_calendar_in_which_nobody_ever_works_is_warned_of() -> None:
    found = said(hours={}, holidays=())
    assert found[1].startswith("warning  calendar.0.hours: comercial: no day has hours")
    assert found[2] == "ok       calendar.0: comercial: in 2026 as every week"


def test_from_october_on_the_next_year_is_shown_too() -> None:
    assert years_shown(datetime(2026, 9, 30, tzinfo=UTC)) == (2026,)
    assert years_shown(datetime(2026, 10, 1, tzinfo=UTC)) == (2026, 2027)


def test_the_command_computes_the_holidays_itself(shell: Shell, office: Office) -> None:
    table = '\n[[calendar]]\nname = "comercial"\nhours = { "mon-sun" = "08:00-18:00" }\nholidays = ["BR-SP"]\n'
    shell.config.write_text(shell.config.read_text(encoding="utf-8") + table, encoding="utf-8")
    lines = [line for line in shell.json("check") if line["about"].startswith("calendar.0")]
    assert lines[0]["text"].startswith("comercial: Mon-Sun 08:00-18:00")
    assert "Sexta-feira Santa" in lines[1]["text"]
    warned = {line["about"]: line["text"] for line in lines if line["verdict"] == "warning"}
    assert "Carnaval" in warned["calendar.0.optional_holidays"]


# --- what counts in them ----------------------------------------------------------------------------------

TWO = (Calendar(name="comercial", hours=WEEK), Calendar(name="noite", hours=WEEK))


def test_a_calendar_in_which_nothing_counts_is_warned_of() -> None:
    levels = (ServiceLevel(name="padrao", calendar="comercial"),)
    (line,) = unused(a_config(calendar=TWO, service_level=levels))
    assert (line.about, line.verdict) == ("calendar.1.name", "warning")
    assert line.text == "noite: no agent, service level, rule or promise counts in it"
    assert list(unused(a_config(calendar=TWO[:1], agent=(an_agent(ANA, calendar="comercial"),)))) == []
    assert list(unused(a_config(calendar=TWO[:1], queue=(a_queue("suporte", promise=True),)))) == []
    rule = Rule(name="r", all=({"not": {"business_hours": "comercial"}},))
    assert list(unused(a_config(calendar=TWO[:1], rule=(rule,)))) == []


def test_a_promise_says_in_which_calendar_it_is_measured() -> None:
    queues = (a_queue("suporte", promise=True), a_queue("vendas"))
    (line,) = of_promises(a_config(calendar=TWO, queue=queues))
    assert (line.about, line.verdict) == ("queue.0.promise", "warning")
    (line,) = of_promises(a_config(calendar=TWO[:1], queue=queues))
    assert as_text(line) == "ok       queue.0.promise: suporte: waits are measured in comercial"
    (line,) = of_promises(a_config(queue=queues))
    assert as_text(line) == "ok       queue.0.promise: suporte: waits are measured in every hour"
