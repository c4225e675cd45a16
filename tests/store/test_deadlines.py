"""Clocks and timers on a real database: what they are after each mail and order, and what happens when they are due."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import pytest
from sqlalchemy import select

from mailtickets.config.levels import Escalation
from mailtickets.config.models import Agent
from mailtickets.desk.clock.timers import Timer
from mailtickets.desk.commands import orders
from mailtickets.desk.model.decision import Decision
from mailtickets.desk.model.effects import AddMessage, OpenTicket, PromiseDate, SetStatus
from mailtickets.gateway.drafting.firing import TimerOrder
from mailtickets.gateway.drafting.order import Order
from mailtickets.jobs.timers import make_some_again
from mailtickets.mail.model import Address
from mailtickets.store import agents, deadlines, schema
from mailtickets.store.database import Database, Stale
from mailtickets.store.deadlines import DueTimer
from tests.desk.builders import ANA, BRUNO, CARLA, a_policy, an_agent
from tests.desk.clock.scenes import a_level, at, the_policy
from tests.store.office import Office, a_message, copies
from tests.store.test_history import import_mail
from tests.store.test_work_by_mail import agent, maria, token
from tests.store.timers import fire_all

SLA = a_level(
    name="padrao",
    calendar="comercial",
    first_answer={"critical": "1h", "high": "4h", "normal": "8h"},
    next_answer="4h",
    resolution="3d",
    escalate=[
        {"at": 1.0, "notify": ("chefe@fora.test",), "priority": "high"},
        {"at": 1.5, "queue": "vendas"},
    ],
)


class Gateway:
    """What the jobs see of a gateway."""

    def __init__(self, office: Office) -> None:
        self.clerk = office.clerk


@pytest.fixture
def desk(office: Office) -> Office:
    office.use(the_policy(levels=(SLA,)))
    office.now = at("05", "08:00")
    return office


def clocks(office: Office, number: int = 1) -> dict[str, tuple[str, str, str]]:
    """(state, due, ended) of each stored clock, in the time of the desk."""
    rows = office.run(lambda c: deadlines.stored(c, number)).clocks
    return {row.name: (row.state, _local(row.due_at), _local(row.ended_at)) for row in rows}


def _local(moment: Any) -> str:
    return f"{moment.astimezone(at('01').tzinfo):%d %H:%M}" if moment is not None else ""


def timers(office: Office, number: int = 1) -> list[tuple[str, str, str]]:
    rows = office.run(lambda c: deadlines.stored(c, number)).timers
    return sorted((row.kind, row.name, _local(row.at)) for row in rows)


def run_until(office: Office, day: str, time: str) -> int:
    """Lets time pass and fires what has become due, as the job does; returns how many timers fired."""
    office.now = at(day, time)
    fired = 0
    while due := fire_all(Gateway(office)):  # type: ignore[arg-type]
        fired += due
    return fired


def answer(office: Office, number: int = 1, text: str = "Ligue na tomada.") -> None:
    ana = Address(ANA.name, ANA.address)
    office.clerk.order(
        Order(number, lambda ticket: orders.answer(ticket, text, ana, "shell:ana", by_agent=True), text=text)
    )


def reply(office: Office, text: str = "Continua.", **fields: str | None) -> Any:
    return office.take(
        a_message(text, message_id=f"<r{office.now.timestamp()}@cliente.test>", subject="[#1] Impressora", **fields)
    )


def told(office: Office, name: str) -> list[str]:
    return [who for what, who in office.outgoing() if what == name]


def from_the_events(office: Office, number: int = 1) -> bool:
    """Whether the stored rows are those that the events give: nothing would change if they were made again."""
    policy = office.clerk.rules.policy
    return not office.run(lambda c: deadlines.refresh(c, number, policy, office.now))


def test_a_new_ticket_has_its_clocks_and_the_next_timer_of_each(desk: Office) -> None:
    desk.take(a_message())
    assert clocks(desk) == {"first_answer": ("running", "05 17:00", ""), "resolution": ("running", "07 18:00", "")}
    assert timers(desk) == [("warn", "first_answer", "05 15:00"), ("warn", "resolution", "07 10:15")]
    assert from_the_events(desk)


def test_an_answer_stops_the_first_clock_and_pauses_the_resolution(desk: Office) -> None:
    desk.take(a_message())
    desk.now = at("05", "10:00")
    answer(desk)
    assert clocks(desk) == {"first_answer": ("met", "05 17:00", "05 10:00"), "resolution": ("paused", "", "")}
    assert timers(desk) == []
    desk.now = at("06", "10:00")
    reply(desk)
    assert clocks(desk)["next_answer"] == ("running", "06 15:00", "")
    assert clocks(desk)["resolution"] == ("running", "10 18:00", "")
    assert from_the_events(desk)


def test_without_levels_nothing_is_stored(office: Office) -> None:
    office.take(a_message())
    answer(office)
    assert office.run(lambda c: c.execute(select(schema.deadline)).all()) == []
    assert office.run(lambda c: c.execute(select(schema.timer)).all()) == []


def test_a_warning_goes_to_the_queue_once_and_names_what_is_due(desk: Office) -> None:
    desk.take(a_message())
    assert run_until(desk, "05", "14:59") == 0
    assert run_until(desk, "05", "15:00") == 1
    assert sorted(told(desk, "due_soon")) == ["ana@desk.test", "bruno@desk.test"]
    assert run_until(desk, "05", "16:59") == 0
    notice = next(row for row in desk.run(copies) if row.name == "due_soon")
    assert "primeira resposta, até hoje às 17h" in notice.text
    assert "A impressora não imprime." in notice.text  # what the customer waits for


def test_a_warning_goes_to_the_assignee_alone(desk: Office) -> None:
    desk.take(a_message())
    bruno = desk.clerk.rules.policy.agent("bruno@desk.test")
    desk.clerk.order(Order(1, lambda ticket: orders.assign(ticket, bruno, "shell:root")))
    run_until(desk, "05", "15:00")
    assert told(desk, "due_soon") == ["bruno@desk.test"]


def test_no_warning_once_it_is_answered(desk: Office) -> None:
    desk.take(a_message())
    desk.now = at("05", "14:00")
    answer(desk)
    assert run_until(desk, "05", "18:00") == 0
    assert told(desk, "due_soon") == []


def test_steps_of_escalation_are_taken_once_each_and_say_why(desk: Office) -> None:
    desk.take(a_message())
    assert run_until(desk, "05", "15:00") == 1
    assert run_until(desk, "05", "17:00") == 2  # recorded as late, then the first step; time is read again at "high"
    assert desk.ticket(1).ticket.priority == "high"
    assert told(desk, "overdue") == ["chefe@fora.test"]
    assert ("priority", "normal", "high", "level:padrao") in desk.events(1)
    assert clocks(desk)["first_answer"] == ("missed", "05 17:00", "")
    assert run_until(desk, "06", "10:59") == 0
    assert run_until(desk, "06", "11:00") == 1
    assert desk.ticket(1).ticket.queue == "vendas"
    assert ("queue", "suporte", "vendas", "level:padrao") in desk.events(1)
    assert sorted(told(desk, "moved")) == ["bruno@desk.test", "carla@desk.test"]
    assert run_until(desk, "06", "18:00") == 0
    assert told(desk, "overdue") == ["chefe@fora.test"]


def test_people_who_are_no_agents_get_figures_and_neither_words_nor_a_way_in(desk: Office) -> None:
    desk.take(a_message("Meu CPF é 529.982.247-25.", subject="Segredo da Maria"))
    run_until(desk, "05", "15:00")
    run_until(desk, "05", "17:00")
    notice = next(row for row in desk.run(copies) if row.name == "overdue")
    for secret in ("529.982", "Segredo", "maria@", "Maria", "ana@desk.test", "http"):
        assert secret not in f"{notice.subject} {notice.text} {notice.html}"
    assert "[#1]" in notice.subject
    assert "Suporte Exemplo" in notice.text
    assert notice.token_hash is None
    assert notice.reply_to == "suporte@desk.test"


def test_budgets_count_what_people_outside_get(office: Office) -> None:
    office.use(the_policy(levels=(SLA,), budget={"automatic_per_sender_per_day": 2}))
    office.now = at("05", "08:00")
    for number in range(4):
        office.take(a_message(message_id=f"<{number}@cliente.test>", text=f"Pedido {number}", subject=f"P {number}"))
    run_until(office, "05", "17:00")
    assert told(office, "overdue") == ["chefe@fora.test"] * 2
    assert [office.ticket(n).ticket.priority for n in (1, 2, 3, 4)] == ["high"] * 4  # the step itself is taken
    assert sum(reason == "budget-person" for n in (1, 2, 3, 4) for *_, reason in office.events(n)) == 2


def test_a_breach_that_was_recorded_stays_when_the_priority_is_lowered(desk: Office) -> None:
    desk.take(a_message())
    run_until(desk, "05", "17:00")
    assert clocks(desk)["first_answer"] == ("missed", "05 17:00", "")
    desk.clerk.order(Order(1, lambda ticket: orders.set_priority(ticket, "normal", "shell:root")))
    assert clocks(desk)["first_answer"] == ("missed", "05 17:00", "")
    answer(desk)
    assert clocks(desk)["first_answer"] == ("missed", "05 17:00", "05 17:00")


def test_priority_raised_midway_reads_the_history_again_with_its_pauses(desk: Office) -> None:
    desk.take(a_message())
    desk.now = at("05", "09:00")
    answer(desk)
    desk.now = at("06", "09:00")
    reply(desk)
    desk.now = at("06", "10:00")
    desk.clerk.order(Order(1, lambda ticket: orders.set_priority(ticket, "high", "shell:root")))
    assert clocks(desk)["resolution"] == ("running", "10 18:00", "")  # an hour on the 5th, 26 from the 6th 09:00 on
    assert from_the_events(desk)


def test_nobody_is_told_at_midnight_but_when_their_day_begins(office: Office) -> None:
    always = a_level(name="sempre", first_answer="8h", escalate=[{"at": 1.0, "notify": ("bruno@desk.test",)}])
    ana, bruno = (
        Agent(name=who.name, address=who.address, queues=("suporte",), calendar="comercial") for who in (ANA, BRUNO)
    )
    office.use(the_policy(levels=(always,), agents=(ana, bruno)))
    office.now = at("05", "18:00")
    office.take(a_message())
    assert run_until(office, "06", "00:00") == 0  # 75 % of the time: everybody sleeps
    assert run_until(office, "06", "02:00") == 1  # due: it is recorded, and nobody is woken
    assert told(office, "due_soon") == told(office, "escalated") == []
    assert clocks(office)["first_answer"] == ("missed", "06 02:00", "")
    run_until(office, "06", "07:59")
    assert told(office, "escalated") == []
    run_until(office, "06", "08:00")
    assert told(office, "escalated") == ["bruno@desk.test"]
    run_until(office, "07", "18:00")
    assert told(office, "escalated") == ["bruno@desk.test"]


def test_the_one_on_duty_is_told_at_once_and_the_other_in_the_morning(office: Office) -> None:
    always = a_level(
        name="sempre",
        first_answer="8h",
        warn_at=0.0,
        escalate=[{"at": 1.0, "priority": "high", "notify": ("ana@desk.test", "bruno@desk.test")}],
    )
    ana = Agent(name=ANA.name, address=ANA.address, queues=("suporte",), calendar="noite")
    bruno = Agent(name=BRUNO.name, address=BRUNO.address, queues=("suporte",), calendar="comercial")
    office.use(the_policy(levels=(always,), agents=(ana, bruno)))
    office.now = at("05", "18:00")
    office.take(a_message())
    run_until(office, "06", "02:00")
    assert told(office, "escalated") == ["ana@desk.test"]
    assert timers(office) == [("tell", "first_answer:1:bruno@desk.test", "06 08:00")]
    run_until(office, "06", "08:00")
    assert told(office, "escalated") == ["ana@desk.test", "bruno@desk.test"]
    assert run_until(office, "07", "18:00") == 0


def test_the_ticket_goes_to_somebody_else_who_is_there_and_has_the_least_work(office: Office) -> None:
    level = a_level(name="vez", first_answer="1h", warn_at=0.0, escalate=[{"at": 1.0, "assign": "turn"}])
    people = tuple(an_agent(who, "suporte") for who in (ANA, BRUNO, CARLA))
    office.use(the_policy(levels=(level,), agents=people))
    office.now = at("05", "08:00")
    office.take(a_message())
    office.take(a_message(message_id="<2@cliente.test>", text="Outra coisa", subject="Outra"))
    ana, bruno, _ = people
    office.clerk.order(Order(1, lambda ticket: orders.assign(ticket, ana, "shell:root")))
    office.clerk.order(Order(2, lambda ticket: orders.assign(ticket, bruno, "shell:root")))
    office.now = at("05", "09:00")
    one = next(due for due in office.run(lambda c: deadlines.due(c, office.now, 10)) if due.ticket == 1)
    while one.timer.kind != "escalate":
        office.clerk.order(TimerOrder(one, office.clerk.rules.policy, office.now))
        one = next(due for due in office.run(lambda c: deadlines.due(c, office.now, 10)) if due.ticket == 1)
    office.clerk.order(TimerOrder(one, office.clerk.rules.policy, office.now))
    assert office.ticket(1).ticket.assignee == "carla@desk.test"
    assert told(office, "assigned")[-1] == "carla@desk.test"
    assert office.events(1)[-1] == ("assignee", "ana@desk.test", "carla@desk.test", "level:vez")
    last = office.run(lambda c: agents.assigned_at(c, ["carla@desk.test"]))
    assert last == {"carla@desk.test": at("05", "09:00")}, "it was her turn, and counts as one"


def test_a_timer_fires_once_although_two_gateways_have_found_it_due(desk: Office) -> None:
    desk.take(a_message())
    desk.now = at("05", "15:00")
    [one] = desk.run(lambda c: deadlines.due(c, desk.now, 10))
    order = TimerOrder(one, desk.clerk.rules.policy, desk.now)
    draft, rival = desk.clerk.draft_order(order), desk.clerk.draft_order(order)
    desk.settle(draft)
    with pytest.raises(Stale):
        desk.settle(rival)
    desk.clerk.order(order)  # drafted again: there is nothing left to do
    assert len(told(desk, "due_soon")) == 2  # one to each agent of the queue


def test_a_timer_is_stale_if_its_row_has_fired_without_a_change_of_the_ticket(desk: Office) -> None:
    desk.take(a_message())
    desk.now = at("05", "15:00")
    [one] = desk.run(lambda c: deadlines.due(c, desk.now, 10))
    draft = desk.clerk.draft_order(TimerOrder(one, desk.clerk.rules.policy, desk.now))
    desk.run(lambda c: deadlines.fire(c, 1, one.timer.key, desk.now))
    with pytest.raises(Stale):
        desk.settle(draft)
    assert told(desk, "due_soon") == []


def test_a_row_that_is_not_true_any_more_is_put_right_and_nobody_is_told(desk: Office) -> None:
    desk.take(a_message())
    wrong = Timer("warn", "first_answer", 0, at("05", "08:30"))
    desk.run(lambda c: deadlines.save(c, 1, deadlines.RowChanges(timers=(wrong,)), desk.now))
    assert run_until(desk, "05", "08:30") == 1
    assert told(desk, "due_soon") == []
    assert ("warn", "first_answer", "05 15:00") in timers(desk)


def test_a_timer_that_nobody_knows_is_dropped(desk: Office) -> None:
    desk.take(a_message())
    odd = Timer("close-warning", "nothing", 0, at("05", "08:30"))
    desk.run(lambda c: deadlines.save(c, 1, deadlines.RowChanges(timers=(odd,)), desk.now))
    assert run_until(desk, "05", "08:30") == 1
    assert run_until(desk, "05", "08:31") == 0


def test_merged_the_survivor_has_the_earliest_start_and_the_other_has_no_clocks(desk: Office) -> None:
    desk.take(a_message())
    desk.now = at("05", "10:00")
    desk.take(a_message(message_id="<2@cliente.test>", text="Outra coisa", subject="Outra"))
    desk.now = at("05", "11:00")
    desk.clerk.order(Order(1, lambda ticket: orders.merge(ticket, 2, "shell:root")))
    assert clocks(desk, 1) == {}
    assert timers(desk, 1) == []
    assert clocks(desk, 2)["first_answer"] == ("running", "05 17:00", "")
    assert from_the_events(desk, 2)
    run_until(desk, "05", "15:00")
    assert {row.ticket for row in desk.run(copies) if row.name == "due_soon"} == {2}


def test_merged_an_answer_on_one_ticket_was_none_to_what_waits_on_the_other(desk: Office) -> None:
    desk.take(a_message())
    desk.now = at("05", "08:30")
    desk.take(a_message(message_id="<2@cliente.test>", text="Outra coisa", subject="Outra"))
    desk.now = at("05", "09:00")
    answer(desk, 1)
    desk.now = at("05", "10:00")
    desk.clerk.order(Order(1, lambda ticket: orders.merge(ticket, 2, "shell:root")))
    assert clocks(desk, 2)["first_answer"] == ("met", "05 17:00", "05 09:00")
    assert clocks(desk, 2)["next_answer"] == ("running", "05 13:30", "")
    answer(desk, 2)
    assert clocks(desk, 2)["next_answer"] == ("met", "05 13:30", "05 10:00")


def test_a_decision_that_was_made_before_a_merge_is_made_again(desk: Office) -> None:
    desk.take(a_message())
    desk.now = at("05", "10:00")
    desk.take(a_message(message_id="<2@cliente.test>", text="Outra coisa", subject="Outra"))
    order = Order(2, lambda ticket: orders.set_priority(ticket, "high", "shell:root"))
    draft = desk.clerk.draft_order(order)
    desk.clerk.order(Order(1, lambda ticket: orders.merge(ticket, 2, "shell:root")))
    with pytest.raises(Stale):
        desk.settle(draft)
    desk.clerk.order(order)
    assert clocks(desk, 2)["first_answer"] == ("running", "05 12:00", "")


def test_opened_again_the_resolution_goes_on_and_its_steps_count_anew(desk: Office) -> None:
    desk.take(a_message())
    desk.now = at("05", "10:00")
    answer(desk)
    desk.clerk.order(Order(1, lambda ticket: orders.set_status(ticket, "resolved", "shell:root")))
    assert clocks(desk)["resolution"][0] == "met"
    desk.now = at("10", "08:00")
    reply(desk)
    assert clocks(desk)["resolution"] == ("running", "12 16:00", "")
    assert desk.ticket(1).ticket.epoch == 1
    assert from_the_events(desk)


def test_imported_mail_starts_no_clock(desk: Office) -> None:
    import_mail(desk, a_message(message_id="<velho@cliente.test>"))
    assert clocks(desk) == {}


def test_a_promise_is_a_clock_also_without_a_level(office: Office) -> None:
    office.use(a_policy(instance={"timezone": "America/Sao_Paulo"}))
    office.now = at("05", "08:00")
    office.take(a_message())
    promise = Decision("ordered", (PromiseDate(at("07", "12:00")),), 1, actor="ana@desk.test")
    office.clerk.order(Order(1, lambda ticket: promise))
    assert clocks(office) == {"promised": ("running", "07 12:00", "")}
    office.now = at("06", "08:00")
    answer(office)
    assert clocks(office) == {"promised": ("met", "07 12:00", "06 08:00")}
    assert timers(office) == []


def test_a_new_configuration_moves_open_clocks_a_few_at_a_time_and_leaves_breaches(desk: Office) -> None:
    for number in range(3):
        desk.take(a_message(message_id=f"<{number}@cliente.test>", text=f"Pedido {number}", subject=f"P {number}"))
    gateway: Any = Gateway(desk)
    while make_some_again(gateway):
        pass
    run_until(desk, "05", "16:00")
    longer = SLA.model_copy(update={"first_answer": {"normal": "2d"}, "calendar": ""})
    desk.use(the_policy(levels=(longer,)))
    while make_some_again(gateway):
        pass
    assert [clocks(desk, n)["first_answer"][:2] for n in (1, 2, 3)] == [("running", "07 08:00")] * 3
    assert not make_some_again(gateway)
    desk.use(the_policy(levels=()))
    while make_some_again(gateway):
        pass
    assert clocks(desk) == {}
    assert timers(desk) == []


def test_a_breach_stays_as_it_was_recorded_after_a_new_configuration(desk: Office) -> None:
    desk.take(a_message())
    run_until(desk, "05", "17:00")
    desk.use(the_policy(levels=(SLA.model_copy(update={"first_answer": {"normal": "5d", "high": "5d"}}),)))
    while make_some_again(Gateway(desk)):  # type: ignore[arg-type]
        pass
    assert clocks(desk)["first_answer"] == ("missed", "05 17:00", "")


def test_a_ticket_that_was_there_before_the_first_level_gets_its_clocks(office: Office) -> None:
    office.use(the_policy(levels=()))
    office.now = at("05", "08:00")
    office.take(a_message())
    assert clocks(office) == {}
    office.use(the_policy(levels=(SLA,)))
    while make_some_again(Gateway(office)):  # type: ignore[arg-type]
        pass
    assert clocks(office)["first_answer"] == ("running", "05 17:00", "")


def make_all_again(office: Office) -> None:
    while make_some_again(Gateway(office)):  # type: ignore[arg-type]
        pass


def fired(office: Office, number: int = 1) -> list[tuple[str | None, str | None, str]]:
    return [(old, new, reason) for kind, old, new, reason in office.events(number) if kind == "timer"]


def automatic(office: Office) -> list[str]:
    """The mails that a level causes."""
    return [what for what, _ in office.outgoing() if what in {"due_soon", "escalated", "overdue", "moved"}]


OVER = "time-was-over"


def test_a_level_that_is_switched_on_over_an_old_backlog_takes_no_step_whose_time_is_over(office: Office) -> None:
    office.use(the_policy(levels=()))
    office.now = at("03", "08:00")
    for number in range(25):
        office.take(a_message(message_id=f"<{number}@cliente.test>", text=f"Pedido {number}", subject=f"P {number}"))
    office.now = at("05", "12:00")
    office.use(the_policy(levels=(SLA,)))
    make_all_again(office)
    run_until(office, "05", "12:05")
    assert automatic(office) == []
    for number in (1, 25):
        assert clocks(office, number)["first_answer"] == ("missed", "03 17:00", "")
        assert office.ticket(number).ticket.priority == "normal"
        assert office.ticket(number).ticket.queue == "suporte"
        assert fired(office, number) == [
            ("warn", "first_answer", OVER),
            ("due", "first_answer", OVER),
            ("escalate", "first_answer:1", OVER),
            ("escalate", "first_answer:1.5", OVER),
        ]
    assert from_the_events(office)


def test_mail_on_an_old_ticket_before_its_clocks_are_made_again_takes_no_step_whose_time_is_over(
    office: Office,
) -> None:
    office.use(the_policy(levels=()))
    office.now = at("03", "08:00")
    office.take(a_message())
    office.now = at("05", "12:00")
    office.use(the_policy(levels=(SLA,)))
    reply(office)
    run_until(office, "05", "12:05")
    assert automatic(office) == []
    assert office.ticket(1).ticket.priority == "normal"
    assert [reason for _, _, reason in fired(office)] == [OVER] * 4
    make_all_again(office)
    run_until(office, "05", "12:10")
    assert automatic(office) == []
    assert len(fired(office)) == 4
    run_until(office, "06", "18:00")
    assert ("due", "resolution", "level:padrao") in fired(office)


def test_mail_on_an_old_ticket_after_a_level_was_tightened_takes_no_step_whose_time_is_over(desk: Office) -> None:
    desk.take(a_message())
    make_all_again(desk)
    desk.now = at("05", "14:00")
    desk.use(the_policy(levels=(SLA.model_copy(update={"first_answer": "2h"}),)))
    reply(desk)
    run_until(desk, "05", "14:05")
    assert automatic(desk) == []
    assert clocks(desk)["first_answer"] == ("missed", "05 10:00", "")


def test_what_a_decision_brings_about_itself_is_done_also_then(desk: Office) -> None:
    """The level is new, and an agent raises the priority: the step of the new priority is taken."""
    desk.take(a_message())
    make_all_again(desk)
    desk.now = at("05", "12:30")
    desk.use(the_policy(levels=(SLA.model_copy(update={"resolution": "4d"}),)))
    agent(desk, "#prioridade alta\n#nota Urgente.", token(desk, "ana"))
    run_until(desk, "05", "12:31")
    assert told(desk, "overdue") == ["chefe@fora.test"]


def test_what_comes_later_on_the_clocks_of_an_old_backlog_still_comes(office: Office) -> None:
    office.use(the_policy(levels=()))
    office.now = at("03", "08:00")
    office.take(a_message())
    office.now = at("05", "12:00")
    office.use(the_policy(levels=(SLA,)))
    make_all_again(office)
    assert clocks(office)["resolution"] == ("running", "06 18:00", "")
    run_until(office, "06", "18:00")
    assert told(office, "overdue") == ["chefe@fora.test"]
    assert office.ticket(1).ticket.priority == "high"
    assert fired(office)[-2:] == [
        ("due", "resolution", "level:padrao"),
        ("escalate", "resolution:1", "level:padrao"),
    ]


def test_a_tightened_level_takes_no_step_whose_time_is_over(desk: Office) -> None:
    desk.take(a_message())
    make_all_again(desk)
    desk.now = at("05", "14:00")
    desk.use(the_policy(levels=(SLA.model_copy(update={"first_answer": "2h"}),)))
    make_all_again(desk)
    run_until(desk, "05", "14:05")
    assert automatic(desk) == []
    assert clocks(desk)["first_answer"] == ("missed", "05 10:00", "")
    assert [one[:2] for one in fired(desk)][:2] == [("warn", "first_answer"), ("due", "first_answer")]


def test_a_step_that_is_added_is_not_taken_on_tickets_that_are_past_it(desk: Office) -> None:
    desk.take(a_message())
    make_all_again(desk)
    run_until(desk, "05", "15:00")
    run_until(desk, "05", "17:00")
    before = automatic(desk)
    added = [*SLA.escalate, Escalation(at=1.01, notify=("bruno@desk.test",))]
    desk.now = at("05", "17:59")
    desk.use(the_policy(levels=(SLA.model_copy(update={"escalate": added}),)))
    make_all_again(desk)
    run_until(desk, "05", "18:00")
    assert automatic(desk) == before
    assert ("escalate", "first_answer:1.01", OVER) in fired(desk)
    run_until(desk, "06", "11:00")
    assert desk.ticket(1).ticket.queue == "vendas"


def test_a_step_that_was_planned_and_is_due_at_a_new_configuration_is_taken(desk: Office) -> None:
    desk.take(a_message())
    make_all_again(desk)
    desk.now = at("05", "15:01")
    desk.use(the_policy(levels=(SLA.model_copy(update={"resolution": "4d"}),)))
    make_all_again(desk)
    run_until(desk, "05", "15:01")
    assert sorted(told(desk, "due_soon")) == ["ana@desk.test", "bruno@desk.test"]
    assert fired(desk) == [("warn", "first_answer", "level:padrao")]


def test_nobody_is_told_in_the_morning_of_steps_that_were_over_at_night(office: Office) -> None:
    tells = a_level(name="sempre", first_answer="8h", escalate=[{"at": 1.0, "notify": ("bruno@desk.test",)}])
    bruno = Agent(name=BRUNO.name, address=BRUNO.address, queues=("suporte",), calendar="comercial")
    office.use(the_policy(levels=(), agents=(bruno,)))
    office.now = at("03", "08:00")
    office.take(a_message())
    office.now = at("05", "03:00")
    office.use(the_policy(levels=(tells,), agents=(bruno,)))
    make_all_again(office)
    run_until(office, "05", "08:00")
    assert automatic(office) == []


def test_two_gateways_that_make_clocks_again_record_each_passed_step_once(office: Office) -> None:
    office.use(the_policy(levels=()))
    office.now = at("03", "08:00")
    for number in range(6):
        office.take(a_message(message_id=f"<{number}@cliente.test>", text=f"Pedido {number}", subject=f"P {number}"))
    office.use(the_policy(levels=(SLA,)))
    office.now = at("05", "12:00")
    other = Office(Database(office.database.url), office.clerk.rules)
    other.now = office.now
    with closing(other.database), ThreadPoolExecutor(2) as threads:
        list(threads.map(make_all_again, [office, other]))
        list(threads.map(fire_all, [Gateway(office), Gateway(other)]))
    assert automatic(office) == []
    for number in range(1, 7):
        assert max(Counter(fired(office, number)).values()) == 1
        assert len(fired(office, number)) == 4


def test_nothing_due_is_one_look(desk: Office) -> None:
    desk.take(a_message())
    assert desk.run(lambda c: deadlines.due(c, desk.now, 10)) == []
    due = desk.run(lambda c: deadlines.due(c, at("05", "15:00"), 10))
    assert due == [DueTimer(1, Timer("warn", "first_answer", 0, at("05", "15:00")))]


def test_two_gateways_that_fire_at_the_same_time_tell_everybody_once(desk: Office) -> None:
    for number in range(6):
        desk.take(a_message(message_id=f"<{number}@cliente.test>", text=f"Pedido {number}", subject=f"P {number}"))
    desk.now = at("05", "17:00")
    other = Office(Database(desk.database.url), desk.clerk.rules)
    other.now = desk.now
    with closing(other.database), ThreadPoolExecutor(2) as threads:
        for _ in range(3):  # a warning that comes too late, the breach, the step
            list(threads.map(fire_all, [Gateway(desk), Gateway(other)]))
    assert Counter(told(desk, "overdue")) == {"chefe@fora.test": 6}
    fired = [event for n in range(1, 7) for event in desk.events(n) if event[0] == "timer"]
    assert Counter(event[1:3] for event in fired) == {
        ("warn", "first_answer"): 6,
        ("due", "first_answer"): 6,
        ("escalate", "first_answer:1"): 6,
    }


# --- by mail ------------------------------------------------------------------------------------------


def test_an_answer_that_is_taken_back_takes_its_stop_back(office: Office) -> None:
    office.use(the_policy(levels=(SLA,), suporte={"undo_seconds": 600}))
    office.now = at("05", "08:00")
    maria(office, "A impressora não imprime.")
    office.now = at("05", "09:00")
    agent(office, "Reinicie.", token(office))
    assert clocks(office)["first_answer"] == ("met", "05 17:00", "05 09:00")
    assert clocks(office)["resolution"][0] == "paused"
    office.now = at("05", "09:05")
    agent(office, "#desfazer", token(office))
    assert clocks(office) == {"first_answer": ("running", "05 17:00", ""), "resolution": ("running", "07 18:00", "")}
    assert from_the_events(office)


def test_a_message_that_is_split_off_has_waited_since_it_was_written(desk: Office) -> None:
    maria(desk, "A impressora não imprime.")
    desk.now = at("05", "09:00")
    agent(desk, "Reinicie.", token(desk))
    desk.now = at("05", "10:00")
    maria(desk, "E o boleto?", desk.reply_address("maria@cliente.test"))
    assert clocks(desk)["next_answer"] == ("running", "05 15:00", "")
    desk.now = at("05", "11:00")
    agent(desk, "#separar", token(desk))
    assert "next_answer" not in clocks(desk, 1)
    assert clocks(desk, 2) == {"first_answer": ("running", "06 09:00", ""), "resolution": ("running", "10 10:00", "")}
    assert from_the_events(desk, 1)
    assert from_the_events(desk, 2)


def test_a_ticket_that_an_agent_opens_by_writing_waits_for_nobody(desk: Office) -> None:
    joao = Address("João", "joao@outro.test")
    effects = (
        OpenTicket("suporte", "Pedido", joao, "pt_BR", acknowledged=False),
        AddMessage("out", "public", ANA, verified=True, text="Seu pedido chegou.", relayed=True),
        SetStatus("pending", "agent-answered"),
    )
    number = desk.clerk.open(Decision("opened-by-agent", effects, actor=ANA.address), text="").number
    assert clocks(desk, number) == {"resolution": ("paused", "", "")}
    assert timers(desk, number) == []


def test_thanks_for_what_was_resolved_start_nothing(desk: Office) -> None:
    maria(desk, "A impressora não imprime.")
    desk.now = at("05", "09:00")
    agent(desk, "Reinicie.\n#resolver", token(desk))
    before = clocks(desk)
    desk.now = at("05", "10:00")
    maria(desk, "Obrigada!", desk.reply_address("maria@cliente.test"))
    assert clocks(desk) == before
    assert before["resolution"] == ("met", "07 18:00", "05 09:00")


def test_a_note_and_an_acknowledgement_stop_nothing(desk: Office) -> None:
    desk.take(a_message(date="Wed, 05 Mar 2025 08:00:00 -0300"))
    assert ("received", "maria@cliente.test") in desk.outgoing()
    desk.now = at("05", "09:00")
    agent(desk, "#nota\nVer com o fornecedor.", token(desk))
    assert clocks(desk)["first_answer"] == ("running", "05 17:00", "")
