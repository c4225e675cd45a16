"""The HTTP server under clients that are slow, large, many or rude: they harm nobody but themselves."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from mailtickets.edges.http.server import HEADERS, MAX_HEAD_BYTES, Connection, HttpServer
from mailtickets.edges.smtp_server.listener import bind

LARGE = 20_000_000
"""Octets that no socket buffer holds."""


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Says `ok`; `/large` is large; what is sent to it is not read."""
    if scope["path"] == "/broken":
        raise ZeroDivisionError
    body = b"x" * LARGE if scope["path"] == "/large" else b"ok"
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class Impatient(Connection):
    request_seconds = 0.3


class Few(Connection):
    most = 3


Client = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Connect = Callable[[], Awaitable[Client]]


@asynccontextmanager
async def serving(connection: type[Connection] = Connection) -> AsyncIterator[Connect]:
    server = HttpServer(app, connection)
    await server.start([bind("127.0.0.1:0")])
    port = int(server.addresses[0].rpartition(":")[2])
    writers = []

    async def connect() -> Client:
        client = await asyncio.open_connection("127.0.0.1", port)
        writers.append(client[1])
        return client

    try:
        yield connect
    finally:
        for writer in writers:
            writer.close()
        await server.close()


async def ask(client: Client, path: str = "/") -> bytes:
    reader, writer = client
    writer.write(f"GET {path} HTTP/1.1\r\nHost: desk.test\r\n\r\n".encode())
    head = await reader.readuntil(b"\r\n\r\n")
    return head + await reader.readexactly(2)


async def is_cut_off(client: Client) -> bool:
    """Waits until the server has ended the connection."""
    try:
        return await asyncio.wait_for(client[0].read(), 30) == b""
    except ConnectionError:
        return True


async def test_an_answer_says_nothing_of_the_server_and_is_not_kept() -> None:
    async with serving() as connect:
        head = (await ask(await connect())).decode().lower()
    assert head.startswith("http/1.1 200 ok\r\ndate: ")
    assert "\r\nserver:" not in head
    for name, value in HEADERS:
        assert f"\r\n{name}: {value.lower()}\r\n" in head


async def test_a_connection_may_ask_again() -> None:
    async with serving() as connect:
        client = await connect()
        assert (await ask(client)).endswith(b"ok")
        assert (await ask(client)).endswith(b"ok")


async def test_requests_in_one_breath_are_all_answered() -> None:
    async with serving(Impatient) as connect:
        reader, writer = await connect()
        writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" * 3)
        for _ in range(3):
            await reader.readuntil(b"\r\n\r\n")
            assert await reader.readexactly(2) == b"ok"


async def test_a_client_that_says_nothing_is_cut_off() -> None:
    async with serving(Impatient) as connect:
        assert await is_cut_off(await connect())


async def test_a_client_that_says_a_little_now_and_then_is_cut_off() -> None:
    async with serving(Impatient) as connect:
        reader, writer = await connect()
        writer.write(b"GET / HTTP/1.1\r\n")
        cut_off = asyncio.create_task(is_cut_off((reader, writer)))
        while not cut_off.done():
            writer.write(b"x: y\r\n")
            await asyncio.sleep(0.05)
        assert cut_off.result()


async def test_a_client_that_does_not_read_its_answer_is_cut_off() -> None:
    async with serving(Impatient) as connect:
        reader, writer = await connect()
        reader._limit = 1000  # type: ignore[attr-defined]
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        writer.write(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
        await asyncio.sleep(1)
        writer.transport.resume_reading()  # type: ignore[attr-defined]
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await asyncio.wait_for(reader.readexactly(LARGE), 30)


async def test_who_is_cut_off_holds_up_nobody_else() -> None:
    async with serving() as connect:
        stalled = [await connect() for _ in range(20)]
        for _, writer in stalled:
            writer.write(b"GET /metrics HTTP/1.1\r\nHo")
        assert (await ask(await connect())).endswith(b"ok")


@pytest.mark.parametrize(
    "request_",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 500,
        b"EHLO mail.example\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
    ],
    ids=["TLS", "SMTP", "no host", "no length"],
)
async def test_what_is_no_request_is_refused_and_the_connection_ended(request_: bytes) -> None:
    async with serving() as connect:
        client = await connect()
        client[1].write(request_)
        answer = await asyncio.wait_for(client[0].read(), 30)
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert (await ask(await connect())).endswith(b"ok")


@pytest.mark.parametrize("where", ["head", "path"])
@pytest.mark.parametrize("pieces", [1, 9])
async def test_a_head_that_is_too_large_is_refused(where: str, pieces: int) -> None:
    large = b"x" * (2 * MAX_HEAD_BYTES)
    request = b"GET /%b HTTP/1.1\r\nHost: a\r\nX: %b\r\n\r\n"
    request %= (b"", large) if where == "head" else (large, b"")
    async with serving() as connect:
        reader, writer = await connect()
        status = asyncio.create_task(reader.readline())
        for at in range(0, len(request), size := len(request) // pieces + 1):
            if not status.done():
                writer.write(request[at : at + size])
            await asyncio.sleep(0.05)
        assert (await asyncio.wait_for(status, 30)).split()[1] in {b"400", b"431"}
        assert (await ask(await connect())).endswith(b"ok")


async def test_a_body_that_nobody_wants_is_not_kept() -> None:
    async with serving() as connect:
        reader, writer = await connect()
        writer.write(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n" + b"x" * 100_000)
        assert await reader.readuntil(b"\r\n\r\n")


async def test_one_client_too_many_is_turned_away_and_another_may_come_when_one_has_gone() -> None:
    async with serving(Few) as connect:
        clients = [await connect() for _ in range(3)]
        assert (await ask(clients[2])).endswith(b"ok")
        assert await is_cut_off(await connect())
        clients[0][1].close()
        await clients[0][1].wait_closed()
        for _ in range(100):
            again = await connect()
            try:
                assert (await ask(again)).endswith(b"ok")
                break
            except (ConnectionError, asyncio.IncompleteReadError):
                await asyncio.sleep(0.05)
        else:
            pytest.fail("nobody is let in any more")


async def test_a_fault_of_ours_is_answered_and_goes_no_further(caplog: pytest.LogCaptureFixture) -> None:
    async with serving() as connect:
        client = await connect()
        client[1].write(b"GET /broken HTTP/1.1\r\nHost: a\r\n\r\n")
        assert (await client[0].readuntil(b"\r\n")).startswith(b"HTTP/1.1 500 ")
        assert (await ask(await connect())).endswith(b"ok")
    assert "ZeroDivisionError" in caplog.text


async def test_the_server_ends_although_clients_stall(tmp_path: Path) -> None:
    server = HttpServer(app)
    path = tmp_path / "http.sock"
    await server.start([bind(f"unix:{path}")])
    _, silent = await asyncio.open_unix_connection(str(path))
    _, half = await asyncio.open_unix_connection(str(path))
    half.write(b"GET / HT")
    reader, lazy = await asyncio.open_unix_connection(str(path), limit=1000)
    lazy.write(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
    await reader.readuntil(b"\r\n\r\n")
    await asyncio.wait_for(server.close(), 60)
    assert not path.exists()
    for writer in (silent, half, lazy):
        writer.close()


async def test_it_takes_no_signal_of_the_process() -> None:
    import signal

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    async with serving() as connect:
        await ask(await connect())
        assert {number: signal.getsignal(number) for number in before} == before
