"""The wheel, by its contents: everything the program reads at run time, and what pip is told about it."""

import email
import json
import subprocess
import sys
import zipfile
from email.message import Message
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what pip would put into site-packages."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site-packages")
    return folder / "site-packages"


@pytest.fixture(scope="module")
def metadata(unpacked: Path) -> Message:
    (file,) = unpacked.glob("mailtickets-*.dist-info/METADATA")
    return email.message_from_string(file.read_text(encoding="utf-8"))


def test_every_file_beside_the_code_is_in_it(unpacked: Path) -> None:
    beside = [path for folder in ("templates", "systemd") for path in (ROOT / folder).rglob("*") if path.is_file()]
    beside += [path for path in (ROOT / "mailtickets").rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    beside.append(ROOT / "config.example.toml")
    for path in beside:
        inside = path.relative_to(ROOT)
        inside = inside if inside.parts[0] == "mailtickets" else Path("mailtickets") / inside
        assert (unpacked / inside).read_bytes() == path.read_bytes(), inside


def test_nothing_else_is_in_it(unpacked: Path) -> None:
    assert {path.name.partition("-")[0] for path in unpacked.iterdir()} == {"mailtickets"}


def test_it_brings_the_command_and_the_licence(unpacked: Path) -> None:
    (points,) = unpacked.glob("*.dist-info/entry_points.txt")
    assert "mailtickets = mailtickets.cli:main" in points.read_text()
    (licence,) = unpacked.glob("*.dist-info/licenses/LICENSE")
    assert licence.read_text() == (ROOT / "LICENSE").read_text()


def test_charts_are_drawn_with_the_font_that_comes_with_it(unpacked: Path, tmp_path: Path) -> None:
    drawn = """
import sys
sys.path.insert(0, sys.argv[1])
from mailtickets.gateway.charts import png
frame = '<svg xmlns="http://www.w3.org/2000/svg" width="60" height="30"><text x="4" y="20">{}</text></svg>'
made = png([frame.format("Olá"), frame.format("")])
sys.exit(0 if isinstance(made, list) and made[0] != made[1] else str(made))
"""
    command = [sys.executable, "-I", "-c", drawn, str(unpacked)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (licence,) = unpacked.glob("*.dist-info/licenses/mailtickets/fonts/LICENSE-DejaVu.txt")
    assert "Bitstream Vera" in licence.read_text()


def test_what_pip_is_told(metadata: Message) -> None:
    assert metadata["Name"] == "mailtickets"
    assert metadata["License-Expression"] == "GPL-3.0-or-later"
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["Description-Content-Type"] == "text/markdown"


def test_it_works_with_no_checkout_around(unpacked: Path, tmp_path: Path) -> None:
    mail = tmp_path / "mail.eml"
    mail.write_text("From: joao@cliente.test\nTo: suporte@desk.test\nSubject: Oi\n\nTudo bem?\n")

    def run(*words: str) -> str:
        # -I: neither the working directory nor the checkout's own installation comes first.
        start = f"import sys; sys.path.insert(0, {str(unpacked)!r}); from mailtickets.cli import main; sys.exit(main())"
        done = subprocess.run([sys.executable, "-I", "-c", start, *words], cwd=tmp_path, capture_output=True,
                              text=True, check=False)  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert json.loads(run("parse", str(mail)))["subject"] == "Oi"
    run("-c", "config.toml", "init")
    assert (tmp_path / "config.toml").read_text() == (ROOT / "config.example.toml").read_text()
    assert "received" in run("-c", "config.toml", "template", "list")
