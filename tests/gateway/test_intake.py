"""Transaction 1: who shares it, who waits for whom, and what gives way to it."""

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, get_ident
from typing import Any

import pytest
from sqlalchemy import event

from mailtickets.gateway import intake
from mailtickets.gateway.backlog import Backlog
from mailtickets.gateway.clerk import Clerk
from mailtickets.gateway.intake import Intake
from mailtickets.gateway.measures import Measures
from mailtickets.store.database import Database
from mailtickets.store.lane import Lane
from tests.store.databases import migrated_file
from tests.store.office import RULES, a_message, an_envelope

__all__ = ["migrated_file"]


@dataclass
class Door:
    """Where messages are handed over; counts the commits that they cost."""

    intake: Intake
    lane: Lane
    commits: list[int] = field(default_factory=list)
    """How many messages had been handed over when each began."""
    handed_over: int = 0

    async def accept(self, number: int) -> int:
        self.handed_over += 1
        return await self.intake.accept(a_message(str(number), message_id=f"<{number}@x.test>"), an_envelope())


class Roomy(Backlog):
    """A backlog that claims every message and does nothing with it."""

    def __init__(self) -> None:
        pass

    def claimant(self) -> str:
        return "one"

    def take(self, number: int) -> None:
        pass


@pytest.fixture
async def door(migrated_file: Path, tmp_path: Path) -> AsyncIterator[Door]:
    shutil.copy(migrated_file, tmp_path / "mailtickets.db")
    database, lane = Database(f"sqlite:///{tmp_path / 'mailtickets.db'}"), Lane(1)
    made = Intake(Clerk(database, RULES), lane, Roomy(), Measures(), max_message_bytes=1_000_000)
    door = Door(made, lane)
    event.listen(database.engine, "commit", lambda _: door.commits.append(door.handed_over))
    assert made._keeper is not None
    made._keeper._connection.set_trace_callback(
        lambda statement: door.commits.append(door.handed_over) if statement == "COMMIT" else None
    )
    yield door
    lane.close()
    made.close()
    database.close()


def hold(lane: Lane) -> tuple["asyncio.Future[Any]", Event]:
    """Keeps the lane busy until the event is set."""
    released = Event()
    return asyncio.ensure_future(lane.do(released.wait, 20)), released


