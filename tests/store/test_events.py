"""The line of the ticket's history that each effect leaves."""

from datetime import timedelta
from typing import get_args

import pytest

from mailtickets.desk.model.effects import (
    AddMessage,
    AddParticipant,
    AllowQuote,
    Assign,
    AwaitTurn,
    DropHeld,
    Effect,
    FailDelivery,
    FireTimer,
    KeepResolution,
    LeaveOut,
    MergeInto,
    MoveTo,
    Mute,
    OpenTicket,
    PromiseDate,
    Rate,
    RecordEvent,
    ReleaseHeld,
    Remind,
    Reminded,
    RemoveParticipant,
    SetAbsence,
    SetField,
    SetPriority,
    SetRequester,
    SetStage,
    SetStatus,
    SetSubject,
    SetTags,
    SetType,
    SplitOff,
    Undo,
)
from mailtickets.desk.model.reason import OtherReason
from mailtickets.desk.model.ticket import Participant
from mailtickets.store.events import EVENTS, event_of
from tests.desk.builders import ANA, MARIA, NOW, PEDRO, a_ticket

TICKET = a_ticket(
    42,
    requester=MARIA,
    status="open",
    subject="Impressora",
    tags=("rede", "sala"),
    fields=(("pedido", "11"),),
    participants=(Participant(PEDRO, "cc"),),
)
LATER = NOW + timedelta(days=1)

RECORDED: list[tuple[Effect, tuple[str | None, ...] | None]] = [
    (OpenTicket("suporte", "x", MARIA, "en"), ("opened", None, "new", None)),
    (AddMessage("in", "public", MARIA, verified=True), None),
    (SetStatus("pending", "ordered"), ("status", "open", "pending", "ordered")),
    (SetPriority("high"), ("priority", "normal", "high", None)),
    (SetSubject("Rede"), ("subject", "Impressora", "Rede", None)),
    (SetType("incident"), ("type", None, "incident", None)),
    (SetTags(("a", "b")), ("tags", "rede sala", "a b", None)),
    (Assign(ANA.address, "by-turns"), ("assignee", None, ANA.address, "by-turns")),
    (AwaitTurn("vpn", only=True), ("awaiting-turn", None, "vpn", "nobody-free")),
    (AwaitTurn(), ("awaiting-turn", None, None, "nobody-free")),
    (MoveTo("vendas"), ("queue", "suporte", "vendas", None)),
    (MoveTo("vendas", OtherReason("rule:x")), ("queue", "suporte", "vendas", "rule:x")),
    (SetPriority("high", OtherReason("rule:x")), ("priority", "normal", "high", "rule:x")),
    (SetStage("peca"), ("stage", None, "peca", None)),
    (SetStage(""), ("stage", None, None, None)),
    (SetField("pedido", "12"), ("field", "pedido=11", "pedido=12", None)),
    (SetField("pedido", None), ("field", "pedido=11", None, None)),
    (PromiseDate(LATER), ("promised", None, LATER.isoformat(), None)),
    (PromiseDate(None), ("promised", None, None, None)),
    (PromiseDate(None, was=LATER), ("promised", LATER.isoformat(), None, None)),
    (FireTimer("warn", "first_answer", 0), ("timer", "warn", "first_answer", None)),
    (AddParticipant(ANA, "cc"), ("participant", None, ANA.address, "cc")),
    (AddParticipant(PEDRO, "cc"), None),
    (RemoveParticipant(PEDRO), ("participant", PEDRO.address, None, "cc")),
    (LeaveOut(PEDRO.address), ("left-out", None, PEDRO.address, None)),
    (SetRequester(PEDRO), ("requester", MARIA.address, PEDRO.address, None)),
    (Mute(MARIA.address, on=True), ("muted", None, MARIA.address, None)),
    (Mute(MARIA.address, on=False), ("unmuted", None, MARIA.address, None)),
    (Remind(ANA.address, LATER, snooze=True), ("snoozed", None, LATER.isoformat(), None)),
    (Remind(ANA.address, LATER, snooze=False), ("reminder", None, LATER.isoformat(), None)),
    (Reminded(ANA.address), ("reminded", None, ANA.address, None)),
    (Undo(7), ("undone", None, "7", None)),
    (SplitOff(7), ("split", None, "7", None)),
    (KeepResolution("troca do cabo", ANA.address), ("resolution", None, None, None)),
    (KeepResolution(), None),
    (AllowQuote(on=True), ("quotable", None, None, None)),
    (AllowQuote(on=False), ("unquotable", None, None, None)),
    (Rate(5, "ótimo", MARIA.address), ("rated", None, "5", None)),
    (SetAbsence(ANA.address, LATER), ("absence", None, LATER.isoformat(), None)),
    (SetAbsence(ANA.address, None), ("absence", None, None, None)),
    (MergeInto(43), ("merged", "42", "43", None)),
    (FailDelivery(3, PEDRO.address, "answer", "550", "5.1.1", permanent=True), ("delivery", "3", "550", None)),
    (ReleaseHeld(9), ("released", "9", None, None)),
    (DropHeld(9), ("dropped", "9", None, None)),
    (RecordEvent("held", "loop", ""), ("held", None, None, "loop")),
    (RecordEvent("held", "loop", "x"), ("held", None, "x", "loop")),
]


@pytest.mark.parametrize(("effect", "event"), RECORDED, ids=lambda value: type(value).__name__)
def test_an_effect_leaves_this_line(effect: Effect, event: tuple[str | None, ...] | None) -> None:
    found = event_of(effect, TICKET)
    assert (tuple(found) if found is not None else None) == event


def test_every_effect_has_a_row_and_an_example() -> None:
    assert set(EVENTS) == set(get_args(Effect)) == {type(effect) for effect, _ in RECORDED}


@pytest.mark.parametrize("effect", [effect for effect, _ in RECORDED], ids=lambda value: type(value).__name__)
def test_without_a_ticket_nothing_is_known_of_before(effect: Effect) -> None:
    found = event_of(effect, None)
    of_ticket = isinstance(
        effect, SetStatus | SetPriority | SetSubject | SetType | SetTags | Assign | MoveTo | SetRequester | MergeInto
    )
    assert found is None or found.old is None or not of_ticket
