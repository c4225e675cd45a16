"""When people are back, in the words of their absence notices; those here came on Wednesday, 18 November 2026."""

from datetime import date

import pytest

from mailtickets.mail.reply.absence import until

CAME = date(2026, 11, 18)

BACK = [
    # Portuguese
    ("Estou ausente até 25/11.", "2026-11-26"),
    ("Estarei fora do escritório até o dia 25/11/2026.", "2026-11-26"),
    ("Estarei de férias até 25/11, inclusive.", "2026-11-26"),
    ("Estarei ausente até 25 de novembro.", "2026-11-26"),
    ("Estou de férias até 1º de dezembro.", "2026-12-02"),
    ("Férias de 20/11 a 25/11", "2026-11-26"),
    ("Estarei de férias de 20/11 até 25/11.", "2026-11-26"),
    ("Estarei em férias no período de 16/11/2026 a 05/12/2026.", "2026-12-06"),
    ("Ausente entre 20/11 e 25/11", "2026-11-26"),
    ("Estarei de férias de 20 a 25/11.", "2026-11-26"),
    ("Estarei de férias de 20 a 25 de novembro de 2026", "2026-11-26"),
    ("Férias: 20/11 - 25/11", "2026-11-26"),
    ("Recesso de 22/12 a 02/01.", "2027-01-03"),
    ("Estou de férias. Retorno em 26 de novembro.", "2026-11-26"),
    ("Estou de férias, retorno dia 26/11.", "2026-11-26"),
    ("Retorno: 26/11/2026", "2026-11-26"),
    ("Data de retorno: 26.11.2026", "2026-11-26"),
    ("Estou em viagem e retornarei no dia 26/11/26.", "2026-11-26"),
    ("Estarei de volta na quinta-feira, 26 de novembro.", "2026-11-26"),
    ("Volto dia 26.", "2026-11-26"),
    ("Volto dia 3, abraços", "2026-12-03"),
    ("Estou ausente até o dia 25.", "2026-11-26"),
    ("Estou de férias até 25/11 e retorno em 26/11.", "2026-11-26"),
    ("Ausente até sexta (20/11), retorno segunda-feira (23/11).", "2026-11-23"),
    ("Estou ausente até sexta-feira.", "2026-11-21"),
    ("Retorno na segunda-feira.", "2026-11-23"),
    ("Volto na próxima segunda", "2026-11-23"),
    ("Volto segunda-feira que vem", "2026-11-23"),
    ("Fora hoje, volto amanhã.", "2026-11-19"),
    ("Estou ausente hoje.", "2026-11-19"),
    ("Estarei ausente no dia 20/11.", "2026-11-21"),
    ("Não retornarei antes de 26/11.", "2026-11-26"),
    ("Voltarei a responder após 25/11.", "2026-11-26"),
    ("Estarei fora. Responderei a partir de 26/11.", "2026-11-26"),
    ("Estou de licença maternidade, com retorno previsto para 10 de março de 2027.", "2027-03-10"),
    ("Estarei ausente até\n25 de novembro de 2026.", "2026-11-26"),
    ("Olá,\n\nEstou de férias.\n\nRetorno 26/11.\n\nAtt., Ana", "2026-11-26"),
    ("Volto em 12/01", "2027-01-12"),
    # English
    ("I am out of the office until 5 Dec.", "2026-12-06"),
    ("I'm out of office until December 5th.", "2026-12-06"),
    ("Out of office from 20 Nov to 25 Nov.", "2026-11-26"),
    ("I will be away from November 20 through November 25, 2026.", "2026-11-26"),
    ("I am on vacation November 20-25.", "2026-11-26"),
    ("On annual leave 20-25 November.", "2026-11-26"),
    ("I am on leave between 20 November and 25 November.", "2026-11-26"),
    ("I'll be back on Tuesday, December 1st.", "2026-12-01"),
    ("I will be back in the office on Monday 30 November 2026.", "2026-11-30"),
    ("Returning Nov 30.", "2026-11-30"),
    ("I am away and will return on 12/01.", "2026-12-01"),
    ("I am out of the office and will return on 11/30/2026.", "2026-11-30"),
    ("I am away. I will return on 30/11/2026.", "2026-11-30"),
    ("I am on leave from 20/11 to 05/12.", "2026-12-06"),
    ("I am out until Friday.", "2026-11-21"),
    ("I'm out today, back tomorrow.", "2026-11-19"),
    ("I will be out of the office on Friday.", "2026-11-21"),
    ("I won't be back until December 1.", "2026-12-01"),
    ("I will not return before the 30th.", "2026-11-30"),
    ("I'll get back to you after November 25.", "2026-11-26"),
    ("I am away and will be available again from 30 November.", "2026-11-30"),
    ("Out of the office until 2026-11-25", "2026-11-26"),
    ("Away until the 25th of November", "2026-11-26"),
    ("Out of office until 25/11, returning 26/11.", "2026-11-26"),
    # Spanish
    ("Estoy fuera de la oficina. Regreso el 3 de diciembre.", "2026-12-03"),
    ("Estaré de vacaciones hasta el 25 de noviembre.", "2026-11-26"),
    ("Estaré ausente del 20 al 25 de noviembre.", "2026-11-26"),
    ("Estoy de vacaciones del 20/11 al 25/11.", "2026-11-26"),
    ("Vuelvo el lunes 23 de noviembre.", "2026-11-23"),
    ("Vuelvo el viernes.", "2026-11-20"),
    ("Me reincorporo el 1 de diciembre de 2026", "2026-12-01"),
    ("Fuera hoy, vuelvo mañana", "2026-11-19"),
]