async def test_a_lone_message_is_committed_at_once_and_by_itself(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    timers: list[float] = []
    loop = asyncio.get_running_loop()
    call_at = loop.call_at

    def noted(when: float, *args: Any, **options: Any) -> asyncio.TimerHandle:
        if not door.commits:
            timers.append(when)
        return call_at(when, *args, **options)

    monkeypatch.setattr(loop, "call_at", noted)
    assert await door.accept(1) == 1
    assert door.commits == [1]
    assert timers == [], "it waited for somebody"


async def test_messages_that_come_during_a_commit_share_the_next_one(door: Door) -> None:
    busy, release = hold(door.lane)
    accepting = [asyncio.create_task(door.accept(1))]
    await asyncio.sleep(0.01)  # its group is closed, and waits for the lane
    accepting += [asyncio.create_task(door.accept(number)) for number in range(2, 40)]
    await asyncio.sleep(0)
    release.set()
    assert sorted(await asyncio.gather(*accepting)) == list(range(1, 40))
    await busy
    assert len(door.commits) == 2


async def test_messages_whose_last_bytes_arrive_together_share_one_commit(door: Door) -> None:
    await asyncio.gather(*(door.accept(number) for number in range(50)))
    assert len(door.commits) == 1


async def test_each_is_answered_only_after_the_commit_that_holds_it(door: Door) -> None:
    async def commits_when_answered(number: int) -> int:
        await door.accept(number)
        return len(door.commits)

    assert await commits_when_answered(1) == 1
    assert await asyncio.gather(*(commits_when_answered(number) for number in range(2, 6))) == [2] * 4


@pytest.mark.parametrize("why", ["the disk is slow", "the messages are large", "somebody works in the lane"])
async def test_a_commit_that_may_take_long_is_made_off_the_event_loop(
    door: Door, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    threads: set[int] = set()
    commit = door.intake._commit

    def noted(*args: Any) -> Any:
        threads.add(get_ident())
        return commit(*args)

    monkeypatch.setattr(door.intake, "_commit", noted)
    await door.accept(1)
    assert threads == {get_ident()}
    if why == "the disk is slow":
        door.intake._commit_seconds = intake.AT_ONCE_SECONDS
    elif why == "the messages are large":
        monkeypatch.setattr(intake, "AT_ONCE_BYTES", 100)
    else:
        await door.lane.do(lambda: None)
        busy, release = hold(door.lane)
        asyncio.get_running_loop().call_later(0.05, release.set)
    await door.accept(2)
    assert len(threads) == 2
    if why == "somebody works in the lane":
        await busy


async def test_a_database_that_somebody_else_writes_to_does_not_stop_the_event_loop(door: Door) -> None:
    other = sqlite3.connect(door.intake._clerk.database.url.removeprefix("sqlite:///"), isolation_level=None)
    with closing(other):
        other.execute("BEGIN IMMEDIATE")
        accepting = asyncio.create_task(door.accept(1))
        for _ in range(20):
            await asyncio.sleep(0.01)
        assert not accepting.done()
        assert not door.lane.is_idle
        other.execute("ROLLBACK")
        assert await accepting == 1


async def test_intake_goes_before_work_that_has_waited_for_longer(door: Door) -> None:
    busy, release = hold(door.lane)
    order: list[str] = []
    later = [asyncio.create_task(door.lane.do(order.append, f"work {number}")) for number in range(3)]
    await asyncio.sleep(0)
    accepting = asyncio.create_task(door.lane.do_first(order.append, "mail"))
    await asyncio.sleep(0)
    release.set()
    await asyncio.gather(busy, accepting, *later)
    assert order == ["mail", "work 0", "work 1", "work 2"]


async def test_what_a_lane_fails_with_reaches_who_asked(door: Door) -> None:
    with pytest.raises(ZeroDivisionError):
        await door.lane.do(lambda: 1 // 0)
    assert await door.lane.do(len, "abc") == 3


async def stream(door: Door, messages: int = intake.STREAM + 1) -> None:
    """As a relay hands over what it has: the next one as soon as the last one is answered."""
    for number in range(messages):
        await door.accept(number)


def giving_way(door: Door) -> "asyncio.Task[None]":
    return asyncio.create_task(door.intake.give_way())


async def test_other_work_gives_way_while_mail_streams_in_but_not_for_ever(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    await door.intake.give_way()
    monkeypatch.setattr(intake, "SOON_SECONDS", 0.2)
    monkeypatch.setattr(intake, "GIVE_WAY_SECONDS", 0.05)
    await stream(door)
    waiting = giving_way(door)
    await asyncio.sleep(0)
    assert not waiting.done()
    await asyncio.wait_for(waiting, 20)


async def test_a_flood_gets_half_of_the_time_for_itself(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "SOON_SECONDS", 0.01)
    monkeypatch.setattr(intake, "GIVE_WAY_SECONDS", 0.05)
    await stream(door)
    flood = asyncio.create_task(stream(door, 10_000))
    await giving_way(door)
    again = giving_way(door)
    await asyncio.sleep(0)
    assert again.done(), "it has given way in this period"
    monkeypatch.setattr(door.intake, "_period_ends", 0.0)
    next_time = giving_way(door)
    await asyncio.sleep(0)
    assert not next_time.done()
    await next_time
    flood.cancel()


async def test_other_work_does_not_give_way_to_a_few_mails(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "SOON_SECONDS", 30)
    await stream(door, intake.STREAM)
    waiting = giving_way(door)
    await asyncio.sleep(0)
    assert waiting.done()


async def test_other_work_does_not_give_way_to_mails_that_come_one_by_one(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "SOON_SECONDS", 0)
    for number in range(10):
        await door.accept(number)
        await asyncio.sleep(0.001)
    waiting = giving_way(door)
    await asyncio.sleep(0)
    assert waiting.done()


async def test_mail_that_waits_for_other_work_is_streaming_all_the_same(door: Door) -> None:
    await stream(door, intake.STREAM)
    busy, release = hold(door.lane)
    accepting = asyncio.create_task(door.accept(99))
    await asyncio.sleep(5 * intake.SOON_SECONDS)
    waiting = giving_way(door)
    await asyncio.sleep(0)
    assert not waiting.done()
    release.set()
    await asyncio.gather(accepting, busy)
    await asyncio.wait_for(waiting, 20)


async def test_other_work_goes_on_when_the_stream_has_ended(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "GIVE_WAY_SECONDS", 30)
    await stream(door)
    waiting = giving_way(door)
    await asyncio.sleep(0)
    assert not waiting.done()
    await asyncio.wait_for(waiting, 20)
