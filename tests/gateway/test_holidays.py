"""Holidays are computed by a process of their own and kept in the database."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from mailtickets.config.calendars import Calendar
from mailtickets.config.models import Config
from mailtickets.gateway import holidays
from mailtickets.gateway.holidays import HolidaysUnknown, computed, known, ready
from mailtickets.store import migrate
from mailtickets.store.database import Database
from tests.desk.builders import a_config

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'desk.db'}")
    migrate.upgrade(database)
    yield database
    database.close()


def a_desk(*regions: str) -> Config:
    return a_config(calendar=(Calendar(name="comercial", holidays=regions),))


def test_the_days_of_sao_paulo() -> None:
    found = computed([("BR-SP", 2026)])
    assert [f"{one.day} {one.kind:<8} {one.name}" for one in sorted(found, key=lambda one: one.day)] == [
        "2026-01-01 public   Confraternização Universal",
        "2026-02-16 optional Carnaval",
        "2026-02-17 optional Carnaval",
        "2026-02-18 optional Quarta-feira de Cinzas",
        "2026-04-03 public   Sexta-feira Santa",
        "2026-04-21 public   Tiradentes",
        "2026-05-01 public   Dia do Trabalhador",
        "2026-06-04 optional Corpus Christi",
        "2026-07-09 public   Revolução Constitucionalista",
        "2026-09-07 public   Independência do Brasil",
        "2026-10-12 public   Nossa Senhora Aparecida",
        "2026-10-28 optional Dia do Servidor Público",
        "2026-11-02 public   Finados",
        "2026-11-15 public   Proclamação da República",
        "2026-11-20 public   Dia Nacional de Zumbi e da Consciência Negra",
        "2026-12-24 optional Véspera de Natal",
        "2026-12-25 public   Natal",
        "2026-12-31 optional Véspera de Ano-Novo",
    ]


def test_20_november_is_a_holiday_of_the_whole_country_from_2024_on() -> None:
    found = {one.day for one in computed([("BR", 2023), ("BR", 2024)])}
    assert date(2023, 11, 20) not in found
    assert date(2024, 11, 20) in found


@pytest.mark.parametrize("locale", ["C", "C.UTF-8", "en_US.UTF-8"])
def test_names_do_not_follow_the_locale_of_the_process(monkeypatch: pytest.MonkeyPatch, locale: str) -> None:
    for name in ("LANG", "LC_ALL", "LANGUAGE"):
        monkeypatch.setenv(name, locale)
    names = {one.name for one in computed([("BR", 2026), ("ES-MD", 2026)])}
    assert {"Finados", "Natal", "Natividad del Señor"} <= names


def test_a_city_with_spaces_in_its_name_can_be_asked_for() -> None:
    assert date(2026, 1, 25) in {one.day for one in computed([("BR-São Paulo Capital", 2026)])}


def test_what_is_needed_is_computed_once_and_is_there_years_ahead(
    empty: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = ready(empty, a_desk("BR", "ES"), NOW)
    assert {one.day.year for one in found} == {2023, 2024, 2025, 2026, 2027, 2028}
    monkeypatch.setattr(holidays, "computed", lambda years: pytest.fail(f"computed again: {years}"))
    assert ready(empty, a_desk("BR", "ES"), NOW) == found
    assert {one.region for one in ready(empty, a_desk("ES"), NOW)} == {"ES"}


def test_in_january_one_more_year_is_computed(empty: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    ready(empty, a_desk("BR"), NOW)
    asked: list[tuple[str, int]] = []
    monkeypatch.setattr(holidays, "computed", lambda years: asked.extend(years) or [])
    ready(empty, a_desk("BR"), datetime(2027, 1, 1, tzinfo=UTC))
    assert asked == [("BR", 2029)]


def test_without_holidays_nothing_is_asked(empty: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(empty, "transact", lambda *_: pytest.fail("the database was asked"))
    assert ready(empty, a_desk(), NOW) == []


def test_a_process_that_fails_is_told_with_its_last_line(empty: Database) -> None:
    with pytest.raises(HolidaysUnknown, match=r"holidays of XX could not be computed: AttributeError"):
        ready(empty, a_desk("XX"), NOW)
    assert known(empty, a_desk("XX")) == []


def test_this_process_has_not_imported_the_library() -> None:
    told = "import sys; import mailtickets.daemon, mailtickets.cli.desk, mailtickets.jobs.schedule;"
    told += "print('holidays' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_no_module_of_the_working_directory_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "holidays.py").write_text("raise SystemExit('run')")
    (tmp_path / "json.py").write_text("raise SystemExit('run')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry])
    assert computed([("BR", 2026)])
