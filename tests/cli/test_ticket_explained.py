"""`ticket show` and `explain` say how a due time came about: which hours counted, which did not, and why.

Maria writes on Friday at 17:50, Ana answers on Monday at 10:00 and waits for her, Maria writes again on Wednesday at
09:00. Nobody works on Thursday. All times are those of São Paulo; the sums are made by hand.
"""

from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from mailtickets.config.calendars import Calendar
from mailtickets.config.levels import ServiceLevel
from mailtickets.desk.clock.outline import CALENDAR, LEVEL
from tests.cli.conftest import CONFIG, Shell
from tests.store.office import Office, a_message

LEVELS = """
[[calendar]]
name = "comercial"
hours = { "mon-fri" = "08:00-12:00 13:00-18:00" }
days = { "03-06" = "closed" }
[[service_level]]
name = "padrao"
queues = ["suporte"]
calendar = "comercial"
first_answer = "4h"
next_answer = { normal = "4h" }
resolution = "3d"
profile = "sac"
"""

RESOLUTION = """
  resolution (padrao): due Mon 2025-03-10 16:50, missed, late by {late}
    27 h from Fri 2025-02-28 17:50 (comercial, America/Sao_Paulo)
    Fri 2025-02-28 17:50-18:00  10 min
    Mon 2025-03-03 08:00-10:00  2 h
    Mon 2025-03-03 10:00 to Wed 2025-03-05 09:00  paused: the customer is waited for
    Wed 2025-03-05 09:00-12:00, 13:00-18:00  8 h
    Thu 2025-03-06  closed: a day of the calendar's own
    Fri 2025-03-07 08:00-12:00, 13:00-18:00  9 h
    Mon 2025-03-10 08:00-12:00, 13:00-16:50  7 h 50 min
"""


@pytest.fixture
def shell(shell: Shell) -> Shell:
    shell.config.write_text(CONFIG + LEVELS, encoding="utf-8")
    return shell


@pytest.fixture(autouse=True)
def story(office: Office) -> Office:
    at(office, "2025-02-28 17:50")
    office.take(a_message("A impressora parou.", message_id="<1@cliente.test>"))
    at(office, "2025-03-03 10:00")
    address = office.reply_address("ana@desk.test")
    office.take(a_message("Mande uma foto?", From="Ana Lima <ana@desk.test>", To=address, message_id="<2@desk.test>"))
    at(office, "2025-03-05 09:00")
    back = office.reply_address("maria@cliente.test")
    office.take(a_message("Aqui está.", To=back, message_id="<3@cliente.test>"))
    return office


def at(office: Office, local: str) -> None:
    office.now = datetime.fromisoformat(local).replace(tzinfo=ZoneInfo("America/Sao_Paulo"))


def due(shell: Shell) -> dict[str, Any]:
    return {clock["clock"]: clock for clock in shell.json("ticket", "show", 1)["due"]}


def test_every_clock_is_there_with_its_due_time(shell: Shell) -> None:
    zone = ZoneInfo("America/Sao_Paulo")
    local = {name: datetime.fromisoformat(clock["at"]).astimezone(zone) for name, clock in due(shell).items()}
    assert {name: f"{moment:%a %d.%m. %H:%M}" for name, moment in local.items()} == {
        "first_answer": "Mon 03.03. 11:50",
        "next_answer": "Wed 05.03. 14:00",
        "resolution": "Mon 10.03. 16:50",
        "legal": "Fri 07.03. 17:50",
    }


def test_a_due_time_is_explained_day_by_day(shell: Shell) -> None:
    status, out, _ = shell.run("ticket", "show", 1)
    assert status == 0
    begin = out.index("  resolution (padrao)")
    shown = out[begin:].splitlines()[:9]
    expected = RESOLUTION.strip("\n").splitlines()
    assert shown[0].startswith(expected[0].partition("{")[0])
    assert shown[1:] == expected[1:]


def test_programs_get_the_same_spans(shell: Shell) -> None:
    resolution = due(shell)["resolution"]
    assert resolution["allowed_seconds"] == 27 * 3600
    assert sum(span["counted_seconds"] for span in resolution["spans"]) == 27 * 3600
    assert [span["why"] for span in resolution["spans"]].count("paused") == 1
    assert resolution["calendar"] == "comercial"


def test_a_clock_that_has_ended_says_when_and_how(shell: Shell) -> None:
    _, out, _ = shell.run("ticket", "show", 1)
    assert "first_answer (padrao): due Mon 2025-03-03 11:50, met at Mon 2025-03-03 10:00" in out
    assert "    Mon 2025-03-03 08:00-10:00  2 h\n" in out


def test_all_due_times_of_programs_are_in_utc(shell: Shell) -> None:
    assert {clock["at"][-6:] for clock in due(shell).values()} == {"+00:00"}


def test_a_legal_term_counts_every_hour(shell: Shell) -> None:
    _, out, _ = shell.run("ticket", "show", 1)
    assert "168 h from " in out
    assert "(every hour counts)" in out


def test_explain_says_what_would_be_due(shell: Shell, tmp_path: Path) -> None:
    mail = tmp_path / "mail.eml"
    mail.write_bytes(a_message("Outro problema.", message_id="<9@cliente.test>"))
    explained = shell.json("explain", mail)
    assert {clock["clock"]: clock["level"] for clock in explained["due"]} == {
        "first_answer": "padrao", "resolution": "padrao", "legal": "padrao",
    }  # fmt: skip
    _, out, _ = shell.run("explain", mail)
    assert "due       first_answer (padrao): due " in out


@pytest.mark.parametrize(("outline", "model"), [(CALENDAR, Calendar), (LEVEL, ServiceLevel)])
def test_commands_that_do_not_load_the_models_know_their_defaults(outline: Any, model: Any) -> None:
    loaded = model(name="x").model_dump()
    assert {key: loaded[key] for key in outline} == dict(outline)
    assert set(loaded) - set(outline) == {"name"}
