"""What each command does to a ticket: effects and receipt, or why it cannot be done."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from mailtickets.desk.change import changed
from mailtickets.desk.commands import reading
from mailtickets.desk.commands.asker import Asker
from mailtickets.desk.commands.carry_out import Deeds, carry_out, on_lines
from mailtickets.desk.commands.digest import read_lines
from mailtickets.desk.commands.on_ticket import agents_named, queue_named
from mailtickets.desk.model.decision import Done, Problem
from mailtickets.desk.model.effects import (
    AddParticipant,
    Assign,
    Effect,
    MergeInto,
    MoveTo,
    OpenTicket,
    Remind,
    RemoveParticipant,
    SetPriority,
    SetRequester,
    SetStatus,
    SetSubject,
    SetTags,
    SetType,
    SplitOff,
    Undo,
)
from mailtickets.desk.model.facts import Facts, Origin, Undoable
from mailtickets.desk.model.ticket import Ticket
from mailtickets.mail.model import Address
from tests.desk.builders import AGENTS, ANA, BRUNO, EVE, MARIA, NOW, PEDRO, POLICY, a_ticket, facts

XAVIER = Address("", "xavier@cliente.test")


def by(known: Facts | None = None, agent: int = 0) -> Asker:
    return Asker(AGENTS[agent], known or facts(a_ticket()), POLICY, NOW)


def ordered(said: str, ticket: Ticket | None = None, known: Facts | None = None, agent: int = 0) -> Deeds:
    asked = reading.read(said)
    assert not asked.problems, asked.problems
    return carry_out(ticket or a_ticket(), asked.commands, by(known, agent))


@pytest.mark.parametrize(
    ("said", "ticket", "effects", "done"),
    [
        ("#status pendente", {}, [SetStatus("pending", "ordered")], [Done("status", "pending", "open")]),
        ("#resolver", {}, [SetStatus("resolved", "ordered")], [Done("status", "resolved", "open")]),
        ("#fechar", {}, [SetStatus("closed", "ordered")], [Done("status", "closed", "open")]),
        ("#reabrir", {"status": "closed"}, [SetStatus("open", "ordered")], [Done("status", "open", "closed")]),
        ("#resolver", {"status": "resolved"}, [], [Done("already", "resolved")]),
        ("#prioridade crítica", {}, [SetPriority("critical")], [Done("priority", "critical", "normal")]),
        ("#tipo incidente", {}, [SetType("incident")], [Done("type", "incident", None)]),
        ("#assunto Impressora do caixa", {}, [SetSubject("Impressora do caixa")],
         [Done("subject", "Impressora do caixa", "Impressora")]),
        ("#etiqueta +rede -vpn", {"tags": ("vpn", "loja")}, [SetTags(("loja", "rede"))],
         [Done("tags", "loja rede", "vpn loja")]),
        ("#assumir", {}, [Assign(ANA.address)], [Done("assigned", "Ana Lima")]),
        ("#assumir", {"assignee": ANA.address}, [], [Done("already", "Ana Lima")]),
        ("#largar", {"assignee": ANA.address}, [Assign(None)], [Done("unassigned")]),
        ("#largar", {}, [], [Done("already", None)]),
        ("#atribuir bruno", {}, [Assign(BRUNO.address)], [Done("assigned", "Bruno Castro")]),
        ("#atribuir BRUNO@desk.test", {}, [Assign(BRUNO.address)], [Done("assigned", "Bruno Castro")]),
        ("#atribuir ninguém", {"assignee": ANA.address}, [Assign(None)], [Done("unassigned")]),
        ("#fila vendas", {}, [MoveTo("vendas")], [Done("queue", "Vendas Exemplo", "Suporte Exemplo")]),
        ("#fila vendas", {"assignee": ANA.address}, [MoveTo("vendas"), Assign(None)],
         [Done("queue", "Vendas Exemplo", "Suporte Exemplo")]),
        ("#fila vendas", {"assignee": BRUNO.address}, [MoveTo("vendas")],
         [Done("queue", "Vendas Exemplo", "Suporte Exemplo")]),
        ("#cc +xavier@cliente.test", {}, [AddParticipant(XAVIER, "cc")], [Done("cc_added", XAVIER.address)]),
        ("#cc -pedro@cliente.test", {"cc": [PEDRO]}, [RemoveParticipant(PEDRO)], [Done("cc_removed", PEDRO.address)]),
        ("#cc +bruno@desk.test", {}, [AddParticipant(BRUNO, "agent")], [Done("cc_added", BRUNO.address)]),
        ("#participante xavier@cliente.test", {}, [AddParticipant(XAVIER, "cc")],
         [Done("participant", XAVIER.address)]),
        ("#requerente pedro@cliente.test", {}, [SetRequester(Address("", PEDRO.address))],
         [Done("requester", PEDRO.address, MARIA.address)]),
        ("#requerente maria@cliente.test", {}, [], [Done("already", MARIA.address)]),
        ("#spam", {}, [SetTags(("spam",)), SetStatus("closed", "spam")], [Done("spam")]),
    ],
)  # fmt: skip
def test_a_command_does_this(said: str, ticket: dict[str, Any], effects: list[Effect], done: list[Done]) -> None:
    deeds = ordered(said, a_ticket(**ticket))
    assert (deeds.effects, deeds.done, deeds.problems) == (effects, done, [])


@pytest.mark.parametrize(
    ("said", "code", "nearest"),
    [
        ("#atribuir brumo", "no-such-agent", ("Bruno Castro",)),
        ("#atribuir zuleica", "no-such-agent", ()),
        ("#fila finaceiro", "no-such-queue", ()),
        ("#fila venda", "no-such-queue", ("vendas",)),
        ("#cc -maria@cliente.test", "not-possible-here", ()),
        ("#cc +suporte@desk.test", "bad-argument", ()),
        ("#requerente vendas@desk.test", "bad-argument", ()),
        ("#juntar 999", "no-such-ticket", ()),
        ("#juntar 42", "no-such-ticket", ()),
        ("#separar", "not-possible-here", ()),
        ("#desfazer", "nothing-to-undo", ()),
        ("#resposta saudacao", "no-such-canned", ()),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_is(said: str, code: str, nearest: Sequence[str]) -> None:
    deeds = ordered(said)
    (problem,) = deeds.problems
    assert (problem.line, problem.code, problem.nearest) == (said, code, tuple(nearest))
    assert deeds.effects == []


def test_a_name_that_fits_two_agents_names_both() -> None:
    named = agents_named("a", POLICY)
    assert {agent.name for agent in named} == {"Ana Lima"}
    assert {agent.name for agent in agents_named("c", POLICY)} == {"Bruno Castro", "Carla Dias"}
    (problem,) = ordered("#atribuir c").problems
    assert (problem.code, set(problem.nearest)) == ("ambiguous-agent", {"Bruno Castro", "Carla Dias"})


@pytest.mark.parametrize(
    "said",
    ["#atribuir @Bruno", "#atribuir para o Bruno", "#atribuir p/ Bruno", "#Atribuir ao bruno 🙏",
     "#assign to Bruno Castro", "#asignar a Bruno", "#atribuir para @bruno", "#atribuir bruno@desk.test"],
)  # fmt: skip
def test_a_colleague_is_named_as_people_name_one(said: str) -> None:
    deeds = ordered(said)
    assert (deeds.problems, deeds.effects) == ([], [Assign(BRUNO.address)])


@pytest.mark.parametrize("said", ["#atribuir para mim", "#atribuir a mim", "#assign to myself", "#asignar a mí"])
def test_a_ticket_may_be_assigned_to_oneself(said: str) -> None:
    assert ordered(said).effects == [Assign(ANA.address)]


@pytest.mark.parametrize(
    "name", ["vendas", "Vendas", "VENDAS EXEMPLO", "vendas@desk.test", "para vendas", "para a Vendas", "@vendas"]
)
def test_a_queue_is_known_by_name_title_and_address(name: str) -> None:
    queue = queue_named(name, POLICY)
    assert queue is not None
    assert queue.name == "vendas"


def test_commands_are_done_one_after_the_other() -> None:
    deeds = ordered("#etiqueta +rede\n#etiqueta +vpn")
    assert [effect.to for effect in deeds.effects if isinstance(effect, SetTags)] == [("rede",), ("rede", "vpn")]


def test_two_tickets_of_one_customer_are_merged_at_once() -> None:
    other = a_ticket(43)
    deeds = ordered("#juntar 43", known=facts(a_ticket(), other))
    assert deeds.effects == [MergeInto(43), SetStatus("closed", "merged")]
    assert deeds.done == [Done("merged", "43", "42")]


def test_what_waits_for_an_answer_is_not_lost_in_a_finished_ticket() -> None:
    other = a_ticket(43, status="closed")
    (decision,) = ordered("#juntar 43", known=facts(a_ticket(), other)).also
    assert (decision.ticket, decision.effects) == (43, (SetStatus("open", "merged"),))


def test_merging_strangers_takes_a_second_word() -> None:
    other = a_ticket(43, requester=EVE)
    doubtful = ordered("#juntar 43", known=facts(a_ticket(), other))
    assert (doubtful.effects, [doubt.reason for doubt in doubtful.doubts]) == ([], ["merge-of-strangers"])
    known = facts(a_ticket(), other, confirmed=frozenset({"merge-of-strangers"}))
    assert MergeInto(43) in ordered("#juntar 43", known=known).effects


def test_a_ticket_of_a_queue_that_is_not_the_agents_does_not_exist_for_them() -> None:
    other = a_ticket(43, queue="vendas")
    assert ordered("#juntar 43", known=facts(a_ticket(), other)).problems[0].code == "no-such-ticket"
    assert not ordered("#juntar 43", known=facts(a_ticket(), other), agent=1).problems  # bruno is of both


def test_a_message_becomes_a_ticket_of_its_own() -> None:
    known = facts(a_ticket(), origin=Origin(7, PEDRO, "Outra coisa"))
    deeds = ordered("#separar", known=known)
    (decision,) = deeds.also
    assert decision.effects == (OpenTicket("suporte", "Outra coisa", PEDRO, "pt_BR", linked=42), SplitOff(7))
    assert deeds.done == [Done("split")]


def test_a_reminder_is_for_the_agent_and_a_snooze_hides_the_ticket() -> None:
    (remind,) = ordered("#lembrar 2h").effects
    assert remind == Remind(ANA.address, NOW + timedelta(hours=2), snooze=False)
    (snooze,) = ordered("#adiar 2h").effects
    assert isinstance(snooze, Remind)
    assert changed(a_ticket(), (snooze,), NOW).snoozed_until == NOW + timedelta(hours=2)


# --- undo ---------------------------------------------------------------------------------------------

EARLIER = Undoable(
    9,
    NOW + timedelta(seconds=30),
    gone=False,
    changes=(
        ("message", "public", "1"),
        ("participant", None, XAVIER.address),
        ("assignee", None, ANA.address),
        ("tags", "", "rede"),
        ("subject", "Impressora", "Rede"),
        ("priority", "normal", "high"),
        ("type", None, "incident"),
        ("queue", "suporte", "vendas"),
        ("status", "open", "pending"),
    ),
)
CHANGED: dict[str, Any] = {
    "assignee": ANA.address, "tags": ("rede",), "subject": "Rede", "priority": "high", "type": "incident",
    "queue": "vendas", "status": "pending", "cc": [XAVIER],
}  # fmt: skip


def test_undo_takes_back_the_answer_and_all_that_came_with_it() -> None:
    deeds = ordered("#desfazer", a_ticket(**CHANGED), facts(a_ticket(**CHANGED), undoable=EARLIER))
    assert deeds.effects[0] == Undo(9)
    after = changed(a_ticket(**CHANGED), deeds.effects, NOW)
    before = a_ticket()
    for name in ("assignee", "tags", "subject", "priority", "type", "queue", "status", "participants"):
        assert getattr(after, name) == getattr(before, name), name


@pytest.mark.parametrize(
    ("until", "done"), [(NOW + timedelta(minutes=1), [Done("undone"), Done("unsent")]), (None, [Done("undone")])]
)
def test_undo_says_what_becomes_of_the_answer(until: datetime | None, done: list[Done]) -> None:
    earlier = replace(EARLIER, until=until)
    assert ordered("#desfazer", a_ticket(**CHANGED), facts(a_ticket(**CHANGED), undoable=earlier)).done == done


def test_undo_leaves_what_somebody_has_changed_since() -> None:
    moved = a_ticket(**{**CHANGED, "status": "resolved", "assignee": BRUNO.address})
    after = changed(moved, ordered("#desfazer", moved, facts(moved, undoable=EARLIER)).effects, NOW)
    assert (after.status, after.assignee, after.priority) == ("resolved", BRUNO.address, "normal")


@pytest.mark.parametrize(
    "late",
    [
        Undoable(9, None, gone=True, changes=EARLIER.changes),
        Undoable(9, NOW, gone=False, changes=EARLIER.changes),
        Undoable(9, None, gone=False, changes=(("delivered-directly", None, MARIA.address),)),
    ],
)
def test_what_is_out_in_the_world_cannot_be_undone(late: Undoable) -> None:
    deeds = ordered("#desfazer", known=facts(a_ticket(), undoable=late))
    assert (deeds.effects, deeds.done, deeds.problems) == ([], [], [])


@pytest.mark.parametrize("moved", [("merged", "41", "42"), ("split", None, "7")])
def test_a_merge_and_a_split_stay_and_so_does_the_status_that_they_set(moved: tuple[str, str | None, str]) -> None:
    earlier = Undoable(9, None, gone=False, changes=(("status", "resolved", "open"), moved))
    deeds = ordered("#desfazer", a_ticket(status="open"), facts(a_ticket(status="open"), undoable=earlier))
    assert (deeds.effects, deeds.done, [p.code for p in deeds.problems]) == ([], [], ["nothing-to-undo"])


def test_of_an_answer_with_a_merge_only_the_answer_is_said_to_be_taken_back() -> None:
    earlier = Undoable(9, NOW + timedelta(seconds=30), gone=False, changes=(("merged", "41", "42"),))
    deeds = ordered("#desfazer", known=facts(a_ticket(), undoable=earlier))
    assert (deeds.effects, deeds.done) == ([Undo(9)], [Done("unsent")])


# --- lines of a digest's answer -------------------------------------------------------------------------


def lines(said: str, *tickets: Ticket) -> Deeds:
    return on_lines(read_lines(said).orders, by(facts(*tickets)))


def test_lines_act_each_on_its_ticket() -> None:
    deeds = lines("42 #fechar\n43 #assumir\n43 #prioridade alta", a_ticket(), a_ticket(43, status="new"))
    assert [(d.ticket, d.effects) for d in deeds.also] == [
        (42, (SetStatus("closed", "ordered"),)),
        (43, (Assign(ANA.address), SetPriority("high"), SetStatus("open", "first-action"))),
    ]
    assert [(done.kind, done.ticket) for done in deeds.done] == [("status", 42), ("assigned", 43), ("priority", 43)]


@pytest.mark.parametrize(("said", "code"), [("99 #fechar", "no-such-ticket"), ("42 #desfazer", "not-possible-here")])
def test_one_line_that_cannot_be_done_is_told(said: str, code: str) -> None:
    assert [problem.code for problem in lines(f"42 #assumir\n{said}", a_ticket()).problems] == [code]


def test_a_command_about_a_ticket_needs_one() -> None:
    deeds = carry_out(None, reading.read("#fechar").commands, by())
    assert deeds.problems == [Problem("#fechar", "needs-a-ticket")]
