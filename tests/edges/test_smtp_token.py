"""Sending with a token instead of a password, to a server in this process."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from mailtickets.config.credentials import Credential, CredentialDead, CredentialLate, password
from mailtickets.desk.model.delivery import Deferred, Sent, Throttled
from mailtickets.edges.out.advice import login_hint
from mailtickets.edges.out.settings import SmtpOutSettings
from mailtickets.edges.out.smtp import FAILURES_BEFORE_PAUSE, SmtpOut
from tests.edges.test_imap_token import HOPELESS, tokens
from tests.edges.test_smtp_out import PATIENT, RAW, RECIPIENT, SENDER
from tests.servers.fake_smtp import DROP, FakeSmtp, Slow

USER = "suporte@desk.test"
LONG = "eyJ0" * 700
"""A token of Microsoft's size: its login does not fit into a command (RFC 4954, 4)."""


@pytest.fixture
async def server() -> AsyncIterator[FakeSmtp]:
    async with FakeSmtp() as fake:
        fake.mechanisms = "PLAIN LOGIN XOAUTH2 OAUTHBEARER"
        fake.tokens = {"good": USER, LONG: USER}
        yield fake


def way_out(server: FakeSmtp, credential: Credential, **changes: object) -> SmtpOut:
    given = SmtpOutSettings(server.host, server.port, "none", USER, credential, timeouts=PATIENT)
    return SmtpOut(replace(given, **changes))  # type: ignore[arg-type]


async def send(server: FakeSmtp, credential: Credential, times: int = 1, **changes: object) -> list[object]:
    out = way_out(server, credential, **changes)
    try:
        return [await out.send(RAW, SENDER, RECIPIENT) for _ in range(times)]
    finally:
        await out.close()


@pytest.mark.parametrize("mechanism", ["XOAUTH2", "OAUTHBEARER"])
@pytest.mark.parametrize("token", ["good", LONG], ids=["short", "long"])
async def test_a_mail_goes_out_with_a_token(server: FakeSmtp, mechanism: str, token: str) -> None:
    server.mechanisms = f"PLAIN LOGIN {mechanism}"
    (result,) = await send(server, tokens(token))
    assert isinstance(result, Sent)
    assert [mail.user for mail in server.received] == [USER]
    assert server.commands.count("AUTH") == 1
    if token == LONG:
        assert server.auth_lines[0] <= 510 < server.auth_lines[1]


async def test_no_password_mechanism_is_tried_with_a_token(server: FakeSmtp) -> None:
    server.mechanisms = "PLAIN LOGIN CRAM-MD5"
    (result,) = await send(server, tokens("good"))
    assert isinstance(result, Deferred)
    assert "no login with a token (XOAUTH2 or OAUTHBEARER), only CRAM-MD5, LOGIN, PLAIN" in result.reply
    assert "AUTH" not in server.commands


@pytest.mark.parametrize("mechanism", ["XOAUTH2", "OAUTHBEARER"])
@pytest.mark.parametrize("stale", ["stale-token", "stale" * 700], ids=["short", "long"])
async def test_a_refused_token_is_renewed_once_on_a_new_connection(
    server: FakeSmtp, mechanism: str, stale: str, caplog: pytest.LogCaptureFixture
) -> None:
    server.mechanisms = mechanism
    (result,) = await send(server, tokens(stale, "good"))
    assert isinstance(result, Sent)
    assert (server.sessions, len(server.received)) == (2, 1)
    (record,) = [record for record in caplog.records if record.getMessage() == "smtp token refused"]
    facts = vars(record)
    assert (facts["host"], facts["mechanism"]) == (server.host, mechanism)
    assert facts["challenge"] == '{"status":"401","schemes":"bearer","scope":"mail"}'
    assert stale not in str(facts)


async def test_a_fresh_token_that_is_refused_too_leaves_the_mail_waiting_and_says_what_to_do(server: FakeSmtp) -> None:
    (result,) = await send(server, tokens("bad-1", "bad-2"))
    assert isinstance(result, Deferred)
    assert "535 5.7.3 Authentication unsuccessful" in result.reply
    assert result.reply.endswith("the mail server refuses a fresh token too. Look at the permissions.")
    assert "bad-" not in result.reply
    assert (server.sessions, server.received) == (2, [])


@pytest.mark.parametrize(
    ("end", "words"),
    [
        (CredentialDead("invalid_grant: revoked", "Run `mailtickets oauth login google`."), "oauth login google"),
        (CredentialLate("the token server answers HTTP 503 and no token"), "HTTP 503"),
    ],
)
async def test_a_token_that_cannot_be_had_leaves_the_mail_waiting(server: FakeSmtp, end: Exception, words: str) -> None:
    async def none() -> str:
        raise end

    for credential in (Credential("token", none), tokens("bad", end=end)):
        (result,) = await send(server, credential)
        assert isinstance(result, Deferred)
        assert words in result.reply


