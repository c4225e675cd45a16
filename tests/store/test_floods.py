"""Forgeries by the hundred, and what those are sent meanwhile who are owed something."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Row

from mailtickets.desk.commands import orders
from mailtickets.desk.model.facts import Authentication
from mailtickets.gateway.drafting.order import Order
from mailtickets.jobs.reminders import tell_of_held
from mailtickets.mail.read.parse import parse
from mailtickets.store import budgets, outbox
from mailtickets.store.read import inbound as read_inbound
from mailtickets.store.read.reader import within
from tests.desk.builders import ANA, BRUNO, MARIA, a_policy
from tests.store.office import Office, a_message, copies

TIGHT = {"automatic_per_domain_per_hour": 3, "automatic_per_hour": 5}
POLICY = a_policy(trust="verified", budget=TIGHT, instance={"ops_address": "ops@desk.test"})


def take(office: Office, raw: bytes, verdict: str = "none", **envelope: Any) -> Row[Any]:
    number = office.keep(raw, **envelope)
    received = replace(office.received(number), authentication=Authentication(verdict))  # type: ignore[arg-type]
    office.settle(office.clerk.draft(received, parse(received.raw, instance="exemplo")))
    return office.row(number)


def write(office: Office, who: str, text: str, verdict: str = "none", **fields: Any) -> Row[Any]:
    office.pass_time(seconds=1)
    given = {"from": who, "message_id": f"<{office.now.timestamp()}@x.test>", **fields}
    return take(office, a_message(text, **given), verdict)


def flood(office: Office, copies: int = 30, verdict: str = "none") -> None:
    """Forgeries in the names of people at one provider who have never written."""
    for number in range(copies):
        row = write(office, f"p{number}@cliente.test", f"Olá {number}", verdict)
        assert row.outcome == "opened"  # promise 5: nothing is lost for it


def told(office: Office, address: str) -> list[str]:
    return [notice for notice, recipient in office.outgoing() if recipient == address]


def subjects(office: Office, address: str) -> list[str]:
    rows = office.run(lambda c: copies(c, limit=1000))
    loaded = [office.run(lambda c, n=row.id: outbox.load(c, n)) for row in reversed(rows) if row.recipient == address]
    return [f"{due.mail.notice}: {due.mail.text}" for due in loaded]


def known(office: Office, address: str) -> None:
    """Somebody whom an agent has answered once; their mail has no proof of its own."""
    row = write(office, address, "Bom dia")
    answer = lambda t: orders.answer(t, "Bom dia!", ANA, "shell:root", by_agent=True)  # noqa: E731
    office.clerk.order(Order(row.ticket, answer, text="Bom dia!"))


# --- unproven first contacts ----------------------------------------------------------------------------


@pytest.fixture
def desk(office: Office) -> Office:
    office.use(POLICY)
    return office


def test_a_hundred_forgeries_do_not_silence_a_provider_for_who_is_proven(desk: Office) -> None:
    flood(desk)
    write(desk, "Maria <maria@cliente.test>", "A impressora não imprime.", "pass")
    assert told(desk, MARIA.address) == ["received"]


def test_nor_for_who_is_known(desk: Office) -> None:
    known(desk, "joao@cliente.test")
    before = told(desk, "joao@cliente.test")
    flood(desk)
    write(desk, "joao@cliente.test", "Outra coisa.")
    assert told(desk, "joao@cliente.test") == [*before, "received"]


def test_nor_for_who_only_wants_to_hear_that_it_is_resolved(desk: Office) -> None:
    row = write(desk, "Maria <maria@cliente.test>", "A impressora não imprime.", "pass")
    flood(desk)
    desk.clerk.order(Order(row.ticket, lambda t: orders.set_status(t, "resolved", "shell:root")))
    assert told(desk, MARIA.address) == ["received", "resolved"]


def test_what_is_forged_in_a_customers_own_name_uses_up_nothing_of_theirs(desk: Office) -> None:
    desk.use(a_policy(trust="verified"))
    row = write(desk, "Maria <maria@cliente.test>", "A impressora não imprime.", "pass")
    for _ in range(15):
        write(desk, "Maria <maria@cliente.test>", "status", subject=f"[#{row.ticket}] status")
    forged = told(desk, MARIA.address).count("status")
    assert forged <= 3  # the same words, within an hour
    write(desk, "Maria <maria@cliente.test>", "status", "pass", subject=f"[#{row.ticket}] status")
    assert told(desk, MARIA.address).count("status") == forged + 1


def test_strangers_together_are_sent_no_more_than_the_budget(desk: Office) -> None:
    flood(desk, 10)
    for number in range(10):
        write(desk, f"x@dominio{number}.test", f"Oi {number}")
    assert [name for name, _ in desk.outgoing()].count("received") == TIGHT["automatic_per_hour"]


def test_who_is_disowned_by_their_domain_is_sent_nothing_and_uses_up_nothing(desk: Office) -> None:
    flood(desk, 10, "fail")
    assert "received" not in [name for name, _ in desk.outgoing()]
    write(desk, "novo@cliente.test", "Primeira vez.")
    assert told(desk, "novo@cliente.test") == ["received"]


def test_known_people_without_proof_use_up_nothing_of_the_proven(desk: Office) -> None:
    for number in range(6):
        known(desk, f"k{number}@cliente.test")
    desk.pass_time(hours=1)
    for number in range(6):
        write(desk, f"k{number}@cliente.test", "Mais uma coisa.")
    write(desk, "Maria <maria@cliente.test>", "A impressora não imprime.", "pass")
    assert told(desk, MARIA.address) == ["received"]


def test_limits_lose_refuse_and_hold_nothing_of_what_comes_in(desk: Office) -> None:
    desk.use(a_policy(budget={**dict.fromkeys(TIGHT, 0), "automatic_per_sender_per_day": 0}))
    flood(desk, 40)
    rows = desk.run(lambda c: read_inbound.listed(within(c)))
    assert {(row.state, row.outcome) for row in rows} == {("done", "opened")}
    assert len(desk.numbers()) == 40
    assert told(desk, ANA.address) == told(desk, BRUNO.address) == ["new_ticket"] * 40


# --- held mail ------------------------------------------------------------------------------------------


def as_ana(office: Office, text: str, verdict: str = "none", **fields: Any) -> Row[Any]:
    return write(office, "Ana Lima <ana@desk.test>", text, verdict, subject="Re: [#1] Impressora", **fields)


def address_in_the_notice(office: Office) -> str:
    """Ana's own reply address for ticket 1, as the notice of it had it."""
    rows = office.run(lambda c: copies(c, limit=1000))
    number = next(row.id for row in rows if (row.name, row.recipient) == ("new_ticket", ANA.address))
    return str(office.clerk.written(office.run(lambda c: outbox.load(c, number)), ())[1].reply_to)


