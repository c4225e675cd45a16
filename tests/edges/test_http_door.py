"""What the pages gather: once for all who ask, and never for long."""

import asyncio
from typing import cast

import pytest

from mailtickets.desk.model.delivery import Transient
from mailtickets.edges.http import door
from mailtickets.edges.http.door import Fresh, HttpDoor, Running


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


async def test_what_is_kept_for_long_is_asked_for_again_at_once_when_it_failed(
    well: Well, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "FRESH_SECONDS", 0.0)
    fresh = Fresh(well.look, fresh_seconds=1000)
    well.ready.set()
    well.trouble = Transient("the database is away")
    with pytest.raises(Transient):
        await fresh.get()
    well.trouble = None
    assert [await fresh.get(), await fresh.get(), await fresh.get()] == [2, 2, 2]


# --- the charts of the page -----------------------------------------------------------------------------


class Watched(HttpDoor):
    """A door whose charts and page are looked at."""

    def __init__(self) -> None:
        super().__init__(cast("Running", None))
        self.drawn = 0
        self.trouble: Exception | None = None

    def _draw_charts(self) -> str:
        self.drawn += 1
        if self.trouble is not None:
            raise self.trouble
        return f"<charts {self.drawn}>"

    def _page(self, charts: str) -> str:
        return f"page {charts}"


async def test_charts_are_drawn_once_for_many_reloads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "FRESH_SECONDS", 0.0)
    watched = Watched()
    assert {await watched._page_with_charts() for _ in range(5)} == {"page <charts 1>"}
    assert watched.drawn == 1


@pytest.mark.parametrize("trouble", [Transient("the database is away"), ZeroDivisionError()])
async def test_without_charts_there_is_a_page_and_later_one_with_them(
    trouble: Exception, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(door, "FRESH_SECONDS", 0.0)
    watched = Watched()
    watched.trouble = trouble
    assert await watched._page_with_charts() == "page "
    faults = ["charts of the status page not drawn"] if isinstance(trouble, ZeroDivisionError) else []
    assert [record.message for record in caplog.records] == faults
    watched.trouble = None
    assert await watched._page_with_charts() == "page <charts 2>"


async def test_charts_that_cannot_be_drawn_again_stay_as_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "FRESH_SECONDS", 0.0)
    monkeypatch.setattr(door, "CHARTS_FRESH_SECONDS", 0.0)
    watched = Watched()
    assert await watched._page_with_charts() == "page <charts 1>"
    watched.trouble = Transient("the database is away")
    assert await watched._page_with_charts() == "page <charts 1>"
