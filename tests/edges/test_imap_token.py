"""IMAP with a token instead of a password: against a server in this process, and against a real Dovecot that asks a
token server whether a token is good.
"""

import ssl
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

import pytest

from mailtickets.config.credentials import Credential, CredentialDead, CredentialLate
from mailtickets.config.models import ImapIn
from mailtickets.edges.doors.imap import ImapPoller
from mailtickets.edges.imap.answers import ConnectionLost, LoginRefused, NotConnected
from mailtickets.edges.imap.client import Limits
from mailtickets.edges.imap.connect import connected
from mailtickets.edges.imap.probe import probe
from tests.edges.test_imap_in import QUICK, Recorder, mail, running
from tests.servers.dovecot import Dovecot, Tokens
from tests.servers.fake_imap import FakeImap, Session, refuse
from tests.servers.token_server import MICROSOFT_SCOPE, TokenServer

USER = "suporte@desk.test"
SASL = "IMAP4rev1 IDLE MOVE UIDPLUS SASL-IR AUTH=PLAIN AUTH=XOAUTH2 AUTH=OAUTHBEARER"
HOPELESS = CredentialDead("the mail server refuses a fresh token too", "Look at the permissions.")


def tokens(*given: str, end: Exception = HOPELESS) -> Credential:
    """A credential that fetches the first token each time, and gives the others when one is refused."""
    left = list(given[1:])

    async def fetch() -> str:
        return given[0]

    async def renew(refused: str) -> str:
        if not left:
            raise end
        return left.pop(0)

    return Credential("token", fetch, renew)


@pytest.fixture
async def fake() -> AsyncIterator[FakeImap]:
    async with FakeImap(SASL) as server:
        server.tokens = {"good"}
        yield server


def account(fake: FakeImap, **keys: Any) -> ImapIn:
    given = {"name": "suporte", "host": "127.0.0.1", "port": fake.port, "tls": "none", "username": USER}
    return ImapIn(**{**given, "start": "all", **keys})


async def log_in(fake: FakeImap, credential: Credential, limits: Limits = QUICK, **keys: Any) -> None:
    async with connected(account(fake, **keys), credential, None, limits) as client:
        await client.select("INBOX")


# --- the exchange -------------------------------------------------------------------------------------


async def test_a_good_token_opens_the_mailbox_and_no_password_is_tried(fake: FakeImap) -> None:
    await log_in(fake, tokens("good"))
    assert fake.responses == [f"user={USER}\1auth=Bearer good\1\1"]
    assert fake.count("AUTHENTICATE") == 1
    assert fake.count("LOGIN") == 0


async def test_oauthbearer_is_spoken_where_it_is_all_that_is_offered(fake: FakeImap) -> None:
    fake.capabilities = "IMAP4rev1 SASL-IR auth=oauthbearer"
    await log_in(fake, tokens("good"))
    assert fake.responses == [f"n,a={USER},\1host=127.0.0.1\1port={fake.port}\1auth=Bearer good\1\1"]


@pytest.mark.parametrize("mechanism", ["XOAUTH2", "OAUTHBEARER"])
async def test_a_server_without_sasl_ir_is_told_the_token_when_it_asks(fake: FakeImap, mechanism: str) -> None:
    fake.capabilities = f"IMAP4rev1 AUTH={mechanism}"
    await log_in(fake, tokens("bad", "good"))
    assert ("AUTHENTICATE", mechanism) in fake.heard_commands
    assert ["bad" in response for response in fake.responses] == [True, False]


async def test_a_server_that_offers_no_login_with_a_token_gets_no_token_and_no_password(fake: FakeImap) -> None:
    fake.capabilities = "IMAP4rev1 AUTH=PLAIN AUTH=LOGIN"
    with pytest.raises(LoginRefused, match=r"no login with a token \(XOAUTH2 or OAUTHBEARER\), only LOGIN, PLAIN"):
        await log_in(fake, tokens("good"))
    assert {verb for verb, _ in fake.heard_commands} == {"CAPABILITY"}


async def test_a_server_that_knows_us_already_is_given_no_token(fake: FakeImap) -> None:
    fake.greeting = ("* PREAUTH welcome",)
    await log_in(fake, tokens("good"))
    assert fake.responses == []


# --- refused ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mechanism", ["XOAUTH2", "OAUTHBEARER"])
async def test_a_refused_token_is_renewed_once_on_a_new_connection(
    fake: FakeImap, mechanism: str, caplog: pytest.LogCaptureFixture
) -> None:
    fake.capabilities = f"IMAP4rev1 SASL-IR AUTH={mechanism}"
    await log_in(fake, tokens("stale-token", "good"))
    assert fake.connections == 2
    (record,) = [record for record in caplog.records if record.getMessage() == "imap token refused"]
    facts = vars(record)
    assert (facts["account"], facts["mechanism"], facts["challenge"]) == ("suporte", mechanism, fake.challenge)
    assert "stale-token" not in str(facts)


