"""Several pieces of work share a transaction, and no fate."""

import asyncio
from collections.abc import AsyncIterator, Callable
from threading import Event
from typing import Any

import pytest
from sqlalchemy import Connection, event, insert, select, text

from mailtickets.desk.model.delivery import Transient
from mailtickets.store import schema
from mailtickets.store.database import Database, Stale
from mailtickets.store.lane import Lane
from mailtickets.store.transactions import Transactions, together


def count(name: str) -> Callable[[Connection], str]:
    """Writes a counter of this name; twice the same is an error."""

    def work(connection: Connection) -> str:
        connection.execute(insert(schema.counter).values(name=name, value=1))
        return name

    return work


def spoilt(error: Exception) -> Callable[[Connection], str]:
    """Writes, and then fails."""

    def work(connection: Connection) -> str:
        count(f"of {type(error).__name__}")(connection)
        raise error

    return work


def names(database: Database) -> list[str]:
    found = database.transact(lambda c: c.execute(select(schema.counter.c.name)).scalars().all())
    return sorted(found)


def commits(database: Database) -> list[object]:
    """Grows by one with every commit."""
    seen: list[object] = []
    event.listen(database.engine, "commit", seen.append)
    return seen


def test_what_one_fails_with_undoes_nothing_of_the_others(database: Database) -> None:
    outcomes = together(database, [count("a"), spoilt(Stale("x")), count("a"), spoilt(ValueError("y")), count("b")])
    assert [result for result, _ in outcomes] == ["a", None, None, None, "b"]
    assert [type(error).__name__ for _, error in outcomes] == [
        "NoneType",
        "Stale",
        "IntegrityError",
        "ValueError",
        "NoneType",
    ]
    assert names(database) == ["a", "b"]


def test_several_are_committed_once(database: Database) -> None:
    seen = commits(database)
    together(database, [count("a"), count("b"), spoilt(Stale("x")), count("c")])
    assert len(seen) == 1


def test_what_takes_the_whole_transaction_with_it_fails_alone(database: Database) -> None:
    outcomes = together(database, [count("a"), lambda c: c.execute(text("SELECT nothing FROM nowhere")), count("b")])
    assert [result for result, _ in outcomes] == ["a", None, "b"]
    assert isinstance(outcomes[1][1], Transient)
    assert names(database) == ["a", "b"]


def test_who_hurries_gets_what_has_been_done_so_far(database: Database) -> None:
    done = iter([False, True])
    outcomes = together(database, [count("a"), count("b"), count("c")], lambda: next(done))
    assert outcomes == [("a", None), ("b", None)]
    assert names(database) == ["a", "b"]


async def test_intake_does_not_wait_for_all_that_goes_together(database: Database) -> None:
    if not database.is_sqlite:
        return  # its transactions stand side by side
    lane = Lane(1)
    company, order, begun, mail_is_there = Transactions(database, lane), [], Event(), Event()

    def work(number: int) -> Callable[[Connection], None]:
        def do(_: Connection) -> None:
            order.append(f"work {number}")
            if number == 1:
                begun.set()
                mail_is_there.wait(20)

        return do

    working = [asyncio.create_task(company.share(work(number))) for number in range(5)]
    await asyncio.to_thread(begun.wait, 20)
    mail = asyncio.create_task(lane.do_first(order.append, "mail"))
    await asyncio.sleep(0)
    mail_is_there.set()
    await asyncio.gather(mail, *working)
    assert order == ["work 0", "work 1", "mail", "work 2", "work 3", "work 4"]
    lane.close()


@pytest.fixture
async def company(database: Database) -> AsyncIterator[Transactions]:
    lane = Lane(1 if database.is_sqlite else 4)
    yield Transactions(database, lane)
    lane.close()


async def test_tasks_share_transactions_and_get_their_own_results(database: Database, company: Transactions) -> None:
    seen = commits(database)
    works: list[Any] = [count(f"n{number:02}") for number in range(20)]
    found = await asyncio.gather(*map(company.share, works), company.share(spoilt(Stale("x"))), return_exceptions=True)
    assert found[:-1] == [f"n{number:02}" for number in range(20)]
    assert isinstance(found[-1], Stale)
    assert names(database) == found[:-1]
    assert len(seen) < 20 or not database.is_sqlite


async def test_who_goes_away_leaves_the_others_alone(database: Database, company: Transactions) -> None:
    tasks = [asyncio.create_task(company.share(count(name))) for name in "abc"]
    await asyncio.sleep(0)
    tasks[1].cancel()
    found = await asyncio.gather(*tasks, return_exceptions=True)
    assert [found[0], found[2]] == ["a", "c"]
    assert await company.share(count("d")) == "d"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_command_beside_a_daemon_can_leave_checkpoints_to_it(database: Database) -> None:
    pragma = text("PRAGMA wal_autocheckpoint")
    assert database.transact(lambda c: c.execute(pragma).scalar()) == 1000
    database.leave_checkpoints()
    assert database.transact(lambda c: c.execute(pragma).scalar()) == 0


def test_who_only_looks_can_write_nothing_and_stops_nobody(database: Database) -> None:
    with database.looking() as connection:
        assert connection.execute(select(schema.counter.c.name)).scalars().all() == []
        database.transact(count("by another"))
        assert connection.execute(select(schema.counter.c.name)).scalars().all() == [], "it sees one moment"
        with pytest.raises(Exception, match=r"read-?only"):
            count("by the one who looks")(connection)
    database.transact(count("afterwards"))
    assert names(database) == ["afterwards", "by another"]
