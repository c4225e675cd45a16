"""What the pages gather: once for all who ask, and never for long."""

import asyncio

import pytest

from mailtickets.desk.model.delivery import Transient
from mailtickets.edges.http import door
from mailtickets.edges.http.door import Fresh


class Well:
    """Something that costs to look at; counts how often it was."""

    def __init__(self) -> None:
        self.looks = 0
        self.ready = asyncio.Event()
        self.trouble: Exception | None = None

    async def look(self) -> int:
        self.looks += 1
        number = self.looks
        await self.ready.wait()
        if self.trouble is not None:
            raise self.trouble
        return number


@pytest.fixture
def well() -> Well:
    return Well()


async def test_all_who_ask_at_once_share_one_look(well: Well) -> None:
    fresh = Fresh(well.look)
    asking = [asyncio.create_task(fresh.get()) for _ in range(50)]
    await asyncio.sleep(0)
    well.ready.set()
    assert set(await asyncio.gather(*asking)) == {1}
    assert await fresh.get() == 1  # a moment later


async def test_after_a_moment_it_is_looked_at_again(well: Well, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "FRESH_SECONDS", 0.0)
    fresh = Fresh(well.look)
    well.ready.set()
    assert [await fresh.get(), await fresh.get()] == [1, 2]


async def test_who_goes_away_ends_the_look_of_nobody_else(well: Well) -> None:
    fresh = Fresh(well.look)
    impatient, patient = asyncio.create_task(fresh.get()), asyncio.create_task(fresh.get())
    await asyncio.sleep(0)
    impatient.cancel()
    await asyncio.sleep(0)
    well.ready.set()
    assert await patient == 1


async def test_a_look_that_takes_too_long_is_waited_for_by_the_next_who_asks(
    well: Well, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "PATIENCE_SECONDS", 0.05)
    fresh = Fresh(well.look)
    for _ in range(3):
        with pytest.raises(Transient, match="no answer in"):
            await fresh.get()
    assert well.looks == 1  # no second thread while the first one hangs
    well.ready.set()
    assert await fresh.get() == 1


async def test_trouble_is_told_and_passes(well: Well, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "FRESH_SECONDS", 0.0)
    fresh = Fresh(well.look)
    well.ready.set()
    well.trouble = Transient("the database is away")
    with pytest.raises(Transient, match="the database is away"):
        await fresh.get()
    well.trouble = None
    assert await fresh.get() == 2
