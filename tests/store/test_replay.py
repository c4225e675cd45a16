"""What a replay reads, on both databases."""

from datetime import timedelta
from typing import Any

from sqlalchemy import insert

from mailtickets.store import rule_firings, schema
from mailtickets.store.read import replay, rules
from mailtickets.store.read.reader import Reader, within
from mailtickets.store.read.then import LookBack, Then
from tests.desk.builders import MARIA, NOW
from tests.store.office import Office
from tests.store.test_work_by_mail import agent, maria, token


def read(office: Office, look: Any) -> Any:
    return office.run(lambda c: look(within(c)))


def test_mail_since_a_moment_comes_page_by_page(office: Office, monkeypatch: Any) -> None:
    for number in range(5):
        maria(office, "Preciso de ajuda.", subject=f"Pedido {number}")
        office.pass_time(hours=1)
    since = NOW + timedelta(hours=1)
    monkeypatch.setattr(replay, "MAILS_AT_ONCE", 3)

    def pages(reader: Reader) -> list[list[int]]:
        assert (replay.first_mail(reader, since), replay.count(reader, since)) == (2, 4)
        first = replay.mails(reader, since, 1)
        second = replay.mails(reader, since, first[-1].id)
        assert replay.mails(reader, since, second[-1].id) == []
        return [[row.id for row in page] for page in (first, second)]

    assert read(office, pages) == [[2, 3, 4], [5]]
    assert read(office, lambda r: replay.count(r, NOW + timedelta(days=1))) == 0


def test_changes_of_status_are_found_with_all_that_was_ordered_with_them(office: Office) -> None:
    maria(office, "A impressora não imprime.")
    office.pass_time(hours=1)
    agent(office, "#cliente\nReinicie.\n#prioridade alta\n#resolver", token(office))

    def look(reader: Reader) -> list[tuple[str, str | None, str | None]]:
        begin = replay.events_begin(reader, NOW + timedelta(minutes=1))
        [event] = replay.statuses(reader, NOW + timedelta(minutes=1), begin)
        return [(row.kind, row.old, row.new) for row in replay.beside(reader, event)]

    found = read(office, look)
    assert ("status", "new", "resolved") in found
    assert ("priority", "normal", "high") in found


def test_tickets_on_which_time_has_worked_are_found(office: Office) -> None:
    maria(office, "A impressora não imprime.")
    assert read(office, lambda r: replay.tickets(r, NOW + timedelta(days=9), 0)) == [1]
    assert read(office, lambda r: replay.tickets(r, NOW, 1)) == []


def test_a_mail_that_no_rule_held_was_held_by_none(office: Office) -> None:
    maria(office, "A impressora não imprime.")
    assert read(office, lambda r: replay.held_by_rule(r, 1)) is None


def test_what_a_customer_had_had_is_that_of_the_moment(office: Office) -> None:
    for number in range(3):
        maria(office, "Preciso de ajuda.", subject=f"Pedido {number}")
        office.pass_time(hours=1)
    rated = {"ticket": 1, "resolved_at": NOW, "person": MARIA.address, "score": 2, "comment": ""}
    office.run(lambda c: c.execute(insert(schema.rating).values(at=NOW + timedelta(minutes=90), **rated)))

    def had(hours: float) -> tuple[int, int | None]:
        then = Then(NOW + timedelta(hours=hours))
        found = read(office, lambda r: LookBack().customer(r, MARIA, 0, then))
        return found.tickets, found.last_score

    assert [had(hours) for hours in (0, 0.5, 1.2, 2.5)] == [(0, None), (1, None), (2, None), (3, 2)]


def test_firings_are_summed_since_a_day(office: Office) -> None:
    for days in (0, 0, 10, 40):
        moment = NOW + timedelta(days=days)
        office.run(lambda c, at=moment: rule_firings.count(c, ["boleto"], at))
    fired = read(office, lambda r: rules.fired(r, (NOW + timedelta(days=5)).date()))
    assert {name: (one.times, one.last_at) for name, one in fired.items()} == {"boleto": (2, NOW + timedelta(days=40))}
