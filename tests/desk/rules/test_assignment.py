"""Whose turn it is."""

from datetime import timedelta
from typing import Any

import pytest

from mailtickets.desk.model.effects import Assign
from mailtickets.desk.model.facts import Desk
from mailtickets.desk.rules.assignment import turn
from tests.desk.builders import ANA, BRUNO, NOW, a_policy

LAST = {ANA.address: NOW - timedelta(hours=1), BRUNO.address: NOW - timedelta(hours=2)}


@pytest.mark.parametrize(
    ("assignment", "desk", "given"),
    [
        ("none", Desk(assigned_at=LAST), None),
        ("round_robin", Desk(), Assign(ANA.address, "by-turns")),
        ("round_robin", Desk(assigned_at=LAST), Assign(BRUNO.address, "by-turns")),
        ("round_robin", Desk(assigned_at={ANA.address: NOW}), Assign(BRUNO.address, "by-turns")),
        ("round_robin", Desk(assigned_at=LAST, absent_until={BRUNO.address: NOW + timedelta(days=1)}),
         Assign(ANA.address, "by-turns")),
        ("round_robin", Desk(assigned_at=LAST, absent_until={BRUNO.address: NOW}), Assign(BRUNO.address, "by-turns")),
        ("round_robin", Desk(absent_until=dict.fromkeys(LAST, NOW + timedelta(days=1))), None),
        ("least_open", Desk(loads={ANA.address: 3, BRUNO.address: 2}), Assign(BRUNO.address, "least-open")),
        ("least_open", Desk(loads={BRUNO.address: 1}), Assign(ANA.address, "least-open")),
        ("least_open", Desk(loads={ANA.address: 2, BRUNO.address: 2}, assigned_at=LAST),
         Assign(BRUNO.address, "least-open")),
    ],
)  # fmt: skip
def test_a_new_ticket_is_given_to(assignment: str, desk: Desk, given: Any) -> None:
    policy = a_policy(suporte={"assignment": assignment})
    assert turn(policy.queues[0], desk, policy, NOW) == given
