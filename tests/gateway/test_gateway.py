"""accept, process, deliver: real databases, real workers; only what sends and the clock are the test's own."""

import asyncio
import shutil
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from mailtickets.desk.commands import orders
from mailtickets.desk.model.delivery import (
    Deferred,
    Delivery,
    ImapCursor,
    NoSpace,
    Refused,
    Sent,
    Throttled,
    Transient,
    Unknown,
)
from mailtickets.gateway.again import MOST_DRAFTS
from mailtickets.gateway.checks import Checks
from mailtickets.gateway.clerk import Clerk
from mailtickets.gateway.delivery.pace import Pace
from mailtickets.gateway.delivery.send import WayOut
from mailtickets.gateway.drafting.order import Order
from mailtickets.gateway.gateway import Gateway
from mailtickets.gateway.workers import Workers
from mailtickets.jobs.housekeeping import housekeeping, may_keep_house
from mailtickets.jobs.reconcile import reconcile_nightly
from mailtickets.mail.model import InboundMail
from mailtickets.mail.read.parse import parse
from mailtickets.store import inbound, outbox
from mailtickets.store.database import Database, Stale
from mailtickets.store.read import inbound as read_inbound
from mailtickets.store.read.reader import within
from tests.desk.builders import AGENTS, ANA, BRUNO, MARIA, NOW, a_policy
from tests.store.databases import database, migrated_file, migrated_postgres
from tests.store.office import RULES, Office, a_message, an_envelope, copies, with_file

__all__ = ["database", "migrated_file", "migrated_postgres"]


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    made = Workers(2)
    yield made
    made.close()


def sleep_over_bombs(raw: bytes, instance: str) -> InboundMail:
    """Called in the worker: what is called a bomb keeps it busy for as long as it may."""
    if b"Subject: Bomba" in raw:
        time.sleep(900)
    return parse(raw, instance=instance)


class House:
    """A gateway whose mail goes nowhere; `answer` says how the next ones fare."""

    def __init__(self, database: Database, workers: Workers, **pace: Any) -> None:
        self.office = Office(database)
        self.sent: list[tuple[str, str, bytes]] = []
        self.answer: Callable[[str], Delivery] = lambda recipient: Sent("250 ok")
        self.rested = asyncio.Event()
        """Three have gone out: the acknowledgement, and the news for two agents."""
        self.workers = workers
        self.begun: list[Gateway] = []
        self.gateway = self.begin(**pace)

    def begin(self, name: str = "one", **pace: Any) -> Gateway:
        clerk = Clerk(self.office.database, RULES, clock=lambda: self.office.now)
        way_out = WayOut(self.send, Pace(**pace))
        self.begun.append(Gateway(clerk, self.workers, way_out, name=name, max_message_bytes=1_000_000))
        return self.begun[-1]

    async def close(self) -> None:
        """Ends every gateway that was begun, with its connection for what comes in."""
        for gateway in self.begun:
            await gateway.drain(0)

    async def send(self, raw: bytes, sender: str, recipient: str) -> Delivery:
        self.sent.append((sender, recipient, raw))
        if len(self.sent) == 3:
            self.rested.set()
        return self.answer(recipient)

    async def take(self, raw: bytes, **envelope: Any) -> Any:
        """Accepts and processes; gives the row of the ledger."""
        number = await self.gateway.accept(raw, an_envelope(received_at=self.office.now, **envelope))
        await self.gateway.process(number)
        return self.office.row(number)

    async def deliver(self) -> list[str]:
        """Sends all that is due; gives the recipients."""
        begun = len(self.sent)
        while await self.gateway.deliver():
            await self.gateway.delivering.tasks.all_done()
        return [recipient for _, recipient, _ in self.sent[begun:]]

    def states(self) -> dict[str, str]:
        rows = self.office.run(lambda c: copies(c))
        return {row.recipient: row.state for row in reversed(rows)}

    def copy(self, recipient: str) -> Any:
        rows = self.office.run(lambda c: copies(c))
        return next(row for row in rows if row.recipient == recipient)

    def say(self, words: str = "Pronto.") -> None:
        answer = lambda t: orders.answer(t, words, ANA, "shell:root", by_agent=True)  # noqa: E731
        self.office.clerk.order(Order(1, answer, text=words))


@pytest.fixture
async def house(database: Database, workers: Workers) -> AsyncIterator[House]:
    made = House(database, workers)
    yield made
    await made.close()


@pytest.fixture
async def small_house(migrated_file: Any, tmp_path: Any, workers: Workers) -> AsyncIterator[House]:
    """On SQLite alone, for what has nothing to do with the database."""
    shutil.copy(migrated_file, tmp_path / "mailtickets.db")
    made = House(Database(f"sqlite:///{tmp_path / 'mailtickets.db'}"), workers)
    yield made
    await made.close()
    made.office.database.close()


# --- the whole way ------------------------------------------------------------------------------------


async def test_a_mail_is_accepted_processed_and_what_follows_is_delivered(house: House) -> None:
    await house.gateway.start()
    number = await house.gateway.accept(with_file("nota.txt"), an_envelope())
    await house.gateway.backlog.accepted.join()
    await asyncio.wait_for(house.rested.wait(), 30)
    await house.gateway.delivering.tasks.all_done()
    assert house.office.row(number).outcome == "opened"
    assert sorted(recipient for _, recipient, _ in house.sent) == [ANA.address, BRUNO.address, MARIA.address]
    agents = parse(next(raw for _, recipient, raw in house.sent if recipient == ANA.address))
    assert [file.filename for file in agents.attachments] == ["nota.txt"]
    assert "Segue anexo." in agents.text


