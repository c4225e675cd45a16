"""What a report shows, in words: sums that add up, times with "at least", satisfaction that says how sure it is."""

from dataclasses import replace
from datetime import timedelta
from typing import get_args

import pytest

from mailtickets.desk.figures import wording
from mailtickets.desk.figures.report import (
    EXCLUSIONS,
    CustomerComment,
    DeskReport,
    Dimension,
    OldestTicket,
    Period,
    ReportFigures,
    ReportRow,
    Satisfaction,
)
from mailtickets.desk.figures.shown import MOST_ROWS, ShownTable, show, shown
from mailtickets.desk.letters.template_values import values_of
from mailtickets.desk.model.decision import OUTCOMES
from mailtickets.words import shipped
from tests.desk.figures.made_up import WEEK, a_week, figures, report, times

LOCALES = ("pt_BR", "en", "es")


def table(made: DeskReport, key: str, locale: str = "en") -> ShownTable:
    return next(one for one in show(made, locale).tables if one.key == key)


def rows(made: DeskReport, key: str, locale: str = "en") -> dict[str, tuple[str, ...]]:
    return {row.head: row.cells for row in table(made, key, locale).rows}


# --- sums -----------------------------------------------------------------------------------------------------


def test_who_was_left_out_is_named_and_adds_up() -> None:
    assert [show(a_week(), locale).sums[0] for locale in LOCALES] == [
        "132 abertos = 120 contados + 7 juntados a outros + 4 spam + 1 aberto por atendente",
        "132 opened = 120 counted + 7 merged + 4 spam + 1 opened by an agent",
        "132 abiertas = 120 contadas + 7 unidas a otras + 4 spam + 1 abierta por un agente",
    ]


def test_what_became_of_the_mail_adds_up() -> None:
    assert show(a_week(), "en").sums[1] == "264 mails received = 132 opened tickets + 129 joined tickets + 3 ignored"


def test_where_nothing_was_opened_nothing_is_added_up() -> None:
    assert show(report(figures(0), figures(0)), "en").sums == ()


# --- times ----------------------------------------------------------------------------------------------------


def test_tickets_that_wait_make_a_time_at_least() -> None:
    assert rows(a_week(), "times")["First answer"] == ("120 (3)", "3 h 10 min", "≥ 23 h 20 min", "87%", "3 h 10 min")
    assert any(note.startswith("≥") for note in show(a_week(), "en").notes)
    assert not any("≥" in note for note in show(report(), "en").notes)


def test_working_time_has_a_column_where_there_is_a_calendar() -> None:
    business = times(business_median=timedelta(minutes=95))
    made = report(figures(first_answer=business))
    assert "Half, in working hours" in table(made, "times").heads
    assert rows(made, "times")["First answer"][3] == "1 h 35 min"
    assert "Half, in working hours" not in table(report(), "times").heads


@pytest.mark.parametrize(
    ("length", "said"),
    [
        (timedelta(0), "0 s"),
        (timedelta(seconds=45), "45 s"),
        (timedelta(minutes=9, seconds=10), "9 min 10 s"),
        (timedelta(minutes=59), "59 min"),
        (timedelta(hours=3), "3 h"),
        (timedelta(hours=23, minutes=59), "23 h 59 min"),
        (timedelta(days=2, hours=4), "2 d 4 h"),
        (timedelta(days=400), "400 d"),
        (None, "—"),
    ],
)
def test_a_length_has_its_two_largest_units(length: timedelta | None, said: str) -> None:
    assert wording.length(length) == said


# --- satisfaction ---------------------------------------------------------------------------------------------


def test_satisfaction_says_how_many_answered_and_how_sure_it_is() -> None:
    found = rows(a_week(), "figures", "pt_BR")
    assert found["Responderam à pesquisa"][0] == "21 de 60 (35 %)"
    assert found["Satisfação"][0] == "86 % (65–95 %)"


def test_satisfaction_with_a_person_is_hidden_under_ten_ratings() -> None:
    agents = (
        ReportRow("ana@desk.test", figures(satisfaction=Satisfaction(20, 9, 9, 0.7, 1.0)), labels={"en": "Ana"}),
        ReportRow("bia@desk.test", figures(satisfaction=Satisfaction(20, 10, 9, 0.6, 0.98)), labels={"en": "Bia"}),
    )
    made = report(by="agent", rows=agents)
    assert [cells[-1] for cells in rows(made, "speed").values()] == ["—", "90% (60–98%)"]
    assert "Satisfaction with one person is shown from 10 ratings on." in show(made, "en").notes
    queues = report(by="queue", rows=(replace(agents[0], labels={}),))
    assert rows(queues, "speed")["ana@desk.test"][-1] == "100% (70–100%)"


