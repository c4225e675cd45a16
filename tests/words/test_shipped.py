"""The lists that come with the program: each can be read, and says what the code asks of it."""

from pathlib import Path

import pytest

from mailtickets import words
from mailtickets.words import calendar_names, dates, locales, prefixes, shipped
from mailtickets.words.language import Language

LISTS = sorted(path.stem for path in (Path(words.__file__).parent / "lists").glob("*.toml"))


@pytest.mark.parametrize("name", LISTS)
def test_a_list_is_read_once_and_holds_words(name: str) -> None:
    assert shipped.read(name)
    assert shipped.read(name) is shipped.read(name)


def test_a_list_that_is_not_there_is_told_by_its_path() -> None:
    with pytest.raises(FileNotFoundError, match=r"nothing\.toml"):
        shipped.read("nothing")


def test_the_lines_of_an_entry_are_its_patterns_without_an_empty_one() -> None:
    lines = shipped.lines("report_signs", "daemons")
    assert r"\binternet mail delivery" in lines
    assert all(lines)


@pytest.mark.parametrize("language", calendar_names.LANGUAGES)
def test_a_year_has_twelve_months_and_a_week_seven_days(language: Language) -> None:
    assert len(calendar_names.written("months", language)) == 12
    assert len(calendar_names.written("weekdays", language)) == 7


def test_names_of_months_and_days_have_their_numbers() -> None:
    assert {dates.MONTHS[name] for name in ("marco", "march", "marzo", "mar")} == {3}
    assert {dates.MONTHS[name] for name in ("set", "setiembre", "sept")} == {9}
    assert {dates.WEEKDAYS[name] for name in ("segunda", "segunda-feira", "monday", "lun")} == {0}
    assert {"março", "março"[:3], "tháng", "sept"} <= calendar_names.everywhere("months")


@pytest.mark.parametrize(
    ("subject", "shown"),
    [("RES: Re[2]: nota", "nota"), ("R: disco cheio", "R: disco cheio"), ("Enc: nota", "Enc: nota")],
)
def test_only_what_is_surely_the_mark_of_an_answer_is_left_out_of_a_subject(subject: str, shown: str) -> None:
    assert locales.topic(subject, "", "pt_BR") == shown


def test_every_prefix_is_in_the_list_of_all() -> None:
    everything = set(prefixes.ANY[3:-1].split("|"))
    for some in (prefixes.SURELY_ANSWER, prefixes.SURELY_FORWARD, prefixes.FORWARD):
        assert set(some[3:-1].split("|")) < everything
