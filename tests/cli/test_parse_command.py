"""`mailtickets parse`: one line of JSON a file, in order, whatever is in the files."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from mailtickets.cli import main

MESSAGE = b"From: Maria <maria@cliente.test>\nSubject: %d\n\nOl\xc3\xa1\n"


def written(folder: Path, count: int) -> list[str]:
    paths = [folder / f"{number}.eml" for number in range(count)]
    for number, path in enumerate(paths):
        path.write_bytes(MESSAGE % number)
    return [str(path) for path in paths]


@pytest.mark.parametrize("count", [1, 40])
def test_there_is_one_object_a_line_in_the_order_of_the_files(
    count: int, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    files = written(tmp_path, count)
    assert main(["parse", *files]) == 0
    objects = [json.loads(line) for line in capfdbinary.readouterr().out.splitlines()]
    assert [each["file"] for each in objects] == files
    assert [each["subject"] for each in objects] == [str(number) for number in range(count)]
    assert objects[0]["text"] == "Olá"


def test_standard_input_is_a_file_too(
    monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(MESSAGE % 7)))
    assert main(["parse", "-"]) == 0
    assert json.loads(capfdbinary.readouterr().out)["subject"] == "7"


def test_a_file_that_is_not_there_is_said_and_the_others_are_read(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert main(["parse", str(tmp_path / "none"), *written(tmp_path, 1)]) == 1
    captured = capfdbinary.readouterr()
    assert b"No such file" in captured.err
    assert json.loads(captured.out)["subject"] == "0"


def test_reading_loads_neither_the_database_nor_the_configuration() -> None:
    code = (
        "import sys, mailtickets.cli.parse, mailtickets.mail.read.parse\n"
        "print([name for name in ('sqlalchemy', 'pydantic', 'mailtickets.config', 'asyncio') if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout == b"[]\n"
