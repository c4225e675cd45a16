"""What `check` says in broken situations, against a written table: each line with its next step.

The world is made of real stand-ins (Dovecot, servers in this process). After a wanted change of words:

    CHECK_TABLE=write pytest tests/cli/test_check_table.py
"""

import os
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from mailtickets.views.check import CheckLine, as_text
from tests.cli.situations import SECRET, SITUATIONS, SMTP_SECRET, Bench

TABLE = Path(__file__).with_name("check_table.txt")
WRITES = os.environ.get("CHECK_TABLE") == "write"


@pytest.fixture
async def bench(
    tmp_path: Path, migrated_file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Bench]:
    for name in ("STATE_DIRECTORY", "CREDENTIALS_DIRECTORY", "MAILTICKETS_CONFIG", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)

    def said() -> tuple[str, str]:
        printed = capsys.readouterr()
        return printed.out, printed.err

    async with AsyncExitStack() as stack:
        yield Bench(tmp_path, migrated_file, monkeypatch, stack, said)


def table() -> dict[str, str]:
    """The lines of each situation, as they are written."""
    if not TABLE.exists():
        return {}
    blocks = TABLE.read_text(encoding="utf-8").strip().split("\n\n")[1:]
    return {words: lines for words, _, lines in (block.partition("\n") for block in blocks)}


def written(found: dict[str, str]) -> str:
    head = "What `check` says when something is wrong, and the next step. DIR, PORT and N stand for what varies."
    return "\n\n".join([head, *(f"{words}\n{found[words]}" for words in SITUATIONS if words in found)]) + "\n"


def shown(lines: list[CheckLine], directory: Path) -> str:
    text = "\n".join(as_text(line) for line in lines).replace(str(directory), "DIR")
    text = re.sub(r"(127\.0\.0\.1|localhost|port|port =|that)(:| |', | = :)\d{4,5}\b", r"\1\2PORT", text)
    text = re.sub(r"sport = :\d+", "sport = :PORT", text)
    text = re.sub(r"\bc[0-9a-f]{12}\b|check\.[0-9a-f]{12}", "TAG", text)
    text = re.sub(r"(is|within) \d+ s\b", r"\1 N s", text)
    return "\n".join(f"  {line}" for line in text.splitlines())


@pytest.mark.parametrize("words", SITUATIONS)
async def test_a_broken_situation_is_told_with_its_next_step(bench: Bench, words: str) -> None:
    lines = await SITUATIONS[words](bench)
    assert lines, "nothing is said about it"
    assert [line for line in lines if not line.next] == []
    found = shown(lines, bench.directory)
    assert SECRET not in found
    assert SMTP_SECRET not in found
    if WRITES:
        TABLE.write_text(written({**table(), words: found}), encoding="utf-8")
    assert table()[words] == found


def test_the_table_has_each_situation_once_and_no_other() -> None:
    assert list(table()) == list(SITUATIONS)
    assert len(SITUATIONS) >= 20
