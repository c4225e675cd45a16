"""The LMTP door: what differs from SMTP, and its unix socket."""

import asyncio
import os
import socket
import stat
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import pytest

from mailtickets.desk.model.delivery import NoSpace
from mailtickets.edges.doors import lmtp
from mailtickets.edges.doors.lmtp import Listener, Settings, bind
from tests.edges.intake import MESSAGE, Desk, connected

Serve = Callable[..., Awaitable[Listener]]
HELLO = "LHLO mx.desk.test"


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "intake.sock"


@pytest.fixture
async def serve(desk: Desk, path: Path) -> AsyncIterator[Serve]:
    listeners: list[Listener] = []

    async def start(*listen: str, max_connections_per_ip: int = 20) -> Listener:
        settings = Settings(hostname="mail.desk.test", max_connections_per_ip=max_connections_per_ip)
        sockets = [bind(entry) for entry in listen or (f"unix:{path}",)]
        listeners.append(await lmtp.serve(sockets, settings, desk.accept, desk.knows))
        return listeners[-1]

    yield start
    desk.gate.set()
    for listener in listeners:
        await listener.close(1)


async def test_every_accepted_recipient_has_its_reply_and_the_message_is_one(serve: Serve, desk: Desk) -> None:
    async with connected(await serve()) as client:
        assert "250-PIPELINING" in await client.greet(HELLO)
        await client.say("MAIL FROM:<ana@cliente.test>")
        await client.say("RCPT TO:<suporte@desk.test>")
        assert (await client.say("RCPT TO:<nobody@desk.test>")).startswith("550 5.1.1 ")
        await client.say("RCPT TO:<vendas@desk.test>")
        await client.say("RCPT TO:<suporte@desk.test>")
        await client.say("DATA")
        await client.send(MESSAGE + b".\r\nNOOP\r\n")
        assert [await client.reply() for _ in range(3)] == ["250 2.0.0 Ok: accepted"] * 3
        assert await client.reply() == "250 2.0.0 Ok"
    (raw, envelope) = desk.messages[0]
    assert desk.contents == [MESSAGE]
    assert envelope.recipients == ("suporte@desk.test", "vendas@desk.test")
    assert (envelope.door.name, envelope.peer, envelope.trusted) == ("lmtp", "", True)
    assert b"Received: from mx.desk.test (local socket)\r\n\tby mail.desk.test (mailtickets) with LMTP id " in raw


async def test_trouble_is_told_to_every_recipient(serve: Serve, desk: Desk) -> None:
    desk.trouble = NoSpace("full")
    async with connected(await serve()) as client:
        await client.greet(HELLO)
        await client.begin("suporte@desk.test", "vendas@desk.test")
        await client.send(MESSAGE + b".\r\n")
        assert [(await client.reply())[:9] for _ in range(2)] == ["452 4.3.1"] * 2


async def test_smtp_is_not_spoken_here(serve: Serve) -> None:
    async with connected(await serve()) as client:
        assert (await client.reply()).startswith("220 mail.desk.test LMTP ")
        for command in ("HELO a", "EHLO a"):
            assert (await client.say(command)).startswith("500 5.5.2 ")
        assert (await client.say("MAIL FROM:<ana@cliente.test>")).startswith("503 5.5.1 ")


async def test_no_recipient_means_no_message(serve: Serve) -> None:
    async with connected(await serve()) as client:
        await client.greet(HELLO)
        await client.say("MAIL FROM:<ana@cliente.test>")
        await client.say("RCPT TO:<nobody@desk.test>")
        assert (await client.say("DATA")).startswith("503 5.5.1 ")  # RFC 2033, 4.2


async def test_the_replies_wait_for_the_commit_and_a_hang_up_does_not_undo_it(serve: Serve, desk: Desk) -> None:
    desk.gate.clear()
    async with connected(await serve()) as client:
        await client.greet(HELLO)
        await client.begin()
        await client.send(MESSAGE + b".\r\n")
        await desk.asked.wait()
        client.reset()
    desk.gate.set()
    await asyncio.wait_for(desk.committed.wait(), 10)
    assert desk.contents == [MESSAGE]


async def test_tcp_and_unix_are_served_together_and_only_tcp_is_limited_by_address(serve: Serve, path: Path) -> None:
    listener = await serve("127.0.0.1:0", f"unix:{path}", max_connections_per_ip=1)
    assert listener.addresses[1] == f"unix:{path}"
    async with connected(listener, 0) as first, connected(listener, 1) as second, connected(listener, 1) as third:
        for client in (first, second, third):
            await client.greet(HELLO)
        async with connected(listener, 0) as refused:
            assert (await refused.rest()).startswith(b"421 4.7.0 ")


async def test_the_socket_is_for_owner_and_group_whatever_the_umask(serve: Serve, path: Path) -> None:
    before = os.umask(0o077)
    try:
        await serve()
    finally:
        os.umask(before)
    assert stat.S_IMODE(os.lstat(path).st_mode) == 0o660


async def test_the_socket_is_gone_after_closing(serve: Serve) -> None:
    listener = await serve()
    await listener.close(1)
    with pytest.raises(FileNotFoundError):
        async with connected(listener):
            pass


async def test_a_socket_left_behind_is_replaced(serve: Serve, path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    async with connected(await serve()) as client:
        await client.greet(HELLO)


async def test_a_socket_that_somebody_answers_at_is_left_alone(serve: Serve, path: Path) -> None:
    first = await serve()
    with pytest.raises(OSError, match="in use"):
        await serve()
    async with connected(first) as client:
        await client.greet(HELLO)


def test_a_file_at_the_place_of_the_socket_is_left_alone(path: Path) -> None:
    path.write_text("precious")
    with pytest.raises(OSError, match="no socket"):
        bind(f"unix:{path}")
    assert path.read_text() == "precious"


def test_a_path_too_long_for_a_socket_is_named(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="too long: unix:/"):
        bind(f"unix:{tmp_path / ('x' * 120)}")


@pytest.mark.parametrize(
    ("peer", "relays", "believed"),
    [
        ("", (), True),
        ("127.0.0.1", (), True),
        ("::1", (), True),
        ("192.0.2.7", ("192.0.2.0/24",), True),
        ("192.0.2.7", (), False),
        ("2001:db8::7", ("192.0.2.0/24",), False),
    ],
)
async def test_strangers_who_reach_an_address_that_is_listened_on_are_believed_in_nothing(
    serve: Serve, peer: str, relays: tuple[str, ...], believed: bool
) -> None:
    listener = await serve()
    listener.settings = replace(listener.settings, trusted_networks=tuple(ip_network(relay) for relay in relays))
    session = listener.open(peer)
    assert (session.trusted, session.relay) == (believed, believed)
    listener._ended(session)
