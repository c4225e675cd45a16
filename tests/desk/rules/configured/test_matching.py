"""What each condition of a rule matches, as `matching.txt` says: every rule against every occasion."""

from pathlib import Path

import pytest

from mailtickets.desk.rules.configured.look import look
from tests.desk.rules.configured.occasions import a_rule, occasions, policy_with

OCCASIONS = occasions()
ON_ALL = ("new", "reply", "status", "due")


def table() -> list[tuple[str, frozenset[str]]]:
    lines = (Path(__file__).parent / "matching.txt").read_text("utf-8").splitlines()
    rows, rule = [], ""
    for line in lines:
        if line.startswith("->"):
            rows.append((rule, frozenset(line.removeprefix("->").split())))
        elif line and not line.startswith("#"):
            rule = line
    return rows


@pytest.mark.parametrize(("rule", "expected"), table(), ids=[rule for rule, _ in table()])
def test_a_rule_matches_what_the_table_says_and_nothing_else(rule: str, expected: frozenset[str]) -> None:
    assert expected <= OCCASIONS.keys()
    policy = policy_with(a_rule(rule, on=ON_ALL))
    matched = {name for name, occasion in OCCASIONS.items() if look(occasion.matters(policy), policy).matched}
    assert matched == expected


def test_the_table_has_more_than_sixty_rules() -> None:
    assert len(table()) >= 60
