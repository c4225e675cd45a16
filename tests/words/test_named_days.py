"""Periods as people ask for them, seen from Wednesday, 2 December 2026."""

from datetime import date

import pytest

from mailtickets.words.named_days import named_days

WEDNESDAY = date(2026, 12, 2)

ASKED = """
hoje                      2026-12-02  2026-12-02
Today                     2026-12-02  2026-12-02
ontem                     2026-12-01  2026-12-01
ayer                      2026-12-01  2026-12-01
semana                    2026-11-25  2026-12-01
week                      2026-11-25  2026-12-01
7d                        2026-11-26  2026-12-02
30d                       2026-11-03  2026-12-02
30 dias                   2026-11-03  2026-12-02
últimos 30 dias           2026-11-03  2026-12-02
last 30 days              2026-11-03  2026-12-02
2 semanas                 2026-11-19  2026-12-02
mês                       2026-11-02  2026-12-01
esta semana               2026-11-30  2026-12-02
this week                 2026-11-30  2026-12-02
semana passada            2026-11-23  2026-11-29
da semana passada         2026-11-23  2026-11-29
la semana pasada          2026-11-23  2026-11-29
last week                 2026-11-23  2026-11-29
este mês                  2026-12-01  2026-12-02
mês passado               2026-11-01  2026-11-30
last month                2026-11-01  2026-11-30
ano passado               2025-01-01  2025-12-31
2026-03                   2026-03-01  2026-03-31
03/2026                   2026-03-01  2026-03-31
março                     2026-03-01  2026-03-31
de março de 2025          2025-03-01  2025-03-31
March 2025                2025-03-01  2025-03-31
dezembro                  2026-12-01  2026-12-02
fevereiro de 2024         2024-02-01  2024-02-29
2025                      2025-01-01  2025-12-31
2026                      2026-01-01  2026-12-02
2026-03-05                2026-03-05  2026-03-05
05/03                     2026-03-05  2026-03-05
24/12                     2025-12-24  2025-12-24
01/03 a 15/03             2026-03-01  2026-03-15
de 01/03/2026 até 15/03/2026  2026-03-01  2026-03-15
2026-03-01..2026-03-15    2026-03-01  2026-03-15
2026-03-01 to yesterday   2026-03-01  2026-12-01
"""


@pytest.mark.parametrize("line", ASKED.strip().splitlines(), ids=lambda line: line.rsplit(maxsplit=2)[0])
def test_a_period_is_understood(line: str) -> None:
    words, since, until = line.rsplit(maxsplit=2)
    assert named_days(words, WEDNESDAY) == (date.fromisoformat(since), date.fromisoformat(until))


NO_PERIODS = (
    "", "bla", "financeiro", "0d", "99999 dias", "2027-01", "2026-13", "31/02", "15/03 a 01/03", "1 a 2 a 3",
    "semana que vem", "13", "2026-03-01..x", "9999", "x" * 500,
)  # fmt: skip


@pytest.mark.parametrize("words", NO_PERIODS)
def test_what_is_no_period_is_none(words: str) -> None:
    assert named_days(words, WEDNESDAY) is None
