"""When something is due, in words of each locale."""

from datetime import datetime, timedelta

import pytest

from mailtickets.words import due

NOW = datetime(2026, 11, 29, 15, 0)  # noqa: DTZ001 - in the reader's time zone; a Sunday


def at(words: str) -> datetime:
    return datetime.fromisoformat(words)


MOMENTS = """
2026-11-29 16:30 | hoje às 16h30                       | today at 4:30 PM                        | hoy a las 16:30
2026-11-29 01:00 | hoje à 1h                           | today at 1:00 AM                        | hoy a la 1:00
2026-11-30 00:00 | amanhã à 0h                         | tomorrow at 12:00 AM                    | mañana a las 0:00
2026-11-30 11:00 | amanhã às 11h                       | tomorrow at 11:00 AM                    | mañana a las 11:00
2026-11-28 12:05 | ontem às 12h05                      | yesterday at 12:05 PM                   | ayer a las 12:05
2026-12-01 10:10 | terça, 1º de dezembro, às 10h10     | Tuesday, December 1, at 10:10 AM        | el martes 1 de diciembre a las 10:10
2026-12-04 09:00 | sexta, 4 de dezembro, às 9h         | Friday, December 4, at 9:00 AM          | el viernes 4 de diciembre a las 9:00
2026-12-05 20:00 | sábado, 5 de dezembro, às 20h       | Saturday, December 5, at 8:00 PM        | el sábado 5 de diciembre a las 20:00
2027-01-01 13:30 | sexta, 1º de janeiro de 2027, às 13h30 | Friday, January 1, 2027, at 1:30 PM  | el viernes 1 de enero de 2027 a las 13:30
2026-11-27 08:00 | sexta, 27 de novembro, às 8h        | Friday, November 27, at 8:00 AM         | el viernes 27 de noviembre a las 8:00
"""  # noqa: E501 - a table


def _rows(table: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()]


@pytest.mark.parametrize(("written", "pt", "en", "es"), _rows(MOMENTS))
def test_a_moment_is_said_as_short_as_it_can_be(written: str, pt: str, en: str, es: str) -> None:
    assert [due.moment(at(written), NOW, locale) for locale in ("pt_BR", "en", "es")] == [pt, en, es]


def test_a_moment_for_customers_names_the_day_even_if_it_is_tomorrow() -> None:
    tomorrow = at("2026-11-30 11:00")
    assert due.dated(tomorrow, NOW, "pt_BR") == "segunda-feira, 30 de novembro, às 11h"
    assert due.dated(tomorrow, NOW, "en") == "Monday, November 30, at 11:00 AM"
    assert due.dated(tomorrow, NOW, "es") == "el lunes 30 de noviembre a las 11:00"
    assert due.day(tomorrow.date(), NOW.date(), "pt_BR") == "segunda-feira, 30 de novembro"


AMOUNTS = """
0:00:30   | menos de 1 min | less than a minute | menos de 1 min
0:01:00   | 1 min útil     | 1 working minute   | 1 min hábil
0:45:00   | 45 min úteis   | 45 working minutes | 45 min hábiles
1:00:00   | 1 h útil       | 1 working hour     | 1 h hábil
2:59:59   | 2 h úteis      | 2 working hours    | 2 h hábiles
15:59:00  | 15 h úteis     | 15 working hours   | 15 h hábiles
16:00:00  | 2 dias úteis   | 2 working days     | 2 días hábiles
41:00:00  | 5 dias úteis   | 5 working days     | 5 días hábiles
"""


@pytest.mark.parametrize(("length", "pt", "en", "es"), _rows(AMOUNTS))
def test_working_time_is_named_as_such_and_counted_in_days_of_eight_hours(
    length: str, pt: str, en: str, es: str
) -> None:
    hours, minutes, seconds = map(int, length.split(":"))
    span, eight = timedelta(hours=hours, minutes=minutes, seconds=seconds), timedelta(hours=8)
    assert [due.amount(span, locale, working=True, day=eight) for locale in ("pt_BR", "en", "es")] == [pt, en, es]


def test_time_by_the_clock_needs_no_word_for_it() -> None:
    assert due.amount(timedelta(hours=47), "pt_BR") == "47 h"
    assert due.amount(timedelta(hours=48), "pt_BR") == "2 dias"
    assert due.amount(timedelta(days=3), "en", day=timedelta(0)) == "3 days"  # of a calendar without any hours
    assert due.counted(1, 2, "es") == "1 día"


def test_a_length_is_said_to_the_minute() -> None:
    lengths = [timedelta(), timedelta(minutes=10), timedelta(hours=8), timedelta(hours=4, minutes=10, seconds=59)]
    assert [due.exactly(length) for length in lengths] == ["0 min", "10 min", "8 h", "4 h 10 min"]