@pytest.mark.parametrize(
    ("share", "said"), [(0, "0%"), (0.001, "1%"), (0.996, "99%"), (1, "100%"), (1.003, "100%"), (1.5, "150%")]
)
def test_nearly_all_is_not_all(share: float, said: str) -> None:
    assert wording.percent(share, "en") == said


# --- parts ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("by", "values", "said"),
    [
        ("agent", ("bia@x.test", "", "ana@x.test"), ["ana@x.test", "bia@x.test", "ninguém"]),  # no contest
        ("priority", ("low", "critical", "normal", "high"), ["crítica", "alta", "média", "baixa"]),
        ("type", ("", "incident"), ["incidente", "sem tipo"]),
        ("hour", ("4 17", "0 13", "0 9"), ["seg 9h", "seg 13h", "sex 17h"]),
        ("day", ("2026-11-24", "2026-11-23"), ["seg 23/11", "ter 24/11"]),
        ("day", ("2026-W10", "2026-W09"), ["semana 9 de 2026", "semana 10 de 2026"]),
        ("tag", ("=rede", "vpn"), ["=rede", "vpn"]),
    ],
)
def test_parts_have_names_and_stand_where_people_look_for_them(
    by: Dimension, values: tuple[str, ...], said: list[str]
) -> None:
    made = report(by=by, rows=tuple(ReportRow(value, figures()) for value in values))
    assert list(rows(made, "volume", "pt_BR")) == said


def test_the_largest_part_stands_first_and_has_the_longest_bar() -> None:
    made = report(by="queue", rows=tuple(ReportRow(name, figures(size)) for name, size in (("a", 20), ("b", 80))))
    assert [(row.head, row.bar) for row in table(made, "volume").rows] == [("b", 100), ("a", 25)]


def test_a_stage_and_a_type_of_the_configuration_are_called_by_their_label() -> None:
    row = ReportRow("aguardando-peca", figures(), labels={"en": "Waiting for part"})
    assert list(rows(report(by="stage", rows=(row,)), "volume")) == ["Waiting for part"]
    assert list(rows(report(by="stage", rows=(row,)), "volume", "es")) == ["aguardando-peca"]


def test_two_agents_of_one_name_are_told_apart() -> None:
    agents = [ReportRow(address, figures(), labels={"en": "Ana"}) for address in ("ana@a.test", "ana@b.test")]
    assert list(rows(report(by="agent", rows=tuple(agents)), "volume")) == ["Ana (ana@a.test)", "Ana (ana@b.test)"]


def test_of_many_parts_people_see_the_largest_and_how_many_there_are() -> None:
    made = report(by="tag", rows=tuple(ReportRow(f"t{size}", figures(size)) for size in range(MOST_ROWS + 7)))
    found = table(made, "volume")
    assert (len(found.rows), found.more) == (MOST_ROWS, "and 7 more; all of them are in CSV and JSON")
    assert len(next(one for one in show(made, "en", most_rows=None).tables if one.key == "volume").rows) == 47


def test_without_a_division_there_are_the_days() -> None:
    assert [one.key for one in show(a_week(by=None, rows=()), "en").tables] == ["figures", "times", "volume", "oldest"]
    assert len(rows(a_week(by=None, rows=()), "volume")) == 7


def month(by: Dimension | None) -> DeskReport:
    days = tuple(ReportRow(f"2026-11-{day:02}", figures()) for day in range(1, 31))
    return report(by=by, rows=(ReportRow("a", figures()),) if by else (), days=days)


def test_a_month_of_days_does_not_bury_another_division() -> None:
    assert [len(one.rows) for one in show(month(None), "en").tables if one.key == "volume"] == [30]
    assert [len(one.rows) for one in show(month("tag"), "en").tables if one.key == "volume"] == [1]
    assert [len(one.rows) for one in show(a_week(), "en").tables if one.key == "volume"] == [2, 7]


