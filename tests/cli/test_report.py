"""`mailtickets report`: the figures of a real desk in each form, and bad input that is named."""

import csv
import io
import json
import os
import pwd
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from lxml import html as lxml_html

from mailtickets.cli import Stop, report_work
from tests.cli.conftest import Shell
from tests.store.office import Office, a_message

TODAY = datetime.now(ZoneInfo("America/Sao_Paulo")).date()


@pytest.fixture
def desk(shell: Shell, office: Office) -> Shell:
    """A desk with one ticket, which was opened an hour ago and waits for its first answer."""
    office.now = datetime.now(UTC) - timedelta(hours=1)
    office.take(a_message())
    return shell


def test_json_says_what_has_happened(desk: Shell) -> None:
    said = desk.json("report", "--since", "2d")
    assert (said["since"], said["until"]) == (str(TODAY - timedelta(days=1)), str(TODAY))
    assert (said["counts"]["received"], said["counts"]["opened"], said["counts"]["counted"]) == (1, 1, 1)
    assert said["first_answer"]["waiting"] == said["first_answer"]["n"] == 1
    assert said["first_answer"]["median_at_least"]
    assert 3600 <= said["first_answer"]["median_s"] < 7200
    assert desk.run("report", "--since", "2d", "--format", "json")[1].count('"since"') == 2


def test_the_last_thirty_days_are_the_default(desk: Shell) -> None:
    said = desk.json("report")
    assert (said["since"], said["until"]) == (str(TODAY - timedelta(days=29)), str(TODAY))


def test_text_is_in_the_language_of_the_desk_or_in_the_one_that_is_asked_for(desk: Shell) -> None:
    status, said, _ = desk.run("report")
    assert status == 0
    assert "1 chamado; nos 30 dias anteriores, nenhum." in said
    assert "1 aberto = 1 contado" in said
    assert "≥ 1 h" in said
    assert "1 ticket; the 30 days before, none." in desk.run("report", "--locale", "en")[1]


@pytest.mark.parametrize("by", ["agent", "queue", "type", "priority", "tag", "stage", "day", "hour"])
def test_it_is_divided_as_one_asks(desk: Shell, by: str) -> None:
    said = desk.json("report", "--by", by)
    assert said["by"] == by
    if by != "agent":  # nobody has done anything yet
        assert sum(row["counts"]["counted"] for row in said["rows"]) == 1
    for form in ("text", "csv", "html"):
        assert desk.run("report", "--by", by, "--format", form)[0] == 0


def test_only_the_queues_that_are_named(desk: Shell) -> None:
    assert desk.json("report", "--queue", "vendas")["counts"]["opened"] == 0
    one = desk.json("report", "--queue", "suporte")
    assert (one["counts"]["opened"], one["queue"], one["queues"]) == (1, "suporte", ["suporte"])
    both = desk.json("report", "--queue", "suporte", "--queue", "vendas", "--queue", "suporte", "--by", "queue")
    assert (both["counts"]["opened"], both["queues"]) == (1, ["suporte", "vendas"])


def test_csv_is_read_by_programs_and_by_excel(desk: Shell) -> None:
    _, said, _ = desk.run("report", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(said, newline=""), strict=True))
    assert (rows[0]["Divisão"], rows[0]["Abertos"], rows[0]["Em aberto no fim"]) == ("Total", "1", "1")
    out = desk.directory / "report.csv"
    assert desk.run("report", "--excel", "--out", out) == (0, "", "")
    assert out.read_bytes().startswith(b"\xef\xbb\xbfDe;At")


def test_html_is_a_page(desk: Shell) -> None:
    _, said, _ = desk.run("report", "--format", "html", "--by", "queue")
    document = lxml_html.fromstring(said)
    assert document.get("lang") == "pt-BR"
    assert "Suporte" in said or "suporte" in said
    assert document.xpath("//table/thead/tr/th[@scope='col']")


def test_pdf_has_pictures(desk: Shell) -> None:
    pytest.importorskip("fpdf", reason="the extra pdf is not installed")
    out = desk.directory / "report.pdf"
    assert desk.run("report", "--out", out) == (0, "", "")
    octets = out.read_bytes()
    assert octets.startswith(b"%PDF-")
    assert octets.count(b"/Subtype /Image") >= 2


