"""The dates that agents promise to customers: what is written behind `#prazo`, and which moment it is."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from mailtickets.desk.clock.calendar import EVERY_HOUR, OpenHours
from mailtickets.desk.commands.terms import promised_for, read_term
from mailtickets.desk.commands.values import Rejected, Term

ZONE = ZoneInfo("America/Sao_Paulo")
_DAY = ((8 * 60, 12 * 60), (13 * 60, 18 * 60))
HOURS = OpenHours("comercial", ZONE, (_DAY, _DAY, _DAY, _DAY, _DAY, ((8 * 60, 12 * 60),), ()))
"""Monday to Friday 08:00-12:00 and 13:00-18:00, Saturday 08:00-12:00: a day has nine hours."""
NOW = datetime(2026, 12, 3, 15, 0, tzinfo=ZONE)
"""A Thursday."""


def when(words: str, hours: OpenHours = HOURS, now: datetime = NOW) -> str:
    """The promised moment in local time."""
    term = read_term(words)
    assert isinstance(term, Term), words
    return f"{promised_for(term, now, hours, ZONE).astimezone(ZONE):%a %d.%m. %H:%M}"


TERMS = """
2h                 | Thu 03.12. 17:00 | hours are working hours
4h                 | Fri 04.12. 09:00 |
1h30               | Thu 03.12. 16:30 |
90 min             | Thu 03.12. 16:30 |
48 horas           | Thu 10.12. 14:00 | 3 h on Thursday, 9, 4, 9, 9, 9, and 5 on Thursday
2d                 | Mon 07.12. 10:00 | 18 h: 3 h on Thursday, 9, 4 on Saturday, and 2 on Monday
2 dias úteis       | Mon 07.12. 10:00 |
1 dia útil         | Fri 04.12. 15:00 |
2 working days     | Mon 07.12. 10:00 |
2 business days    | Mon 07.12. 10:00 |
2 días hábiles     | Mon 07.12. 10:00 |
em 2 dias          | Mon 07.12. 10:00 |
2 dias corridos    | Sat 05.12. 12:00 | to the end of that day's work
5 calendar days    | Tue 08.12. 18:00 |
3 días naturales   | Sun 06.12. 18:00 | nobody works on Sunday
1 semana           | Thu 10.12. 18:00 |
two weeks          | Thu 17.12. 18:00 |
1 mês              | Sun 03.01. 18:00 |
hoje               | Thu 03.12. 18:00 |
amanhã             | Fri 04.12. 18:00 |
tomorrow           | Fri 04.12. 18:00 |
sexta              | Fri 04.12. 18:00 |
até sexta          | Fri 04.12. 18:00 |
hasta el viernes   | Fri 04.12. 18:00 |
by Friday          | Fri 04.12. 18:00 |
sábado             | Sat 05.12. 12:00 |
sexta 16:00        | Fri 04.12. 16:00 |
sexta às 16h       | Fri 04.12. 16:00 |
até sexta às 16h30 | Fri 04.12. 16:30 |
friday 4pm         | Fri 04.12. 16:00 |
viernes a las 16:00| Fri 04.12. 16:00 |
sexta 20:00        | Fri 04.12. 20:00 | what an agent says exactly counts, at work or not
hoje às 17h        | Thu 03.12. 17:00 |
às 17h             | Thu 03.12. 17:00 |
até as 17h         | Thu 03.12. 17:00 |
17:30              | Thu 03.12. 17:30 |
25/12              | Fri 25.12. 18:00 |
2026-12-10 09:00   | Thu 10.12. 09:00 |
"""


@pytest.mark.parametrize(
    ("words", "moment"), [[cell.strip() for cell in line.split("|")][:2] for line in TERMS.strip().splitlines()]
)
def test_a_term_is_a_moment_of_the_calendar(words: str, moment: str) -> None:
    assert when(words) == moment


def test_a_desk_without_hours_counts_every_hour_and_ends_its_days_at_six() -> None:
    assert when("2d", EVERY_HOUR) == "Sat 05.12. 15:00"
    assert when("4h", EVERY_HOUR) == "Thu 03.12. 19:00"
    assert when("sexta", EVERY_HOUR) == "Fri 04.12. 18:00"


def test_a_term_begins_when_work_begins() -> None:
    sunday = datetime(2026, 12, 6, 21, 0, tzinfo=ZONE)
    assert when("2h", now=sunday) == "Mon 07.12. 10:00"


@pytest.mark.parametrize("words", ["-", "–", "sem", "nenhum", "none", "sin plazo"])
def test_a_dash_takes_the_promise_back(words: str) -> None:
    assert read_term(words) == Term()


@pytest.mark.parametrize("words", ["logo", "2", "16h às 17h", "sexta que talvez", "0d", "d", "2x", "31/02", "25h:00"])
def test_what_names_no_moment_is_rejected(words: str) -> None:
    assert isinstance(read_term(words), Rejected)


@pytest.mark.parametrize("words", ["hoje às 9h", "09:00", "2020-01-01", "hoje às 15h"])
def test_a_moment_that_is_past_is_no_promise(words: str) -> None:
    term = read_term(words)
    assert isinstance(term, Term)
    with pytest.raises(ValueError, match="future"):
        promised_for(term, NOW, HOURS, ZONE)


def test_a_calendar_that_never_opens_keeps_no_promise() -> None:
    never = OpenHours("nunca", ZONE, ((),) * 7)
    with pytest.raises(ValueError, match="future"):
        promised_for(Term(minutes=60), NOW, never, ZONE)


def test_the_moment_is_in_utc() -> None:
    assert promised_for(Term(minutes=60), NOW, HOURS, ZONE) == datetime(2026, 12, 3, 19, 0, tzinfo=UTC)
