"""Counting by the clock: once, however many gateways count and whatever changes meanwhile; on both databases."""

import asyncio
from datetime import date, timedelta
from types import SimpleNamespace
from typing import cast

import pytest
from sqlalchemy import func, select, text, update

from mailtickets.desk.figures.report import DeskReport, Period
from mailtickets.gateway.gateway import Gateway
from mailtickets.jobs import counting
from mailtickets.jobs.counting import Counting
from mailtickets.store import figures, migrate, schema
from mailtickets.store.database import Database, Stale
from mailtickets.store.read import report as reports
from mailtickets.store.read.reader import opened
from mailtickets.store.read.report import ReportWanted, read
from tests.desk.builders import NOW, a_policy
from tests.store.office import Office
from tests.store.test_migrations import old
from tests.store.test_report import report
from tests.store.test_work_by_mail import agent, maria, token

__all__ = ["old"]


def a_gateway(office: Office, name: str = "one") -> Gateway:
    return cast("Gateway", SimpleNamespace(clerk=office.clerk, name=name))


def recount(office: Office) -> figures.Recount:
    with office.database.looking() as connection:
        return figures.recount(connection, office.clerk.rules.policy, 500)


def sums(office: Office) -> dict[str, int]:
    """What the days of all queues say together, uncounted tickets left out."""
    found: dict[str, int] = {}
    for row in office.run(lambda c: c.execute(select(schema.day_sum).where(schema.day_sum.c.part == "")).all()):
        for name, value in row.figures.items():
            if isinstance(value, int):
                found[name] = found.get(name, 0) + value
    return {name: value for name, value in found.items() if value}


def uncounted(office: Office) -> list[int]:
    return office.run(lambda c: list(c.execute(select(schema.uncounted.c.ticket)).scalars()))


def test_two_gateways_that_count_at_one_time_count_once(office: Office) -> None:
    maria(office, "Pergunta.")
    one, other = recount(office), recount(office)
    office.run(lambda c: figures.keep(c, one))
    office.run(lambda c: figures.keep(c, other))
    assert sums(office) == {"opened": 1, "counted": 1}
    assert uncounted(office) == []


def test_a_ticket_that_changes_while_it_is_counted_stays_marked(office: Office) -> None:
    maria(office, "Pergunta.")
    found = recount(office)
    agent(office, "#resolver", token(office))
    office.run(lambda c: figures.keep(c, found))
    assert uncounted(office) == [1]
    office.run(lambda c: figures.keep(c, recount(office)))
    assert sums(office) == {"opened": 1, "counted": 1, "resolved": 1, "first_resolved": 1, "asked": 1}


def test_a_late_gateway_adds_nothing_to_what_was_counted_and_has_changed_again(office: Office) -> None:
    """The mark looks as it did when the late one read it; what is stored of the ticket does not."""
    maria(office, "Pergunta.")
    late = recount(office)
    office.run(lambda c: figures.keep(c, recount(office)))
    office.run(lambda c: figures.mark_number(c, 1))
    office.run(lambda c: figures.keep(c, late))
    assert uncounted(office) == [1]
    office.run(lambda c: figures.keep(c, recount(office)))
    assert sums(office) == {"opened": 1, "counted": 1}


def test_one_gateway_holds_the_lease(office: Office) -> None:
    maria(office, "Pergunta.")
    assert Counting().count_some(a_gateway(office))
    maria(office, "Outra.", subject="Outra")
    assert not Counting().count_some(a_gateway(office, "other"))
    assert uncounted(office) == [2]
    office.pass_time(minutes=10)
    assert Counting().count_some(a_gateway(office, "other"))
    assert uncounted(office) == []


def test_a_ticket_that_changes_several_times_is_counted_once_and_shown_at_once(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "ENOUGH", 2)
    job = Counting()
    assert job.count_some(a_gateway(office))  # nothing yet
    maria(office, "Pergunta.")
    agent(office, "Resposta.", token(office))
    assert job.count_some(a_gateway(office))
    agent(office, "#resolver", token(office))
    assert uncounted(office) == [1]
    assert told(office).total.counts.resolved == 1
    maria(office, "Outra.", subject="Outra")
    assert job.count_some(a_gateway(office))
    assert uncounted(office) == []
    assert _times(office) == {1: 1, 2: 1}