async def test_a_fresh_token_that_is_refused_too_says_why_and_what_to_do(fake: FakeImap) -> None:
    with pytest.raises(LoginRefused) as refused:
        await log_in(fake, tokens("bad-1", "bad-2"))
    text = str(refused.value)
    assert "[AUTHENTICATIONFAILED] wrong token" in text
    assert '"status":"401"' in text
    assert text.endswith("the mail server refuses a fresh token too. Look at the permissions.")
    assert "bad-" not in text
    assert fake.connections == 2


@pytest.mark.parametrize(
    ("end", "words"),
    [
        (CredentialDead("invalid_grant: revoked", "Run `mailtickets oauth login microsoft`."), "oauth login microsoft"),
        (CredentialLate("the token server answers HTTP 503 and no token"), "HTTP 503"),
    ],
)
async def test_no_other_token_is_told_with_the_refusal(fake: FakeImap, end: Exception, words: str) -> None:
    with pytest.raises(LoginRefused, match="wrong token") as refused:
        await log_in(fake, tokens("bad", end=end))
    assert words in str(refused.value)
    assert fake.connections == 1


async def test_without_a_token_nobody_connects(fake: FakeImap) -> None:
    async def none() -> str:
        raise CredentialDead("invalid_client: AADSTS7000222: expired", "Make a new secret.")

    with pytest.raises(LoginRefused, match=r"there is no token: invalid_client: .* Make a new secret\."):
        await log_in(fake, Credential("token", none))
    assert fake.connections == 0


@pytest.mark.parametrize("words", ["[UNAVAILABLE] Temporary authentication failure.", "[INUSE] busy", "[LIMIT] later"])
async def test_trouble_of_the_server_is_no_reason_for_another_token(fake: FakeImap, words: str) -> None:
    fake.on["AUTHENTICATE"] = refuse(words)
    with pytest.raises(LoginRefused) as refused:
        await log_in(fake, tokens("good", end=AssertionError("renewed")))
    assert words in str(refused.value)


async def test_a_server_that_could_not_ask_its_token_server_is_no_reason_for_another_token(fake: FakeImap) -> None:
    fake.challenge = '{"schemes":"bearer","status":"500","scope":"mail","openid-configuration":""}'
    with pytest.raises(LoginRefused, match='"status":"500"'):
        await log_in(fake, tokens("bad", end=AssertionError("renewed")))


async def test_a_refusal_without_a_challenge_is_a_refusal(fake: FakeImap) -> None:
    fake.on["AUTHENTICATE"] = refuse("AUTHENTICATE failed.")
    with pytest.raises(LoginRefused, match=r"^AUTHENTICATE failed: the mail server refuses"):
        await log_in(fake, tokens("good"))


async def silent(session: Session, tag: str, arguments: str) -> None:
    """What Dovecot does with a token of 9,000 characters."""


async def insisting(session: Session, tag: str, arguments: str) -> None:
    """Asks and asks, until the client gives up."""
    said = ""
    while said != "*":
        session.send("+ e30=")
        said = await session.line()
    session.send(f"{tag} BAD cancelled")


async def test_a_token_that_gets_no_answer_is_given_up_in_time(fake: FakeImap) -> None:
    fake.on["AUTHENTICATE"] = silent
    with pytest.raises(ConnectionLost, match="no answer within 0 s to a login with a token of 9000 characters"):
        await log_in(fake, tokens("x" * 9000), replace(QUICK, token_login_seconds=0.2))


async def test_a_server_that_hangs_up_at_the_token_is_no_refusal(fake: FakeImap) -> None:
    async def hang_up(session: Session, tag: str, arguments: str) -> None:
        session.hang_up()

    fake.on["AUTHENTICATE"] = hang_up
    with pytest.raises(ConnectionLost):
        await log_in(fake, tokens("good", end=AssertionError("renewed")))


async def test_a_server_that_never_says_no_is_told_that_we_give_up(fake: FakeImap) -> None:
    fake.on["AUTHENTICATE"] = insisting
    with pytest.raises(LoginRefused, match="cancelled"):
        await log_in(fake, tokens("bad"))


# --- the poller and `check` ---------------------------------------------------------------------------


IMPATIENT = replace(QUICK, stalled_seconds=0.5)


def reader(fake: FakeImap, credential: Credential, inbox: Recorder, limits: Limits = QUICK, **keys: Any) -> ImapPoller:
    return ImapPoller(account(fake, **keys), credential, inbox, limits=limits)


async def test_a_dead_account_is_told_and_the_other_account_goes_on(fake: FakeImap) -> None:
    inbox = Recorder()
    fake.add(mail("um"))
    dead = reader(fake, tokens("revoked"), inbox, IMPATIENT, name="dead")
    async with running(dead, reader(fake, tokens("good"), inbox, name="alive")):
        await inbox.until(lambda: "imap-dead" in inbox.alarms and inbox.messages)
    assert inbox.subjects() == ["um"]
    assert "Look at the permissions." in inbox.alarms["imap-dead"]
    assert dead.health.state == "refused"
    assert "imap-alive" not in inbox.alarms


