"""Charts become pictures in a process of their own: with labels, and with a named error when it fails."""

import io
import json
import subprocess
import sys
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops

from mailtickets.config.places import shipped
from mailtickets.gateway import charts, programs
from mailtickets.gateway.charts import NoPictures, png
from mailtickets.views.charts import CHARTS, svg
from tests.views.report_scenes import REPORTS

WITHOUT_FONT = """
import sys, resvg_py
sys.stdout.buffer.write(resvg_py.svg_to_bytes(svg_string=sys.stdin.read(), zoom=2, skip_system_fonts=True))
"""


def pictures(*svgs: str) -> list[bytes]:
    made = png(svgs)
    assert not isinstance(made, NoPictures), made
    return made


@pytest.mark.parametrize("name", REPORTS)
def test_every_report_becomes_pictures(name: str) -> None:
    made = pictures(*(svg(REPORTS[name](), which, "pt_BR") for which in CHARTS))
    for picture in made:
        shown = Image.open(io.BytesIO(picture))
        assert shown.width == 880
        assert 300 < shown.height < 900
        assert len(picture) < 100_000


def test_labels_are_really_drawn() -> None:
    """resvg without a font leaves out every label and says nothing: so its picture is compared with ours."""
    text = svg(REPORTS["month"](), "volume", "pt_BR")
    [ours] = pictures(text)
    done = subprocess.run([sys.executable, "-c", WITHOUT_FONT], input=text.encode(), capture_output=True, check=True)
    differing = ImageChops.difference(*(Image.open(io.BytesIO(made)).convert("L") for made in (ours, done.stdout)))
    heading, left, day_names = (0, 0, 880, 68), (0, 120, 60, 300), (0, 300, 880, 420)
    for place in (heading, left, day_names):
        assert sum(differing.crop(place).histogram()[64:]) > 200  # pixels where a letter stands
    assert sum(differing.crop((100, 180, 860, 220)).histogram()[64:]) == 0  # only bars


def test_letters_of_our_languages_are_in_the_font() -> None:
    """A letter that the font lacks would be drawn as the box of a missing glyph, as this private one is."""
    frame = '<svg xmlns="http://www.w3.org/2000/svg" width="30" height="30"><text x="4" y="20">{}</text></svg>'
    letters = "áâãàçéêíñóôõúüÁÉÍÓÚÇÃÕº–·¿¡0"
    *drawn, missing = pictures(*(frame.format(letter) for letter in letters), frame.format("\ue123"))
    assert len({*drawn, missing}) == len(letters) + 1


def test_nothing_is_asked_for_no_charts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("a process was started"))
    assert png([]) == []


@pytest.mark.parametrize("broken", ["", "<svg", "no svg", "<svg xmlns='http://www.w3.org/2000/svg' width='-1'/>"])
def test_what_is_no_svg_gives_no_picture_and_an_error(broken: str) -> None:
    made = png([svg(REPORTS["tiny"](), "volume", "en"), broken])
    assert isinstance(made, NoPictures)
    assert made.code == "failed"
    assert "ValueError" in made.text


def test_a_picture_that_takes_too_much_memory_gives_an_error() -> None:
    made = png(['<svg xmlns="http://www.w3.org/2000/svg" width="90000" height="90000"><g/></svg>'])
    assert isinstance(made, NoPictures)
    assert made.code == "failed"
    assert "memory" in made.text


def test_a_process_that_does_not_end_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(charts, "SECONDS", 0.01)
    made = png([svg(REPORTS["tiny"](), "volume", "en")])
    assert isinstance(made, NoPictures)
    assert (made.code, made.text) == ("took-too-long", "the charts could not be drawn: it took more than 0.01 seconds")


def test_a_process_that_cannot_be_started_gives_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    made = png([svg(REPORTS["tiny"](), "volume", "en")])
    assert isinstance(made, NoPictures)
    assert made.code == "not-started"


@pytest.mark.parametrize(
    "written",
    [b"", b"[]", b"{}", b"[1]", b'["%%"]', json.dumps([b64encode(b"GIF89a").decode()]).encode(), b"\xff"],
)
def test_what_is_no_picture_is_not_sent(monkeypatch: pytest.MonkeyPatch, written: bytes) -> None:
    def run(*_: Any, **__: Any) -> bytes:
        return written

    monkeypatch.setattr(programs, "run", run)
    made = png(["<svg/>"])
    assert isinstance(made, NoPictures)
    assert made.code == "failed"


def test_without_the_font_there_is_no_picture_rather_than_one_without_labels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = (Path(programs.__file__).parent / "chart_pictures.py").read_text(encoding="utf-8")
    assert "DejaVuSans.ttf" in program
    broken = tmp_path / "chart_pictures_without_font.py"
    broken.write_text(program.replace("DejaVuSans.ttf", "Missing.ttf"), encoding="utf-8")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    with pytest.raises(programs.ProgramFailed, match=r"FileNotFoundError: .*Missing\.ttf"):
        programs.run("chart_pictures_without_font", seconds=30, reads=b"[]")


def test_the_font_comes_with_its_licence() -> None:
    folder = shipped("fonts")
    assert (folder / "DejaVuSans.ttf").read_bytes()[:4] == b"\x00\x01\x00\x00"
    assert "Bitstream Vera" in (folder / "LICENSE-DejaVu.txt").read_text(encoding="utf-8")


def test_this_process_has_not_imported_the_library() -> None:
    told = "import sys; import mailtickets.gateway.charts, mailtickets.views.charts; print('resvg_py' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_a_picture_holds_no_name_of_the_machine_and_no_time() -> None:
    text = svg(REPORTS["week"](), "hours", "es")
    one, other = pictures(text), pictures(text)
    assert one == other
