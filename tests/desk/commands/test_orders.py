"""What the shell and the clock may ask of a ticket."""

from typing import Any

import pytest

from mailtickets.desk.commands import orders
from mailtickets.desk.model.effects import (
    AddMessage,
    AddParticipant,
    Assign,
    MergeInto,
    OpenTicket,
    SetPriority,
    SetStatus,
)
from mailtickets.desk.model.ticket import PRIORITIES, STATUSES, priority_named, status_named
from mailtickets.mail.model import Address
from tests.desk.builders import AGENTS, ANA, DESK, MARIA, a_ticket

OPENED = SetStatus("open", "first-action")


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("novo", "new"),
        ("aberto", "open"),
        ("Em Atendimento", "open"),
        ("em-atendimento", "open"),
        ("aguardando cliente", "pending"),
        ("AGUARDANDO_CLIENTE", "pending"),
        ("pendente", "pending"),
        (" resolvido ", "resolved"),
        ("fechado", "closed"),
        ("Closed", "closed"),
        ("", None),
        ("pronto", None),
    ],
)
def test_a_status_has_english_and_portuguese_names(word: str, status: str | None) -> None:
    assert status_named(word) == status


@pytest.mark.parametrize(
    ("word", "priority"),
    [
        ("baixa", "low"),
        ("média", "normal"),
        ("MEDIA", "normal"),
        ("alta", "high"),
        ("Crítica", "critical"),
        ("cri\u0301tica", "critical"),
        ("urgente", None),
    ],
)
def test_a_priority_has_english_and_portuguese_names(word: str, priority: str | None) -> None:
    assert priority_named(word) == priority


def test_every_english_name_is_its_own() -> None:
    assert [status_named(status) for status in STATUSES] == list(STATUSES)
    assert [priority_named(priority) for priority in PRIORITIES] == list(PRIORITIES)


def test_a_status_is_set_unless_it_is_so_already() -> None:
    decision = orders.set_status(a_ticket(), "resolved", "shell:root")
    assert decision is not None
    assert (decision.effects, decision.ticket, decision.actor) == (
        (SetStatus("resolved", "ordered"),),
        42,
        "shell:root",
    )
    assert orders.set_status(a_ticket(), "open", "shell:root") is None


def test_only_what_is_resolved_is_closed_by_the_clock() -> None:
    decision = orders.close_resolved(a_ticket(status="resolved"))
    assert decision is not None
    assert (decision.effects, decision.actor) == ((SetStatus("closed", "resolved-long-enough"),), "system")
    assert orders.close_resolved(a_ticket(status="open")) is None


@pytest.mark.parametrize(("status", "opens"), [("new", (OPENED,)), ("pending", ())])
def test_an_agents_first_action_opens_a_new_ticket(status: Any, opens: tuple[SetStatus, ...]) -> None:
    ticket = a_ticket(status=status)
    decisions = [
        orders.set_priority(ticket, "high", "x"),
        orders.assign(ticket, AGENTS[0], "x"),
        orders.note(ticket, "Liguei.", ANA, "x"),
    ]
    first = [SetPriority("high"), Assign(ANA.address), AddMessage("out", "note", ANA, verified=True, text="Liguei.")]
    assert [decision and decision.effects for decision in decisions] == [(effect, *opens) for effect in first]


def test_an_order_that_changes_nothing_is_none() -> None:
    assert orders.set_priority(a_ticket(), "normal", "x") is None
    assert orders.assign(a_ticket(assignee=ANA.address), AGENTS[0], "x") is None
    assert orders.assign(a_ticket(), None, "x") is None
    assert orders.unassign_lost(a_ticket()) is None


def test_a_ticket_is_given_back_to_nobody() -> None:
    decision = orders.assign(a_ticket(assignee=ANA.address), None, "x")
    assert decision is not None
    assert decision.effects == (Assign(None),)


def test_the_queue_is_told_when_an_agent_has_left() -> None:
    decision = orders.unassign_lost(a_ticket(assignee=ANA.address))
    assert decision is not None
    assert (decision.effects, decision.notices) == ((Assign(None),), ("unassigned",))


def test_an_answer_by_an_agent_puts_the_agent_on_the_ticket() -> None:
    decision = orders.answer(a_ticket(), "Pronto.", ANA, "x", by_agent=True)
    assert decision.effects == (
        AddMessage("out", "public", ANA, verified=True, text="Pronto.", relayed=True),
        AddParticipant(ANA, "agent"),
        SetStatus("pending", "agent-answered"),
    )


def test_an_answer_by_the_queue_itself_names_nobody() -> None:
    decision = orders.answer(a_ticket(status="pending"), "Pronto.", DESK, "x", by_agent=False)
    assert decision.effects == (AddMessage("out", "public", DESK, verified=True, text="Pronto.", relayed=True),)


@pytest.mark.parametrize(("status", "closes"), [("open", (SetStatus("closed", "merged"),)), ("closed", ())])
def test_merging_hands_over_and_closes(status: Any, closes: tuple[SetStatus, ...]) -> None:
    assert orders.merge(a_ticket(status=status), 7, "x").effects == (MergeInto(7), *closes)


def test_a_ticket_opened_at_the_shell_is_its_requesters() -> None:
    decision = orders.open_for("suporte", MARIA, "Telefone", "Ela ligou.", "en", "shell:root")
    assert decision.opens == OpenTicket("suporte", "Telefone", MARIA, "en")
    assert decision.effects[1] == AddMessage("in", "public", MARIA, verified=False, text="Ela ligou.")
    assert isinstance(decision.opens.requester, Address)