async def test_a_new_login_takes_the_token_of_the_moment(fake: FakeImap) -> None:
    given = iter(["first", "second"])
    fake.tokens = {"first", "second"}

    async def fetch() -> str:
        return next(given)

    async with running(reader(fake, Credential("token", fetch), Recorder(), poll_seconds=3600)):
        await fake.until(lambda: fake.idling)
        fake.idling[0].hang_up()
        await fake.until(lambda: fake.connections == 2 and fake.idling)
    assert [response.rpartition(" ")[2].strip("\1") for response in fake.responses] == ["first", "second"]


async def not_connected(session: Session, tag: str, arguments: str) -> None:
    session.send(f"{tag} BAD User is authenticated but not connected.")


async def test_authenticated_but_not_connected_is_translated_into_what_to_do(fake: FakeImap) -> None:
    fake.on["SELECT"] = not_connected
    inbox = Recorder()
    suporte = reader(fake, tokens("good", end=AssertionError("renewed")), inbox, IMPATIENT)
    async with running(suporte):
        await inbox.until(lambda: "imap-suporte" in inbox.alarms)
    assert suporte.health.state == "refused"
    for text in (suporte.health.last_error, inbox.alarms["imap-suporte"]):
        assert "User is authenticated but not connected" in text
        for words in (USER, "imap_in.username", "Enterprise applications", "Add-MailboxPermission", ".default"):
            assert words in text
    with pytest.raises(NotConnected):
        await log_in(fake, tokens("good"))


@pytest.mark.parametrize("verb", ["SELECT", "STATUS"])
async def test_check_opens_the_folder_and_translates_it_too(fake: FakeImap, verb: str) -> None:
    fake.on[verb] = not_connected
    lines = await probe(account(fake), tokens("good"))
    assert (lines[0].verdict, lines[0].text) == ("ok", f"{USER} logs in at 127.0.0.1:{fake.port}")
    (wrong,) = [line for line in lines if line.verdict != "ok"]
    assert "User is authenticated but not connected" in wrong.text
    assert "Add-MailboxPermission" in wrong.next


# --- Dovecot ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TokenServer]:
    with TokenServer(tmp_path_factory.mktemp("token-server")) as server:
        yield server


@pytest.fixture(scope="module")
def dovecot(authority: TokenServer) -> Iterator[Dovecot]:
    tokens = Tokens(authority.introspection_url, authority.ca_file, relay_port=1, scope=MICROSOFT_SCOPE)
    with Dovecot({USER: "a password"}, tokens) as server:
        yield server


async def real(dovecot: Dovecot, credential: Credential, limits: Limits = QUICK, **keys: Any) -> None:
    tls = ssl.create_default_context(cafile=dovecot.certificate)
    given = {"name": "suporte", "host": "localhost", "port": dovecot.imaps_port, "username": USER, **keys}
    async with connected(ImapIn(**given), credential, tls, limits) as client:
        await client.select("INBOX")


async def test_dovecot_takes_a_good_token(dovecot: Dovecot, authority: TokenServer) -> None:
    await real(dovecot, tokens(authority.issue()))


async def test_dovecot_refuses_a_token_that_has_ended_and_takes_the_next_one(
    dovecot: Dovecot, authority: TokenServer, caplog: pytest.LogCaptureFixture
) -> None:
    ended = authority.issue(life_seconds=-1)
    await real(dovecot, tokens(ended, authority.issue()))
    (record,) = [record for record in caplog.records if record.getMessage() == "imap token refused"]
    assert '"status":' in vars(record)["challenge"]
    assert ended not in str(vars(record))


@pytest.mark.parametrize(
    "wrong", [{"scope": "https://graph.microsoft.com/.default"}, {"user": "outra@desk.test"}], ids=["scope", "user"]
)
async def test_dovecot_refuses_a_token_of_another_scope_or_mailbox(
    dovecot: Dovecot, authority: TokenServer, wrong: dict[str, str]
) -> None:
    with pytest.raises(LoginRefused, match="Look at the permissions"):
        await real(dovecot, tokens(authority.issue(**wrong), authority.issue(**wrong)))


async def test_dovecot_without_its_token_server_is_no_reason_for_another_token(
    dovecot: Dovecot, authority: TokenServer
) -> None:
    good = authority.issue()
    authority.down()
    try:
        with pytest.raises(LoginRefused) as refused:
            await real(dovecot, tokens(good, end=AssertionError("renewed")))
    finally:
        authority.up()
    assert "[UNAVAILABLE]" in str(refused.value) or '"status":"500"' in str(refused.value)  # 2.3, 2.4
    await real(dovecot, tokens(good))


async def test_a_token_that_is_too_long_for_dovecot_is_given_up_in_time(dovecot: Dovecot) -> None:
    with pytest.raises(ConnectionLost):  # Dovecot hangs up, or says nothing
        await real(dovecot, tokens("x" * 9000), replace(QUICK, token_login_seconds=2))
