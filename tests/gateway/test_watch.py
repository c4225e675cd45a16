"""What the watch sees each minute, and what ops receive of it. On both databases."""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from mailtickets.config.models import Config
from mailtickets.desk.model.delivery import Deferred, Delivery, Refused, Sent, Throttled, Transient
from mailtickets.desk.notices.budget import shared_lines
from mailtickets.gateway.gateway import Gateway
from mailtickets.gateway.workers import Workers
from mailtickets.jobs.watch import Room, Watch, Watched
from mailtickets.mail.door import Door
from mailtickets.store import budgets, health, schema
from mailtickets.store.database import Database
from tests.gateway.alarmed import Station
from tests.store.databases import database, migrated_file, migrated_postgres
from tests.store.office import a_message

__all__ = ["database", "migrated_file", "migrated_postgres"]

GB = 1_000_000_000
NOT_HERE = Deferred("smtp.desk.test:587: connection refused")
GREYLISTED = Deferred("450 4.2.0 greylisted")


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    made = Workers(1)
    yield made
    made.close()


class Watching(Station):
    """A station whose watch looks at a disk of the test's own."""

    def __init__(self, database: Database, workers: Workers) -> None:
        super().__init__(database, workers)
        self.disks: dict[str, Room] = {"/var/lib/mailtickets": Room(100 * GB, 50 * GB)}
        self.watches: dict[str, Watch] = {}

    async def begin(self, name: str = "one", **pace: Any) -> Gateway:
        gateway = await super().begin(name, **pace)
        self.watches[name] = Watch(gateway, self.watched, self.room)
        return gateway

    async def end(self, gateway: Gateway) -> None:
        del self.watches[gateway.name]
        await super().end(gateway)

    def watched(self) -> Watched:
        return Watched([Path(disk) for disk in self.disks], GB, timedelta(minutes=60), timedelta(minutes=15))

    def room(self, directory: Path) -> Room:
        return self.disks[str(directory)]

    async def watch(self, minutes: int, step: int = 1) -> None:
        for _ in range(0, minutes, step):
            self.office.pass_time(minutes=step)
            for watch in self.watches.values():
                await watch.look()

    def take(self, number: int = 1, domain: str = "cliente.test") -> None:
        """A mail, which is acknowledged and told to the agents."""
        sender = f"Pessoa <p{number}@{domain}>"
        self.office.take(a_message(message_id=f"<{number}@{domain}>", **{"from": sender}))

    def settle(self, number: int) -> None:
        self.office.settle(self.office.draft(number))


@pytest.fixture
async def station(database: Database, workers: Workers) -> AsyncIterator[Watching]:
    made = Watching(database, workers)
    yield made
    await made.close()


async def test_nothing_is_told_where_all_is_well(station: Watching) -> None:
    await station.begin()
    station.take()
    await station.mails()
    await station.watch(180, step=20)
    assert await station.mails() == []


# --- disks ----------------------------------------------------------------------------------------------


async def test_a_disk_with_little_room_is_told_and_well_again_when_there_is_a_quarter_more(station: Watching) -> None:
    await station.begin()
    station.disks["/srv/outgoing"] = Room(100 * GB, GB - 1)
    await station.watch(2)
    (mail,) = await station.mails()
    assert mail.subject == "[exemplo] Alert: a disk has little room left (disk-low)"
    assert "/srv/outgoing: 954 MB of 93 GB are free, the limit is 954 MB" in mail.text
    assert "What to do: Free some room, or enlarge the disk." in mail.text
    station.disks["/srv/outgoing"] = Room(100 * GB, GB + 1)
    await station.watch(20, step=5)
    assert await station.mails() == []
    station.disks["/srv/outgoing"] = Room(100 * GB, 2 * GB)
    await station.watch(10)
    assert await station.subjects() == ["[exemplo] Well again: a disk has little room left (disk-low)"]


