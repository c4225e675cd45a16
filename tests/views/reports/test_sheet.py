"""A report as CSV: right for programs, right for Excel, and harmless."""

import csv
import io

import pytest

from mailtickets.desk.figures.report import ReportRow, Satisfaction
from mailtickets.views.reports.sheet import for_excel, harmless, text
from tests.desk.figures.made_up import a_week, figures, report


def read(written: str, delimiter: str = ",") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(written, newline=""), delimiter=delimiter, strict=True))


@pytest.mark.parametrize("locale", ["pt_BR", "en", "es"])
def test_every_line_has_every_column_and_no_head_is_there_twice(locale: str) -> None:
    lines = list(csv.reader(io.StringIO(text(a_week(), locale), newline=""), strict=True))
    assert len(lines) == 1 + 2 + 2 + 7  # heads, the period and the one before, two queues, seven days
    assert {len(line) for line in lines} == {len(set(lines[0]))}


def test_figures_are_numbers() -> None:
    total, before, *rows = read(text(a_week(), "en"))
    assert (total["From"], total["To"], total["Divided by"]) == ("2026-11-23", "2026-11-29", "Total")
    assert (total["Opened"], total["Counted"], total["Not counted: merged"]) == ("132", "120", "7")
    assert (total["First answer: Half within (s)"], total["First answer: 9 of 10 is at least"]) == ("11400", "1")
    assert (total["Satisfaction (%)"], total["Satisfaction, from (%)"]) == ("85.7", "65.0")
    assert (before["From"], before["Opened"]) == ("2026-11-16", "114")
    assert [row["Value"] for row in rows[:3]] == ["suporte", "financeiro", "2026-11-23"]


def test_what_is_not_known_is_empty_and_not_nought() -> None:
    total = read(text(a_week(), "en"))[0]
    assert total["First answer: Half, in working hours (s)"] == ""


def test_excel_gets_its_mark_and_in_portuguese_semicolons_and_decimal_commas() -> None:
    octets = for_excel(a_week(), "pt_BR")
    assert octets.startswith(b"\xef\xbb\xbfDe;")
    total = read(octets.decode("utf-8-sig"), ";")[0]
    assert (total["Satisfação (%)"], total["Abertos"]) == ("85,7", "132")
    english = for_excel(a_week(), "en")
    assert english.startswith(b"\xef\xbb\xbfFrom,")
    assert read(english.decode("utf-8-sig"))[0]["Satisfaction (%)"] == "85.7"
    assert not text(a_week(), "pt_BR").startswith("\ufeff")


def test_lines_end_as_the_standard_wants() -> None:
    written = text(a_week(), "en")
    assert written.count("\r\n") == written.count("\n") == 12


FORMULAS = ["=1+1", "+55 11", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1", '=HYPERLINK("http://evil.test";"x")']


@pytest.mark.parametrize("value", FORMULAS)
def test_no_cell_is_a_formula(value: str) -> None:
    row = ReportRow(value, figures(), labels={"en": value})
    for written, delimiter in (
        (text(report(by="tag", rows=(row,)), "en"), ","),
        (for_excel(report(by="tag", rows=(row,)), "es").decode("utf-8-sig"), ";"),
    ):
        cells = [cell for line in read(written, delimiter) for cell in line.values()]
        assert f"'{value}" in cells
        assert not [cell for cell in cells if cell.lstrip()[:1] in set("=+-@＝")]


@pytest.mark.parametrize("value", ["rede", "a=b", "2026-11-29", "12", "é", ""])
def test_other_cells_stay_as_they_are(value: str) -> None:
    assert harmless(value) == value


@pytest.mark.parametrize("before", ["\u200b", "\ufeff", "\x00", "\u202e", "\u2060 \u00ad"])
def test_signs_that_cannot_be_seen_hide_no_formula(before: str) -> None:
    assert harmless(f"{before}=1+1") == f"'{before}=1+1"
    assert harmless(f"{before}rede=1") == f"{before}rede=1"


@pytest.mark.parametrize("value", ['say "hi"', "a,b", "a;b", "two\nlines", "'"])
def test_every_text_comes_back_from_its_quotes(value: str) -> None:
    row = ReportRow(value, figures())
    for written, delimiter in (
        (text(report(by="tag", rows=(row,)), "en"), ","),
        (for_excel(report(by="tag", rows=(row,)), "pt_BR").decode("utf-8-sig"), ";"),
    ):
        assert list(read(written, delimiter)[2].values())[3] == value


def test_satisfaction_with_a_person_is_hidden_under_ten_ratings() -> None:
    row = ReportRow("ana@desk.test", figures(satisfaction=Satisfaction(20, 9, 9, 0.7, 1.0)))
    agent = read(text(report(by="agent", rows=(row,)), "en"))[2]
    keys = ("Ratings", "Ratings of 4 and 5", "Satisfaction (%)", "Satisfaction, from (%)", "Satisfaction, to (%)")
    assert [agent[key] for key in keys] == ["9", "", "", "", ""]
