"""Tickets that are given out by skill, load and duty, from the raw mail to what agents receive. On both databases."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert, select

from mailtickets.config.kinds import TicketKind
from mailtickets.config.levels import Escalation, ServiceLevel
from mailtickets.config.models import Agent
from mailtickets.config.rules import Rule
from mailtickets.desk.clock.calendar import open_hours
from mailtickets.desk.commands import orders
from mailtickets.desk.model.effects import Assign
from mailtickets.desk.model.policy import Policy
from mailtickets.gateway.clerk import Clerk
from mailtickets.gateway.drafting.order import Order
from mailtickets.jobs.turns import give_out
from mailtickets.store import schema
from mailtickets.store.database import Stale
from tests.desk.builders import ANA, BRUNO, CARLA, MARIA, NOW, a_policy
from tests.store.office import Office, a_message
from tests.store.test_work_by_mail import agent, gateway, maria, token, written
from tests.store.timers import fire_all

DAY = open_hours("dia", ZoneInfo("UTC"), {"mon-fri": "08:00-18:00"}, {}, ())
"""`NOW` is Monday, 12:00 UTC."""
NIGHT = open_hours("noite", ZoneInfo("UTC"), {"mon-fri": "18:00-08:00"}, {}, ())


def worker(person: Any, *queues: str, **changes: Any) -> Agent:
    return Agent(name=person.name, address=person.address, queues=queues or ("suporte",), **changes)


def policy_of(*agents: Agent, assignment: str = "skill", vendas: str = "none", **more: Any) -> Policy:
    policy = a_policy(suporte={"assignment": assignment}, vendas={"assignment": vendas}, agents=agents, **more)
    return replace(policy, calendars={"dia": DAY, "noite": NIGHT})


ROOM = {"acknowledgements_per_sender_per_hour": 100, "automatic_per_sender_per_day": 100}
"""Budgets that keep nothing back: a draft that is out of date is so because of its turn."""


def holder(office: Office, number: int) -> str | None:
    return office.ticket(number).ticket.assignee


def why(office: Office, number: int) -> list[str]:
    """The reasons of the assignments, oldest first."""
    return [reason for kind, _, _, reason in office.events(number) if kind in {"assignee", "awaiting-turn"}]


def waiting(office: Office) -> list[int]:
    return sorted(office.run(lambda c: c.execute(select(schema.turn_wait.c.ticket)).scalars().all()))


# --- new tickets ----------------------------------------------------------------------------------------


def test_a_ticket_goes_to_who_has_room_for_it(office: Office) -> None:
    office.use(policy_of(worker(ANA, capacity=2), worker(BRUNO, capacity=4)))
    for _ in range(6):
        maria(office, "Socorro!")
    given = [holder(office, number) for number in range(1, 7)]
    assert (given.count(ANA.address), given.count(BRUNO.address)) == (2, 4)
    assert {reason for number in range(1, 7) for reason in why(office, number)} == {"least-open"}


def test_when_all_are_full_the_queue_reads_why_and_the_next_place_is_taken_at_once(office: Office) -> None:
    office.use(policy_of(worker(ANA, capacity=1), worker(BRUNO, calendar="noite")))
    maria(office, "Um.")
    maria(office, "Dois.")
    assert (holder(office, 2), why(office, 2), waiting(office)) == (None, ["nobody-free"], [2])
    notice = written(office, "new_ticket")
    assert (
        "Sem responsável por enquanto: Ana Lima já tem 1 de 1 chamados, Bruno Castro está fora do expediente." in notice
    )
    assert give_out(gateway(office)) == 0
    office.clerk.order(Order(1, lambda t: orders.set_status(t, "closed", "shell:root")))
    assert give_out(gateway(office)) == 1
    assert (holder(office, 2), why(office, 2), waiting(office)) == (ANA.address, ["nobody-free", "least-open"], [])
    assert office.outgoing()[-1] == ("assigned", ANA.address)
    assert give_out(gateway(office)) == 0


def test_who_comes_on_duty_gets_what_has_waited(office: Office) -> None:
    office.use(policy_of(worker(BRUNO, calendar="noite", skills=("vpn",))))
    maria(office, "Um.")
    office.pass_time(hours=5, minutes=59)
    assert give_out(gateway(office)) == 0
    office.pass_time(minutes=1)  # 18:00
    assert give_out(gateway(office)) == 1
    assert holder(office, 1) == BRUNO.address


def test_who_is_back_gets_what_has_waited(office: Office) -> None:
    office.use(policy_of(worker(ANA)))
    maria(office, "Um.")
    to = token(office, "ana")
    agent(office, "Estou de férias até 05/03.", to, auto_submitted="auto-replied", subject="Ausência")
    maria(office, "Dois.")
    assert "Ana Lima está ausente" in written(office, "new_ticket")
    agent(office, "Voltei.", to)
    assert give_out(gateway(office)) == 1
    assert holder(office, 2) == ANA.address


def test_what_is_due_first_comes_first_and_then_the_oldest(office: Office) -> None:
    office.use(policy_of(worker(ANA, capacity=1, calendar="noite")))
    for _ in range(4):
        maria(office, "Socorro!")
        office.pass_time(minutes=1)
    for number, hours in ((3, 2), (4, 1)):
        row = {"ticket": number, "clock": "first_answer", "level": "padrao", "started_at": NOW, "state": "running",
               "due_at": NOW + timedelta(hours=hours)}  # fmt: skip
        office.run(lambda c, row=row: c.execute(insert(schema.deadline).values(row)))
    office.pass_time(hours=6)
    order = []
    for _ in range(4):
        assert give_out(gateway(office)) == 1
        (number,) = (n for n in range(1, 5) if holder(office, n) and n not in order)
        order.append(number)
        office.clerk.order(Order(number, lambda t: orders.set_status(t, "closed", "shell:root")))
    assert order == [4, 3, 1, 2]


def test_who_takes_it_before_its_turn_has_it(office: Office) -> None:
    office.use(policy_of(worker(ANA, capacity=1), worker(BRUNO, calendar="noite")))
    maria(office, "Um.")
    maria(office, "Dois.")
    agent(office, "#assumir", token(office, "bruno", 2), "bruno")
    assert holder(office, 2) == BRUNO.address
    office.pass_time(hours=6)
    assert (give_out(gateway(office)), waiting(office)) == (0, [])


def test_a_queue_without_calendars_and_capacities_is_as_it_was(office: Office) -> None:
    """All are away: nobody has the ticket, the notice says no more than before, and nothing is given out later."""
    office.use(policy_of(worker(ANA), assignment="round_robin"))
    maria(office, "Um.")
    agent(office, "Estou de férias até 05/03.", token(office, "ana"), auto_submitted="auto-replied", subject="Ausência")
    maria(office, "Dois.")
    assert (holder(office, 2), waiting(office)) == (None, [])
    assert "Sem responsável por enquanto" not in written(office, "new_ticket")


def test_what_the_shell_opens_waits_too(office: Office) -> None:
    office.use(policy_of(worker(BRUNO, calendar="noite")))
    office.clerk.open(orders.open_for("suporte", MARIA, "Telefone", "Ligou.", "pt_BR", "shell:root"), text="Ligou.")
    assert waiting(office) == [1]


# --- two gateways ---------------------------------------------------------------------------------------


def test_two_gateways_never_fill_the_same_place_twice(office: Office) -> None:
    """Both see room for one more; the second of them looks again, and finds none."""
    office.use(policy_of(worker(ANA, capacity=1), budget=ROOM))
    first, second = (office.draft(office.keep(a_message(f"{n}", message_id=f"<t{n}@x.test>"))) for n in (1, 2))
    assert [e.reason for d in (first, second) for e in d.decision.effects if isinstance(e, Assign)] == [
        "least-open"
    ] * 2
    office.settle(first)
    with pytest.raises(Stale, match="was given another ticket"):
        office.settle(second)
    office.settle(office.draft(second.received.id))
    assert [holder(office, number) for number in office.numbers()] == [ANA.address, None]


def test_a_waiting_ticket_is_given_out_by_one_of_two_gateways(office: Office) -> None:
    office.use(policy_of(worker(ANA, calendar="noite"), worker(BRUNO, calendar="noite")))
    maria(office, "Um.")
    office.pass_time(hours=6)
    other = Clerk(office.database, office.clerk.rules, clock=lambda: office.now)
    between = office.clerk.draft_order

    def meanwhile(order: Order) -> Any:
        """The other gateway gives it out between our draft and our transaction."""
        draft = between(order)
        office.clerk.draft_order = between  # type: ignore[method-assign]
        other_gateway = gateway(office)
        other_gateway.clerk = other
        give_out(other_gateway)
        return draft

    office.clerk.draft_order = meanwhile  # type: ignore[method-assign]
    give_out(gateway(office))
    assert why(office, 1) == ["nobody-free", "least-open"]
    assert [name for name, _ in office.outgoing()].count("assigned") == 1


# --- what agents order ----------------------------------------------------------------------------------


def test_an_agent_hands_it_to_whoever_knows(office: Office) -> None:
    office.use(policy_of(worker(ANA), worker(BRUNO, skills=("vpn",), capacity=1), worker(CARLA, skills=("VPN",))))
    maria(office, "Não conecto.")
    assert holder(office, 1) == ANA.address
    agent(office, "#atribuir skill:vpn", token(office, "ana"))
    assert (holder(office, 1), why(office, 1)) == (BRUNO.address, ["least-open", "skill:vpn"])
    assert "Responsável: Bruno Castro" in written(office, "receipt")
    assert office.outgoing()[-2:] == [("assigned", BRUNO.address), ("receipt", ANA.address)]


def test_a_skill_that_nobody_has_is_sent_back_with_those_there_are(office: Office) -> None:
    office.use(policy_of(worker(ANA), worker(BRUNO, skills=("vpn",))))
    maria(office, "Não conecto.")
    agent(office, "#atribuir skill:vnp", token(office, "ana"))
    text = written(office, "returned")
    assert "nenhum atendente tem esta habilidade" in text.lower()
    assert "skill:vpn" in text


def test_where_nobody_who_knows_is_free_it_waits_for_them_and_for_nobody_else(office: Office) -> None:
    office.use(policy_of(worker(ANA), worker(BRUNO, skills=("vpn",), calendar="noite")))
    maria(office, "Não conecto.")
    agent(office, "#assign skill:vpn", token(office, "ana"))
    assert (holder(office, 1), waiting(office)) == (None, [1])
    assert "Sem responsável até que alguém possa assumir (vpn)" in written(office, "receipt")
    assert give_out(gateway(office)) == 0
    office.pass_time(hours=6)
    assert give_out(gateway(office)) == 1
    assert (holder(office, 1), why(office, 1)[-1]) == (BRUNO.address, "skill:vpn")


def test_lines_for_several_tickets_take_a_turn_each(office: Office) -> None:
    office.use(policy_of(worker(ANA), worker(BRUNO, skills=("vpn",)), assignment="none"))
    for _ in range(3):
        maria(office, "Não conecto.")
    agent(office, "#minhafila", "suporte@desk.test")
    agent(office, "1 #atribuir skill:vpn\n2, 3 #atribuir skill:vpn", token(office, "ana", None))
    assert [holder(office, number) for number in (1, 2, 3)] == [BRUNO.address] * 3


def test_lines_for_several_tickets_are_spread(office: Office) -> None:
    office.use(
        policy_of(worker(ANA), worker(BRUNO, skills=("vpn",)), worker(CARLA, skills=("vpn",)), assignment="none")
    )
    for _ in range(4):
        maria(office, "Não conecto.")
    agent(office, "#minhafila", "suporte@desk.test")
    agent(office, "1, 2, 3, 4 #atribuir skill:vpn", token(office, "ana", None))
    given = [holder(office, number) for number in (1, 2, 3, 4)]
    assert (given.count(BRUNO.address), given.count(CARLA.address)) == (2, 2)


def test_a_turn_can_be_asked_for_and_taken_back(office: Office) -> None:
    office.use(policy_of(worker(ANA), worker(BRUNO), assignment="none"))
    maria(office, "Socorro!")
    agent(office, "#assumir", token(office, "ana"))
    agent(office, "#atribuir rodízio", token(office, "ana"))
    assert (holder(office, 1), why(office, 1)[-1]) == (BRUNO.address, "by-turns")
    agent(office, "#desfazer", token(office, "ana"))
    assert holder(office, 1) == ANA.address


def test_who_is_alone_keeps_it(office: Office) -> None:
    office.use(policy_of(worker(ANA), assignment="none"))
    maria(office, "Socorro!")
    agent(office, "#assumir", token(office, "ana"))
    agent(office, "#atribuir rodízio", token(office, "ana"))
    assert (holder(office, 1), waiting(office)) == (ANA.address, [])
    assert "Já estava assim: Ana Lima" in written(office, "receipt")


def test_a_move_to_a_queue_that_gives_out_finds_somebody_there(office: Office) -> None:
    office.use(policy_of(worker(ANA), worker(CARLA, "vendas"), vendas="least_open"))
    maria(office, "Quero comprar.")
    agent(office, "#fila vendas", token(office, "ana"))
    assert (office.ticket(1).ticket.queue, holder(office, 1)) == ("vendas", CARLA.address)
    assert ("assigned", CARLA.address) in office.outgoing()
    assert "Responsável: Carla Dias" in written(office, "receipt")


def test_a_move_to_a_queue_where_nobody_is_on_duty_waits_there(office: Office) -> None:
    office.use(policy_of(worker(ANA), worker(CARLA, "vendas", calendar="noite"), vendas="least_open"))
    maria(office, "Quero comprar.")
    agent(office, "#fila vendas", token(office, "ana"))
    assert (holder(office, 1), waiting(office)) == (None, [1])
    assert "Carla Dias está fora do expediente" in written(office, "moved")
    office.pass_time(hours=6)
    assert give_out(gateway(office)) == 1
    assert holder(office, 1) == CARLA.address


def test_a_move_to_a_queue_that_gives_out_nothing_is_as_it_was(office: Office) -> None:
    office.use(policy_of(worker(ANA), worker(CARLA, "vendas")))
    maria(office, "Quero comprar.")
    agent(office, "#fila vendas", token(office, "ana"))
    assert (holder(office, 1), waiting(office)) == (None, [])


# --- what rules and types ask for -----------------------------------------------------------------------


def test_a_rule_asks_for_a_skill(office: Office) -> None:
    policy = policy_of(worker(ANA), worker(BRUNO, skills=("vpn",)))
    rule = Rule.model_validate({"name": "vpn", "all": ({"words": "vpn"},), "assign": "skill:vpn"})
    office.use(replace(policy, configured=(rule,)))
    maria(office, "A VPN não conecta.")
    maria(office, "A VPN não conecta mesmo.")
    maria(office, "A impressora não imprime.")
    assert [holder(office, number) for number in (1, 2, 3)] == [BRUNO.address, BRUNO.address, ANA.address]
    assert [why(office, number) for number in (1, 2, 3)] == [["skill:vpn"], ["skill:vpn"], ["least-open"]]


def test_two_gateways_never_take_the_same_turn_by_skill(office: Office) -> None:
    policy = policy_of(worker(ANA), worker(BRUNO, skills=("vpn",), capacity=1), budget=ROOM)
    rule = Rule.model_validate({"name": "vpn", "all": ({"words": "vpn"},), "assign": "skill:vpn"})
    office.use(replace(policy, configured=(rule,)))
    words = ("A VPN caiu.", "A VPN caiu de novo.")
    first, second = (office.draft(office.keep(a_message(text, message_id=f"<{len(text)}@x.test>"))) for text in words)
    office.settle(first)
    with pytest.raises(Stale, match="was given another ticket"):
        office.settle(second)
    office.settle(office.draft(second.received.id))
    assert [holder(office, number) for number in office.numbers()] == [BRUNO.address, ANA.address]
    assert why(office, office.numbers()[1]) == ["least-open"], "Bruno is full: the queue's least loaded has it"


def test_a_rule_that_moves_a_ticket_finds_somebody_there_or_lets_it_wait_there(office: Office) -> None:
    policy = policy_of(worker(ANA), worker(CARLA, "vendas", capacity=1), vendas="least_open")
    rule = Rule.model_validate({"name": "venda", "all": ({"words": "comprar"},), "set": {"queue": "vendas"}})
    office.use(replace(policy, configured=(rule,)))
    maria(office, "Quero comprar.")
    maria(office, "Quero comprar mais.")
    assert [holder(office, number) for number in (1, 2)] == [CARLA.address, None]
    assert waiting(office) == [2]
    assert "Carla Dias já tem 1 de 1 chamados" in written(office, "new_ticket")
    assert "Ana Lima" not in written(office, "new_ticket")


def test_a_type_that_a_rule_sets_asks_for_its_skill(office: Office) -> None:
    policy = policy_of(worker(ANA), worker(BRUNO, skills=("vpn",)))
    rule = Rule.model_validate({"name": "acesso", "all": ({"words": "vpn"},), "set": {"type": "acesso"}})
    office.use(replace(policy, configured=(rule,), kinds=(TicketKind(name="acesso", skill="vpn"),)))
    maria(office, "A VPN não conecta.")
    maria(office, "A VPN não conecta mesmo.")
    assert [holder(office, number) for number in (1, 2)] == [BRUNO.address] * 2
    assert why(office, 2) == ["skill:vpn"]


# --- what escalates -------------------------------------------------------------------------------------


def late(office: Office, escalate: dict[str, Any], *agents: Agent, vendas: str = "none") -> None:
    """A ticket of Ana's whose first answer is overdue after an hour, with one step of escalation then."""
    level = ServiceLevel(name="padrao", first_answer="1h", escalate=(Escalation(at=1.0, **escalate),))
    office.use(replace(policy_of(*agents, vendas=vendas, assignment="none"), levels=(level,)))
    maria(office, "Socorro!")
    agent(office, "#assumir", token(office, "ana"))
    office.pass_time(minutes=61)
    while fire_all(gateway(office)):
        pass


