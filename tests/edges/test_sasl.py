"""Login with a token, as values: what we say, and what becomes of what the server says."""

from base64 import b64decode, b64encode

import pytest

from mailtickets.config.credentials import Credential, CredentialDead, CredentialLate, password
from mailtickets.edges.sasl import NoTokenLogin, TokenRefused, exchange, logged_in

USER, TOKEN, HOST = "suporte@desk.test", "eyJ0.token~", "imap.desk.test"
JSON = '{"status":"400","schemes":"Bearer","scope":"https://mail.google.com/"}'


@pytest.mark.parametrize(
    ("offered", "mechanism", "response"),
    [
        ({"XOAUTH2", "PLAIN"}, "XOAUTH2", "user=suporte@desk.test\1auth=Bearer eyJ0.token~\1\1"),
        ({"XOAUTH2", "OAUTHBEARER"}, "XOAUTH2", "user=suporte@desk.test\1auth=Bearer eyJ0.token~\1\1"),
        (
            {"OAUTHBEARER", "PLAIN"},
            "OAUTHBEARER",
            "n,a=suporte@desk.test,\1host=imap.desk.test\1port=993\1auth=Bearer eyJ0.token~\1\1",
        ),
    ],
)
def test_the_mechanism_and_what_is_said(offered: set[str], mechanism: str, response: str) -> None:
    attempt = exchange(offered, USER, TOKEN, HOST, 993)
    assert attempt.mechanism == mechanism
    assert b64decode(attempt.answer(b"")).decode() == response


def test_a_comma_in_a_name_is_no_end_of_the_name() -> None:
    attempt = exchange({"OAUTHBEARER"}, "a,b=c", TOKEN, HOST, 993)
    assert b64decode(attempt.answer(b"")).startswith(b"n,a=a=2Cb=3Dc,\1")


@pytest.mark.parametrize("offered", [{"PLAIN", "LOGIN"}, set()])
def test_no_password_mechanism_is_used_with_a_token(offered: set[str]) -> None:
    with pytest.raises(NoTokenLogin, match="XOAUTH2 or OAUTHBEARER"):
        exchange(offered, USER, TOKEN, HOST, 993)


@pytest.mark.parametrize(("user", "token"), [("a\1b", TOKEN), (USER, "to\1ken"), (USER, "to\r\nken"), (USER, "")])
def test_what_would_end_the_message_early_is_not_sent(user: str, token: str) -> None:
    with pytest.raises(NoTokenLogin):
        exchange({"XOAUTH2"}, user, token, HOST, 993)


@pytest.mark.parametrize(("mechanism", "end"), [("XOAUTH2", b""), ("OAUTHBEARER", b"AQ==")])
def test_an_error_challenge_is_ended_and_kept(mechanism: str, end: bytes) -> None:
    attempt = exchange({mechanism}, USER, TOKEN, HOST, 993)
    attempt.answer(b"")
    assert attempt.answer(b64encode(JSON.encode())) == end
    assert attempt.challenge == JSON
    assert attempt.answer(b"") == b"*"  # a server that goes on asking is told that this is the end
    assert str(attempt.refusal("NO wrong")) == f"NO wrong {JSON}"


@pytest.mark.parametrize(
    ("challenge", "is_trouble"),
    [
        (JSON, False),
        ('{"status":"401","schemes":"bearer","scope":"500"}', False),
        ('{"schemes":"bearer","status":"500","scope":"mail"}', True),  # Dovecot 2.4, without its token server
        ('{"status": 503}', True),
        ('{"status": "429"}', True),
        ("", False),
    ],
)
def test_a_server_that_could_not_find_out_has_not_refused_the_token(challenge: str, is_trouble: bool) -> None:
    attempt = exchange({"XOAUTH2"}, USER, TOKEN, HOST, 993)
    attempt.answer(b"")
    attempt.answer(b64encode(challenge.encode()))
    assert attempt.is_trouble == is_trouble


@pytest.mark.parametrize(
    ("challenge", "kept"),
    [
        (b"no base64 at all", "no base64 at all"),
        (b64encode(b'{"status":\r\n "401",\x1b[2J}'), '{"status": "401", [2J}'),
        (b64encode("é".encode("latin-1")), "\N{REPLACEMENT CHARACTER}"),
        (b"", ""),
    ],
)
def test_whatever_comes_as_a_challenge_is_one_printable_line(challenge: bytes, kept: str) -> None:
    attempt = exchange({"XOAUTH2"}, USER, TOKEN, HOST, 993)
    attempt.answer(b"")
    attempt.answer(challenge)
    assert attempt.challenge == kept


def test_a_server_that_repeats_the_token_does_not_bring_it_into_the_log() -> None:
    attempt = exchange({"XOAUTH2"}, USER, TOKEN, HOST, 993)
    response = attempt.answer(b"").decode()
    attempt.answer(b64encode(f"you said {TOKEN} or {response}".encode()))
    assert attempt.challenge == "you said ... or ..."
    assert str(attempt.refusal(f"NO {TOKEN}")) == "NO ... you said ... or ..."


# --- a refused token ----------------------------------------------------------------------------------


class Tokens:
    """A credential with these tokens one after the other, and a server that takes the good one."""

    def __init__(self, *tokens: str, good: str = "good", end: Exception | None = None) -> None:
        self.left, self.good, self.end = list(tokens), good, end or CredentialDead("it is over", "Log in again.")
        self.tried: list[str] = []
        self.refused: list[str] = []

    @property
    def credential(self) -> Credential:
        return Credential("token", self.fetch, self.renew)

    async def fetch(self) -> str:
        return self.left.pop(0)

    async def renew(self, refused: str) -> str:
        self.refused.append(refused)
        if not self.left:
            raise self.end
        return self.left.pop(0)

    async def attempt(self, token: str) -> str:
        self.tried.append(token)
        if token != self.good:
            raise TokenRefused(f"535 not {token}")
        return "in"


async def test_a_refused_token_is_renewed_once() -> None:
    tokens = Tokens("old", "good")
    assert await logged_in(tokens.credential, tokens.attempt) == "in"
    assert (tokens.tried, tokens.refused) == (["old", "good"], ["old"])


async def test_a_fresh_token_that_is_refused_too_is_told_to_whoever_renews_and_not_tried_further() -> None:
    tokens = Tokens("old", "fresh")
    with pytest.raises(TokenRefused, match=r"535 not fresh: it is over\. Log in again\."):
        await logged_in(tokens.credential, tokens.attempt)
    assert (tokens.tried, tokens.refused) == (["old", "fresh"], ["old", "fresh"])


async def test_two_tries_are_enough_even_if_there_is_a_third_token() -> None:
    tokens = Tokens("old", "fresh", "good")
    with pytest.raises(TokenRefused, match="535 not fresh"):
        await logged_in(tokens.credential, tokens.attempt)
    assert tokens.tried == ["old", "fresh"]


@pytest.mark.parametrize("end", [CredentialDead("revoked", "Log in again."), CredentialLate("HTTP 503")])
async def test_no_other_token_leaves_the_refusal_and_the_reason(end: Exception) -> None:
    tokens = Tokens("old", end=end)
    with pytest.raises(TokenRefused) as refused:
        await logged_in(tokens.credential, tokens.attempt)
    assert str(refused.value) == f"535 not old: {end}"
    assert tokens.tried == ["old"]


async def test_a_refused_password_is_not_tried_again() -> None:
    tried = []

    async def attempt(secret: str) -> None:
        tried.append(secret)
        raise ValueError

    with pytest.raises(ValueError):
        await logged_in(password(lambda: "word"), attempt)
    assert tried == ["word"]