def test_pdf_without_its_extra_is_named(desk: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fpdf", None)
    status, said, why = desk.run("report", "--format", "pdf", "--out", desk.directory / "x.pdf")
    assert (status, said) == (2, "")
    assert "needs fpdf2, which is not installed: pip install 'mailtickets[pdf]'" in why
    assert not (desk.directory / "x.pdf").exists()


# --- the file -------------------------------------------------------------------------------------------------


def test_the_end_of_a_name_says_the_form(desk: Shell) -> None:
    begins = {
        "r.txt": "Relatório",
        "r.json": "{",
        "r.csv": "De,",
        "r.html": "<!doctype",
        "r.HTM": "<!doctype",
        "r": "R",
    }
    for name, begin in begins.items():
        out = desk.directory / name
        assert desk.run("report", "--out", out) == (0, "", "")
        assert out.read_text(encoding="utf-8").startswith(begin), name
    assert desk.run("report", "--out", "-")[1].startswith("Relatório")


def test_a_file_is_replaced_whole_and_keeps_its_mode(desk: Shell) -> None:
    out = desk.directory / "report.json"
    out.write_text("x" * 1_000_000)
    out.chmod(0o640)
    before = set(desk.directory.iterdir())
    assert desk.run("report", "--json", "--out", out) == (0, "", "")
    assert json.loads(out.read_text(encoding="utf-8"))["counts"]["opened"] == 1
    assert out.stat().st_mode & 0o777 == 0o640
    assert set(desk.directory.iterdir()) == before


def test_a_new_file_has_the_mode_that_others_would_have(desk: Shell) -> None:
    mask = os.umask(0o027)
    try:
        desk.run("report", "--out", desk.directory / "new.html")
    finally:
        os.umask(mask)
    assert (desk.directory / "new.html").stat().st_mode & 0o777 == 0o640


def test_a_link_stays_a_link(desk: Shell) -> None:
    (desk.directory / "real.txt").write_text("old")
    (desk.directory / "link.txt").symlink_to("real.txt")
    desk.run("report", "--out", desk.directory / "link.txt")
    assert (desk.directory / "link.txt").is_symlink()
    assert (desk.directory / "real.txt").read_text(encoding="utf-8").startswith("Relatório")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
@pytest.mark.parametrize("name", ["report.txt", "folder/report.txt", "own.txt"])
def test_a_link_that_another_user_has_planted_is_not_followed(desk: Shell, name: str) -> None:
    """As `fs.protected_symlinks` has it: in a folder where everybody may write, such as /tmp."""
    victim, shared = desk.directory / "victim", desk.directory / "shared"
    victim.mkdir()
    (victim / "report.txt").write_text("old")
    shared.mkdir()
    shared.chmod(0o1777)
    (shared / "report.txt").symlink_to("../victim/report.txt")
    (shared / "folder").symlink_to(victim)
    (shared / "own.txt").symlink_to("report.txt")
    for planted in ("report.txt", "folder"):
        os.chown(shared / planted, 65534, 65534, follow_symlinks=False)
    status, said, why = desk.run("report", "--out", shared / name)
    assert (status, said, "is a link of another user" in why) == (1, "", True)
    assert (victim / "report.txt").read_text() == "old"


@pytest.mark.parametrize("where", ["missing/report.txt", "."])
def test_what_cannot_be_written_is_named(desk: Shell, where: str) -> None:
    status, said, why = desk.run("report", "--out", desk.directory / where)
    assert (status, said) == (1, "")
    assert str(desk.directory / Path(where)) in why


def test_a_folder_that_is_somebody_elses_is_named_with_the_user_who_may_not(
    desk: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root acts as the owner of the desk: a folder of root's is not writable then."""

    def refuses(*_: Any, **__: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("mailtickets.cli.report_work.NamedTemporaryFile", refuses)
    status, _, why = desk.run("report", "--out", desk.directory / "r.txt")
    assert (status, f"r.txt: the user {pwd.getpwuid(os.geteuid()).pw_name} may not write there" in why) == (1, True)


def test_a_disk_that_is_full_leaves_the_old_file(desk: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    out = desk.directory / "report.txt"
    out.write_text("old")
    before = set(desk.directory.iterdir())

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    status, _, why = desk.run("report", "--out", out)
    assert (status, "No space left on device" in why) == (1, True)
    assert out.read_text() == "old"
    assert set(desk.directory.iterdir()) == before


def test_output_that_goes_to_a_full_disk_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with Path("/dev/full").open("w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        with pytest.raises(Stop, match="the report could not be written: No space left on device"):
            report_work._print(b"Report")


def test_a_device_is_written_to_and_not_replaced(desk: Shell) -> None:
    assert desk.run("report", "--out", "/dev/null")[0] == 0
    assert not Path("/dev/null").is_file()


# --- bad input ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--since", "2026-02-02", "--until", "2026-02-01"], "the period ends (2026-02-01) before it begins"),
        (["--since", "2999-01-01"], "before it begins (2999-01-01)"),
        (["--since", "2999-01-01", "--until", "2999-02-01"], "the period begins on 2999-01-01, and today is"),
        (["--since", "2026-02-30"], "'2026-02-30' is no date: write it as"),
        (["--until", "amanhã"], "'amanhã' is no date"),
        (["--queue", "suport"], "there is no queue 'suport': 'suporte' is the nearest"),
        (["--queue", "suporte", "--queue", "zzz"], "there is no queue 'zzz'"),
        (["--by", "week"], "invalid choice: 'week'"),
        (["--format", "xml"], "invalid choice: 'xml'"),
        (["--json", "--format", "csv"], "a report has one form, and this asks for csv and json"),
        (["--excel", "--format", "html"], "a report has one form, and this asks for csv and html"),
        (["--locale", "fr"], "invalid choice: 'fr'"),
    ],
)
def test_bad_input_is_named(desk: Shell, words: list[str], why: str) -> None:
    status, said, told = desk.run("report", *words)
    assert (status, said) == (2, "")
    assert why in told


def test_charts_that_fail_leave_a_report_without_them(desk: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("fpdf", reason="the extra pdf is not installed")
    from mailtickets.gateway.charts import NoPictures

    def fails(_: Any) -> NoPictures:
        return NoPictures("failed", "the charts could not be drawn: out of ink")

    monkeypatch.setattr("mailtickets.gateway.charts.png", fails)
    out = desk.directory / "report.pdf"
    status, _, why = desk.run("report", "--out", out)
    assert (status, "out of ink" in why) == (0, True)
    assert out.read_bytes().startswith(b"%PDF-")
