"""A clock of a ticket in words, as notices to agents show it."""

from datetime import datetime
from typing import Any

import pytest

from mailtickets.desk.letters.clock_words import CLOCK_LABELS, clock_words
from mailtickets.desk.notices.shapes import CLOCK


def a_clock(**values: Any) -> dict[str, Any]:
    now = datetime(2026, 11, 29, 15, 0)  # noqa: DTZ001 - in the reader's time zone
    at = datetime(2026, 11, 29, 16, 30)  # noqa: DTZ001
    return {**CLOCK, "clock": "first_answer", "state": "running", "at": at, "now": now, **values}


def test_a_clock_that_runs_says_until_when() -> None:
    assert clock_words(a_clock(), "pt_BR") == "primeira resposta até hoje às 16h30"
    assert clock_words(a_clock(), "en") == "first answer due today at 4:30 PM"
    assert clock_words(a_clock(), "es") == "primera respuesta a más tardar hoy a las 16:30"


LATE = dict(late=True, late_minutes=130, working=True, day_minutes=540, at=datetime(2026, 11, 27, 9, 0))  # noqa: DTZ001


def test_a_late_clock_says_for_how_long_in_working_time() -> None:
    assert (
        clock_words(a_clock(**LATE), "pt_BR")
        == "primeira resposta atrasada há 2 h úteis (venceu sexta, 27 de novembro, às 9h)"
    )
    assert (
        clock_words(a_clock(**LATE), "en")
        == "first answer late by 2 working hours (was due Friday, November 27, at 9:00 AM)"
    )
    assert (
        clock_words(a_clock(**LATE), "es")
        == "primera respuesta con 2 h hábiles de atraso (venció el viernes 27 de noviembre a las 9:00)"
    )


def test_a_list_does_not_say_when_a_late_clock_was_due() -> None:
    assert clock_words(a_clock(**LATE), "pt_BR", short=True) == "primeira resposta atrasada há 2 h úteis"


def test_a_legal_clock_is_late_by_days_of_the_calendar() -> None:
    late = a_clock(clock="legal", late=True, late_minutes=3 * 1440 + 5)
    assert clock_words(late, "pt_BR", short=True) == "resposta por lei atrasada há 3 dias"


def test_a_paused_clock_has_no_time() -> None:
    paused = a_clock(clock="resolution", state="paused", at=None)
    assert [clock_words(paused, locale) for locale in ("pt_BR", "en", "es")] == [
        "solução em pausa", "resolution paused", "solución en pausa",
    ]  # fmt: skip


@pytest.mark.parametrize("locale", ["pt_BR", "en", "es"])
def test_every_clock_has_a_label_in_every_locale(locale: str) -> None:
    assert CLOCK_LABELS[locale].keys() == CLOCK_LABELS["pt_BR"].keys()