UNCLEAR = [
    "",
    "Obrigado pelo contato.",
    "Estou de férias.",
    "Estou ausente por tempo indeterminado.",
    "I am out of the office.",
    "Estarei ausente a partir de 20/11.",
    "I will be out of the office starting November 20.",
    "Estive ausente até 10/11.",
    "Férias de 01/11 a 10/11",
    "Retornei em 10/11.",
    "Retorno dia 18/11.",
    "Retorno até 26/11.",
    "I'll be back by Monday.",
    "Back before December 5.",
    "Retorno em 26/11 ou volto em 27/11.",
    "Retorno em 26/11. Volto dia 30/11.",
    "Ausente até 25/11. Em licença até 10/12.",
    "Ausente até 30/11, retorno em 26/11.",
    "Retorno na sexta-feira, 26/11.",
    "I will be back on Monday, December 1st.",
    "Volto na quarta-feira.",
    "Back next Friday.",
    "Retorno em 31/11.",
    "Retorno em 45/12.",
    "Retorno em 26/11/2028.",
    "Volto em 10 de março de 2029.",
    "De licença até 25/11/2025.",
    "Volto em duas semanas",
    "Volto após o feriado.",
    "Estou fora. Em caso de urgência ligue 11 3344-5566, ramal 2511.",
    "Estou fora. Suporte 24/7 no portal.",
    "Promoção válida até 25/11.",
    "Seu chamado será respondido até 25/11.",
    "Ausente das 10:00 às 12:00",
    "Out of office, version 10.11",
    "Não estarei disponível a partir de 20/11, sem retorno previsto.",
]


def test_the_first_day_back() -> None:
    assert [(text, str(until("", text, CAME))) for text, _ in BACK] == BACK


def test_nobody_is_away_until_a_day_that_is_not_clear() -> None:
    assert [text for text in UNCLEAR if until("", text, CAME) is not None] == []


def test_there_are_enough_of_both() -> None:
    assert len(BACK) >= 60
    assert len(UNCLEAR) >= 30


@pytest.mark.parametrize(
    ("subject", "text", "expected"),
    [
        ("Resposta automática: ausente até 25/11", "Volto a responder depois.", date(2026, 11, 26)),
        ("Out of office until Dec 5", "Thank you for your mail.", date(2026, 12, 6)),
        ("Ausência", "Retorno em 26/11.\n\n> Em 20/10 combinamos: retorno em 30/11", date(2026, 11, 26)),
        ("Automatic reply: Invoice", "I am back on November 30.\n\nOn Mon, Nov 2, 2026 Ana wrote:\n> until Dec 20",
         date(2026, 11, 30)),
        ("Fora", "Estou fora até 25/11 / I am out of the office until November 25.", date(2026, 11, 26)),
        ("Fora", "Estou fora até 25/11 / I am out of the office until 11/25.", date(2026, 11, 26)),
    ],
)  # fmt: skip
def test_the_subject_counts_and_quoted_history_does_not(subject: str, text: str, expected: date) -> None:
    assert until(subject, text, CAME) == expected


def test_a_date_without_a_year_is_the_nearest_one() -> None:
    assert until("", "Retorno em 05/01.", date(2026, 12, 20)) == date(2027, 1, 5)
    assert until("", "Ausente até 28/12.", date(2027, 1, 5)) is None
    assert until("", "Retorno dia 5.", date(2026, 12, 20)) == date(2027, 1, 5)


def test_a_leap_day_is_found_in_its_year() -> None:
    assert until("", "Retorno em 29/02.", date(2028, 2, 1)) == date(2028, 2, 29)
    assert until("", "Retorno em 29/02.", date(2027, 2, 1)) is None


def test_a_long_notice_is_read_as_far_as_it_counts() -> None:
    assert until("", "x " * 10_000 + "Retorno em 26/11.", CAME) is None
    assert until("", "⟨0⟩ até ⟨1⟩ " * 100, CAME) is None
