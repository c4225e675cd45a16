"""A queue with more to do than usual, and a skill that nobody has: what ops and managers receive. On both databases."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, insert, select, update

from mailtickets.config.kinds import TicketKind
from mailtickets.config.models import AlarmLimits
from mailtickets.config.outline import DeskOutline
from mailtickets.desk.model.policy import Policy
from mailtickets.gateway.gateway import Gateway
from mailtickets.gateway.workers import Workers
from mailtickets.jobs.watch import Room, Watch, Watched
from mailtickets.store import schema
from mailtickets.store.database import Database
from mailtickets.store.read import status
from mailtickets.store.read.reader import within
from mailtickets.store.read.status import MachineStatus
from mailtickets.views import status as views
from tests.desk.builders import a_config, a_policy
from tests.gateway.alarmed import OPS, Station
from tests.store.databases import database, migrated_file, migrated_postgres
from tests.store.office import copies

__all__ = ["database", "migrated_file", "migrated_postgres"]

CHEFE = "chefe@empresa.test"
OUTLINE = DeskOutline.of(a_config().model_dump())


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    made = Workers(1)
    yield made
    made.close()


def policy_of(locale: str = "en", **changes: Any) -> Policy:
    instance = {"ops_address": OPS, "locale": locale, "timezone": "UTC"}
    return replace(a_policy(instance=instance, suporte={"managers": (CHEFE,)}), **changes)


class Desk(Station):
    """A desk with eight ordinary weeks behind it, whose gateways watch."""

    def __init__(self, database: Database, workers: Workers) -> None:
        super().__init__(database, workers)
        self.office.use(policy_of())
        self.watches: dict[str, Watch] = {}
        self.number = 0

    async def begin(self, name: str = "one", **pace: Any) -> Gateway:
        gateway = await super().begin(name, **pace)
        self.watches[name] = Watch(gateway, self.watched, lambda _: Room(100, 50))
        return gateway

    async def end(self, gateway: Gateway) -> None:
        del self.watches[gateway.name]
        await super().end(gateway)

    def watched(self) -> Watched:
        return Watched([Path("/")], 1, timedelta(minutes=60), timedelta(minutes=15))

    async def look(self, minutes: int = 5) -> None:
        """All gateways look each minute."""
        for _ in range(minutes):
            self.office.pass_time(minutes=1)
            for watch in list(self.watches.values()):
                await watch.look()

    def told(self) -> list[tuple[str, str, str]]:
        """(notice, recipient, subject) of alarms, oldest first. (That nothing is sent in a test is an alarm too.)"""
        rows = [row for row in self.office.run(copies) if row.name in {"alarm", "all_clear"}]
        return [(row.name, row.recipient, row.subject) for row in reversed(rows) if "delivery-late" not in row.subject]

    def text(self) -> str:
        words: str = self.office.run(copies)[0].text
        return words

    def opened(self, at: datetime, count: int, *, waits: bool = False) -> None:
        """Tickets that were opened at a moment; answered, unless they wait."""
        rows = []
        for _ in range(count):
            self.number += 1
            rows.append({
                "number": self.number, "queue": "suporte", "subject": "x", "priority": "normal",
                "status": "new" if waits else "closed", "requester_name": "", "requester_address": "m@x.test",
                "revision": 0, "locale": "en", "answered": not waits, "tags": [], "created_at": at, "updated_at": at,
                "waiting_since": at if waits else None, "fields": {},
            })  # fmt: skip
        self.office.run(lambda c: c.execute(insert(schema.ticket), rows))

    def weeks(self, counts: list[int]) -> None:
        """How many tickets came in in this hour of the last weeks, the latest first."""
        self.opened(self.office.now - timedelta(weeks=len(counts), days=1), 1)
        for back, count in enumerate(counts, start=1):
            if count:
                self.opened(self.office.now - timedelta(weeks=back, minutes=20), count)

    def resolve_all(self) -> None:
        done = update(schema.ticket).values(status="closed", waiting_since=None)
        self.office.run(lambda c: c.execute(done))


@pytest.fixture
async def desk(database: Database, workers: Workers) -> AsyncIterator[Desk]:
    made = Desk(database, workers)
    yield made
    await made.close()


async def test_more_tickets_than_in_any_such_hour_are_told_once_with_figures(desk: Desk) -> None:
    desk.weeks([4, 5, 3, 6, 4, 5, 4, 6])
    await desk.begin()
    desk.opened(desk.office.now, 6)
    await desk.look()
    assert desk.told() == []
    desk.opened(desk.office.now, 3)
    await desk.look(30)
    subject = "[exemplo] Alert: a queue has more to do than usual (overload-suporte)"
    assert sorted(desk.told()) == [("alarm", CHEFE, subject), ("alarm", OPS, subject)]
    assert (
        "Suporte Exemplo: 9 new tickets in the last hour; on this weekday at this hour there are 5, and there were at "
        "most 6 in the last 8 weeks."
    ) in " ".join(desk.text().split())


async def test_that_it_is_over_is_told_too(desk: Desk) -> None:
    desk.weeks([4, 5, 3, 6, 4, 5, 4, 6])
    await desk.begin()
    desk.opened(desk.office.now, 9)
    await desk.look()
    await desk.look(60)  # the hour is over
    await desk.look(15)
    assert sorted({(name, who) for name, who, _ in desk.told()}) == [
        ("alarm", CHEFE), ("alarm", OPS), ("all_clear", CHEFE), ("all_clear", OPS),
    ]  # fmt: skip
    assert len(desk.told()) == 4


async def test_a_restart_does_not_tell_again(desk: Desk) -> None:
    desk.weeks([4, 5, 3, 6, 4, 5, 4, 6])
    gateway = await desk.begin()
    desk.opened(desk.office.now, 9)
    await desk.look()
    await desk.end(gateway)
    await desk.begin()
    await desk.look(20)
    assert [name for name, _, _ in desk.told()] == ["alarm", "alarm"]


async def test_of_two_gateways_one_tells(desk: Desk) -> None:
    desk.weeks([4, 5, 3, 6, 4, 5, 4, 6])
    await desk.begin("one")
    await desk.begin("two")
    desk.opened(desk.office.now, 9)
    await desk.look(20)
    assert [name for name, _, _ in desk.told()] == ["alarm", "alarm"]


async def test_nothing_is_told_of_a_desk_that_is_new(desk: Desk) -> None:
    desk.opened(desk.office.now - timedelta(days=1), 1)
    await desk.begin()
    desk.opened(desk.office.now, 90)
    await desk.look(10)
    assert desk.told() == []


async def test_who_waits_is_noted_each_hour_and_compared(desk: Desk) -> None:
    """Four Mondays at noon: ten customers wait. On the fifth it is thirty."""
    await desk.begin()
    for week in range(5):
        desk.resolve_all()
        desk.opened(desk.office.now - timedelta(minutes=90), 30 if week == 4 else 10, waits=True)
        await desk.look()
        if week < 4:
            assert desk.told() == []
            desk.office.pass_time(weeks=1, minutes=-5)
    assert [who for _, who, _ in desk.told()] == [OPS, CHEFE]
    assert "30 customers wait for an answer" in desk.text()
    hours = desk.office.run(lambda c: c.execute(select(func.count()).select_from(schema.load_hour)).scalar())
    assert hours == 10, "five looks, two queues, an hour each"


async def test_it_can_be_switched_off(desk: Desk) -> None:
    desk.office.use(policy_of(tells_overload=AlarmLimits(overload=False).overload))
    desk.weeks([4, 5, 3, 6, 4, 5, 4, 6])
    await desk.begin()
    desk.opened(desk.office.now, 90)
    await desk.look()
    assert desk.told() == []


async def test_managers_are_told_where_there_is_nobody_for_ops(desk: Desk) -> None:
    alone = a_policy(instance={"locale": "pt_BR", "timezone": "UTC"}, suporte={"managers": (CHEFE,)})
    desk.office.use(alone)
    desk.weeks([4, 5, 3, 6, 4, 5, 4, 6])
    await desk.begin()
    desk.opened(desk.office.now, 9)
    await desk.look()
    assert [(name, who) for name, who, _ in desk.told()] == [("alarm", CHEFE)]
    assert "9 chamados novos na última hora" in desk.text()


async def test_the_desk_at_a_glance_shows_it_and_goes_on(desk: Desk) -> None:
    desk.weeks([4, 5, 3, 6, 4, 5, 4, 6])
    await desk.begin()
    desk.opened(desk.office.now, 9)
    await desk.look()
    seen = desk.office.run(lambda c: status.look(within(c), OUTLINE, MachineStatus("1", running=True), desk.office.now))
    shown = views.as_json(seen)
    (need,) = (one for one in shown["needs_person"] if one["code"] == "alarm")
    assert (need["level"], "9 new tickets in the last hour" in str(need)) == ("task", True)
    (queue,) = (one for one in shown["queues"] if one["name"] == "suporte")
    assert "9 new tickets in the last hour" in queue["overload"]["text"]
    assert any("overloaded since" in line for line in views.lines(seen))


async def test_a_skill_that_nobody_has_is_told_once(desk: Desk) -> None:
    desk.office.use(policy_of(kinds=(TicketKind(name="acesso", skill="vpn"),)))
    await desk.begin()
    await desk.look(20)
    subject = "[exemplo] Alert: a skill is asked for that nobody has (skill-missing-vpn)"
    assert sorted(desk.told()) == [("alarm", CHEFE, subject), ("alarm", OPS, subject)]
    assert "skill:vpn: type acesso" in desk.text()