def test_days_before_the_first_ticket_are_not_shown() -> None:
    empty = ReportFigures()
    days = tuple(ReportRow(f"2026-11-{day:02}", figures() if day > 20 else empty) for day in range(1, 31))
    assert [len(one.rows) for one in show(report(days=days), "en").tables if one.key == "volume"] == [10]
    nothing = tuple(replace(day, figures=empty) for day in days)
    assert [one for one in show(report(days=nothing), "en").tables if one.key == "volume"] == []


def test_a_report_says_up_to_when_it_is_complete() -> None:
    assert show(a_week(complete_until="2026-11-28T10:05-03:00"), "pt_BR").notes[0] == (
        "Contado até 28 nov. 2026, 10h05; o que veio depois ainda falta."
    )


# --- what strangers wrote --------------------------------------------------------------------------------------


def test_nothing_that_strangers_wrote_moves_a_terminal() -> None:
    made = a_week(
        comments=(CustomerComment(1, 1, "bad\x1b[2J\n\u202eword", "\x07Eve", "open", False),),
        oldest=(OldestTicket(2, "a\r\n\x1b]0;b", "suporte", None, timedelta(hours=1)),),
    )
    found = show(made, "en")
    assert found.comments[0].text == "bad[2J word"
    assert found.comments[0].said_by == "Eve, ticket #1, rating 1 of 5"
    assert found.comments[0].low
    assert list(rows(made, "oldest")) == ["#2 a ]0;b"]


def test_a_customer_is_not_named_without_consent_and_an_empty_subject_says_so() -> None:
    found = show(a_week(), "pt_BR")
    assert [one.said_by for one in found.comments] == [
        "um cliente, chamado #12, nota 2 de 5",
        "Maria Souza, chamado #15, nota 5 de 5",
    ]
    assert found.comments[0].became == "em atendimento, sem resposta depois da nota"
    assert rows(a_week(), "oldest", "pt_BR") == {
        "#12 Não consigo emitir a nota": ("financeiro", "Ana Souza", "12 d 4 h"),
        "#14 (sem assunto)": ("suporte", "sem responsável", "5 h"),
    }


def test_a_long_comment_is_cut() -> None:
    found = show(a_week(comments=(CustomerComment(1, 1, "word " * 500, "", "open", False),)), "en")
    assert found.comments[0].text.endswith("word…")
    assert len(found.comments[0].text) <= 600


# --- words ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("since", "until", "said"),
    [
        ("2026-11-23", "2026-11-29", ("23 a 29 de novembro de 2026", "November 23 to 29, 2026")),
        ("2026-11-29", "2026-11-29", ("29 de novembro de 2026", "November 29, 2026")),
        ("2026-10-31", "2026-11-29", ("31 de outubro a 29 de novembro de 2026", "October 31 to November 29, 2026")),
        (
            "2025-12-31",
            "2026-01-01",
            ("31 de dezembro de 2025 a 1º de janeiro de 2026", "December 31, 2025 to January 1, 2026"),
        ),
    ],
)
def test_a_period_is_said_as_people_say_it(since: str, until: str, said: tuple[str, str]) -> None:
    period = Period(type(WEEK.since).fromisoformat(since), type(WEEK.since).fromisoformat(until))
    assert (wording.period(period, "pt_BR"), wording.period(period, "en")) == said


def test_every_locale_has_every_word() -> None:
    def keys(entry: object, path: str = "") -> set[str]:
        if not isinstance(entry, dict):
            assert isinstance(entry, str) or (isinstance(entry, list) and len(entry) == 2), path
            return {path}
        return {key for name, inner in entry.items() for key in keys(inner, f"{path}.{name}")}

    lists = shipped.read("reports")
    assert set(lists) == set(LOCALES)
    assert keys(lists["en"]) == keys(lists["pt_BR"]) == keys(lists["es"])
    assert set(EXCLUSIONS) < set(lists["en"]["sums"])
    assert {"received", "waiting", *OUTCOMES} == set(lists["en"]["outcomes"])
    for section in ("dimensions", "by"):
        assert set(get_args(Dimension)) | {"week"} == set(lists["en"][section])


@pytest.mark.parametrize("locale", LOCALES)
def test_a_template_gets_plain_values(locale: str) -> None:
    given = shown(a_week(), locale)
    assert values_of({"report": given}, locale)["report"]["sentence"] == given["sentence"]
    assert given["tables"][0]["rows"][0]["cells"]
