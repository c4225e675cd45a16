"""A ticket is taken back to what it was: whatever an effect changes, its event undoes."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from mailtickets.desk.change import changed
from mailtickets.desk.model.effects import (
    AddParticipant,
    Assign,
    Effect,
    LeaveOut,
    MoveTo,
    Mute,
    RemoveParticipant,
    SetField,
    SetPriority,
    SetRequester,
    SetStage,
    SetStatus,
    SetSubject,
    SetTags,
    SetType,
)
from mailtickets.desk.model.ticket import Ticket
from mailtickets.desk.rewind import Written, rewound
from mailtickets.store.events import event_of
from tests.desk.builders import ANA, MARIA, NOW, PEDRO, a_ticket


@dataclass(frozen=True)
class Row:
    """A row of `event`."""

    kind: str
    old: str | None
    new: str | None
    reason: str = ""
    at: datetime = NOW


def rows(effects: list[Effect], before: Ticket) -> list[Row]:
    events = [event_of(effect, before) for effect in effects]
    return [Row(e.kind, e.old, e.new, e.reason or "") for e in events if e is not None]


BEFORE = a_ticket(
    cc=[PEDRO], tags=("rede", "vpn"), fields=(("pedido", "12345-67"), ("cpf", "1")), stage="diagnostico",
    assignee="bruno@desk.test", type="incident",
)  # fmt: skip

EFFECTS: dict[str, list[Effect]] = {
    "status": [SetStatus("pending", "agent-answered")],
    "twice": [SetStatus("open", "first-action"), SetStatus("resolved", "ordered")],
    "priority": [SetPriority("high")],
    "type": [SetType(None)],
    "another type": [SetType("garantia")],
    "tags": [SetTags(("rede", "financeiro"))],
    "no tags": [SetTags(())],
    "assignee": [Assign("ana@desk.test", "by-turns")],
    "nobody": [Assign(None)],
    "queue": [MoveTo("vendas"), Assign(None)],
    "subject": [SetSubject("Impressora do caixa 2")],
    "requester": [SetRequester(ANA)],
    "a person more": [AddParticipant(ANA, "cc")],
    "a person less": [RemoveParticipant(PEDRO)],
    "left out": [LeaveOut(PEDRO.address)],
    "muted": [Mute(MARIA.address, on=True)],
    "stage": [SetStage("aguardando-peca"), SetStatus("pending", "ordered")],
    "no stage": [SetStage("")],
    "a field more": [SetField("uf", "SP")],
    "another value": [SetField("pedido", "99999-99")],
    "a value with a sign": [SetField("pedido", "a=b=c")],
    "a field less": [SetField("pedido", None)],
}


def told(ticket: Ticket | None) -> Any:
    """What events tell of a ticket."""
    if ticket is None:
        return None
    people = {(p.address.key, p.role, p.muted, p.left_out) for p in ticket.participants}
    values = (ticket.status, ticket.priority, ticket.type, ticket.tags, ticket.assignee, ticket.queue, ticket.subject)
    return values, ticket.requester, people, ticket.stage, dict(ticket.fields)


@pytest.mark.parametrize("effects", EFFECTS.values(), ids=EFFECTS.keys())
def test_what_an_effect_does_its_event_undoes(effects: list[Effect]) -> None:
    after = changed(BEFORE, effects, NOW)
    assert told(after) != told(BEFORE)
    assert told(rewound(after, reversed(rows(effects, BEFORE)), [])) == told(BEFORE)


def test_a_ticket_that_was_opened_later_was_not_there() -> None:
    assert rewound(BEFORE, [Row("priority", None, "high"), Row("opened", None, "new")], []) is None


CAME, WENT, NOTED = Written(True, True, True), Written(False, True, True), Written(False, False, True)


def history(*happened: tuple[float, Row, Written | None]) -> list[tuple[Row, Written | None]]:
    return [(replace(row, at=NOW + timedelta(hours=hours)), written) for hours, row, written in happened]


def test_moments_are_those_of_the_events_until_then() -> None:
    now = a_ticket(status="closed", closed_at=NOW, resolved_at=NOW, answered=True, epoch=7, stage="x", created_at=NOW)
    until = history(
        (0, Row("opened", None, "new"), None),
        (0, Row("message", "public", "1"), CAME),
        (1, Row("message", "note", "2"), NOTED),
        (2, Row("stage", "", "x"), None),
    )
    then = rewound(now, [Row("status", "new", "closed")], until)
    assert then is not None
    assert (then.waiting_since, then.answered, then.epoch, then.stage_since) == (
        NOW,
        False,
        0,
        NOW + timedelta(hours=2),
    )
    assert (then.closed_at, then.resolved_at, then.updated_at) == (None, None, NOW + timedelta(hours=2))


def test_a_ticket_that_was_opened_again_had_been_resolved() -> None:
    until = history(
        (0, Row("opened", None, "new"), None),
        (0, Row("message", "public", "1"), CAME),
        (3, Row("message", "public", "2"), WENT),
        (3, Row("status", "new", "resolved"), None),
        (5, Row("message", "public", "3"), CAME),
        (5, Row("status", "resolved", "open"), None),
    )
    then = rewound(a_ticket(status="open"), [], until)
    assert then is not None
    assert (then.epoch, then.answered, then.waiting_since, then.resolved_at) == (
        1,
        True,
        NOW + timedelta(hours=5),
        None,
    )
