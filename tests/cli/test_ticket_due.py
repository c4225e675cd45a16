"""What is due, at the shell: the list in its order, page by page, and the keys that were promised."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from mailtickets.store.schema import deadline
from tests.cli.conftest import Shell
from tests.store.office import Office, a_message

NOW = datetime.now(UTC)
"""Whether a clock is late is seen by the clock of the machine."""


@pytest.fixture(autouse=True)
def tickets(office: Office) -> Office:
    """Tickets 1 to 5. The fourth is answered, and nothing was ever promised about the fifth."""
    for number in range(1, 6):
        office.take(a_message(f"Pedido {number}", message_id=f"<{number}@x.test>"))
    clock(office, 1, "resolution", 24)
    clock(office, 1, "first_answer", 48, state="running")
    clock(office, 2, "first_answer", -3)
    clock(office, 3, "first_answer", 2, state="warned")
    clock(office, 3, "resolution", None, state="paused")
    clock(office, 4, "first_answer", 1, state="met", ended_at=NOW)
    return office


def clock(office: Office, ticket: int, name: str, hours: float | None, **more: Any) -> None:
    row = {"ticket": ticket, "clock": name, "level": "padrao", "started_at": NOW - timedelta(days=2)}
    row |= {"due_at": NOW + timedelta(hours=hours) if hours is not None else None, "state": "running", **more}
    office.run(lambda connection: connection.execute(insert(deadline).values(**row)))


def numbers(shell: Shell, *words: object) -> list[int]:
    return [found["number"] for found in shell.json("ticket", "list", "--due", *words)]


def test_what_is_late_comes_first_and_then_what_is_due_first(shell: Shell) -> None:
    assert numbers(shell) == [2, 3, 1]


def test_a_page_goes_on_where_the_last_one_ended(shell: Shell) -> None:
    assert numbers(shell, "--limit", 2) == [2, 3]
    assert numbers(shell, "--limit", 2, "--after", 3) == [1]
    assert numbers(shell, "--after", 1) == []


def test_a_page_goes_on_after_a_ticket_that_was_answered_meanwhile(shell: Shell) -> None:
    assert numbers(shell, "--after", 4) == [3, 1]


def test_a_page_cannot_go_on_after_a_ticket_without_a_due_time(shell: Shell) -> None:
    status, out, said = shell.run("ticket", "list", "--due", "--after", 5)
    assert (status, out) == (1, "")
    assert "ticket 5 has never had a due time" in said


def test_the_filters_of_the_list_hold(shell: Shell, tickets: Office) -> None:
    shell.json("ticket", "assign", 3, "ana@desk.test")  # no level is configured: its clocks are gone
    clock(tickets, 3, "first_answer", 2)
    assert numbers(shell, "--assignee", "ana@desk.test") == [3]
    assert numbers(shell, "--assignee", "-") == [2, 1]
    assert numbers(shell, "--queue", "vendas") == []
    assert numbers(shell, "--status", "em atendimento") == [3]


def test_each_listed_ticket_has_all_its_clocks(shell: Shell) -> None:
    late, warned, _ = shell.json("ticket", "list", "--due")
    assert [(c["clock"], c["level"], c["state"]) for c in late["due"]] == [("first_answer", "padrao", "missed")]
    assert late["due"][0]["at"] == (NOW - timedelta(hours=3)).isoformat()
    assert [(c["clock"], c["state"], c["at"] is None) for c in warned["due"]] == [
        ("first_answer", "warned", False),
        ("resolution", "paused", True),
    ]


def test_people_get_a_table_with_late_ones_marked(shell: Shell) -> None:
    status, out, _ = shell.run("ticket", "list", "--due")
    header, late, *others = out.splitlines()
    assert (status, header.split()[:4]) == (0, ["TICKET", "DUE", "LATE", "CLOCK"])
    assert late.split()[3:6] == ["3", "h", "first_answer"]
    assert [line.split()[0] for line in others] == ["3", "1"]


def test_a_shown_ticket_has_every_key_that_was_promised(shell: Shell) -> None:
    shown = shell.json("ticket", "show", 1)
    assert (shown["stage"], shown["fields"], shown["resolution"]) == (None, {}, None)
    assert (shown["articles"], shown["suggestions"]) == ([], [])
    assert [clock["clock"] for clock in shown["due"]] == ["resolution", "first_answer"]
    assert shown["due"][0].keys() >= {"clock", "level", "at", "state"}


def test_a_clock_that_has_ended_says_so(shell: Shell) -> None:
    (met,) = shell.json("ticket", "show", 4)["due"]
    assert (met["state"], met["ended_at"]) == ("met", NOW.isoformat())