@pytest.fixture
def held(office: Office) -> Office:
    """Ticket 1, and more forgeries in Ana's name than she is told of one by one."""
    office.use(a_policy(trust="verified"))
    write(office, "Maria <maria@cliente.test>", "A impressora não imprime.", "pass")
    for number in range(12):
        assert as_ana(office, f"Pague na conta {number}.").outcome == "held"
    assert told(office, ANA.address).count("held") == 5
    return office


def test_a_flood_of_forged_mail_does_not_silence_the_notice_of_a_mail_that_her_domain_vouches_for(held: Office) -> None:
    assert as_ana(held, "Esta é minha.", "pass").reason == "agent-without-token"
    assert "Esta é minha." in subjects(held, ANA.address)[-1]


def test_nor_of_one_that_came_by_her_own_reply_address(held: Office) -> None:
    to = address_in_the_notice(held)
    number = held.keep(
        a_message("Esta é minha.", **{"from": "ana@desk.test"}, to=to, message_id="<a@desk.test>"), recipients=(to,)
    )
    held.settle(held.draft(number))
    assert held.row(number).reason == "agent-not-verified"
    assert "Esta é minha." in subjects(held, ANA.address)[-1]


def test_nor_of_one_that_is_surely_hers_and_held_for_what_it_says(held: Office) -> None:
    to = address_in_the_notice(held)
    raw = a_message("\n", **{"from": "ana@desk.test"}, to=to, message_id="<a@desk.test>")
    assert take(held, raw, "pass", recipients=(to,)).reason == "empty-answer"
    assert "não achamos nela texto" in subjects(held, ANA.address)[-1]


def test_mail_that_her_domain_disowns_does_not_silence_what_nothing_is_known_of(office: Office) -> None:
    office.use(a_policy(trust="verified"))
    write(office, "Maria <maria@cliente.test>", "A impressora não imprime.", "pass")
    for number in range(12):
        as_ana(office, f"Pague na conta {number}.", "fail")
    as_ana(office, "Esta é minha.")
    assert "Esta é minha." in subjects(office, ANA.address)[-1]


def test_no_colleague_is_silenced(held: Office) -> None:
    write(held, "Bruno <bruno@desk.test>", "Esta é minha.", subject="Re: [#1] Impressora")
    assert "held" in told(held, BRUNO.address)


def the_hour_ends(office: Office) -> None:
    office.pass_time(hours=1)
    office.run(lambda c: budgets.forget_expired(c, office.now))
    gateway: Any = SimpleNamespace(clerk=office.clerk)
    tell_of_held(gateway)
    tell_of_held(gateway)  # once is enough


def test_what_single_notices_did_not_tell_of_is_told_in_one_when_the_hour_is_over(held: Office) -> None:
    as_ana(held, "Esta é minha.")
    the_hour_ends(held)
    (notice,) = [text for text in subjects(held, ANA.address) if text.startswith("held_more")]
    assert "mais 8 e-mails" in notice
    assert "Pague" not in notice  # subjects, no words
    assert f"n.º {held.run(lambda c: read_inbound.listed(within(c)))[0].id}" in notice
    assert told(held, MARIA.address) == ["received"]


def test_nobody_is_told_of_what_single_notices_have_told_of(office: Office) -> None:
    office.use(a_policy(trust="verified"))
    write(office, "Maria <maria@cliente.test>", "A impressora não imprime.", "pass")
    as_ana(office, "Esta é minha.")
    the_hour_ends(office)
    assert told(office, ANA.address) == ["new_ticket", "held"]


def test_an_agent_who_has_left_is_told_nothing(held: Office) -> None:
    left = tuple(agent for agent in a_policy().agents if agent.address != ANA.address)
    before = told(held, ANA.address)
    held.use(a_policy(trust="verified", agents=left))
    the_hour_ends(held)
    assert told(held, ANA.address) == before
