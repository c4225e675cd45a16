"""A report as text: columns that stand below each other, and bars."""

import pytest

from mailtickets.views.reports.lines import bar, lines
from tests.desk.figures.made_up import a_week, figures, report

WHOLE = """\
Relatório semana: 23 a 29 de novembro de 2026 (todas as filas)

120 chamados, 18 % mais que na semana anterior; a fila financeiro respondeu 3 h mais tarde; 45 em
aberto, 15 a mais que no começo.

132 abertos = 120 contados + 7 juntados a outros + 4 spam + 1 aberto por atendente
264 e-mails recebidos = 132 abriram chamado + 129 entraram em chamados + 3 ignorados

Números do período
  Números                      Neste período            Antes
  E-mails recebidos                      264              264
  Abertos                                132              114
  Resolvidos                             122              104
  Reabertos                                5                5
  Em aberto no fim                        45               45
  Respostas                              240              240
  Resolvidos com uma resposta  40 de 90 (44 %)  40 de 90 (44 %)
  Voltaram                       5 de 90 (6 %)    5 de 90 (6 %)
  Responderam à pesquisa       21 de 60 (35 %)  21 de 60 (35 %)
  Satisfação                     86 % (65–95 %)   86 % (65–95 %)

Tempos
                      Chamados                                          Metade,
  Tempos             (esperam)   Metade em     9 em 10 em  No prazo       antes
  Primeira resposta    120 (3)  3 h 10 min  ≥ 23 h 20 min      87 %  3 h 10 min
  Próxima resposta         200  1 h 20 min           10 h         —  1 h 20 min
"""


def test_a_report_as_people_read_it() -> None:
    made = "\n".join(line.rstrip() for line in lines(a_week(), "pt_BR")).splitlines()
    for wanted in WHOLE.splitlines():
        assert " ".join(wanted.split()) in [" ".join(line.split()) for line in made], wanted


def test_numbers_stand_below_each_other() -> None:
    made = list(lines(a_week(), "en"))
    begin = made.index("By queue: tickets") + 1
    heads, first, second = made[begin + 1 : begin + 4]
    assert len(heads) == len(first) == len(second)
    assert first.endswith(" 40")
    assert second.endswith(" 40")
    assert first.startswith("  suporte     ██████████")
    assert second.startswith("  financeiro  ███▋ ")


@pytest.mark.parametrize("locale", ["pt_BR", "en", "es"])
def test_it_fits_a_terminal_and_no_line_ends_with_blanks(locale: str) -> None:
    made = list(lines(a_week(), locale))
    assert [line for line in made if line != line.rstrip() or len(line) > 100] == []


def test_all_parts_are_there() -> None:
    rows = tuple(type(a_week().rows[0])(f"tag{number}", figures()) for number in range(300))
    made = "\n".join(lines(report(by="tag", rows=rows), "en"))
    assert "tag299" in made


@pytest.mark.parametrize(("percent", "drawn"), [(0, ""), (1, "▏"), (50, "█████"), (56, "█████▋"), (100, "██████████")])
def test_a_bar_is_as_long_as_its_share(percent: int, drawn: str) -> None:
    assert bar(percent) == drawn