async def test_without_a_token_nobody_connects_and_the_smarthost_is_not_thought_to_be_down(server: FakeSmtp) -> None:
    given = [HOPELESS] * FAILURES_BEFORE_PAUSE

    async def fetch() -> str:
        if given:
            raise given.pop()
        return "good"

    results = await send(server, Credential("token", fetch), FAILURES_BEFORE_PAUSE + 1)
    assert [type(result) for result in results] == [Deferred] * FAILURES_BEFORE_PAUSE + [Sent]
    assert str(results[0]).count("there is no token: the mail server refuses a fresh token too. Look at the") == 1
    assert server.sessions == 1


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        ("454 4.7.0 Temporary authentication failure", Deferred),
        ("421 4.3.2 The maximum number of concurrent connections has exceeded a limit", Throttled),
        ("535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant", Deferred),
    ],
)
async def test_what_another_token_would_not_change_is_left_to_later(server: FakeSmtp, reply: str, kind: type) -> None:
    server.say("AUTH", reply)
    (result,) = await send(server, tokens("good", end=AssertionError("renewed")))
    assert isinstance(result, kind)
    assert reply[:20] in result.reply  # type: ignore[attr-defined]


async def test_a_server_that_could_not_ask_its_token_server_is_no_reason_for_another_token(server: FakeSmtp) -> None:
    server.challenge = '{"status":"500"}'
    (result,) = await send(server, tokens("bad", end=AssertionError("renewed")))
    assert isinstance(result, Deferred)
    assert '{"status":"500"}' in result.reply


async def test_a_token_that_gets_no_answer_is_given_up_in_time(server: FakeSmtp) -> None:
    server.say("AUTH", Slow(5, DROP))
    (result,) = await send(server, tokens(LONG), timeouts=replace(PATIENT, token_login=0.2))
    assert isinstance(result, Deferred)
    assert f"no answer within 0 s to a login with a token of {len(LONG)} characters" in result.reply


async def test_a_hang_up_at_the_token_is_no_refusal(server: FakeSmtp) -> None:
    server.say("AUTH", DROP)
    (result,) = await send(server, tokens("good", end=AssertionError("renewed")))
    assert isinstance(result, Deferred)


# --- a connection that outlives its token -------------------------------------------------------------


async def test_a_login_that_counts_no_more_is_made_again_with_the_token_of_the_moment(server: FakeSmtp) -> None:
    given = iter(["good", LONG])

    async def fetch() -> str:
        return next(given)

    out = way_out(server, Credential("token", fetch))
    try:
        first = await out.send(RAW, SENDER, RECIPIENT)
        server.say("MAIL", "530 5.7.57 Client not authenticated to send mail")
        second = await out.send(RAW, SENDER, RECIPIENT)
    finally:
        await out.close()
    assert isinstance(first, Sent)
    assert isinstance(second, Sent)
    assert (server.sessions, len(server.received)) == (2, 2)


async def test_a_login_that_does_not_count_from_the_beginning_is_left_to_later(server: FakeSmtp) -> None:
    server.say("MAIL", "530 5.7.57 Client not authenticated to send mail")
    first, second = await send(server, tokens("good"), times=2)
    assert isinstance(first, Deferred)
    assert isinstance(second, Sent)
    assert server.sessions == 2


# --- Microsoft's and Google's words -------------------------------------------------------------------


@pytest.mark.parametrize("step", ["AUTH", "MAIL"])
async def test_passwords_that_microsoft_has_switched_off_fail_no_mail(step: str) -> None:
    async with FakeSmtp(users={USER: "word"}) as server:
        server.say(step, "550 5.7.30 Basic authentication is not supported for Client Submission.")
        (result,) = await send(server, password(lambda: "word"))
    assert isinstance(result, Deferred)
    assert "5.7.30" in result.reply
    if step == "AUTH":
        assert "delivery.oauth" in result.reply


async def test_check_says_what_to_do_about_a_refused_login(server: FakeSmtp) -> None:
    out = way_out(server, tokens("bad-1", "bad-2"))
    probe = await out.probe()
    assert not probe.ok
    assert "Look at the permissions." in probe.findings[-1].text
    assert probe.findings[0].text == f"connected to {server.host}:{server.port}"


@pytest.mark.parametrize(
    ("host", "method", "reply", "words"),
    [
        ("smtp.office365.com", "password", "550 5.7.30 Basic authentication is not supported", "delivery.oauth"),
        ("smtp.office365.com", "password", "535 5.7.139 ... basic authentication is disabled.", "delivery.oauth"),
        ("smtp.office365.com", "token", "535 5.7.139 ... SmtpClientAuthentication is disabled", "Set-CASMailbox"),
        ("smtp.office365.com", "token", "535 5.7.3 Authentication unsuccessful", "SMTP.SendAsApp"),
        ("smtp.gmail.com", "token", "535 5.7.8 Username and Password not accepted", "https://mail.google.com/"),
        ("smtp.gmail.com", "password", "535 5.7.8 Username and Password not accepted", "app password"),
        ("smtp.gmail.com", "password", "534 5.7.9 Application-specific password required", "app password"),
    ],
)
def test_a_refusal_by_a_large_provider_is_explained(host: str, method: str, reply: str, words: str) -> None:
    assert words in login_hint(host, method, reply)  # type: ignore[arg-type]


@pytest.mark.parametrize("method", ["password", "token"])
def test_a_refusal_by_another_server_is_not_guessed_at(method: str) -> None:
    assert login_hint("mail.desk.test", method, "535 5.7.8 Error: authentication failed") == ""  # type: ignore[arg-type]