async def test_a_small_disk_needs_less(station: Watching) -> None:
    await station.begin()
    station.disks["/srv/small"] = Room(2 * GB, GB // 2)
    await station.watch(2)
    assert await station.mails() == []
    station.disks["/srv/small"] = Room(2 * GB, GB // 6)
    await station.watch(2)
    assert len(await station.mails()) == 1


async def test_a_disk_that_cannot_be_seen_is_told(station: Watching, monkeypatch: pytest.MonkeyPatch) -> None:
    await station.begin()

    def gone(directory: Path) -> Room:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(station.watches["one"], "_room", gone)
    await station.watch(1)
    (mail,) = await station.mails()
    assert "/var/lib/mailtickets: Input/output error" in mail.text


# --- what goes out --------------------------------------------------------------------------------------


async def test_a_smarthost_that_is_away_is_told_when_it_is_back(station: Watching) -> None:
    """The alarm waits with the mail that is late; whoever looks at the database sees it meanwhile."""
    await station.begin()
    station.answer = lambda recipient: NOT_HERE
    station.take()
    await station.mails()
    await station.watch(59, step=59)
    assert station.open() == []
    await station.watch(3)
    assert await station.mails() == []
    alarm = station.alarms()["delivery-late"]
    assert "3 copies wait to go out" in alarm.text
    assert "the last reply: smtp.desk.test:587: connection refused" in alarm.text
    assert station.open() == ["delivery-late"]
    (account,) = station.office.run(health.accounts)
    assert (account.kind, account.name, account.error) == ("smtp", "delivery", NOT_HERE.reply)

    station.answer = lambda recipient: Sent("250 ok")
    station.office.pass_time(hours=7)
    (mail,) = await station.mails()
    assert mail.subject == "[exemplo] Alert: mail does not go out (delivery-late)"
    assert "`mailtickets outbox list --state deferred`" in mail.text
    await station.watch(7)
    assert await station.subjects() == ["[exemplo] Well again: mail does not go out (delivery-late)"]
    assert station.office.run(health.accounts)[0].error == ""


async def test_a_slow_smarthost_is_told_by_the_mail_that_has_not_been_tried(station: Watching) -> None:
    await station.begin(max_per_minute=1)
    for number in range(1, 5):
        station.take(number)
    await station.mails()
    await station.watch(62, step=31)
    alarm = station.alarms()["delivery-late"]
    assert "no attempt has been made at the oldest" in alarm.text
    for _ in range(15):
        await station.watch(2, step=2)
        await station.mails()
    assert station.open() == []


async def test_one_customers_server_that_is_away_is_no_trouble_of_ours_for_some_hours(station: Watching) -> None:
    await station.begin()
    station.answer = lambda recipient: GREYLISTED if recipient.endswith("cliente.test") else Sent("250 ok")
    station.take()
    await station.mails()
    await station.watch(200, step=10)
    assert station.open() == []
    await station.watch(60, step=10)
    assert station.alarms()["delivery-late"].text == (
        "1 copy waits to go out, to 1 domain; the last reply: 450 4.2.0 greylisted"
    )


async def test_many_servers_that_are_away_at_once_are_told(station: Watching) -> None:
    await station.begin()
    station.answer = lambda recipient: GREYLISTED if "cliente" in recipient else Sent("250 ok")
    for number in range(1, 4):
        station.take(number, domain=f"cliente{number}.test")
    await station.mails()
    await station.watch(62, step=31)
    assert "3 copies wait to go out, to 3 domains" in station.alarms()["delivery-late"].text


@pytest.mark.parametrize(
    ("delivery", "error"),
    [
        (Sent("250 ok"), ""),
        (Refused("550 5.1.1 no such user", "5.1.1"), ""),
        (GREYLISTED, None),
        (Deferred("internal error: KeyError"), None),
        (Throttled("450 4.7.0 slow down"), None),
        (NOT_HERE, NOT_HERE.reply),
        (Deferred("smtp.desk.test answered 535 5.7.8 no"), "smtp.desk.test answered 535 5.7.8 no"),
    ],
)
async def test_what_an_attempt_shows_of_the_way_out(station: Watching, delivery: Delivery, error: str | None) -> None:
    one = await station.begin()
    await one.accounts.note_delivery(delivery)
    found = station.office.run(health.accounts)
    assert [account.error for account in found] == ([] if error is None else [error])


# --- what comes in --------------------------------------------------------------------------------------


async def test_mail_that_is_not_processed_is_told_and_well_again_when_it_is(station: Watching) -> None:
    await station.begin()
    await station.watch(1)
    number = station.office.keep(a_message())
    await station.watch(14, step=7)
    assert await station.mails() == []
    await station.watch(2)
    (mail,) = await station.mails()
    assert mail.subject == "[exemplo] Alert: mail that came in has not become tickets yet (mail-unprocessed)"
    assert f"1 accepted, the oldest (inbound {number}) for more than 15 minutes" in mail.text
    station.settle(number)
    await station.watch(7)
    assert [subject for subject in await station.subjects() if "Well again" in subject] != []


async def test_old_mail_that_has_just_been_read_from_a_mailbox_is_not_late(station: Watching) -> None:
    await station.begin()
    await station.watch(30, step=5)
    now, station.office.now = station.office.now, station.office.now - timedelta(days=400)
    station.office.keep(a_message(), door=Door.imap("suporte"))
    station.office.now = now
    await station.watch(10, step=5)
    assert station.open() == []
    await station.watch(20, step=5)
    assert station.open() == ["mail-unprocessed"]


async def test_many_mails_that_are_processed_all_the_time_are_no_backlog(station: Watching) -> None:
    await station.begin()
    waiting = [station.office.keep(a_message(message_id="<0@x.test>"), door=Door.imap("suporte"))]
    for number in range(1, 9):
        waiting.append(station.office.keep(a_message(message_id=f"<{number}@x.test>"), door=Door.imap("suporte")))
        station.settle(waiting.pop(0))
        await station.watch(5, step=5)
    assert station.open() == []


async def test_a_gateway_that_has_just_begun_to_look_takes_no_alarm_back(station: Watching) -> None:
    one = await station.begin()
    station.office.keep(a_message(), door=Door.imap("suporte"))
    await station.watch(20, step=5)
    assert station.open() == ["mail-unprocessed"]
    await station.end(one)
    await station.begin("two")
    await station.watch(5)
    assert station.open() == ["mail-unprocessed"]


async def test_two_gateways_look_once_and_tell_once(station: Watching) -> None:
    await station.begin("one")
    await station.begin("two")
    station.office.keep(a_message())
    await station.watch(40, step=2)
    assert len(await station.mails()) == 1
    assert station.open() == ["mail-unprocessed"]


# --- budgets --------------------------------------------------------------------------------------------


async def test_a_budget_that_is_used_up_is_well_again_in_the_next_hour(station: Watching) -> None:
    one = await station.begin()
    (everybody,) = (line for line in shared_lines(one.clerk.rules.policy.budget, 0) if line.key == "everybody")
    station.office.run(lambda c: budgets.add(c, [everybody], station.office.now))
    station.office.run(lambda c: c.execute(update(schema.budget).values(used=everybody.limit)))
    await one.alarms.sound("automatic-mail-stopped", "budget.automatic_per_hour = 1000 is used up")
    assert [subject.partition(":")[0] for subject in await station.subjects()] == ["[exemplo] Alert"]
    await station.watch(59, step=59)
    assert station.open() == ["automatic-mail-stopped"]
    await station.watch(1)
    assert station.open() == []
    await station.watch(6, step=2)
    assert [subject.partition(":")[0] for subject in await station.subjects()] == ["[exemplo] Well again"]


# --- workers --------------------------------------------------------------------------------------------


async def test_workers_that_die_again_and_again_are_told(station: Watching) -> None:
    one = await station.begin()
    await station.watch(1)
    one.measures.count("worker-restarted", "died", by=2)
    await station.watch(1)
    assert await station.mails() == []
    one.measures.count("worker-restarted", "took-too-long", by=8)
    await station.watch(1)
    (mail,) = await station.mails()
    assert "one: 10 within an hour; since the start: died 2, took-too-long 8" in mail.text
    await station.watch(70, step=10)
    assert await station.subjects() == ["[exemplo] Well again: the processes that read mail die (workers-die)"]


# --- the watch itself -----------------------------------------------------------------------------------


async def test_one_look_that_fails_does_not_keep_the_others_from_looking(
    station: Watching, monkeypatch: pytest.MonkeyPatch
) -> None:
    await station.begin()
    station.disks["/srv/outgoing"] = Room(100 * GB, 1)

    async def away() -> None:
        raise Transient("the server is away")

    monkeypatch.setattr(station.watches["one"], "_look_at_database", away)
    with pytest.raises(Transient):
        await station.watch(1)
    assert len(await station.mails()) == 1


# --- accounts -------------------------------------------------------------------------------------------


async def test_an_account_that_goes_well_is_written_once_a_minute(station: Watching, monkeypatch: Any) -> None:
    one = await station.begin()
    written: list[Any] = []
    before = health.succeeded
    monkeypatch.setattr(health, "succeeded", lambda *given: (written.append(given), before(*given)))
    for _ in range(120):
        station.office.pass_time(seconds=1)
        await one.accounts.note("imap", "suporte")
    assert len(written) == 2


async def test_a_change_is_written_at_once_and_what_changes_all_the_time_every_ten_seconds(station: Watching) -> None:
    one = await station.begin()
    await one.accounts.note("imap", "suporte")
    station.office.pass_time(seconds=10)
    await one.accounts.note("imap", "suporte", "login refused")
    assert station.office.run(health.accounts)[0].error == "login refused"
    station.office.pass_time(seconds=2)
    await one.accounts.note("imap", "suporte")
    assert station.office.run(health.accounts)[0].error == "login refused"
    await one.accounts.look()
    assert station.office.run(health.accounts)[0].error == ""


async def test_the_state_of_an_account_waits_for_the_database(station: Watching, monkeypatch: Any) -> None:
    one = await station.begin()

    async def away(*given: object) -> None:
        raise Transient("the server is away")

    with monkeypatch.context() as patched:
        patched.setattr(one.accounts._transactions, "alone", away)
        await one.accounts.note("imap", "suporte", "login refused")
    assert station.office.run(health.accounts) == []
    await one.accounts.look()
    assert station.office.run(health.accounts)[0].error == "login refused"


def test_the_limits_are_those_of_the_configuration() -> None:
    limits = Config.model_fields["alarms"].default
    assert (limits.outgoing_minutes, limits.unprocessed_minutes, limits.disk_free_bytes) == (60, 15, 1_073_741_824)