def test_at_night_everything_is_counted(office: Office) -> None:
    job = Counting()
    job.count_some(a_gateway(office))
    maria(office, "Pergunta.")
    office.pass_time(hours=10)
    job.count_some(a_gateway(office))
    assert uncounted(office) == [1]
    office.pass_time(hours=14)
    job.count_some(a_gateway(office))
    assert uncounted(office) == []


def test_a_job_that_has_no_time_goes_on(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        maria(office, f"Pergunta {number}.", subject=f"Assunto {number}")
    for name, value in {"AT_ONCE": 1, "_LONGEST_SECONDS": -1, "_PAUSE_SECONDS": 0}.items():
        monkeypatch.setattr(counting, name, value)
    asyncio.run(Counting().count(a_gateway(office)))
    assert uncounted(office) == []


def _times(office: Office) -> dict[int, int]:
    wanted = select(schema.counted.c.ticket, schema.counted.c.times)
    return {row.ticket: row.times for row in office.run(lambda c: c.execute(wanted).all())}


def test_counting_again_says_the_same(office: Office) -> None:
    maria(office, "Pergunta.")
    agent(office, "Resposta.\n#resolver", token(office))
    Counting().count_some(a_gateway(office))
    before = sums(office)
    office.run(lambda c: figures.mark_number(c, 1))
    Counting().count_some(a_gateway(office))
    assert sums(office) == before


def test_folded_days_say_the_same_in_fewer_rows(office: Office) -> None:
    for number in range(3):
        maria(office, f"Pergunta {number}.", subject=f"Assunto {number}")
        office.run(lambda c: figures.keep(c, recount(office)))
    before, rows = told(office), _rows(office)
    Counting().count_some(a_gateway(office))  # the first run folds what it finds
    assert told(office) == before
    assert _rows(office) < rows
    with office.database.looking() as connection:
        assert figures.in_pieces(connection) == []


def test_two_that_fold_at_one_time_lose_nothing(office: Office) -> None:
    for number in range(2):
        maria(office, f"Pergunta {number}.", subject=f"Assunto {number}")
        office.run(lambda c: figures.keep(c, recount(office)))
    with office.database.looking() as connection:
        found = figures.folded(connection, figures.in_pieces(connection))
    office.run(lambda c: figures.replace_by(c, found))
    with pytest.raises(Stale):
        office.run(lambda c: figures.replace_by(c, found))
    assert sums(office) == {"opened": 2, "counted": 2}


def _rows(office: Office) -> int:
    return int(office.run(lambda c: c.execute(select(func.count()).select_from(schema.day_sum)).scalar_one()))


def told(office: Office, since: date = date(2025, 3, 1), until: date = date(2025, 3, 7)) -> DeskReport:
    return report(office, since, until, by="priority")


def test_with_another_time_zone_days_are_counted_again(office: Office) -> None:
    office.now = NOW.replace(hour=1)  # 10 p.m. of the day before in Sao Paulo
    maria(office, "Pergunta.")
    Counting().count_some(a_gateway(office))
    assert [row.value for row in told(office).days if row.figures.counts.opened] == ["2025-03-02"]
    office.use(a_policy(instance={"timezone": "UTC"}))
    Counting().count_some(a_gateway(office))
    assert [row.value for row in told(office).days if row.figures.counts.opened] == ["2025-03-03"]
    assert [row.value for row in told(office).days if row.figures.counts.received] == ["2025-03-03"]
    assert sums(office) == {"opened": 1, "counted": 1}


# --- mail ---------------------------------------------------------------------------------------------


def received(office: Office) -> dict[str, int]:
    return dict(told(office).total.counts.outcomes)


def test_mail_of_today_is_told_at_once_and_that_of_yesterday_is_kept(office: Office) -> None:
    maria(office, "Pergunta.")
    assert received(office) == {"opened": 1}
    Counting().count_some(a_gateway(office))
    assert office.run(lambda c: c.execute(select(schema.mail_day)).all()) == []
    office.pass_time(days=1)
    Counting().count_some(a_gateway(office))
    assert office.run(lambda c: c.execute(select(schema.mail_day)).all()) == [("2025-03-03", "suporte", "opened", 1)]
    maria(office, "Outra.", subject="Outra")
    assert received(office) == {"opened": 2}


def test_mail_that_was_held_is_counted_by_what_became_of_it_later(office: Office) -> None:
    maria(office, "Pergunta.")
    state = update(schema.inbound).where(schema.inbound.c.id == 1)
    office.run(lambda c: c.execute(state.values(state="held", outcome="held", ticket=None)))
    office.pass_time(days=1)
    job = Counting()
    job.count_some(a_gateway(office))
    assert received(office) == {"held": 1}
    office.run(lambda c: c.execute(state.values(state="done", outcome="opened", ticket=1)))
    office.pass_time(days=1)
    job.count_some(a_gateway(office))
    assert received(office) == {"opened": 1}


def test_mail_that_nobody_has_decided_on_waits(office: Office) -> None:
    office.keep(b"From: a@x.test\r\n\r\nOi\r\n")
    assert received(office) == {"waiting": 1}
    assert told(office).total.counts.received == 1


def test_mail_without_a_ticket_counts_for_the_queue_that_it_was_sent_to(office: Office) -> None:
    maria(office, "Pergunta.", to="vendas@desk.test")
    office.run(lambda c: c.execute(update(schema.inbound).values(outcome="ignored", ticket=None)))
    assert report(office, queues=("vendas",)).total.counts.outcomes == {"ignored": 1}
    assert report(office, queues=("suporte",)).total.counts.received == 0


# --- databases of before ------------------------------------------------------------------------------


def test_a_report_says_up_to_when_it_is_complete(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    maria(office, "Pergunta.")
    office.pass_time(hours=2)
    maria(office, "Outra.", subject="Outra")
    monkeypatch.setattr(reports, "COUNTED_HERE", 1)
    assert told(office).complete_until == "2025-03-03T09:00-03:00"
    Counting().count_some(a_gateway(office))
    assert told(office).complete_until == ""
    assert told(office).total.counts.opened == 2


PAST = """
INSERT INTO ticket (number, queue, subject, status, priority, requester_name, requester_address, assignee, revision,
  locale, answered, tags, created_at, updated_at, resolved_at)
VALUES (7, 'suporte', 'a', 'resolved', 'normal', '', 'm@x.test', NULL, 3, 'pt_BR', true, '[]', '2025-03-03 12:00:00',
  '2025-03-03 13:00:00', '2025-03-03 13:00:00');
INSERT INTO message (id, ticket, direction, visibility, kind, author_name, author_address, verified, subject, text,
  reply, received_at, defects)
VALUES (1, 7, 'in', 'public', 'human', '', 'm@x.test', true, '', '', '', '2025-03-03 12:00:00', '[]'),
  (2, 7, 'out', 'public', 'human', '', 'ana@desk.test', true, '', '', '', '2025-03-03 13:00:00', '[]');
INSERT INTO event (ticket, at, actor, kind, old, new, reason)
VALUES (7, '2025-03-03 12:00:00', 'm@x.test', 'opened', NULL, 'new', 'new-mail'),
  (7, '2025-03-03 12:00:00', 'm@x.test', 'message', 'public', '1', 'new-mail'),
  (7, '2025-03-03 13:00:00', 'ana@desk.test', 'message', 'public', '2', 'agent-answer'),
  (7, '2025-03-03 13:00:00', 'ana@desk.test', 'status', 'new', 'resolved', 'agent-commands')
"""


def test_tickets_of_an_older_version_are_counted_after_the_upgrade(old: Database) -> None:
    zone = "SET TIME ZONE 'UTC';\n" if not old.is_sqlite else ""
    old.transact(lambda c: [c.execute(text(one)) for one in (zone + PAST).split(";\n")])
    migrate.upgrade(old)
    office = Office(old)
    assert Counting().count_some(a_gateway(office))
    with opened(old.url) as reader:
        wanted = ReportWanted(Period(date(2025, 3, 3), date(2025, 3, 3)), by="agent")
        found = read(reader, wanted, office.clerk.rules.policy, NOW + timedelta(days=1))
    assert (found.total.counts.opened, found.total.counts.counted, found.total.counts.resolved) == (1, 1, 1)
    assert found.total.first_answer.median == timedelta(hours=1)
    assert [row.value for row in found.rows] == ["ana@desk.test"]