async def test_a_retransmission_gets_the_id_it_had_and_is_processed_once(house: House) -> None:
    first = await house.take(a_message())
    again = await house.gateway.accept(a_message(), an_envelope())
    assert again == first.id
    assert house.gateway.backlog.accepted.qsize() == 1
    await house.gateway.process(again)
    assert house.office.numbers() == [1]


async def test_many_who_come_at_once_are_committed_together(house: House) -> None:
    mails = [a_message(str(number), message_id=f"<{number}@x.test>") for number in range(40)]
    numbers = await asyncio.gather(*(house.gateway.accept(mail, an_envelope()) for mail in mails))
    assert sorted(numbers) == list(range(1, 41))
    assert [house.office.received(number).raw for number in numbers] == mails


async def test_a_client_that_goes_away_while_we_commit_loses_nothing(house: House) -> None:
    accepting = asyncio.create_task(house.gateway.accept(a_message(), an_envelope()))
    await asyncio.sleep(0)
    accepting.cancel()
    with suppress(asyncio.CancelledError):
        await accepting
    assert house.gateway.intake.committing is not None
    await house.gateway.intake.committing
    await house.gateway.process(await house.gateway.backlog.accepted.get())
    house.gateway.backlog.accepted.task_done()
    assert house.office.row(1).outcome == "opened"


async def test_trouble_with_the_database_is_transient_and_passes(small_house: House) -> None:
    house = small_house
    house.office.run(lambda c: c.execute(text("ALTER TABLE inbound RENAME TO away")))
    with pytest.raises(Transient):
        await house.gateway.accept(a_message(), an_envelope())
    house.office.run(lambda c: c.execute(text("ALTER TABLE away RENAME TO inbound")))
    assert (await house.take(a_message())).outcome == "opened"


async def test_a_disk_without_room_refuses_before_it_is_full(small_house: House) -> None:
    small_house.office.database.space_is_short = lambda limit: True  # type: ignore[method-assign]
    with pytest.raises(NoSpace):
        await small_house.gateway.accept(a_message(), an_envelope())
    assert small_house.office.run(lambda c: read_inbound.listed(within(c))) == []


async def test_trouble_of_one_does_not_reach_those_who_wait_with_it(house: House) -> None:
    naive = an_envelope(received_at=datetime(2025, 3, 3))  # noqa: DTZ001 - a door's mistake
    results = await asyncio.gather(
        house.gateway.accept(a_message("1"), an_envelope()),
        house.gateway.accept(a_message("2"), naive),
        house.gateway.accept(a_message("3"), an_envelope()),
        return_exceptions=True,
    )
    assert [isinstance(result, Transient) for result in results] == [False, True, False]


# --- process ------------------------------------------------------------------------------------------


async def test_trouble_in_process_leaves_the_mail_accepted_and_tries_again(small_house: House) -> None:
    house = small_house
    number = await house.gateway.accept(a_message(), an_envelope())
    house.office.run(lambda c: c.execute(text("ALTER TABLE event RENAME TO away")))
    await house.gateway.process(number)
    row = house.office.row(number)
    assert (row.state, row.attempts, house.office.numbers()) == ("accepted", 0, [])
    house.office.run(lambda c: c.execute(text("ALTER TABLE away RENAME TO event")))
    house.office.pass_time(seconds=15)
    assert await house.gateway.backlog.claim_due() == [number]
    await house.gateway.process(number)
    assert house.office.row(number).outcome == "opened"


async def test_what_fails_again_and_again_becomes_a_ticket_with_the_raw(small_house: House) -> None:
    house = small_house
    number = await house.gateway.accept(a_message(), an_envelope())

    async def fail(*_: object) -> Any:
        raise ValueError("a fault of ours, or the mail's")

    house.gateway.processing.checks = Checks(fail)
    for attempts in range(5):
        assert (house.office.row(number).state, house.office.row(number).attempts) == ("accepted", attempts)
        await house.gateway.process(number)
    row = house.office.row(number)
    assert (row.outcome, row.reason, row.ticket) == ("unparsed", "processing-failed", 1)


async def test_a_mail_that_changed_its_ticket_meanwhile_is_decided_again(house: House) -> None:
    await house.take(a_message())
    number = await house.gateway.accept(a_message("Mais", message_id="<m2@x.test>", subject="[#1]"), an_envelope())
    words = house.gateway.settling.words
    times: list[int] = []

    async def while_somebody_else_works(draft: Any) -> Any:
        times.append(1)
        if len(times) == 1:
            house.office.clerk.order(Order(1, lambda t: orders.set_status(t, "resolved", "other")))
        return await words(draft)

    house.gateway.settling.words = while_somebody_else_works  # type: ignore[method-assign]
    await house.gateway.process(number)
    assert len(times) == 2
    assert house.office.row(number).outcome == "appended"
    assert ("status", "resolved", "open", "customer-replied") in house.office.events(1)


