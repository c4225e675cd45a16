"""The page on chaos leaves no row of the list out, and names tests that are there."""

import ast
import re
from pathlib import Path

import pytest

from mailtickets.failpoint import COUNTING_FAILPOINTS, FAILPOINTS, GIVING_FAILPOINTS, TIMER_FAILPOINTS

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "chaos.md").read_text("utf-8")
ROWS = [line for line in PAGE.splitlines() if re.match(r"\| (C\d\d)? \|", line)]
NAMED = sorted(set(re.findall(r"`(tests/[^`\s]+::[^`\s]+)`", PAGE)))
FAULTS = 40


def names_in(file: Path) -> set[str]:
    nodes = ast.walk(ast.parse(file.read_text("utf-8")))
    return {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_every_fault_has_its_row_in_order() -> None:
    numbered = [row.split()[1] for row in ROWS if row.startswith("| C")]
    assert numbered == [f"C{number:02}" for number in range(1, FAULTS + 1)]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split("|")[2].strip())
def test_every_fault_has_a_test_or_a_reason_why_not(row: str) -> None:
    assert "`tests/" in row or "*Not run*" in row


@pytest.mark.parametrize("named", NAMED)
def test_what_the_page_names_is_there(named: str) -> None:
    path, _, test = named.partition("::")
    assert test in names_in(ROOT / path)


def test_every_named_moment_is_passed_once_and_no_other_is() -> None:
    code = "".join(file.read_text("utf-8") for file in (ROOT / "mailtickets").rglob("*.py"))
    assert sorted(re.findall(r'failpoint\("([a-z-]+)"\)', code)) == sorted(
        (*FAILPOINTS, *COUNTING_FAILPOINTS, *GIVING_FAILPOINTS, *TIMER_FAILPOINTS)
    )
