"""The pages on security and on attacks name tests that are there, and leave no class of attack out."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "security.md").read_text("utf-8")
SECTIONS = re.split(r"^### ", PAGE, flags=re.MULTILINE)[1:]
ATTACKS = (ROOT / "docs" / "attacks.md").read_text("utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[^`\s]+)`", PAGE + ATTACKS)))
CLASSES = 25


def names_in(file: Path) -> set[str]:
    nodes = ast.walk(ast.parse(file.read_text("utf-8")))
    return {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


@pytest.mark.parametrize("named", NAMED)
def test_what_the_page_names_is_there(named: str) -> None:
    path, _, test = named.partition("::")
    assert (ROOT / path).is_file()
    assert not test or test in names_in(ROOT / path)
    assert test or not path.endswith(".py"), "which test of that file?"


def test_every_class_of_attack_has_its_section_in_order() -> None:
    assert [int(section.partition(".")[0]) for section in SECTIONS] == list(range(1, CLASSES + 1))


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.partition("\n")[0])
def test_every_class_of_attack_has_a_test_or_says_not_yet(section: str) -> None:
    assert "`tests/" in section or "*Not yet*" in section


def test_attacks_are_numbered_from_one_without_a_gap() -> None:
    found = re.findall(r"^\| (\d+)(?:–(\d+))? \|", ATTACKS, flags=re.MULTILINE)
    numbers = [number for first, last in found for number in range(int(first), int(last or first) + 1)]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) >= 60


@pytest.mark.parametrize(
    "row", [row for row in ATTACKS.splitlines() if re.match(r"\| \d", row)], ids=lambda row: row[2:40]
)
def test_an_attack_has_a_verdict(row: str) -> None:
    assert re.search(r"\bholds\b|\*\*mended\*\*|\baccepted: ", row)