def test_a_step_of_escalation_finds_somebody_who_knows_and_takes_a_turn(office: Office) -> None:
    late(office, {"assign": "skill:vpn"}, worker(ANA, skills=("vpn",)), worker(BRUNO, skills=("VPN",)))
    assert (holder(office, 1), why(office, 1)[-1]) == (BRUNO.address, "level:padrao")


def test_a_step_of_escalation_takes_the_ticket_from_nobody_where_nobody_else_can_have_it(office: Office) -> None:
    late(office, {"assign": "turn"}, worker(ANA), worker(BRUNO, calendar="noite"))
    assert (holder(office, 1), waiting(office)) == (ANA.address, [])


def test_a_step_of_escalation_that_moves_a_ticket_finds_somebody_there(office: Office) -> None:
    late(office, {"queue": "vendas"}, worker(ANA), worker(CARLA, "vendas"), vendas="least_open")
    assert (office.ticket(1).ticket.queue, holder(office, 1)) == ("vendas", CARLA.address)


def test_a_ticket_that_is_moved_where_nobody_is_on_duty_waits_there(office: Office) -> None:
    late(office, {"queue": "vendas"}, worker(ANA), worker(CARLA, "vendas", calendar="noite"), vendas="least_open")
    assert (holder(office, 1), waiting(office)) == (None, [1])
    office.pass_time(hours=5)
    assert give_out(gateway(office)) == 1
    assert holder(office, 1) == CARLA.address
