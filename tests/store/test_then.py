"""Facts as of then: tickets are taken back to what they were, and nothing of later shows."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import func, select

from mailtickets.desk.commands import orders
from mailtickets.desk.model.ticket import Ticket
from mailtickets.desk.rules.questions import questions
from mailtickets.gateway.drafting.order import Order
from mailtickets.mail.read.parse import parse
from mailtickets.store import schema, tickets
from mailtickets.store.read.reader import within
from mailtickets.store.read.then import LookBack, Then
from tests.desk.builders import MARIA
from tests.store.office import Office
from tests.store.test_work_by_mail import agent, maria, token


class Diary:
    """An office that notes after each step what each ticket is, and what the moment is called."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.days: list[tuple[Then, dict[int, Ticket]]] = []

    def note(self) -> None:
        newest = self.office.run(lambda c: c.execute(select(func.max(schema.event.c.id))).scalar())
        numbers = self.office.numbers()
        found = self.office.run(lambda c: {n: tickets.load(c, n) for n in numbers})
        self.days.append((Then(self.office.now, newest + 1), found))


def as_far_as_told(ticket: Ticket | None) -> Any:
    """A ticket without what no event tells: names of people who have left, who was told, ids, revisions and links."""
    if ticket is None:
        return None
    people = tuple(sorted((p.address.key, p.role, p.muted, p.left_out) for p in ticket.participants))
    return replace(
        ticket, participants=(), references=(), linked=(), revision=0, requester=replace(ticket.requester, name=""),
    ), people  # fmt: skip


def _order(office: Office, number: int, decide: Any) -> None:
    office.clerk.order(Order(number, decide))


STEPS = (
    lambda o: maria(o, "A impressora não imprime."),
    lambda o: agent(o, "#prioridade alta\n#tipo incidente\n#etiqueta +rede", token(o)),
    lambda o: agent(o, "#cliente\nReinicie, por favor.", token(o)),
    lambda o: maria(o, "Ainda não imprime.", o.reply_address(MARIA.address)),
    lambda o: agent(o, "#cc +pedro@cliente.test\n#assumir\n#assunto Impressora do caixa", token(o)),
    lambda o: agent(o, "#etiqueta +vpn -rede\n#fila vendas", token(o)),
    lambda o: agent(o, "#cliente\nAgora vai.\n#resolver", token(o, "bruno"), "bruno"),
    lambda o: maria(o, "Obrigada!", o.reply_address(MARIA.address)),
    lambda o: _order(o, 1, lambda t: orders.set_status(t, "closed", "shell")),
    lambda o: maria(o, "Parou de novo.", o.reply_address(MARIA.address)),
    lambda o: agent(o, "#cc -pedro@cliente.test\n#requerente pedro@cliente.test", token(o, "bruno"), "bruno"),
    lambda o: maria(o, "Outra coisa: o telefone.", subject="Telefone"),
    lambda o: maria(o, "parar avisos", o.reply_address(MARIA.address, 2)),
    lambda o: agent(o, "#adiar 3d", token(o, ticket=2)),
    lambda o: agent(o, "#largar\n#prioridade baixa", token(o, "bruno"), "bruno"),
    lambda o: _order(o, 2, lambda t: orders.merge(t, 1, "shell")),
)


@pytest.mark.parametrize("minutes", [1, 0], ids=["each at its time", "all in one microsecond"])
def test_every_ticket_is_found_as_it_was_after_every_step(office: Office, minutes: int) -> None:
    diary = Diary(office)
    for step in STEPS:
        office.pass_time(minutes=minutes)
        step(office)
        diary.note()
    for at, (then, found) in enumerate(diary.days[:-1]):  # the last step is the merge, which moves people over
        past = office.run(lambda c, t=then: {n: LookBack().ticket(within(c), n, t) for n in (1, 2)})
        for number in (1, 2):
            was, expected = as_far_as_told(past[number]), as_far_as_told(found.get(number))
            if was and expected and number == 1:
                was, expected = without(was, MARIA.address), without(expected, MARIA.address)
            assert was == expected, f"ticket {number} after step {at + 1}"


def without(told: Any, address: str) -> Any:
    """Less a person whom the merge at the end brought onto the ticket, which no event tells."""
    return told[0], tuple(person for person in told[1] if person[0] != address or person[1] == "requester")


def _facts(office: Office, number: int, then: Then | None = None) -> Any:
    received = office.received(number)
    policy = office.clerk.rules.policy
    asked = questions(parse(received.raw, instance="exemplo"), policy)
    row = office.row(number)

    def look(connection: Any) -> Any:
        past = LookBack()
        moment = then or past.moment(connection, number, row.decided_at)
        return past.facts(connection, received, asked, policy, moment)[0]

    return office.run(look)


def test_a_mail_that_opened_a_ticket_finds_none_then(office: Office) -> None:
    opened = maria(office, "A impressora não imprime.")
    office.pass_time(minutes=5)
    agent(office, "Reinicie.", token(office))
    found = _facts(office, opened.id)
    assert (found.tickets, found.known_author, found.duplicate) == ({}, False, None)


def test_whoever_was_answered_later_was_a_stranger_then(office: Office) -> None:
    maria(office, "A impressora não imprime.")
    office.pass_time(minutes=5)
    second = maria(office, "O telefone também.", subject="Telefone")
    office.pass_time(minutes=5)
    agent(office, "Reinicie.", token(office))
    office.pass_time(minutes=5)
    third = maria(office, "E a rede.", subject="Rede")
    assert not _facts(office, second.id).known_author
    assert _facts(office, third.id).known_author


def test_a_reply_finds_its_ticket_as_it_was_when_it_came(office: Office) -> None:
    maria(office, "A impressora não imprime.")
    agent(office, "Reinicie.", token(office))
    office.pass_time(hours=1)
    reply = maria(office, "Ainda não imprime.", office.reply_address(MARIA.address))
    office.pass_time(hours=1)
    agent(office, "#prioridade alta\n#fila vendas\nTrocamos a peça.\n#resolver", token(office))
    [ticket] = set(_facts(office, reply.id).tickets.values())
    assert (ticket.status, ticket.priority, ticket.queue, ticket.answered) == ("pending", "normal", "suporte", True)


def test_a_mail_does_not_find_itself_among_the_files_that_were_known(office: Office) -> None:
    from tests.store.office import with_file

    maria(office, "A impressora não imprime.")
    to = office.reply_address(MARIA.address)
    raw = with_file().replace(b"<m1@cliente.test>", b"<m9@cliente.test>").replace(b"suporte@desk.test", to.encode())
    office.pass_time(minutes=1)
    row = office.take(raw, recipients=(to,))
    assert row.outcome == "appended"
    assert _facts(office, row.id).known_files == frozenset()


def test_looking_back_writes_nothing(office: Office) -> None:
    row = maria(office, "A impressora não imprime.")
    before = office.run(lambda c: [list(c.execute(select(table))) for table in schema.metadata.sorted_tables])
    _facts(office, row.id)
    after = office.run(lambda c: [list(c.execute(select(table))) for table in schema.metadata.sorted_tables])
    assert before == after
