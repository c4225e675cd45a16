"""The desk in figures: the same on both databases."""

from datetime import timedelta
from typing import Any

from sqlalchemy import insert, update

from mailtickets.config.models import Budget
from mailtickets.desk.notices.budget import shared_lines
from mailtickets.store import budgets, schema
from mailtickets.store.read.figures import WAITING_OUT, Figures, Waiting, look
from mailtickets.store.read.reader import opened
from tests.desk.builders import NOW
from tests.store.office import Office, a_message

LINES = shared_lines(Budget(), 400)


def seen(office: Office, **given: Any) -> Figures:
    with opened(office.database.url) as reader:
        return look(reader, given.get("queues", ["suporte", "vendas"]), LINES, given.get("now", office.now))


def test_an_empty_desk_has_nothing_that_waits(office: Office) -> None:
    figures = seen(office)
    assert figures.inbound == {"accepted": Waiting(0, None), "held": Waiting(0, None)}
    assert figures.outbox == dict.fromkeys(WAITING_OUT, Waiting(0, None))
    assert figures.unanswered == {"suporte": Waiting(0, None), "vendas": Waiting(0, None)}
    assert (figures.tickets, figures.leases, figures.sent_in_a_day) == ({}, {}, 0)
    assert set(figures.budgets.values()) == {0}
    assert figures.database_bytes > 10_000


def test_what_waits_is_counted_and_since_when_the_oldest_does(office: Office) -> None:
    office.take(a_message())
    begun = office.now
    office.now += timedelta(hours=1)
    office.take(a_message("Outra.", message_id="<2@x.test>"))
    figures = seen(office)
    copies = figures.outbox["queued"]
    assert copies.count >= 2
    assert copies.since == begun
    assert figures.unanswered["suporte"] == Waiting(2, begun)
    assert figures.tickets["suporte", "new"] == 2
    assert figures.inbound["accepted"].count == 0


def test_mail_that_is_held_or_not_decided_on_is_told_apart(office: Office) -> None:
    first = office.take(a_message())
    office.take(a_message("Outra.", message_id="<2@x.test>"))
    office.run(lambda c: c.execute(update(schema.inbound).where(schema.inbound.c.id == 1).values(state="held")))
    office.run(lambda c: c.execute(update(schema.inbound).where(schema.inbound.c.id == 2).values(state="accepted")))
    figures = seen(office)
    assert figures.inbound["held"].count == figures.inbound["accepted"].count == 1
    assert figures.inbound["held"].since is not None, first


def test_a_budget_counts_in_its_own_window(office: Office) -> None:
    everybody = next(line for line in LINES if line.key == "everybody")
    account = next(line for line in LINES if line.key == "known-account")
    assert account.limit == 100
    office.run(lambda c: budgets.add(c, [everybody, account], office.now))
    office.run(lambda c: budgets.add(c, [everybody], office.now))
    figures = seen(office)
    assert (figures.budgets["everybody"], figures.budgets["known-account"]) == (2, 1)
    later = seen(office, now=office.now + timedelta(hours=1))
    assert later.budgets["everybody"] == 0


def test_what_went_out_in_a_day_and_when_leases_end(office: Office) -> None:
    office.take(a_message())
    sent_at = office.now - timedelta(hours=25)
    office.run(lambda c: c.execute(update(schema.outbox).values(state="sent", sent_at=office.now)))
    total = seen(office).sent_in_a_day
    office.run(lambda c: c.execute(update(schema.outbox).where(schema.outbox.c.id == 1).values(sent_at=sent_at)))
    assert seen(office).sent_in_a_day == total - 1
    office.run(lambda c: c.execute(insert(schema.lease).values(name="housekeeping", holder="one", until=NOW)))
    assert seen(office).leases == {"housekeeping": NOW}
