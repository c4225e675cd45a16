"""Sending to real servers in this process that misbehave as told (tests.servers.fake_smtp)."""

import asyncio
import base64
import ssl
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme
from aiosmtpd.smtp import SMTP, Envelope, Session

from mailtickets.config.credentials import Credential, password
from mailtickets.config.load import load
from mailtickets.desk.model.delivery import Deferred, Refused, Sent, Throttled, Unknown
from mailtickets.edges.out.smtp import FAILURES_BEFORE_PAUSE, Breaker, SmtpOut, SmtpOutSettings, Timeouts
from mailtickets.edges.out.transmission import Transmission, reported_id
from mailtickets.mail.model import Address, Copy, OutboundMail
from mailtickets.mail.write.compose import compose
from tests.servers.fake_smtp import DROP, FakeSmtp, Hold, Last, Slow

RAW = b"Message-ID: <mt.1@desk.test>\r\nSubject: x\r\n\r\nhello\r\n"
SENDER, RECIPIENT = "suporte@desk.test", "maria@example.test"
DATE = datetime(2026, 3, 3, 13, 12, 5, tzinfo=UTC)
PATIENT = Timeouts(connect=20, command=20, data=20, final_dot=20)


def way_out(server: FakeSmtp, **changes: object) -> SmtpOut:
    settings: dict[str, object] = {
        "host": server.host,
        "port": server.port,
        "tls": "none",
        "local_hostname": "desk.test",
        "timeouts": PATIENT,
    }
    return SmtpOut(SmtpOutSettings(**{**settings, **changes}))  # type: ignore[arg-type]


class Closing:
    """Closes what a test opened."""

    def __init__(self) -> None:
        self.opened: list[SmtpOut] = []

    def __call__(self, server: FakeSmtp, **changes: object) -> SmtpOut:
        self.opened.append(way_out(server, **changes))
        return self.opened[-1]


@pytest.fixture
async def out() -> "Iterator[Closing]":  # type: ignore[misc]
    closing = Closing()
    yield closing
    for opened in closing.opened:
        await opened.close()


