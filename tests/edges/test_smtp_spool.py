"""Messages on their way in have one bound together, and what is large among them lies in files that have no name."""

import asyncio
import stat
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from mailtickets.desk.model.delivery import NoSpace
from mailtickets.edges.doors import smtp
from mailtickets.edges.doors.smtp import Listener, Settings, TimeLimits, bind
from mailtickets.edges.smtp_server import spool as smtp_spool
from mailtickets.edges.smtp_server.spool import IN_MEMORY_BYTES, LARGE_AT_ONCE, Spool
from tests.edges.intake import Client, Desk, connected

Serve = Callable[..., Awaitable[Listener]]

LINE = b"x" * 98 + b"\r\n"
LARGE = LINE * (IN_MEMORY_BYTES // 100 + 10)


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool")


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
async def serve(desk: Desk, spool: Spool) -> AsyncIterator[Serve]:
    listeners: list[Listener] = []

    async def start(max_message_bytes: int = 26_214_400, limits: TimeLimits | None = None) -> Listener:
        settings = Settings(
            "mail.desk.test", max_message_bytes=max_message_bytes, spool=spool, limits=limits or TimeLimits()
        )
        listeners.append(await smtp.serve([bind("127.0.0.1:0")], settings, desk.accept, desk.knows))
        return listeners[-1]

    yield start
    desk.gate.set()
    for listener in listeners:
        await listener.close(1)
    assert (spool.held_bytes, spool.memory_bytes) == (0, 0), "room was not given back"


async def until(condition: Callable[[], object]) -> None:
    """What the server does with bytes has no event of its own."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def test_the_directory_is_private_and_emptied_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "spool").mkdir(mode=0o755)
    (tmp_path / "spool" / "left-over").write_bytes(b"x")
    Spool(tmp_path / "spool")
    assert stat.S_IMODE((tmp_path / "spool").stat().st_mode) == 0o700
    assert list((tmp_path / "spool").iterdir()) == []


def test_a_large_message_moves_to_a_file_without_a_name_and_comes_back_whole(spool: Spool) -> None:
    held = spool.hold()
    held.write(b"a" * IN_MEMORY_BYTES)
    assert held.in_memory
    held.write(b"b")
    assert not held.in_memory
    assert (spool.held_bytes, spool.memory_bytes) == (IN_MEMORY_BYTES + 1, 0)
    assert spool.directory is not None
    assert list(spool.directory.iterdir()) == []
    assert held.read() == b"a" * IN_MEMORY_BYTES + b"b"
    held.close()
    held.close()
    assert spool.held_bytes == 0


def test_small_messages_go_to_files_too_when_there_are_many(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp_spool, "MEMORY_BYTES", 1000)
    all_held = [spool.hold() for _ in range(5)]
    for held in all_held:
        held.write(b"x" * 400)
    assert [held.in_memory for held in all_held] == [True, True, False, False, False]
    assert spool.memory_bytes == 800
    for held in all_held:
        held.close()
    assert (spool.held_bytes, spool.memory_bytes) == (0, 0)


def test_what_exceeds_the_bound_is_refused_until_there_is_room_again(spool: Spool) -> None:
    spool.limit_bytes = 1000
    first, second = spool.hold(), spool.hold()
    first.write(b"x" * 800)
    with pytest.raises(NoSpace):
        second.write(b"x" * 300)
    first.close()
    second.write(b"x" * 300)
    second.close()


async def test_a_large_message_arrives_as_it_was_sent(serve: Serve, desk: Desk) -> None:
    async with connected(await serve()) as client:
        await client.greet()
        assert await client.mail(LARGE) == "250 2.0.0 Ok: accepted"
    assert desk.contents == [LARGE]


async def test_what_all_send_together_is_bounded_and_the_rest_is_told_452(
    serve: Serve, desk: Desk, spool: Spool
) -> None:
    listener = await serve()
    spool.limit_bytes = 600_000
    desk.gate.clear()
    async with connected(listener) as first, connected(listener) as second:
        await first.greet()
        await second.greet()
        await first.begin()
        await first.send(LARGE)
        await until(lambda: spool.held_bytes >= len(LARGE))
        await second.begin()
        await second.send(LARGE + LARGE + b".\r\n")
        assert await second.reply() == "452 4.3.1 Insufficient system storage, please try again later"
        await first.send(b".\r\n")
        await asyncio.wait_for(desk.asked.wait(), 20)
        assert await second.say("RSET") == "250 2.0.0 Ok"
        desk.gate.set()
        assert (await first.reply()).startswith("250 ")
        assert (await second.mail(LARGE)).startswith("250 ")


async def test_who_says_the_size_beforehand_is_told_beforehand(serve: Serve, spool: Spool) -> None:
    async with connected(await serve()) as client:
        spool.limit_bytes = 5000
        await client.greet()
        assert (await client.say("MAIL FROM:<a@b.test> SIZE=6000")).startswith("452 4.3.1 ")
        assert (await client.say("MAIL FROM:<a@b.test> SIZE=4000")).startswith("250 ")
        assert (await client.say("RCPT TO:<suporte@desk.test>")).startswith("250 ")
        spool.limit_bytes = 0
        assert (await client.say("DATA")).startswith("452 4.3.1 ")
        spool.limit_bytes = 5000
        assert (await client.say("DATA")).startswith("354 ")
        await client.send(b"Subject: x\r\n\r\n.\r\n")
        assert (await client.reply()).startswith("250 ")


async def test_a_full_disk_is_told_as_such_and_the_session_goes_on(
    serve: Serve, desk: Desk, spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(**_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(smtp_spool.tempfile, "TemporaryFile", full)
    async with connected(await serve()) as client:
        await client.greet()
        assert (await client.mail(LARGE)).startswith("452 4.3.1 ")
        assert (await client.mail(LINE)).startswith("250 ")
    assert desk.contents == [LINE]


@pytest.mark.parametrize("size", [1000, len(LARGE)])
async def test_a_client_that_goes_away_in_the_middle_gives_its_room_back(serve: Serve, spool: Spool, size: int) -> None:
    async with connected(await serve()) as client:
        await client.greet()
        await client.begin()
        await client.send(LARGE[:size])
        await until(lambda: spool.held_bytes >= size - 10)
        client.reset()
        await until(lambda: not spool.held_bytes)


async def test_a_message_that_grows_too_large_gives_its_room_back_at_once(serve: Serve, spool: Spool) -> None:
    async with connected(await serve(max_message_bytes=400_000)) as client:
        await client.greet()
        await client.begin()
        await client.send(LARGE)
        await until(lambda: spool.held_bytes >= len(LARGE))
        await client.send(LARGE)
        await until(lambda: not spool.held_bytes)
        await client.send(b".\r\n")
        assert (await client.reply()).startswith("552 ")


async def test_a_message_that_stops_coming_gives_its_room_back(serve: Serve, spool: Spool) -> None:
    async with connected(await serve(limits=TimeLimits(chunk_seconds=0.3))) as client:
        await client.greet()
        await client.begin()
        await client.send(LARGE)
        assert (await client.rest()).startswith(b"421 ")
    assert spool.held_bytes == 0


async def test_large_messages_are_brought_back_into_memory_a_few_at_a_time(
    serve: Serve, desk: Desk, spool: Spool
) -> None:
    listener = await serve()
    at_once = most = 0

    async def accept(raw: bytes, envelope: object) -> int:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await asyncio.sleep(0.01)
        at_once -= 1
        return 1

    listener._accept = accept

    async def deliver(client: Client) -> str:
        await client.greet()
        return await client.mail(LARGE)

    async with connected(listener) as a, connected(listener) as b, connected(listener) as c, connected(listener) as d:
        replies = await asyncio.gather(*(deliver(client) for client in (a, b, c, d)))
    assert {reply[:4] for reply in replies} == {"250 "}
    assert most == LARGE_AT_ONCE
