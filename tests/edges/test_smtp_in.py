"""The SMTP door, spoken to over real sockets."""

import asyncio
import logging
import re
import socket
import ssl
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from email.utils import parsedate_to_datetime
from ipaddress import ip_network

import pytest
import trustme

from mailtickets.desk.model.delivery import NoSpace, Transient
from mailtickets.edges.doors import smtp
from mailtickets.edges.doors.smtp import Listener, Settings, TimeLimits, bind
from tests.edges.intake import MESSAGE, Client, Desk, connected, has_ipv6

Serve = Callable[..., Awaitable[Listener]]

SMUGGLED = b"MAIL FROM:<chefe@desk.test>\r\nRCPT TO:<vendas@desk.test>\r\nDATA\r\nSubject: forged\r\n\r\nforged"


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
async def serve(desk: Desk) -> AsyncIterator[Serve]:
    listeners: list[Listener] = []

    async def start(*listen: str, **settings: object) -> Listener:
        sockets = [bind(entry) for entry in listen or ("127.0.0.1:0",)]
        told = replace(Settings(hostname="mail.desk.test"), **settings)  # type: ignore[arg-type]
        listeners.append(await smtp.serve(sockets, told, desk.accept, desk.knows))
        return listeners[-1]

    yield start
    desk.gate.set()
    for listener in listeners:
        await listener.close(1)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def certificate(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("mail.desk.test").configure_cert(context)
    return context


@pytest.fixture
def client_context(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


# --- the message and its 250 ------------------------------------------------------------------------------


async def test_a_message_is_handed_over_as_it_came_with_one_trace_header(serve: Serve, desk: Desk) -> None:
    async with connected(await serve()) as client:
        await client.greet()
        assert await client.mail() == "250 2.0.0 Ok: accepted"
    raw, envelope = desk.messages[0]
    assert desk.contents == [MESSAGE]
    trace = raw.removesuffix(MESSAGE).decode()
    words = " ".join(trace.split())
    assert re.fullmatch(
        r"Received: from ana\.cliente\.test \(\[127\.0\.0\.1\]\) by mail\.desk\.test \(mailtickets\) "
        r"with ESMTP id \w+\.1 for <suporte@desk\.test>; .+ \+0000",
        words,
    )
    assert parsedate_to_datetime(words.rpartition("; ")[2]) is not None
    assert (envelope.door.name, envelope.sender, envelope.recipients) == (
        "smtp",
        "ana@cliente.test",
        ("suporte@desk.test",),
    )
    assert (envelope.peer, envelope.helo, envelope.trusted) == ("127.0.0.1", "ana.cliente.test", False)
    assert envelope.received_at.utcoffset() is not None


async def test_250_is_said_only_after_the_commit(serve: Serve, desk: Desk) -> None:
    desk.gate.clear()
    async with connected(await serve()) as client:
        await client.greet()
        await client.begin()
        await client.send(MESSAGE + b".\r\n")
        await desk.asked.wait()
        early = asyncio.ensure_future(client.reply())
        await asyncio.sleep(0.05)
        assert not early.done()
        assert desk.messages == []
        desk.gate.set()
        assert await early == "250 2.0.0 Ok: accepted"
        assert len(desk.messages) == 1


@pytest.mark.parametrize("leave", ["close", "reset"])
async def test_a_client_that_hangs_up_after_the_dot_loses_nothing(serve: Serve, desk: Desk, leave: str) -> None:
    desk.gate.clear()
    listener = await serve()
    async with connected(listener) as client:
        await client.greet()
        await client.begin()
        await client.send(MESSAGE + b".\r\n")
        await desk.asked.wait()
        if leave == "reset":
            client.reset()
    await asyncio.sleep(0.05)
    desk.gate.set()
    await asyncio.wait_for(desk.committed.wait(), 10)
    assert desk.contents == [MESSAGE]


async def test_a_half_closed_client_still_gets_its_250_and_its_pipelined_replies(serve: Serve, desk: Desk) -> None:
    desk.gate.clear()
    async with connected(await serve()) as client:
        await client.greet()
        await client.begin()
        await client.send(MESSAGE + b".\r\nNOOP\r\n")
        client.writer.write_eof()
        await desk.asked.wait()
        desk.gate.set()
        assert await client.rest() == b"250 2.0.0 Ok: accepted\r\n250 2.0.0 Ok\r\n"
    assert desk.contents == [MESSAGE]


async def test_a_message_cut_off_before_its_dot_is_no_message(serve: Serve, desk: Desk) -> None:
    listener = await serve()
    async with connected(listener) as client:
        await client.greet()
        await client.begin()
        await client.send(MESSAGE + b".\r")
        client.writer.write_eof()
        assert await client.rest() == b""
    async with connected(listener) as client:
        await client.greet()
        assert await client.mail() == "250 2.0.0 Ok: accepted"
    assert len(desk.messages) == 1


@pytest.mark.parametrize(
    ("trouble", "reply"),
    [
        (Transient("the database at db.desk.test is down"), "451 4.3.0 "),
        (NoSpace("11 MB left"), "452 4.3.1 "),
        (RuntimeError("postgresql://desk:hunter2@db.desk.test"), "451 4.3.0 "),
    ],
)
async def test_trouble_of_ours_is_temporary_and_told_in_generic_words(
    serve: Serve, desk: Desk, trouble: Exception, reply: str
) -> None:
    desk.trouble = trouble
    async with connected(await serve()) as client:
        await client.greet()
        said = await client.mail()
        assert said.startswith(reply)
        assert str(trouble) not in said
        desk.trouble = None
        assert await client.mail() == "250 2.0.0 Ok: accepted"


async def test_a_commit_that_takes_too_long_is_deferred_but_goes_on(serve: Serve, desk: Desk) -> None:
    desk.gate.clear()
    async with connected(await serve(limits=TimeLimits(commit_seconds=0.05))) as client:
        await client.greet()
        assert (await client.mail()).startswith("451 4.3.0 ")
        desk.gate.set()
        await asyncio.wait_for(desk.committed.wait(), 10)


async def test_pipelined_commands_are_all_answered_in_order(serve: Serve, desk: Desk) -> None:
    async with connected(await serve()) as client:
        await client.greet()
        one = b"MAIL FROM:<ana@cliente.test>\r\nRCPT TO:<suporte@desk.test>\r\nDATA\r\n" + MESSAGE + b".\r\n"
        await client.send(one + one + b"QUIT\r\n")
        codes = [line[:3] for line in (await client.rest()).split(b"\r\n")[:-1]]
    assert codes == [b"250", b"250", b"354", b"250"] * 2 + [b"221"]
    assert desk.contents == [MESSAGE, MESSAGE]


@pytest.mark.parametrize(
    "terminator",
    [b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r.\r\n", b"\r\n.\r", b"\n.\r", b"\r\n\x00.\r\n"],
)
async def test_only_crlf_dot_crlf_ends_a_message(serve: Serve, desk: Desk, terminator: bytes) -> None:
    async with connected(await serve()) as client:
        await client.greet()
        await client.begin()
        await client.send(b"Subject: one\r\n\r\nhello" + terminator + SMUGGLED + b"\r\n.\r\nQUIT\r\n")
        replies = await client.rest()
    assert replies == b"250 2.0.0 Ok: accepted\r\n221 2.0.0 Bye\r\n"
    assert len(desk.messages) == 1
    content = desk.contents[0]
    assert b"forged" in content
    assert b"\r\n.\r\n" not in content
    assert b"\n" not in content.replace(b"\r\n", b"")


async def test_several_recipients_are_one_message_and_not_named_in_its_trace(serve: Serve, desk: Desk) -> None:
    async with connected(await serve()) as client:
        await client.greet()
        await client.mail(MESSAGE, "suporte@desk.test", "vendas@desk.test", "suporte@desk.test")
    raw, envelope = desk.messages[0]
    assert envelope.recipients == ("suporte@desk.test", "vendas@desk.test")
    assert b"desk.test>" not in raw.removesuffix(MESSAGE)


async def test_a_null_sender_is_an_empty_sender(serve: Serve, desk: Desk) -> None:
    async with connected(await serve()) as client:
        await client.greet("HELO ana")
        await client.begin(sender="")
        await client.send(MESSAGE + b".\r\n")
        assert (await client.reply()).startswith("250 ")
    raw, envelope = desk.messages[0]
    assert envelope.sender == ""
    assert b" with SMTP id " in raw


async def test_addresses_and_headers_in_utf8_are_taken(serve: Serve, desk: Desk) -> None:
    desk.queues.add("atenção@desk.test")
    async with connected(await serve()) as client:
        assert "250-SMTPUTF8" in await client.greet()
        assert (await client.say("MAIL FROM:<joão@cliente.test> SMTPUTF8 BODY=8BITMIME")).startswith("250 ")
        assert (await client.say("RCPT TO:<atenção@desk.test>")).startswith("250 ")
        assert (await client.say("DATA")).startswith("354 ")
        await client.send(MESSAGE + b".\r\n")
        assert (await client.reply()).startswith("250 ")
    raw, envelope = desk.messages[0]
    assert (envelope.sender, envelope.recipients) == ("joão@cliente.test", ("atenção@desk.test",))
    assert "with UTF8SMTP id" in raw.decode()


async def test_trusted_relays_are_marked_so(serve: Serve, desk: Desk) -> None:
    async with connected(await serve(trusted_networks=(ip_network("127.0.0.0/8"),))) as client:
        await client.greet()
        await client.mail()
    assert desk.messages[0][1].trusted


# --- commands ---------------------------------------------------------------------------------------------


async def test_every_reply_carries_an_enhanced_status(serve: Serve) -> None:
    async with connected(await serve()) as client:
        assert "ENHANCEDSTATUSCODES" in await client.greet()
        commands = [
            "NOOP",
            "HELP",
            "HELP MAIL",
            "VRFY suporte@desk.test",
            "EXPN todos",
            "RSET",
            "MAIL",
            "RCPT TO:<a@b>",
        ]
        commands += [
            "MAIL FROM:<a@b.test>",
            "MAIL FROM:<a@b.test>",
            "DATA",
            "FOO",
            "AUTH PLAIN AGEAYg==",
            "STARTTLS",
            "",
        ]
        commands += ["TURN " + "x" * 3000, "QUIT"]
        for command in commands:
            assert re.match(r"([245])\d\d \1\.\d\.\d", await client.say(command)), command


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("MAIL FROM:<ana@cliente.test> SIZE=100 BODY=7BIT RET=HDRS ENVID=QQ314159", "250 2.1.0"),
        ("mail from: <ana@cliente.test> size=100", "250 2.1.0"),
        ("MAIL FROM:ana@cliente.test", "250 2.1.0"),
        ('MAIL FROM:<"ana \\" maria"@cliente.test>', "250 2.1.0"),
        ("MAIL FROM:<@relay.test,@mx.test:ana@cliente.test>", "250 2.1.0"),
        ("MAIL FROM:<ana@[192.0.2.1]>", "250 2.1.0"),
        ("MAIL FROM:<ana@cliente.test> SIZE=1000001", "552 5.3.4"),
        ("MAIL FROM:<ana@cliente.test> SIZE=", "501 5.5.4"),
        ("MAIL FROM:<ana@cliente.test> SIZE=x", "501 5.5.4"),
        ("MAIL FROM:<ana@cliente.test> SIZE=1 SIZE=2", "501 5.5.4"),
        ("MAIL FROM:<ana@cliente.test> BODY=BINARYMIME", "501 5.5.4"),
        ("MAIL FROM:<ana@cliente.test> FOO=BAR", "555 5.5.4"),
        ("MAIL FROM:<ana@cliente.test", "501 5.1.7"),
        ("MAIL FROM:<ana@cliente.test>>", "501 5.1.7"),
        ("MAIL FROM:<a b@cliente.test>", "501 5.1.7"),
        ("MAIL FROM:<ana@cliente.test>RET=HDRS", "501 5.1.7"),
        ("MAIL TO:<ana@cliente.test>", "501 5.5.4"),
    ],
)
async def test_senders_are_read_as_rfc_5321_writes_them(serve: Serve, command: str, code: str) -> None:
    async with connected(await serve(max_message_bytes=1_000_000)) as client:
        await client.greet()
        assert (await client.say(command)).startswith(code)


async def test_bytes_that_are_no_utf8_are_no_address(serve: Serve) -> None:
    async with connected(await serve()) as client:
        await client.greet()
        await client.send(b"MAIL FROM:<jo\xe3o@cliente.test>\r\n")
        assert (await client.reply()).startswith("501 5.1.7")


async def test_unknown_recipients_are_refused_one_by_one_and_knowledge_may_change(serve: Serve, desk: Desk) -> None:
    async with connected(await serve()) as client:
        await client.greet()
        await client.say("MAIL FROM:<ana@cliente.test>")
        assert (await client.say("RCPT TO:<nobody@desk.test>")).startswith("550 5.1.1 ")
        assert (await client.say("DATA")).startswith("503 5.5.1 ")
        desk.queues.add("nobody@desk.test")
        assert (await client.say("RCPT TO:<nobody@desk.test> NOTIFY=NEVER ORCPT=rfc822;a+40b")).startswith("250 2.1.5 ")


async def test_commands_out_of_order_are_refused(serve: Serve) -> None:
    async with connected(await serve()) as client:
        assert (await client.reply()).startswith("220 mail.desk.test ESMTP")
        assert (await client.say("MAIL FROM:<ana@cliente.test>")).startswith("503 5.5.1 ")
        assert (await client.say("EHLO")).startswith("501 5.5.4 ")
        assert (await client.say("EHLO a\x1b[31mb")).startswith("250-mail.desk.test")
        assert (await client.say("RCPT TO:<suporte@desk.test>")).startswith("503 5.5.1 ")
        assert (await client.say("LHLO a")).startswith("500 5.5.2 ")


async def test_more_than_a_hundred_recipients_wait_for_the_next_message(serve: Serve, desk: Desk) -> None:
    async with connected(await serve()) as client:
        await client.greet()
        await client.say("MAIL FROM:<ana@cliente.test>")
        for _ in range(100):
            assert (await client.say("RCPT TO:<suporte@desk.test>")).startswith("250 ")
        assert (await client.say("RCPT TO:<suporte@desk.test>")).startswith("452 4.5.3 ")
        assert (await client.say("DATA")).startswith("354 ")


async def test_a_client_that_guesses_addresses_is_sent_away(serve: Serve) -> None:
    async with connected(await serve()) as client:
        await client.greet()
        await client.say("MAIL FROM:<ana@cliente.test>")
        await client.send(b"".join(b"RCPT TO:<guess%d@desk.test>\r\n" % number for number in range(200)))
        replies = (await client.rest()).split(b"\r\n")
    assert replies[-2].startswith(b"421 4.7.0 ")
    assert len(replies) < 30


async def test_a_session_may_carry_many_messages(serve: Serve, desk: Desk) -> None:
    async with connected(await serve()) as client:
        await client.greet()
        for _ in range(150):
            assert (await client.mail()).startswith("250 ")
    assert len(desk.messages) == 150


async def test_an_error_in_the_dialogue_closes_with_4xx_and_says_nothing_of_itself(serve: Serve, desk: Desk) -> None:
    def fails(_: str) -> bool:
        raise RuntimeError("postgresql://desk:hunter2@db.desk.test")

    desk.knows = fails  # type: ignore[method-assign]
    async with connected(await serve()) as client:
        await client.greet()
        await client.say("MAIL FROM:<ana@cliente.test>")
        assert (await client.say("RCPT TO:<suporte@desk.test>")).startswith("421 4.3.0 ")
        assert await client.rest() == b""


# --- limits -----------------------------------------------------------------------------------------------


async def test_a_message_too_large_is_refused_after_its_dot_and_the_session_goes_on(serve: Serve, desk: Desk) -> None:
    async with connected(await serve(max_message_bytes=100_000)) as client:
        assert "250-SIZE 100000" in await client.greet()
        assert (await client.mail(b"x" * 100_001 + b"\r\n")).startswith("552 5.3.4 ")
        assert (await client.mail()).startswith("250 ")
    assert desk.contents == [MESSAGE]


@pytest.mark.parametrize("flood", [b"x" * 65_536, b"\r\n" * 32_768, b"\n" * 65_536])
async def test_a_flood_without_end_is_cut_at_twice_the_limit(
    serve: Serve, flood: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async with connected(await serve(max_message_bytes=1_000_000)) as client:
        await client.greet()
        await client.begin()
        with pytest.raises(ConnectionError):
            await client.send_often(flood, times=6_000)  # 400 MB, were they all taken
    (cut,) = [record for record in caplog.records if getattr(record, "event", "") == "message-too-large"]
    assert 2_000_000 < cut.size < 2_500_000  # type: ignore[attr-defined]


async def test_others_are_served_while_a_flood_is_read(serve: Serve) -> None:
    listener = await serve(max_message_bytes=10_000_000)
    async with connected(listener) as flooder, connected(listener) as other:
        await flooder.greet()
        await other.greet()
        await flooder.begin()
        flood = asyncio.create_task(flooder.send(b"\r\n" * 9_000_000))
        answered_meanwhile = 0
        while not flood.done():
            assert (await other.say("RSET")).startswith("250 ")
            answered_meanwhile += 1
        await flood
        await flooder.send(b".\r\n")
        assert (await flooder.reply()).startswith("552 ")
    assert answered_meanwhile > 10


async def test_blank_lines_instead_of_commands_end_the_session(serve: Serve) -> None:
    async with connected(await serve()) as client:
        await client.greet()
        await client.send(b"\r\n" * 5_000)
        replies = (await client.rest()).split(b"\r\n")
    assert replies[-2].startswith(b"421 4.7.0 ")
    assert len(replies) < 30


async def test_connections_over_the_total_are_told_421_and_a_freed_place_is_given_away(serve: Serve) -> None:
    listener = await serve("127.0.0.1:0", "127.0.0.1:0", max_connections=2)
    async with connected(listener, 0) as first:
        await first.greet()
        async with connected(listener, 1) as second:
            await second.greet()
            async with connected(listener, 0) as third:
                assert (await third.rest()).startswith(b"421 4.7.0 ")
            assert (await second.say("QUIT")).startswith("221 ")
            assert await second.rest() == b""
        async with connected(listener, 1) as fourth:
            await fourth.greet()


async def test_connections_over_the_limit_of_an_address_are_told_421(serve: Serve) -> None:
    listener = await serve(max_connections_per_ip=1)
    async with connected(listener) as first:
        await first.greet()
        async with connected(listener) as second:
            assert (await second.rest()).startswith(b"421 4.7.0 ")
        assert (await first.say("NOOP")).startswith("250 ")


async def test_refused_connections_do_not_fill_the_log(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    listener = await serve(max_connections=1)
    async with connected(listener) as first:
        await first.greet()
        for _ in range(50):
            async with connected(listener) as refused:
                assert (await refused.rest()).startswith(b"421 ")
    assert len([record for record in caplog.records if getattr(record, "event", "") == "connection-refused"]) == 10


FEW_DESCRIPTORS = 64
SERVER = """
import asyncio
from mailtickets.edges.doors import smtp as smtp_in

async def accept(raw, envelope):
    return None

async def main():
    told = smtp_in.Settings(hostname="mail.desk.test", max_connections_per_ip=500)
    listener = await smtp_in.serve([smtp_in.bind("127.0.0.1:0")], told, accept, lambda recipient: True)
    print(listener.addresses[0].rpartition(":")[2], flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_running_short_of_descriptors_is_quiet_and_passes() -> None:
    """asyncio logs every failed accept: 80 connections made 8,280 records in 7 s."""
    server = await asyncio.create_subprocess_exec(
        *("sh", "-c", f'ulimit -n {FEW_DESCRIPTORS}; exec "$0" -c "$1"', sys.executable, SERVER),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert server.stdout is not None
    assert server.stderr is not None
    port = int(await server.stdout.readline())
    try:
        streams = [await asyncio.open_connection("127.0.0.1", port) for _ in range(80)]
        greetings = [(await asyncio.wait_for(reader.readline(), 20))[:3] for reader, _ in streams]
        assert set(greetings) == {b"220", b"421"}
        for reader, writer in streams:
            writer.close()
            await reader.read()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        assert (await asyncio.wait_for(reader.readline(), 20)).startswith(b"220 ")
        writer.close()
    finally:
        server.terminate()
        complaints = await server.stderr.read()
        await server.wait()
    assert complaints.count(b"\n") <= 10


async def test_idle_clients_are_sent_away(serve: Serve) -> None:
    async with connected(await serve(limits=TimeLimits(command_seconds=0.1))) as client:
        assert (await client.rest()).split(b"\r\n")[1].startswith(b"421 4.4.2 ")


async def test_relays_of_ours_may_idle_longer(serve: Serve) -> None:
    limits = TimeLimits(command_seconds=0.05, trusted_command_seconds=20)
    async with connected(await serve(limits=limits, trusted_networks=(ip_network("127.0.0.1"),))) as client:
        await client.greet()
        await asyncio.sleep(0.2)
        assert (await client.say("NOOP")).startswith("250 ")


async def trickle(client: Client, data: bytes) -> str:
    """One byte after the other until the server says something."""
    reply = asyncio.ensure_future(client.reply())
    while not reply.done():
        await client.send(data)
        await asyncio.wait({reply}, timeout=0.02)
    return await reply


async def test_a_command_that_comes_byte_by_byte_does_not_renew_its_time(serve: Serve) -> None:
    async with connected(await serve(limits=TimeLimits(command_seconds=0.2))) as client:
        assert (await client.reply()).startswith("220 ")
        assert (await trickle(client, b"x")).startswith("421 4.4.2 ")


@pytest.mark.parametrize(
    "limits",
    [
        TimeLimits(chunk_seconds=20, rate_grace_seconds=0.2, min_bytes_per_second=1024),
        TimeLimits(chunk_seconds=20, session_seconds=0.3),
    ],
)
async def test_a_message_that_comes_byte_by_byte_is_cut(serve: Serve, desk: Desk, limits: TimeLimits) -> None:
    async with connected(await serve(limits=limits)) as client:
        await client.greet()
        await client.begin()
        assert (await trickle(client, b"x")).startswith("421 4.4.2 ")
    assert desk.messages == []


async def test_a_message_that_stops_coming_is_cut(serve: Serve) -> None:
    async with connected(await serve(limits=TimeLimits(chunk_seconds=0.1))) as client:
        await client.greet()
        await client.begin()
        await client.send(b"Subject: ")
        assert (await client.reply()).startswith("421 4.4.2 ")
        assert await client.rest() == b""


# --- TLS --------------------------------------------------------------------------------------------------


async def test_starttls_secures_the_session_and_starts_it_anew(
    serve: Serve, desk: Desk, certificate: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    async with connected(await serve(ssl_context=certificate)) as client:
        assert "250-STARTTLS" in await client.greet()
        assert (await client.say("STARTTLS")).startswith("220 2.0.0 ")
        await client.upgrade(client_context)
        assert (await client.say("MAIL FROM:<ana@cliente.test>")).startswith("503 ")
        assert "STARTTLS" not in await client.say("EHLO ana.cliente.test")
        assert (await client.say("STARTTLS")).startswith("503 ")
        large = b"Subject: large\r\n\r\n" + b"0123456789abcdef\r\n" * 100_000
        assert await client.mail(large) == "250 2.0.0 Ok: accepted"
        assert (await client.say("QUIT")).startswith("221 ")
    assert desk.contents == [large]
    assert b"with ESMTPS id" in desk.messages[0][0]


async def test_what_is_sent_ahead_of_the_handshake_is_dropped(
    serve: Serve, certificate: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    async with connected(await serve(ssl_context=certificate)) as client:
        await client.greet()
        await client.send(b"STARTTLS\r\nNOOP\r\nMAIL FROM:<chefe@desk.test>\r\n")
        assert (await client.reply()).startswith("220 ")
        await client.upgrade(client_context)
        assert "PIPELINING" in await client.say("EHLO ana.cliente.test")
        assert (await client.say("RCPT TO:<suporte@desk.test>")).startswith("503 ")


@pytest.mark.parametrize("garbage", [b"", b"GET / HTTP/1.1\r\n\r\n"])
async def test_a_handshake_that_fails_gives_its_place_back(
    serve: Serve, certificate: ssl.SSLContext, garbage: bytes
) -> None:
    listener = await serve(ssl_context=certificate, max_connections=1)
    async with connected(listener) as client:
        await client.greet()
        assert (await client.say("STARTTLS")).startswith("220 ")
        await client.send(garbage)
        client.writer.write_eof()
        await client.rest()
    async with connected(listener) as client:
        await client.greet()


async def test_a_handshake_that_never_comes_is_cut(serve: Serve, certificate: ssl.SSLContext) -> None:
    listener = await serve(ssl_context=certificate, max_connections=1, limits=TimeLimits(command_seconds=0.2))
    async with connected(listener) as client:
        await client.greet()
        assert (await client.say("STARTTLS")).startswith("220 ")
        assert await client.rest() == b""
    async with connected(listener) as client:
        await client.greet()


async def test_a_secured_client_that_hangs_up_after_the_dot_loses_nothing(
    serve: Serve, desk: Desk, certificate: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    desk.gate.clear()
    async with connected(await serve(ssl_context=certificate)) as client:
        await client.greet()
        await client.say("STARTTLS")
        await client.upgrade(client_context)
        await client.say("EHLO ana.cliente.test")
        await client.begin()
        await client.send(MESSAGE + b".\r\n")
        await desk.asked.wait()
        client.reset()
    await asyncio.sleep(0.05)
    desk.gate.set()
    await asyncio.wait_for(desk.committed.wait(), 10)
    assert desk.contents == [MESSAGE]


# --- listening and leaving --------------------------------------------------------------------------------


async def test_closing_lets_a_message_finish_and_sends_idle_clients_away(serve: Serve, desk: Desk) -> None:
    desk.gate.clear()
    listener = await serve()
    async with connected(listener) as idle, connected(listener) as sending, connected(listener) as committing:
        for client in (idle, sending, committing):
            await client.greet()
        await sending.begin()
        await committing.begin()
        await committing.send(MESSAGE + b".\r\n")
        await desk.asked.wait()
        closing = asyncio.create_task(listener.close(20))
        assert (await idle.rest()).startswith(b"421 4.3.2 ")
        assert not closing.done()
        await sending.send(MESSAGE + b".\r\n")
        desk.gate.set()
        for client in (sending, committing):
            assert [line[:5] for line in (await client.rest()).split(b"\r\n")] == [b"250 2", b"421 4", b""]
        await closing
        with pytest.raises(ConnectionRefusedError):
            async with connected(listener):
                pass
    assert len(desk.messages) == 2


async def test_closing_cuts_who_does_not_finish_in_time_but_no_commit(serve: Serve, desk: Desk) -> None:
    desk.gate.clear()
    listener = await serve()
    async with connected(listener) as stuck, connected(listener) as committing:
        await stuck.greet()
        await stuck.begin()
        await committing.greet()
        await committing.begin()
        await committing.send(MESSAGE + b".\r\n")
        await desk.asked.wait()
        await listener.close(0.05)
        assert await stuck.rest() == b""
        assert desk.messages == []
        desk.gate.set()
        await asyncio.wait_for(desk.committed.wait(), 10)
    assert desk.contents == [MESSAGE]


async def test_free_ports_are_reported_as_they_are(serve: Serve) -> None:
    listener = await serve("127.0.0.1:0", "127.0.0.1:0")
    assert [re.fullmatch(r"127\.0\.0\.1:[1-9]\d*", address) is not None for address in listener.addresses] == [True] * 2
    assert len(set(listener.addresses)) == 2


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")
async def test_ipv6_is_spoken_and_traced(serve: Serve, desk: Desk) -> None:
    listener = await serve("[::1]:0", trusted_networks=(ip_network("::1"),))
    assert listener.addresses[0].startswith("[::1]:")
    async with connected(listener) as client:
        await client.greet()
        await client.mail()
    raw, envelope = desk.messages[0]
    assert (envelope.peer, envelope.trusted) == ("::1", True)
    assert b"([IPv6:::1])" in raw


async def test_replies_do_not_wait_for_acknowledgements_of_the_network(serve: Serve) -> None:
    with bind("127.0.0.1:0") as sock:
        assert sock.proto == socket.IPPROTO_TCP


def test_an_address_in_use_is_named() -> None:
    with bind("127.0.0.1:0") as sock:
        sock.listen()
        port = sock.getsockname()[1]
        with pytest.raises(OSError, match=f"in use: 127.0.0.1:{port}"):
            bind(f"127.0.0.1:{port}")


async def test_neither_addresses_nor_contents_are_logged(
    serve: Serve, desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("mail.log").propagate = True
    async with connected(await serve()) as client:
        await client.greet()
        await client.mail()
        await client.say("MAIL FROM:<ana@cliente.test>")
        await client.say("RCPT TO:<suporte+abcdefghij@desk.test>")
    logged = "\n".join(f"{record.getMessage()} {record.__dict__}" for record in caplog.records)
    assert "message accepted" in logged
    assert "recipient refused" in logged
    for secret in ("ana@", "abcdefghij", "suporte", "imprime"):
        assert secret not in logged


# --- XCLIENT ----------------------------------------------------------------------------------------------

RELAY = (ip_network("127.0.0.0/8"),)


async def test_a_relay_of_ours_may_speak_for_a_client(serve: Serve, desk: Desk) -> None:
    async with connected(await serve(trusted_networks=RELAY)) as client:
        assert "250 XCLIENT NAME ADDR PORT PROTO HELO" in await client.greet("EHLO relay.desk.test")
        said = "XCLIENT NAME=mx.cliente.test ADDR=203.0.113.9 PORT=4711 PROTO=ESMTP HELO=mx+2Ecliente.test LOGIN=ana"
        assert await client.say(said) == "220 mail.desk.test ESMTP mailtickets"
        assert "XCLIENT" in await client.say("EHLO relay.desk.test"), "it may speak for the next one too"
        assert (await client.mail()).startswith("250 ")
    raw, envelope = desk.messages[0]
    assert (envelope.peer, envelope.helo, envelope.trusted) == ("203.0.113.9", "mx.cliente.test", False)
    assert raw.startswith(b"Received: from mx.cliente.test ([203.0.113.9])\r\n")


@pytest.mark.parametrize(
    ("said", "peer", "helo"),
    [
        ("ADDR=IPV6:2001:DB8::5", "2001:db8::5", "relay.desk.test"),
        ("addr=IPv6:::ffff:203.0.113.5", "203.0.113.5", "relay.desk.test"),
        ("ADDR=[UNAVAILABLE] HELO=[UNAVAILABLE]", "", "relay.desk.test"),
        ("HELO=mx.cliente.test", "127.0.0.1", "mx.cliente.test"),
        ("ADDR=127.0.0.8", "127.0.0.8", "relay.desk.test"),
    ],
)
async def test_what_a_relay_says_of_a_client_counts(serve: Serve, desk: Desk, said: str, peer: str, helo: str) -> None:
    async with connected(await serve(trusted_networks=RELAY)) as client:
        await client.greet("EHLO relay.desk.test")
        assert (await client.say(f"XCLIENT {said}")).startswith("220 ")
        await client.say("EHLO relay.desk.test")
        assert (await client.mail()).startswith("250 ")
    envelope = desk.messages[0][1]
    assert (envelope.peer, envelope.helo, envelope.trusted) == (peer, helo, peer.startswith("127."))


async def test_strangers_speak_for_nobody(serve: Serve, desk: Desk) -> None:
    async with connected(await serve()) as client:
        assert "XCLIENT" not in await client.greet()
        assert (await client.say("XCLIENT ADDR=127.0.0.1")).startswith("550 5.7.0 ")
        assert (await client.mail()).startswith("250 ")
    assert desk.messages[0][1].peer == "127.0.0.1"
    assert not desk.messages[0][1].trusted


@pytest.mark.parametrize(
    "said", ["", "ADDR", "ADDR=", "ADDR=mx.cliente.test", "ADDR=203.0.113.999", "COLOUR=red", "HELO=a+ZZ", "HELO=a=b"]
)
async def test_what_cannot_be_read_changes_nothing(serve: Serve, desk: Desk, said: str) -> None:
    async with connected(await serve(trusted_networks=RELAY)) as client:
        await client.greet("EHLO relay.desk.test")
        assert (await client.say(f"XCLIENT {said}".strip())).startswith("501 5.5.4 ")
        assert (await client.mail()).startswith("250 ")
    assert (desk.messages[0][1].peer, desk.messages[0][1].trusted) == ("127.0.0.1", True)


async def test_a_client_does_not_change_in_the_middle_of_a_message(serve: Serve) -> None:
    async with connected(await serve(trusted_networks=RELAY)) as client:
        await client.greet("EHLO relay.desk.test")
        await client.say("MAIL FROM:<a@b.test>")
        assert (await client.say("XCLIENT ADDR=203.0.113.9")).startswith("503 5.5.1 ")


async def test_clients_behind_a_relay_are_limited_each_for_itself(serve: Serve) -> None:
    listener = await serve(trusted_networks=RELAY, max_connections_per_ip=2)

    async def come(address: str) -> Client:
        streams = await asyncio.open_connection("127.0.0.1", int(listener.addresses[0].rpartition(":")[2]))
        client = Client(*streams)
        await client.greet("EHLO relay.desk.test")
        await client.send(f"XCLIENT ADDR={address}\r\n".encode())
        return client

    clients = [await come(address) for address in ("203.0.113.9", "203.0.113.9", "203.0.113.8")]
    assert [(await client.reply())[:3] for client in clients] == ["220", "220", "220"]
    over = await come("203.0.113.9")
    assert (await over.rest()).startswith(b"421 4.7.0 Too many connections from your address")
    await clients[0].close()
    async with asyncio.timeout(20):
        while listener._per_address["203.0.113.9"] > 1:  # noqa: ASYNC110 - the end of a connection has no event
            await asyncio.sleep(0.01)
    again = await come("203.0.113.9")
    assert (await again.reply())[:3] == "220"
    for client in (*clients[1:], over, again):
        await client.close()


# --- bare line ends ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("message", [b"Subject: x\n\nhello\r\n", b"Subject: x\r\n\r\nhel\rlo\r\n"])
async def test_bare_line_ends_are_refused_by_setting(serve: Serve, desk: Desk, message: bytes) -> None:
    async with connected(await serve(bare_newlines="refuse")) as client:
        await client.greet()
        assert (await client.mail(message)).startswith("550 5.6.11 ")
        assert (await client.mail()).startswith("250 ")
    assert desk.contents == [MESSAGE]