@pytest.fixture(params=[True, False], ids=["pipelining", "one-by-one"], autouse=True)
def pipelining(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    monkeypatch.setattr(FakeSmtp, "pipelining", request.param)
    return bool(request.param)


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def ca_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


def certificate(authority: trustme.CA, name: str = "127.0.0.1") -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


# --- sending ------------------------------------------------------------------------------------------


async def test_a_mail_arrives_as_it_was_given(out: Closing) -> None:
    async with FakeSmtp() as server:
        assert await out(server).send(RAW, SENDER, RECIPIENT) == Sent("250 2.0.0 Ok: queued as 000001")
        (mail,) = server.received
        assert (mail.sender, mail.recipient, mail.content) == (SENDER, RECIPIENT, RAW)
        assert server.commands[0] == "EHLO desk.test"
        assert mail.mail_options == (f"SIZE={len(RAW)}",)


async def test_the_null_reverse_path(out: Closing) -> None:
    async with FakeSmtp() as server:
        assert isinstance(await out(server).send(RAW, "", RECIPIENT), Sent)
        assert server.received[0].sender == ""


async def test_one_connection_carries_many_mails(out: Closing) -> None:
    async with FakeSmtp() as server:
        sender = out(server)
        for number in range(20):
            assert isinstance(await sender.send(RAW, SENDER, f"c{number}@example.test"), Sent)
        assert server.sessions == 1
        assert [mail.recipient for mail in server.received] == [f"c{number}@example.test" for number in range(20)]


async def test_at_most_so_many_connections_at_once(out: Closing) -> None:
    async with FakeSmtp() as server:
        held = [Hold("250 2.0.0 ok") for _ in range(2)]
        server.say(".", *held)
        sender = out(server, max_connections=2)
        sends = [asyncio.create_task(sender.send(RAW, SENDER, RECIPIENT)) for _ in range(6)]
        for hold in held:
            await hold.reached.wait()
        assert server.open_sessions == 2
        for hold in held:
            hold.go.set()
        assert all(isinstance(result, Sent) for result in await asyncio.gather(*sends))
        assert server.sessions == 2


async def test_idle_connections_are_closed_with_quit(out: Closing) -> None:
    async with FakeSmtp() as server:
        sender = out(server, idle_seconds=0.01)
        await sender.send(RAW, SENDER, RECIPIENT)
        await server.quiet.wait()
        assert server.commands[-1] == "QUIT"
        assert isinstance(await sender.send(RAW, SENDER, RECIPIENT), Sent)
        assert server.sessions == 2


async def test_close_says_quit() -> None:
    async with FakeSmtp() as server:
        sender = way_out(server)
        await sender.send(RAW, SENDER, RECIPIENT)
        await sender.close()
        assert server.commands[-1] == "QUIT"
        await server.quiet.wait()


async def test_a_mail_on_its_way_when_closing_still_goes_out() -> None:
    async with FakeSmtp() as server:
        hold = Hold("250 2.0.0 ok")
        server.say(".", hold)
        sender = way_out(server)
        sending = asyncio.create_task(sender.send(RAW, SENDER, RECIPIENT))
        await hold.reached.wait()
        await sender.close()
        hold.go.set()
        assert isinstance(await sending, Sent)
        await server.quiet.wait()
        assert server.commands[-1] == "QUIT"


@pytest.mark.parametrize("how", ["hangs up", "says 421"])
async def test_a_server_that_closes_between_two_mails_costs_no_attempt(out: Closing, how: str) -> None:
    async with FakeSmtp() as server:
        sender = out(server)
        await sender.send(RAW, SENDER, RECIPIENT)
        server.say("MAIL", DROP if how == "hangs up" else "421 4.4.2 Timeout - closing connection")
        assert isinstance(await sender.send(RAW, SENDER, RECIPIENT), Sent)
        assert (server.sessions, len(server.received)) == (2, 2)


async def test_a_connection_that_died_while_idle_is_not_used(out: Closing) -> None:
    async with FakeSmtp() as server:
        sender = out(server, max_connections=2)
        await asyncio.gather(*(sender.send(RAW, SENDER, RECIPIENT) for _ in range(2)))
        await server.hang_up()
        assert isinstance(await sender.send(RAW, SENDER, RECIPIENT), Sent)
        assert (server.sessions, server.open_sessions) == (3, 1)


async def test_a_send_cancelled_while_connecting_leaves_nothing_open(out: Closing) -> None:
    async with FakeSmtp() as server:
        hold = Hold(DROP)
        server.say("EHLO", hold)
        sender = out(server, max_connections=1)
        sending = asyncio.create_task(sender.send(RAW, SENDER, RECIPIENT))
        await hold.reached.wait()
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        hold.go.set()
        await server.quiet.wait()
        assert isinstance(await sender.send(RAW, SENDER, RECIPIENT), Sent)


async def test_a_cancelled_send_leaves_no_half_used_connection(out: Closing) -> None:
    async with FakeSmtp() as server:
        hold = Hold("250 2.1.5 ok")
        server.say("RCPT", hold)
        sender = out(server, max_connections=1)
        sending = asyncio.create_task(sender.send(RAW, SENDER, RECIPIENT))
        await hold.reached.wait()
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        assert isinstance(await sender.send(RAW, SENDER, RECIPIENT), Sent)
        assert server.sessions == 2
        hold.go.set()


# --- what the content becomes on the wire -------------------------------------------------------------


async def test_bare_line_ends_are_normalised_and_dots_stuffed(out: Closing) -> None:
    raw = b".first\n\n.\r.\n..two\r\n.\r\nMAIL FROM:<eva@evil.test>\r\nno newline at the end"
    async with FakeSmtp() as server:
        assert isinstance(await out(server).send(raw, SENDER, RECIPIENT), Sent)
        (mail,) = server.received
        assert mail.content == (
            b".first\r\n\r\n.\r\n.\r\n..two\r\n.\r\nMAIL FROM:<eva@evil.test>\r\nno newline at the end\r\n"
        )
        assert mail.wire.startswith(b"..first\r\n\r\n..\r\n..\r\n...two\r\n..\r\nMAIL")
        assert mail.mail_options == (f"SIZE={len(mail.content)}",)


@pytest.mark.parametrize(
    "ending", [b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r\n.\r", b"\r.\r\n", b"\n.\r", b"\r.\n"]
)
async def test_nothing_within_a_mail_ends_it(out: Closing, ending: bytes) -> None:
    smuggled = b"Subject: x\r\n\r\na" + ending + b"MAIL FROM:<ceo@desk.test>\r\nRCPT TO:<eva@evil.test>\r\nDATA\r\n"
    async with FakeSmtp() as server:
        assert isinstance(await out(server).send(smuggled, SENDER, RECIPIENT), Sent)
        assert len(server.received) == 1
        assert [command for command in server.commands if command.startswith("MAIL")] == [
            f"MAIL FROM:<{SENDER}> SIZE={len(server.received[0].content)}"
        ]


async def test_a_mail_of_some_megabytes(out: Closing) -> None:
    raw = b"Subject: x\r\n\r\n" + b"0123456789abcdef\r\n" * 200_000
    async with FakeSmtp(extensions=()) as server:
        assert isinstance(await out(server).send(raw, SENDER, RECIPIENT), Sent)
        assert server.received[0].content == raw


class Keeping:
    """A handler of aiosmtpd's: another server than our own fake has to agree."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        self.envelopes.append(envelope)
        return "250 2.0.0 ok"


async def test_a_composed_mail_goes_through_another_server(out: Closing) -> None:
    mail = OutboundMail(
        "reply", "Olá", "Olá\n.\n", "<p>Olá</p>", Address("Suporte", SENDER), (), (), "m@desk.test", None, (), DATE
    )
    raw = compose(mail, Copy(Address("José", "josé@example.test"), SENDER, "", ""))
    keeping = Keeping()
    loop = asyncio.get_running_loop()
    async with await loop.create_server(lambda: SMTP(keeping, enable_SMTPUTF8=True), "127.0.0.1", 0) as listening:
        settings = SmtpOutSettings("127.0.0.1", listening.sockets[0].getsockname()[1], "none", timeouts=PATIENT)
        sender = SmtpOut(settings)
        assert [await sender.send(raw, SENDER, "josé@example.test") for _ in range(2)] == [Sent("250 2.0.0 ok")] * 2
        await sender.close()
    assert [(e.mail_from, e.rcpt_tos, e.original_content) for e in keeping.envelopes] == [
        (SENDER, ["josé@example.test"], raw)
    ] * 2


# --- refusals and delays ------------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA", "."])
@pytest.mark.parametrize(
    ("reply", "result"),
    [
        ("451 4.3.0 try later", Deferred("451 4.3.0 try later")),
        ("450 4.2.0 Greylisted, see http://grey.test", Deferred("450 4.2.0 Greylisted, see http://grey.test")),
        ("421 4.3.2 shutting down", Deferred("421 4.3.2 shutting down")),
        ("421 4.7.0 Try again later, closing.", Throttled("421 4.7.0 Try again later, closing.")),
        ("450 4.7.1 Error: too much mail", Throttled("450 4.7.1 Error: too much mail")),
        ("454 Throttling failure: rate exceeded", Throttled("454 Throttling failure: rate exceeded")),
        ("550 5.1.1 no such user", Refused("550 5.1.1 no such user", "5.1.1")),
        ("550-5.7.60 Client has no permission\n550 5.7.60 to send as this sender", None),
        ("552 5.3.4 too big", Refused("552 5.3.4 too big", "5.3.4")),
        ("554 no", Refused("554 no", None)),
        ("530 5.7.0 Authentication required", Deferred("530 5.7.0 Authentication required")),
    ],
)
async def test_what_a_reply_means_wherever_it_is_said(
    out: Closing, step: str, reply: str, result: Deferred | Throttled | Refused | None
) -> None:
    result = result or Refused("550 5.7.60 Client has no permission 5.7.60 to send as this sender", "5.7.60")
    async with FakeSmtp() as server:
        server.say(step, reply)
        sender = out(server)
        assert await sender.send(RAW, SENDER, RECIPIENT) == result
        assert isinstance(await sender.send(RAW, SENDER, RECIPIENT), Sent)
        assert len(server.received) == 1
        assert server.sessions == (2 if reply.startswith("421") else 1)


async def test_what_may_come_in_one_go_does(out: Closing, pipelining: bool) -> None:
    async with FakeSmtp() as server:
        server.say("MAIL", "450 4.3.0 not now")
        assert await out(server).send(RAW, SENDER, RECIPIENT) == Deferred("450 4.3.0 not now")
        after = ["RCPT", "DATA", "RSET"] if pipelining else ["RSET"]
        assert [command[:4] for command in server.commands[2:]] == after


async def a_server_that_wants_everything(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Also the message of a mail that it has refused."""
    writer.write(b"220 here\r\n")
    answers = {b"EHLO": b"250-here\r\n250 PIPELINING\r\n", b"RCPT": b"550 5.1.1 unknown\r\n", b"DATA": b"354 go on\r\n"}
    with suppress(OSError):
        while line := await reader.readline():
            heard.append(line)
            writer.write(answers.get(line[:4], b"250 ok\r\n"))
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    heard.append(b"")


heard: list[bytes] = []


async def test_a_server_that_wants_what_it_has_refused_is_hung_up_on() -> None:
    heard.clear()
    server = await asyncio.start_server(a_server_that_wants_everything, "127.0.0.1", 0)
    sender = SmtpOut(SmtpOutSettings("127.0.0.1", server.sockets[0].getsockname()[1], tls="none", timeouts=PATIENT))
    for _ in range(2):
        assert await sender.send(RAW, SENDER, RECIPIENT) == Refused("550 5.1.1 unknown", "5.1.1")
    await sender.close()
    server.close()
    while heard.count(b"") < 2:  # noqa: ASYNC110 - until nothing of it is left
        await asyncio.sleep(0)
    assert [line[:4] for line in heard if line] == [b"EHLO", b"MAIL", b"RCPT", b"DATA"] * 2


async def test_one_of_three_is_refused(out: Closing) -> None:
    async with FakeSmtp() as server:
        server.say("RCPT", "250 ok", "550 5.1.1 no such user", "250 ok")
        sender = out(server)
        results = [await sender.send(RAW, SENDER, f"{name}@example.test") for name in "abc"]
        assert [type(result) for result in results] == [Sent, Refused, Sent]
        assert [mail.recipient for mail in server.received] == ["a@example.test", "c@example.test"]


async def test_a_server_that_cannot_reset_gets_a_new_connection(out: Closing) -> None:
    async with FakeSmtp() as server:
        server.say("RCPT", "550 5.1.1 no such user", "550 5.1.1 no such user")
        server.say("RSET", DROP, "502 5.5.1 what?")
        sender = out(server)
        for _ in range(2):
            assert isinstance(await sender.send(RAW, SENDER, RECIPIENT), Refused)
        assert isinstance(await sender.send(RAW, SENDER, RECIPIENT), Sent)
        assert server.sessions == 3


async def test_replies_are_kept_to_one_printable_line(out: Closing) -> None:
    async with FakeSmtp() as server:
        server.say("RCPT", "550-5.1.1 a\x1b[31m\n550 5.1.1 " + "b" * 2000)
        result = await out(server).send(RAW, SENDER, RECIPIENT)
        assert isinstance(result, Refused)
        assert result.reply.startswith("550 5.1.1 a?[31m 5.1.1 bbb")
        assert len(result.reply) == 500


# --- lost connections ---------------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA"])
async def test_a_connection_lost_before_the_dot_is_deferred(out: Closing, step: str) -> None:
    async with FakeSmtp() as server:
        server.say(step, DROP)
        sender = out(server)
        assert isinstance(await sender.send(RAW, SENDER, RECIPIENT), Deferred)
        assert isinstance(await sender.send(RAW, SENDER, RECIPIENT), Sent)
        assert len(server.received) == 1


@pytest.mark.parametrize(
    ("step", "reply"), [("CONNECT", "220 fake.test"), ("MAIL", "250 ok"), ("RCPT", "250 ok"), ("DATA", "354 go on")]
)
async def test_a_server_that_hangs_up_with_a_yes(out: Closing, step: str, reply: str) -> None:
    async with FakeSmtp() as server:
        server.say(step, Last(reply))
        assert isinstance(await out(server).send(RAW, SENDER, RECIPIENT), Deferred | Unknown)
        assert server.received == []


LARGE = b"Subject: x\r\n\r\n" + b"0123456789abcdef\r\n" * 1_000_000


async def test_a_connection_lost_within_the_message_is_deferred(out: Closing) -> None:
    async with FakeSmtp(extensions=()) as server:
        server.say("BODY", DROP)
        result = await out(server).send(LARGE, SENDER, RECIPIENT)
        assert isinstance(result, Deferred)
        assert "before the final dot" in result.reply


@pytest.mark.parametrize(
    ("reply", "result"),
    [("552 5.3.4 too big", Refused("552 5.3.4 too big", "5.3.4")), ("451 4.3.0 later", Deferred("451 4.3.0 later"))],
)
async def test_a_refusal_within_the_message_is_heard(out: Closing, reply: str, result: object) -> None:
    async with FakeSmtp(extensions=()) as server:
        server.say("BODY", reply)
        assert await out(server).send(LARGE, SENDER, RECIPIENT) == result


async def test_a_connection_lost_after_the_dot_is_unknown(out: Closing) -> None:
    async with FakeSmtp() as server:
        server.say(".", DROP)
        sender = out(server)
        result = await sender.send(RAW, SENDER, RECIPIENT)
        assert isinstance(result, Unknown)
        assert "after the final dot" in result.reply
        assert isinstance(await sender.send(RAW, SENDER, RECIPIENT), Sent)


async def test_an_answer_in_another_language_than_smtp_is_unknown(out: Closing) -> None:
    async with FakeSmtp() as server:
        server.say(".", "HTTP/1.1 200 OK")
        assert isinstance(await out(server).send(RAW, SENDER, RECIPIENT), Unknown)


async def test_no_answer_to_the_dot_is_unknown(out: Closing) -> None:
    async with FakeSmtp() as server:
        hold = Hold("250 2.0.0 ok")
        server.say(".", hold)
        sender = out(server, timeouts=Timeouts(connect=20, command=20, data=20, final_dot=0.05))
        assert isinstance(await sender.send(RAW, SENDER, RECIPIENT), Unknown)
        hold.go.set()
        assert isinstance(await out(server).send(RAW, SENDER, RECIPIENT), Sent)


async def test_an_answer_that_takes_longer_than_any_other_step_may_is_waited_for(out: Closing) -> None:
    """Nine minutes with the real figures."""
    async with FakeSmtp() as server:
        server.say(".", Slow(1.5, "250 2.0.0 ok"))
        sender = out(server, timeouts=Timeouts(connect=1, command=1, data=1, final_dot=20))
        assert await sender.send(RAW, SENDER, RECIPIENT) == Sent("250 2.0.0 ok")
        assert len(server.received) == 1


@pytest.mark.parametrize("step", ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "BODY"])
async def test_no_answer_before_the_dot_is_deferred(out: Closing, step: str) -> None:
    async with FakeSmtp(extensions=()) as server:
        hold = Hold(DROP)
        server.say(step, hold)
        sender = out(server, timeouts=Timeouts(connect=0.1, command=0.1, data=0.1, final_dot=20))
        assert isinstance(await sender.send(LARGE if step == "BODY" else RAW, SENDER, RECIPIENT), Deferred)
        hold.go.set()


async def test_nobody_there_is_deferred(out: Closing) -> None:
    async with FakeSmtp() as server:
        sender = out(server)
    result = await sender.send(RAW, SENDER, RECIPIENT)
    assert isinstance(result, Deferred)
    assert "127.0.0.1" in result.reply


async def test_a_host_that_is_none_is_deferred(out: Closing) -> None:
    async with FakeSmtp() as server:
        assert isinstance(await out(server, host="no.such.host.test").send(RAW, SENDER, RECIPIENT), Deferred)


@pytest.mark.parametrize(
    ("greeting", "kind"),
    [
        ("554 5.3.2 no service for you", Deferred),
        ("421 4.3.2 shutting down", Deferred),
        ("421 4.7.0 too many connections from you", Throttled),
    ],
)
async def test_a_greeting_that_is_none_fails_no_mail(out: Closing, greeting: str, kind: type) -> None:
    async with FakeSmtp() as server:
        server.say("CONNECT", greeting)
        result = await out(server).send(RAW, SENDER, RECIPIENT)
        assert type(result) is kind
        assert greeting in result.reply


# --- TLS ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
async def test_mail_goes_over_tls(out: Closing, authority: trustme.CA, ca_file: Path, tls: str) -> None:
    async with FakeSmtp(tls=certificate(authority), implicit=tls == "implicit", users={"u": "p"}) as server:
        sender = out(server, tls=tls, ca_file=ca_file, username="u", credential=word("p"))
        for _ in range(2):
            assert isinstance(await sender.send(RAW, SENDER, RECIPIENT), Sent)
        assert [(mail.encrypted, mail.user) for mail in server.received] == [(True, "u")] * 2
        assert server.sessions == 1


async def test_a_large_mail_goes_over_tls(out: Closing, authority: trustme.CA, ca_file: Path) -> None:
    raw = b"Subject: x\r\n\r\n" + b"0123456789abcdef\r\n" * 50_000
    async with FakeSmtp(tls=certificate(authority)) as server:
        assert isinstance(await out(server, tls="starttls", ca_file=ca_file).send(raw, SENDER, RECIPIENT), Sent)
        assert server.received[0].content == raw


async def test_when_starttls_is_stripped_nothing_is_sent(out: Closing, ca_file: Path) -> None:
    async with FakeSmtp(users={"u": "p"}) as server:
        sender = out(server, tls="starttls", ca_file=ca_file, username="u", credential=word("p"))
        result = await sender.send(RAW, SENDER, RECIPIENT)
        assert isinstance(result, Deferred)
        assert "does not offer STARTTLS" in result.reply
        assert server.commands == ["EHLO desk.test"]


async def test_when_starttls_is_refused_nothing_is_sent(out: Closing, authority: trustme.CA, ca_file: Path) -> None:
    async with FakeSmtp(tls=certificate(authority)) as server:
        server.say("STARTTLS", "454 4.7.0 TLS not available")
        assert isinstance(await out(server, tls="starttls", ca_file=ca_file).send(RAW, SENDER, RECIPIENT), Deferred)
        assert server.commands == ["EHLO desk.test", "STARTTLS"]


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
@pytest.mark.parametrize("fault", ["unknown authority", "another name"])
async def test_with_a_bad_certificate_nothing_is_sent(
    out: Closing, authority: trustme.CA, ca_file: Path, tls: str, fault: str
) -> None:
    issuer, name = (trustme.CA(), "127.0.0.1") if fault == "unknown authority" else (authority, "other.test")
    async with FakeSmtp(tls=certificate(issuer, name), implicit=tls == "implicit", users={"u": "p"}) as server:
        sender = out(server, tls=tls, ca_file=ca_file, username="u", credential=word("p"))
        result = await sender.send(RAW, SENDER, RECIPIENT)
        assert isinstance(result, Deferred)
        assert "certificate is not accepted" in result.reply
        assert "AUTH" not in server.commands
        assert server.received == []


async def test_an_authorities_file_that_is_missing_is_deferred(out: Closing, tmp_path: Path) -> None:
    async with FakeSmtp() as server:
        result = await out(server, tls="starttls", ca_file=tmp_path / "none.pem").send(RAW, SENDER, RECIPIENT)
        assert isinstance(result, Deferred)
        assert "none.pem" in result.reply


# --- login --------------------------------------------------------------------------------------------


def word(text: str) -> Credential:
    """A password that is this word."""
    return password(lambda: text)


async def test_the_password_is_asked_at_each_login(out: Closing) -> None:
    passwords = iter(["another", "right"])
    async with FakeSmtp(users={"u": "right"}) as server:
        sender = out(server, username="u", credential=password(lambda: next(passwords)))
        first = await sender.send(RAW, SENDER, RECIPIENT)
        assert isinstance(first, Deferred)
        assert "535 5.7.8 wrong" in first.reply
        assert isinstance(await sender.send(RAW, SENDER, RECIPIENT), Sent)
        assert server.received[0].user == "u"


async def test_a_secret_that_has_to_be_fetched_first_is_waited_for(out: Closing) -> None:
    async def fetched() -> str:
        await asyncio.sleep(0)
        return "p"

    async with FakeSmtp(users={"u": "p"}) as server:
        sender = out(server, username="u", credential=Credential("password", fetched))
        assert isinstance(await sender.send(RAW, SENDER, RECIPIENT), Sent)
        assert server.received[0].user == "u"


async def test_a_wrong_password_is_tried_once_and_no_mail_fails_for_it(
    out: Closing, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    async with FakeSmtp(users={"u": "right"}) as server:
        result = await out(server, username="u", credential=word("canary-secret")).send(RAW, SENDER, RECIPIENT)
        assert isinstance(result, Deferred)
        assert server.commands.count("AUTH") == 1
        assert "canary-secret" not in caplog.text + result.reply


@pytest.mark.parametrize(
    "repeated", ["canary-secret", "Y2FuYXJ5LXNlY3JldA==", base64.b64encode(b"\0u\0canary-secret").decode()]
)
async def test_a_server_that_repeats_the_password_does_not_bring_it_into_the_log_or_the_outbox(
    out: Closing, caplog: pytest.LogCaptureFixture, repeated: str
) -> None:
    caplog.set_level("DEBUG")
    async with FakeSmtp(users={"u": "right"}) as server:
        server.say("AUTH", f"535 5.7.8 no such thing as {repeated} here")
        result = await out(server, username="u", credential=word("canary-secret")).send(RAW, SENDER, RECIPIENT)
        assert isinstance(result, Deferred)
        assert "535 5.7.8 no such thing as ... here" in result.reply
        assert repeated not in caplog.text + result.reply


async def test_a_mechanism_that_is_offered_and_does_not_work_is_followed_by_the_next(out: Closing) -> None:
    async with FakeSmtp(users={"u": "p"}) as server:
        server.say("AUTH", "504 5.5.4 mechanism not supported")
        assert isinstance(await out(server, username="u", credential=word("p")).send(RAW, SENDER, RECIPIENT), Sent)
        assert server.commands.count("AUTH") == 2


async def test_too_many_logins_are_throttling(out: Closing) -> None:
    async with FakeSmtp(users={"u": "p"}) as server:
        server.say("AUTH", "454 4.7.0 Too many login attempts, please try again later.")
        result = await out(server, username="u", credential=word("p")).send(RAW, SENDER, RECIPIENT)
        assert isinstance(result, Throttled)


async def test_no_login_offered_is_deferred(out: Closing) -> None:
    async with FakeSmtp() as server:
        result = await out(server, username="u", credential=word("p")).send(RAW, SENDER, RECIPIENT)
        assert isinstance(result, Deferred)
        assert "offers no login" in result.reply


def unreadable() -> str:
    raise FileNotFoundError(2, "No such file", "smtp-password")


def unset() -> str:
    raise KeyError("SMTP_PASSWORD")


@pytest.mark.parametrize(("read", "word"), [(unreadable, "smtp-password"), (unset, "SMTP_PASSWORD")])
async def test_a_password_that_cannot_be_read_is_deferred(out: Closing, read: Callable[[], str], word: str) -> None:
    async with FakeSmtp(users={"u": "p"}) as server:
        result = await out(server, username="u", credential=password(read)).send(RAW, SENDER, RECIPIENT)
        assert isinstance(result, Deferred)
        assert word in result.reply


# --- what the smarthost can carry ---------------------------------------------------------------------


async def test_a_mail_larger_than_size_is_refused_here(out: Closing) -> None:
    async with FakeSmtp(extensions=("SIZE 100",)) as server:
        sender = out(server)
        assert sender.max_size is None
        result = await sender.send(b"x" * 200, SENDER, RECIPIENT)
        assert isinstance(result, Refused)
        assert (result.reply[:9], result.status) == ("552 5.3.4", "5.3.4")
        assert sender.max_size == 100
        assert server.commands == ["EHLO desk.test"]
        assert isinstance(await sender.send(RAW, SENDER, RECIPIENT), Sent)
        assert server.sessions == 1


@pytest.mark.parametrize("size", ["SIZE", "SIZE 0", "SIZE many"])
async def test_a_size_without_a_number_is_no_limit(out: Closing, size: str) -> None:
    async with FakeSmtp(extensions=(size,)) as server:
        sender = out(server)
        assert isinstance(await sender.send(RAW, SENDER, RECIPIENT), Sent)
        assert sender.max_size is None


async def test_a_recipient_outside_ascii_is_refused_where_smtputf8_is_missing(out: Closing) -> None:
    async with FakeSmtp() as server:
        sender = out(server)
        result = await sender.send(RAW, SENDER, "josé@example.test")
        assert isinstance(result, Refused)
        assert (result.status, "SMTPUTF8" in result.reply) == ("5.6.7", True)
        assert isinstance(await sender.send(RAW, SENDER, RECIPIENT), Sent)
        assert server.sessions == 1


async def test_a_recipient_outside_ascii_is_reached_by_smtputf8(out: Closing) -> None:
    raw = "To: josé@example.test\r\n\r\nolá\r\n".encode()
    async with FakeSmtp(extensions=("SMTPUTF8", "8BITMIME")) as server:
        assert isinstance(await out(server).send(raw, SENDER, "josé@example.test"), Sent)
        (mail,) = server.received
        assert (mail.recipient, mail.mail_options) == ("josé@example.test", ("BODY=8BITMIME", "SMTPUTF8"))


async def test_an_international_domain_needs_no_smtputf8(out: Closing) -> None:
    async with FakeSmtp() as server:
        assert isinstance(await out(server).send(RAW, SENDER, "ana@açaí.test"), Sent)
        assert server.received[0].recipient == "ana@xn--aa-4iaz.test"


@pytest.mark.parametrize(
    "address", ["", "maria", "a b@example.test", "a@b.test>\r\nRCPT TO:<eva@evil.test", "a@b.test> NOTIFY=NEVER"]
)
async def test_what_is_no_address_is_refused_without_a_connection(out: Closing, address: str) -> None:
    async with FakeSmtp() as server:
        sender = out(server)
        assert isinstance(await sender.send(RAW, SENDER, address), Refused)
        if address:
            assert isinstance(await sender.send(RAW, address, RECIPIENT), Refused)
        assert server.sessions == 0


# --- the id that the smarthost gave -------------------------------------------------------------------

SES = "0100018f3c5e1a2b-1c2d3e4f-5a6b-7c8d-9e0f-112233445566-000000"


@pytest.mark.parametrize(
    ("host", "reply", "reported"),
    [
        ("smtp.office365.com", "2.0.0 OK <CP1@X1.prod.outlook.test> [Hostname=X1.prod]", "CP1@X1.prod.outlook.test"),
        ("email-smtp.sa-east-1.amazonaws.com", f"Ok {SES}", f"{SES}@sa-east-1.amazonses.com"),
        ("email-smtp.us-east-1.amazonaws.com", f"Ok {SES}", f"{SES}@email.amazonses.com"),
        ("email-smtp-fips.us-west-2.amazonaws.com", f"Ok {SES}", f"{SES}@us-west-2.amazonses.com"),
        ("smtp.desk.test", f"Ok {SES}", None),
        ("smtp.gmail.com", "2.0.0 OK  1710000000 d2-20020a05600c0000b0 - gsmtp", None),
        ("smtp.desk.test", "2.0.0 Ok: queued as 4F5B2C0A", None),
        ("smtp.desk.test", "2.0.0 OK <mt.1@desk.test> queued", None),
        ("smtp.desk.test", "ok <maria@example.test>", None),
        ("smtp.desk.test", "2.1.5 <someone@example.test>... delivered", "someone@example.test"),
        ("smtp.desk.test", "message for <someone@example.test> accepted", None),
        ("smtp.desk.test", "ok <no id here>", None),
        ("smtp.desk.test", "", None),
    ],
)
def test_ids_in_replies(host: str, reply: str, reported: str | None) -> None:
    assert reported_id(host, reply, Transmission.of(RAW, SENDER, RECIPIENT)) == reported


async def test_the_reported_id_is_handed_on(out: Closing) -> None:
    async with FakeSmtp() as server:
        server.say(".", "250 2.0.0 OK <other@smarthost.test> [Hostname=x]")
        result = await out(server).send(RAW, SENDER, RECIPIENT)
        assert result == Sent("250 2.0.0 OK <other@smarthost.test> [Hostname=x]", "other@smarthost.test")


# --- the breaker --------------------------------------------------------------------------------------


async def test_after_ten_failures_in_a_row_nobody_knocks_for_a_while() -> None:
    now = 0.0
    async with FakeSmtp() as server:
        settings = SmtpOutSettings(server.host, server.port, "none", timeouts=PATIENT)
        sender = SmtpOut(settings, clock=lambda: now)
        server.say("CONNECT", *["554 5.3.2 closed"] * FAILURES_BEFORE_PAUSE)
        for _ in range(FAILURES_BEFORE_PAUSE):
            assert sender.breaker.pause_seconds == 0
            assert isinstance(await sender.send(RAW, SENDER, RECIPIENT), Deferred)
        assert sender.breaker.pause_seconds == 30
        result = await sender.send(RAW, SENDER, RECIPIENT)
        assert isinstance(result, Deferred)
        assert "pausing for 30 s" in result.reply
        assert server.sessions == FAILURES_BEFORE_PAUSE
        now = 30.0
        assert isinstance(await sender.send(RAW, SENDER, RECIPIENT), Sent)
        assert (sender.breaker.failures, sender.breaker.pause_seconds) == (0, 0)
        await sender.close()


def test_the_pause_doubles_up_to_five_minutes_and_ends_with_success() -> None:
    breaker = Breaker(lambda: 1000.0)
    pauses = []
    for _ in range(40):
        breaker.failed()
        pauses.append(breaker.pause_seconds)
    assert pauses[:14] == [0.0] * 9 + [30.0, 60.0, 120.0, 240.0, 300.0]
    assert set(pauses[13:]) == {300.0}
    breaker.worked()
    assert (breaker.failures, breaker.pause_seconds) == (0, 0)


async def test_refused_mail_is_no_failed_connection(out: Closing) -> None:
    async with FakeSmtp() as server:
        server.say("RCPT", *["550 5.1.1 no such user"] * 12)
        sender = out(server)
        for _ in range(12):
            assert isinstance(await sender.send(RAW, SENDER, RECIPIENT), Refused)
        assert sender.breaker.failures == 0


# --- what `check` shows -------------------------------------------------------------------------------


async def test_a_probe_of_a_good_smarthost(out: Closing, authority: trustme.CA, ca_file: Path) -> None:
    async with FakeSmtp(tls=certificate(authority), users={"u": "p"}) as server:
        sender = out(server, tls="starttls", ca_file=ca_file, username="u", credential=word("p"))
        probe = await sender.probe()
        assert (probe.ok, probe.max_size, sender.max_size) == (True, 1_000_000, 1_000_000)
        assert [finding.text for finding in probe.findings] == [
            f"connected to 127.0.0.1:{server.port}",
            "TLSv1.3, and the certificate of 127.0.0.1 is valid",
            "logged in as u",
            "127.0.0.1 takes messages up to 1000000 bytes",
        ]
        await server.quiet.wait()
        assert server.commands[-1] == "QUIT"


async def test_a_probe_says_what_is_wrong(out: Closing, authority: trustme.CA, ca_file: Path) -> None:
    async with FakeSmtp(tls=certificate(authority), users={"u": "p"}) as server:
        probe = await out(server, tls="starttls", ca_file=ca_file, username="u", credential=word("wrong")).probe()
        assert not probe.ok
        assert [finding.ok for finding in probe.findings] == [True, True, False]
        assert "535 5.7.8" in probe.findings[-1].text


async def test_a_probe_of_nothing(out: Closing) -> None:
    async with FakeSmtp() as server:
        sender = out(server)
    probe = await sender.probe()
    assert not probe.ok
    assert len(probe.findings) == 1


# --- settings -----------------------------------------------------------------------------------------


async def test_settings_come_from_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s3cret\n")
    file = tmp_path / "config.toml"
    file.write_text(
        '[instance]\nhostname = "desk.test"\n[[queue]]\nname = "suporte"\naddresses = ["suporte@desk.test"]\n'
        '[delivery]\nhost = "smtp.desk.test"\nport = 465\ntls = "implicit"\nusername = "u"\npassword_file = "secret"\n'
        "max_connections = 3\n"
    )
    settings = SmtpOutSettings.of(load(file))
    assert (settings.host, settings.port, settings.tls, settings.username) == ("smtp.desk.test", 465, "implicit", "u")
    assert (settings.local_hostname, settings.max_connections) == ("desk.test", 3)
    assert await settings.credential.fetch() == "s3cret"
    assert "s3cret" not in repr(settings)