async def test_a_mail_whose_facts_change_without_end_waits_and_counts_no_attempt(
    small_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house, settled = small_house, []
    number = await house.gateway.accept(a_message(), an_envelope())

    def never(*_: Any) -> None:
        settled.append(1)
        raise Stale("changed")

    with monkeypatch.context() as patched:
        patched.setattr(house.gateway.clerk, "settle_in", never)
        await house.gateway.process(number)
    assert len(settled) == MOST_DRAFTS
    assert (house.office.row(number).state, house.office.row(number).attempts) == ("accepted", 0)
    await house.gateway.process(number)
    assert house.office.row(number).outcome == "opened"


async def test_two_gateways_on_one_mail_open_one_ticket(house: House) -> None:
    number = await house.gateway.accept(a_message(), an_envelope())
    other = house.begin("two")
    await asyncio.gather(house.gateway.process(number), other.process(number))
    assert len(house.office.numbers()) == 1
    assert house.office.row(number).attempts == 0
    await other.drain(5)


async def test_a_mail_that_no_longer_waits_is_left_alone(house: House) -> None:
    row = await house.take(a_message())
    await house.gateway.process(row.id)
    await house.gateway.process(99)
    assert house.office.numbers() == [1]


async def test_a_mail_that_no_worker_can_read_becomes_a_ticket_with_the_raw(small_house: House) -> None:
    house, hasty = small_house, Workers(1, quick_seconds=0.05, read_seconds=0.05, reader=sleep_over_bombs)
    house.gateway.processing.workers = hasty
    house.gateway.delivering.claims.pace.max_connections = 1  # two that compose in threads have no order
    bomb = a_message("palavra palavra\r\n", subject="Bomba")
    row = await house.take(bomb)
    assert (row.state, row.attempts) == ("accepted", 1)
    assert await house.gateway.processing.process_doubtful()
    row = house.office.row(row.id)
    hasty.close()
    assert (row.outcome, row.reason, row.subject) == ("unparsed", "reading-took-too-long", "Bomba")
    shown = house.office.ticket(1)
    (file,) = shown.attachments[shown.messages[0].id]
    assert (file.filename, file.size) == ("message.eml", len(bomb))
    assert await house.deliver() == [ANA.address, BRUNO.address]
    assert set(house.states().values()) == {"sent"}


async def test_the_raw_of_what_no_worker_can_read_is_sent_to_agents(small_house: House) -> None:
    house = small_house
    number = await house.gateway.accept(a_message(subject="Bomba"), an_envelope())
    for _ in range(12):
        house.office.run(lambda c: inbound.count_attempt(c, number, NOW))
    await house.gateway.process(number)
    await house.deliver()
    mail = parse(next(raw for _, recipient, raw in house.sent if recipient == ANA.address))
    assert [file.filename for file in mail.attachments] == ["message.eml"]


# --- deliver ------------------------------------------------------------------------------------------


async def test_what_is_sent_is_recorded_with_the_reply_and_the_id_it_was_given(house: House) -> None:
    await house.take(a_message())
    house.answer = lambda _: Sent("250 queued as 4711", message_id="ses@amazon.test")
    assert len(await house.deliver()) == 3
    copy = house.copy(MARIA.address)
    assert (copy.state, copy.attempts, copy.last_reply) == ("sent", 1, "250 queued as 4711")
    assert copy.remote_message_id == "ses@amazon.test"
    assert await house.deliver() == []


async def test_a_deferred_mail_backs_off_and_goes_out_later(house: House) -> None:
    await house.take(a_message())
    house.answer = lambda _: Deferred("451 later")
    assert len(await house.deliver()) == 3
    assert await house.deliver() == []
    house.office.pass_time(seconds=73)
    assert len(await house.deliver()) == 3
    house.office.pass_time(seconds=73)
    assert await house.deliver() == []
    house.office.pass_time(minutes=6)
    house.answer = lambda _: Sent("250")
    assert len(await house.deliver()) == 3
    assert house.copy(MARIA.address).attempts == 3


async def test_an_unknown_result_is_tried_again_with_the_same_bytes(house: House) -> None:
    await house.take(a_message())
    house.answer = lambda _: Unknown("lost after the final dot")
    await house.deliver()
    assert set(house.states().values()) == {"unknown"}
    house.office.pass_time(hours=30)
    house.answer = lambda _: Sent("250")
    await house.deliver()
    for recipient in (MARIA.address, ANA.address, BRUNO.address):
        first, again = [(sender, raw) for sender, who, raw in house.sent if who == recipient]
        assert first == again


async def test_a_refused_answer_tells_its_author_and_opens_the_ticket(house: House) -> None:
    await house.take(a_message())
    await house.deliver()
    house.say()
    assert house.office.ticket(1).ticket.status == "pending"
    house.answer = lambda who: Refused("550 5.1.1 unknown", "5.1.1") if who == MARIA.address else Sent("250")
    assert sorted(await house.deliver()) == [ANA.address, BRUNO.address, MARIA.address]
    copy = house.copy(MARIA.address)
    assert (copy.state, copy.attempts, copy.last_reply) == ("failed", 1, "550 5.1.1 unknown")
    assert (copy.claimed_by, copy.next_attempt_at) == (None, None)
    assert house.office.ticket(1).ticket.status == "open"
    assert house.copy(ANA.address).name == "delivery_failed"
    assert ("status", "pending", "open", "delivery-failed") in house.office.events(1)


async def test_a_group_in_copy_that_refuses_is_told_of_once_and_written_to_no_more(house: House) -> None:
    await house.take(a_message(cc="grupo@cliente.test"))
    await house.deliver()
    house.answer = lambda who: Refused("550 5.7.1 not allowed", "5.7.1") if who.startswith("grupo@") else Sent("250")
    house.say()
    assert sorted(await house.deliver()) == [ANA.address, BRUNO.address, "grupo@cliente.test", MARIA.address]
    assert house.copy(ANA.address).name == "delivery_failed"
    assert house.office.ticket(1).ticket.status == "pending"
    assert ("left-out", None, "grupo@cliente.test", "delivery-failed") in house.office.events(1)
    for _ in range(2):
        house.say("Mais uma coisa.")
        assert await house.deliver() == [MARIA.address]
    assert house.office.ticket(1).ticket.status == "pending"


async def test_an_answer_that_is_taken_ends_the_state_of_being_undeliverable(house: House) -> None:
    await house.take(a_message())
    await house.deliver()
    house.answer = lambda who: Refused("550 5.1.1 unknown", "5.1.1") if who == MARIA.address else Sent("250")
    house.say()
    await house.deliver()
    house.office.clerk.order(Order(1, lambda t: orders.set_status(t, "resolved", "x")))
    assert await house.deliver() == []
    house.answer = lambda _: Sent("250")
    house.say()
    assert await house.deliver() == [MARIA.address]
    house.office.clerk.order(Order(1, lambda t: orders.set_status(t, "resolved", "x")))
    assert await house.deliver() == [MARIA.address]
    assert house.copy(MARIA.address).name == "resolved"


async def test_a_refused_notice_is_recorded_and_nobody_is_told(house: House) -> None:
    await house.take(a_message())
    house.answer = lambda _: Refused("550 no")
    assert len(await house.deliver()) == 3
    assert set(house.states().values()) == {"failed"}
    assert len(house.states()) == 3
    assert [event[0] for event in house.office.events(1)].count("delivery") == 3


async def test_an_answer_that_was_never_taken_fails_after_five_days(house: House) -> None:
    await house.take(a_message())
    await house.deliver()
    house.say()
    house.answer = lambda who: Deferred("451 later") if who == MARIA.address else Sent("250")
    await house.deliver()
    house.office.pass_time(days=4)
    await house.deliver()
    assert house.copy(MARIA.address).state == "deferred"
    house.office.pass_time(days=2)
    await house.deliver()
    assert house.copy(MARIA.address).state == "failed"
    assert house.copy(ANA.address).name == "delivery_failed"


async def test_a_throttled_account_rests_and_no_attempt_is_counted(house: House) -> None:
    await house.take(a_message())
    house.gateway.delivering.claims.pace.max_connections = 1
    house.answer = lambda _: Throttled("421 too fast")
    assert len(await house.deliver()) == 1
    assert house.copy(house.sent[0][1]).attempts == 0
    house.office.pass_time(seconds=59)
    assert await house.deliver() == []
    house.office.pass_time(seconds=30)
    house.answer = lambda _: Sent("250")
    assert len(await house.deliver()) == 3
    assert house.gateway.delivering.claims.pace.throttled == 0


async def test_a_mail_that_was_on_its_way_already_does_not_end_the_rest(house: House) -> None:
    await house.take(a_message())
    house.answer = lambda who: Throttled("421 too fast") if who == MARIA.address else Sent("250")
    await house.gateway.deliver()
    await house.gateway.delivering.tasks.all_done()
    assert len(house.sent) == 2
    assert house.gateway.delivering.claims.pace.rest_until == NOW + timedelta(minutes=1)
    assert await house.deliver() == []


async def test_an_account_sends_so_many_a_minute_and_no_more(house: House) -> None:
    await house.take(a_message())
    house.gateway.delivering.claims.pace.max_per_minute = 2
    assert await house.deliver() == [MARIA.address, ANA.address]
    house.office.pass_time(seconds=60)
    assert await house.deliver() == []
    house.office.pass_time(seconds=1)
    assert await house.deliver() == [BRUNO.address]


async def test_an_account_sends_so_many_a_day_and_no_more(house: House) -> None:
    await house.take(a_message())
    house.gateway.delivering.claims.pace.max_per_day = 1
    assert await house.deliver() == [MARIA.address]
    house.office.pass_time(hours=23)
    assert await house.deliver() == []
    house.office.pass_time(hours=2)
    assert await house.deliver() == [ANA.address]


async def test_a_domain_is_sent_so_many_a_minute_and_others_go_on(house: House) -> None:
    await house.take(a_message())
    house.gateway.delivering.claims.pace.max_per_domain_per_minute = 1
    assert await house.deliver() == [MARIA.address, ANA.address]
    await house.take(a_message(message_id="<two@x.test>", From="eva@outra.test"), sender="eva@outra.test")
    assert await house.deliver() == ["eva@outra.test"]
    house.office.pass_time(seconds=61)
    assert await house.deliver() == [BRUNO.address]


async def test_something_broken_in_sending_defers_and_stops_nothing(small_house: House) -> None:
    house = small_house
    await house.take(a_message())

    def answer(who: str) -> Delivery:
        if who == MARIA.address:
            raise RuntimeError("a bug")
        return Sent("250")

    house.answer = answer
    await house.deliver()
    assert house.states() == {MARIA.address: "deferred", ANA.address: "sent", BRUNO.address: "sent"}
    assert house.copy(MARIA.address).last_reply == "internal error: RuntimeError"


async def a_backlog(house: House, mails: int, **pace: Any) -> int:
    """Gives how many copies it is."""
    for number in range(mails):
        await house.take(a_message(message_id=f"<{number}@cliente.test>"))
    for name, value in pace.items():
        setattr(house.gateway.delivering.claims.pace, name, value)
    return len(house.office.run(lambda c: copies(c)))


async def test_copies_are_claimed_ahead_once_they_go_out_quickly(house: House) -> None:
    copies = await a_backlog(house, 3)
    assert await house.gateway.deliver() == 2
    await house.gateway.delivering.tasks.all_done()
    assert await house.gateway.deliver() == copies - 2 > 2
    await house.gateway.delivering.tasks.all_done()
    assert set(house.states().values()) == {"sent"}


async def test_more_is_claimed_when_half_of_what_was_claimed_ahead_is_gone(small_house: House) -> None:
    house, gateway = small_house, small_house.gateway
    await a_backlog(house, 18, max_connections=1)
    await gateway.deliver()
    await gateway.delivering.tasks.all_done()
    wanted: list[tuple[int, bool]] = []

    async def send(raw: bytes, sender: str, recipient: str) -> Delivery:
        wanted.append((len(gateway.delivering.claims.ahead), gateway.delivering.mail_is_due.is_set()))
        return Sent("250 ok")

    gateway.delivering.sender.send = send
    gateway.delivering.mail_is_due.clear()
    claimed = await gateway.deliver()
    await gateway.delivering.tasks.all_done()
    assert [ahead for ahead, _ in wanted] == list(reversed(range(claimed)))
    assert not any(due for ahead, due in wanted if ahead > 16)
    assert [due for _, due in (wanted[0], wanted[-1])] == [False, True]


async def test_never_more_is_claimed_than_the_account_may_send(house: House) -> None:
    await a_backlog(house, 3, max_per_minute=4)
    assert await house.gateway.deliver() == 2
    await house.gateway.delivering.tasks.all_done()
    assert await house.gateway.deliver() == 2


async def test_what_was_claimed_ahead_when_a_rest_begins_waits_as_before(house: House) -> None:
    backlog = await a_backlog(house, 3, max_connections=1)
    await house.gateway.deliver()
    await house.gateway.delivering.tasks.all_done()
    house.answer = lambda _: Throttled("421 too fast")
    assert await house.gateway.deliver() == backlog - 1
    await house.gateway.delivering.tasks.all_done()
    assert len(house.sent) == 2
    rows = house.office.run(lambda c: copies(c))
    assert sorted(row.state for row in rows) == ["deferred", *["queued"] * (backlog - 2), "sent"]
    waiting = [row for row in rows if row.state == "queued"]
    assert {(row.claimed_by, row.claimed_until, row.first_attempt_at, row.attempts) for row in waiting} == {
        (None, None, None, 0)
    }
    house.answer = lambda _: Sent("250")
    house.office.pass_time(minutes=2)
    assert len(await house.deliver()) == backlog - 1


class Gate:
    """A smarthost that answers when it is told to."""

    def __init__(self, house: House) -> None:
        self.house, self.reached, self.go = house, asyncio.Event(), asyncio.Event()
        house.gateway.delivering.sender.send = self.send

    async def send(self, raw: bytes, sender: str, recipient: str) -> Delivery:
        self.reached.set()
        await self.go.wait()
        return await self.house.send(raw, sender, recipient)


async def claimed_ahead(house: House) -> Gate:
    """One copy is on the wire, and others are next in line."""
    copies = await a_backlog(house, 2, max_connections=1)
    await house.gateway.deliver()
    await house.gateway.delivering.tasks.all_done()
    gate = Gate(house)
    assert await house.gateway.deliver() == copies - 1 == 4
    await gate.reached.wait()
    return gate


async def test_a_persons_answer_overtakes_what_was_claimed_ahead(house: House) -> None:
    gate = await claimed_ahead(house)
    house.say()
    await house.gateway.deliver()
    gate.go.set()
    await house.gateway.delivering.tasks.all_done()
    sent = [parse(raw).header("message-id") for _, _, raw in house.sent]
    answer = next(row for row in house.office.run(lambda c: copies(c)) if row.name == "answer")
    assert answer.message_id in str(sent[2])


async def test_what_was_claimed_ahead_of_a_drain_waits_as_before(house: House) -> None:
    gate = await claimed_ahead(house)
    draining = asyncio.create_task(house.gateway.drain(20))
    while "queued" not in house.states().values():  # noqa: ASYNC110 - the database has no event for us
        await asyncio.sleep(0)
    gate.go.set()
    await draining
    rows = house.office.run(lambda c: copies(c))
    assert sorted(row.state for row in rows) == [*["queued"] * 3, "sent", "sent"]


async def test_what_was_claimed_ahead_of_a_smarthost_that_became_slow_can_be_cancelled(house: House) -> None:
    gate = await claimed_ahead(house)
    last = house.office.run(lambda c: copies(c))[0].id
    assert not house.office.run(lambda c: outbox.cancel(c, last))
    house.office.pass_time(seconds=6)
    await house.gateway.look_for_work()
    while "queued" not in house.states().values():  # noqa: ASYNC110 - the database has no event for us
        await asyncio.sleep(0)
    assert house.office.run(lambda c: outbox.cancel(c, last))
    gate.go.set()
    await house.gateway.delivering.tasks.all_done()
    await house.deliver()
    assert len(house.sent) == 4


async def test_one_connection_is_for_others_when_a_domain_is_slow(house: House) -> None:
    for name in ("a@slow.test", "b@slow.test", "c@slow.test", "d@quick.test"):
        await house.take(a_message(message_id=f"<{name}>", From=name), sender=name)
    slow, quick = Gate(house), asyncio.Event()

    async def send(raw: bytes, sender: str, recipient: str) -> Delivery:
        if recipient.endswith("@slow.test"):
            return await slow.send(raw, sender, recipient)
        result = await house.send(raw, sender, recipient)
        if not [state for who, state in house.states().items() if state == "queued" and not who.endswith("@slow.test")]:
            quick.set()
        return result

    house.gateway.delivering.sender.send = send
    await house.gateway.start()
    await house.gateway.look_for_work()
    await quick.wait()
    sent = [recipient for _, recipient, _ in house.sent]
    assert sent[0] == "d@quick.test"
    assert not [recipient for recipient in sent if recipient.endswith("@slow.test")]
    slow.go.set()
    while set(house.states().values()) != {"sent"}:  # noqa: ASYNC110 - the database has no event for us
        await asyncio.sleep(0)


async def test_a_slow_domain_has_all_connections_when_nobody_else_waits(house: House) -> None:
    for name in ("a@slow.test", "b@slow.test"):
        await house.take(a_message(message_id=f"<{name}>", From=name), sender=name)
    house.office.run(lambda c: [outbox.cancel(c, row.id) for row in copies(c) if row.name == "new_ticket"])
    assert await house.gateway.deliver() == 2
    assert house.gateway.delivering.claims.busy == {"slow.test": 2}
    await house.gateway.delivering.tasks.all_done()
    assert house.gateway.delivering.claims.busy == {}


# --- crashes ------------------------------------------------------------------------------------------


async def test_what_was_accepted_before_a_crash_is_processed_after_it(house: House) -> None:
    number = await house.gateway.accept(a_message(), an_envelope())
    after = house.begin()  # the first one is simply gone
    await after.start()
    assert house.office.row(number).attempts == 1
    while await after.processing.process_doubtful():
        pass
    assert house.office.row(number).outcome == "opened"
    await after.drain(5)


async def test_an_attempt_is_counted_before_the_work_and_not_when_the_gateway_stops_in_good_order(house: House) -> None:
    number = await house.gateway.accept(a_message(), an_envelope())
    assert house.office.row(number).claimed_by == "one"
    await house.gateway.drain(0)
    assert (house.office.row(number).claimed_by, house.office.row(number).attempts) == (None, 0)


async def test_a_mail_that_kills_becomes_a_ticket_with_the_raw_and_the_others_never_wait_for_it(house: House) -> None:
    """Each life of the gateway ends where the worst mail is in hand; in each an ordinary one comes by before."""
    worst = await house.gateway.accept(a_message(subject="Fatal", message_id="<fatal@x.test>"), an_envelope())
    others = []
    for life in range(12):
        gateway = house.begin()
        await house.gateway.off_loop(gateway.clerk.database.transact, gateway.take_up)
        assert await gateway.backlog.claim_doubtful() in (worst, None)  # in hand, and then it dies
        raw = a_message(subject=f"Comum {life}", message_id=f"<comum{life}@x.test>")
        others.append(await gateway.accept(raw, an_envelope()))
        await gateway.process(others[-1])
    last = house.begin()
    await house.gateway.off_loop(last.clerk.database.transact, last.take_up)
    while await last.processing.process_doubtful():
        pass
    row = house.office.row(worst)
    assert (row.outcome, row.reason, row.subject) == ("unparsed", "processing-failed", "Fatal")
    (file,) = house.office.ticket(row.ticket).attachments[house.office.ticket(row.ticket).messages[0].id]
    assert file.filename == "message.eml"
    assert {house.office.row(number).outcome for number in others} == {"opened"}


async def test_who_was_in_hand_beside_a_mail_that_kills_is_not_blamed_twice(house: House) -> None:
    both = [await house.gateway.accept(a_message(message_id=f"<{n}@x.test>"), an_envelope()) for n in range(2)]
    for _ in range(14):
        gateway = house.begin()
        await house.gateway.off_loop(gateway.clerk.database.transact, gateway.take_up)
        if house.office.row(both[0]).attempts < 12:
            claimed = await gateway.backlog.claim_doubtful()
            if claimed == both[1]:
                await gateway.processing.process(both[1], with_care=True)
        else:
            while await gateway.processing.process_doubtful():
                pass
    assert [(house.office.row(n).outcome, house.office.row(n).attempts) for n in both] == [
        ("unparsed", 12),
        ("opened", 1),
    ]


async def test_gateways_that_die_for_another_reason_blame_no_message_again_and_again(house: House) -> None:
    six = [await house.gateway.accept(a_message(message_id=f"<{n}@x.test>"), an_envelope()) for n in range(6)]
    for _ in range(12):  # all were in hand when the first one died, and each of the others dies with one in hand
        gateway = house.begin()
        await house.gateway.off_loop(gateway.clerk.database.transact, gateway.take_up)
        await gateway.backlog.claim_doubtful()
    assert max(house.office.row(number).attempts for number in six) == 3
    last = house.begin()
    await house.gateway.off_loop(last.clerk.database.transact, last.take_up)
    while await last.processing.process_doubtful():
        pass
    assert {house.office.row(number).outcome for number in six} == {"opened"}


async def test_ten_slow_mails_do_not_hold_up_an_ordinary_one(small_house: House) -> None:
    house = small_house
    workers = Workers(2, quick_seconds=0.3, read_seconds=900, reader=sleep_over_bombs)
    house.gateway.processing.workers = workers
    await house.gateway.start()
    for number in range(17):  # more than are in process at the same time
        await house.gateway.accept(a_message(subject="Bomba", message_id=f"<{number}@x.test>"), an_envelope())
    ordinary = await house.gateway.accept(a_message(message_id="<comum@x.test>"), an_envelope())
    await house.gateway.backlog.accepted.join()
    assert house.office.row(ordinary).outcome == "opened"
    waiting = [row for row in house.office.run(lambda c: read_inbound.listed(within(c))) if row.state == "accepted"]
    assert len(waiting) == 17
    assert {row.subject for row in waiting} == {None}
    workers.close()


async def test_what_another_gateway_works_on_is_left_to_it_until_its_lease_ends(house: House) -> None:
    number = await house.gateway.accept(a_message(), an_envelope())
    other = house.begin("two")
    await other.start()
    assert await other.backlog.claim_due() == []
    house.office.pass_time(seconds=60)
    assert await other.backlog.claim_due() == []
    assert house.office.row(number).attempts == 1  # whoever had it may have died of it
    assert await other.backlog.claim_doubtful() == number
    await other.drain(5)


async def test_what_waits_in_memory_for_longer_than_a_lease_is_not_taken_for_abandoned(house: House) -> None:
    number = await house.gateway.accept(a_message(), an_envelope())
    other = house.begin("two")
    for _ in range(4):
        house.office.pass_time(seconds=40)
        await house.gateway.look_for_work()
        assert (await other.backlog.claim_due(), await other.backlog.claim_doubtful()) == ([], None)
    assert house.office.row(number).attempts == 0
    await other.drain(5)


async def test_what_was_being_sent_in_a_crash_is_sent_again_with_the_same_bytes(house: House) -> None:
    await house.take(a_message())
    died: asyncio.Future[Delivery] = asyncio.get_running_loop().create_future()
    both = asyncio.Event()

    async def hangs(raw: bytes, sender: str, recipient: str) -> Delivery:
        house.sent.append((sender, recipient, raw))
        if len(house.sent) == 2:
            both.set()
        return await died

    house.gateway.delivering.sender.send = hangs
    assert await house.gateway.deliver() == 2
    await both.wait()
    for task in house.gateway.delivering.tasks.running:
        task.cancel()
    lost = list(house.sent)
    house.gateway = house.begin()
    await house.gateway.off_loop(house.office.run, house.gateway.take_up)
    assert sorted(house.states().values()) == ["queued", "unknown", "unknown"]
    await house.deliver()
    assert set(house.states().values()) == {"sent"}
    assert [again for again in house.sent[2:] if again[1] != BRUNO.address] == lost


async def test_what_is_long_on_its_way_is_sent_by_nobody_else(house: House) -> None:
    await house.take(a_message())
    answered: asyncio.Future[Delivery] = asyncio.get_running_loop().create_future()

    async def waits(raw: bytes, sender: str, recipient: str) -> Delivery:
        house.sent.append((sender, recipient, raw))
        return await answered

    house.gateway.delivering.sender.send, other = waits, house.begin("two")
    assert await house.gateway.deliver() == 2
    for _ in range(5):
        house.office.pass_time(seconds=40)
        await house.gateway.look_for_work()
        await house.gateway.deliver()
        await other.deliver()
        await other.delivering.tasks.all_done()
    answered.set_result(Sent("250"))
    await house.gateway.delivering.tasks.all_done()
    assert len(house.sent) == 3
    assert set(house.states().values()) == {"sent"}
    await other.drain(5)


@pytest.mark.parametrize("answer", [Sent("250"), Refused("550 no")], ids=["sent", "refused"])
async def test_a_result_is_not_forgotten_while_the_database_is_away(
    small_house: House, monkeypatch: pytest.MonkeyPatch, answer: Delivery
) -> None:
    house = small_house
    monkeypatch.setattr("mailtickets.gateway.delivery.record.RETRY_SECONDS", 0)
    await house.take(a_message())
    house.say()
    record, away = outbox.record_all, [True, True, True, True]

    def unsure(*args: Any) -> int:
        recorded = record(*args)
        if away:
            away.pop()
            raise Transient("gone")
        return recorded

    monkeypatch.setattr("mailtickets.store.outbox.record_all", unsure)
    house.answer = lambda recipient: answer if recipient == MARIA.address else Sent("250")
    sent = await house.deliver()
    assert sorted(sent) == sorted(row.recipient for row in house.office.run(lambda c: copies(c)))
    assert away == []


async def test_a_result_that_cannot_be_written_holds_up_no_other(
    small_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = small_house
    await house.take(a_message())
    record, bad = outbox.record_all, house.copy(MARIA.address).id

    def picky(connection: Any, ends: Any) -> int:
        if any(end.number == bad for end in ends):
            raise ValueError("cannot be written")
        return record(connection, ends)

    monkeypatch.setattr("mailtickets.store.outbox.record_all", picky)
    await house.deliver()
    assert house.states() == {MARIA.address: "sending", ANA.address: "sent", BRUNO.address: "sent"}


async def test_a_failure_whose_commit_went_unanswered_is_told_once(
    small_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = small_house
    monkeypatch.setattr("mailtickets.gateway.delivery.record.RETRY_SECONDS", 0)
    await house.take(a_message())
    await house.deliver()
    house.say()
    transactions, settle, answers = house.gateway.settling._transactions, house.gateway.clerk.settle_in, ["lost"]
    share = transactions.share

    async def cut_off(work: Any, *args: Any) -> Any:
        result = await share(work, *args)
        if work == settle and answers:
            raise Transient(answers.pop())
        return result

    monkeypatch.setattr(transactions, "share", cut_off)
    house.answer = lambda recipient: Refused("550 no such user") if recipient == MARIA.address else Sent("250")
    assert sorted(await house.deliver()) == sorted([MARIA.address, ANA.address, BRUNO.address])
    assert answers == []


async def test_draining_finishes_what_is_in_hand(house: House) -> None:
    await house.gateway.start()
    await house.gateway.accept(a_message(), an_envelope())
    await house.gateway.drain(20)
    assert house.office.row(1).outcome == "opened"
    assert "sending" not in house.states().values()


async def test_a_draining_gateway_begins_nothing_new(house: House) -> None:
    other = house.begin("two")
    await other.drain(5)
    await house.gateway.accept(a_message(), an_envelope())
    house.office.pass_time(minutes=5)
    await other.look_for_work()
    assert other.backlog.accepted.qsize() == 0


# --- alarms, cursors, housekeeping --------------------------------------------------------------------


async def test_ops_are_told_of_trouble_once_until_it_is_well_again(house: House) -> None:
    policy = a_policy(instance={"ops_address": "ops@empresa.test"})
    house.gateway.clerk.rules = replace(RULES, policy=policy)
    for _ in range(2):
        await house.gateway.mailboxes.alarm("imap suporte", "does not answer")
    assert await house.deliver() == ["ops@empresa.test"]
    await house.gateway.mailboxes.all_clear("imap suporte")
    await house.gateway.mailboxes.all_clear("imap suporte")
    house.office.pass_time(hours=1)
    await house.gateway.alarms.look()
    assert await house.deliver() == ["ops@empresa.test"]
    await house.gateway.mailboxes.alarm("imap suporte", "does not answer")
    assert await house.deliver() == ["ops@empresa.test"]
    assert parse(house.sent[0][2]).header("auto-submitted") == "auto-generated"


async def test_without_an_ops_address_an_alarm_is_only_logged(house: House) -> None:
    await house.gateway.mailboxes.alarm("disk", "full")
    assert await house.deliver() == []


async def test_the_imap_doors_memory(house: House) -> None:
    assert await house.gateway.mailboxes.imap_cursor("suporte", "INBOX") is None
    cursor = ImapCursor("suporte", "INBOX", 7, 10, NOW)
    await house.gateway.mailboxes.save_imap_cursor(cursor)
    assert await house.gateway.mailboxes.imap_cursor("suporte", "INBOX") == cursor


async def test_housekeeping_closes_what_was_resolved_a_week_ago_and_tells_the_requester(house: House) -> None:
    await house.take(a_message())
    house.office.clerk.order(Order(1, lambda t: orders.set_status(t, "resolved", "x")))
    house.office.pass_time(days=6)
    await housekeeping(house.gateway)
    assert house.office.ticket(1).ticket.status == "resolved"
    house.office.pass_time(days=1)
    await housekeeping(house.gateway)
    assert house.office.ticket(1).ticket.status == "closed"
    assert house.copy(MARIA.address).name == "closed"


async def test_housekeeping_frees_the_tickets_of_an_agent_who_left(house: House) -> None:
    await house.take(a_message())
    house.office.clerk.order(Order(1, lambda t: orders.assign(t, AGENTS[0], "x")))
    house.gateway.clerk.rules = replace(RULES, policy=a_policy(agents=AGENTS[1:]))
    await housekeeping(house.gateway)
    assert house.office.ticket(1).ticket.assignee is None
    assert house.copy(BRUNO.address).name == "unassigned"


async def test_housekeeping_is_done_by_one_gateway_at_a_time(house: House) -> None:
    await house.take(a_message())
    house.office.clerk.order(Order(1, lambda t: orders.set_status(t, "resolved", "x")))
    house.office.pass_time(days=7)
    assert may_keep_house(house.begin("two"))
    await housekeeping(house.gateway)
    assert house.office.ticket(1).ticket.status == "resolved"


async def test_books_that_do_not_balance_are_told_to_ops_once_a_night_by_one_gateway(house: House) -> None:
    house.gateway.clerk.rules = replace(RULES, policy=a_policy(instance={"ops_address": "ops@empresa.test"}))
    other, asked = house.begin("two"), []

    async def compare() -> list[str]:
        asked.append(house.office.now)
        return ["suporte: message UID 7 in Processados is not in the ledger"]

    async def nights() -> int:
        for gateway in (house.gateway, other):
            await reconcile_nightly(gateway, compare)
        return len(asked)

    assert await nights() == 0  # the first night is to come
    house.office.pass_time(days=1)
    assert await nights() == 1
    assert await nights() == 1
    assert await house.deliver() == ["ops@empresa.test"]
    assert "UID 7" in parse(house.sent[0][2]).text
    house.office.pass_time(days=1)
    assert await nights() == 2
    await other.drain(0)
