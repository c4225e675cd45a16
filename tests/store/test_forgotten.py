"""Tickets that lie about, and who is told of them once. From the raw mail to what people receive, on both databases."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, insert, select, update

from mailtickets.config.models import Agent, ForgottenLook
from mailtickets.desk.clock.calendar import open_hours
from mailtickets.desk.commands import orders
from mailtickets.desk.model.policy import Policy
from mailtickets.gateway.drafting.order import Order
from mailtickets.jobs.forgotten import look_for_forgotten
from mailtickets.store import outbox, schema
from mailtickets.store.forgotten import LISTED
from tests.desk.builders import ANA, BRUNO, CARLA, a_policy, an_agent
from tests.desk.clock.workshop import stages
from tests.store.office import Office, copies
from tests.store.test_work_by_mail import agent, gateway, maria, token

LOOK = ForgottenLook(at="07:30", after="1d")
CHEFE = "chefe@empresa.test"
WEEK = open_hours("comercial", ZoneInfo("UTC"), {"mon-fri": "08:00-18:00"}, {}, ())
"""`NOW` is Monday, 12:00 UTC; the instance is in UTC here."""


def policy_of(*agents: Agent, look: ForgottenLook = LOOK, calendars: Iterable[Any] = (), **queue: Any) -> Policy:
    policy = a_policy(suporte=queue, agents=agents or (an_agent(ANA), an_agent(BRUNO)), instance={"timezone": "UTC"})
    return replace(policy, forgotten=look, calendars={hours.name: hours for hours in calendars})


def told(office: Office) -> list[tuple[str, str]]:
    """(recipient, subject) of every notice of this kind, oldest first."""
    rows = office.run(copies)
    return [(row.recipient, row.subject) for row in reversed(rows) if row.name == "forgotten"]


def text_for(office: Office, recipient: str) -> str:
    rows = office.run(copies)
    number = next(row.id for row in rows if row.name == "forgotten" and row.recipient == recipient)
    text: str = office.run(lambda c: outbox.load(c, number)).mail.text
    return text


def assign(office: Office, number: int, to: Agent | None) -> None:
    office.clerk.order(Order(number, lambda ticket: orders.assign(ticket, to, "shell:root")))


def next_morning(office: Office, days: int = 1, hour: int = 8) -> int:
    """What the look of a later morning does; gives how many people were looked after."""
    here = office.now.replace(hour=hour, minute=0) + timedelta(days=days)
    office.now = here
    return look_for_forgotten(gateway(office))


# --- each condition -------------------------------------------------------------------------------------


def test_what_nobody_has_is_told_to_the_queue_once(office: Office) -> None:
    office.use(policy_of())
    maria(office, "A impressora não imprime.")
    next_morning(office)
    assert told(office) == []  # it has not waited for a day
    next_morning(office)
    both = [
        (ANA.address, "Para não esquecer: 1 chamado parado"),
        (BRUNO.address, "Para não esquecer: 1 chamado parado"),
    ]
    assert sorted(told(office)) == both
    words = text_for(office, ANA.address)
    assert "Sem responsável, com o cliente à espera (1)" in words
    assert "#1 Impressora" in words
    for _ in range(5):
        next_morning(office)
    assert sorted(told(office)) == both


def test_what_an_agent_has_not_answered_is_told_to_that_agent(office: Office) -> None:
    office.use(policy_of())
    maria(office, "A impressora não imprime.")
    assign(office, 1, an_agent(BRUNO))
    next_morning(office, 2)
    assert [who for who, _ in told(office)] == [BRUNO.address]
    assert "Seus, com o cliente à espera de resposta (1)" in text_for(office, BRUNO.address)


def test_a_customer_who_is_silent_for_too_long_is_told_to_the_agent(office: Office) -> None:
    office.use(policy_of(close_after_days=7))
    maria(office, "A impressora não imprime.")
    agent(office, "Reinicie.", token(office, "ana"))
    assign(office, 1, an_agent(ANA))
    next_morning(office, 7)
    assert told(office) == []
    next_morning(office)
    assert [who for who, _ in told(office)] == [ANA.address]
    assert "À espera do cliente há muito tempo (1)" in text_for(office, ANA.address)


def test_a_ticket_at_a_stage_with_a_time_of_its_own_does_not_wait_for_its_customer(office: Office) -> None:
    office.use(policy_of(close_after_days=7, stages=stages()))
    maria(office, "A impressora não imprime.")
    agent(office, "Pedimos a peça.", token(office, "ana"))
    assign(office, 1, an_agent(ANA))
    office.run(lambda c: c.execute(update(schema.ticket).values(stage="peca", stage_since=office.now)))
    next_morning(office, 8)
    next_morning(office)
    assert told(office) == []


def test_where_tickets_are_never_closed_nobody_is_too_silent(office: Office) -> None:
    office.use(policy_of(close_after_days=0))
    maria(office, "A impressora não imprime.")
    agent(office, "Reinicie.", token(office, "ana"))
    next_morning(office, 60)
    assert told(office) == []


def test_the_tickets_of_somebody_who_is_away_are_told_to_the_queue_at_once(office: Office) -> None:
    office.use(policy_of())
    maria(office, "A impressora não imprime.")
    assign(office, 1, an_agent(ANA))
    away = token(office, "ana")
    agent(office, "Estou de férias até 20/03.", away, auto_submitted="auto-replied", subject="Ausência")
    next_morning(office)
    assert [who for who, _ in told(office)] == [BRUNO.address]
    assert "O responsável está ausente, e o cliente espera (1)" in text_for(office, BRUNO.address)


def test_all_that_one_person_can_act_on_comes_in_one_mail(office: Office) -> None:
    office.use(policy_of())
    for _ in range(3):
        maria(office, "A impressora não imprime.")
    assign(office, 1, an_agent(ANA))
    agent(office, "Reinicie.", token(office, "ana", 2))
    assign(office, 2, an_agent(ANA))
    next_morning(office, 9)
    assert sorted(told(office)) == [
        (ANA.address, "Para não esquecer: 3 chamados parados"),
        (BRUNO.address, "Para não esquecer: 1 chamado parado"),
    ]
    parts = [line for line in text_for(office, ANA.address).splitlines() if line.endswith("(1)")]
    assert parts == [
        "Sem responsável, com o cliente à espera (1)",
        "Seus, com o cliente à espera de resposta (1)",
        "À espera do cliente há muito tempo (1)",
    ]


# --- once, and again ------------------------------------------------------------------------------------


def test_it_is_told_again_when_it_has_ended_and_come_back(office: Office) -> None:
    office.use(policy_of(an_agent(ANA)))
    maria(office, "A impressora não imprime.")
    next_morning(office, 2)
    agent(office, "Reinicie.", token(office, "ana"))
    next_morning(office, 2)
    assert len(told(office)) == 1
    office.pass_time(hours=1)
    maria(office, "Não adiantou.", subject="Re: [#1] Impressora")
    next_morning(office)
    assert len(told(office)) == 1
    next_morning(office)
    assert len(told(office)) == 2


def test_what_somebody_took_and_gave_back_is_told_again(office: Office) -> None:
    office.use(policy_of(an_agent(ANA)))
    maria(office, "A impressora não imprime.")
    next_morning(office, 2)
    assign(office, 1, an_agent(ANA))
    next_morning(office)
    assert [len(told(office)), "Seus" in text_for(office, ANA.address)] == [2, True]
    assign(office, 1, None)
    next_morning(office)
    assert [len(told(office)), "Sem responsável" in text_for(office, ANA.address)] == [3, True]


def test_what_was_told_is_forgotten_when_it_is_over(office: Office) -> None:
    office.use(policy_of(an_agent(ANA)))
    maria(office, "A impressora não imprime.")
    next_morning(office, 2)
    office.clerk.order(Order(1, lambda ticket: orders.set_status(ticket, "closed", "shell:root")))
    next_morning(office)
    assert office.run(lambda c: c.execute(select(func.count()).select_from(schema.forgotten)).scalar()) == 0


def test_a_snoozed_ticket_does_not_lie_about(office: Office) -> None:
    office.use(policy_of(an_agent(ANA)))
    maria(office, "A impressora não imprime.")
    agent(office, "#adiar 5d", token(office, "ana"))
    next_morning(office, 3)
    assert told(office) == []
    next_morning(office, 3)
    assert len(told(office)) == 1


def test_of_two_gateways_one_tells(office: Office) -> None:
    """The other one tells between our draft and our transaction: then there is nothing left to tell."""
    office.use(policy_of(an_agent(ANA)))
    maria(office, "A impressora não imprime.")
    office.now += timedelta(days=2)
    settle = office.clerk.settle

    def meanwhile(*given: Any) -> None:
        office.clerk.settle = settle  # type: ignore[method-assign]
        assert look_for_forgotten(gateway(office)) == 1
        settle(*given)

    office.clerk.settle = meanwhile  # type: ignore[method-assign]
    assert look_for_forgotten(gateway(office)) == 0
    assert len(told(office)) == 1


# --- who, and when --------------------------------------------------------------------------------------


def test_the_queues_managers_are_told_in_place_of_its_agents(office: Office) -> None:
    office.use(policy_of(managers=(CHEFE, BRUNO.address)))
    maria(office, "A impressora não imprime.")
    next_morning(office, 2)
    assert sorted(who for who, _ in told(office)) == [BRUNO.address, CHEFE]
    assert "fale com um deles" in text_for(office, CHEFE)
    assert "#assumir" not in text_for(office, CHEFE)
    assert "1 #assumir" in text_for(office, BRUNO.address)
    rows = [row for row in office.run(copies) if row.name == "forgotten"]
    assert {row.recipient: bool(row.token_hash) for row in rows} == {CHEFE: False, BRUNO.address: True}


def test_the_lines_of_a_reply_act_on_the_tickets(office: Office) -> None:
    office.use(policy_of())
    for _ in range(2):
        maria(office, "A impressora não imprime.")
    next_morning(office, 2)
    agent(office, "1 #assumir\n2 #fechar", token(office, "bruno", None), "bruno")
    tickets = [office.ticket(number).ticket for number in (1, 2)]
    assert (tickets[0].assignee, tickets[1].status) == (BRUNO.address, "closed")


def test_everybody_is_told_when_they_are_on_duty(office: Office) -> None:
    """Ana works from 08:00, Bruno from 14:00: what waits for the queue is told to who is there first."""
    late = open_hours("tarde", ZoneInfo("UTC"), {"mon-fri": "14:00-20:00"}, {}, ())
    ana = an_agent(ANA).model_copy(update={"calendar": "comercial"})
    bruno = an_agent(BRUNO).model_copy(update={"calendar": "tarde"})
    office.use(policy_of(ana, bruno, calendars=(WEEK, late)))
    for _ in range(2):
        maria(office, "A impressora não imprime.")
    assign(office, 2, bruno)
    next_morning(office, 2, hour=7)
    assert told(office) == []
    next_morning(office, 0, hour=8)
    assert [who for who, _ in told(office)] == [ANA.address]
    next_morning(office, 0, hour=14)
    assert [who for who, _ in told(office)] == [ANA.address, BRUNO.address]
    assert "Seus" in text_for(office, BRUNO.address)
    assert "Sem responsável" not in text_for(office, BRUNO.address)


def test_nobody_is_told_on_a_day_on_which_the_desk_is_closed(office: Office) -> None:
    office.use(policy_of(calendars=(WEEK,)))
    office.pass_time(days=3)  # Thursday
    maria(office, "A impressora não imprime.")
    assert next_morning(office, 2, hour=9) == 0  # Saturday
    assert next_morning(office, 1, hour=9) == 0
    assert next_morning(office, 1, hour=9) == 2
    assert len(told(office)) == 2


def test_the_look_has_its_time_of_day_and_can_be_left_out(office: Office) -> None:
    office.use(policy_of(look=ForgottenLook(at="16:00")))
    maria(office, "A impressora não imprime.")
    next_morning(office, 2, hour=15)
    assert told(office) == []
    office.use(policy_of(look=ForgottenLook(at="")))
    next_morning(office, 0, hour=17)
    assert told(office) == []
    office.use(policy_of(look=ForgottenLook(at="16:00")))
    next_morning(office, 0, hour=17)
    assert len(told(office)) == 2


def test_somebody_without_tickets_gets_no_mail(office: Office) -> None:
    office.use(policy_of(an_agent(ANA), an_agent(CARLA, "vendas")))
    maria(office, "A impressora não imprime.")
    next_morning(office, 2)
    assert [who for who, _ in told(office)] == [ANA.address]


# --- bounds ---------------------------------------------------------------------------------------------


def test_a_long_list_is_told_in_parts_a_day_each(office: Office) -> None:
    office.use(policy_of(an_agent(ANA)))
    maria(office, "A impressora não imprime.")
    count = LISTED + 7

    def many(connection: Any) -> None:
        row = dict(connection.execute(select(schema.ticket)).mappings().one())
        rows = [{**row, "number": number, "requester_address": f"c{number}@x.test"} for number in range(2, count + 1)]
        connection.execute(insert(schema.ticket), rows)

    office.run(many)
    next_morning(office, 2)
    assert told(office) == [(ANA.address, f"Para não esquecer: {count} chamados parados")]
    first = text_for(office, ANA.address)
    assert f"Sem responsável, com o cliente à espera ({count})" in first
    assert "E mais 7, que vêm nos próximos avisos." in first
    next_morning(office)
    assert told(office)[1:] == [(ANA.address, "Para não esquecer: 7 chamados parados")]
    second = text_for(office, ANA.address)
    shown = [{line.split()[0] for line in text.splitlines() if line.startswith("#")} for text in (first, second)]
    assert (len(shown[0]), len(shown[1]), shown[0] & shown[1]) == (LISTED, 7, set())
    next_morning(office)
    assert len(told(office)) == 2
